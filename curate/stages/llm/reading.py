"""What is read out of a model's answer: a score or a label, from a field of JSON or by an expression."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from math import isfinite
from typing import Any

_THOUGHT = re.compile(r"\A.*</think>", re.DOTALL)  # what reasoning models say to themselves before they answer
_NUMBER = re.compile(r"\s*[-+]?\d+(?:\.\d+)?\s*\Z")


@dataclass(frozen=True, kw_only=True)
class Score:
    """A number within [low, high]: the value of `field` in a JSON object, or what the last match of `pattern` captures.

    An answer without one, or with one outside, can't be read.
    """

    field: str = "score"
    pattern: str | None = None
    low: float = 0.0
    high: float = 5.0

    def __post_init__(self) -> None:
        _check(self.pattern)

    def read(self, answer: str) -> float | None:
        found = _found(answer, self.field, self.pattern)
        if isinstance(found, bool) or not isinstance(found, int | float | str):
            return None
        if isinstance(found, str) and not _NUMBER.match(found):
            return None
        number = float(found)
        return number if isfinite(number) and self.low <= number <= self.high else None


@dataclass(frozen=True, kw_only=True)
class Label:
    """One of `among`, in any case: the value of `field` in a JSON object, or what the last match of `pattern` captures.

    Another word can't be read.
    """

    among: tuple[str, ...]
    field: str = "label"
    pattern: str | None = None

    def __post_init__(self) -> None:
        _check(self.pattern)

    def read(self, answer: str) -> str | None:
        found = _found(answer, self.field, self.pattern)
        word = str(found).strip().casefold() if isinstance(found, str | int) else ""
        return next((label for label in self.among if label.casefold() == word), None)


def _check(pattern: str | None) -> None:
    if pattern is not None and re.compile(pattern).groups != 1:
        raise ValueError(f"the pattern {pattern!r} has {re.compile(pattern).groups} groups; expected one, the value")


def _found(answer: str, field: str, pattern: str | None) -> Any:
    answer = _THOUGHT.sub("", answer)
    if pattern is not None:
        matches = list(re.finditer(pattern, answer))
        return matches[-1][1] if matches else None
    value = _json(answer)
    return None if value is None else value.get(field)


def _json(answer: str) -> dict[str, Any] | None:
    """The first JSON object in the answer, whatever stands around it (a fence, a sentence)."""
    decoder = json.JSONDecoder()
    for at in (match.start() for match in re.finditer(r"\{", answer)):
        try:
            value, _ = decoder.raw_decode(answer, at)
        except (json.JSONDecodeError, RecursionError):
            continue
        return dict(value)
    return None
