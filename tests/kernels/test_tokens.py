"""Tokens are one folded stream for all scripts, whatever the column looks like in memory."""

import hashlib
import time
import unicodedata
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels import fold
from curate.kernels.tokens import Tokens, spaced, tokens


def words(text: str) -> list[str]:
    """The folded tokens of one text."""
    return (spaced(pl.Series([text]))[0] or "").split()


def per_text(found: Tokens) -> list[list[int]]:
    return [found.hashes[a:b].tolist() for a, b in zip(found.starts, found.starts[1:], strict=False)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Quick, brown fox.", ["the", "quick", "brown", "fox"]),
        ("高血压患者 120/80mmHg", ["高", "血", "压", "患", "者", "120", "80mmhg"]),
        ("中English混排2024年", ["中", "english", "混", "排", "2024", "年"]),
        ("ＡＢＣ１２３", ["abc123"]),
        ("ひらカタﾊﾟ한국", ["ひ", "ら", "カ", "タ", "ハ", "゚", "한", "국"]),
        ("naïve ΣΟΦΌΣ МОСКВА", ["naïve", "σοφόσ", "москва"]),
        ("co\u00adoperate\u200b zero\ufeff", ["cooperate", "zero"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("𠮷野家 👍 don't_stop", ["𠮷", "野", "家", "don", "t", "stop"]),
        ("。，！？ \t\n—…", []),
        ("", []),
    ],
)
def test_words_of_spaced_scripts_and_characters_of_cjk_are_tokens(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\u200b\ufeff\u00ad\ufe0f\u200d", []),  # what is ignored makes no token
        ("👩\u200d👩\u200d👧 👍🏽 🇨🇳", []),  # nor does a picture, of however many code points
        ("a👍b a\u200db 1\ufe0f\u20e3", ["a", "b", "ab", "1"]),
        ("𠀀𪛖\U0002f804", ["𠀀", "𪛖", "你"]),  # the last one is a compatibility form
        ("ภาษาไทย มาก", ["ภาษาไทย", "มาก"]),  # Thai has no spaces between words: a run is a token
        ("السَّلامُ عليكم", ["السَّلامُ", "عليكم"]),
        ("क्\u200dष", ["क्ष"]),
        ("ﾊﾞｶ パ", ["ハ", "゙", "カ", "パ"]),  # half-width kana have their voicing mark apart: normalise before
        ("e\u0301 é", ["e\u0301", "é"]),  # composing is the normaliser's work too
        ("用 TiDB v7.5 查询2,000条", ["用", "tidb", "v7", "5", "查", "询", "2", "000", "条"]),
        ("① ² ½ ⅷ ﬁ Straße STRASSE", ["1", "2", "½", "ⅷ", "ﬁ", "straße", "strasse"]),
        ("\x00a\x85b\u2028c", ["a", "b", "c"]),
        ("々〇ヶ \U00031350", ["々", "〇", "ヶ", "\U00031350"]),
    ],
)
def test_what_the_tokens_of_unusual_texts_are(text: str, expected: list[str]) -> None:
    assert words(text) == expected
    assert len(tokens(pl.Series([text])).hashes) == len(expected)


def test_width_case_and_punctuation_do_not_change_a_token() -> None:
    one, other = per_text(tokens(pl.Series(["Ｈｅｌｌｏ，世界！", "hello 世 界"])))
    assert len(one) == 3
    assert one == other


MIXED = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("aB é中ｶ한1。- \u0301\u200b𠮷")), max_size=40
)


@given(st.lists(st.one_of(st.none(), MIXED), max_size=6))
def test_spans_point_at_the_original_bytes_of_each_token(texts: list[str | None]) -> None:
    found = tokens(pl.Series(texts, dtype=pl.String))
    assert found.starts[0] == 0 and found.starts[-1] == len(found.hashes) == len(found.spans)
    for text, start, end, line in zip(
        texts, found.starts, found.starts[1:], spaced(pl.Series(texts, dtype=pl.String)), strict=False
    ):
        folded = (line or "").split(" ") if line else []
        assert (line is None) == (text is None)
        assert len(folded) == end - start
        data = (text or "").encode()
        last = 0
        for word, (begin, stop) in zip(folded, found.spans[start:end].tolist(), strict=True):
            assert last <= begin < stop <= len(data)
            assert words(data[begin:stop].decode()) == [word]
            last = stop


@given(st.lists(MIXED, min_size=1, max_size=5))
def test_a_text_gives_the_same_tokens_alone_in_a_slice_and_without_spans(texts: list[str]) -> None:
    column = pl.Series([None, *texts, "tail"], dtype=pl.String)
    together = per_text(tokens(column))
    assert together[0] == []
    assert per_text(tokens(column[1:-1])) == together[1:-1]
    assert per_text(tokens(column, spans=False)) == together
    assert [per_text(tokens(pl.Series([text])))[0] for text in texts] == together[1:-1]


@given(MIXED, MIXED)
def test_hashes_are_equal_just_where_folded_tokens_are(one: str, other: str) -> None:
    left, right = per_text(tokens(pl.Series([one, other])))
    assert [a == b for a in left for b in right] == [a == b for a in words(one) for b in words(other)]


def test_a_column_of_another_type_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="'n' is Int64"):
        tokens(pl.Series("n", [1]))


def test_an_empty_column_has_no_tokens() -> None:
    found = tokens(pl.Series([], dtype=pl.String))
    assert found.hashes.size == 0 and found.starts.tolist() == [0]
    assert spaced(pl.Series([], dtype=pl.String)).to_list() == []


