"""What lies in a folder: formats, sizes, fields, languages, dialogues, encodings, by looking at the first records."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import polars as pl

from curate import files, read
from curate.chain import trial
from curate.child import Child
from curate.files import FileInfo
from curate.read.aside import ending
from curate.read.dialogue import dialogue, is_turns, pair
from curate.read.fields import NAMES
from curate.read.format import WITH_FIELDS
from curate.read.peek import first_records
from curate.read.record import Unfit
from curate.recipe import Source
from curate.stage import measured
from curate.stages.extract import Extract
from curate.stages.language import Language

FILES = 3  # of a group that are looked into: the first, the middle and the last
RECORDS = 60  # of each
LEAST = 12  # characters that the values of a text field have in the median
PACKED = (".gz", ".zst", ".lz4")
URLS = ("url", "link", "href", "source_url", "网址", "链接", "来源链接")
DATES = (
    "date",
    "timestamp",
    "publish_time",
    "publish_date",
    "pubdate",
    "created",
    "time",
    "日期",
    "发布时间",
    "发布日期",
)
KEYS = re.compile(r"(?:^|_)(?:id|uuid|no|number|key)$|编号|案号|文号|序号", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Group:
    """Files that one source reads: all of a folder below `path`, or those of one ending in it."""

    name: str
    path: str  # below the folder that was looked at; a glob where other files lie beside
    formats: Mapping[str, int]  # format -> files
    size: int  # bytes
    records: int  # that were looked at
    fields: tuple[str, ...] = ()
    text: str | None = None  # the field that holds the text, where its name does not say so
    ids: tuple[str, ...] = ()  # fields that look like one, and were unique
    url: str | None = None
    date: str | None = None
    dialogues: int = 0
    languages: Mapping[str, int]  # of the documents that were looked at
    encodings: Mapping[str, int]
    problems: Mapping[str, int]  # reason -> records
    documents: int  # among the records

    @property
    def readable(self) -> bool:
        """Whether anything in it becomes a document."""
        return self.documents > 0


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What lies in a folder: groups of files, and the endings of those that no reader is for."""

    folder: str
    groups: tuple[Group, ...]
    unknown: Mapping[str, int]


def look(folder: str) -> Seen:
    """What lies in `folder` (or is the one file). Raises `UnknownFormat` where nothing in it can be read."""
    found = files.found(folder)
    if not found:
        raise FileNotFoundError(f"{folder}: there are no files")
    probe = Source(name="look", path=folder)
    sorted_ = read.sorted_out(probe, found)
    unknown = Counter(ending(file.relative) for file in sorted_ if file.read_as == "unknown")
    parts: dict[str, list[FileInfo]] = defaultdict(list)
    single = len(found) == 1 and found[0].path == folder
    for file in sorted_:
        head, slash, _ = file.relative.partition("/")
        parts[head if slash else ""].append(file)
    groups: list[Group] = []
    names: set[str] = set()
    child = Child()
    try:
        for part, some in sorted(parts.items()):
            for path, members in _grouped(part, some, alone=len(parts) == 1):
                name = _name(path, names)
                names.add(name)
                groups.append(_group(name, found[0].relative if single else path, folder, members, child))
    finally:
        child.close()
    return Seen(folder=folder, groups=tuple(groups), unknown=unknown)


def _grouped(part: str, some: Sequence[FileInfo], alone: bool) -> list[tuple[str, list[FileInfo]]]:
    """(path or glob, files) for the files of one part of the folder."""
    readable = [file for file in some if file.read_as not in read.ASIDE]
    by_ending: dict[str, list[FileInfo]] = defaultdict(list)
    for file in readable:
        by_ending[_ending(file.relative)].append(file)
    described = any(file.read_as not in (None, "unknown") for file in some)
    whole = part or "."
    if len(by_ending) <= 1 or described:
        # Of a folder with other files beside it only what ends so.
        (suffix, *_) = by_ending or [""]
        path = whole if part or alone or described else f"*{suffix}"
        return [(path, readable)] if readable else []
    below = f"{part}/**/" if part else ("**/" if alone and any("/" in file.relative for file in some) else "")
    return [(f"{below}*{suffix}", members) for suffix, members in sorted(by_ending.items())]


def _ending(name: str) -> str:
    """As `.jsonl.gz`, in the case that the name has."""
    last = name.rpartition("/")[2]
    parts = last.rsplit(".", 2)
    packed = len(parts) == 3 and f".{parts[2].lower()}" in PACKED
    return "." + ".".join(parts[1:] if packed else parts[-1:]) if len(parts) > 1 else last


