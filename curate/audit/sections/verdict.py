"""Can I train on this? The answer first, then the checks that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.audit.page.markup import Html, joined, number, tag
from curate.audit.sections.parts import paragraph, section
from curate.audit.words import say

SIGNS = {"fine": "\u2713", "caution": "!", "bad": "\u2715", "unknown": "?"}
SHARES = frozenset(
    {
        "share",
        "share_named",
        "share_traced",
        "share_alike",
        "realised",
        "requested",
        "cap",
        "hidden",
        "low",
        "high",
        "asked",
    }
)
ORDER = ("bad", "caution", "unknown", "fine")


def verdict(report: Mapping[str, Any]) -> Html:
    found = report["verdict"]
    counted = {state: number(count) for state, count in found["counted"].items()}
    answer = tag(
        "div",
        badge(found["state"]),
        tag("div", paragraph(say(f"answer.{found['state']}"), "say"), paragraph(say("answer.counts", **counted))),
        class_=f"answer {found['state']}",
        role="status",
    )
    checks = sorted(found["checks"], key=lambda check: ORDER.index(check["state"]))
    return section("verdict", say("s.verdict"), answer, tag("ul", *map(_check, checks), class_="checks"))


def badge(state: str) -> Html:
    """A sign that is told apart by its shape too, with its word for who does not see it."""
    return joined([
        tag("span", Html(SIGNS[state]), class_=f"badge {state}", aria_hidden="true"),
        tag("span", say(f"state.{state}"), class_="sr"),
    ])  # fmt: skip


def _check(check: Mapping[str, Any]) -> Html:
    facts = {
        name: number(value, "share" if name in SHARES else "plain" if name in ("epochs", "limit", "kappa") else "count")
        for name, value in check["facts"].items()
    }
    words = say(f"check.{check['check']}.{check['state']}", **facts)
    return tag("li", badge(check["state"]), tag("p", tag("strong", say(f"check.{check['check']}")), words))
