"""JSON without its personal data: each string and number in it is a text, and the key before it is its label."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from curate.document import with_repeated

_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can say half a character, a column of text can't hold it

Json: TypeAlias = Any


class Fields:
    """The values in one JSON document. One that is not JSON is a text itself; JSON inside a string is gone into."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._value = _parsed(source)
        self.texts = list(_leaves(self._value, ""))
        """(label, text) of each value, in order; the label is empty or ends with a colon."""

    def written(self, new: dict[int, str]) -> str:
        """The document with other texts in the places that `new` names, by their ordinal in `texts`."""
        if not new:
            return self._source
        if isinstance(self._value, str):
            return new[0]
        value = _replaced(self._value, new, iter(range(len(self.texts))))
        out = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return json.dumps(value, separators=(",", ":")) if _SURROGATE.search(out) else out


def _parsed(source: str) -> Json:
    """What `source` says; itself where it is no JSON object or list."""
    if source.lstrip()[:1] not in ("{", "["):
        return source
    try:
        return json.loads(source, object_pairs_hook=with_repeated)
    except (ValueError, RecursionError):
        return source


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _leaves(value: Json, label: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, "" if _SURROGATE.search(key) else f"{key}: ")
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, label)
    elif isinstance(value, str):
        inside = _parsed(value)
        if isinstance(inside, str):
            yield label, _SURROGATE.sub("\ufffd", value)
        else:
            yield from _leaves(inside, label)
    elif _is_number(value):
        yield label, str(value)


def _replaced(value: Json, new: dict[int, str], places: Iterator[int]) -> Json:
    """`value` with other texts; walks as `_leaves` does."""
    if isinstance(value, dict):
        return with_repeated([(key, _replaced(inner, new, places)) for key, inner in value.items()])
    if isinstance(value, list):
        return [_replaced(inner, new, places) for inner in value]
    if isinstance(value, str):
        inside = _parsed(value)
        if isinstance(inside, str):
            return new.get(next(places), value)
        changed = _replaced(inside, new, places)
        return value if changed == inside else json.dumps(changed, ensure_ascii=False, separators=(",", ":"))
    if _is_number(value):
        return new.get(next(places), value)
    return value
