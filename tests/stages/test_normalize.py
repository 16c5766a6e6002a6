"""Unicode normalisation: what changes, what must not, and that doing it twice changes nothing."""

from __future__ import annotations

from typing import Any
from unicodedata import is_normalized, normalize

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.document import COLUMNS, render
from curate.stage import measured
from curate.stages.normalize import Normalize
from tests.stages.documents import of_texts


def normal(text: str, kind: str = "prose", **options: Any) -> str:
    return str(measured(Normalize(**options), of_texts([text], kind))["text"][0])


@pytest.mark.parametrize(
    "text",
    ["10² 与 10⁻³", "5 µg/kg，每日 2 次", "第①项至第⑳项", "H₂O 和 CO₂", "½ 片", "２０℃，ＡＢＣ", "Ⅳ 期，㎡，㏄", "ﬁrst",
     "def f(x):\n    if x:\n\t\treturn 1", "# 标题\n\n- 一\n  - 二", "“引文”——《书名》……", "\ufffd stays", "🧑🏽 ❤️",
     "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "葛\U000e0100城 0\ufe0f\u20e3 \ue000",
     "བོད་སྐད་ཡིག", "السَّلامُ", "น้ำ", "ｱｲｳﾞ", "a\u0336b\u0336", "2.5×10⁹/L，3 μg·kg⁻¹·d⁻¹，Ca²⁺", "5′ 3″ ‰ ㎖ ®",
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
        ("a\U000e0069\U000e0067\U000e007fb\U0001f3f4\U000e0069", "ab\U0001f3f4"),  # what only a model would read
        ("图\ufffc空\u3164白\ufdd0\uffff", "图空白"),
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


def test_colours_of_a_terminal_go_whole() -> None:
    assert normal("\x1b[31m错误\x1b[0m \x1b]0;title\x07 done\x1b[K") == "错误 done"


def test_code_and_tables_within_prose_keep_their_spaces() -> None:
    for text in (
        "说明：\n```\na   = 1\nbcd = 2\n```\n完",
        "列表\n\n    a   b\n",
        "| a   | b |\n|-----|---|\n| ccc | d |",
    ):
        assert normal(text) == text.rstrip()
    assert normal("说明：\n```\na   = 1\n```\n完   了") == "说明：\n```\na   = 1\n```\n完 了"


def test_columns_of_code_and_tables_stay_lined_up() -> None:
    assert normal("a    = 1  \nbcd  = 2", "code") == "a    = 1\nbcd  = 2"
    assert normal("药品    剂量", "table") == "药品    剂量"


AWKWARD = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(
            list("`~|> \t\n\r\u3000\u00a0\u200b\u200c\u200d\ufeff\u0301\u0308\u2028\x85e中あᄀ\uac00👨क۔\uf900")
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
    assert done["normalize_cut"].to_list() == [0, 2, 1, 0, 0]
    assert done["normalize_added"].to_list() == [0, 0, 2, 0, 0]
    assert done.schema["normalize_cut"] == pl.Int64


@pytest.mark.parametrize("letter", ["a", "\u304b", "\u1100\u1161", ""])
def test_marks_piled_on_a_letter_are_composed_as_unicode_says(letter: str) -> None:
    pile = letter + "\u0316\u0301\u0f73\u0344\u3099" * 20
    assert normal(pile) == normalize("NFC", pile)


def test_a_page_of_marks_on_one_letter_does_not_hold_up_the_run() -> None:
    # By insertion, as Python sorts them, these take an hour.
    assert normal("a" + "\u0301\u0316" * 500_000) == "\u00e1" + "\u0316" * 500_000 + "\u0301" * 499_999


MEANT = [
    "10²",
    "10⁻³",
    "5 µg",
    "第①项",
    "⑴ 与 ⒈",
    "H₂O",
    "½ 片",
    "Ⅳ 期",
    "3 ㎎",
    "20 ㎡",
    "37℃",
    "№ 5",
    "……",
    "™",
    "x₁²",
    "5′ 3″",
    "น้ำ กำลัง",
    "¯\\_(ツ)_/¯",
    "㈠",
]


@pytest.mark.parametrize("text", MEANT)
def test_nfkc_keeps_the_forms_that_carry_meaning(text: str) -> None:
    assert normal(text, form="NFKC") == text
    assert normal(text, half_width=True, simplified=True, quotes="straight", html=True, homoglyphs=True) == text


@pytest.mark.parametrize(
    ("text", "expected", "options"),
    [
        ("ﬁrst，ｱ　𝐀１Ａ", "first,ア A1A", {"form": "NFKC"}),
        ("ＡＢＣ　２０２１年，１０％（注）", "ABC 2021年，10％（注）", {"half_width": True}),
        ("藥品說明書後面", "药品说明书后面", {"simplified": True}),
        ("x = 1 \u202e# admin\u2066", "x = 1 [U+202E]# admin[U+2066]", {"bidi": "show"}),
        ("“It’s” „so“", '"It\'s" "so"', {"quotes": "straight"}),
        ("「引用『內文』」", "“引用‘內文’”", {"quotes": "mainland"}),
        ("好的👍🏽！👨\u200d👩\u200d👧 ❤️ ❤ 1️⃣ 🇨🇳", "好的！ ❤ 1", {"emoji": "remove"}),
        ("ok 😀 🇨🇳 2️⃣", "ok :grinning_face: :flag_cn: 2", {"emoji": "text"}),
        ("10&nbsp;mg &lt; 20&#39;<br/>x<sup>2</sup><!-- no --> A&amp;B", "10 mg < 20'\nx2 A&B", {"html": True}),
        (
            "<ruby>漢<rp>(</rp><rt>hàn</rt><rp>)</rp></ruby><details><summary>a</summary>b</details>",
            "漢(hàn)\n\na\nb",
            {"html": True},
        ),
        ("<ruby>容器<rt>container</rt></ruby>镜像", "容器(container)镜像", {"html": True}),
        ('<script>alert(1)</script><p class="a">段落</p><p>二', "段落\n\n二", {"html": True}),
        ("&amp;lt;b&amp;gt;bold", "bold", {"html": True}),
        ("A<b>bold</b> <td nowrap>1<td class=x>2<BR>3<font color=red>4</font>", "Abold\n1\n2\n34", {"html": True}),
        ("<script>a = `<b>`</script>`<script>` <i>x</i> `</script>`", "`<script>` x `</script>`", {"html": True}),
        ("pаypаl и cоffee", "paypal и coffee", {"homoglyphs": True}),  # Cyrillic а and о
        ("пpивет", "привет", {"homoglyphs": True}),  # Latin p
    ],
)
def test_each_option_does_what_its_name_says(text: str, expected: str, options: dict[str, Any]) -> None:
    assert normal(text, **options) == expected
    assert normal(text) != expected


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("a < b && c > d, List<T>, <stdio.h>, &copy2020, p<0.05", {"html": True}),
        ("if a<b and c>d: x<y, i<p or q>r", {"html": True}),
        ("List<String> Class<Object> f<i> #include <map> <a@b.c> <i.e.>", {"html": True}),
        ("use `<br>` or ``<b>`</b>``; 5` and 6`", {"html": True}),
        ("```html\n<p>&amp;</p>\n```\n~~~\n<br>", {"html": True}),
        ("TNFα 与 β-blocker，µg，KΩ，Wi-Fiем, α и β", {"homoglyphs": True}),
        ("ＦＵＬＬ，。！", {"simplified": True}),
        ("♂ ♀ ™ © ☎ ✓ → ① 12:30", {"emoji": "remove"}),
        ("5′ 30″", {"quotes": "straight"}),
    ],
)
def test_options_leave_alone_what_is_none_of_theirs(text: str, options: dict[str, Any]) -> None:
    assert normal(text, **options) == text


def test_markup_stays_in_code() -> None:
    assert normal("if (a &lt; b) <br>", "code", html=True) == "if (a &lt; b) <br>"


def test_half_characters_are_impossible() -> None:
    assert normal("&#xD800;&#x110000;&#56320;", html=True) == "\ufffd\ufffd\ufffd"


@pytest.mark.parametrize("options", [{"form": "NFD"}, {"quotes": "curly"}, {"emoji": "yes"}, {"bidi": "keep"}])
def test_unknown_choices_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Normalize(**options)


CHOICES = st.fixed_dictionaries(
    {
        "form": st.sampled_from(["NFC", "NFKC"]),
        "half_width": st.booleans(),
        "simplified": st.booleans(),
        "bidi": st.sampled_from(["remove", "show"]),
        "quotes": st.sampled_from(["keep", "straight", "mainland"]),
        "emoji": st.sampled_from(["keep", "text", "remove"]),
        "html": st.booleans(),
        "homoglyphs": st.booleans(),
    }
)
PIECES = st.sampled_from(
    [*" \t\n\r\u3000\u00a0\u200b\u200c\u200d\ufeff\u0301\u0308\u2028é", *"中あクｶﾞ薴藥ＡＢ２²①",
     *"㎎½µ“”「」<>&;/#x😀👨❤️🇨1⃣\u202eаopеΑקم\uf90aﬁ",
     "&amp;", "&lt;", "&#8203;", "<br>", "</p>", "pаy", "\u0301\u0316", "&#x202e;"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.one_of(AWKWARD, st.lists(PIECES, max_size=25).map("".join)), CHOICES, st.sampled_from(["prose", "code"]))
def test_under_any_options_twice_is_once_and_characters_add_up(text: str, options: dict[str, Any], kind: str) -> None:
    stage = Normalize(**options)
    done = measured(stage, of_texts([text], kind))
    once = str(done["text"][0])
    assert measured(stage, of_texts([once], kind))["text"][0] == once
    assert len(text) + done["normalize_added"][0] == len(once) + done["normalize_cut"][0]
    assert is_normalized("NFC", once)
    once.encode("utf-8")


def test_the_turns_of_a_dialogue_are_normalised_and_its_text_is_rendered_again() -> None:
    turns = [
        {"role": "user", "content": "\u3000问\u200b题 \r\n", "reasoning": None, "tool_calls": None},
        {"role": "assistant", "content": "a    b", "reasoning": "想\u200b", "tool_calls": '{"a":"\u200b"}'},
    ]
    docs = of_texts([render(turns)], "dialogue").with_columns(messages=pl.Series([turns], dtype=COLUMNS["messages"]))
    done = measured(Normalize(), docs)
    after = done["messages"][0].to_list()
    assert done["text"][0] == render(after) == "问题\n\na    b"
    assert after[1]["reasoning"] == "想" and after[1]["tool_calls"] == turns[1]["tool_calls"]
    assert done["normalize_cut"][0] == 5 and done["normalize_added"][0] == 0


def test_batches_do_not_matter_and_neither_does_what_stands_beside() -> None:
    texts = ["clean", None, "a  b", "e\u0301", "", "x\r\ny", "中\u3000文"]
    whole = measured(Normalize(), of_texts(texts))["text"].to_list()
    assert whole == [measured(Normalize(), of_texts([text]))["text"][0] for text in texts]
