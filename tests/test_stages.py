"""Laws over all stages: the same rows, the same answer in any batches and process, a digest of what they give."""

from __future__ import annotations

import hashlib
import json
import pickle
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import cloudpickle
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.apply import STAGES
from curate.corpus import notes_of
from curate.decontaminate.stage import Decontaminate
from curate.document import COLUMNS, RAW, content_hash, doc_id
from curate.stage import AnyStage, CorpusStage, Splitter, Stage, measured, remove, split
from curate.stage import settings as settings_of
from tests import faults

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden.json"


def all_stages() -> list[AnyStage]:
    found = [stage for factory in STAGES.values() for stage in factory()]
    found.append(Decontaminate.of(ROOT / "data_samples" / "benchmarks"))
    return list({stage.name: stage for stage in found}.values())


EVERY = all_stages()
ROWS = [stage for stage in EVERY if isinstance(stage, Stage)]
named = pytest.mark.parametrize("stage", EVERY, ids=lambda stage: stage.name)
row_by_row = pytest.mark.parametrize("stage", ROWS, ids=lambda stage: stage.name)


def page(lang: str, number: int, charset: str) -> bytes:
    paragraphs = "".join(f"<p>{faults.sentence(lang, number * 10 + part, 60)}</p>" for part in range(5))
    head = f"<html><head><meta charset='{charset}'><title>{lang} {number}</title></head>"
    body = f"{head}<body><nav>Home 首页 | About 关于</nav>"
    return f"{body}<article><h1>标题 Title {number}</h1>{paragraphs}</article></body></html>".encode(charset)


NEAR = (("en", "silver", "golden"), ("zh", "医", "药"))  # edits that leave two texts near copies of each other


def documents() -> pl.DataFrame:
    """Varied documents, Chinese and English: plain, raw, long with headings, short, repeated, broken, empty."""
    item = json.loads(
        (ROOT / "data_samples" / "benchmarks" / "curate_zh_sample" / "items.jsonl").read_text("utf-8").splitlines()[0]
    )
    texts = [
        *(faults.sentence(lang, number, 30 + 20 * number) for number in range(6) for lang in ("en", "zh")),
        *(faults.sentence(lang, 3, 90) for lang in ("en", "zh")),  # the same as above
        *(faults.sentence(lang, 4, 300).replace(word, other) for lang, word, other in NEAR),
        *(faults.sentence(lang, 4, 300) for lang, _, _ in NEAR),
        "buy now " * 80, "好评返现" * 80, "short", "短", "", " \u3000\t\n",
        "\u200bzero\u200bwidth\ufeff e\u0301 \r\n\r\n\r\nline",
        "Ã©tÃ© â€œquotedâ€\x9d Ã¨ " * 20, "锟斤拷烫烫烫" * 30,
        "Le chat dort sur la table de la cuisine, et la pluie tombe. " * 6,
        "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 4,
        "\n".join(f"# 第{number}章 标题\n\n{faults.sentence('zh', 50 + number, 6000)}" for number in range(5)),
        "\n".join(f"CHAPTER {number}\n\n{faults.sentence('en', 60 + number, 2000)}" for number in range(5)),
        f"{faults.sentence('zh', 70, 80)}{item['question']}{' '.join(item['choices'])}{faults.sentence('zh', 71, 80)}",
    ]  # fmt: skip
    raws = [
        page("zh", 1, "gb18030"),
        page("en", 2, "utf-8"),
        page("zh", 3, "utf-8"),
        b"\x00\xff\xfe" * 50,
        b"<html></html>",
    ]
    rows: list[dict[str, object]] = [{"text": text} for text in texts]
    rows += [{"raw": raw, "content_type": "text/html"} for raw in raws]
    for number, row in enumerate(rows):
        content = row.get("raw") or str(row["text"]).encode()
        assert isinstance(content, bytes)
        row |= {"doc_id": doc_id("golden", str(number)), "content_hash": content_hash(content), "source": "golden"}
        row |= {"role": "general", "kind": "prose", "locator": f"golden#{number}", "origin_id": str(number)}
    return pl.DataFrame(rows, schema={**COLUMNS, **RAW})


DOCS = documents()
TEXTS = DOCS.filter(pl.col("text").is_not_null())
PAGES = TEXTS.with_columns(  # the same as pages of one site, the last three read again
    pl.format("https://www.example.cn/{}?from=timeline", pl.int_range(pl.len()) % (pl.len() - 3)).alias("url"),
    pl.format("首页 | 登录\n{}\n版权所有 © 2024\nAll rights reserved", "text").alias("text"),
)


def dialogues() -> pl.DataFrame:
    """Dialogues, Chinese and English, sound and broken, beside documents that are none."""
    said = [
        (("user", faults.sentence(lang, number, 60)), ("assistant", faults.sentence(lang, number + 1, 50 + number)))
        for number in range(4) for lang in ("en", "zh")
    ]  # fmt: skip
    said += [
        (("user", faults.sentence("en", 1, 60)), ("assistant", faults.sentence("zh", 1, 60))),
        (("user", faults.sentence("zh", 9, 400)), ("assistant", "抱歉，我无法回答这个问题。")),
        (("user", faults.sentence("zh", 9, 400)), ("assistant", "I am an AI language model and")),
        (("assistant", "B"), ("user", "  ")),
    ]
    none = {"reasoning": None, "tool_calls": None}
    rows = TEXTS.head(len(said) + 2).to_dicts()
    for row, turns in zip(rows, said, strict=False):
        row["messages"] = [{"role": role, "content": content, **none} for role, content in turns]
        row |= {"kind": "dialogue", "text": "\n\n".join(content for _, content in turns)}
    return pl.DataFrame(rows, schema=TEXTS.schema)


