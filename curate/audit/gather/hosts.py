"""The host of an address, and the domain that somebody registered for it."""

from __future__ import annotations

import polars as pl

LONGEST = 253  # characters of a host name (RFC 1035)

# Second-level names below which registries give out names: enough for what Chinese and English crawls hold; the whole
# list (publicsuffix.org) has ten thousand lines, of which most are companies'.
SECOND = frozenset(
    {
        "ac",
        "co",
        "com",
        "edu",
        "gob",
        "gov",
        "gouv",
        "govt",
        "go",
        "mil",
        "ne",
        "net",
        "nhs",
        "nom",
        "or",
        "org",
        "sch",
        "school",
    }
)
SHARED = frozenset(
    {
        "github.io",
        "gitlab.io",
        "blogspot.com",
        "wordpress.com",
        "herokuapp.com",
        "netlify.app",
        "vercel.app",
        "pages.dev",
        "readthedocs.io",
        "cnblogs.com",
        "lofter.com",
    }
)


def host(column: str) -> pl.Expr:
    """The host in a column of addresses, in lower case, without port, user and a leading www."""
    found = pl.col(column).str.extract(r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#]*@)?(\[[^\]/?#]*\]|[^/?#:]+)")
    return found.str.to_lowercase().str.strip_prefix("www.").str.slice(0, LONGEST)


def registered(name: str) -> str:
    """The registered domain of a host: example.co.uk of a.b.example.co.uk, a.github.io of x.a.github.io."""
    if name.startswith("[") or name.replace(".", "").isdigit():
        return name
    parts = name.rstrip(".").split(".")
    keep = (
        3 if len(parts) > 2 and ((parts[-2] in SECOND and len(parts[-1]) == 2) or ".".join(parts[-2:]) in SHARED) else 2
    )
    return ".".join(parts[-keep:])
