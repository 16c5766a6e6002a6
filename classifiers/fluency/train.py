"""Trains the model of fluency again: `python classifiers/fluency/train.py FOLDER [--out DIR]`.

FOLDER holds corpora/ with the files that README.md names. Model and metrics come out the same byte for byte each time.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import sources
from measure import measured

from curate.classifier.fluency import Training, train

HERE = Path(__file__).resolve().parent
TRAINING = Training()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where corpora/ is")
    parser.add_argument("--out", type=Path, default=HERE, help="where to write (default: beside this script)")
    options = parser.parse_args()
    texts = {source: sources.texts(options.folder, source) for source in sources.SOURCES}
    model = train([text for some in texts.values() for text in some], options.out / "model.bin", TRAINING)
    found = {"sources": {source: len(some) for source, some in texts.items()}, **measured(model, options.folder)}
    told = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    (options.out / "metrics.json").write_text(told, encoding="utf-8")


if __name__ == "__main__":
    main()
