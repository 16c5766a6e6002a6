"""A corpus stage that takes parts out of texts: the parts go, on this read and on every later one, and are counted."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from curate import cuts, engine
from curate.ledger import total
from curate.progress import Lines
from curate.recipe import Recipe, RecipeRefused, Source, check
from curate.run import carry_out
from curate.shard import batches
from curate.stage import BrokenStage, Rounds, Rule


@dataclass(frozen=True)
class FirstTwo:
    """Cuts characters 1 and 2 and the fourth of every text that holds '#'."""

    reads = {"text": pl.String()}
    single = False

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        marked = docs.filter(pl.col("text").str.contains("#"))
        return marked.select(pl.col("row").cast(pl.UInt64).alias("key"), "shard", "row")

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        ranges = pl.lit([{"start": 0, "end": 2}, {"start": 3, "end": 4}], cuts.TYPE)
        return rows.select("shard", "row", ranges.alias("cuts"), marks_cut=pl.lit(3, pl.Int64), marks_added=pl.lit(0))


@dataclass(frozen=True, kw_only=True)
class Marks:
    name: str = "marks"
    version = 1
    reads = {"text": pl.String()}
    writes = {"cuts": cuts.TYPE, "marks_cut": pl.Int64(), "marks_added": pl.Int64()}
    absent = {"cuts": None, "marks_cut": 0, "marks_added": 0}
    rules: tuple[Rule, ...] = ()

    def rounds(self) -> Rounds:
        yield FirstTwo()


def recipe(folder: Path, *stages: object) -> Recipe:
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / "a.jsonl").write_text('{"text": "##a#bc中"}\n{"text": "plain"}\n{"text": "一二三四#"}\n')
    return Recipe(name="cut", sources=(Source(name="a", path=str(folder / "in")),), stages=stages)  # type: ignore[arg-type]


def test_what_is_cut_is_gone_from_the_text_and_counted(tmp_path: Path) -> None:
    outcome = carry_out(recipe(tmp_path, Marks()), str(tmp_path / "out"), engine.Inline(), Lines())
    texts = [
        text for shard in outcome.shards for docs in batches(str(tmp_path / "out"), shard) for text in docs["text"]
    ]
    assert sorted(texts) == sorted(["abc中", "plain", "三#"])
    count = next(count for count in total(outcome.records) if count.stage == "marks")
    assert (count.chars_in, count.chars_out, count.chars_cut) == (17, 11, 6)


def test_a_later_stage_and_a_second_cut_see_the_text_that_is_left(tmp_path: Path) -> None:
    twice = (Marks(name="marks"), Again())
    outcome = carry_out(recipe(tmp_path, *twice), str(tmp_path / "out"), engine.Inline(), Lines())
    texts = [
        text for shard in outcome.shards for docs in batches(str(tmp_path / "out"), shard) for text in docs["text"]
    ]
    assert sorted(texts) == sorted(["abc中", "plain", "三#"])
    assert {count.stage: count.chars_in for count in total(outcome.records)} == {
        "unique_ids": 0,
        "marks": 17,
        "again": 11,
    }


@dataclass(frozen=True, kw_only=True)
class Again:
    name: str = "again"
    version = 1
    reads = {"text": pl.String()}
    writes = {"cuts": cuts.TYPE, "again_cut": pl.Int64(), "again_added": pl.Int64()}
    absent = {"cuts": None, "again_cut": 0, "again_added": 0}
    rules: tuple[Rule, ...] = ()

    def rounds(self) -> Rounds:
        yield Never()


@dataclass(frozen=True)
class Never:
    reads = {"text": pl.String()}
    single = False

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        assert not any(text.startswith("#") for text in docs["text"])
        return docs.clear().select(pl.lit(0, pl.UInt64).alias("key"), "shard", "row")

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError("nothing was sent")


@pytest.mark.parametrize("ranges", [[(2, 1)], [(0, 3), (2, 4)], [(3, 9)]])
def test_cuts_that_do_not_rise_within_the_text_are_a_fault_of_the_stage(ranges: list[tuple[int, int]]) -> None:
    some = [{"start": start, "end": end} for start, end in ranges]
    docs = pl.DataFrame({"doc_id": ["d"], "text": ["abcdef"], "cuts": pl.Series([some], dtype=cuts.TYPE)})
    with pytest.raises(BrokenStage, match="document d do not rise"):
        cuts.cut(docs, "marks")


def test_a_stage_that_cuts_without_counting_is_refused(tmp_path: Path) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Silent(Marks):
        name: str = "silent"

    with pytest.raises(RecipeRefused, match="must write silent_cut"):
        check(recipe(tmp_path, Silent()))
