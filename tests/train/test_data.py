"""Batches are the rows of a mix, and a mix that breaks its promise is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from curate.mix.reader import MixReader, TokenizerChanged
from curate.train.data import BrokenMix, Rows
from curate.train.selftest import documents


def test_a_batch_is_the_rows_that_were_asked_for(pt_mix: Path) -> None:
    reader, rows = MixReader(pt_mix), Rows(pt_mix)
    batch = rows.batch([5, 0])
    assert batch.input_ids[0].tolist() == reader.row(5).input_ids.tolist()
    assert batch.input_ids[1].tolist() == reader.row(0).input_ids.tolist()
    assert batch.tokens == 256
    spans = batch.spans
    assert {(int(row), spans.channels[channel]) for row, channel in zip(spans.row, spans.channel, strict=True)} == {
        (5, reader.row(5).channel),
        (0, reader.row(0).channel),
    }
    assert {tensor.dtype for tensor in (batch.input_ids, batch.position_ids, batch.places)} == {torch.int64}


def test_what_is_predicted_is_what_the_mix_marks(pt_mix: Path, sft_mix: Path) -> None:
    for mix in (pt_mix, sft_mix):
        reader, rows = MixReader(mix), Rows(mix)
        for index in range(0, len(rows), 7):
            row = reader.row(index)
            batch = rows.batch([index])
            assert np.array_equal(batch.places.numpy() + 1, np.flatnonzero(row.loss_mask))
            assert np.array_equal(batch.targets.numpy(), row.input_ids[row.loss_mask])


def test_the_spans_of_a_batch_are_its_documents_with_their_tokens(pt_mix: Path) -> None:
    reader, rows = MixReader(pt_mix), Rows(pt_mix)
    batch = rows.batch([3])
    row = reader.row(3)
    assert batch.spans.document.tolist() == list(dict.fromkeys(row.documents.tolist()))
    assert batch.spans.tokens.tolist() == [
        int(row.loss_mask[row.documents == document].sum()) for document in batch.spans.document
    ]
    assert batch.edges.tolist() == [*np.flatnonzero(row.position_ids == 0), 128]


class Without:
    """Leaves out one document."""

    def __init__(self, row: int, document: int) -> None:
        self.row, self.document = row, document

    def left_out(self, row: int, channel: str, documents: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return (documents == self.document) & (row == self.row)


def test_a_document_that_is_skipped_is_neither_read_nor_learnt_and_its_row_keeps_its_shape(pt_mix: Path) -> None:
    reader, rows = MixReader(pt_mix), Rows(pt_mix)
    document = int(reader.row(3).documents[-1])
    batch, whole = rows.batch([2, 3], Without(3, document)), rows.batch([2, 3])
    assert torch.equal(batch.position_ids, whole.position_ids)
    left = torch.from_numpy(np.stack([np.zeros(128, np.bool_), reader.row(3).documents == document]))
    assert torch.equal(batch.input_ids[~left], whole.input_ids[~left])
    assert not batch.input_ids[left].any()
    expected = np.where((whole.spans.document == document) & (whole.spans.row == 3), 0, whole.spans.tokens)
    assert batch.spans.tokens.tolist() == expected.tolist() != whole.spans.tokens.tolist()


def test_of_a_dialogue_of_several_turns_every_answer_or_the_last_is_learnt(talks_mix: Path) -> None:
    every, last = Rows(talks_mix), Rows(talks_mix, "last")
    start, end = (every.tokenizer.token_to_id(token) for token in ("<|im_start|>", "<|im_end|>"))
    dialogues = 0
    for index in range(len(every)):
        one, other = every.batch([index]), last.batch([index])
        ids = one.input_ids[0].numpy()
        for span, (first, after) in enumerate(documents(one.position_ids[0])):
            if one.spans.document[span] < 0:
                continue
            answers = answers_of(ids[first:after], every, start, end)
            assert len(answers) >= 2
            dialogues += 1
            for batch, expected in ((one, answers), (other, answers[-1:])):
                places = batch.places[batch.bounds[span] : batch.bounds[span + 1]].numpy() + 1 - first
                assert places.tolist() == [place for answer in expected for place in answer]
    assert dialogues > 5


def answers_of(ids: np.ndarray, rows: Rows, start: int, end: int) -> list[range]:  # type: ignore[type-arg]
    """Where the answers of a rendered dialogue stand: behind the assistant's header, its end mark included."""
    found = []
    for begin in np.flatnonzero(ids == start):
        close = begin + int(np.flatnonzero(ids[begin:] == end)[0])
        head = next(size for size in range(1, 20) if "\n" in rows.tokenizer.decode(ids[begin + 1 : begin + 1 + size]))
        if rows.tokenizer.decode(ids[begin + 1 : begin + 1 + head]) == "assistant\n":
            found.append(range(int(begin) + 1 + head, close + 1))
    return found


def test_padding_at_the_end_of_all_rows_is_not_read(sft_mix: Path) -> None:
    reader, rows = MixReader(sft_mix), Rows(sft_mix)
    batch = rows.batch([0, 1, 2])
    lengths = [reader.row(index).length for index in range(3)]
    assert batch.tokens == sum(lengths)
    assert batch.input_ids.shape == (3, max(lengths))


def test_validation_rows_come_by_channel_up_to_the_number_asked_for(pt_mix: Path) -> None:
    found = Rows(pt_mix).held_out(3, 2)
    reader = MixReader(pt_mix)
    sizes = {name: min(3, reader.plan.held_out[name].rows) for name in Rows(pt_mix).channels}
    assert 3 in sizes.values()
    assert {channel: [batch.input_ids.shape[0] for batch in batches] for channel, batches in found.items()} == {
        name: ([2, size - 2] if size > 2 else [size]) for name, size in sizes.items() if size
    }
    assert Rows(pt_mix).held_out(0, 2) == {}


def test_a_mix_whose_tokenizer_was_exchanged_is_refused(pt_mix: Path, tmp_path: Path) -> None:
    mix = shutil.copytree(pt_mix, tmp_path / "mix")
    file = mix / "tokenizer.json"
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(TokenizerChanged, match="the plan says"):
        Rows(mix)


def test_a_mix_of_other_tokens_has_another_digest(pt_mix: Path, tmp_path: Path) -> None:
    mix = shutil.copytree(pt_mix, tmp_path / "mix")
    assert Rows(mix).digest == Rows(pt_mix).digest
    file = mix / "report.json"
    file.write_text(file.read_text().replace('.bin": "', '.bin": "0'))
    assert Rows(mix).digest != Rows(pt_mix).digest


def test_dialogues_whose_spans_overlap_in_a_row_are_refused(sft_mix: Path, tmp_path: Path) -> None:
    mix = shutil.copytree(sft_mix, tmp_path / "mix")
    spans = pl.read_parquet(mix / "spans.parquet")
    shared = spans.filter(pl.len().over("part", "channel", "row") > 1)
    part, channel, row = shared.select("part", "channel", "row").row(0)
    there = (pl.col("part") == part) & (pl.col("channel") == channel) & (pl.col("row") == row)
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
        assert len(parts) == len(np.unique(row.documents[: row.length])) == len(rows.batch([2]).spans)


def test_a_folder_that_is_no_mix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenMix, match=r"is no mix: there is no plan\.json in it"):
        Rows(tmp_path)
