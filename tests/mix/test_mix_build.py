from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, pre_tokenizers

from curate.engine import Inline, on_ray
from curate.mix import build as building
from curate.mix.build import MixExists, build
from curate.mix.settings import Mix, MixRefused, Override
from curate.mix.write import Doubled
from curate.stage import Asset
from tests.mix import kept

CHANNELS = ("medquad", "toyhom")  # of the domain

T = TypeVar("T")
R = TypeVar("R")


class Backwards(Inline):
    """An engine whose tasks are done, and reported, in the opposite order."""

    def run(self, task: Callable[[T], R], items: Sequence[T], gpus: float = 0) -> Iterator[tuple[int, R]]:
        for index in reversed(range(len(items))):
            yield index, task(items[index])


class Repeating(Inline):
    """An engine that does every task twice, as after an answer that was lost on the way."""

    def run(self, task: Callable[[T], R], items: Sequence[T], gpus: float = 0) -> Iterator[tuple[int, R]]:
        for index, item in enumerate(items):
            task(item)
            yield index, task(item)


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def train(folder: Path, role: str) -> pl.DataFrame:
    return kept.docs_of(folder, role).filter(pl.col("split") == "train")


def test_the_share_is_what_the_text_itself_counts_to(tmp_path: Path) -> None:
    """Counted again from the outside: the drawn documents' text, tokenised one by one, an end token each."""
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), row_length=128)
    report = build(mix, kept.shards(tmp_path / "kept", kept.documents(), [30]), str(tmp_path / "mix"), Inline())
    plain = Tokenizer.from_file(str(tmp_path / "mix" / "tokenizer.json"))
    tokens = {}
    for channel in ("domain", "general"):
        ids = train(tmp_path / "mix", channel)["doc_id"].to_list()
        texts = kept.documents().filter(pl.col("doc_id").is_in(ids))["text"]
        tokens[channel] = sum(len(plain.encode(text).ids) + 1 for text in texts)
        assert report.roles[channel].tokens == tokens[channel]
        assert report.roles[channel].documents == len(ids)
    share = tokens["domain"] / sum(tokens.values())
    assert report.realised == round(share, 6) and 0.10 < share <= 0.12
    assert report.general_per_domain == round(tokens["general"] / tokens["domain"], 6)


@pytest.mark.parametrize("kind", ["prose", "dialogue"])
def test_the_bytes_are_the_same_for_any_sharding_and_order(tmp_path: Path, kind: str) -> None:
    stage = "pt" if kind == "prose" else "sft"
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), stage=stage, row_length=512)
    docs = kept.documents(kind)
    whole = kept.shards(tmp_path / "whole", docs, [])
    shuffled = kept.shards(tmp_path / "shuffled", docs.sample(fraction=1, shuffle=True, seed=5), [1, 2, 40, 77])
    build(mix, whole, str(tmp_path / "a"), Inline())
    build(mix, shuffled[::-1], str(tmp_path / "b"), Backwards())
    build(mix, whole, str(tmp_path / "c"), Repeating())
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b") == bytes_of(tmp_path / "c")


def test_the_bytes_are_the_same_in_one_process_and_on_two_workers_of_ray(tmp_path: Path) -> None:
    docs = pl.concat([kept.documents(), kept.documents("dialogue")])
    shards = kept.shards(tmp_path / "kept", docs, [20, 50, 90])
    with on_ray(cpus=2) as ray:
        for stage in ("pt", "sft"):
            mix = Mix(tokenizer=kept.tokenizer(tmp_path), stage=stage, row_length=512, text=stage == "sft")
            build(mix, shards, str(tmp_path / stage / "ray"), ray)
            build(mix, shards, str(tmp_path / stage / "inline"), Inline())
            assert bytes_of(tmp_path / stage / "ray") == bytes_of(tmp_path / stage / "inline")


def test_the_bytes_do_not_depend_on_the_number_of_partitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), held_out=0.1)
    shards = kept.shards(tmp_path / "kept", kept.documents(), [50])
    build(mix, shards, str(tmp_path / "a"), Inline())
    monkeypatch.setattr(building, "partitions_for", lambda kept: 7)
    build(mix, shards, str(tmp_path / "b"), Inline())
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")


