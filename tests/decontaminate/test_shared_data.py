"""On benchmarks and corpora that may not be shipped: looked for beside the repository, in ../shared/data."""

from __future__ import annotations

import re
import tarfile
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from curate.decontaminate.benchmarks import load
from curate.decontaminate.building import build
from curate.decontaminate.index import DECIDING, Index, unpack
from curate.decontaminate.match import matches
from tests.decontaminate.texts import SHARED, embedded, other_punctuation

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason=f"the data of development is not there: {SHARED}")

LIMIT = 0.65


@cache
def index_of(name: str) -> Index:
    return unpack(build(load(str(SHARED / "benchmarks" / name)).items), name)


def deciding(texts: pl.Series, index: Index) -> pl.DataFrame:
    return matches(texts, index, 0.4).filter(pl.col("part").is_in(sorted(DECIDING)), pl.col("score") > LIMIT)


def corpus(path: str) -> pl.Series:
    return pl.read_ndjson(SHARED / "corpora" / f"{path}.jsonl.zst")["text"]


@pytest.mark.parametrize(
    ("benchmark", "lang"), [("cmmlu", "zh"), ("financeiq", "zh"), ("medqa_us", "en"), ("gsm8k", "en")]
)
def test_questions_in_articles_are_found_and_named(benchmark: str, lang: str) -> None:
    items = load(str(SHARED / "benchmarks" / benchmark)).items[::40]
    if benchmark == "cmmlu":  # a question of ten characters is a phrase
        items = tuple(item for item in items if len(re.findall(r"\w", item.question)) >= 14)
    texts = pl.Series([embedded(other_punctuation(item.question), lang) for item in items])
    table = deciding(texts, index_of(benchmark))
    assert table["row"].n_unique() >= 0.99 * len(items)
    named = sum(items[row].id == item for row, item in table.select("row", "item").iter_rows())
    assert named >= 0.99 * len(items)


def test_a_question_with_its_context_and_choices_is_found_however_short_it_is() -> None:
    items = [item for item in load(str(SHARED / "benchmarks" / "c3")).items[::40] if len(item.context) >= 20]
    texts = pl.Series([embedded("\n".join((item.context, item.question, *item.choices)), "zh") for item in items])
    assert deciding(texts, index_of("c3"))["row"].n_unique() >= 0.98 * len(items)
    contexts = pl.Series([embedded(item.context, "zh") for item in items])
    # A context can hold the words of its question: an interview does.
    assert deciding(contexts, index_of("c3"))["row"].n_unique() <= 0.02 * len(items)


@pytest.mark.parametrize("path", ["medical/en/medquad", "medical/zh/toyhom_internal_txt", "finance/zh/fincuge_news"])
def test_clean_text_of_the_trade_is_kept(path: str) -> None:
    texts = corpus(path)
    for benchmark in ("cmmlu", "medqa_us", "financeiq"):
        assert deciding(texts, index_of(benchmark))["row"].n_unique() <= 0.0005 * len(texts)


@pytest.mark.parametrize("name", ["cmmlu", "financeiq", "gsm8k", "humaneval", "medqa_us", "pubmedqa"])
def test_the_files_as_published_give_the_same_items(tmp_path: Path, name: str) -> None:
    with tarfile.open(SHARED / "benchmarks" / name / "raw.tar.gz") as raw:
        raw.extractall(tmp_path, filter="data")
    texts = [
        {(item.question, item.choices, item.answer, item.context) for item in load(str(folder)).items}
        for folder in (SHARED / "benchmarks" / name / "items.jsonl.zst", tmp_path)
    ]
    assert texts[0] == texts[1]


def test_statutes_that_lawbench_quotes_are_reported_and_kept() -> None:
    statutes = corpus("law/zh/prc_laws")
    found = matches(statutes, index_of("lawbench"), 0.4)
    quoted = found.filter(pl.col("part") == "answer")["row"].n_unique()
    assert quoted > 120
    assert found.filter(pl.col("part") == "quotation")["row"].n_unique() > 20
    assert found.filter(pl.col("part").is_in(sorted(DECIDING)), pl.col("score") > LIMIT).is_empty()


def test_the_natural_contamination_of_zh_lawyer_llama_with_lawbench_is_found_whole() -> None:
    dialogues = pl.read_ndjson(SHARED / "sft" / "law" / "zh_lawyer_llama.jsonl.zst")["messages"]
    texts = dialogues.list.eval(pl.element().struct.field("content")).list.join("\n\n")
    known = load(str(SHARED / "benchmarks" / "lawbench")).items
    raw = pl.read_ndjson(SHARED / "benchmarks" / "lawbench" / "items.jsonl.zst", infer_schema_length=None)
    asked = dict(raw.filter(pl.col("subset") == "3-6").select("id", "question").iter_rows())
    assert len(asked) == 500 <= len(known)
    windows = {plain[at : at + 20] for plain in map(plain_text, texts) for at in range(len(plain) - 19)}
    true = {item for item, question in asked.items() if share(plain_text(question), windows) >= 0.5}
    assert len(true) == 38
    table = deciding(texts, index_of("lawbench"))
    assert true <= set(table["item"])
    for row, start, end in table.select("row", "start", "end").iter_rows():
        assert len(texts[row][start:end]) >= 8


def plain_text(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


def share(question: str, windows: set[str]) -> float:
    mine = [question[at : at + 20] for at in range(len(question) - 19)]
    return sum(window in windows for window in mine) / max(1, len(mine))
