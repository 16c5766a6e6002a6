"""Judges from labelled files, as the command makes, weighs and describes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result

from curate.classifier.judge import Judge
from curate.classifier.make import LABELLED, lopsided
from curate.classifier.samples import balanced, with_passages
from curate.cli import main
from curate.stage import remove
from tests import faults

SENTENCES = {
    ("finance", "en"): "The price of the share rose and the bank paid a dividend of {n} cents.",
    ("finance", "zh"): "股价上涨，银行派发股息{n}分。",
    ("medical", "en"): "The doctor gave the patient {n} tablets against the fever.",
    ("medical", "zh"): "医生给病人开了{n}片退烧药。",
}


def rows(kind: str, lang: str, count: int) -> list[dict[str, Any]]:
    """Documents in one language, of a subject, around words that say nothing."""
    first = 100_000 if kind == "medical" else 200_000
    said = SENTENCES[kind, lang]
    return [
        {"id": f"{kind}-{lang}-{n}", "text": said.format(n=n) + faults.sentence(lang, first + n, 120), "lang": lang}
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("making")
    for kind in ("medical", "finance"):
        faults.write(folder / f"{kind}.jsonl", [row for lang in ("en", "zh") for row in rows(kind, lang, 400)])
    own = [{**row, "label": kind, "source": "own"} for kind in ("medical", "finance") for row in rows(kind, "zh", 40)]
    faults.write(folder / "labelled.jsonl", own)
    return folder


def curate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["classifier", *map(str, arguments)])


SMALL = ("--epochs", "8", "--dim", "4", "--buckets", "2000", "--min-count", "2")


def trained(place: Path, out: str) -> Result:
    files = (f"medical={place}/medical.jsonl", f"finance={place}/finance.jsonl")
    return curate("train", "--label", files[0], "--label", files[1], "--out", place / out, *SMALL)


@pytest.fixture(scope="module")
def judge(place: Path) -> Path:
    done = trained(place, "judge")
    assert done.exit_code == 0, done.output
    return place / "judge"


def test_a_judge_is_trained_weighed_and_described_by_commands(place: Path, judge: Path) -> None:
    assert sorted(path.name for path in judge.iterdir()) == [
        "README.md", "evaluation.html", "judge.json", "metrics.json", "model.ftz",
    ]  # fmt: skip
    facts = json.loads((judge / "judge.json").read_text())
    assert facts["labels"] == ["medical", "finance"] and facts["made_with"]["fasttext-numpy2-wheel"]
    assert [one["documents"] for one in facts["inputs"]] == [800, 800]
    assert set(facts["calibration"]) == {"medical", "finance"}
    assert json.loads((judge / "metrics.json").read_text())["test"]["labels"]["medical"]["f1"] > 0.95
    weighed = curate("evaluate", judge, place / "labelled.jsonl", "--out", place / "weighed", "--near", "3")
    assert weighed.exit_code == 0, weighed.output
    assert "80 documents; 'medical'" in weighed.output and "own medical zh" in weighed.output
    assert (place / "weighed" / "near.jsonl").read_text("utf-8").count("\n") == 30
    (place / "limits.md").write_text("Knows two sentences.", "utf-8")
    told = curate("card", judge, "--limits", place / "limits.md", "--licence", "CC0-1.0", "--out", place / "CARD.md")
    assert told.exit_code == 0, told.output
    said = (place / "CARD.md").read_text("utf-8")
    assert "Knows two sentences." in said and "medical zh medical.jsonl" in said and "CC0-1.0" in said


def test_the_same_files_give_the_same_judge_byte_for_byte(place: Path, judge: Path) -> None:
    again = trained(place, "again")
    assert again.exit_code == 0, again.output
    for name in ("model.ftz", "judge.json", "metrics.json"):
        one, two = ((folder / name).read_bytes() for folder in (judge, place / "again"))
        assert one.replace(b'"judge"', b"") == two.replace(b'"again"', b""), name


def test_the_stage_of_that_judge_keeps_its_trade(place: Path, judge: Path) -> None:
    docs = pl.read_ndjson(place / "labelled.jsonl").with_columns(pl.col("id").alias("doc_id"))
    docs = docs.with_columns(pl.lit(None, pl.String).alias("domain"))
    stage = Judge.of(judge, "finance", threshold=0.5)
    assert (stage.name, stage.measure, stage.rules[0].reason) == ("finance", "finance_score", "low_finance")
    kept = remove(stage(docs), stage.name, stage.rules).kept
    assert set(kept["label"]) == {"finance"} and kept.height == 40


def test_a_run_is_an_input_too_and_rows_may_name_their_own_label(place: Path) -> None:
    run = place / "run"
    (run / "kept").mkdir(parents=True)
    (run / "run.json").write_text("{}")
    pl.read_ndjson(place / "medical.jsonl").head(300).write_parquet(run / "kept" / "a.parquet")
    done = curate("train", "--label", f"medical={run}", "--labelled", place / "labelled.jsonl",
                  "--out", place / "of-run", *SMALL)  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "warning: no en document is labelled finance" in done.output


@pytest.mark.parametrize(
    "arguments,said",
    [
        ([], "no documents are given"),
        (["--label", "clean"], "expected LABEL=PATH"),
        (["--label", "a=HERE/nothing.jsonl"], "nothing at"),
        (["--label", "a=HERE/medical.jsonl"], "at least two kinds"),
        (["--positives", "HERE/medical.jsonl", "--negatives", "HERE/finance.jsonl", "--hold-out", "x"], "held out is"),
        (["--labelled", "HERE/medical.jsonl"], "no document with text and a label"),
    ],
)  # fmt: skip
def test_what_can_not_be_trained_on_is_refused_in_words(place: Path, arguments: list[str], said: str) -> None:
    done = curate("train", "--out", place / "refused", *(one.replace("HERE", str(place)) for one in arguments))
    assert done.exit_code == 2 and said in done.output, done.output
    assert not (place / "refused").exists()


def test_a_judge_is_not_written_over(place: Path, judge: Path) -> None:
    before = (judge / "model.ftz").read_bytes()
    done = trained(place, "judge")
    assert done.exit_code == 2 and "is there already" in done.output
    assert (judge / "model.ftz").read_bytes() == before


def table(counts: dict[tuple[str, str], int]) -> pl.DataFrame:
    return pl.DataFrame(
        [{"text": f"{label} {lang} {n} " * 40, "label": label, "lang": lang, "source": "one"}
         for (label, lang), size in counts.items() for n in range(size)],
        schema={name: LABELLED[name] for name in ("text", "label", "lang", "source")},
    )  # fmt: skip


UNEVEN = {("a", "zh"): 30, ("b", "zh"): 10, ("a", "en"): 5, ("b", "en"): 8}


@pytest.mark.parametrize("how,wanted", [("down", [10, 10, 5, 5]), ("repeat", [30, 30, 8, 8]), ("none", [30, 10, 5, 8])])
def test_labels_are_balanced_within_each_language(how: Any, wanted: list[int]) -> None:
    given = balanced(with_passages(table(UNEVEN), 0), how)
    counts = dict(((label, lang), size) for label, lang, size in given.group_by("label", "lang").len().iter_rows())
    assert [counts[key] for key in UNEVEN] == wanted


def test_the_order_of_files_changes_nothing_that_is_given_to_the_training() -> None:
    docs = table(UNEVEN)
    one, two = (balanced(with_passages(some, 2), "down") for some in (docs, docs.reverse()))
    assert one.equals(two)
    assert one["label"].to_list() != sorted(one["label"])


def test_passages_are_pieces_of_their_document() -> None:
    docs = table({("a", "en"): 3})
    given = with_passages(docs, 5)
    assert given.height == 18
    assert all(any(text in whole for whole in docs["text"]) for text in given["text"])


def test_a_language_with_one_label_is_warned_of() -> None:
    (line,) = lopsided(table({("a", "zh"): 3, ("a", "en"): 3, ("b", "en"): 3}), ("a", "b"))
    assert "no zh document is labelled b" in line
