"""The commands; each only calls the library."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from curate import __version__

# OpenMP's threads would spin while they wait; on shared cores that doubled the time of a training step (docs/log.md).
# Read when torch is loaded, so it is set before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

DONE, FAULT, REFUSED, INCOMPLETE, TOLERANCE = range(5)

F = TypeVar("F", bound=Callable[..., Any])

CODES = """
\b
Exit codes:
  0  everything asked for was done
  1  a fault of Curate
  2  refused: the recipe, the mix or the command can't be carried out as it stands
  3  incomplete, by no fault of the data (a full disk, a lost node, Ctrl-C): mend it, run the same command again,
     and it goes on
  4  more records were quarantined than the recipe tolerates; nothing was published
     (apply and dedup: any were; the others were worked on and written)
"""


@contextmanager
def honest_exit() -> Iterator[None]:
    """Law 7: what was not done is not called done; the exit code says why."""
    from curate.audit.sample import NoSuchReason
    from curate.audit.why import NotInRun
    from curate.engine import Incomplete
    from curate.job import ToleranceExceeded

    try:
        yield
    except Incomplete as error:
        _end(INCOMPLETE, f"incomplete: {error}. What was committed is kept: run the same command again to go on")
    except ToleranceExceeded as error:
        _end(TOLERANCE, f"too much was quarantined: {error}")
    except (ValueError, NotInRun, NoSuchReason, FileNotFoundError, FileExistsError) as error:
        if not _refusal(error):
            raise
        _end(REFUSED, f"refused: {error}")
    except KeyboardInterrupt:
        _end(INCOMPLETE, "interrupted. What was committed is kept: run the same command again to go on")
    except OSError as error:
        _end(INCOMPLETE, f"incomplete: {error}. What was committed is kept: run the same command again to go on")


def _refusal(error: Exception) -> bool:
    """Whether the error says what the user can mend: one of Curate's own kinds, not any ValueError."""
    return type(error).__module__.startswith("curate.") or isinstance(error, OSError)


def _end(code: int, message: str) -> None:
    from curate.audit.excerpt import visible

    for line in f"curate: {message}".split("\n"):
        click.echo(visible(line), err=True)
    sys.exit(code)


@contextmanager
def _engine(inline: bool, address: str | None, cpus: int | None) -> Iterator[Any]:
    from curate import engine

    with engine.inline() if inline else engine.on_ray(address, cpus) as chosen:
        yield chosen


def _where(command: F) -> F:
    """The options that say where work runs."""
    command = click.option("--inline", is_flag=True, help="Work in this process, without Ray.")(command)
    command = click.option("--ray", "address", metavar="ADDRESS", help="Join the Ray cluster at ADDRESS (or 'auto').")(
        command
    )
    return click.option(
        "--workers", type=click.IntRange(1), help="Workers of the Ray that starts here (default: all CPUs)."
    )(command)


def _place(out: str) -> str:
    """A local path made absolute: workers elsewhere have another working directory."""
    return out if "://" in out else str(Path(out).absolute())


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=CODES)
@click.version_option(__version__, prog_name="curate")
def main() -> None:
    """Raw pages, files and dialogues of one trade into published, audited, ratio-controlled dataset versions.

    \b
    A first look:       curate demo
    Your own data:      curate init FOLDER
                        curate plan RECIPE; curate run RECIPE --sample 0.01 --out DIR; curate run RECIPE --out DIR
    Look at a run:      curate funnel DIR; curate sample DIR --reason R; curate why DIR ID
    One stage, a file:  curate apply normalize FILE --out DIR
    Copies, some files: curate dedup FILE... --out DIR
    A version:          curate verify VERSION; curate similar VERSION FILE; curate diff A B
    """


