"""A recipe from end to end: what is refused, what is taken over, where it may read and write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest

from curate import files
from curate.apply import apply, sources_of
from curate.audit.sample import samples
from curate.audit.why import why
from curate.dedup.exact import ExactDedup
from curate.document import doc_id
from curate.engine import Incomplete, Inline, R, T
from curate.job import run
from curate.ledger import read_ledger
from curate.mix.settings import Mix, MixRefused
from curate.progress import Lines
from curate.publish.settings import Version
from curate.read import UnknownFormat
from curate.recipe import Recipe, RecipeRefused, Source, check, load, segments
from curate.run import Outcome, WipedOut
from curate.stage import AnyStage, Asset, AssetChanged, BrokenStage, Rule
from curate.stages.extract import Extract
from curate.stages.heuristics.length import Length
from curate.stages.normalize import Normalize
from curate.stages.split import Split
from curate.train.settings import Train
from tests import faults


def quietly(recipe: Recipe, out: str | Path) -> Outcome:
    with open(os.devnull, "w") as nowhere:
        return run(recipe, str(out), Inline(), Lines(nowhere))


def recipe_of(folder: Path, *stages: AnyStage) -> Recipe:
    return Recipe(name="small", sources=(Source(name="small", path=str(folder)),), stages=stages)


# Refused before any work


@dataclass(frozen=True, kw_only=True)
class Reads:
    """Reads what nobody writes."""

    name: str = "reads"
    version = 1
    reads = {"fluency": pl.Float64()}
    writes = {"out": pl.Int64()}
    rules = ()

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return docs


@dataclass(frozen=True, kw_only=True)
class JudgesNothing(faults.Raises):
    """Has a rule about a measure that is not there."""

    name: str = "judges_nothing"
    rules = (Rule(reason="never", measure="nowhere", low=1),)


@dataclass(frozen=True, kw_only=True)
class Limits(faults.Measure):
    """Has a rule with limits about a text, or one about a truth that is none."""

    when: str | None = None
    measure: str = "text"
    name: str = "limits"

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(reason="low", measure=self.measure, low=1, when=self.when),)


@dataclass(frozen=True, kw_only=True)
class WritesTokens(faults.Measure):
    """Writes a column that the mix writes too."""

    writes = {"tokens": pl.Int64()}


@dataclass(frozen=True, kw_only=True)
class Configured(faults.Raises):
    """Has a setting that can't be written down."""

    by: object = len


@pytest.mark.parametrize(
    "stages, said",
    [
        ((Reads(),), "reads column 'fluency', which no earlier stage writes"),
        ((Length(), Length()), "two stages are named 'length'"),
        ((Length(), Length(name="again")), "both write column"),
        ((JudgesNothing(),), "there is no column 'nowhere'"),
        ((Limits(),), "'text' is String; limits want a number"),
        ((Limits(measure="faulty_chars", when="text"),), "'text' is String, expected Boolean"),
        ((WritesTokens(),), "'tokens', which is Curate's own"),
        ((Configured(),), "stage faulty has a setting that is no data"),
        ((ExactDedup(), Extract()), "must come after extraction"),
    ],
)
def test_a_recipe_that_cannot_work_is_refused_before_any_work(
    tmp_path: Path, stages: tuple[AnyStage, ...], said: str
) -> None:
    faults.corpus(tmp_path / "in", 4, 1)
    with pytest.raises(RecipeRefused, match=said):
        quietly(recipe_of(tmp_path / "in", *stages), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_source_without_files_is_refused_with_the_place_that_was_looked_at(tmp_path: Path) -> None:
    with pytest.raises(RecipeRefused, match=r"nothing at .*missing"):
        check(recipe_of(tmp_path / "missing"))


def test_a_model_without_a_mix_to_train_it_on_is_refused(tmp_path: Path) -> None:
    faults.corpus(tmp_path, 2, 1)
    with pytest.raises(RecipeRefused, match="train needs a mix"):
        check(replace(recipe_of(tmp_path), train=Train()))


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    faults.corpus(tmp_path, 2, 1)
    source = Source(name="twin", path=str(tmp_path))
    with pytest.raises(RecipeRefused, match="two sources are named 'twin'"):
        check(Recipe(name="twins", sources=(source, source)))


@pytest.mark.parametrize("name", [".web", "a/b", "../up", "", "line\n", "网" * 40])
def test_a_name_that_could_not_stand_in_the_name_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    faults.corpus(tmp_path, 2, 1)
    with pytest.raises(RecipeRefused, match="name"):
        check(Recipe(name="odd", sources=(Source(name=name, path=str(tmp_path)),)))
    with pytest.raises(RecipeRefused, match="name"):
        check(recipe_of(tmp_path, Length(name=name)))


def test_raw_pages_without_a_stage_that_extracts_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "page.html").write_text("<p>text</p>")
    with pytest.raises(RecipeRefused, match="no stage extracts"):
        quietly(recipe_of(tmp_path / "in"), tmp_path / "run")


