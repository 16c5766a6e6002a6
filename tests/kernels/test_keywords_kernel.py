"""Where the entries of a list are found, and where they are not; beside a search that folds and looks at each place."""

from __future__ import annotations

import random

import polars as pl
import pytest

from curate.kernels import keywords

ENTRIES = ["加微信", "属交", "buy now", "viagra", "the rapist", "加vx", "v信", "药", "vx"]
TRIE = keywords.trie(ENTRIES, {"а": "a", "і": "i"})


def found(text: str, gap: int = 3) -> list[tuple[str, str]]:
    hits = keywords.find(pl.Series([text]), TRIE, gap)
    raw = text.encode()
    return [
        (ENTRIES[entry], raw[a:b].decode())
        for entry, (a, b) in zip(hits.entries.tolist(), hits.spans.tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    "text, entry, place",
    [
        ("请加微信号", "加微信", "加微信"),
        ("請加微信號", "加微信", "加微信"),
        ("请 加 微 信 吧", "加微信", "加 微 信"),
        ("请加*微*信吧", "加微信", "加*微*信"),
        ("加，微，信", "加微信", "加，微，信"),
        ("。加微 信：", "加微信", "加微 信"),
        ("请加\u200b微\u200b信", "加微信", "加\u200b微\u200b信"),
        ("想要 属 交 的", "属交", "属 交"),
        ("VIAGRA!", "viagra", "VIAGRA"),
        ("买ｖｉａｇｒａ吧", "viagra", "ｖｉａｇｒａ"),
        ("v.i.a.g.r.a now", "viagra", "v.i.a.g.r.a"),
        ("v\u200biagr\u00ada", "viagra", "v\u200biagr\u00ada"),
        ("vіаgra", "viagra", "vіаgra"),
        ("BUY\n   NOW.", "buy now", "BUY\n   NOW"),
        ("b u y n o w", "buy now", "b u y n o w"),
        ("the-rapist", "the rapist", "the-rapist"),
        ("V 信联系", "v信", "V 信"),
        ("吃药了", "药", "药"),
    ],
)
def test_an_entry_is_found_however_it_is_written(text: str, entry: str, place: str) -> None:
    assert found(text) == [(entry, place)]


@pytest.mark.parametrize(
    "text",
    [
        "属性 交互", "它的属，交给我", "属性。交互", "therapist", "the big rapist", "via gra", "viagras", "加vxa",
        "加微 信念", "сок іа", "加----微----信", "buy. . . . now", "", " ", "😀",
    ],
)  # fmt: skip
def test_what_only_looks_like_an_entry_is_none(text: str) -> None:
    assert found(text) == []


def test_longer_and_shorter_entries_at_one_place_are_both_found_the_longer_first() -> None:
    assert found("加 VX：abc") == [("加vx", "加 VX"), ("vx", "VX")]


def test_without_a_gap_nothing_may_stand_between() -> None:
    assert found("加 微 信", gap=0) == []
    assert found("v i a g r a", gap=0) == []
    assert found("buy now 加 vx", gap=0) == [("buy now", "buy now"), ("加vx", "加 vx"), ("vx", "vx")]
    assert found("加\u200b微信", gap=0) == [("加微信", "加\u200b微信")]


def test_a_null_has_no_hits_and_rows_are_those_of_the_column() -> None:
    texts = pl.Series([None, "药", "", "吃药"], dtype=pl.String)
    hits = keywords.find(texts, TRIE)
    assert hits.rows.tolist() == [1, 3]
    assert keywords.characters(texts, hits).tolist() == [[0, 1], [1, 2]]


def test_an_allowed_phrase_excuses_what_lies_within_it_and_the_longest_of_an_overlap_counts() -> None:
    entries = ["毒", "毒品", "品毒", "消毒"]
    hits = keywords.find(pl.Series(["消毒毒品毒，毒"]), keywords.trie(entries))
    settled = keywords.settled(hits, hits.entries == 3)
    assert [entries[entry] for entry in settled.entries] == ["毒品", "毒", "毒"]
    assert settled.spans[:, 0].tolist() == [6, 12, 18]


def test_entries_that_are_empty_or_very_long_are_refused() -> None:
    for entry in ("", "。！", "药" * 65):
        with pytest.raises(keywords.TooLong, match="expected 1 to 64"):
            keywords.trie([entry])


def test_ten_thousand_entries_give_what_a_search_for_each_of_them_gives() -> None:
    chance = random.Random(0)
    characters = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说"
    words = ["".join(chance.choices("abcde", k=chance.randint(2, 5))) for _ in range(300)]
    entries = {"".join(chance.choices(characters, k=chance.randint(1, 4))) for _ in range(12_000)}
    entries |= {" ".join(chance.choices(words, k=chance.randint(1, 2))) for _ in range(12_000)}
    some = sorted(entries)
    assert len(some) > 10_000
    texts = [
        "".join(
            chance.choice((chance.choice(words) + " ", chance.choice(characters), chance.choice(characters), "，"))
            for _ in range(120)
        )
        for _ in range(20)
    ]
    hits = keywords.find(pl.Series(texts), keywords.trie(some), gap=1)
    told = {
        (row, some[entry], *span)
        for row, entry, span in zip(hits.rows.tolist(), hits.entries.tolist(), hits.spans.tolist(), strict=True)
    }
    plain = {one for one in told if "，" not in texts[one[0]].encode()[one[2] : one[3]].decode()}
    assert plain == {(row, *one) for row, text in enumerate(texts) for one in searched(text, set(some))}


def searched(text: str, entries: set[str]) -> set[tuple[str, int, int]]:
    """Each part of `text` that is an entry and cuts through no word; between words stands one space."""
    out = set()
    for begin in range(len(text)):
        for end in range(begin + 1, min(len(text), begin + 12) + 1):
            part = text[begin:end]
            cuts = any(
                0 < edge < len(text) and text[edge - 1].isascii() and text[edge - 1] != " " and text[edge].isascii()
                and text[edge] != " " for edge in (begin, end)
            )  # fmt: skip
            if part in entries and not cuts:
                out.add((part, len(text[:begin].encode()), len(text[:end].encode())))
    return out
