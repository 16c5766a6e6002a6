"""WARC: pages become documents; everything else is told why not; damage costs what it touches."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curate.read import Batch, UnknownFormat
from tests.read.samples import (
    PAGES,
    gzipped,
    http,
    lz4,
    page_records,
    quarantined,
    read,
    reasons,
    skippable,
    warc_record,
    written,
    zstd,
)


def archived(folder: Path, *records: bytes) -> Batch:
    """The records in a .warc.gz, a member each, and the same from a .warc."""
    packed = read(written(folder, "a.warc.gz", b"".join(gzipped(records))))
    plain = read(written(folder, "a.warc", b"".join(records)))
    assert packed.docs["raw"].to_list() == plain.docs["raw"].to_list()
    assert reasons(packed) == reasons(plain)
    return packed


def test_a_page_has_its_bytes_address_date_type_and_record_id(tmp_path: Path) -> None:
    page = http(PAGES[2], "Content-Type: text/html; charset=GBK")
    (row,) = archived(tmp_path, warc_record(page, number=7)).docs.to_dicts()
    assert row["raw"] == PAGES[2]
    assert row["text"] is None
    assert row["content_type"] == "text/html; charset=GBK"
    assert row["url"] == "http://example.org/页"
    assert row["origin_id"] == "urn:uuid:7"
    assert row["date"] == "2024-05-01T08:00:00Z"
    assert row["locator"] == "a.warc.gz#0"


def test_the_locator_is_the_byte_of_the_file_where_the_record_begins(tmp_path: Path) -> None:
    members = gzipped(page_records())
    batch = read(written(tmp_path, "a.warc.gz", b"".join(members)))
    starts = [int(locator.rpartition("#")[2]) for locator in batch.docs["locator"]]
    assert starts == [sum(map(len, members[:number])) for number in range(len(members))]
    single = read(written(tmp_path, "b.warc.gz", gzip.compress(b"".join(page_records()))))
    assert single.docs["locator"].to_list()[:2] == ["b.warc.gz#0", "b.warc.gz#0.1"]


@pytest.mark.parametrize(
    ("record", "reason", "found"),
    [
        (warc_record(b"GET / HTTP/1.1\r\n\r\n", kind="request"), "record_type", "request"),
        (
            warc_record(b"software: x", kind="warcinfo", content_type="application/warc-fields"),
            "record_type",
            "warcinfo",
        ),
        (warc_record(b"fetchTimeMs: 5", kind="metadata"), "record_type", "metadata"),
        (warc_record(http(b""), kind="revisit"), "record_type", "revisit"),
        (warc_record(b"x", kind="whatever"), "record_type", "whatever"),
        (
            warc_record(b"--warc", kind="resource", content_type="text/plain", url="metadata://wget"),
            "record_type",
            "crawler",
        ),
        (warc_record(http(b"\x89PNG", "Content-Type: image/png")), "content_type", "image/png"),
        (warc_record(http(b"{}", "Content-Type: application/json; charset=utf-8")), "content_type", "application/json"),
        (warc_record(http(b"\x00\x01", "Server: x")), "content_type", "none stated"),
        (warc_record(b"example.org 60 IN A 1.2.3.4", content_type="text/dns"), "content_type", "text/dns"),
        (warc_record(http(PAGES[0], status="404 Not Found")), "http_status", "404"),
        (warc_record(http(b"", status="301 Moved")), "http_status", "301"),
    ],
)
def test_what_is_no_page_is_skipped_for_a_reason(tmp_path: Path, record: bytes, reason: str, found: str) -> None:
    batch = archived(tmp_path, record, *page_records()[:1])
    assert [(one.kind, one.reason) for one in batch.problems] == [("skipped", reason)]
    assert found in batch.problems[0].error
    assert batch.docs["raw"].to_list() == PAGES[:1]


def test_a_page_without_a_type_is_known_by_what_the_archive_or_the_page_says(tmp_path: Path) -> None:
    bare = warc_record(http(PAGES[1], "Server: x"), number=1)
    named = warc_record(http(b"plain words", "Server: x"), number=2, extra="WARC-Identified-Payload-Type: text/plain")
    assert archived(tmp_path, bare, named).docs["content_type"].to_list() == ["text/html", "text/plain"]


def test_document_files_in_an_archive_are_raw_documents_of_their_type(tmp_path: Path) -> None:
    (row,) = archived(tmp_path, warc_record(http(b"%PDF-1.7 ...", "Content-Type: application/pdf"))).docs.to_dicts()
    assert (row["raw"], row["content_type"]) == (b"%PDF-1.7 ...", "application/pdf")


def test_resources_are_pages_and_conversions_are_text(tmp_path: Path) -> None:
    page = warc_record(PAGES[1], kind="resource", content_type="text/html; charset=utf-8")
    text = warc_record("提取过的文字".encode(), kind="conversion", content_type="text/plain")
    docs = archived(tmp_path, page, text).docs
    assert docs["raw"].to_list() == [PAGES[1], None]
    assert docs["text"].to_list() == [None, "提取过的文字"]


def test_pages_are_known_by_their_address_where_the_source_says_so(tmp_path: Path) -> None:
    twice = [warc_record(http(PAGES[0]), number=number, url="http://x/") for number in range(2)]
    path = written(tmp_path, "a.warc", b"".join((*twice, warc_record(http(PAGES[0]), number=5, url=None))))
    by_record, by_url = read(path), read(path, key="url")
    assert by_record.docs["doc_id"].n_unique() == 3
    assert by_url.docs["doc_id"].n_unique() == 1
    assert reasons(by_url) == ["no_key"]
    with pytest.raises(UnknownFormat, match="'url'"):
        read(path, key="case_number")


def test_an_address_that_is_not_utf8_stays_distinct(tmp_path: Path) -> None:
    urls = [b"http://x/\xd6\xd0", b"http://x/\xce\xc4"]
    records = [warc_record(http(PAGES[0]), url="http://x/@").replace(b"http://x/@", url) for url in urls]
    docs = archived(tmp_path, *records).docs
    assert docs["url"].to_list() == ["http://x/\\xd6\\xd0", "http://x/\\xce\\xc4"]


def test_a_page_that_the_crawler_cut_says_so_in_meta(tmp_path: Path) -> None:
    record = warc_record(http(PAGES[0]), extra="WARC-Truncated: length")
    assert archived(tmp_path, record).docs["meta"].to_list() == ['{"warc_truncated": "length"}']


def test_a_page_beyond_the_cap_is_too_large_and_its_neighbours_stay(tmp_path: Path) -> None:
    zeros = gzip.compress(bytes(3_000_000))
    records = [
        *page_records()[:1],
        warc_record(http(b"<html>" + bytes(3_000_000)), number=8),
        warc_record(http(zeros, "Content-Type: text/html", "Content-Encoding: gzip"), number=9),
        *page_records()[1:2],
    ]
    batch = read(written(tmp_path, "a.warc.gz", b"".join(gzipped(records))), cap=1_000_000)
    assert reasons(batch) == ["too_large", "too_large"]
    assert batch.docs["raw"].to_list() == PAGES[:2]


def test_an_answer_without_a_status_line_is_malformed(tmp_path: Path) -> None:
    batch = archived(tmp_path, warc_record(b"<html>no headers here</html>"), *page_records()[:1])
    assert reasons(batch) == ["malformed"]
    assert "status line" in batch.problems[0].error
    assert batch.problems[0].url == "http://example.org/页"


@pytest.mark.parametrize("length", ["9", "100000", "abc", "-1", "9" * 30])
def test_a_wrong_length_costs_that_record_and_not_the_next(tmp_path: Path, length: str) -> None:
    first, second, third = page_records()[:3]
    wrong = warc_record(http(PAGES[1]), number=1, length=length)
    assert second != wrong
    for name, data in (("a.warc.gz", gzipped((first, wrong, third))), ("a.warc", [first, wrong, third])):
        batch = read(written(tmp_path, name, b"".join(data)))
        assert batch.docs["raw"].to_list() == [PAGES[0], PAGES[2]]
        assert len(quarantined(batch)) == 1
        assert quarantined(batch)[0].locator == f"{name}#{len(data[0])}"


def test_junk_between_records_is_reported_where_it_lies(tmp_path: Path) -> None:
    first, second = page_records()[:2]
    for name, data, junk in (
        ("a.warc.gz", gzipped((first, second)), b"junk" * 9),
        ("a.warc.gz", gzipped((first, second)), gzip.compress(b"not a record")),
        ("a.warc", [first, second], b"junk\r\n\r\n"),
    ):
        batch = read(written(tmp_path, name, data[0] + junk + data[1]))
        assert batch.docs["raw"].to_list() == PAGES[:2]
        assert [one.locator for one in batch.problems] == [f"{name}#{len(data[0])}"]
        assert quarantined(batch)


def test_a_corrupt_member_costs_its_record_alone(tmp_path: Path) -> None:
    members = gzipped(page_records())
    for at in (0, 1, 40, len(members[2]) - 6, len(members[2]) - 1):  # header, data, checksum, length
        damaged = bytearray(members[2])
        damaged[at] ^= 0x55
        batch = read(written(tmp_path, "a.warc.gz", b"".join((*members[:2], bytes(damaged), *members[3:]))))
        assert batch.docs["raw"].to_list() == PAGES[:2] + PAGES[3:]
        assert [one.locator for one in quarantined(batch)] == [f"a.warc.gz#{len(members[0]) + len(members[1])}"]


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_to_some_members_the_others_survive(tmp_path: Path, data: st.DataObject) -> None:
    members = gzipped(page_records())
    hit = data.draw(st.sets(st.integers(0, len(members) - 1), min_size=1, max_size=3))
    for number in hit:
        member = members[number]
        start = data.draw(st.integers(0, len(member) - 1))
        end = data.draw(st.integers(start, min(len(member), start + 40)))
        members[number] = member[:start] + data.draw(st.binary(max_size=30)) + member[end:]
    batch = read(written(tmp_path, "a.warc.gz", b"".join(members)))
    assert {page for number, page in enumerate(PAGES) if number not in hit} <= set(batch.docs["raw"])
    assert set(batch.docs["raw"]) <= set(PAGES)


def test_a_file_named_gz_that_is_not_gzip_is_one_problem(tmp_path: Path) -> None:
    batch = read(written(tmp_path, "a.warc.gz", b"".join(page_records())))
    assert reasons(batch) == ["undecodable"]
    members = gzipped(page_records())
    damaged = read(written(tmp_path, "b.warc.gz", b"\0" + b"".join(members)[1:]))
    assert damaged.docs["raw"].to_list() == PAGES[1:]
    assert reasons(damaged) == ["undecodable"]


def test_gzip_is_read_under_a_plain_name(tmp_path: Path) -> None:
    assert read(written(tmp_path, "a.warc", b"".join(gzipped(page_records())))).docs["raw"].to_list() == PAGES


def dictionary() -> zstandard.ZstdCompressionDict:
    texts = [record + bytes([number % 256]) * 3 for number in range(200) for record in page_records()]
    return zstandard.train_dictionary(4096, texts)


@pytest.mark.parametrize("kind", ["frames", "one frame", "dictionary", "compressed dictionary", "other frames between"])
def test_zstd_is_read_with_the_dictionary_that_the_file_carries(tmp_path: Path, kind: str) -> None:
    records = page_records()
    frames, before = [zstd(record) for record in records], b""
    if kind == "one frame":
        frames = [zstd(b"".join(records))]
    elif kind == "other frames between":
        frames = [skippable(b"a note", 0x184D2A50) + frame for frame in frames]
    elif "dictionary" in kind:
        shared = dictionary()
        before = skippable(shared.as_bytes() if kind == "dictionary" else zstd(shared.as_bytes()))
        frames = [zstandard.ZstdCompressor(dict_data=shared).compress(record) for record in records]
    batch = read(written(tmp_path, "a.warc.zst", before + b"".join(frames)))
    assert batch.docs["raw"].to_list() == PAGES
    assert batch.problems == ()


def test_damage_in_zstd_costs_its_record_alone_and_the_dictionary_serves_what_follows(tmp_path: Path) -> None:
    shared = dictionary()
    packed = zstandard.ZstdCompressor(dict_data=shared, write_checksum=True)
    for before, frames in (
        (skippable(shared.as_bytes()), [packed.compress(record) for record in page_records()]),
        (b"", [zstd(record) for record in page_records()]),
    ):
        start = len(before) + len(frames[0])
        for at in (0, 14, len(frames[1]) - 1):
            damaged = bytearray(frames[1])
            damaged[at] ^= 0x55
            batch = read(written(tmp_path, "a.warc.zst", b"".join((before, frames[0], bytes(damaged), *frames[2:]))))
            assert batch.docs["raw"].to_list() == PAGES[:1] + PAGES[2:]
            assert [(one.reason, one.locator) for one in quarantined(batch)] == [("undecodable", f"a.warc.zst#{start}")]


@pytest.mark.parametrize("broken", ["cut", "corrupt"])
def test_a_bad_dictionary_costs_the_file_and_is_named(tmp_path: Path, broken: str) -> None:
    data = bytearray(skippable(zstd(dictionary().as_bytes())))
    if broken == "cut":
        del data[-10:]
    else:
        data[40] ^= 0x55
    batch = read(written(tmp_path, "a.warc.zst", bytes(data)))
    assert reasons(batch) == ["truncated" if broken == "cut" else "undecodable"]
    assert "dictionary" in batch.problems[0].error


def test_lz4_is_read_and_what_follows_damage_is_found(tmp_path: Path) -> None:
    frames = [lz4(record) for record in page_records()]
    assert read(written(tmp_path, "a.warc.lz4", b"".join(frames))).docs["raw"].to_list() == PAGES
    batch = read(written(tmp_path, "a.warc.lz4", b"".join((frames[0], b"junk" * 20, *frames[1:]))))
    assert batch.docs["raw"].to_list() == PAGES
    assert [one.locator for one in quarantined(batch)] == [f"a.warc.lz4#{len(frames[0])}"]


def test_padding_at_the_end_of_an_archive_is_nothing(tmp_path: Path) -> None:
    for name, parts in (("a.warc.gz", gzipped(page_records())), ("a.warc", page_records())):
        for zeros in (1, 511, 60_000):
            batch = read(written(tmp_path, name, b"".join(parts) + bytes(zeros)))
            assert batch.docs["raw"].to_list() == PAGES
            assert batch.problems == ()
