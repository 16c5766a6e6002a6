"""What other thresholds would keep and lose, from the measures that a run stored: nothing is read or run again.

A tighter limit is exact: it is asked of the measures that kept documents carry. A looser one says which documents
would come back to the stage; what the stages behind it make of them, only a run can say.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from curate.audit.excerpt import excerpt, visible
from curate.audit.tables import measures, scan
from curate.options import changed, fields_of
from curate.recipe import Recipe, RecipeRefused, data, stages_ran
from curate.stage import DECIMALS, AnyStage, Asset, CorpusStage, Cost, Rule, Splitter, Stage, failure
from curate.stages.heuristics.together import Together

GROUPS = ("source", "role", "lang", "kind")
STEPS = (0.001, 0.01, 0.05)  # of what is kept: the losses for which limits are suggested
PROBES = 200  # documents on which it is tried whether a setting changes what is measured


class NotTunable(ValueError):
    """The run's measures can't say what this setting would do."""


@dataclass(frozen=True)
class Tuned:
    """What a stage's new settings would do. Documents are counted as the run kept them, parts of split ones each."""

    before: Stage
    after: Stage
    groups: pl.DataFrame
    """The groups of every kept document."""
    lost: pl.DataFrame
    """Kept documents that would go: doc_id, groups, `rule`, `value` and `limit` of the first rule that they fail."""
    back: pl.DataFrame
    """Removed documents that would come back to the stage: doc_id and groups."""
    behind: tuple[str, ...]
    """Stages behind, which those that come back would have to pass."""
    orphans: int
    """Documents removed as copies of one that would go: a run would judge them again."""

    @property
    def kept(self) -> int:
        """How many documents the run kept."""
        return self.groups.height


def overview(run: str, recipe: Recipe) -> str:
    """For each limit of the recipe: what it took out of the run, and what tighter limits would take of what is kept."""
    check_ran(run, recipe)
    kept = _kept(run)
    judged = pl.concat(
        [pl.DataFrame(schema={"stage": pl.String, "reason": pl.String, "measure": pl.String, "limit": pl.Float64})]
        + (
            []
            if (found := scan(run, "verdicts")) is None
            else [found.select("stage", "reason", "measure", "limit").collect()]
        )
    )
    rows = []
    for owner, stage in [(whole, part) for whole in recipe.stages for part in _parts(whole)]:
        for place, field, upper in _limits(stage):
            rule = stage.rules[place]
            limit = rule.high if upper else rule.low
            mine = (pl.col("stage") == owner.name) & (pl.col("measure") == rule.measure)
            count = judged.filter(mine & (pl.col("reason") == rule.reason) & (pl.col("limit") == limit)).height
            values = kept.filter(_asked(rule, kept))[rule.measure].cast(pl.Float64) if rule.measure in kept else None
            steps = [_quantile(values, step, kept.height, upper) for step in STEPS]
            rows.append(
                (f"{stage.name}.{field}", f"{rule.measure} {'<=' if upper else '>='}", f"{limit:>12g}{count:>9,}"
                 + "".join(f"{'-' if step is None else f'{step:g}':>12}" for step in steps))
            )  # fmt: skip
    settings, measures = (max([floor, *(len(row[column]) for row in rows)]) for column, floor in ((0, 27), (1, 25)))
    heads = "".join(f"{f'-{100 * step:g} %':>12}" for step in STEPS)
    lines = [f"{'setting':<{settings}} {'measure':<{measures}} {'limit':>12}{'removed':>9}{heads}"]
    lines += [f"{setting:<{settings}} {measure:<{measures}} {rest}" for setting, measure, rest in rows]
    lines.append(
        f"{kept.height:,} documents are kept; under -1 % stands the limit that would lose 1 % of them (-: none does)"
    )
    return "\n".join(lines)


