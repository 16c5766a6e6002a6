"""Records in batches: cut by bytes, sampled by id, the same wherever and however they are read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from curate import files
from curate.document import COLUMNS, RAW, share_of
from curate.read import Batch, open_shard, shard
from curate.recipe import Source
from tests.read.samples import gzipped, json_lines, page_records, parquet, read, reasons, written


def all_of(source: Source) -> list[Batch]:
    return list(open_shard(source, files.found(source.path)))


def test_batches_are_cut_by_bytes_and_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["长" * (100 + number) for number in range(500)]
    source = Source(name="s", path=str(written(tmp_path, "a.jsonl", json_lines([{"text": text} for text in texts]))))
    (whole,) = all_of(source)
    monkeypatch.setattr(shard, "BATCH", 20_000)
    batches = all_of(source)
    assert 10 < len(batches) < 50
    assert pl.concat(batch.docs for batch in batches).equals(whole.docs)
    sizes = [sum(len(text.encode()) for text in batch.docs["text"]) for batch in batches]
    assert max(sizes) < 21_000


def test_many_files_fill_one_batch_in_their_order(tmp_path: Path) -> None:
    for number in range(20):
        written(tmp_path, f"{number:02}.html", b"<p>%d" % number)
    (batch,) = all_of(Source(name="s", path=str(tmp_path)))
    assert batch.docs["locator"].to_list() == [f"{number:02}.html" for number in range(20)]


def test_a_batch_has_every_column_of_a_document(tmp_path: Path) -> None:
    batch = read(written(tmp_path, "a.warc", b"".join(page_records())))
    assert batch.docs.schema == {**COLUMNS, **RAW}


def test_a_sample_is_taken_by_the_hash_of_the_id_and_the_rest_is_counted(tmp_path: Path) -> None:
    data = json_lines([{"text": "x", "id": number} for number in range(2000)])
    whole, part = (read(written(tmp_path, "a.jsonl", data), take=take) for take in (1.0, 0.1))
    expected = [identity for identity in whole.docs["doc_id"] if share_of(identity, "take") < 0.1]
    assert part.docs["doc_id"].to_list() == expected
    assert 150 < len(expected) < 250
    assert {(one.kind, one.reason) for one in part.problems} == {("skipped", "not_sampled")}
    assert {one.doc_id for one in part.problems} == set(whole.docs["doc_id"]) - set(expected)


def test_duplicate_ids_are_left_for_the_check_that_sees_all_files(tmp_path: Path) -> None:
    assert read(written(tmp_path, "a.jsonl", json_lines([{"text": "x", "id": 1}] * 2))).docs.height == 2


def test_the_same_is_read_from_object_storage_as_from_disk(tmp_path: Path, bucket: str) -> None:
    written(tmp_path, "a.warc.gz", b"".join(gzipped(page_records())))
    written(tmp_path, "b.jsonl", json_lines([{"text": "一"}]))
    written(tmp_path, "cut.warc.gz", b"".join(gzipped(page_records()))[:-20])
    parquet(tmp_path / "c.parquet", {"text": ["二", "three"]})
    for path in tmp_path.iterdir():
        with files.create(f"{bucket}/in/{path.name}") as file:
            file.write(path.read_bytes())
    (here,), (there,) = (all_of(Source(name="s", path=path)) for path in (str(tmp_path), f"{bucket}/in"))
    assert here.docs.equals(there.docs)
    assert here.problems == there.problems
    assert reasons(here) == ["truncated"]


def test_storage_that_fails_is_never_the_fault_of_a_record(tmp_path: Path, bucket: str) -> None:
    inputs = [
        written(tmp_path, "a.warc.gz", b"".join(gzipped(page_records() * 2000))),
        written(tmp_path, "a.warc", b"".join(page_records() * 3000)),
        written(tmp_path, "a.jsonl", json_lines([{"text": "一" * 3000}] * 1000)),
        parquet(tmp_path / "a.parquet", {"text": [f"{number}" * 900 for number in range(2000)]}, compression="none"),
    ]
    for path in inputs:
        with files.create(f"{bucket}/{path.name}") as file:
            file.write(path.read_bytes())
        source = Source(name="s", path=f"{bucket}/{path.name}", take=1e-9)
        (info,) = files.found(source.path)
        assert info.size > files.AHEAD, path.name
        items = shard.reader(source, info)(shard.Reading(info, source, 1 << 20))
        next(items)
        files.delete(info.path)
        with pytest.raises(OSError, match="a\\."):
            list(items)


def test_what_expands_past_the_cap_is_never_held(tmp_path: Path) -> None:
    program = """
import gzip, resource, sys, zstandard
from pathlib import Path
from curate import files, read
from curate.recipe import Source
from tests.read.samples import http, warc_record

folder, size, cap = Path(sys.argv[1]), 150_000_000, 1_000_000
page = warc_record(http(b"<html>" + bytes(size)))
(folder / "a.warc.gz").write_bytes(gzip.compress(page, 1))
(folder / "b.warc.gz").write_bytes(gzip.compress(warc_record(http(gzip.compress(page, 1), "Content-Encoding: gzip"))))
(folder / "c.jsonl.gz").write_bytes(gzip.compress(b" " * size + b'\\n{"text": "next"}\\n', 1))
(folder / "d.jsonl.zst").write_bytes(zstandard.compress(b" " * size + b'\\n{"text": "next"}\\n'))
(folder / "e.html.gz").write_bytes(gzip.compress(page, 1))
del page
with open("/proc/self/clear_refs", "w") as refs:
    refs.write("5")  # forget the peak of making these
peak = lambda: next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
before = peak()
(batch,) = read.open_shard(Source(name="s", path=str(folder)), files.found(str(folder)), cap=cap)
print((peak() - before) // 1000, sorted(one.reason for one in batch.problems), batch.docs.height)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    grown, found = done.stdout.split(" ", 1)
    assert found.strip() == f"{['too_large'] * 4 + ['too_large']} 2"
    assert int(grown) < 100, "megabytes"
