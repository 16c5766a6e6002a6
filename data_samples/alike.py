"""How alike two texts are, exactly: used to keep the clean samples apart and the planted near-duplicates near."""

from __future__ import annotations

import re
from hashlib import blake2b

NEAR = 0.3  # clean samples are at most this alike (Jaccard of 5-grams): a near-duplicate is one that was planted


class Alike:
    """Remembers the 5-grams of what was chosen, and says whether a text is too near to any of it."""

    def __init__(self) -> None:
        self._holders: dict[int, list[int]] = {}
        self._sizes: list[int] = []

    def admits(self, text: str) -> bool:
        """True, and remembered, where the Jaccard similarity with every text so far is under `NEAR`."""
        grams = shingles(text)
        shared: dict[int, int] = {}
        for gram in grams:
            for holder in self._holders.get(gram, ()):
                shared[holder] = shared.get(holder, 0) + 1
        if any(count / (len(grams) + self._sizes[other] - count) >= NEAR for other, count in shared.items()):
            return False
        for gram in grams:
            self._holders.setdefault(gram, []).append(len(self._sizes))
        self._sizes.append(len(grams))
        return True


def shingles(text: str) -> set[int]:
    """Hashes of runs of five tokens; a Chinese character is a token, and so is a word."""
    tokens = re.findall(r"[㐀-鿿]|[^\W_㐀-鿿]+", text.lower())
    runs = (" ".join(tokens[i : i + 5]) for i in range(max(1, len(tokens) - 4)))
    return {int.from_bytes(blake2b(run.encode(), digest_size=8).digest()) for run in runs}


def jaccard(one: str, other: str) -> float:
    """Share of 5-grams that both texts hold."""
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)
