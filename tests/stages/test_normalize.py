"""Unicode normalisation: what changes, what must not, and that doing it twice changes nothing."""

from __future__ import annotations

from unicodedata import is_normalized, normalize

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.stage import measured
from curate.stages.normalize import Normalize
from tests.stages.documents import of_texts


def normal(text: str, kind: str = "prose") -> str:
    return str(measured(Normalize(), of_texts([text], kind))["text"][0])


@pytest.mark.parametrize(
    "text",
    ["10² 与 10⁻³", "5 µg/kg，每日 2 次", "第①项至第⑳项", "H₂O 和 CO₂", "½ 片", "２０℃，ＡＢＣ", "Ⅳ 期，㎡，㏄", "ﬁrst",
     "def f(x):\n    if x:\n\t\treturn 1", "# 标题\n\n- 一\n  - 二", "“引文”——《书名》……", "\ufffd stays", "🧑🏽 ❤️",
     "👨\u200d👩\u200d👧", "می\u200cخواهم", "क्\u200dष"],
)  # fmt: skip
def test_what_carries_meaning_stays_what_it_is(text: str) -> None:
    assert normal(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cafe\u0301", "café"),
        ("e\u200b\u0301", "é"),  # what a zero-width space kept apart
        (
            "一行\r\n二行\r三行\u2028四行\u2029五行\x0b六行\x0c七行\x85八行",
            "一行\n二行\n三行\n四行\n五行\n六行\n七行\n八行",
        ),
        ("a\x00b\x07c\x9fd\x7fe", "abcde"),
        ("零\u200b宽\u2060空\ufeff格\u00ad", "零宽空格"),
        ("\u202eabc\u202c \u2066x\u2069\u200e", "abc x"),
        ("中\u200d文 Latin\u200cword", "中文 Latinword"),
        ("10\u00a0mg\u2009/\u202fkg", "10 mg / kg"),
        ("\u3000\u3000段首缩进。\n\u3000\u3000第二段。", "段首缩进。\n第二段。"),
        ("张\u3000三\u3000\u3000李四", "张 三 李四"),
        ("many    spaces  here   \nnext\t \n", "many spaces here\nnext"),
        ("one\n\n\n\n\ntwo", "one\n\ntwo"),
        ("\n \n  text", "  text"),
        (" \u3000\n\t", ""),
    ],
)
def test_forms_line_ends_and_white_space_become_one(text: str, expected: str) -> None:
    assert normal(text) == expected


def test_columns_of_code_and_tables_stay_lined_up() -> None:
    assert normal("a    = 1  \nbcd  = 2", "code") == "a    = 1\nbcd  = 2"
    assert normal("药品    剂量", "table") == "药品    剂量"


AWKWARD = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(
            list(" \t\n\r\u3000\u00a0\u200b\u200c\u200d\ufeff\u0301\u0308\u2028\x85e中あᄀ\uac00👨क۔\uf900")
        ),
    )
)


@given(AWKWARD)
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normal(text)
    assert normal(once) == once
    assert is_normalized("NFC", once)


def test_characters_in_and_added_are_characters_out_and_cut() -> None:
    docs = of_texts(["clean", "a\u200bb  c", "\u0958", None, ""])  # U+0958 becomes two characters under NFC
    done = measured(Normalize(), docs)
    assert done["text"].to_list() == ["clean", "ab c", "\u0915\u093c", None, ""]
    assert done["normalize_cut"].to_list() == [0, 2, 0, 0, 0]
    assert done["normalize_added"].to_list() == [0, 0, 1, 0, 0]
    assert done.schema["normalize_cut"] == pl.Int64


@pytest.mark.parametrize("letter", ["a", "\u304b", "\u1100\u1161", ""])
def test_marks_piled_on_a_letter_are_composed_as_unicode_says(letter: str) -> None:
    pile = letter + "\u0316\u0301\u0f73\u0344\u3099" * 20
    assert normal(pile) == normalize("NFC", pile)


def test_a_page_of_marks_on_one_letter_does_not_hold_up_the_run() -> None:
    # By insertion, as Python sorts them, these take an hour.
    assert normal("a" + "\u0301\u0316" * 500_000) == "\u00e1" + "\u0316" * 500_000 + "\u0301" * 499_999
