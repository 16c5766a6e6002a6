"""The fields of a record (a JSON object, a row of a table) as the columns of a document."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from curate.document import render
from curate.read.dialogue import TURN_FIELDS, Dialogue, broken, dialogue, is_turns, listed, no_turns, pair
from curate.read.record import Record, Unfit
from curate.read.said import missing, said
from curate.recipe import Source

TEXT = ("text", "content", "body", "raw_content", "正文", "内容", "文本")
HTML = ("html", "raw_html")
NAMES = (*TEXT, *HTML)
IDS = ("id", "doc_id", "uuid", "_id")
KINDS = frozenset({"prose", "code", "maths", "table", "list", "dialogue", "classical"})
STATUS = frozenset({"in force", "amended", "repealed"})
LANGUAGES = {
    **dict.fromkeys(("zho", "chi", "cmn", "chinese", "中文", "汉语", "简体中文", "繁體中文"), "zh"),
    **dict.fromkeys(("eng", "english", "英文", "英语"), "en"),
}
LANGUAGE = re.compile(r"([a-z]{2})(?:[-_].*)?")
DAY = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?)?)?)?")  # ISO 8601


def record_of(values: Mapping[str, Any], source: Source, locator: str) -> Record:
    """The document that `values` hold. Raises `Unfit` where they hold none.

    What becomes a column leaves `meta`; a field whose value its column can't take (a date that is not ISO 8601, a
    number for a language) stays there, so nothing that the input said is lost.
    """
    try:
        return _record(values, source, locator)
    except Unfit as unfit:
        ids = (identity(values.get(name)) for name in IDS)
        unfit.known = {"origin_id": next(filter(None, ids), None), "url": _string(values.get("url"))}
        raise


def _record(values: Mapping[str, Any], source: Source, locator: str) -> Record:
    content = _content(values, source)
    used = set(content.used)
    columns: dict[str, str | None] = {}
    talk = content.dialogue
    if talk is not None:
        columns["kind"] = "dialogue"
    for column, names, fit in columns_of(tuple(values)):
        for name in names if column not in columns else ():
            if name not in used and (fitted := fit(values[name])) is not None:
                used.add(name)
                columns[column] = fitted
                break
    rest = {name: value for name, value in values.items() if name not in used and value is not None}
    if talk is not None and talk.rest:
        rest[TURN_FIELDS] = talk.rest
    key = locator
    if source.key is not None:
        found = identity(values.get(source.key))
        if found is None:
            raise Unfit("no_key", f"'{source.key}' is {_shown(values.get(source.key))}; {_fields(values)}")
        key = found
        columns.setdefault("origin_id", key)  # so that it is found again by what its source knows it by
    return Record(
        key=key,
        locator=locator,
        text=content.text if talk is None else render(talk.turns),
        raw=content.raw,
        content_type=content.content_type,
        messages=None if talk is None else talk.turns,
        tools=None if talk is None else talk.tools,
        meta=meta_of(rest),
        **columns,
    )


@lru_cache(maxsize=256)
def columns_of(names: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...], Callable[[Any], str | None]], ...]:
    """The columns that fields of these names may fill: (column, its names among them, what fits it), by name once.

    The records of a file have the same few sets of names: looked up for each one, absent names took a third of reading.
    """
    there = set(names)
    found = ((column, tuple(name for name in among if name in there), fit) for column, among, fit in _FITTING)
    return tuple((column, among, fit) for column, among, fit in found if among)


class _Content(NamedTuple):
    used: frozenset[str]
    text: str | None = None
    raw: bytes | None = None
    content_type: str | None = None
    dialogue: Dialogue | None = None


def _content(values: Mapping[str, Any], source: Source) -> _Content:
    """Text, HTML or a dialogue: the declared field, else turns, else the first common name that has a value."""
    if source.text is not None:
        value = values.get(source.text)
        talk = dialogue({**values, "messages": value}) if is_turns(listed(value)) else None
        if talk is not None:
            return _Content(talk.used - {"messages"} | {source.text}, dialogue=talk)
        return _single(source.text, value, values)
    talk = dialogue(values)
    if talk is not None:
        return _Content(talk.used, dialogue=talk)
    for name in NAMES:
        if not missing(values.get(name)):
            return _single(name, values[name], values)
    talk = pair(values)
    if talk is not None:
        return _Content(talk.used, dialogue=talk)
    if (unfit := broken(values)) is not None:
        raise unfit
    raise Unfit("no_text", f"no field named {', '.join(NAMES)} holds text, and no dialogue; {_fields(values)}")


def _single(name: str, value: Any, values: Mapping[str, Any]) -> _Content:
    used = frozenset({name})
    if missing(value):
        raise Unfit("no_text", f"'{name}' is {'null' if name in values else 'missing'}; {_fields(values)}")
    if name in HTML and isinstance(value, str | bytes):
        if isinstance(value, bytes):
            return _Content(used, raw=value, content_type="text/html")
        return _Content(used, raw=value.encode(), content_type="text/html; charset=utf-8")
    if isinstance(value, bytes):
        try:
            return _Content(used, text=value.decode())
        except UnicodeDecodeError as error:
            raise Unfit("undecodable", f"'{name}' is not UTF-8: {error.reason} at byte {error.start}") from None
    if isinstance(value, list) and value and isinstance(value[0], dict):
        raise no_turns(name, value)
    if not isinstance(value, str):
        raise Unfit("wrong_type", f"'{name}' is {_shown(value)}, expected text")
    return _Content(used, text=value)


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def identity(value: Any) -> str | None:
    """An id as text: of text that is not empty, or a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _string(value)


def _language(value: Any) -> str | None:
    """ISO 639-1 where that is what the value means: zh-CN and zho are zh."""
    if not isinstance(value, str):
        return None
    folded = value.strip().lower()
    matched = LANGUAGE.fullmatch(folded)
    return matched[1] if matched else LANGUAGES.get(folded)


def _kind(value: Any) -> str | None:
    return value if isinstance(value, str) and value in KINDS else None


def _status(value: Any) -> str | None:
    return value if isinstance(value, str) and value in STATUS else None


def _date(value: Any) -> str | None:
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if not isinstance(value, str) or not DAY.fullmatch(value):
        return None
    try:
        date.fromisoformat(value[:10] + "-01-01"[len(value[:10]) - 4 :])  # 2024-13-45 is written so, and no day
    except ValueError:
        return None
    return value


_FITTING: tuple[tuple[str, tuple[str, ...], Callable[[Any], str | None]], ...] = (
    ("origin_id", IDS, identity),
    ("url", ("url",), _string),
    ("domain", ("domain",), _string),
    ("lang", ("lang", "language"), _language),
    ("kind", ("kind",), _kind),
    ("license", ("license", "licence"), _string),
    ("date", ("date", "timestamp"), _date),
    ("status", ("status",), _status),
)
"""For each column the names of fields that may fill it, the first that fits, and what fits."""


def meta_of(rest: dict[str, Any]) -> str | None:
    """What became no column, as JSON."""
    return said(rest) if rest else None


def _shown(value: Any) -> str:
    return "null or missing" if value is None else f"{type(value).__name__} {str(value)[:40]!r}"


def _fields(values: Mapping[str, Any]) -> str:
    return f"the record has {', '.join(list(values)[:20]) or 'no fields'}"
