"""Formulas of a page as LaTeX in its text: `$E=mc^2$`, on a line of their own `$$...$$`.

Pages carry them in many ways (MathML, with or without its LaTeX source; what MathJax and KaTeX left behind; images with
the source as their alt text), and extractors drop most of them, so that `where a^2 holds` becomes `where holds`.
"""

from __future__ import annotations

import re
from typing import Any

DEPTH = 100  # elements; the formulas of pages nest some ten deep

_VISUAL = (  # what is drawn for the eye beside a formula that also stands there as MathML or LaTeX
    "//*[contains(@class, 'katex-html') or contains(@class, 'MathJax_Preview') or contains(@class, 'MathJax_CHTML')"
    " or contains(@class, 'MathJax_SVG')] | //mjx-math | //nobr[@aria-hidden='true']"
)
_DRAWN = ("katex-html", "MathJax", "mjx-math", "nobr")
_MATH = "//*[name() = 'math' or substring-after(name(), ':') = 'math']"
_TAG = re.compile("<(?:\\w+:)?math\\b", re.I)
_ANNOTATION = re.compile(r"(?:application|text)/x-(?:la)?tex", re.I)
_IMAGE = re.compile(r"(?:^|[\s_-])(?:latex|tex|math|equation|mwe-math\S*)(?:$|[\s_-])", re.I)
_SOURCE = re.compile(r"equation\?tex=|latex\.(?:php|codecogs)|mathtex|/math/render/|chart\?cht=tx", re.I)
_SIGNS = ("math", "Math", "latex", "LaTeX", "equation", "cht=tx", 'tex"', '"tex ', "tex'", "'tex ")  # not "text/css"
_STYLE = re.compile(r"\{\\(?:display|text)style\s*(.*)\}")
_SPACES = re.compile(r"\s+")
_GROUPS = {  # MathML element -> LaTeX of its children
    "mfrac": r"\frac{%s}{%s}",
    "msup": "%s^{%s}",
    "msub": "%s_{%s}",
    "msubsup": "%s_{%s}^{%s}",
    "munder": "%s_{%s}",
    "mover": "%s^{%s}",
    "munderover": "%s_{%s}^{%s}",
}


def formulas(tree: Any, markup: str) -> None:
    """Replace the formulas of `tree`, in place, by their LaTeX. `markup` tells whether there can be any."""
    if not _may_hold(markup):
        return
    for script in list(tree.iter("script")):
        if (script.get("type") or "").startswith("math/tex"):
            _drop_rendering(script)
            _replace(script, script.text or "", "display" in script.get("type"))
    for element in tree.xpath(_VISUAL) if any(sign in markup for sign in _DRAWN) else ():
        if element.getparent() is not None:
            element.drop_tree()
    for element in tree.xpath(_MATH) if _TAG.search(markup) else ():
        if element.getparent() is not None:
            _show(element)
            _replace(element, latex_of(element), element.get("display") == "block")
    for image in list(tree.iter("img")):
        alt = image.get("alt") or ""
        named = _IMAGE.search(image.get("class") or "") or _SOURCE.search(image.get("src") or "")
        if alt and named and not _before(image).endswith("$"):
            _replace(image, alt, display=False)


def _may_hold(markup: str) -> bool:
    return any(sign in markup for sign in _SIGNS)


def latex_of(math: Any) -> str:
    """A `math` element as LaTeX: the source that it carries along, else its elements written so; without dollars."""
    return _source(math) or _latex(math)


def _local(element: Any) -> str:
    """The tag without the prefix that XHTML pages write (mml:math), or the namespace of XML."""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower()


def _source(math: Any) -> str:
    """The LaTeX that MathML carries along: an annotation, or the alternative text."""
    for element in math.iter():
        if (
            isinstance(element.tag, str)
            and _local(element) == "annotation"
            and _ANNOTATION.match(element.get("encoding") or "")
        ):
            return element.text or ""
    return math.get("alttext") or ""


def _latex(element: Any, depth: int = 0) -> str:
    """MathML written as LaTeX, as far as it goes without knowing every command: signs stay the characters they are."""
    tag = _local(element)
    if tag in ("annotation", "annotation-xml"):
        return ""
    if depth > DEPTH:
        return "".join(element.itertext())
    parts = [_latex(child, depth + 1) for child in element if isinstance(child.tag, str)]
    if tag in _GROUPS and len(parts) == _GROUPS[tag].count("%s"):
        return _GROUPS[tag] % tuple(parts)
    if tag == "msqrt":
        return rf"\sqrt{{{''.join(parts)}}}"
    if tag == "mroot" and len(parts) == 2:
        return rf"\sqrt[{parts[1]}]{{{parts[0]}}}"
    if tag == "mtr":
        return " & ".join(parts) + r" \\ "
    if tag == "mfenced":
        return f"{element.get('open', '(')}{','.join(parts)}{element.get('close', ')')}"
    return (element.text or "").strip() + "".join(parts)


def _replace(element: Any, latex: str, display: bool) -> None:
    latex = _SPACES.sub(" ", latex).strip().strip("$").strip()
    if styled := _STYLE.fullmatch(latex):  # Wikipedia's: how large it is set
        latex = styled[1].strip()
    if latex:
        sign = "$$" if display else "$"
        element.tail = f"{sign}{latex}{sign}{element.tail or ''}"
    element.drop_tree()


def _show(math: Any) -> None:
    """Wikipedia hides the MathML behind an image of it: what is around it must not be taken for hidden text."""
    for around in math.iterancestors("span", "mjx-assistive-mml"):
        for name in ("style", "class", "aria-hidden"):
            around.attrib.pop(name, None)
        around.tag = "span"


def _drop_rendering(script: Any) -> None:
    """What MathJax 2 drew stands before the script that holds the source."""
    while (drawn := script.getprevious()) is not None and "MathJax" in (drawn.get("class") or ""):
        if drawn.tail and not drawn.tail.isspace():
            return
        drawn.drop_tree()


def _before(image: Any) -> str:
    """The text right before an image: its formula may stand there already, as Wikipedia has both."""
    before = image.getprevious()
    text = image.getparent().text if before is None else before.tail or "".join(before.itertext())
    return (text or "").rstrip()
