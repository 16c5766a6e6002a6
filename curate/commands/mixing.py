"""Mixes from what runs have kept, and other mixes over the same tokens."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from curate.commands.ending import CODES, honest_exit
from curate.commands.where import engine_of, where


@click.command("mix", epilog=CODES)
@click.argument("kept", nargs=-1, required=True, metavar="KEPT...")
@click.option("--tokenizer", metavar="PATH", help="tokenizer.json, or the model's folder, of the model to train.")
@click.option("--out", metavar="DIR", help="Gets the mix; must not exist.")
@click.option("--plan-only", is_flag=True, help="Say what the mix would be, and write nothing.")
@click.option("--stage", type=click.Choice(["pt", "sft", "scratch"]), default="pt", show_default=True)
@click.option("--domain-share", type=float, metavar="SHARE", help="[default: .12, for sft .5]")
@click.option(
    "--share", "shares", multiple=True, metavar="COLUMN.VALUE=SHARE",
    help="A target share more, as lang.zh=0.5, kind.code=0.1, source.wiki=0.2, task.text=0.2; may be repeated.",
)  # fmt: skip
@click.option("--weight", "weights", multiple=True, metavar="SOURCE=TIMES", help="The source counts so many times.")
@click.option("--epochs", type=float, metavar="TIMES", help="How often a text is read at most. [default: 4, for sft 3]")
@click.option("--tokens", type=click.IntRange(1), metavar="N", help="Size of the mix. [default: as much as can be]")
@click.option("--unit", type=click.Choice(["supervised_tokens", "examples"]), help="What sft counts its share in.")
@click.option("--text", is_flag=True, help="Documents that are no dialogues have a part in an sft mix.")
@click.option("--template", metavar="PATH", help="Chat template of the model: its folder, or a file. [default: ChatML]")
@click.option("--row-length", type=int, default=1024, show_default=True, metavar="TOKENS")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--held-out", type=float, default=0.01, show_default=True, metavar="SHARE", help="For validation.")
@click.option("--override", metavar="REASON", help="Why the cap of 15 % domain is lifted to --domain-share.")
@click.option("--allow-license", "allowed", multiple=True, metavar="SPDX", help="These alone; may be repeated.")
@click.option("--deny-license", "denied", multiple=True, metavar="SPDX", help="Not these; may be repeated.")
@click.option("--unknown-licenses", is_flag=True, help="Then too, text of no known licence.")
@click.option("--cache", metavar="DIR", help="Keeps the shards' tokens, for the next mix of them.")
@where
def mix(
    kept: tuple[str, ...],
    tokenizer: str | None,
    out: str | None,
    plan_only: bool,
    shares: tuple[str, ...],
    weights: tuple[str, ...],
    override: str | None,
    allowed: tuple[str, ...],
    denied: tuple[str, ...],
    cache: str | None,
    workers: int | None,
    address: str | None,
    inline: bool,
    **wishes: Any,
) -> None:
    """Mix the domain and the general text that runs have kept, at a checked ratio.

    KEPT are runs, or files, folders and globs of kept shards. Where it is one mix (a folder with plan.json) the new one
    is another plan over its tokens, which are linked: nothing is tokenised again. Its stage, length of rows, seed,
    share of validation and --text are then those of the mix, where none are named.

    \b
    Example:
      curate mix DIR --tokenizer models/Qwen3-8B --domain-share 0.12 --plan-only
      curate mix DIR OTHER --tokenizer models/Qwen3-8B --share lang.zh=0.5 --share lang.en=0.5 --out MIX
      curate mix MIX --domain-share 0.1 --out MIX10
    """
    with honest_exit():
        from curate.mix import build
        from curate.mix.settings import Mix, MixRefused, Override
        from curate.progress import reporter

        again = [place for place in kept if _is_mix(place)]
        if again and len(kept) > 1:
            raise MixRefused(
                f"{again[0]} is a mix, and only of one at a time there can be another plan: name it alone, or the runs "
                "that the mixes were made of"
            )
        if out is None and not plan_only:
            raise MixRefused("--out DIR is missing: where the mix shall be (or --plan-only)")
        if tokenizer is None and not again:
            raise MixRefused("--tokenizer is missing: a mix is counted in the tokens of the model to train")
        if override is not None:
            if wishes["domain_share"] is None:
                raise MixRefused("--override lifts the cap to --domain-share, which is missing: say how far")
            wishes["override"] = Override(wishes["domain_share"], override)
        if again:
            wishes |= _as_there(kept[0])
        template = wishes.pop("template")
        settings = Mix(
            tokenizer=tokenizer or str(Path(kept[0]) / "tokenizer.json"),  # type: ignore[arg-type]
            shares=_shares(shares),
            weights={name: value for name, value in (_pair(one, "--weight") for one in weights)},
            licenses_allowed=allowed or None,
            licenses_denied=denied,
            **({} if template is None else {"template": template}),
            **{name: value for name, value in wishes.items() if value is not None},
        )
        target = str(out) if "://" in str(out) else str(Path(str(out)).absolute())
        with tempfile.TemporaryDirectory(prefix="mix-") as folder:
            scratch = str(Path(folder) / "plan")
            if again and plan_only:
                _, made = build.replan_only(settings, kept[0], scratch)
            elif again:
                made = build.replan(settings, kept[0], target)
            else:
                paths = _shards(kept)
                with closing(reporter()), engine_of(inline, address, workers) as engine:
                    if plan_only:
                        _, made = build.plan_only(settings, paths, scratch, engine, cache)
                    else:
                        made = build.build(settings, paths, target, engine, cache)
        for line in made.lines():
            click.echo(line)


def _as_there(mix: str) -> dict[str, Any]:
    """What the tokens of a mix depend on, as they have it, where the command line says nothing else."""
    from curate.mix.plan import Plan

    plan = Plan.read(Path(mix) / "plan.json")
    there = {
        "stage": plan.stage,
        "row_length": plan.row_length,
        "seed": plan.seed,
        "held_out": plan.asked["held_out"],
        "text": plan.asked["texts"],
    }
    said = click.get_current_context().get_parameter_source
    return {name: value for name, value in there.items() if said(name) is ParameterSource.DEFAULT}


def _is_mix(place: str) -> bool:
    return "://" not in place and (Path(place) / "plan.json").is_file()


def _shards(kept: tuple[str, ...]) -> list[str]:
    """The Parquet files of runs, folders, files and globs."""
    from curate import files
    from curate.mix.settings import MixRefused

    paths = []
    for place in kept:
        run = files.exists(files.join(place, "run.json"))
        found = [file.path for file in files.found(files.join(place, "kept") if run else place)]
        shards = [path for path in found if path.endswith(".parquet")]
        if not shards:
            raise MixRefused(f"{place}: there are no kept shards; expected a run, or Parquet files of its kept/")
        paths += [path if "://" in path else str(Path(path).absolute()) for path in shards]
    return paths


def _shares(given: tuple[str, ...]) -> Any:
    from curate.mix.settings import MixRefused, Shares

    columns: dict[str, dict[str, float]] = {}
    for one in given:
        name, share = _pair(one, "--share")
        column, _, value = name.partition(".")
        if column not in ("role", "lang", "domain", "kind", "source", "task") or not value:
            raise MixRefused(f"--share {one}: expected COLUMN.VALUE=SHARE, as lang.zh=0.5")
        columns.setdefault(column, {})[value] = share
    return Shares(**columns) if columns else None


def _pair(given: str, option: str) -> tuple[str, float]:
    from curate.mix.settings import MixRefused

    name, _, number = given.rpartition("=")
    try:
        return name, float(number)
    except ValueError:
        raise MixRefused(f"{option} {given}: expected NAME=NUMBER") from None
