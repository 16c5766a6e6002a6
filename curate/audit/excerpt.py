"""Text of documents on a terminal: short, and inert."""

from __future__ import annotations

EXCERPT = 300  # characters


def visible(text: str) -> str:
    """One line of text with what could drive a terminal (control and bidi characters) made visible: text, names and
    addresses come from strangers.
    """
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def excerpt(text: str, limit: int = EXCERPT) -> str:
    """The beginning of a text as one paragraph, all of it visible."""
    shown = visible(text[:limit].replace("\n", " / "))
    return shown + (f" ... ({len(text):,} characters)" if len(text) > limit else "")
