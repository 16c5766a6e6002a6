"""HTML from pieces that are inert: text from data, numbers that say their value, elements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape

from curate.audit.excerpt import visible


class Html(str):
    """Mark-up of our own, as against text from data; both are `str`, and only this one is written as it is."""

    __slots__ = ()


def text(value: object) -> Html:
    """Text from data: escaped, and what is invisible (controls, bidi overrides) made visible. Lines stay lines."""
    lines = str(value).split("\n")
    return Html("\n".join(escape(visible(line), quote=True) for line in lines))


def data(value: object) -> Html:
    """Text from data in a box of its own: its direction can't leak, and its length can't push the page apart."""
    return Html(f'<bdi class="data">{text(value)}</bdi>')


def joined(parts: Iterable[str], between: str = "") -> Html:
    """Pieces one after another; what is no `Html` is text from data."""
    return Html(between.join(part if isinstance(part, Html) else text(part) for part in parts))


def tag(name: str, /, *children: str, **attributes: object) -> Html:
    """An element; `class_`, `for_` and names with _ are attributes as HTML spells them, None leaves one out."""
    said = "".join(
        f' {_attribute(key)}="{text(value)}"' if value is not True else f" {_attribute(key)}"
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{name}{said}>{joined(children)}</{name}>")


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


# Numbers. Each stands in <data value="..."> (in SVG: data-value="..."), so that what is shown can be checked.

NOTHING = "\u2013"  # an en dash: not there


def count(value: float) -> str:
    """1,234"""
    return f"{value:,.0f}"


def percent(value: float) -> str:
    """12.3 %; small shares with two digits."""
    whole = 100 * value
    if value and abs(whole) < 0.1:
        return f"{whole:.2g}\u00a0%" if abs(whole) >= 0.0001 else "<\u00a00.0001\u00a0%"
    return f"{whole:.1f}\u00a0%"


def size(value: float) -> str:
    """1.2 MB"""
    number, unit = float(value), "B"
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if abs(number) < 1000 or unit == "TB":
            break
        number /= 1000
    return f"{number:,.0f}\u00a0{unit}" if unit == "B" else f"{number:,.1f}\u00a0{unit}"


def plain(value: float) -> str:
    """A measure: up to four digits."""
    if abs(value) >= 1e15:
        return f"{value:.2g}"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


FORMATS: Mapping[str, Callable[[float], str]] = {"count": count, "share": percent, "bytes": size, "plain": plain}


def number(value: float | None, kind: str = "count") -> Html:
    """A number with its value; a dash for None."""
    if value is None:
        return Html(f'<span class="none">{NOTHING}</span>')
    return Html(f'<data value="{exact(value)}">{FORMATS[kind](value)}</data>')


def exact(value: float) -> str:
    """A number as JSON writes it."""
    return (
        repr(int(value)) if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15) else repr(value)
    )
