"""A mix held against what was written: every byte is hashed again."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from curate import files
from curate.mix.seal import MixChanged, unsealed

HANDS = 4  # files that are hashed at a time
SAID = 10


def altered(folder: Path) -> list[str]:
    """A line for each file of the mix in `folder` that is missing or is not what its report says. Raises `MixChanged`
    where the report itself was changed."""
    named: Mapping[str, str] = unsealed(folder / "report.json")["files"]
    with ThreadPoolExecutor(HANDS) as pool:
        found = pool.map(partial(_fault, folder), sorted(named), (named[path] for path in sorted(named)))
        return [fault for fault in found if fault is not None]


def verified(folder: Path) -> dict[str, Any]:
    """The report of the mix in `folder`, all files of which are hashed again: 1 to 2 GB a second and core. Raises
    `MixChanged` with the files that differ."""
    faults = altered(folder)
    if faults:
        more = f"; and {len(faults) - SAID} more" if len(faults) > SAID else ""
        raise MixChanged(
            f"{folder} is not the mix that was written: {'; '.join(faults[:SAID])}{more}. Restore the files from a "
            "copy, or build the mix again"
        )
    return unsealed(folder / "report.json")


def _fault(folder: Path, path: str, expected: str) -> str | None:
    place = folder / path
    if not place.is_file():
        return f"{path} is missing"
    found = files.sha256(str(place))
    return None if found == expected else f"{path} has SHA-256 {found[:16]}..., report.json says {expected[:16]}..."