def test_another_seed_draws_other_documents_and_holds_out_the_same(tmp_path: Path) -> None:
    shards = kept.shards(tmp_path / "kept", kept.documents(), [])
    drawn, held = [], []
    for seed in (0, 1):
        mix = Mix(tokenizer=kept.tokenizer(tmp_path), seed=seed, held_out=0.1, domain_share=0.05)
        build(mix, shards, str(tmp_path / str(seed)), Inline())
        docs = kept.docs_of(tmp_path / str(seed), "domain")
        drawn.append(set(docs.filter(pl.col("split") == "train")["doc_id"]))
        held.append(set(docs.filter(pl.col("split") == "validation")["doc_id"]))
    assert drawn[0] != drawn[1]
    assert held[0] == held[1] and held[0]


def test_the_domain_tokens_of_a_smaller_share_are_a_prefix_of_a_larger_one(tmp_path: Path) -> None:
    shards = kept.shards(tmp_path / "kept", kept.documents(), [])
    orders = []
    for share in (0.05, 0.10, 0.15):
        mix = Mix(tokenizer=kept.tokenizer(tmp_path), domain_share=share)
        build(mix, shards, str(tmp_path / str(share)), Inline())
        docs = train(tmp_path / str(share), "domain")
        orders.append({name: docs.filter(pl.col("channel") == name)["doc_id"].to_list() for name in CHANNELS})
    assert sum(map(len, orders[0].values())) < sum(map(len, orders[1].values())) < sum(map(len, orders[2].values()))
    for smaller, larger in pairwise(orders):
        assert all(smaller[name] == larger[name][: len(smaller[name])] for name in CHANNELS)
    for name in CHANNELS:
        tokens = {(tmp_path / str(share) / "tokens" / f"{name}.bin").read_bytes() for share in (0.05, 0.15)}
        assert len(tokens) == 1  # written once, whatever the plan takes of it


def test_every_document_has_one_row_that_says_what_became_of_it(tmp_path: Path) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), stage="sft", row_length=350)
    docs = pl.concat([kept.documents("dialogue"), kept.documents()[:7]])
    only_asked = docs[:1].with_columns(pl.lit("0" * 32).alias("doc_id"), pl.col("messages").list.head(1))
    docs = pl.concat([docs, only_asked])
    report = build(mix, kept.shards(tmp_path / "kept", docs, [9]), str(tmp_path / "mix"), Inline())
    rows = kept.docs_of(tmp_path / "mix")
    assert sorted(rows["doc_id"]) == sorted(docs["doc_id"])
    assert dict(report.left_out)["not_a_dialogue"] == 7 and dict(report.left_out)["no_answer"] == 1
    said = rows.filter(pl.col("split") == "too_long")
    assert said.height == report.left_out["too_long"] and said["length"].min() > 350
    assert any("7 documents left out: each is not a dialogue" in warning for warning in report.warnings)


@pytest.mark.parametrize("stage", ["pt", "sft"])
def test_a_document_without_text_is_no_part_of_a_mix(tmp_path: Path, stage: str) -> None:
    """Its only token would be the end of itself."""
    docs = pl.concat([kept.documents("dialogue"), kept.documents()])
    empty = kept.documents().with_columns(
        pl.lit("").alias("text"), pl.col("doc_id").str.reverse(), pl.lit("hollow").alias("source")
    )[:4]
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), stage=stage, text=stage == "sft")
    report = build(mix, kept.shards(tmp_path / "kept", pl.concat([docs, empty]), []), str(tmp_path / "mix"), Inline())
    assert report.left_out["no_text"] == 4 and "4 documents left out: each has no text" in report.warnings
    rows = pl.read_parquet(tmp_path / "mix" / "docs" / "hollow.parquet")
    assert rows["split"].to_list() == ["no_text"] * 4 and (tmp_path / "mix/tokens/hollow.bin").stat().st_size == 0


def test_rows_that_are_longer_than_all_text_are_named(tmp_path: Path) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), row_length=100_000)
    report = build(mix, kept.shards(tmp_path / "kept", kept.documents(), []), str(tmp_path / "mix"), Inline())
    assert report.efficiency < 0.2
    assert any("full, the rest is padding" in one and "a shorter row_length" in one for one in report.warnings)


