"""What a judge does on labelled documents: figures that a card can show and a person can doubt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.classifier.folder import facts_of
from curate.classifier.model import NotAJudge, loaded
from curate.classifier.scores import Scores, probabilities
from curate.stage import Asset

BINS = 10  # of the reliability table
NEAREST = 30  # documents to the threshold that are shown
STEPS = 40  # thresholds of the curve, beside 0
EXCERPT = 400  # characters of a document that is shown


class NotEvaluable(ValueError):
    """The documents are none that the judge can be measured on."""


@dataclass(frozen=True)
class Evaluation:
    """The figures as JSON data, and the documents nearest to the threshold (score, label, source, lang, text)."""

    data: dict[str, Any]
    near: pl.DataFrame


def evaluate(docs: pl.DataFrame, model: Asset, facts: Asset, *, label: str, threshold: float = 0.5) -> Evaluation:
    """The judge on `docs` (text, label, source, lang, domain). Raises `NotAJudge`, `NotEvaluable`.

    A document is taken to be of the label that the model finds most likely, before calibration: curves bring each label
    by itself to what a threshold means, and say nothing of two labels beside each other. What is said of one `label` at
    a `threshold` is of its calibrated score, as the stage applies it. Figures are rounded to 4 decimals.
    """
    said = facts_of(facts)
    if label not in said.labels:
        raise NotAJudge(f"{facts.path}: no label {label!r}; its labels are {', '.join(said.labels)}")
    unknown = sorted(set(docs["label"]) - set(said.labels))
    if unknown:
        raise NotEvaluable(f"documents labelled {unknown[0]!r}; the judge knows {', '.join(said.labels)}")
    docs = docs.filter(pl.col("text").is_not_null())
    if docs.is_empty():
        raise NotEvaluable("no document has text")
    langs, domains = docs["lang"].to_list(), docs["domain"].to_list()
    table = np.column_stack(
        [
            Scores(model=model, labels=(one,), facts=facts if said.calibration else None)
            .within(docs["text"], langs, domains)
            .to_numpy()
            for one in said.labels
        ]
    )
    guessed = np.array(loaded(model).labels, object)[probabilities(model, docs["text"]).found.argmax(axis=1)]
    judged = docs.select("text", "label", "source", "lang").with_columns(
        pl.Series("guess", guessed.tolist(), pl.String),
        pl.Series("score", table[:, said.labels.index(label)], pl.Float64),
    )
    score, positive = judged["score"].to_numpy(), (judged["label"] == label).to_numpy()
    whole = {
        "documents": docs.height,
        "label": label,
        "threshold": threshold,
        "labels": {one: _of_label(judged, table[:, number], one) for number, one in enumerate(said.labels)},
        "confusion": _confusion(judged, said.labels),
        "languages": {
            lang or "-": {
                one: _of_label(judged.filter(same), table[same.to_numpy(), number], one)
                for number, one in enumerate(said.labels)
            }
            for lang in sorted(set(langs), key=str)
            if (same := docs["lang"].eq_missing(lang)).any()
        },
        "sources": _sources(judged, label, threshold),
        "at_threshold": at(score, positive, threshold),
        "reliability": reliability(score, positive),
        "curve": [at(score, positive, step / STEPS) for step in range(STEPS + 1)],
        "roc": roc(score, positive),
    }
    near = (
        judged.with_columns((pl.col("score") - threshold).abs().alias("distance"))
        .sort("distance", "source", "text")
        .head(NEAREST)
        .select(pl.col("score").round(4), "label", "source", "lang", pl.col("text").str.head(EXCERPT))
    )
    return Evaluation(whole, near)


def _of_label(judged: pl.DataFrame, score: NDArray[np.float64], label: str) -> dict[str, Any]:
    is_, said = (judged["label"] == label).to_numpy(), (judged["guess"] == label).to_numpy()
    return {"documents": int(is_.sum()), **_rates(is_, said), "auc": auc(score[is_], score[~is_])}


def _rates(is_: NDArray[np.bool_], said: NDArray[np.bool_]) -> dict[str, float | None]:
    hit = int((is_ & said).sum())
    precision = hit / int(said.sum()) if said.any() else None
    recall = hit / int(is_.sum()) if is_.any() else None
    both = 2 * hit / (int(said.sum()) + int(is_.sum())) if said.any() or is_.any() else None
    return {"precision": _round(precision), "recall": _round(recall), "f1": _round(both)}


def at(score: NDArray[np.float64], positive: NDArray[np.bool_], threshold: float) -> dict[str, float | None]:
    """What a rule with this threshold keeps: all, of the label (recall), of the others (false alarms)."""
    kept = score >= threshold
    others = ~positive
    return {
        "threshold": round(threshold, 4),
        "kept": _round(float(kept.mean())),
        **_rates(positive, kept),
        "others_kept": _round(float(kept[others].mean())) if others.any() else None,
    }


def auc(above: NDArray[np.float64], below: NDArray[np.float64]) -> float | None:
    """The chance that one of `above` scores higher than one of `below`; equal ones count half. None without either."""
    if not len(above) or not len(below):
        return None
    ordered = np.sort(below)
    under, upto = (np.searchsorted(ordered, above, side=side) for side in ("left", "right"))
    return _round(float((under + upto).mean() / 2 / len(below)))


def reliability(score: NDArray[np.float64], positive: NDArray[np.bool_]) -> dict[str, Any]:
    """How often what scores .7 is of the label: a table of `BINS` bins, both sides weighing alike, and the expected
    calibration error (Naeini et al. 2015), the mean gap between score and share, by weight."""
    weight = np.where(positive, 0.5 / max(1, positive.sum()), 0.5 / max(1, (~positive).sum()))
    which = np.minimum((score * BINS).astype(np.int64), BINS - 1)
    rows, gap = [], 0.0
    for number in range(BINS):
        some = which == number
        if not some.any():
            continue
        total = float(weight[some].sum())
        mean, share = float((weight * score)[some].sum() / total), float(weight[some & positive].sum() / total)
        gap += total * abs(mean - share)
        rows.append({
            "low": number / BINS, "high": (number + 1) / BINS, "documents": int(some.sum()),
            "score": _round(mean), "share": _round(share),
        })  # fmt: skip
    both = bool(positive.any() and (~positive).any())
    return {"ece": _round(gap) if both else None, "bins": rows}


def roc(score: NDArray[np.float64], positive: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """(false alarms, recall) at falling thresholds, at most some 100 points; empty where there is one side only."""
    if not positive.any() or positive.all():
        return []
    order = np.argsort(-score, kind="stable")
    hits, alarms = np.cumsum(positive[order]), np.cumsum(~positive[order])
    last = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))  # equal scores are passed together
    points = list(zip(alarms[last] / alarms[-1], hits[last] / hits[-1], strict=True))
    few = points[:: max(1, len(points) // 100)]
    return [(0.0, 0.0), *((round(float(x), 4), round(float(y), 4)) for x, y in few), (1.0, 1.0)]


def _confusion(judged: pl.DataFrame, labels: tuple[str, ...]) -> dict[str, dict[str, int]]:
    return {
        one: {other: judged.filter(pl.col("label") == one, pl.col("guess") == other).height for other in labels}
        for one in labels
    }


def _sources(judged: pl.DataFrame, label: str, threshold: float) -> dict[str, dict[str, Any]]:
    table = (
        judged.group_by("source", "label", "lang")
        .agg(
            pl.len().alias("documents"),
            (pl.col("guess") == pl.col("label")).mean().alias("right"),
            (pl.col("score") >= threshold).mean().alias("kept"),
            pl.col("score").mean().alias("mean"),
        )
        .sort("source", "label", "lang", nulls_last=True)
    )
    return {
        f"{row['source']} {row['label']} {row['lang'] or '-'}": {
            "documents": row["documents"], "right": _round(row["right"]), f"{label}_at_threshold": _round(row["kept"]),
            "mean_score": _round(row["mean"]),
        }
        for row in table.iter_rows(named=True)
    }  # fmt: skip


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
