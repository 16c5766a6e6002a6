"""The quickstart, run once as a user runs it: every trap is caught for its reason, nothing clean is lost, all is
there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from curate.audited import audit
from curate.engine import Inline
from curate.progress import Lines
from tests.browser import DESKTOP, PHONE, chromium, watched

ROOT = Path(__file__).parent.parent
STAGES_PRINTED = (
    "read", "extract", "unique_ids", "normalize", "mojibake", "split", "language", "length", "repetition", "quality",
    "exact_dedup", "minhash", "decontaminate",
)  # fmt: skip
TRAPS = [json.loads(line) for line in (ROOT / "data_samples" / "traps.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """(the run's directory, what was printed)."""
    out = tmp_path_factory.mktemp("demo") / "run"
    done = subprocess.run(
        [sys.executable, "-m", "curate", "demo", "--out", str(out)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return out, done.stdout + done.stderr


def read(out: Path, folder: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(file) for file in sorted((out / folder).glob("*.parquet"))], how="diagonal")


def fate(out: Path, source: str, key: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(rows of kept, verdicts) of a document by its url or origin_id; of a split one, its parts."""
    mine = (pl.col("source") == source) & ((pl.col("url") == key) | (pl.col("origin_id") == key))
    return read(out, "kept").filter(mine), read(out, "verdicts").filter(mine)


@pytest.mark.parametrize(
    "trap", TRAPS, ids=lambda trap: f"{trap['source']}-{trap['name']}-{trap.get('url', trap.get('id', ''))}"
)
def test_every_trap_meets_the_fate_it_was_set_for(demo: tuple[Path, str], trap: Mapping[str, str]) -> None:
    out, _ = demo
    if trap["outcome"] == "quarantined":  # a record that never became a document has no url and no id
        found = read(out, "quarantine").filter(
            (pl.col("source") == trap["source"]) & pl.col("locator").str.ends_with(f"#{trap['line']}")
        )
        assert [[row["stage"], row["reason"]] for row in found.to_dicts()] == trap["by"]
        return
    kept, verdicts = fate(out, trap["source"], trap.get("url", trap.get("id", "")))
    if trap["outcome"] == "skipped":
        assert not kept.height and not verdicts.height
        return
    if trap["outcome"] == "kept":
        assert not verdicts.height
        assert trap["phrase"] in "".join(kept["text"])
        return
    if "twin" in trap:  # of the two exactly one goes: which one is the business of the preference
        twin_kept, twin_verdicts = fate(out, trap["source"], trap["twin"])
        assert kept.height + twin_kept.height == 1
        verdicts = pl.concat([verdicts, twin_verdicts])
        assert verdicts["doc_id"].n_unique() == 1
        kept = kept.clear()
    assert not kept.height
    reasons = [list(pair) for pair in zip(verdicts["stage"], verdicts["reason"], strict=True)]
    assert any(expected in reasons for expected in trap["by"]), reasons


def test_no_clean_sample_is_lost(demo: tuple[Path, str]) -> None:
    out, _ = demo
    planted = {trap.get("url", trap.get("id")) for trap in TRAPS} | {trap.get("twin") for trap in TRAPS}
    verdicts = read(out, "verdicts")
    lost = verdicts.filter(
        ~pl.col("url").is_in(planted).fill_null(False) & ~pl.col("origin_id").is_in(planted).fill_null(False)
    )
    assert lost.height == 0, lost.select("source", "url", "origin_id", "stage", "reason", "value", "limit").rows()


def test_both_languages_and_both_roles_are_kept(demo: tuple[Path, str]) -> None:
    size = pl.col("text").str.len_bytes().sum()
    kept = read(demo[0], "kept").group_by("role", "lang").agg(size).sort("role", "lang")
    assert kept.select("role", "lang").rows() == [
        ("domain", "en"),
        ("domain", "zh"),
        ("general", "en"),
        ("general", "zh"),
    ]
    for role in ("domain", "general"):
        sizes = kept.filter(pl.col("role") == role)["text"]
        assert max(sizes) < 2 * min(sizes)


def test_the_mix_holds_twelve_percent_domain_tokens_by_its_own_files(demo: tuple[Path, str]) -> None:
    mix = demo[0] / "mix"
    docs = pl.concat([pl.read_parquet(path) for path in sorted((mix / "docs").glob("*.parquet"))])
    read = docs.group_by("role").agg((pl.col("length") * pl.col("epochs")).sum()).sort("role")
    tokens = dict(read.rows())
    assert 0.11 < tokens["domain"] / sum(tokens.values()) <= 0.12
    assert json.loads((mix / "report.json").read_text())["requested"] == 0.12


def test_the_version_is_what_its_manifest_says_and_loads_as_a_dataset(demo: tuple[Path, str], tmp_path: Path) -> None:
    import datasets

    from curate.publish.verify import verify

    version = demo[0] / "version"
    verify(str(version))
    loaded = datasets.load_dataset(str(version), cache_dir=str(tmp_path))
    assert set(loaded) == {"train", "validation"}
    assert set(loaded["train"].unique("lang")) == {"en", "zh"}


def test_the_model_learned_and_can_be_loaded(demo: tuple[Path, str]) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    train = demo[0] / "train"
    assert (train / "model.safetensors").exists()
    model = AutoModelForCausalLM.from_pretrained(train)
    tokenizer = AutoTokenizer.from_pretrained(train)
    assert model.get_input_embeddings().weight.shape[0] >= len(tokenizer)
    steps = [json.loads(line) for line in (train / "metrics.jsonl").read_text().splitlines()]
    losses = [step["loss"] for step in steps if "loss" in step]
    assert losses[-1] < losses[0] - 1
    assert "general" in demo[1] and "domain" in demo[1]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_why_shows_the_benchmark_item_that_a_page_holds(demo: tuple[Path, str], lang: str) -> None:
    trap = next(trap for trap in TRAPS if trap["name"] == "benchmark_question" and trap["lang"] == lang)
    told = subprocess.run(
        [sys.executable, "-m", "curate", "why", str(demo[0]), trap["url"]], capture_output=True, text=True, check=True
    ).stdout
    assert "benchmark_overlap" in told
    assert trap["item"] in told


def test_why_shows_a_near_duplicate_beside_the_document_that_was_kept(demo: tuple[Path, str]) -> None:
    verdict = read(demo[0], "verdicts").filter(pl.col("reason") == "near_duplicate").row(0, named=True)
    told = subprocess.run(
        [sys.executable, "-m", "curate", "why", str(demo[0]), verdict["doc_id"]],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "kept instead" in told
    assert json.loads(verdict["evidence"])["kept"] in told


def test_a_second_start_does_no_work_and_changes_nothing(demo: tuple[Path, str]) -> None:
    out, _ = demo
    before = {str(file): file.stat().st_mtime_ns for file in (out / "objects").rglob("*") if file.is_file()}
    done = subprocess.run(
        [sys.executable, "-m", "curate", "demo", "--out", str(out), "--inline"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert before == {str(file): file.stat().st_mtime_ns for file in (out / "objects").rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_shows_what_the_demo_prints(demo: tuple[Path, str], name: str) -> None:
    said = (ROOT / name).read_text("utf-8")
    stages = [line for line in demo[1].splitlines() if line.split(" ")[0] in STAGES_PRINTED and " MB" not in line]
    assert len(stages) == len(STAGES_PRINTED)
    for line in stages:
        assert line in said


def test_its_audit_says_what_its_files_hold_and_opens_in_a_browser(demo: tuple[Path, str], tmp_path: Path) -> None:
    out, _ = demo
    report = audit(str(out), str(tmp_path), Inline(), Lines(), language="zh")
    kept, verdicts = read(out, "kept"), read(out, "verdicts")
    mixed = pl.read_parquet(out / "mix" / "docs" / "*.parquet")
    texts = kept["text"].to_list()
    assert report["origin"]["totals"] == {
        "documents": kept.height, "characters": sum(map(len, texts)),
        "bytes": sum(len(text.encode()) for text in texts), "tokens": mixed["length"].sum(),
    }  # fmt: skip
    reasons = Counter(verdicts.unique("doc_id", keep="first", maintain_order=True)["reason"])
    told: Counter[str] = Counter()
    for row in report["removal"]["reasons"]:
        told[row["reason"]] += row["documents"]
    skipped = report["removal"]["stages"][0]["removed"]
    assert told == reasons and sum(told.values()) + skipped == report["removal"]["removed"]
    assert {row["license"]: row["documents"] for row in report["origin"]["licenses"]} == dict(Counter(kept["license"]))
    states = {check["check"]: check["state"] for check in report["verdict"]["checks"]}
    assert set(states.values()) == {"fine", "caution"} and states["accounts"] == "fine"
    assert (tmp_path / "index.html").stat().st_size < 3_000_000
    with chromium() as browser:
        for width in (PHONE, DESKTOP):
            with watched(browser, tmp_path / "index.html", width) as seen:
                assert (seen.faults, len(seen.requests), seen.wide()) == ([], 1, width)
