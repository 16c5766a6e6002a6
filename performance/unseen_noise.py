# ruff: noqa: E501 - templates, one a line
"""Families of noise that nothing in Curate was trained or tuned on: other ways, other words than classifiers/noise has.

`FAMILIES`: kind -> family -> maker(language, characters, real texts to spoil, chance) -> text. Looked at for measuring
alone: who changes a rule or a judge because of a figure here moves the family to classifiers/noise and writes another.
"""

from __future__ import annotations

import base64
import re
import string
import unicodedata
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from random import Random
from urllib.parse import quote

Maker = Callable[[str, int, Sequence[str], Random], str]

_TOWNS = {
    "en": [
        "Tucson",
        "Omaha",
        "Bergen",
        "Cork",
        "Hobart",
        "Calgary",
        "Newark",
        "Reno",
        "Exeter",
        "Dundee",
        "Lyon",
        "Bilbao",
        "Kingston",
        "Fresno",
        "Mesa",
        "Plano",
    ],
    "zh": [
        "洛阳",
        "株洲",
        "唐山",
        "徐州",
        "泉州",
        "珠海",
        "桂林",
        "遵义",
        "银川",
        "西宁",
        "海口",
        "温州",
        "烟台",
        "保定",
        "绵阳",
        "宜昌",
        "赣州",
        "芜湖",
    ],
}
_TRADES = {
    "en": "forklift hire|skip bins|laser eye surgery|tattoo removal|bail bonds|gutter cleaning|dental implants|visa help|"
    "concrete pumping|storage units|hair extensions|vape juice|online casino|slot games|essay writing",
    "zh": "叉车出租|防水补漏|植发|亲子鉴定|货架定做|中央空调清洗|办理签证|不孕不育医院|打井|仓储出租|美甲培训|代写论文|网络博彩|棋牌游戏|隔音板|压滤机",
}
_WARES = {
    "en": "cordless vacuum|hiking boots|ceramic tiles|laptop stand|memory foam pillow|trail camera|pet carrier|ring light|"
    "hydraulic pump|steel pipe|toner cartridge|garden gnome|pressure cooker|sunglasses|fishing rod",
    "zh": "扫地机器人|登山鞋|瓷砖|笔记本支架|记忆枕|监控摄像头|宠物窝|补光灯|液压泵|螺旋钢管|硒鼓|太阳镜|高压锅|钓鱼竿|床上四件套|儿童滑板车",
}


def _pick(table: Mapping[str, str], lang: str, random: Random) -> str:
    return random.choice(table[lang].split("|"))


def _passage(clean: Sequence[str], size: int, random: Random) -> str:
    for _ in range(20):
        text = random.choice(clean)
        if len(text) >= size / 2:
            break
    start = random.randrange(max(1, len(text) - size))
    return text[start : start + size]


def _until(size: int, make: Callable[[], str], joint: str, least: int = 3) -> str:
    parts: list[str] = []
    while sum(map(len, parts)) < size or len(parts) < least:
        parts.append(make())
    return joint.join(parts)


# gibberish


