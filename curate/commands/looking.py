"""Commands that look at a run."""

from __future__ import annotations

import click

from curate.commands.ending import honest_exit


@click.command()
@click.argument("place", metavar="RUN|VERSION")
@click.argument("key", metavar="ID|URL|TEXT")
@click.option(
    "--replay", "recipe", metavar="RECIPE", help="Read it again and show its text before and after each stage."
)
def why(place: str, key: str, recipe: str | None) -> None:
    """The whole life of a document of a run: where it was read, what each stage measured and changed, what removed it
    against which limit, beside which duplicate or benchmark item, in which version and rows of the mix it is.

    \b
    Names it by its doc_id, its id or address at the source, its place (file.jsonl#3), its content hash, or words of
    its text; words are looked for in every text, which takes time. Of a version what it holds is told.

    \b
    Examples:
      curate why demo https://quiz.example/leaflet/2
      curate why demo "take with food"
      curate why runs/mine 24581194afdbcb79 --replay mine.py
    """
    with honest_exit():
        from curate.audit.why import why as answer

        if recipe is not None:
            from curate.recipe import load
            from curate.replay import replay

            click.echo(replay(place, load(recipe), key))
            return
        click.echo(answer(place, key))


@click.command()
@click.argument("run", metavar="DIR")
@click.option("--by", type=click.Choice(["source", "lang", "kind"]), help="What each stage took of each of them.")
def funnel(run: str, by: str | None) -> None:
    """How many documents came to each stage of the run in DIR, how many it took out, and why.

    Below stands where a stage took far more of one source, language or kind than of the rest; --by gives them all, as
    they were measured when the stage judged.
    """
    with honest_exit():
        from curate.audit import groups
        from curate.audit.funnel import funnel_of, table
        from curate.ledger import read_ledger

        if by is not None:
            click.echo(groups.told(groups.losses(run, by), by))
            return
        click.echo(table(funnel_of(run)))
        for line in groups.warnings(groups.uneven(read_ledger(run))):
            click.echo(line)


@click.command()
@click.argument("run", metavar="DIR")
@click.option("--reason", required=True, help="A reason of the funnel, as too_short.")
@click.option("-n", "--number", default=10, show_default=True, type=click.IntRange(1))
def sample(run: str, reason: str, number: int) -> None:
    """Documents that were removed for a reason, to be looked at."""
    with honest_exit():
        from curate.audit.sample import samples, shown

        click.echo(shown(samples(run, reason, number)))
