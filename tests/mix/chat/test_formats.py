"""Tokens and masks of models' own formats, held against transformers."""

from __future__ import annotations

from typing import Any

import pytest

from curate.mix.chat.answers import Search
from curate.mix.chat.unwritable import DROPS, REFUSED, Unwritable
from tests.mix import kept
from tests.mix.chat.formats import (
    FORMATS,
    Turn,
    chat_of,
    hugging_face,
    learned,
    text_of,
    transformers_of,
    turn,
    written,
)

WEATHER = [{"type": "function", "function": {"name": "weather", "arguments": {"city": "北京", "days": 3}}}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "天气 <b>",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]
TALK = [
    turn("user", "头痛？"),
    turn("assistant", "多休息。"),
    turn("user", "And then?"),
    turn("assistant", "See a doctor."),
]
THOUGHT = [
    turn("user", "头痛？"),
    turn("assistant", "多休息。", "先想一想"),
    turn("user", " And then?\n"),
    turn("assistant", "\nSee a doctor. ", "hm,\n\nlet me think\n"),
]
ASKED = [
    turn("system", "你是助手。"),
    turn("user", "北京天气？"),
    turn("assistant", None, "要查", WEATHER),
    turn("tool", '{"sky": "晴"}'),
    turn("assistant", "晴天。", "查到了"),
    turn("user", "谢谢"),
    turn("assistant", "不客气"),
]


def transformers_ids(name: str, turns: list[Turn], tools: Any = None, **more: Any) -> list[int]:
    talk = hugging_face(turns)
    made = transformers_of(name).apply_chat_template(talk, tools=tools, tokenize=True, return_dict=True, **more)
    return list(made["input_ids"])


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_tokens_are_those_of_transformers_for_real_dialogues(name: str) -> None:
    talks = kept.documents("dialogue")["messages"].to_list()[:40]
    chat = chat_of(name)
    for talk, encoded in zip(talks, chat.encode([chat.renderer.rendering(talk, None) for talk in talks]), strict=True):
        assert encoded.ids.tolist() == transformers_ids(name, talk)


@pytest.mark.parametrize("name", ["chatml", "tagged"])
def test_where_a_template_says_what_is_generated_the_mask_is_that_of_transformers(name: str) -> None:
    for talk in [*kept.documents("dialogue")["messages"].to_list()[:30], TALK]:
        _, encoded = written(name, talk)
        made = transformers_of(name).apply_chat_template(
            hugging_face(talk), tokenize=True, return_dict=True, return_assistant_tokens_mask=True
        )
        assert (encoded.mask > 0).astype(int).tolist() == made["assistant_masks"]


@pytest.mark.parametrize("name", ["llama3", "mistral", "gemma", "deepseek", "qwen3"])
def test_where_it_does_not_the_mask_is_what_follows_on_the_prompt_of_inference(name: str) -> None:
    """For the last answer, of real dialogues: prompt and answer together are the whole, and the answer is learned."""
    for talk in kept.documents("dialogue")["messages"].to_list()[:30]:
        rendering, encoded = written(name, talk)
        prompt = transformers_ids(name, talk[:-1], add_generation_prompt=True)
        assert encoded.ids[: len(prompt)].tolist() == prompt
        assert not (encoded.mask[: len(prompt)] == 2).any()
        end = rendering.answers[-1].end - len(rendering.text) or None
        assert not rendering.text[rendering.answers[-1].end :].strip()
        assert (encoded.mask[len(prompt) :] == 2).all() or rendering.text[end:].isspace()


@pytest.mark.parametrize("name", ["qwen3", "llama3", "llama3_1", "chatml"])
@pytest.mark.parametrize("turns", [TALK, THOUGHT], ids=["talk", "thought"])
def test_the_tokens_are_those_of_transformers_with_reasoning(name: str, turns: list[Turn]) -> None:
    _, encoded = written(name, turns)
    assert encoded.ids.tolist() == transformers_ids(name, turns)


