"""TRL: messages with reasoning and calls as objects, the tools beside them; text for pre-training."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from curate.mix.export.lines import NOT_A_DIALOGUE, Tally, written
from curate.mix.export.material import Material
from curate.mix.export.settings import Export
from curate.mix.export.turns import Unsayable, flat, messages


def export(material: Material, settings: Export, folder: Path) -> tuple[Tally, list[str]]:
    """data/ below `folder`; what was written, and what there is to know."""
    task = settings.task or material.task

    def say(document: Mapping[str, Any]) -> dict[str, Any]:
        channel = {"channel": document["channel"]}
        if task == "pt":
            return {"text": document["text"] or ""} | channel
        if not document["messages"]:
            raise Unsayable(NOT_A_DIALOGUE)
        turns, tools = messages(document["messages"], document["tools"])
        # The tools are JSON, which TRL parses: as objects their schemas would be one table, and lend each other keys.
        return {"messages": flat(turns), "tools": json.dumps(tools, ensure_ascii=False) if tools else None} | channel

    tally, _ = written(material, say, folder)
    return tally, [
        'train: SFTTrainer(train_dataset=load_dataset("json", data_files="OUT/data/*[!t].jsonl", split="train"))'
    ]
