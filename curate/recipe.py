"""What a recipe is made of, and the checks that it passes before anything runs."""

from __future__ import annotations

import importlib.util
import json
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from math import isinf, isnan
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
import polars as pl

from curate import audience, cuts, files
from curate.dedup.ids import UniqueIds
from curate.document import COLUMNS, RAW, ROLES
from curate.mix.settings import Mix
from curate.publish.settings import Version
from curate.stage import AnyStage, Asset, CorpusStage, Metered, Rule, Splitter, Stage, assets_of, cost_of, settings
from curate.train.settings import Train

NAME_BYTES = 100  # of a source's or a stage's name: both stand in one name of a file, which may have 255

RESERVED = frozenset({"row", "shard", "priority", "gone", "noted", "stage", "reason", "error", "channel", "tokens"})
"""Columns that Curate itself puts beside those of documents while it carries a recipe out: no stage may write them."""

EVERYTHING = "*"  # in `Recipe.expects`: nothing that a stage removes stops the run


class RecipeRefused(ValueError):
    """A recipe can't be carried out as it stands; said before any work starts."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where documents come from, and what is known of all of them.

    `path` is a file, a directory or a glob, local (relative to the recipe's file) or s3://. `key` names the column that
    identifies a record (url, case number) and is unique in the source; without it a record's place identifies it, a
    WARC record's own id. `text` names the column that holds the text. `format` is taken from the file's name where it
    is not given. `take` samples documents by the hash of their id before anything is spent on them.
    `priority`: where documents of two sources are near-duplicates, the higher one's is kept. `license` is an SPDX
    identifier.
    """

    name: str
    path: str
    role: str = "general"
    domain: str | None = None
    lang: str | None = None
    kind: str = "prose"
    license: str | None = None
    key: str | None = None
    text: str | None = None
    format: str | None = None
    take: float = 1.0
    priority: int = 0
    date: str | None = None
    status: str | None = None


@dataclass(frozen=True, kw_only=True)
class SourceLimit:
    """A source of which `stage` removes more than `share` stops the run: so much of a kind says what the source is.

    Counted are documents that came to the stage, of sources of which at least `least` did. `reason` counts those alone
    that it was given for, `source` holds for that source alone, instead of each.
    """

    stage: str
    share: float
    reason: str | None = None
    source: str | None = None
    least: int = 50


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Sources, the stages that they go through in this order, and what is made of what is kept.

    `tolerance` is the share of records that may be quarantined (none by default). `expects` names groups that a
    stage may nearly wipe out, as `lang=fr`, `kind=table` or `source=NAME` (`*`: any group); any other such loss stops
    the run. `limits` stop it earlier: at a share of one source that a stage removes.
    `root` is the folder that relative paths start from; `load` sets it to the recipe's own.
    """

    name: str
    sources: tuple[Source, ...]
    stages: tuple[AnyStage, ...] = ()
    mix: Mix | None = None
    version: Version | None = None
    train: Train | None = None
    tolerance: float = 0.0
    expects: frozenset[str] = frozenset()
    limits: tuple[SourceLimit, ...] = ()
    root: str = "."

    def place(self, path: str) -> str:
        """`path` as it is opened: relative ones start at `root`."""
        return path if "://" in path or Path(path).is_absolute() else files.join(self.root, path)


@dataclass(frozen=True)
class Segment:
    """A run of stages that is committed as a whole, shard by shard.

    The first reads the sources and ends after extraction (its output is a checkpoint); a corpus stage is a segment
    of its own, and so is one that wants a GPU or asks a service; what lies between is a chain. The last is always a
    chain, so that what is kept is written out.
    """

    ordinal: int
    stages: tuple[AnyStage, ...]
    corpus: CorpusStage | None = None

    @property
    def gpus(self) -> float:
        """What its tasks ask for."""
        return max((cost_of(stage).gpus for stage in self.stages), default=0)

    @property
    def name(self) -> str:
        if self.corpus is not None:
            return f"{self.ordinal}-{self.corpus.name}"
        return f"{self.ordinal}-{'read' if self.ordinal == 0 else 'chain'}"


def load(path: str | Path) -> Recipe:
    """The `recipe` that the Python file at `path` builds; it may import its neighbours. Raises `RecipeRefused`."""
    file = Path(path)
    if not file.is_file():
        raise RecipeRefused(
            f"{file}: there is no such recipe; expected a Python file that defines `recipe = Recipe(...)`"
        )
    # Named by its place, so that two recipes never collide, and pickled by value, so that a worker elsewhere needs
    # no file.
    name = _name_of(file)
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise RecipeRefused(f"{file}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    cloudpickle.register_pickle_by_value(module)
    try:
        with _neighbours(file.resolve().parent):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever the recipe's own code raises, said with the line that did
        own = str(file.absolute())
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
        where = f", line {lines[-1]}" if lines else ""
        raise RecipeRefused(f"{file}{where}: {type(error).__name__}: {error}") from error
    recipe = getattr(module, "recipe", None)
    if not isinstance(recipe, Recipe):
        raise RecipeRefused(f"{file}: expected it to define `recipe = Recipe(...)`, found {type(recipe).__name__}")
    return replace(recipe, root=str(file.resolve().parent))


@contextmanager
def _neighbours(folder: Path) -> Iterator[None]:
    """Lets a recipe import the files beside it, as a script can; the next one finds its own under the same names."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            there = getattr(sys.modules[name], "__file__", None)
            if there is not None and Path(there).resolve().parent == folder:
                _of_the_recipe(sys.modules.pop(name), name, _name_of(Path(there)))


