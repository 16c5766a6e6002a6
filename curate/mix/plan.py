"""A plan: intervals of the channels' tokens and the rule that interleaves their rows; kilobytes at any size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from curate.mix.channels import ROLES, Channel
from curate.mix.interleave import Turns, shuffled, turns, unshuffled
from curate.mix.seal import MixChanged, sealed, unsealed

__all__ = ["Channel", "Interval", "Part", "Plan"]

FORMAT = 2


@dataclass(frozen=True, kw_only=True)
class Part:
    """The first `documents` of a channel's order: how many tokens they have, and how many rows these fill."""

    documents: int = 0
    tokens: int = 0
    supervised: int = 0  # tokens that the loss counts; 0 for pt, where all but the first of a document are
    rows: int = 0

    def size(self, unit: str) -> int:
        """How much it is in a mix's unit: tokens, supervised_tokens or examples."""
        return {"tokens": self.tokens, "supervised_tokens": self.supervised, "examples": self.documents}[unit]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """What is read of a channel: all of it (`whole`) `passes` times, then once more its first part, `rest`.

    `documents`, `tokens`, `supervised` and `rows` count what is read, so a document that is read twice twice.
    """

    passes: int = 0
    whole: Part = Part()
    rest: Part = Part()

    @property
    def documents(self) -> int:
        return self.passes * self.whole.documents + self.rest.documents

    @property
    def tokens(self) -> int:
        return self.passes * self.whole.tokens + self.rest.tokens

    @property
    def supervised(self) -> int:
        return self.passes * self.whole.supervised + self.rest.supervised

    @property
    def rows(self) -> int:
        return self.passes * self.whole.rows + self.rest.rows

    def size(self, unit: str) -> int:
        """How much is read, in a mix's unit."""
        return self.passes * self.whole.size(unit) + self.rest.size(unit)

    def at(self, ordinal: int, seed: int) -> tuple[int, bool, int]:
        """(epoch, whether it is of `rest`, row of that part) of the channel's row number `ordinal`."""
        if ordinal < self.passes * self.whole.rows:
            epoch, row = divmod(ordinal, self.whole.rows)
            return epoch, False, shuffled(row, self.whole.rows, epoch, seed)
        row = ordinal - self.passes * self.whole.rows
        return self.passes, True, shuffled(row, self.rest.rows, self.passes, seed)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is trained on. `drawn` and `held_out` hold an interval for each of `channels`, by name.

    pt: row r of a part is its tokens [r x row_length, (r + 1) x row_length), the last row shorter. sft: the rows'
    documents are in spans.parquet. Either way row i of the mix belongs to the channel that `place` says.
    """

    stage: str
    unit: str
    seed: int
    row_length: int
    domain_share: float | None  # None where the sources' sizes decide
    cap: float
    override: Mapping[str, Any] | None
    tokenizer: str  # SHA-256 of tokenizer.json
    vocabulary: int
    token_type: str  # u2 or u4, little endian
    end: str
    end_id: int
    template: Mapping[str, str] | None  # name and digest, for sft
    asked: Mapping[str, Any]  # what the mix was told beside
    size: float  # of the whole mix in `unit`: what was aimed at
    parts: Mapping[str, float]  # of it that each channel was to have; they sum to 1
    channels: tuple[Channel, ...]  # by role, then name
    drawn: Mapping[str, Interval]
    held_out: Mapping[str, Interval]

    @cached_property
    def rows(self) -> int:
        return sum(interval.rows for interval in self.drawn.values())

    def channel(self, name: str) -> Channel:
        """The channel of this name. Raises `KeyError`."""
        return self._by_name[name]

    def of_role(self, role: str) -> tuple[Channel, ...]:
        """The channels of a role."""
        return tuple(channel for channel in self.channels if channel.role == role)

    def place(self, row: int) -> tuple[str, int]:
        """The channel of row `row` of the mix, and which row of that channel it is.

        Roles take turns, then the channels of a role (`interleave.turns`): any window of n rows holds a role's share of
        n to within one row, a channel's to within 3.4 rows, however many channels there are.
        """
        if not 0 <= row < self.rows:
            raise IndexError(f"row {row} of a mix of {self.rows} rows")
        leaf, ordinal = self._turns.place(int(row))  # of any width: products pass 64 bits
        return self.channels[leaf].name, ordinal

    def read_at(self, channel: str, rest: bool, row: int) -> tuple[int, ...]:
        """The rows of the mix in which row `row` of a channel's part is read, one for each epoch of it, rising."""
        interval = self.drawn[channel]
        part, epochs = (
            (interval.rest, range(interval.passes, interval.passes + 1))
            if rest
            else (interval.whole, range(interval.passes))
        )
        leaf = self.channels.index(self.channel(channel))
        return tuple(
            self._turns.row(leaf, epoch * interval.whole.rows + unshuffled(row, part.rows, epoch, self.seed))
            for epoch in epochs
        )

    def to_json(self) -> bytes:
        """Canonical, so that equal plans are equal bytes; with a digest of all the rest."""
        return sealed({"format": FORMAT, **asdict(self)})

    @classmethod
    def read(cls, path: Path) -> Plan:
        """The plan in a file. Raises `MixChanged` for one that is not as it was written, or that this version does not
        know."""
        data = unsealed(path)
        if data.get("format") != FORMAT:
            raise MixChanged(f"{path}: not a mix plan of format {FORMAT}; build the mix again with this version")
        del data["format"]
        data["channels"] = tuple(Channel(**channel) for channel in data["channels"])
        for name in ("drawn", "held_out"):
            data[name] = {
                channel: Interval(passes=found["passes"], whole=Part(**found["whole"]), rest=Part(**found["rest"]))
                for channel, found in data[name].items()
            }
        return cls(**data)

    @cached_property
    def _by_name(self) -> dict[str, Channel]:
        return {channel.name: channel for channel in self.channels}

    @cached_property
    def _turns(self) -> Turns:
        groups: list[dict[int, int]] = [
            {
                number: self.drawn[channel.name].rows
                for number, channel in enumerate(self.channels)
                if channel.role == role
            }
            for role in ROLES
        ]
        return turns(groups)
