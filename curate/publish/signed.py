"""The index of a version beside its data: new blocks, the runs made of them, and those taken over from a parent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate import files
from curate.dedup import runs
from curate.dedup.arrays import Growing, mapped
from curate.dedup.index import (
    FOLDER,
    INDEX,
    WITHDRAWN,
    Block,
    Index,
    Parameters,
    Run,
    Withdrawn,
    block_files,
    kernel_print,
    run_files,
)
from curate.dedup.stored import Stored
from curate.engine import Engine

KINDS = ("runs", "ids")
FAN_IN = 64  # sorted pieces that are merged at a time: each holds two files open


@dataclass(frozen=True)
class Written:
    """A data file of a version, whose block was written with it."""

    data: str
    documents: int


def begin(folder: Path, parameters: Parameters, written: Sequence[Written], engine: Engine) -> None:
    """The index of a new version in `folder`, whose blocks are there."""
    _grown(folder, parameters, None, written, engine)


def extend(folder: Path, parent: Stored, written: Sequence[Written], engine: Engine) -> None:
    """The index of a version in `folder` that adds documents to another; its new blocks are there.

    Blocks, and runs that are not merged with new ones, are the parent's own files: neither time nor room depend on how
    much they hold.
    """
    _grown(folder, parent.parameters, parent, written, engine)


def withdraw(folder: Path, parent: Stored, gone: Sequence[Withdrawn]) -> None:
    """The index of a version in `folder` without the documents `gone`.

    Every array stays the parent's own file: tombstones alone say what is gone, and whether newcomers like it are. Bands
    of those that block nobody leave a run when it is merged with a younger one.
    """
    place = folder / FOLDER
    _link(parent, place, [path for block in parent.index.blocks for path in block_files(block.name).values()])
    _link(parent, place, [path for run in parent.index.ids for path in run_files("ids", run.name)])
    _link(parent, place, [path for run in parent.index.runs for path in run_files("runs", run.name)])
    everyone = sorted((*parent.withdrawn, *gone), key=lambda one: one.number)
    _sealed(place, parent.parameters, parent.index.kernel, parent.index.blocks, parent.index.runs,
            parent.index.ids, everyone,
            parent)  # fmt: skip


def _grown(
    folder: Path, parameters: Parameters, parent: Stored | None, written: Sequence[Written], engine: Engine
) -> None:
    place = folder / FOLDER
    old = parent.index if parent is not None else None
    first = old.documents if old is not None else 0
    blocks = []
    for one in written:
        blocks.append(Block(Path(one.data).stem, first, one.documents, one.data))
        first += one.documents
    # Open only as far as `pieces` needs: the blocks, by their numbers.
    making = Stored(place, Index(parameters, "", first, tuple(blocks), (), (), {}))
    scratch = folder / ".pieces"
    task = partial(_sorted_pieces, index=making.index, place=str(place), scratch=str(scratch))
    counts = [made for _, made in sorted(engine.run(task, range(len(blocks))), key=lambda pair: pair[0])]
    done = {}
    for kind in KINDS:
        news = [_piece(scratch, kind, ordinal, number) for ordinal, made in enumerate(counts) for number in range(made)]
        done[kind] = _compacted(place, kind, parent, news, first, scratch)
    shutil.rmtree(scratch, ignore_errors=True)
    if parent is not None:
        _link(parent, place, [path for block in parent.index.blocks for path in block_files(block.name).values()])
    all_blocks = (*(old.blocks if old is not None else ()), *blocks)
    print_ = old.kernel if old is not None else kernel_print(parameters)
    _sealed(place, parameters, print_, all_blocks, done["runs"], done["ids"],
            parent.withdrawn if parent is not None else (), parent)  # fmt: skip


def _sorted_pieces(ordinal: int, *, index: Index, place: str, scratch: str) -> int:
    """Writes the sorted pieces of one block to `scratch`; how many there are, of bands and of ids."""
    stored, made = Stored(Path(place), index), 0
    for number, both in enumerate(runs.pieces(stored, index.blocks[ordinal])):
        for kind, (keys, numbers) in zip(KINDS, both, strict=True):
            _write_piece(Path(scratch) / f"{kind}.{ordinal}.{number}", keys, numbers)
        made += 1
    return made


def _write_piece(path: Path, keys: NDArray[np.uint64], numbers: NDArray[Any]) -> None:
    for part, array in (("keys", keys), ("numbers", numbers)):
        with Growing(path.with_name(f"{path.name}.{part}.npy"), np.uint64) as file:
            file.add(array)


def _piece(scratch: Path, kind: str, ordinal: int, number: int) -> runs.Sorted:
    name = f"{kind}.{ordinal}.{number}"
    keys, numbers = (mapped(scratch / f"{name}.{part}.npy", (np.uint64,), (None,)) for part in ("keys", "numbers"))
    return keys, numbers


def _compacted(
    place: Path, kind: str, parent: Stored | None, news: Sequence[runs.Sorted], end: int, scratch: Path
) -> list[Run]:
    """The runs of a grown index: the parent's, of which the youngest may be merged with the new entries."""
    old: Sequence[Run] = () if parent is None else parent.index.runs if kind == "runs" else parent.index.ids
    entries = sum(len(keys) for keys, _ in news)
    along = runs.taken_along([run.entries for run in old], entries) if entries else 0
    stay, taken = old[: len(old) - along], old[len(old) - along :]
    if parent is not None:
        _link(parent, place, [path for run in stay for path in run_files(kind, run.name)])
    if not entries:
        return list(stay)
    sources: list[runs.Sorted] = [parent.run(kind, run) for run in taken] if parent is not None else []
    sources += news
    level = 0
    while len(sources) > FAN_IN:
        sources = [
            _merged_piece(scratch / f"{kind}.merged.{level}.{begin}", sources[begin : begin + FAN_IN])
            for begin in range(0, len(sources), FAN_IN)
        ]
        level += 1
    start = stay[-1].end if stay else 0
    drop = parent.unheard if parent is not None and kind == "runs" else None
    return [*stay, runs.write(place, kind, start, end, sources, drop=drop)]