def _of_the_recipe(module: ModuleType, name: str, place: str) -> None:
    """`module` by a name of its place, and pickled by value: no worker could import it, and its code is asked for."""
    for value in vars(module).values():
        if getattr(value, "__module__", None) == name:
            value.__module__ = place
    module.__name__ = place
    sys.modules[place] = module
    cloudpickle.register_pickle_by_value(module)


def _name_of(file: Path) -> str:
    """A name for the module of `file` that no other file's has."""
    return f"curate_recipe_{blake2b(str(file.resolve()).encode(), digest_size=6).hexdigest()}"


def stored(recipe: Recipe, store: str | None, number: str | None) -> Recipe:
    """The recipe with another place or number for its version. Raises `RecipeRefused` where it has none."""
    if store is None and number is None:
        return recipe
    if recipe.version is None:
        raise RecipeRefused(f"{recipe.name} makes no version to store; give it version=Version(name=..., title=...)")
    wanted = number or recipe.version.number
    place = recipe.version.store if store is None else store if "://" in store else str(Path(store).absolute())
    if wanted is None:
        raise RecipeRefused("a version in a store has a number: give --as 1.0.0, or number= in the recipe's Version")
    try:
        return replace(recipe, version=replace(recipe.version, store=place, number=wanted))
    except ValueError as error:
        raise RecipeRefused(str(error)) from None


def segments(recipe: Recipe) -> tuple[Segment, ...]:
    """The recipe's stages cut into segments, with the check for duplicate ids after reading."""
    last_raw = max(
        (n for n, stage in enumerate(recipe.stages) if isinstance(stage, Stage) and "raw" in stage.reads), default=-1
    )
    reading = recipe.stages[: last_raw + 1]
    for stage in reading:
        if isinstance(stage, CorpusStage):
            raise RecipeRefused(f"stage {stage.name} needs every document's text, so it must come after extraction")
    out = [Segment(0, reading)]
    chain: list[AnyStage] = []
    for stage in (UniqueIds(), *recipe.stages[last_raw + 1 :]):
        if not (isinstance(stage, CorpusStage) or _is_apart(stage)):
            chain.append(stage)
            continue
        if chain:
            out.append(Segment(len(out), tuple(chain)))
            chain = []
        out.append(Segment(len(out), (stage,), stage if isinstance(stage, CorpusStage) else None))
    if chain or out[-1].corpus is not None:
        out.append(Segment(len(out), tuple(chain)))
    return tuple(out)


def _is_apart(stage: AnyStage) -> bool:
    """Whether the stage is a segment of its own: its tasks ask for what others don't need, or are dear to do again."""
    return cost_of(stage).gpus > 0 or isinstance(stage, Metered)


def data(recipe: Recipe) -> dict[str, Any]:
    """The recipe as JSON data, without the folder it lies in: equal recipes are equal data on any machine."""
    out: dict[str, Any] = settings(replace(recipe, root="."))
    return out


