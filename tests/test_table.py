from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from curate import table
from curate.table import FixedTable, batches
from tests.mix import kept

SCHEMA = pl.Schema({"name": pl.String(), "text": pl.String()})


def docs(sizes: list[int]) -> pl.DataFrame:
    return pl.DataFrame({"name": [f"{n}" for n in range(len(sizes))], "text": ["医" * n for n in sizes]}, schema=SCHEMA)


def written(path: Path, rows: pl.DataFrame, pieces: int, weight: str | None) -> bytes:
    with FixedTable(str(path), SCHEMA, weight) as file:
        for piece in rows.iter_slices(pieces):
            file.add(piece)
    return path.read_bytes()


@pytest.mark.parametrize("weight", ["text", None])
def test_the_bytes_do_not_depend_on_how_the_rows_arrive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weight: str | None
) -> None:
    monkeypatch.setattr(table, "ROWS", 10)
    monkeypatch.setattr(table, "BYTES", 300)
    rows = docs([1, 50, 99, 101, 3, 250, 0, 7] * 9)
    assert len({written(tmp_path / f"{size}", rows, size, weight) for size in (1, 2, 7, 10, 72)}) == 1


def test_row_groups_are_cut_by_bytes_of_text_and_by_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "ROWS", 3)
    monkeypatch.setattr(table, "BYTES", 300)
    written(tmp_path / "t", docs([90, 20, 200, 1, 1, 1, 1]), 7, "text")
    groups = pq.ParquetFile(tmp_path / "t").metadata
    # 90 characters are 270 bytes, and 200 are above the cap alone.
    assert [groups.row_group(n).num_rows for n in range(groups.num_row_groups)] == [1, 1, 1, 3, 1]


def test_a_table_that_failed_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), FixedTable(str(tmp_path / "t"), SCHEMA) as file:
        file.add(docs([1]))
        1 / 0  # noqa: B018
    assert list(tmp_path.iterdir()) == []


def test_a_shard_read_in_batches_is_the_shard_with_its_dialogues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "BATCH", 11)
    whole = pl.concat([kept.documents(), kept.documents("dialogue")])
    (path,) = kept.shards(tmp_path, whole, [])
    assert pl.concat(list(batches(path))).equals(whole)
    with pytest.raises(ValueError, match="column 'rank' is missing"):
        list(batches(path, ["doc_id", "rank"]))
