"""Batches of a mix's packed rows, as tensors. The one place of the trainer that knows how a mix is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from curate.mix.plan import CHANNELS
from curate.mix.reader import MixReader, Row


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Packed rows. All tensors are [rows, tokens].

    `position_ids` (int64) restart at 0 with each document. `channels` (int64) is each token's place in
    `curate.mix.plan.CHANNELS`. `supervised` (bool) marks tokens that may be predicted: all of a pre-training row, the
    answers of a dialogue. `tokens` counts them without the padding that makes rows equally long.
    """

    input_ids: Tensor
    position_ids: Tensor
    channels: Tensor
    supervised: Tensor
    tokens: int

    def to(self, device: torch.device) -> Batch:
        """The same batch on `device`."""
        return Batch(
            input_ids=self.input_ids.to(device),
            position_ids=self.position_ids.to(device),
            channels=self.channels.to(device),
            supervised=self.supervised.to(device),
            tokens=self.tokens,
        )


class BrokenMix(ValueError):
    """The mix is not what its plan and its reader promise."""


class Rows:
    """The rows of the mix in folder `mix`, in the order of its plan, and what else a trainer asks of it."""

    def __init__(self, mix: Path) -> None:
        self._reader = MixReader(mix)
        self._mix = mix
        plan = self._reader.plan
        self.stage, self.length = plan.stage, plan.row_length
        self.end, self.end_id = plan.end, plan.end_id
        if not len(self):
            raise BrokenMix(f"{mix} has no rows to train on; build it from more text")
        self.tokenizer_json = (mix / "tokenizer.json").read_bytes()
        found = sha256(self.tokenizer_json).hexdigest()
        if found != plan.tokenizer:
            raise BrokenMix(
                f"{mix / 'tokenizer.json'}: SHA-256 is {found[:16]}..., the plan says {plan.tokenizer[:16]}...; "
                "restore the file or build the mix again"
            )

    def __len__(self) -> int:
        return len(self._reader)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        return Tokenizer.from_str(self.tokenizer_json.decode())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the plan and the report, which names the digests of the token files."""
        return sha256(b"".join((self._mix / name).read_bytes() for name in ("plan.json", "report.json"))).hexdigest()

    def batch(self, rows: Iterable[int]) -> Batch:
        """The rows with these ordinals, as long as the longest of them. Raises `BrokenMix`."""
        numbered = [(f"row {row}", self._reader.row(row)) for row in rows]
        for name, row in numbered:
            self._check(name, row)
        return stacked([row for _, row in numbered])

    def held_out(self, rows: int, batch: int) -> dict[str, list[Batch]]:
        """The first `rows` validation rows of each channel that has any, in batches of `batch`."""
        found: dict[str, list[Batch]] = {}
        for channel in CHANNELS:
            held = list(islice(self._reader.heldout(channel), rows))
            for number, row in enumerate(held):
                self._check(f"validation row {number} of {channel}", row)
            if held:
                found[channel] = [stacked(held[start : start + batch]) for start in range(0, len(held), batch)]
        return found

    def _check(self, name: str, row: Row) -> None:
        """Positions alone keep documents apart: they must restart where the document changes, and only there."""
        continues = row.documents[1:] == row.documents[:-1]
        expected = np.where(continues, row.position_ids[:-1] + 1, 0)
        if row.position_ids[0] != 0 or not np.array_equal(row.position_ids[1:], expected):
            raise BrokenMix(
                f"{self._mix}: positions of {name} do not restart where its documents do; build the mix again"
            )
        if row.loss_mask[row.position_ids == 0].any():
            raise BrokenMix(f"{self._mix}: {name} wants a document's first token predicted; build the mix again")


def stacked(rows: Sequence[Row]) -> Batch:
    """Rows of a mix as a batch, without the padding that all of them end with."""
    longest = max(row.length for row in rows)
    shape = (len(rows), longest)
    return Batch(
        input_ids=torch.from_numpy(np.stack([row.input_ids[:longest] for row in rows])),
        position_ids=torch.from_numpy(np.stack([row.position_ids[:longest] for row in rows])),
        channels=torch.tensor([[CHANNELS.index(row.channel)] for row in rows]).expand(shape),
        supervised=torch.from_numpy(np.stack([row.loss_mask[:longest] for row in rows])),
        tokens=sum(row.length for row in rows),
    )
