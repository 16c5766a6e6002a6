"""Commands about fluency."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from curate.commands.ending import CODES, honest_exit


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def fluency() -> None:
    """Train a model of how text of your own reads: perplexity without a download."""


@fluency.command(epilog=CODES)
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="The model's new folder.")
@click.option("--text", metavar="FIELD", help="The field of the text, if it is not text, content ...")
@click.option(
    "--most", default=200_000, show_default=True, type=click.IntRange(10), help="Documents of one input, by hash."
)
@click.option(
    "--cells", default=1_400_000, show_default=True, type=click.IntRange(10_000, 1 << 28),
    help="n-grams that the model has room for, two bytes each.",
)  # fmt: skip
@click.option(
    "--least", default=3, show_default=True, type=click.IntRange(1), help="A word seen less often is unknown."
)
def train(files: tuple[str, ...], out: Path, text: str | None, most: int, cells: int, least: int) -> None:
    """Train on good text: files, folders or globs of any format that Curate reads, or directories of runs.

    DIR gets model.bin and fluency.json, which says where thirds of a tenth of the documents, held out, are parted. The
    same documents and settings give the same bytes. Of a document the first 20,000 characters are read.

    \b
    Example:
      curate fluency train books/ news.jsonl.zst --out models/fluency
    In a recipe: Fluency.of("models/fluency")
    """
    with honest_exit():
        from curate.classifier.fluency import Training, make
        from curate.growing import appear, growing
        from curate.labelled import Labels, labelled
        from curate.progress import reporter
        from curate.publish.manifest import apart

        apart(out)
        if out.exists():
            raise FileExistsError(f"{out} is there already; name another folder, a model is not written over")
        with closing(reporter()) as report, growing(out) as folder:
            docs = labelled([Labels("good", path) for path in files], report, text=text, most=most).docs
            report.begin("training", int(docs["text"].str.len_bytes().sum() or 0))
            facts = make(docs, folder, Training(cells=cells, least=least))
            report.end()
            if not appear(folder, out):
                raise FileExistsError(f"{out} has appeared meanwhile; name another folder")
        bands = "; ".join(f"{lang} {low:,.0f} and {high:,.0f}" for lang, (low, high) in facts["thirds"].items())
        click.echo(f"{facts['documents']:,} documents; thirds of perplexity: {bands or 'too few held out'}: {out}")
