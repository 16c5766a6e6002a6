"""A long text is read in pieces, gives what it gives in one, and takes no more memory than others do."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels import shingles as _shingles
from curate.kernels import tokens as _tokens
from curate.kernels.fingerprints import fingerprints
from curate.kernels.likeness import likeness
from curate.kernels.shingles import shingles
from curate.kernels.signatures import minhash, signatures
from curate.kernels.sketches import sketches
from curate.kernels.tokens import NEVER, tokens

PARTS = [
    "a",
    "B",
    "word",
    " ",
    ", ",
    "中",
    "國",
    "ー",
    "ｶ",
    "\u0301",
    "\u200b",
    "\u00ad",
    "𠮷",
    "👩\u200d🔬",
    "ก็",
    "한",
    "7",
]
TEXT = st.lists(st.sampled_from(PARTS), max_size=40).map("".join)
TEXTS = st.lists(st.one_of(st.none(), TEXT), max_size=4)
SIZES = st.integers(1, 30)
SPLITS = st.sampled_from([0.05, 0.3, 1.0, NEVER])


@given(TEXTS, SIZES, SPLITS)
def test_tokens_are_the_same_wherever_a_text_is_cut(texts: list[str | None], size: int, split: float) -> None:
    column = pl.Series(texts, dtype=pl.String)
    found: list[list[int]] = [[] for _ in texts]
    going_on = None
    for first, some, more in _tokens.pieces(column, split=split, size=size):
        assert going_on in (None, first)
        for text in range(len(some.starts) - 1):
            found[first + text] += some.hashes[some.starts[text] : some.starts[text + 1]].tolist()
        going_on = first if more else None
    assert going_on is None
    whole = tokens(column, split=split)
    assert found == [whole.hashes[a:b].tolist() for a, b in zip(whole.starts, whole.starts[1:], strict=False)]


@given(TEXTS, SIZES, SPLITS, st.integers(1, 7))
def test_shingles_are_the_same_wherever_a_text_is_cut(texts: list[str | None], size: int, split: float, n: int) -> None:
    column = pl.Series(texts, dtype=pl.String)
    found: list[list[int]] = [[] for _ in texts]
    for first, some in _shingles.pieces(column, n, split=split, size=size):
        for text in range(len(some.starts) - 1):
            found[first + text] += some.elements[some.starts[text] : some.starts[text + 1]].tolist()
    whole = shingles(tokens(column, split=split), n)
    assert found == [whole.elements[a:b].tolist() for a, b in zip(whole.starts, whole.starts[1:], strict=False)]


@given(TEXTS, SIZES, SPLITS, st.integers(1, 7), st.integers(1, 20))
def test_signatures_sketches_and_fingerprints_are_the_same_wherever_a_text_is_cut(
    texts: list[str | None], size: int, split: float, n: int, sketch: int
) -> None:
    column = pl.Series(texts, dtype=pl.String)
    sets = shingles(tokens(column, split=split), n)
    found = likeness(column, n=n, permutations=8, sketch=sketch, split=split, size=size)
    assert np.array_equal(found.signatures, signatures(sets.elements, sets.starts, 8))
    assert np.array_equal(minhash(column, n, 8, split, size=size), found.signatures)
    expected = sketches(sets, sketch)
    assert np.array_equal(found.sketches.values, expected.values)
    assert np.array_equal(found.sketches.starts, expected.starts)
    one, other = fingerprints(column), fingerprints(column, size=size)
    assert np.array_equal(one.values, other.values) and np.array_equal(one.tokens, other.tokens)


def test_the_share_of_cjk_is_that_of_the_whole_text() -> None:
    text = pl.Series(["english words and nothing else for a while. " * 40 + "中文" * 300])
    whole = tokens(text, split=0.25)
    assert len(whole.hashes) > 1500  # each letter is one
    pieces = [piece.tokens.hashes for piece in _tokens.pieces(text, split=0.25, size=100)]
    assert len(pieces) > 20
    assert np.array_equal(np.concatenate(pieces), whole.hashes)


LONG = 100_000_000
MOST = 150_000_000  # bytes beside the text and its column; 40 MB were measured
MEASURED = """
import sys
import polars as pl
from curate.kernels.fingerprints import fingerprints
from curate.kernels.likeness import likeness

def kilobytes(name):
    return [int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)][0]

def read(texts):
    likeness(texts, n=5, permutations=16, sketch=1024, split=0.1)
    fingerprints(texts)

unit, size = sys.argv[1], int(sys.argv[2])
read(pl.Series([unit, unit]))  # what compiling takes is another matter
text = unit * (size // len(unit.encode()))
texts = pl.Series([text])
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak so far is forgotten
before = kilobytes("VmRSS")
read(texts)
print((kilobytes("VmHWM") - before) * 1024)
"""


@pytest.mark.parametrize("unit", ["高血压患者应当低盐饮食", "Words in one line, ", "x"])
def test_a_text_of_100_mb_takes_little_memory_beside_itself(unit: str) -> None:
    command = [sys.executable, "-c", MEASURED, unit, str(LONG)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < MOST