def test_fine_tuning_is_one_to_one_by_supervised_tokens_or_by_examples(tmp_path: Path) -> None:
    shards = kept.shards(tmp_path / "kept", kept.documents("dialogue"), [])
    tokens, examples = (
        build(
            Mix(tokenizer=kept.tokenizer(tmp_path), stage="sft", unit=unit, row_length=1024),
            shards,
            str(tmp_path / unit),
            Inline(),
        )
        for unit in ("supervised_tokens", "examples")
    )
    domain, general = tokens.roles["domain"], tokens.roles["general"]
    assert 0.45 < domain.supervised / (domain.supervised + general.supervised) <= 0.5
    assert examples.roles["domain"].documents == examples.roles["general"].documents
    assert any("by supervised tokens and" in warning for warning in examples.warnings)
    assert "supervised tokens: domain" in "\n".join(tokens.lines())


def test_held_out_documents_are_in_no_training_file_and_each_channel_has_one(tmp_path: Path) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), held_out=0.001)
    report = build(mix, kept.shards(tmp_path / "kept", kept.documents(), []), str(tmp_path / "mix"), Inline())
    for channel in ("medquad", "toyhom", "eips", "history", "poetry"):
        docs = pl.read_parquet(tmp_path / "mix" / "docs" / f"{channel}.parquet")
        assert report.held_out[channel].documents == (docs["split"] == "validation").sum() >= 1
        size = (tmp_path / "mix" / "tokens" / f"{channel}.heldout.bin").stat().st_size
        assert size == 2 * report.held_out[channel].tokens


def test_nothing_is_held_out_where_nothing_is_asked(tmp_path: Path) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), held_out=0)
    report = build(mix, kept.shards(tmp_path / "kept", kept.documents(), []), str(tmp_path / "mix"), Inline())
    assert report.held_out == {} and (tmp_path / "mix" / "tokens" / "toyhom.heldout.bin").stat().st_size == 0


@pytest.mark.parametrize("missing", ["domain", "general"])
def test_a_mix_of_one_channel_is_refused(tmp_path: Path, missing: str) -> None:
    docs = kept.documents().filter(pl.col("role") != missing)
    with pytest.raises(MixRefused, match=f"no {missing} documents to mix among {docs.height} kept documents"):
        build(
            Mix(tokenizer=kept.tokenizer(tmp_path)),
            kept.shards(tmp_path / "kept", docs, []),
            str(tmp_path / "mix"),
            Inline(),
        )
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("mix")]


def test_no_kept_documents_at_all_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MixRefused, match="no domain documents"):
        build(Mix(tokenizer=kept.tokenizer(tmp_path)), [], str(tmp_path / "mix"), Inline())


def test_pages_alone_make_no_dialogues(tmp_path: Path) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), stage="sft")
    with pytest.raises(MixRefused, match="no domain dialogues"):
        build(mix, kept.shards(tmp_path / "kept", kept.documents(), []), str(tmp_path / "mix"), Inline())


def test_dialogues_that_all_are_too_long_are_refused_with_the_reason(tmp_path: Path) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), stage="sft", row_length=16)
    with pytest.raises(MixRefused, match=r"24 left out: each is longer than a row .* raise row_length"):
        build(mix, kept.shards(tmp_path / "kept", kept.documents("dialogue"), []), str(tmp_path / "mix"), Inline())


def test_more_than_there_is_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), tokens=400_000, domain_share=0.01)
    with pytest.raises(
        MixRefused, match=r"domain 4 k needs 396 k general at 1 %; 30.2 k are there: give more, or take 0.3 k domain"
    ):
        build(mix, kept.shards(tmp_path / "kept", kept.documents(), []), str(tmp_path / "mix"), Inline())


def test_a_mix_of_a_given_size_has_that_size(tmp_path: Path) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), tokens=20_000)
    report = build(mix, kept.shards(tmp_path / "kept", kept.documents(), []), str(tmp_path / "mix"), Inline())
    assert 17_600 <= report.roles["general"].tokens < 17_600 + 4000
    assert 2400 - 600 < report.roles["domain"].tokens <= 2400
    assert report.unused["poetry"].documents > 0


def test_an_override_is_in_the_report(tmp_path: Path) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), override=Override(0.2, "measured on a proxy"))
    report = build(mix, kept.shards(tmp_path / "kept", kept.documents(), []), str(tmp_path / "mix"), Inline())
    assert 0.15 < report.realised <= 0.2
    assert report.override == {"share": 0.2, "reason": "measured on a proxy"}
    assert "the cap is lifted to 20 %: measured on a proxy" in report.lines()