def test_stored_token_hashes_never_change() -> None:
    # Signatures that were published with a version hold these: a change here orphans them.
    assert tokens(pl.Series(["Curate 策展"])).hashes.tolist() == [
        6602443507939078370,
        3653539110170859673,
        11948749367885760790,
    ]


def test_chunked_columns_are_read_whole() -> None:
    column = pl.concat([pl.Series(["a b"]), pl.Series(["c", None])], rechunk=False)
    assert tokens(column).starts.tolist() == [0, 2, 3, 3]


def test_no_code_point_grows_beyond_the_room_that_is_made_for_it() -> None:
    table = fold.table()
    for code in np.flatnonzero((table & np.uint32((1 << fold.CLASS_SHIFT) - 1)) != np.arange(0x110000)):
        folded = chr(int(table[code]) & ((1 << fold.CLASS_SHIFT) - 1))
        assert len(folded.encode()) + 1 <= 2 * len(chr(code).encode())


def test_folding_is_nfkc_and_case_folding_wherever_one_code_point_results() -> None:
    table = fold.table()
    simplified = {chr(one): chr(other) for one, other in fold.simplifications()}
    for code in [*range(0x80, 0x3400), *range(0xF900, 0x10000), *range(0x1D400, 0x1D800), *range(0x2F800, 0x2FA20)]:
        full = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", chr(code)).casefold())
        if len(full) == 1:
            assert chr(int(table[code]) & ((1 << fold.CLASS_SHIFT) - 1)) == simplified.get(full, full)


def test_traditional_characters_fold_as_the_table_of_opencc_says() -> None:
    folded = fold.table() & np.uint32((1 << fold.CLASS_SHIFT) - 1)
    pairs = fold.simplifications()
    assert len(pairs) == 4148
    assert [(chr(a), chr(b)) for a, b in pairs if folded[a] != b] == [("薴", "苧")]  # 苧 itself folds to 苎
    assert words("後來說 頭髮很亂，乾隆在臺灣。著 看着") == list("后来说头发很乱干隆在台湾著看着")


@pytest.mark.parametrize(
    ("one", "other"),
    [("繁體字與簡體字", "繁体字与简体字"), ("更﨓豈", "更﨓岂"), ("學而時習之，不亦說乎", "学而时习之不亦说乎")],
)
def test_a_text_and_its_simplified_conversion_have_the_same_tokens(one: str, other: str) -> None:
    left, right = per_text(tokens(pl.Series([one, other])))
    assert left == right


def test_the_table_of_opencc_is_the_one_that_its_notice_names() -> None:
    folder = Path(fold.__file__).parent / "opencc"
    found = hashlib.sha256((folder / "TSCharacters.txt").read_bytes()).hexdigest()
    assert found == "737c21c66f55a419dd6956cb3089476cdefc5a36877452631617696df1e5d925"
    notice = (folder / "NOTICE.txt").read_text("utf-8")
    assert found in notice and "OpenCC 1.4.2" in notice
    assert "Apache License" in (folder / "LICENSE.txt").read_text("utf-8")


def test_folding_twice_is_folding_once() -> None:
    table = fold.table()
    once = table & np.uint32((1 << fold.CLASS_SHIFT) - 1)
    assert np.array_equal(once[once], once)


def test_the_table_is_built_in_a_moment() -> None:
    fold.table.cache_clear()
    start = time.process_time()
    fold.table()
    assert time.process_time() - start < 0.5  # 0.05 s alone on a core; the limit allows for a busy machine


def characters(text: str, split: float) -> int:
    return len(tokens(pl.Series([text]), split=split).hashes)


def test_a_text_with_enough_cjk_can_be_read_character_by_character() -> None:
    assert characters("用 TiDB 查询", 0.1) == 3 + 4
    assert characters("用 TiDB 查询", 0.9) == 3 + 1
    assert characters("TiDB query 1.0", 0.1) == 4
    found = per_text(tokens(pl.Series(["压 ab", "压 a b"]), split=0.1))
    assert found[0] == found[1]


@given(st.lists(MIXED, max_size=5), st.floats(0.01, 1))
def test_texts_read_by_character_have_a_token_for_each_letter(texts: list[str], split: float) -> None:
    column = pl.Series(texts, dtype=pl.String)
    found = tokens(column, split=split)
    for text, start, end in zip(texts, found.starts, found.starts[1:], strict=False):
        whole = words(text)
        singles = sum(1 for word in whole for _ in word if len(word) == 1 and word in SINGLES)
        letters = sum(map(len, whole))
        assert end - start == (letters if singles and singles / letters >= split else len(whole))


RUNS = st.lists(st.tuples(st.sampled_from(["中", "𠮷", "a", "é", " 。", "\u0301"]), st.integers(1, 300)), max_size=5)


@given(RUNS, st.floats(0, 1))
def test_the_share_of_cjk_counts_all_of_a_long_text(runs: list[tuple[str, int]], split: float) -> None:
    counts: dict[str, int] = {}
    for unit, times in runs:
        counts[unit] = counts.get(unit, 0) + times
    singles = counts.get("中", 0) + counts.get("𠮷", 0)
    letters = counts.get("a", 0) + counts.get("é", 0) + counts.get("\u0301", 0)
    apart = singles / (singles + letters) >= split if singles else split == 0
    text = "".join(unit * times for unit, times in runs)
    assert characters(text, split) == (singles + letters if apart else len(words(text)))


SINGLES = {chr(code) for first, last in fold._SINGLES for code in range(first, last + 1)}