@main.command("run", epilog=CODES)
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, metavar="DIR", help="The run's directory; run again with the same to go on after a kill."
)
@click.option(
    "--sample",
    type=click.FloatRange(0, 1, min_open=True),
    help="Run on this share of the documents only, and predict what the whole run loses, takes and writes.",
)
@_where
def run_command(
    recipe: Path, out: str, sample: float | None, inline: bool, address: str | None, workers: int | None
) -> None:
    """Carry RECIPE out: read, clean, judge, deduplicate, decontaminate, mix, publish, train.

    What is committed in DIR is taken over: a killed run, started again, ends with the same bytes.
    """
    with honest_exit():
        from curate.audit.funnel import funnel, table
        from curate.job import run
        from curate.predict import predicted, sampled
        from curate.progress import reporter
        from curate.recipe import load

        loaded = load(recipe)
        out = _place(out)
        started = time.monotonic()
        if sample is not None:
            loaded, out = sampled(loaded, sample), f"{out}/sample-{sample:g}"
        with _engine(inline, address, workers) as engine, closing(reporter()) as report:
            outcome = run(loaded, out, engine, report)
        click.echo(table(funnel(outcome.records)))
        if sample is not None:
            click.echo(predicted(outcome, sample, time.monotonic() - started))
        else:
            seconds = time.monotonic() - started
            click.echo(f"{outcome.read:,} records read, {outcome.kept:,} documents kept, {seconds:.1f} s: {out}")


@main.command()
@click.argument("recipe", type=click.Path(path_type=Path))
def plan(recipe: Path) -> None:
    """Check RECIPE and say what it would do: sources, segments, stages and their rules. Nothing is run."""
    with honest_exit():
        from curate.inputs import found
        from curate.predict import planned
        from curate.recipe import check, load

        loaded = load(recipe)
        check(loaded)
        found(loaded)
        click.echo(planned(loaded))


@main.command(epilog=CODES)
@click.argument("folder", metavar="FOLDER")
@click.option("--out", default="recipe.py", show_default=True, metavar="FILE", help="The recipe; it must not be there.")
def init(folder: str, out: str) -> None:
    """Look at the files in FOLDER, say what they are, and write a first recipe that runs.

    FOLDER may also be LLaMA-Factory's dataset_info.json or a Data-Juicer YAML: what has an equal here is carried over,
    and what has none is listed.
    """
    with honest_exit():
        from curate.audit.excerpt import visible
        from curate.init import init as write

        for line in write(folder, out).split("\n"):
            click.echo(visible(line))


@main.command()
@click.option("--out", default="demo", show_default=True, metavar="DIR")
@_where
@click.pass_context
def demo(context: click.Context, out: str, inline: bool, address: str | None, workers: int | None) -> None:
    """Run the quickstart recipe on the samples that come with Curate: Chinese and English, medical and general."""
    from curate.shipped import shipped

    recipe = shipped("pipelines/quickstart.py")
    context.invoke(run_command, recipe=recipe, out=out, sample=None, inline=inline, address=address, workers=workers)


@main.command()
@click.argument("run", metavar="DIR")
@click.argument("key", metavar="ID|URL|LOCATOR")
def why(run: str, key: str) -> None:
    """Why a document of the run in DIR was kept, removed or quarantined, with evidence."""
    with honest_exit():
        from curate.audit.why import why as answer

        click.echo(answer(run, key))


@main.command()
@click.argument("run", metavar="DIR")
def funnel(run: str) -> None:
    """How many documents came to each stage of the run in DIR, how many it took out, and why."""
    with honest_exit():
        from curate.audit.funnel import funnel_of, table

        click.echo(table(funnel_of(run)))


@main.command()
@click.argument("run", metavar="DIR")
@click.option("--reason", required=True, help="A reason of the funnel, as too_short.")
@click.option("-n", "--number", default=10, show_default=True, type=click.IntRange(1))
def sample(run: str, reason: str, number: int) -> None:
    """Documents that were removed for a reason, to be looked at."""
    with honest_exit():
        from curate.audit.sample import samples, shown

        click.echo(shown(samples(run, reason, number)))


