"""One stage on some files, without a recipe: to try it, and to look at what it keeps and removes."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain, count
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from curate import files
from curate.classifier.judge import Judge
from curate.classifier.noise import THRESHOLD as NOISY
from curate.classifier.noise import Noise
from curate.decontaminate.evidence import evidence
from curate.decontaminate.stage import Decontaminate
from curate.decontaminate.storing import is_index
from curate.dedup.exact import ExactDedup
from curate.dedup.instructions import InstructionDedup
from curate.dedup.lines import LineDedup
from curate.dedup.minhash import MinHashDedup
from curate.dedup.urls import UrlDedup
from curate.engine import Engine
from curate.job import run
from curate.options import changed, fields_of
from curate.progress import Reporter
from curate.recipe import EVERYTHING, NAME_BYTES, Recipe, RecipeRefused, Source
from curate.stage import AnyStage, Asset, Stage
from curate.stages.dialogue.bounds import AnswerLength
from curate.stages.dialogue.fitting import AnswerLanguage, Fitting
from curate.stages.dialogue.refusals import Refusals
from curate.stages.dialogue.structure import Structure
from curate.stages.dialogue.truncated import Truncated
from curate.stages.domain import Terms
from curate.stages.extract import Extract
from curate.stages.first_look import FirstLook, Relevance
from curate.stages.heuristics.c4 import C4
from curate.stages.heuristics.c4_lines import C4Lines
from curate.stages.heuristics.chinese import ChineseQuality
from curate.stages.heuristics.fineweb import FineWeb
from curate.stages.heuristics.fluency import Fluency
from curate.stages.heuristics.gopher import GopherQuality, GopherRepetition
from curate.stages.heuristics.kind import Kind
from curate.stages.heuristics.length import Length
from curate.stages.heuristics.mojibake import Mojibake
from curate.stages.heuristics.refinedweb import RefinedWeb
from curate.stages.heuristics.repetition import Repetition
from curate.stages.heuristics.stutter import Stutter
from curate.stages.language import Language
from curate.stages.normalize import Normalize
from curate.stages.personal.stage import PersonalData
from curate.stages.redecode import Redecode
from curate.stages.split import Split

STAGES: Mapping[str, Callable[[], tuple[AnyStage, ...]]] = {
    "extract": lambda: (Extract(),),
    "normalize": lambda: (Normalize(),),
    "split": lambda: (Split(),),
    "language": lambda: (Language(),),
    "personal": lambda: (PersonalData(),),
    "kind": lambda: (Kind(),),
    "chinese_quality": lambda: (Kind(), Language(), ChineseQuality()),
    "length": lambda: (Length(),),
    "repetition": lambda: (Repetition(),),
    "stutter": lambda: (Stutter(),),
    "mojibake": lambda: (Mojibake(),),
    "gopher_quality": lambda: (Kind(), GopherQuality()),
    "gopher_repetition": lambda: (Kind(), GopherRepetition()),
    "c4": lambda: (Kind(), C4Lines(), C4()),
    "fineweb": lambda: (Kind(), FineWeb()),
    "refinedweb": lambda: (Kind(), RefinedWeb()),
    "redecode": lambda: (Redecode(),),
    "first_look": lambda: (FirstLook(judge=Terms.of("medical", "law", "finance")), Extract()),
    "relevance": lambda: (Relevance(judge=Terms.of("medical", "law", "finance")),),
    "heuristics": lambda: (Length(), Repetition(), Mojibake()),
    "fluency": lambda: (Kind(), Language(), Fluency.shipped(gain_en=0.7, gain_zh=0.45)),
    "noise": lambda: (Kind(), Noise.shipped(threshold=NOISY)),
    "quality": lambda: (Judge.shipped(threshold=0.5),),
    "exact_dedup": lambda: (ExactDedup(),),
    "url_dedup": lambda: (UrlDedup(),),
    "line_dedup": lambda: (LineDedup(),),
    "minhash": lambda: (MinHashDedup(),),
    "instruction_dedup": lambda: (InstructionDedup(),),
    "dialogues": lambda: (
        Structure(),
        AnswerLength(),
        Mojibake(),
        Refusals(),
        Truncated(),
        Fitting(),
        AnswerLanguage(),
        InstructionDedup(),
    ),
}
"""The stages by their plain names, with their defaults; `decontaminate` is beside them, since it needs benchmarks."""

NAMES = (*STAGES, "decontaminate")


def stages_of(name: str, benchmarks: str | None, options: Mapping[str, str]) -> tuple[AnyStage, ...]:
    """The stage `name` with its settings from `options` (field -> text). Raises `RecipeRefused`."""
    if name == "decontaminate":
        if benchmarks is None:
            raise RecipeRefused("decontaminate needs --benchmarks FOLDER or INDEX: the items to look for")
        some: tuple[AnyStage, ...] = (_decontaminate(benchmarks),)
    elif name in STAGES:
        some = STAGES[name]()
    else:
        raise RecipeRefused(f"there is no stage {name!r}; there are {', '.join(NAMES)}")
    known = {field for stage in some for field in fields_of(stage)}
    for field in options:
        if field not in known:
            raise RecipeRefused(f"stage {name} has no setting {field!r}; it has {', '.join(sorted(known - {'name'}))}")
    return tuple(changed(stage, options) for stage in some)


def _decontaminate(benchmarks: str) -> Decontaminate:
    """For an index, or for the items in a folder."""
    if Path(benchmarks).is_file() and is_index(benchmarks):
        return Decontaminate(index=Asset.of(benchmarks))
    return Decontaminate.of(benchmarks)


def sources_of(inputs: Sequence[str], *, kind: str = "prose") -> tuple[Source, ...]:
    """A source for each input, named by its file, numbered where two files have one name."""
    names: list[str] = []
    for path in inputs:
        stem = re.sub(r"[^\w.-]+", "-", Path(path.rstrip("/")).name).strip("-.")
        stem = stem.encode()[: NAME_BYTES - len("-999")].decode(errors="ignore") or "input"
        numbered = (f"{stem}-{number}" for number in count(2))
        names.append(next(name for name in chain([stem], numbered) if name not in names))
    return tuple(Source(name=name, path=path, kind=kind) for name, path in zip(names, inputs, strict=True))


def apply(
    stages: Sequence[AnyStage],
    inputs: Sequence[str],
    out: str,
    engine: Engine,
    report: Reporter,
    *,
    text: str | None = None,
    key: str | None = None,
) -> dict[str, int]:
    """`stages` over `inputs`: writes `out`/kept.parquet, verdicts.parquet and, where there is any,
    quarantine.parquet and evidence.parquet. `out` is also a run's directory, so `why`, `funnel` and `sample` work
    on it.

    `text` and `key` name the columns of text and of ids, where they are not the usual ones. Raw pages are extracted
    first where none of the stages does it. Quarantine is tolerated and counted. Returns counts.
    """
    if not any(isinstance(stage, Stage) and "raw" in stage.reads for stage in stages):
        stages = (Extract(), *stages)
    places = [str(Path(path).absolute()) if "://" not in path else path for path in inputs]
    recipe = Recipe(
        name="apply",
        sources=tuple(dataclasses.replace(source, text=text, key=key) for source in sources_of(places)),
        stages=tuple(stages),
        tolerance=1.0,
        expects=frozenset({EVERYTHING}),  # who tries one stage on a file wants to see what it does to it
    )
    _check_free(recipe, out)
    outcome = run(recipe, out, engine, report)
    kept, verdicts, quarantined = (_gathered(out, folder) for folder in ("kept", "verdicts", "quarantine"))
    if any(isinstance(stage, Decontaminate) for stage in stages):
        _evidence(out)
    return {"read": outcome.read, "kept": kept, "verdicts": verdicts, "quarantined": quarantined}


def _check_free(recipe: Recipe, out: str) -> None:
    """What was made of other files is not put away in silence: without a recipe, nobody has it written down."""
    path = files.join(out, "run.json")
    if not files.exists(path):
        return
    sources = json.loads(files.read_bytes(path))["recipe"]["sources"]
    there, now = [source["path"] for source in sources], [source.path for source in recipe.sources]
    if there != now:
        raise RecipeRefused(
            f"{out} holds what was made of {', '.join(there)}, and this is to read {', '.join(now)}; give another --out"
        )


def _evidence(out: str) -> None:
    """evidence.parquet: what was found in documents, in those that went and in those that stayed."""
    found = []
    for name, column in (("verdicts", "evidence"), ("kept", "contamination_evidence")):
        with files.open_read(files.join(out, f"{name}.parquet")) as file:
            table = pl.read_parquet(file)
        if column not in table.columns:  # nothing was kept
            continue
        if name == "verdicts":
            table = table.filter(pl.col("reason") == "benchmark_overlap")
        table = table.select("doc_id", "origin_id", column)
        found.append(table.rename({column: "contamination_evidence"}).drop_nulls("contamination_evidence"))
    with files.rewrite(files.join(out, "evidence.parquet")) as file:
        evidence(pl.concat(found)).write_parquet(file)


def _gathered(out: str, folder: str) -> int:
    """The files of a view, of which there is always one, as one Parquet file beside it; its rows."""
    views = [file.path for file in files.found(files.join(out, folder))]
    rows = 0
    with files.rewrite(files.join(out, f"{folder}.parquet")) as file, ExitStack() as open_writer:
        writer = None
        for view in views:
            with files.open_read(view) as opened:
                parquet = pq.ParquetFile(opened)
                writer = writer or open_writer.enter_context(
                    pq.ParquetWriter(file, parquet.schema_arrow, compression="zstd")
                )
                for group in range(parquet.num_row_groups):
                    writer.write_table(parquet.read_row_group(group))
                rows += parquet.metadata.num_rows
    return rows
