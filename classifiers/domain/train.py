"""Trains the domain judge again: `python classifiers/domain/train.py FOLDER [--out DIR]`.

FOLDER holds corpora/ with the files that README.md names. The folder comes out the same byte for byte each time; the
sources of `READ` and `UNREAD` are measured where they are there.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
from measure import measured
from sentences import DOMAINS, HERE, NEUTRAL, QUALITY, Written
from sources import TRAINED, order, texts

from curate.classifier import folder
from curate.classifier.counting import Counting
from curate.classifier.make import LABELLED, Making, make
from curate.classifier.parts import TEST, TRAIN, VALID
from curate.classifier.samples import passage
from curate.stage import Asset

LONGEST = 3_000  # characters of a document's beginning: length shall be no mark of a domain
WRITTEN = 800  # passages put together of each family of sentences
NEUTRAL_TIMES = 4  # so many of sentences of no trade: they are to carry every term of the domain
HELD_OUT = 60  # of each family, of sentences that are not trained on: to calibrate on, and as many to test on

MAKING = Making(
    name="domain",
    labels=DOMAINS,
    balance="none",
    training=Counting(smoothing=4.0, floor=0.2, pairs=0.5, pair_sources=4, word_count=3, sharpness=50.0),
)


def main() -> None:
    """The whole folder: model, judge.json, metrics."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where corpora/ is")
    parser.add_argument("--out", type=Path, default=HERE, help="where to write (default: beside this script)")
    arguments = parser.parse_args()
    docs = documents(arguments.folder)
    with tempfile.TemporaryDirectory() as place:
        made = make(docs, Path(place, "domain"), MAKING, inputs(arguments.folder), print)
        arguments.out.mkdir(parents=True, exist_ok=True)
        for name in (folder.MODEL, folder.FACTS):
            shutil.copyfile(Path(place, "domain", name), arguments.out / name)
        own = json.loads(Path(place, "domain", folder.METRICS).read_text("utf-8"))
    model, facts = folder.assets(arguments.out)
    assert model.sha256 == made.model.sha256
    folder.written({**own, **measured(model, facts, arguments.folder)}, arguments.out / folder.METRICS)


def documents(data: Path) -> pl.DataFrame:
    """The columns of `LABELLED` and `part`: documents, passages of them, and passages of written sentences."""
    rows: list[tuple[Any, ...]] = []
    for origin in TRAINED:
        some = sorted((row for row in texts(data, origin.path) if len(row[1]) >= 20), key=lambda row: order(row[0]))
        starts = [(key, text[:LONGEST]) for key, text in some[: origin.documents]]
        cuts = [
            (key, passage(text, Random(f"{key} {turn}")))
            for turn in range(-(-origin.passages // len(some)))
            for key, text in some
        ]
        for key, text in (*starts, *cuts[: origin.passages]):
            part = (TEST, VALID)[order(key)[0] % 2] if order(key)[1] < 26 else TRAIN
            rows.append((text, origin.label, origin.path, origin.lang, None, None, part))
    for lang in ("en", "zh"):
        for domain in DOMAINS:
            for part, count in ((TRAIN, WRITTEN), (VALID, HELD_OUT), (TEST, HELD_OUT)):
                some_written = Written(domain, lang, held_out=part != TRAIN)
                for family in some_written.kinds:
                    first = count if part == TEST else 0
                    many = count * NEUTRAL_TIMES if part == TRAIN and family == NEUTRAL else count
                    passages = [some_written.passage(family, first + number) for number in range(many)]
                    rows += [(text, domain, f"written/{family}", lang, None, None, part) for text in passages]
    return pl.DataFrame(rows, schema={**LABELLED, "part": pl.String()}, orient="row")


def inputs(data: Path) -> list[dict[str, Any]]:
    """The files that were learned from, for judge.json."""
    found = [
        {"label": origin.label, "name": origin.path, "licence": origin.licence,
         "documents": sum(1 for _ in texts(data, origin.path)),
         "sha256": Asset.of(data / f"{origin.path}.jsonl.zst").sha256}
        for origin in TRAINED
    ]  # fmt: skip
    own = [*sorted((HERE / "written").glob("*.txt")), *sorted(QUALITY.glob("*.txt"))]
    glosses = sorted((HERE / "glosses").glob("*.txt"))
    return found + [
        {"label": path.name.split(".")[0] if path.parent.parent == HERE else None,
         "name": f"{path.parent.parent.name}/written/{path.name}", "licence": "CC0 1.0, written for Curate",
         "sha256": Asset.of(path).sha256}
        for path in own
    ] + [
        {"label": path.name.split(".")[0], "name": f"domain/glosses/{path.name}", "licence": "WordNet 3.1",
         "sha256": Asset.of(path).sha256}
        for path in glosses
    ]  # fmt: skip


if __name__ == "__main__":
    main()