def tune(run: str, recipe: Recipe, stage: str, options: Mapping[str, str]) -> Tuned:
    """What `stage` of the run's recipe would do with other settings (field -> text).

    Raises `RecipeRefused` where the recipe is not the run's or has no such stage or setting, and `NotTunable` where a
    setting decides what is measured and not only which measure removes.
    """
    check_ran(run, recipe)
    names = [one.name for one in recipe.stages]
    within = {part.name: owner.name for owner in recipe.stages for part in _parts(owner)}
    if stage not in {*names, *within}:
        raise RecipeRefused(f"the recipe has no stage {stage!r}; it has {', '.join(dict.fromkeys([*names, *within]))}")
    before = recipe.stages[names.index(within.get(stage, stage))]
    if isinstance(before, Splitter) or not isinstance(before, Stage):
        raise NotTunable(f"{stage} looks at the whole corpus or splits: what other settings do, only a run can say")
    part = next((one for one in _parts(before) if one.name == stage), before)
    for field in options:
        if field not in fields_of(part):
            raise RecipeRefused(f"stage {stage} has no setting {field!r}; it has {', '.join(sorted(fields_of(part)))}")
    after: Stage = changed(part, options)
    if isinstance(before, Together) and part is not before:
        after = dataclasses.replace(
            before, sets=tuple(changed(one, options if one is part else {}) for one in before.sets)
        )
    if not after.rules:
        raise NotTunable(f"{stage} removes nothing: what its settings do to the stages behind it, only a run can say")
    kept = _kept(run)
    _check_measures(run, before, after, kept)
    lost = _lost(kept, after.rules)
    return Tuned(
        before=before,
        after=after,
        groups=kept.select(GROUPS),
        lost=lost,
        back=_back(run, before, after),
        behind=tuple(names[names.index(before.name) + 1 :]),
        orphans=_orphans(run, recipe.stages[names.index(before.name) + 1 :], lost),
    )


def told(run: str, tuned: Tuned, *, by: str = "source", samples: int = 3) -> str:
    """`tuned` in words: counts by group, documents nearest to the new limits, and the line for the recipe."""
    went, came = tuned.lost, tuned.back
    lines = [f"of {tuned.kept:,} kept documents {went.height:,} would go ({_percent(went.height, tuned.kept)})"]
    lines += [f"  {count:>9,}  {rule}" for rule, count in went["rule"].value_counts(sort=True).sort("rule").iter_rows()]
    if tuned.orphans:
        lines.append(f"  {tuned.orphans:,} removed as copies of these would be judged again: run to know")
    gone = f"{came.height:,} that {tuned.before.name} removed would come back to it"
    lines.append(gone + (f", and would have to pass {', '.join(tuned.behind)}: run to know" if came.height else ""))
    counts = [table.group_by(by).len() for table in (tuned.groups, went, came)]
    table = counts[0].rename({"len": "kept"})
    for name, other in zip(("go", "back"), counts[1:], strict=True):
        table = table.join(other.rename({"len": name}), on=by, how="full", coalesce=True, nulls_equal=True)
    lines += ["", f"{by:<24}{'kept':>10}{'would go':>10}{'share':>8}{'come back':>11}"]
    for group, held, go, back in table.fill_null(0).sort(by).iter_rows():
        lines.append(f"{visible(str(group)):<24}{held:>10,}{go:>10,}{_percent(go, held):>8}{back:>11,}")
    lines += _shown(run, tuned, samples)
    return "\n".join([*lines, "", "in the recipe:", f"  {constructed(tuned.before, tuned.after)}"])


def constructed(before: Any, after: Any) -> str:
    """How a recipe builds `after`; settings that text can't give (a model, an index) stand as they are in `before`."""
    if isinstance(after, Together):
        sets = [constructed(*pair) for pair in zip(before.sets, after.sets, strict=True)]
        return f"Together(sets=({', '.join(sets)}{',' * (len(sets) == 1)}))"
    given, plain = fields_of(after), True
    said = []
    for field in dataclasses.fields(after):
        value, default = given[field.name], field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        if isinstance(value, Asset | Cost) or dataclasses.is_dataclass(value):
            plain = plain and isinstance(value, Cost)
        elif value != default or value != fields_of(before)[field.name]:
            said.append(f"{field.name}={value!r}")
    return f"{type(after).__name__}({', '.join([*([] if plain else ['...']), *said])})"


def check_ran(run: str, recipe: Recipe) -> None:
    """Raises `RecipeRefused` where the recipe's stages are not those of the run."""
    ran = stages_ran(run)
    for number, (old, new) in enumerate(zip(ran, data(recipe)["stages"], strict=False)):
        if old != new:
            raise RecipeRefused(
                f"stage {number + 1} of the run was {old['is']} {old.get('name')}, and the recipe has another or with "
                "other settings; give the recipe as it was run"
            )
    if len(ran) != len(recipe.stages):
        raise RecipeRefused(f"the run had {len(ran)} stages and the recipe has {len(recipe.stages)}; give that one")


