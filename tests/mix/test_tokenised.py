from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.engine import Inline
from curate.mix.build import build
from curate.mix.settings import Mix
from curate.mix.tokenised import TOKENS, CacheChanged, tokenised
from tests.mix import kept


@pytest.fixture
def mix(tmp_path: Path) -> Mix:
    return Mix(tokenizer=kept.tokenizer(tmp_path), row_length=200, held_out=0.1)


def files_of(folder: Path) -> dict[str, bytes]:
    """What lies in a folder, but for what was judged of its shards."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("hidden-"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.mark.parametrize("stage", ["pt", "sft"])
def test_a_mix_from_kept_tokens_is_the_mix_without_them(tmp_path: Path, mix: Mix, stage: str) -> None:
    mix = replace(mix, stage=stage, row_length=600)
    shards = kept.shards(tmp_path / "kept", kept.documents("prose" if stage == "pt" else "dialogue"), [40])
    cache = str(tmp_path / "tokens")
    build(replace(mix, domain_share=0.1), shards, str(tmp_path / "first"), Inline(), cache)
    before = files_of(tmp_path / "tokens")
    assert len(before) == len(shards)
    build(mix, shards, str(tmp_path / "with"), Inline(), cache)
    build(mix, shards, str(tmp_path / "without"), Inline())
    assert files_of(tmp_path / "with") == files_of(tmp_path / "without")
    assert files_of(tmp_path / "tokens") == before


def test_tokens_are_read_where_they_are_kept(tmp_path: Path, mix: Mix) -> None:
    (shard,) = kept.shards(tmp_path / "kept", kept.documents()[:20], [])
    cache = tmp_path / "tokens"
    list(tokenised(shard, mix, str(cache)))
    (file,) = cache.iterdir()
    pattern = np.array([5, 5, 5], np.uint16).tobytes()
    marked = pq.read_table(file).set_column(0, TOKENS.field(0), pa.array([pattern] * 20, pa.large_binary()))
    pq.write_table(marked, file)
    rows = pl.concat([tokens for _, tokens in tokenised(shard, replace(mix, seed=9, row_length=64), str(cache))])
    assert rows["tokens"].to_list() == [pattern] * 20


def test_other_tokens_are_made_of_another_shard_or_for_another_kind_of_mix(tmp_path: Path, mix: Mix) -> None:
    one, other = kept.shards(tmp_path / "kept", kept.documents("dialogue")[:20], [10])
    cache = tmp_path / "tokens"
    for shard, settings in (
        (one, mix),
        (other, mix),
        (one, replace(mix, stage="sft")),
        (one, replace(mix, end="<|im_end|>")),
    ):
        before = len(list(cache.iterdir())) if cache.exists() else 0
        list(tokenised(shard, settings, str(cache)))
        assert len(list(cache.iterdir())) == before + 1


def test_an_attempt_that_ends_half_way_leaves_nothing(tmp_path: Path, mix: Mix) -> None:
    docs = pl.concat([kept.documents()] * 6).with_columns(pl.int_range(pl.len()).cast(pl.String).alias("doc_id"))
    (shard,) = kept.shards(tmp_path / "kept", docs, [])
    half = tokenised(shard, mix, str(tmp_path / "tokens"))
    next(half)
    half.close()
    assert not list((tmp_path / "tokens").iterdir())


def test_an_altered_byte_is_found(tmp_path: Path, mix: Mix) -> None:
    (shard,) = kept.shards(tmp_path / "kept", kept.documents()[:20], [])
    cache = tmp_path / "tokens"
    list(tokenised(shard, mix, str(cache)))
    (file,) = cache.iterdir()
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(CacheChanged, match="damaged"):
        list(tokenised(shard, mix, str(cache)))
