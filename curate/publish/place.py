"""Documents to their files: by split and domain, and by the leading bits of their id; nothing else decides their place.

So a document more or less changes one file, and a version that differs little from another shares most files with it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl

from curate import files
from curate.dedup.blocks import BlockWriter
from curate.dedup.index import FOLDER, Parameters
from curate.dedup.known import Known
from curate.document import COLUMNS, RAW
from curate.exchange import Outbox, Parcel, gather, prefix
from curate.publish.manifest import entry
from curate.publish.sorting import in_order
from curate.table import FixedTable, batches

SPLITS = ("train", "validation")

FILE = 256 << 20  # bytes of text that a file holds, about 64 to 100 MB as zstd: what the Hub and readers like
MIXED: Mapping[str, pl.DataType] = {"channel": pl.String(), "tokens": pl.Int64()}

DOMAINS = 64
"""Domains that have files of their own. Beyond it `domain` names no trade, and so many files would hold little."""

COUNTED = ("channel", "source", "role", "domain", "lang", "kind", "license")
"""What the documents of a version are counted by."""


class NotTheMix(ValueError):
    """The kept documents are not those that the mix was made of."""


@dataclass(frozen=True)
class Part:
    """A split of a domain: documents that lie in files of their own, so that they can be read alone."""

    split: str
    domain: str


@dataclass(frozen=True)
class Sent:
    """What one kept shard sent: its rows, and for each part how many documents and how many bytes of text."""

    parcel: Parcel
    documents: tuple[int, ...]
    text_bytes: tuple[int, ...]


@dataclass(frozen=True)
class Lot:
    """One file to write: number `number` of `of` files of a part that are published together; `ordinal` is the part's
    number."""

    part: Part
    ordinal: int
    number: int
    of: int
    addition: int = 0  # of a version that was extended so many times; their files lie beside each other

    @property
    def path(self) -> str:
        plus = f"-plus-{self.addition:05d}" if self.addition else ""
        name = f"{self.part.split}-{self.part.domain}{plus}"
        return f"data/{name}-{self.number:05d}-of-{self.of:05d}.parquet"


@dataclass(frozen=True)
class Placed:
    """A file that was written: path, rows, what the manifest says of it; and its documents counted by `COUNTED`, as
    rows of (*COUNTED, documents, tokens, characters)."""

    path: str
    rows: int
    entry: Mapping[str, Any]
    counts: tuple[tuple[Any, ...], ...]


def frozen(path: str) -> pl.Schema | None:
    """The schema of a version whose documents come from the kept shard at `path`: the contract's columns without raw
    bytes, channel, tokens, and the measures by name. None where the shard is empty.

    How a document stood to another version is no part of it: what is added to a version has the columns of that one.
    """
    for docs in batches(path):
        measures = sorted(set(docs.columns) - set(COLUMNS) - set(RAW) - set(MIXED) - set(Known.writes))
        return pl.Schema({**COLUMNS, **MIXED, **{name: docs.schema[name] for name in measures}})
    return None


def domain_of(domain: str | None, role: str) -> str:
    """The name that a domain has in files and configurations: letters, digits and '_'. Without one, the role's."""
    said = domain or role
    plain = re.sub(r"[^a-z0-9_]+", "_", said.lower()).strip("_")[:40]
    return plain if plain == said else f"{plain}_{hashlib.sha256(said.encode()).hexdigest()[:8]}".strip("_")


def part_of(path: str) -> Part:
    """The part that a data file belongs to."""
    split, domain, *_ = Path(path).name.split("-")
    return Part(split, domain)


def domains_in(path: str) -> frozenset[tuple[str | None, str]]:
    """The (domain, role) that occur in the kept shard at `path`."""
    found: set[tuple[str | None, str]] = set()
    for docs in batches(path, ["domain", "role"]):
        found |= set(docs.unique().rows())
    return frozenset(found)


def parts_of(domains: Sequence[tuple[str | None, str]]) -> tuple[Part, ...]:
    """The parts of a version with these (domain, role); of more than `DOMAINS` domains only roles are told apart."""
    names = {domain_of(*one) for one in domains}
    if len(names) > DOMAINS:
        names = {role for _, role in domains}
    return tuple(Part(split, name) for split in SPLITS for name in sorted(names))


def sent(
    path: str, *, schema: pl.Schema, mix: str | None, scratch: str, partitions: int, parts: Sequence[Part]
) -> Sent:
    """Send the documents of the kept shard at `path` that belong to the version: those of the mix, or all.

    There are `partitions` for each part, in the order of ids. Rows have the columns of `schema` and no others.
    """
    outbox = Outbox(files.join(scratch, f"{uuid4().hex}.rows"), partitions * len(parts))
    documents, text_bytes = [0 for _ in parts], [0 for _ in parts]
    number_of = {part: number for number, part in enumerate(parts)}
    members = None if mix is None else _members(path, mix)
    for docs in batches(path):
        rows = _of_version(docs, members)
        _same_measures(path, rows, schema)
        cells = rows.select("_split", "domain", "role").rows()
        numbers = [number_of[_part(split, domain, role, number_of)] for split, domain, role in cells]
        part = pl.Series(numbers, dtype=pl.UInt32)
        outbox.add(rows.select(list(schema)), part * partitions + prefix(_leading(rows["doc_id"]), partitions))
        for number in sorted(set(part.to_list())):
            texts = rows.filter(part == number)["text"]
            documents[number] += len(texts)
            text_bytes[number] += int(texts.str.len_bytes().sum() or 0)
    return Sent(outbox.close(), tuple(documents), tuple(text_bytes))


