"""What a stage is: rules, stage, splitter, corpus stage, and the one function that removes documents.

A stage measures or edits, row by row. It never drops, adds or reorders documents: `remove` does, by the stage's rules,
and gives a verdict for each document that it takes out.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isinf
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

import polars as pl

from curate.document import child_id

Schema: TypeAlias = Mapping[str, pl.DataType]

DECIMALS = 6  # measures are rounded to this before they meet a limit, so that a sum's order never decides


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Remove a document whose `measure` lies outside [low, high], or outside `among`; `reason` is its public name.

    A measure that is null or NaN fails: what could not be measured is never waved through. `when` names a boolean
    column; where it is not true the rule is silent (rules for Chinese prose, say). `evidence` names a text column that
    is copied into the verdict.
    """

    reason: str
    measure: str
    low: float = -inf
    high: float = inf
    among: frozenset[str] | None = None
    when: str | None = None
    evidence: str | None = None


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a stage takes. A stage declares it as a field; `cost_of` finds it.

    `isolated` stages run in a long-lived child process, which is replaced when it dies or passes a cap. `memory` is in
    bytes that the child may add to what it has when it is given documents; one that holds much more between them is
    replaced. `cpu_seconds` is for one document. `only` names a column: documents in which it is null are no risk (text
    among raw pages) and stay in the worker's own process.
    """

    cpus: float = 1
    gpus: float = 0
    isolated: bool = False
    only: str | None = None
    memory: int = 2 << 30
    cpu_seconds: int = 60


@dataclass(frozen=True)
class Asset:
    """A file that a stage loads (a model, an index), known by its SHA-256. A stage declares it as a field."""

    path: Path
    sha256: str

    @classmethod
    def of(cls, path: str | Path) -> Asset:
        """The file at `path` as it is now."""
        with Path(path).open("rb") as file:
            return cls(Path(path), hashlib.file_digest(file, "sha256").hexdigest())

    def verified(self) -> bytes:
        """The file's bytes. Raises `AssetChanged` where they are not those that the recipe named."""
        data = self.path.read_bytes()
        found = hashlib.sha256(data).hexdigest()
        if found != self.sha256:
            raise AssetChanged(
                f"{self.path}: SHA-256 is {found[:16]}..., the recipe names {self.sha256[:16]}...; "
                "restore the file or name its new digest"
            )
        return data


@dataclass(frozen=True)
class AssetFolder:
    """A folder that a stage loads as a whole (a model in several files), known by one SHA-256: of all that lies in it,
    each file by its name and its own SHA-256. A stage declares it as a field.
    """

    path: Path
    sha256: str

    @classmethod
    def of(cls, path: str | Path) -> AssetFolder:
        """The folder at `path` as it is now."""
        return cls(Path(path), _digest(Path(path)))

    def verified(self) -> list[Path]:
        """The folder's files, sorted. Raises `AssetChanged` where they are not those that the recipe named."""
        found = _digest(self.path)
        if found != self.sha256:
            raise AssetChanged(
                f"{self.path}: the SHA-256 over its files is {found[:16]}..., the recipe names {self.sha256[:16]}...; "
                "restore the folder or name its new digest"
            )
        return _files(self.path)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in _files(folder):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{path.relative_to(folder).as_posix()}\0{digest}\n".encode())
    return whole.hexdigest()


class AssetChanged(ValueError):
    """A model or index is not the one that the recipe names."""


class BrokenStage(TypeError):
    """A stage broke its contract: rows, columns or types are not what it declares."""


@runtime_checkable
class Stage(Protocol):
    """A frozen dataclass whose fields are its settings. Row by row: never drops, adds or reorders.

    `version` is raised when the output changes. `reads` is checked before any work starts, `writes` on every batch.
    A stage that writes `text` is an editor: it also writes `NAME_cut` and `NAME_added` (Int64, characters), and
    characters in + added = characters out + cut.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def reads(self) -> Schema: ...
    @property
    def writes(self) -> Schema: ...
    @property
    def rules(self) -> tuple[Rule, ...]: ...
    def __call__(self, docs: pl.DataFrame, /) -> pl.DataFrame: ...


@runtime_checkable
class Splitter(Protocol):
    """Says where documents are cut into parts; `split` cuts them."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def reads(self) -> Schema: ...
    def starts(self, docs: pl.DataFrame, /) -> pl.Series:
        """List(Int64): for each document the character offsets at which its second and later parts start."""
        ...


