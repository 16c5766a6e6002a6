"""Signatures of a version for other programs: datasketch reads them as its own."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curate import files
from curate.dedup.arrays import header
from curate.dedup.stored import Stored
from curate.growing import appear, growing
from curate.kernels.signatures import SEED

if TYPE_CHECKING:
    from datasketch import LeanMinHash

AT_ONCE = 1 << 16  # documents: 32 MB of signatures

SCHEME = "affine32"


class ExportExists(FileExistsError):
    """Something is there already."""


def signatures(stored: Stored) -> Iterator[tuple[list[str], NDArray[np.uint32]]]:
    """(doc_ids, u32[n, permutations]) of the documents that were not withdrawn, in the order of their numbers."""
    for block in stored.index.blocks:
        for begin in range(block.first, block.first + block.documents, AT_ONCE):
            numbers = np.arange(begin, min(begin + AT_ONCE, block.first + block.documents), dtype=np.int64)
            numbers = numbers[~stored.gone(numbers)]
            yield stored.doc_ids(numbers), stored.gathered("signatures", numbers)


def lean(stored: Stored) -> Iterator[tuple[str, LeanMinHash]]:
    """(doc_id, datasketch's LeanMinHash), ready for its MinHashLSH. Needs datasketch 2.0 or newer installed."""
    from datasketch import LeanMinHash

    for ids, values in signatures(stored):
        for identity, row in zip(ids, values, strict=True):
            yield identity, LeanMinHash(seed=SEED, hashvalues=row, scheme=SCHEME)


def export(stored: Stored, out: str | Path) -> int:
    """Writes doc_ids.npy (32 bytes of ASCII each), signatures.npy (u32[n, permutations]) and parameters.json into the
    new folder `out`, or as a .npz file where `out` ends so; how many documents. Raises `ExportExists`.

        LeanMinHash(seed=1, hashvalues=row, scheme="affine32")

    makes datasketch's object of a row.
    """
    target = Path(out)
    if target.exists():
        raise ExportExists(f"{target} is there already; give another --out")
    documents = stored.index.documents - len(stored.withdrawn)
    said = {"n": stored.parameters.n, "permutations": stored.parameters.permutations, "seed": SEED, "scheme": SCHEME,
            "documents": documents}  # fmt: skip
    parts: dict[str, Iterator[bytes]] = {
        "doc_ids.npy": _array(np.dtype("S32"), (documents,), (np.array(ids, "S32") for ids, _ in signatures(stored))),
        "signatures.npy": _array(
            np.dtype("<u4"), (documents, stored.parameters.permutations), (rows for _, rows in signatures(stored))
        ),
        "parameters.json": iter([json.dumps(said, indent=1).encode() + b"\n"]),
    }
    with growing(target) as folder:  # an index that turns out to be altered leaves nothing behind
        if target.suffix == ".npz":
            whole = folder / target.name
            with zipfile.ZipFile(whole, "x") as archive:
                for name, pieces in parts.items():
                    with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as file:
                        for piece in pieces:
                            file.write(piece)
            files.link_or_copy(str(whole), str(target))
        else:
            for name, pieces in parts.items():
                with (folder / name).open("xb") as plain:
                    for piece in pieces:
                        plain.write(piece)
            if not appear(folder, target):
                raise ExportExists(f"{target} is there already; give another --out")
    return documents


def _array(dtype: np.dtype[Any], shape: tuple[int, ...], rows: Iterator[NDArray[Any]]) -> Iterator[bytes]:
    yield header(dtype, shape)
    for some in rows:
        yield np.ascontiguousarray(some, dtype).tobytes()
