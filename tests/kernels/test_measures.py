"""The kernel of measures: hand-counted texts, and a plain count in Python written from the papers."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels import measures as kernel
from curate.kernels.measures import (
    AGAIN_LINE_CHARS,
    AGAIN_LINES,
    AGAIN_PARAGRAPH_CHARS,
    AGAIN_PARAGRAPHS,
    ALPHABETIC,
    BRACKETS,
    BULLETS,
    CHARS,
    CJK,
    ELLIPSES,
    HASHES,
    LINE_CHARS,
    LINES,
    LOREM,
    NEWLINES,
    PARAGRAPH_CHARS,
    PARAGRAPHS,
    PUNCTUATED,
    SENTENCES,
    SHORT,
    STOPS,
    TRAILING,
    WORD_CHARS,
    WORDS,
    Grams,
    measures,
)

STOP_WORDS = ("the", "of", "and")
GRAMS = Grams((2, 3), (2, 4), (2, 4), (3, 4))
SPACES = " \t\u3000\u00a0\n"
HAN = re.compile("[\u4e00-\u9fff]")
JOINED = re.compile(r"[!-~’]+")  # what holds a word together


def words(text: str) -> list[str]:
    """Words and Chinese characters in their order, as letters and digits."""
    parts = re.findall(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff\u3000-\u303f\uff00-\uffef“”‘—…–•]+", text)
    return [said for part in parts if (said := re.sub(r"[^\w]|_", "", part).lower())]


def grams(said: list[str], n: int) -> tuple[int, int]:
    """(characters in the most frequent n-gram, in those that came before), each counted once: Rae et al., A.1.1."""
    places: dict[tuple[str, ...], list[int]] = {}
    again: set[int] = set()
    tally: Counter[tuple[str, ...]] = Counter()
    best: tuple[str, ...] | None = None
    for at in range(len(said) - n + 1):
        gram = tuple(said[at : at + n])
        tally[gram] += 1
        if tally[gram] > max(1, tally[best] if best and best != gram else 1 if best is None else tally[best] - 1):
            best = gram
        again |= set(range(at, at + n)) if gram in places else set()
        places.setdefault(gram, []).append(at)
    top = {at + k for at in places[best] for k in range(n)} if best else set()
    return sum(len(said[at]) for at in top), sum(len(said[at]) for at in again)


def sentences(text: str) -> int:
    """Ends of sentences behind a word: see `C4`."""
    count, worded = 0, False
    for line in text.split("\n"):
        before = ""
        for token, following in pairwise([*re.findall(r"[。！？]|[.!?…]+[\"'”’)\]}]*|[^.!?…。！？]+", line), " "]):
            if re.sub(r"\W|_", "", token):
                worded, before = True, token
            elif worded and token[0] in ".!?…。！？":
                single = re.search(r"(?:^|[^\w])[^\W\u4e00-\u9fff_]\Z", re.sub("['’-]", "", before))
                alone, before = single and token.count(".") == 1 and not set(token) & set("!?…"), ""
                if token in "。！？" or (not alone and (following[0] in SPACES or HAN.match(following))):
                    count, worded = count + 1, False
        if worded and re.search("[，；。！？]", line):
            count, worded = count + 1, False
    return count


def plainly(text: str, short: int) -> dict[int, int]:
    said = words(text)
    spaced = [word for word in said if not HAN.match(word)]
    lines = [line.strip(SPACES) for line in text.split("\n")]
    paragraphs = [part.split("\n") for part in re.split(r"\n(?:[ \t\u3000\u00a0]*\n)+", text)]
    blocks = [tuple(line.strip(SPACES) for line in part if line.strip(SPACES)) for part in paragraphs]
    blocks = [block for block in blocks if block]
    lines = [line for line in lines if line]
    ended = r"[.!?…。！？][\"'”’)\]}\s]*$"  # « Oui. » too

    def repeated(things: list[Any], size: Any) -> tuple[int, int]:
        again = [thing for at, thing in enumerate(things) if thing in things[:at]]
        return len(again), sum(map(size, again))

    tight = re.sub(r"(?<=[.…])[ \t\u3000\u00a0]+(?=[.…])", "", text)  # alas . . . no
    again_lines = repeated([line for line in lines if re.search(r"[^\W_]", line)], len)
    again_blocks = repeated(blocks, lambda block: sum(map(len, block)))
    return {
        WORDS: len(spaced),
        CJK: len(said) - len(spaced),
        WORD_CHARS: sum(map(len, spaced)),
        ALPHABETIC: sum(any(char.isalpha() for char in word) for word in spaced),
        HASHES: text.count("#"),
        ELLIPSES: sum(len(run) // 3 for run in re.findall(r"\.+", tight))
        + sum((len(run) + 1) // 2 for run in re.findall("…+", tight)),
        LINES: len(lines),
        BULLETS: sum(bool(re.match(r"•|[-*](?:[ \t]|$)", line.lstrip(SPACES))) for line in text.split("\n")),
        TRAILING: sum(bool(re.search(r"(?:\.\s*\.\s*\.|…)$", line)) for line in lines),
        PUNCTUATED: sum(bool(re.search(ended, line) or re.search("[，；。！？]", line)) for line in lines),
        SHORT: sum(len(line) + 2 * len(HAN.findall(line)) <= short for line in lines),
        NEWLINES: text.count("\n"),
        STOPS: sum(1 << bit for bit, word in enumerate(STOP_WORDS) if word in spaced),
        SENTENCES: sentences(text),
        BRACKETS: text.count("{"),
        LOREM: sum(pair == ("lorem", "ipsum") for pair in pairwise(spaced)),
        LINE_CHARS: sum(map(len, lines)),
        AGAIN_LINES: again_lines[0],
        AGAIN_LINE_CHARS: again_lines[1],
        PARAGRAPHS: len(blocks),
        PARAGRAPH_CHARS: sum(sum(map(len, block)) for block in blocks),
        AGAIN_PARAGRAPHS: again_blocks[0],
        AGAIN_PARAGRAPH_CHARS: again_blocks[1],
        CHARS: len(text),
    }


NAMES = {number: name for name, number in vars(kernel).items() if name.isupper() and isinstance(number, int)}
PARTS = [
    "the",
    "of",
    "Ab",
    "x",
    "12",
    "lorem ipsum",
    "don't",
    "中",
    "文",
    "的",
    " ",
    " ",
    "\n",
    "\n\n",
    "\u3000",
    ". ",
    ".",
]
PARTS += [
    "...",
    "…",
    "……",
    "!",
    "? ",
    "。",
    "，",
    "”",
    '"',
    ")",
    "#",
    "{",
    "- ",
    "•",
    "—",
    "*",
    "(a)",
    "é",
    "the of and\n",
]
TEXT = st.lists(st.sampled_from(PARTS), max_size=40).map("".join)


def found(texts: list[str | None], short: int = 12) -> kernel.Measures:
    return measures(pl.Series(texts, dtype=pl.String), GRAMS, stop_words=STOP_WORDS, short=short)


@given(st.lists(TEXT, max_size=4), st.integers(0, 40))
def test_counts_are_those_of_a_plain_count(texts: list[str], short: int) -> None:
    counts = found([*texts], short).counts
    for text, row in zip(texts, counts, strict=True):
        for column, number in plainly(text, short).items():
            assert row[column] == number, (text, NAMES.get(column, column))


@given(st.lists(TEXT, max_size=4))
def test_repeated_ngrams_are_those_of_a_plain_count(texts: list[str]) -> None:
    done = found([*texts])
    for text, tops, again in zip(texts, done.tops, done.again, strict=True):
        said = words(text)
        chinese = sum(bool(HAN.match(word)) for word in said)
        wide = chinese > kernel.PER_WORD * (len(said) - chinese)
        sizes = (GRAMS.cjk_tops, GRAMS.cjk_again) if wide else (GRAMS.tops, GRAMS.again)
        assert [grams(said, n)[0] for n in sizes[0]] == tops.tolist(), text
        assert [grams(said, n)[1] for n in sizes[1]] == again.tolist(), text


@pytest.mark.parametrize(
    ("text", "column", "number"),
    [
        ("The state-of-the-art isn't 1,234.5 at § 7-1205(a).", WORDS, 6),
        ("The state-of-the-art isn't 1,234.5 at § 7-1205(a).", ALPHABETIC, 5),
        ("time—and tide “wait”", WORDS, 4),
        ("用Python、Java和Go写的。", WORDS, 3),
        ("用Python、Java和Go写的。", CJK, 4),
        ("See Dr. Smith of the U.S. office, e.g. at 9.30 a.m.", SENTENCES, 1),
        ("One sentence. Two!\nThree? no end", SENTENCES, 3),
        ("他来了。她走了！谁？没有", SENTENCES, 4),
        ("你好吗?我很好.再见", SENTENCES, 2),
        ("he said “no.” Then (he left.) ", SENTENCES, 2),
        ("头晕，要吃药吗\n先复测，再看\n标题一行", SENTENCES, 2),
        ("Wait... what…", ELLIPSES, 2),
        ("他说……好", ELLIPSES, 1),
        ("第一条 总则\n一、范围；二、目的\n“完了。”", PUNCTUATED, 2),
    ],
)
def test_a_text_counted_by_hand(text: str, column: int, number: int) -> None:
    assert found([text]).counts[0, column] == number


def test_a_null_and_an_empty_text_have_nothing() -> None:
    done = found([None, "", " \n\t\n"])
    assert not done.counts[
        :, [column for column in NAMES if column < kernel.COUNTS and column not in (CHARS, NEWLINES)]
    ].any()
    assert not done.tops.any() and not done.again.any()


def test_a_long_text_is_taken_in_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "one two three\nfour five\n\n" * 8
    whole = found([text])
    monkeypatch.setattr(kernel, "WINDOW", 10)
    parts = found([text])
    same = [column for column in range(kernel.COUNTS) if not 16 < column < 23]
    assert np.array_equal(whole.counts[:, same], parts.counts[:, same])
    assert 0 < parts.again.min() < whole.again.min()


def test_texts_are_measured_alike_in_any_company() -> None:
    texts = ["the cat. the cat. the cat.\n" * 3, None, "中文中文中文。" * 5, "", "x " * 50]
    together = found([*texts])
    for number, text in enumerate(texts):
        alone = found([text])
        for one, all_of_them in zip(alone, together, strict=True):
            assert np.array_equal(one[0], all_of_them[number])


def test_no_more_than_63_stop_words_are_taken() -> None:
    with pytest.raises(ValueError, match="64 stop words"):
        measures(pl.Series(["a"]), stop_words=[f"w{n}" for n in range(64)])
