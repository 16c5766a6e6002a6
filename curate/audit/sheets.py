"""The report's tables as CSV, for who works in a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.audit.sheet import sheet

AMOUNTS = ("documents", "characters", "bytes", "share")


def sheets(report: Mapping[str, Any]) -> dict[str, bytes]:
    """CSV by its file's name."""
    origin, removal = report["origin"], report["removal"]
    samples = [
        {"stage": some["stage"], "reason": some["reason"], "fate": fate, **one}
        for some in removal["samples"]
        for fate, ones in (("went", some["went"]), ("stayed", some["stayed"]))
        for one in ones
    ]
    return {
        "sources.csv": sheet(
            ("source", "role", "license_class", *AMOUNTS, "tokens", "tokens_per_character"), origin["sources"]
        ),
        "licenses.csv": sheet(("license", "class", *AMOUNTS), origin["licenses"]),
        "hosts.csv": sheet(("host", *AMOUNTS), origin["hosts"]["top"]),
        "domains.csv": sheet(("domain", *AMOUNTS[:3]), report["annexes"]["eu"]["domains"]["top"]),
        "funnel.csv": sheet(
            (
                "stage",
                "documents_in",
                "removed",
                "removed_share",
                "quarantined",
                "kept",
                "bytes_removed",
                "tokens_removed_about",
            ),
            removal["stages"],
        ),
        "reasons.csv": sheet(("stage", "reason", "documents", "share", "bytes"), removal["reasons"]),
        "samples.csv": sheet(
            (
                "stage",
                "reason",
                "fate",
                "doc_id",
                "source",
                "lang",
                "license",
                "url",
                "measure",
                "value",
                "limit",
                "text",
            ),
            samples,
        ),
    }
