"""Trains the judge again: `python classifiers/quality/train.py FOLDER [--out DIR]`.

FOLDER holds corpora/ with the files that README.md names. Model and metrics come out the same byte for byte each time.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Any

import boilerplate
import damage
from boilerplate import LISTED, Phrases
from measure import measured
from passages import ORIGINS, cut, length, order, passages, words, written

from curate.classifier import folder
from curate.classifier.scores import CHARACTERS
from curate.classifier.train import Training, train
from curate.stage import Asset

HERE = Path(__file__).resolve().parent
LANGUAGES = ("en", "zh")

SHORTEST = {"en": 100, "zh": 60}  # characters of noise; clean passages start at 25, so what is short needs more proof

# Little training on purpose. On sources that it had not seen, at the threshold that lost 1 % of their passages, a model
# of 6 epochs at rate 0.4 caught 16 % of the fragments of real pages' furniture, one of 2 epochs at 0.08 caught 24 %.
# 400,000 buckets for word pairs instead of 100,000 gained nothing.
TRAINING = Training(dim=4, buckets=100_000, ngrams=2, epochs=1, learning_rate=0.1, min_count=20, part=2)

# Texts of noise, beside 49,000 clean ones in English and 81,000 in Chinese. Their share sets where 0.5 lies. Chinese
# sources are few and old, so modern Chinese needs the benefit of the doubt: with 7,000, 1.7 % of short news was lost.
NOISE = {"en": 15_500, "zh": 4_200}


def main() -> None:
    """The whole folder: the model, then what it does on text that it has not seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where corpora/ is")
    parser.add_argument("--out", type=Path, default=HERE, help="where to write (default: beside this script)")
    arguments = parser.parse_args()
    samples = training_set(arguments.folder)
    labels = ["clean" if clean else "noise" for _, clean in samples]
    model = train([text for text, _ in samples], labels, arguments.out / folder.MODEL, TRAINING)
    folder.written(facts(model, arguments.folder, samples), arguments.out / folder.FACTS)
    found = measured(model, arguments.folder, held_out)
    folder.written(found, arguments.out / folder.METRICS)


def facts(model: Asset, data: Path, samples: Sequence[tuple[str, bool]]) -> dict[str, Any]:
    """judge.json. Scores stay the model's own: made noise says where a threshold lies, not how likely noise is."""
    inputs = [
        {"label": "clean", "name": origin.path, "sha256": Asset.of(data / f"{origin.path}.jsonl.zst").sha256}
        for origin in ORIGINS
    ]
    own = [path for name in ("phrases", "written") for path in sorted((HERE / name).glob("*.txt"))]
    inputs += [
        {"label": "clean" if path.parent.name == "written" else "noise", "name": f"{path.parent.name}/{path.name}",
         "sha256": Asset.of(path).sha256}
        for path in own
    ]  # fmt: skip
    return {
        "format": folder.FORMAT,
        "name": "quality",
        "labels": ["clean", "noise"],
        "model": {"sha256": model.sha256, "bytes": model.path.stat().st_size},
        "reads": {"characters": CHARACTERS, "tokens": "folded; a CJK character is one, else a run of letters"},
        "calibration": {},
        "training": asdict(TRAINING),
        "given": {
            name: sum(clean is kind for _, clean in samples) for name, kind in (("clean", True), ("noise", False))
        },
        "inputs": inputs,
        "made_with": {"fasttext-numpy2-wheel": version("fasttext-numpy2-wheel")},
    }


def training_set(folder: Path) -> list[tuple[str, bool]]:
    """(text, whether it is clean), the kinds mixed."""
    samples: list[tuple[str, bool]] = []
    for lang in LANGUAGES:
        clean = [text for origin in ORIGINS if origin.lang == lang for text in passages(folder, origin)]
        some = boilerplate.phrases(lang, words(clean, lang, Random(lang)), held_out=False)
        clean += written(lang, some.words)
        samples += [(text, False) for _, text in noise(clean, some, NOISE[lang])]
        items = boilerplate.bare(some)
        for number, text in enumerate(clean):
            random = Random(f"clean {lang} {number}")
            samples.append((salted(dressed(text, some, random), items, some, random), True))
    return sorted(samples, key=lambda sample: order(sample[0]))


def dressed(text: str, some: Phrases, random: Random) -> str:
    """One clean text in six keeps some of the page around it, at most a quarter of it."""
    if len(text) < 200 or random.random() > 1 / 6:
        return text
    size = max(20, int(len(text) * random.uniform(0.03, 0.15)))
    around = boilerplate.page(some, size, random)[: 2 * size]
    return random.choice((f"{around}\n{text}", f"{text}\n{around}"))


def salted(text: str, items: Sequence[str], some: Phrases, random: Random) -> str:
    """One clean text in two gets single items of menus strewn in: a word alone proves nothing, their density does."""
    if random.random() < 0.5:
        return text
    parts = list(text) if some.lang == "zh" else text.split(" ")
    for _ in range(int(len(parts) * random.random() * (0.05 if some.lang == "zh" else 0.15))):
        parts[random.randrange(len(parts))] += (
            boilerplate.filled(random.choice(items), some, random)
            if some.lang == "zh"
            else " " + boilerplate.filled(random.choice(items), some, random)
        )
    return ("" if some.lang == "zh" else " ").join(parts)


def held_out(lang: str, clean: Sequence[str], count: int) -> Iterator[tuple[str, str]]:
    """(kind, text) of noise made of phrases that were kept from the training, around and out of unseen text."""
    return noise(clean, boilerplate.phrases(lang, words(clean, lang, Random(lang)), held_out=True), count)


KINDS = ("page",) * 10 + ("spam",) * 3 + ("teasers",) * 2 + ("keywords",) * 2 + ("shuffled", "gibberish", "mojibake")


def noise(clean: Sequence[str], some: Phrases, count: int) -> Iterator[tuple[str, str]]:
    """(kind, text) of `count` texts of all `KINDS`, in the language of `some`; `clean` is what some kinds spoil."""
    long = [text for text in clean if len(text) >= 150]
    for number in range(count):
        random = Random(f"noise {some.lang} {number}")
        size = length(random, SHORTEST[some.lang])
        match kind := KINDS[number % len(KINDS)]:
            case "page":
                text = boilerplate.page(some, size, random)
            case "spam":
                text = boilerplate.spam(some, size, random)
            case "keywords":
                text = boilerplate.keywords(some, size, random)
            case "teasers":
                text = teasers(clean, some, size, random)
            case "shuffled":
                text = damage.shuffled(cut(random.choice(long), random), some.lang, random)
            case "gibberish":
                text = damage.gibberish(size, some.lang, random)
            case _:
                text = damage.mojibake(cut(random.choice(long), random), some.lang, random)
        yield kind, text


def teasers(clean: Sequence[str], some: Phrases, size: int, random: Random) -> str:
    """A list of openings of texts cut off after a few words, each with the furniture of a list around it."""
    lists = [group for name, group in some.groups if name in LISTED]
    pieces: list[str] = []
    while sum(map(len, pieces)) < size:
        text = random.choice(clean)
        pieces.append(text[: random.randint(8, 30)] + random.choice(("...", "…", " ", "")))
        pieces.append(boilerplate.filled(random.choice(random.choice(lists)), some, random))
    return random.choice(("\n", " ", " | ")).join(pieces)


if __name__ == "__main__":
    main()
