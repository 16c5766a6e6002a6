"""Where a template comes from, and what is refused before any work starts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from curate.mix.chat.encode import Chat
from curate.mix.chat.template import CHATML, ChatTemplate
from curate.mix.chat.unwritable import OTHERWISE, UNCLEAR, Unwritable
from curate.mix.settings import Mix, MixRefused
from curate.mix.tokenizer import Encoder
from tests.mix import kept
from tests.mix.chat.formats import chat_of, text_of, tokenizer_of, turn

TALK = [turn("user", "头痛？"), turn("assistant", "多休息。")]


def folder(place: Path, **config: object) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    (place / "tokenizer_config.json").write_text(json.dumps(config))
    (place / "tokenizer.json").write_text(tokenizer_of("llama3"))
    return place


def test_a_template_is_read_from_the_folder_its_configuration_or_a_file(tmp_path: Path) -> None:
    text = text_of("llama3")
    place = folder(tmp_path / "Llama", chat_template=text, bos_token={"content": "<|begin_of_text|>"}, eos_token="e")
    whole = ChatTemplate.of(place)
    assert whole.name == "Llama" and whole.text(tools=True) == text
    assert dict(whole.tokens) == {"bos_token": "<|begin_of_text|>", "eos_token": "e"}
    assert ChatTemplate.of(place / "tokenizer_config.json").digest() == whole.digest()
    (tmp_path / "other.jinja").write_text(text)
    assert ChatTemplate.of(tmp_path / "other.jinja").tokens == ()
    (place / "chat_template.jinja").write_text("newer")  # it stands before the configuration, as in transformers
    assert ChatTemplate.of(place).text(tools=False) == "newer"
    assert ChatTemplate.of(place / "chat_template.jinja").digest() == ChatTemplate.of(place).digest()


def test_a_template_for_tools_is_taken_for_dialogues_that_have_some(tmp_path: Path) -> None:
    named = [{"name": "default", "template": "plain"}, {"name": "tool_use", "template": "with tools"}]
    template = ChatTemplate.of(folder(tmp_path, chat_template=named))
    assert (template.text(tools=False), template.text(tools=True)) == ("plain", "with tools")


def test_the_digest_names_what_decides_the_text_and_not_the_place(tmp_path: Path) -> None:
    one = ChatTemplate.of(folder(tmp_path / "a", chat_template="x"))
    assert one.digest() == ChatTemplate.of(folder(tmp_path / "b", chat_template="x")).digest()
    others = [
        ChatTemplate.of(folder(tmp_path / "c", chat_template="y")),
        ChatTemplate.of(folder(tmp_path / "d", chat_template="x", bos_token="<s>")),
        ChatTemplate.of(tmp_path / "a", enable_thinking=False),
        ChatTemplate.of(tmp_path / "a", date="2026-01-01"),
        CHATML,
    ]
    assert len({one.digest(), *(other.digest() for other in others)}) == 6
    assert CHATML.digest() == "b76a0ef9e309f0fbb5a1ed77d77d36d3f100fed52de43af064f4737d9d52b68b"


def test_what_is_no_template_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MixRefused, match=r"is not there.*fetch the model's folder"):
        ChatTemplate.of(tmp_path / "none")
    with pytest.raises(MixRefused, match=r"names no chat template.*instruct"):
        ChatTemplate.of(folder(tmp_path / "base"))
    with pytest.raises(MixRefused, match="none is default"):
        ChatTemplate.of(folder(tmp_path / "odd", chat_template=[{"name": "rag", "template": "x"}]))
    with pytest.raises(MixRefused, match="given messages by Curate"):
        ChatTemplate.of(folder(tmp_path / "set", chat_template="x"), messages=[])
    with pytest.raises(MixRefused, match="no Jinja: line 1"):
        chat("{% for %}")
    with pytest.raises(MixRefused, match="does not write a question and its answer"):
        chat("{% for one in messages %}{{ one.role }}{% endfor %}")


def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MixRefused, match=r"writes <\|start_header_id\|>, which is no token of the tokenizer"):
        Chat(ChatTemplate(name="llama3", texts=(("default", text_of("llama3")),)), Encoder(kept.tokenizer_json()))


def test_a_mix_takes_the_folder_of_a_model(tmp_path: Path) -> None:
    place = folder(tmp_path / "Llama", chat_template=text_of("llama3"), bos_token="<|begin_of_text|>")
    mix = Mix(tokenizer=str(place), stage="sft", template=place)  # type: ignore[arg-type]
    assert mix.tokenizer.path == place / "tokenizer.json" and mix.template == ChatTemplate.of(place)
    with pytest.raises(MixRefused, match=r"holds no tokenizer\.json"):
        (tmp_path / "empty").mkdir()
        Mix(tokenizer=tmp_path / "empty")  # type: ignore[arg-type]


def chat(text: str, name: str = "qwen3") -> Chat:
    return Chat(ChatTemplate(name="own", texts=(("default", text),)), Encoder(tokenizer_of(name).encode()))


def test_an_answer_that_is_not_written_behind_its_prompt_is_left_out() -> None:
    """DeepSeek R1's template opens <think> for the model, and writes answers without."""
    text = text_of("tagged").replace("assistant\\n' if", "assistant\\n<think>\\n' if")
    text = text.replace("{% generation %}", "").replace("{% endgeneration %}", "")
    with pytest.raises(Unwritable, match="the last answer is written after") as raised:
        chat(text).renderer.rendering(TALK, None)
    assert raised.value.reason == OTHERWISE


