"""Which of several copies is kept is stated, and decided in every case."""

import polars as pl
import pytest

from curate.dedup.preference import by_preference, preference
from tests.dedup.corpora import documents

BETTER_THEN_WORSE = {
    "the source of higher priority, though it is repealed": (
        {"priority": 2, "status": "repealed", "date": "2001"},
        {"priority": 1, "status": "in force", "date": "2024"},
    ),
    "a statute in force, though an older one": (
        {"status": "in force", "date": "2001"},
        {"status": "amended", "date": "2024"},
    ),
    "one in force before one that does not say": ({"status": "in force"}, {"date": "2024"}),
    "one that does not say before an amended one": ({}, {"status": "amended", "date": "2024"}),
    "amended before repealed": ({"status": "amended"}, {"status": "repealed", "date": "2024"}),
    "the newer, though it is shorter": ({"date": "2024-05-01", "text": "a"}, {"date": "2024-04-30", "text": "a b c"}),
    "the newer of dates that say more and less": ({"date": "2021", "text": "a"}, {"date": "2020-12-31", "text": "a b"}),
    "the one that says more of dates that may be the same": (
        {"date": "2021-05-03"},
        {"date": "2021-05", "text": "a b c"},
    ),
    "the later hour of one day": ({"date": "2021-05-03T11:00:00Z"}, {"date": "2021-05-03 10:59", "text": "a b c"}),
    "the newer, however its date is written": ({"date": "2021年12月3日"}, {"date": "2021-11-30", "text": "a b c"}),
    "one with an ISO date before one without a year": ({"date": "1999"}, {"date": "May 3", "text": "a b c"}),
    "the newer, though it is worse": ({"date": "2024", "quality": 0.1}, {"date": "2023", "quality": 0.9}),
    "the better, though it is shorter": ({"quality": 0.9, "text": "a"}, {"quality": 0.8, "text": "a b c"}),
    "a measured one before one that is not": ({"quality": 0.0, "text": "a"}, {"quality": None, "text": "a b c"}),
    "a measured one before one that is no number": ({"quality": 0.0, "text": "a"}, {"quality": float("nan")}),
    "a dated one before an undated one": ({"date": "1999"}, {"text": "a b c"}),
    "the longer, in characters and not in bytes": ({"text": "abcd", "doc_id": "z"}, {"text": "一二三", "doc_id": "a"}),
    "the smaller id of the input's own": ({"origin_id": "a", "doc_id": "z"}, {"origin_id": "b", "doc_id": "a"}),
    "one with an id of its own": ({"origin_id": "龥", "doc_id": "z"}, {"doc_id": "a"}),
    "the smaller content": ({"content_hash": "0", "doc_id": "z"}, {"content_hash": "1", "doc_id": "a"}),
    "the smaller id": ({"doc_id": "a"}, {"doc_id": "b"}),
}


@pytest.mark.parametrize("case", BETTER_THEN_WORSE)
@pytest.mark.parametrize("turn", [1, -1])
def test_preference_keeps(case: str, turn: int) -> None:
    rows = BETTER_THEN_WORSE[case][::turn]
    ids = [str(row.get("doc_id", "m")) for row in BETTER_THEN_WORSE[case]][::turn]
    docs = documents(
        [str(row.get("text", "a b")) for row in rows],
        doc_id=ids,
        **{name: [row.get(name) for row in rows] for name in ("status", "date", "origin_id")},
        content_hash=[row.get("content_hash", "0") for row in rows],
        priority=[row.get("priority", 0) for row in rows],
    )
    addressed = docs.with_columns(
        pl.Series("quality", [row.get("quality") for row in rows], pl.Float64),
        shard=pl.lit(0, pl.UInt32),
        row=pl.int_range(2, dtype=pl.UInt32),
    )
    order = by_preference(addressed.select("shard", "row", *preference(pl.col("text").str.len_chars(), "quality")))
    assert order["row"][0] == (0 if turn == 1 else 1)
