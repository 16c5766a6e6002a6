"""Commands that weigh other settings by what a run stored."""

from __future__ import annotations

from pathlib import Path

import click

from curate.commands.ending import CODES, honest_exit


@click.command(epilog=CODES)
@click.argument("run", metavar="DIR")
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option(
    "--set", "settings", multiple=True, metavar="STAGE.FIELD=VALUE",
    help="Another limit, as length.low=100; may be repeated for fields of one stage.",
)  # fmt: skip
@click.option("--by", type=click.Choice(["source", "role", "lang", "kind"]), default="source", show_default=True)
@click.option("-n", "--samples", default=3, show_default=True, type=click.IntRange(0), help="Documents shown of each.")
def tune(run: str, recipe: Path, settings: tuple[str, ...], by: str, samples: int) -> None:
    """What other thresholds would keep and lose, from the measures that the run in DIR stored. Nothing is run again.

    RECIPE is the one that was run. Without --set: every limit, what it took, and which limits would take a little more.
    Tighter limits are exact. Looser ones bring documents back to the stage; whether the stages behind keep them, only a
    run can say (what was committed is not done again).

    \b
    Examples:
      curate tune DIR recipe.py
      curate tune DIR recipe.py --set quality.threshold=0.6 --by lang
      curate tune DIR recipe.py --set repetition.lines=0.3 --set repetition.ngrams=0.3
    """
    with honest_exit():
        from curate.recipe import RecipeRefused, load
        from curate.tune import overview, told
        from curate.tune import tune as tuned

        options: dict[str, str] = {}
        stages = set()
        for setting in settings:
            field, equals, value = setting.partition("=")
            stage, dot, name = field.rpartition(".")
            if not equals or not dot:
                raise RecipeRefused(f"--set {setting}: expected STAGE.FIELD=VALUE, as length.low=100")
            stages.add(stage)
            options[name] = value
        if len(stages) > 1:
            raise RecipeRefused(f"--set names {', '.join(sorted(stages))}; weigh the stages one at a time")
        loaded = load(recipe)
        if not stages:
            click.echo(overview(run, loaded))
        else:
            click.echo(told(run, tuned(run, loaded, stages.pop(), options), by=by, samples=samples))
