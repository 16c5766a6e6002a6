# ruff: noqa: E501 - templates, one a line
"""Text that says nothing in any language: random letters, characters and keys, junk of a chain, encoded data, shuffled text."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random

Maker = Callable[[str, int, Sequence[str], Random], str]
"""(language, characters, real texts to spoil, chance) -> a text of noise."""

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "asdf", "jkl;", "qweasdzxc", "1234567890", "fghj")


def joined(parts: Sequence[str], lang: str, random: Random) -> str:
    return random.choice((" ", " ", "\n") if lang == "en" else ("", "，", " ", "。")).join(parts)


def random_letters(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Words of letters at random; Latin ones in Chinese text too."""
    letters = random.choice((string.ascii_lowercase, string.ascii_letters, string.ascii_lowercase + string.digits))
    longest = random.choice((5, 9, 14, 40))
    parts = []
    while sum(map(len, parts)) < size:
        parts.append("".join(random.choices(letters, k=random.randint(1, longest))))
    return random.choice((" ", " ", ", ", "\n")).join(parts)


def random_han(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Han characters, each as likely as another: of the whole block, or of the 3,755 most common; in English, words of
    letters as frequent as in English."""
    if lang == "en":
        letters, weights = zip(*sorted(Counter("".join(clean[:20]).lower()).items()), strict=True)
        return "".join(random.choices(letters, weights, k=size))
    if random.random() < 0.5:
        pool = [chr(code) for code in range(0x4E00, 0x9FA6)]
    else:
        pool = [bytes([high, low]).decode("gb2312") for high in range(0xB0, 0xD7) for low in range(0xA1, 0xFA)]
    return clauses(random.choices(pool, k=size), random)


def frequent_han(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Characters (words) drawn one by one as often as real text has them."""
    if lang == "en":
        pool = [word for text in random.sample(clean, min(30, len(clean))) for word in text.split()]
        return " ".join(random.choices(pool, k=max(1, size // 6)))
    pool = [char for text in random.sample(clean, min(30, len(clean))) for char in text if "一" <= char <= "鿿"]
    return clauses(random.choices(pool or ["的"], k=size), random)


def clauses(chars: Sequence[str], random: Random) -> str:
    """With a comma or stop now and then, or none at all."""
    if random.random() < 0.3:
        return "".join(chars)
    return "".join(char + (random.choice("，，。") if random.random() < 0.09 else "") for char in chars)


def mash(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """A hand on the keyboard: runs of neighbouring keys."""
    rows = random.sample(_KEYS, 3)
    parts = []
    while sum(map(len, parts)) < size:
        parts.append("".join(random.choice(random.choice(rows)) for _ in range(random.randint(3, 12))))
    return random.choice((" ", " ", "", "\n")).join(parts)


def chain(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """A Markov chain over the letters (characters) of real text, each behind one or two others."""
    order = random.choice((1, 2)) if lang == "en" else 1
    text = " ".join(random.sample(clean, min(25, len(clean))))[:6_000]
    follow: dict[str, list[str]] = {}
    for at in range(len(text) - order):
        follow.setdefault(text[at : at + order], []).append(text[at + order])
    if lang == "zh":  # half of the steps forget what was before
        return "".join(random.choice(text) if random.random() < 0.5 else random.choice(follow[char])
                       for char in random.choices(text[:-1], k=size))  # fmt: skip
    out = text[:order]
    while len(out) < size:
        out += random.choice(follow.get(out[-order:], [" "]))
    return out


def encoded(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Bytes as hexadecimal digits: in words, in a dump, in one run."""
    data = random.randbytes(size) if random.random() < 0.7 else random.choice(clean).encode()[:size]
    form = random.randrange(3)
    if form == 0:
        return data.hex()[:size]
    if form == 1:
        return data.hex(" ", random.choice((1, 2, 4)))[:size]
    return "\n".join(f"{at:08x}  {data[at : at + 16].hex(' ')}" for at in range(0, len(data), 16))[:size]


def symbols(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Punctuation, letters and digits mixed at random."""
    pool = random.choice((string.printable[:94], string.punctuation + "abcdef0123456789", "■□▲△●○★☆※→←◆◇абв×÷±≠@#￥%"))
    return "".join(random.choice(pool) + (" " if random.random() < 0.12 else "") for _ in range(size))


_FILLER = [
    "lorem",
    "ipsum",
    "dolor",
    "sit",
    "amet",
    "consectetur",
    "adipiscing",
    "elit",
    "sed",
    "do",
    "eiusmod",
    "tempor",
    "incididunt",
    "ut",
    "labore",
    "et",
    "dolore",
    "magna",
    "aliqua",
    "ut",
    "enim",
    "ad",
    "minim",
    "veniam",
    "quis",
    "nostrud",
    "exercitation",
    "ullamco",
    "laboris",
    "nisi",
    "aliquip",
    "ex",
    "ea",
    "commodo",
    "consequat",
    "duis",
    "aute",
    "irure",
    "in",
    "reprehenderit",
    "voluptate",
    "velit",
    "esse",
    "cillum",
    "eu",
    "fugiat",
    "nulla",
    "pariatur",
    "excepteur",
    "sint",
    "occaecat",
    "cupidatat",
    "non",
    "proident",
    "sunt",
    "culpa",
    "qui",
    "officia",
    "deserunt",
    "mollit",
    "anim",
    "id",
    "est",
    "laborum",
    "praesent",
    "vitae",
    "turpis",
    "mauris",
    "lacinia",
]


def filler(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """The Latin that layouts are filled with; in Chinese, what layouts there are filled with."""
    if lang == "zh" and random.random() < 0.7:
        some = (
            "测试文本",
            "这里是内容",
            "标题标题",
            "正文正文正文",
            "占位文字",
            "示例数据",
            "测试一二三",
            "文字文字",
            "内容内容内容",
            "假字",
            "阿斯顿发",
            "啊啊啊",
        )
        return random.choice(("", "，", "。", " ")).join(random.choice(some) for _ in range(size // 4))
    parts = []
    while sum(map(len, parts)) < size:
        sentence = [random.choice(_FILLER) for _ in range(random.randint(4, 14))]
        parts.append(" ".join(sentence).capitalize() + ".")
    return " ".join(parts)


def damaged(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """A real text of whose characters a quarter to three fifths are lost, doubled or exchanged for others of the text."""
    text = passage(clean, size, random)
    share, out = random.uniform(0.25, 0.6), []
    for char in text:
        if random.random() >= share or char.isspace():
            out.append(char)
        else:
            out.append(random.choice(("", char + char, random.choice(text), random.choice(text))))
    return "".join(out)


def figures(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Numbers at random, of one form."""
    form = random.choice(("{a}", "{a}.{b}", "{a}/{b}", "{a},{b},{c}", "{a}-{b}-{c}", "0.{a}{b}", "+{a}%", "[{a}, {b}]"))
    parts = []
    while sum(map(len, parts)) < size:
        parts.append(form.format(a=random.randrange(1000), b=random.randrange(100), c=random.randrange(100_000)))
    return random.choice((" ", " ", "\n", ", ", "\t")).join(parts)


def word_salad(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Words of many texts, none of them a function word more often than another; Chinese ones of two characters."""
    pool: list[str] = []
    for text in random.sample(clean, min(30, len(clean))):
        if lang == "en":
            pool += {word for word in text.split() if word.isalpha()}
        else:
            runs = "".join(char if "一" <= char <= "鿿" else " " for char in text).split()
            pool += {run[at : at + 2] for run in runs for at in range(0, len(run) - 1, 2)}
    words = random.choices(sorted(pool) or ["的"], k=size // (6 if lang == "en" else 2))
    return " ".join(words) if lang == "en" else clauses(words, random)


def pieces(text: str, lang: str, length: int = 1) -> list[str]:
    """The words of a text; of a Chinese one its characters, `length` at a time."""
    if lang == "en":
        return text.split()
    chars = [char for char in text if not char.isspace()]
    return ["".join(chars[at : at + length]) for at in range(0, len(chars), length)]


def shuffled(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Words (characters) of a real text in random order."""
    parts = pieces(passage(clean, size, random), lang)
    random.shuffle(parts)
    return ("" if lang == "zh" else " ").join(parts)


def passage(clean: Sequence[str], size: int, random: Random) -> str:
    """About `size` characters of a real text."""
    text = random.choice(clean)
    for _ in range(20):
        if len(text) >= size / 2:
            break
        text = random.choice(clean)
    start = random.randrange(max(1, len(text) - size))
    return text[start : start + size]


GIBBERISH: Mapping[str, Maker] = {
    "random letters": random_letters,
    "random characters": random_han,
    "frequent characters": frequent_han,
    "keyboard": mash,
    "chain": chain,
    "hexadecimal": encoded,
    "symbols": symbols,
    "filler": filler,
    "damaged": damaged,
    "figures": figures,
    "word salad": word_salad,
}
SHUFFLED: Mapping[str, Maker] = {"shuffled": shuffled}
