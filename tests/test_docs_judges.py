"""The pages on keywords and on judges behind an endpoint: their recipes are run as they stand."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from tests import faults
from tests.stages.llm.server import Said, completion, serving
from tests.test_docs import CURATE, ROOT, blocks, run

PAGES = ROOT / "docs"


def block(page: str, language: str, holds: str) -> str:
    (found,) = [one for one in blocks(PAGES / page, language) if holds in one]
    return found


def test_the_list_of_the_page_finds_what_the_page_says_and_stops_a_source_that_is_full_of_it(tmp_path: Path) -> None:
    (tmp_path / "recipe.py").write_text(block("quality.md", "python", "Keywords("))
    (tmp_path / "fruit.csv").write_text(block("quality.md", "csv", "香蕉"))
    (tmp_path / "allowed.txt").write_text(block("quality.md", "text", "香蕉船"))
    texts = {
        "folded": "火龍果，ＡＰＰＬＥ",
        "parted": "火 龙 果, a.p.p.l.e",
        "hidden": "火\u200b龙\u200b果 and аpple",
        "alone": "香 蕉，香 蕉！",
        "other": "麝香 蕉叶 pineapple 香蕉船 a big apple",
        "plural": "apples, dragon fruits",
    }
    rows = [{"id": name, "text": text} for name, text in texts.items()]
    rows += [{"id": str(number), "text": faults.sentence("zh", number)} for number in range(100)]
    faults.write(tmp_path / "pages.jsonl", rows)
    done = run([CURATE, "run", "recipe.py", "--out", "run", "--inline"], tmp_path)
    assert done.returncode == 0, done.stderr
    verdicts = pl.read_parquet(tmp_path / "run" / "verdicts" / "*.parquet")
    assert set(verdicts["origin_id"]) == set(texts) - {"other"}
    assert set(verdicts["reason"]) == {"keywords"}

    faults.write(tmp_path / "pages.jsonl", [*rows, *({"id": f"n{n}", "text": "香蕉 apple"} for n in range(60))])
    done = run([CURATE, "run", "recipe.py", "--out", "stopped", "--inline"], tmp_path)
    assert done.returncode == 2
    assert "source web is stopped: stage keywords removed 65 of its 166 documents" in done.stderr


def test_a_model_that_is_asked_as_the_page_says_gives_examples_for_another(tmp_path: Path) -> None:
    recipe = block("judges.md", "python", "LlmJudge(").replace("share=0.1", "share=0.9")
    (tmp_path / "prompt.txt").write_text(block("judges.md", "text", "{text}"))
    rows = faults.corpus(tmp_path / "in", 300, 1)
    for number, row in enumerate(rows):
        row["text"] += {0: "很好", 1: " good"}.get(number % 4, "")
    faults.write(tmp_path / "pages.jsonl", rows)

    def opinion(prompt: str) -> Said:
        return completion(json.dumps({"score": 5 if "good" in prompt or "很好" in prompt else 0}))

    with serving(opinion) as model:
        (tmp_path / "recipe.py").write_text(recipe.replace("http://127.0.0.1:8000/v1", model.url))
        asks, labels_them, trains = block("judges.md", "sh", "--judge llm").splitlines()
        for line in (f"{asks} --inline", labels_them):
            done = run([CURATE, *line.split()[1:]], tmp_path)
            assert done.returncode == 0, done.stderr
    asked = len(model.asked)
    assert 200 < asked < 300
    labels = [json.loads(line)["label"] for line in (tmp_path / "labelled.jsonl").read_text().splitlines()]
    assert len(labels) == asked and set(labels) == {"good", "bad"}
    assert trains.startswith("curate classifier train --labelled labelled.jsonl")  # tests/test_answered.py reads it
