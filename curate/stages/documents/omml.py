"""Formulas of Office documents (OMML, ECMA-376 part 1, 22.1) as LaTeX: `$x^{2}+1$`, on lines of their own `$$...$$`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from curate.stages.documents.zipped import local

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
STRICT = b"http://purl.oclc.org/ooxml/officeDocument/math"
SILENT = frozenset({"ctrlPr", "rPr", "argPr"})
SIGNS = {"∑": r"\sum", "∏": r"\prod", "∫": r"\int", "∬": r"\iint", "∮": r"\oint", "⋃": r"\bigcup", "⋂": r"\bigcap"}
DEPTH = 100  # formulas nest some ten deep


def formula(node: Any) -> str:
    """An `oMath`, or an `oMathPara`, which stands on a line of its own; empty where it holds nothing."""
    latex = _inside(node, 0).strip()
    sign = "$$" if local(node) == "oMathPara" else "$"
    return f"{sign}{latex}{sign}" if latex else ""


def _inside(node: Any, depth: int) -> str:
    """The LaTeX of what is below a node, in order."""
    if depth > DEPTH:
        return "".join(node.itertext())
    return "".join(_latex(child, depth + 1) for child in node if isinstance(child.tag, str))


def _latex(node: Any, depth: int) -> str:
    name = local(node)
    if name in SILENT or name.endswith("Pr"):
        return ""
    if name == "t":
        return node.text or ""
    write = _WRITE.get(name)
    return _inside(node, depth) if write is None else write(node, _Parts(node, depth))


class _Parts:
    """The operands of an element by their names."""

    def __init__(self, node: Any, depth: int) -> None:
        self._node, self._depth = node, depth

    def __getitem__(self, name: str) -> str:
        found = self._node.find(M + name)
        return "" if found is None else _inside(found, self._depth)

    def all(self, name: str) -> list[str]:
        return [_inside(one, self._depth) for one in self._node.findall(M + name)]


def _stated(node: Any, properties: str, name: str, default: str) -> str:
    """A value among the properties of an element."""
    found = node.find(f"{M}{properties}/{M}{name}")
    return default if found is None else str(found.get(f"{M}val", default))


def _scripted(base: str, below: str, above: str) -> str:
    return base + (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")


def _root(_: Any, parts: _Parts) -> str:
    return rf"\sqrt[{parts['deg']}]{{{parts['e']}}}" if parts["deg"] else rf"\sqrt{{{parts['e']}}}"


def _large(node: Any, parts: _Parts) -> str:
    sign = _stated(node, "naryPr", "chr", "∫")
    return f"{_scripted(SIGNS.get(sign, sign), parts['sub'], parts['sup'])} {parts['e']}"


def _brackets(node: Any, parts: _Parts) -> str:
    begin, between, end = (
        _stated(node, "dPr", name, default) for name, default in (("begChr", "("), ("sepChr", "|"), ("endChr", ")"))
    )
    return begin + between.join(parts.all("e")) + end


def _matrix(node: Any, parts: _Parts) -> str:
    rows = (_Parts(row, parts._depth).all("e") for row in node.findall(f"{M}mr"))
    return r"\begin{matrix}" + r" \\ ".join(" & ".join(row) for row in rows) + r"\end{matrix}"


_WRITE: Mapping[str, Callable[[Any, _Parts], str]] = {
    "f": lambda _, parts: rf"\frac{{{parts['num']}}}{{{parts['den']}}}",
    "sSup": lambda _, parts: _scripted(parts["e"], "", parts["sup"]),
    "sSub": lambda _, parts: _scripted(parts["e"], parts["sub"], ""),
    "sSubSup": lambda _, parts: _scripted(parts["e"], parts["sub"], parts["sup"]),
    "sPre": lambda _, parts: _scripted("{}", parts["sub"], parts["sup"]) + parts["e"],
    "limLow": lambda _, parts: _scripted(parts["e"], parts["lim"], ""),
    "limUpp": lambda _, parts: _scripted(parts["e"], "", parts["lim"]),
    "rad": _root,
    "nary": _large,
    "d": _brackets,
    "m": _matrix,
    "eqArr": lambda _, parts: r" \\ ".join(parts.all("e")),
    "bar": lambda _, parts: rf"\overline{{{parts['e']}}}",
}
