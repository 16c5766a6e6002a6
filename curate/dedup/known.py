"""Documents that a published version holds already, or like which one was withdrawn from it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from curate.dedup import near, runs
from curate.dedup.index import FOLDER, INDEX, SignaturesRefused, Withdrawn
from curate.dedup.places import own_keys
from curate.dedup.stored import Stored, halves, hashes
from curate.kernels.likeness import Likeness
from curate.kernels.sketches import Sketches
from curate.stage import Asset, Rounds, Rule, Schema

BAND, SAME, CHANGED = range(3)  # how a document met a stored one: in a band, by its id and content, by its id alone


@dataclass(frozen=True, kw_only=True)
class Known:
    """Removes documents that the version behind `index` holds already, or that are like what was withdrawn from it.

    Made by `Known.of(folder of the version)`. Old text is not read: documents are compared with the signatures and
    sketches that the version stores, by its own parameters. What is stored always stays; preference has no say. It
    stands behind the stages that edit text, so that it sees what would be published. Removed is what is as like as
    `limit`, which `of` takes from the version.

    Measures: `known_same_id`, 1 where the version holds a document with this doc_id; `known_similarity` to the nearest
    stored document that shares a band or is equal, 0 for those that met none; `withdrawn_similarity` to the nearest
    document that was withdrawn for its content, 1 where the document is itself one that was withdrawn: for its content,
    by its id; for another reason, by its id and its content, since a changed document may come again. Evidence is JSON:
    the stored document (`kept`) and the similarity, the version, `content` (same or changed) where the id is known, and
    `withdrawn` with the document, its reason and the similarity.

    Memory: a partition's keys; of the index what is mapped in, which the machine may drop again.
    """

    index: Asset
    published: str
    limit: float
    name: str = "known"

    version = 2
    reads: ClassVar[Schema] = {"doc_id": pl.String(), "content_hash": pl.String(), "text": pl.String()}
    writes = {
        "known_same_id": pl.Int64(),
        "known_similarity": pl.Float64(),
        "withdrawn_similarity": pl.Float64(),
        "known_evidence": pl.String(),
    }
    absent = {"known_same_id": 0, "known_similarity": 0.0, "withdrawn_similarity": 0.0, "known_evidence": None}

    @classmethod
    def of(cls, version: str | Path, name: str = "known") -> Known:
        """The stage for the version in a folder. Raises `SignaturesRefused` where it stores none that can be used."""
        folder = Path(version).absolute()
        stored = Stored.of_version(folder)
        stored.check_kernel()
        try:
            said = json.loads((folder / "manifest.json").read_bytes())
            published = f"{said['name']} {said['digest'][:16]}"
        except (FileNotFoundError, ValueError, KeyError, TypeError) as error:
            raise SignaturesRefused(
                f"{folder}: its manifest.json can't be read ({type(error).__name__}: {error}); expected the folder of "
                "a published version"
            ) from None
        index = Asset.of(folder / FOLDER / INDEX)
        return cls(index=index, published=published, limit=stored.parameters.limit, name=name)

    @property
    def rules(self) -> tuple[Rule, ...]:
        high = math.nextafter(self.limit, 0)  # a rule lets its limit pass, and a document at it is a copy
        return (
            Rule(reason="known_id", measure="known_same_id", high=0, evidence="known_evidence"),
            Rule(reason="known_near_duplicate", measure="known_similarity", high=high, evidence="known_evidence"),
            Rule(reason="withdrawn", measure="withdrawn_similarity", high=high, evidence="known_evidence"),
        )

    def rounds(self) -> Rounds:
        yield Probe(self.index)
        yield Compare(self.index, self.published, self.limit)


@lru_cache(maxsize=4)
def opened(index: Asset) -> Stored:
    """The index, open, once per process. Raises `AssetChanged` where index.json is not the one that is named."""
    index.verified()
    return Stored.open(index.path.parent)


@dataclass(frozen=True)
class Probe:
    """Band keys and id keys go to the partition of their key, which reads its range of the stored runs alone."""

    index: Asset
    single = False
    reads = Known.reads

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        parameters = opened(self.index).parameters
        some, keys = runs.meeting_keys(near.likeness_of(docs["text"], parameters), parameters)
        first, last = halves(hashes(docs["doc_id"]))
        content, _ = halves(hashes(docs["content_hash"]))
        shard, row = docs["shard"].to_numpy(), docs["row"].to_numpy()
        bands = pl.DataFrame(
            {
                "key": keys.ravel(),
                "shard": shard[some].repeat(keys.shape[1]),
                "row": row[some].repeat(keys.shape[1]),
            }
        )
        ids = pl.DataFrame({"key": first, "shard": shard, "row": row, "id": last, "content": content})
        return pl.concat([bands, ids], how="diagonal").select(*_KEYS)

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        stored = opened(self.index)
        places, numbers = runs.found(stored.bands(), (bands := rows.filter(pl.col("id").is_null()))["key"].to_numpy())
        met = bands[places].select("shard", "row", pl.Series("number", numbers), pl.lit(BAND, pl.UInt8).alias("how"))
        return pl.concat([met.unique(maintain_order=True), self._same_ids(stored, rows.drop_nulls("id"))])

    def _same_ids(self, stored: Stored, rows: pl.DataFrame) -> pl.DataFrame:
        ids = np.stack([rows["key"].to_numpy(), rows["id"].to_numpy()], axis=1).astype(">u8").view(np.uint8)
        places, numbers = near.numbers_of(stored, ids.reshape(-1, 16))
        content, _ = halves(stored.gathered("contents", numbers))
        same = content == rows["content"].to_numpy()[places]
        how = pl.Series("how", np.where(same, SAME, CHANGED), pl.UInt8)
        return rows[places].select("shard", "row", pl.Series("number", numbers), how)


@dataclass(frozen=True)
class Compare:
    """Documents that met a stored one send what is compared: 1 KB each, and the numbers of those that they met."""

    index: Asset
    published: str
    limit: float
    single = False
    reads: ClassVar[Schema] = {"text": pl.String()}

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        if notes.is_empty():
            notes = pl.DataFrame(schema=_NOTES)
        lists = notes.unique(maintain_order=True).group_by("shard", "row", maintain_order=True).agg("number", "how")
        met = docs.join(lists, on=["shard", "row"], how="inner", maintain_order="left")
        parameters = opened(self.index).parameters
        found = near.likeness_of(met["text"], parameters)
        starts, values = pa.array(found.sketches.starts, pa.int64()), pa.array(found.sketches.values, pa.uint32())
        return met.select(
            own_keys(met),
            "shard",
            "row",
            "number",
            "how",
            pl.Series("signature", found.signatures, pl.Array(pl.UInt32, parameters.permutations)),
            pl.Series("sketch", pa.LargeListArray.from_arrays(starts, values), pl.List(pl.UInt32)),
        )

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        stored = opened(self.index)
        lengths = rows["sketch"].list.len().cast(pl.Int64).to_numpy()
        starts = np.concatenate([[0], np.cumsum(lengths)])
        theirs = Likeness(
            rows["signature"].to_numpy(), Sketches(rows["sketch"].explode(empty_as_null=False).to_numpy(), starts)
        )
        pairs = rows.select(pl.int_range(pl.len()).alias("place"), "number", "how").explode("number", "how")
        places, numbers = pairs["place"].to_numpy(), pairs["number"].to_numpy()
        how = pairs["how"].to_numpy()
        like = np.zeros(len(places))
        banded = how == BAND
        like[banded] = near.alike(stored, theirs, places[banded], numbers[banded])
        return self._judged(stored, rows, places, numbers, how, like)

    def _judged(
        self,
        stored: Stored,
        rows: pl.DataFrame,
        places: NDArray[np.int64],
        numbers: NDArray[np.int64],
        how: NDArray[np.uint8],
        like: NDArray[np.float64],
    ) -> pl.DataFrame:
        """The measures of each document, from all stored ones that it met."""
        gone = stored.gone(numbers)
        blocks = np.array([number in stored.tombstones and stored.tombstones[number].blocks for number in numbers])
        if not len(numbers):
            blocks = np.zeros(0, np.bool_)
        held, barred = ~gone & (how != BAND), gone & (blocks & (how != BAND) | (how == SAME))
        same_id = np.zeros(rows.height, np.int64)
        same_id[places[held]] = 1
        similarity, nearest = _nearest(rows.height, places, numbers, np.where(~gone & (how == BAND), like, 0.0))
        weight = np.where(barred, 1.0, np.where(gone & blocks & (how == BAND), like, 0.0))
        withdrawn, of = _nearest(rows.height, places, numbers, weight)
        changed = np.zeros(rows.height, np.bool_)
        changed[places[held & (how == CHANGED)]] = True
        known = np.full(rows.height, -1, np.int64)
        known[places[held]] = numbers[held]
        evidence = [
            self._said(stored, known[row], changed[row], nearest[row] if similarity[row] >= self.limit else -1,
                       similarity[row], of[row] if withdrawn[row] >= self.limit else -1, withdrawn[row])
            for row in range(rows.height)
        ]  # fmt: skip
        return rows.select(
            "shard",
            "row",
            pl.Series("known_same_id", same_id),
            pl.Series("known_similarity", similarity),
            pl.Series("withdrawn_similarity", withdrawn),
            pl.Series("known_evidence", evidence, pl.String),
        )

    def _said(
        self, stored: Stored, known: int, changed: bool, nearest: int, similarity: float, of: int, withdrawn: float
    ) -> str | None:
        """The evidence of one document, null where no rule removes it."""
        if known < 0 and nearest < 0 and of < 0:
            return None
        said: dict[str, object] = {}
        if known >= 0:
            said |= {"kept": _doc_id(stored, known), "content": "changed" if changed else "same"}
        if nearest >= 0:
            like = {"kept": _doc_id(stored, nearest), "similarity": similarity}
            said |= like if known in (nearest, -1) else {"like": like}
        if of >= 0:
            one: Withdrawn = stored.tombstones[of]
            said["withdrawn"] = {"doc_id": one.doc_id, "reason": one.reason, "similarity": withdrawn}
        return json.dumps({**said, "version": self.published})


def _nearest(
    documents: int, places: NDArray[np.int64], numbers: NDArray[np.int64], like: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(the greatest similarity of each document, the number that it is to or -1): of equal ones the oldest."""
    order = np.lexsort((numbers, -like, places))
    first = order[np.flatnonzero(np.diff(places[order], prepend=-1))]
    first = first[like[first] > 0]
    best, nearest = np.zeros(documents), np.full(documents, -1, np.int64)
    best[places[first]], nearest[places[first]] = like[first], numbers[first]
    return best, nearest


def _doc_id(stored: Stored, number: int) -> str:
    return stored.doc_ids(np.array([number], np.int64))[0]


_KEYS: Schema = {"key": pl.UInt64(), "shard": pl.UInt32(), "row": pl.UInt32(), "id": pl.UInt64(),
                 "content": pl.UInt64()}  # fmt: skip
_NOTES: Schema = {"shard": pl.UInt32(), "row": pl.UInt32(), "number": pl.Int64(), "how": pl.UInt8()}
