from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.engine import Inline
from curate.mix import build as building
from curate.mix.build import build
from curate.mix.plan import Plan
from curate.mix.reader import MixReader, TokenizerChanged
from curate.mix.recount import MixMissed, recount
from curate.mix.seal import MixChanged
from curate.mix.settings import Mix
from tests.mix import kept


@pytest.fixture(scope="module")
def mixes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("mixes")
    for stage, kind in (("pt", "prose"), ("sft", "dialogue")):
        shards = kept.shards(folder / kind, kept.documents(kind), [])
        build(Mix(tokenizer=kept.tokenizer(folder), stage=stage), shards, str(folder / stage), Inline())
    return {stage: folder / stage for stage in ("pt", "sft")}


def lose_a_token(folder: Path) -> None:
    path = folder / "tokens" / "poetry.bin"
    path.write_bytes(path.read_bytes()[:-2])


def join_two_documents(folder: Path) -> None:
    path = folder / "tokens" / "poetry.bin"
    tokens = np.fromfile(path, "<u2")
    tokens[np.flatnonzero(tokens == 0)[0]] = 99
    tokens.tofile(path)


def write_a_token_that_is_none(folder: Path) -> None:
    path = folder / "tokens" / "toyhom.bin"
    tokens = np.fromfile(path, "<u2")
    tokens[3] = 1200
    tokens.tofile(path)


def draw_one_more(folder: Path) -> None:
    path = folder / "docs" / "toyhom.parquet"
    docs = pl.read_parquet(path)
    docs.with_columns(pl.lit("train").alias("split")).write_parquet(path)


def supervise_everything(folder: Path) -> None:
    path = folder / "masks" / "toyhom_talks.bin"
    path.write_bytes(b"\1" * path.stat().st_size)


def train_twice_on_a_dialogue(folder: Path) -> None:
    spans = pl.read_parquet(folder / "spans.parquet")
    pl.concat([spans, spans[:1]]).write_parquet(folder / "spans.parquet")


@pytest.mark.parametrize(
    ("stage", "damage", "says"),
    [
        ("pt", lose_a_token, "tokens of 2"),
        ("pt", join_two_documents, "end tokens"),
        ("pt", write_a_token_that_is_none, "token 1200 of a vocabulary of 1200"),
        ("pt", draw_one_more, "toyhom.parquet"),
        ("sft", supervise_everything, "supervised tokens"),
        ("sft", train_twice_on_a_dialogue, "documents, tokens and rows"),
    ],
)
def test_what_is_not_as_planned_is_found(
    mixes: dict[str, Path], tmp_path: Path, stage: str, damage: Callable[[Path], None], says: str
) -> None:
    copy = tmp_path / "mix"
    shutil.copytree(mixes[stage], copy)
    plan = Plan.read(copy / "plan.json")
    recount(copy, plan)
    damage(copy)
    with pytest.raises(MixMissed, match=says):
        recount(copy, plan)


def test_a_share_above_what_was_asked_is_found(mixes: dict[str, Path]) -> None:
    plan = Plan.read(mixes["pt"] / "plan.json")
    with pytest.raises(MixMissed, match="5 % was asked"):
        recount(mixes["pt"], replace(plan, domain_share=0.05))


def forget_a_row(folder: Path) -> None:
    path = folder / "docs" / "poetry.parquet"
    pl.read_parquet(path)[1:].write_parquet(path)


def lengthen_a_document(folder: Path) -> None:
    path = folder / "docs" / "eips.parquet"
    docs = pl.read_parquet(path)
    longer = pl.when(pl.int_range(pl.len()) == 0).then(pl.col("length") + 1).otherwise("length")
    docs.with_columns(longer.alias("length")).write_parquet(path)


def read_it_again(folder: Path) -> None:
    path = folder / "docs" / "history.parquet"
    docs = pl.read_parquet(path)
    docs.with_columns(pl.when(pl.col("epochs") > 0).then(2).otherwise(0).alias("epochs")).write_parquet(path)


def swap_validation(folder: Path) -> None:
    path = folder / "tokens" / "poetry.heldout.bin"
    path.write_bytes(path.read_bytes()[2:])


def lose_a_mask(folder: Path) -> None:
    path = folder / "masks" / "gsm8k.bin"
    mask = np.fromfile(path, np.uint8)
    mask[np.flatnonzero(mask)[0]] = 0
    mask.tofile(path)


@pytest.mark.parametrize(
    ("stage", "damage", "says"),
    [
        ("pt", forget_a_row, "poetry"),
        ("pt", lengthen_a_document, "eips"),
        ("pt", read_it_again, r"history.parquet says other epochs"),
        ("pt", swap_validation, "poetry.heldout.bin"),
        ("sft", lose_a_mask, "gsm8k.bin: .* supervised tokens"),
    ],
)
def test_a_run_fails_where_what_is_written_was_changed_before_the_recount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, damage: Callable[[Path], None], says: str
) -> None:
    """The damage is done between writing and counting again; nothing appears."""

    def damaged(folder: Path, plan: Plan) -> None:
        damage(folder)
        recount(folder, plan)

    monkeypatch.setattr(building, "recount", damaged)
    shards = kept.shards(tmp_path / "kept", kept.documents("prose" if stage == "pt" else "dialogue"), [])
    with pytest.raises(MixMissed, match=says):
        build(Mix(tokenizer=kept.tokenizer(tmp_path), stage=stage), shards, str(tmp_path / "mix"), Inline())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "tokenizer.json"]


def test_shares_that_are_not_the_planned_ones_are_found(mixes: dict[str, Path]) -> None:
    plan = Plan.read(mixes["pt"] / "plan.json")
    with pytest.raises(MixMissed, match=r"of domain are read, .* were planned"):
        recount(mixes["pt"], replace(plan, size=2 * plan.size))
    parts = {**plan.parts, "poetry": plan.parts["eips"], "eips": plan.parts["poetry"]}
    with pytest.raises(MixMissed, match=r"tokens of eips are read, .* were planned"):
        recount(mixes["pt"], replace(plan, parts=parts))


def test_a_plan_without_a_digest_is_not_read(mixes: dict[str, Path], tmp_path: Path) -> None:
    data = json.loads((mixes["pt"] / "plan.json").read_text())
    del data["digest"]
    (tmp_path / "plan.json").write_text(json.dumps(data))
    with pytest.raises(MixChanged, match="has no digest"):
        Plan.read(tmp_path / "plan.json")


def test_a_mix_with_another_tokenizer_or_an_edited_plan_is_not_read(mixes: dict[str, Path], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(mixes["pt"], tmp_path / "mix"))
    (copy / "tokenizer.json").write_bytes(kept.tokenizer_json() + b" ")
    with pytest.raises(TokenizerChanged, match="the plan says"):
        MixReader(copy)
    (copy / "tokenizer.json").write_bytes(kept.tokenizer_json())
    text = (copy / "plan.json").read_text()
    (copy / "plan.json").write_text(text.replace('"cap": 0.15', '"cap": 0.95'))
    with pytest.raises(MixChanged, match="is not edited by hand"):
        MixReader(copy)
