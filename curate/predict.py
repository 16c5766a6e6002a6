"""What a recipe would do: the plan in words, and what a sampled run says of the whole one."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from curate import audience, files
from curate.audit.intervals import wilson
from curate.dedup.minhash import MinHashDedup
from curate.ledger import total
from curate.recipe import Recipe, segments
from curate.run import Outcome
from curate.stage import CorpusStage, Rule, Splitter


def planned(recipe: Recipe) -> str:
    """Sources with sizes, segments, stages with their rules, and what is made of what is kept."""
    lines = [f"recipe {recipe.name}", "sources:"]
    for source in recipe.sources:
        found = files.found(recipe.place(source.path))
        size = sum(file.size for file in found)
        lines.append(
            f"  {source.name:<22}{source.role:<9}{source.domain or '-':<10}{source.lang or '-':<4}"
            f"{len(found):>6,} files {size / 1e6:>10,.1f} MB  licence {source.license or 'not stated'}"
        )
    for segment in segments(recipe):
        lines.append(f"segment {segment.name}:")
        for stage in segment.stages:
            if isinstance(stage, Splitter):
                lines.append(f"  {stage.name:<16}v{stage.version}  splits documents")
            else:
                rules = "; ".join(_words(rule) for rule in stage.rules) or "measures or edits only"
                kind = "all documents  " if isinstance(stage, CorpusStage) else ""
                lines.append(f"  {stage.name:<16}v{stage.version}  {kind}{rules}")
                if isinstance(stage, MinHashDedup):
                    lines.append(f"  {'':<20}{stage.plan}")
    declared = {source.name: (source.kind, source.lang) for source in recipe.sources}
    lines += [f"! {gap}" for gap in audience.gaps(recipe.stages, declared)]
    if recipe.mix is not None:
        share = recipe.mix.share
        domain = "domain as much as there is" if share is None else f"{100 * float(share):g} % domain"
        lines.append(f"mix: {recipe.mix.stage}, {domain}")
    if recipe.version is not None:
        lines.append(f"version: {recipe.version.name}")
    if recipe.train is not None:
        lines.append(f"train: {recipe.train.model}, {recipe.train.steps} steps")
    return "\n".join(lines)


def _words(rule: Rule) -> str:
    if rule.among is not None:
        return f"{rule.reason}: {rule.measure} not in {', '.join(sorted(rule.among))}"
    bounds = [f"< {rule.low:g}"] * (rule.low > -inf) + [f"> {rule.high:g}"] * (rule.high < inf)
    return f"{rule.reason}: {rule.measure} {' or '.join(bounds)}"


def sampled(recipe: Recipe, share: float) -> Recipe:
    """The recipe on `share` of each source's documents (by hash), up to what is kept: no mix, version or model."""
    sources = tuple(replace(source, take=source.take * share) for source in recipe.sources)
    return replace(recipe, sources=sources, mix=None, version=None, train=None)


def predicted(outcome: Outcome, share: float, seconds: float) -> str:
    """What the whole run would lose, take and write, by a run on `share` of the documents that took `seconds`."""
    lines = [f"prediction for the whole from {100 * share:g} % of it:"]
    for count in total(outcome.records):
        came, gone = count.ids_in.count, count.removed.count
        if came:
            low, high = wilson(gone, came)
            lines.append(f"  {count.stage:<16}removes {100 * gone / came:5.1f} % ({100 * low:.1f} to {100 * high:.1f})")
    size = sum(shard.text_bytes for shard in outcome.shards)
    lines += [
        f"  kept            about {outcome.kept / share:,.0f} documents, {size / share / 1e6:,.1f} MB of text",
        f"  time            about {seconds / share / 3600:,.2f} h on this machine, start-up included",
        "  Duplicates meet more often in the whole than in a sample: expect the deduplication stages to remove more.",
    ]
    return "\n".join(lines)
