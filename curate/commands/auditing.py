"""The audit's command."""

from __future__ import annotations

import click

from curate.commands.browsing import sample
from curate.commands.ending import CODES, honest_exit
from curate.commands.where import engine_of, placed, where


class Audit(click.Group):
    """`curate audit sample` draws documents to be read; anything else behind `curate audit` is what is audited."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the name of the page's command before what does not begin with another's."""
        return super().parse_args(ctx, args if args[:1] in (["sample"], ["page"]) else ["page", *args])


@click.group(cls=Audit)
def audit() -> None:
    """What is in the data, what was removed and why, may it be used: a page. `audit sample` draws documents to read."""


audit.add_command(sample)


@audit.command(epilog=CODES)
@click.argument("place", metavar="RUN|VERSION|FOLDER")
@click.option("--against", metavar="VERSION", help="The published version to compare with.")
@click.option("--out", default="audit", show_default=True, metavar="DIR", help="Where the page and report.json go.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="What it shows first.")
@click.option("--recipe", metavar="RECIPE", help="Whose stages measure data that Curate did not make.")
@click.option("--facts", metavar="JSON", help="What only you can say: provider, opt-outs, sampled quality, limits.")
@click.option(
    "--labels", metavar="FILE", help="Labels of `curate browse --sample`: how good people find what is there."
)
@click.option("--text", metavar="COLUMN", help="The column that holds the text, where its name does not say so.")
@click.option("--key", metavar="COLUMN", help="The column that identifies a record.")
@where
def page(
    place: str,
    against: str | None,
    out: str,
    lang: str,
    recipe: str | None,
    facts: str | None,
    labels: str | None,
    text: str | None,
    key: str | None,
    inline: bool,
    address: str | None,
    workers: int | None,
) -> None:
    """What is in this data, what was removed and why, may it be used: one page (index.html) and report.json.

    Of a RUN, a published VERSION, or a FOLDER (or file) of documents that Curate did not make, a Hugging Face dataset's
    too: there the stages of --recipe (default: the quickstart's) measure everything and remove nothing, and the page
    says what would go.
    """
    with honest_exit():
        from contextlib import closing

        from curate.audit.excerpt import visible
        from curate.audited import audit as look
        from curate.progress import reporter

        with engine_of(inline, address, workers) as engine, closing(reporter()) as report:
            found = look(
                place,
                placed(out),
                engine,
                report,
                against=against,
                language=lang,
                recipe=recipe,
                facts=facts,
                labels=labels,
                text=text,
                key=key,
            )
        counted = found["verdict"]["counted"]
        said = ", ".join(f"{count} {state}" for state, count in counted.items())
        click.echo(visible(f"{found['subject']['name']}: {found['verdict']['state']} ({said})"))
        for check in found["verdict"]["checks"]:
            if check["state"] in ("caution", "bad"):
                facts_said = ", ".join(f"{name} {value:g}" for name, value in check["facts"].items())
                click.echo(visible(f"  {check['state']}: {check['check']} ({facts_said})"))
        click.echo(f"{out}/index.html")
