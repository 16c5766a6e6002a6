"""A tokenizer trained on files and runs, or looked at through them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from curate import files
from curate.document import share_of
from curate.mix.fertility import Fertility
from curate.mix.folder import json_of
from curate.mix.settings import MixRefused
from curate.mix.tokenizer import Encoder
from curate.mix.vocabulary import train_tokenizer
from curate.progress import Reporter
from curate.stages.terms import TERMS
from curate.texts import Input, NoTexts, texts

MB = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Training:
    """How a tokenizer is trained: its size, special tokens beside the usual three, whether each digit is a token, and
    how many MB of text of each language are read at most."""

    vocabulary: int = 32_000
    specials: tuple[str, ...] = ()
    single_digits: bool = False
    each: int = 50


def train(
    inputs: Sequence[Input], folder: Path, settings: Training, report: Reporter, field: str | None = None
) -> dict[str, Any]:
    """tokenizer.json and training.json in `folder`; what the latter says. Raises `NoTexts`.

    The texts are read twice: how much there is of each language, then the documents that are taken of it, by the hash
    of their text, so that neither names nor order of files play a part.
    """
    there: Counter[str] = Counter()
    for docs in texts(inputs, report, field):
        there.update(dict(_sizes(docs).rows()))
    if not there:
        raise NoTexts("there is no text to train on")
    shares = {lang: min(1.0, settings.each * MB / size) for lang, size in there.items()}
    taken: Counter[str] = Counter()
    documents: list[int] = []
    source = train_tokenizer(
        _taken(inputs, shares, taken, documents, report, field),
        settings.vocabulary,
        settings.specials,
        settings.single_digits,
    )
    facts = {
        "settings": asdict(settings),
        "documents": sum(documents),
        "bytes": dict(sorted(taken.items())),
        "tokens": len(json.loads(source)["model"]["vocab"]),
        "sha256": hashlib.sha256(source).hexdigest(),
    }
    files.put_new(str(folder / "tokenizer.json"), source)
    files.put_new(str(folder / "training.json"), json.dumps(facts, indent=1, ensure_ascii=False).encode() + b"\n")
    return facts


def look(
    path: str, inputs: Sequence[Input], own: Sequence[str], report: Reporter, field: str | None = None
) -> dict[str, Any]:
    """What the tokenizer at `path` makes of the texts, as `Fertility.report` says it; `own` are terms of the user's."""
    file = json_of(path)
    if not file.is_file():
        raise MixRefused(f"{file} is not there; expected a tokenizer.json, or a Hugging Face folder with one")
    fertility = Fertility(encode=Encoder(file.read_bytes(), mixes=False))
    for docs in texts(inputs, report, field):
        fertility.add(docs)
    if not fertility.costs["all"]:
        raise NoTexts("there is no text to look at")
    terms: dict[str, list[str]] = {"yours": [term.strip() for term in own if term.strip()]}
    terms |= {domain: [term.replace("_", " ") for term in some.split()] for domain, some in TERMS.items()}
    return fertility.report(terms)


def _sizes(docs: pl.DataFrame) -> pl.DataFrame:
    sizes = pl.col("text").str.len_bytes().sum()
    return docs.group_by(pl.col("lang").fill_null("unknown")).agg(sizes)


def _taken(
    inputs: Sequence[Input],
    shares: Mapping[str, float],
    taken: Counter[str],
    documents: list[int],
    report: Reporter,
    field: str | None,
) -> Iterator[str]:
    for docs in texts(inputs, report, field):
        draw = [share_of(text, "vocabulary") for text in docs["text"]]
        share = pl.col("lang").fill_null("unknown").replace_strict(dict(shares), return_dtype=pl.Float64)
        some = docs.filter(pl.Series(draw) < docs.select(share.alias("share"))["share"])
        taken.update(dict(_sizes(some).rows()))
        documents.append(some.height)
        yield from some["text"]