def test_where_the_marks_change_what_is_written_the_prefixes_decide() -> None:
    text = """{%- for turn in messages -%}
        {{- '<|im_start|>' + turn.role + '\n' + (turn.content | length | string) + turn.content + '<|im_end|>\n' }}
    {%- endfor -%}{{- '<|im_start|>assistant\n' if add_generation_prompt else '' -}}"""
    twice = [*TALK, turn("user", "谢谢"), turn("assistant", "好")]
    rendering = chat(text).renderer.rendering(twice, None)
    said = [rendering.text[answer.start : answer.end] for answer in rendering.answers]
    assert said == ["4多休息。<|im_end|>", "1好<|im_end|>"]
    # And where they can't, since what was said before is written otherwise later, nothing is guessed.
    later = text.replace("turn.content + '", "turn.content + ('' if loop.last else '...') + '")
    with pytest.raises(Unwritable) as raised:
        chat(later).renderer.rendering(twice, None)
    assert raised.value.reason == UNCLEAR


def test_noncharacters_in_a_turn_are_not_taken_for_marks() -> None:
    with pytest.raises(Unwritable, match="noncharacters"):
        chat_of("qwen3").renderer.rendering([turn("user", "\ufdd0\ufdd2x\ufdd1"), turn("assistant", "y")], None)


def trained(
    model: models.Model, pre: pre_tokenizers.PreTokenizer, decoder: decoders.Decoder, **added: bool
) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer, tokenizer.decoder = pre, decoder
    special = [
        AddedToken(name, special=True, normalized=False, **added) for name in ("<unk>", "<|end|>", "<|user|>", "</s>")
    ]
    trainer = trainers.BpeTrainer(vocab_size=900, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(kept.documents()["text"].to_list()[:40], trainer)
    return tokenizer


WORDS = "{% for one in messages %}<|user|>\n{{ one.role }}: {{ one.content }}<|end|>\n{% endfor %}"


@pytest.mark.parametrize("added", [{}, {"rstrip": True}, {"lstrip": True}])
@pytest.mark.parametrize("scheme", ["first", "always", "never"])
def test_tokenizers_that_begin_with_a_space_or_take_white_space_in_give_the_tokens_of_transformers(
    scheme: str, added: dict[str, bool]
) -> None:
    meta, decoder = pre_tokenizers.Metaspace(prepend_scheme=scheme), decoders.Metaspace(prepend_scheme=scheme)
    tokenizer = trained(models.BPE(unk_token="<unk>"), meta, decoder, **added)
    ours = Chat(ChatTemplate(name="own", texts=(("default", WORDS),)), Encoder(tokenizer.to_str().encode()))
    theirs = PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=WORDS)
    for talk in kept.documents("dialogue")["messages"].to_list()[:15]:
        expected = theirs.apply_chat_template(talk, tokenize=True, return_dict=True)["input_ids"]
        assert ours.encode([ours.renderer.rendering(talk, None)])[0].ids.tolist() == expected
