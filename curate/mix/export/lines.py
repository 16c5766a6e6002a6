"""JSON lines for trainers: a file for each channel and split, copies for documents that are read more than once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from curate import files
from curate.mix.count import TRAIN
from curate.mix.export.material import SPLITS, Material
from curate.mix.export.turns import Unsayable

Say = Callable[[Mapping[str, Any]], dict[str, Any]]

NOT_A_DIALOGUE = "not_a_dialogue"


@dataclass
class Tally:
    """What was written of each channel: `documents` each once, `readings` with copies, `held_out`; `left_out` by
    reason."""

    documents: Counter[str] = field(default_factory=Counter)
    readings: Counter[str] = field(default_factory=Counter)
    held_out: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, channel: str, split: str, reading: int) -> None:
        """A row that was written."""
        if split != TRAIN:
            self.held_out[channel] += 1
            return
        self.readings[channel] += 1
        self.documents[channel] += not reading


def rows(
    material: Material, say: Say, tally: Tally
) -> Iterator[tuple[str, str, int, Mapping[str, Any], dict[str, Any]]]:
    """(split, channel, reading, document, what `say` makes of it): whole passes one after another, so that a document's
    copies do not stand beside each other."""
    for split in SPLITS:
        for reading in range(material.readings if split == TRAIN else 1):
            for docs in material.documents(split, reading):
                for document in docs.iter_rows(named=True):
                    try:
                        said = say(document)
                    except Unsayable as error:
                        tally.left_out[str(error)] += not reading
                        continue
                    tally.add(document["channel"], split, reading)
                    yield split, document["channel"], reading, document, said


def written(material: Material, say: Say, folder: Path) -> tuple[Tally, dict[str, list[str]]]:
    """data/CHANNEL.jsonl and data/CHANNEL.heldout.jsonl below `folder`; what was written, and the files by split."""
    tally, paths = Tally(), dict[str, list[str]]({split: [] for split in SPLITS})
    with ExitStack() as stack:
        sinks: dict[tuple[str, str], BinaryIO] = {}
        for split, channel, _, _, said in rows(material, say, tally):
            if (split, channel) not in sinks:
                path = f"data/{channel}{'' if split == TRAIN else '.heldout'}.jsonl"
                sinks[split, channel] = stack.enter_context(files.create(str(folder / path)))
                paths[split].append(path)
            sinks[split, channel].write(line(said))
    return tally, {split: sorted(of_split) for split, of_split in paths.items()}


def line(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