def _kept(run: str) -> pl.DataFrame:
    """Ids, groups and measures of the kept documents."""
    found = scan(run, "kept")
    if found is None:
        raise RecipeRefused(f"{run} holds no kept documents; a run that ended leaves kept/")
    heavy = {"text", "messages", "tools", "meta", "origin_id", "content_hash", "url", "license", "date", "status"}
    return found.select(name for name in found.collect_schema().names() if name not in heavy).collect()


def _asked(rule: Rule, docs: pl.DataFrame) -> pl.Expr:
    """Where the rule is not silent."""
    return pl.lit(True) if rule.when is None or rule.when not in docs.columns else pl.col(rule.when).fill_null(False)


def _parts(stage: AnyStage) -> tuple[Stage, ...]:
    """The rule sets that a stage takes together, or the stage itself; none where its measures are the corpus's."""
    if isinstance(stage, Splitter | CorpusStage):
        return ()
    return stage.sets if isinstance(stage, Together) else (stage,)


def _limits(stage: Stage) -> list[tuple[int, str, bool]]:
    """(place of a rule, the setting that is its limit, whether its upper one), for numeric settings that rules take
    over; of a setting with several numbers `tops[0]`, `tops[1]`."""
    found = []
    for field, value in fields_of(stage).items():
        several = value if isinstance(value, tuple) else (value,)
        for number, one in enumerate(several):
            if isinstance(one, bool) or not isinstance(one, int | float):
                continue
            for moved in (one / 2, one + 1):  # one of them is another number, and one a setting that makes sense
                new = (*several[:number], moved, *several[number + 1 :]) if isinstance(value, tuple) else moved
                try:
                    rules = dataclasses.replace(stage, **{field: new}).rules  # type: ignore[type-var]
                except ValueError:
                    continue
                changes = [
                    (place, f"{field}[{number}]" if isinstance(value, tuple) else field, old.high != now.high)
                    for place, (old, now) in enumerate(zip(stage.rules, rules, strict=False))
                    if (old.low, old.high) != (now.low, now.high)
                ]
                if changes:
                    found += changes
                    break
    return found


def _quantile(values: pl.Series | None, step: float, kept: int, upper: bool) -> float | None:
    """The limit that `step` of the kept documents would fail, as far as any limit does."""
    if values is None or not len(values := values.drop_nulls().drop_nans()):
        return None
    place = int(step * kept)
    ranked = values.sort(descending=upper)
    if place < 1 or place >= len(ranked) or ranked[place] == ranked[0]:
        return None
    return float(ranked[place])


def _check_measures(run: str, before: Stage, after: Stage, kept: pl.DataFrame) -> None:
    """Raises `NotTunable` where the two write other measures, tried on some documents, or other columns."""
    if {rule.measure for rule in after.rules} - set(kept.columns):
        raise NotTunable(f"{run} has no measure {min({rule.measure for rule in after.rules} - set(kept.columns))}")
    found = scan(run, "kept")
    assert found is not None
    docs = found.head(PROBES).collect()
    extra = [pl.lit(None, dtype).alias(name) for name, dtype in before.reads.items() if name not in docs.columns]
    docs = docs.with_columns(extra)
    first, second = (stage(docs).select(list(stage.writes)) for stage in (before, after))
    for name in first.columns:
        if name not in second.columns or not first[name].equals(second[name]):
            raise NotTunable(
                f"with these settings {before.name} measures {name} otherwise: only a run can say what they do"
            )


