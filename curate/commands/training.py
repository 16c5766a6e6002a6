"""The command that trains a model on a mix."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from curate.commands.ending import CODES, honest_exit
from curate.train.launch import PATIENCE, launch, launch_on_ray
from curate.train.settings import CHOICES, Train

DEFAULT = Train()

OPTIONS: tuple[tuple[str, str, str], ...] = (
    ("tune", "", "All weights (full) or adapters beside frozen ones (lora, qlora); auto: full up to 7 B if it fits."),
    ("lora_rank", "", "Rank of the adapters; alpha is twice as much. Default: 64 for pt, 16 for sft."),
    ("answers", "", "Which answers of a dialogue are learnt (sft)."),
    ("epochs", "", "Times over the mix, where --max-steps is not given. Default: 1 for pt, 2 for sft."),
    ("batch", "", "Rows of a step, over all devices. Default: by model and mix."),
    ("batch_start", "", "Rows of the first step; the batch grows from there over --batch-ramp steps."),
    ("batch_ramp", "", "Steps over which the batch grows."),
    ("micro_batch", "", "Rows that a device takes at once. Default: as many as fit; more than it are accumulated."),
    ("learning_rate", "--rate", "The highest learning rate. Default: by size, stage and tune."),
    ("schedule", "", "How the rate falls after its warm-up."),
    ("warmup", "", "Steps until the highest rate. Default: 3 % of all, 2,000 at most."),
    ("weight_decay", "", "Of matrices alone. Default: 0.1 for pt of all weights, else 0."),
    ("clip", "", "Norm at which gradients are clipped."),
    ("seed", "", "Of random starts, adapters and dropout."),
    ("held_out_rows", "", "Validation rows of each channel that are measured before, after and in between."),
    ("evaluate_every", "", "Steps between two measurements; 0: only before and after."),
    ("general_drop_max", "", "Nats that the held-out loss of general text may rise by; beyond, the exit code is 4."),
    ("tensorboard", "", "Write event files for TensorBoard under DIR/tensorboard."),
    ("checkpoint_every", "", "Steps between two checkpoints; 0: none."),
    ("checkpoints_kept", "", "Newest checkpoints that stay."),
    ("checkpoints_keep_every", "", "Steps whose multiples' checkpoints stay for good; 0: none."),
    ("say_every", "", "Steps from line to line."),
    ("device", "", "Where."),
    ("precision", "", "bf16 on a GPU that has it, else fp32."),
    ("attention", "", "How documents of a row are kept apart; each way is tested before it is used."),
    ("compile", "", "Compile the layers (auto: on a GPU)."),
    ("recompute", "", "Compute activations again in the backward pass, for memory (auto: where they don't fit)."),
    ("threads", "", "Threads of the CPU; weights are repeated bit by bit only with equally many."),
)  # fmt: skip
"""Fields of `Train`, the option where it is not the field's name, and what it says."""

TYPES = {
    "lora_rank": int, "epochs": float, "batch": int, "batch_start": int, "micro_batch": int, "learning_rate": float,
    "warmup": int, "weight_decay": float, "general_drop_max": float, "threads": int,
}  # fmt: skip


def settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """The settings of a training as options, in the order of `OPTIONS`."""
    for name, option, text in reversed(OPTIONS):
        default = getattr(DEFAULT, name)
        kind: Any = (
            click.Choice([value for value in CHOICES[name] if value])
            if name in CHOICES
            else TYPES.get(name, type(default))
        )
        flag = option or f"--{name.replace('_', '-')}"
        if isinstance(default, bool):
            command = click.option(flag, name, is_flag=True, help=text)(command)
        else:
            shown = default is not None
            command = click.option(flag, name, type=kind, default=default, show_default=shown, help=text)(command)
    return command


@click.command("train", epilog=CODES)
@click.argument("mix", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR",
              help="The model, its card and curves; run again with the same to go on after a kill.")  # fmt: skip
@click.option("--model", default="tiny", show_default=True, metavar="FOLDER|CONFIG|tiny",
              help="A local Hugging Face model; a config.json: its shape, random weights; or a toy.")  # fmt: skip
