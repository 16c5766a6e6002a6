"""How good the documents are by what people said of a sample of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from curate.audit.browse.labels import GOOD, Label, Quality
from curate.audit.excerpt import visible
from curate.audit.report.material import Material

GROUPS = 500  # rows of a table


def sampled(material: Material) -> dict[str, Any] | None:
    """The share of good documents with its 95 % interval, whole, by source and by language, and how far two readers
    agree. Only drawn documents that are in the data count: what readers chose themselves says nothing of the others,
    and what is not there nothing of this data. None without labels.
    """
    found = material.labels
    if found is None:
        return None
    drawn = found.where(lambda label: label.sample is not None and label.doc_id in material.labelled)
    read = {label.doc_id for label in found.labels}
    counted = {label.doc_id for label in drawn.labels}
    (whole,) = drawn.quality(lambda _: None).values() or (None,)
    return {
        "documents": len(counted),
        **_quality(whole),
        "chosen": len(read & material.labelled - counted),
        "elsewhere": len(read - material.labelled),
        "samples": sorted({visible(str(label.sample))[:120] for label in drawn.labels}),
        "readers": [
            {
                "reader": visible(reader)[:120],
                "documents": len(mine := [label for label in drawn.labels if label.reader == reader]),
                "good": sum(label.label == GOOD for label in mine),
            }
            for reader in drawn.readers()
        ],
        "agreements": [
            {
                "one": visible(pair.one)[:120],
                "other": visible(pair.other)[:120],
                "both": pair.both,
                "agreed": pair.agreed,
                "kappa": None if pair.kappa is None else round(pair.kappa, 6),
            }
            for pair in drawn.agreements()
        ],
        "sources": _groups(drawn.quality, "source", lambda label: label.source),
        "languages": _groups(drawn.quality, "lang", lambda label: label.lang),
    }


def _groups(
    quality: Callable[[Callable[[Label], str | None]], dict[str | None, Quality]],
    name: str,
    by: Callable[[Label], str | None],
) -> list[dict[str, Any]]:
    found = sorted(quality(by).items(), key=lambda row: (-row[1].read, str(row[0])))[:GROUPS]
    return [
        {name: None if key is None else visible(key)[:120], "documents": one.read, **_quality(one)}
        for key, one in found
    ]


def _quality(found: Quality | None) -> dict[str, Any]:
    if found is None:
        return {"good": 0, "share": None, "low": None, "high": None}
    return {
        "good": found.good,
        **{name: round(getattr(found, name), 6) for name in ("share", "low", "high")},
    }
