"""Commands that carry a recipe out, and those that lead to one."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import click

from curate.commands.ending import CODES, honest_exit
from curate.commands.where import engine_of, placed, where


@click.command("run", epilog=CODES)
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, metavar="DIR", help="The run's directory; run again with the same to go on after a kill."
)
@click.option(
    "--sample",
    type=click.FloatRange(0, 1, min_open=True),
    help="Run on this share of the documents only, and predict what the whole run loses, takes and writes.",
)
@click.option("--store", metavar="STORE", help="Put the version into this store (a folder, or s3://BUCKET/PREFIX).")
@click.option("--as", "number", metavar="1.0.0", help="The version's number there (default: as the recipe says).")
@where
def run_command(
    recipe: Path,
    out: str,
    sample: float | None,
    store: str | None,
    number: str | None,
    inline: bool,
    address: str | None,
    workers: int | None,
) -> None:
    """Carry RECIPE out: read, clean, judge, deduplicate, decontaminate, mix, publish, train.

    What is committed in DIR is taken over: a killed run, started again, ends with the same bytes.
    """
    with honest_exit():
        from curate.audit.funnel import funnel, table
        from curate.job import run
        from curate.predict import predicted, sampled
        from curate.progress import reporter
        from curate.recipe import load, stored

        loaded = stored(load(recipe), store, number)
        out = placed(out)
        started = time.monotonic()
        if sample is not None:
            loaded, out = sampled(loaded, sample), f"{out}/sample-{sample:g}"
        with engine_of(inline, address, workers) as engine, closing(reporter()) as report:
            outcome = run(loaded, out, engine, report)
        click.echo(table(funnel(outcome.records)))
        if sample is not None:
            click.echo(predicted(outcome, sample, time.monotonic() - started))
        else:
            seconds = time.monotonic() - started
            click.echo(f"{outcome.read:,} records read, {outcome.kept:,} documents kept, {seconds:.1f} s: {out}")


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path))
def plan(recipe: Path) -> None:
    """Check RECIPE and say what it would do: sources, segments, stages and their rules. Nothing is run."""
    with honest_exit():
        from curate.inputs import found
        from curate.predict import planned
        from curate.recipe import check, load

        loaded = load(recipe)
        check(loaded)
        found(loaded)
        click.echo(planned(loaded))


@click.command(epilog=CODES)
@click.argument("folder", metavar="FOLDER")
@click.option("--out", default="recipe.py", show_default=True, metavar="FILE", help="The recipe; it must not be there.")
def init(folder: str, out: str) -> None:
    """Look at the files in FOLDER, say what they are, and write a first recipe that runs.

    FOLDER may also be LLaMA-Factory's dataset_info.json or a Data-Juicer YAML: what has an equal here is carried over,
    and what has none is listed.
    """
    with honest_exit():
        from curate.audit.excerpt import visible
        from curate.init import init as write

        for line in write(folder, out).split("\n"):
            click.echo(visible(line))


@click.command()
@click.option("--out", default="demo", show_default=True, metavar="DIR")
@where
@click.pass_context
def demo(context: click.Context, out: str, inline: bool, address: str | None, workers: int | None) -> None:
    """Run the quickstart recipe on the samples that come with Curate: Chinese and English, medical and general."""
    from curate.shipped import shipped

    recipe = shipped("pipelines/quickstart.py")
    context.invoke(
        run_command,
        recipe=recipe,
        out=out,
        sample=None,
        store=None,
        number=None,
        inline=inline,
        address=address,
        workers=workers,
    )
