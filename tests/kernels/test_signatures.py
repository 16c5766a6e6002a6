"""Signatures are those of datasketch, and estimate the Jaccard similarity."""

import random
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from datasketch import LeanMinHash, MinHash

from curate.kernels.shingles import shingles
from curate.kernels.signatures import EMPTY, band_keys, minhash, signatures
from curate.kernels.tokens import tokens
from curate.kernels.utf8 import BLOCK

TEXTS = [
    "The patient was given 5 mg of warfarin daily, and the dose was raised after a week of stable readings.",
    "高血压患者应当低盐饮食，适量运动，并按时服用降压药物，定期复查。",
    "一二三",
    "",
    "混合 mixed 文本 text " * 50,
]


@pytest.mark.parametrize("permutations", [1, 16, 128, 256, 333])
@pytest.mark.parametrize("size", [BLOCK, 7])
def test_signatures_are_bit_identical_to_datasketch(permutations: int, size: int) -> None:
    found = minhash(pl.Series(TEXTS), 5, permutations, size=size)
    elements = shingles(tokens(pl.Series(TEXTS)), 5)
    for text in range(len(TEXTS)):
        theirs = MinHash(permutations, scheme="affine32", hashfunc=int)
        theirs.update_batch(elements.elements[elements.starts[text] : elements.starts[text + 1]].tolist())
        assert found[text].tolist() == theirs.hashvalues.tolist()


def test_signatures_are_bit_identical_to_datasketch_for_any_number_of_elements() -> None:
    draw = np.random.default_rng(0)
    lengths = [0, 1, 2, 7, 8, 9, 15, 16, 17, 1000]
    elements = draw.integers(0, 1 << 32, sum(lengths), dtype=np.uint32)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    found = signatures(elements, starts, 128)
    for number, (begin, end) in enumerate(pairwise(starts)):
        theirs = MinHash(128, hashfunc=int)
        theirs.update_batch(elements[begin:end].tolist())
        assert np.array_equal(found[number], theirs.hashvalues)


def test_datasketch_takes_the_signatures_as_its_own() -> None:
    one, other = (
        LeanMinHash(seed=1, hashvalues=row, scheme="affine32") for row in minhash(pl.Series([TEXTS[0], TEXTS[0] + "!"]))
    )
    assert one.jaccard(other) == 1.0


def test_a_text_without_tokens_has_the_empty_signature() -> None:
    assert (minhash(pl.Series([None, "", "，。"], dtype=pl.String)) == EMPTY).all()
    assert minhash(pl.Series([], dtype=pl.String)).shape == (0, 128)


def test_the_estimate_is_near_the_true_similarity() -> None:
    draw = random.Random(0)
    words = [f"w{number}" for number in range(3000)]
    texts, truth = [], []
    for _ in range(40):
        stream = draw.sample(words, 400)
        other = stream[: draw.randrange(100, 400)] + draw.sample(words, 100)
        texts += [" ".join(stream), " ".join(other)]
        one, two = ({tuple(s[at : at + 5]) for at in range(len(s) - 4)} for s in (stream, other))
        truth.append(len(one & two) / len(one | two))
    found = minhash(pl.Series(texts))
    estimates = (found[::2] == found[1::2]).mean(axis=1)
    assert np.abs(estimates - truth).mean() < 0.04  # theory: .03 at 128 permutations


def test_band_keys_are_equal_just_where_bands_are() -> None:
    found = minhash(pl.Series(TEXTS[:3]))
    found[1, 6:] = found[0, 6:]
    keys = band_keys(found, 20, 6)
    assert keys.shape == (3, 20) and keys.dtype == np.uint64
    assert (keys[0] == keys[1]).tolist() == [False] + [True] * 19
    assert len(np.unique(keys)) == 20 + 1 + 20


def test_bands_that_need_more_permutations_than_there_are_are_refused() -> None:
    with pytest.raises(ValueError, match="20 bands of 7 rows need 140 permutations; found 128"):
        band_keys(minhash(pl.Series(["a"])), 20, 7)
