"""datatrove: its four MinHash steps in this process. Run as: with_datatrove.py FOLDER OUT best|defaults

Best: each language with its own word tokeniser (spaCy's English rules; spaCy with jieba for zho_Hani), apart from one
another. Defaults: everything as English.
"""

import sys
from pathlib import Path

from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

folder, out, setting = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]


def deduplicate(files, language, config, out):
    def run(name, tasks, *pipeline):
        LocalPipelineExecutor(list(pipeline), tasks=tasks, workers=1, logging_dir=str(out / "logs" / name)).run()

    read = JsonlReader(str(folder), glob_pattern=files)
    tasks = len(list(folder.glob(files)))
    signature = {} if language is None else {"language": language}
    run("sign", tasks, read, MinhashDedupSignature(str(out / "signatures"), config=config, **signature))
    run("meet", config.num_buckets, MinhashDedupBuckets(str(out / "signatures"), str(out / "buckets"), config=config))
    run("cluster", 1, MinhashDedupCluster(str(out / "buckets"), str(out / "remove"), config=config))
    run("filter", tasks, read, MinhashDedupFilter(str(out / "remove")),
        JsonlWriter(str(out / "kept"), compression=None))  # fmt: skip


if setting == "best":
    for lang, language in (("zh", "zho_Hani"), ("en", "eng_Latn")):
        config = MinhashConfig(n_grams=5, num_buckets=20, hashes_per_bucket=6)
        if (folder / f"{lang}.jsonl").stat().st_size:
            deduplicate(f"{lang}.jsonl", language, config, out / lang)
else:
    deduplicate("*.jsonl", None, MinhashConfig(), out)