def test_a_file_of_unknown_format_is_named_with_the_formats_that_are_known(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "table.xlsx").write_bytes(b"PK")
    with pytest.raises(UnknownFormat, match=r"table\.xlsx.*\.jsonl"):
        quietly(recipe_of(tmp_path / "in"), tmp_path / "run")


def test_a_share_above_the_cap_is_refused_when_the_recipe_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "recipe.py").write_text(
        "from pathlib import Path\n"
        "from curate.mix.settings import Mix\nfrom curate.stage import Asset\n"
        "mix = Mix(tokenizer=Asset.of(Path(__file__).parent / 'tokenizer.json'), domain_share=0.3)\n"
    )
    with pytest.raises(RecipeRefused, match=r"line 4: MixRefused: domain_share 30 % is above the cap of 15 %"):
        load(tmp_path / "recipe.py")
    assert issubclass(MixRefused, ValueError)


@pytest.mark.parametrize("line", ["1 / 0", "import sys; sys.exit(0)", "import nothing_of_this_name"])
def test_a_recipe_that_fails_or_leaves_is_refused_with_the_line(
    tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "recipe.py").write_text(f"import os\n{line}\n")
    monkeypatch.chdir(tmp_path)
    for path in (Path("recipe.py"), tmp_path / "recipe.py"):
        with pytest.raises(RecipeRefused, match=r"recipe\.py, line 2: "):
            load(path)


CTRL_C = """
import os, signal
from dataclasses import dataclass
from curate.recipe import Recipe, Source
from curate.stage import Cost

@dataclass(frozen=True, kw_only=True)
class CtrlC:
    name: str = "ctrl_c"
    cost: Cost = Cost(isolated=True)
    version = 1
    reads = {}
    writes = {}
    rules = ()

    def __call__(self, docs):
        os.killpg(os.getpgid(0), signal.SIGINT)
        signal.pause()
        return docs

recipe = Recipe(name="small", sources=(Source(name="small", path="in"),), stages=(CtrlC(),))
"""


