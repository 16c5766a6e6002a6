"""Commands about benchmarks: what is looked for, and what a run found of it."""

from __future__ import annotations

import click

from curate.commands.ending import CODES, honest_exit

SHOWN = 20


@click.group()
def benchmark() -> None:
    """Benchmarks that training data should not hold: make an index of them, look into it, report what a run found.

    \b
    A folder of benchmarks holds JSONL, JSON, CSV, TSV, Parquet or Arrow files, in a folder for each benchmark:
    MMLU, CMMLU, C-Eval, GSM8K, MedQA, PubMedQA, CMB, LawBench, JEC-QA, FinanceIQ, HumanEval, LongBench, and
    others with question, choices, answer, context under their usual names.
    """


@benchmark.command("index", epilog=CODES)
@click.argument("folder", metavar="FOLDER")
@click.option("--out", required=True, metavar="FILE", help="The index, one file; it must not be there.")
@click.option(
    "--background", multiple=True, metavar="FILES",
    help="Clean text of your trade (a file, folder or glob; may be repeated): what is common in it tells little.",
)  # fmt: skip
def index_command(folder: str, out: str, background: tuple[str, ...]) -> None:
    """Make an index of the benchmarks in FOLDER: what Decontaminate(index=Asset.of(FILE)) looks for.

    How much a word tells of an item is weighed by a background of common text that comes with Curate, and by
    --background beside it; documents of the background that hold an item with its answer are left out.
    """
    with honest_exit():
        from curate import files
        from curate.contamination import texts_of
        from curate.decontaminate import benchmarks
        from curate.decontaminate.building import build
        from curate.decontaminate.scanned import background as counted

        found = benchmarks.load(folder)
        known = counted(found.items, texts_of(background)) if background else None
        data = build(found.items, known)
        with files.create(out) as file:
            file.write(data)
        click.echo(f"{len(found.items):,} items: {out}")
        _passed(found.passed)


@benchmark.command("list", epilog=CODES)
@click.argument("place", metavar="FOLDER|INDEX")
@click.option("--unchecked", is_flag=True, help="Name every item that can't be checked, and why.")
@click.option("--twins", "with_twins", is_flag=True, help="Name the items that two benchmarks share.")
def list_command(place: str, unchecked: bool, with_twins: bool) -> None:
    """What FOLDER or INDEX holds: items of each benchmark, items too short or too common to be checked, twins."""
    with honest_exit():
        from curate.audit.excerpt import visible
        from curate.contamination import index_of, twins

        _, index = index_of(place)
        missing = index.not_checkable()
        counts: dict[str, list[int]] = {}
        for name, _, _ in index.items:
            counts.setdefault(name, [0, 0])[0] += 1
        for name in missing["benchmark"]:
            counts[name][1] += 1
        click.echo(f"{'benchmark':<32}{'items':>9}{'not checkable':>15}")
        for name, (items, short) in counts.items():
            click.echo(f"{visible(name):<32}{items:>9,}{short:>15,}")
        if unchecked:
            for name, split, item, why in missing.iter_rows():
                click.echo(f"{visible(name)}  {visible(split)}  {visible(item)}  {why}")
        if with_twins:
            pairs = 0
            for one, other, share in twins(index):
                pairs += 1
                click.echo(f"{share:.2f}  {'  '.join(map(visible, one))}  =  {'  '.join(map(visible, other))}")
            click.echo(f"{pairs:,} pairs of items that two benchmarks share")


@benchmark.command("report", epilog=CODES)
@click.argument("run", metavar="DIR")
@click.argument("place", metavar="FOLDER|INDEX")
@click.option("--out", metavar="OUT", help="Gets report.json, evidence.parquet, clean/ and touched/ with lists of ids.")
def report_command(run: str, place: str, out: str | None) -> None:
    """What the run in DIR found of the benchmarks in FOLDER or INDEX, by benchmark and by source.

    An item is clean that was checked and whose question no kept document holds; on the ids in OUT/clean alone a model
    trained on the data can be measured.
    """
    with honest_exit():
        from curate.audit.excerpt import visible
        from curate.contamination import index_of, report, written

        asset, index = index_of(place)
        made = report(run, index, asset)
        heads = ("items", "unchecked", "found_item", "found_question", "found_passage", "kept", "clean")
        click.echo(f"{'benchmark':<28}" + "".join(f"{head.removeprefix('found_'):>10}" for head in heads))
        for row in made.benchmarks().iter_rows(named=True):
            click.echo(f"{visible(row['benchmark']):<28}" + "".join(f"{row[head]:>10,}" for head in heads))
        click.echo("\nitem, question, passage: items found with their answer, without, and by what they quote;\n"
                   "kept: items whose question a kept document holds")  # fmt: skip
        click.echo(f"\n{'source':<28}{'documents with an item':>24}{'removed':>10}")
        for source, documents, removed in made.sources.iter_rows():
            click.echo(f"{visible(source):<28}{documents:>24,}{removed:>10,}")
        if out is not None:
            written(made, out)
            click.echo(f"\nids of clean and touched items, evidence: {out}")


def _passed(passed: tuple[object, ...]) -> None:
    """Records that gave no item, the first ones by name."""
    from curate.audit.excerpt import visible

    for one in passed[:SHOWN]:
        click.echo(f"  passed over: {visible(str(getattr(one, 'place', '')))}: {visible(str(getattr(one, 'why', '')))}")
    if len(passed) > SHOWN:
        click.echo(f"  and {len(passed) - SHOWN:,} more")
