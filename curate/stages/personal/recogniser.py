"""What finds names and addresses of persons: a model of one's own, plugged into the stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable


class Span(NamedTuple):
    """Characters [start, end) of a text are of `kind`: one of the recogniser's `kinds`."""

    start: int
    end: int
    kind: str


@runtime_checkable
class Recogniser(Protocol):
    """Finds spans in texts. A frozen dataclass: its fields are its settings, and count into every fingerprint.

    Let a field `version: int` say when its answers change, and name a model that it loads by an `Asset` among its
    fields. It is pickled with the stage: load the model at the first call, once per process (`functools.cache`).
    The same texts must get the same spans in any batches.
    """

    @property
    def kinds(self) -> tuple[str, ...]:
        """What it may find, snake_case: `name`, `address` ...; each becomes a measure `personal_KIND`."""
        ...

    def __call__(self, texts: Sequence[str], /) -> Sequence[Sequence[Span]]:
        """For each text its spans, in any order."""
        ...
