"""What is sent to a partition comes out of it, whole and in order, whatever was spilled and merged on the way."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate import exchange
from curate.exchange import Outbox, Parcel, by_key, gather, merged, pieces, prefix


def parcel(path: Path, seed: int, partitions: int, rows: int = 500) -> tuple[Parcel, pl.DataFrame]:
    draw = np.random.default_rng(seed)
    table = pl.DataFrame({"key": draw.integers(0, 2**64, rows, np.uint64), "text": [f"文{n}" for n in range(rows)]})
    outbox = Outbox(str(path), partitions)
    for part in table.iter_slices(100):
        outbox.add(part, prefix(part["key"], partitions))
    return outbox.close(), table


@pytest.mark.parametrize("spill", [1, 64 << 20])
def test_every_row_comes_out_of_its_partition_in_the_order_sent(
    tmp_path: Path, spill: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "SPILL", spill)
    made = [parcel(tmp_path / str(seed), seed, 7) for seed in range(3)]
    parcels = [one for one, _ in made]
    assert parcels[0].runs == (5 if spill == 1 else 1)
    sent = pl.concat(table for _, table in made)
    for partition in range(7):
        assert gather(parcels, partition).equals(sent.filter(prefix(sent["key"], 7) == partition))


@pytest.mark.parametrize("spill", [1, 64 << 20])
def test_merged_parcels_hold_what_they_were_merged_of(
    tmp_path: Path, spill: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "SPILL", spill)
    parcels = [parcel(tmp_path / str(seed), seed, 5)[0] for seed in range(4)]
    empty = Outbox(str(tmp_path / "empty"), 5).close()
    halves = [merged([*parcels[:2], empty], str(tmp_path / "a")), merged(parcels[2:], str(tmp_path / "b"))]
    whole = merged(halves, str(tmp_path / "whole"))
    assert (whole.runs, whole.rows) == (1, 2000)
    for partition in range(5):
        assert gather([whole], partition).equals(gather(parcels, partition))
        assert gather(halves, partition).equals(gather(parcels, partition))


def test_a_partition_to_which_nothing_was_sent_is_none(tmp_path: Path) -> None:
    outbox = Outbox(str(tmp_path / "rows"), 3)
    outbox.add(pl.DataFrame({"a": [1]}), pl.Series([1]))
    found = outbox.close()
    assert gather([found], 0) is None
    assert gather([found], 2) is None
    assert [piece.rows() for piece in pieces([found], 1)] == [[(1,)]]


def test_reducers_are_given_rows_sorted_by_key_shard_and_row() -> None:
    draw = np.random.default_rng(7)
    keys = np.concatenate([draw.integers(0, 2**64, 500, np.uint64), draw.integers(0, 3, 500, np.uint64)])
    table = pl.DataFrame(
        {
            "key": draw.permutation(keys),
            "shard": draw.integers(0, 5, 1000, np.uint32),
            "row": draw.integers(0, 90_000, 1000, np.uint32),
            "sent": np.arange(1000),
        }
    )
    for rows in (table, table.sort("shard", "row"), table.clear(), table.with_columns(key=pl.lit(0, pl.UInt64))):
        assert by_key(rows).equals(rows.sort("key", "shard", "row", maintain_order=True))
