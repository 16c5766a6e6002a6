"""Marks that are put into what a template is given and looked for in what it wrote: which part came from where.

They are noncharacters of Unicode, which no text may hold. A dialogue that holds them all the same is `Unmarkable`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

FIRST, LAST = 0xFDD0, 0xFDEF
OPEN, CLOSE = "\ufdd0", "\ufdd1"
DIGITS = [chr(code) for code in range(0xFDD2, 0xFDDA)]  # base 8
QUOTED, UNQUOTED = "\ufdda", "\ufddb"
MARK = re.compile(f"[{OPEN}{CLOSE}]([{DIGITS[0]}-{DIGITS[-1]}]+)")
NONCHARACTER = re.compile(f"[{chr(FIRST)}-{chr(LAST)}]")

Edit = Callable[[str], str]


class Unmarkable(ValueError):
    """A dialogue holds noncharacters: what the template wrote of it can't be told apart."""


def bracket(number: int) -> Edit:
    """Puts marks that say `number` around a text, inside the white space at its ends, which templates trim."""
    said = "".join(DIGITS[int(digit)] for digit in f"{number:o}")

    def edit(text: str) -> str:
        core = text.strip()
        if not core:
            return text
        begin = text.index(core)
        return f"{text[:begin]}{OPEN}{said}{core}{CLOSE}{said}{text[begin + len(core) :]}"

    return edit


def marked(text: str) -> tuple[str, dict[int, list[int]]]:
    """`text` without the marks of `bracket`, and the places there of each number's marks, in order."""
    out: list[str] = []
    places: dict[int, list[int]] = {}
    size = last = 0
    for found in MARK.finditer(text):
        out.append(text[last : found.start()])
        size += found.start() - last
        last = found.end()
        number = int("".join(str(DIGITS.index(digit)) for digit in found[1]), 8)
        places.setdefault(number, []).append(size)
    out.append(text[last:])
    return "".join(out), places


def quotes(control: re.Pattern[str]) -> list[tuple[Edit, bool, bool]]:
    """Ways to mark the control tokens in a text: the edit, whether it marks before, and after. A template that asks how
    a text begins or ends is not put off by one that marks the other side."""
    return [
        (lambda text: control.sub(lambda found: QUOTED + found[0] + UNQUOTED, text), True, True),
        (lambda text: control.sub(lambda found: found[0] + UNQUOTED, text), False, True),
        (lambda text: control.sub(lambda found: QUOTED + found[0], text), True, False),
    ]


def quoted(text: str, control: re.Pattern[str], before: bool, after: bool) -> tuple[str, frozenset[int]]:
    """`text` without the marks of `quotes`, and where in it the control tokens begin that had them."""
    found = set()
    for one in control.finditer(text):
        opens = text[one.start() - 1 : one.start()] == QUOTED
        closes = text[one.end() : one.end() + 1] == UNQUOTED
        if (opens or not before) and (closes or not after):
            ahead = text[: one.start()]
            found.add(one.start() - ahead.count(QUOTED) - ahead.count(UNQUOTED))
    return text.replace(QUOTED, "").replace(UNQUOTED, ""), frozenset(found)


def edited(value: Any, edit: Edit) -> Any:
    """`value`, JSON data, with every string in it edited, keys too."""
    if isinstance(value, str):
        return edit(value)
    if isinstance(value, Mapping):
        return {edit(name): edited(one, edit) for name, one in value.items()}
    if isinstance(value, list):
        return [edited(one, edit) for one in value]
    return value


def strings(value: Any) -> Iterable[str]:
    """Every string in JSON data, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield name
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
