"""Files of facts with a digest of themselves: whoever edits one, or a disk that lies, is noticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class MixChanged(ValueError):
    """A file of a mix is not the one that was written: somebody edited it, or the disk lies."""


def sealed(data: Mapping[str, Any]) -> bytes:
    """Canonical JSON: sorted keys and floats as they are, so that equal facts are equal bytes; with a `digest` of all
    the rest."""
    return _bytes({**data, "digest": _digest(data)})


def unsealed(path: Path) -> dict[str, Any]:
    """What was sealed in the file at `path`, without the digest. Raises `MixChanged`."""
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise MixChanged(f"{path} is missing: build the mix again") from None
    except ValueError as error:
        raise MixChanged(f"{path} is no JSON any more ({error}): build the mix again") from error
    said = data.pop("digest", None) if isinstance(data, dict) else None
    if said is None:
        raise MixChanged(
            f"{path} has no digest: another version of Curate wrote it, or not Curate; build the mix again"
        )
    found = _digest(data)
    if said != found:
        raise MixChanged(
            f"{path} was changed after it was written: its digest is {found[:16]}..., it says {str(said)[:16]}...; it "
            "is not edited by hand, for tokens and docs/ would not follow it: plan the mix again"
        )
    return dict(data)


def _bytes(data: Any) -> bytes:
    return json.dumps(data, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _digest(data: Any) -> str:
    return hashlib.sha256(_bytes(data)).hexdigest()
