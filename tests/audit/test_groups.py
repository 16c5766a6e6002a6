"""Losses by source, language and kind: counts are those of the run, and what stands out is said."""

from __future__ import annotations

import json
import os
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from curate.audit.groups import losses, uneven
from curate.audit.quality import NotMeasured, only, quality, skipped
from curate.cli import main
from curate.engine import Inline
from curate.job import run
from curate.ledger import read_ledger
from curate.progress import Lines
from curate.recipe import Recipe, Source
from curate.stages.heuristics.chinese import ChineseQuality
from curate.stages.heuristics.kind import Kind
from curate.stages.heuristics.length import Length
from tests import faults

CODE = "def total_{0}(values):\n    result = 0\n    for value in values:\n        result += value * {0}\n    return result\n"  # noqa: E501


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over prose in both languages, code that is too short here and there, and a source declared as tables."""
    folder = tmp_path_factory.mktemp("groups")
    texts = {
        "clinic": [faults.sentence("zh", n, 120) for n in range(60)] + ["手表 批发 高仿 " * 40] * 2,
        "web": [faults.sentence("en", n, 200) for n in range(60)] + [CODE.format(n) for n in range(30)],
        "rates": [f"股票\t收盘价\n平安银行\t{n}.35\n招商银行\t{n}.10\n浦发银行\t{n}.77\n" * 9 for n in range(30)],
    }
    for name, rows in texts.items():
        lines = [json.dumps({"text": text}, ensure_ascii=False) for text in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), "utf-8")
    recipe = Recipe(
        name="groups",
        sources=(
            Source(name="web", path=str(folder / "web.jsonl"), lang="en"),
            Source(name="clinic", path=str(folder / "clinic.jsonl"), lang="zh", role="domain", domain="medical"),
            Source(name="rates", path=str(folder / "rates.jsonl"), lang="zh", kind="table", role="domain"),
        ),
        stages=(Kind(), Length(low=150), ChineseQuality()),
        expects=frozenset({"*"}),
    )
    with Path(os.devnull).open("w") as nowhere:
        run(recipe, str(folder / "run"), Inline(), Lines(nowhere))
    return folder / "run"


def row(table: pl.DataFrame, **wanted: str) -> dict[str, object]:
    return table.filter(*(pl.col(name) == value for name, value in wanted.items())).row(0, named=True)


def test_losses_are_told_by_the_kind_that_was_measured_when_the_stage_judged(place: Path) -> None:
    by_kind = losses(str(place), "kind")
    code = row(by_kind, stage="length", value="code")
    assert (code["documents_in"], code["removed"], code["reasons"]) == (30, 30, "too_short 30")
    assert row(by_kind, stage="length", value="prose")["removed"] == 0
    assert row(by_kind, stage="chinese_quality", value="table")["removed"] == 0


@pytest.mark.parametrize("group", ["source", "lang", "kind"])
def test_what_the_groups_lost_is_what_the_run_removed(place: Path, group: str) -> None:
    removed = pl.read_parquet(place / "measures" / "*.parquet", missing_columns="insert")
    counted = losses(str(place), group).group_by("stage").agg(pl.col("removed").sum())
    assert dict(counted.iter_rows()) == dict(removed["stage"].value_counts().iter_rows())


def test_a_stage_that_took_far_more_of_one_group_is_pointed_out(place: Path) -> None:
    found = uneven(read_ledger(str(place)))
    assert ("length", "kind", "code") in set(found.select("stage", "group", "value").iter_rows())
    assert "prose" not in set(found["value"])
    done = CliRunner().invoke(main, ["funnel", str(place)])
    assert "! length took 100.0% of kind code (30 of 30), 16.5% of all" in done.output


def test_the_funnel_gives_every_group_that_is_asked_for(place: Path) -> None:
    done = CliRunner().invoke(main, ["funnel", str(place), "--by", "lang"])
    assert done.exit_code == 0
    assert "zh" in done.output and "too_short 30" in done.output


def test_every_rule_is_told_for_every_source_domain_first(place: Path) -> None:
    table = quality(str(place))
    short = table.filter(pl.col("reason") == "too_short")
    assert short["source"].to_list() == ["clinic", "rates", "web"]
    web = row(short, source="web")
    assert (web["documents_in"], web["asked"], web["lost"]) == (90, 90, 30)
    assert web["lost_share"] == pytest.approx(1 / 3)
    assert web["low"] == 150 and web["high"] is None
    sizes = [len(CODE.format(n).encode()) for n in range(30)]
    assert web["p1"] == pytest.approx(min(sizes), abs=1)  # of all that came, those that it took too


def test_a_source_that_no_rule_of_a_set_judged_is_named_with_the_reason(place: Path) -> None:
    table = quality(str(place))
    spam = table.filter(pl.col("reason") == "keyword_spam")
    assert row(spam, source="clinic")["asked"] == 62
    assert row(spam, source="clinic")["lost"] == 2
    assert row(spam, source="rates")["asked"] == 0
    (line,) = skipped(str(place), table)
    assert line.startswith("! chinese_quality judged nothing of rates (declared table); web (measured en prose 60, ")


def test_one_stage_or_measure_can_be_asked_for_and_what_is_not_there_is_refused(place: Path) -> None:
    table = quality(str(place))
    assert set(only(table, stage="length", measure=None)["measure"]) == {"text_bytes"}
    with pytest.raises(NotMeasured, match=r"there are .*zh_variety"):
        only(table, measure="beauty")
    done = CliRunner().invoke(main, ["quality", str(place), "--stage", "nothing"])
    assert done.exit_code == 2
    done = CliRunner().invoke(main, ["quality", str(place), "--stage", "length"])
    assert "length: too_short, text_bytes >= 150" in done.output
    assert "code_share (no rule)" in CliRunner().invoke(main, ["quality", str(place), "--measure", "code_share"]).output
