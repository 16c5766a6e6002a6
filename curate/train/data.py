"""Batches of a mix's packed rows, as tensors. The one place of the trainer that knows how a mix is read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from curate.mix.reader import MixReader, Row
from curate.train.hooks import NothingSkipped, Skips
from curate.train.sums import Spans


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Packed rows, and what is learnt of them.

    `input_ids` and `position_ids` (int64 [rows, tokens]): positions restart at 0 with each document. `places` (int64
    [m], ascending) are those of the rows laid end to end from which a token is predicted, `targets` (int64 [m]) the
    tokens. `spans` are the documents' parts in order, on the host; those of span s are places[bounds[s]:bounds[s + 1]].
    `edges` (int32 [spans + 1]) says where the spans begin in the rows laid end to end. `tokens` counts without padding.
    """

    input_ids: Tensor
    position_ids: Tensor
    places: Tensor
    targets: Tensor
    bounds: Tensor
    edges: Tensor
    spans: Spans
    tokens: int

    @property
    def supervised(self) -> int:
        """How many tokens are predicted."""
        return int(self.places.shape[0])

    def to(self, device: torch.device) -> Batch:
        """The same batch on `device`; to a GPU from pinned memory, without waiting."""
        gpu = device.type == "cuda"

        def moved(tensor: Tensor) -> Tensor:
            return tensor.pin_memory().to(device, non_blocking=True) if gpu else tensor.to(device)

        return replace(
            self,
            input_ids=moved(self.input_ids),
            position_ids=moved(self.position_ids),
            places=moved(self.places),
            targets=moved(self.targets),
            bounds=moved(self.bounds),
            edges=moved(self.edges),
        )


class BrokenMix(ValueError):
    """The mix is not what its plan and its reader promise."""


