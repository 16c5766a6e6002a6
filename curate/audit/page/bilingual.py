"""Two languages in one page: every word of the interface stands there in both; a switch without script shows one."""

from __future__ import annotations

from collections.abc import Mapping

from curate.audit.page.markup import Html, tag, text

LANGUAGES: Mapping[str, str] = {"en": "en", "zh": "zh-CN"}
Words = Mapping[str, tuple[str, str]]
"""A word of the interface by its key: English, Chinese."""


class Speaker:
    """Says the words of a table in both languages. A key that is not there is a `KeyError`: no half-said page."""

    def __init__(self, words: Words) -> None:
        self.words = words

    def __call__(self, key: str, /, **parts: str) -> Html:
        """The word, its {parts} filled in: mark-up as it is, other text made inert."""
        english, chinese = self.words[key]
        return both(_filled(english, parts), _filled(chinese, parts))

    def plain(self, key: str, language: str) -> str:
        """The word in one language, for a title or an attribute."""
        return self.words[key][list(LANGUAGES).index(language)]

    def known(self, key: str, otherwise: str) -> Html:
        """The word for `key`, or `otherwise`, text from data, where the table has none."""
        return self(key) if key in self.words else Html(f'<bdi class="data">{text(otherwise)}</bdi>')


def both(english: Html, chinese: Html) -> Html:
    """The same in both languages."""
    if english == chinese:
        return english
    return Html(f'<span class="en" lang="en">{english}</span><span class="zh" lang="zh-CN">{chinese}</span>')


def _filled(words: str, parts: Mapping[str, str]) -> Html:
    out = text(words)
    for name, part in parts.items():
        out = Html(out.replace("{" + name + "}", part if isinstance(part, Html) else text(part)))
    return out


def switch(language: str, label: Html) -> tuple[Html, Html]:
    """(the radio buttons, which must stand first in the body; their labels, for the header)."""
    buttons = "".join(
        f'<input type="radio" name="language" id="show-{name}" class="show"{" checked" if name == language else ""}>'
        for name in LANGUAGES
    )
    names = {"en": "English", "zh": "中文"}
    labels = "".join(
        f'<label for="show-{name}" lang="{tagged}">{names[name]}</label>' for name, tagged in LANGUAGES.items()
    )
    return Html(buttons), tag("div", label, Html(labels), class_="switch")
