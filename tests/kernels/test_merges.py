"""The kernel's merges against the definition: again and again the first pair of the list, from the left."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.kernels.merges import LONGEST, NEVER, Model, encode, model

BYTES = [(bytes([value]), value) for value in range(256)]
# One class of characters (all), and a match that ends before the 12th of them or the end of the text: pieces of 12.
CLASSES = np.zeros(0x110000, np.uint8)
PIECE = 12
ENDS, DEAD = 0x10000, 0xFFFF
TABLE = np.array(
    [[1, DEAD], *([place + 1, DEAD + ENDS] for place in range(1, PIECE)), [DEAD + ENDS, DEAD + ENDS]], np.int32
)
ALPHABET = "的一丁丂七é ab，\U00020000"  # characters that share their first bytes, and of other lengths


def made(pairs: list[tuple[bytes, bytes]], words: list[bytes]) -> tuple[Model, dict[bytes, int]]:
    """A model with these merges in this order; `words` are tokens that no merge makes."""
    known = dict(BYTES)
    for left, right in pairs:
        known.setdefault(left + right, len(known))
    merges = np.array([(known[left], known[right], known[left + right]) for left, right in pairs], np.uint32)
    extra = {word: len(known) + number for number, word in enumerate(words) if word not in known}
    tokens = [*BYTES, *extra.items()]
    spelled = {identity: token for token, identity in known.items()}
    return model(CLASSES, TABLE, False, tokens, merges.reshape(-1, 3), spelled), known | extra


def expected(text: str, pairs: list[tuple[bytes, bytes]], words: list[bytes], known: dict[bytes, int]) -> list[int]:
    out = []
    for start in range(0, len(text), PIECE):
        piece = text[start : start + PIECE].encode()
        parts = [piece] if piece in words else [piece[at : at + 1] for at in range(len(piece))]
        while len(parts) > 1:
            ranks = [pairs.index(pair) if (pair := (left, right)) in pairs else len(pairs)
                     for left, right in pairwise(parts)]  # fmt: skip
            best = min(range(len(ranks)), key=lambda at: ranks[at])
            if ranks[best] == len(pairs):
                break
            parts[best : best + 2] = [parts[best] + parts[best + 1]]
        out += [known[part] for part in parts]
    return out


@st.composite
def merges(draw: st.DrawFn) -> list[tuple[bytes, bytes]]:
    """Pairs of tokens that are there before them, in any order: also orders that no training gives."""
    sample = "".join(draw(st.lists(st.sampled_from(ALPHABET), min_size=3, max_size=9))).encode()
    tokens = sorted({sample[at : at + 1] for at in range(len(sample))})
    pairs: list[tuple[bytes, bytes]] = []
    for _ in range(draw(st.integers(0, 25))):
        near = [
            (left, right)
            for left in tokens
            for right in tokens
            if left + right in sample and (left, right) not in pairs
        ]
        if not near:
            break
        pairs.append(draw(st.sampled_from(near)))
        tokens = sorted({*tokens, pairs[-1][0] + pairs[-1][1]})
    return draw(st.permutations(pairs)) if draw(st.booleans()) else pairs


@settings(deadline=None, max_examples=300)
@given(
    pairs=merges(),
    texts=st.lists(st.text(ALPHABET, max_size=30), min_size=1, max_size=3),
    words=st.lists(st.text(ALPHABET, min_size=2, max_size=4).map(str.encode), max_size=2, unique=True),
)
def test_the_first_pair_of_the_list_is_merged_until_there_is_none(
    pairs: list[tuple[bytes, bytes]], texts: list[str], words: list[bytes]
) -> None:
    tables, known = made(pairs, words)
    words = [word for word in words if word not in {left + right for left, right in pairs}]
    ids, bounds, left = encode(pl.Series(texts, dtype=pl.String), tables)
    assert not left.any()
    found = [ids[start:end].tolist() for start, end in pairwise(bounds)]
    assert found == [expected(text, pairs, words, known) for text in texts]


def test_characters_are_whole_from_the_beginning_where_their_merges_come_first() -> None:
    one, code = "的".encode(), ord("的")
    own = [(one[:1], one[1:2]), (one[:2], one[2:])]
    across = (one[2:], b"a")
    assert made(own, [])[0].last[code] == 1
    assert made([own[0], (one, b"a"), own[1]], [])[0].last[code] == NEVER
    late, early = made([*own, across], [])[0], made([across, *own], [])[0]
    assert (late.last[code], late.behind[one[2], ord("a")]) == (1, 2)
    assert (early.last[code], early.behind[one[2], ord("a")]) == (2, 0)
    assert (late.behind != NEVER).sum() == 1 and (late.before == NEVER).all()
    beginning = made([*own, (b"a", one[:1])], [])[0]
    assert beginning.before[ord("a"), one[0]] == 2 and (beginning.before != NEVER).sum() == 1


def test_a_text_with_a_piece_that_is_too_long_is_left_and_the_others_are_not() -> None:
    table = np.array([[0, DEAD + ENDS]], np.int32)  # a text is one piece
    tables = model(
        CLASSES, table, False, BYTES, np.empty((0, 3), np.uint32), dict((value, token) for token, value in BYTES)
    )
    texts = ["a" * LONGEST, "a" * (LONGEST + 1), "", "bc"]
    ids, bounds, left = encode(pl.Series(texts), tables)
    assert left.tolist() == [False, True, False, False]
    assert np.diff(bounds).tolist() == [LONGEST, 0, 0, 2]
    assert ids[-2:].tolist() == [98, 99]
