"""Warnings that practitioners expect before a training starts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curate.train.defaults import usual_rate
from curate.train.setup import Look
from curate.train.tune import QUERY_AND_VALUE

HABIT = {"pt": 4, "sft": 3}
"""Epochs over one mix above which practitioners see over-fitting."""

FAR = 5  # times the usual rate, or a fifth of it
CHAT = re.compile(r"(?i)(^|[-_.])(instruct|chat|it|sft|dpo|rlhf|assistant)($|[-_.])")


def warnings(look: Look) -> Iterator[str]:
    """What is unusual about a training, and what is usually done."""
    chosen, folder = look.chosen, look.start.folder if look.start.weights else None
    facts = _facts(folder)
    if folder is not None and chosen.stage == "pt" and is_chat(folder, facts):
        yield (
            f"{folder.name} looks like a chat model: continued pre-training makes it forget how to answer; start "
            "from its base model, and fine-tune after"
        )
    if "quantization_config" in facts["config.json"]:
        yield (
            f"{folder.name if folder else 'the model'} is quantised: weights that were rounded are trained on "
            "from what rounding left of them; start from the weights in full, or adapt them with tune qlora"
        )
    if folder is not None and chosen.stage == "sft" and not has_template(folder, facts):
        yield (
            f"{folder.name} has no chat template, so it is likely a base model that has not seen the marks of "
            "turns; the mix's own template is saved with the model. With fewer than some thousand dialogues, "
            "start from a chat model"
        )
    targets = look.settings.lora_targets
    if chosen.tune != "full" and targets is not None and set(targets) <= QUERY_AND_VALUE:
        yield (
            "LoRA on query and value alone learns less than on all linear layers (QLoRA, section 4); leave "
            "lora_targets out"
        )
    epochs = chosen.course.first(chosen.steps) / len(look.rows)
    habit = HABIT[chosen.stage]
    if epochs > habit:
        yield f"{chosen.stage} mixes are over-fitted above {habit} epochs; give more data or take fewer steps"
    else:
        for channel, times in look.rows.report["epochs"].items():
            if times * epochs > habit:
                yield (
                    f"{channel} is read {times * epochs:.1f} times ({times:.1f} in the mix, {epochs:.1f} epochs "
                    f"of that), above the {habit} epochs after which {chosen.stage} texts are over-fitted"
                )
    usual = usual_rate(look.shape.parameters, stage=chosen.stage, tune=chosen.tune, random_start=not look.start.weights)
    if not usual / FAR <= chosen.rate.peak <= usual * FAR:
        more = "; LoRA bears ten times the rate of full training" if chosen.tune != "full" else ""
        yield (
            f"the highest learning rate is {chosen.rate.peak:.1e}, and about {usual:.1e} is usual for "
            f"{chosen.stage} of {look.shape.parameters:,} parameters ({chosen.tune}){more}"
        )


def is_chat(folder: Path, facts: dict[str, Any]) -> bool:
    """Whether a model was taught to answer: by its name, or by a chat template beside settings for sampling answers.

    A template alone says little: base models of Qwen carry one.
    """
    if CHAT.search(folder.name) or CHAT.search(str(facts["config.json"].get("_name_or_path", ""))):
        return True
    sampling = facts["generation_config.json"]
    several_ends = isinstance(sampling.get("eos_token_id"), list)
    return has_template(folder, facts) and (several_ends or "temperature" in sampling or "top_p" in sampling)


def has_template(folder: Path, facts: dict[str, Any]) -> bool:
    return (folder / "chat_template.jinja").is_file() or bool(facts["tokenizer_config.json"].get("chat_template"))


def _facts(folder: Path | None) -> dict[str, Any]:
    names = ("config.json", "generation_config.json", "tokenizer_config.json")
    found = {name: folder / name for name in names} if folder else {}
    return {
        name: json.loads(found[name].read_text("utf-8")) if name in found and found[name].is_file() else {}
        for name in names
    }
