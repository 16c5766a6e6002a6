"""Domain text that general sources hold, counted by the domain judge: a declared share is not the whole truth."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from curate import files
from curate.classifier.scores import Scores, place
from curate.document import share_of
from curate.engine import Engine
from curate.mix.settings import Mix
from curate.mix.survey import Survey
from curate.table import batches

JUDGE = "classifiers/domain"

SAMPLE = 10_000
"""Documents of general sources that are judged, chosen by hash: a share of 5 % is then known to .2 points."""

DOMAIN = 0.5  # of the judge's calibrated score: from here on a text is more likely of the domain than not


def hidden_domain(
    mix: Mix, kept: Sequence[str], survey: Survey, engine: Engine, cache: str | None
) -> dict[str, dict[str, Any]]:
    """Of each general source: how much of its text (in bytes) the judge takes for the mix's domains, with the standard
    error of the sample, and of how many documents that is known.

    Where the documents carry the judge's measures (`medical_score`) these are read, else a sample is judged. The judge
    errs too, by its card mostly towards the domain; the error that is stated is the sample's alone. Empty for sft,
    where no cap is held, and for domains that the judge does not know.
    """
    cells = survey.cells
    known = json.loads((place(JUDGE) / "judge.json").read_bytes())["labels"]
    domains = sorted(set(cells.filter(pl.col("role") == "domain")["domain"].drop_nulls()) & set(known) - {"general"})
    general = int(cells.filter(pl.col("role") == "general")["documents"].sum())
    if mix.stage == "sft" or not domains or not general:
        return {}
    rate = min(1.0, SAMPLE / general)
    task = partial(judged, domains=tuple(domains), rate=rate, cache=cache)
    sums: dict[str, Any] = {}
    for _, found in sorted(engine.run(task, kept), key=lambda done: done[0]):
        for source, values in found.items():
            sums[source] = sums.get(source, np.zeros(7)) + np.array(values)
    return {source: _estimate(*values) for source, values in sorted(sums.items())}


def judged(path: str, domains: Sequence[str], rate: float, cache: str | None) -> dict[str, list[float]]:
    """Sums over the general documents of the kept shard at `path`, by source: documents there, judged, judged without a
    sample; of those judged the sums of b, b x y, b^2 and b^2 x y: b are bytes of text, y is 1 for the domain's."""
    kept_at = None
    if cache is not None:
        parts = [files.sha256(path), Scores.of(JUDGE, *domains).model.sha256, *domains, f"{rate:.12f}"]
        kept_at = files.join(cache, f"hidden-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()}.json")
        if files.exists(kept_at):
            told: dict[str, list[float]] = json.loads(files.read_bytes(kept_at))
            return told
    out = _sums(path, domains, rate)
    if kept_at is not None:
        files.put_new(kept_at, json.dumps(out, sort_keys=True).encode())
    return out


def _sums(path: str, domains: Sequence[str], rate: float) -> dict[str, list[float]]:
    with files.open_read(path) as file:
        names = pq.ParquetFile(file).schema_arrow.names
    measures = [f"{domain}_score" for domain in domains]
    measured = all(name in names for name in measures)
    judge = Scores.of(JUDGE, *domains)
    out: dict[str, list[float]] = {}
    for docs in batches(path, ("doc_id", "source", "role", "lang", "domain", "text", *(measures if measured else ()))):
        general = docs.filter((pl.col("role") == "general") & pl.col("text").is_not_null())
        for (source,), group in general.group_by("source", maintain_order=True):
            before = out.setdefault(str(source), [0.0] * 7)
            rows, whole = group, measured and not sum(group[name].null_count() for name in measures)
            if not whole and rate < 1:
                chosen = [share_of(identity, "hidden") < rate for identity in group["doc_id"]]
                rows = group.filter(pl.Series(chosen, dtype=pl.Boolean))
            if whole:
                score = rows.select(pl.sum_horizontal(measures)).to_series()
            else:
                score = judge.within(rows["text"], rows["lang"].to_list(), rows["domain"].to_list())
            size = rows["text"].str.len_bytes().cast(pl.Float64).to_numpy()
            is_domain = (score >= DOMAIN).cast(pl.Float64).to_numpy()
            all_of_it = rows.height if whole or rate >= 1 else 0
            found = [
                group.height, rows.height, all_of_it, size.sum(), (size * is_domain).sum(), (size**2).sum(),
                (size**2 * is_domain).sum(),
            ]  # fmt: skip
            out[str(source)] = [one + float(other) for one, other in zip(before, found, strict=True)]
    return out


def _estimate(
    there: float, judged_: float, whole: float, size: float, domain: float, squares: float, domain_squares: float
) -> dict[str, Any]:
    """The share by the ratio estimator, and its standard error (Cochran 1977, Sampling Techniques, section 6.4)."""
    share = domain / size if size else 0.0
    sampled = judged_ - whole
    error = 0.0
    if sampled > 1 and size:
        # sum of (b y - r b)^2 = (1 - 2 r) sum b^2 y + r^2 sum b^2, for y is 0 or 1.
        spread = max(0.0, (1 - 2 * share) * domain_squares + share**2 * squares) / (sampled - 1)
        error = sqrt(spread * sampled * max(0.0, 1 - judged_ / there)) / size
    return {"documents": int(there), "judged": int(judged_), "share": round(share, 6), "error": round(error, 6)}


def together(hidden: Mapping[str, Mapping[str, Any]], tokens: Mapping[str, int]) -> tuple[float, float]:
    """(tokens of the domain in general sources, standard error), where `tokens` are read of each source."""
    found = sum(one["share"] * tokens.get(source, 0) for source, one in hidden.items())
    error = sqrt(sum((one["error"] * tokens.get(source, 0)) ** 2 for source, one in hidden.items()))
    return found, error
