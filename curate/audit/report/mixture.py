"""The mix: what was asked and what is there, by channel, with epochs, fertility, the cap and its override."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.audit.excerpt import visible
from curate.audit.report.material import Material, share

SHARES = ("requested", "realised", "by_tokens", "by_documents", "general_per_domain", "cap", "rows", "row_length",
          "efficiency")  # fmt: skip


def mixture(material: Material) -> dict[str, Any] | None:
    """None where the subject holds no mix. What this Curate's mixes do not say is None."""
    mix = material.subject.mix
    if mix is None:
        return None
    tokens = sum(int(part["tokens"]) for part in mix["channels"].values())
    return {
        "stage": mix["stage"], "unit": mix["unit"], **{name: mix.get(name) for name in SHARES},
        "tokens": tokens,
        "epochs": mix.get("epochs") if isinstance(mix.get("epochs"), int | float) else None,
        "override": _override(mix.get("override")),
        "channels": [_part("channel", name, part, tokens) for name, part in mix["channels"].items()],
        "roles": [_part("role", name, part, tokens) for name, part in _roles(mix).items()],
        "sources": [_part("source", name, part, tokens) for name, part in mix.get("sources", {}).items()],
        "languages": [_part("lang", name, part, tokens) for name, part in mix.get("languages", {}).items()],
        "held_out": [_part("channel", name, part, None) for name, part in mix.get("held_out", {}).items()],
        "unused": [_part("channel", name, part, None) for name, part in mix.get("unused", {}).items()],
        "tokenizer": mix["tokenizer"],
        "fertility": fertility(material),
        "warnings": [visible(str(warning)) for warning in mix.get("warnings", ())],
    }  # fmt: skip


def fertility(material: Material) -> list[dict[str, Any]]:
    """Tokens a character by source, over all of the source's documents that were counted."""
    if material.tokens is None:
        return []
    characters: dict[str, int] = {}
    for key, counts in material.stay.tallies["sources"]:
        characters[str(key[0])] = characters.get(str(key[0]), 0) + counts["characters"]
    return [
        {"source": name, "role": role, "tokens": material.tokens[name],
         "tokens_per_character": share(material.tokens[name], characters.get(name, 0))}
        for name, role in material.roles.items() if name in material.tokens
    ]  # fmt: skip


def epochs_most(mix: Mapping[str, Any]) -> float | None:
    """The most epochs of any channel, else those of the mix."""
    said = [row["epochs"] for row in mix["channels"] if row["epochs"] is not None]
    return max(said, default=mix["epochs"])


def _roles(mix: Mapping[str, Any]) -> Mapping[str, Any]:
    if "roles" in mix:
        return mix["roles"]  # type: ignore[no-any-return]
    return mix["channels"] if set(mix["channels"]) <= {"domain", "general"} else {}  # type: ignore[no-any-return]


def _part(what: str, name: str, part: Mapping[str, Any], tokens: int | None) -> dict[str, Any]:
    epochs = part.get("epochs")
    return {
        what: visible(str(name)),
        "documents": part.get("documents"),
        "tokens": part.get("tokens"),
        "supervised": part.get("supervised"),
        "share": None if tokens is None else share(part.get("tokens", 0), tokens),
        "epochs": epochs if isinstance(epochs, int | float) else None,
    }


def _override(said: Any) -> dict[str, Any] | None:
    if not isinstance(said, Mapping):
        return None
    return {"share": said.get("share"), "reason": visible(str(said.get("reason", "")))}
