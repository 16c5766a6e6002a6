"""Run in LLaMA-Factory's environment: what it makes of an export, and two steps of training by the ready configuration.

python with_llama_factory.py QUESTION ANSWER; QUESTION is {"sft": FOLDER, "pt": FOLDER, "alpaca": FOLDER, "model": ..}.
It imports torchaudio, whose builds fail beside a CPU build of torch, and uses it for sound alone: an empty module.
"""

from __future__ import annotations

import json
import os
import sys
import types
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from pathlib import Path

import transformers
import yaml

silent = types.ModuleType("torchaudio")
silent.__spec__ = ModuleSpec("torchaudio", None)
sys.modules["torchaudio"] = silent
os.environ["DISABLE_VERSION_CHECK"] = "1"

from llamafactory.data import get_dataset, get_template_and_fix_tokenizer  # noqa: E402
from llamafactory.hparams import get_train_args  # noqa: E402
from llamafactory.model import load_tokenizer  # noqa: E402
from llamafactory.train.tuner import run_exp  # noqa: E402


def main() -> None:
    given = json.loads(Path(sys.argv[1]).read_text())
    answer = Path(sys.argv[2]).resolve()
    out: dict[str, object] = {"version": version("llamafactory"), "transformers": transformers.__version__}
    for task in ("pt", "sft", "alpaca"):
        os.chdir(given[task])
        ready = yaml.safe_load(Path("train.yaml").read_text())
        # What a machine without a GPU can't do, and the step count; the rest is the configuration as it is written.
        ready |= {"bf16": False, "use_cpu": True, "max_steps": 2, "save_strategy": "no", "report_to": "none",
                  "gradient_accumulation_steps": 1, "output_dir": str(answer.parent / f"lf-{task}"),
                  "packing": False, "neat_packing": False, "eval_strategy": "no", "overwrite_cache": True}  # fmt: skip
        ready.pop("eval_steps", None)
        model, data, training, _, _ = get_train_args(dict(ready))
        module = load_tokenizer(model)
        template = get_template_and_fix_tokenizer(module["tokenizer"], data)
        found = get_dataset(template, model, data, training, stage=ready["stage"], **module)["train_dataset"]
        texts = []
        for row in found:
            learned = [one for one in row.get("labels", row["input_ids"]) if one != -100]
            texts.append([module["tokenizer"].decode(row["input_ids"]), module["tokenizer"].decode(learned)])
        run_exp(args=dict(ready))
        log = answer.parent / f"lf-{task}" / "trainer_state.json"
        history = json.loads(log.read_text())["log_history"] if log.is_file() else []
        out[task] = {
            "rows": len(found),
            "texts": texts,
            "steps": max((one.get("step", 0) for one in history), default=0),
        }
    answer.write_text(json.dumps(out))


if __name__ == "__main__":
    main()
