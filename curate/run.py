"""Carries a recipe's stages out: segments in order, each shard committed, resumed where a killed run left off."""

from __future__ import annotations

import importlib.metadata
import inspect
import json
import os
import platform
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from curate import __version__, files, views
from curate.corpus import turns
from curate.dedup.known import Known
from curate.engine import Engine
from curate.exchange import FAN_IN, MERGED
from curate.inputs import Input, inputs, readings
from curate.ledger import (
    Ids,
    NotConserved,
    Record,
    StageCount,
    balance_flow,
    balance_reading,
    fingerprint,
    total,
)
from curate.progress import Reporter
from curate.recipe import EVERYTHING, Recipe, RecipeRefused, Segment, check, data, segments
from curate.rounds import CorpusWork, emit_shard, flow_of, judge_shard, merge_parcels, reduce_partition
from curate.segment import SHARD, SegmentWork, chain_shard, read_shard
from curate.shard import Shard
from curate.stage import AnyStage, CorpusStage, Flow, Splitter, cost_of, settings
from curate.telling import told

# Their versions are part of every fingerprint: another one may judge or extract otherwise.
LIBRARIES = (
    *("fastwarc", "fasttext-numpy2-wheel", "lxml", "numba", "numpy", "polars", "py3langid", "pyarrow", "tokenizers"),
    *("trafilatura", "xxhash"),
)

# Some of what a run writes, by which it is seen whether a source would read it.
WRITTEN = ("run.json", "ledger.jsonl", "kept.parquet", "kept/a.parquet", "commits/a/b.json", "version/README.md")

WIPED_SHARE = 0.95  # a stage that removes this share of a language, kind or source stops the run ...
WIPED_LEAST = 50  # ... if at least so many documents of it came in: fewer say nothing


class WipedOut(RecipeRefused):
    """A stage removes nearly all of one language, kind or source, and the recipe does not expect it."""


class SourceStopped(RecipeRefused):
    """A stage removes more of one source than the recipe's limit allows."""


@dataclass
class Outcome:
    """What the stages of a run left: the shards kept, and all records in the order of segments and shards."""

    shards: list[Shard]
    records: list[Record]

    @property
    def read(self) -> int:
        return sum(int(record.reading.get("records", 0)) for record in self.records)

    @property
    def kept(self) -> int:
        return sum(shard.rows for shard in self.shards)

    @property
    def quarantined(self) -> int:
        refused = sum(int(record.reading.get("quarantined", 0)) for record in self.records)
        return refused + sum(count.quarantined.count for count in total(self.records))

    @property
    def print(self) -> str:
        """The fingerprint of what is kept: of all that it depends on."""
        return fingerprint("kept", [shard.print for shard in self.shards])


def environment() -> dict[str, str]:
    """The versions that fingerprints cover."""
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {
        "curate": __version__,
        "python": platform.python_version(),
        "unicode": unicodedata.unidata_version,
        **versions,
    }


def known_by(stage: AnyStage) -> Any:
    """What a stage's outcome depends on, as JSON data: its settings, and its rules too, which need not be fields.

    Of a stage that is not Curate's own the code counts as well: who edits it forgets to raise its version.
    """
    rules = () if isinstance(stage, Splitter) else stage.rules
    kind = type(stage)
    code = "" if kind.__module__.startswith("curate.") else inspect.getsource(kind)
    return [kind.__qualname__, settings(stage), settings(rules), code]


def carry_out(recipe: Recipe, out: str, engine: Engine, report: Reporter) -> Outcome:
    """The recipe's sources through its stages, into `out`. What an earlier run of the same recipe committed is
    taken over.

    Raises `RecipeRefused` before any work, `WipedOut`, `SourceStopped`, `Incomplete`, `NotConserved`.
    """
    check(recipe)
    _check_place(recipe, out)
    _check_gpus(recipe, engine)
    found = inputs(recipe, engine, report)
    versions = environment()
    _describe(recipe, out, found, versions)
    records: list[Record] = []
    shards: list[Shard] = []
    for segment in segments(recipe):
        print_ = fingerprint(versions, [known_by(stage) for stage in segment.stages])
        if segment.ordinal == 0:
            done = _read(recipe, segment, print_, found, out, engine, report)
        elif segment.corpus is not None:
            done, shards = _corpus(recipe, segment.corpus, segment.name, print_, shards, out, engine, report)
        else:
            done = _chain(segment, print_, shards, out, engine, report)
        if segment.corpus is None:
            shards = [shard for record in done for shard in _written(record)]
        records += done
        try:
            _stop_if_wiped(recipe, total(done))
            _stop_over_limits(recipe, total(done))
        except (WipedOut, SourceStopped):
            views.make(out, shards, records)  # so that it can be seen what went
            raise
    outcome = Outcome(shards, records)
    balance(outcome, segments(recipe)[-1].name)
    return outcome


