"""What each stage of a run measured and changed of one document, against the limits of its rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from curate.audit.excerpt import visible
from curate.document import COLUMNS


def measured(of: Mapping[str, Any], row: Mapping[str, Any], without: Sequence[str] = ()) -> list[str]:
    """Lines about the measures in `row`, stage by stage as run.json (`of`) has them: value, limit and reason of each
    rule, whether the rule is silent about the document, and the characters that an editor cut and added."""
    rules: Mapping[str, list[dict[str, Any]]] = of.get("rules", {})
    stages = [name for names in of.get("segments", {}).values() for name in names]
    stages += [name for name in rules if name not in stages]
    said = {name for name in row if name in COLUMNS or row[name] is None or name in without or name.startswith("_")}
    lines = []
    for stage in stages:
        mine = list(_edits(stage, row)) + list(_judged(rules.get(stage, ()), row))
        said |= {f"{stage}_cut", f"{stage}_added"} | {rule["measure"] for rule in rules.get(stage, ())}
        said |= {rule["when"] for rule in rules.get(stage, ()) if rule["when"] is not None}
        lines += [f"  {visible(stage if not number else ''):<18}{line}" for number, line in enumerate(mine)]
    rest = [f"  {'':<18}{name:<28}{_value(value)}" for name, value in row.items() if name not in said]
    return [*lines, *(["  also measured:", *rest] if rest else [])]


def _edits(stage: str, row: Mapping[str, Any]) -> Iterator[str]:
    cut, added = row.get(f"{stage}_cut"), row.get(f"{stage}_added")
    if cut or added:
        yield f"changed: {cut or 0:,} characters cut, {added or 0:,} added"


def _judged(rules: Sequence[Mapping[str, Any]], row: Mapping[str, Any]) -> Iterator[str]:
    seen = set()
    for rule in rules:
        name = rule["measure"]
        same = (name, str(rule["low"]), str(rule["high"]), rule["when"])
        if row.get(name) is None or same in seen:
            continue
        seen.add(same)
        silent = rule["when"] is not None and not row.get(rule["when"], True)
        yield f"{name:<28}{_value(row[name]):<14}{_limit(rule)}{', silent here' if silent else ''}"


def _limit(rule: Mapping[str, Any]) -> str:
    if rule["among"] is not None:
        return f"among {', '.join(map(visible, rule['among']))}"
    low, high = (None if str(rule[end]).endswith("inf") else rule[end] for end in ("low", "high"))
    if low is not None and high is not None:
        return f"from {_number(low)} to {_number(high)}"
    if low is not None:
        return f"at least {_number(low)}"
    return "no limit" if high is None else f"at most {_number(high)}"


def _number(value: float) -> str:
    """Whole numbers in full: 20,971,520 bytes say more than 2.09715e+07."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else visible(str(value))
