"""The mix: what was asked and what is there, by channel, with epochs, fertility, the cap and its override."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.audit.excerpt import visible
from curate.audit.report.material import Material, share

SHARES = (
    "requested",
    "realised",
    "by_tokens",
    "by_supervised",
    "by_documents",
    "general_per_domain",
    "cap",
    "tolerance",
    "rows",
    "row_length",
    "efficiency",
)
PARTS = (
    ("channels", "channel"),
    ("roles", "role"),
    ("sources", "source"),
    ("languages", "lang"),
    ("domains", "domain"),
)


def mixture(material: Material) -> dict[str, Any] | None:
    """None where the subject holds no mix. Shares of parts are of the tokens as often as they are read."""
    mix = material.subject.mix
    if mix is None:
        return None
    tokens = sum(int(part["read_tokens"]) for part in mix["channels"].values())
    hidden = mix["with_hidden"]
    return {
        "stage": mix["stage"],
        "unit": mix["unit"],
        **{name: mix[name] for name in SHARES},
        "tokens": tokens,
        "override": _override(mix["override"]),
        **{name: [_part(what, one, part, tokens, mix) for one, part in mix[name].items()] for name, what in PARTS},
        "targets": [
            {"column": column, "value": visible(str(value)), **said}
            for column, its in mix["targets"].items()
            for value, said in its.items()
        ],
        "held_out": [_part("channel", name, part, 0, mix) for name, part in mix["held_out"].items()],
        "unused": [_part("channel", name, part, 0, mix) for name, part in mix["unused"].items()],
        "hidden": [{"source": visible(str(name)), **said} for name, said in (mix["hidden"] or {}).items()],
        "with_hidden": None if hidden is None else {"share": hidden[0], "error": hidden[1]},
        "epochs": max(mix["epochs"].values(), default=None),
        "bound": [visible(str(name)) for name in mix["bound"]],
        "tokenizer": mix["tokenizer"],
        "fertility": fertility(material),
        "warnings": [visible(str(warning)) for warning in mix["warnings"]],
    }


def fertility(material: Material) -> list[dict[str, Any]]:
    """Tokens a character by source, over all of the source's documents that were counted."""
    if material.tokens is None:
        return []
    characters: dict[str, int] = {}
    for key, counts in material.stay.tallies["sources"]:
        characters[str(key[0])] = characters.get(str(key[0]), 0) + counts["characters"]
    return [
        {
            "source": name,
            "role": role,
            "tokens": material.tokens[name],
            "tokens_per_character": share(material.tokens[name], characters.get(name, 0)),
        }
        for name, role in material.roles.items()
        if name in material.tokens
    ]


def _part(what: str, name: str, part: Mapping[str, Any], tokens: int, mix: Mapping[str, Any]) -> dict[str, Any]:
    """`share` of the tokens that are read, None where none of them is."""
    planned = mix["planned"].get(name, {}) if what == "channel" else {}
    return {
        what: visible(str(name)),
        **{count: part[count] for count in ("documents", "tokens", "supervised", "read_tokens")},
        "share": share(part["read_tokens"], tokens),
        **({"asked": planned.get("asked"), "epochs": mix["epochs"].get(name)} if what == "channel" else {}),
    }


def _override(said: Any) -> dict[str, Any] | None:
    if not isinstance(said, Mapping):
        return None
    return {"share": said.get("share"), "reason": visible(str(said.get("reason", "")))}
