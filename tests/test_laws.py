"""The laws of docs/design.md, each with a test of its name."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest
from tokenizers import Tokenizer

from curate import read
from curate.engine import Incomplete, Inline, on_ray
from curate.files import FileInfo
from curate.job import ToleranceExceeded, run
from curate.ledger import Ids, NotConserved, Record, read_ledger
from curate.progress import Lines
from curate.recipe import Recipe, Source
from curate.run import Outcome, WipedOut, balance
from curate.shard import Shard
from curate.stage import AnyStage, BrokenStage
from curate.stages.heuristics.length import Length
from curate.stages.normalize import Normalize
from curate.stages.split import Split
from tests import faults

ROOT = Path(__file__).parent.parent


def carried(recipe: Recipe, out: Path) -> Path:
    """The run's directory after `recipe` in this process."""
    with open(os.devnull, "w") as quiet:
        run(recipe, str(out), Inline(), Lines(quiet))
    return out


def small(folder: Path, *stages: AnyStage, tolerance: float = 0.0, documents: int = 120, files: int = 3) -> Recipe:
    faults.corpus(folder / "input", documents, files)
    source = Source(name="small", path=str(folder / "input"), license="CC0-1.0")
    return Recipe(name="small", sources=(source,), stages=stages, tolerance=tolerance)


def table(out: Path, folder: str) -> pl.DataFrame:
    files = sorted((out / folder).glob("*.parquet"))
    nothing = pl.DataFrame(schema={"doc_id": pl.String, "origin_id": pl.String})
    return pl.read_parquet(files) if files else nothing


def plant(folder: Path, number: int = 7, mark: str = "TRIGGER") -> str:
    """Mark one document of the corpus; its origin_id."""
    path = folder / "input" / "part-0.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    rows[number]["text"] += mark
    faults.write(path, rows)
    return str(rows[number]["id"])


# Conservation


def test_every_id_that_is_read_is_kept_removed_or_quarantined_once(tmp_path: Path) -> None:
    recipe = small(tmp_path, faults.Raises(), Normalize(), Length(low=400), tolerance=1.0)
    failing = plant(tmp_path)
    out = carried(recipe, tmp_path / "run")
    kept, gone, bad = (
        table(out, folder)["origin_id"].unique().to_list() for folder in ("kept", "verdicts", "quarantine")
    )
    assert bad == [failing]
    assert kept and gone
    assert sorted(kept + gone + bad) == sorted(row["id"] for row in faults.corpus(tmp_path / "again"))


def test_the_ledger_balances_for_every_stage_by_count_and_sum_of_ids(tmp_path: Path) -> None:
    out = carried(small(tmp_path, Normalize(), Split(longer_than=200), Length(low=400)), tmp_path / "run")
    for record in read_ledger(str(out)):
        for count in record.stages:
            count.balance(record.shard)
            assert count.ids_in + count.children == count.kept + count.removed + count.quarantined + count.parents


def test_a_record_that_a_reader_loses_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read.open_shard

    def lossy(source: Source, file: FileInfo) -> Iterator[read.Batch]:
        for batch in whole(source, file):
            yield replace(batch, docs=batch.docs.head(batch.docs.height - 1))

    monkeypatch.setattr(read, "open_shard", lossy)
    with pytest.raises(NotConserved, match="40 records were read, 39 are accounted for"):
        carried(small(tmp_path, documents=40, files=1), tmp_path / "run")


def test_the_last_segment_writes_the_very_documents_that_the_last_stage_kept() -> None:
    kept, written = Ids.of(["a" * 32, "b" * 32]), Ids.of(["a" * 32, "a" * 32])
    first = Record("0-read", "s", "", reading={"records": 2, "documents": 2, "ids": kept.sum, "skipped": {},
                                               "quarantined": 0}, written=kept)  # fmt: skip
    last = Record("1-chain", "s", "", written=written)
    with pytest.raises(NotConserved, match="not the same ones"):
        balance(Outcome([Shard("s", "", 2, 0, "")], [first, last]), "1-chain")


def test_a_loss_and_a_duplicate_do_not_cancel() -> None:
    a, b, c = ("a" * 32, "b" * 32, "c" * 32)
    assert Ids.of([a, b, c]).count == Ids.of([a, a, c]).count
    assert Ids.of([a, b, c]) != Ids.of([a, a, c])
    assert Ids.of([a, b]) + Ids.of([c]) == Ids.of([c, b, a])


@pytest.mark.parametrize("stage", [faults.Drops(), faults.Doubles()])
def test_a_stage_that_drops_or_doubles_a_document_fails_the_run(tmp_path: Path, stage: AnyStage) -> None:
    with pytest.raises(BrokenStage, match="dropped, added or reordered"):
        carried(small(tmp_path, stage), tmp_path / "run")


