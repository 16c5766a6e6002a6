"""Where texts are cut into passages."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.mix.export.chunks import chunks, sentences
from curate.mix.tokenizer import Encoder
from tests.mix import kept


def characters(texts: list[str]) -> list[int]:
    return [len(text) for text in texts]


def cut(text: str, size: int, overlap: int = 0) -> list[str]:
    return [text[start:end] for start, end, _ in chunks(text, size, overlap, characters)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("血压高。要看医生吗？要！“好的。”他说。", ["血压高。", "要看医生吗？", "要！", "“好的。”", "他说。"]),
        ("It works. Does it? Yes!\nNext line", ["It works. ", "Does it? ", "Yes!\n", "Next line"]),
        ("Dr. Smith v. Jones, No. 5, U.S. law. Then.", ["Dr. Smith v. Jones, No. 5, U.S. law. ", "Then."]),
        ("It is 3.5 mg. (Twice a day.) See fig. 2.", ["It is 3.5 mg. ", "(Twice a day.) ", "See fig. 2."]),
        ("", []),
    ],
)  # fmt: skip
def test_sentences_end_where_readers_of_both_languages_end_them(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


def test_a_passage_ends_with_a_paragraph_where_one_ends_in_its_second_half() -> None:
    first, second = "甲说了一句话。" * 5, "乙也说了一句。" * 5
    assert cut(f"{first}\n\n{second}", 50) == [first, second]
    assert cut(f"短。\n\n{first}{second}", 50)[0] != "短。"  # but not at the price of a crumb


def test_the_next_passage_says_the_last_sentences_again() -> None:
    text = "".join(f"这是第{number}句。" for number in range(30))
    first, second, *_ = cut(text, 40, 13)
    assert first.endswith("这是第5句。") and second.startswith("这是第4句。")
    assert cut(text, 40, 5)[1].startswith("这是第6句。")  # no sentence is so short


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet=st.sampled_from('a bc.,!?\n。，；的一是 "”()D5'), max_size=300),
    st.integers(16, 60),
    st.integers(0, 8),
)
def test_together_the_passages_hold_all_but_white_space_and_none_is_too_long(
    text: str, size: int, overlap: int
) -> None:
    found = list(chunks(text, size, overlap, characters))
    seen = [False] * len(text)
    for start, end, length in found:
        assert length == end - start <= size
        assert text[start:end] == text[start:end].strip() != ""
        seen[start:end] = [True] * (end - start)
    assert all(was or char.isspace() for was, char in zip(seen, text, strict=True))
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(found))


def test_tokens_are_counted_as_the_tokenizer_has_them() -> None:
    encoder = Encoder(kept.tokenizer_json())
    for text in kept.documents()["text"].to_list()[:30]:
        for start, end, size in chunks(text, 64, 16, lambda texts: [len(ids) for ids in encoder.encode(texts)]):
            assert size == len(encoder.encode([text[start:end]])[0]) <= 64
