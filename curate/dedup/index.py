"""What index.json of a version's signatures says: how its documents were made comparable, and where what lies.

*Blocks* hold, for the documents of one data file, ids, content hashes, signatures and sketches; documents have
consecutive numbers over the blocks. *Runs* hold (band key, number), sorted; *ids* hold (first eight bytes of the id,
number), sorted. Blocks are never rewritten: a version that extends another one links them. withdrawn.json lists what
was withdrawn; its numbers stay taken.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from curate.dedup.bands import bands_and_rows
from curate.dedup.links import CJK
from curate.dedup.minhash import MinHashDedup
from curate.kernels.likeness import likeness

FORMAT = "curate-signatures-1"
FOLDER = "signatures"
INDEX = "index.json"
WITHDRAWN = "withdrawn.json"

SKETCH = 128
"""Elements of a stored sketch. With the signature's own estimate it finds .980 of the Chinese pairs at a true Jaccard
of .8 and above and .998 of the English ones, with a precision of .990 and 1.0 (zh_tidb_docs, en_peps_revisions; copies
from .77 on). 1,024 elements, which would take 3.6 KB more a document, find .985 and 1.0. docs/deduplication.md has the
table."""

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_DATA = re.compile(r"data/[A-Za-z0-9_-][A-Za-z0-9_.-]*")


class SignaturesRefused(ValueError):
    """A version stores no signatures, or such as can't be used here."""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """How documents are made comparable. Only what was made alike can be compared."""

    n: int
    permutations: int
    bands: int
    rows: int
    sketch: int
    threshold: float
    slack: float
    split: float

    @classmethod
    def of(cls, stage: MinHashDedup) -> Parameters:
        """Those of a recipe's MinHash, with sketches of `SKETCH`."""
        bands, rows = bands_and_rows(stage.threshold, stage.permutations)
        return cls(n=stage.n, permutations=stage.permutations, bands=bands, rows=rows, sketch=SKETCH,
                   threshold=stage.threshold, slack=stage.slack, split=CJK)  # fmt: skip

    @property
    def limit(self) -> float:
        """The least similarity at which a document is a copy."""
        return round(self.threshold - self.slack, 6)


@dataclass(frozen=True)
class Block:
    """The documents of one data file: numbers first to first + documents - 1, in the file's order when it was made."""

    name: str
    first: int
    documents: int
    data: str


@dataclass(frozen=True)
class Run:
    """Sorted (key, number): of the documents with numbers from `first` to before `end`."""

    name: str
    first: int
    end: int
    entries: int


@dataclass(frozen=True)
class Withdrawn:
    """A tombstone. `blocks` says whether newcomers like it are kept out; `along` names whose cluster took it along."""

    number: int
    doc_id: str
    reason: str
    blocks: bool
    version: str
    note: str = ""
    along: str | None = None


@dataclass(frozen=True)
class Index:
    """What index.json says. `files` are paths below its folder with SHA-256 and bytes."""

    parameters: Parameters
    kernel: str
    documents: int
    blocks: tuple[Block, ...]
    runs: tuple[Run, ...]
    ids: tuple[Run, ...]
    files: Mapping[str, Mapping[str, Any]]

    def data(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self)}


def block_files(name: str) -> dict[str, str]:
    """Paths of a block's arrays: ids and contents u8[n, 16], signatures u32[n, permutations], sketches u32 one after
    another, starts i64[n + 1]."""
    return {part: f"blocks/{name}.{part}.npy" for part in ("ids", "contents", "signatures", "sketches", "starts")}


def run_files(kind: str, name: str) -> tuple[str, str]:
    """Paths of a run's keys (u64) and numbers (u32, or u64 beyond 2^32). `kind` is `runs` or `ids`."""
    return f"{kind}/{name}.keys.npy", f"{kind}/{name}.numbers.npy"


def read_index(path: Path) -> Index:
    """Raises `SignaturesRefused` for what is no index, or one of another format."""
    try:
        said = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise SignaturesRefused(f"{path} is missing: these are no stored signatures") from None
    except ValueError as error:
        raise SignaturesRefused(f"{path} is no JSON ({error}): restore the version from a copy") from None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        found = said.get("format") if isinstance(said, dict) else type(said).__name__
        raise SignaturesRefused(
            f"{path} is of format {found!r}, this Curate reads {FORMAT!r}: publish the version anew"
        )
    try:
        index = Index(
            parameters=Parameters(**said["parameters"]),
            kernel=said["kernel"],
            documents=said["documents"],
            blocks=tuple(Block(**one) for one in said["blocks"]),
            runs=tuple(Run(**one) for one in said["runs"]),
            ids=tuple(Run(**one) for one in said["ids"]),
            files=said["files"],
        )
    except (KeyError, TypeError) as error:
        raise SignaturesRefused(f"{path} lacks or misnames a part ({error}): restore the version from a copy") from None
    _checked(path, index)
    return index


def _checked(path: Path, index: Index) -> None:
    """Refuses names that lead out of the version's folder, since files are linked and written under them (a version may
    come from elsewhere), and files that are not listed, or listed and of no block or run.
    """
    said = [(run.name, _NAME) for run in (*index.runs, *index.ids)]
    said += [pair for block in index.blocks for pair in ((block.name, _NAME), (block.data, _DATA))]
    for name, pattern in said:
        if not pattern.fullmatch(str(name)):
            raise SignaturesRefused(
                f"{path} names {name!r}; expected letters, digits, '_', '-' and '.', and a data file directly below "
                "data/: it was altered, restore the version from a copy"
            )
    names = [WITHDRAWN, *(name for block in index.blocks for name in block_files(block.name).values())]
    for kind, some in (("runs", index.runs), ("ids", index.ids)):
        names += [name for run in some for name in run_files(kind, run.name)]
    if sorted(names) != sorted(index.files):
        odd = min(set(names) ^ set(index.files), default="one of them twice")
        raise SignaturesRefused(
            f"{path}: the files that it lists are not those of its blocks and runs ({odd}): restore the version from "
            "a copy"
        )


def differing(one: Parameters, other: Parameters) -> Sequence[str]:
    """The names of the parameters in which two indexes differ."""
    return [field.name for field in fields(Parameters) if getattr(one, field.name) != getattr(other, field.name)]


@lru_cache(maxsize=8)
def kernel_print(parameters: Parameters) -> str:
    """What the kernels make of texts that hold the letters of both languages: equal only where they read texts alike.

    Characters that every version of Unicode since 6 has: a new one must not part the indexes made before it.
    """
    ranges = ((0x20, 0x250), (0x3B1, 0x3CA), (0x410, 0x450), (0x3041, 0x3097), (0x30A1, 0x30FB), (0x4E00, 0x9FA6),
              (0xAC00, 0xD7A4), (0xFF01, 0xFF5F))  # fmt: skip
    texts = ["".join(map(chr, range(*one))) for one in ranges]
    texts += ["Mixed 文本 of both scripts, 中文 and English, " * 3, "短", "word", ""]
    found = likeness(
        pl.Series(texts),
        n=parameters.n,
        permutations=parameters.permutations,
        sketch=parameters.sketch,
        split=parameters.split,
    )
    digest = hashlib.sha256(found.signatures.tobytes())
    digest.update(found.sketches.values.tobytes())
    digest.update(found.sketches.starts.tobytes())
    return digest.hexdigest()[:32]
