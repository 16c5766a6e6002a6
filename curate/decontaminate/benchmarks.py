"""Benchmarks as data: a folder of items, in the shapes that benchmarks come in, read into one.

A folder may hold JSON lines, JSON, CSV, TSV, Parquet and Arrow files (.gz and .zst too), in folders of their own. An
item's benchmark is what its `benchmark` field says, else the folder below the root, else the file's name.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

import polars as pl
import zstandard

from curate import files

# Names of fields, lower case without - _ and spaces, the more telling first. Those of MMLU, CMMLU, C-Eval, GSM8K, ARC,
# MedQA, MedMCQA, PubMedQA, CMB, JEC-QA, LawBench, HumanEval, MBPP, HellaSwag, SQuAD, BoolQ, LongBench are among them.
QUESTION = (
    *("question", "query", "problem", "stem", "statement", "prompt", "goal", "ctx", "sentence"),
    *("input", "instruction", "text", "content", "问题", "题目", "题干"),
)
CONTEXT = (
    "context",
    "contexts",
    "passage",
    "article",
    "background",
    "paragraph",
    "document",
    "story",
    "support",
    "材料",
)
CHOICES = ("choices", "options", "option", "optionlist", "endings", "candidates", "mc1targets", "选项")
ANSWER = (
    *("answer", "answers", "longanswer", "bestanswer", "correctanswer", "target", "output", "response", "reference"),
    *("solution", "canonicalsolution", "code", "finaldecision", "gold", "label", "answerkey", "答案"),
)
IDENTITY = ("id", "itemid", "questionid", "taskid", "exampleid", "qid", "uid", "pmid", "idx", "realidx", "编号")
SPLIT = ("split", "subset")
LANGUAGE = ("lang", "language")

LETTERED = re.compile(r"(?:option|op|choice|answer|选项)?([a-j])")  # columns A to D, optionA, MedMCQA's opa
NUMBERED = re.compile(r"(?:option|choice|ending|sol|distractor)(\d)")
RIGHT = "correctanswer"  # beside distractors, SciQ's own way, it is a choice as well
WAYS_TO_SAY = ("answers", "correctanswers", "goldanswers")  # each of them is right: the first one stands for all

# Options written into the question: A: ... B: ..., with a full stop, a bracket or the like in place of the colon.
MARK = re.compile(r"(?<![A-Za-z0-9])[(（]?([A-J])[)）.．、:：]\s*")

# Names of files and folders that say which part of a benchmark they hold, and nothing of which benchmark.
PARTS = frozenset(
    {"test", "train", "dev", "val", "valid", "validation", "items", "data", "raw", "main", "default", "all"}
)
SHARD = re.compile(r"-\d{5}-of-\d{5}$")  # of Hugging Face's files: test-00000-of-00001.parquet
METADATA = frozenset({"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"})


class BenchmarksRefused(ValueError):
    """A folder of benchmarks can't be read as it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One question of a benchmark, named by (benchmark, split, id). Texts are as in the file, empty if absent."""

    benchmark: str
    id: str
    split: str = ""
    question: str
    choices: tuple[str, ...] = ()
    answer: str = ""
    context: str = ""
    lang: str = ""

    def said(self, part: str) -> str:
        """The texts of a part, as question, answer, or question+choices; one to a paragraph."""
        texts = {"question": self.question, "choices": "\n".join(self.choices), "answer": self.answer,
                 "context": self.context, "quotation": self.question}  # fmt: skip
        return "\n".join(filter(None, (texts[name] for name in part.split("+"))))


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
    for file in files.found(folder):
        reader = _reader(file.relative)
        if reader is None:
            passed.append(Passed(file.relative, "not a kind of file that items are read from"))
            continue
        records = list(_records(file, reader))
        usable = 0
        for ordinal, record in enumerate(records):
            place = f"{file.relative}#{ordinal}"
            item = _item(record, file.relative, _base(folder), ordinal)
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
        if not usable and _answers(records):
            passed.append(Passed(file.relative, "answers by id, without questions"))
        elif not usable:
            raise BenchmarksRefused(f"{file.path}: {_lack(records)}")
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


# Files


def _base(folder: str) -> str:
    return PurePosixPath(folder.rstrip("/")).name


def _bare(name: str) -> PurePosixPath:
    """The name without .gz or .zst."""
    path = PurePosixPath(name)
    return path.with_suffix("") if path.suffix.lower() in (".gz", ".zst") else path


def _reader(name: str) -> Any:
    path = _bare(name)
    return None if path.name.lower() in METADATA else READERS.get(path.suffix.lower())


