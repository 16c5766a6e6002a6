"""A plan: intervals of the channels' tokens and the rule that interleaves their rows; a kilobyte at any size."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

Channel = Literal["domain", "general"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Interval:
    """The first `documents` of a channel's order: how many tokens they have, and how many rows these fill."""

    documents: int
    tokens: int
    supervised: int  # tokens that the loss counts; 0 for pt, where all but the first of a document are
    rows: int

    def size(self, unit: str) -> int:
        """How much it is in a mix's unit: tokens, supervised_tokens or examples."""
        return {"tokens": self.tokens, "supervised_tokens": self.supervised, "examples": self.documents}[unit]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is trained on. `drawn` and `held_out` hold an interval for each channel.

    pt: row r of a channel is its tokens [r x row_length, (r + 1) x row_length), the last row shorter. sft: the rows'
    documents are in spans.parquet. Either way row i of the mix belongs to the channel that `place` says.
    """

    stage: str
    unit: str
    seed: int
    row_length: int
    domain_share: float
    cap: float
    override: Mapping[str, Any] | None
    tokenizer: str  # SHA-256 of tokenizer.json
    vocabulary: int
    token_type: str  # u2 or u4, little endian
    end: str
    end_id: int
    template: Mapping[str, str] | None  # name and digest, for sft
    drawn: Mapping[str, Interval]
    held_out: Mapping[str, Interval]

    @property
    def rows(self) -> int:
        return sum(self.drawn[channel].rows for channel in CHANNELS)

    def place(self, row: int) -> tuple[Channel, int]:
        """The channel of row `row` of the mix, and which row of that channel it is.

        Of the first i rows round(i x domain / rows) are domain rows (Bresenham's line): any window of n rows holds the
        plan's share of n to within one row, so 1,000 rows to within .1 of a point.
        """
        rows = self.rows
        if not 0 <= row < rows:
            raise IndexError(f"row {row} of a mix of {rows} rows")
        domain, half = self.drawn["domain"].rows, rows // 2
        before = (row * domain + half) // rows
        after = ((row + 1) * domain + half) // rows
        return ("domain", before) if after > before else ("general", row - before)

    def to_json(self) -> bytes:
        """Canonical: sorted keys, so that equal plans are equal bytes."""
        data = {"format": FORMAT, **asdict(self)}
        return json.dumps(data, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"

    @classmethod
    def read(cls, path: Path) -> Plan:
        """The plan in a file. Raises `ValueError` for one that this version does not know."""
        data = json.loads(path.read_bytes())
        if data.pop("format", None) != FORMAT:
            raise ValueError(f"{path}: not a mix plan of format {FORMAT}; build the mix again with this version")
        for name in ("drawn", "held_out"):
            data[name] = {channel: Interval(**data[name][channel]) for channel in CHANNELS}
        return cls(**data)
