"""Data that Curate did not make: everything is measured, nothing removed, and the page says what it can't know."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import polars as pl
from click.testing import CliRunner

from curate.audit.silent import silent
from curate.audited import audit
from curate.cli import main
from curate.engine import Inline
from curate.job import run
from curate.measuring import card_of
from curate.progress import Lines
from curate.recipe import Source, load
from curate.stage import Splitter
from tests import faults
from tests.audit.conftest import Audited

CODES = ["".join(letters) for letters in product("abcdefghijklmnopqr", repeat=2)]  # of languages


def would_go(out: Path) -> pl.DataFrame:
    return pl.read_parquet(out / "would_go" / "*.parquet")


def test_nothing_is_removed_and_what_would_go_is_what_a_run_removes(strange: Audited, tmp_path: Path) -> None:
    recipe = load(strange.place.parent / "recipe.py")
    stages = tuple(stage for stage in recipe.stages if not isinstance(stage, Splitter))
    name = strange.report["origin"]["sources"][0]["source"]
    real = replace(recipe, stages=stages, sources=(Source(name=name, path=str(strange.place)),))
    run(real, str(tmp_path / "run"), Inline(), Lines())
    removed = pl.read_parquet(tmp_path / "run" / "verdicts" / "*.parquet").unique(
        "doc_id", keep="first", maintain_order=True
    )
    told = strange.report["removal"]
    assert told["hypothetical"] and strange.report["subject"]["removes"] is False
    assert strange.report["origin"]["totals"]["documents"] == 139
    first = would_go(strange.out).unique("doc_id", keep="first", maintain_order=True)
    assert Counter(first["reason"]) == Counter(removed["reason"])
    assert {row["reason"]: row["documents"] for row in told["reasons"]} == dict(Counter(removed["reason"]))
    assert set(first["doc_id"]) == set(removed["doc_id"])
    stages_told = {row["stage"]: row["removed"] for row in told["stages"] if row["stage"] != "read"}
    assert stages_told == {**dict.fromkeys(stages_told, 0), **Counter(removed["stage"])}
    assert told["kept"] == pl.scan_parquet(tmp_path / "run" / "kept" / "*.parquet").select(pl.len()).collect().item()


def test_what_it_cannot_know_is_said(strange: Audited) -> None:
    missing = set(strange.report["not_supplied"])
    assert missing >= {"url", "license", "date", "tokens", "mix", "removed_before", "roles", "version"}
    states = {check["check"]: check["state"] for check in strange.report["verdict"]["checks"]}
    assert states["provenance"] == states["ratio_unknown"] == states["contamination_unknown"] == "unknown"
    assert states["licences"] == "unknown"
    assert states["unlicensed"] == "bad" and states["copies_left"] == "bad" and states["accounts"] == "fine"
    page = (strange.out / "index.html").read_text("utf-8")
    assert "Which documents are domain text and which are general" in page and "哪些是领域文本" in page


def test_a_run_of_the_audit_is_one_that_other_commands_look_at(strange: Audited) -> None:
    done = CliRunner().invoke(main, ["funnel", str(strange.out / "run")])
    assert done.exit_code == 0 and "139" in done.output


def test_a_hugging_face_folder_is_read_with_what_its_card_declares(tmp_path: Path) -> None:
    place = tmp_path / "set"
    (place / "data").mkdir(parents=True)
    front = "---\nlicense: apache-2.0\npretty_name: '数据 <b>'\n---\n# Card\n"
    (place / "README.md").write_text(front, "utf-8")
    texts = [faults.sentence(lang, number, 90) for lang in ("zh", "en") for number in range(8)]
    pl.DataFrame({"content": texts}).write_parquet(place / "data" / "train-00000-of-00001.parquet")
    assert card_of(str(place)) == {"license": "apache-2.0", "title": "数据 <b>"}
    (tmp_path / "recipe.py").write_text((faults_recipe()), "utf-8")
    out = tmp_path / "out"
    command = [
        "audit",
        str(place),
        "--out",
        str(out),
        "--inline",
        "--lang",
        "zh",
        "--recipe",
        str(tmp_path / "recipe.py"),
    ]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert "index.html" in done.output
    page = (out / "index.html").read_text("utf-8")
    assert "数据 &lt;b&gt;" in page and "apache-2.0" in page and "数据集说明" in page


def faults_recipe() -> str:
    return (
        "from curate.recipe import Recipe, Source\nfrom curate.stages.heuristics.length import Length\n"
        "recipe = Recipe(name='r', sources=(Source(name='x', path='x'),), stages=(Length(),))\n"
    )


def test_a_silent_stage_is_the_stage_without_its_rules(strange: Audited) -> None:
    stages = load(strange.place.parent / "recipe.py").stages
    quiet = silent(stages)
    assert [stage.name for stage in quiet] == [stage.name for stage in stages if not isinstance(stage, Splitter)]
    docs = pl.DataFrame({"text": ["短", faults.sentence("zh", 1)], "doc_id": ["a", "b"]})
    for before, after in zip([one for one in stages if not isinstance(one, Splitter)], quiet, strict=True):
        assert not isinstance(after, Splitter) and after.rules == () and after.writes == before.writes
        if before.name == "length":
            assert after(docs).equals(before(docs))  # type: ignore[operator]


def test_what_can_not_be_audited_is_refused_with_what_to_do(tmp_path: Path, audited: Audited) -> None:
    (tmp_path / "empty").mkdir()
    for command, said in (
        ([str(tmp_path / "nowhere")], "there are no files"),
        ([str(tmp_path / "empty")], "there are no files"),
        ([str(audited.place), "--against", str(tmp_path)], "is no published version"),
        ([str(audited.place), "--recipe", "x.py"], "no recipe is needed"),
        ([str(audited.place), "--facts", str(audited.out / "index.html")], "not JSON"),
    ):
        done = CliRunner().invoke(main, ["audit", *command, "--out", str(tmp_path / "out"), "--inline"])
        assert done.exit_code == 2 and said in done.output, (command, done.output)
    inside = str(audited.place / "version" / "audit")
    done = CliRunner().invoke(main, ["audit", str(audited.place), "--out", inside, "--inline"])
    assert done.exit_code == 2 and "which never changes" in done.output


def test_three_hundred_languages_and_domains_are_all_in_the_report(tmp_path: Path) -> None:
    rows = [{"id": str(n), "text": faults.sentence("en", n), "lang": CODES[n], "domain": f"d{n}"} for n in range(300)]
    faults.write(tmp_path / "many.jsonl", rows)
    (tmp_path / "recipe.py").write_text(
        "from curate.recipe import Recipe, Source\nfrom curate.stages.heuristics.length import Length\n"
        "recipe = Recipe(name='x', sources=(Source(name='x', path='x'),), stages=(Length(),))\n"
    )
    recipe = str(tmp_path / "recipe.py")
    report = audit(str(tmp_path / "many.jsonl"), str(tmp_path / "out"), Inline(), Lines(), recipe=recipe)
    origin = report["origin"]
    assert origin["distinct"] == {"sources": 1, "languages": 300, "domains": 300, "licenses": 0}
    for name in ("languages", "domains", "language_domain"):
        assert len(origin[name]) == 300 and sum(row["documents"] for row in origin[name]) == 300
    fields = {field["field"]: field["value"] for field in report["annexes"]["eu"]["fields"]}
    assert len(fields["languages"].split(", ")) == 300
    assert (tmp_path / "out" / "index.html").stat().st_size < 3_000_000