def _check_place(recipe: Recipe, out: str) -> None:
    """Nothing is written where the recipe reads: the next start would take what this one wrote for input."""
    if "://" not in out and os.path.lexists(out) and not os.path.isdir(out):
        raise RecipeRefused(f"{out} is a file; expected the folder that the run is to be written to, or nothing there")
    for source in recipe.sources:
        place = recipe.place(source.path)
        if files.finds(out, place) or any(files.finds(place, files.join(out, name)) for name in WRITTEN):
            raise RecipeRefused(
                f"source {source.name} reads {place}, and the run would write there; give another --out"
            )


def _check_gpus(recipe: Recipe, engine: Engine) -> None:
    """A task that asks for more GPUs than there are would wait for ever."""
    for stage in recipe.stages:
        wanted = cost_of(stage).gpus
        if wanted > engine.gpus:
            raise RecipeRefused(
                f"stage {stage.name} asks for {wanted:g} GPU, and Ray has {engine.gpus:g} here; start Ray on machines "
                "that have one, work in this process (--inline), or give the stage Cost(gpus=0) to use processors"
            )


def rules(recipe: Recipe) -> dict[str, Any]:
    """The rules of each stage that has some, or could have, as JSON data."""
    return {stage.name: settings(stage.rules) for stage in recipe.stages if not isinstance(stage, Splitter)}


def _describe(recipe: Recipe, out: str, found: Sequence[Input], versions: dict[str, str]) -> None:
    """run.json: the recipe as data, versions, and inputs with sizes and hashes."""
    described = {
        "recipe": data(recipe),
        "rules": rules(recipe),
        "segments": {segment.name: [stage.name for stage in segment.stages] for segment in segments(recipe)},
        "versions": versions,
        "inputs": [
            {"source": one.source.name, "file": one.file.relative, "bytes": one.file.size, "sha256": one.sha256}
            for one in found
        ],
    }
    # What an earlier run of another recipe left is no account of this one; the ledger is written at the end.
    files.delete(files.join(out, "ledger.jsonl"))
    write_json(files.join(out, "run.json"), described)


def write_json(path: str, value: Any) -> None:
    """JSON for people and programs, sorted; in place of what was there. Names that are not UTF-8 are escaped."""
    with files.rewrite(path) as file:
        text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        file.write(text.encode("utf-8", "backslashreplace"))


def _read(
    recipe: Recipe, segment: Segment, print_: str, found: Sequence[Input], out: str, engine: Engine, report: Reporter
) -> list[Record]:
    work = [reading for source in recipe.sources for reading in readings(source, found, print_)]
    sizes = [sum(file.size for file in reading.files) for reading in work]
    task = partial(read_shard, SegmentWork(out, segment.name, segment.stages))
    return _step(engine, task, work, sizes, _titled(segment, "read"), report, segment.gpus)


def _chain(
    segment: Segment, print_: str, shards: Sequence[Shard], out: str, engine: Engine, report: Reporter
) -> list[Record]:
    items = [replace(shard, print=fingerprint(print_, shard.print)) for shard in shards]
    task = partial(chain_shard, SegmentWork(out, segment.name, segment.stages))
    sizes = [shard.text_bytes for shard in shards]
    with told(segment.stages, out, shards, report):
        return _step(engine, task, items, sizes, _titled(segment, "write kept"), report, segment.gpus)


