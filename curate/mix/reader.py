"""Rows of a mix, by arithmetic over memory-mapped tokens: any row, by any number of readers, in any order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.compiled import frozen
from curate.kernels.rows import cut, packed
from curate.mix.plan import Part, Plan
from curate.mix.seal import MixChanged

WHOLE, REST, HELD_OUT = "whole", "rest", "held_out"
"""Parts of a channel: all that may be drawn, the first documents of it, and what is kept for validation."""

ANSWERS = {"every": 1, "last": 2}
"""From which value of the mask on a token is learnt: 1 is part of an answer, 2 of the last one, 0 of none."""

SPANS = pl.Schema(
    {
        "part": pl.String(),  # whole, rest or held_out
        "channel": pl.String(),
        "row": pl.Int64(),  # of the part
        "document": pl.Int64(),  # its row in docs/NAME.parquet
        "offset": pl.Int64(),
        "length": pl.Int64(),
    }
)


class TokenizerChanged(ValueError):
    """The tokenizer.json of a mix is not the one that its tokens were made with."""


@dataclass(frozen=True)
class Row:
    """One row of `row_length` places, all arrays of that shape; only the first `length` hold tokens.

    `position_ids` restart at 0 with every document, and where a document goes on from the row before: attention stays
    within equal documents. `documents` are rows of docs/NAME.parquet. `loss_mask` is true where the token is to be
    predicted, from the one before it: never the first of a document or of a row, for sft only what the assistant says.
    Padding is the end token, document -1, not in the loss. `epoch` counts from 0 how often the channel's documents were
    read before.
    """

    channel: str
    length: int
    input_ids: NDArray[np.int64]
    position_ids: NDArray[np.int64]
    documents: NDArray[np.int64]
    loss_mask: NDArray[np.bool_]
    epoch: int


class MixReader:
    """The mix in folder `path`: `len()` rows, `row(i)`, `heldout(channel)`. Pickles as its path.

    `answers` says which answers of a dialogue are learnt: every one, or only the last. Raises `MixChanged`,
    `TokenizerChanged`.
    """

    def __init__(self, path: str | Path, answers: str = "every") -> None:
        if answers not in ANSWERS:
            raise ValueError(f"answers is {answers!r}, expected every or last")
        self.path = Path(path)
        self.answers = answers
        self.plan = Plan.read(self.path / "plan.json")
        tokenizer = self.path / "tokenizer.json"
        found = sha256(tokenizer.read_bytes()).hexdigest()
        if found != self.plan.tokenizer:
            raise TokenizerChanged(
                f"{tokenizer}: SHA-256 is {found[:16]}..., the plan says {self.plan.tokenizer[:16]}...: the tokens are "
                "of another tokenizer; restore the file or build the mix again"
            )
        self._files: dict[tuple[str, str, bool], NDArray[Any]] = {}
        self._starts: dict[tuple[str, bool], NDArray[np.int64]] = {}
        self._named: dict[str, pl.Series] = {}

    def __reduce__(self) -> tuple[type[MixReader], tuple[Path, str]]:
        return MixReader, (self.path, self.answers)

    def __len__(self) -> int:
        return self.plan.rows

    @property
    def rows(self) -> int:
        """How many rows are trained on; validation rows are apart."""
        return self.plan.rows

    def row(self, index: int) -> Row:
        """Row `index` of the mix, from 0. `IndexError` beyond the last one."""
        channel, ordinal = self.plan.place(index)
        epoch, rest, row = self.plan.drawn[channel].at(ordinal, self.plan.seed)
        return self._row(channel, REST if rest else WHOLE, row, epoch)

    def heldout(self, channel: str) -> Iterator[Row]:
        """The validation rows of a channel; none of their documents is in any row of the mix."""
        for row in range(self.plan.held_out[channel].rows):
            yield self._row(channel, HELD_OUT, row, 0)

    def docs(self, channel: str) -> pl.DataFrame:
        """docs/NAME.parquet: a row for every document of the channel, drawn or not."""
        return pl.read_parquet(self.path / "docs" / f"{channel}.parquet", glob=False)

    def doc_id(self, channel: str, document: int) -> str:
        """The id of a document that a row names by its ordinal."""
        return str(self._ids(channel)[document])

    def spans(self, channel: str, part: str) -> pl.DataFrame:
        """sft: the documents of the rows of a channel's part, by row and place in it, as `SPANS`."""
        return self._all_spans.filter((pl.col("channel") == channel) & (pl.col("part") == part))

    def part(self, channel: str, part: str) -> Part:
        """How much a part of a channel holds."""
        if part == HELD_OUT:
            return self.plan.held_out[channel].rest
        interval = self.plan.drawn[channel]
        return interval.rest if part == REST else interval.whole

    def _row(self, channel: str, part: str, row: int, epoch: int) -> Row:
        plan, held = self.plan, part == HELD_OUT
        wide, learned = np.empty((3, plan.row_length), np.int64), np.empty(plan.row_length, np.bool_)
        tokens = self._file("tokens", channel, held)
        if plan.stage == "sft":
            bounds, documents, offsets, lengths = self._packed[channel, part]
            first, last = int(bounds[row]), int(bounds[row + 1])
            mask, least = self._file("masks", channel, held), ANSWERS[self.answers]
            size = packed(tokens, mask, documents, offsets, lengths, first, last, least, plan.end_id, wide, learned)
        else:
            start = row * plan.row_length
            end = min(start + plan.row_length, self.part(channel, part).tokens)
            starts = self._document_starts(channel, held)
            base = self._before_held(channel) if held else 0
            cut(tokens, starts, start, end, base, plan.end_id, wide, learned)
            size = end - start
        return Row(channel, size, wide[0], wide[1], wide[2], learned, epoch)

    def _file(self, kind: str, channel: str, held: bool) -> NDArray[Any]:
        key = (kind, channel, held)
        if key not in self._files:
            path = bin_path(self.path, kind, channel, held)
            dtype = f"<{self.plan.token_type}" if kind == "tokens" else "u1"
            least, there = self._least(channel, held), path.stat().st_size // np.dtype(dtype).itemsize
            if there < least:
                raise MixChanged(
                    f"{path} holds {there} tokens, the plan reads {least}: it was cut off after it was written; "
                    "restore the file from a copy, or build the mix again"
                )
            found = np.memmap(path, dtype, "r") if there else np.empty(0, dtype)
            self._files[key] = frozen(found.view(np.ndarray))
        return self._files[key]

    def _least(self, channel: str, held: bool) -> int:
        """How many tokens a file must hold for the rows that the plan reads."""
        return max(self.part(channel, part).tokens for part in ((HELD_OUT,) if held else (WHOLE, REST)))

    def _document_starts(self, channel: str, held: bool) -> NDArray[np.int64]:
        """Offsets of a file's documents: 8 bytes for each of them."""
        key = (channel, held)
        if key not in self._starts:
            splits = ["validation"] if held else ["train", "unused"]
            docs = pl.scan_parquet(self.path / "docs" / f"{channel}.parquet", glob=False)
            offsets = docs.filter(pl.col("split").is_in(splits)).select("offset").collect()
            self._starts[key] = frozen(offsets["offset"].to_numpy())
        return self._starts[key]

    def _before_held(self, channel: str) -> int:
        """How many rows of docs/ stand before those of validation."""
        return len(self._document_starts(channel, held=False))

    @cached_property
    def _packed(self) -> dict[tuple[str, str], tuple[NDArray[np.int64], ...]]:
        """Of each channel's rows: where in the spans each begins, then document, offset and length of the spans."""
        out: dict[tuple[str, str], tuple[NDArray[np.int64], ...]] = {}
        for channel in self.plan.drawn:
            for part in (WHOLE, REST, HELD_OUT):
                spans = self.spans(channel, part)
                bounds = np.searchsorted(spans["row"].to_numpy(), np.arange(self.part(channel, part).rows + 1))
                columns = [spans[name].to_numpy() for name in ("document", "offset", "length")]
                out[channel, part] = tuple(frozen(array.astype(np.int64)) for array in (bounds, *columns))
        return out

    @cached_property
    def _all_spans(self) -> pl.DataFrame:
        return pl.read_parquet(self.path / "spans.parquet", glob=False)

    def _ids(self, channel: str) -> pl.Series:
        if channel not in self._named:
            path = self.path / "docs" / f"{channel}.parquet"
            self._named[channel] = pl.read_parquet(path, columns=["doc_id"], glob=False)["doc_id"]
        return self._named[channel]


def bin_path(folder: Path, kind: str, channel: str, held: bool) -> Path:
    """The file of a channel's tokens or masks."""
    return folder / kind / f"{channel}{'.heldout' if held else ''}.bin"