DIALOGUES = dialogues()


def input_of(stage: AnyStage) -> pl.DataFrame:
    if not isinstance(stage, Splitter) and "messages" in stage.reads and "text" not in stage.writes:
        return DIALOGUES
    if isinstance(stage, CorpusStage) and "url" in stage.reads:
        return PAGES
    return DOCS if isinstance(stage, Stage) and "raw" in stage.reads else TEXTS


def shards(docs: pl.DataFrame, cuts: Sequence[int]) -> list[pl.DataFrame]:
    """`docs` cut into shards as a corpus stage sees them."""
    bounds = [0, *sorted({cut for cut in cuts if cut < docs.height}), docs.height]
    parts = [docs.slice(a, b - a) for a, b in pairwise(bounds)]
    return [
        part.with_row_index("row").with_columns(
            pl.col("row").cast(pl.UInt32), shard=pl.lit(number, pl.UInt32), priority=pl.lit(0, pl.Int64)
        )
        for number, part in enumerate(parts)
    ]


def outcome(stage: AnyStage, docs: pl.DataFrame, cuts: Sequence[int] = ()) -> pl.DataFrame:
    """What a stage makes of documents that come in batches (of a corpus stage: in shards) cut at `cuts`."""
    if isinstance(stage, CorpusStage):
        parts = shards(docs, cuts)
        notes = notes_of(stage, parts)
        where = pl.concat(part.select("shard", "row", "doc_id") for part in parts)
        told = notes.join(where, on=["shard", "row"], how="left").drop("shard", "row")
        return told.select(sorted(told.columns)).sort("doc_id")
    bounds = [0, *sorted({cut for cut in cuts if cut < docs.height}), docs.height]
    batches = [docs.slice(a, b - a) for a, b in pairwise(bounds)]
    if isinstance(stage, Splitter):
        return pl.concat(split(stage, batch) for batch in batches)
    tables = [measured(stage, batch) for batch in batches]
    verdicts = [remove(table, stage.name, stage.rules).verdicts for table in tables]
    judged = pl.concat(verdicts).group_by("doc_id", maintain_order=True).agg("reason", "value", "evidence")
    return pl.concat(tables).join(judged, on="doc_id", how="left", maintain_order="left")


@named
@settings(max_examples=5, deadline=None)
@given(cuts=st.lists(st.integers(1, TEXTS.height - 1), max_size=6))
def test_any_split_of_the_input_gives_the_same_answer(stage: AnyStage, cuts: list[int]) -> None:
    assert outcome(stage, input_of(stage), cuts).equals(outcome(stage, input_of(stage)))


@named
def test_a_stage_survives_pickling_with_its_answer(stage: AnyStage) -> None:
    again = pickle.loads(cloudpickle.dumps(stage))
    assert settings_of(again) == settings_of(stage)
    assert outcome(again, input_of(stage)).equals(outcome(stage, input_of(stage)))


@row_by_row
def test_a_stage_takes_an_empty_table_and_a_document_without_text(stage: Stage) -> None:
    assert measured(stage, DOCS.clear()).height == 0
    nothing = DOCS.head(1).with_columns(text=pl.lit(None, pl.String), raw=pl.lit(b"<html></html>"))
    assert measured(stage, nothing).height == 1


@row_by_row
def test_an_editor_says_what_it_cut_and_added(stage: Stage) -> None:
    if "text" in stage.writes and f"{stage.name}_cut" in stage.writes:
        done = measured(stage, TEXTS)
        before, after = TEXTS["text"].str.len_chars().sum(), done["text"].str.len_chars().sum()
        assert before + done[f"{stage.name}_added"].sum() == after + done[f"{stage.name}_cut"].sum()


@named
def test_the_output_of_a_stage_changes_only_with_its_version(stage: AnyStage) -> None:
    """After a change that is meant, raise the stage's version and run `python -m tests.test_stages`."""
    golden = json.loads(GOLDEN.read_text("utf-8"))
    assert golden.get(stage.name) == digest(stage), (
        f"the output of {stage.name} is not what version {stage.version} gave"
    )


def digest(stage: AnyStage) -> dict[str, object]:
    table = outcome(stage, input_of(stage))
    rows = json.dumps(table.to_dicts(), ensure_ascii=False, sort_keys=True, default=str)
    return {"version": stage.version, "rows": table.height, "sha256": hashlib.sha256(rows.encode()).hexdigest()}


def write_golden(names: Sequence[str] = ()) -> None:
    """Of all stages, or of those named. Refuses where an output changed and its version did not."""
    golden = json.loads(GOLDEN.read_text("utf-8")) if GOLDEN.exists() else {}
    for stage in EVERY:
        if names and stage.name not in names:
            continue
        new = digest(stage)
        old = golden.get(stage.name, new)
        if old != new and old["version"] == new["version"]:
            raise SystemExit(f"the output of {stage.name} changed: raise its version")
        golden[stage.name] = new
    GOLDEN.write_text(json.dumps(golden, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    write_golden(sys.argv[1:])
