"""The kernel against the plain words of what it does, on small alphabets, where everything repeats."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels.overlap import (
    CHARACTER,
    GRAM,
    WORD,
    Lookup,
    Units,
    elsewhere,
    grams,
    lookup,
    overlaps,
    postings,
    rounded,
    runs,
    stream,
    wholes,
)  # fmt: skip

LETTERS = "天地玄黄宇宙"
texts = st.text(LETTERS, max_size=80)
units = st.lists(st.text(LETTERS, min_size=GRAM, max_size=30), min_size=1, max_size=5)


def ngrams(text: str) -> list[str]:
    return [text[at : at + GRAM] for at in range(len(text) - GRAM + 1)]


def keys_of(words: list[str]) -> list[int]:
    return [int(key) for key in wholes(stream(pl.Series(words, dtype=pl.String)))]


def readonly(values: list[int], kind: type) -> np.ndarray:
    array = np.array(values, kind)
    array.flags.writeable = False
    return array


def indexed(passages: list[str], pieces: list[list[str]] | None = None) -> tuple[Lookup, Units]:
    """Each n-gram of a passage weighs its length in the alphabet's first letter plus 1, each piece 5."""
    pieces = pieces or [[] for _ in passages]
    rows = []
    for unit, passage in enumerate(passages):
        distinct = sorted(set(ngrams(passage)))
        rows += [
            (key, unit, ordinal, gram.count(LETTERS[0]) + 1)
            for ordinal, (gram, key) in enumerate(zip(distinct, keys_of(distinct), strict=True))
        ]
    rows.sort()
    totals = [sum(row[3] for row in rows if row[1] == unit) + 5 * len(pieces[unit]) for unit in range(len(passages))]
    flat = [piece for one in pieces for piece in one]
    of = postings(*(readonly([row[column] for row in rows], np.uint32) for column in (1, 3)))
    return lookup(readonly([row[0] for row in rows], np.uint64), of), Units(
        totals=readonly(totals, np.uint32),
        lengths=readonly([len(passage) for passage in passages], np.uint32),
        piece_begins=readonly([sum(map(len, pieces[:unit])) for unit in range(len(pieces) + 1)], np.uint32),
        piece_keys=readonly(keys_of(flat), np.uint64),
        piece_lengths=readonly([len(piece) for piece in flat], np.uint32),
        piece_weights=readonly([5] * len(flat), np.uint32),
        companions=readonly([-1] * len(passages), np.int64),
    )


def leasts(share: float, table: Units) -> np.ndarray:
    return np.full(len(table.totals), int(share * 1000), np.uint16)