@pytest.mark.parametrize("stage, column", [(faults.Sneaks(), "text"), (faults.Forgets(), "license")])
def test_a_stage_that_changes_what_it_does_not_declare_fails_the_run(
    tmp_path: Path, stage: AnyStage, column: str
) -> None:
    with pytest.raises(BrokenStage, match=f"changed or dropped '{column}'"):
        carried(small(tmp_path, stage), tmp_path / "run")


def test_an_editor_that_lies_about_what_it_cut_fails_the_run(tmp_path: Path) -> None:
    with pytest.raises(NotConserved, match="characters in"):
        carried(small(tmp_path, faults.LyingEditor()), tmp_path / "run")


def test_the_parts_of_a_split_document_hold_all_its_characters(tmp_path: Path) -> None:
    book = "".join(f"# 第{number}章 标题\n{faults.sentence('zh', number, 400)}\n" for number in range(6))
    faults.corpus(tmp_path / "input", 4, 1)
    faults.write(tmp_path / "input" / "book.jsonl", [{"id": "book", "text": book}])
    source = Source(name="books", path=str(tmp_path / "input"))
    out = carried(Recipe(name="books", sources=(source,), stages=(Split(longer_than=500),)), tmp_path / "run")
    parts = table(out, "kept").filter(pl.col("parent_id").is_not_null())
    assert parts.height > 1
    assert parts["doc_id"].n_unique() == parts.height
    assert "".join(parts["text"]) == book


# Honest exits and who is to blame


@pytest.mark.parametrize("stage", [faults.Raises(), faults.Dies(), faults.Crashes()])
def test_a_document_that_a_stage_fails_on_costs_exactly_itself(tmp_path: Path, stage: AnyStage) -> None:
    recipe = small(tmp_path, stage, tolerance=1.0, documents=1000)
    failing = plant(tmp_path, 100)
    with on_ray(cpus=2) as engine, open(os.devnull, "w") as quiet:
        run(recipe, str(tmp_path / "run"), engine, Lines(quiet))
    bad = table(tmp_path / "run", "quarantine")
    assert bad["origin_id"].to_list() == [failing]
    expected = {"Raises": "too much for me", "Dies": "status 7", "Crashes": "SIGSEGV"}[type(stage).__name__]
    assert expected in bad["error"][0]
    assert table(tmp_path / "run", "kept").height == 999


def test_a_service_that_is_busy_leaves_the_run_incomplete_on_a_cluster_too(tmp_path: Path) -> None:
    with on_ray(cpus=1) as engine, open(os.devnull, "w") as quiet, pytest.raises(Incomplete, match="Error 503: busy"):
        run(small(tmp_path, faults.Busy()), str(tmp_path / "run"), engine, Lines(quiet))


def test_more_quarantine_than_is_tolerated_ends_the_run_before_it_publishes(tmp_path: Path) -> None:
    recipe = small(tmp_path, faults.Raises())
    plant(tmp_path)
    with pytest.raises(ToleranceExceeded, match=r"quarantined 1 of 120 records"):
        carried(recipe, tmp_path / "run")
    assert table(tmp_path / "run", "kept").height == 119


def test_a_full_disk_never_ends_in_quarantine_and_the_run_goes_on_when_there_is_space(tmp_path: Path) -> None:
    flag = tmp_path / "full"
    flag.touch()
    recipe = small(tmp_path, faults.FullDisk(flag=str(flag)))
    with pytest.raises(Incomplete, match="No space left"):
        carried(recipe, tmp_path / "run")
    flag.unlink()
    out = carried(recipe, tmp_path / "run")
    assert table(out, "quarantine").height == 0
    assert table(out, "kept").height == 120


def test_a_stage_that_wipes_out_a_language_stops_the_run_unless_the_recipe_expects_it(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "input", 200)
    source = Source(name="small", path=str(tmp_path / "input"))
    # Latin letters carry less each: a limit in plain characters that is meant for English deletes all Chinese.
    stages = (LatinLength(),)
    with pytest.raises(WipedOut, match="lang=zh"):
        carried(Recipe(name="wipe", sources=(source,), stages=stages), tmp_path / "run")
    expecting = Recipe(name="wipe", sources=(source,), stages=stages, expects=frozenset({"lang=zh"}))
    assert table(carried(expecting, tmp_path / "run"), "kept")["lang"].unique().to_list() == ["en"]


@dataclass(frozen=True, kw_only=True)
class LatinLength:
    """A length rule as it is written by those who know one script."""

    name: str = "latin_length"
    version = 1
    reads = {"text": pl.String()}
    writes = {"latin_length": pl.Int64()}

    @property
    def rules(self) -> tuple[object, ...]:
        from curate.stage import Rule

        return (Rule(reason="short", measure="latin_length", low=400),)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return docs.with_columns(pl.col("text").str.len_chars().cast(pl.Int64).alias("latin_length"))


