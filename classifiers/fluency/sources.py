"""The text that the model of fluency learns from: sources whose text may be passed on, each line of them once."""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from hashlib import blake2b
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import zstandard

BYTES = 8_000_000
"""Of each source at most, so that none sets the tone."""

SOURCES: Mapping[str, str] = {
    "corpora/medical/en/medquad": "en",
    "corpora/general/en/eips": "en",
    "corpora/general/en/peps": "en",
    "corpora/general/en/standard_ebooks": "en",
    "corpora/finance/en/tatqa_reports": "en",
    "corpora/medical/zh/toyhom_internal_csv": "zh",
    "corpora/general/zh/history_modern_translation": "zh",
    "corpora/general/zh/classic_novels": "zh",
    "corpora/general/zh/poetry": "zh",
    "written/en": "en",
    "written/zh": "zh",
}
"""Source -> language. written/ are sentences of trades that the others lack, of classifiers/quality, put together."""

WRITTEN = 6_000
SHORT = 25  # characters: of shorter lines, titles and names for the most part, each may come again


def texts(folder: Path, source: str) -> list[str]:
    """The documents of one source in the order of their hashes, without lines that came before, up to `BYTES`."""
    if source.startswith("written/"):
        return _written(folder, source.removeprefix("written/"))
    seen: set[bytes] = set()
    out: list[str] = []
    size = 0
    for _, text in sorted((order(str(row["id"])), str(row["text"])) for row in rows(folder / f"{source}.jsonl.zst")):
        lines = []
        for line in text.split("\n"):
            mark = order(line)
            if len(line) < SHORT or mark not in seen:
                seen.add(mark)
                lines.append(line)
        out.append("\n".join(lines))
        size += len(out[-1].encode())
        if size > BYTES:
            break
    return out


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        for line in io.TextIOWrapper(stream, "utf-8"):
            yield json.loads(line)


def order(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=8).digest()


def _written(folder: Path, lang: str) -> list[str]:
    passages = _of_quality("passages")
    words: Callable[..., list[str]] = passages.words
    names = words(
        texts(folder, next(source for source in SOURCES if SOURCES[source] == lang))[:300], lang, Random(lang)
    )
    found: list[str] = passages.written(lang, names)
    return found[:WRITTEN]


@cache
def _of_quality(name: str) -> ModuleType:
    """A module of classifiers/quality, which imports its neighbours by their bare names."""
    import sys

    folder = str(Path(__file__).resolve().parents[1] / "quality")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(folder)
