"""Run in TRL's environment: the tokens that its trainer makes of an export, and two steps of training on them.

python with_trl.py QUESTION ANSWER; QUESTION is {"sft": FOLDER, "pt": FOLDER, "model": FOLDER}.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

from datasets import load_dataset
from trl import SFTConfig, SFTTrainer


def main() -> None:
    given = json.loads(Path(sys.argv[1]).read_text())
    out: dict[str, object] = {"version": version("trl")}
    for task in ("pt", "sft"):
        files = sorted(str(path) for path in Path(given[task], "data").glob("*.jsonl") if ".heldout" not in path.name)
        data = load_dataset("json", data_files=files, split="train", cache_dir="trl-cache")
        config = SFTConfig(
            output_dir="trl-out", max_steps=2, per_device_train_batch_size=2, max_length=1024, use_cpu=True, bf16=False,
            report_to=[], save_strategy="no", logging_steps=1, dataset_num_proc=1, gradient_checkpointing=False,
        )  # fmt: skip
        trainer = SFTTrainer(model=given["model"], args=config, train_dataset=data)
        ids = trainer.train_dataset["input_ids"]
        trainer.train()
        losses = [one["loss"] for one in trainer.state.log_history if "loss" in one]
        out[task] = {"rows": len(data), "ids": [list(map(int, one)) for one in ids], "losses": losses}
    Path(sys.argv[2]).write_text(json.dumps(out))


if __name__ == "__main__":
    main()