# Determinism, whatever is killed

RECIPE = """
from curate.dedup.exact import ExactDedup
from curate.dedup.minhash import MinHashDedup
from curate.mix.settings import Mix
from curate.publish.settings import Version
from curate.recipe import Recipe, Source
from pathlib import Path

from curate.stage import Asset
from curate.stages.heuristics.length import Length
from curate.stages.normalize import Normalize

recipe = Recipe(
    name="laws",
    sources=(
        Source(name="general", path="general", license="CC0-1.0"),
        Source(name="domain", path="domain", role="domain", domain="medical", license="CC0-1.0"),
    ),
    stages=(Normalize(), Length(), ExactDedup(), MinHashDedup()),
    mix=Mix(tokenizer=Asset.of(Path(__file__).parent / "tokenizer.json"), row_length=128),
    version=Version(name="laws", title="Laws", license="CC0-1.0"),
)
"""


TOKENIZER = (ROOT / "data_samples" / "tokenizer" / "tokenizer.json").read_bytes()


def project(folder: Path, *, shuffled: bool = False) -> Path:
    """A recipe with its input: 400 general and 60 domain documents, some twice; the files made in another order."""
    for role, documents, files in (("general", 400, 7), ("domain", 60, 3)):
        rows = faults.corpus(folder / "staging" / role, documents, files, role=role)
        faults.write(
            folder / "staging" / role / "copies.jsonl", [{**row, "id": row["id"] + "-copy"} for row in rows[::20]]
        )
        names = sorted((folder / "staging" / role).iterdir(), reverse=shuffled)
        (folder / role).mkdir(parents=True)
        for name in names:
            (folder / role / name.name).write_bytes(name.read_bytes())
    (folder / "tokenizer.json").write_bytes(TOKENIZER)
    (folder / "recipe.py").write_text(RECIPE)
    return folder / "recipe.py"


def command(recipe: Path, out: Path, *options: str, hash_seed: str = "0") -> list[str]:
    return [sys.executable, "-m", "curate", "run", str(recipe), "--out", str(out), *options]


def environment(hash_seed: str) -> dict[str, str]:
    return {**os.environ, "PYTHONHASHSEED": hash_seed}


