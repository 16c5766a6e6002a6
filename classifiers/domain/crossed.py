"""Chooses settings without a look at sources that are held out: `python classifiers/domain/crossed.py FOLDER`.

Four times a quarter of the families of written sentences, a quarter of all terms and some of the real sources are left
out together, the judge is trained on the rest, and asked about what was left out: families of sentences and terms that
it never saw. Printed is F1 by label, each family counting as much as any other, of longer texts and of
short ones (a sentence, or at most 300 characters); by counting, and by fastText's own training for comparison.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
import polars as pl
from sentences import DOMAINS, GLOSSES, NEUTRAL, TERMS, Written
from sources import TRAINED, order, texts
from train import MAKING

from curate.classifier.counting import Counting, count
from curate.classifier.model import loaded
from curate.classifier.samples import passage
from curate.classifier.train import Training, train
from curate.kernels.tokens import spaced

FOLDS = 4
PASSAGES = 400  # of each family, to train on
ASKED = 40  # long and as many short texts of each family; of real sources 150 documents and a passage of each


class Text(NamedTuple):
    text: str
    label: str
    lang: str
    family: str
    size: str


def fold_of(key: str) -> int:
    return blake2b(key.encode(), digest_size=4).digest()[0] % FOLDS


def fold(data: Path, number: int) -> tuple[list[Text], list[Text]]:
    """What is trained on and what is asked."""
    given: list[Text] = []
    asked: list[Text] = []
    for at, origin in enumerate(TRAINED):
        some = sorted((row for row in texts(data, origin.path) if len(row[1]) >= 20), key=lambda row: order(row[0]))
        side = (origin.label, origin.lang, origin.path)
        if at % FOLDS == number:
            asked += [Text(text[:20_000], *side, "long") for _, text in some[:150]]
            asked += [Text(passage(text, Random(key))[:300], *side, "short") for key, text in some[:150]]
        else:
            given += [Text(text[:3_000], *side, "long") for _, text in some[: origin.documents]]
            given += [Text(passage(text, Random(key)), *side, "short") for key, text in some[: origin.passages]]
    for lang in ("en", "zh"):
        for domain in DOMAINS:
            names = sorted((name for name, _ in Written(domain, lang, held_out=False).groups), key=_key)
            out = set(names[number::FOLDS])
            kept = Written(
                domain, lang, held_out=False,
                families=lambda name, out=out: name not in out, terms=lambda term: fold_of(term) != number,
            )  # fmt: skip
            for family in kept.kinds:
                most = PASSAGES * (4 if family == NEUTRAL else 1)
                given += [Text(kept.passage(family, turn), domain, lang, family, "") for turn in range(most)]
            held = Written(
                domain, lang, held_out=False,
                families=lambda name, out=out: name in out, terms=lambda term: fold_of(term) == number,
            )  # fmt: skip
            for family in set(held.kinds) - {TERMS, GLOSSES, NEUTRAL}:
                lines = dict(held.groups)[family]
                for turn in range(ASKED):
                    random = Random(f"{family} {turn}")
                    for size, many, least in (("short", 1, 10), ("long", 6, 300)):
                        text = held.joined(random.sample(lines, min(many, len(lines))), least, random)
                        asked.append(Text(text, domain, lang, family, size))
    return given, asked


def _key(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=4).digest()


def f1(asked: Sequence[Text], said: Sequence[str]) -> dict[tuple[str, str, str], float]:
    """By language, size and label; families weigh alike within a label, and labels weigh alike."""
    by_family: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for text, label in zip(asked, said, strict=True):
        by_family[text.lang, text.size, text.label, text.family].append(label)
    found = {}
    for lang in ("en", "zh"):
        for size in ("long", "short"):
            table = np.array([
                np.mean([
                    [labels.count(other) / len(labels) for other in DOMAINS]
                    for (*side, _), labels in by_family.items() if side == [lang, size, domain]
                ], axis=0)
                for domain in DOMAINS
            ])  # fmt: skip
            for at, domain in enumerate(DOMAINS):
                found[lang, size, domain] = float(2 * table[at, at] / (table[at].sum() + table[:, at].sum()))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where corpora/ is")
    folds = [fold(parser.parse_args().folder, number) for number in range(FOLDS)]
    ways: dict[str, Counting | Training] = {
        "counting": MAKING.training,
        "counting, words alone": Counting(pairs=0, sharpness=50.0),
        "descent, pairs": Training(dim=8, buckets=150_000, ngrams=2, epochs=3, learning_rate=0.2, min_count=4),
        "descent, words alone": Training(dim=8, buckets=10, ngrams=1, epochs=3, learning_rate=0.2, min_count=4),
    }
    for name, how in ways.items():
        every: list[Text] = []
        said: list[str] = []
        for given, asked in folds:
            with tempfile.TemporaryDirectory() as place:
                rows = sorted(given, key=lambda row: _key(row.text))
                content, labels = [row.text for row in rows], [row.label for row in rows]
                out = Path(place, "model.ftz")
                if isinstance(how, Counting):
                    langs, sources = [row.lang for row in rows], [row.family for row in rows]
                    model = loaded(count(pl.Series(content), labels, langs, sources, out, how))
                else:
                    model = loaded(train(content, labels, out, how))
            odds = model.probabilities(spaced(pl.Series([text.text for text in asked])))
            every += asked
            said += [model.labels[at] for at in odds.argmax(axis=1)]
        found = f1(every, said)
        print(f"{name}: mean F1 {np.mean(list(found.values())):.3f}")
        for lang in ("en", "zh"):
            for size in ("long", "short"):
                cells = "  ".join(f"{domain} {found[lang, size, domain]:.3f}" for domain in DOMAINS)
                print(f"  {lang} {size:<6} {cells}", flush=True)


if __name__ == "__main__":
    main()