def base_64(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    data = random.randbytes(size) if random.random() < 0.5 else _passage(clean, size, random).encode()
    text = base64.b64encode(data).decode()[:size]
    return "\n".join(text[at : at + 76] for at in range(0, len(text), 76))


def syllables(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Words that can be spoken and mean nothing; in Chinese, pinyin without tones."""
    if lang == "zh":
        starts, ends = (
            [
                "b",
                "p",
                "m",
                "f",
                "d",
                "t",
                "n",
                "l",
                "g",
                "k",
                "h",
                "j",
                "q",
                "x",
                "zh",
                "ch",
                "sh",
                "r",
                "z",
                "c",
                "s",
                "y",
                "w",
            ],
            ["a", "o", "e", "i", "u", "ai", "ei", "ao", "ou", "an", "en", "ang", "eng", "ong"],
        )
    else:
        starts, ends = (
            [
                "b",
                "br",
                "c",
                "cl",
                "d",
                "f",
                "fl",
                "g",
                "gr",
                "k",
                "l",
                "m",
                "n",
                "p",
                "pl",
                "r",
                "s",
                "st",
                "t",
                "tr",
                "v",
                "w",
                "z",
            ],
            ["a", "e", "i", "o", "u", "ee", "ou", "ar", "en", "il", "on", "us"],
        )

    def word() -> str:
        return "".join(random.choice(starts) + random.choice(ends) for _ in range(random.randint(1, 4)))

    return _until(size, word, " ")


def scanned(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """What a bad scan reads: a third to two thirds of the characters are others, words fall apart."""
    share = random.uniform(0.35, 0.6)
    other = (
        "il1|!tfr.,'-_~^*;:/\\()[]{}<>" if lang == "en" else "丨丿乂亅彳氵亠冫卜囗匚匸廾彐尸厂口日曰目田由甲.,'*^;:|"
    )
    return "".join(random.choice(other) + " " * (random.random() < 0.15) if random.random() < share and not char.isspace() else char
                   for char in _passage(clean, size, random))  # fmt: skip


def rare_characters(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Letters of many scripts; in Chinese, of the extension and radical blocks."""
    if lang == "zh":
        ranges = [(0x3400, 0x4DB5), (0x2F00, 0x2FD5), (0x4E00, 0x9FA5), (0x3100, 0x312F)]
    else:
        ranges = [(0x100, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x531, 0x587), (0x10A0, 0x10FF), (0x1E00, 0x1EFF)]
    low, high = random.choice(ranges)
    if random.random() < 0.5:
        low, high = random.choice([*ranges, (low, high)])
    chars = [chr(code) for code in range(low, high) if unicodedata.category(chr(code))[0] == "L" or low == 0x2F00]
    return "".join(
        random.choice(chars) + " " * (random.random() < (0.15 if lang == "en" else 0.02)) for _ in range(size)
    )


def second_order(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """A chain over words, each behind the one before, jumping every third step: it reads for three words."""
    text = _passage(clean, 20_000, random) + "\n" + _passage(clean, 20_000, random)
    units = text.split() if lang == "en" else re.findall(r"[一-鿿]{2}|[，。]", text)
    follow: dict[str, list[str]] = {}
    for one, two in pairwise(units):
        follow.setdefault(one, []).append(two)
    if not follow:
        return base_64(lang, size, clean, random)
    now = random.choice(sorted(follow))
    out = [now]
    while sum(map(len, out)) < size:
        now = (
            random.choice(follow.get(now, []))
            if now in follow and random.random() < 0.6
            else random.choice(sorted(follow))
        )
        out.append(now)
    return (" " if lang == "en" else "").join(out)


def identifiers(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    forms = (
        lambda: str(uuid.UUID(bytes=random.randbytes(16))),
        lambda: "".join(random.choices(string.ascii_letters + string.digits, k=random.randint(8, 24))),
        lambda: ":".join(f"{byte:02X}" for byte in random.randbytes(6)),
        lambda: f"id_{random.randrange(10**9)}={random.randbytes(4).hex()}",
    )
    return _until(size, random.choice(forms), random.choice(("\n", " ", ", ", ";")))


# shuffled


def chunks(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Two characters (words) at a time in random order."""
    text = _passage(clean, size, random)
    units = text.split() if lang == "en" else [char for char in text if not char.isspace()]
    joint = " " if lang == "en" else ""
    some = [joint.join(units[at : at + 2]) for at in range(0, len(units), 2)]
    random.shuffle(some)
    return joint.join(some)


def backwards(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    text = _passage(clean, size, random)
    return " ".join(reversed(text.split())) if lang == "en" and random.random() < 0.5 else text[::-1]


def interleaved(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Two texts, a word (character) of each in turn."""
    one, two = (_passage(clean, size // 2 + 1, random) for _ in range(2))
    if lang == "en":
        return " ".join(f"{a} {b}" for a, b in zip(one.split(), two.split(), strict=False))
    return "".join(a + b for a, b in zip("".join(one.split()), "".join(two.split()), strict=False))


# repeated


def stuttered(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Each word two to four times."""
    text = _passage(clean, size, random)
    units = text.split() if lang == "en" else [char for char in text if not char.isspace()]
    times = random.randint(2, 4)
    if lang == "zh" and random.random() < 0.5:
        units = re.findall(r"[一-鿿]{1,2}|[^一-鿿]", "".join(units))
    return (" " if lang == "en" else "").join(unit for unit in units for _ in range(times))[: 2 * size]


def dated(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """An automatic sentence for each day, hour or machine."""
    forms = (
        "On {date} the office was open from {n}:00 to {m}:00 and {n} visitors came.",
        "Message {n} was sent on {date} at {n}:{m}. Message {n} was received.",
        "{date}: backup of server {n} finished with {m} warnings.",
        "Your order #{n}{m} has been shipped on {date}. Thank you for your order.",
    ) if lang == "en" else (
        "{date}营业厅于{n}时开门，{m}时关门，接待顾客{n}人次。", "第{n}号短信已于{date}{n}时{m}分发送成功。",
        "{date}{n}号服务器备份完成，警告{m}条。", "您的订单{n}{m}已于{date}发货，感谢您的惠顾。",
    )  # fmt: skip
    form = random.choice(forms)

    def line() -> str:
        date = f"{random.randint(2001, 2024)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
        return form.format(date=date, n=random.randint(1, 23), m=random.randint(10, 59))

    return _until(size, line, random.choice(("\n", " ", "\n\n") if lang == "en" else ("\n", "", "\n\n")), 4)


def paragraph(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """A paragraph of a fifth of the length, five times and more, joined by nothing much."""
    one = _passage(clean, max(40, size // random.randint(4, 6)), random).strip()
    return random.choice(("\n\n", "\n", " ")).join([one] * random.randint(4, 6))


def chorus(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """A handful of cries in random order."""
    cries = (
        "Click here now!|Subscribe today!|Best price!|Don't miss out!|Limited offer!|Buy one get one!|Call us!|Like and share!"
        if lang == "en"
        else "点击这里！|立即抢购！|全网最低价！|不要错过！|限时优惠！|买一送一！|赶快拨打！|转发有奖！"
    ).split("|")
    some = random.sample(cries, random.randint(2, 5))
    return _until(size, lambda: random.choice(some), " " if lang == "en" else "", 8)


# keyword spam


def trade_by_town(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    trade = _pick(_TRADES, lang, random)
    forms = (
        ("{t} {x}", "{x} {t}", "{x} services {t}", "cheap {x} in {t}", "{t} {x} company")
        if lang == "en" else ("{t}{x}", "{t}{x}公司", "{t}专业{x}", "{t}{x}电话", "{t}市{x}哪家便宜")
    )  # fmt: skip
    some = random.sample(forms, random.randint(1, 3))
    return _until(size, lambda: random.choice(some).format(t=random.choice(_TOWNS[lang]), x=trade),
                  random.choice((" ", ", ", "\n", " / ") if lang == "en" else (" ", "，", "\n", "_")))  # fmt: skip


def questions(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """What is asked about one trade, in all words."""
    trade, ware = _pick(_TRADES, lang, random), _pick(_WARES, lang, random)
    forms = (
        "how much does {x} cost|what is the best {x}|is {x} worth it|{x} vs {y}|where to get {x}|{x} how to|who invented {x}|"
        "does {x} work|{x} before and after|{x} meaning|can you return {x}|why is {x} so expensive"
        if lang == "en" else
        "{x}多少钱一次|{x}有哪些牌子|{x}好不好|{x}和{y}哪个好|{x}去哪里办|{x}怎么弄|{x}要多久|{x}有用吗|{x}前后对比|{x}是什么意思|{x}为什么这么贵|{x}注意事项"
    ).split("|")  # fmt: skip
    return _until(
        size,
        lambda: random.choice(forms).format(x=trade, y=ware),
        random.choice(("? ", "\n", ", ") if lang == "en" else ("？", "\n", "，", " ")),
    )


def adverts(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Spam of casinos, pills and loans."""
    forms = (
        "online casino bonus no deposit {n}|viagra cheap {t}|fast loan {n}$ no credit check|xxx {t} dating|win iphone {n} free|"
        "bitcoin profit {n}% daily|replica {y} outlet|essay help {n}/7|lose {n} pounds fast|{y} coupon {n}% off|hot girls {t}"
        if lang == "en" else
        "真人娱乐注册送{n}元|{t}办证刻章电话{n}|无抵押贷款当天放款{n}万|{t}同城交友微信{n}|时时彩计划群{n}|代开{t}发票|高仿{y}一比一|{t}迷药货到付款|减肥{n}天瘦{n}斤|{y}优惠券满{n}减{n}|六合彩开奖结果{n}"
    ).split("|")  # fmt: skip

    def line() -> str:
        return random.choice(forms).format(
            n=random.randint(5, 99), t=random.choice(_TOWNS[lang]), y=_pick(_WARES, lang, random)
        )

    return _until(size, line, random.choice((" ", ", ", "\n", "! ") if lang == "en" else (" ", "，", "\n", "！", "")))


def inserted(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Real sentences, after every few words of which the keyword stands."""
    word = _pick(random.choice((_TRADES, _WARES)), lang, random)
    text = _passage(clean, size // 2, random)
    units = text.split() if lang == "en" else re.findall(r"[^，。\n]{1,8}[，。\n]?", text)
    step = random.randint(2, 4) if lang == "en" else 1
    return (" " if lang == "en" else "").join(
        unit + ((" " + word if lang == "en" else word) if number % step == 0 else "")
        for number, unit in enumerate(units)
    )


# machine-made lists


def spun(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """The same paragraph about each town in other words of the same meaning."""
    form = (
        "If you {want} {x} in {t}, our {good} team is {ready}. We have {helped} people in {t} with {x} for {n} years. {call} for a {free} quote."
        if lang == "en"
        else "如果您{want}在{t}找{x}，我们{good}的团队{ready}。{n}年来我们已{helped}{t}的客户解决{x}问题。{call}获取{free}报价。"
    )
    same = {
        "en": {"want": "need|want|are looking for", "good": "skilled|expert|friendly", "ready": "ready|here to help|waiting", "helped": "helped|served|supported",
               "call": "Call us|Contact us today|Ring now", "free": "free|no-obligation|quick"},
        "zh": {"want": "想要|需要|打算", "good": "专业|优秀|热情", "ready": "随时待命|为您服务|期待您的来电", "helped": "帮助|协助|服务", "call": "立即致电|马上联系我们|欢迎来电", "free": "免费|优惠|详细"},
    }[lang]  # fmt: skip
    trade = _pick(_TRADES, lang, random)

    def one() -> str:
        blanks = {key: random.choice(value.split("|")) for key, value in same.items()}
        return form.format(x=trade, t=random.choice(_TOWNS[lang]), n=random.randint(2, 30), **blanks)

    return _until(size, one, random.choice(("\n", " ", "\n\n") if lang == "en" else ("\n", "", "\n\n")), 3)


def shop(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """A shop's list: ware, price, stars, stock."""
    forms = (
        "{y}\n${n}.99\n{n} reviews\nIn stock", "{y} (Pack of {n}) - ${n}.{n}", "SKU{n}{n} {y} {n} x {n} cm qty {n}", "{y} ★★★★☆ ({n}) Save {n}%"
    ) if lang == "en" else (
        "{y}\n¥{n}.00\n{n}条评价\n有货", "{y}（{n}件装）￥{n}.{n}", "货号{n}{n} {y} {n}×{n}厘米 库存{n}", "{y} 月销{n}笔 包邮 ¥{n}"
    )  # fmt: skip
    form = random.choice(forms)
    while "{n}" in form:
        form = form.replace("{n}", "{}", 1)
    slots = form.count("{}")
    return _until(
        size,
        lambda: form.format(*(random.randint(2, 99) for _ in range(slots)), y=_pick(_WARES, lang, random)),
        "\n",
        4,
    )


def weather(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """A line of numbers for each town."""
    forms = (
        "{t}: high {a}, low {b}, wind {c} mph, humidity {d}%", "Flights from {t} from ${a}{b}", "Time in {t} is {c}:{d}. Distance from {t} {a}{b} miles.",
        "{t} population {a}{b}{c}, area code {d}",
    ) if lang == "en" else (
        "{t}：最高{a}度，最低{b}度，{c}级风，湿度{d}%", "{t}出发特价机票{a}{b}元起", "{t}今日油价：92号{c}.{d}元，95号{c}.{a}元", "{t}邮编{a}{b}{c}，区号0{d}",
    )  # fmt: skip
    form = random.choice(forms)

    def line() -> str:
        return form.format(t=random.choice(_TOWNS[lang]), **{key: random.randint(10, 59) for key in "abcd"})

    return _until(size, line, random.choice(("\n", "\n", " ", "；" if lang == "zh" else "; ")), 4)


def titles(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Titles for search engines, all of one form."""
    forms = (
        "{x} in {t} | {y} | Home", "{t} {x} Jobs, Employment", "Cheap {y} for sale in {t} - Free Classifieds", "{y} Wholesale, {y} Suppliers {t}",
        "Download {y} manual pdf {n}", "{x} {t} - Page {n}",
    ) if lang == "en" else (
        "{t}{x}_{y}_首页", "{t}{x}招聘信息_{t}人才网", "{y}转让_{t}二手市场", "{y}批发_{y}供应商_{t}黄页", "{y}说明书下载{n}", "{t}{x}第{n}页",
    )  # fmt: skip
    some = random.sample(forms, random.choice((1, 1, 2)))

    def line() -> str:
        return random.choice(some).format(
            t=random.choice(_TOWNS[lang]),
            x=_pick(_TRADES, lang, random),
            y=_pick(_WARES, lang, random),
            n=random.randint(2, 400),
        )

    return _until(size, line, random.choice(("\n", "\n", " ")), 4)


# mojibake


def _fancy(text: str, random: Random) -> str:
    table = {"'": "’", '"': "”", "-": "–", "o": "ö", "a": "á", "s": "š", "i": "ï", ".": "…"}
    share = random.uniform(0.1, 0.4)
    return "".join(table[char] if char in table and random.random() < share else char for char in text)


def decoded(turns: Sequence[tuple[str, str]], lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    text = _passage(clean, size, random)
    text = _fancy(text, random) if lang == "en" else text
    for written, read in turns:
        text = text.encode(written, "replace").decode(read, "replace")
    return text


def wide(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """UTF-16 read in the other order, or ASCII read as UTF-16."""
    data = _passage(clean, size, random).encode("utf-16-le" if lang == "zh" else "utf-8")
    return data[: len(data) // 2 * 2].decode("utf-16-be" if lang == "zh" else "utf-16-le", "replace")


def escaped(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Left in escapes: percent signs, \\u codes, numeric entities, quoted-printable."""
    text = _passage(clean, size, random)[: size // 2]
    text = _fancy(text, random) if lang == "en" else text
    match random.randrange(4):
        case 0:
            return quote(text, safe="" if lang == "en" else " ")
        case 1:
            return (
                text.encode("ascii", "backslashreplace").decode()
                if lang == "zh"
                else "".join(f"\\x{ord(c) & 255:02x}" for c in text)
            )
        case 2:
            return "".join(f"&#{ord(char)};" if ord(char) > 127 or lang == "en" else char for char in text)
    return "".join(f"={byte:02X}" if byte > 126 or lang == "en" else chr(byte) for byte in text.encode())


FAMILIES: Mapping[str, Mapping[str, Maker]] = {
    "gibberish": {"base64": base_64, "syllables": syllables, "bad scan": scanned, "rare characters": rare_characters,
                  "chain of words": second_order, "identifiers": identifiers},
    "shuffled": {"in twos": chunks, "backwards": backwards, "interleaved": interleaved},
    "repeated": {"stuttered": stuttered, "dated": dated, "paragraph": paragraph, "chorus": chorus},
    "keyword spam": {"trade by town": trade_by_town, "questions": questions, "adverts": adverts, "inserted": inserted},
    "lists": {"spun": spun, "shop": shop, "weather": weather, "titles": titles},
    "mojibake": {
        "utf-8 as big5": partial(decoded, [("utf-8", "big5hkscs")]),
        "utf-8 as shift-jis": partial(decoded, [("utf-8", "cp932")]),
        "utf-8 as euc-kr": partial(decoded, [("utf-8", "cp949")]),
        "utf-8 as cp1251": partial(decoded, [("utf-8", "cp1251")]),
        "utf-8 as mac": partial(decoded, [("utf-8", "mac_roman")]),
        "twice cp1252": partial(decoded, [("utf-8", "latin-1"), ("utf-8", "latin-1")]),
        "gbk as utf-8": partial(decoded, [("gb18030", "utf-8")]),
        "gbk as big5": partial(decoded, [("gb18030", "big5hkscs")]),
        "gbk as shift-jis": partial(decoded, [("gb18030", "cp932")]),
        "big5 as gbk": partial(decoded, [("big5hkscs", "gb18030")]),
        "gbk as utf-8 as gbk": partial(decoded, [("gb18030", "utf-8"), ("utf-8", "gb18030")]),
        "utf-16": wide,
        "escapes": escaped,
    },
}  # fmt: skip
