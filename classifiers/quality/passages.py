"""Real text, whole and cut into passages of all lengths, from sources whose text may be used and passed on."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any

import boilerplate
import zstandard


@dataclass(frozen=True)
class Origin:
    """A file of the source data that is trained on, and how many passages are taken of it."""

    path: str
    lang: str
    passages: int
    clean: Callable[[str], str] = lambda text: text


def _without_header(text: str) -> str:
    """Without the fields that a proposal begins with."""
    if text.startswith("---"):
        return text.partition("\n---")[2]
    if text.startswith(("PEP:", "\nPEP:")):
        return text.partition("\n\n")[2]
    return text


ORIGINS = (
    Origin("corpora/medical/en/medquad", "en", 9_000),
    Origin("corpora/general/en/eips", "en", 8_000, _without_header),
    Origin("corpora/general/en/peps", "en", 12_000, _without_header),
    Origin("corpora/general/en/standard_ebooks", "en", 12_000),
    Origin("corpora/finance/en/tatqa_reports", "en", 7_000),
    Origin("corpora/medical/zh/toyhom_internal_csv", "zh", 9_000),
    Origin("corpora/general/zh/history_modern_translation", "zh", 24_000),
    Origin("corpora/general/zh/classic_novels", "zh", 24_000),
    Origin("corpora/general/zh/poetry", "zh", 16_000),
)
"""What is trained on. Everything else in the source data is unseen."""


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        for line in io.TextIOWrapper(stream, "utf-8"):
            yield json.loads(line)


def passages(folder: Path, origin: Origin) -> list[str]:
    """`origin.passages` passages, or fewer where there is not that much text."""
    texts = [(row["id"], origin.clean(row["text"]).strip()) for row in rows(folder / f"{origin.path}.jsonl.zst")]
    texts = sorted(((key, text) for key, text in texts if len(text) >= 20), key=lambda row: order(row[0]))
    out: list[str] = []
    for turn in range(64):
        for key, text in texts:
            if len(out) == origin.passages:
                return out
            if turn == 0 or len(text) > 400 * turn:
                out.append(cut(text, Random(f"{key} {turn}")))
    return out


def cut(text: str, random: Random) -> str:
    """A passage of 25 to 3,000 characters, all orders of magnitude alike, from a sentence's start where one is near."""
    size = length(random)
    if size >= len(text):
        return text
    start = random.randrange(len(text) - size)
    if random.random() < 0.8:
        border = re.compile(r"[。！？\n]|[.!?] ").search(text, start, start + 200)
        start = border.end() if border else start
    return text[start : start + size].strip() or text[:size]


def length(random: Random, shortest: int = 25) -> int:
    """In characters, from `shortest` to 3,000, its logarithm uniform."""
    return int(shortest * (3000 / shortest) ** random.random())


def order(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=8).digest()


WRITTEN = {"en": 9_000, "zh": 36_000}
"""Passages made of the sentences in written/: without them all modern Chinese would be medicine or history."""


def written(lang: str, words: Sequence[str]) -> list[str]:
    """Passages of sentences that belong together, some with a second subject behind the first."""
    some = boilerplate.sentences(lang, words)
    joints = ("", "", "\n", "\n\n") if lang == "zh" else (" ", " ", "\n", "\n\n")
    out = []
    for number in range(WRITTEN[lang]):
        random = Random(f"written {lang} {number}")
        size = min(length(random), 1200)
        pool: list[str] = []
        for _, group in random.sample(some.groups, 1 if random.random() < 0.8 else 2):
            pool += random.sample(group, len(group))
        joint, text = random.choice(joints), ""
        for sentence in pool:
            if len(text) >= size:
                break
            text += (joint if text else "") + boilerplate.filled(sentence, some, random)
        out.append(text)
    return out


def words(texts: Sequence[str], lang: str, random: Random) -> list[str]:
    """Words of real text, for blanks in phrases: so no topic becomes a mark of spam."""
    found: set[str] = set()
    for text in texts:
        if lang == "en":
            found.update(re.findall(r"\b[A-Za-z][a-z]{3,}\b", text))
        else:
            for run in re.findall(r"[一-鿿]{2,}", text):
                size = random.randint(2, 6)
                start = random.randrange(max(1, len(run) - size))
                found.add(run[start : start + size])
    return sorted(found)
