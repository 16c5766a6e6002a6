"""The hash of a set of shingles is that of the set: no order, no repetition, no chance."""

import polars as pl

from curate.kernels.sets import sets


def test_equal_sets_have_one_hash_and_others_another() -> None:
    texts = [
        "糖尿病怎么治疗",
        "糖尿病，怎么治疗？",
        "糖尿病怎么预防",
        "haha haha haha",
        "haha haha",
        "",
        None,
        "Word42390",
        "word159568",
    ]
    found = sets(pl.Series(texts), 2).tolist()
    assert found[0] == found[1] and found[3] == found[4] and found[5] == found[6] == 0
    assert len({found[0], found[2], found[3], found[5], found[7], found[8]}) == 6


def test_every_one_of_many_short_texts_has_its_own() -> None:
    texts = pl.Series([f"word{number}" for number in range(200_000)])  # four of them share 32 bits with another
    assert len(set(sets(texts, 5).tolist())) == len(texts)