def _lost(kept: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """Documents that fail one of `rules`, with the first one that they fail."""
    parts = []
    for place, rule in enumerate(rules):
        limit = pl.when(pl.col("value") < rule.low).then(rule.low).otherwise(rule.high)
        name = rule.reason + f": {rule.measure}"
        value = pl.col(rule.measure).cast(pl.Float64) if rule.among is None else pl.lit(None, pl.Float64)
        parts.append(
            kept.filter(failure(rule))
            .select("doc_id", *GROUPS, value.alias("value"))
            .with_columns(limit.alias("limit"), pl.lit(name).alias("rule"), pl.lit(place).alias("place"))
        )
    empty = (
        kept.select("doc_id", *GROUPS)
        .clear()
        .with_columns(
            pl.lit(0.0).alias("value"), pl.lit(0.0).alias("limit"), pl.lit("").alias("rule"), pl.lit(0).alias("place")
        )
    )
    every = pl.concat([empty, *parts], how="vertical_relaxed")
    return every.sort("place", "doc_id").unique("doc_id", keep="first", maintain_order=True).drop("place")


def _back(run: str, before: Stage, after: Stage) -> pl.DataFrame:
    """Documents that the stage removed, and would not with the new settings.

    The measures of removed documents are stored in f32; of the rules that they failed the verdicts hold them exactly.
    """
    gone, verdicts = measures(run, before.name), scan(run, "verdicts")
    groups = ["doc_id", *GROUPS]
    if gone is None or verdicts is None:
        return pl.DataFrame(schema=dict.fromkeys(groups, pl.String))
    exact = verdicts.filter(pl.col("stage") == before.name).select("doc_id", "measure", "value").unique().collect()
    for name in {rule.measure for rule in after.rules} & set(gone.columns):
        if not gone.schema[name].is_numeric():
            continue
        own = exact.filter(pl.col("measure") == name).select("doc_id", "value").unique("doc_id")
        whole = pl.col(name).cast(pl.Float64).round(DECIMALS)  # .05 in f32 is more than .05
        gone = gone.with_columns(whole).join(own, on="doc_id", how="left")
        gone = gone.with_columns(pl.coalesce("value", name).alias(name)).drop("value")
    silent = [rule.when for rule in after.rules if rule.when is not None and rule.when not in gone.columns]
    gone = gone.with_columns(pl.lit(True).alias(name) for name in sorted(set(silent)))
    # A rule on what is no number (a language) can't be moved here: who failed it stays out.
    fixed = [rule for rule in after.rules if rule.measure not in gone.columns]
    barred = exact.filter(pl.col("measure").is_in([rule.measure for rule in fixed]))["doc_id"]
    rules = [rule for rule in after.rules if rule not in fixed]
    passes = ~pl.any_horizontal(failure(rule) for rule in rules) if rules else pl.lit(True)
    return gone.filter(passes & ~pl.col("doc_id").is_in(barred.implode())).select(groups).sort("doc_id")


def _orphans(run: str, behind: Sequence[AnyStage], lost: pl.DataFrame) -> int:
    """Documents that a later stage removed as copies of one that would go."""
    verdicts = scan(run, "verdicts")
    names = [stage.name for stage in behind if isinstance(stage, CorpusStage)]
    if verdicts is None or not names or not lost.height:
        return 0
    kept_instead = pl.col("evidence").str.json_path_match("$.kept")
    return int(
        verdicts.filter(pl.col("stage").is_in(names))
        .filter(kept_instead.is_in(lost["doc_id"].implode()))
        .select(pl.col("doc_id").n_unique())
        .collect()
        .item()
    )


def _shown(run: str, tuned: Tuned, samples: int) -> list[str]:
    """The documents nearest to the new limits on either side of what changes."""
    lines: list[str] = []
    if not samples:
        return lines
    distance = ((pl.col("value") - pl.col("limit")).abs() / pl.max_horizontal(pl.col("limit").abs(), 1e-9)).fill_null(0)
    near = tuned.lost.sort(distance, "doc_id").head(samples)
    table = scan(run, "kept")
    if near.height and table is not None:
        texts = table.select("doc_id", "text").filter(pl.col("doc_id").is_in(near["doc_id"].implode())).collect()
        lines += ["", "would go, nearest to the limit first:"]
        for row in near.join(texts, on="doc_id", maintain_order="left").iter_rows(named=True):
            value = "nothing" if row["value"] is None else f"{row['value']:g}"
            lines += [f"  {row['doc_id']}  {row['source']}  {row['rule']} = {value}", f"    {excerpt(row['text'])}"]
    held = scan(run, "samples")
    if tuned.back.height and held is not None:
        ids = tuned.back["doc_id"].implode()
        texts = held.select("doc_id", "source", "text").filter(pl.col("doc_id").is_in(ids)).collect()
        lines += ["", "would come back, of the sample that the run holds of what went:"]
        for row in texts.sort("doc_id").head(samples).iter_rows(named=True):
            lines += [f"  {row['doc_id']}  {row['source']}", f"    {excerpt(row['text'] or '(no text)')}"]
    return lines


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "-"
