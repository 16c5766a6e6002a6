"""The command that writes what was drawn for another program."""

from __future__ import annotations

import click

from curate.commands.ending import CODES, honest_exit


@click.command("export", epilog=CODES)
@click.argument("where", metavar="MIX|RUN|VERSION")
@click.option(
    "--to",
    required=True,
    type=click.Choice(["hf", "llama-factory", "ms-swift", "trl", "megatron", "passages"]),
    help="Who reads it.",
)
@click.option("--out", required=True, metavar="DIR", help="The new folder.")
@click.option("--kept", multiple=True, metavar="FOLDER", help="Where the documents of a mix are, if not beside it.")
@click.option("--task", type=click.Choice(["pt", "sft"]), help="Text or dialogues (default: as the mix).")
@click.option("--model", metavar="NAME|FOLDER", help="The model to train, for the ready configuration.")
@click.option("--template", metavar="NAME", help="LLaMA-Factory's name for the model's chat template.")
@click.option("--shape", type=click.Choice(["sharegpt", "alpaca"]), default="sharegpt", show_default=True,
              help="LLaMA-Factory: how dialogues are written; alpaca has no tools.")  # fmt: skip
@click.option("--size", default=512, show_default=True, type=click.IntRange(16), help="Of a passage, at most.")
@click.option("--overlap", default=64, show_default=True, type=click.IntRange(0),
              help="How much of a passage the next one says again, at most.")  # fmt: skip
@click.option("--unit", type=click.Choice(["tokens", "characters"]), default="tokens", show_default=True,
              help="What the size and the overlap of passages are counted in.")  # fmt: skip
def export(
    where: str,
    to: str,
    out: str,
    kept: tuple[str, ...],
    task: str | None,
    model: str | None,
    template: str | None,
    shape: str,
    size: int,
    overlap: int,
    unit: str,
) -> None:
    """Write the documents that a mix draws for the program that trains on them, at the mix's ratio.

    MIX is the folder of a mix (plan.json), RUN that of a run (of which the mix is taken, or without one all that was
    kept), VERSION a published one.

    \b
    hf             Parquet for datasets: the documents, and of a mix input_ids, labels, position_ids, row by row
    llama-factory  dataset_info.json, JSON lines by channel, and train.yaml:    llamafactory-cli train train.yaml
    ms-swift       JSON lines with channel (a loss for each), and train.sh:     sh train.sh
    trl            JSON lines with messages and tools, or text
    megatron       CHANNEL.bin and .idx with the weights of the blend in arguments.txt; for text alone
    passages       stretches of whole sentences with title, url, licence and place, for retrieval

    Up-sampled documents are there as often as the mix reads them (for megatron: by weight), so that one epoch of the
    export is the mix. What a format can't say is left out, counted and named. export.json says what was written.

    \b
    Examples:
      curate export DIR --to llama-factory --model Qwen/Qwen3-8B-Base --out for-llama-factory
      curate export DIR --to passages --size 300 --overlap 50 --out knowledge
    """
    with honest_exit():
        from curate.audit.excerpt import visible
        from curate.mix.export.export import export as written
        from curate.mix.export.settings import Export
        from curate.publish.manifest import apart

        apart(out)
        settings = Export(
            to=to, task=task, model=model, template=template, shape=shape, size=size, overlap=overlap, unit=unit
        )
        made = written(where, settings, out, kept)
        for line in made.lines:
            click.echo(visible(line))
        click.echo(visible(f"{sum(made.tally.readings.values()):,} documents written: {made.out}"))
