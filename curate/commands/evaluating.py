"""The command that examines models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curate.commands.ending import CODES, honest_exit

if TYPE_CHECKING:
    from curate.train.evaluate import HeldOut
    from curate.train.questions import Answered

SHOWN = 10  # items named of each group


@click.command("eval", epilog=CODES)
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--on", "places", multiple=True, required=True, metavar="MIX|BENCHMARKS",
              help="A mix, or a folder of benchmarks; may be repeated.")  # fmt: skip
@click.option("--compare", is_flag=True, help="Models side by side, with the questions that they answer differently.")
@click.option("--shots", type=click.IntRange(0), default=0, show_default=True, help="Examples before each question.")
@click.option("--letters", is_flag=True, help="List the choices and ask for the letter, in place of the choice's text.")
@click.option("--limit", type=click.IntRange(1), help="Questions of each benchmark at most, drawn by hash.")
@click.option("--clean", metavar="FOLDER",
              help="clean/ of `curate benchmark report --out`: its questions are counted apart too.")  # fmt: skip
@click.option("--rows", type=click.IntRange(1), default=64, show_default=True, help="Held-out rows of each channel.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True, help="Where.")
@click.option("--json", "out", metavar="FILE", help="Every answer and loss, in a file; it must not be there.")
def eval_command(
    models: tuple[str, ...], places: tuple[str, ...], compare: bool, shots: int, letters: bool,
    limit: int | None, clean: str | None, rows: int, device: str, out: str | None,
) -> None:  # fmt: skip
    """Held-out loss by channel on a mix; accuracy on multiple-choice benchmarks, Chinese and English.

    \b
    curate eval tuned --on run/mix
    curate eval tuned --on benchmarks --shots 5 --clean report/clean
    curate eval --compare models/base tuned/a tuned/b --on run/mix --on benchmarks

    A choice is taken for its likelihood: plain, and by length (a byte of it), which does not punish long choices. MODEL
    is a local Hugging Face folder. Tasks that need generated answers: pip install 'lm-eval[hf]', then
    lm_eval --model hf --model_args pretrained=MODEL --tasks TASKS.
    """
    with honest_exit():
        from curate import examine, files

        mixes = [place for place in places if examine.is_mix(place)]
        banks = [examine.questions_of(place, clean, limit) for place in places if place not in mixes]
        for bank in banks:
            if bank.others:
                click.echo(f"{bank.others:,} items are no multiple-choice questions and are left out")
        names = _names(models)
        answers: dict[str, list[Answered]] = {}
        losses: dict[str, dict[str, dict[str, HeldOut]]] = {mix: {} for mix in mixes}
        roles: dict[str, Mapping[str, str]] = {}
        for model, name in zip(models, names, strict=True):
            learner, tokenizer = examine.loaded(model, click.echo, device)
            for mix in mixes:
                losses[mix][name], roles[mix] = examine.held_out(model, learner, Path(mix), rows)
            if banks:
                from curate.train.questions import asked

                answers[name] = [
                    answer
                    for bank in banks
                    for answer in asked(
                        learner, tokenizer, bank.questions, examine.examples(bank, shots), letters=letters
                    )
                ]
        for mix in mixes:
            _losses(mix, losses[mix], roles[mix])
        if banks:
            _answers(answers, compare)
        if out is not None:
            with files.create(out) as file:
                flat = {f"{name} on {mix}": found for mix, by in losses.items() for name, found in by.items()}
                file.write(examine.saved(answers, flat))


def _names(models: Sequence[str]) -> list[str]:
    """Short names that tell models apart: the last parts of their paths."""
    paths = [Path(model).absolute().parts for model in models]
    for size in range(1, max(map(len, paths)) + 1):
        short = ["/".join(path[-size:]) for path in paths]
        if len(set(short)) == len(short):
            return short
    return [f"{number}:{model}" for number, model in enumerate(models, 1)]


def _losses(mix: str, found: Mapping[str, Mapping[str, HeldOut]], roles: Mapping[str, str]) -> None:
    from curate.audit.excerpt import visible
    from curate.train.evaluate import by_role

    click.echo(f"\nheld-out loss on {visible(mix)}: nats a token (bits a byte)")
    click.echo(f"{'':<28}" + "".join(f"{visible(name)[-22:]:>24}" for name in found))
    with_roles = {name: {**by_role(losses, roles), **losses} for name, losses in found.items()}
    for row in dict.fromkeys(channel for losses in with_roles.values() for channel in losses):
        cells = []
        for losses in with_roles.values():
            loss = losses.get(row)
            bits = "" if loss is None or loss.bits_per_byte is None else f" ({loss.bits_per_byte:.3f})"
            cells.append(f"{'-' if loss is None else f'{loss.nats:.4f}{bits}':>24}")
        click.echo(f"{visible(row)[:28]:<28}" + "".join(cells))


def _answers(answers: Mapping[str, Sequence[Answered]], compare: bool) -> None:
    from curate.audit.excerpt import visible
    from curate.train.compared import difference, groups, table

    click.echo("")
    for line in table(answers):
        click.echo(visible(line))
    names = list(answers)
    if not compare or len(names) < 2:
        return
    for name in names[1:]:
        gap, error = difference(answers[names[0]], answers[name], normal=True)
        click.echo(
            f"{visible(name)} against {visible(names[0])}: {100 * gap:+.1f} ± {100 * error:.1f} points by length"
        )
    for group in groups(answers, normal=True):
        click.echo(f"\n{visible(group.name(names))}: {len(group.questions):,} questions")
        if len(group.right) == len(names):
            continue
        for subject, count in group.by_subject()[:SHOWN]:
            click.echo(f"  {count:>6,}  {visible(subject)}")
        shown = ", ".join(visible(key[2]) for key in group.questions[:SHOWN])
        click.echo(f"  items: {shown}{' ...' if len(group.questions) > SHOWN else ''}")
