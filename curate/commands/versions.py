"""Commands about published versions."""

from __future__ import annotations

import click

from curate.commands.ending import CODES, honest_exit


@click.command(epilog=CODES)
@click.argument("version", metavar="VERSION")
@click.argument("file")
@click.option("--least", type=click.FloatRange(0, 1), help="The least similarity (default: what counts as a copy).")
@click.option(
    "--top", default=5, show_default=True, type=click.IntRange(1), help="Stored documents for each of FILE's."
)
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line, for each document of FILE.")
def similar(version: str, file: str, least: float | None, top: int, as_json: bool) -> None:
    """What the published VERSION holds that is like the documents of FILE: JSONL, Parquet, WARC, HTML, plain text.

    Documents are compared by the signatures that the version stores; its text is not read. Below the threshold of the
    version only some of those that are as like are found.
    """
    with honest_exit():
        import json

        from curate.audit.excerpt import visible
        from curate.engine import inline
        from curate.publish.address import located
        from curate.similar import similar as neighbours

        documents = matched = 0
        folder = located(version)
        with inline() as engine:
            for one in neighbours(str(folder), file, engine, least=least, top=top):
                documents += 1
                matched += bool(one.matches)
                if as_json:
                    said = {"locator": one.locator, "origin_id": one.origin_id, "matches": list(one.matches)}
                    click.echo(json.dumps(said, ensure_ascii=True))
                elif one.matches:
                    click.echo(visible(one.origin_id or one.locator))
                    for match in one.matches:
                        gone = f"  withdrawn: {match['withdrawn']}" if match["withdrawn"] else ""
                        click.echo(f"  {match['similarity']:.3f}  {match['doc_id']}  {match['data']}{gone}")
        if not as_json:
            click.echo(f"{documents:,} documents, {matched:,} with something similar" if matched else
                       f"{documents:,} documents, nothing similar")  # fmt: skip


@click.command(epilog=CODES)
@click.argument("version", metavar="VERSION")
@click.option("--out", required=True, metavar="FILE.npz|DIR", help="A new .npz file, or a new folder of .npy files.")
def signatures(version: str, out: str) -> None:
    """Write the MinHash signatures of the published VERSION for other programs.

    datasketch takes a row as LeanMinHash(seed=1, hashvalues=row, scheme="affine32").
    """
    with honest_exit():
        from curate.dedup.export import export
        from curate.dedup.stored import Stored
        from curate.publish.address import located
        from curate.publish.manifest import apart

        apart(out)
        click.echo(f"{export(Stored.of_version(located(version)), out):,} signatures: {out}")


@click.command(epilog=CODES)
@click.argument("version", metavar="VERSION")
@click.argument("keys", nargs=-1, required=True, metavar="DOC_ID|ORIGIN_ID|URL...")
@click.option("--reason", required=True, metavar="REASON",
              help="contamination, licence, takedown, personal_data; or quality, superseded, other.")  # fmt: skip
@click.option("--out", metavar="NEW", help="The folder of the new version.")
@click.option("--as", "number", metavar="1.0.1", help="Of a version in a store: the number of the new one there.")
@click.option("--name", help="What the new version in a folder is called (default: the last part of NEW).")
@click.option("--note", default="", help="A sentence that is kept with the tombstone.")
def withdraw(
    version: str, keys: tuple[str, ...], reason: str, out: str | None, number: str | None, name: str | None, note: str
) -> None:
    """Make a new version: the published VERSION without some documents. VERSION itself stays as it is.

    VERSION is a folder, and the new one that of --out; or STORE/NAME@1.0.0, and the new one has the number --as there.
    For contamination, licence, takedown and personal_data, stored near copies of them go along and newcomers like them
    are kept out; for the other reasons a copy may come in. The new version keeps hashes of what went, and no text.
    """
    with honest_exit():
        from curate.publish.address import located, split
        from curate.publish.withdraw import CannotWithdraw, withdraw_stored
        from curate.publish.withdraw import withdraw as without

        if out is None and (number is None or split(version) is None):
            raise CannotWithdraw("say where the new version goes: --out FOLDER, or of a stored version --as NUMBER")
        if out is None and number is not None:
            stored, gone = withdraw_stored(version, keys, reason, number, note=note)
            manifest, lines, where = stored.manifest, stored.lines(), str(stored.ref)
        else:
            assert out is not None
            done = without(located(version), keys, reason, out, name=name, number=number, note=note)
            manifest, lines, where, gone = done.manifest, [], out, done.gone
        for one in gone:
            click.echo(f"{one.doc_id}  {one.reason}" + (f", with {one.along}" if one.along else ""))
        click.echo(f"{len(gone):,} documents withdrawn, {sum(manifest['rows'].values()):,} left: {where}")
        for line in lines:
            click.echo(line)


@click.command(epilog=CODES)
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--run", metavar="DIR", help="The run that made B, whose verdicts say why documents of A are not there.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def diff(a: str, b: str, run: str | None, as_json: bool) -> None:
    """What version B holds otherwise than A, and whether that is a major, a minor or a patch.

    Documents added, removed, changed, withdrawn and why; tokens by channel, licences, means of measures, files shared.
    A and B are folders, or STORE/NAME@1.0.0.
    """
    with honest_exit():
        import json

        from curate.audit.excerpt import visible
        from curate.publish.diff import diff as difference

        found = difference(a, b, run)
        for line in [json.dumps(found.data(), indent=1)] if as_json else found.lines():
            click.echo(line if as_json else visible(line))
