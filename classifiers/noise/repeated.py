# ruff: noqa: E501 - templates, one a line
"""Text that says the same over and over: words, phrases, sentences, lines, as they are or with a counter or date changed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random

from gibberish import Maker, passage, pieces


def _sentence(lang: str, clean: Sequence[str], random: Random) -> str:
    """One sentence of real text, 12 to 200 characters."""
    for _ in range(50):
        text = passage(clean, 600, random)
        found = [part.strip() for part in re.split(r"(?<=[.!?]) |(?<=[。！？])|\n", text)[1:-1]]
        found = [part for part in found if 12 <= len(part) <= 200 and len(pieces(part, lang)) >= 4]
        if found:
            return random.choice(found)
    return "He went home in the evening." if lang == "en" else "他晚上回家去了。"


def _until(size: int, make: type[str] | object, joint: str) -> str:
    parts: list[str] = []
    while sum(map(len, parts)) < size:
        parts.append(make())  # type: ignore[operator]
    return joint.join(parts)


def words(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """One to three words."""
    some = pieces(passage(clean, 300, random), lang, random.choice((1, 2, 3)))[: random.randint(1, 3)] or ["a"]
    return _until(
        size,
        lambda: random.choice(some),
        random.choice((" ", " ", "\n", ", ") if lang == "en" else ("", "", "，", " ", "\n")),
    )


def phrase(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """A phrase of three to ten words."""
    parts = pieces(passage(clean, 300, random), lang)
    length = random.randint(3, 10)
    start = random.randrange(max(1, len(parts) - length))
    one = (" " if lang == "en" else "").join(parts[start : start + length])
    return _until(
        size, lambda: one, random.choice((" ", ". ", ", ", "\n") if lang == "en" else ("", "，", "。", "！", "\n"))
    )


def sentence(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """A sentence, or two in turn."""
    some = [_sentence(lang, clean, random) for _ in range(random.choice((1, 1, 2)))]
    return _until(
        max(size, 3 * sum(map(len, some))),
        lambda: random.choice(some),
        random.choice((" ", "\n", "\n\n") if lang == "en" else ("", "\n", "\n\n")),
    )


def counted(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """A line with a number that counts."""
    one = _sentence(lang, clean, random)[: random.choice((20, 40, 120))]
    form = random.choice(("{n}. {line}", "{line} {n}", "Page {n}: {line}", "({n}) {line}") if lang == "en" else
                         ("{n}、{line}", "{line}{n}", "第{n}条 {line}", "（{n}）{line}"))  # fmt: skip
    first, step = random.randint(1, 20), random.choice((1, 1, 1, 5, 10))
    parts: list[str] = []
    while sum(map(len, parts)) < size or len(parts) < 4:
        parts.append(form.format(n=first + step * len(parts), line=one))
    return random.choice(("\n", "\n", " " if lang == "en" else "")).join(parts)


def slightly(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """A sentence with one word of it exchanged each time."""
    one = pieces(_sentence(lang, clean, random), lang)
    others = pieces(passage(clean, 800, random), lang)
    parts: list[str] = []
    while sum(map(len, parts)) < size or len(parts) < 4:
        now = list(one)
        now[random.randrange(len(now))] = random.choice(others)
        parts.append((" " if lang == "en" else "").join(now))
    return random.choice(("\n", " " if lang == "en" else "")).join(parts)


def letters(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """One letter or sign, or two or three in turn: hahaha, 哈哈哈, =-=-."""
    unit = random.choice(
        ("ha", "lol ", "a", "!", "la la ", "=-", ".", "xo", "very ")
        if lang == "en"
        else ("哈", "呵呵", "啊", "！", "顶", "好好", "。", "6", "嘻嘻哈")
    )
    return unit * (size // len(unit))


REPEATED: Mapping[str, Maker] = {
    "words": words,
    "phrase": phrase,
    "sentence": sentence,
    "counted": counted,
    "slightly changed": slightly,
    "letters": letters,
}
