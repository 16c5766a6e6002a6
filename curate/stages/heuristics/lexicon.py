"""A list of words that a user gives: read from a text file, CSV or JSON lines, and made ready to be looked for."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.kernels import keywords
from curate.stage import Asset
from curate.stages.homoglyphs import to_latin

FIELDS = ("entry", "category", "weight", "lang", "domain")

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a]")  # what spreadsheets and archives hold, and no list of words

_LAST_WORD = re.compile(r"[A-Za-z]{3,}\Z")


class ListRefused(ValueError):
    """A list can't be read as one; the message names file and line."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line. `lang` and `domain`: only in documents of this language or domain is it looked for."""

    entry: str
    category: str = ""
    weight: float = 1.0
    lang: str = ""
    domain: str = ""


@dataclass(frozen=True)
class Lexicon:
    """Entries, and behind them the phrases that excuse what lies within; `owners` says whose each form in `trie` is."""

    entries: tuple[Entry, ...]
    excused_from: int
    trie: keywords.Trie
    owners: NDArray[np.int64]


@lru_cache(maxsize=8)
def lexicon(entries: Asset, allow: Asset | None, plurals: bool) -> Lexicon:
    """The lists, verified by their digests, once per process. Raises `ListRefused`."""
    some = read(entries)
    lines = (*some, *(read(allow) if allow is not None else ()))
    forms, owners = [], []
    for ordinal, line in enumerate(lines):
        for form in numbers(line.entry) if plurals else (line.entry,):
            forms.append(form)
            owners.append(ordinal)
    return Lexicon(lines, len(some), keywords.trie(forms, to_latin()), np.array(owners, np.int64))


def read(asset: Asset) -> tuple[Entry, ...]:
    """The entries of a list: CSV and JSON lines by the file's name, else a line each. Raises `ListRefused`."""
    try:
        text = asset.verified().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ListRefused(f"{asset.path}: not UTF-8 at byte {error.start:,}; save the list as UTF-8") from None
    if (control := _CONTROL.search(text)) is not None:
        raise ListRefused(
            f"{asset.path} holds {control[0]!r}, so it is no text; save the list as text or CSV, in UTF-8"
        )
    ending = asset.path.suffix.lower()
    rows = {".csv": _csv, ".jsonl": _jsonl}.get(ending, _lines)
    out = []
    for number, row in rows(text, str(asset.path)):
        entry = _entry(row, f"{asset.path}, line {number}")
        try:
            keywords.units(entry.entry)
        except keywords.TooLong as refusal:
            raise ListRefused(f"{asset.path}, line {number}: {refusal}") from None
        out.append(entry)
    if not out:
        raise ListRefused(f"{asset.path} holds no entries; expected one a line")
    return tuple(out)


def numbers(entry: str) -> tuple[str, ...]:
    """An English entry in singular and plural, as the ending of its last word has them; any other as it is."""
    found = _LAST_WORD.search(entry)
    if found is None:
        return (entry,)
    word = found[0].lower()
    stem = entry[: found.start()] + word
    if word.endswith("ies") and len(word) > 4:
        return (stem, stem[:-3] + "y")
    if re.search(r"(?:[sxz]|ch|sh)es\Z", word):
        return (stem, stem[:-2], stem[:-1]) if word[-3] in "sz" else (stem, stem[:-2])
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return (stem, stem[:-1])
    if re.search(r"(?:[sxz]|ch|sh)\Z", word):
        return (stem, stem + "es")
    if re.search(r"[^aeiou]y\Z", word):
        return (stem, stem[:-1] + "ies")
    return (stem, stem + "s")


def _lines(text: str, path: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield number, {"entry": line}


def _csv(text: str, path: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    for row in reader:
        if not (row.get("entry") or "").startswith("#"):
            yield reader.line_num, row


def _jsonl(text: str, path: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ListRefused(f"{path}, line {number}: not JSON: {error}") from None
        if not isinstance(row, dict):
            raise ListRefused(f"{path}, line {number}: {line[:80]!r}; expected an object with {', '.join(FIELDS)}")
        yield number, row


def _entry(row: Mapping[Any, Any], where: str) -> Entry:
    given = {key: value for key, value in row.items() if value not in (None, "")}
    strange = [key for key in given if key not in FIELDS]
    if strange or not isinstance(given.get("entry"), str):
        found = f"the field {strange[0]!r}" if strange else "no entry"
        raise ListRefused(f"{where}: {found}; expected {', '.join(FIELDS)}, of which entry is needed")
    try:
        weight = float(given.pop("weight", 1.0))
    except (TypeError, ValueError):
        weight = float("nan")
    if not isfinite(weight) or weight <= 0:
        raise ListRefused(f"{where}: the weight is {row.get('weight')!r}; expected a number above 0")
    return Entry(weight=weight, **{key: str(value).strip() for key, value in given.items()})
