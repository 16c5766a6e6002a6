"""What the domain judge says of whole sources of which nothing was trained on."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import polars as pl
from sources import READ, UNREAD, chosen, order

from curate.classifier.evaluate import evaluate
from curate.classifier.make import LABELLED
from curate.stage import Asset

TEXTS = 2_000  # of each source at most, chosen by hash


def measured(model: Asset, facts: Asset, data: Path) -> dict[str, Any]:
    """`unseen`: all of these sources, whole documents; `unread`: those whose texts nobody read; `passages`: 100 to 300
    characters cut from each document."""
    found: dict[str, Any] = {}
    table = documents(data)
    unread = [path for path, _, _ in UNREAD]
    for name, some in (
        ("unseen", table),
        ("unread", table.filter(pl.col("source").is_in(unread))),
        ("passages", table.with_columns(pl.col("text").map_elements(cut, pl.String))),
    ):
        if some.height:
            data_ = evaluate(some, model, facts, label="general").data
            found[name] = {key: data_[key] for key in ("documents", "languages", "sources", "confusion")}
    return found


def documents(data: Path) -> pl.DataFrame:
    """The columns of `LABELLED`."""
    rows = [
        (text, label, path, lang, None, None)
        for path, label, lang in (*READ, *UNREAD)
        if (data / f"{path}.jsonl.zst").is_file()
        for text in chosen(data, path, TEXTS)
    ]
    return pl.DataFrame(rows, schema=dict(LABELLED), orient="row")


def cut(text: str) -> str:
    random = Random(order(text[:1000]))
    size = random.randint(100, 300)
    start = random.randrange(max(1, len(text) - size))
    return text[start : start + size]
