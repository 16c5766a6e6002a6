"""Trains a model: the same texts, labels and settings give the same file, byte for byte, or none at all.

fastText below 10 threads can read memory that it never wrote (densematrix.cc), which gives another model each time, or
NaN. So it runs with one thread in a child whose C library fills what it hands out (MALLOC_PERTURB_), twice, and the two
files must be equal.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from curate.classifier.model import PREFIX
from curate.kernels.tokens import spaced
from curate.stage import Asset

LABEL = re.compile(r"[^\W_][\w.-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class Training:
    """Settings of fastText's supervised training, and of the quantisation behind it."""

    dim: int = 8
    buckets: int = 1 << 17  # of hashed n-grams
    ngrams: int = 2
    epochs: int = 5
    learning_rate: float = 0.5
    min_count: int = 5
    seed: int = 0
    part: int = 2  # dimensions that one byte of the quantised model stands for


class NotReproducible(RuntimeError):
    """Two trainings on the same file gave different models."""


class TrainingFailed(RuntimeError):
    """The training ended without a model, or with one that holds NaN."""


class NotTrainable(ValueError):
    """The texts and labels are none that a judge can be trained on."""


def train(texts: Sequence[str], labels: Sequence[str], out: Path, training: Training) -> Asset:
    """Writes the quantised model to `out`, which is replaced. `labels` has one for each text, at least two kinds.

    Texts come in the order in which fastText shall see them: mix the labels, it is plain gradient descent. Takes twice
    the time of one training. Raises `NotTrainable`, `NotReproducible`, `TrainingFailed`.
    """
    if len(texts) != len(labels):
        raise NotTrainable(f"{len(texts)} texts and {len(labels)} labels; give one label to each text")
    kinds = sorted(set(labels))
    if len(kinds) < 2:
        raise NotTrainable(f"all {len(labels)} texts have one label {kinds}; a judge is trained on at least two kinds")
    for label in kinds:
        if not LABEL.fullmatch(label):
            raise NotTrainable(f"label {label!r}; expected a word of letters, digits, '.', '_' and '-'")
    with tempfile.TemporaryDirectory(prefix="curate-train-") as folder:
        lines = Path(folder, "lines.txt")
        _write(lines, texts, labels)
        models = [Path(folder, f"{attempt}.ftz") for attempt in range(2)]
        digests = [_trained(lines, model, training) for model in models]
        if digests[0] != digests[1]:
            raise NotReproducible(
                f"two trainings on the same file gave {digests[0][:16]}... and {digests[1][:16]}...; "
                "fastText read memory that it had not written. Train on Linux with glibc, or change the sizes a little"
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(models[0].read_bytes())
    return Asset.of(out)


def _write(path: Path, texts: Sequence[str], labels: Sequence[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line, label in zip(spaced(pl.Series(texts, dtype=pl.String)), labels, strict=True):
            file.write(f"{PREFIX}{label} {line}\n")


def _trained(lines: Path, model: Path, training: Training) -> str:
    """SHA-256 of the model that a fresh child writes to `model`."""
    wanted = json.dumps({"lines": str(lines), "model": str(model), **asdict(training)})
    child = subprocess.run(
        [sys.executable, "-c", "from curate.classifier.fit import main; main()", wanted],
        env={**os.environ, "MALLOC_PERTURB_": "255", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    if child.returncode or not model.is_file():
        raise TrainingFailed(f"fastText ended with {child.returncode}: {child.stderr.strip()[-400:]}")
    return hashlib.sha256(model.read_bytes()).hexdigest()
