from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from curate.engine import Inline
from curate.mix.build import build
from curate.mix.channels import channels_of, numbered
from curate.mix.plan import Plan
from curate.mix.reader import MixReader
from curate.mix.settings import Mix, Override, Shares
from tests.mix import kept

CELLS = {"domain": pl.String, "lang": pl.String, "kind": pl.String, "task": pl.String}


def found(*rows: tuple[str, str, str | None]) -> pl.DataFrame:
    """Documents of (source, role, language)."""
    return pl.DataFrame(
        [
            {"role": role, "source": source, "domain": None, "lang": lang, "kind": "prose", "task": "text"}
            for source, role, lang in rows
        ],
        schema={"role": pl.String, "source": pl.String, **CELLS},
    )


def test_a_channel_is_a_source_by_default() -> None:
    channels = channels_of(found(("wiki", "general", "zh"), ("wiki", "general", "en"), ("law", "domain", "zh")))
    assert [(one.name, one.role, one.lang) for one in channels] == [("law", "domain", "zh"), ("wiki", "general", None)]


def test_target_shares_split_a_source_by_the_columns_that_they_name() -> None:
    rows = found(("wiki", "general", "zh"), ("wiki", "general", None), ("law", "domain", "zh"))
    channels = channels_of(rows, ["lang"])
    assert [one.name for one in channels] == ["law.zh", "wiki.unknown", "wiki.zh"]
    assert numbered(rows, channels, ["lang"]).to_list() == [2, 1, 0]


def test_names_stand_in_names_of_files_and_are_never_equal() -> None:
    rows = found(
        ("a/b:c", "general", "zh"),
        ("a_b_c", "general", "zh"),
        ("A_b_c", "domain", "zh"),
        ("维基 百科", "general", "zh"),
    )
    names = [one.name for one in channels_of(rows)]
    assert len({name.lower() for name in names}) == 4 and "维基_百科" in names
    assert not any(set(name) & set("/:. ") for name in names)
    both = channels_of(found(("news", "domain", "zh"), ("news", "general", "zh")))
    assert [one.name for one in both] == ["news.domain", "news.general"]


def test_a_mix_by_language_has_a_channel_for_each_and_meets_the_shares(tmp_path: Path) -> None:
    docs = kept.documents().with_columns(
        pl.when(pl.col("source") == "poetry").then(pl.lit("de")).otherwise("lang").alias("lang")
    )
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), row_length=64, shares=Shares(lang={"zh": 0.4, "en": 0.45}))
    report = build(mix, kept.shards(tmp_path / "kept", docs, [20]), str(tmp_path / "mix"), Inline())
    assert sorted(report.channels) == ["eips.en", "history.zh", "medquad.en", "poetry.de", "toyhom.zh"]
    largest = kept.docs_of(tmp_path / "mix")["length"].max()
    total = sum(one.read_tokens for one in report.channels.values())
    for lang, share in (("zh", 0.4), ("en", 0.45), ("de", 0.15)):
        assert abs(report.languages[lang].read_tokens - share * total) <= 2 * largest
    assert report.targets["lang"]["zh"] == {
        "asked": 0.4,
        "realised": round(report.languages["zh"].read_tokens / total, 6),
    }


@pytest.mark.parametrize("stage", ["pt", "sft"])
def test_a_weighted_source_is_read_again_whole_and_then_in_part(tmp_path: Path, stage: str) -> None:
    docs = kept.documents("prose" if stage == "pt" else "dialogue")
    source = "poetry" if stage == "pt" else "poems_asked"
    wishes = {"override": Override(0.9, "a test"), "domain_share": 0.02} if stage == "pt" else {"domain_share": 0.05}
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), row_length=256, stage=stage, weights={source: 2.5}, **wishes)
    report = build(mix, kept.shards(tmp_path / "kept", docs, [20]), str(tmp_path / "mix"), Inline())
    interval = Plan.read(tmp_path / "mix" / "plan.json").drawn[source]
    assert interval.passes == 2 and 0 < interval.rest.documents < interval.whole.documents
    assert 2 < report.epochs[source] <= 2.6
    table = kept.docs_of(tmp_path / "mix").filter(pl.col("channel") == source)
    reader = MixReader(tmp_path / "mix")
    times: dict[str, int] = {}
    seen: list[int] = []
    for index in range(len(reader)):
        row = reader.row(index)
        if row.channel == source:
            seen.append(row.epoch)
            for document in row.documents[: row.length][row.position_ids[: row.length] == 0].tolist():
                times.setdefault(reader.doc_id(source, document), 0)
            for document in set(row.documents[: row.length].tolist()):
                of_it = int((row.documents[: row.length] == document).sum())
                times[reader.doc_id(source, document)] += of_it
    assert seen == sorted(seen) and set(seen) == {0, 1, 2}
    expected = {one["doc_id"]: one["epochs"] * one["length"] for one in table.to_dicts() if one["epochs"]}
    assert times == expected
    assert report.channels[source].read_tokens == interval.tokens == sum(expected.values())
    assert report.channels[source].tokens == interval.whole.tokens


