"""Text of documents on a terminal: short, and inert."""

from __future__ import annotations

EXCERPT = 300  # characters


def excerpt(text: str, limit: int = EXCERPT) -> str:
    """The beginning of a text as one paragraph; what could drive a terminal (control and bidi characters) is made
    visible.
    """
    short = text[:limit].replace("\n", " / ")
    shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in short)
    return shown + (f" ... ({len(text):,} characters)" if len(text) > limit else "")
