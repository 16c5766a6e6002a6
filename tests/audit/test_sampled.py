"""Labels of a drawn sample say in the audit how good the data are; what else was labelled says nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from curate.audit.browse.drawn import draw
from curate.audit.browse.labels import BAD, GOOD, Label, Labelled
from curate.audit.intervals import wilson
from curate.audit.report.build import schema
from curate.audit.report.material import Limits
from curate.audit.report.verdict import _sampled
from curate.audited import audit
from curate.cli import main
from curate.engine import Inline
from curate.progress import Lines
from tests.browser import PHONE, watched

READ, WRONG = 60, 3


@pytest.fixture(scope="module")
def labels(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ann reads 60 drawn documents and finds 3 bad; Ben reads 20 of them and finds another bad. A chosen document and
    one of other data are labelled too."""
    path = tmp_path_factory.mktemp("labels") / "labels.jsonl"
    said = Labelled(path)
    rows = list(draw(str(run), READ, 7))
    for reader, some, bad in (("<b>安</b>", rows, range(WRONG)), ("ben", rows[:20], range(4))):
        for number, row in enumerate(some):
            more = {name: row.get(name) for name in ("source", "lang", "text")}
            label = BAD if number in bad else GOOD
            said.add(Label(doc_id=row["doc_id"], reader=reader, label=label, sample="s.jsonl", **more))
    others = {row["doc_id"] for row in draw(str(run), 10_000, 7)} - {row["doc_id"] for row in rows}
    said.add(Label(doc_id=min(others), reader="ben", label=BAD))
    said.add(Label(doc_id="f" * 32, reader="ben", label=BAD, sample="other.jsonl"))
    return path


@pytest.fixture(scope="module")
def read(run: Path, labels: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("read")
    facts = out / "facts.json"
    facts.write_text(
        json.dumps({"sampling": {"manual": {"documents": 9, "passed": 9}}, "limits": {"sample_pass": 0.9}})
    )
    return out, audit(str(run), str(out / "out"), Inline(), Lines(), labels=str(labels), facts=str(facts))


def test_the_share_of_good_documents_is_that_of_the_drawn_ones_with_its_interval(
    read: tuple[Path, dict[str, Any]],
) -> None:
    found = read[1]["quality"]["sampled"]
    good = READ - 4  # three of them bad by both or by Ann alone; one where they disagree, which is no good
    low, high = wilson(good, READ)
    assert (found["documents"], found["good"], found["share"]) == (READ, good, round(good / READ, 6))
    assert (found["low"], found["high"]) == (round(low, 6), round(high, 6))
    assert (found["chosen"], found["elsewhere"], found["samples"]) == (1, 1, ["s.jsonl"])
    for groups in (found["sources"], found["languages"]):
        assert sum(row["documents"] for row in groups) == READ and sum(row["good"] for row in groups) == good
    assert [(row["reader"], row["documents"], row["good"]) for row in found["readers"]] == [
        ("<b>安</b>", 60, 57),
        ("ben", 20, 16),
    ]


def test_kappa_of_two_readers_is_told(read: tuple[Path, dict[str, Any]]) -> None:
    (pair,) = read[1]["quality"]["sampled"]["agreements"]
    chance = (17 / 20) * (16 / 20) + (3 / 20) * (4 / 20)
    assert (pair["both"], pair["agreed"]) == (20, 19)
    assert pair["kappa"] == pytest.approx((19 / 20 - chance) / (1 - chance), abs=1e-6)


def test_labels_give_the_sampling_figures_and_go_before_what_is_declared(read: tuple[Path, dict[str, Any]]) -> None:
    annex = read[1]["annexes"]["cn"]
    figures = {row["figure"]: row for row in annex["figures"]}
    assert annex["manual_by"] == "labels"
    assert (figures["manual_documents"]["found"], figures["manual_documents"]["state"]) == (READ, "missed")
    assert (figures["manual_pass"]["found"], figures["manual_pass"]["asked"]) == (round(56 / 60, 6), 0.9)
    assert figures["manual_pass"]["state"] == "reached"


def test_the_verdict_rests_on_the_interval_and_the_report_keeps_its_schema(read: tuple[Path, dict[str, Any]]) -> None:
    (check,) = [check for check in read[1]["verdict"]["checks"] if check["check"].startswith("sampled")]
    assert check["state"] == "caution" and check["facts"]["low"] < 0.9 < check["facts"]["high"]
    assert not list(jsonschema.Draft202012Validator(schema()).iter_errors(read[1]))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"low": 0.97, "high": 0.99}, ("sampled", "fine")),
        ({"low": 0.90, "high": 0.97}, ("sampled", "caution")),
        ({"low": 0.80, "high": 0.95}, ("sampled", "bad")),
        ({"low": 0.97, "high": 0.99, "agreements": [{"kappa": 0.2}, {"kappa": 0.9}]}, ("sampled_apart", "caution")),
        ({"low": 0.97, "high": 0.99, "agreements": [{"kappa": None}]}, ("sampled", "fine")),
        ({"documents": 0}, ("sampled_none", "unknown")),
    ],
)
def test_what_people_found_is_a_check(found: dict[str, Any], said: tuple[str, str]) -> None:
    whole = {
        "documents": 400,
        "share": 0.95,
        "chosen": 0,
        "elsewhere": 3,
        "agreements": [],
        "low": 0,
        "high": 1,
        **found,
    }
    (check,) = _sampled({"quality": {"sampled": whole}}, Limits())
    assert (check["check"], check["state"]) == said
    assert _sampled({"quality": {"sampled": None}}, Limits()) == []


def test_the_page_shows_them_and_a_reader_named_like_markup_stays_text(
    read: tuple[Path, dict[str, Any]], browser: Any
) -> None:
    with watched(browser, read[0] / "out" / "index.html", PHONE) as seen:
        assert seen.faults == [] and seen.wide() == PHONE
        shown = seen.page.inner_text("#quality")
        for words in ("<b>安</b>", "93.3", "kappa", "0.8276"):
            assert words in shown, words
        assert seen.page.locator("#quality b").count() == 0


def test_what_are_no_labels_is_refused(run: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong.jsonl").write_text('{"doc_id": "x"}\n')
    for name, why in (("wrong.jsonl", "line 1"), ("none.jsonl", "there is no such file")):
        command = ["audit", str(run), "--out", str(tmp_path / "out"), "--inline", "--labels", str(tmp_path / name)]
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 2 and why in done.output, done.output
