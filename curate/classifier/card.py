"""The card of a judge: what people need to know before they trust it, from what its folder says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curate.classifier import folder
from curate.classifier.report import lines

UNSAID = "Nobody has said yet where this judge fails: read the documents nearest to the threshold before you use it."


def card(judge: Path, *, licences: str = "", limits: str = "") -> str:
    """README.md of the judge in that folder. `licences` and `limits` are its author's words, in Markdown.

    Raises `NotAJudge` where model and judge.json don't fit each other.
    """
    folder.assets(judge)
    facts = json.loads((judge / folder.FACTS).read_text("utf-8"))
    metrics = judge / folder.METRICS
    measured = json.loads(metrics.read_text("utf-8")) if metrics.is_file() else {}
    return "\n".join(_lines(facts, measured.get("test"), licences.strip(), limits.strip())) + "\n"


def _lines(facts: dict[str, Any], test: dict[str, Any] | None, licences: str, limits: str) -> Iterator[str]:
    training, labels = facts["training"], ", ".join(facts["labels"])
    yield f"# {facts['name']}: a judge of {labels}"
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    yield f"| model | {_model(training)} |"
    yield f"| file | model.ftz, {facts['model']['bytes']:,} bytes, SHA-256 {facts['model']['sha256']} |"
    yield f"| labels | {labels} |"
    yield f"| reads | the folded tokens of the first {facts['reads']['characters']:,} characters |"
    yield f"| calibrated for | {_calibrated(facts)} |"
    yield f"| licence | {licences.splitlines()[0] if licences else 'not stated: give --licence'} |"
    yield ""
    yield "```python"
    yield f'Judge.of("FOLDER", "{facts["labels"][0]}", threshold=0.5)'
    yield "```"
    yield ""
    yield "## Data"
    yield ""
    if licences:
        yield licences
        yield ""
    if facts.get("inputs"):
        yield "| input | label | documents | SHA-256 |"
        yield "| --- | --- | ---: | --- |"
        for one in facts["inputs"]:
            label = one["label"] or "as its rows say"
            count = f"{one['documents']:,}" if "documents" in one else "-"
            yield f"| {one['name']} | {label} | {count} | {one['sha256'][:16]}... |"
        yield ""
    yield from _split(facts)
    yield "## What it does on documents that it was not trained on"
    yield ""
    if test is None:
        yield "Not measured: the test part has documents of one label only."
    else:
        yield from lines({**test, "curve": test["curve"][::2]})
    yield ""
    yield "## Limits"
    yield ""
    yield limits or UNSAID


def _model(training: dict[str, Any]) -> str:
    if training.get("by") == "counting":
        return (
            "linear, in fastText's format: words (a CJK character is one) and pairs of them, weighed by how much more "
            "often a label's sources have them than others'"
        )
    return (
        f"fastText, supervised: words (a CJK character is one) and their {training['ngrams']}-grams, "
        f"{training['dim']} dimensions, {training['buckets']:,} buckets, quantised"
    )


def _calibrated(facts: dict[str, Any]) -> str:
    said = [
        f"{label} ({', '.join(group or 'all' for group in groups)})" for label, groups in facts["calibration"].items()
    ]
    return "; ".join(said) or "nothing: scores are the model's own"


def _split(facts: dict[str, Any]) -> Iterator[str]:
    split = facts.get("split")
    if not split:
        return
    held = ", ".join(split["held_out"]) or "none"
    yield (
        f"Split by hash, a cluster of near copies ({split['clusters']:,} clusters) as a whole; sources held out of the "
        f"training: {held}. Balanced: {facts['balance']}."
    )
    yield ""
    yield "| part | label, language, source | documents |"
    yield "| --- | --- | ---: |"
    for part, counts in split["documents"].items():
        for name, count in counts.items():
            yield f"| {part} | {name} | {count:,} |"
    yield ""
