"""For whom rule sets are: the kinds and languages that they name, against those that a recipe's documents can have."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from curate.document import KINDS
from curate.stage import AnyStage


class Audience(NamedTuple):
    """A rule set and what its fields `kinds` and `langs` hold."""

    name: str
    kinds: Any
    langs: Any


def audiences(stage: AnyStage) -> Iterator[Audience]:
    """The rule sets of a stage: itself, where it is routed by kind, and those that it takes together."""
    fields = _fields(stage)
    if "kind" in stage.reads and "kinds" in fields:
        yield Audience(stage.name, fields["kinds"], fields.get("langs"))
    for one in fields.get("sets", ()):
        yield from audiences(one)


def _fields(stage: Any) -> Mapping[str, Any]:
    return {field.name: getattr(stage, field.name) for field in dataclasses.fields(stage)}


def faults(stages: Sequence[AnyStage], declared: Sequence[str]) -> list[str]:
    """What makes a set silent for everything: words that no document's kind or language is. `declared`: by sources."""
    known = sorted({*KINDS, *declared})
    found = []
    for one in (audience for stage in stages for audience in audiences(stage)):
        for field, wanted in (("kinds", one.kinds), ("langs", one.langs)):
            if wanted is not None and not isinstance(wanted, frozenset | set):
                found.append(f"{one.name}: {field} is {wanted!r}; expected a set, as frozenset({{'prose'}}), or None")
        if isinstance(one.kinds, frozenset | set) and (unknown := sorted(set(one.kinds) - set(known))):
            found.append(f"{one.name}: no document is of the kind {unknown[0]!r}; there are {', '.join(known)}")
        if isinstance(one.langs, frozenset | set) and (odd := sorted(lang for lang in one.langs if "-" in lang)):
            found.append(f"{one.name}: langs has {odd[0]!r}; expected primary subtags, as {odd[0].split('-')[0]!r}")
    return found


def gaps(stages: Sequence[AnyStage], sources: Mapping[str, tuple[str, str | None]]) -> list[str]:
    """Where a set judges by what nothing measures before it. `sources`: the kind and language that each declares."""
    undeclared = [name for name, (kind, _) in sources.items() if kind == "prose"]
    unspoken = [name for name, (_, lang) in sources.items() if lang is None]
    found, measured = [], set()
    for stage in stages:
        for one in audiences(stage):
            if one.kinds is not None and "kind" not in measured and undeclared:
                found.append(f"{one.name} is for {_list(one.kinds)}, and no stage before it measures kinds: everything "
                             f"of {', '.join(undeclared)} counts as prose; put Kind() before it")  # fmt: skip
            if one.langs is not None and "lang" not in measured and unspoken:
                found.append(f"{one.name} is for {_list(one.langs)}, and no stage before it measures languages: what "
                             f"{', '.join(unspoken)} leave open is not judged; put Language() before it")  # fmt: skip
        measured |= {"kind", "lang"} & set(getattr(stage, "writes", ()))
    return found


def _list(words: frozenset[str]) -> str:
    return ", ".join(sorted(words))
