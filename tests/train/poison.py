"""Mixes with documents of garbage in them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.mix.reader import MixReader
from curate.mix.seal import sealed, unsealed


def poisoned(mix: Path, out: Path, documents: Mapping[tuple[str, int], NDArray[np.int64]]) -> Path:
    """A copy of `mix` in which each (channel, document) repeats the given tokens from its start to its end; sealed as
    if it had been built so."""
    shutil.copytree(mix, out)
    reader = MixReader(out)
    for (channel, document), ids in documents.items():
        row = reader.docs(channel).row(document, named=True)
        tokens = np.memmap(out / "tokens" / f"{channel}.bin", f"<{reader.plan.token_type}", "r+")
        last = row["offset"] + row["length"] - 1  # the end token stays
        tokens[row["offset"] : last] = np.resize(ids, last - row["offset"])
        tokens.flush()
    facts = unsealed(out / "report.json")
    changed = {path: sha256((out / path).read_bytes()).hexdigest() for path in facts["files"]}
    (out / "report.json").write_bytes(sealed({**facts, "files": changed}))
    return out


def garbage(mix: Path, count: int, seed: int = 0) -> NDArray[np.int64]:
    """Tokens drawn from the whole vocabulary."""
    return np.random.default_rng(seed).integers(0, MixReader(mix).plan.vocabulary, count)


def unused(mix: Path) -> int:
    """A token that no row of the mix holds."""
    reader = MixReader(mix)
    seen = np.unique(np.concatenate([reader.row(row).input_ids for row in range(len(reader))]))
    held = [row.input_ids for channel in reader.plan.channels for row in reader.heldout(channel.name)]
    return int(np.setdiff1d(np.arange(reader.plan.vocabulary), np.union1d(seen, np.concatenate(held)))[0])


def first(mix: Path, channel: str, after: int, least: int = 60) -> int:
    """The first document of a channel that begins in row `after` of the mix or later, of `least` tokens."""
    reader = MixReader(mix)
    rows: dict[int, list[int]] = {}
    for number in range(len(reader)):
        row = reader.row(number)
        for document in row.documents[row.documents >= 0].tolist() if row.channel == channel else ():
            rows.setdefault(document, []).append(number)
    return next(document for document, found in rows.items() if found[0] >= after and len(found) >= least)
