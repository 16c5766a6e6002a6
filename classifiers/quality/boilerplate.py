"""Made-up boilerplate and spam: pages drawn from the phrases in phrases/, their blanks filled with made-up facts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve().parent

SOLD = frozenset(["spam", "垃圾", "listing", "列表", "ads", "广告", "shop", "商品"])
LISTED = frozenset(["listing", "列表", "navigation", "导航", "teaser", "信息流"])

_CITIES: Mapping[str, str] = {
    "en": "Boston Denver Leeds Austin Toronto Perth Bristol Miami Chicago Dublin Seattle Glasgow Phoenix Auckland",
    "zh": "北京 上海 广州 深圳 成都 杭州 武汉 西安 南京 郑州 长沙 青岛 苏州 合肥 昆明 石家庄 东莞 佛山",
}
_BRANDS: Mapping[str, str] = {
    "en": "Nordale Zentro Kivana Apexon Lumira Portex Quill Vantiq Orsen Maplecraft Bluefin Tavola",
    "zh": "优选家 美尔康 诺维 金鹿 云帆 海蓝 天悦 华玉 博雅 乐购 新源 佳丽",
}
_NAMES: Mapping[str, str] = {
    "en": "Anna Miller|J. Porter|Sam Lee|Dr. Wood|Maria Gonzalez|admin|guest|Kevin|editor|staff|Laura B.|tom1984",
    "zh": "张伟|李娜|小编|管理员|王老师|阿杰|刘芳|游客|陈静|赵先生|记者|飞翔的鱼|杨洋|周女士|匿名",
}
_SITES: Mapping[str, str] = {
    "en": "Daily Ledger|HealthHub|Cityline|ShopEasy|The Northern Post|InfoWorld Pages|MyForum|TravelNest|Webportal",
    "zh": "华声网|百姓网|健康之家|新城在线|东方资讯|易购商城|书香网|中华网|本站|网易新闻|生活通|大河网|医药信息网",
}
_JOINTS: Mapping[str, Sequence[str]] = {
    "en": (". ", "\n", " | ", " ", "\n\n", " • ", " - ", " / "),
    "zh": ("。", "\n", " | ", " ", "\n\n", "·", "　", "  ", "，"),
}
_BLANK = re.compile(r"\{(\w+)\}")
_HEADING = re.compile(r"\[([^\[\]{}]+)\]")


@dataclass(frozen=True)
class Phrases:
    """Groups of phrases of one language, and the words that fill the blank {word}."""

    lang: str
    groups: Sequence[tuple[str, Sequence[str]]]
    words: Sequence[str]


def phrases(lang: str, words: Sequence[str], *, held_out: bool) -> Phrases:
    """The phrases to train on, or those held out: one in six, chosen by hash."""
    groups = [
        (name, [line for line in lines if is_held_out(line) == held_out])
        for name, lines in read(HERE / "phrases" / f"{lang}.txt")
    ]
    return Phrases(lang, [group for group in groups if group[1]], words)


def sentences(lang: str, words: Sequence[str]) -> Phrases:
    """The sentences of good text in written/."""
    return Phrases(lang, read(HERE / "written" / f"{lang}.txt"), words)


def read(path: Path) -> list[tuple[str, list[str]]]:
    """The groups of a file: [name] in a line of its own, then a phrase a line."""
    groups: list[tuple[str, list[str]]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if heading := _HEADING.fullmatch(line):
            groups.append((heading[1], []))
        elif line and not line.startswith("# "):
            groups[-1][1].append(line)
    return groups


def bare(some: Phrases) -> list[str]:
    """The short items that the phrases are made of: a word or two, a few characters."""
    cut, most = (r"[，,：:（）()、 ]+", 6) if some.lang == "zh" else (r"[,.:]+ ?", 24)
    items = {item for _, group in some.groups for phrase in group for item in re.split(cut, phrase)}
    return sorted(item for item in items if item and len(item) <= most and item.count(" ") < 2)


def is_held_out(phrase: str) -> bool:
    return blake2b(phrase.encode(), digest_size=1).digest()[0] < 256 / 6


def page(some: Phrases, size: int, random: Random) -> str:
    """About `size` characters of one to five groups, in the order a page would have: group by group, or mixed."""
    chosen = [random.choice(some.groups) for _ in range(1 + min(4, size // 120))]
    joint = random.choice(_JOINTS[some.lang])
    pieces: list[str] = []
    length = 0
    while length < size:
        name, group = chosen[length * len(chosen) // size] if random.random() < 0.7 else random.choice(chosen)
        piece = filled(random.choice(group), some, random)
        if name.startswith(("menu", "栏目")) or random.random() < 0.3:
            piece = _items(piece, random)
        pieces.append(piece)
        length += len(piece) + 1
        if random.random() < 0.1:
            joint = random.choice(_JOINTS[some.lang])
    return joint.join(pieces)


def spam(some: Phrases, size: int, random: Random) -> str:
    """One to four phrases of spam or of a list, over and over, each time filled in anew or not at all."""
    groups = [group for name, group in some.groups if name in SOLD]
    kept = [random.choice(random.choice(groups)) for _ in range(random.randint(1, 4))]
    if random.random() < 0.5:
        kept = [filled(phrase, some, random) for phrase in kept]
    pieces: list[str] = []
    while sum(map(len, pieces)) < size:
        pieces.append(filled(random.choice(kept), some, random))
    return random.choice(_JOINTS[some.lang]).join(pieces)


def keywords(some: Phrases, size: int, random: Random) -> str:
    """Keywords without sentences, as the lists that search engines are fed with."""
    few = random.sample(some.words, min(len(some.words), random.choice((3, 8, 40, 400))))
    affixes = random.sample(_AFFIXES[some.lang], 4)
    pieces: list[str] = []
    while sum(map(len, pieces)) < size:
        word = random.choice(few)
        pieces.append(word if random.random() < 0.3 else random.choice(affixes).format(word, _city(some.lang, random)))
    return random.choice((", ", " ", " | ", "、", "，", "\n", "-")).join(pieces)


_AFFIXES: Mapping[str, Sequence[str]] = {
    "en": ("buy {0}", "{0} online", "cheap {0}", "best {0}", "{0} {1}", "{0} near me", "{0} for sale", "free {0}",
           "{0} price", "{0} reviews", "{0} wholesale", "{0} {0}", "top 10 {0}", "{0} download", "{0} services {1}"),
    "zh": ("{0}价格", "{0}厂家", "{1}{0}", "{0}批发", "{0}多少钱", "{0}哪家好", "{0}网", "{0}图片", "{0}下载",
           "{0}大全", "{0}排名", "{0}品牌", "{1}{0}公司", "{0}视频", "{0}官网", "{0}{0}", "最新{0}",
           "{0}加盟", "{0}招聘"),
}  # fmt: skip


def filled(phrase: str, some: Phrases, random: Random) -> str:
    """`phrase` with its blanks filled in."""
    return _BLANK.sub(lambda blank: _fact(blank[1], some, random), phrase)


def _fact(kind: str, some: Phrases, random: Random) -> str:
    zh = some.lang == "zh"
    match kind:
        case "word":
            return random.choice(some.words)
        case "city":
            return _city(some.lang, random)
        case "brand":
            return random.choice(_BRANDS[some.lang].split())
        case "name":
            return random.choice(_NAMES[some.lang].split("|"))
        case "site":
            return random.choice(_SITES[some.lang].split("|"))
        case "n":
            return str(random.randint(1, 99))
        case "nn":
            return f"{random.randint(100, 99999):,}" if random.random() < 0.3 else str(random.randint(100, 9999999))
        case "year":
            return str(random.randint(1998, 2025))
        case "date":
            year, month, day = random.randint(2001, 2025), random.randint(1, 12), random.randint(1, 28)
            if zh and random.random() < 0.5:
                return f"{year}年{month}月{day}日"
            if not zh and random.random() < 0.5:
                return f"{_MONTHS[month - 1]} {day}, {year}"
            return random.choice(("{}-{:02}-{:02}", "{}/{}/{}", "{}.{:02}.{:02}")).format(year, month, day)
        case "time":
            return f"{random.randint(0, 23)}:{random.randint(0, 59):02}"
        case "price":
            return (
                str(random.randint(1, 999)) if zh else f"${random.randint(1, 499)}.{random.choice(('00', '99', '95'))}"
            )
        case "phone":
            part = random.randint(1000, 9999)
            return f"400-{random.randint(100, 999)}-{part}" if zh else f"({random.randint(200, 999)}) 555-{part}"
    raise ValueError(f"the phrases have a blank {{{kind}}}, which nothing fills")


_MONTHS = "Jan Feb March April May June July Aug Sept Oct Nov Dec".split()  # noqa: SIM905


def _city(lang: str, random: Random) -> str:
    return random.choice(_CITIES[lang].split())


def _items(piece: str, random: Random) -> str:
    """The items of a menu, some of them, in another order."""
    items = re.split("[，,] ?", piece)
    random.shuffle(items)
    kept = items[: random.randint(max(1, len(items) // 2), len(items))]
    return random.choice((" ", " | ", "\n", ", ")).join(kept)
