from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.engine import Inline
from curate.mix.build import build
from curate.mix.plan import Plan
from curate.mix.recount import MixMissed, recount
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
