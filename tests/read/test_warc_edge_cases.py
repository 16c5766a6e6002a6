"""The damaged and odd archives of other readers' test suites: none crashes, none is silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.read.samples import quarantined, read

HERE = Path(__file__).parents[3] / "shared" / "data" / "html" / "warc_edge_cases"
CARRIED = Path(__file__).parent / "archives"

# file -> (documents, skipped, quarantined with reasons)
EXPECTED = {
    "chatnoir-resiliparse/block-sized-records.warc": (0, 3, []),
    "chatnoir-resiliparse/clipped.warc.gz": (0, 0, ["truncated"]),
    "chatnoir-resiliparse/warcfile.warc": (16, 34, []),
    "chatnoir-resiliparse/warcfile.warc.lz4": (16, 34, []),
    "warcio/example-space-in-url.arc": (1, 1, []),
    "warcio/example.arc.gz": (1, 1, []),
    "warcio/example-iana.org-chunked.warc": (1, 2, []),
    "warcio/example-wget-bad-target-uri.warc.gz": (1, 5, []),
    "warcio/example-wrong-chunks.warc.gz": (1, 1, []),
    "warcio/example.warc": (1, 5, []),
    "warcio/example.warc.gz": (1, 5, []),
}


def archive(name: str) -> Path:
    """The archive, from the repository where it is carried along, else from the folder of test data beside it."""
    carried = CARRIED / Path(name).name
    if not carried.exists() and not (HERE / name).exists():
        pytest.skip(f"{HERE / name} is not there: the test data are not part of the repository")
    return carried if carried.exists() else HERE / name


@pytest.mark.parametrize("name", EXPECTED)
def test_every_record_of_an_odd_archive_is_accounted_for(name: str) -> None:
    batch = read(archive(name))
    documents, skipped, wrong = EXPECTED[name]
    assert batch.docs.height == documents
    pages = [one for one in batch.problems if one.reason != "empty_file"]
    assert len(pages) - len(quarantined(batch)) == skipped
    # Records that can be no page at all are said once more, of the file.
    assert len(batch.problems) - len(pages) == ({one.reason for one in pages} == {"record_type"} and not documents)
    assert [problem.reason for problem in quarantined(batch)] == wrong


def test_no_file_of_the_collection_is_left_out() -> None:
    if not HERE.exists():
        pytest.skip(f"{HERE} is not there: the test data are not part of the repository")
    found = {str(path.relative_to(HERE)) for path in HERE.rglob("*") if path.is_file()}
    assert found == {*EXPECTED}


@pytest.mark.parametrize(
    ("name", "url", "size", "begins"),
    [
        ("warcio/example-iana.org-chunked.warc", "http://www.iana.org/", 7223, b"<!doctype html>"),
        ("warcio/example-wget-bad-target-uri.warc.gz", "http://example.com/", 1270, b"<!doctype html>"),
        ("warcio/example-wrong-chunks.warc.gz", "http://example.com/", 1270, b"<!doctype html>"),
        ("warcio/example.warc.gz", "http://example.com/", 1270, b"<!doctype html>"),
        ("warcio/example.arc.gz", "http://example.com/", 1270, b"<!doctype html>"),
        (
            "warcio/example-space-in-url.arc",
            "http://example.com/index.cfm?FuseAction=Email&EmailTitle=Examples From The Live Web&IsPopUp=False",
            1270,
            b"<!doctype html>",
        ),
    ],
)
def test_chunks_and_compression_are_undone(name: str, url: str, size: int, begins: bytes) -> None:
    (row,) = read(archive(name)).docs.to_dicts()
    assert row["url"] == url
    assert len(row["raw"]) == size
    assert row["raw"].startswith(begins)
