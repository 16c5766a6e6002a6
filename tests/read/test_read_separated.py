"""CSV and TSV: written in many ways, read as the same records; a bad row costs itself."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.read.samples import quarantined, read, reasons, written, zstd

ROWS = [
    {"id": "1", "text": "第一条，为了保护民事主体的合法权益。", "url": "http://x/1"},
    {"id": "2", "text": 'He said: "Stop, or\nI leave."', "url": ""},
    {"id": "3", "text": "10² µg; β | γ\u2028next", "url": "http://x/3"},
]


def table(rows: list[dict[str, str]] = ROWS, **options: Any) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0], **options)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def texts(folder: Path, data: bytes, name: str = "a.csv", **source: Any) -> list[str]:
    batch = read(written(folder, name, data), **source)
    assert batch.problems == ()
    return batch.docs["text"].to_list()


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-32-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiter_encoding_and_line_ends_are_found(tmp_path: Path, delimiter: str, encoding: str, end: str) -> None:
    data = table(delimiter=delimiter, lineterminator=end).encode(encoding)
    assert texts(tmp_path, data) == [row["text"] for row in ROWS]


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zst", "A.CSV", "a.tsv"])
def test_packings_are_read_alike(tmp_path: Path, name: str) -> None:
    data = table(delimiter="\t" if "tsv" in name else ",").encode()
    packed = gzip.compress(data) if name.endswith(".gz") else zstd(data) if name.endswith(".zst") else data
    assert texts(tmp_path, packed, name) == [row["text"] for row in ROWS]


def test_columns_are_fields_and_the_locator_is_the_line(tmp_path: Path) -> None:
    docs = read(written(tmp_path, "a.csv", table(lineterminator="\n").encode())).docs
    assert docs["origin_id"].to_list() == ["1", "2", "3"]
    assert docs["url"].to_list() == ["http://x/1", None, "http://x/3"]
    assert docs["locator"].to_list() == ["a.csv#2", "a.csv#3", "a.csv#5"]


def test_carriage_returns_alone_end_lines_too(tmp_path: Path) -> None:
    assert texts(tmp_path, b"id,text\r1,one\r2,two\r") == ["one", "two"]


def test_quotes_that_are_signs_like_others_are_text(tmp_path: Path) -> None:
    lines = [f'{number}\t"开头的引号 {number}\n' for number in range(9)]
    data = "id\ttext\n" + "".join(lines)
    assert texts(tmp_path, data.encode(), "a.tsv") == [f'"开头的引号 {number}' for number in range(9)]


def test_the_text_column_is_declared_or_known_by_its_name(tmp_path: Path) -> None:
    assert texts(tmp_path, "标题,正文\n甲,内容甲\n".encode()) == ["内容甲"]
    assert texts(tmp_path, "病历,text\n高血压,x\n".encode(), text="病历") == ["高血压"]
    assert texts(tmp_path, "1,高血压\n0,感冒\n".encode(), text="1") == ["高血压", "感冒"]
    unknown = read(written(tmp_path, "a.csv", b"review,label\ngood,1\n"))
    assert reasons(unknown) == ["no_text"]
    assert "review, label" in unknown.problems[0].error
    assert reasons(read(written(tmp_path, "a.csv", b"review,label\ngood,1\n"), text="body")) == ["no_text"]


def test_one_column_is_enough(tmp_path: Path) -> None:
    assert texts(tmp_path, "text\n只有一列\n\nplain\n".encode()) == ["只有一列", "plain"]


def test_questions_and_answers_are_dialogues(tmp_path: Path) -> None:
    (row,) = read(written(tmp_path, "a.csv", "instruction,output\n感冒怎么办？,多喝水。\n".encode())).docs.to_dicts()
    assert [turn["content"] for turn in row["messages"]] == ["感冒怎么办？", "多喝水。"]


def test_a_ragged_row_costs_itself(tmp_path: Path) -> None:
    data = b"id,text\n1,one\n2,two,too many\n3\n4,four\n"
    batch = read(written(tmp_path, "a.csv", data))
    assert batch.docs["text"].to_list() == ["one", "four"]
    assert [(one.reason, one.locator) for one in quarantined(batch)] == [
        ("malformed", "a.csv#3"),
        ("malformed", "a.csv#4"),
    ]
    assert "3 fields" in batch.problems[0].error


def test_a_quote_that_never_closes_costs_its_line_and_not_what_it_swallowed(tmp_path: Path) -> None:
    good = "".join(f'{number},"第{number}行, 有引号"\n' for number in range(30))
    batch = read(written(tmp_path, "a.csv", f'id,text\n{good}x,"no end\n{good}'.encode()))
    assert batch.docs.height == 60
    assert [(one.reason, one.locator) for one in quarantined(batch)] == [("malformed", "a.csv#32")]


CUT = "the file ends inside the quotes"


@pytest.mark.parametrize(
    ("data", "kept", "reason", "error"),
    [
        # A field of several lines that the file's end cuts: its lines look like rows.
        (b'id,text\n1,"ok"\n2,"first line\nsecond, line\nthird, li', ["ok"], "truncated", CUT),
        (b'text,id\nok,1\n"first line\nsecond, line\nthird, line\n', ["ok"], "truncated", CUT),
        (b'title,text\nok,fine\n"first line\nsecond, line\nthird, li', ["fine"], "truncated", CUT),
        (b'id,text\n1,a\n2,"first\n1,000 people\nand 2 more, too', ["a"], "truncated", CUT),
        ('id\ttext\n1\t好\n2\t"第一行\n第二行\t有\n第三'.encode(), ["好"], "truncated", CUT),
        # A quote too many in one: what comes after it is no row, and has no quotes as text.
        (b'id,text\n1,a\n2,"he said "hi" to\nher, x"\n3,"good"\n4,b\n', ["a", "good", "b"], "malformed", "2 to 3"),
        (b'id,text\n1,a\n2,"so "he" said\nto, her\n"\n3,good\n', ["a", "good"], "malformed", "3 to 5"),
        (b'id,text\n1,a\n2,""bad\nto, her"\n3,good\n', ["a", "good"], "malformed", "3 to 4"),
        # A quote too many swallows rows, which are there.
        (b'id,text\n1,a\n2,"b\n3,c\n', ["a", "c"], "malformed", "quotes of the row do not match"),
        (b"name,text\n" + b"a,x\n" * 3 + b'b,"open\n' + b"a,x\n" * 30, ["x"] * 33, "malformed", "do not match"),
        # Quotes that match, around a row with too many fields.
        (b'id,text\n1,ok\n2,"a\nb,c\nd",extra,more\n3,three\n', ["ok", "three"], "malformed", "4 fields"),
    ],
)
def test_what_stands_in_a_broken_field_is_no_record(
    tmp_path: Path, data: bytes, kept: list[str], reason: str, error: str
) -> None:
    batch = read(written(tmp_path, "a.tsv" if b"\t" in data else "a.csv", data))
    assert batch.docs["text"].to_list() == kept
    assert reasons(batch) == [reason]
    assert error.replace("2 to 3", "3 to 4") in batch.problems[0].error


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
def test_wherever_a_table_is_cut_no_record_is_made_of_what_is_left(tmp_path: Path, quoting: Literal[0, 1]) -> None:
    rows = [{"id": str(n), "text": f"第{n}条\nof two lines, with a comma\n“完”"} for n in range(12)]
    data = table(rows, quoting=quoting, lineterminator="\n").encode()
    whole = [row["text"] for row in rows]
    for cut in range(len(data) // 2, len(data), 7):
        batch = read(written(tmp_path, "a.csv", data[:cut]))
        found = batch.docs["text"].to_list()
        found = found[:-1] if found[-1:] == [""] else found  # a row that is cut behind its comma is a row
        assert found == whole[: len(found)]
        assert len(batch.problems) <= 1
        assert batch.records >= data[:cut].count(b"of two lines")


def test_bytes_of_another_encoding_cost_their_row(tmp_path: Path) -> None:
    lines = [f"{number},中文{number}".encode() for number in range(20)]
    lines[7] = "7,中文".encode("gb18030")
    batch = read(written(tmp_path, "a.csv", b"\n".join([b"id,text", *lines])))
    assert batch.docs.height == 19
    assert [(one.reason, one.locator) for one in quarantined(batch)] == [("undecodable", "a.csv#9")]


def test_a_row_beyond_the_cap_is_too_large_and_the_next_is_read(tmp_path: Path) -> None:
    data = b'id,text\n1,"' + b"x\n" * 300 + b'"\n2,' + b"y" * 600 + b"\n3,three\n"
    batch = read(written(tmp_path, "a.csv", data), cap=500)
    assert batch.docs["text"].to_list() == ["three"]
    assert {one.reason for one in quarantined(batch)} <= {"too_large", "malformed"}


def test_two_columns_of_one_name_cost_the_file(tmp_path: Path) -> None:
    batch = read(written(tmp_path, "a.csv", b"text,text\na,b\n"))
    assert (batch.docs.height, reasons(batch)) == (0, ["malformed"])
    assert "'text'" in batch.problems[0].error


def test_an_empty_file_holds_nothing_and_a_cut_one_says_so(tmp_path: Path) -> None:
    assert reasons(read(written(tmp_path, "a.csv", b""))) == ["empty_file"]
    assert reasons(read(written(tmp_path, "a.csv", b"id,text\n"))) == ["empty_file"]
    batch = read(written(tmp_path, "a.csv.gz", gzip.compress(table().encode() * 50)[:-20]))
    assert reasons(batch)[-1] == "truncated"


@given(
    st.lists(
        st.tuples(*[st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=8)] * 2),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_quoted_is_read_as_it_was(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["id", "text"])
    writer.writerows(rows)
    batch = read(written(tmp_path, "a.csv", out.getvalue().encode()))
    assert batch.problems == ()
    assert batch.docs["text"].to_list() == [text for _, text in rows]


def test_columns_without_a_name_are_known_by_their_number(tmp_path: Path) -> None:
    batch = read(written(tmp_path, "a.csv", ",text,\n0,第一条,\n1,Second,x\n".encode()))
    assert batch.problems == ()
    assert batch.docs["text"].to_list() == ["第一条", "Second"]
    assert batch.docs["meta"].to_list() == ['{"0":"0","2":""}', '{"0":"1","2":"x"}']
