"""Homoglyphs: letters of another script inside a word, which look like its own."""

from __future__ import annotations

import re

_CYRILLIC = dict(zip("АВЕЅІЈКМНОРСТУХаеѕіјорсухһԛԝ", "ABESIJKMHOPCTYXaesijopcyxhqw", strict=True))
_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEZHIKMNOPTYXo", strict=True))
_TO_LATIN = _CYRILLIC | _GREEK
_TO_CYRILLIC = {latin: cyrillic for cyrillic, latin in _CYRILLIC.items()}

_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_OTHER = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff\u0400-\u052f]")
_CYRILLIC_LETTER = re.compile(r"[\u0400-\u052f]")
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f\u0300-\u036f\u0370-\u03ff\u0400-\u052f\u1e00-\u1fff]+")

MARKS = "".join(_TO_LATIN)
"""No homoglyph without one of these."""


def to_latin() -> dict[str, str]:
    """The letters of other scripts that look like a Latin one, and that one."""
    return dict(_TO_LATIN)


def unified(text: str) -> str:
    """`text` with words of mixed script in one script, where each strange letter in them has a twin in it.

    The script is that of most letters, Latin where there are as many. TNFα, β-blocker and µg stay: α, β and µ are
    nobody's twins.
    """
    return _WORD.sub(lambda word: _unified(word[0]), text)


def _unified(word: str) -> str:
    strange = len(_OTHER.findall(word))
    own = len(_LATIN.findall(word))
    if not strange or not own:
        return word
    if own < strange:
        cyrillic = "".join(_TO_CYRILLIC.get(char, char) for char in word)
        return word if _LATIN.search(cyrillic) or len(_CYRILLIC_LETTER.findall(word)) < strange else cyrillic
    latin = "".join(_TO_LATIN.get(char, char) for char in word)
    return word if _OTHER.search(latin) else latin
