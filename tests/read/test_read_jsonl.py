"""JSON lines: a bad line costs that line, and says why."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.read.jsonl import lines, parse
from curate.read.record import Unfit
from tests.read.samples import TEXTS, json_lines, read, reasons, written, zstd

GOOD = '{"text": "第一条 good"}'.encode()


@pytest.mark.parametrize(
    ("bad", "reason", "found"),
    [
        (b'{"text": "\xd6\xd0\xce\xc4"}', "undecodable", "not UTF-8"),  # GB18030 bytes
        (b'{"text": "cut \xe4\xb8"}', "undecodable", "not UTF-8"),
        (rb'{"text": "half \ud83d"}', "undecodable", "surrogate"),
        (rb'{"text": "fine", "title": "\uDC00"}', "undecodable", "surrogate"),
        (b'{"text": "no end', "malformed", "not JSON"),
        (b'{"text": "raw \x00 byte"}', "malformed", "not JSON"),
        (b'{"text": "a"} {"text": "b"}', "malformed", "not JSON"),
        (b"[1, 2]", "malformed", "list"),
        (b'"text"', "malformed", "str"),
        (b"null", "malformed", "NoneType"),
        (b'{"text": "a", "text": "b"}', "malformed", "'text' occurs twice"),
        (b"[" * 100_000, "malformed", "nested"),
        (b'{"text": "a", "n": ' + b"9" * 5000 + b"}", "malformed", "4300"),
        (b'{"title": "nothing else"}', "no_text", "title"),
        (b'{"text": null}', "no_text", "text"),
        (b"{}", "no_text", "no fields"),
        (b'{"text": 5}', "wrong_type", "int"),
        (b'{"text": ["a"]}', "wrong_type", "list"),
    ],
)
def test_a_bad_line_is_quarantined_alone_with_what_was_found(
    tmp_path: Path, bad: bytes, reason: str, found: str
) -> None:
    batch = read(written(tmp_path, "a.jsonl", b"\n".join((GOOD, bad, GOOD)) + b"\n"))
    assert batch.docs["locator"].to_list() == ["a.jsonl#1", "a.jsonl#3"]
    (problem,) = batch.problems
    assert (problem.kind, problem.reason, problem.locator) == ("quarantined", reason, "a.jsonl#2")
    assert found in problem.error


def test_only_a_newline_ends_a_line(tmp_path: Path) -> None:
    text = "甲\u2028乙\u2029丙\x85丁\x0b\x0c戊"
    raw = json.dumps({"text": text}, ensure_ascii=False).encode()
    assert read(written(tmp_path, "a.jsonl", raw + b"\r\n" + GOOD)).docs["text"].to_list() == [text, "第一条 good"]


def test_blank_lines_are_no_records_and_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    batch = read(written(tmp_path, "a.jsonl", b"\xef\xbb\xbf" + GOOD + b"\n\n  \r\n" + GOOD + b"\n\n"))
    assert batch.docs["locator"].to_list() == ["a.jsonl#1", "a.jsonl#4"]
    assert batch.problems == ()


def test_escapes_are_text(tmp_path: Path) -> None:
    line = rb'{"text": "\u4e2d\u6587 \ud842\udfb7 \u0000 \n", "x": "\/"}'
    assert read(written(tmp_path, "a.jsonl", line)).docs["text"].to_list() == ["中文 𠮷 \0 \n"]


def test_a_line_beyond_the_cap_is_too_large_and_the_next_is_read(tmp_path: Path) -> None:
    long = b'{"text": "' + "长".encode() * 1000 + b'"}'
    for cap, expected in ((len(long), []), (len(long) - 1, ["too_large"])):
        batch = read(written(tmp_path, "a.jsonl", GOOD + b"\n" + long + b"\n" + GOOD), cap=cap)
        assert reasons(batch) == expected
        assert batch.docs.height == 3 - len(expected)
    batch = read(written(tmp_path, "a.jsonl", GOOD + b"\n" + long), cap=100)
    assert [one.locator for one in batch.problems] == ["a.jsonl#2"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json", "a.jsonl.gz", "a.jsonl.zst", "A.JSONL.GZ"])
def test_packings_are_read_alike(tmp_path: Path, name: str) -> None:
    data = json_lines([{"text": text} for text in TEXTS])
    packed = gzip.compress(data) if name.lower().endswith(".gz") else zstd(data) if name.endswith(".zst") else data
    assert read(written(tmp_path, name, packed)).docs["text"].to_list() == TEXTS


def test_a_line_that_is_a_list_is_a_bad_line_and_no_array(tmp_path: Path) -> None:
    batch = read(written(tmp_path, "a.jsonl", b"[1, 2]\n" + GOOD))
    assert (batch.docs.height, reasons(batch)) == (1, ["malformed"])


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")), max_size=8), st.data())
def test_lines_do_not_depend_on_how_the_stream_is_cut(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"\n".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    blocks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    expected = list(enumerate(parts if parts and parts[-1] else parts[:-1], 1))
    assert list(lines(blocks, 100)) == expected
    short = [(number, len(line) if len(line) > 5 else line) for number, line in expected]
    assert list(lines(blocks, 5)) == short


@given(st.binary(max_size=60) | st.text(max_size=30).map(str.encode))
def test_any_line_is_an_object_or_unfit(line: bytes) -> None:
    try:
        assert isinstance(parse(line), dict)
    except Unfit as unfit:
        assert unfit.reason in ("malformed", "undecodable")


def test_padding_after_gzip_is_nothing(tmp_path: Path) -> None:
    data = gzip.compress(GOOD + b"\n")
    for zeros in (1, 511, 600_000):
        batch = read(written(tmp_path, "a.jsonl.gz", data + bytes(zeros)))
        assert (batch.docs.height, batch.problems) == (1, ())
        again = read(written(tmp_path, "a.jsonl.gz", data + bytes(zeros) + data))
        assert (again.docs.height, again.problems) == (2, ())
    assert reasons(read(written(tmp_path, "a.jsonl.gz", bytes(20)))) == ["undecodable"]
    assert reasons(read(written(tmp_path, "b.jsonl.gz", data + bytes(20) + b"junk" * 9))) == ["undecodable"]
