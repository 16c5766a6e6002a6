"""Rows taken column by column are the documents that they are row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from curate.files import FileInfo
from curate.read import open_shard, rows
from curate.read.block import block_of
from curate.read.record import CAP, Block, Reading
from curate.recipe import Source

WORDS = st.sampled_from(
    ["", "text", "中文。", "2024-05-01", "zh-CN", "English", "code", "in force", "https://a.cn/", "NUL\0"]
)
FIELDS = (
    "text",
    "content",
    "id",
    "uuid",
    "url",
    "date",
    "timestamp",
    "lang",
    "language",
    "kind",
    "status",
    "license",
    "x",
)
COLUMN = st.one_of(st.just(WORDS), st.just(st.one_of(st.none(), WORDS)), st.just(st.integers(-5, 5)))


@st.composite
def tables(draw: Any) -> dict[str, list[Any]]:
    names = draw(st.lists(st.sampled_from(FIELDS), unique=True, min_size=1, max_size=5))
    height = draw(st.integers(1, 6))
    return {name: draw(st.lists(draw(COLUMN), min_size=height, max_size=height)) for name in names}


def documents(path: Path, monkeypatch: pytest.MonkeyPatch, *, by_column: bool, **how: Any) -> list[Any]:
    with monkeypatch.context() as patch:
        if not by_column:
            patch.setattr(rows, "block_of", lambda *_: None)
        source = Source(name="s", path=str(path), lang="en", **how)
        batches = list(open_shard(source, FileInfo(str(path), path.stat().st_size, path.name)))
    return [pl.concat(batch.docs for batch in batches).to_dicts(), [batch.problems for batch in batches]]


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(columns=tables(), how=st.sampled_from([{}, {"text": "content"}, {"key": "id"}, {"key": "text"}, {"take": 0.5}]))
def test_a_table_read_by_column_is_the_one_read_by_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: dict[str, list[Any]], how: dict[str, Any]
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(columns), path)
    assert documents(path, monkeypatch, by_column=True, **how) == documents(path, monkeypatch, by_column=False, **how)


def test_plain_tables_are_taken_by_column() -> None:
    plain = pa.RecordBatch.from_pydict({"id": ["a", "b"], "text": ["one", "二"], "score": [1, 2]})
    source = Source(name="s", path="x", key="id")
    found = block_of(plain, 5, Reading(FileInfo("x", 1, "x"), source, CAP))
    assert isinstance(found, Block)
    assert found.keys == ["a", "b"]
    assert found.locators == ["x#5", "x#6"]
    assert found.columns == {"origin_id": ["a", "b"], "meta": ['{"score":1}', '{"score":2}']}


def test_a_file_may_change_between_both_ways_from_batch_to_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [None if row in (130, 700) else f"text {row} 文" for row in range(1000)]
    pq.write_table(pa.table({"text": texts, "id": range(1000)}), tmp_path / "a.parquet", row_group_size=400)
    by_column = documents(tmp_path / "a.parquet", monkeypatch, by_column=True)
    assert by_column == documents(tmp_path / "a.parquet", monkeypatch, by_column=False)
    assert len(by_column[0]) == 998
