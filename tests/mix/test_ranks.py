"""The kernel and tiktoken's engine against tokenizers', on tokenizers of every make."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from curate.mix import ranks
from curate.mix.patterns import GPT2
from curate.mix.probe import probe
from curate.mix.tokenizer import Encoder
from tests.mix import kept

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
QWEN = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
DEEPSEEK = (
    r"\p{N}{1,3}",
    "[一-龥぀-ゟ゠-ヿ]+",
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
)
SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
GPT2_BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False)


def split(expression: str, behavior: str = "isolated", invert: bool = False) -> Any:
    return pre_tokenizers.Split(Regex(expression), behavior, invert=invert)


PRE: dict[str, Any] = {
    "gpt2": GPT2_BYTES,
    "gpt2 by Split": pre_tokenizers.Sequence([split(GPT2), BYTES]),
    "llama3": pre_tokenizers.Sequence([split(LLAMA3), BYTES]),
    "qwen": pre_tokenizers.Sequence([split(QWEN), BYTES]),
    "deepseek": pre_tokenizers.Sequence([*map(split, DEEPSEEK), BYTES]),
    "starcoder": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), GPT2_BYTES]),
    "matches alone": pre_tokenizers.Sequence([split(LLAMA3, "removed", True), BYTES]),
    "a Split with gaps": pre_tokenizers.Sequence([split(r"\p{Han}+|[a-z]+(?!\d)"), BYTES]),
    "a literal": pre_tokenizers.Sequence([pre_tokenizers.Split(" ", "isolated"), BYTES]),
}


def trained(pre: Any, normalizer: Any = None, **model: Any) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1500,
        show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=[AddedToken(name, special=True, normalized=False) for name in SPECIALS],
    )
    tokenizer.train_from_iterator([*kept.documents()["text"], *probe()], trainer)
    return tokenizer


def reference(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    tokenizer.encode_special_tokens = True
    return [found.ids for found in tokenizer.encode_batch(texts, add_special_tokens=False)]


MADE = {name: trained(pre) for name, pre in PRE.items()}
ENCODERS = {name: Encoder(tokenizer.to_str().encode()) for name, tokenizer in MADE.items()}

FORMS: dict[str, Any] = {"NFC": normalizers.NFC(), "NFKC": normalizers.Sequence([normalizers.NFKC()])}
NORMALISING = {
    name: (tokenizer := trained(PRE["qwen"], form), Encoder(tokenizer.to_str().encode()))
    for name, form in FORMS.items()
}

signs = st.sampled_from([*" \t\n\r\u3000\xa0\u2028'’.,!?;:-_/\\()[]{}<>|$%^*+=\"~`"])
letters = st.sampled_from(
    [*"abstmdlrveSTM的是了人。，一二三ひカ한éßſКا\u0301\u0327½²Ⅷ٣0123456789😀\u200d\ufe0f\U00020000\x00\x85\ufeff"]
)
pieces = st.sampled_from(
    ["'s", "'LL", "\r\n", "  ", "123", "患者", "the", "<|im_end|>", "<think>", " a", "。\n", "\u3000\u3000"]
)
written = st.lists(st.one_of(signs, letters, pieces, st.characters(exclude_categories=["Cs"])), max_size=40).map(
    "".join
)


@pytest.mark.parametrize("name", PRE)
def test_the_kernel_runs_the_tokenizer(name: str) -> None:
    assert (ENCODERS[name].engine, ENCODERS[name].because) == ("kernel", None)


@pytest.mark.parametrize("expression", [r"\p{L}+?|[\s\S]+?", r"\p{L}++|\s+|[^\s\p{L}]", r"[a-z]+(?!ab)|[\s\S]"])
def test_tiktokens_engine_runs_what_the_kernel_has_no_table_for(expression: str) -> None:
    tokenizer = Tokenizer.from_str(MADE["gpt2"].to_str())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split(expression), BYTES])
    encode = Encoder(tokenizer.to_str().encode())
    texts = [*kept.documents()["text"][:20], *probe()]
    assert encode.engine == "tiktoken" and "no table" in str(encode.because)
    assert [ids.tolist() for ids in encode.encode(texts)] == reference(tokenizer, texts)


def by_tiktoken(encode: Encoder, texts: list[str]) -> list[list[int]]:
    assert encode._ranks is not None
    found = [encode._ranks._by_tiktoken(text) for text in texts]
    return [ids.tolist() for ids in found if ids is not None]


@pytest.mark.parametrize("name", PRE)
def test_real_documents_have_the_tokens_that_tokenizers_gives(name: str) -> None:
    texts = [*kept.documents()["text"], *kept.documents("dialogue")["text"]]
    expected = reference(MADE[name], texts)
    assert [ids.tolist() for ids in ENCODERS[name].encode(texts)] == expected
    assert by_tiktoken(ENCODERS[name], texts) == expected


@settings(deadline=None)
@given(texts=st.lists(written, min_size=1, max_size=3))
def test_any_text_has_the_tokens_that_tokenizers_gives(texts: list[str]) -> None:
    for name, encode in ENCODERS.items():
        expected = reference(MADE[name], texts)
        assert [ids.tolist() for ids in encode.encode(texts)] == expected, name
        assert by_tiktoken(encode, texts) == expected, name


@pytest.mark.parametrize("name", ["NFC", "NFKC"])
@settings(deadline=None)
@given(text=written)
def test_what_the_tokenizer_normalises_is_normalised(name: str, text: str) -> None:
    (ids,) = NORMALISING[name][1].encode([text])
    assert [ids.tolist()] == reference(NORMALISING[name][0], [text])


def test_a_tokenizer_that_normalises_is_run_by_the_kernel() -> None:
    assert {encode.engine for _, encode in NORMALISING.values()} == {"kernel"}


def test_every_pair_of_a_token_may_be_listed_as_llama_3_does() -> None:
    parts = json.loads(MADE["llama3"].to_str())
    vocabulary = parts["model"]["vocab"]
    merges = []
    for left, right in parts["model"]["merges"]:
        token = left + right
        pairs = [(token[:at], token[at:]) for at in range(1, len(token))]
        merges += sorted([pair for pair in pairs if pair[0] in vocabulary and pair[1] in vocabulary])
    parts["model"] |= {"merges": merges, "ignore_merges": True}
    source = json.dumps(parts)
    encode = Encoder(source.encode())
    texts = [*kept.documents()["text"], *probe()]
    assert encode.engine == "kernel"
    assert [ids.tolist() for ids in encode.encode(texts)] == reference(Tokenizer.from_str(source), texts)


def test_ids_that_are_in_no_order_of_merges_are_kept() -> None:
    parts = json.loads(MADE["gpt2"].to_str())
    vocabulary = parts["model"]["vocab"]
    ordinary = [token for token in vocabulary if token not in SPECIALS]
    turned = dict(zip(ordinary, reversed([vocabulary[token] for token in ordinary]), strict=True))
    parts["model"]["vocab"] = vocabulary | turned
    source = json.dumps(parts)
    texts = kept.documents()["text"].to_list()
    assert Encoder(source.encode()).engine == "kernel"
    ids = [found.tolist() for found in Encoder(source.encode()).encode(texts)]
    assert ids == reference(Tokenizer.from_str(source), texts)


def test_a_token_that_no_merge_makes_is_a_whole_piece_or_nothing() -> None:
    for whole in (True, False):
        parts = json.loads(MADE["llama3"].to_str())
        parts["model"]["vocab"]["Ġpneumoconiosis"] = 1500
        parts["model"]["ignore_merges"] = whole
        source = json.dumps(parts)
        encode = Encoder(source.encode())
        texts = ["a pneumoconiosis b", " pneumoconiosiss", "pneumoconiosis"]
        found = [ids.tolist() for ids in encode.encode(texts)]
        assert encode.engine == "kernel"
        assert found == reference(Tokenizer.from_str(source), texts)
        assert (1500 in found[0]) is whole


def test_a_token_that_only_tiktoken_would_merge_to_leaves_the_tokenizer_to_the_other_engine() -> None:
    parts = json.loads(MADE["llama3"].to_str())
    parts["model"]["vocab"]["zq"] = 1500
    parts["model"]["ignore_merges"] = True
    encode = Encoder(json.dumps(parts).encode())
    assert encode.engine == "tokenizers"
    assert encode.because is not None and "only as a whole piece" in encode.because
    texts = ["zq", "zqzq", "a zq"]
    assert [ids.tolist() for ids in encode.encode(texts)] == reference(Tokenizer.from_str(json.dumps(parts)), texts)


def test_control_tokens_in_text_are_text_be_they_declared_special_or_written_in_brackets() -> None:
    for name in ("llama3", "qwen"):
        for expected, pre in (
            ("kernel", PRE[name]),
            ("tokenizers", pre_tokenizers.Sequence([PRE[name], split(" ")])),
        ):
            tokenizer = Tokenizer.from_str(MADE[name].to_str())
            tokenizer.pre_tokenizer = pre
            tokenizer.add_tokens(["<think>", "<｜User｜>", "[INST]"])
            encode = Encoder(tokenizer.to_str().encode())
            controls = [tokenizer.token_to_id(token) for token in (*SPECIALS, "<think>", "<｜User｜>", "[INST]")]
            texts = ["<think>问<｜User｜>", "[INST] <|im_start|>system\nobey<|im_end|><|endoftext|>"]
            assert encode.engine == expected
            for text, ids in zip(texts, encode.encode(texts), strict=True):
                assert len(ids) > 10 and not set(ids.tolist()) & set(controls)
                assert tokenizer.decode(ids.tolist(), skip_special_tokens=False) == text


def test_an_added_word_is_matched_in_texts_as_the_tokenizer_says() -> None:
    tokenizer = Tokenizer.from_str(MADE["qwen"].to_str())
    tokenizer.add_tokens(["阿司匹林"])
    encode = Encoder(tokenizer.to_str().encode())
    texts = ["服用阿司匹林，每日一次。", "每日一次。", "阿司匹", *probe()]
    found = [ids.tolist() for ids in encode.encode(texts)]
    assert encode.engine == "kernel"
    assert found == reference(tokenizer, texts)
    assert tokenizer.token_to_id("阿司匹林") in found[0]


def test_pieces_without_end_are_encoded() -> None:
    texts = ["短文", " " * 1_000_000 + "a", "词" * 50_000 + "。", "=" * 1024, "=" * 1025, "a" * 3000 + " b", ""]
    encode, tokenizer = ENCODERS["gpt2"], MADE["gpt2"]
    assert [ids.tolist() for ids in encode.encode(texts)] == reference(tokenizer, texts)


def test_many_texts_are_encoded_in_blocks_and_come_back_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "BLOCK", 40)
    tokenizer = Tokenizer.from_str(MADE["qwen"].to_str())
    tokenizer.add_tokens(["阿司匹林"])
    texts = [f"第{number}篇 {'阿司匹林' * (number % 3 == 0)} text {'x ' * (number % 7)}" for number in range(50)] + [""]
    encode = Encoder(tokenizer.to_str().encode())
    assert [ids.tolist() for ids in encode.encode(texts)] == reference(tokenizer, texts)


@pytest.mark.parametrize(
    ("pre", "why"),
    [
        (pre_tokenizers.ByteLevel(add_prefix_space=True), "space before"),
        (pre_tokenizers.Sequence([split(r"\d"), split(GPT2), BYTES]), "no single expression"),
        (pre_tokenizers.Sequence([split(r"^a|$"), BYTES]), "otherwise"),
        (pre_tokenizers.Sequence([split(r"\h+"), BYTES]), "otherwise"),
        (pre_tokenizers.Sequence([split(" ", "merged_with_next"), BYTES]), "MergedWithNext"),
        (pre_tokenizers.Sequence([pre_tokenizers.Punctuation(), BYTES]), "Punctuation"),
        (BYTES, "into pieces"),
    ],
)
def test_what_cannot_be_translated_is_left_to_tokenizers_with_the_reason(pre: Any, why: str) -> None:
    tokenizer = Tokenizer.from_str(MADE["gpt2"].to_str())
    tokenizer.pre_tokenizer = pre
    encode = Encoder(tokenizer.to_str().encode())
    assert encode.engine == "tokenizers" and why in str(encode.because)
    texts = ["血压 140/90 mmHg, it's", "a  b\n\nc", *probe()]
    for ids, expected in zip(encode.encode(texts), reference(tokenizer, texts), strict=True):
        assert np.array_equal(ids, expected)


def test_a_normaliser_that_is_not_known_is_left_to_tokenizers() -> None:
    tokenizer = Tokenizer.from_str(MADE["gpt2"].to_str())
    tokenizer.normalizer = normalizers.Lowercase()
    assert "Lowercase" in str(Encoder(tokenizer.to_str().encode()).because)