@click.option("--stage", type=click.Choice(["pt", "sft"]), help="What the mix must be for. Default: what it is for.")
@click.option("--max-steps", "steps", type=click.IntRange(1), help="Steps. Default: --epochs over the mix.")
@click.option("--lora-targets", metavar="NAMES", help="Linear layers to adapt, by comma. Default: all.")
@settings
@click.option("--ranks", type=click.IntRange(1),
              help="Processes on this machine, watched and started again when one is lost or hangs. Default: one for "
              "each GPU; with one device none is started.")  # fmt: skip
@click.option("--patience", default=PATIENCE, show_default=True, type=click.FloatRange(1),
              help="Seconds without a step until the processes of --ranks count as hanging.")  # fmt: skip
@click.option("--ray", "address", metavar="ADDRESS",
              help="Train in --ranks processes of the Ray cluster at ADDRESS (or 'auto'); MIX and DIR must be the same "
              "folders on each of its nodes.")  # fmt: skip
@click.option("--no-spikes", is_flag=True,
              help="Judge no step: what is not finite ends the training. Default: steps far out are not learnt from, "
              "and the documents behind them are named and left out.")  # fmt: skip
@click.option("--explain", is_flag=True, help="Say what would be done, chosen and needed, and train nothing.")
def train_command(
    mix: Path,
    out: Path,
    lora_targets: str | None,
    ranks: int | None,
    patience: float,
    address: str | None,
    no_spikes: bool,
    explain: bool,
    **options: Any,
) -> None:
    """Train a model on MIX, a folder that `curate mix` or a run has written, and watch it by source.

    \b
    What would it do, and what would it take:
        curate train run/mix --model models/Qwen3-1.7B --out tuned --explain
    Continued pre-training, watched every 100 steps, failed if general text loses more than 0.05 nats:
        curate train run/mix --model models/Qwen3-1.7B --out tuned \\
            --evaluate-every 100 --checkpoint-every 200 --general-drop-max 0.05
    Fine-tuning with adapters:
        curate train sft/mix --model models/Qwen3-8B --stage sft --tune lora --out tuned
    A first look on any machine:
        curate train run/mix --max-steps 50 --out tiny

    DIR is a Hugging Face folder: weights, tokenizer, card; curves.html shows losses by source, times and what was
    noticed; metrics.jsonl has a line a step. Killed and started again, it goes on from its last checkpoint. Several
    machines: torchrun --nnodes N ... -m curate train MIX ...
    """
    with honest_exit():
        targets = tuple(name.strip() for name in lora_targets.split(",")) if lora_targets else None
        chosen = Train(lora_targets=targets, spikes=None if no_spikes else DEFAULT.spikes, **options)
        if explain:
            from curate.train.explain import explain as lines

            for line in lines(chosen, mix):
                _say(line)
            return
        if address is not None:
            from curate import engine

            with engine.on_ray(address):
                launch_on_ray(chosen, mix, out, ranks=ranks or 1, patience=patience)
            click.echo(f"saved in {out}")
            return
        if ranks is None:
            ranks = _devices(chosen)
            if ranks == 1:
                _here(chosen, mix, out)
                return
        launch(chosen, mix, out, _say, ranks=ranks, patience=patience)


def _here(chosen: Train, mix: Path, out: Path) -> None:
    """In this process; with a bar in a terminal."""
    from curate.train.worker import Job, carry_out

    job = Job(settings=chosen, mix=mix, out=out, patience=PATIENCE)
    if not sys.stderr.isatty():
        carry_out(job, _say)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns) as bar:
        task = bar.add_task("", total=None)

        def show(step: Any, steps: int, line: str) -> None:
            bar.update(task, total=steps, completed=step.step, description=line.partition("  ")[2])

        carry_out(job, lambda line: bar.console.print(_plain(line), markup=False, highlight=False), show=show)


def _devices(chosen: Train) -> int:
    """GPUs that a training would use; one where a launcher has started this process among others."""
    import os

    import torch

    if chosen.device == "cpu" or "WORLD_SIZE" in os.environ or not torch.cuda.is_available():
        return 1
    return torch.cuda.device_count()


def _say(line: str) -> None:
    click.echo(_plain(line))


def _plain(line: str) -> str:
    from curate.audit.excerpt import visible

    return visible(line)
