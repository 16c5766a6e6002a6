"""The command that makes labelled documents of what a judge said."""

from __future__ import annotations

import click

from curate.commands.ending import CODES, honest_exit


@click.command(epilog=CODES)
@click.argument("run", metavar="DIR")
@click.option("--judge", required=True, metavar="STAGE", help="The name of the stage, as llm.")
@click.option("--out", required=True, metavar="FILE", help="A new file of JSON lines.")
@click.option("--high", type=float, help="Of scores: from this one on a document is a good example.")
@click.option("--low", type=float, help="Of scores: up to this one it is a bad one (default: all below --high).")
@click.option("--as", "names", default="good:bad", show_default=True, metavar="HIGH:LOW", help="What they are called.")
def labels(run: str, judge: str, out: str, high: float | None, low: float | None, names: str) -> None:
    """What a judge of the run in DIR said of its kept documents, as labelled documents to train another judge on.

    \b
    Examples:
      curate classifier labels DIR --judge llm --high 4 --low 1 --out labelled.jsonl
      curate classifier train --labelled labelled.jsonl --out judges/mine
    """
    with honest_exit():
        from curate.answered import NotJudged
        from curate.answered import labels as write

        first, colon, second = names.partition(":")
        if not (colon and first and second):
            raise NotJudged(f"--as {names}; expected two words, as good:bad")
        counts = write(run, judge, out, high=high, low=low, names=(first, second))
        click.echo(f"{out}: " + ", ".join(f"{count:,} {label}" for label, count in counts.items()))
