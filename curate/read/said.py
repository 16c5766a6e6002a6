"""JSON as it was said: read without losing what Python's types have no room for, and written again for `meta`.

- A key that stands twice in an object within a record: both stay (`Repeated`). Twice in the record itself it costs the
  record, since which one counts is not said.
- NaN, Infinity and numbers beyond a double (1e999) are no JSON, or none that comes back: in `meta` they are strings, as
  they were written.
"""

from __future__ import annotations

import base64
import json
import math
from datetime import date, datetime
from typing import Any

from curate.document import Repeated, with_repeated

COMPACT = (",", ":")


class Beyond(float):
    """A number that no double holds: infinite, and as it was written."""

    written: str

    def __new__(cls, written: str) -> Beyond:
        made = super().__new__(cls, written)
        made.written = written
        return made


def _float(written: str) -> float:
    value = float(written)
    return value if math.isfinite(value) else Beyond(written)


_DECODER = json.JSONDecoder(object_pairs_hook=with_repeated, parse_float=_float)


def parsed(text: str) -> Any:
    """The JSON value of `text`. Raises as `json` does."""
    return _DECODER.decode(text)


def missing(value: Any) -> bool:
    """Whether there is no value: null, or NaN, which pandas writes for it."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def said(value: Any, *, in_order: bool = False) -> str:
    """`value` as JSON, keys sorted, or `in_order` as they stand: what a model reads is written as inference will write
    it, and chat templates write the tools of a dialogue in the order in which they are given. Bytes in base64, dates in
    ISO 8601, what else JSON has no words for as strings."""
    try:
        return json.dumps(
            value, ensure_ascii=False, sort_keys=not in_order, separators=COMPACT, allow_nan=False, default=_plain
        )  # fmt: skip
    except (ValueError, TypeError):  # NaN and infinities; keys that stand twice and have values without an order
        return json.dumps(_sayable(value, in_order), ensure_ascii=False, separators=COMPACT, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _sayable(value: Any, in_order: bool) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        if isinstance(value, Beyond):
            return value.written
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        pairs = [(str(name), _sayable(one, in_order)) for name, one in value.items()]
        return with_repeated(pairs if in_order else sorted(pairs, key=lambda pair: pair[0]))
    return [_sayable(one, in_order) for one in value] if isinstance(value, list | tuple) else value


__all__ = ["Beyond", "Repeated", "missing", "parsed", "said"]
