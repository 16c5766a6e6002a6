"""A JSON array: its elements are records like lines, and a bad one costs itself."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.read.array import elements
from tests.read.samples import TEXTS, read, reasons, written, zstd

RECORDS = [{"text": text, "tags": [{"a": "]"}, "{"]} for text in TEXTS]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@given(st.lists(JSON, max_size=4), st.sampled_from([None, 1, 4]), st.booleans(), st.integers(1, 9))
def test_the_elements_are_those_that_json_finds_however_the_stream_is_cut(
    values: list[Any], indent: int | None, ascii_only: bool, size: int
) -> None:
    data = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode()
    found = [content for _, content in elements(cut(data, size), 1 << 20)]
    assert [json.loads(content) for content in found if isinstance(content, bytes)] == values
    assert len(found) == len(values)


@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.json.gz", "a.json.zst"])
def test_an_array_is_read_under_any_name_of_json(tmp_path: Path, name: str, indent: int | None) -> None:
    data = b"\xef\xbb\xbf" + json.dumps(RECORDS, ensure_ascii=False, indent=indent).encode()
    packed = gzip.compress(data) if name.endswith(".gz") else zstd(data) if name.endswith(".zst") else data
    docs = read(written(tmp_path, name, packed)).docs
    assert docs["text"].to_list() == TEXTS
    assert docs["locator"].to_list() == [f"{name}#{number}" for number in range(1, len(TEXTS) + 1)]


@pytest.mark.parametrize(
    ("bad", "reason", "found"),
    [
        (b'{"text": "\xd6\xd0\xce\xc4"}', "undecodable", "UTF-8"),
        (rb'{"text": "half \ud83d"}', "undecodable", "surrogate"),
        (b'{"text": "a", "text": "b"}', "malformed", "twice"),
        (b'{"text": tru}', "malformed", "not JSON"),
        (b'{"text": "no end}', "malformed", "quote"),
        (b'{"text": "raw\nbreak"}', "malformed", "line break"),
        (b'"text"', "malformed", "str"),
        (b"", "malformed", "commas"),
        (b'{"title": "x"}', "no_text", "title"),
        (b'{"text": "' + b"x" * 1000 + b'"}', "too_large", "bytes"),
    ],
)
def test_a_bad_element_is_quarantined_alone(tmp_path: Path, bad: bytes, reason: str, found: str) -> None:
    data = b'[\n  {"text": "a"},\n  ' + bad + b',\n  {"text": "b"}\n]\n'
    batch = read(written(tmp_path, "a.json", data), cap=500)
    assert batch.docs["text"].to_list() == ["a", "b"]
    assert [(one.reason, one.locator) for one in batch.problems] == [(reason, "a.json#2")]
    assert found in batch.problems[0].error


def test_where_nothing_sets_elements_off_the_rest_is_said_to_be_lost(tmp_path: Path) -> None:
    batch = read(written(tmp_path, "a.json", b'[{"text": "a"},{"text": "b},{"text": "c"},\n{"text": "d"}]'))
    assert batch.docs["text"].to_list() == ["a"]
    assert reasons(batch) == ["malformed", "malformed"]
    assert "lost" in batch.problems[1].error


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'[{"text": "a"}', "truncated"),
        (b'[{"text": "a"},', "truncated"),
        (b'[{"text": "a"}, {"te', "truncated"),
        (b'[{"text": "a"}] x', "malformed"),
        (b'[{"text": "a"}]\n[{"text": "b"}]', "malformed"),
    ],
)
def test_what_is_wrong_with_the_end_is_said(tmp_path: Path, data: bytes, reason: str) -> None:
    batch = read(written(tmp_path, "a.json", data))
    assert batch.docs["text"].to_list() == ["a"]
    assert reasons(batch) == [reason]


def test_an_empty_array_holds_nothing(tmp_path: Path) -> None:
    assert reasons(read(written(tmp_path, "a.json", b" [ ]\n"))) == ["empty_file"]


def test_a_file_may_be_one_object_over_many_lines(tmp_path: Path) -> None:
    (row,) = read(
        written(tmp_path, "a.json", json.dumps({"text": "{一", "n": {"a": 1}}, indent=2).encode())
    ).docs.to_dicts()
    assert (row["text"], row["locator"]) == ("{一", "a.json#1")
    lines = b'{"text": "a"}\n{"text": "b", "x": {}}\n'
    assert read(written(tmp_path, "b.json", lines)).docs["text"].to_list() == ["a", "b"]
    broken = b'{"text": "a\n{"text": "b"}\n'
    batch = read(written(tmp_path, "c.json", broken))
    assert (batch.docs["text"].to_list(), reasons(batch)) == (["b"], ["malformed"])


def test_an_object_beyond_the_cap_is_too_large(tmp_path: Path) -> None:
    data = json.dumps({"text": "x" * 1000, "n": 1}, indent=1).encode()
    assert reasons(read(written(tmp_path, "a.json", data), cap=500)) == ["too_large"]
