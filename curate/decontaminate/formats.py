"""Files of benchmarks as records: JSON lines, JSON, CSV, TSV, Parquet, Arrow, compressed or not."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import polars as pl
import zstandard

from curate import files
from curate.decontaminate.shapes import QUESTION, plain

METADATA = frozenset({"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"})

Reader = Callable[[bytes], Iterator[dict[str, Any]]]


class BenchmarksRefused(ValueError):
    """A folder of benchmarks can't be read as it is."""


def bare(name: str) -> PurePosixPath:
    """The name without .gz or .zst."""
    path = PurePosixPath(name)
    return path.with_suffix("") if path.suffix.lower() in (".gz", ".zst") else path


def reader(name: str) -> Reader | None:
    """What reads a file of this name; None where items are not read from such files."""
    path = bare(name)
    return None if path.name.lower() in METADATA else READERS.get(path.suffix.lower())


def records(file: files.FileInfo, read: Reader) -> Iterator[dict[str, Any]]:
    """The records of a file. Raises `BenchmarksRefused`."""
    data = files.read_bytes(file.path)
    try:
        if file.path.lower().endswith(".gz"):
            data = gzip.decompress(data)
        elif file.path.lower().endswith(".zst"):
            data = b"".join(_frames(data))
        yield from read(data)
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
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
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
        parts = top.get("data")
        if isinstance(parts, list) and parts and all(isinstance(part, dict) and "paragraphs" in part for part in parts):
            top = {"data": list(_paragraphs(parts))}
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


def _paragraphs(parts: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """SQuAD's own files: questions in paragraphs, which are their context, in articles."""
    for part in parts:
        for paragraph in part["paragraphs"]:
            for asked in paragraph["qas"]:
                yield {"context": paragraph.get("context"), **asked}


def _csv(data: bytes, delimiter: str = "") -> Iterator[dict[str, Any]]:
    """Rows under a header; without one, MMLU's own columns: question, A to D, answer."""
    csv.field_size_limit(1 << 24)
    text = _decoded(data)
    delimiter = delimiter or max(",;\t", key=text.split("\n", 1)[0].count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    if not rows:
        return
    header = rows[0]
    if not any(plain(name) in QUESTION for name in header):
        if len(header) < 4 or not all(re.fullmatch("[A-J]", row[-1].strip()) for row in rows):
            raise ValueError(f"expected a header with a field {' or '.join(QUESTION[:6])}, found {header}")
        header = ["question", *"ABCDEFGHIJ"[: len(header) - 2], "answer"]
        rows.insert(0, header)
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise ValueError(f"row {number} has {len(row)} fields, the header has {len(header)}")
        yield dict(zip(header, row, strict=True))


def _decoded(data: bytes) -> str:
    """UTF-8; UTF-16 where a mark says so; else GB 18030, which spreadsheets write in China."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


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
