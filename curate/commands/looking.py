"""Commands that look at a run."""

from __future__ import annotations

import click

from curate.commands.ending import honest_exit


@click.command()
@click.argument("run", metavar="DIR")
@click.argument("key", metavar="ID|URL|LOCATOR")
def why(run: str, key: str) -> None:
    """Why a document of the run in DIR was kept, removed or quarantined, with evidence."""
    with honest_exit():
        from curate.audit.why import why as answer

        click.echo(answer(run, key))


@click.command()
@click.argument("run", metavar="DIR")
def funnel(run: str) -> None:
    """How many documents came to each stage of the run in DIR, how many it took out, and why."""
    with honest_exit():
        from curate.audit.funnel import funnel_of, table

        click.echo(table(funnel_of(run)))


@click.command()
@click.argument("run", metavar="DIR")
@click.option("--reason", required=True, help="A reason of the funnel, as too_short.")
@click.option("-n", "--number", default=10, show_default=True, type=click.IntRange(1))
def sample(run: str, reason: str, number: int) -> None:
    """Documents that were removed for a reason, to be looked at."""
    with honest_exit():
        from curate.audit.sample import samples, shown

        click.echo(shown(samples(run, reason, number)))
