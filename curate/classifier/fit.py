"""The child's side of a training: one fastText model, in a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np


def main() -> None:
    """Settings and paths as JSON in the first argument; writes the quantised model. Exits with 1 where it holds NaN."""
    import fasttext

    wanted = json.loads(sys.argv[1])
    model = fasttext.train_supervised(
        input=wanted["lines"],
        dim=wanted["dim"],
        bucket=wanted["buckets"],
        wordNgrams=wanted["ngrams"],
        epoch=wanted["epochs"],
        lr=wanted["learning_rate"],
        minCount=wanted["min_count"],
        seed=wanted["seed"],
        loss="softmax",
        thread=1,
        verbose=0,
    )
    for matrix in (model.get_input_matrix(), model.get_output_matrix()):
        if not np.isfinite(matrix).all():
            sys.exit("the trained model holds NaN; lower the learning rate")
    model.quantize(dsub=wanted["part"], qnorm=True)
    part = Path(wanted["model"])
    model.save_model(str(part))
