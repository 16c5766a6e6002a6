"""Trains the judge of noise again: `python classifiers/noise/train.py FOLDER [--out DIR]`.

FOLDER holds corpora/ and dedup/ with the files that README.md names. The model comes out the same byte for byte.

The measures of a source's texts, and of noise made by spoiling them, are taken with a model of fluency that has not
seen that source: so they look as those of any other source will.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import clean
import numpy as np
import polars as pl
from gibberish import GIBBERISH, SHUFFLED, Maker
from mojibake import MOJIBAKE
from numpy.typing import NDArray
from repeated import REPEATED
from spam import LISTS, SPAM

from curate.classifier import fluency, trees
from curate.classifier.noise import DIRECTIONS, measures
from curate.kernels.fluency import unpacked

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "fluency"))
import sources  # noqa: E402

TECHNICAL = "dedup/zh_tidb_docs"
"""Modern technical Chinese full of code: clean text for the trees, not for the model of fluency."""

FAMILIES: Mapping[str, Mapping[str, Maker]] = {
    "gibberish": GIBBERISH,
    "shuffled": SHUFFLED,
    "repeated": REPEATED,
    "keyword spam": SPAM,
    "lists": LISTS,
    "mojibake": MOJIBAKE,
}
MADE = frozenset(
    ("random letters", "random characters", "keyboard", "hexadecimal", "symbols", "filler", "figures", "letters",
     *SPAM, *LISTS)
) - {"tags"}  # fmt: skip
"""Families that are made of nothing; the others spoil real text, and are made of each source's by itself."""

PASSAGES = 3_000  # clean ones of each source, and whole documents
FORMS = 900  # of each form of clean text beside them
OF_FAMILY = 500  # texts of a family that is made of nothing, in each language
OF_SOURCE = 90  # texts of a family that spoils, of each source
SHORTEST = {"en": 100, "zh": 60}
DEAR = 3.0  # how much heavier all clean texts are than all noise: a good text lost is worse than a bad one kept
TRAINING = trees.Training(rounds=300, depth=6)


class Labelled(NamedTuple):
    """`group` is a source and form of clean text, or a family of noise; groups weigh by the root of their size."""

    group: str
    noise: bool
    rows: NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where corpora/ and dedup/ are")
    parser.add_argument("--out", type=Path, default=HERE, help="where to write (default: beside this script)")
    options = parser.parse_args()
    model = trained(collected(options.folder))
    data = {"measures": list(DIRECTIONS), **model.as_json()}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "model.json").write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8")


def collected(folder: Path) -> list[Labelled]:
    """The measures of all that is trained on."""
    documents = {source: sources.texts(folder, source) for source in sources.SOURCES}
    documents[TECHNICAL] = sources.texts(folder, TECHNICAL)
    languages = {**sources.SOURCES, TECHNICAL: "zh"}
    known = [source for source in sources.SOURCES if not source.startswith("written")]
    out: list[Labelled] = []
    for source, texts in documents.items():
        lang = languages[source]
        cells = _without(documents, source)
        foreign = [text for other in known if languages[other] != lang for text in documents[other][:200]]
        out += [
            Labelled(f"{source} {form}", False, _measured(some, cells))
            for form, some in forms(texts, foreign, lang, source)
        ]
        long = [text for text in texts[:800] if len(text) > 200]
        for kind, families in FAMILIES.items():
            for family in sorted(families.keys() - MADE):
                some = made(families[family], lang, long, OF_SOURCE, f"{kind} {family} {source}")
                out.append(Labelled(f"{kind} {family} {lang}", True, _measured(some, cells)))
    cells = _without(documents, None)
    for lang in ("en", "zh"):
        pool = [
            text
            for source in documents
            if languages[source] == lang
            for text in documents[source][:200]
            if len(text) > 200
        ]
        for kind, families in FAMILIES.items():
            for family in sorted(families.keys() & MADE):
                some = made(families[family], lang, pool, OF_FAMILY, f"{kind} {family}")
                out.append(Labelled(f"{kind} {family} {lang}", True, _measured(some, cells)))
    return out


def forms(texts: Sequence[str], foreign: Sequence[str], lang: str, seed: str) -> list[tuple[str, list[str]]]:
    """Clean text of a source in all forms: (name, texts)."""
    makers: Mapping[str, Callable[[Random], str]] = {
        "listed": lambda random: clean.listed(texts, lang, random),
        "figured": lambda random: clean.figured(texts, lang, random),
        "headlines": lambda random: clean.headlines(texts, lang, random),
        "answers": lambda random: clean.answers(texts, lang, random),
        "formulas": lambda random: clean.with_formulas(texts, lang, random),
        "mixed": lambda random: clean.mixed(texts, foreign, random),
        "names": lambda random: clean.with_names(texts, foreign if lang == "zh" else texts, lang, random),
    }
    found = [
        ("whole", [text for text in texts[:PASSAGES] if len(text) >= 50]),
        ("passages", clean.passages(texts, PASSAGES, seed)),
    ]
    for name, make in makers.items():
        some = [make(Random(f"{name} {seed} {number}")) for number in range(FORMS)]
        found.append((name, [text for text in some if len(text) >= 50]))
    return found


def made(maker: Maker, lang: str, texts: Sequence[str], count: int, seed: str) -> list[str]:
    """`count` texts of noise of one family, 100 (60) to 3,000 characters."""
    out = []
    for number in range(count):
        random = Random(f"{seed} {number}")
        out.append(maker(lang, clean.length(random, SHORTEST[lang]), texts, random)[:3200])
    return [text for text in out if len(text) >= 50]


def trained(some: Sequence[Labelled]) -> trees.Trees:
    rows = np.vstack([one.rows for one in some])
    labels = np.concatenate([np.full(len(one.rows), float(one.noise)) for one in some])
    sizes: dict[str, int] = {}
    for one in some:
        sizes[one.group] = sizes.get(one.group, 0) + len(one.rows)
    weights = np.concatenate([np.full(len(one.rows), sizes[one.group] ** -0.5) for one in some])
    weights[labels == 0] *= DEAR * weights[labels == 1].sum() / weights[labels == 0].sum()
    return trees.train(rows, labels, weights / weights.mean(), list(DIRECTIONS.values()), TRAINING)


def _measured(texts: Sequence[str], cells: NDArray[np.uint16]) -> NDArray[np.float64]:
    return measures(pl.Series(texts, dtype=pl.String).str.head(20_000), cells)


def _without(documents: Mapping[str, Sequence[str]], source: str | None) -> NDArray[np.uint16]:
    """The model of fluency that has not seen a source."""
    texts = [text for other, some in documents.items() if other not in (source, TECHNICAL) for text in some]
    with tempfile.TemporaryDirectory(prefix="curate-noise-") as folder:
        return unpacked(fluency.train(texts, Path(folder, "model.bin"), fluency.Training()).verified(), "model.bin")


if __name__ == "__main__":
    main()
