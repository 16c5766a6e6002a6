"""How large the change from one version to the next is, and what counts say of it.

The rules, which follow semver.org for those who read the data:

major   what worked on A may not work on B, or mean something else: a column is gone or has another type, a split, a
        configuration, a language or a source is gone, the licence of the collection or of a document changed, tokens
        are counted by another tokenizer, or more than 10 % of A's documents are gone or changed
minor   B holds more: documents, columns, splits, domains; or more than 1 % of A's documents are gone or changed
patch   the rest: at most 1 % are gone (withdrawn, say) or changed, or the card alone is another
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from curate.publish.address import Held
from curate.publish.configs import configs
from curate.publish.store import order
from curate.table import batches

MAJOR, MINOR = 0.10, 0.01  # shares of A's documents


@dataclass(frozen=True)
class Change:
    """none, patch, minor or major; why; and what B would be called by it, where A has a number."""

    size: str
    because: tuple[str, ...]
    next: str | None


def change(
    a: Mapping[str, Any], b: Mapping[str, Any], *, added: int, gone: int, changed: int, relicensed: int = 0
) -> Change:
    """The size of the change from the version with manifest `a` to that with `b`."""
    if a["digest"] == b["digest"]:
        return Change("none", ("they are the same version",), None)
    before = sum(a["rows"].values())
    share = (gone + changed) / max(1, before)
    moved = f"{gone:,} of {before:,} documents are gone, {changed:,} are changed"
    major, minor = list(_broken(a, b)), list(_more(a, b))
    if relicensed:
        major.append(f"{relicensed:,} documents are under another licence")
    if share > MAJOR:
        major.append(f"{moved}: more than {100 * MAJOR:g} %")
    if added:
        minor.append(f"{added:,} documents are new")
    if MINOR < share <= MAJOR:
        minor.append(f"{moved}: more than {100 * MINOR:g} %")
    if major:
        return Change("major", tuple(major), _next(a, "major"))
    if minor:
        return Change("minor", tuple(minor), _next(a, "minor"))
    return Change("patch", (moved if gone or changed else "the same documents",), _next(a, "patch"))


def _broken(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    out = [f"column '{name}' is gone" for name in sorted(set(a["schema"]) - set(b["schema"]))]
    out += [
        f"column '{name}' is {b['schema'][name]}, was {kind}"
        for name, kind in sorted(a["schema"].items()) if b["schema"].get(name, kind) != kind
    ]  # fmt: skip
    for what, ours, theirs in _sets(a, b):
        out += [f"{what} {name} is gone" for name in sorted(ours - theirs)]
    if a["version"]["license"] != b["version"]["license"]:
        out.append(f"the licence is {b['version']['license']}, was {a['version']['license']}")
    was, now = ((one["mix"] or {}).get("tokenizer") for one in (a, b))
    if was is not None and now is not None and was != now:
        out.append(f"tokens are counted by another tokenizer, {now[:16]}, was {was[:16]}")
    return out


def _more(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    out = [f"column '{name}' is new" for name in sorted(set(b["schema"]) - set(a["schema"]))]
    for what, ours, theirs in _sets(a, b):
        out += [f"{what} {name} is new" for name in sorted(theirs - ours)]
    return out


def _sets(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[tuple[str, set[str], set[str]]]:
    return [
        (what, names(a), names(b))
        for what, names in (
            ("split", lambda one: set(one["rows"])),
            ("configuration", lambda one: {config.name for config in configs(one)}),
            ("language", lambda one: set(one["languages"])),
            ("source", lambda one: {str(source["source"]) for source in one["sources"]}),
        )
    ]


def _next(a: Mapping[str, Any], size: str) -> str | None:
    if a["number"] is None:
        return None
    major, minor, patch, *_ = order(a["number"])
    return {"major": f"{major + 1}.0.0", "minor": f"{major}.{minor + 1}.0", "patch": f"{major}.{minor}.{patch + 1}"}[
        size
    ]


def tokens(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Tokens by channel, over all splits."""
    out: dict[str, int] = {}
    for channels in manifest["tokens"].values():
        for name, count in channels.items():
            out[name] = out.get(name, 0) + count
    return out


def licenses(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Documents by licence."""
    out: dict[str, int] = {}
    for source in manifest["sources"]:
        name = source["license"] or "none stated"
        out[name] = out.get(name, 0) + source["documents"]
    return out


def beside(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Counts of A and of B under each name."""
    return {name: {"a": a.get(name, 0), "b": b.get(name, 0)} for name in sorted({*a, *b})}


def shared(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, int]:
    """How many of B's files are files of A too, and how many bytes are not."""
    ours = {file["sha256"] for file in a["files"].values()}
    new = [file for file in b["files"].values() if file["sha256"] not in ours]
    return {
        "of": len(b["files"]),
        "shared": len(b["files"]) - len(new),
        "new_bytes": sum(file["bytes"] for file in new),
    }


def means(version: Held) -> dict[str, float]:
    """The mean of each measure that is a number, over the documents that have it: whatever column is none of text."""
    names = [name for name, kind in version.manifest["schema"].items()
             if kind.startswith(("Int", "UInt", "Float")) or kind == "Boolean"]  # fmt: skip
    sums: dict[str, list[float]] = {name: [] for name in names}
    counts = dict.fromkeys(names, 0)
    for path in sorted(path for path in version.manifest["files"] if path.startswith("data/") and names):
        for docs in batches(version.path(path), names):
            for name in names:
                values = docs[name].cast(pl.Float64).drop_nulls().drop_nans()
                sums[name].append(math.fsum(values.to_list()))
                counts[name] += len(values)
    return {name: math.fsum(sums[name]) / counts[name] for name in names if counts[name]}
