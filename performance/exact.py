"""Exact Jaccard similarity of sets of 5-grams: the truth that tools are measured against.

Written apart from Curate's kernels, so that an error of theirs shows. A token is a CJK character or a run of letters
and digits, after Python's own NFKC and case folding.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

N = 5
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
TOKEN = re.compile(f"[{CJK}]|[^\\W_{CJK}]+")
_STEP = np.uint64(0x9E3779B97F4A7C15)
_32 = np.uint64(32)


LETTER = re.compile(f"[{CJK}]|[^\\W_]")


def tokens(text: str, letters: bool = False) -> list[str]:
    """Its tokens; with `letters` each letter and digit is one, as in 5-character shingles of Chinese text."""
    return (LETTER if letters else TOKEN).findall(unicodedata.normalize("NFKC", text).casefold())


class Exact:
    """The 5-grams of texts by number, and which texts have one. Shorter texts are one gram.

    A gram is 64 bits of the numbers of its tokens: of 10^8 different ones two meet with a chance of 3 in 10,000.
    """

    def __init__(self, texts: Iterable[str], letters: bool = False) -> None:
        vocabulary: dict[str, int] = {}
        self.sets: list[NDArray[np.uint64]] = []
        for text in texts:
            # 0 stands before the first token, so that a short text is no prefix of a longer one.
            numbers = [vocabulary.setdefault(token, len(vocabulary) + 1) for token in tokens(text, letters)]
            padded = np.array([0] * (N - len(numbers)) + numbers, np.uint64)
            state = np.zeros(len(padded) - N + 1, np.uint64)
            for at in range(N):
                state = (state ^ padded[at : at + len(state)]) * _STEP
                state ^= state >> _32
            self.sets.append(np.unique(state))
        self.lengths = np.array([len(grams) for grams in self.sets])
        self._grams: NDArray[np.uint64] | None = None

    def jaccard(self, one: int, other: int) -> float:
        shared = len(np.intersect1d(self.sets[one], self.sets[other], assume_unique=True))
        return shared / (len(self.sets[one]) + len(self.sets[other]) - shared)

    def near(self, text: int, least: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(all other texts whose similarity to this one is at least `least`, their similarities)."""
        if self._grams is None:
            grams = np.concatenate(self.sets)
            order = np.argsort(grams, kind="stable")
            self._grams = grams[order]
            self._owners = np.repeat(np.arange(len(self.sets), dtype=np.uint32), self.lengths)[order]
        own = self.sets[text]
        starts, ends = np.searchsorted(self._grams, own), np.searchsorted(self._grams, own, side="right")
        # One that shares at least `least` of the union shares one of any (1 - least) of this one's grams, and one more:
        # those that the fewest texts have are looked up.
        rare = np.argsort(ends - starts, kind="stable")[: int((1 - least) * len(own)) + 1]
        parts = [self._owners[starts[gram] : ends[gram]] for gram in rare]
        others = np.unique(np.concatenate(parts))
        similar = np.array([self.jaccard(text, other) for other in others])
        near = (similar >= least) & (others != text)
        return others[near].astype(np.int64), similar[near]