def content(version: Path) -> dict[str, bytes]:
    return {str(file.relative_to(version)): file.read_bytes() for file in sorted(version.rglob("*")) if file.is_file()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version made in one process."""
    folder = tmp_path_factory.mktemp("undisturbed")
    recipe = project(folder)
    subprocess.run(command(recipe, folder / "run", "--inline"), check=True, env=environment("0"), capture_output=True)
    return folder / "run"


def test_workers_input_order_and_hash_seed_do_not_change_a_byte_of_the_version(
    undisturbed: Path, tmp_path: Path
) -> None:
    for workers, seed in (("1", "1"), ("4", "2")):
        recipe = project(tmp_path / workers, shuffled=workers == "4")
        out = tmp_path / workers / "run"
        subprocess.run(
            command(recipe, out, "--workers", workers), check=True, env=environment(seed), capture_output=True
        )
        assert content(out / "version") == content(undisturbed / "version")


def killed(process: subprocess.Popen[bytes], out: Path, commits: int, victim: str) -> bool:
    """Kill the driver or a worker once so many records are committed; whether the run was still going."""
    deadline = time.monotonic() + 120
    while len(list((out / "commits").rglob("*.json"))) < commits:
        if process.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.01)  # until the moment to strike; nothing is asserted on its length
    if victim == "driver":
        process.kill()
        process.wait()
        return True
    while process.poll() is None:  # a worker is idle between tasks: strike when one is at work
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if place.joinpath("cmdline").read_bytes().startswith(b"ray::_perform") and _descends(
                    int(place.name), process.pid
                ):
                    os.kill(int(place.name), signal.SIGKILL)
                    return True
    return False


def _descends(pid: int, ancestor: int) -> bool:
    while pid > 1:
        if pid == ancestor:
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except FileNotFoundError:
            return False
    return False


@pytest.mark.parametrize("commits", [1, 6, 14, 25])
def test_a_run_whose_driver_is_killed_ends_with_the_same_bytes(undisturbed: Path, tmp_path: Path, commits: int) -> None:
    recipe = project(tmp_path)
    out = tmp_path / "run"
    process = subprocess.Popen(command(recipe, out, "--inline"), env=environment("3"), stderr=subprocess.DEVNULL)
    struck = killed(process, out, commits, "driver")
    assert struck
    assert not (out / "ledger.jsonl").exists()
    subprocess.run(command(recipe, out, "--inline"), check=True, env=environment("4"), capture_output=True)
    assert content(out / "version") == content(undisturbed / "version")
    assert sorted(table(out, "kept")["doc_id"]) == sorted(table(undisturbed, "kept")["doc_id"])


def test_a_run_whose_worker_is_killed_ends_with_the_same_bytes(undisturbed: Path, tmp_path: Path) -> None:
    recipe = project(tmp_path)
    out = tmp_path / "run"
    process = subprocess.Popen(command(recipe, out, "--workers", "2"), env=environment("5"), stderr=subprocess.DEVNULL)
    assert killed(process, out, 3, "worker")
    assert process.wait() == 0
    assert table(out, "quarantine").height == 0
    assert content(out / "version") == content(undisturbed / "version")


# Provenance, immutability, ratio


def test_every_published_document_leads_back_to_its_source_and_licence(undisturbed: Path) -> None:
    published = pl.read_parquet(undisturbed / "version" / "data" / "*.parquet")
    assert published.height > 100
    for row in published.sample(40, seed=1).iter_rows(named=True):
        file, _, number = row["locator"].partition("#")
        line = (undisturbed.parent / row["source"] / file).read_text("utf-8").splitlines()[int(number) - 1]
        assert json.loads(line)["text"].startswith(row["text"][:50])
        assert row["license"] == "CC0-1.0"
        assert row["text_bytes"] >= 50  # the measure by which it was judged
    manifest = json.loads((undisturbed / "version" / "manifest.json").read_text())
    assert manifest["recipe"] == json.loads((undisturbed / "run.json").read_text())["recipe"]


def test_every_removed_document_leads_to_its_verdict(undisturbed: Path) -> None:
    verdicts = table(undisturbed, "verdicts")
    assert verdicts.height > 0
    assert verdicts.select("doc_id", "source", "locator", "stage", "reason").null_count().sum_horizontal().item() == 0


def test_a_published_version_never_changes(undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    recipe = project(tmp_path)
    subprocess.run(command(recipe, out, "--inline"), check=True, env=environment("0"), capture_output=True)
    before = content(out / "version")
    assert all(not file.stat().st_mode & 0o222 for file in (out / "version").rglob("*") if file.is_file())
    recipe.write_text(RECIPE.replace("row_length=128", "row_length=128, domain_share=0.05"))
    again = subprocess.run(command(recipe, out, "--inline"), check=False, capture_output=True, text=True)
    assert again.returncode == 2
    assert "version" in again.stderr
    assert content(out / "version") == before


def test_the_share_of_domain_tokens_is_what_was_asked_counted_on_what_was_published(undisturbed: Path) -> None:
    tokenizer = Tokenizer.from_file(str(undisturbed / "mix" / "tokenizer.json"))
    train = pl.read_parquet(undisturbed / "version" / "data" / "train-*.parquet")
    counts = {
        role: sum(len(tokenizer.encode(text).ids) + 1 for text in train.filter(pl.col("role") == role)["text"])
        for role in ("domain", "general")
    }
    assert 0.11 < counts["domain"] / sum(counts.values()) <= 0.12


def test_a_share_above_fifteen_percent_wants_a_reason_and_the_reason_is_published(tmp_path: Path) -> None:
    recipe = project(tmp_path)
    for change, code in (
        ("domain_share=0.3", 2),
        ("domain_share=0.3, override=Override(share=0.3, reason='a study of shares')", 0),
    ):
        imported = RECIPE.replace("import Mix", "import Mix, Override")
        recipe.write_text(imported.replace("row_length=128", f"row_length=128, {change}"))
        done = subprocess.run(
            command(recipe, tmp_path / "run", "--inline"), check=False, capture_output=True, text=True
        )
        assert done.returncode == code, done.stderr
    assert "a study of shares" in (tmp_path / "run" / "version" / "README.md").read_text()
    assert "a study of shares" in (tmp_path / "run" / "version" / "manifest.json").read_text()


EXITS = """
from curate.recipe import Recipe, Source
from tests.faults import FullDisk, Raises

recipe = Recipe(name="exits", sources=(Source(name="small", path="input"),), stages=(STAGE,))
"""


@pytest.mark.parametrize(
    "stage, code, said",
    [
        ("Raises(trigger='nowhere')", 0, "40 documents kept"),
        ("Raises(), Raises()", 2, "two stages are named"),
        ("FullDisk(flag=__file__)", 3, "run the same command again"),
        ("Raises()", 4, "quarantined 1 of 40 records"),
    ],
)
def test_the_exit_code_says_what_was_done(tmp_path: Path, stage: str, code: int, said: str) -> None:
    faults.corpus(tmp_path / "input", 40)
    plant(tmp_path)
    (tmp_path / "recipe.py").write_text(EXITS.replace("STAGE", stage))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run_it = command(tmp_path / "recipe.py", tmp_path / "run", "--inline")
    done = subprocess.run(run_it, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr
