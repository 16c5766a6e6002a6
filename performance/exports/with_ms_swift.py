"""Run in ms-swift's environment: two steps of training by the ready command, and the losses of channels that it shows.

python with_ms_swift.py QUESTION ANSWER; QUESTION is {"sft": FOLDER, "pt": FOLDER, "model": FOLDER}.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

MORE = "--max_steps 2 --use_cpu true --torch_dtype float32 --model_type qwen3 --template qwen3 --eval_strategy no "
MORE += "--save_strategy no --logging_steps 1 --gradient_accumulation_steps 1 --per_device_train_batch_size 4 "
MORE += "--dataset_num_proc 1 --dataloader_num_workers 0 --load_from_cache_file false --check_model false"


def main() -> None:
    given = json.loads(Path(sys.argv[1]).read_text())
    answer = Path(sys.argv[2]).resolve()
    out: dict[str, object] = {"version": version("ms-swift")}
    for task in ("pt", "sft"):
        os.chdir(given[task])
        script = Path("train.sh").read_text().rstrip("\n")
        where = f" --output_dir {shlex.quote(str(answer.parent / f'swift-{task}'))}"
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "CUDA_VISIBLE_DEVICES": "",
        }
        done = subprocess.run(
            ["sh", "-c", f"{script} {MORE}{where}"], capture_output=True, text=True, check=False, env=environment
        )
        if done.returncode:
            sys.exit((done.stdout + done.stderr)[-3000:])
        logs = sorted((answer.parent / f"swift-{task}").rglob("logging.jsonl"))
        lines = [json.loads(line) for line in logs[-1].read_text().splitlines()] if logs else []
        out[task] = {"losses": [one for one in lines if "loss" in one]}
    answer.write_text(json.dumps(out))


if __name__ == "__main__":
    main()