def _records(file: files.FileInfo, reader: Any) -> Iterator[dict[str, Any]]:
    data = files.read_bytes(file.path)
    try:
        if file.path.lower().endswith(".gz"):
            data = gzip.decompress(data)
        elif file.path.lower().endswith(".zst"):
            data = b"".join(_frames(data))
        yield from reader(data)
    except (ValueError, EOFError, OSError, zstandard.ZstdError, pl.exceptions.PolarsError) as error:
        raise BenchmarksRefused(f"{file.path}: can't be read: {error}") from error


def _frames(data: bytes) -> Iterator[bytes]:
    """What the frames of a zstd file hold. A stream reader would return part of a truncated one without a word."""
    while data:
        frame = zstandard.ZstdDecompressor().decompressobj()
        yield frame.decompress(data)
        if not frame.eof:
            raise EOFError("the file ends within a zstd frame; it is truncated")
        data = frame.unused_data


def _lines(data: bytes) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise ValueError(f"line {number} is not JSON ({error})") from error
        if not isinstance(record, dict):
            raise ValueError(f"line {number} is a {type(record).__name__}, expected an object")
        yield record


def _json(data: bytes) -> Iterator[dict[str, Any]]:
    """An array of items, an object of items by id, or an object that holds one such array."""
    top = json.loads(data)
    if isinstance(top, dict):
        arrays = [value for value in top.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
        if len(arrays) == 1:
            top = arrays[0]
        elif top and all(isinstance(value, dict) for value in top.values()):
            top = [{"id": key, **value} for key, value in top.items()]
        else:
            top = [top]
    if not isinstance(top, list) or not all(isinstance(record, dict) for record in top):
        raise ValueError("expected an array of objects, or an object of objects by id")
    yield from top


def _csv(data: bytes, delimiter: str = ",") -> Iterator[dict[str, Any]]:
    """Rows under a header; without one, MMLU's own columns: question, A to D, answer."""
    csv.field_size_limit(1 << 24)
    rows = [row for row in csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=delimiter) if row]
    if not rows:
        return
    header = rows[0]
    if not any(_plain(name) in QUESTION for name in header):
        if len(header) < 4 or not all(re.fullmatch("[A-J]", row[-1].strip()) for row in rows):
            raise ValueError(f"expected a header with a field {' or '.join(QUESTION[:6])}, found {header}")
        header = ["question", *"ABCDEFGHIJ"[: len(header) - 2], "answer"]
        rows.insert(0, header)
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise ValueError(f"row {number} has {len(row)} fields, the header has {len(header)}")
        yield dict(zip(header, row, strict=True))


def _tsv(data: bytes) -> Iterator[dict[str, Any]]:
    return _csv(data, "\t")


def _parquet(data: bytes) -> Iterator[dict[str, Any]]:
    yield from pl.read_parquet(io.BytesIO(data)).iter_rows(named=True)


def _arrow(data: bytes) -> Iterator[dict[str, Any]]:
    yield from pl.read_ipc_stream(io.BytesIO(data)).iter_rows(named=True)


READERS = {
    ".jsonl": _lines,
    ".ndjson": _lines,
    ".json": _json,
    ".csv": _csv,
    ".tsv": _tsv,
    ".parquet": _parquet,
    ".arrow": _arrow,
}


# Records


def _plain(name: str) -> str:
    return re.sub(r"[-_\s]", "", name).lower()


def _item(record: Mapping[str, Any], relative: str, base: str, ordinal: int) -> Item | None:
    fields = {_plain(name): value for name, value in record.items() if value is not None}
    stem = fields.get("question")
    if isinstance(stem, dict):  # ARC's own files: {"question": {"stem": ..., "choices": [...]}}
        fields |= {_plain(name): value for name, value in stem.items()}
        fields["question"] = stem.get("stem") or stem.get("text")
    question, choices = _question(fields), _choices(fields)
    if not choices:
        question, choices = _inline(question)
    context = _first(fields, CONTEXT)
    answer = max((_answer(name, fields[name]) for name in ANSWER if name in fields), key=len, default="")
    if not question and not (context and answer):
        return None  # a passage to be summed up, as LongBench has some, is looked for without a question
    benchmark, split = _place(relative, base)
    return Item(
        benchmark=_first(fields, ("benchmark",)) or benchmark,
        split=_first(fields, SPLIT) or split,
        id=_first(fields, IDENTITY) or f"{split or benchmark}/{ordinal}",
        question=question,
        choices=choices,
        answer=answer,
        context=context,
        lang=_first(fields, LANGUAGE),
    )