def test_a_source_without_a_licence_is_named(tmp_path: Path) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path))
    report = build(mix, kept.shards(tmp_path / "kept", kept.documents(), []), str(tmp_path / "mix"), Inline())
    assert [warning for warning in report.warnings if "'history' names no licence" in warning]


def test_a_document_that_was_kept_twice_stops_the_mix(tmp_path: Path) -> None:
    shards = kept.shards(tmp_path / "kept", kept.documents(), [])
    with pytest.raises(Doubled, match="kept twice"):
        build(Mix(tokenizer=kept.tokenizer(tmp_path)), shards * 2, str(tmp_path / "mix"), Inline())


def test_the_same_mix_again_is_left_as_it_is_and_another_is_refused(tmp_path: Path) -> None:
    shards = kept.shards(tmp_path / "kept", kept.documents(), [])
    first = build(Mix(tokenizer=kept.tokenizer(tmp_path)), shards, str(tmp_path / "mix"), Inline())
    stamp = os.stat(tmp_path / "mix" / "plan.json").st_mtime_ns
    assert build(Mix(tokenizer=kept.tokenizer(tmp_path)), shards, str(tmp_path / "mix"), Inline()) == first
    assert os.stat(tmp_path / "mix" / "plan.json").st_mtime_ns == stamp
    with pytest.raises(MixExists, match="another mix"):
        build(Mix(tokenizer=kept.tokenizer(tmp_path), seed=4), shards, str(tmp_path / "mix"), Inline())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "mix", "tokenizer.json"]


def test_special_tokens_in_documents_are_counted_as_text(tmp_path: Path) -> None:
    """A text that writes the end token would otherwise end documents: the re-count would fail."""
    docs = kept.documents().with_columns(pl.col("text") + "<|endoftext|><|im_start|>")
    mix = Mix(tokenizer=kept.tokenizer(tmp_path))
    assert build(mix, kept.shards(tmp_path / "kept", docs, []), str(tmp_path / "mix"), Inline()).rows > 0


@settings(deadline=None, max_examples=12)
@given(
    share=st.integers(5, 98).map(lambda percent: percent / 100),
    row_length=st.integers(8, 300),
    seed=st.integers(0, 5),
    cuts=st.lists(st.integers(0, 96), max_size=4),
)
def test_whatever_is_asked_the_written_share_meets_it_within_a_document(
    tmp_path_factory: pytest.TempPathFactory, share: float, row_length: int, seed: int, cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("mix")
    mix = Mix(
        tokenizer=kept.tokenizer(folder),
        domain_share=share,
        override=Override(0.99, "a test of the arithmetic"),
        row_length=row_length,
        seed=seed,
    )
    report = build(mix, kept.shards(folder / "kept", kept.documents(), cuts), str(folder / "mix"), Inline())
    domain, general = report.roles["domain"].tokens, report.roles["general"].tokens
    assert report.realised == round(domain / (domain + general), 6)
    assert domain / (domain + general) <= share
    unused = {role: unused_of(folder / "mix", role) for role in ("domain", "general")}
    if unused["domain"]:  # all general text is read, and with one domain document more the share would be passed
        assert not unused["general"]
        assert (domain + max(unused["domain"])) / (domain + max(unused["domain"]) + general) > share
    else:  # with one general document less the share would be passed, or met
        last = int(train(folder / "mix", "general")["length"].max())
        assert domain / (domain + general - last) >= share or last == general


def unused_of(folder: Path, role: str) -> list[int]:
    """How long the next document of each channel is."""
    unused = kept.docs_of(folder, role).filter(pl.col("split") == "unused")
    return unused.group_by("channel", maintain_order=True).first()["length"].to_list()


def test_a_tokenizer_that_no_fast_engine_runs_is_named_with_the_reason(tmp_path: Path) -> None:
    other = Tokenizer.from_str(kept.tokenizer_json().decode())
    other.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    path = tmp_path / "tokenizer.json"
    path.write_text(other.to_str(), "utf-8")
    shards = kept.shards(tmp_path / "kept", kept.documents(), [40])
    slow = build(Mix(tokenizer=Asset.of(path), row_length=200), shards, str(tmp_path / "slow"), Inline())
    fast = build(
        Mix(tokenizer=kept.tokenizer(tmp_path / "t"), row_length=200), shards, str(tmp_path / "fast"), Inline()
    )
    assert "slower" in slow.warnings[0] and "add_prefix_space" in slow.warnings[0]
    assert not any("slower" in warning for warning in fast.warnings)