def _name(path: str, taken: set[str]) -> str:
    """A source's name from its path: letters, digits and _ alone, and not one that is taken."""
    base = re.sub(r"\W+", "_", path.replace("**/", "").replace("*", "")).strip("_")[:60] or "all"
    number, name = 2, base
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name


def _group(name: str, path: str, folder: str, members: Sequence[FileInfo], child: Child) -> Group:
    probe = Source(name=name, path=folder)
    chosen = [members[index] for index in sorted({0, len(members) // 2, len(members) - 1})][:FILES]
    formats = Counter(read.format_of(probe, file) for file in members)
    rows = [row for file in chosen for row in first_records(probe, file, RECORDS)]
    fields = tuple(dict.fromkeys(field for row in rows for field in row))
    text = _text_field(rows)
    source = Source(name=name, path=folder, text=text)
    docs, problems = _documents(source, [file for file in chosen if text is None or _has_fields(probe, file)])
    documents = docs.height
    dialogues = docs.filter(pl.col("kind") == "dialogue").height
    encodings: Counter[str] = Counter()
    if docs.height:
        stage = Extract()
        tried = trial(stage, docs, child)
        encodings.update(one for one in tried.good["encoding"] if one is not None)
        problems.update(f"{state}" for state in tried.good["file_state"] if state not in ("page", "read"))
        problems.update(["failed"] * tried.bad.height)
        docs = tried.good.filter(pl.col("text").is_not_null())
    languages = Counter(measured(Language(), docs)["lang"]) if docs.height else Counter()
    return Group(
        name=name,
        path=path,
        formats=formats,
        size=sum(file.size for file in members),
        records=documents + problems.total(),
        fields=fields,
        text=text,
        ids=tuple(field for field in fields if KEYS.search(field) and _unique(rows, field)),
        url=next((field for field in URLS if field in fields), None),
        date=next((field for field in DATES if field in fields), None),
        dialogues=dialogues,
        languages=dict(languages.most_common()),
        encodings=dict(encodings.most_common()),
        problems=dict(problems.most_common()),
        documents=documents,
    )


def _has_fields(probe: Source, file: FileInfo) -> bool:
    return read.format_of(probe, file) in WITH_FIELDS


def _documents(source: Source, chosen: Sequence[FileInfo]) -> tuple[pl.DataFrame, Counter[str]]:
    """The first documents of the files, and what went wrong with records between them."""
    tables: list[pl.DataFrame] = []
    problems: Counter[str] = Counter()
    for file in chosen:
        batch = next(read.open_shard(source, file), None)
        if batch is None:
            continue
        tables.append(batch.docs.head(RECORDS))
        told = (one for one in batch.problems[:RECORDS] if one.kind == "quarantined" or one.reason == "empty_file")
        problems.update(one.reason for one in told)
    return (pl.concat(tables) if tables else pl.DataFrame()), problems


def _text_field(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """The field that holds the text where neither a name that readers know nor a dialogue says so: turns under another
    name, or the longest text.
    """
    if not rows:
        return None
    known = sum(any(isinstance(row.get(name), str | bytes) for name in NAMES) or _talks(row) for row in rows)
    if known >= len(rows) / 2:
        return None
    lengths: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        for field, value in row.items():
            if is_turns(value):
                return field
            if field in URLS or field in DATES or KEYS.search(field):
                continue
            if isinstance(value, str) and not re.match(r"https?://|\S+$", value):
                lengths[field].append(len(value))
            elif isinstance(value, str) and len(value) > LEAST and not value.isascii():
                lengths[field].append(len(value))  # Chinese has no spaces
    often = {field: median(some) for field, some in lengths.items() if len(some) > len(rows) / 2}
    best = max(often, key=lambda field: (often[field], field), default=None)
    return best if best is not None and often[best] >= LEAST else None


def _talks(row: Mapping[str, Any]) -> bool:
    try:
        return dialogue(row) is not None or pair(row) is not None
    except Unfit:
        return True


def _unique(rows: Sequence[Mapping[str, Any]], field: str) -> bool:
    values = [row.get(field) for row in rows]
    return (
        len(rows) > 1
        and all(isinstance(one, str | int) and one != "" for one in values)
        and len(set(values)) == len(rows)
    )
