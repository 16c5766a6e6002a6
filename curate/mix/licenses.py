"""Which licences a mix may hold, by SPDX expression: MIT, CC-BY-4.0 OR Apache-2.0, LicenseRef-hospital."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from curate.mix.refused import MixRefused

_ID = r"[A-Za-z0-9][A-Za-z0-9.+-]*(?::[A-Za-z0-9][A-Za-z0-9.-]*)?"  # DocumentRef-x:LicenseRef-y
_WORD = re.compile(rf"\s*(\(|\)|{_ID})")
_NONE = frozenset({"", "none", "null", "noassertion", "unknown", "other", "n-a", "unlicensed", "not-stated"})


@dataclass(frozen=True)
class Licence:
    """A parsed expression: one identifier (`of` is empty), or several joined by `join` (and, or)."""

    name: str = ""
    join: str = ""
    of: tuple[Licence, ...] = ()


def check_names(what: str, names: Collection[str]) -> None:
    """Raises `MixRefused` for a name that is no single SPDX identifier."""
    if isinstance(names, str):
        raise MixRefused(f"{what} is the text {names!r}, expected several identifiers: ({names!r},)")
    for name in names:
        found = parsed(name)
        if found is None or found.of:
            raise MixRefused(f"{what}: {name!r} is no SPDX identifier, expected one as MIT, CC-BY-4.0 or LicenseRef-x")


def parsed(expression: str | None) -> Licence | None:
    """The SPDX expression (SPDX 2.3, annex D), identifiers in lower case; None where nothing is said, or nothing that
    can be read as one ('see the site')."""
    if (expression or "").strip().casefold() in _NONE:
        return None
    words = list(_words(expression or ""))
    if not words or "" in words:
        return None
    found, rest = _either(words)
    return found if not rest else None


def permitted(licence: str | None, allowed: Collection[str] | None, denied: Collection[str], unknown: bool) -> bool:
    """Whether a document of this licence may be in a mix.

    Of `A OR B` one has to be permitted, of `A AND B` both. `A WITH exception` is permitted or denied by its own name or
    by A's. Where nothing is allowed or denied, everything is permitted.
    """
    if allowed is None and not denied:
        return True
    found = parsed(licence)
    if found is None:
        return unknown
    return _permitted(found, None if allowed is None else set(map(_normal, allowed)), set(map(_normal, denied)))


def _normal(name: str) -> str:
    """An identifier in lower case; those of the GNU licences that SPDX has replaced become what replaced them."""
    folded = name.casefold()
    if not re.match(r"(a|l)?gpl-\d|gfdl-\d", folded) or folded.endswith(("-only", "-or-later")):
        return folded
    return f"{folded[:-1]}-or-later" if folded.endswith("+") else f"{folded}-only"


def _permitted(found: Licence, allowed: Collection[str] | None, denied: Collection[str]) -> bool:
    if found.of:
        answers = [_permitted(part, allowed, denied) for part in found.of]
        return any(answers) if found.join == "or" else all(answers)
    names = {found.name, found.name.split(" with ")[0]}
    return not names & set(denied) and (allowed is None or bool(names & set(allowed)))


def _words(expression: str) -> Iterator[str]:
    """The words of an expression; an empty one where something is no word."""
    at, text = 0, expression.strip()
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            yield ""
            return
        yield match[1].casefold()
        at = match.end()


def _either(words: list[str]) -> tuple[Licence | None, list[str]]:
    return _joined(words, "or")


def _both(words: list[str]) -> tuple[Licence | None, list[str]]:
    return _joined(words, "and")


def _joined(words: list[str], join: str) -> tuple[Licence | None, list[str]]:
    parse = _both if join == "or" else _one
    found, rest = parse(words)
    parts = [found]
    while rest and rest[0] == join:
        found, rest = parse(rest[1:])
        parts.append(found)
    if any(one is None for one in parts):
        return None, rest
    known = tuple(one for one in parts if one is not None)
    return (known[0] if len(known) == 1 else Licence(join=join, of=known)), rest


def _one(words: list[str]) -> tuple[Licence | None, list[str]]:
    """An identifier, one with an exception, or what stands in brackets."""
    if not words or words[0] in (")", "and", "or", "with"):
        return None, words
    if words[0] == "(":
        found, rest = _either(words[1:])
        return (found, rest[1:]) if rest and rest[0] == ")" else (None, rest)
    if len(words) > 2 and words[1] == "with":
        return Licence(name=f"{_normal(words[0])} with {words[2]}"), words[3:]
    return Licence(name=_normal(words[0])), words[1:]