def test_ctrl_c_leaves_a_run_incomplete_and_says_how_to_go_on(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 4, 1)
    (tmp_path / "recipe.py").write_text(CTRL_C)
    # As at a terminal, the signal goes to the whole group: Curate and its child.
    command = [sys.executable, "-m", "curate", "run", "recipe.py", "--out", "run", "--inline"]
    done = subprocess.run(command, cwd=tmp_path, start_new_session=True, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("curate: interrupted. What was committed is kept")
    assert "Traceback" not in done.stderr


def test_a_model_that_changed_since_the_recipe_named_it_is_refused(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 4, 1)
    model = tmp_path / "model.bin"
    model.write_bytes(b"one")

    @dataclass(frozen=True, kw_only=True)
    class Judges(faults.Raises):
        model: Asset

    stage = Judges(model=Asset.of(model))
    model.write_bytes(b"two")
    with pytest.raises(AssetChanged, match="restore the file"):
        check(recipe_of(tmp_path / "in", stage))


# Segments, and what is taken over


def test_a_recipe_is_cut_after_extraction_and_at_corpus_stages(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, Extract(), Normalize(), Length(), ExactDedup())
    names = [(segment.name, [stage.name for stage in segment.stages]) for segment in segments(recipe)]
    assert names == [
        ("0-read", ["extract"]),
        ("1-unique_ids", ["unique_ids"]),
        ("2-chain", ["normalize", "length"]),
        ("3-exact_dedup", ["exact_dedup"]),
        ("4-chain", []),
    ]


def finished(out: Path) -> dict[str, float]:
    """When each piece of work was done."""
    return {f"{record.segment}/{record.shard}": record.facts["finished"] for record in read_ledger(str(out))}


def test_a_changed_setting_runs_again_only_what_depends_on_it(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 40)
    quietly(recipe_of(tmp_path / "in", Normalize(), ExactDedup(), Length()), tmp_path / "run")
    before = finished(tmp_path / "run")
    quietly(recipe_of(tmp_path / "in", Normalize(), ExactDedup(), Length(low=90)), tmp_path / "run")
    after = finished(tmp_path / "run")
    again = {work for work, when in after.items() if before.get(work) != when}
    assert again == {work for work in after if work.startswith("4-chain/")}


@pytest.mark.parametrize("left", [None, 50])
def test_work_whose_objects_are_gone_or_cut_is_done_again(tmp_path: Path, left: int | None) -> None:
    faults.corpus(tmp_path / "in", 40)
    recipe = recipe_of(tmp_path / "in", Normalize(), ExactDedup(), Length())
    whole = quietly(recipe, tmp_path / "run")
    for path in sorted((tmp_path / "run" / "objects").rglob("*.data-000.parquet")):
        data = path.read_bytes()
        path.unlink()
        if left is not None:
            path.write_bytes(data[:left])
    again = quietly(recipe, tmp_path / "run")
    assert again.print == whole.print
    assert pl.read_parquet(tmp_path / "run" / "kept" / "*.parquet").height == 40


def judging(low: int) -> AnyStage:
    """A stage whose rule is no setting of it, as it stands in a recipe that is edited."""

    @dataclass(frozen=True, kw_only=True)
    class Judging(faults.Measure):
        rules = (Rule(reason="short", measure="faulty_chars", low=low),)

        def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
            return self.measured(docs)

    return Judging()


def test_a_rule_that_is_no_setting_counts_when_it_is_changed(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 40)
    assert quietly(recipe_of(tmp_path / "in", judging(1)), tmp_path / "run").kept == 40
    assert quietly(recipe_of(tmp_path / "in", judging(10**6)), tmp_path / "run").kept == 0


def test_a_run_that_fails_leaves_no_ledger_of_the_one_before(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 40)
    quietly(recipe_of(tmp_path / "in"), tmp_path / "run")
    with pytest.raises(BrokenStage):
        quietly(recipe_of(tmp_path / "in", faults.Drops()), tmp_path / "run")
    with pytest.raises(FileNotFoundError, match="a run that ended"):
        read_ledger(str(tmp_path / "run"))


class Meanwhile(Inline):
    """Lets somebody write to a file between the hashing of inputs and their reading."""

    def __init__(self, file: Path) -> None:
        self.file, self.steps = file, 0

    def run(self, task: Callable[[T], R], items: Sequence[T], gpus: float = 0) -> Iterator[tuple[int, R]]:
        self.steps += 1
        if self.steps == 2:
            with self.file.open("a") as file:
                file.write('{"text": "one more"}\n')
        return super().run(task, items, gpus)


def test_a_file_that_grows_while_it_is_read_is_not_taken_for_the_one_that_was_hashed(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 10, 1)
    recipe, out = recipe_of(tmp_path / "in"), tmp_path / "run"
    with pytest.raises(Incomplete, match="bytes when it was hashed"), open(os.devnull, "w") as nowhere:
        run(recipe, str(out), Meanwhile(tmp_path / "in" / "part-0.jsonl"), Lines(nowhere))
    assert quietly(recipe, out).kept == 11


def test_a_mix_is_taken_over_only_while_it_is_the_one_that_lies_there(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "general", 200, 2)
    faults.corpus(tmp_path / "domain", 40, 1, role="domain")
    sources = (
        Source(name="general", path=str(tmp_path / "general")),
        Source(name="domain", path=str(tmp_path / "domain"), role="domain"),
    )
    tokenizer = Asset.of(Path(__file__).parent.parent / "data_samples" / "tokenizer" / "tokenizer.json")
    plans = []
    for share in (0.1, 0.05, 0.1):
        mix = Mix(tokenizer=tokenizer, row_length=128, domain_share=share)
        quietly(Recipe(name="mixed", sources=sources, mix=mix), tmp_path / "run")
        plans.append((tmp_path / "run" / "mix" / "plan.json").read_bytes())
    assert plans[0] == plans[2] != plans[1]


def test_another_ratio_is_another_plan_over_the_tokens_of_the_run(tmp_path: Path) -> None:
    """The files of tokens are the same ones; what changes the tokens makes new ones."""
    faults.corpus(tmp_path / "general", 200, 2)
    faults.corpus(tmp_path / "domain", 40, 1, role="domain")
    sources = (
        Source(name="general", path=str(tmp_path / "general")),
        Source(name="domain", path=str(tmp_path / "domain"), role="domain"),
    )
    tokenizer = Asset.of(Path(__file__).parent.parent / "data_samples" / "tokenizer" / "tokenizer.json")
    files = []
    for wishes in ({}, {"domain_share": 0.05}, {"weights": {"general": 2.0}}, {"seed": 3}):
        mix = Mix(tokenizer=tokenizer, row_length=128, **wishes)
        quietly(Recipe(name="mixed", sources=sources, mix=mix), tmp_path / "run")
        files.append((tmp_path / "run" / "mix" / "tokens" / "general.bin").stat().st_ino)
        assert sorted(path.name for path in (tmp_path / "run").iterdir() if path.name.startswith("mix")) == ["mix"]
    assert files[0] == files[1] == files[2] != files[3]


def test_a_source_is_sampled_by_hash_so_that_a_smaller_sample_lies_in_a_larger_one(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 400)
    kept = {}
    for take in (0.2, 0.5):
        recipe = recipe_of(tmp_path / "in")
        source = replace(recipe.sources[0], take=take)
        quietly(replace(recipe, sources=(source,)), tmp_path / f"run-{take}")
        kept[take] = set(pl.read_parquet(tmp_path / f"run-{take}" / "kept" / "*.parquet")["doc_id"])
    assert 50 < len(kept[0.2]) < 110 and 160 < len(kept[0.5]) < 240
    assert kept[0.2] < kept[0.5]


def test_documents_of_one_id_are_refused_behind_the_door_but_one(tmp_path: Path) -> None:
    rows = faults.corpus(tmp_path / "in", 20, 2)
    faults.write(tmp_path / "in" / "again.jsonl", [{**rows[3], "text": rows[3]["text"] + "changed"}, rows[4]])
    source = Source(name="small", path=str(tmp_path / "in"), key="id")
    outcome = quietly(Recipe(name="keyed", sources=(source,)), tmp_path / "run")
    assert outcome.kept == 20
    verdicts = pl.read_parquet(tmp_path / "run" / "verdicts" / "*.parquet")
    assert verdicts.select("origin_id", "reason").sort("origin_id").rows() == [
        ("general-3", "duplicate_id"),
        ("general-4", "duplicate_id"),
    ]


def test_an_empty_corpus_is_a_run_that_keeps_nothing(tmp_path: Path) -> None:
    faults.write(tmp_path / "in.jsonl", [])
    assert quietly(recipe_of(tmp_path / "in.jsonl", Normalize(), ExactDedup(), Length()), tmp_path / "run").kept == 0


def test_a_run_reads_from_and_writes_to_object_storage(bucket: str, tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 30)
    for file in sorted((tmp_path / "in").iterdir()):
        with files.create(files.join(bucket, "in", file.name)) as target:
            target.write(file.read_bytes())
    stages = (Normalize(), Length(), ExactDedup())
    source = Source(name="small", path=f"{bucket}/in/*.jsonl")
    there = quietly(Recipe(name="s3", sources=(source,), stages=stages), f"{bucket}/run")
    here = quietly(recipe_of(tmp_path / "in", *stages), tmp_path / "run")
    assert there.kept == here.kept == 30
    with files.open_read(files.found(f"{bucket}/run/kept")[0].path) as file:
        kept = pl.read_parquet(file)
    assert kept.equals(pl.read_parquet(tmp_path / "run" / "kept" / "*.parquet"))
    again = quietly(Recipe(name="s3", sources=(source,), stages=stages), f"{bucket}/run")
    assert again.print == there.print


# The command line


def curate(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "curate", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def script(folder: Path, body: str) -> Path:
    path = folder / "recipe.py"
    path.write_text(f"from curate.recipe import Recipe, Source\n{body}")
    return path


@pytest.mark.parametrize(
    "body, said",
    [
        ("x = 1", "expected it to define `recipe = Recipe"),
        ("import nothing_of_this_name", "line 2: ModuleNotFoundError"),
        ("recipe = Recipe(name='x', sources=(Source(name='a', path='missing'),))", "nothing at missing"),
        ("recipe = Recipe(name='x', sources=())", "no sources"),
    ],
)
def test_a_bad_recipe_is_one_clear_line_and_exit_code_2(tmp_path: Path, body: str, said: str) -> None:
    done = curate("run", script(tmp_path, body), "--out", tmp_path / "run", "--inline")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_sampled_run_predicts_and_leaves_the_whole_run_alone(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 400)
    recipe = script(
        tmp_path,
        "from curate.stages.heuristics.length import Length\n"
        "recipe = Recipe(name='x', sources=(Source(name='a', path='in'),), stages=(Length(low=200),))\n",
    )
    done = curate("run", recipe, "--out", tmp_path / "run", "--sample", "0.25", "--inline")
    assert done.returncode == 0, done.stderr
    assert "prediction for the whole from 25 % of it" in done.stdout
    assert not (tmp_path / "run" / "run.json").exists()


@pytest.mark.parametrize("command", ["run", "plan", "why", "funnel", "sample", "apply", "demo"])
def test_every_command_explains_itself(command: str) -> None:
    done = curate(command, "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 5


def test_asking_about_what_is_not_there_says_so(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 4, 1)
    quietly(recipe_of(tmp_path / "in"), tmp_path / "run")
    missing = curate("why", tmp_path / "run", "nobody")
    assert missing.returncode == 2 and "no document of" in missing.stderr
    reason = curate("sample", tmp_path / "run", "--reason", "nothing")
    assert reason.returncode == 2 and "the reasons of this run are: none" in reason.stderr
    folder = curate("funnel", tmp_path)
    assert folder.returncode == 2 and "ledger.jsonl" in folder.stderr


def test_what_strangers_wrote_is_shown_and_never_driven_through_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b]0;title\x07\x9b31m\u202e"
    rows = [
        {
            "id": f"kept{evil}",
            "url": f"http://a.example/{evil}",
            "license": evil,
            "text": f"Some words in a row. {evil}" * 9,
        },
        {"id": f"gone{evil}", "url": f"http://b.example/{evil}", "text": evil},
        {"id": f"odd{evil}", "url": f"http://c.example/{evil}", evil: 5},
    ]
    path = faults.write(tmp_path / f"evil{evil}.jsonl", rows)
    curate("apply", "length", path, "--out", tmp_path / "out")
    asked = [("why", tmp_path / "out", row[by]) for row in rows for by in ("id", "url")]
    for command in [*asked, ("sample", tmp_path / "out", "--reason", "too_short"), ("why", tmp_path / "out", evil)]:
        done = curate(*command)
        said = done.stdout + done.stderr
        assert "\\x1b]0;title\\x07\\x9b31m\\x202e" in said
        assert all(char.isprintable() or char == "\n" for char in said)


def test_a_record_that_could_not_be_read_is_found_by_all_that_names_it(tmp_path: Path) -> None:
    path = faults.write(tmp_path / "in.jsonl", [{"text": "a"}, {"id": 7, "url": "http://x.example", "text": 5}])
    curate("apply", "normalize", path, "--out", tmp_path / "out")
    for key in ("7", "http://x.example", "in.jsonl#2"):
        assert "wrong_type" in curate("why", tmp_path / "out", key).stdout


def test_trying_a_stage_shows_what_it_does_even_if_that_is_to_remove_all(tmp_path: Path) -> None:
    rows = [
        {"id": str(number), "text": f"Le chat numéro {number} dort sur la table de la cuisine, et la pluie tombe."}
        for number in range(80)
    ]
    path = faults.write(tmp_path / "french.jsonl", rows)
    done = curate("apply", "language", path, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert pl.read_parquet(tmp_path / "out" / "kept.parquet").height == 0
    assert sorted(pl.read_parquet(tmp_path / "out" / "verdicts.parquet")["origin_id"].to_list(), key=int) == [
        row["id"] for row in rows
    ]


@pytest.mark.parametrize(
    "name", ["*.html", ".a.html", "x" * 245 + ".html", "文" * 80 + ".html", "-.html", os.fsdecode(b"\xff.html")]
)
def test_a_stage_is_tried_on_files_of_any_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    for copy in (tmp_path / "in" / name.replace("*", "a"), tmp_path / "in" / name.replace("*", "b")):
        copy.write_text("<p>" + "Ten words make a line that says something here. " * 5)
    out = tmp_path / "out"
    with open(os.devnull, "w") as nowhere:
        counts = apply((Extract(),), [str(tmp_path / "in" / name)] * 2, str(out), Inline(), Lines(nowhere))
    assert counts["kept"] == counts["read"] > 0
    assert pl.read_parquet(out / "kept.parquet").height == counts["read"]
    json.loads((out / "run.json").read_bytes())


def test_inputs_of_one_name_become_sources_of_different_names() -> None:
    assert [source.name for source in sources_of(["x/a-2", "x/a", "y/a", "z/a"])] == ["a-2", "a", "a-3", "a-4"]


def test_settings_of_a_tried_stage_are_given_by_name_and_wrong_ones_are_named(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 10, 1)
    done = curate("apply", "length", tmp_path / "in", "--out", tmp_path / "out", "--set", "low=100000")
    assert done.returncode == 0, done.stderr
    assert pl.read_parquet(tmp_path / "out" / "verdicts.parquet")["limit"].to_list() == [100_000] * 10
    wrong = curate("apply", "length", tmp_path / "in", "--out", tmp_path / "out2", "--set", "least=1")
    assert wrong.returncode == 2
    assert "has no setting 'least'; it has high, low" in wrong.stderr
    unknown = curate("apply", "lenght", tmp_path / "in", "--out", tmp_path / "out3")
    assert unknown.returncode == 2
    assert "there is no stage 'lenght'; there are extract," in unknown.stderr


def test_why_finds_a_split_document_whatever_became_of_its_parts_and_in_any_folder(tmp_path: Path) -> None:
    chapters = [f"# 第{number}章 标题\n{faults.sentence('zh', number, 300 * number)}\n" for number in range(1, 5)]
    faults.write(tmp_path / "in.jsonl", [{"id": "book", "text": "".join(chapters)}])
    out = tmp_path / "run [1]"
    for low, kept in ((2500, 2), (10**6, 0)):
        quietly(recipe_of(tmp_path / "in.jsonl", Split(longer_than=200), Length(low=low)), out)
        told = why(str(out), doc_id("small", "in.jsonl#1"))
        assert "split into 4 parts" in told
        assert (told.count("  kept"), told.count("  removed")) == (kept, 4 - kept)
    assert samples(str(out), "too_short").height == 4


def test_a_run_that_fails_gives_the_terminal_its_cursor_back(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 4, 1)
    body = """from tests.faults import Drops
recipe = Recipe(name='x', sources=(Source(name='a', path='in'),), stages=(Drops(),))"""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "curate", "run", script(tmp_path, body), "--out", tmp_path / "run", "--inline"]
    process = subprocess.Popen(command, stderr=theirs, stdout=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    said = b""
    with suppress(OSError):  # how a terminal says that nobody writes to it any more
        while block := os.read(ours, 1 << 16):
            said += block
    os.close(ours)
    assert process.wait() == 1
    hidden, shown = said.rfind(b"\x1b[?25l"), said.rfind(b"\x1b[?25h")
    assert 0 <= hidden < shown


def test_an_edited_stage_of_a_recipe_runs_again_though_its_version_stayed(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 10, 1)
    body = (
        "from dataclasses import dataclass\nimport polars as pl\n\n\n"
        "@dataclass(frozen=True, kw_only=True)\nclass Own:\n    name: str = 'own'\n    version = 1\n    rules = ()\n"
        "    reads = {'text': pl.String()}\n    writes = {'own': pl.Int64()}\n\n"
        "    def __call__(self, docs):\n        return docs.with_columns(pl.lit(NUMBER, pl.Int64).alias('own'))\n\n\n"
        "recipe = Recipe(name='x', sources=(Source(name='a', path='in'),), stages=(Own(),))\n"
    )
    for number in (1, 2):
        done = curate(
            "run", script(tmp_path, body.replace("NUMBER", str(number))), "--out", tmp_path / "run", "--inline"
        )
        assert done.returncode == 0, done.stderr
        assert pl.read_parquet(tmp_path / "run" / "kept" / "*.parquet")["own"].unique().to_list() == [number]


def test_a_run_in_a_folder_with_brackets_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "run[1]"
    for role in ("general", "domain"):
        faults.corpus(tmp_path / role, 60, 1, role=role)
    tokenizer = Asset.of(Path(__file__).parent.parent / "data_samples" / "tokenizer" / "tokenizer.json")
    sources = tuple(Source(name=role, path=str(tmp_path / role), role=role) for role in ("general", "domain"))
    mix, version = Mix(tokenizer=tokenizer, row_length=64), Version(name="brackets", title="Brackets")
    quietly(Recipe(name="brackets", sources=sources, mix=mix, version=version), folder)
    assert (folder / "version" / "manifest.json").exists()


def test_what_a_stage_wiped_out_can_be_looked_at(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 200)
    with pytest.raises(WipedOut):
        quietly(recipe_of(tmp_path / "in", Length(low=10_000)), tmp_path / "run")
    shown = curate("sample", tmp_path / "run", "--reason", "too_short")
    assert shown.returncode == 0, shown.stderr


def test_folders_of_a_run_hold_tables_even_where_there_is_nothing_to_tell(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 10, 1)
    quietly(recipe_of(tmp_path / "in"), tmp_path / "run")
    for folder in ("verdicts", "quarantine"):
        assert pl.read_parquet(tmp_path / "run" / folder / "*.parquet").height == 0
    assert {"doc_id", "stage", "reason", "measure", "value", "limit", "evidence"} <= set(
        pl.read_parquet_schema(tmp_path / "run" / "verdicts" / "none.parquet")
    )
