"""Conservation at the door, for every format, whole and damaged: a record is a document, skipped or quarantined."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from curate.read import REASONS, Batch
from tests.read.samples import (
    PAGES,
    TEXTS,
    arc_records,
    gzipped,
    json_lines,
    lz4,
    page_records,
    quarantined,
    read,
    reasons,
    written,
    zstd,
)

LINES = json_lines([{"text": text, "id": number} for number, text in enumerate(TEXTS)])
HALF = LINES.index(b"\n", 60) + 1


def _parquet(**options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"text": TEXTS, "id": list(range(len(TEXTS)))}), out, **options)
    return out.getvalue()


# name -> (the whole file, the lengths that it can be cut to without anyone being able to tell)
FILES: Mapping[str, Callable[[], tuple[bytes, list[int]]]] = {
    "pages.warc": lambda: _joined(page_records()),
    "pages.warc.gz": lambda: _joined(gzipped(page_records())),
    "one-member.warc.gz": lambda: _joined(gzipped([b"".join(page_records())])),
    "pages.warc.zst": lambda: _joined([zstd(record) for record in page_records()]),
    "pages.warc.lz4": lambda: _joined([lz4(record) for record in page_records()]),
    "pages.arc": lambda: _joined(arc_records()),
    "pages.arc.gz": lambda: _joined(gzipped(arc_records())),
    "lines.jsonl": lambda: (LINES, [at for at in range(len(LINES)) if LINES[:at].endswith((b"\n", b"}"))] + [0]),
    "lines.jsonl.gz": lambda: _joined(gzipped([LINES[:HALF], LINES[HALF:]])),
    "lines.jsonl.zst": lambda: _joined([zstd(LINES[:HALF]), zstd(LINES[HALF:])]),
    "table.parquet": lambda: (_parquet(row_group_size=2), []),
    "page.html": lambda: (PAGES[2], list(range(len(PAGES[2])))),
    "page.html.gz": lambda: _joined(gzipped([PAGES[2]])),
    "text.txt.zst": lambda: _joined([zstd(TEXTS[1].encode())]),
}


def _joined(parts: list[bytes]) -> tuple[bytes, list[int]]:
    return b"".join(parts), [sum(map(len, parts[:count])) for count in range(1, len(parts))]


@cache
def whole(name: str) -> tuple[bytes, frozenset[int]]:
    data, clean = FILES[name]()
    return data, frozenset(clean)


def contents(batch: Batch) -> list[Any]:
    return [raw if text is None else text for raw, text in batch.docs.select("raw", "text").iter_rows()]


@pytest.mark.parametrize("name", FILES)
def test_every_record_of_a_whole_file_is_a_document_as_it_was_written(name: str, tmp_path: Path) -> None:
    batch = read(written(tmp_path, name, whole(name)[0]))
    expected = {"p": PAGES, "o": PAGES, "l": TEXTS, "t": TEXTS}[name[0]]
    if name.startswith("page."):
        expected = [PAGES[2]]
    elif name.startswith("text."):
        expected = [TEXTS[1]]
    assert contents(batch) == expected
    assert reasons(batch) == (["record_type"] if ".arc" in name else [])


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cut_file_gives_its_complete_records_and_says_where_it_ends(
    name: str, tmp_path: Path, data: DataObject
) -> None:
    content, clean = whole(name)
    cut = data.draw(st.integers(0, len(content) - 1))
    batch = read(written(tmp_path, name, content[:cut]))
    if name == "page.html":
        assert contents(batch) == ([content[:cut]] if cut else [])
        return
    told = contents(read(written(tmp_path, name, content)))
    assert contents(batch) == told[: batch.docs.height]
    # The end of the last record's trailing line break, which nobody needs, can be missing.
    blank = {"pages.warc": 4, "pages.arc": 1}.get(name, 0)
    harmless = any(0 < end - cut <= blank for end in (*clean, len(content)))
    # ... and so can all of a file that has no end of its own.
    nothing = cut == 0 and name in ("pages.warc", "pages.arc")
    if cut in clean or harmless or nothing:
        assert quarantined(batch) == []
    else:
        assert len(quarantined(batch)) == 1
        assert quarantined(batch)[0].locator.startswith(name)
        # A plain file has no end of its own: half a line is just a bad line.
        expected = {"malformed", "undecodable"} if name == "lines.jsonl" else {"truncated"}
        assert quarantined(batch)[0].reason in expected


@pytest.mark.parametrize("name", [name for name in FILES if name != "page.html"])
@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_byte_never_loses_a_record_in_silence(name: str, tmp_path: Path, data: DataObject) -> None:
    content, _ = whole(name)
    at = data.draw(st.integers(0, len(content) - 1))
    damaged = bytearray(content)
    damaged[at] ^= data.draw(st.integers(1, 255))
    batch = read(written(tmp_path, name, bytes(damaged)))
    told = contents(read(written(tmp_path, name, content)))
    assert batch.records >= len(told) or quarantined(batch)
    assert {problem.reason for problem in batch.problems} <= REASONS.keys()
    if name == "pages.warc.gz":  # a checksum for each record: nothing altered gets through, and the neighbours survive
        assert set(contents(batch)) <= set(told)
        assert len(contents(batch)) >= len(told) - 1