@main.command(context_settings={"help_option_names": ["-h", "--help"]}, epilog=CODES)
@click.argument("stage")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--out", required=True, metavar="DIR", help="Gets kept.parquet, verdicts.parquet and quarantine.parquet.")
@click.option(
    "--benchmarks", metavar="FOLDER", help="For decontaminate: the items to look for; writes evidence.parquet."
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A setting of the stage, as low=200; may be repeated.",
)
@_where
def apply(
    stage: str,
    inputs: tuple[str, ...],
    out: str,
    benchmarks: str | None,
    settings: tuple[str, ...],
    inline: bool,
    address: str | None,
    workers: int | None,
) -> None:
    """Try one STAGE on files, without a recipe.

    STAGE is extract, normalize, split, language, personal, length, repetition, mojibake, heuristics (length, repetition
    and mojibake together), quality, exact_dedup, url_dedup, line_dedup, minhash or decontaminate. INPUT is a file,
    folder, glob or s3:// path: WARC, HTML, JSONL, Parquet, plain text. Raw pages are extracted first. The input's own
    id is kept as origin_id.
    """
    with honest_exit():
        from curate.apply import apply as apply_stages
        from curate.apply import stages_of
        from curate.progress import reporter
        from curate.recipe import RecipeRefused

        options = dict(setting.partition("=")[::2] for setting in settings)
        if any("=" not in setting for setting in settings):
            raise RecipeRefused("--set takes FIELD=VALUE")
        at_once = inline or (address is None and workers is None)
        with _engine(at_once, address, workers) as engine, closing(reporter()) as report:
            counts = apply_stages(stages_of(stage, benchmarks, options), inputs, _place(out), engine, report)
        click.echo(
            f"{counts['read']:,} records read, {counts['kept']:,} kept, {counts['quarantined']:,} quarantined: {out}"
        )
        if counts["quarantined"]:
            sys.exit(TOLERANCE)


@main.command(context_settings={"help_option_names": ["-h", "--help"]}, epilog=CODES)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--out", required=True, metavar="DIR", help="Gets kept.parquet and verdicts.parquet.")
@click.option(
    "--threshold", default=0.8, show_default=True, type=click.FloatRange(0, 1, min_open=True),
    help="The Jaccard similarity from which on two documents are near copies.",
)  # fmt: skip
@click.option(
    "--n", default=5, show_default=True, type=click.IntRange(1), help="Tokens in a shingle: words, characters."
)
@click.option("--permutations", default=128, show_default=True, type=click.IntRange(1, 4096), help="Of MinHash.")
@click.option("--exact-only", is_flag=True, help="No near copies.")
@click.option("--urls", is_flag=True, help="Records of one page are copies too, however its address is spelt.")
@click.option("--lines", is_flag=True, help="First cut headers, footers and notices that recur over pages of a host.")
@click.option("--text", metavar="COLUMN", help="The column of the text, if it is not text, content ...")
@click.option("--id", "key", metavar="COLUMN", help="The column of the id, unique in its file; default: its place.")
@_where
def dedup(
    inputs: tuple[str, ...],
    out: str,
    threshold: float,
    n: int,
    permutations: int,
    exact_only: bool,
    urls: bool,
    lines: bool,
    text: str | None,
    key: str | None,
    inline: bool,
    address: str | None,
    workers: int | None,
) -> None:
    """Take exact and near copies out of files, without a recipe. Chinese, English and mixed text alike.

    INPUT is a file, folder, glob or s3:// path: JSONL, Parquet, WARC, HTML, plain text, packed or not. Of copies one
    stays, the newest or else the longest. Inputs are compared with each other, too. DIR gets kept.parquet (the input's
    own id as origin_id) and verdicts.parquet, and is a run's directory. This process does the work unless --workers or
    --ray is given.

    \b
    Examples:
      curate dedup news.jsonl.zst books/*.parquet --out clean --text body
      curate dedup crawl/ --out clean --urls --lines --workers 8

    \b
    And then:
      curate funnel clean                           how much each step took out
      curate sample clean --reason near_duplicate   look at what went
      curate why clean ID                           a copy beside the document that stayed
    """
    with honest_exit():
        from curate.deduplicate import Deduplication, deduplicate
        from curate.progress import reporter

        what = Deduplication(
            threshold=threshold, n=n, permutations=permutations, near=not exact_only, urls=urls, lines=lines, text=text,
            key=key,
        )  # fmt: skip
        at_once = inline or (address is None and workers is None)
        with _engine(at_once, address, workers) as engine, closing(reporter()) as report:
            told, quarantined = deduplicate(what, inputs, _place(out), engine, report)
        click.echo("\n".join([*told, f"{out}/kept.parquet"]))
        if quarantined:
            sys.exit(TOLERANCE)


