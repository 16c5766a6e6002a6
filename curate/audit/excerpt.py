"""Text of documents on a terminal and on a page: short, and inert."""

from __future__ import annotations

from curate.audit.secrets import redacted, redacted_address

EXCERPT = 300  # characters
AHEAD = 1000  # characters behind an excerpt that are looked at: an address that it cuts may only then show its secret


def visible(text: str) -> str:
    """One line of text with what could drive a terminal (control and bidi characters) made visible: text, names and
    addresses come from strangers.
    """
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def shown_address(text: str) -> str:
    """`visible`, and without the secrets that addresses carry."""
    return visible(redacted(text))


def shown_url(url: str) -> str:
    """`shown_address` of an address as a whole, as it stands in the columns url and locator."""
    return visible(redacted_address(url))


def excerpt(text: str, limit: int = EXCERPT) -> str:
    """The beginning of a text as one paragraph, all of it visible."""
    shown = visible(redacted(text[: limit + AHEAD])[:limit].replace("\n", " / "))
    return shown + (f" ... ({len(text):,} characters)" if len(text) > limit else "")


def passage(text: str, limit: int) -> str:
    """The beginning of a text with its lines, everything else in it visible, without secrets of addresses."""
    lines = redacted(text[: limit + AHEAD])[:limit].split("\n")
    return "\n".join(visible(line.replace("\t", " ")) for line in lines)
