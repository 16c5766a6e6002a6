"""Commands that weigh what a run measured and took."""

from __future__ import annotations

import click

from curate.commands.ending import CODES, honest_exit


@click.command(epilog=CODES)
@click.argument("run", metavar="DIR")
@click.option("--stage", help="Only the rules of this stage.")
@click.option("--measure", help="Only this measure.")
@click.option("--all", "everything", is_flag=True, help="Also measures that no rule looks at.")
def quality(run: str, stage: str | None, measure: str | None, everything: bool) -> None:
    """What the run in DIR measured of each source and what each rule took of it, domain beside general.

    For each rule and source: documents that came to the stage, those that the rule judged (it is silent for other kinds
    and languages), those that it took, and the quantiles of its measure over all that came. Below stands which sources
    went through a stage unjudged.

    \b
    Examples:
      curate quality DIR
      curate quality DIR --stage gopher_quality
      curate quality DIR --measure quality_score
    """
    with honest_exit():
        from curate.audit.quality import only, skipped, told
        from curate.audit.quality import quality as measured

        found = measured(run)
        warnings = skipped(run, found)
        if not everything and measure is None:
            found = found.filter(found["reason"].is_not_null())
        found = only(found, stage=stage, measure=measure)
        click.echo(told(found) if found.height else "no stage of this run has rules")
        for line in warnings:
            click.echo(line)
