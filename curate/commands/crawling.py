"""Commands about crawls."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from curate.commands.ending import CODES, honest_exit


@click.group("first-look", context_settings={"help_option_names": ["-h", "--help"]})
def first_look() -> None:
    """Learn which pages of a crawl deserve that their main text is extracted."""


@first_look.command(epilog=CODES)
@click.argument("documents", nargs=-1, required=True, metavar="DOCUMENTS...")
@click.option("--crawl", multiple=True, required=True, metavar="FILES", help="Pages of the crawl; may be repeated.")
@click.option("--out", required=True, metavar="FILE", type=click.Path(path_type=Path), help="The judge's new file.")
@click.option("--text", metavar="FIELD", help="The field of the documents' text, if it is not text, content ...")
@click.option(
    "--lost", default=0.006, show_default=True, type=click.FloatRange(0, 0.5, max_open=True),
    help="The share of wanted pages that may be lost.",
)  # fmt: skip
@click.option(
    "--passing", default=0.03, show_default=True, type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="The share of the other pages that can be afforded: more make the judge more generous.",
)  # fmt: skip
@click.option(
    "--most", default=3000, show_default=True, type=click.IntRange(10), help="Documents, and pages, that are learnt."
)
def train(
    documents: tuple[str, ...],
    crawl: tuple[str, ...],
    out: Path,
    text: str | None,
    lost: float,
    passing: float,
    most: int,
) -> None:
    """Learn from DOCUMENTS of the trade, of every kind that is wanted, and from pages of the crawl, as they come.

    Files, folders or globs of any format that Curate reads. A few hundred documents and pages do, thousands do better.
    The same documents, pages and settings give the same file.

    \b
    Example:
      curate first-look train trade/ --crawl crawl/CC-0001.warc.gz --out judge.npy
    In a recipe: FirstLook(judge=Hashed.of("judge.npy")), before Extract()
    """
    with honest_exit():
        from curate.crawl import learn
        from curate.progress import reporter

        if out.exists():
            raise FileExistsError(f"{out} is there already; name another file, a judge is not written over")
        with closing(reporter()) as report:
            found = learn(documents, crawl, out, report, text=text, lost=lost, passing=passing, most=most)
        of_documents, of_pages = 100 * found.learnt.lost, 100 * found.learnt.passing
        click.echo(
            f"learnt from {found.documents:,} documents and {found.pages:,} pages of {found.sites:,} sites; of others "
            f"{of_documents:.1f} % of the documents are lost, and {of_pages:.1f} % of the pages go on: {out}"
        )
