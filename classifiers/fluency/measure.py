"""What the model of fluency tells apart on text that it has not seen: a text and the same text shuffled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import polars as pl
import sources

from curate.kernels.fluency import Fluency, fluency, unpacked
from curate.stage import Asset

TOKENS = 200  # words, characters
TEXTS = 500  # of each source
TWINS = ("corpora/medical/zh/toyhom_internal_txt", "sft/medical/zh_toyhom_internal", "dedup/en_peps_revisions")
"""Other forms of what is trained on."""


def measured(model: Asset, folder: Path) -> dict[str, Any]:
    """For each unseen source: the chance that a passage of 200 tokens has more gain (a lower perplexity) than the same
    passage in random order; perplexities at the 5th, 50th and 95th percentile; the thirds over all sources alike."""
    cells = unpacked(model.verified(), str(model.path))
    found: dict[str, Any] = {"model": model.sha256, "tokens": TOKENS}
    for lang in ("en", "zh"):
        rows: dict[str, Any] = {}
        costs = []
        for name, texts in _unseen(folder, lang):
            if len(texts) < 20:
                continue
            real = fluency(pl.Series(texts), cells)
            shuffled = fluency(pl.Series([_shuffled(text, lang) for text in texts]), cells)
            costs.append(np.quantile(real.cost, np.linspace(0, 1, 101)))
            rows[name] = {
                "texts": len(texts),
                "auc_gain": _auc(real.gain, shuffled.gain),
                "auc_perplexity": _auc(-real.cost, -shuffled.cost),
                "perplexity": _exp(np.quantile(real.cost, (0.05, 0.5, 0.95))),
                "gain": np.round(np.quantile(real.gain, (0.01, 0.05, 0.5)), 2).tolist(),
                "gain_shuffled": np.round(np.quantile(_of(shuffled), (0.5, 0.95, 0.99)), 2).tolist(),
            }
        found[lang] = {"unseen": rows, "thirds": _exp(np.quantile(np.concatenate(costs), (1 / 3, 2 / 3)))}
    return found


def _of(read: Fluency) -> Any:
    return read.gain


def _unseen(folder: Path, lang: str) -> Iterator[tuple[str, list[str]]]:
    """(source, passages of `TOKENS` tokens), none of them trained on."""
    for path in sorted(folder.glob("*/**/*.jsonl.zst")):
        name = path.relative_to(folder).as_posix().removesuffix(".jsonl.zst")
        if name in sources.SOURCES or name in TWINS or name.split("/")[0] not in {"corpora", "sft", "dedup"}:
            continue
        if lang not in (name.split("/")[-2], name.split("/")[-1].split("_")[0]):
            continue
        texts = []
        for row in sorted(sources.rows(path), key=lambda row: sources.order(str(row["id"])))[: 4 * TEXTS]:
            text = str(row["text"]) if "text" in row else "\n\n".join(turn["content"] for turn in row["messages"])
            passage = _passage(text, lang, Random(text[:500]))
            if passage:
                texts.append(passage)
        yield name, texts[:TEXTS]


def _passage(text: str, lang: str, random: Random) -> str | None:
    """200 words (characters) in a row; nothing of a text that is shorter or mostly in another script."""
    han = sum("一" <= char <= "鿿" for char in text[:2000]) / max(1, len(text[:2000]))
    if (han > 0.05) if lang == "en" else (han < 0.5):
        return None
    units = text.split() if lang == "en" else [char for char in text if not char.isspace()]
    if len(units) < 1.2 * TOKENS:
        return None
    start = random.randrange(len(units) - TOKENS)
    return (" " if lang == "en" else "").join(units[start : start + TOKENS])


def _shuffled(text: str, lang: str) -> str:
    units = text.split() if lang == "en" else list(text)
    Random(text).shuffle(units)
    return (" " if lang == "en" else "").join(units)


def _exp(values: Any) -> list[float]:
    return [round(float(value)) for value in np.exp(values)]


def _auc(real: Any, made: Any) -> float:
    """The chance that one of `real` is above one of `made`; equal ones count half."""
    below = np.searchsorted(np.sort(made), real, side="left")
    upto = np.searchsorted(np.sort(made), real, side="right")
    return round(float((below + upto).mean() / 2 / len(made)), 4)