def test_a_mix_from_scratch_takes_the_ratio_it_is_told_and_says_the_share(tmp_path: Path) -> None:
    shards = kept.shards(tmp_path / "kept", kept.documents(), [])
    tokenizer = kept.tokenizer(tmp_path)
    even = build(Mix(tokenizer=tokenizer, stage="scratch", domain_share=0.5), shards, str(tmp_path / "even"), Inline())
    assert 0.4 < even.realised <= 0.5 and even.cap == 1
    whole = build(Mix(tokenizer=tokenizer, stage="scratch"), shards, str(tmp_path / "whole"), Inline())
    assert whole.requested is None and not whole.unused and "domain 19." in whole.lines()[1]
    general = kept.documents().filter(pl.col("role") == "general")
    alone = build(
        Mix(tokenizer=tokenizer, stage="scratch"),
        kept.shards(tmp_path / "general", general, []),
        str(tmp_path / "alone"),
        Inline(),
    )
    assert alone.realised == 0 and alone.roles["domain"].documents == 0 and len(MixReader(tmp_path / "alone")) > 5


def test_text_has_a_part_in_fine_tuning_by_choice_and_is_learnt_whole(tmp_path: Path) -> None:
    docs = pl.concat([kept.documents("dialogue"), kept.documents()])
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), stage="sft", text=True, row_length=500, held_out=0.05)
    report = build(mix, kept.shards(tmp_path / "kept", docs, [60]), str(tmp_path / "mix"), Inline())
    assert report.tasks["text"].documents > 20 and report.tasks["dialogue"].documents > 20
    assert "not_a_dialogue" not in report.left_out
    written = dict(docs.select("doc_id", "text").rows())
    for answers in ("every", "last"):
        reader = MixReader(tmp_path / "mix", answers=answers)
        texts: dict[str, list[int]] = {}
        for index in range(len(reader)):
            row = reader.row(index)
            if reader.plan.channel(row.channel).task == "text":
                assert row.loss_mask[: row.length].tolist() == (row.position_ids[: row.length] > 0).tolist()
                for document, token in zip(row.documents[: row.length], row.input_ids[: row.length], strict=True):
                    texts.setdefault(reader.doc_id(row.channel, int(document)), []).append(int(token))
    # Texts that are longer than a row go on in others, which take turns with the rest: the longest is there whole.
    lengths = {one["doc_id"]: one["length"] for one in kept.docs_of(tmp_path / "mix").to_dicts() if one["epochs"]}
    assert all(len(tokens) == lengths[name] for name, tokens in texts.items())
    assert max(map(len, texts.values())) > 500 and set(texts) <= set(written)


def test_a_target_share_of_text_lets_it_into_fine_tuning(tmp_path: Path) -> None:
    docs = pl.concat(
        [kept.documents("dialogue"), kept.documents().filter(pl.col("source").is_in(["toyhom", "poetry"]))]
    )
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), stage="sft", shares=Shares(task={"text": 0.3}), tolerance=0.2)
    report = build(mix, kept.shards(tmp_path / "kept", docs, []), str(tmp_path / "mix"), Inline())
    assert {"toyhom.text", "toyhom_talks.dialogue"} <= set(report.channels)
    assert 0.15 < report.targets["task"]["text"]["realised"] < 0.45