def stages_ran(run: str) -> list[dict[str, Any]]:
    """The stages of the recipe that the run in `run` carried out, as `data` has them. Raises `RecipeRefused`."""
    place = files.join(run, "run.json")
    if not files.exists(place):
        raise RecipeRefused(f"{run} holds no run (there is no run.json); expected the --out directory of one")
    stages: list[dict[str, Any]] = json.loads(files.read_bytes(place))["recipe"]["stages"]
    return stages


def check(recipe: Recipe) -> None:
    """Raises `RecipeRefused` where the recipe can't be carried out: said before any work starts."""
    segments(recipe)
    if not recipe.sources:
        raise RecipeRefused(f"{recipe.name}: no sources; give at least one Source(name=..., path=...)")
    _unique("sources", [source.name for source in recipe.sources])
    _unique("stages", [stage.name for stage in recipe.stages])
    for name in (*(source.name for source in recipe.sources), *(stage.name for stage in recipe.stages)):
        _check_name(name)
    for source in recipe.sources:
        _check_source(recipe, source)
    if not 0 <= recipe.tolerance <= 1:
        raise RecipeRefused(f"tolerance is {recipe.tolerance}; expected a share between 0 and 1")
    _check_columns(recipe.stages)
    for fault in audience.faults(recipe.stages, [source.kind for source in recipe.sources]):
        raise RecipeRefused(f"stage {fault}")
    for limit in recipe.limits:
        _check_limit(recipe, limit)
    for stage in recipe.stages:
        try:
            settings(stage)
        except TypeError as error:
            raise RecipeRefused(f"stage {stage.name} has a setting that is no data: {error}") from None
        for asset in assets_of(stage):
            if not (asset.path.is_file() if isinstance(asset, Asset) else asset.path.is_dir()):
                raise RecipeRefused(f"stage {stage.name}: {asset.path} is missing")
            asset.verified()
    if recipe.version is not None and recipe.version.extends is not None:
        from curate.publish.parent import check_extension  # with its kernels: only where it is needed

        check_extension(recipe.version, recipe.stages, recipe.mix, recipe.place)
    if recipe.train is not None and recipe.mix is None:
        raise RecipeRefused("train needs a mix: give Recipe(mix=Mix(...))")


