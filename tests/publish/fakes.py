"""Versions for tests of stores: their manifests are real, their data files any bytes, so that they cost nothing."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

from curate.publish.finish import finished
from curate.publish.manifest import FORMAT
from curate.publish.settings import Version
from curate.stage import settings

FILES = 8


def version(folder: Path, seed: str, *, name: str = "medical", number: str = "1.0.0", files: int = FILES,
            size: int = 40_000, own: int = 2) -> Path:  # fmt: skip
    """A version in `folder`: the last `own` of its data files hold bytes of their own, the others those of all."""
    (folder / "data").mkdir(parents=True)
    listed: dict[str, Any] = {}
    for at in range(files):
        path = f"data/train-general-{at:05d}-of-{files:05d}.parquet"
        data = random.Random(f"{seed if at >= files - own else ''}-{at}").randbytes(size)
        (folder / path).write_bytes(data)
        listed[path] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": size, "rows": 10, "columns_bytes": size}
    source = {"source": "pages", "role": "general", "domain": None, "lang": "zh", "kind": "prose", "license": "MIT",
              "documents": 10 * files, "characters": 100}  # fmt: skip
    manifest = {
        "format": FORMAT, "curate": "0", "name": name, "number": number, "parents": [], "mix": None,
        "version": settings(Version(name=name, title=f"Medical {seed}", number=number)),
        "schema": {"doc_id": "String", "text": "String"}, "files": listed, "rows": {"train": 10 * files}, "tokens": {},
        "characters": 100, "languages": {"zh": 10 * files}, "sources": [source],
    }  # fmt: skip
    made, _ = finished(manifest)
    for path, data in made.items():
        (folder / path).write_bytes(data)
    return folder
