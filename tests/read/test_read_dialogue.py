"""Dialogues of the common shapes become turns, and text that rules can read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curate.document import render
from tests.read.samples import json_lines, read, reasons, written

ASKED, ANSWERED = "高血压怎么办？", "Limit salt."
TALK = [("user", ASKED), ("assistant", ANSWERED)]

SHAPES: dict[str, dict[str, Any]] = {
    "messages": {"messages": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": ANSWERED}]},
    "sharegpt": {"conversations": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": ANSWERED}]},
    "mixed": {"conversations": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": ANSWERED}]},
    "role and value": {"conversations": [{"role": "user", "value": ASKED}, {"role": "assistant", "value": ANSWERED}]},
    "alpaca": {"instruction": ASKED, "input": "", "output": ANSWERED},
    "alpaca without input": {"instruction": ASKED, "output": ANSWERED},
    "alpaca with input": {"instruction": "高血压", "input": "怎么办？", "output": ANSWERED},
    "pairs of one turn each": {"conversation": [{"human": ASKED, "assistant": ANSWERED}]},
    "texts that take turns": {"data": [ASKED, ANSWERED]},
    "prompt and completion": {"prompt": ASKED, "completion": ANSWERED},
    "prompt and completion as turns": {
        "prompt": [{"role": "user", "content": ASKED}],
        "completion": [{"role": "assistant", "content": ANSWERED}],
    },
    "query and response": {"query": ASKED, "response": ANSWERED},
    "question and answer": {"question": ASKED, "answer": ANSWERED},
    "问题 and 回答": {"问题": ASKED, "回答": ANSWERED},
    "turns as JSON text": {
        "conversations": json.dumps([{"from": "human", "value": ASKED}, {"from": "gpt", "value": ANSWERED}])
    },
    "parts": {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "高血压"}, {"type": "text", "text": "怎么办？"}]},
            {"role": "assistant", "content": ANSWERED},
        ]
    },
}


def row(folder: Path, record: dict[str, Any], **settings: Any) -> dict[str, Any]:
    batch = read(written(folder, "a.jsonl", json_lines([record])), **settings)
    assert batch.problems == ()
    (found,) = batch.docs.to_dicts()
    return found


def said(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(turn["role"], turn["content"]) for turn in found["messages"]]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_turns(tmp_path: Path, shape: str) -> None:
    found = row(tmp_path, {**SHAPES[shape], "id": "d1", "category": "medicine"})
    expected = TALK if shape != "alpaca with input" else [("user", "高血压\n怎么办？"), TALK[1]]
    assert said(found) == expected
    assert found["kind"] == "dialogue"
    assert found["text"] == render(found["messages"])
    assert (found["origin_id"], found["meta"]) == ("d1", '{"category":"medicine"}')


def test_the_turns_may_have_any_name_that_the_source_gives(tmp_path: Path) -> None:
    record = {"dialog": SHAPES["sharegpt"]["conversations"], "messages": "not these"}
    found = row(tmp_path, record, text="dialog")
    assert said(found) == TALK
    assert json.loads(found["meta"]) == {"messages": "not these"}


def test_a_system_text_beside_the_turns_is_the_first_turn(tmp_path: Path) -> None:
    for shape in ("sharegpt", "alpaca"):
        found = row(tmp_path, {**SHAPES[shape], "system": "你是医生。"})
        assert said(found) == [("system", "你是医生。"), *TALK]
        assert found["meta"] is None


@pytest.mark.parametrize("shape", ["alpaca", "query and response"])
def test_history_comes_before_the_question(tmp_path: Path, shape: str) -> None:
    found = row(tmp_path, {**SHAPES[shape], "history": [["你好", "您好"]], "system": "你是医生。"})
    assert said(found) == [("system", "你是医生。"), ("user", "你好"), ("assistant", "您好"), *TALK]


def test_names_that_say_little_are_a_dialogue_only_where_there_is_no_text(tmp_path: Path) -> None:
    for shape in ("question and answer", "texts that take turns"):
        found = row(tmp_path, {**SHAPES[shape], "text": "prose"})
        assert (found["kind"], found["text"]) == ("prose", "prose")
    nulls = {"instruction": None, "output": None, "prompt": None, "completion": None, "text": "prose"}
    assert row(tmp_path, nulls)["text"] == "prose"


@pytest.mark.parametrize(
    ("record", "reason", "found"),
    [
        ({"instruction": "a", "output": ["b"]}, "wrong_type", "'output' is list"),
        ({"prompt": 5, "completion": "b"}, "wrong_type", "'prompt' is int"),
        ({"prompt": "a", "completion": None}, "no_text", "'completion' is null"),
        ({"instruction": "a", "input": ""}, "no_text", "no 'output'"),
        ({"messages": ["a", 5]}, "wrong_type", "turn 2 of 'messages' is int"),
        ({"messages": []}, "no_text", "'messages' is an empty list"),
        ({"messages": None}, "no_text", "'messages' is null"),
        ({"messages": "no json"}, "wrong_type", "no JSON list of turns: 'no json'"),
        ({"messages": '[{"role": "user"'}, "wrong_type", "no JSON list of turns"),
        ({"messages": {"role": "user"}}, "wrong_type", "'messages' is dict, expected a list of turns"),
        ({"messages": [{"role": "user"}]}, "malformed", "turn 1 of 'messages' has neither content nor tool calls"),
        ({"messages": [{"speaker": "a", "text": "b"}]}, "malformed", "'role' or 'from' among speaker, text"),
        ({"conversations": [{"from": "human", "text": "b"}]}, "malformed", "'value' is missing among from, text"),
        (
            {"conversations": '[{"from": "me", "value": "b"}]'},
            "malformed",
            "turn 1 of 'conversations' is spoken by 'me'",
        ),
        ({"prompt": "a", "chosen": None, "rejected": "b"}, "no_text", "'chosen' is null"),
        ({"prompt": "a", "chosen": 5, "rejected": "b"}, "wrong_type", "'chosen' is int"),
        ({"chosen": "a", "rejected": "b"}, "malformed", "there is no question"),
        ({"data": ["a", "b", "c"]}, "malformed", "3 texts"),
        ({"conversation": [{"human": "a", "assistant": None}]}, "malformed", "pair 1"),
        ({"messages": [{"role": "user", "content": "a"}] * 2}, "malformed", "none of the 2 turns is the assistant's"),
    ],
)
def test_what_is_wrong_with_a_dialogue_is_said(tmp_path: Path, record: dict[str, Any], reason: str, found: str) -> None:
    (problem,) = read(written(tmp_path, "a.jsonl", json_lines([record]))).problems
    assert problem.reason == reason
    assert found in problem.error


def test_tools_and_arguments_stay_in_the_order_in_which_they_are_given(tmp_path: Path) -> None:
    """Chat templates write them so at inference: a model that learnt sorted keys would meet others there."""
    function = {
        "name": "dose",
        "description": "剂量",
        "parameters": {"type": "object", "properties": {"b": {}, "a": {}}},
    }
    call = {"type": "function", "function": {"name": "dose", "arguments": {"b": 1, "a": 2}}}
    turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": None, "tool_calls": [call]}]
    found = row(tmp_path, {"tools": [{"type": "function", "function": function}], "messages": turns})
    compact = {"ensure_ascii": False, "separators": (",", ":")}
    assert found["tools"] == json.dumps([{"type": "function", "function": function}], **compact)
    assert found["messages"][1]["tool_calls"] == json.dumps([call], **compact)


def test_reasoning_and_tool_calls_are_kept(tmp_path: Path) -> None:
    call = {"name": "dose", "arguments": {"drug": "阿司匹林"}}
    record = {
        "messages": [
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": None, "tool_calls": [call], "reasoning_content": "先查剂量"},
            {"role": "tool", "content": "100 mg"},
            {"role": "assistant", "content": "100 mg"},
        ],
        "tools": [{"name": "dose"}],
    }
    found = row(tmp_path, record)
    assert found["messages"][1]["reasoning"] == "先查剂量"
    assert json.loads(found["messages"][1]["tool_calls"]) == [call]
    assert json.loads(found["tools"]) == [{"name": "dose"}]
    assert found["text"] == "?\n\n\n\n100 mg\n\n100 mg"


def test_the_calls_of_sharegpt_are_calls(tmp_path: Path) -> None:
    turns = [
        {"from": "human", "value": "?"},
        {"from": "function_call", "value": '{"name": "dose"}'},
        {"from": "observation", "value": "100"},
        {"from": "gpt", "value": "100 mg"},
    ]
    found = row(tmp_path, {"conversations": turns, "tools": "[]"})
    assert [turn["role"] for turn in found["messages"]] == ["user", "assistant", "tool", "assistant"]
    assert found["messages"][1]["tool_calls"] == '{"name": "dose"}'
    assert found["tools"] == "[]"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ([{"role": "user", "content": "a"}, {"role": "narrator", "content": "b"}], "malformed"),
        ([{"role": "user", "content": "a"}, "b"], "malformed"),
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": None}], "malformed"),
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": 5}], "wrong_type"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}], "wrong_type"),
        ([{"role": None, "content": "a"}], "malformed"),
    ],
)
def test_a_broken_turn_costs_the_dialogue_and_is_named(tmp_path: Path, broken: list[Any], reason: str) -> None:
    batch = read(written(tmp_path, "a.jsonl", json_lines([{"messages": broken}, SHAPES["messages"]])))
    assert batch.docs.height == 1
    assert reasons(batch) == [reason]
    assert f"turn {len(broken)}" in batch.problems[0].error


def test_a_key_that_a_turn_has_twice_costs_the_dialogue(tmp_path: Path) -> None:
    line = b'{"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "a", "content": "b"}]}\n'
    (problem,) = read(written(tmp_path, "a.jsonl", line)).problems
    assert "turn 2 of 'messages' has 'content' twice" in problem.error


USER, GOOD, BAD = (
    {"role": role, "content": text} for role, text in (("user", ASKED), ("assistant", ANSWERED), ("assistant", "No."))
)
PREFERENCES: dict[str, dict[str, Any]] = {
    "texts": {"prompt": ASKED, "chosen": ANSWERED, "rejected": "No."},
    "alpaca": {"instruction": ASKED, "input": "", "chosen": ANSWERED, "rejected": "No."},
    "answers as turns": {"prompt": ASKED, "chosen": [GOOD], "rejected": [BAD]},
    "all as turns": {"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]},
    "whole dialogues": {"chosen": [USER, GOOD], "rejected": [USER, BAD]},
    "whole dialogues beside the question": {"prompt": ASKED, "chosen": [USER, GOOD], "rejected": [USER, BAD]},
    "one turn each": {"messages": [USER], "chosen": GOOD, "rejected": BAD},
    "sharegpt": {
        "conversations": [{"from": "human", "value": ASKED}],
        "chosen": {"from": "gpt", "value": ANSWERED},
        "rejected": {"from": "gpt", "value": "No."},
    },
    "transcripts": {
        "chosen": f"\n\nHuman: {ASKED}\n\nAssistant: {ANSWERED}",
        "rejected": f"\n\nHuman: {ASKED}\n\nAssistant: No.",
    },
}


@pytest.mark.parametrize("shape", PREFERENCES)
def test_of_a_better_and_a_worse_answer_the_better_is_the_dialogue_and_the_worse_is_kept_beside(
    tmp_path: Path, shape: str
) -> None:
    record = PREFERENCES[shape]
    found = row(tmp_path, {**record, "score": 2})
    assert said(found) == TALK
    assert json.loads(found["meta"]) == {"rejected": record["rejected"], "score": 2}


def test_two_answers_without_a_question_are_fields_of_a_text_like_others(tmp_path: Path) -> None:
    found = row(tmp_path, {"text": "prose", "chosen": 3, "rejected": 1})
    assert (found["kind"], found["meta"]) == ("prose", '{"chosen":3,"rejected":1}')


def test_a_broken_history_costs_the_dialogue(tmp_path: Path) -> None:
    records = [{**SHAPES["alpaca"], "history": [["only a question"]]}]
    assert reasons(read(written(tmp_path, "a.jsonl", json_lines(records)))) == ["malformed"]


def test_messages_that_are_no_turns_are_no_dialogue(tmp_path: Path) -> None:
    found = row(tmp_path, {"messages": [], "text": "prose"})
    assert (found["kind"], found["text"], found["messages"]) == ("prose", "prose", None)


def test_what_a_turn_says_beside_its_content_stays_in_meta(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": ASKED, "name": "lao-wang"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1"}], "refusal": None},
        {"role": "tool", "content": "42", "tool_call_id": "c1"},
        {"role": "assistant", "content": ANSWERED, "weight": 0},
    ]
    meta = json.loads(row(tmp_path, {"messages": turns})["meta"])
    assert meta["turn_fields"] == [
        {"field": "messages", "turn": 1, "name": "lao-wang"},
        {"field": "messages", "turn": 3, "tool_call_id": "c1"},
        {"field": "messages", "turn": 4, "weight": 0},
    ]


def test_a_second_system_message_beside_the_turns_stays_in_meta(tmp_path: Path) -> None:
    turns = [{"role": "system", "content": "Be brief."}, *SHAPES["messages"]["messages"]]
    found = row(tmp_path, {"messages": turns, "system": "Be long."})
    assert said(found)[0] == ("system", "Be brief.")
    assert json.loads(found["meta"]) == {"system": "Be long."}
    assert row(tmp_path, {"messages": turns, "system": "Be brief."})["meta"] is None


def test_e_mails_with_a_sender_are_no_dialogue(tmp_path: Path) -> None:
    mails = [{"from": "wang@example.com", "content": "您好"}]
    found = row(tmp_path, {"text": "往来邮件", "messages": mails})
    assert (found["text"], found["kind"]) == ("往来邮件", "prose")
    assert json.loads(found["meta"]) == {"messages": mails}
