"""UTF-16 and UTF-32: a file so written is read as in UTF-8, and what is broken in it costs its record."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from curate.read.wide import encoding_of
from tests.read.samples import TEXTS, json_lines, read, reasons, written

WIDE = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
RECORDS = [{"text": text, "n": number} for number, text in enumerate([*TEXTS, "长" * 200_000])]
LINES = json_lines(RECORDS).decode()
POEM = "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\n李白 2024\n" * 3


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.json", "b.json"])
def test_lines_and_arrays_are_read_alike(tmp_path: Path, name: str, encoding: str, marked: bool) -> None:
    text = LINES if name != "b.json" else json.dumps(RECORDS, ensure_ascii=False, indent=1)
    data = ("\ufeff" * marked + text).encode(encoding)
    batch = read(written(tmp_path, name, gzip.compress(data) if name.endswith("gz") else data))
    assert batch.problems == ()
    assert batch.docs["text"].to_list() == [record["text"] for record in RECORDS]


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_texts_are_read_alike(tmp_path: Path, name: str, encoding: str, marked: bool) -> None:
    for text in (POEM, "The court held.\n"):
        data = ("\ufeff" * marked + text).encode(encoding)
        assert read(written(tmp_path, name, data)).docs["text"].to_list() == [text]


@pytest.mark.parametrize("encoding", WIDE)
def test_what_is_broken_costs_its_record(tmp_path: Path, encoding: str) -> None:
    bad = '{"text": "half \ud83d"}\n'.encode(encoding, "surrogatepass")
    good = '{"text": "好 𠮷"}\n'.encode(encoding)
    batch = read(written(tmp_path, "a.jsonl", good + bad + good + good[:-3]))
    assert batch.docs["text"].to_list() == ["好 𠮷", "好 𠮷"]
    assert reasons(batch) == ["undecodable", "undecodable"]
    rows = "id,text\n1,好\n".encode(encoding) + "2,\ud83d\n".encode(encoding, "surrogatepass")
    table = read(written(tmp_path, "a.csv", "\ufeff".encode(encoding) + rows + "3,𠮷\n".encode(encoding)))
    assert (table.docs["text"].to_list(), reasons(table)) == (["好", "𠮷"], ["undecodable"])


def test_zeros_alone_are_no_proof() -> None:
    for data in (
        b"a\0b",
        b"a\0b\0",
        b"text with \0 one zero",
        "中文\0".encode(),
        bytes(64),
        b"\x89PNG\0\0\0\rIHDR\0\0",
    ):
        assert encoding_of(data) is None
    assert encoding_of('{"a'.encode("utf-16-le")) == "utf-16-le"


def test_a_hole_of_zeros_in_plain_lines_costs_the_lines_that_it_lies_in(tmp_path: Path) -> None:
    data = "".join(f'{{"text": "第{number}条 规定"}}\n' for number in range(400)).encode()
    for at in (0, 2001, 5000):
        batch = read(written(tmp_path, "a.jsonl", data[:at] + bytes(1000) + data[at + 1000 :]))
        assert batch.docs.height > 300
        assert len(batch.problems) == 1


def test_damage_further_on_leaves_the_encoding_as_it_is(tmp_path: Path) -> None:
    data = "".join(f'{{"text": "第一条 {number}"}}\n' for number in range(400)).encode("utf-32-be")
    batch = read(written(tmp_path, "a.jsonl", data[:8000] + bytes(400) + data[8400:]))
    assert batch.docs.height > 380
    assert 0 < len(batch.problems) < 5
