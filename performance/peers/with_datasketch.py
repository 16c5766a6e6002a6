"""datasketch: MinHash (scheme affine32) and its LSH. Run as: with_datasketch.py FOLDER OUT best|defaults"""

import sys
from pathlib import Path

import xxhash
from datasketch import MinHash, MinHashLSH
from shingles import deduplicated, grams

LIMIT = 0.76  # as Curate's: the threshold less what separates estimated from true similarity

folder, out, setting = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

if setting == "best":
    lsh = MinHashLSH(num_perm=128, params=(20, 6))
    sketches = {}

    def is_new(name, text):
        sketch = MinHash(num_perm=128, hashfunc=xxhash.xxh32_intdigest, scheme="affine32")
        sketch.update_batch([gram.encode() for gram in grams(text)])
        if any(sketches[other].jaccard(sketch) >= LIMIT for other in lsh.query(sketch)):
            return False
        sketches[name] = sketch
        lsh.insert(name, sketch, check_duplication=False)
        return True
else:
    lsh = MinHashLSH()  # a threshold of .9, 128 permutations

    def is_new(name, text):
        sketch = MinHash()
        for word in set(text.split()):  # as its documentation's example
            sketch.update(word.encode())
        if lsh.query(sketch):
            return False
        lsh.insert(name, sketch)
        return True


deduplicated(folder, out, is_new)
