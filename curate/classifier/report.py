"""An evaluation for readers: tables in Markdown for terminal and card, and one page of HTML with the plots."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from curate.classifier.evaluate import Evaluation
from curate.classifier.plot import plots

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>body{{font:15px/1.45 sans-serif;margin:2em;max-width:70em}}table{{border-collapse:collapse;margin:.7em 0}}
td,th{{border:1px solid #ccc;padding:.2em .6em;text-align:right;vertical-align:top}}
td:first-child,th:first-child,td.text{{text-align:left}}td.text{{max-width:46em;overflow-wrap:anywhere}}
h2{{margin-top:1.6em}}</style></head><body>
<h1>{title}</h1>
<p>{summary}</p>
{body}
</body></html>
"""


def lines(data: dict[str, Any]) -> Iterator[str]:
    """The evaluation as Markdown."""
    yield summary(data)
    for heading, rows in tables(data):
        yield ""
        yield f"{heading}:"
        yield ""
        yield from _markdown(rows)


def summary(data: dict[str, Any]) -> str:
    """One sentence."""
    here = data["at_threshold"]
    error = data["reliability"]["ece"]
    return (
        f"{data['documents']:,} documents; '{data['label']}' at threshold {data['threshold']:g}: precision "
        f"{_cell(here['precision'])}, recall {_cell(here['recall'])}, F1 {_cell(here['f1'])}, AUC "
        f"{_cell(data['labels'][data['label']]['auc'])}; calibration error {_cell(error)}"
    )


def tables(data: dict[str, Any]) -> Iterator[tuple[str, list[list[Any]]]]:
    """(heading, rows with the column names first) of everything that was measured."""
    rates = ["documents", "precision", "recall", "f1", "auc"]
    languages = [
        [lang, label, *(row[name] for name in rates)]
        for lang, labels in data["languages"].items()
        for label, row in labels.items()
    ]
    yield "By language and label, each document taken for its best label", [["language", "label", *rates], *languages]
    labels = list(data["labels"])
    confusion = [[label, *(data["confusion"][label][other] for other in labels)] for label in labels]
    yield "Label (rows) and what the judge said (columns)", [["", *labels], *confusion]
    kept = f"{data['label']}_at_threshold"
    sources = [
        [name, row["documents"], row["right"], row[kept], row["mean_score"]] for name, row in data["sources"].items()
    ]
    head = ["source, label, language", "documents", "right", f"scores {data['threshold']:g} or more", "mean score"]
    yield f"By source (scores are those of '{data['label']}')", [head, *sources]
    yield "Threshold", [[*data["curve"][0]], *([*row.values()] for row in data["curve"][::2])]
    bins = [
        [f"{row['low']:g}-{row['high']:g}", row["documents"], row["score"], row["share"]]
        for row in data["reliability"]["bins"]
    ]
    yield "Reliability, both sides weighing alike", [["scores", "documents", "mean score", "share of the label"], *bins]


def page(evaluation: Evaluation, title: str) -> str:
    """The evaluation as a page of HTML that loads and runs nothing. Text of documents is shown as text."""
    data = evaluation.data
    body = [plots(data)]
    body += [f"<h2>{html.escape(heading)}</h2>{_table(rows)}" for heading, rows in tables(data)]
    near = [list(row) for row in evaluation.near.iter_rows()]
    body.append(f"<h2>The documents nearest to the threshold</h2>{_table([evaluation.near.columns, *near])}")
    return _PAGE.format(title=html.escape(title), summary=html.escape(summary(data)), body="\n".join(body))


def nearest(near: pl.DataFrame, number: int) -> Iterator[str]:
    """The documents nearest to the threshold, for a terminal."""
    for row in near.head(number).iter_rows(named=True):
        text = "".join(char if char.isprintable() else " " for char in row["text"])[:160]
        yield f"{row['score']:.3f}  {row['label']:<10} {row['source']} {row['lang'] or '-'}  {text}"


def _markdown(rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    head, *rest = rows
    yield f"| {' | '.join(_escaped(cell) for cell in head)} |"
    yield f"| --- |{' ---: |' * (len(head) - 1)}"
    for row in rest:
        yield f"| {' | '.join(_escaped(cell) for cell in row)} |"


def _escaped(value: Any) -> str:
    return "".join(char if char.isprintable() else " " for char in _cell(value)).replace("|", "\\|")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".") if value else "0"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _table(rows: Sequence[Sequence[Any]]) -> str:
    head, *rest = rows
    out = ["<table><tr>", *(f"<th>{html.escape(_cell(cell))}</th>" for cell in head), "</tr>"]
    for row in rest:
        cells = (
            f"<td{' class=text' if isinstance(cell, str) and len(cell) > 60 else ''}>{html.escape(_cell(cell))}</td>"
            for cell in row
        )
        out.append(f"<tr>{''.join(cells)}</tr>")
    return "".join([*out, "</table>"])
