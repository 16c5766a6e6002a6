"""Batches are the rows of a mix, and a mix that breaks its promise is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from curate.mix.plan import CHANNELS
from curate.mix.reader import MixReader
from curate.train.data import BrokenMix, Rows
from curate.train.loss import NOTHING, labels
from curate.train.selftest import documents


def test_a_batch_is_the_rows_that_were_asked_for(pt_mix: Path) -> None:
    reader, rows = MixReader(pt_mix), Rows(pt_mix)
    batch = rows.batch([5, 0])
    assert batch.input_ids[0].tolist() == reader.row(5).input_ids.tolist()
    assert batch.input_ids[1].tolist() == reader.row(0).input_ids.tolist()
    assert batch.tokens == 256
    assert [CHANNELS[channel] for channel in batch.channels[:, 0].tolist()] == [
        reader.row(5).channel,
        reader.row(0).channel,
    ]
    assert {tensor.dtype for tensor in (batch.input_ids, batch.position_ids, batch.channels)} == {torch.int64}


def test_what_is_predicted_is_what_the_mix_marks(pt_mix: Path, sft_mix: Path) -> None:
    for mix in (pt_mix, sft_mix):
        reader, rows = MixReader(mix), Rows(mix)
        for index in range(0, len(rows), 7):
            row = reader.row(index)
            wanted = labels(rows.batch([index]))[0]
            predicted = (wanted != NOTHING).numpy()
            assert np.array_equal(np.flatnonzero(predicted) + 1, np.flatnonzero(row.loss_mask))
            assert np.array_equal(wanted[predicted].numpy(), row.input_ids[row.loss_mask])


def test_padding_at_the_end_of_all_rows_is_not_read(sft_mix: Path) -> None:
    reader, rows = MixReader(sft_mix), Rows(sft_mix)
    batch = rows.batch([0, 1, 2])
    lengths = [reader.row(index).length for index in range(3)]
    assert batch.tokens == sum(lengths)
    assert batch.input_ids.shape == (3, max(lengths))


def test_validation_rows_come_by_channel_up_to_the_number_asked_for(pt_mix: Path) -> None:
    found = Rows(pt_mix).held_out(3, 2)
    assert {channel: [batch.input_ids.shape[0] for batch in batches] for channel, batches in found.items()} == {
        "domain": [2, 1],
        "general": [2, 1],
    }
    assert Rows(pt_mix).held_out(0, 2) == {}


def test_a_mix_whose_tokenizer_was_exchanged_is_refused(pt_mix: Path, tmp_path: Path) -> None:
    mix = shutil.copytree(pt_mix, tmp_path / "mix")
    file = mix / "tokenizer.json"
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(BrokenMix, match="the plan says"):
        Rows(mix)


def test_a_mix_of_other_tokens_has_another_digest(pt_mix: Path, tmp_path: Path) -> None:
    mix = shutil.copytree(pt_mix, tmp_path / "mix")
    assert Rows(mix).digest == Rows(pt_mix).digest
    file = mix / "report.json"
    file.write_text(file.read_text().replace('"tokens/general.bin": "', '"tokens/general.bin": "0'))
    assert Rows(mix).digest != Rows(pt_mix).digest


def test_dialogues_whose_spans_overlap_in_a_row_are_refused(sft_mix: Path, tmp_path: Path) -> None:
    mix = shutil.copytree(sft_mix, tmp_path / "mix")
    spans = pl.read_parquet(mix / "spans.parquet")
    shared = spans.filter(pl.len().over("split", "channel", "row") > 1)
    split, channel, row = shared.select("split", "channel", "row").row(0)
    there = (pl.col("split") == split) & (pl.col("channel") == channel) & (pl.col("row") == row)
    one = pl.col("document").first().over(there)
    spans.with_columns(pl.when(there).then(one).otherwise("document").alias("document")).write_parquet(
        mix / "spans.parquet"
    )
    rows = Rows(mix)
    with pytest.raises(BrokenMix, match="do not restart where its documents do"):
        for index in range(len(rows)):
            rows.batch([index])
        rows.held_out(99, 1)


def test_every_row_has_its_documents_apart(pt_mix: Path, sft_mix: Path) -> None:
    for mix in (pt_mix, sft_mix):
        reader, rows = MixReader(mix), Rows(mix)
        row = reader.row(2)
        parts = documents(rows.batch([2]).position_ids[0])
        assert len(parts) == len(np.unique(row.documents[: row.length]))
