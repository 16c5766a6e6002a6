"""Text of documents on a terminal and on a page: short, and inert."""

from __future__ import annotations

from curate.audit.secrets import redacted, redacted_address

EXCERPT = 300  # characters
AHEAD = 1000  # characters behind an excerpt that are looked at: an address that it cuts may only then show its secret


def visible(text: str) -> str:
    """One line of text, inert: what could drive a terminal (control and bidi characters) made visible, and the secrets
    of addresses taken out; text, names and addresses come from strangers.
    """
    return _seen(redacted(text))


def shown_url(url: str) -> str:
    """`visible` of what is an address as a whole, as in the columns url and locator."""
    return _seen(redacted_address(url))


def excerpt(text: str, limit: int = EXCERPT) -> str:
    """The beginning of a text as one paragraph, all of it visible."""
    shown = _seen(redacted(text[: limit + AHEAD])[:limit].replace("\n", " / "))
    return shown + (f" ... ({len(text):,} characters)" if len(text) > limit else "")


def passage(text: str, limit: int) -> str:
    """The beginning of a text with its lines, everything else in it visible, without secrets of addresses."""
    lines = redacted(text[: limit + AHEAD])[:limit].split("\n")
    return "\n".join(_seen(line.replace("\t", " ")) for line in lines)


def _seen(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
