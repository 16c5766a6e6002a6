"""Calibration: what a model says of a group of documents, turned into how often it is right there.

A model that saw little modern Chinese is less sure of it than of English, and one threshold then means two things. Each
group (a language, or a domain in a language) gets a curve of its own by Platt's method (Platt 1999, with the targets of
section 2.2): p' = 1 / (1 + exp(-(slope * logit(p) + shift))), fitted on documents that were not trained on, with both
sides of equal weight, so that .5 is where a document is as likely to be of the label as not if both are as common.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

EVERY = ""  # the group of all documents
LEAST = 50  # documents on each side, below which a group is judged by the curve of the next wider one
_EDGE = 1e-6  # probabilities are kept off 0 and 1 by so much
_STEPS = 100
_SLOPES = (0.02, 50.0)


class Curve(NamedTuple):
    """Rising: the order of two scores of one group is never changed."""

    slope: float
    shift: float

    def __call__(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1 / (1 + np.exp(-np.clip(self.slope * _logit(scores) + self.shift, -40, 40))))


SAME = Curve(1.0, 0.0)


def group_of(lang: str | None, domain: str | None = None) -> str:
    """The name of a group: "zh", or "zh/law"."""
    return f"{lang or ''}/{domain}" if domain else lang or EVERY


def fitted(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> Curve | None:
    """The curve of one group; None where either side has fewer than `LEAST` documents, or where no rising one fits."""
    ups, downs = int(positive.sum()), int((~positive).sum())
    if min(ups, downs) < LEAST:
        return None
    wanted = np.where(positive, (ups + 1) / (ups + 2), 1 / (downs + 2))
    weight = np.where(positive, 0.5 / ups, 0.5 / downs)
    x = _logit(scores)

    def loss(slope: float, shift: float) -> float:
        z = slope * x + shift
        return float((weight * (np.logaddexp(0, z) - wanted * z)).sum())

    slope, shift = 1.0, 0.0
    for _ in range(_STEPS):  # Newton's method on a convex loss, each step halved until it goes down
        p = 1 / (1 + np.exp(-np.clip(slope * x + shift, -40, 40)))
        error, bend = weight * (p - wanted), weight * p * (1 - p)
        gradient = np.array([(error * x).sum(), error.sum()])
        hessian = np.array([[(bend * x * x).sum(), (bend * x).sum()], [(bend * x).sum(), bend.sum()]])
        step = np.linalg.solve(hessian + 1e-9 * np.eye(2), gradient)
        now = loss(slope, shift)
        while loss(slope - step[0], shift - step[1]) > now and np.abs(step).max() > 1e-9:
            step = step / 2
        slope, shift = float(slope - step[0]), float(shift - step[1])
        if float(np.abs(step).max()) <= 1e-9:
            break
    if not (_SLOPES[0] <= slope <= _SLOPES[1] and np.isfinite(shift)):
        return None
    return Curve(round(slope, 6), round(shift, 6))


def curves(
    scores: NDArray[np.float64],
    positive: NDArray[np.bool_],
    langs: Sequence[str | None],
    domains: Sequence[str | None],
) -> dict[str, Curve]:
    """The curves of all groups that have enough documents.

    What a domain is told from is often of no domain (boilerplate, spam): a document without one counts in all domains
    of its language.
    """
    table = pl.DataFrame({"lang": langs, "domain": domains}, schema={"lang": pl.String, "domain": pl.String})
    found = {}
    whole = fitted(scores, positive)
    if whole is not None:
        found[EVERY] = whole
    for lang in sorted(set(langs) - {None}, key=str):
        same = (table["lang"] == lang).fill_null(False).to_numpy()
        if (curve := fitted(scores[same], positive[same])) is not None:
            found[group_of(lang)] = curve
        for domain in sorted(set(table.filter(pl.Series(same))["domain"]) - {None}):
            some = same & (table["domain"].is_null() | (table["domain"] == domain)).to_numpy()
            if (curve := fitted(scores[some], positive[some])) is not None:
                found[group_of(lang, domain)] = curve
    return found


def calibrated(
    scores: NDArray[np.float64],
    found: Mapping[str, Curve],
    langs: Sequence[str | None] | None,
    domains: Sequence[str | None] | None,
) -> NDArray[np.float64]:
    """Each score by the curve of the narrowest group that has one: domain and language, language, all."""
    out = found.get(EVERY, SAME)(scores)
    if langs is None:
        return out
    where = np.array([str(lang or "").partition("-")[0] for lang in langs], object)
    trade = np.array(list(domains) if domains is not None else [None] * len(scores), object)
    for name, curve in sorted(found.items()):  # "zh" comes before "zh/law"
        if name == EVERY:
            continue
        lang, _, domain = name.partition("/")
        some = where == lang
        if domain:
            some &= trade == domain
        out[some] = curve(scores[some])
    return out


def _logit(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    p = np.clip(scores, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(p) - np.log1p(-p))
