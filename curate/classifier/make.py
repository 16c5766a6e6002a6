"""A judge made of labelled documents: split, balanced, trained, calibrated, tested, told about in a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

import curate
from curate.classifier import calibration, folder
from curate.classifier.counting import Counting, count
from curate.classifier.evaluate import Evaluation, evaluate
from curate.classifier.model import loaded
from curate.classifier.parts import TEST, TRAIN, VALID, parts
from curate.classifier.samples import Balance, balanced, counts, with_passages
from curate.classifier.scores import CHARACTERS, probabilities
from curate.classifier.train import NotTrainable, Training, train
from curate.growing import appear, growing
from curate.stage import Asset

LABELLED: Mapping[str, pl.DataType] = {
    "text": pl.String(),
    "label": pl.String(),
    "source": pl.String(),
    "lang": pl.String(),
    "domain": pl.String(),
    "cluster": pl.UInt64(),  # of near duplicates; null where a document is like no other
}
"""The columns of labelled documents."""


@dataclass(frozen=True, kw_only=True)
class Making:
    """How a judge is made. `held_out` names sources that are only tested on."""

    name: str
    training: Training | Counting = Training()
    """fastText's descent, or counting by source, which no balance changes."""
    labels: tuple[str, ...] = ()
    """In this order; the first is what the judge scores where it is not told otherwise. Empty: as the names sort."""
    passages: int = 0
    """Cut from each document and trained on beside it: for judges that shall know paragraphs, too."""
    balance: Balance = "down"
    valid: float = 0.1
    test: float = 0.1
    held_out: tuple[str, ...] = ()
    seed: int = 0


class Made(NamedTuple):
    """What came of it: lines for the reader, and the evaluation of the test part (None where it holds one label)."""

    model: Asset
    facts: Asset
    told: list[str]
    evaluation: Evaluation | None


def make(
    docs: pl.DataFrame, out: Path, making: Making, inputs: Sequence[Mapping[str, Any]] = (),
    say: Callable[[str], None] = lambda _: None,
) -> Made:  # fmt: skip
    """The folder `out` of a new judge, which appears whole or not at all. `docs` has the columns of `LABELLED`; with a
    column `part` it is split already.

    `inputs` are facts about the files (label, name, digest, documents) for judge.json. Raises `NotTrainable`,
    `NotReproducible`, `TrainingFailed`, `FileExistsError`.
    """
    if out.exists():
        raise FileExistsError(f"{out} is there already; name another folder, a judge is not written over")
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        say(line)

    docs = docs.filter(pl.col("text").str.len_chars() > 0).with_columns(pl.col("text").str.head(CHARACTERS))
    labels = making.labels or tuple(sorted(set(docs["label"])))
    if sorted(labels) != sorted(set(docs["label"])):
        raise NotTrainable(f"labels {', '.join(labels)}, and documents of {', '.join(sorted(set(docs['label'])))}")
    missing = sorted(set(making.held_out) - set(docs["source"]))
    if missing:
        raise NotTrainable(f"held out is source {missing[0]!r}; there are {', '.join(sorted(set(docs['source'])))}")
    if "part" not in docs.columns:
        drawn = parts(docs, seed=making.seed, valid=making.valid, test=making.test, held_out=making.held_out)
        docs = docs.with_columns(drawn.alias("part"))
    for part in (TRAIN, VALID, TEST):
        tell(f"{part:<8}{_told(counts(docs.filter(pl.col('part') == part), 'label', 'lang'))}")
    for line in lopsided(docs.filter(pl.col("part") == TRAIN), labels):
        tell(line)
    samples = balanced(
        with_passages(docs.filter(pl.col("part") == TRAIN), making.passages), making.balance, making.seed
    )
    tell(f"{'given':<8}{_told(counts(samples, 'label', 'lang'))}, balanced: {making.balance}")
    with growing(out) as place:
        model = _trained(samples, place / folder.MODEL, making.training)
        curves = _curves(model, docs.filter(pl.col("part") == VALID), labels)
        tell(f"calibrated on the valid part: {_calibrated(curves)}")
        data = {
            "format": folder.FORMAT,
            "name": making.name,
            "labels": list(labels),
            "model": {"sha256": model.sha256, "bytes": model.path.stat().st_size},
            "reads": {"characters": CHARACTERS, "tokens": "folded; a CJK character is one, else a run of letters"},
            "calibration": {
                label: {group: list(curve) for group, curve in some.items()} for label, some in curves.items()
            },
            "training": {"by": type(making.training).__name__.lower(), **asdict(making.training)},
            "passages": making.passages,
            "balance": making.balance,
            "split": {
                "seed": making.seed, "valid": making.valid, "test": making.test, "held_out": list(making.held_out),
                "clusters": docs["cluster"].drop_nulls().n_unique(),
                "documents": {
                    part: counts(docs.filter(pl.col("part") == part), "label", "lang", "source")
                    for part in (TRAIN, VALID, TEST)
                },
                "given": counts(samples, "label", "lang"),
            },
            "inputs": [dict(one) for one in inputs],
            "made_with": {name: version(name) for name in ("fasttext-numpy2-wheel", "numpy")}
            | {"curate": curate.__version__},
        }  # fmt: skip
        folder.written(data, place / folder.FACTS)
        facts = Asset.of(place / folder.FACTS)
        tested = docs.filter(pl.col("part") == TEST)
        found = evaluate(tested, model, facts, label=labels[0]) if tested["label"].n_unique() > 1 else None
        folder.written({"model": model.sha256, "test": None if found is None else found.data}, place / folder.METRICS)
        if not appear(place, out):
            raise FileExistsError(f"{out} has appeared meanwhile; name another folder")
    return Made(Asset(out / folder.MODEL, model.sha256), Asset(out / folder.FACTS, facts.sha256), told, found)


def _trained(samples: pl.DataFrame, out: Path, training: Training | Counting) -> Asset:
    if isinstance(training, Counting):
        langs, sources = samples["lang"].to_list(), samples["source"].to_list()
        return count(samples["text"], samples["label"].to_list(), langs, sources, out, training)
    return train(samples["text"].to_list(), samples["label"].to_list(), out, training)


def _curves(model: Asset, docs: pl.DataFrame, labels: Sequence[str]) -> dict[str, dict[str, calibration.Curve]]:
    if docs.is_empty():
        return {}
    raw = probabilities(model, docs["text"]).found
    there = loaded(model).labels
    found = {}
    for label in labels:
        positive = np.asarray((docs["label"] == label).to_numpy(), np.bool_)
        some = calibration.curves(
            raw[:, there.index(label)], positive, docs["lang"].to_list(), docs["domain"].to_list()
        )
        if some:
            found[label] = some
    return found


def lopsided(docs: pl.DataFrame, labels: Sequence[str]) -> list[str]:
    """Warnings: languages that know one label only, which a judge then takes for that label."""
    lines = []
    for (lang,), some in docs.group_by("lang", maintain_order=True):
        absent = sorted(set(labels) - set(some["label"]))
        if absent:
            lines.append(f"warning: no {lang or 'undetermined'} document is labelled {', '.join(absent)}: "
                         "the judge will take the language for the label")  # fmt: skip
    return sorted(lines)


def _calibrated(curves: Mapping[str, Mapping[str, calibration.Curve]]) -> str:
    said = [f"{label} ({', '.join(group or 'all' for group in groups)})" for label, groups in curves.items()]
    few = f"nothing: fewer than {calibration.LEAST} documents of the label, or of the others"
    return "; ".join(said) or few


def _told(some: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in some.items()) or "nothing"
