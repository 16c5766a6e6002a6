"""Commands with which people read documents and say what they are worth."""

from __future__ import annotations

import click

from curate.commands.ending import honest_exit

READER = "reader"


@click.command()
@click.argument("place", metavar="RUN|VERSION")
@click.option("--labels", default="labels.jsonl", show_default=True, metavar="FILE", help="Gets what you say.")
@click.option("--reader", envvar="USER", default=READER, show_default="your user name", help="Who says it.")
@click.option("--sample", metavar="FILE", help="Read these documents, of `curate audit sample`, one after another.")
@click.option("--port", default=0, metavar="N", help="On this machine's loopback; by default a free one.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Of the page.")
@click.option("--open/--no-open", "opens", default=True, help="Open it in a web browser.")
def browse(place: str, labels: str, reader: str, sample: str | None, port: int, lang: str, opens: bool) -> None:
    """Page through the documents of a run or version in a web browser, and label them good or bad.

    Kept, removed and quarantined ones, by stage, reason, source, language, measure and words. The page is served to
    this machine alone, behind a secret in its address; nothing is written but --labels. Ctrl-C ends it.

    \b
    How good is the data, and do two readers mean the same by good?
      curate audit sample DIR -n 400 --out sample.jsonl
      curate browse DIR --sample sample.jsonl --reader ann
      curate browse DIR --sample sample.jsonl --reader ben
      (its page "Labels" shows the share of good documents with its 95 % interval, and Cohen's kappa)
    The audit takes them: curate audit DIR --labels labels.jsonl
    A judge learns from them: curate classifier train --labelled labels.jsonl --out JUDGE
    """
    with honest_exit():
        import signal
        import webbrowser
        from pathlib import Path

        from curate.audit.browse.drawn import NoSample, read
        from curate.audit.browse.labels import Labelled
        from curate.audit.browse.server import Browser, Session

        rows = [] if sample is None else read(sample)
        name = None if sample is None else Path(sample).name
        session = Session(
            place=place, reader=reader, labels=Labelled(labels), language=lang, sample=rows, sample_name=name
        )
        with Browser(session, port) as server:
            if not server.listing.states:
                raise NoSample(f"{place} holds no documents; expected the --out directory of a run, or a version")
            click.echo(f"{server.address}  (as {reader}, labels go to {labels}; Ctrl-C ends it)")
            if opens:
                webbrowser.open(server.address)
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                click.echo(f"{len(session.labels.said().labels):,} labels in {labels}")


@click.command()
@click.argument("place", metavar="RUN|VERSION")
@click.option("-n", "--n", "number", default=400, show_default=True, type=click.IntRange(1), help="Documents.")
@click.option("--seed", default=0, show_default=True, help="Another seed draws other documents.")
@click.option("--out", required=True, metavar="FILE", help="A new file of JSON lines.")
def sample(place: str, number: int, seed: int, out: str) -> None:
    """Draw a random sample of kept or published documents for people to read; each has the same chance.

    400 documents tell a share to 5 points, 4,000 (what GB/T 45654-2025 asks for) to 1.5. Read it with
    `curate browse PLACE --sample FILE`.
    """
    with honest_exit():
        from curate.audit.browse.drawn import draw, write

        click.echo(f"{write(draw(place, number, seed), out):,} documents: {out}")
