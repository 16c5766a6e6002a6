"""Benchmarks as data: a folder of items, in the shapes that benchmarks come in, read into one.

A folder may hold JSON lines, JSON, CSV, TSV, Parquet and Arrow files (.gz and .zst too), in folders of their own. An
item's benchmark is what its `benchmark` field says, else the folder below the root, else the file's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from curate import files
from curate.decontaminate.formats import READERS, BenchmarksRefused, bare, reader, records
from curate.decontaminate.items import Item
from curate.decontaminate.shapes import QUESTION, item_of

__all__ = ["Benchmarks", "BenchmarksRefused", "Item", "Passed", "load"]

# Names of files and folders that say which part of a benchmark they hold, and nothing of which benchmark.
PARTS = frozenset(
    {"test", "train", "dev", "val", "valid", "validation", "items", "data", "raw", "main", "default", "all"}
)
SHARD = re.compile(r"-\d{5}-of-\d{5}$")  # of Hugging Face's files: test-00000-of-00001.parquet


@dataclass(frozen=True, slots=True)
class Passed:
    """A record or a file that gave no item, or not under its own id, and why."""

    place: str  # file below the root, then # and the record's ordinal from 0
    why: str


@dataclass(frozen=True)
class Benchmarks:
    """The items of a folder, in the order of files and records, and what was passed over."""

    items: tuple[Item, ...]
    passed: tuple[Passed, ...]


def load(folder: str) -> Benchmarks:
    """All items below `folder` (local or s3://; a single file will do). Raises `BenchmarksRefused`.

    A record without a question, a repeated record and a file of a kind that is not read are passed over and listed.
    Where two items of one name differ, the later is named `ID#2`, and listed. Refused are a folder without items, a
    file whose records all lack a question, and a file that can't be parsed.
    """
    items: dict[tuple[str, str, str], Item] = {}
    passed: list[Passed] = []
    there = files.found(folder)
    if not there and "://" not in folder and not Path(folder).exists():
        raise BenchmarksRefused(f"{folder}: there is no such file or folder; expected a folder of benchmarks")
    for file in there:
        read = reader(file.relative)
        if read is None:
            passed.append(Passed(file.relative, "not a kind of file that items are read from"))
            continue
        found = list(records(file, read))
        usable = 0
        for ordinal, record in enumerate(found):
            place = f"{file.relative}#{ordinal}"
            item = item_of(record, *_place(file.relative, _base(folder)), ordinal)
            if item is None:
                passed.append(Passed(place, "no question"))
                continue
            usable += 1
            named = _named(item, items)
            if named is None:
                passed.append(Passed(place, f"repeats item {item.id}"))
                continue
            if named.id != item.id:
                passed.append(Passed(place, f"another item is named {item.id} too; this one is called {named.id}"))
            items[named.benchmark, named.split, named.id] = named
        if not usable and _answers(found):
            passed.append(Passed(file.relative, "answers by id, without questions"))
        elif not usable and len(found) == 1 and read is READERS[".json"]:
            passed.append(Passed(file.relative, "an object without a question"))
        elif not usable:
            raise BenchmarksRefused(f"{file.path}: {_lack(found)}")
    if not items:
        raise BenchmarksRefused(
            f"{folder}: no benchmark items found; expected a folder with files of {', '.join(READERS)} (.gz, .zst)"
        )
    return Benchmarks(tuple(items.values()), tuple(passed))


def _answers(records: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a file says answers by id and nothing else, as PubMedQA's test_ground_truth.json does."""
    return len(records) == 1 and len(records[0]) > 1 and all(isinstance(value, str) for value in records[0].values())


def _lack(records: Sequence[Mapping[str, Any]]) -> str:
    if not records:
        return "holds no records; remove the file or fill it"
    found = ", ".join(sorted(records[0])[:12]) or "no fields"
    return f"none of {len(records)} records has a question; expected a field {' or '.join(QUESTION[:6])}, found {found}"


def _named(item: Item, items: Mapping[tuple[str, str, str], Item]) -> Item | None:
    """`item` under a name that is free; None if it is among `items` already."""
    named, count = item, 1
    while (other := items.get((named.benchmark, named.split, named.id))) is not None:
        if replace(other, id=item.id) == item:
            return None
        count += 1
        named = replace(item, id=f"{item.id}#{count}")
    return named


def _base(folder: str) -> str:
    return PurePosixPath(folder.rstrip("/")).name


def _place(relative: str, base: str) -> tuple[str, str]:
    """(benchmark, split) of a file: the folder below the root and the rest; else the file's name, or the root's."""
    path = bare(relative)
    parts = [*path.parts[:-1], SHARD.sub("", path.stem)]
    if parts[0].lower() in PARTS:
        parts.insert(0, base)
    named = [part for part in parts[1:] if part != "items"]
    if len(named) > 1 and named[-1] == "data":
        named.pop()  # test/data-00000-of-00001.arrow
    return parts[0], "/".join(named)
