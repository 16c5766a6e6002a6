"""What the judge does on unseen text: clean text of other sources, noise made of phrases that were held out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import polars as pl
from passages import ORIGINS, order, rows

from curate.classifier.judge import THRESHOLD
from curate.classifier.scores import Scores
from curate.stage import Asset

TEXTS = 2_000  # of each set at most, chosen by hash
NOISE = 4_000  # of each language

# Other forms of what was trained on; their loss says nothing about unseen text.
TWINS = (
    "corpora/medical/zh/toyhom_internal_txt",
    "sft/medical/zh_toyhom_internal",
    "dedup/en_peps_revisions",
)

Noise = Callable[[str, Sequence[str], int], Iterator[tuple[str, str]]]


def measured(model: Asset, folder: Path, noise: Noise) -> dict[str, Any]:
    """Shares lost and caught at `THRESHOLD`, per language; `noise` gives (kind, text) from held-out phrases.

    Of each set: documents whole, and one passage of 100 to 300 characters from each. `auc` is the chance that such a
    passage of an unseen source scores higher than noise from held-out phrases (not spoilt text), each source weighing
    alike.
    """
    found: dict[str, Any] = {"model": model.sha256, "threshold": THRESHOLD}
    scores = Scores(model=model, labels=("clean",))
    trained = {origin.path for origin in ORIGINS} | set(TWINS)
    for lang in ("en", "zh"):
        sets: dict[str, Any] = {"unseen": {}, "trained_on": {}}
        cuts: list[tuple[str, np.ndarray[Any, Any]]] = []
        unseen: list[str] = []
        for name, texts in _sets(folder, lang):
            whole = scores(pl.Series(texts)).to_numpy()
            passage = scores(pl.Series([_cut(text) for text in texts])).to_numpy()
            kind = "trained_on" if name in trained else "unseen"
            sets[kind][name] = {"texts": len(texts), "lost": _below(whole), "passages_lost": _below(passage)}
            if kind == "unseen" and name.startswith("corpora"):
                cuts.append((name, passage))
                unseen += [text[:3000] for text in texts[:300]]
        kinds: dict[str, list[str]] = {}
        for kind, text in noise(lang, unseen, NOISE):
            kinds.setdefault(kind, []).append(text)
        judged = {kind: scores(pl.Series(texts)).to_numpy() for kind, texts in sorted(kinds.items())}
        sets["noise"] = {kind: {"texts": len(some), "caught": _below(some)} for kind, some in judged.items()}
        made = np.concatenate([judged[kind] for kind in ("keywords", "page", "spam", "teasers")])
        sets["auc"] = round(float(np.mean([_auc(clean, made) for _, clean in cuts])), 4)
        found[lang] = sets
    return found


def _sets(folder: Path, lang: str) -> Iterator[tuple[str, list[str]]]:
    for path in sorted(folder.glob("*/**/*.jsonl.zst")):
        name = path.relative_to(folder).as_posix().removesuffix(".jsonl.zst")
        if name.split("/")[0] not in {"corpora", "sft", "dedup"}:
            continue
        if lang not in (name.split("/")[-2], name.split("/")[-1].split("_")[0]):
            continue
        chosen = sorted(rows(path), key=lambda row: order(str(row["id"])))[:TEXTS]
        yield name, [_text(row) for row in chosen]


def _text(row: dict[str, Any]) -> str:
    if "messages" in row:
        return "\n\n".join(turn["content"] for turn in row["messages"])
    return str(row["text"])


def _cut(text: str) -> str:
    random = Random(text[:1000])
    size = random.randint(100, 300)
    start = random.randrange(max(1, len(text) - size))
    return text[start : start + size]


def _below(some: np.ndarray[Any, Any]) -> float:
    return round(float((some < THRESHOLD).mean()), 4)


def _auc(clean: np.ndarray[Any, Any], made: np.ndarray[Any, Any]) -> float:
    """The chance that one of `clean` is above one of `made`; equal ones count half."""
    below = np.searchsorted(np.sort(made), clean, side="left")
    upto = np.searchsorted(np.sort(made), clean, side="right")
    return float((below + upto).mean() / 2 / len(made))
