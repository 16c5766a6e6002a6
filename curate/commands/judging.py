"""Commands that make judges, weigh them and tell about them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curate.commands.ending import CODES, honest_exit

if TYPE_CHECKING:
    from curate.labelled import Labels

_TEXT = click.option("--text", metavar="FIELD", help="The field of the text, if it is not text, content ...")
_LABELS = click.option(
    "--label", "labels", multiple=True, metavar="LABEL=PATH",
    help="Documents of one label: a file, folder, glob or s3:// path, or the directory of a run. May be repeated.",
)  # fmt: skip
_LABELLED = click.option(
    "--labelled", multiple=True, metavar="PATH",
    help="Documents that name their own label: JSONL with text, label, and if known source and lang.",
)  # fmt: skip


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def classifier() -> None:
    """Train a judge of documents, weigh it, and write its card.

    \b
    A judge of quality, say:
      curate classifier train --label clean=books.jsonl --label noise=spam.jsonl.zst --out judges/mine
      curate classifier evaluate judges/mine --label clean=news.jsonl --label noise=ads.jsonl --out weighed
      curate classifier card judges/mine --limits limits.md --licence "Apache-2.0; learned from ..."

    In a recipe: Judge.of("judges/mine", "clean", threshold=0.5)
    """


@classifier.command(epilog=CODES)
@_LABELS
@_LABELLED
@click.option("--positives", multiple=True, metavar="PATH", help="The same as --label positive=PATH.")
@click.option("--negatives", multiple=True, metavar="PATH", help="The same as --label negative=PATH.")
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="The judge's new folder.")
@_TEXT
@click.option("--name", help="What the judge is called (default: the last part of DIR).")
@click.option("--hold-out", multiple=True, metavar="SOURCE", help="Test on this source, train on none of it.")
@click.option(
    "--passages", default=0, show_default=True, type=click.IntRange(0, 100),
    help="Passages of 25 to 3,000 characters cut from each document and trained on beside it.",
)  # fmt: skip
@click.option(
    "--balance", default="down", show_default=True, type=click.Choice(["down", "repeat", "none"]),
    help="In each language as many of each label: leave the more frequent out, give the rarer again, or not at all.",
)  # fmt: skip
@click.option(
    "--most", default=200_000, show_default=True, type=click.IntRange(10), help="Documents of one input, by hash."
)
@click.option("--valid", default=0.1, show_default=True, type=click.FloatRange(0, 0.5), help="Share to calibrate on.")
@click.option("--test", default=0.1, show_default=True, type=click.FloatRange(0, 0.5), help="Share to test on.")
@click.option("--seed", default=0, show_default=True, type=int, help="Of the split, the balance and the training.")
@click.option("--dim", default=8, show_default=True, type=click.IntRange(2, 300))
@click.option("--ngrams", default=2, show_default=True, type=click.IntRange(1, 5), help="Of words, 1 for words alone.")
@click.option("--buckets", default=1 << 17, show_default=True, type=click.IntRange(1, 1 << 24), help="Of n-grams.")
@click.option("--epochs", default=5, show_default=True, type=click.IntRange(1, 1000))
@click.option("--learning-rate", default=0.5, show_default=True, type=click.FloatRange(0, 10, min_open=True))
@click.option("--min-count", default=5, show_default=True, type=click.IntRange(1), help="Rarer words are not learned.")
def train(
    labels: tuple[str, ...],
    labelled: tuple[str, ...],
    positives: tuple[str, ...],
    negatives: tuple[str, ...],
    out: Path,
    text: str | None,
    name: str | None,
    hold_out: tuple[str, ...],
    passages: int,
    balance: str,
    most: int,
    valid: float,
    test: float,
    seed: int,
    dim: int,
    ngrams: int,
    buckets: int,
    epochs: int,
    learning_rate: float,
    min_count: int,
) -> None:
    """Train a judge on labelled documents: two labels or more, Chinese and English alike.

    Documents are split by hash into a part to train on, one to calibrate on and one to test on; near copies stay
    together, so no twin of what was trained on is tested on. The same documents and settings give the same bytes.

    DIR gets model.ftz, judge.json (settings, digests, split, calibration), metrics.json, README.md (the card) and
    evaluation.html. The first label is the one that the judge scores where a recipe names none.

    \b
    Examples:
      curate classifier train --label clean=books/ --label noise=spam.jsonl --out judges/quality
      curate classifier train --label law=run-law/ --label other=run-web/ --hold-out forum --out judges/law
      curate classifier train --labelled browsed.jsonl --balance repeat --out judges/mine
    """
    with honest_exit():
        from curate.classifier.card import card
        from curate.classifier.make import Making, make
        from curate.classifier.report import page, summary
        from curate.classifier.train import Training
        from curate.labelled import labelled as read
        from curate.labelled import with_clusters
        from curate.progress import reporter

        inputs = _inputs(labels, labelled, positives, negatives)
        if out.exists():  # said before anything is read
            raise FileExistsError(f"{out} is there already; name another folder, a judge is not written over")
        with closing(reporter()) as report:
            found = read(inputs, report, text=text, most=most)
            docs = with_clusters(found.docs, report)
            order = tuple(dict.fromkeys(one.label for one in inputs if one.label)) if not labelled else ()
            report.begin("training, twice", int(docs["text"].str.len_bytes().sum() or 0))
            made = make(
                docs, out,
                Making(
                    name=name or out.name, labels=order, passages=passages, balance=balance,  # type: ignore[arg-type]
                    valid=valid, test=test, held_out=hold_out, seed=seed,
                    training=Training(dim=dim, ngrams=ngrams, buckets=buckets, epochs=epochs, seed=seed,
                                      learning_rate=learning_rate, min_count=min_count),
                ),
                found.inputs, report.say,
            )  # fmt: skip
            report.end()
        (out / "README.md").write_text(card(out), encoding="utf-8")
        if made.evaluation is not None:
            title = f"{name or out.name}: on documents that it was not trained on"
            (out / "evaluation.html").write_text(page(made.evaluation, title), encoding="utf-8")
            click.echo(summary(made.evaluation.data))
        click.echo(f"{made.model.path.stat().st_size:,} bytes, SHA-256 {made.model.sha256[:16]}...: {out}")


@classifier.command(epilog=CODES)
@click.argument("judge", metavar="JUDGE")
@click.argument("inputs", nargs=-1, metavar="[LABELLED]...")
@_LABELS
@_TEXT
@click.option("--of", "wanted", metavar="LABEL", help="The label that is weighed (default: the judge's first).")
@click.option("--threshold", default=0.5, show_default=True, type=click.FloatRange(0, 1))
@click.option("--most", default=20_000, show_default=True, type=click.IntRange(1), help="Documents of one input.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path),
              help="Gets evaluation.json, evaluation.html (with plots), near.jsonl.")  # fmt: skip
@click.option("--near", default=10, show_default=True, type=click.IntRange(0, 30), help="Documents shown at the end.")
def evaluate(
    judge: str,
    inputs: tuple[str, ...],
    labels: tuple[str, ...],
    text: str | None,
    wanted: str | None,
    threshold: float,
    most: int,
    out: Path | None,
    near: int,
) -> None:
    """Weigh the judge in the folder JUDGE on labelled documents that it was not trained on.

    Precision, recall, F1, AUC, calibration, by language and source, at each threshold, and the documents nearest to
    the threshold. LABELLED are files whose rows name their own label; --label gives one to whole files. JUDGE may be
    one that comes with Curate: classifiers/quality, classifiers/domain.

    \b
    Examples:
      curate classifier evaluate judges/mine browsed.jsonl --out weighed
      curate classifier evaluate classifiers/domain --label law=statutes.jsonl --label general=web.jsonl --of law
    """
    with honest_exit():
        import json

        from curate.classifier.evaluate import evaluate as weighed
        from curate.classifier.folder import assets, facts_of
        from curate.classifier.report import lines, nearest, page
        from curate.classifier.scores import place
        from curate.labelled import labelled as read
        from curate.progress import reporter

        model, facts = assets(place(judge))
        with closing(reporter()) as report:
            docs = read(_inputs(labels, inputs, (), ()), report, text=text, most=most).docs
        label = wanted or facts_of(facts).labels[0]
        found = weighed(docs, model, facts, label=label, threshold=threshold)
        click.echo("\n".join(lines(found.data)))
        if near:
            click.echo("\nNearest to the threshold:\n")
            click.echo("\n".join(nearest(found.near, near)))
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            written = json.dumps(found.data, indent=1, ensure_ascii=False) + "\n"
            (out / "evaluation.json").write_text(written, encoding="utf-8")
            (out / "evaluation.html").write_text(page(found, f"{judge}: {label}"), encoding="utf-8")
            found.near.write_ndjson(out / "near.jsonl")
            click.echo(f"\n{out}/evaluation.html")


@classifier.command(epilog=CODES)
@click.argument("judge", metavar="JUDGE", type=click.Path(path_type=Path))
@click.option("--limits", metavar="FILE|TEXT", default="", help="Where the judge fails, in its author's words.")
@click.option("--licence", metavar="FILE|TEXT", default="", help="Of the judge, and of the data that it learned from.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Default: README.md in JUDGE.")
def card(judge: Path, limits: str, licence: str, out: Path | None) -> None:
    """Write the card of the judge in the folder JUDGE: data, licences, size, metrics, limits."""
    with honest_exit():
        from curate.classifier.card import card as written

        target = out or judge / "README.md"
        target.write_text(written(judge, licences=_words(licence), limits=_words(limits)), encoding="utf-8")
        click.echo(str(target))


def _inputs(
    labels: tuple[str, ...], own: tuple[str, ...], positives: tuple[str, ...], negatives: tuple[str, ...]
) -> list[Labels]:
    from curate.labelled import Labels, NotLabelled

    found = [
        *(Labels.of(said) for said in labels),
        *(Labels("positive", path) for path in positives),
        *(Labels("negative", path) for path in negatives),
        *(Labels(None, path) for path in own),
    ]
    if not found:
        raise NotLabelled("no documents are given; expected --label LABEL=PATH, or a file whose rows name their label")
    return found


def _words(said: str) -> str:
    """A text, or that of the file of this name. Raises `FileNotFoundError` for one word that ends as a file does."""
    try:
        there = bool(said) and Path(said).is_file()
    except OSError:  # a text too long for a name
        return said
    if not there and said.endswith((".md", ".txt")) and not any(letter.isspace() for letter in said):
        raise FileNotFoundError(f"there is no file {said}")
    return Path(said).read_text("utf-8") if there else said
