"""Mixes to train on, built once."""

from __future__ import annotations

import os
from pathlib import Path

# Before torch is loaded: threads that wait for each other sleep. On two busy cores these tests take 23 s so, and 137 s
# with OpenMP's default, which lets them spin.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import polars as pl
import pytest
from transformers import LlamaConfig

from curate.engine import Inline
from curate.mix.build import build
from curate.mix.settings import Mix
from curate.train.settings import Train
from tests.mix import kept
from tests.train import packed


def built(folder: Path, stage: str, row_length: int, docs: pl.DataFrame | None = None) -> Path:
    docs = kept.documents("dialogue" if stage == "sft" else "prose") if docs is None else docs
    shards = kept.shards(folder / "kept", docs, [docs.height // 2])
    mix = Mix(
        tokenizer=kept.tokenizer(folder / "tokenizer"), stage=stage, row_length=row_length, held_out=0.1, tolerance=0.5
    )
    build(mix, shards, str(folder / "mix"), Inline())
    return folder / "mix"


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Train:
    """Ten steps of a model so small that they take a second, on one thread."""
    folder = tmp_path_factory.mktemp("shape")
    LlamaConfig(**packed.SHAPE, tie_word_embeddings=True).save_pretrained(folder)
    return Train(
        model=str(folder / "config.json"),
        steps=10,
        batch=4,
        learning_rate=1e-2,
        warmup=2,
        held_out_rows=3,
        checkpoint_every=4,
        say_every=1,
        device="cpu",
        threads=1,
    )


@pytest.fixture(scope="session")
def pt_mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Continued pre-training, Chinese and English, rows of 128 tokens."""
    return built(tmp_path_factory.mktemp("pt"), "pt", 128)


@pytest.fixture(scope="session")
def sft_mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dialogues, rows of 512 tokens."""
    return built(tmp_path_factory.mktemp("sft"), "sft", 512)


def long_talks() -> pl.DataFrame:
    """Dialogues of two questions and two answers: each with the one that follows it."""
    docs = kept.documents("dialogue")
    messages = docs["messages"].to_list()
    turns = [first + second for first, second in zip(messages, messages[1:] + messages[:1], strict=True)]
    return docs.with_columns(pl.Series("messages", turns, dtype=docs.schema["messages"]))


@pytest.fixture(scope="session")
def talks_mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dialogues of several turns, rows of 1,024 tokens."""
    return built(tmp_path_factory.mktemp("talks"), "sft", 1024, long_talks())
