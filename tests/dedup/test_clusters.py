"""Links are few: a row for each copy, a forest from each partition, two for each document in the end."""

import random

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.corpus import notes_of, turns
from curate.dedup import clusters
from curate.dedup.clusters import FEW, GROUPS, Clusters, Forests, forest, levels
from curate.dedup.components import components, telling
from curate.dedup.links import Links
from curate.dedup.minhash import MinHashDedup
from curate.dedup.places import ends, located
from curate.exchange import prefix
from curate.stage import Flow, Round
from tests.dedup.corpora import documents, joined, words

LINKS = Links(5, 128, 20, 6)


def addressed(docs: pl.DataFrame, shard: int = 0) -> pl.DataFrame:
    return docs.with_columns(shard=pl.lit(shard, pl.UInt32), row=pl.int_range(docs.height, dtype=pl.UInt32))


def passed(turn: Round, rows: pl.DataFrame, partitions: int) -> pl.DataFrame:
    """The notes of a round, of the rows that all batches sent."""
    partition = pl.zeros(rows.height, eager=True) if turn.single else prefix(rows["key"], partitions)
    return pl.concat(
        turn.reduce(rows.filter(partition == number).sort("key", "shard", "row"))
        for number in range(1 if turn.single else partitions)
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_bucket_of_copies_costs_a_row_and_a_link_each(language: str) -> None:
    docs = addressed(documents([joined(words(random.Random(4), 60, language), language)] * 3000))
    rows = LINKS.emit(docs, docs)
    assert rows.height == 20 + 2999
    notes = passed(LINKS, rows, 1)
    assert notes.height == 2999
    found = passed(Clusters(), Clusters().emit(docs, notes), 1)
    assert found.height == 3000
    assert found["component"].n_unique() == 1
    assert found["size"].unique().to_list() == [3000]


def test_documents_that_share_nothing_send_all_their_keys_and_get_no_link() -> None:
    draw = random.Random(2)
    docs = addressed(documents([joined(words(draw, 60, "zh"), "zh") for _ in range(50)]))
    rows = LINKS.emit(docs, docs)
    assert rows.height == 50 * 20
    assert passed(LINKS, rows, 3).height == 0


@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1, max_size=12), st.integers(0, 11))
def test_the_keys_that_are_told_connect_what_all_keys_connect(rows: list[list[int]], at: int) -> None:
    keys = np.array(rows, np.uint64)
    parts = [part for part in (keys[:at], keys[at:]) if len(part)]  # two batches, which know nothing of each other
    needed = np.vstack([telling(part) for part in parts])
    node, key = np.nonzero(needed)[0].astype(np.uint64), keys[needed] + np.uint64(100)
    told = components(node, key)
    all_nodes = np.repeat(np.arange(len(keys), dtype=np.uint64), 3)
    everything = components(all_nodes, keys.ravel() + np.uint64(100))
    assert np.array_equal(told[0], everything[0])
    assert np.array_equal(told[1], everything[1])
    for part in parts:
        assert telling(part).sum() <= len(np.unique(part)) + len(part)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=60),
    st.integers(1, 5),
    st.integers(1, 3),
)
def test_the_tree_leaves_two_links_a_document_and_the_same_components(
    edges: list[tuple[int, int]], partitions: int, shards: int
) -> None:
    edges = [edge for edge in edges if edge[0] != edge[1]]
    left, right = (np.array([edge[end] for edge in edges], np.uint64) for end in (0, 1))
    left, right = ((nodes % np.uint64(shards) << np.uint64(32)) | nodes for nodes in (left, right))
    owner = np.arange(len(left)) % 7  # forests of seven partitions
    notes = pl.concat(forest(left[owner == one], right[owner == one]) for one in range(7))
    for groups in GROUPS:
        turn = Forests(groups)
        sent = pl.concat(turn.emit(notes, notes.filter(pl.col("shard") == shard)) for shard in range(shards))
        assert sent["key"].n_unique() <= groups
        notes = passed(turn, sent, partitions)
    assert notes.height <= GROUPS[-1] * len(np.unique([left, right]))
    sent = pl.concat(Clusters().emit(notes, notes.filter(pl.col("shard") == shard)) for shard in range(shards))
    found = passed(Clusters(), sent, 1)
    nodes, smallest = components(left, right)
    assert found.select("shard", "row").equals(pl.DataFrame(located(nodes)))
    assert found["size"].to_list() == [int((smallest == one).sum()) for one in smallest]
    names = found["component"].to_list()
    assert [names.index(name) for name in names] == [smallest.tolist().index(one) for one in smallest]


def test_many_links_pass_through_the_tree_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(3)
    base = [words(draw, 80, "en") for _ in range(8)]
    docs = documents([joined([*one[:70], *words(draw, 4, "en")], "en") for one in base for _ in range(6)])
    parts = [docs[at : at + 10] for at in range(0, docs.height, 10)]
    straight = notes_of(MinHashDedup(), parts)
    monkeypatch.setattr(clusters, "FEW", 3)
    names = [type(turn).__name__ for turn, tell in turns(MinHashDedup()) if tell(Flow(20, 20, 0)) is None]
    assert names == ["Links", "Forests", "Forests", "Clusters", "Verification"]
    assert notes_of(MinHashDedup(), parts).equals(straight)
    assert straight["near_duplicate_evidence"].drop_nulls().len() > 20


def test_the_tree_is_as_high_as_the_links_are_many() -> None:
    assert [levels(links) for links in (0, FEW, FEW + 1, 2 * FEW, 2 * FEW + 1, 8 * FEW + 1, 10**12)] == [
        (), (), (2,), (2,), (8, 2), (64, 8, 2), (512, 64, 8, 2)
    ]  # fmt: skip


def test_more_links_than_any_process_may_hold_go_through_the_exchange() -> None:
    names = []
    for turn, tell in turns(MinHashDedup(edges=100)):
        names.append(type(turn).__name__)
        tell(Flow(10**9, 10**9, 0))
    assert names == ["Links", "LargeStar", "SmallStar", "Members", "Verification"]


def test_ends_of_no_links_are_none() -> None:
    assert [len(side) for side in ends(pl.DataFrame(schema={"shard": pl.UInt32, "row": pl.UInt32}))] == [0, 0]
