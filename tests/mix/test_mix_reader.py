from __future__ import annotations

import pickle

import numpy as np
import polars as pl
import pytest
from tokenizers import Tokenizer

from curate.engine import Inline
from curate.mix.build import build
from curate.mix.reader import MixReader, Row
from curate.mix.settings import Mix
from tests.mix import kept

LENGTH = 200


@pytest.fixture(scope="module")
def pt(tmp_path_factory: pytest.TempPathFactory) -> MixReader:
    folder = tmp_path_factory.mktemp("pt")
    mix = Mix(tokenizer=kept.tokenizer(folder), row_length=LENGTH, held_out=0.1)
    build(mix, kept.shards(folder / "kept", kept.documents(), [40]), str(folder / "mix"), Inline())
    return MixReader(folder / "mix")


@pytest.fixture(scope="module")
def sft(tmp_path_factory: pytest.TempPathFactory) -> MixReader:
    folder = tmp_path_factory.mktemp("sft")
    mix = Mix(tokenizer=kept.tokenizer(folder), row_length=LENGTH * 3, held_out=0.2, stage="sft")
    build(mix, kept.shards(folder / "kept", kept.documents("dialogue"), [40]), str(folder / "mix"), Inline())
    return MixReader(folder / "mix")


def pieces(row: Row) -> list[tuple[int, slice]]:
    """(document, its places) in a row, as the positions say; the padding is left out."""
    starts = [place for place in range(row.length) if row.position_ids[place] == 0]
    ends = [*starts[1:], row.length]
    return [(int(row.documents[start]), slice(start, end)) for start, end in zip(starts, ends, strict=True)]


def texts(reader: MixReader, rows: list[Row]) -> dict[str, str]:
    """The text of every document, put together again from the rows, special tokens included."""
    plain = Tokenizer.from_file(str(reader.path / "tokenizer.json"))
    ids: dict[str, list[int]] = {}
    for row in rows:
        for document, places in pieces(row):
            ids.setdefault(reader.doc_id(row.channel, document), []).extend(row.input_ids[places].tolist())
    return {name: plain.decode(tokens, skip_special_tokens=False) for name, tokens in ids.items()}


def drawn(reader: MixReader, split: str) -> set[str]:
    return {
        name
        for channel in reader.plan.drawn
        for name in reader.docs(channel).filter(pl.col("split") == split)["doc_id"]
    }


def test_the_rows_hold_every_drawn_document_whole_and_no_other(pt: MixReader) -> None:
    written = dict(kept.documents().select("doc_id", "text").rows())
    found = texts(pt, [pt.row(index) for index in range(len(pt))])
    assert found == {name: written[name] + "<|endoftext|>" for name in drawn(pt, "train")}


def test_validation_rows_hold_the_documents_that_were_held_out(pt: MixReader) -> None:
    written = dict(kept.documents().select("doc_id", "text").rows())
    found = texts(pt, [row for channel in pt.plan.drawn for row in pt.heldout(channel)])
    assert found == {name: written[name] + "<|endoftext|>" for name in drawn(pt, "validation")}
    assert len(found) >= 2


def test_positions_restart_with_each_document_and_with_each_row(pt: MixReader) -> None:
    for index in range(len(pt)):
        row = pt.row(index)
        assert row.position_ids[0] == 0
        for document, places in pieces(row):
            assert row.position_ids[places].tolist() == list(range(places.stop - places.start))
            assert set(row.documents[places].tolist()) == {document}


def test_the_first_token_of_a_document_or_row_is_not_predicted_and_all_others_are(pt: MixReader) -> None:
    for index in range(len(pt)):
        row = pt.row(index)
        assert np.array_equal(row.loss_mask[: row.length], row.position_ids[: row.length] > 0)


@pytest.mark.parametrize("stage", ["pt", "sft"])
def test_rows_are_of_one_shape_and_their_padding_is_out_of_the_loss(stage: str, request: pytest.FixtureRequest) -> None:
    reader: MixReader = request.getfixturevalue(stage)
    rows = [reader.row(index) for index in range(reader.rows)]
    for row in rows:
        shape = (reader.plan.row_length,)
        assert row.input_ids.shape == row.position_ids.shape == row.documents.shape == row.loss_mask.shape == shape
        assert (row.documents[row.length :] == -1).all() and not row.loss_mask[row.length :].any()
        assert (row.input_ids[row.length :] == reader.plan.end_id).all() and (row.documents[: row.length] >= 0).all()
    assert any(row.length < reader.plan.row_length for row in rows)


def test_dialogues_are_whole_in_one_row_and_only_answers_are_learned(sft: MixReader) -> None:
    plain = Tokenizer.from_file(str(sft.path / "tokenizer.json"))
    answers = {
        row["doc_id"]: "".join(
            f"{turn['content']}<|im_end|>" for turn in row["messages"] if turn["role"] == "assistant"
        )
        for row in kept.documents("dialogue").select("doc_id", "messages").to_dicts()
    }
    seen = []
    for index in range(len(sft)):
        row = sft.row(index)
        for document, places in pieces(row):
            name = sft.doc_id(row.channel, document)
            seen.append(name)
            learned = row.input_ids[places][row.loss_mask[places]].tolist()
            assert plain.decode(learned, skip_special_tokens=False) == answers[name]
    assert sorted(seen) == sorted(drawn(sft, "train"))
    held = [
        sft.doc_id(row.channel, doc) for name in sft.plan.drawn for row in sft.heldout(name) for doc, _ in pieces(row)
    ]
    assert sorted(held) == sorted(drawn(sft, "validation")) and held


def test_any_row_is_the_same_whatever_was_read_before_and_after_pickling(pt: MixReader) -> None:
    fresh: MixReader = pickle.loads(pickle.dumps(pt))
    assert len(pickle.dumps(pt)) < 1000
    for index in (len(pt) - 1, 3, 0):
        assert np.array_equal(fresh.row(index).input_ids, pt.row(index).input_ids)
        assert fresh.row(index).channel == pt.row(index).channel


def test_channels_take_turns_in_the_planned_ratio(pt: MixReader) -> None:
    channels = [pt.plan.channel(pt.row(index).channel).role for index in range(len(pt))]
    assert channels.count("domain") == sum(pt.plan.drawn[one.name].rows for one in pt.plan.of_role("domain"))
    half = channels[: len(channels) // 2].count("domain")
    assert abs(half - channels.count("domain") / 2) <= 1
    with pytest.raises(IndexError):
        pt.row(len(pt))