def _place(relative: str, base: str) -> tuple[str, str]:
    """(benchmark, split) of a file: the folder below the root and the rest; else the file's name, or the root's."""
    path = _bare(relative)
    parts = [*path.parts[:-1], SHARD.sub("", path.stem)]
    if parts[0].lower() in PARTS:
        parts.insert(0, base)
    named = [part for part in parts[1:] if part != "items"]
    if len(named) > 1 and named[-1] == "data":
        named.pop()  # test/data-00000-of-00001.arrow
    return parts[0], "/".join(named)


def _question(fields: Mapping[str, Any]) -> str:
    """The first field of `QUESTION` that has text; of instructions that have an input, both."""
    for name in QUESTION:
        text = _text(fields.get(name))
        if text:
            instruction = _text(fields.get("instruction")) if name == "input" and "context" not in fields else ""
            return f"{instruction}\n{text}" if instruction else text
    return ""


def _choices(fields: Mapping[str, Any]) -> tuple[str, ...]:
    for name in CHOICES:
        if fields.get(name):
            return _unlabelled(_options(fields[name]))
    for pattern in (LETTERED, NUMBERED):
        named = {match[1]: fields[name] for name in fields if (match := pattern.fullmatch(name))}
        if len(named) > 1:
            wrong = "distractor1" in fields
            more = [_text(fields.get(RIGHT))] if wrong else []
            return _unlabelled([_text(named[key]) for key in sorted(named)] + more)
    return ()


def _unlabelled(options: Iterable[str]) -> tuple[str, ...]:
    """Options without labels where all have them in order; an empty one keeps its place before others: the answer's
    letter counts it."""
    texts = list(options)
    while texts and not texts[-1]:
        texts.pop()
    marks = [MARK.match(text) for text in texts]
    if len(texts) > 1 and [mark[1] if mark else "" for mark in marks] == list("ABCDEFGHIJ"[: len(texts)]):
        texts = [text[mark.end() :].strip() for text, mark in zip(texts, marks, strict=True) if mark]
    return tuple(texts) if any(texts) else ()


def _answer(name: str, value: Any) -> str:
    """An answer's text: letters of several options as one word, of several ways to say it the first."""
    if isinstance(value, list | tuple) and value:
        letters = [_text(one) for one in value]
        if all(re.fullmatch("[A-J]", letter) for letter in letters):
            return "".join(letters)
        if name in WAYS_TO_SAY:
            return next(filter(None, letters), "")
    return _text(value)


def _inline(question: str) -> tuple[str, tuple[str, ...]]:
    """The stem and the options of a question that holds both; three at least, lettered from A without a gap."""
    marks = list(MARK.finditer(question))
    first = max((n for n, mark in enumerate(marks) if mark[1] == "A"), default=0)
    options: list[re.Match[str]] = []
    for mark in marks[first:]:
        if ord(mark[1]) == ord("A") + len(options):
            options.append(mark)
    if len(options) < 3 or not question[: options[0].start()].strip():
        return question, ()
    ends = [mark.start() for mark in options[1:]] + [len(question)]
    texts = (question[mark.end() : end].strip() for mark, end in zip(options, ends, strict=True))
    return question[: options[0].start()].strip(), tuple(filter(None, texts))


def _options(value: Any) -> Iterable[str]:
    """Options as a list of texts, of {label, text}, a map of label to text, {text: [...], label: [...]}, or lines."""
    if isinstance(value, str):
        if value.lstrip()[:1] in ("[", "{"):
            try:
                return _options(json.loads(value))
            except ValueError:
                pass  # a text that happens to begin with a bracket
        return [line.strip() for line in value.split("\n") if line.strip()]
    if isinstance(value, dict):
        texts = value.get("text") or value.get("choices")
        return _options(texts) if isinstance(texts, list) else [_text(value[key]) for key in sorted(value)]
    if isinstance(value, list | tuple):
        return [_text(one) for one in value]
    return [_text(value)]


def _first(fields: Mapping[str, Any], names: Iterable[str]) -> str:
    return next((text for name in names if (text := _text(fields.get(name)))), "")


def _text(value: Any) -> str:
    """A field's value as text: lists by lines, of an object its text."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list | tuple):
        return "\n".join(filter(None, map(_text, value)))
    if isinstance(value, dict):
        for name in ("text", "content", "value", "contexts"):
            if name in value:
                return _text(value[name])
        return ""
    return str(value)