class Rows:
    """The rows of the mix in folder `mix`, in the order of its plan, and what else a trainer asks of it.

    `channels` are what losses are added up by, `roles` says of each whether it is domain or general. `answers` of a
    dialogue that are learnt: "every" or the "last".
    """

    def __init__(self, mix: Path, answers: str = "every") -> None:
        if not (mix / "plan.json").is_file():
            raise BrokenMix(f"{mix} is no mix: there is no plan.json in it; give a folder that `curate mix` made")
        self._reader = MixReader(mix, answers)
        self.path = mix
        plan = self._reader.plan
        self.stage = "sft" if plan.stage == "sft" else "pt"  # a mix from scratch is read as one of pre-training
        self.length = plan.row_length
        self.end, self.end_id = plan.end, plan.end_id
        self.channels = tuple(channel.name for channel in plan.channels)
        self.roles = {channel.name: channel.role for channel in plan.channels}
        if not len(self):
            raise BrokenMix(f"{mix} has no rows to train on; build it from more text")
        self.tokenizer_json = (mix / "tokenizer.json").read_bytes()

    def __len__(self) -> int:
        return len(self._reader)

    @property
    def reader(self) -> MixReader:
        return self._reader

    @cached_property
    def tokenizer(self) -> Tokenizer:
        return Tokenizer.from_str(self.tokenizer_json.decode())

    @cached_property
    def report(self) -> dict[str, Any]:
        """What the mix turned out to be, as report.json says."""
        facts: dict[str, Any] = json.loads((self.path / "report.json").read_text(encoding="utf-8"))
        return facts

    @cached_property
    def stop(self) -> int | None:
        """sft: the control token with which the first answers of the mix end, most often; None where none does."""
        if self.stage != "sft":
            return None
        special = {place for place, token in self.tokenizer.get_added_tokens_decoder().items() if token.special}
        last: Counter[int] = Counter()
        for number in range(min(len(self), 32)):
            row = self._reader.row(number)
            ends = row.loss_mask & ~np.append(row.loss_mask[1:], False)
            last.update(int(token) for token in row.input_ids[ends] if int(token) in special)
        return min(last, key=lambda token: (-last[token], token)) if last else None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the plan and the report, which names the digests of the token files."""
        return sha256(b"".join((self.path / name).read_bytes() for name in ("plan.json", "report.json"))).hexdigest()

    def batch(self, rows: Iterable[int], skips: Skips | None = None, length: int | None = None) -> Batch:
        """The rows with these ordinals, without what `skips` leave out; as long as the longest, or `length`.

        Raises `BrokenMix`.
        """
        numbered = [(row, self._reader.row(row)) for row in rows]
        for number, row in numbered:
            self._check(f"row {number}", row)
        return stacked(numbered, self.channels, skips, length)

    def held_out(self, rows: int, batch: int, length: int | None = None) -> dict[str, list[Batch]]:
        """The first `rows` validation rows of each channel that has any, in batches of `batch`."""
        found: dict[str, list[Batch]] = {}
        for channel in self.channels:
            held = list(enumerate(islice(self._reader.heldout(channel), rows)))
            for number, row in held:
                self._check(f"validation row {number} of {channel}", row)
            parts = [held[start : start + batch] for start in range(0, len(held), batch)]
            if held:
                found[channel] = [stacked(part, self.channels, None, length) for part in parts]
        return found

    def _check(self, name: str, row: Row) -> None:
        """Positions alone keep documents apart: they must restart where the document changes, and only there."""
        continues = row.documents[1:] == row.documents[:-1]
        expected = np.where(continues, row.position_ids[:-1] + 1, 0)
        if row.position_ids[0] != 0 or not np.array_equal(row.position_ids[1:], expected):
            raise BrokenMix(
                f"{self.path}: positions of {name} do not restart where its documents do; build the mix again"
            )
        if row.loss_mask[row.position_ids == 0].any():
            raise BrokenMix(f"{self.path}: {name} wants a document's first token predicted; build the mix again")


def stacked(
    rows: Sequence[tuple[int, Row]], channels: tuple[str, ...], skips: Skips | None = None, length: int | None = None
) -> Batch:
    """Numbered rows of a mix as a batch, without the padding that all of them end with, or `length` long.

    What `skips` leave out is read as tokens of id 0: a document whose numbers are not finite would spoil its row
    through attention's weights of 0.
    """
    skips = skips or NothingSkipped()
    longest = length or max(row.length for _, row in rows)
    gone = np.stack([skips.left_out(number, row.channel, row.documents) for number, row in rows])
    learned = np.stack([row.loss_mask for _, row in rows]) & ~gone
    return packed(
        input_ids=np.where(gone[:, :longest], 0, np.stack([row.input_ids[:longest] for _, row in rows])),
        position_ids=np.stack([row.position_ids[:longest] for _, row in rows]),
        learned=learned[:, :longest],
        documents=np.stack([row.documents[:longest] for _, row in rows]),
        rows=np.array([number for number, _ in rows], np.int64),
        in_channel=np.array([channels.index(row.channel) for _, row in rows], np.int64),
        channels=channels,
        tokens=sum(row.length for _, row in rows),
    )


def packed(
    *,
    input_ids: NDArray[np.int64],
    position_ids: NDArray[np.int64],
    learned: NDArray[np.bool_],
    documents: NDArray[np.int64],
    rows: NDArray[np.int64],
    in_channel: NDArray[np.int64],
    channels: tuple[str, ...],
    tokens: int,
) -> Batch:
    """A batch of arrays [rows, tokens]; `learned` is true where a token is to be predicted, from the one before it.

    What stands first in a document is predicted by nothing, whatever `learned` says.
    """
    follows = position_ids[:, 1:] == position_ids[:, :-1] + 1
    row, column = np.nonzero(follows & learned[:, 1:])
    length = input_ids.shape[1]
    begins = np.ones(input_ids.shape, np.bool_)
    begins[:, 1:] = ~follows
    starts = np.flatnonzero(begins)
    places = row * length + column
    counts = np.bincount(np.searchsorted(starts, places, "right") - 1, minlength=len(starts))
    spans = Spans(
        channels=channels,
        row=rows[starts // length],
        channel=in_channel[starts // length],
        document=documents.ravel()[starts],
        tokens=counts,
    )
    return Batch(
        input_ids=torch.from_numpy(input_ids),
        position_ids=torch.from_numpy(position_ids),
        places=torch.from_numpy(places),
        targets=torch.from_numpy(input_ids[row, column + 1]),
        bounds=torch.from_numpy(np.concatenate([[0], np.cumsum(counts)])),
        edges=torch.from_numpy(np.append(starts, begins.size).astype(np.int32)),
        spans=spans,
        tokens=tokens,
    )
