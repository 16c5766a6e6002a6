"""Signatures by a peer. Run as: signing.py datasketch|rensa FILE PERMUTATIONS; prints CPU-seconds as JSON.

FILE is JSONL with a text in each line. `cutting` is making the 5-grams, `signing` is what the library does with them.
"""

import json
import sys
import time

from shingles import grams

name, path, permutations = sys.argv[1], sys.argv[2], int(sys.argv[3])

if name == "datasketch":
    import xxhash
    from datasketch import MinHash

    def sign(found):
        sketch = MinHash(num_perm=permutations, hashfunc=xxhash.xxh32_intdigest, scheme="affine32")
        sketch.update_batch([gram.encode() for gram in found])
else:
    from rensa import RMinHash

    def sign(found):
        sketch = RMinHash(num_perm=permutations, seed=42)
        sketch.update(found)


with open(path, encoding="utf-8") as lines:
    texts = [json.loads(line)["text"] for line in lines]
started = time.process_time()
sets = [grams(text) for text in texts]
cut = time.process_time()
for found in sets:
    sign(found)
print(json.dumps({"cutting": cut - started, "signing": time.process_time() - cut}))
