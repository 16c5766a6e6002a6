"""What goes wrong in real collections: each fault costs its own part, with a reason, and never its neighbours."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from curate import files
from curate.read import CAP, open_shard
from curate.recipe import Source
from tests.read.samples import http, json_lines, parquet, quarantined, read, reasons, warc_record, written


def test_a_column_of_another_type_in_one_file_of_many_costs_that_files_rows(tmp_path: Path) -> None:
    for number in range(3):
        texts = [1, 2] if number == 1 else [f"第{number}条", "two"]
        parquet(tmp_path / f"{number}.parquet", {"text": texts, "id": [10 * number, 10 * number + 1]})
        written(tmp_path, f"{number}.jsonl", json_lines([{"text": text, "n": text} for text in texts]))
    source = Source(name="s", path=str(tmp_path))
    (batch,) = open_shard(source, files.found(source.path))
    assert batch.docs.height == 8
    assert reasons(batch) == ["wrong_type"] * 4
    assert {one.locator.partition("#")[0] for one in batch.problems} == {"1.parquet", "1.jsonl"}


def test_a_column_that_is_a_number_here_and_text_there_is_told_as_it_is(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", {"text": ["一"], "year": [1998]})
    parquet(tmp_path / "b.parquet", {"text": ["二"], "year": ["1998"]})
    source = Source(name="s", path=str(tmp_path))
    (batch,) = open_shard(source, files.found(source.path))
    assert batch.docs["meta"].to_list() == ['{"year":1998}', '{"year":"1998"}']


def test_two_columns_of_one_name_cost_their_rows_and_are_named(tmp_path: Path) -> None:
    table = pa.table([["a", "b"], ["c", "d"], [1, 2]], names=["text", "text", "id"])
    pq.write_table(table, tmp_path / "a.parquet")
    batch = read(tmp_path / "a.parquet")
    assert reasons(batch) == ["malformed", "malformed"]
    assert "'text'" in batch.problems[0].error


@pytest.mark.parametrize("name", ["a.jsonl.zst", "a.jsonl.gz", "a.warc.zst", "a.warc.gz"])
def test_of_one_cut_frame_all_that_decodes_is_kept(tmp_path: Path, name: str) -> None:
    chosen = random.Random(1)
    texts = ["".join(chosen.choices("的一是在不了有和人这中大为上个国我以要他", k=400)) for _ in range(3000)]
    if "warc" in name:
        data = b"".join(warc_record(http(text.encode()), number=number) for number, text in enumerate(texts))
    else:
        data = json_lines([{"text": text} for text in texts])
    packed = zstandard.compress(data) if name.endswith("zst") else gzip.compress(data)
    batch = read(written(tmp_path, name, packed[: len(packed) * 6 // 10]))
    assert batch.docs.height > 0.5 * len(texts)
    assert [one.reason for one in quarantined(batch)] == ["truncated"]


def test_a_line_of_100_mb_is_too_large_and_its_neighbours_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(json_lines([{"text": "before"}]))
        file.write(b'{"text": "')
        for _ in range(100):
            file.write("长".encode() * 350_000)
        file.write(b'"}\n' + json_lines([{"text": "after"}]))
    batch = read(path)
    assert batch.docs["text"].to_list() == ["before", "after"]
    assert reasons(batch) == ["too_large"]
    assert f"{CAP:,}" in batch.problems[0].error


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw deflate", "zstd"])
def test_bodies_that_are_both_chunked_and_compressed_are_undone(tmp_path: Path, coding: str) -> None:
    page = ("<html><body><p>" + "高血压患者应限制钠盐摄入。" * 50).encode()
    raw = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(page),
        "deflate": zlib.compress(page),
        "raw deflate": raw.compress(page) + raw.flush(),
        "zstd": zstandard.compress(page),
    }[coding]
    chunks = b"".join(b"%x;x=y\r\n%s\r\n" % (len(part), part) for part in (packed[:40], packed[40:])) + b"0\r\n\r\n"
    headers = (
        "Content-Type: text/html",
        "Transfer-Encoding: chunked",
        f"Content-Encoding: {coding.rpartition(' ')[2]}",
    )
    assert read(written(tmp_path, "a.warc", warc_record(http(chunks, *headers)))).docs["raw"].to_list() == [page]


def test_nul_and_a_mark_of_the_byte_order_are_no_faults(tmp_path: Path) -> None:
    lines = b'\xef\xbb\xbf{"text": "a\\u0000b"}\n{"text": "\\ufeffc\xe2\x80\xa8d"}\n'
    assert read(written(tmp_path, "a.jsonl", lines)).docs["text"].to_list() == ["a\0b", "\ufeffc\u2028d"]
    assert read(written(tmp_path, "b.txt", b"\xef\xbb\xbfa\0b")).docs["text"].to_list() == ["a\0b"]


def test_lone_surrogates_cost_their_record_in_every_format_of_json(tmp_path: Path) -> None:
    bad = rb'{"text": "\ud800"}'
    good = json.dumps({"text": "\U00020bb7"}).encode()  # a pair of escapes
    for name, data in (
        ("a.jsonl", b"\n".join((good, bad, good))),
        ("a.json", b"[" + b",".join((good, bad, good)) + b"]"),
    ):
        batch = read(written(tmp_path, name, data))
        assert batch.docs["text"].to_list() == ["𠮷", "𠮷"]
        assert reasons(batch) == ["undecodable"]
