"""Can I train on this? A verdict for each rule, with the numbers that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.audit.licences import CLOSED, SHAREALIKE, UNKNOWN
from curate.audit.report.material import Limits, Material, share

FINE, CAUTION, BAD, OPEN = "fine", "caution", "bad", "unknown"
STATES = (FINE, OPEN, CAUTION, BAD)
"""From the best to the worst; what is not known is worse than fine, and no reason by itself against the data."""

AGREED = 0.4  # kappa below which two readers agree fairly at most (Landis and Koch 1977, Biometrics 33:165)
REMOVED_CAUTION, REMOVED_BAD = 0.05, 0.5  # share of finished data that the rules would take out


def verdicts(material: Material, report: Mapping[str, Any]) -> dict[str, Any]:
    """`checks` in the order in which they are asked, and the worst of them."""
    checks = [
        _accounts(report),
        _quarantine(report),
        _rules(report),
        _licences(report),
        _unlicensed(report, material.limits),
        _provenance(report),
        _standard(report),
        *_sampled(report, material.limits),
        _copies(report, material.limits),
        _contamination(report),
        _personal(report),
        _ratio(report),
        _epochs(report, material.limits),
    ]
    worst = max((check["state"] for check in checks), key=STATES.index)
    return {
        "state": worst,
        "checks": checks,
        "counted": {state: sum(check["state"] == state for check in checks) for state in STATES},
    }


def _check(name: str, state: str, **facts: Any) -> dict[str, Any]:
    return {"check": name, "state": state, "facts": facts}


def _accounts(report: Mapping[str, Any]) -> dict[str, Any]:
    balanced = report["faults"]["balanced"]
    if balanced is None:
        return _check("accounts", OPEN)
    read = report["removal"]["read"]
    return _check("accounts", FINE if balanced else BAD, read=read, kept=report["origin"]["totals"]["documents"])


def _quarantine(report: Mapping[str, Any]) -> dict[str, Any]:
    faults = report["faults"]
    if faults["quarantined"] is None:
        return _check("quarantine", OPEN)
    tolerated = faults["tolerance"]
    over = tolerated is not None and faults["share"] is not None and faults["share"] > tolerated
    state = BAD if over else CAUTION if faults["quarantined"] else FINE
    if state == CAUTION and tolerated is not None:
        state = FINE
    return _check("quarantine", state, quarantined=faults["quarantined"], share=faults["share"])


def _rules(report: Mapping[str, Any]) -> dict[str, Any]:
    removal = report["removal"]
    if not removal["supplied"]:
        return _check("rules", OPEN)
    if not removal["hypothetical"]:
        return _check("rules", FINE, removed=removal["removed"], share=share(removal["removed"], removal["read"]))
    would = sum(row["documents"] for row in removal["reasons"])
    part = share(would, report["origin"]["totals"]["documents"]) or 0.0
    state = BAD if part > REMOVED_BAD else CAUTION if part > REMOVED_CAUTION else FINE
    return _check("rules_would", state, removed=would, share=part)


def _licences(report: Mapping[str, Any]) -> dict[str, Any]:
    by = {row["class"]: row for row in report["origin"]["license_classes"]}
    closed = sum(by[name]["bytes"] for name in CLOSED)
    whole = sum(row["bytes"] for row in by.values())
    part = share(closed, whole) or 0.0
    alike = by[SHAREALIKE]["share"] or 0.0
    if by[UNKNOWN]["documents"] == sum(row["documents"] for row in by.values()):
        return _check("licences", OPEN)
    state = BAD if closed else CAUTION if alike else FINE
    return _check("licences", state, documents=sum(by[name]["documents"] for name in CLOSED), share=part,
                  share_alike=alike)  # fmt: skip


def _unlicensed(report: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    row = next(row for row in report["origin"]["license_classes"] if row["class"] == UNKNOWN)
    part = row["share"] or 0.0
    state = BAD if part > limits.unlicensed_bad else CAUTION if part > limits.unlicensed_caution else FINE
    return _check("unlicensed", state, documents=row["documents"], share=part)


def _provenance(report: Mapping[str, Any]) -> dict[str, Any]:
    stated = report["origin"]["stated"]
    part = stated["url"]["share"] or 0.0
    traced = stated["traced"]["share"] or 0.0  # by one or the other: a source has addresses, another ids
    state = FINE if traced >= 0.999 else CAUTION if traced > 0 else OPEN
    named = stated["origin_id"]["share"] or 0.0
    return _check("provenance", state, share=part, share_named=named, share_traced=traced)


def _standard(report: Mapping[str, Any]) -> dict[str, Any]:
    """Unequal quality of the sources, and not the ratio alone, limited BloombergGPT: one standard for all."""
    skipped, uneven = report["quality"]["unjudged"], report["removal"]["uneven"]
    if not report["removal"]["rules"]:
        return _check("standard", OPEN)
    return _check("standard", CAUTION if skipped or uneven else FINE, unjudged=len(skipped), uneven=len(uneven))


def _sampled(report: Mapping[str, Any], limits: Limits) -> list[dict[str, Any]]:
    """What people found who read a sample. No check where nobody was asked to."""
    found = report["quality"]["sampled"]
    if found is None:
        return []
    if not found["documents"]:
        return [_check("sampled_none", OPEN, chosen=found["chosen"], elsewhere=found["elsewhere"])]
    agreed = [pair["kappa"] for pair in found["agreements"] if pair["kappa"] is not None]
    facts = {name: found[name] for name in ("documents", "share", "low", "high")}
    if agreed and min(agreed) < AGREED:
        return [_check("sampled_apart", CAUTION, kappa=min(agreed), **facts)]
    asked = limits.sample_pass
    state = BAD if found["high"] < asked else CAUTION if found["low"] < asked else FINE
    return [_check("sampled", state, asked=asked, **facts)]


def _copies(report: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    copies = report["copies"]
    if not copies["looked"]:
        return _check("copies_unknown", OPEN)
    if not report["removal"]["hypothetical"]:
        return _check("copies", FINE, removed=copies["documents"], share=copies["share"])
    part = copies["share"] or 0.0
    state = BAD if part > limits.copies_bad else CAUTION if part > limits.copies_caution else FINE
    return _check("copies_left", state, documents=copies["left"], share=part)


def _contamination(report: Mapping[str, Any]) -> dict[str, Any]:
    found = report["contamination"]
    if not found["looked"]:
        return _check("contamination_unknown", OPEN)
    left = found["kept_with_a_question"] + (found["removed"] if report["removal"]["hypothetical"] else 0)
    names = len(found["benchmarks"])
    if not left and not found["removed"]:
        return _check("contamination_none", FINE)
    return _check("contamination", BAD if left else FINE, left=left, removed=found["removed"], benchmarks=names)


def _personal(report: Mapping[str, Any]) -> dict[str, Any]:
    scan = report["personal"]["second_scan"]
    documents = max((row["documents"] for row in scan["by_kind"]), default=0)
    return _check("personal", CAUTION if scan["finds"] else FINE, finds=scan["finds"], documents=documents,
                  kinds=len(scan["by_kind"]))  # fmt: skip


def _ratio(report: Mapping[str, Any]) -> dict[str, Any]:
    mix = report["mix"]
    if mix is None:
        return _check("ratio_unknown", OPEN)
    if mix["override"] is not None:
        return _check("ratio_override", CAUTION, realised=mix["realised"], cap=mix["cap"])
    hidden = mix["with_hidden"]
    if hidden is not None and hidden["share"] - 2 * hidden["error"] > mix["cap"] >= mix["realised"]:
        return _check("ratio_hidden", CAUTION, realised=mix["realised"], hidden=hidden["share"], cap=mix["cap"])
    # The share is of whole documents, and may lie within the mix's tolerance above what was asked.
    state = FINE if mix["realised"] <= mix["cap"] + mix["tolerance"] else BAD
    return _check("ratio", state, realised=mix["realised"], cap=mix["cap"])


def _epochs(report: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    mix = report["mix"]
    most = None if mix is None else mix["epochs"]
    if mix is None or most is None:
        return _check("epochs_unknown", OPEN)
    limit = limits.epochs_sft if mix["stage"] == "sft" else limits.epochs_pt
    return _check("epochs", CAUTION if most > limit else FINE, epochs=most, limit=limit)
