"""The blocks of an index: what is stored of the documents of one data file, written while the file is."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np
import polars as pl

from curate.dedup.arrays import Growing
from curate.dedup.index import Parameters, block_files
from curate.dedup.stored import hashes
from curate.kernels.likeness import likeness

AT_ONCE = 1 << 13  # documents whose signatures are held before they are written: 8 MB


class BlockWriter:
    """Writes the block `name` below `folder`, the `signatures` of a version, from documents in their order."""

    def __init__(self, folder: Path, name: str, parameters: Parameters) -> None:
        self.documents = 0
        self._parameters = parameters
        paths = {part: folder / path for part, path in block_files(name).items()}
        self._ids = Growing(paths["ids"], np.uint8, (16,))
        self._contents = Growing(paths["contents"], np.uint8, (16,))
        self._signatures = Growing(paths["signatures"], np.uint32, (parameters.permutations,))
        self._sketches = Growing(paths["sketches"], np.uint32)
        self._starts = Growing(paths["starts"], np.int64)
        self._starts.add(np.zeros(1, np.int64))
        self._arrays = (self._ids, self._contents, self._signatures, self._sketches, self._starts)

    def add(self, docs: pl.DataFrame) -> None:
        """Documents with `doc_id`, `content_hash` and `text`."""
        settings = self._parameters
        for some in docs.select("doc_id", "content_hash", "text").iter_slices(AT_ONCE):
            found = likeness(
                some["text"],
                n=settings.n,
                permutations=settings.permutations,
                sketch=settings.sketch,
                split=settings.split,
            )
            self._starts.add(found.sketches.starts[1:] + self._sketches.rows)
            self._sketches.add(found.sketches.values)
            self._signatures.add(found.signatures)
            self._ids.add(hashes(some["doc_id"]))
            self._contents.add(hashes(some["content_hash"]))
            self.documents += some.height

    def __enter__(self) -> BlockWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for array in self._arrays:
            array.__exit__(kind, error, trace)
