"""Commands that work on files without a recipe."""

from __future__ import annotations

import sys
from contextlib import closing

import click

from curate.commands.ending import CODES, TOLERANCE, honest_exit
from curate.commands.where import engine_of, placed, where


@click.command(context_settings={"help_option_names": ["-h", "--help"]}, epilog=CODES)
@click.argument("stage")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--out", required=True, metavar="DIR", help="Gets kept.parquet, verdicts.parquet and quarantine.parquet.")
@click.option(
    "--benchmarks", metavar="FOLDER|INDEX", help="For decontaminate: what to look for; writes evidence.parquet."
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A setting of the stage, as low=200; may be repeated.",
)
@where
def apply(
    stage: str,
    inputs: tuple[str, ...],
    out: str,
    benchmarks: str | None,
    settings: tuple[str, ...],
    inline: bool,
    address: str | None,
    workers: int | None,
) -> None:
    """Try one STAGE on files, without a recipe.

    STAGE is extract, normalize, redecode, split, language, personal, kind, length, repetition, stutter, mojibake,
    heuristics (length, repetition and mojibake together), gopher_quality, gopher_repetition, c4, fineweb, refinedweb,
    chinese_quality, fluency, noise, quality, first_look, relevance, dialogues, exact_dedup, url_dedup, line_dedup,
    minhash, instruction_dedup or decontaminate. What a stage goes by (kind, language) is measured before it. INPUT is a
    file, folder, glob or s3:// path: WARC, HTML, JSONL, Parquet, plain text. Raw pages are extracted first. The input's
    own id is kept as origin_id.
    """
    with honest_exit():
        from curate.apply import apply as apply_stages
        from curate.apply import stages_of
        from curate.progress import reporter
        from curate.recipe import RecipeRefused

        options = dict(setting.partition("=")[::2] for setting in settings)
        if any("=" not in setting for setting in settings):
            raise RecipeRefused("--set takes FIELD=VALUE")
        at_once = inline or (address is None and workers is None)
        with engine_of(at_once, address, workers) as engine, closing(reporter()) as report:
            counts = apply_stages(stages_of(stage, benchmarks, options), inputs, placed(out), engine, report)
        click.echo(
            f"{counts['read']:,} records read, {counts['kept']:,} kept, {counts['quarantined']:,} quarantined: {out}"
        )
        if counts["quarantined"]:
            sys.exit(TOLERANCE)


@click.command(context_settings={"help_option_names": ["-h", "--help"]}, epilog=CODES)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--out", required=True, metavar="DIR", help="Gets kept.parquet and verdicts.parquet.")
@click.option(
    "--threshold", default=0.8, show_default=True, type=click.FloatRange(0, 1, min_open=True),
    help="The Jaccard similarity from which on two documents are near copies.",
)  # fmt: skip
@click.option(
    "--n", default=5, show_default=True, type=click.IntRange(1), help="Tokens in a shingle: words, characters."
)
@click.option("--permutations", default=128, show_default=True, type=click.IntRange(1, 4096), help="Of MinHash.")
@click.option("--exact-only", is_flag=True, help="No near copies.")
@click.option("--urls", is_flag=True, help="Records of one page are copies too, however its address is spelt.")
@click.option("--lines", is_flag=True, help="First cut headers, footers and notices that recur over pages of a host.")
@click.option("--text", metavar="COLUMN", help="The column of the text, if it is not text, content ...")
@click.option("--id", "key", metavar="COLUMN", help="The column of the id, unique in its file; default: its place.")
@where
def dedup(
    inputs: tuple[str, ...],
    out: str,
    threshold: float,
    n: int,
    permutations: int,
    exact_only: bool,
    urls: bool,
    lines: bool,
    text: str | None,
    key: str | None,
    inline: bool,
    address: str | None,
    workers: int | None,
) -> None:
    """Take exact and near copies out of files, without a recipe. Chinese, English and mixed text alike.

    INPUT is a file, folder, glob or s3:// path: JSONL, Parquet, WARC, HTML, plain text, packed or not. Of copies one
    stays, the newest or else the longest. Inputs are compared with each other, too. DIR gets kept.parquet (the input's
    own id as origin_id) and verdicts.parquet, and is a run's directory. This process does the work unless --workers or
    --ray is given.

    \b
    Examples:
      curate dedup news.jsonl.zst books/*.parquet --out clean --text body
      curate dedup crawl/ --out clean --urls --lines --workers 8

    \b
    And then:
      curate funnel clean                           how much each step took out
      curate sample clean --reason near_duplicate   look at what went
      curate why clean ID                           a copy beside the document that stayed
    """
    with honest_exit():
        from curate.deduplicate import Deduplication, deduplicate
        from curate.progress import reporter

        what = Deduplication(
            threshold=threshold, n=n, permutations=permutations, near=not exact_only, urls=urls, lines=lines, text=text,
            key=key,
        )  # fmt: skip
        at_once = inline or (address is None and workers is None)
        with engine_of(at_once, address, workers) as engine, closing(reporter()) as report:
            told, quarantined = deduplicate(what, inputs, placed(out), engine, report)
        click.echo("\n".join([*told, f"{out}/kept.parquet"]))
        if quarantined:
            sys.exit(TOLERANCE)