@main.command(epilog=CODES)
@click.argument("version", metavar="VERSION")
def verify(version: str) -> None:
    """Hash every file of the published VERSION (its folder) again, and look at its index of signatures."""
    with honest_exit():
        from curate.publish.manifest import verify as check

        manifest = check(version)
        click.echo(f"{manifest['name']} {manifest['digest']}: {len(manifest['files']):,} files are what they were")


@main.command(epilog=CODES)
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
        from curate.similar import similar as neighbours

        documents = matched = 0
        with inline() as engine:
            for one in neighbours(version, file, engine, least=least, top=top):
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


@main.command(epilog=CODES)
@click.argument("version", metavar="VERSION")
@click.option("--out", required=True, metavar="FILE.npz|DIR", help="A new .npz file, or a new folder of .npy files.")
def signatures(version: str, out: str) -> None:
    """Write the MinHash signatures of the published VERSION for other programs.

    datasketch takes a row as LeanMinHash(seed=1, hashvalues=row, scheme="affine32").
    """
    with honest_exit():
        from curate.dedup.export import export
        from curate.dedup.stored import Stored
        from curate.publish.manifest import apart

        apart(out)
        click.echo(f"{export(Stored.of_version(version), out):,} signatures: {out}")


@main.command(epilog=CODES)
@click.argument("version", metavar="VERSION")
@click.argument("keys", nargs=-1, required=True, metavar="DOC_ID|ORIGIN_ID|URL...")
@click.option("--reason", required=True, metavar="REASON",
              help="contamination, licence, takedown, personal_data; or quality, superseded, other.")  # fmt: skip
@click.option("--out", required=True, metavar="NEW", help="The folder of the new version.")
@click.option("--name", help="What the new version is called (default: the last part of NEW).")
@click.option("--note", default="", help="A sentence that is kept with the tombstone.")
def withdraw(version: str, keys: tuple[str, ...], reason: str, out: str, name: str | None, note: str) -> None:
    """Make a NEW version: the published VERSION without some documents. VERSION itself stays as it is.

    For contamination, licence, takedown and personal_data, stored near copies of them go along and newcomers like them
    are kept out; for the other reasons a copy may come in. NEW keeps hashes of what went, and no text of it.
    """
    with honest_exit():
        from curate.publish.withdraw import withdraw as without

        done = without(version, keys, reason, out, name=name, note=note)
        for one in done.gone:
            click.echo(f"{one.doc_id}  {one.reason}" + (f", with {one.along}" if one.along else ""))
        click.echo(f"{len(done.gone):,} documents withdrawn, {sum(done.manifest['rows'].values()):,} left: {out}")


@main.command(epilog=CODES)
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def diff(a: str, b: str, as_json: bool) -> None:
    """What the published version B holds otherwise than A: documents added, removed, changed, withdrawn and why."""
    with honest_exit():
        import json

        from curate.publish.diff import diff as difference

        found = difference(a, b)
        click.echo(json.dumps(found.data(), indent=1) if as_json else "\n".join(found.lines()))
