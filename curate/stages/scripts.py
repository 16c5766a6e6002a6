"""Superscripts and subscripts as characters: 10<sup>9</sup>/L must not become 109/L."""

from __future__ import annotations

_RAISED = str.maketrans("0123456789+-−–=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-−–=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎")
SCRIPTS = frozenset(map(chr, (*_RAISED.values(), *_LOWERED.values())))


def raised(text: str) -> str | None:
    """`text` in superscript characters; None where not all of it has one (letters), or there is nothing."""
    return _translated(text, _RAISED)


def lowered(text: str) -> str | None:
    """`text` in subscript characters; None where not all of it has one, or there is nothing."""
    return _translated(text, _LOWERED)


def _translated(text: str, characters: dict[int, int]) -> str | None:
    text = text.strip()
    return text.translate(characters) if text and all(ord(char) in characters for char in text) else None
