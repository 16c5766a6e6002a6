"""What a stage asks for: a segment of its own, GPUs of Ray, and limits per source that stop the run."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest

from curate.dedup.exact import ExactDedup
from curate.engine import Inline, on_ray
from curate.job import run
from curate.ledger import read_ledger, total
from curate.progress import Lines
from curate.recipe import Recipe, RecipeRefused, Source, SourceLimit, check, segments
from curate.run import Outcome, SourceStopped
from curate.stage import ASIDE, AnyStage, AssetChanged, AssetFolder, Cost, Rule, assets_of, settings
from curate.stages.heuristics.length import Length
from curate.stages.normalize import Normalize
from tests import faults

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Notes the GPUs that its process is shown."""

    name: str = "seen"
    cost: Cost = Cost(gpus=1)

    version = 1
    reads = {"text": pl.String()}
    rules = ()

    @property
    def writes(self) -> dict[str, pl.DataType]:
        return {f"{self.name}_gpus": pl.String()}

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        shown = os.environ.get("CUDA_VISIBLE_DEVICES")
        return docs.with_columns(pl.lit(shown, pl.String).alias(f"{self.name}_gpus"))


@dataclass(frozen=True, kw_only=True)
class Marked:
    """Removes documents with the mark, as far as the last letters of it go: `mark` or `stain`."""

    name: str = "marked"
    version = 1
    reads = {"text": pl.String()}
    writes = {"marks": pl.Int64(), "stains": pl.Int64()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        return Rule(reason="mark", measure="marks", high=0), Rule(reason="stain", measure="stains", high=0)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        counts = {name: docs["text"].str.count_matches(f"@{name[:-1]}").cast(pl.Int64) for name in self.writes}
        return docs.with_columns(**counts)


def recipe_of(folder: Path, *stages: AnyStage, limits: tuple[SourceLimit, ...] = ()) -> Recipe:
    for source, marks in (("web", 20), ("books", 2)):
        rows = faults.corpus(folder / source, 100, 2, role=source)
        for row in rows[:marks]:
            row["text"] += " @mark @stain" if row["id"].endswith("0") else " @mark"
        faults.write(folder / source / "part-0.jsonl", rows)
        (folder / source / "part-1.jsonl").unlink()
    sources = tuple(Source(name=name, path=str(folder / name)) for name in ("web", "books"))
    return Recipe(name="resources", sources=sources, stages=stages, limits=limits)


def carried(recipe: Recipe, out: Path) -> Outcome:
    with open(os.devnull, "w") as nowhere:
        return run(recipe, str(out), Inline(), Lines(nowhere))


def names(recipe: Recipe) -> list[list[str]]:
    return [[stage.name for stage in segment.stages] for segment in segments(recipe)]


def test_a_stage_that_wants_a_gpu_is_a_segment_of_its_own(tmp_path: Path) -> None:
    there = Seen(name="a"), Seen(name="b")
    recipe = recipe_of(tmp_path, Normalize(), there[0], Length(), ExactDedup(), there[1])
    assert names(recipe) == [[], ["unique_ids"], ["normalize"], ["a"], ["length"], ["exact_dedup"], ["b"]]
    assert [segment.gpus for segment in segments(recipe)] == [0, 0, 0, 1, 0, 0, 1]
    asks_nothing = recipe_of(tmp_path, Normalize(), Seen(cost=Cost(gpus=0)), Length())
    assert names(asks_nothing) == [[], ["unique_ids"], ["normalize", "seen", "length"]]


def test_in_this_process_such_a_stage_runs_and_the_ledger_balances(tmp_path: Path) -> None:
    outcome = carried(recipe_of(tmp_path, Normalize(), Seen(), Length()), tmp_path / "run")
    assert outcome.kept == 200
    assert [count.stage for count in total(read_ledger(str(tmp_path / "run")))][-3:] == ["normalize", "seen", "length"]


def test_on_ray_its_tasks_are_shown_one_gpu_and_those_of_other_stages_none(tmp_path: Path) -> None:
    free = Seen(name="free", cost=Cost(gpus=0))
    recipe = recipe_of(tmp_path, free, Seen())
    with on_ray(cpus=2, gpus=1) as engine, open(os.devnull, "w") as nowhere:
        run(recipe, str(tmp_path / "run"), engine, Lines(nowhere))
    kept = pl.read_parquet(tmp_path / "run" / "kept" / "*.parquet")
    assert kept["seen_gpus"].unique().to_list() == ["0"]
    assert kept["free_gpus"].fill_null("").unique().to_list() == [""]


def test_a_gpu_that_ray_does_not_have_is_refused_before_any_work_instead_of_waited_for(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.py"
    recipe_of(tmp_path)
    recipe.write_text(
        "from curate.recipe import Recipe, Source\nfrom tests.test_resources import Seen\n"
        "recipe = Recipe(name='gpu', sources=(Source(name='web', path='web'),), stages=(Seen(),))\n"
    )
    command = [sys.executable, "-m", "curate", "run", str(recipe), "--out", str(tmp_path / "run"), "--workers", "1"]
    hidden = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=hidden)
    assert done.returncode == 2, done.stderr
    assert "stage seen asks for 1 GPU, and Ray has 0" in done.stderr
    assert not (tmp_path / "run" / "commits").exists()


def test_a_source_of_which_more_is_removed_than_its_limit_stops_the_run_and_can_be_looked_at(tmp_path: Path) -> None:
    limit = SourceLimit(stage="marked", share=0.1)
    with pytest.raises(SourceStopped, match=r"source web is stopped.* 20 of its 100 documents .*mark 20, stain 2"):
        carried(recipe_of(tmp_path, Marked(), limits=(limit,)), tmp_path / "run")
    samples = pl.read_parquet(tmp_path / "run" / "samples" / "*.parquet")
    assert samples.filter(pl.col("source") == "web").height == 20


@pytest.mark.parametrize(
    "limit",
    [
        SourceLimit(stage="marked", share=0.2),
        SourceLimit(stage="marked", share=0.05, source="books"),
        SourceLimit(stage="marked", share=0.05, reason="stain"),
        SourceLimit(stage="marked", share=0.1, least=101),
    ],
)
def test_a_limit_counts_its_own_source_and_reason_and_says_nothing_of_few_documents(
    tmp_path: Path, limit: SourceLimit
) -> None:
    assert carried(recipe_of(tmp_path, Marked(), limits=(limit,)), tmp_path / "run").kept == 178


def test_a_reason_that_is_not_the_first_of_a_document_counts_too(tmp_path: Path) -> None:
    limit = SourceLimit(stage="marked", share=0.01, reason="stain")
    with pytest.raises(SourceStopped, match="removed 2 of its 100 documents for stain"):
        carried(recipe_of(tmp_path, Marked(), limits=(limit,)), tmp_path / "run")


@pytest.mark.parametrize(
    "limit, said",
    [
        (SourceLimit(stage="market", share=0.1), "stage 'market'; there are marked, seen"),
        (SourceLimit(stage="seen", share=0.1), "only measures"),
        (SourceLimit(stage="marked", share=0.1, reason="spot"), "it gives mark, stain"),
        (SourceLimit(stage="marked", share=0.1, source="news"), "does not read"),
        (SourceLimit(stage="marked", share=5), "expected at least 0, below 1"),
    ],
)
def test_a_limit_that_can_never_be_passed_is_refused(tmp_path: Path, limit: SourceLimit, said: str) -> None:
    with pytest.raises(RecipeRefused, match=said):
        check(recipe_of(tmp_path, Marked(), Seen(cost=Cost()), limits=(limit,)))


def test_a_folder_is_known_by_all_that_lies_in_it(tmp_path: Path) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Loads:
        model: AssetFolder
        place: str = field(default="here", metadata=ASIDE)

    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "deep" / "weights").write_bytes(b"1")
    stage = Loads(model=AssetFolder.of(tmp_path / "model"))
    assert assets_of(stage) == (stage.model,)  # type: ignore[arg-type]
    assert stage.model.verified() == [tmp_path / "model" / "deep" / "weights"]
    assert settings(stage) == settings(Loads(model=stage.model, place="there"))
    for change in ({"more": b""}, {"deep/weights": b"2"}):
        for name, data in change.items():
            (tmp_path / "model" / name).write_bytes(data)
        assert AssetFolder.of(tmp_path / "model") != stage.model
        with pytest.raises(AssetChanged, match="restore the folder"):
            stage.model.verified()
