# ruff: noqa: E501 - templates, one a line
"""Clean text of all forms: passages and whole documents of open sources, and forms that other sources have beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

LONGEST = 3000


def length(random: Random, shortest: int) -> int:
    """In characters, from `shortest` to `LONGEST`, its logarithm uniform."""
    return int(shortest * (LONGEST / shortest) ** random.random())


def cut(text: str, size: int, random: Random) -> str:
    start = random.randrange(max(1, len(text) - size))
    return text[start : start + size].strip()


def passages(texts: Sequence[str], count: int, seed: str) -> list[str]:
    """`count` passages of 60 to 3,000 characters, every text in its turn."""
    random = Random(f"passages {seed}")
    found = (cut(texts[number % len(texts)], length(random, 60), random) for number in range(count))
    return [text for text in found if len(text) >= 50]


def parts(text: str, lang: str) -> list[str]:
    """Clauses and sentences, 6 to 60 characters (words of them: 3 to 14)."""
    found = [part.strip() for part in re.split(r"[。！？；，：\n]|[.!?;:,]\s|\n", text)]
    if lang == "zh":
        return [part for part in found if 6 <= len(part) <= 60]
    return [part for part in found if 3 <= len(part.split()) <= 14]


def listed(texts: Sequence[str], lang: str, random: Random) -> str:
    """Contents pages, headlines, notes, steps: clauses of one to three texts without stops, one behind the other."""
    few = [random.choice(texts) for _ in range(random.randint(1, 3))]
    pool = [part for text in few for part in parts(text, lang)]
    if len(pool) < 3:
        return few[0][:LONGEST]
    start = random.randrange(len(pool))
    chosen = (pool[start:] + pool[:start])[: random.randint(3, 40)]
    if random.random() < 0.5:
        random.shuffle(chosen)
    form = random.choice(
        (
            "{text}",
            "{text}",
            "- {text}",
            "{n}. {text}",
            "{text} {page}",
            "第{n}章 {text}" if lang == "zh" else "Chapter {n} {text}",
        )
    )
    lines = [
        form.format(text=part, n=number, page=7 * number + random.randint(1, 6))
        for number, part in enumerate(chosen, 1)
    ]
    return random.choice(("\n", "\n", "  ", " " if lang == "zh" else " - ")).join(lines)[:LONGEST]


def figured(texts: Sequence[str], lang: str, random: Random) -> str:
    """With codes, shares, years and amounts strewn in, as financial news and laboratory reports have them."""
    text = cut(random.choice(texts), length(random, 60), random)
    chars = list(text) if lang == "zh" else text.split(" ")
    for _ in range(1 + len(chars) // random.randint(8, 40)):
        what = random.choice(
            ("({code})", "{share}%", "{year}", "{amount}", "（{code}）", "{a}-{b}", "{name}", "{name}{a}")
        )
        if lang == "en" and "（" in what:
            what = "({share}%)"
        filled = what.format(
            code=f"{random.randrange(1_000_000):06}", share=round(random.uniform(0, 100), random.randint(0, 2)),
            year=random.randint(1980, 2025), amount=f"{random.randint(1, 99_999):,}", a=random.randint(1, 99), b=random.randint(100, 300),
            name="".join(random.choice("ABCDEFGHKLMNPRSTVX") for _ in range(random.randint(2, 5))),
        )  # fmt: skip
        chars.insert(random.randrange(len(chars) + 1), filled)
    return ("" if lang == "zh" else " ").join(chars)


def headlines(texts: Sequence[str], lang: str, random: Random) -> str:
    """Short news: one to four clauses without stops, with codes, shares and amounts."""
    pool = [part for text in (random.choice(texts) for _ in range(3)) for part in parts(text, lang)]
    if not pool:
        return random.choice(texts)[:200]
    chosen = random.sample(pool, min(len(pool), random.randint(1, 4)))
    text = random.choice(("", " ", "  ") if lang == "zh" else (" ", " - ", "; ")).join(chosen)
    return figured([text], lang, random) if random.random() < 0.7 else text


def answers(texts: Sequence[str], lang: str, random: Random) -> str:
    """A question or heading and a short list behind it: names, rare words, clauses."""
    text = random.choice(texts)
    pool = parts(text, lang)
    words = (
        re.findall(r"[A-Z][a-z]+(?: [A-Z][a-z]+)*|[a-z]{6,}", text)
        if lang == "en"
        else re.findall(r"[一-鿿]{2,6}", text)
    )
    if not pool or not words:
        return text[:300]
    items = list(
        dict.fromkeys(random.choice(words if random.random() < 0.6 else pool) for _ in range(random.randint(3, 12)))
    )
    form = random.choice(("{n}. {item}", "- {item}", "{item}", "{n}) {item}"))
    lines = [form.format(n=number, item=item) for number, item in enumerate(items, 1)]
    end = random.choice(("?", ":", ".") if lang == "en" else ("？", "：", "。"))
    joint = random.choice(("\n", "\n", " ", ", ") if lang == "en" else ("\n", "\n", "、", "；"))
    return random.choice(pool) + end + random.choice(("\n\n", "\n", " ")) + joint.join(lines)


def with_formulas(texts: Sequence[str], lang: str, random: Random) -> str:
    """A sentence or two and a calculation or a piece of a query between them."""
    variables = random.sample("abcdefghkmnpqrstuvwxyz", 5)

    def term(depth: int) -> str:
        one = random.choice(
            (random.choice(variables), str(random.randint(1, 2000)), f"{random.randint(0, 9)}.{random.randint(0, 99)}")
        )
        if depth == 0:
            return one
        other = term(depth - 1)
        return random.choice(
            (
                f"{one} + {other}",
                f"({one} - {other})",
                f"{one} * {other}",
                f"{one}/{other}",
                f"sqrt({other})",
                f"log({other})",
                f"{one}^{random.randint(2, 3)} + {other}",
                f"{other}({one})",
            )
        )

    lines = []
    for _ in range(random.randint(1, 4)):
        lines.append(cut(random.choice(texts), random.randint(20, 200), random))
        lines.append(
            f"{random.choice(variables)} = {term(random.randint(1, 5))}"
            + (f" = {random.randint(1, 9999)}" if random.random() < 0.5 else "")
        )
    return random.choice(("\n", " ")).join(lines)


def mixed(own: Sequence[str], other: Sequence[str], random: Random) -> str:
    """Paragraphs in one language, code, terms or paragraphs of the other between them."""
    found = [cut(random.choice(own), length(random, 40), random) for _ in range(random.randint(1, 2))]
    found += [cut(random.choice(other), length(random, 30) // 2, random) for _ in range(random.randint(1, 2))]
    random.shuffle(found)
    return "\n\n".join(found)[:LONGEST]


def with_names(own: Sequence[str], other: Sequence[str], lang: str, random: Random) -> str:
    """Chinese with foreign words in its sentences; English with a list of rare words, drugs or parts or people, in it."""
    text = cut(random.choice(own), length(random, 60), random)
    words = re.findall(r"[A-Za-z][A-Za-z.-]{2,}", cut(random.choice(other), 3000, random))
    if not words:
        return text
    if lang == "en":
        place = text.find(" ", random.randrange(len(text) + 1))
        rare = sorted(set(words), key=lambda word: (-len(word), word))[: random.randint(3, 12)]
        return text[: place + 1] + ", ".join(rare) + text[place:]
    pieces = re.split(r"(?<=[，。、的 ])", text)
    for _ in range(1 + len(pieces) // random.randint(2, 8)):
        term = " ".join(random.choice(words) for _ in range(random.randint(1, 3)))
        pieces.insert(random.randrange(len(pieces) + 1), term + random.choice((" ", "", ", ")))
    return "".join(pieces)