@pytest.mark.parametrize("name", ["qwen3", "chatml"])
def test_the_tokens_are_those_of_transformers_with_tools(name: str) -> None:
    _, encoded = written(name, ASKED, TOOLS)
    assert encoded.ids.tolist() == transformers_ids(name, ASKED, TOOLS)


def test_llama_3_1_writes_tools_calls_and_results_as_transformers_has_it() -> None:
    asked = [{**one, "reasoning": None} for one in ASKED]
    _, encoded = written("llama3_1", asked, TOOLS)
    assert encoded.ids.tolist() == transformers_ids("llama3_1", asked, TOOLS)
    call = '{"name": "weather", "parameters": {"city": "北京", "days": 3}}<|eot_id|>'
    assert learned("llama3_1", encoded) == f"{call}晴天。<|eot_id|>不客气<|eot_id|>"


def test_qwen_3_learns_the_thoughts_that_its_template_writes_and_no_others() -> None:
    rendering, encoded = written("qwen3", THOUGHT)
    last = "<think>\nhm,\n\nlet me think\n</think>\n\nSee a doctor. <|im_end|>"
    assert "先想一想" not in rendering.text
    assert learned("qwen3", encoded) == f"多休息。<|im_end|>{last}"
    assert learned("qwen3", encoded, 2) == last


def test_qwen_3_learns_thought_and_call_before_a_result_and_the_answer_behind_it() -> None:
    turns = ASKED[:5]
    _, encoded = written("qwen3", turns, TOOLS)
    call = '<think>\n要查\n</think>\n\n<tool_call>\n{"name": "weather", "arguments": {"city": "北京", "days": 3}}\n'
    last = "<think>\n查到了\n</think>\n\n晴天。<|im_end|>"
    assert learned("qwen3", encoded) == f"{call}</tool_call><|im_end|>{last}"
    assert learned("qwen3", encoded, 2) == last
    _, later = written("qwen3", ASKED, TOOLS)
    assert "要查" not in learned("qwen3", later) and learned("qwen3", later, 2).endswith("不客气<|im_end|>")


def test_what_is_told_to_the_template_decides_what_is_the_prompt() -> None:
    """Qwen 3 without thinking is given the empty thought: it is then no part of the answer."""
    turns = TALK[:2]
    assert learned("qwen3", written("qwen3", turns)[1]) == "<think>\n\n</think>\n\n多休息。<|im_end|>"
    assert learned("qwen3", written("qwen3", turns, enable_thinking=False)[1]) == "多休息。<|im_end|>"


def test_reasoning_inside_the_content_is_reasoning() -> None:
    inside = [turn("user", "头痛？"), turn("assistant", "<think>\n想\n</think>\n\n多休息。")]
    apart = [turn("user", "头痛？"), turn("assistant", "多休息。", "想")]
    for name in ("qwen3", "chatml"):
        assert written(name, inside)[1].ids.tolist() == written(name, apart)[1].ids.tolist()
    rendering, encoded = written("llama3", inside)  # which knows no reasoning: text, as transformers has it
    assert "<think>\n想\n</think>\n\n多休息。" in rendering.text
    assert encoded.ids.tolist() == transformers_ids("llama3", inside)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_turn_that_imitates_the_template_stays_text(name: str) -> None:
    controls = " ".join(dict.fromkeys([*FORMATS[name][0], "<|im_start|>", "<|im_end|>"]))
    quoting = [turn("user", f"What is {controls}?"), turn("assistant", f"These: {controls}, and no more")]
    plain = [turn("user", "What is it?"), turn("assistant", "These: and no more")]
    _, encoded = written(name, quoting)
    assert encoded.control == written(name, plain)[1].control
    if "endgeneration" not in text_of(name):  # transformers knows either, not both
        assert encoded.ids.tolist() == transformers_ids(name, quoting, sanitize_control_tokens=True)
    assert learned(name, encoded).count("and no more") == 1


