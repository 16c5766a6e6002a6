"""What each rule set takes from real documents: the share lost, by set, rule and corpus.

    python performance/rule_losses.py [--data ../shared/data] [--only law/zh] [--sets gopher_quality c4] [--samples 3]

Every set with its defaults, each by itself, over all documents of the corpora and dialogues beside the repository;
their kind is measured first, as a recipe would. Above 1 % a cell is marked. `--samples` shows what each rule takes, so
that a person can say whether it is right. Of editors it is the share of characters cut that is printed.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import random
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from curate.document import COLUMNS
from curate.stage import Stage, failure, measured
from curate.stages.heuristics.c4 import C4
from curate.stages.heuristics.c4_lines import C4Lines
from curate.stages.heuristics.chinese import ChineseQuality
from curate.stages.heuristics.fineweb import FineWeb
from curate.stages.heuristics.gopher import GopherQuality, GopherRepetition
from curate.stages.heuristics.kind import Kind
from curate.stages.heuristics.refinedweb import RefinedWeb
from curate.stages.heuristics.repetition import Repetition
from curate.stages.heuristics.stutter import Stutter

SETS: tuple[Stage, ...] = (
    GopherQuality(),
    GopherRepetition(),
    C4Lines(),
    C4(),
    FineWeb(),
    RefinedWeb(),
    Repetition(),
    Stutter(),
    ChineseQuality(),
)
TOO_MUCH = 0.01
EXCERPT = 300  # characters


def corpora(folder: Path, only: str) -> Iterator[tuple[str, pl.DataFrame]]:
    """(name, documents) of each corpus, with the language that it declares and the kind that is measured."""
    for path in sorted([*(folder / "corpora").glob("*/*/*.jsonl.zst"), *(folder / "sft").glob("*/*.jsonl.zst")]):
        name = path.relative_to(folder).as_posix().removesuffix(".jsonl.zst")
        if only not in name:
            continue
        rows = pl.read_ndjson(path, infer_schema_length=None)
        kind = "prose"
        if "messages" in rows.columns:
            kind = "dialogue"
            turns = pl.col("messages").list.eval(pl.element().struct.field("content")).list.join("\n\n")
            rows = rows.with_columns(text=turns)
        lang = rows["lang"] if "lang" in rows.columns else pl.lit("zh" if "zh" in name else "en")
        nothing = {column: pl.lit(None, dtype) for column, dtype in COLUMNS.items()}
        docs = rows.select(**nothing | {"text": pl.col("text"), "kind": pl.lit(kind), "lang": lang}).with_columns(
            doc_id=pl.int_range(pl.len()).cast(pl.String), source=pl.lit(name)
        )
        yield name, measured(Kind(), docs)


def losses(stage: Stage, docs: pl.DataFrame) -> tuple[dict[str, float], pl.DataFrame]:
    """(share of `docs` that each rule removes, and all together; or characters cut), and what failed, a column each."""
    done = measured(stage, docs)
    failed = done.select(
        **{f"{rule.reason} ({rule.measure})": failure(rule) for rule in stage.rules},
        all=pl.any_horizontal([failure(rule) for rule in stage.rules] or [pl.col("text").is_null() & False]),
    )
    shares = {column: float(failed[column].mean() or 0) for column in failed.columns}
    if f"{stage.name}_cut" in done.columns:
        shares["characters cut"] = done[f"{stage.name}_cut"].sum() / max(1, docs["text"].str.len_chars().sum())
    return shares, done.with_columns(failed, before=docs["text"])


def shown(stage: Stage, done: pl.DataFrame, number: int) -> None:
    chosen = random.Random(0)
    for rule in stage.rules:
        gone = done.filter(f"{rule.reason} ({rule.measure})")
        for row in chosen.sample(range(gone.height), min(number, gone.height)):
            text = gone["text"][row]
            print(f"      {rule.reason}: {rule.measure} {gone[rule.measure][row]} ({gone['kind'][row]})")
            print(f"        {json.dumps(text[:EXCERPT], ensure_ascii=False)}{' ...' if len(text) > EXCERPT else ''}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--only", default="", help="corpora whose name holds this")
    parser.add_argument("--sets", nargs="*", default=[stage.name for stage in SETS])
    parser.add_argument("--samples", type=int, default=0)
    options = parser.parse_args()
    print(f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}, polars {pl.__version__}")
    found = False
    for name, docs in corpora(options.data, options.only):
        found = True
        kinds = ", ".join(
            f"{kind} {n / docs.height:.1%}" for kind, n in docs["kind"].value_counts(sort=True).iter_rows()
        )
        print(f"\n{name}: {docs.height:,} documents; {kinds}")
        for stage in SETS:
            if stage.name not in options.sets:
                continue
            shares, done = losses(stage, docs)
            whole = shares.pop("all")
            print(f"  {stage.name:24}{whole:8.2%}{'  <-- above 1 %' if whole > TOO_MUCH else ''}")
            for rule, share in shares.items():
                if share > 0:
                    print(f"      {rule:54}{share:8.2%}")
            shown(stage, done, options.samples)
    if not found:
        print(f"skipped: there are no corpora in {options.data}")


if __name__ == "__main__":
    main()
