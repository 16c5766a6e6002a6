"""The model's card: what it was made of, how, and what became of its losses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from curate.train.evaluate import HeldOut, by_role

CARD = "README.md"


def card(facts: Mapping[str, Any], mix: Mapping[str, Any], base: str | None, versions: Mapping[str, str]) -> str:
    """README.md of a model: `facts` as train.json has them, `mix` the mix's report.json, `base` the folder that
    training started from. Names that come from data are made inert."""
    chosen, report = facts["chosen"], facts["report"]
    front = {
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["curate", chosen["stage"], chosen["tune"]],
        "language": sorted(name for name in mix["languages"] if name != "unknown"),
    }
    start = f"from the weights of `{inert(base)}`" if base else "from random weights"
    what = {"pt": "Continued pre-training" if base else "Pre-training", "sft": "Supervised fine-tuning"}[
        chosen["stage"]
    ]
    how = (
        "all weights"
        if chosen["tune"] == "full"
        else f"LoRA of rank {chosen['lora_rank']}, alpha {2 * chosen['lora_rank']}"
    )
    parts = [
        "\n".join(
            ["---", *(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in front.items()), "---"]
        ),
        "# A model trained with Curate",
        f"{what} {start}, {how}: {report['steps']:,} steps, {report['epochs']:.2f} epochs, {report['tokens']:,} tokens "
        f"({report['supervised_tokens']:,} learnt from), {report['parameters']:,} parameters.",
        _mix(facts, mix),
        "## Losses\n\nOn documents held out of the mix, in nats a token and bits a byte of text.\n\n" + _losses(facts),
    ]
    if facts["noticed"]:
        parts.append("## Noticed\n\n" + "\n".join(f"- {inert(line)}" for line in facts["noticed"]))
    rate = chosen["rate"]
    parts.append(
        "## How\n\n"
        f"AdamW, highest rate {rate['peak']:g}, {rate['warmup']} steps of warm-up, {rate['shape']} to "
        f"{rate['floor']:g} of it; {chosen['course']['batch']} rows a step; weight decay {chosen['weight_decay']:g}; "
        f"{'bf16' if chosen['bf16'] else 'fp32'}; seed {facts['settings']['seed']}; attention within documents "
        f"(`{facts['attention']}`). Versions: {', '.join(f'{name} {value}' for name, value in versions.items())}. "
        "`train.json` has all settings and the SHA-256 of every file, `curves.html` the curves."
    )
    return "\n\n".join(parts) + "\n"


def inert(text: str | None) -> str:
    """One line without what Markdown or HTML would act on."""
    return re.sub(r"[\s|`<>\[\]*_#]+", " ", text or "").strip()


def _mix(facts: Mapping[str, Any], mix: Mapping[str, Any]) -> str:
    roles: Mapping[str, str] = facts["roles"]
    whole = sum(share["tokens"] for share in mix["channels"].values()) or 1
    lines = ["| channel | role | documents | tokens | share |", "| --- | --- | ---: | ---: | ---: |"]
    for name, share in mix["channels"].items():
        lines.append(
            f"| {inert(name)} | {roles[name]} | {share['documents']:,} | {share['tokens']:,} | "
            f"{share['tokens'] / whole:.1%} |"
        )
    lifted = mix.get("override")
    why = f" The cap was lifted: {inert(lifted['reason'])}." if lifted else ""
    return (
        f"## Mix\n\nMix `{facts['identity']['mix'][:16]}` ({mix['stage']}), tokenizer `{mix['tokenizer'][:16]}`: "
        f"domain {mix['realised']:.2%} of {mix['unit'].replace('_', ' ')}.{why} Documents and tokens are counted once "
        "each.\n\n" + "\n".join(lines)
    )


def _losses(facts: Mapping[str, Any]) -> str:
    roles: Mapping[str, str] = facts["roles"]
    before, after = (
        {name: HeldOut(**loss) for name, loss in facts["report"][moment].items()} for moment in ("before", "after")
    )
    lines = ["| | before | after | change | bits a byte |", "| --- | ---: | ---: | ---: | ---: |"]
    lines += _rows(by_role(before, roles), by_role(after, roles))
    if set(roles) != set(roles.values()):
        lines += _rows(before, after)
    return "\n".join(lines)


def _rows(before: Mapping[str, HeldOut], after: Mapping[str, HeldOut]) -> Iterator[str]:
    for name, now in after.items():
        was = before[name]
        bits = "" if was.bits_per_byte is None else f"{was.bits_per_byte:.3f} → {now.bits_per_byte:.3f}"
        yield f"| {inert(name)} | {was.nats:.3f} | {now.nats:.3f} | {now.nats - was.nats:+.3f} | {bits} |"