def placed(
    lot: Lot,
    *,
    parcels: Sequence[Parcel],
    schema: pl.Schema,
    partitions: int,
    out: str,
    scratch: str,
    signatures: Parameters | None = None,
) -> Placed:
    """Write one file: the documents whose ids begin with its prefix, sorted by (host, source, id), in row groups of a
    fixed size; and with `signatures` its block of the index, since the text is at hand here.

    `partitions` is a multiple of the number of files; it decides memory and nothing else.
    """
    path = files.join(out, lot.path)
    files.delete(path)  # of an attempt whose answer was lost
    each = partitions // lot.of
    counts: list[pl.DataFrame] = []

    def tables() -> Iterator[pl.DataFrame]:
        for partition in range(lot.number * each, (lot.number + 1) * each):
            rows = gather(parcels, lot.ordinal * partitions + partition)
            if rows is None:
                continue
            twice = rows.filter(pl.col("doc_id").is_duplicated())
            if twice.height:
                raise NotTheMix(f"document {twice['doc_id'][0]} of source '{twice['source'][0]}' was kept twice")
            counts.append(counted(rows))
            yield rows

    with ExitStack() as stack:
        table = stack.enter_context(FixedTable(path, schema, weight="text"))
        block = None
        if signatures is not None:
            block = stack.enter_context(BlockWriter(Path(out) / FOLDER, Path(lot.path).stem, signatures))
        for rows in in_order(tables(), Path(scratch)):
            table.add(rows)
            if block is not None:
                block.add(rows)
    summed = pl.concat(counts).group_by(*COUNTED).sum().sort(*COUNTED, nulls_last=True).rows() if counts else []
    return Placed(lot.path, table.rows, entry(Path(out), lot.path), tuple(summed))


def files_for(text_bytes: int) -> int:
    """How many files hold so much text: a power of two, so that growth moves documents only when it has doubled."""
    return 1 << max(0, (text_bytes // FILE).bit_length())


def counted(rows: pl.DataFrame) -> pl.DataFrame:
    """Documents by `COUNTED`: how many, with how many tokens and characters."""
    return rows.group_by(*COUNTED).agg(
        pl.len().cast(pl.Int64).alias("documents"),
        pl.col("tokens").sum(),
        pl.col("text").str.len_chars().cast(pl.Int64).sum().alias("characters"),
    )


def _of_version(docs: pl.DataFrame, members: pl.DataFrame | None) -> pl.DataFrame:
    """The documents of a batch that belong to the version, with channel, tokens and `_split`."""
    docs = docs.drop(MIXED, strict=False)
    if members is None:
        return docs.with_columns(
            pl.col("role").alias("channel"), pl.lit(None, pl.Int64).alias("tokens"), pl.lit("train").alias("_split")
        )
    return docs.join(members, on=["doc_id", "content_hash"], how="inner")


def _members(path: str, mix: str) -> pl.DataFrame:
    """The documents of one kept shard that the mix drew or held out: doc_id, content_hash, channel, tokens, _split.

    docs/ of the mix are streamed and met with the shard's ids, so that memory is the shard's.
    """
    ids = pl.concat([docs.select("doc_id") for docs in batches(path, ["doc_id"])] or [pl.DataFrame({"doc_id": []})])
    tables = []
    for docs in sorted((Path(mix) / "docs").glob("*.parquet")):
        found = (
            pl.scan_parquet(docs, glob=False)
            .filter(pl.col("split").is_in(SPLITS))
            .join(ids.cast(pl.String).lazy(), on="doc_id", how="semi")
            .select(
                "doc_id",
                "content_hash",
                pl.lit(docs.stem).alias("channel"),
                pl.col("length").alias("tokens"),
                pl.col("split").alias("_split"),
            )
        )
        tables.append(found.collect(engine="streaming"))
    return pl.concat(tables)


def _part(split: str, domain: str | None, role: str, parts: Mapping[Part, int]) -> Part:
    part = Part(split, domain_of(domain, role))
    return part if part in parts else Part(split, role)


def _same_measures(path: str, rows: pl.DataFrame, schema: pl.Schema) -> None:
    unpublished = {*RAW, *Known.writes, "_split"}
    found = {name: dtype for name, dtype in rows.schema.items() if name not in unpublished}
    if found != dict(schema):
        odd = sorted(set(found.items()) ^ set(schema.items()), key=str)[0]
        raise ValueError(
            f"{path}: column '{odd[0]}' ({odd[1]}) is not alike in all kept shards; a version has one schema"
        )


def _leading(doc_ids: pl.Series) -> pl.Series:
    """The first 64 bits of each id, which is a hash."""
    return doc_ids.str.slice(0, 16).str.to_integer(base=16, dtype=pl.UInt64)
