"""A file that holds nothing is never passed over in silence: skipped and counted where it may be empty, else damage."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from tests.read.samples import arc_records, parquet, read, reasons, warc_record, written, zstd

INFO = warc_record(b"software: x\r\n", kind="warcinfo", content_type="application/warc-fields", url=None)


@pytest.mark.parametrize(
    "name", ["a.warc", "a.arc", "a.jsonl", "a.json", "a.csv", "a.tsv", "a.txt", "a.md", "a.html", "a.xhtml"]
)
def test_a_plain_file_of_no_bytes_is_skipped_and_said(tmp_path: Path, name: str) -> None:
    (problem,) = read(written(tmp_path, name, b"")).problems
    assert (problem.kind, problem.reason, problem.locator) == ("skipped", "empty_file", name)
    assert "no bytes" in problem.error


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.txt", "a.html"])
@pytest.mark.parametrize("packed", [gzip.compress, zstd])
def test_a_packed_file_of_nothing_is_the_same(tmp_path: Path, name: str, packed: Callable[[bytes], bytes]) -> None:
    suffix = ".gz" if packed is gzip.compress else ".zst"
    assert reasons(read(written(tmp_path, name + suffix, packed(b"")))) == ["empty_file"]


@pytest.mark.parametrize(
    "name",
    [
        *("a.warc.gz", "a.warc.zst", "a.warc.lz4", "a.arc.gz", "a.jsonl.gz", "a.jsonl.zst", "a.csv.gz", "a.txt.zst"),
        *("a.html.gz", "a.parquet", "a.arrow"),
    ],
)
def test_no_bytes_where_there_must_be_some_are_damage(tmp_path: Path, name: str) -> None:
    assert reasons(read(written(tmp_path, name, b""))) == ["truncated"]


def test_an_archive_that_only_speaks_of_itself_is_said(tmp_path: Path) -> None:
    for name, data in (
        ("a.warc", INFO),
        ("a.warc.gz", gzip.compress(INFO)),
        ("a.arc", arc_records([])[0]),
        ("a.arc.gz", gzip.compress(arc_records([])[0])),
    ):
        assert reasons(read(written(tmp_path, name, data))) == ["record_type", "empty_file"]


def test_a_table_without_rows_is_said(tmp_path: Path) -> None:
    assert reasons(read(parquet(tmp_path / "a.parquet", {"text": pa.array([], pa.string())}))) == ["empty_file"]
    assert reasons(read(written(tmp_path, "a.jsonl", b"\n \n"))) == ["empty_file"]
    assert reasons(read(written(tmp_path, "a.csv", b"id,text\n"))) == ["empty_file"]


@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl", "a.csv", "a.txt", "a.pdf", "a.warc.gz", "a.arrow"])
def test_a_pointer_of_git_lfs_is_no_document_and_says_what_to_do(tmp_path: Path, name: str) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d' * 32}\nsize 1234567\n"
    (problem,) = read(written(tmp_path, name, pointer.encode())).problems
    assert (problem.kind, problem.reason, problem.locator) == ("quarantined", "pointer", name)
    assert "1,234,567 bytes" in problem.error and "git lfs pull" in problem.error


def test_a_short_text_about_git_lfs_is_a_document(tmp_path: Path) -> None:
    about = "version https://git-lfs.github.com/spec/v1\nis the first line of a pointer.\n"
    assert read(written(tmp_path, "a.txt", about.encode())).docs.height == 1
