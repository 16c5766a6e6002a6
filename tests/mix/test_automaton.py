"""Tables of expressions against the engine of `tokenizers`, piece by piece."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, pre_tokenizers

from curate.kernels.merges import encode, model
from curate.mix.automaton import automaton
from curate.mix.patterns import Untranslatable

EXPRESSIONS = (
    r"ab|a|b+",  # the first alternative that fits, not the longest
    r"a|ab|[^a]{2,3}",
    r"(?:ab?){2}|\s+(?!\S)|\s+",
    r"(?i:'s|'LL)|[^\r\n\p{L}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+",
    r"[\p{L}&&[^\p{Han}]]+(?!\d)|\p{Han}{1,2}|[0-9]{2,}",
    r"[^\]\\a-c]+|\]|\\",
    r"a{0,2}b|a*c|(?:a|ab)(?:c|bcd)",
    r"\p{Lu}?\p{Ll}+(?!\p{N})|\P{L}",
)
text = st.text(st.sampled_from("aabbccd'sSlLABé的一，。 \t\n\r01٣½]\\ſ\u3000\U00020000\x00"), max_size=30)


def pieces(expression: str, written: str) -> list[str]:
    """The pieces that the kernel finds: what it encodes when each piece is a token of its own."""
    finds = automaton(expression)
    data = written.encode()
    spans = {data[start:end] for start in range(len(data)) for end in range(start + 2, len(data) + 1)}
    tokens = [(bytes([value]), value) for value in range(256)]
    tokens += [(span, 256 + number) for number, span in enumerate(sorted(spans))]
    tables = model(finds.classes, finds.table, False, tokens, np.empty((0, 3), np.uint32), {})
    ids, _, _ = encode(pl.Series([written], dtype=pl.String), tables)
    return [tokens[identity][0].decode() for identity in ids]


@pytest.mark.parametrize("expression", EXPRESSIONS)
@settings(deadline=None)
@given(written=text)
def test_the_pieces_are_those_of_the_expression(expression: str, written: str) -> None:
    split = pre_tokenizers.Split(Regex(expression), "isolated")
    assert pieces(expression, written) == [piece for piece, _ in split.pre_tokenize_str(written)]


@pytest.mark.parametrize(
    "expression", ["a*", "(?!a)b??", "a+?", "a++", "(?!ab)c", "(?<=a)b", r"(a)\1", "^a", "a.", "(?#x)a"]
)
def test_what_has_no_table_is_said(expression: str) -> None:
    with pytest.raises(Untranslatable):
        automaton(expression)
