"""Numbers of a mix in words."""

from __future__ import annotations

from fractions import Fraction

SIZES = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))


def percent(share: Fraction | float) -> str:
    """A share for people: '12 %', '12.34 %'."""
    return f"{float(share) * 100:.2f}".rstrip("0").rstrip(".") + " %"


def amount(number: int, up: bool = False, like: int | None = None) -> str:
    """A count for people, three digits: '1.2 B', '723 M', '950'. Rounded down, or up for what is needed. With `like` in
    the unit in which that number is said, where it is a hundredth of it or more: '0.72 B' beside 1.2 B."""
    for size, name in SIZES:
        if number >= size or (like is not None and like >= size and 100 * number >= size):
            whole = str(number // size)
            digits = max(0, 3 - len(whole)) if number >= size else 2
            step = size // 10**digits
            steps = -(-number // step) if up else number // step
            text = f"{steps // 10**digits}.{steps % 10**digits:0{digits}d}" if digits else str(steps)
            return f"{text.rstrip('0').rstrip('.') if digits else text} {name}"
    return str(number)


def several(count: int, of: str) -> str:
    """'1 document', '2 documents'."""
    return f"{count} {of}{'' if count == 1 else 's'}"


def words(unit: str) -> str:
    """A unit in running text: 'supervised tokens'."""
    return unit.replace("_", " ")
