"""rensa: its deduplicator. Run as: with_rensa.py FOLDER OUT best|defaults"""

import sys
from pathlib import Path

from rensa import RMinHash, RMinHashDeduplicator
from shingles import deduplicated, grams

folder, out, setting = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

if setting == "best":
    # It verifies by its estimate; .76 as Curate, so that it does not lose half of the pairs at the threshold. Its bands
    # must divide the permutations: 32 x 4 is the next that meets at .8 as surely as 20 x 6.
    seen = RMinHashDeduplicator(threshold=0.76, num_perm=128, use_lsh=True, num_bands=32)
    tokens = grams
else:
    seen = RMinHashDeduplicator(threshold=0.8, num_perm=128, use_lsh=True)  # its README's example
    tokens = str.split


def is_new(name, text):
    sketch = RMinHash(num_perm=128, seed=42)
    sketch.update(tokens(text))
    return seen.add(name, sketch)


deduplicated(folder, out, is_new)