def _unique(what: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise RecipeRefused(f"two {what} are named '{name}'; give one of them another name=...")


def _check_name(name: str) -> None:
    """Names of sources and stages begin or end those of files: one that hides a file, or leads elsewhere, loses it."""
    if not name.isprintable() or not name or name.startswith(".") or "/" in name:
        raise RecipeRefused(
            f"a source or stage is named {name!r}; expected printable characters, no / and no leading ."
        )
    if len(name.encode()) > NAME_BYTES:
        raise RecipeRefused(f"the name {name!r} has {len(name.encode())} bytes; expected at most {NAME_BYTES}")


def _check_source(recipe: Recipe, source: Source) -> None:
    if source.role not in ROLES:
        raise RecipeRefused(f"source {source.name}: role is {source.role!r}; expected domain or general")
    if not 0 < source.take <= 1:
        raise RecipeRefused(f"source {source.name}: take is {source.take}; expected a share above 0, at most 1")
    if not files.found(recipe.place(source.path)):
        raise RecipeRefused(f"source {source.name}: nothing at {source.path} (looked at {recipe.place(source.path)})")


def _check_limit(recipe: Recipe, limit: SourceLimit) -> None:
    """A limit that no count can ever pass is a mistake of its name."""
    if not 0 <= limit.share < 1:
        raise RecipeRefused(
            f"a limit of sources in {limit.stage} has share {limit.share}; expected at least 0, below 1"
        )
    stages = {stage.name: stage for stage in recipe.stages if not isinstance(stage, Splitter)}
    if limit.stage not in stages:
        raise RecipeRefused(f"there is a limit of sources for stage {limit.stage!r}; there are {', '.join(stages)}")
    reasons = {rule.reason for rule in stages[limit.stage].rules}
    if not reasons:
        raise RecipeRefused(
            f"there is a limit of sources for stage {limit.stage}, which removes nothing: it only measures; give it a "
            "threshold"
        )
    if limit.reason is not None and limit.reason not in reasons:
        raise RecipeRefused(
            f"there is a limit for reason {limit.reason!r} of stage {limit.stage}; it gives "
            f"{', '.join(sorted(reasons))}"
        )
    if limit.source is not None and limit.source not in {source.name for source in recipe.sources}:
        raise RecipeRefused(f"there is a limit for source {limit.source!r}, which the recipe does not read")


def _check_columns(stages: Sequence[AnyStage]) -> None:
    """Every stage reads what the door or an earlier stage writes, and rules judge what is there."""
    there: dict[str, pl.DataType] = {**COLUMNS, **RAW}
    writers: dict[str, str] = {}
    for stage in stages:
        reads = dict(stage.reads)
        for name, dtype in reads.items():
            if name not in there:
                raise RecipeRefused(
                    f"stage {stage.name} reads column '{name}', which no earlier stage writes; "
                    f"there are {', '.join(there)}"
                )
            if there[name] != dtype:
                raise RecipeRefused(f"stage {stage.name} reads column '{name}' as {dtype}; it is {there[name]}")
        if isinstance(stage, Splitter):
            continue
        for name, dtype in stage.writes.items():
            if name == cuts.COLUMN:
                if not isinstance(stage, CorpusStage) or dtype != cuts.TYPE:
                    raise RecipeRefused(
                        f"stage {stage.name} writes cuts as {dtype}; a corpus stage may, as {cuts.TYPE}"
                    )
                continue
            if name in writers and name not in COLUMNS and name not in RAW:
                raise RecipeRefused(f"stages {writers[name]} and {stage.name} both write column '{name}'")
            if name in there and there[name] != dtype:
                raise RecipeRefused(f"stage {stage.name} writes column '{name}' as {dtype}; it is {there[name]}")
            if name in RESERVED or (isinstance(stage, CorpusStage) and (name in COLUMNS or name in RAW)):
                raise RecipeRefused(f"stage {stage.name} writes column '{name}', which is Curate's own; rename it")
            writers[name] = stage.name
            there[name] = dtype
        edits = "text" in stage.writes and "text" in reads and "raw" not in reads
        if edits or cuts.COLUMN in stage.writes:
            for name in (f"{stage.name}_cut", f"{stage.name}_added"):
                if stage.writes.get(name) != pl.Int64:
                    raise RecipeRefused(f"stage {stage.name} edits text, so it must write {name} (Int64, characters)")
        for rule in stage.rules:
            for column in (rule.measure, rule.when, rule.evidence):
                if column is not None and column not in there:
                    raise RecipeRefused(f"stage {stage.name}, rule {rule.reason}: there is no column '{column}'")
            _check_types(stage.name, rule, there)
            _check_bounds(stage.name, rule)


def _check_bounds(stage: str, rule: Rule) -> None:
    """A limit that every document passes, or none, is a mistake: 80 for a share of .8, not a number, bounds swapped."""
    for word, limit in (("low", rule.low), ("high", rule.high)):
        if not isinstance(limit, int | float) or isnan(limit):
            raise RecipeRefused(f"stage {stage}, rule {rule.reason}: {word} is {limit!r}; expected a number")
        if rule.measure.endswith("_share") and not isinf(limit) and not 0 <= limit <= 1:
            raise RecipeRefused(
                f"stage {stage}, rule {rule.reason}: {word} is {limit:g}; {rule.measure} is a share, between 0 and 1"
            )
    if rule.low > rule.high:
        raise RecipeRefused(f"stage {stage}, rule {rule.reason}: low {rule.low} is above high {rule.high}")


def _check_types(stage: str, rule: Rule, there: Mapping[str, pl.DataType]) -> None:
    """A limit is for numbers, a set of values for text; `when` says yes or no, evidence is text."""
    measure = there[rule.measure]
    if rule.among is None and not (measure.is_numeric() or measure == pl.Boolean):
        raise RecipeRefused(f"stage {stage}, rule {rule.reason}: '{rule.measure}' is {measure}; limits want a number")
    for column, wanted in (
        (rule.measure if rule.among is not None else None, pl.String),
        (rule.when, pl.Boolean),
        (rule.evidence, pl.String),
    ):
        if column is not None and there[column] != wanted:
            raise RecipeRefused(f"stage {stage}, rule {rule.reason}: '{column}' is {there[column]}, expected {wanted}")