def _corpus(
    recipe: Recipe,
    stage: CorpusStage,
    name: str,
    print_: str,
    shards: Sequence[Shard],
    out: str,
    engine: Engine,
    report: Reporter,
) -> tuple[list[Record], list[Shard]]:
    """All rounds of a corpus stage: (its records, the shards with their new overlays)."""
    priorities = {source.name: source.priority for source in recipe.sources}
    sizes = [shard.text_bytes for shard in shards]
    whole = fingerprint(print_, priorities, [(shard.name, shard.print) for shard in shards])
    partitions = min(1024, max(4, sum(sizes) // SHARD))  # by the data alone: other workers may take the run over
    work = CorpusWork(out, name, stage, tuple(shards), priorities, whole, partitions)
    records: list[Record] = []
    every = range(len(shards))
    report.begin(stage.name, sum(sizes), _usual_rounds(stage) + 1)
    for number, (turn, tell) in enumerate(turns(stage)):
        work = replace(work, round=number, turn=turn)
        keys = _each(engine, partial(emit_shard, work), every, sizes, report)
        gathering = work.after(keys)
        while len(gathering.parcels) > FAN_IN:
            groups = range(-(-len(gathering.parcels) // MERGED))
            fewer = _each(engine, partial(merge_parcels, gathering), groups, [0] * len(groups), report)
            records += fewer
            gathering = gathering.after(fewer)
        parts = range(work.reducers)
        notes = _each(engine, partial(reduce_partition, gathering), parts, [0] * len(parts), report)
        records += keys + notes
        work = replace(work.after(notes), turn=None)
        tell(flow_of(keys, notes))
    judged = _each(engine, partial(judge_shard, work), every, sizes, report)
    report.end()
    after = [
        replace(
            shard, overlays=(*shard.overlays, record.objects["overlay"][0].path), print=fingerprint(record.fingerprint)
        )
        for shard, record in zip(shards, judged, strict=True)
        if record.objects["overlay"]
    ]
    return records + judged, after


def _usual_rounds(stage: CorpusStage) -> int:
    """How many rounds the stage takes where none is repeated: as many as for no documents."""
    number = 0
    for _, tell in turns(stage):
        number += 1
        tell(Flow())
    return number


def _step(
    engine: Engine,
    task: Callable[[Any], Record],
    items: Sequence[Any],
    sizes: Sequence[int],
    title: str,
    report: Reporter,
    gpus: float,
) -> list[Record]:
    """`_each` as a step of its own, whose tasks ask for `gpus`."""
    report.begin(title, sum(sizes))
    records = _each(engine, task, items, sizes, report, gpus)
    report.end()
    return records


def _each(
    engine: Engine,
    task: Callable[[Any], Record],
    items: Sequence[Any],
    sizes: Sequence[int],
    report: Reporter,
    gpus: float = 0,
) -> list[Record]:
    """The record of every item, in the order of the items; progress told as they come."""
    out: list[Record | None] = [None] * len(items)
    for index, record in engine.run(task, items, gpus):
        out[index] = record
        came = record.stages[0].ids_in.count if record.stages else record.written.count
        report.advance(sizes[index], came, sum(count.removed.count for count in record.stages))
    return [record for record in out if record is not None]


def _titled(segment: Segment, otherwise: str) -> str:
    names = [stage.name for stage in segment.stages]
    return ", ".join(["read", *names] if segment.ordinal == 0 else names) or otherwise


def _written(record: Record) -> list[Shard]:
    """The shards that a read or chain record wrote: of its own name, or numbered where it grew past one."""
    made = record.objects["data"]
    names = [record.shard] if len(made) == 1 else [f"{record.shard}.{number}" for number in range(len(made))]
    return [
        Shard(name, one.path, one.rows, one.text_bytes, fingerprint(record.fingerprint, name))
        for name, one in zip(names, made, strict=True)
    ]


def _stop_if_wiped(recipe: Recipe, counts: Sequence[StageCount]) -> None:
    if EVERYTHING in recipe.expects:
        return
    known = {stage.name for stage in recipe.stages if isinstance(stage, Known)}
    for count in counts:
        if count.stage in known:
            continue  # a source read again holds little that is new: nothing is lost, it is in the version
        for group, (came, gone) in sorted(count.groups.items()):
            if came >= WIPED_LEAST and gone >= WIPED_SHARE * came and group not in recipe.expects:
                raise WipedOut(
                    f"stage {count.stage} removed {gone:,} of {came:,} documents with {group} "
                    f"({', '.join(f'{reason}: {number:,}' for reason, number in sorted(count.reasons.items()))}). "
                    f"Mend its settings; or if this is meant, give the recipe expects=frozenset({{{group!r}}})"
                )


def _stop_over_limits(recipe: Recipe, counts: Sequence[StageCount]) -> None:
    for count in counts:
        for limit in (limit for limit in recipe.limits if limit.stage == count.stage):
            for source in [limit.source] if limit.source is not None else [source.name for source in recipe.sources]:
                came, gone = count.groups.get(f"source={source}", [0, 0])
                if limit.reason is not None:
                    gone = count.sources.get(source, {}).get(limit.reason, 0)
                if came >= limit.least and gone > limit.share * came:
                    reasons = sorted(count.sources.get(source, {}).items())
                    raise SourceStopped(
                        f"source {source} is stopped: stage {count.stage} removed {gone:,} of its {came:,} documents"
                        f"{f' for {limit.reason}' if limit.reason else ''} ({100 * gone / came:.1f} %, the limit is "
                        f"{100 * limit.share:g} %: {', '.join(f'{reason} {number:,}' for reason, number in reasons)}). "
                        "Look at samples/ and verdicts/, then leave the source out, mend it, or raise its limit"
                    )


def balance(outcome: Outcome, last: str) -> None:
    """Conservation over the run: each stage took in what the one before kept, from reading to what the segment `last`
    wrote. Raises `NotConserved`.
    """
    for record in outcome.records:
        if record.reading:
            balance_reading(record)
    read = [record.reading for record in outcome.records if record.reading]
    came = sum((Ids(reading["documents"], reading["ids"]) for reading in read), Ids())
    flow = balance_flow(total(outcome.records), came, "the run") or came
    written = sum((record.written for record in outcome.records if record.segment == last), Ids())
    if written != flow or written.count != outcome.kept:
        raise NotConserved(
            f"the last stage kept {flow.count} documents, {outcome.kept} were written"
            + (", but not the same ones" if flow.count == outcome.kept else "")
        )