def _merged_piece(path: Path, sources: Sequence[runs.Sorted]) -> runs.Sorted:
    places = [path.with_name(f"{path.name}.{part}.npy") for part in ("keys", "numbers")]
    with Growing(places[0], np.uint64) as keys, Growing(places[1], np.uint64) as numbers:
        for some, of in runs.merged(sources):
            keys.add(some)
            numbers.add(of)
    return mapped(places[0], (np.uint64,), (None,)), mapped(places[1], (np.uint64,), (None,))


def _link(parent: Stored, place: Path, names: Iterable[str]) -> None:
    for name in names:
        files.link_or_copy(str(parent.folder / name), str(place / name))


def _sealed(
    place: Path,
    parameters: Parameters,
    kernel: str,
    blocks: Sequence[Block],
    bands: Sequence[Run],
    ids: Sequence[Run],
    withdrawn: Sequence[Withdrawn],
    parent: Stored | None,
) -> None:
    """Writes withdrawn.json, and index.json with the digest of every file; those taken over have the parent's."""
    files.put_new(str(place / WITHDRAWN), _json([one.__dict__ for one in withdrawn]))
    names = [path for block in blocks for path in block_files(block.name).values()]
    for kind, some in zip(KINDS, (bands, ids), strict=True):
        names += [path for run in some for path in run_files(kind, run.name)]
    old = parent.index.files if parent is not None else {}
    listed = {}
    for name in sorted([*names, WITHDRAWN]):
        path = place / name
        same = parent is not None and name in old and path.samefile(parent.folder / name)
        digest = old[name]["sha256"] if same else files.sha256(str(path))
        listed[name] = {"sha256": digest, "bytes": path.stat().st_size}
    documents = blocks[-1].first + blocks[-1].documents if blocks else 0
    index = Index(parameters, kernel, documents, tuple(blocks), tuple(bands), tuple(ids), listed)
    files.put_new(str(place / INDEX), _json(index.data()))


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"