class Round(Protocol):
    """One exchange of a corpus stage: key rows from every shard, equal keys together, notes back to (shard, row)."""

    @property
    def reads(self) -> Schema:
        """Columns of the documents that `emit` needs; empty where the notes of the round before are enough."""
        ...

    @property
    def single(self) -> bool:
        """Whether all key rows meet in one partition, in one process's memory (a graph's edges, say)."""
        ...

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame, /) -> pl.DataFrame:
        """Key rows of a batch: `key` (UInt64), `shard` and `row` (UInt32), and what the reducer needs; never text.

        `docs` has `shard`, `row` (its ordinal in the shard), `priority` (Int64, of its source) and the columns of
        `reads`. `notes` are those that the round before addressed to these rows (no rows and no columns but shard,
        row in the first round).
        """
        ...

    def reduce(self, rows: pl.DataFrame, /) -> pl.DataFrame:
        """Notes: `shard`, `row` and other columns, from the rows of one partition sorted by (key, shard, row).

        Where they have a Boolean column `changed`, the stage is told how many are true: a round can so be repeated
        until it changes nothing.
        """
        ...


class Flow(NamedTuple):
    """What one round's exchange carried: key rows, notes, and the notes that say `changed`."""

    rows: int = 0
    notes: int = 0
    changed: int = 0


Rounds: TypeAlias = Generator[Round, Flow, None]
"""The rounds of a corpus stage in turn: each `yield` gives one round and gets the `Flow` of it."""


