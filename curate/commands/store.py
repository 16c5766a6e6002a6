"""Commands about stores of versions: publish, look, verify, check out, name, clean, send to the Hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from curate.commands.ending import CODES, honest_exit
from curate.commands.where import engine_of, where

ADDRESS = (
    "VERSION is a version's folder, or STORE/NAME@1.0.0 (or @TAG, or @latest); STORE a folder or s3://BUCKET/PREFIX."
)


class LicenseIgnored(ValueError):
    """A licence was given where it would change nothing."""


@click.command(epilog=CODES)
@click.argument("place", metavar="RUN|FOLDER")
@click.option("--store", required=True, metavar="STORE", help="A folder, or s3://BUCKET/PREFIX; made if not there.")
@click.option("--name", help="What the data set is called (default: as in its recipe).")
@click.option("--as", "number", required=True, metavar="1.0.0", help="Its number: MAJOR.MINOR.PATCH.")
@click.option("--title", help="Of a run without a version: what people call it.")
@click.option("--license", "license_", help="Of a run without a version: an SPDX identifier.")
@click.option("--alone", is_flag=True, help="Nobody else publishes here meanwhile: for storage without conditions.")
@click.option("--readmit", is_flag=True, help="Let documents come back that another version of NAME withdrew for what "
              "they say.")  # fmt: skip
@where
def publish(
    place: str,
    store: str,
    name: str | None,
    number: str,
    title: str | None,
    license_: str | None,
    alone: bool,
    readmit: bool,
    inline: bool,
    address: str | None,
    workers: int | None,
) -> None:
    """Put a version into STORE under NAME and a number, for good: that in FOLDER, or that which RUN made.

    Objects that the store holds already are shared. Of several that publish other versions under one name at once one
    wins, and the others are told. Killed at any moment it leaves a whole version or none: run it again.
    """
    with honest_exit():
        from pathlib import Path

        from curate.origin import version_in
        from curate.publish.keep import keep
        from curate.publish.manifest import read
        from curate.publish.settings import Version

        version = None
        if title is not None:
            plain = name or Path(place).name.lower()
            version = Version(name=plain, title=title, license=license_ or "other", number=number)
        elif license_ is not None:
            raise LicenseIgnored(f"--license {license_}: a version that is made already has the licence of its recipe; "
                                 "say it there, or of a run without a version give --title too")  # fmt: skip
        with engine_of(inline, address, workers) if version is not None else engine_of(True, None, None) as engine:
            folder = version_in(place, version, engine)
        called = name or read(folder)["name"]
        for line in keep(folder, store, called, number, alone=alone, readmit=readmit).lines():
            click.echo(line)


@click.command(epilog=CODES)
@click.argument("store", metavar="STORE")
@click.option("--json", "as_json", is_flag=True, help="As one JSON array.")
def versions(store: str, as_json: bool) -> None:
    """The versions in STORE: names, numbers, tags, and what `latest` stands for."""
    with honest_exit():
        import json

        from curate.publish import refs
        from curate.publish.address import said, size_of
        from curate.publish.latest import latest
        from curate.publish.store import Store

        opened = Store.open(store)
        rows = []
        for ref in refs.every(opened):
            manifest = refs.manifest_of(opened, ref)
            now = latest(opened, ref.name)
            rows.append(
                {"name": ref.name, "label": ref.label, "version": ref.version, "digest": manifest["digest"],
                 "documents": sum(manifest["rows"].values()), "bytes": size_of(manifest),
                 "latest": now is not None and now.version == ref.label}
            )  # fmt: skip
        if as_json:
            click.echo(json.dumps(rows, indent=1))
            return
        for row in rows:
            of = f" = {row['version']}" if row["label"] != row["version"] else ""
            mark = "  latest" if row["latest"] else ""
            click.echo(f"{row['name']}@{row['label']}{of}  {row['documents']:,} documents, {said(row['bytes'])}  "
                       f"{row['digest'][:16]}{mark}")  # fmt: skip
        if not rows:
            click.echo("no versions")


@click.command(epilog=f"{ADDRESS}\n\n{CODES}")
@click.argument("version", metavar="VERSION")
@click.option("--json", "as_json", is_flag=True, help="The manifest as it is.")
def show(version: str, as_json: bool) -> None:
    """What VERSION is: documents, tokens, sources, licences, how it was made, its files."""
    with honest_exit():
        import json

        from curate.publish.address import held
        from curate.publish.show import lines

        opened = held(version)
        if as_json:
            click.echo(json.dumps(opened.manifest, indent=2, ensure_ascii=False, sort_keys=True))
        else:
            _echo(lines(opened))


@click.command(epilog=f"{ADDRESS}\n\n{CODES}")
@click.argument("version", metavar="VERSION|STORE|MIX")
def verify(version: str) -> None:
    """Hash every byte of VERSION, of all versions in STORE, or of a MIX again; name every object, file and version that
    differs.

    Of a folder its index of signatures is looked at too; MIX is a folder with plan.json.
    """
    with honest_exit():
        from curate.publish import refs
        from curate.publish.address import split
        from curate.publish.store import MARKER, Store
        from curate.publish.verify import Faulty, verify_store
        from curate.publish.verify import verify as check

        at = split(version)
        if at is None and "://" not in version and (Path(version) / "plan.json").is_file():
            from curate.mix.plan import Plan
            from curate.mix.verify import verified

            Plan.read(Path(version) / "plan.json")
            click.echo(f"{version}: the mix's {len(verified(Path(version))['files']):,} files are what they were")
            return
        if at is None and not _is_store(version, MARKER):
            manifest = check(version)
            click.echo(f"{manifest['name']} {manifest['digest']}: {len(manifest['files']):,} files are what they were")
            return
        store = Store.open(version if at is None else at[0])
        found = verify_store(store, None if at is None else [refs.read(store, at[1], at[2])])
        if found.faults:
            raise Faulty("\n".join([found.line(), *found.faults]))
        click.echo(found.line())


@click.command(epilog=f"{ADDRESS}\n\n{CODES}")
@click.argument("version", metavar="VERSION")
@click.argument("folder", metavar="FOLDER")
@click.option("--dry-run", is_flag=True, help="Say the size, and copy nothing.")
def checkout(version: str, folder: str, dry_run: bool) -> None:
    """Make a FOLDER of VERSION, which `datasets`, polars and DuckDB read.

    On the store's disk files are hard links and cost no room; elsewhere they are copies, whose size is said first.
    """
    with honest_exit():
        from curate.publish.address import held, said
        from curate.publish.view import CannotCheckOut, room_for
        from curate.publish.view import checkout as made

        opened = held(version)
        if opened.store is None:
            raise CannotCheckOut(f"{version} is a folder already; copy it, or name a version as STORE/NAME@1.0.0")
        size, linked = room_for(opened.store, opened.manifest, folder)
        how = "hard links, which take no room" if linked else "copies"
        click.echo(f"{opened.label}: {len(opened.manifest['files']) + 1:,} files, {said(size)}, {how}")
        if not dry_run:
            click.echo(str(made(opened.store, opened.manifest, folder)))


@click.command(epilog=CODES)
@click.argument("version", metavar="STORE/NAME@VERSION")
@click.argument("tag", metavar="TAG")
@click.option("--alone", is_flag=True, help="Nobody else publishes here meanwhile: for storage without conditions.")
def tag(version: str, tag: str, alone: bool) -> None:
    """Give a version another name, TAG, for good; or make it `latest`, which may also go back to an earlier one."""
    with honest_exit():
        from dataclasses import replace

        from curate.publish import refs
        from curate.publish.address import split
        from curate.publish.latest import move
        from curate.publish.store import LATEST, BadName, Store, tagged

        at = split(version)
        if at is None:
            raise BadName(f"{version}: expected STORE/NAME@VERSION, as store/medical@1.0.0; `curate versions STORE` "
                          "lists them")  # fmt: skip
        store = Store.open(at[0])
        if not alone:
            store.check_conditions()
        ref = refs.read(store, at[1], at[2])
        refs.manifest_of(store, ref)
        if tag == LATEST:
            now = move(store, ref.name, ref.version, back=True)
            click.echo(f"latest of {ref.name} is {now.version} (move {now.counter})")
            return
        made = refs.create(store, replace(ref, label=tagged(tag)))
        click.echo(f"{ref.name}@{tag} is {ref.version}" + ("" if made else ", as it was"))


@click.command(epilog=CODES)
@click.argument("store", metavar="STORE")
@click.option("--grace", default="24h", show_default=True, metavar="TIME",
              help="What is younger stays: a publisher may be at work. Seconds, or 30m, 24h, 7d.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Name what would go, and take nothing.")
def gc(store: str, grace: str, dry_run: bool) -> None:
    """Take away what no version in STORE reaches: what killed publishers left."""
    with honest_exit():
        from curate.publish.gc import gc as collect
        from curate.publish.gc import seconds
        from curate.publish.store import Store

        found = collect(Store.open(store), grace=seconds(grace), dry=dry_run)
        if dry_run:
            for path, size in found.taken:
                click.echo(f"{size:>14,}  {path}")
        _echo(found.lines(dry_run))


@click.command(epilog=f"{ADDRESS}\n\n{CODES}")
@click.argument("version", metavar="VERSION")
@click.argument("repository", metavar="OWNER/NAME")
@click.option("--branch", help="Default: curate-1.0.0, by the number. `main` is what is loaded by default.")
@click.option("--tag", help="Default: v1.0.0, by the number.")
@click.option("--public", is_flag=True, help="A repository that is made is open to all (default: private).")
@click.option("--dry-run", is_flag=True, help="Name what would go up, and send nothing.")
def push(version: str, repository: str, branch: str | None, tag: str | None, public: bool, dry_run: bool) -> None:
    """Upload VERSION to a Hugging Face dataset repository: to a branch, which is tagged when all is there.

    HF_ENDPOINT says where, HF_TOKEN who.
    """
    with honest_exit():
        from curate.publish import push as room
        from curate.publish.address import held

        opened = held(version)
        number = opened.manifest["number"] or opened.manifest["name"]
        branch, tag = branch or f"curate-{number}", tag or f"v{number}"
        if dry_run:
            _echo(room.planned(opened.manifest, repository, branch, tag))
            return
        done = room.push(opened, version, repository, branch=branch, tag=tag, private=not public, say=click.echo)
        click.echo(f"{done.repository}: branch {done.branch}, tag {done.tag}, {done.commit}")


def _echo(lines: Any) -> None:
    from curate.audit.excerpt import visible

    for line in lines:
        click.echo(visible(line))


def _is_store(place: str, marker: str) -> bool:
    from curate import files

    return place.startswith(files.S3) or files.exists(files.join(place, marker))