def heaviest(text: str, passage: str) -> int:
    """The most that the distinct n-grams of `passage` weigh in any run of the text that is one place for it."""
    wanted = set(ngrams(passage))
    reach = len(passage) + max(16, len(passage) // 2)
    runs = (text[at : at + reach] for at in range(max(1, len(text) - GRAM + 1)))
    return max(sum(gram.count(LETTERS[0]) + 1 for gram in wanted & set(ngrams(run))) for run in runs)


@given(st.lists(texts, max_size=4), units)
def test_a_unit_weighs_what_its_distinct_ngrams_weigh_in_the_best_place(found: list[str], passages: list[str]) -> None:
    known, table = indexed(passages)
    rows = overlaps(stream(pl.Series(found, dtype=pl.String)), known, table, leasts(0, table))
    got = {(int(t), int(u)): int(w) for t, u, w in zip(rows.texts, rows.units, rows.weights, strict=True)}
    expected = {
        (t, u): weight
        for t, text in enumerate(found)
        for u, passage in enumerate(passages)
        if (weight := heaviest(text, passage))
    }
    assert got == expected


@given(st.lists(texts, max_size=4), units)
def test_a_span_begins_and_ends_with_an_ngram_of_the_unit(found: list[str], passages: list[str]) -> None:
    known, table = indexed(passages)
    rows = overlaps(stream(pl.Series(found, dtype=pl.String)), known, table, leasts(0, table))
    spans = stream(pl.Series(found, dtype=pl.String)).tokens.spans
    for text, unit, (first, last) in zip(rows.texts, rows.units, rows.places.tolist(), strict=True):
        span = found[text].encode()[spans[first, 0] : spans[last - 1, 1]].decode()
        assert span[:GRAM] in passages[unit]
        assert span[-GRAM:] in passages[unit]


@pytest.mark.parametrize("least", [0.5, 0.9])
def test_units_below_the_least_share_are_left_out(least: float) -> None:
    passage = "天地玄黄宇宙洪荒日月盈昃辰宿列张"
    known, table = indexed([passage])
    rows = overlaps(stream(pl.Series([passage[:13], passage])), known, table, leasts(least, table))
    assert rows.texts.tolist() == [0, 1][int(least > 0.6) :]


def test_a_short_piece_counts_only_beside_the_ngrams() -> None:
    passage = "天地玄黄宇宙洪荒日月盈昃辰宿列张"
    known, table = indexed([passage], [["寒来暑往"]])
    near, far = f"{passage}，寒来暑往", f"{passage}{'秋收冬藏' * 20}寒来暑往"
    read = stream(pl.Series([near, far, "寒来暑往"]))
    rows = overlaps(read, known, table, leasts(0, table))
    assert rows.texts.tolist() == [0, 1]
    assert rows.weights[0] == rows.weights[1] + 5
    assert rows.alone.tolist() == [5, 0]
    assert rows.places[0].tolist() == [0, len(passage) + 4]


@given(st.sets(st.integers(0, 2**64 - 1), max_size=200))
def test_every_key_of_a_lookup_has_its_bits_and_its_place(keys: set[int]) -> None:
    table = lookup(readonly(sorted(keys), np.uint64), np.zeros(len(keys), np.uint32))
    shift = 64 - (len(table.begins) - 1).bit_length() + 1
    for ordinal, key in enumerate(sorted(keys)):
        prefix = key >> shift
        assert table.begins[prefix] <= ordinal < table.begins[prefix + 1]
        assert table.keys[ordinal] == key & 0xFFFFFFFF
        word = int(table.bloom[key >> (64 - len(table.bloom).bit_length() + 1)])
        assert all(word >> (key >> at & 63) & 1 for at in (0, 6, 12))


@given(st.lists(st.integers(0, 1_500_000), max_size=20))
def test_weights_are_kept_to_a_fortieth(weights: list[int]) -> None:
    kept = rounded(readonly(weights, np.uint32)).tolist()
    assert all(
        one == other if one <= 16 else abs(one - other) <= one / 39 for one, other in zip(weights, kept, strict=True)
    )
    assert rounded(readonly(kept, np.uint32)).tolist() == kept
    of = postings(readonly([7] * len(kept), np.uint32), readonly(kept, np.uint32))
    assert (of >> 8).tolist() == [7] * len(kept)


def test_an_ngram_of_several_units_counts_for_each_of_them() -> None:
    passages = ["天地玄黄宇宙洪荒日月", "天地玄黄宇宙洪荒辰宿", "天地玄黄宇宙洪荒列张"]
    known, table = indexed(passages)
    rows = overlaps(stream(pl.Series([passages[1]])), known, table, leasts(0, table))
    weights = dict(zip(rows.units.tolist(), rows.weights.tolist(), strict=True))
    assert weights == {0: 2, 1: 4, 2: 2}


def test_words_weigh_twice_a_character_and_numbers_as_much_as_one() -> None:
    weights = stream(pl.Series(["天 heaven 2019 ２０１９ ｈｅａｖｅｎ 𠀀 かな é"])).weights.tolist()
    assert weights == [CHARACTER, WORD, CHARACTER, CHARACTER, WORD, CHARACTER, CHARACTER, CHARACTER, WORD]


def test_ngrams_of_two_scripts_are_as_many_tokens_as_weigh_the_same() -> None:
    keys, owners = grams(
        stream(pl.Series(["天地玄黄 heaven earth dark", "天地玄黄宇宙", "one two three four five"])), 99
    )
    assert owners.tolist() == [0, 0, 0, 2, 2]
    assert keys[0] == keys_of(["天地玄黄 heaven earth"])[0]


def test_of_long_texts_equal_ngrams_are_kept_in_any_of_them() -> None:
    passage = "".join(chr(0x4E00 + n * n % 6007) for n in range(3000))
    keys, owners = grams(stream(pl.Series([passage, passage + passage[:900:-1]])), 512)
    short, long = (set(keys[owners == n].tolist()) for n in (0, 1))
    assert 200 < len(short) <= 512
    assert len(long & short) > 0.4 * len(short)


@given(st.text(LETTERS, max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_pairs_of_a_place_are_counted_that_stand_elsewhere(text: str, one: int, other: int) -> None:
    begin, end = sorted((min(one, len(text)), min(other, len(text))))
    hashes = stream(pl.Series([text])).tokens.hashes
    rest = {text[at : at + 2] for at in range(len(text) - 1) if not begin - 1 <= at < end}
    own = [text[at : at + 2] for at in range(begin, end - 1)]
    assert elsewhere(hashes, 0, begin, end, len(text)) == sum(pair in rest for pair in own)


@given(st.text(LETTERS, max_size=12), st.integers(0, 4))
def test_runs_are_equal_where_their_tokens_are(text: str, size: int) -> None:
    keys = runs(stream(pl.Series([text])).tokens.hashes, size).tolist()
    words = [text[at : at + size] for at in range(len(text) - size + 1)] if size else []
    assert len(keys) == len(words)
    assert len(set(keys)) == len(set(words))