@runtime_checkable
class CorpusStage(Protocol):
    """Measures documents by what the whole corpus holds. The notes of the last round are its measures.

    `reads` are the columns that any of its rounds reads. `absent` gives the measures of documents that no note is
    addressed to. A stage that takes lines or spans out of documents writes `cuts` (`curate.cuts.TYPE`) and, as an
    editor does, `NAME_cut` and `NAME_added`.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def reads(self) -> Schema: ...
    @property
    def writes(self) -> Schema: ...
    @property
    def absent(self) -> Mapping[str, float | int | str | None]: ...
    @property
    def rules(self) -> tuple[Rule, ...]: ...
    def rounds(self) -> Rounds: ...


@runtime_checkable
class Metered(Protocol):
    """A stage that can say what it will cost and what it has cost. It is a segment of its own.

    Both are called in the driver, not where the stage works: what they know they read from where answers are kept.
    """

    def foretold(self, docs: pl.DataFrame, documents: int) -> str:
        """A line on what the stage will cost for so many documents, of which `docs` are some. Raises where it can't
        work at all (a key that is not there)."""
        ...

    def told(self) -> str:
        """A line on what it has cost and done until now."""
        ...


AnyStage: TypeAlias = Stage | Splitter | CorpusStage

WHICH: Schema = {name: pl.String() for name in ("doc_id", "parent_id", "origin_id", "source", "url", "locator")}
"""The columns by which an account of a document says which one it was."""

VERDICT: Schema = {
    **WHICH,
    "stage": pl.String(),
    "reason": pl.String(),
    "measure": pl.String(),
    "value": pl.Float64(),  # null for categories and for what could not be measured: evidence says which
    "limit": pl.Float64(),  # the limit that was passed; null for categories
    "evidence": pl.String(),
}
"""The long table of verdicts: a row for each rule that a removed document failed, the first failed rule first."""


def measured(stage: Stage, docs: pl.DataFrame) -> pl.DataFrame:
    """`docs` after `stage`, what it writes behind what was there: its columns checked, its floats rounded.

    Raises `BrokenStage`, also where it changed what it does not declare.
    """
    absent = [name for name in stage.reads if name not in docs.columns]
    if absent:
        raise BrokenStage(f"{stage.name} reads column '{absent[0]}', which is not there: {docs.columns}")
    out = stage(docs)
    if out.height != docs.height or not out["doc_id"].equals(docs["doc_id"]):
        raise BrokenStage(
            f"{stage.name} dropped, added or reordered documents ({docs.height} in, {out.height} out); "
            "a stage measures, and its rules remove"
        )
    for name, dtype in stage.writes.items():
        if name not in out.columns or out.schema[name] != dtype:
            found = out.schema.get(name, "nothing")
            raise BrokenStage(f"{stage.name} declares that it writes {name}: {dtype}, found {found}")
    for name in docs.columns:
        # Cheap beside any stage (2 ms for 58 MB of text), and without it an edit goes past the count of characters.
        if name not in stage.writes and not (name in out.columns and out[name].equals(docs[name], check_dtypes=True)):
            raise BrokenStage(f"{stage.name} changed or dropped '{name}' without declaring it in `writes`")
    extra = set(out.columns) - set(docs.columns) - set(stage.writes)
    if extra:
        raise BrokenStage(f"{stage.name} wrote '{min(extra)}' without declaring it in `writes`")
    written = [name for name in stage.writes if name not in docs.columns]
    return out.select(*docs.columns, *written).with_columns(
        pl.col(name).round(DECIMALS) for name, dtype in stage.writes.items() if dtype.is_float()
    )


def failure(rule: Rule) -> pl.Expr:
    """True where a document fails `rule`; never null."""
    value = pl.col(rule.measure)
    if rule.among is not None:
        failed = ~value.is_in(sorted(rule.among)).fill_null(False)
    else:
        number = value.cast(pl.Float64)
        failed = ~(number.is_not_nan() & (number >= rule.low) & (number <= rule.high)).fill_null(False)
    return failed if rule.when is None else failed & pl.col(rule.when).fill_null(False)


class Removal(NamedTuple):
    """What `remove` gives: the documents that stay, those that go, and why (columns of `VERDICT`)."""

    kept: pl.DataFrame
    gone: pl.DataFrame
    verdicts: pl.DataFrame


def remove(docs: pl.DataFrame, stage: str, rules: Sequence[Rule]) -> Removal:
    """The one place where documents are taken out: those that fail one of `rules`. Order is kept."""
    if not rules or not docs.height:
        return Removal(docs, docs.clear(), pl.DataFrame(schema=VERDICT))
    failed = docs.select(failure(rule).alias(str(number)) for number, rule in enumerate(rules))
    rows = docs.with_row_index("_row")
    verdicts = [
        rows.filter(failed[str(number)]).select("_row", *_verdict(stage, rule, docs.schema))
        for number, rule in enumerate(rules)
    ]
    gone = failed.select(pl.any_horizontal(pl.all())).to_series()
    long = pl.concat(verdicts).sort("_row", maintain_order=True).drop("_row")
    return Removal(docs.filter(~gone), docs.filter(gone), long)


def _verdict(stage: str, rule: Rule, schema: Mapping[str, pl.DataType]) -> list[pl.Expr]:
    value = pl.col(rule.measure)
    missing = value.is_null()
    if rule.among is not None:
        number: pl.Expr = pl.lit(None, pl.Float64)
        limit: pl.Expr = pl.lit(None, pl.Float64)
        evidence: pl.Expr = pl.format(f"{{}} is not one of {', '.join(sorted(rule.among))}", value.fill_null("nothing"))
    else:
        number = value.cast(pl.Float64).fill_nan(None)
        missing = number.is_null()
        low, high = (pl.lit(None if isinf(side) else side, pl.Float64) for side in (rule.low, rule.high))
        limit = pl.when(number < rule.low).then(low).otherwise(pl.coalesce(high, low))
        evidence = pl.lit(None, pl.String)
    if rule.evidence is not None:
        evidence = pl.coalesce(pl.col(rule.evidence), evidence)
    return [
        *(pl.col(name) if name in schema else pl.lit(None, pl.String).alias(name)
          for name in WHICH),
        pl.lit(stage).alias("stage"),
        pl.lit(rule.reason).alias("reason"),
        pl.lit(rule.measure).alias("measure"),
        number.alias("value"),
        limit.alias("limit"),
        pl.when(missing).then(pl.lit("not measured")).otherwise(evidence).alias("evidence"),
    ]  # fmt: skip


def split(splitter: Splitter, docs: pl.DataFrame, starts: pl.Series | None = None) -> pl.DataFrame:
    """`docs` with each document that `splitter` cuts replaced by its parts, in order.

    `starts` is what `splitter.starts(docs)` gives, where that is known already. The parts hold every character of
    the parent: concatenated they are its text. Part ids come from the parent's id and the ordinal. A document that
    is not cut keeps its id.
    """
    starts = splitter.starts(docs) if starts is None else starts
    if starts.len() != docs.height:
        raise BrokenStage(f"{splitter.name} gave offsets for {starts.len()} of {docs.height} documents")
    texts, rows, ids, parents = [], [], [], []
    for row, (identity, text, cuts) in enumerate(zip(docs["doc_id"], docs["text"], starts, strict=True)):
        bounds = [0, *([] if cuts is None else cuts), len(text or "")]
        if any(a >= b for a, b in pairwise(bounds)) and len(bounds) > 2:
            raise BrokenStage(f"{splitter.name}: the offsets of document {identity} do not rise within its text")
        for ordinal, (start, end) in enumerate(pairwise(bounds)):
            whole = len(bounds) == 2
            texts.append(text if whole else text[start:end])
            ids.append(identity if whole else child_id(identity, ordinal))
            parents.append(None if whole else identity)
            rows.append(row)
    out = docs[rows]
    return out.with_columns(
        pl.Series("doc_id", ids, pl.String),
        pl.Series("text", texts, pl.String),
        pl.coalesce(pl.Series("parent_id", parents, pl.String), out["parent_id"]).alias("parent_id"),
    )


def cost_of(stage: AnyStage) -> Cost:
    """The `Cost` among the stage's fields, or the default."""
    return next((value for value in _fields(stage).values() if isinstance(value, Cost)), Cost())


