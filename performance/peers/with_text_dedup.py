"""text-dedup: its MinHash command. Run as: with_text_dedup.py FOLDER OUT best|defaults

It knows words between what is no letter or digit; there is no setting for Chinese.
"""

import sys

folder, out, setting = sys.argv[1:4]
more = {
    "best": ["--ngram", "5", "--threshold", "0.8", "--num_perm", "128", "--b", "20", "--r", "6", "--hash_func", "xxh3",
             "--hash_bits", "32", "--num_proc", "1"],
    "defaults": [],
}  # fmt: skip

from text_dedup.minhash import main  # noqa: E402

main(["--path", "json", "--data_files", f"{folder}/*.jsonl", "--split", "train", "--column", "text",
      "--cache_dir", f"{out}/cache", "--output", f"{out}/kept", *more[setting]])  # fmt: skip
