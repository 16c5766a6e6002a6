"""Annex: the fields of the European Union's public summary of training content, as far as the data fill them.

The template is that of 24 July 2025, C(2025) 5235 final, for Article 53(1)(d) of Regulation (EU) 2024/1689: general
information, list of data sources, data processing aspects. Its footnote 16 has the share of domains. What the data do
not say and nobody declares is `not_supplied`. Filling it in is no claim of conformity.
"""

from __future__ import annotations

from typing import Any

from curate.audit.excerpt import visible
from curate.audit.report.material import Material, share
from curate.audit.report.origin import domains_crawled

MEASURED, DECLARED, NOT_SUPPLIED = "measured", "declared", "not_supplied"

BUCKETS = ((10**9, "below_1_billion_tokens"), (10**13, "1_billion_to_10_trillion_tokens"))
ABOVE = "above_10_trillion_tokens"

TOP, TOP_SME, MOST_SME = 0.10, 0.05, 1000  # of the domains by content; small and medium enterprises: 5 %, at most 1,000
LANGUAGES = 2000  # that are named
LISTED = 20_000  # domains in the report

DECLARABLE = (
    ("0", "summary_version"), ("0", "summary_updated"),
    ("1.1", "provider"), ("1.1", "representative"), ("1.2", "model"), ("1.2", "model_dependencies"),
    ("1.2", "placed_on_market"), ("1.3", "content_types"), ("1.3", "latest_acquisition"),
    ("1.3", "other_characteristics"),
    ("2.1", "public_datasets"), ("2.2.1", "licensed_data"), ("2.2.2", "other_third_party_data"),
    ("2.3", "crawlers"), ("2.3", "crawl_purpose"), ("2.3", "crawl_behaviour"), ("2.3", "crawl_period"),
    ("2.3", "crawl_content"),
    ("2.4", "user_data"), ("2.4", "service_data"),
    ("2.5", "synthetic_data"), ("2.6", "other_sources"),
    ("3.1", "opt_out"), ("3.1", "code_of_practice"), ("3.2", "illegal_content"), ("3.3", "other_processing"),
)  # fmt: skip
"""Fields that only somebody can say: (section, key in the facts file)."""


def eu_summary(material: Material) -> dict[str, Any]:
    stay = material.stay
    tokens = None if material.tokens is None else sum(material.tokens.values())
    whole = stay.tallies["sources"].total()
    langs = sorted({str(key[0]) for key, _ in stay.tallies["languages"] if key[0] is not None})
    fields = [_declared(material, section, name) for section, name in DECLARABLE]
    fields += [
        _measured("1.3", "modality", "text"),
        _measured("1.3", "size_bucket", None if tokens is None else bucket(tokens)),
        _measured("1.3", "tokens", tokens),
        _measured("1.3", "characters", whole["characters"]),
        _measured("1.3", "languages", ", ".join(langs[:LANGUAGES]) or None),
        _measured("1.3", "latest_document", stay.dates[1] if stay.dates else None),
        _measured("2", "sources", len(material.roles)),
        _measured("3.2", "documents_removed", _removed(material)),
    ]
    fields.sort(key=lambda field: str(field["section"]))
    domains = domains_crawled(material)
    sme = bool(material.facts.get("sme", False))
    count = _top(len(domains), sme)
    listed = domains[:count]
    return {
        "template": "C(2025) 5235 final, 24 July 2025",
        "fields": fields,
        "domains": {
            "small_or_medium_enterprise": sme,
            "share_asked": TOP_SME if sme else TOP,
            "domains": len(domains),
            "listed": len(listed),
            "share_of_content": share(sum(row["bytes"] for row in listed), whole["bytes"]),
            "complete": stay.tallies["hosts"].dropped == 0,
            "top": listed[:LISTED],
        },
    }


def bucket(tokens: int) -> str:
    """The template's range for text."""
    return next((name for limit, name in BUCKETS if tokens < limit), ABOVE)


def _top(domains: int, sme: bool) -> int:
    """How many domains the template asks for: a tenth; of small ones a twentieth, at most 1,000. At least one."""
    if not domains:
        return 0
    wanted = -(-domains * (5 if sme else 10) // 100)
    return min(wanted, MOST_SME) if sme else wanted


def _removed(material: Material) -> int | None:
    removed = sum(counts[0] for counts in material.gone.gone.first.values())
    return removed if material.subject.kind == "run" else None


def _measured(section: str, name: str, value: Any) -> dict[str, Any]:
    return {"section": section, "field": name, "value": value, "from": NOT_SUPPLIED if value is None else MEASURED}


def _declared(material: Material, section: str, name: str) -> dict[str, Any]:
    said = material.facts.get(name)
    if isinstance(said, list):
        said = "; ".join(map(str, said))
    value = None if said is None else visible(str(said))[:2000]
    return {"section": section, "field": name, "value": value, "from": NOT_SUPPLIED if value is None else DECLARED}
