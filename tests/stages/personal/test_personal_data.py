"""What the stage does with personal data: actions, kinds, dialogues, JSON, a recogniser of one's own."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.apply import stages_of
from curate.document import COLUMNS, render
from curate.recipe import RecipeRefused
from curate.stage import Asset, Rule, assets_of, measured
from curate.stages.personal.fields import Fields
from curate.stages.personal.find import KINDS
from curate.stages.personal.recogniser import Span
from curate.stages.personal.stage import PersonalData
from tests.stages.documents import of_texts, reasons
from tests.stages.personal.labelled import cases

ZH = "联系张医生：13812345678，邮箱 zhang@hospital.cn，身份证号11010519491231002X。"
EN = "Call (617) 555-0142 or write to ann@mgh.example.org; SSN 219-09-9999."


def edited(text: str, **options: object) -> str:
    return str(measured(PersonalData(**options), of_texts([text]))["text"][0])  # type: ignore[arg-type]


def test_values_are_replaced_by_placeholders_that_are_the_same_in_all_languages() -> None:
    assert edited(ZH) == "联系张医生：[PHONE]，邮箱 [EMAIL]，身份证号[ID_CARD]。"
    assert edited(EN) == "Call [PHONE] or write to [EMAIL]; SSN [SSN]."


def test_each_kind_is_counted_and_characters_add_up() -> None:
    docs = of_texts([ZH, EN, "nothing here", None])
    done = measured(PersonalData(), docs)
    assert done["personal_phone"].to_list() == [1, 1, 0, None]
    assert done["personal_email"].to_list() == [1, 1, 0, None]
    assert done["personal_id_card"].to_list() == [1, 0, 0, None]
    before, after = docs["text"].str.len_chars(), done["text"].str.len_chars()
    assert (before + done["personal_added"]).equals((after + done["personal_cut"]).alias("text"), null_equal=True)
    assert done["personal_cut"][0] == 11 + 17 + 18


def test_counting_leaves_the_text_and_needs_no_edit() -> None:
    stage = PersonalData(action="count")
    done = measured(stage, of_texts([ZH]))
    assert done["text"][0] == ZH and done["personal_phone"][0] == 1
    assert "text" not in stage.writes


def test_a_document_with_more_than_so_many_values_of_a_kind_is_removed_for_it() -> None:
    docs = of_texts([ZH, "电话13812345678、13912345678", "只有文字", "a@b.cn"])
    assert reasons(PersonalData(action="remove"), docs) == [
        {"personal_phone", "personal_email", "personal_id_card"}, {"personal_phone"}, set(), {"personal_email"}
    ]  # fmt: skip
    assert reasons(PersonalData(action="remove", most=1), docs) == [set(), {"personal_phone"}, set(), set()]
    assert PersonalData().rules == ()
    assert Rule(reason="personal_qq", measure="personal_qq", high=0) in PersonalData(action="remove").rules


def test_the_same_value_becomes_the_same_pseudonym_however_it_is_written() -> None:
    text = "手机13812345678，+86 138-1234-5678，１３８１２３４５６７８；A@B.cn 和 a@b.cn；13912345678"
    one = edited(text, action="pseudonym", salt="s")
    phones = re.findall(r"\d{11}", one)
    mails = re.findall(r"user-\w+@example\.com", one)
    assert phones[0] == phones[1] == phones[2] != phones[3]
    assert len(mails) == 2 and len(set(mails)) == 1
    assert edited(text, action="pseudonym", salt="other") != one
    assert edited(text, action="pseudonym", salt="s") == one


def test_pseudonyms_are_nobodys_and_are_not_found_again() -> None:
    docs = of_texts([case.text for case in cases()])
    once = measured(PersonalData(action="pseudonym", salt="s"), docs)
    again = measured(PersonalData(action="count"), of_texts(once["text"].to_list()))
    left = measured(PersonalData(action="count"), of_texts(measured(PersonalData(), docs)["text"].to_list()))
    for kind in KINDS:
        assert once[f"personal_{kind}"].sum() > 0
        assert again[f"personal_{kind}"].sum() == 0, kind
        assert left[f"personal_{kind}"].sum() == 0, kind


def test_a_salt_in_a_file_is_known_by_its_digest_alone(tmp_path: Path) -> None:
    (tmp_path / "salt").write_bytes(b"secret")
    stage = PersonalData(action="pseudonym", salt=Asset.of(tmp_path / "salt"))
    assert len(assets_of(stage)) == 1
    assert edited(ZH, action="pseudonym", salt=stage.salt) == edited(ZH, action="pseudonym", salt="secret")


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("手机 138 12 34 56 78", "手机 [PHONE]"),
        ("电话：1 3 8 1 2 3 4 5 6 7 8。", "电话：[PHONE]。"),
        ("Tel: 1381-2345678", "Tel: [PHONE]"),
        ("138.1234.5678", "[PHONE]"),
        ("固话：62345678", "固话：[PHONE]"),
        ("回乡证号：H1234567890", "回乡证号：[PASSPORT]"),
        ("电话 15.3 5.6 7.8 9.1 2.3", "电话 15.3 5.6 7.8 9.1 2.3"),
        ("热线 1.5.3 章", "热线 1.5.3 章"),
    ],
)
def test_numbers_are_found_however_they_are_spaced(text: str, replaced: str) -> None:
    assert edited(text) == replaced


@pytest.mark.parametrize(
    ("options", "says"),
    [({"action": "hide"}, "expected replace"), ({"kinds": frozenset({"shoe_size"})}, "no kind 'shoe_size'"),
     ({"action": "pseudonym"}, "need a salt")],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(options: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        PersonalData(**options)  # type: ignore[arg-type]


def test_only_the_kinds_asked_for_are_looked_at_and_court_cases_only_then() -> None:
    case = "（2021）京01民终1234号判决，电话13812345678"
    assert edited(case) == "（2021）京01民终1234号判决，电话[PHONE]"
    assert edited(case, kinds=frozenset({"case_number"})) == "[CASE_NUMBER]判决，电话13812345678"


def test_spelt_out_addresses_are_an_option() -> None:
    text = "write to li.wei (at) pku (dot) edu.cn, or zhao#163.com"
    assert edited(text) == text
    assert edited(text, obfuscated=True) == "write to [EMAIL], or [EMAIL]"
    assert edited("He was at home. Dot com boom.", obfuscated=True) == "He was at home. Dot com boom."


def dialogue(turns: list[dict[str, str | None]], **columns: str) -> pl.DataFrame:
    empty = {"role": "user", "content": None, "reasoning": None, "tool_calls": None}
    messages = [{**empty, **turn} for turn in turns]
    docs = of_texts([render(messages)], kind="dialogue").drop("messages", *columns)
    given = {"messages": [messages], **{name: [value] for name, value in columns.items()}}
    return docs.hstack(pl.DataFrame(given, schema={name: COLUMNS[name] for name in given})).select(*COLUMNS)


def test_the_turns_of_a_dialogue_and_its_text_say_the_same() -> None:
    calls = json.dumps([{"name": "call", "arguments": json.dumps({"phone": 13812345678, "note": "打 13912345678"})}])
    docs = dialogue(
        [
            {"content": "我的手机是13812345678"},
            {"role": "assistant", "content": None, "reasoning": "用户电话 13812345678", "tool_calls": calls},
            {"role": "assistant", "content": "好的"},
        ]
    )
    done = measured(PersonalData(), docs)
    turns = done["messages"][0].to_list()
    assert done["text"][0] == render(turns) == "我的手机是[PHONE]\n\n\n\n好的"
    assert turns[1]["reasoning"] == "用户电话 [PHONE]"
    arguments = json.loads(json.loads(turns[1]["tool_calls"])[0]["arguments"])
    assert arguments == {"phone": "[PHONE]", "note": "打 [PHONE]"}
    assert done["personal_phone"][0] == 4
    assert done["personal_cut"][0] == 11 and done["personal_added"][0] == len("[PHONE]")


def test_a_text_that_no_longer_is_its_messages_is_edited_beside_them() -> None:
    docs = dialogue([{"content": "电话13812345678"}]).with_columns(text=pl.lit("改写：13812345678"))
    done = measured(PersonalData(), docs)
    assert done["text"][0] == "改写：[PHONE]"
    assert done["messages"][0][0]["content"] == "电话[PHONE]"


def test_values_in_meta_are_edited_and_their_keys_are_labels() -> None:
    meta = json.dumps({"住院号": "20210034", "page": 20210034, "author": {"mail": "a@b.cn"}, "title": "年报"})
    done = measured(PersonalData(), of_texts(["text"]).with_columns(meta=pl.lit(meta)))
    assert json.loads(done["meta"][0]) == {
        "住院号": "[MEDICAL_NUMBER]", "page": 20210034, "author": {"mail": "[EMAIL]"}, "title": "年报"
    }  # fmt: skip
    untouched = '{"title":  "年报", "bad": "\\ud800"}'
    done = measured(PersonalData(), of_texts(["text"]).with_columns(meta=pl.lit(untouched)))
    assert done["meta"][0] == untouched


@dataclass(frozen=True, kw_only=True)
class Surnames:
    """Finds 张医生 and the like, and streets: a recogniser as a user writes one."""

    version: int = 1
    kinds: tuple[str, ...] = ("name", "address")

    def __call__(self, texts: Sequence[str], /) -> list[list[Span]]:
        return [
            [
                Span(found.start(), found.end(), kind)
                for kind, form in (("name", "[张李王](?=医生|先生)"), ("address", r"\w+路\d+号"))
                for found in re.finditer(form, text)
            ]
            for text in texts
        ]


def test_a_recogniser_adds_kinds_of_its_own() -> None:
    stage = PersonalData(recogniser=Surnames())
    done = measured(stage, of_texts([ZH, "王先生，住建国路88号", "plain"]))
    assert done["text"].to_list() == [
        "联系[NAME]医生：[PHONE]，邮箱 [EMAIL]，身份证号[ID_CARD]。", "[NAME]先生，[ADDRESS]", "plain"
    ]  # fmt: skip
    assert done["personal_address"].to_list() == [0, 1, 0]
    again = edited("张医生，李先生，张先生", action="pseudonym", salt="s", recogniser=Surnames())
    first, second, third = re.findall(r"\[NAME-\w+\]", again)
    assert first == third != second


PIECE = st.sampled_from(
    [*"0123456789１２@＠.-+() 　:：号电话QE微信京A医保x\n", "a@b.cn", "13812345678", "住院号", "::1"]
)
ODD = st.lists(PIECE, max_size=40).map("".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(ODD, max_size=4))
def test_any_text_can_be_edited_and_batches_do_not_matter(texts: list[str]) -> None:
    once = measured(PersonalData(), of_texts(texts)) if texts else None
    if once is not None:
        before, after = pl.Series(texts).str.len_chars(), once["text"].str.len_chars()
        assert (before + once["personal_added"]).to_list() == (after + once["personal_cut"]).to_list()
        apart = [measured(PersonalData(), of_texts([text]))["text"][0] for text in texts]
        assert once["text"].to_list() == apart


def test_settings_given_as_text_are_taken_together_and_refused_in_words() -> None:
    (stage,) = stages_of("personal", None, {"action": "pseudonym", "salt": "s", "kinds": "email,phone", "most": "2"})
    assert stage == PersonalData(action="pseudonym", salt="s", kinds=frozenset({"email", "phone"}), most=2)
    with pytest.raises(RecipeRefused, match="need a salt"):
        stages_of("personal", None, {"action": "pseudonym"})
    with pytest.raises(RecipeRefused, match="no kind 'shoes'"):
        stages_of("personal", None, {"kinds": "shoes"})


def test_a_key_that_stands_twice_in_a_call_is_searched_twice_and_kept_twice() -> None:
    source = '{"phone":"13812345678","phone":"13912345678","n":1}'
    fields = Fields(source)
    assert [text for _, text in fields.texts] == ["13812345678", "13912345678", "1"]
    assert fields.written({0: "[PHONE]"}) == '{"phone":"[PHONE]","phone":"13912345678","n":1}'
    inside = Fields(json.dumps([source]))
    assert json.loads(inside.written({0: "[PHONE]"})) == [source.replace("13812345678", "[PHONE]")]
