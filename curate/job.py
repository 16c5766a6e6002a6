"""The whole job: a recipe's stages, what is kept, and the mix, the version and the model that are made of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from curate import files, views
from curate.audit import keys
from curate.dedup.index import Parameters
from curate.dedup.minhash import MinHashDedup
from curate.engine import Engine
from curate.ledger import Object, Record, commit, committed, fingerprint
from curate.mix.build import OtherTokens, build, replan
from curate.mix.report import MixReport
from curate.mix.settings import Mix
from curate.origin import facts
from curate.progress import Reporter
from curate.publish.address import located
from curate.publish.keep import keep
from curate.publish.manifest import apart
from curate.publish.version import publish
from curate.recipe import Recipe, RecipeRefused, data
from curate.run import Outcome, carry_out, environment, rules
from curate.stage import settings
from curate.stages.first_look import FirstLook, loss_of
from curate.train.launch import PATIENCE

TOKENS = "tokens"
"""Below a run's directory: what its kept shards are in tokens. Only makes the next mix faster, and may be removed."""


class ToleranceExceeded(RuntimeError):
    """More records were quarantined than the recipe tolerates; nothing is published."""


def run(recipe: Recipe, out: str, engine: Engine, report: Reporter) -> Outcome:
    """The whole job: stages, what is kept, the mix, the version, the model, as far as the recipe asks for them.

    Raises what `carry_out` raises, `ToleranceExceeded`, `InVersion`, and what the mix, the version and the trainer
    refuse.
    """
    if "://" in out and (recipe.mix is not None or recipe.version is not None):
        raise RecipeRefused(
            f"{out}: a mix is read through memory mapping and a version is renamed into place, so they want a local or "
            "shared folder; give one, or run the stages alone"
        )
    if "://" not in out:
        apart(out)
    outcome = carry_out(recipe, out, engine, report)
    kept = views.make(out, outcome.shards, outcome.records)
    _say_quarantine(recipe, outcome, report)
    _say_loss(recipe, kept, report)
    mixed = None
    if recipe.mix is not None:
        mixed = files.join(out, "mix")
        _mix(recipe, outcome, kept, mixed, out, engine, report)
    if recipe.version is not None:
        place = files.join(out, "version")
        report.say(f"publish: {place}")
        version = recipe.version
        if version.extends is not None:
            version = replace(version, extends=located(recipe.place(str(version.extends))))
        said = facts(data(recipe), rules(recipe), environment(), outcome.records, outcome.print)
        publish(version, kept, mixed, place, said, engine, signatures=_signatures(recipe))
        if version.store is not None and version.number is not None:
            for line in keep(place, recipe.place(version.store), version.name, version.number).lines():
                report.say(line)
    for _ in engine.run(partial(keys.index, run=out), keys.tables(out)):
        pass  # `curate why` finds rows by them without reading tables
    if recipe.train is not None and mixed is not None:
        from curate.train import worker  # torch is loaded only where a model is trained

        job = worker.Job(settings=recipe.train, mix=Path(mixed), out=Path(files.join(out, "train")), patience=PATIENCE)
        worker.carry_out(job, report.say)
    return outcome


def _signatures(recipe: Recipe) -> Parameters | None:
    """How the recipe compares documents: as its last MinHashDedup does."""
    compared = [stage for stage in recipe.stages if isinstance(stage, MinHashDedup)]
    return Parameters.of(compared[-1]) if compared else None


def _say_quarantine(recipe: Recipe, outcome: Outcome, report: Reporter) -> None:
    """Quarantine is said aloud; more than is tolerated ends the run before anything is published."""
    if not outcome.quarantined:
        return
    share = outcome.quarantined / max(1, outcome.read)
    tolerated = "" if recipe.tolerance >= 1 else f"; the recipe tolerates {100 * recipe.tolerance:g} %"
    counts = f"{outcome.quarantined:,} of {outcome.read:,} records ({100 * share:.2f} %{tolerated})"
    line = f"quarantined {counts}: see quarantine/"
    if share > recipe.tolerance:
        raise ToleranceExceeded(
            f"{line}; nothing was published. Mend the input, or give the recipe a tolerance= that covers it"
        )
    report.say(line)


def _say_loss(recipe: Recipe, kept: Sequence[str], report: Reporter) -> None:
    """What a first look cost is said where it can be known: from the pages that it let pass to be measured."""
    looks = [stage for stage in recipe.stages if isinstance(stage, FirstLook) and stage.spared > 0]
    for look in looks if kept else ():
        spared = []
        for path in kept:
            with files.open_read(path) as file:
                spared.append(pl.DataFrame(pl.from_arrow(pq.ParquetFile(file).read(columns=["first_look_spared"]))))
        loss = loss_of(pl.concat(spared), look.spared)
        report.say(
            f"{look.name} lost an estimated {100 * loss.share:.1f} % of what would have been kept (95 %: "
            f"{100 * loss.low:.1f} to {100 * loss.high:.1f} %; of pages spared to measure it {loss.spared:,} were kept)"
        )


def _mix(
    recipe: Recipe, outcome: Outcome, kept: Sequence[str], mixed: str, out: str, engine: Engine, report: Reporter
) -> None:
    """Make the mix, unless this very one is there."""
    assert recipe.mix is not None
    print_ = fingerprint(environment(), outcome.print, settings(recipe.mix))
    record = committed(out, "mix", "mix", print_)
    # A record outlives its mix: another recipe may have put its own in the same place since.
    if record is not None and record.objects.get("mix") == _mix_objects(mixed):
        report.say(f"mix: {mixed} is there already")
        return
    report.begin("mix", sum(shard.text_bytes for shard in outcome.shards))
    of_these = fingerprint(environment(), outcome.print)
    made = _replanned(recipe.mix, mixed, out, of_these, report)
    if made is None:
        shutil.rmtree(mixed, ignore_errors=True)  # of another recipe; a mix, unlike a version, may be made anew
        made = build(recipe.mix, kept, mixed, engine, cache=files.join(out, TOKENS))
    commit(out, Record("mix", _tokens_of(mixed), of_these))
    report.advance(sum(shard.text_bytes for shard in outcome.shards), outcome.kept)
    report.end()
    commit(out, Record("mix", "mix", print_, objects={"mix": _mix_objects(mixed)}))
    for line in made.lines():
        report.say(line)


def _replanned(mix: Mix, mixed: str, out: str, of_these: str, report: Reporter) -> MixReport | None:
    """Another plan over the tokens of the mix that is there, if they are those of what is kept now and will do."""
    if not files.exists(files.join(mixed, "report.json")) or not committed(out, "mix", _tokens_of(mixed), of_these):
        return None
    following = f"{mixed}.next"
    shutil.rmtree(following, ignore_errors=True)
    try:
        made = replan(mix, mixed, following)
    except OtherTokens:
        return None
    shutil.rmtree(mixed)
    os.rename(following, mixed)
    report.say("mix: another plan over the tokens that are there")
    return made


def _tokens_of(mixed: str) -> str:
    """The name under which is noted of what kept documents the tokens of a mix are."""
    return f"tokens-{files.sha256(files.join(mixed, 'report.json'))[:32]}"


def _mix_objects(mixed: str) -> list[Object]:
    """What tells one mix from another: its plan, and its report, which names the digests of its other files."""
    paths = [path for name in ("plan.json", "report.json") if files.exists(path := files.join(mixed, name))]
    return [Object(f"mix/{os.path.basename(path)}", 0, files.size(path), files.sha256(path)) for path in paths]
