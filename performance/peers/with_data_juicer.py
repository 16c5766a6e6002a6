"""Data-Juicer: its command with document_minhash_deduplicator. Run as: with_data_juicer.py FOLDER OUT best|defaults

Best: 'character' for Chinese and 'space' for English, as its documentation recommends, apart from one another.
"""

import json
import subprocess
import sys
from pathlib import Path

folder, out, setting = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
COMMAND = Path(sys.executable).with_name("dj-process")


def deduplicate(files, name, settings):
    recipe = {
        "project_name": name,
        "dataset_path": files,
        "export_path": str(out / name / "kept.jsonl"),
        "work_dir": str(out / name / "work"),
        "np": 1,
        "process": [{"document_minhash_deduplicator": settings}],
    }
    (out / name).mkdir(parents=True)
    path = out / name / "recipe.yaml"
    path.write_text(json.dumps(recipe))
    subprocess.run([COMMAND, "--config", path], check=True)


if setting == "best":
    same = {
        "window_size": 5,
        "num_permutations": 128,
        "jaccard_threshold": 0.8,
        "num_bands": 20,
        "num_rows_per_band": 6,
    }
    for lang, tokenization in (("zh", "character"), ("en", "space")):
        if (folder / f"{lang}.jsonl").stat().st_size:
            deduplicate(str(folder / f"{lang}.jsonl"), lang, {"tokenization": tokenization, **same})
else:
    deduplicate(str(folder), "all", {})