def assets_of(stage: AnyStage) -> tuple[Asset | AssetFolder, ...]:
    """The `Asset`s and `AssetFolder`s among the stage's fields."""
    return tuple(value for value in _fields(stage).values() if isinstance(value, Asset | AssetFolder))


ASIDE: Mapping[str, bool] = {"aside": True}
"""`field(metadata=ASIDE)` for a setting on which the outcome does not depend: where a service answers, how many
questions it is asked at a time, the folder in which its answers are kept. It is not part of any fingerprint."""


def settings(thing: Any) -> Any:
    """A stage, source or recipe part as JSON data: its class, and its fields by value; an asset is its digest.

    Fingerprints are made of it, so it holds nothing of the machine or of the run.
    """
    if isinstance(thing, Asset | AssetFolder):
        return {"asset": thing.path.name, "sha256": thing.sha256}
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        aside = {field.name for field in dataclasses.fields(thing) if field.metadata.get("aside")}
        values = {name: settings(value) for name, value in sorted(_fields(thing).items()) if name not in aside}
        version: dict[str, int] = {"version": thing.version} if isinstance(thing, AnyStage) else {}
        return {"is": type(thing).__name__, **version, **values}
    if isinstance(thing, Mapping):
        return {str(key): settings(value) for key, value in sorted(thing.items())}
    if isinstance(thing, frozenset | set):
        return sorted(settings(value) for value in thing)
    if isinstance(thing, list | tuple):
        return [settings(value) for value in thing]
    if isinstance(thing, float) and isinf(thing):
        return "inf" if thing > 0 else "-inf"
    if isinstance(thing, Path):
        return thing.as_posix()
    json.dumps(thing)  # raises TypeError here, where the message still names the type
    return thing


def _fields(thing: Any) -> dict[str, Any]:
    return {field.name: getattr(thing, field.name) for field in dataclasses.fields(thing)}
