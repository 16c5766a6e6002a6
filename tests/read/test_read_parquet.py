"""Parquet: rows as JSON lines are; damage costs a row, a row group, or the file, and never more."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from tests.read.samples import TEXTS, parquet, quarantined, read, reasons, written


def test_rows_have_the_same_columns_as_json_lines(tmp_path: Path) -> None:
    when = datetime.datetime(2024, 5, 1, 8, tzinfo=datetime.UTC)
    columns = {
        "text": ["一", "two"],
        "id": [1, None],
        "url": ["http://x/", None],
        "date": [when, None],
        "language": pa.array(["zh", None]).dictionary_encode(),
        "price": [Decimal("1.50"), None],
        "day": [datetime.date(2024, 5, 1), None],
        "image": [b"\xff\x00", None],
        "score": [float("nan"), 1.5],
        "tags": [["a", "病"], None],
    }
    docs = read(parquet(tmp_path / "a.parquet", columns)).docs
    assert docs["text"].to_list() == ["一", "two"]
    assert docs["origin_id"].to_list() == ["1", None]
    assert docs["date"].to_list() == ["2024-05-01T08:00:00+00:00", None]
    assert docs["lang"].to_list() == ["zh", None]
    assert docs["locator"].to_list() == ["a.parquet#0", "a.parquet#1"]
    first, second = map(json.loads, docs["meta"])
    assert first == {"day": "2024-05-01", "image": "/wA=", "price": "1.50", "score": "NaN", "tags": ["a", "病"]}
    assert second == {"score": 1.5}


def test_dialogues_are_read_from_nested_columns(tmp_path: Path) -> None:
    talk = [{"role": "user", "content": "在吗"}, {"role": "assistant", "content": "在"}]
    (row,) = read(parquet(tmp_path / "a.parquet", {"messages": [talk]})).docs.to_dicts()
    assert [(turn["role"], turn["content"]) for turn in row["messages"]] == [("user", "在吗"), ("assistant", "在")]


def test_html_bytes_pass_as_they_are_and_text_bytes_must_be_utf8(tmp_path: Path) -> None:
    page = "<p>离婚</p>".encode("gb18030")
    (row,) = read(parquet(tmp_path / "a.parquet", {"html": [page]})).docs.to_dicts()
    assert (row["raw"], row["content_type"]) == (page, "text/html")
    batch = read(parquet(tmp_path / "b.parquet", {"text": ["离婚".encode(), page]}))
    assert batch.docs["text"].to_list() == ["离婚"]
    assert reasons(batch) == ["undecodable"]


def test_nanoseconds_do_not_stop_the_reading(tmp_path: Path) -> None:
    columns = {
        "text": ["x"],
        "date": pa.array([1_714_550_400_123_456_789], pa.timestamp("ns", "UTC")),
        "took": pa.array([1_500_000_001], pa.duration("ns")),
        "at": pa.array([1_000_000_001], pa.time64("ns")),
    }
    (row,) = read(parquet(tmp_path / "a.parquet", columns)).docs.to_dicts()
    assert row["date"] == "2024-05-01T08:00:00.123456+00:00"
    assert json.loads(row["meta"]) == {"at": "00:00:01", "took": "0:00:01.500000"}


@pytest.mark.parametrize(
    ("column", "reason"), [([1, 2], "wrong_type"), ([None, None], "no_text"), ([["a"], ["b"]], "wrong_type")]
)
def test_a_text_column_of_another_type_costs_each_row_with_its_reason(
    tmp_path: Path, column: list[object], reason: str
) -> None:
    batch = read(parquet(tmp_path / "a.parquet", {"text": column}))
    assert reasons(batch) == [reason, reason]
    assert "text" in batch.problems[0].error


def test_a_string_that_is_not_utf8_costs_its_row(tmp_path: Path) -> None:
    strings = pa.array([b"good", b"\xd6\xd0", "好".encode()], pa.binary()).cast(pa.string(), safe=False)
    batch = read(parquet(tmp_path / "a.parquet", {"text": strings}))
    assert batch.docs["text"].to_list() == ["good", "好"]
    assert [(one.reason, one.locator) for one in batch.problems] == [("undecodable", "a.parquet#1")]


def test_a_row_beyond_the_cap_is_too_large(tmp_path: Path) -> None:
    batch = read(parquet(tmp_path / "a.parquet", {"text": ["a", "b" * 1000, "c"]}), cap=100)
    assert batch.docs["text"].to_list() == ["a", "c"]
    assert reasons(batch) == ["too_large"]


def test_a_corrupt_row_group_costs_its_rows_and_each_is_named(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    path = parquet(
        tmp_path / "a.parquet", {"text": TEXTS[:4]}, row_group_size=2, compression="gzip", use_dictionary=False
    )
    column = pq.read_metadata(path).row_group(1).column(0)
    data = bytearray(path.read_bytes())
    end = column.data_page_offset + column.total_compressed_size
    data[end - 30 : end] = bytes(30)
    batch = read(written(tmp_path, "a.parquet", bytes(data)))
    assert batch.docs["text"].to_list() == TEXTS[:2]
    assert [one.locator for one in quarantined(batch)] == ["a.parquet#2", "a.parquet#3"]
    assert "row group 1 is corrupt" in batch.problems[0].error


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "truncated"),
        (b"PAR1", "truncated"),
        (b"PAR1" * 5, "malformed"),
        (b"PAR1" + b"x" * 50, "truncated"),
        (b"not parquet at all", "malformed"),
    ],
)
def test_a_file_without_a_footer_is_one_problem(tmp_path: Path, data: bytes, reason: str) -> None:
    batch = read(written(tmp_path, "a.parquet", data))
    assert [(one.reason, one.locator) for one in batch.problems] == [(reason, "a.parquet")]


def test_large_row_groups_are_read_in_slices_and_lose_nothing(tmp_path: Path) -> None:
    texts = [f"第{number}条" for number in range(3000)]
    batch = read(parquet(tmp_path / "a.parquet", {"text": texts}))
    assert batch.docs["text"].to_list() == texts
    assert batch.docs["locator"][2999] == "a.parquet#2999"


def test_a_structure_with_two_fields_of_one_name_costs_its_rows(tmp_path: Path) -> None:
    inner = pa.StructArray.from_arrays([pa.array([1, 2]), pa.array([3, 4])], names=["a", "a"])
    table = pa.table({"text": ["x", "y"], "more": pa.StructArray.from_arrays([inner], names=["b"])})
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as out, pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    batch = read(tmp_path / "a.arrow")
    assert reasons(batch) == ["malformed", "malformed"]
    assert "'a'" in batch.problems[0].error