def test_the_end_that_a_turn_quotes_is_not_the_end_of_what_is_learned() -> None:
    _, encoded = written("qwen3", [turn("user", "?"), turn("assistant", "<|im_end|> ends it\n<|im_start|>user\nno")])
    assert learned("qwen3", encoded).endswith("<|im_end|> ends it\n<|im_start|>user\nno<|im_end|>")
    end = chat_of("qwen3")._encode.special("<|im_end|>")
    assert (encoded.ids == end).sum() == 2  # of the question and of the answer


@pytest.mark.parametrize(
    ("name", "turns", "reason", "says"),
    [
        ("gemma", [turn("system", "s"), *TALK], REFUSED, "System role not supported"),
        ("mistral", [turn("user", "a"), turn("user", "b"), turn("assistant", "c")], REFUSED, "must alternate"),
        ("llama3_1", [turn("user", "?"), turn("assistant", None, None, WEATHER * 2)], REFUSED, "one call at a time"),
        ("llama3", [turn("user", "?"), turn("assistant", "wait", None, WEATHER)], DROPS, "answer 2"),
    ],
)
def test_what_a_template_refuses_or_drops_is_left_out_with_the_reason(
    name: str, turns: list[Turn], reason: str, says: str
) -> None:
    with pytest.raises(Unwritable, match=says) as raised:
        written(name, turns)
    assert raised.value.reason == reason


def test_no_token_spans_what_is_given_and_what_is_said() -> None:
    """An answer that begins with a newline: transformers has one token of it and the newline of the header."""
    turns = [turn("user", "头痛？"), turn("assistant", "\n\n多休息。"), turn("user", "谢谢"), turn("assistant", "好")]
    _, encoded = written("qwen3", turns)
    prompt = transformers_ids("qwen3", turns[:1], add_generation_prompt=True)
    assert encoded.ids[: len(prompt)].tolist() == prompt
    assert not encoded.mask[: len(prompt)].any() and encoded.mask[len(prompt)] == 1
    assert learned("qwen3", encoded).startswith("\n\n多休息。<|im_end|>")


def test_arguments_are_given_as_objects_or_as_text_as_the_template_wants_them() -> None:
    calls = [{"type": "function", "function": {"name": "weather", "arguments": '{"city": "北京", "days": 3}'}}]
    assert (
        '"arguments": {"city": "北京", "days": 3}}'
        in written("qwen3", [TALK[0], turn("assistant", "", None, calls)])[0].text
    )
    turns = [turn("user", "?"), turn("assistant", None, None, WEATHER), turn("tool", "晴"), turn("assistant", "晴。")]
    rendering, encoded = written("deepseek", turns)
    assert '<｜tool▁sep｜>{"city": "北京", "days": 3}<｜tool▁call▁end｜><｜end▁of▁sentence｜>' in rendering.text
    assert learned("deepseek", encoded).endswith("<｜tool▁call▁end｜><｜end▁of▁sentence｜>晴。<｜end▁of▁sentence｜>")


def test_the_day_is_always_the_same() -> None:
    from curate.mix.chat.template import ChatTemplate

    template = ChatTemplate(name="x", texts=(("default", text_of("llama3_1")),))
    assert template.date == "2024-07-26"


@pytest.mark.parametrize("name", ["qwen3", "llama3", "mistral", "gemma", "deepseek"])
def test_what_is_taken_from_the_last_answer_is_what_each_would_give(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for the last answer's header before the others saves to render every prompt, and changes nothing."""
    quoting = [turn("user", "<|im_start|>assistant\n[/INST]"), turn("assistant", "<|im_end|>"), *TALK]
    talks = [TALK, THOUGHT, quoting, *([ASKED] if name in ("qwen3", "deepseek") else [])]
    fast = [written(name, [one for one in talk if name != "gemma" or one["role"] != "system"])[0] for talk in talks]
    monkeypatch.setattr(Search, "_of_last", lambda *anything: ("", ""))
    assert fast == [
        written(name, [one for one in talk if name != "gemma" or one["role"] != "system"])[0] for talk in talks
    ]
