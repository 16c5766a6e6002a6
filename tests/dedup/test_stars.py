"""Label propagation over the exchange finds the components that one process finds."""

import io
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from curate.corpus import changed
from curate.dedup import stars as rounds
from curate.dedup.clusters import Clusters, forest
from curate.dedup.minhash import MinHashDedup
from curate.dedup.stars import NotConnected, stars
from curate.engine import Inline
from curate.exchange import prefix
from curate.files import found
from curate.job import run
from curate.progress import Lines
from curate.recipe import Recipe, Source
from curate.stage import Flow, Rounds
from tests import faults

SHARDS = 3


def by_exchange(turns: Rounds, notes: pl.DataFrame, partitions: int) -> tuple[pl.DataFrame, int]:
    """(the notes of the last round, how many rounds there were) from links addressed to documents of three shards."""
    turn = next(turns)
    count = 0
    while True:
        count += 1
        sent = pl.concat(
            turn.emit(notes.select("shard", "row"), notes.filter(pl.col("shard") == shard)) for shard in range(SHARDS)
        )
        where = prefix(sent["key"], 1 if turn.single else partitions)
        parts = [sent.filter(where == part).sort("key", "shard", "row") for part in range(partitions)]
        notes = pl.concat(turn.reduce(part) for part in parts if part.height or part is parts[0])
        try:
            turn = turns.send(Flow(sent.height, notes.height, changed(notes)))
        except StopIteration:
            return notes.sort("shard", "row"), count


def at_once() -> Rounds:
    yield Clusters()


def links(edges: list[tuple[int, int]]) -> pl.DataFrame:
    """Links as partitions leave them: a forest of every third edge."""
    left, right = (np.array([place(edge[end]) for edge in edges], np.uint64) for end in (0, 1))
    return pl.concat(forest(left[at::3], right[at::3]) for at in range(3))


def place(node: int) -> int:
    return (node % SHARDS) << 32 | node // SHARDS


def same(edges: list[tuple[int, int]], partitions: int = 4) -> int:
    """Both ways give the same members; how many rounds the stars took."""
    notes = links(edges)
    one, _ = by_exchange(at_once(), notes, 1)
    other, count = by_exchange(stars(), notes, partitions)
    assert other.equals(one)
    return count


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=50), st.integers(1, 5))
def test_random_graphs_have_the_components_that_one_process_finds(edges: list[tuple[int, int]], parts: int) -> None:
    same(edges, parts)


def shuffled(count: int) -> NDArray[np.int64]:
    return np.random.default_rng(count).permutation(count)


@pytest.mark.parametrize("order", [np.arange(1000), np.arange(1000)[::-1], shuffled(1000)], ids=["up", "down", "mixed"])
def test_a_path_of_a_thousand_documents_takes_a_number_of_rounds_that_grows_as_its_logarithm(
    order: NDArray[np.int64],
) -> None:
    assert same(list(pairwise(order.tolist()))) < 30


def test_stars_and_cliques_are_found() -> None:
    hub = [(500, node) for node in range(1000) if node != 500]
    cliques = [pair for first in range(2000, 2100, 10) for pair in combinations(range(first, first + 10), 2)]
    assert same(hub + cliques) < 12
    assert same([]) == 3


def test_it_is_given_up_with_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "MOST", 3)
    with pytest.raises(NotConnected, match=r"links still moved in round 3 .* raise the threshold"):
        same(list(pairwise(shuffled(1000).tolist())))


def test_a_run_gives_the_same_bytes_either_way(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for number in range(6):
        texts = [faults.sentence(lang, part // 3, 120 + part % 3) for part in range(30) for lang in ("en", "zh")]
        pl.DataFrame({"text": texts[number::6], "id": [f"{number}-{at}" for at in range(10)]}).write_ndjson(
            data / f"{number}.jsonl"
        )
    kept = {}
    for edges in (0, 1000):
        out = tmp_path / str(edges)
        stage = MinHashDedup(edges=edges)
        recipe = Recipe(name="both", sources=(Source(name="s", path=str(data), key="id"),), stages=(stage,))
        outcome = run(recipe, str(out), Inline(), Lines(io.StringIO()))
        assert 0 < outcome.kept < 60
        steps = {record.shard for record in outcome.records if record.segment.endswith("minhash")}
        assert any(step.startswith("round-4-") for step in steps) == (edges == 0)
        kept[edges] = [Path(file.path).read_bytes() for file in found(str(out / "kept"))]
    assert kept[0] == kept[1000]
