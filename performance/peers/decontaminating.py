"""Run in datatrove's environment: which texts its n-gram filter would remove, and the CPU-seconds that it takes.

python decontaminating.py FILE best|defaults; FILE is {"items": {lang: [[question, answer]]}, "texts": {lang: [..]}}.
Best: the language's own word tokeniser, n-grams of the question too. Defaults: all as English, as the class comes.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.decont.n_grams import NGramsDecontConfig, NGramsDecontFilter, NGramsDecontIndexer

NGramsDecontIndexer._requires_dependencies = []  # lighteval, for tasks that are fetched; these are given

LANGUAGES = {"zh": "zho_Hani", "en": "eng_Latn"}


def main() -> None:
    data = json.loads(Path(sys.argv[1]).read_text())
    best = sys.argv[2] == "best"
    config = NGramsDecontConfig(find_query_ngrams=True) if best else NGramsDecontConfig()
    out = {}
    for lang, texts in data["texts"].items():
        more = {"language": LANGUAGES[lang]} if best else {}
        with tempfile.TemporaryDirectory() as folder:
            indexer = NGramsDecontIndexer(folder, config=config, **more)
            items = data["items"][lang] if best else [item for each in data["items"].values() for item in each]
            hashes = {key for question, answer in items for key in indexer.compute_hashes(answer, question)}
            Path(folder, "all.index.hashes").write_bytes(np.array(sorted(hashes), np.uint64).tobytes())
            step = NGramsDecontFilter(folder, config=config, **more)
            step.filter(Document(text=texts[0], id="0"))
            began = time.process_time()
            removed = [n for n, text in enumerate(texts) if step.filter(Document(text=text, id=str(n))) is not True]
            out[lang] = {"removed": removed, "seconds": time.process_time() - began, "grams": len(hashes)}
    Path(sys.argv[1]).with_suffix(".out").write_text(json.dumps(out))


if __name__ == "__main__":
    main()
