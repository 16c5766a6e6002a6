"""ARC: what WARC's forerunner holds is read like it, damage included."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from curate.read import UnknownFormat
from tests.read.samples import PAGES, arc_record, arc_records, gzipped, http, quarantined, read, reasons, written


def test_a_page_has_its_bytes_address_time_and_type(tmp_path: Path) -> None:
    page = http(PAGES[2], "Content-Type: text/html; charset=GBK")
    (row,) = read(written(tmp_path, "a.arc", arc_record(page))).docs.to_dicts()
    assert row["raw"] == PAGES[2]
    assert row["content_type"] == "text/html; charset=GBK"
    assert (row["url"], row["date"]) == ("http://example.org/页 1", "2001-02-03T04:05:06Z")
    assert row["locator"] == "a.arc#0"


def test_version_2_has_five_more_fields(tmp_path: Path) -> None:
    block = http(PAGES[0])
    line = b"http://x/ 1.2.3.4 20010203040506 text/html 200 - - 151 a.arc %d\n" % len(block)
    (row,) = read(written(tmp_path, "a.arc", line + block + b"\n")).docs.to_dicts()
    assert (row["url"], row["raw"]) == ("http://x/", PAGES[0])


def test_a_page_without_an_answer_around_it_has_the_type_of_its_record(tmp_path: Path) -> None:
    (row,) = read(written(tmp_path, "a.arc", arc_record(PAGES[1]))).docs.to_dicts()
    assert (row["raw"], row["content_type"]) == (PAGES[1], "text/html")


def test_what_is_no_page_is_skipped_for_a_reason(tmp_path: Path) -> None:
    records = [
        *arc_records([])[:1],
        arc_record(b"x", url="dns:example.org", kind="text/dns"),
        arc_record(http(b"", status="404 Not Found")),
        arc_record(http(b"\x89PNG", "Content-Type: image/png")),
    ]
    batch = read(written(tmp_path, "a.arc.gz", b"".join(gzipped(records))))
    assert reasons(batch) == ["record_type", "record_type", "http_status", "content_type"]
    assert not quarantined(batch)


def test_many_records_of_one_member_are_told_apart(tmp_path: Path) -> None:
    batch = read(written(tmp_path, "a.arc.gz", gzip.compress(b"".join(arc_records()))))
    assert batch.docs["raw"].to_list() == PAGES
    assert batch.docs["locator"].to_list()[:2] == ["a.arc.gz#0.1", "a.arc.gz#0.2"]


@pytest.mark.parametrize("length", [9, 20, 100_000])
def test_a_wrong_length_costs_that_record_and_not_the_next(tmp_path: Path, length: int) -> None:
    head, first, _, third = arc_records(PAGES[:3])
    wrong = arc_record(http(PAGES[1]), length=length)
    for name, data in (("a.arc.gz", gzipped((head, first, wrong, third))), ("a.arc", [head, first, wrong, third])):
        batch = read(written(tmp_path, name, b"".join(data)))
        assert batch.docs["raw"].to_list() == [PAGES[0], PAGES[2]]
        assert [one.locator for one in quarantined(batch)] == [f"{name}#{len(data[0]) + len(data[1])}"]


def test_a_corrupt_member_costs_its_record_alone(tmp_path: Path) -> None:
    members = gzipped(arc_records())
    for at in (0, 1, 40, len(members[2]) - 6, len(members[2]) - 1):  # header, data, checksum, length
        damaged = bytearray(members[2])
        damaged[at] ^= 0x55
        batch = read(written(tmp_path, "a.arc.gz", b"".join((*members[:2], bytes(damaged), *members[3:]))))
        assert batch.docs["raw"].to_list() == PAGES[:1] + PAGES[2:]
        assert [one.locator for one in quarantined(batch)] == [f"a.arc.gz#{len(members[0]) + len(members[1])}"]


def test_padding_at_the_end_is_nothing(tmp_path: Path) -> None:
    for name, data in (("a.arc.gz", gzipped(arc_records())), ("a.arc", arc_records())):
        batch = read(written(tmp_path, name, b"".join(data) + bytes(5000)))
        assert batch.docs["raw"].to_list() == PAGES
        assert not quarantined(batch)


def test_a_page_beyond_the_cap_is_too_large_and_its_neighbours_stay(tmp_path: Path) -> None:
    records = [*arc_records(PAGES[:1]), arc_record(http(bytes(3_000_000))), arc_record(http(PAGES[1]))]
    batch = read(written(tmp_path, "a.arc.gz", b"".join(gzipped(records))), cap=1_000_000)
    assert batch.docs["raw"].to_list() == PAGES[:2]
    assert [one.reason for one in quarantined(batch)] == ["too_large"]


def test_pages_are_known_by_their_address_where_the_source_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, "a.arc", arc_record(http(PAGES[0])) * 2)
    assert read(path).docs["doc_id"].n_unique() == 2
    assert read(path, key="url").docs["doc_id"].n_unique() == 1
    with pytest.raises(UnknownFormat, match="'url'"):
        read(path, key="case_number")
