"""Where a model comes from, and which mixes it is refused for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer

from curate.mix.vocabulary import train_tokenizer
from curate.train.model import NoModel, OtherTokenizer, build, check_tokenizer, origin, parameters, shape, tiny
from tests.train import packed

TOKENIZER = train_tokenizer(["发热三天，咳嗽。 A cough and fever for three days."], 290)


def built(name: str, row_length: int = 64, seed: int = 0) -> Any:
    return build(origin(name), Tokenizer.from_str(TOKENIZER.decode()), row_length, seed, end=0)


def folder(at: Path, tokenizer: bytes | None = TOKENIZER, weights: bool = True) -> Path:
    if weights:
        packed.model("qwen3").save_pretrained(at)
    else:
        packed.CONFIGS["qwen3"].save_pretrained(at)
    if tokenizer is not None:
        (at / "tokenizer.json").write_bytes(tokenizer)
    return at


def test_tiny_has_under_two_million_parameters_at_8192_tokens_of_vocabulary() -> None:
    assert 1_000_000 < parameters(build_tiny(8192)) < 2_000_000


def build_tiny(vocabulary: int) -> Any:
    from transformers import LlamaForCausalLM

    return LlamaForCausalLM(tiny(vocabulary, 1024))


def test_a_random_start_depends_on_the_seed_alone() -> None:
    first = built("tiny")
    torch.rand(7)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), built("tiny").parameters(), strict=True))
    assert not torch.equal(first.lm_head.weight, built("tiny", seed=1).lm_head.weight)


def test_a_shape_takes_the_vocabulary_of_the_mix_and_its_end_of_document(tmp_path: Path) -> None:
    model = built(str(folder(tmp_path, weights=False) / "config.json"))
    assert type(model).__name__ == "Qwen3ForCausalLM"
    assert model.config.vocab_size == Tokenizer.from_str(TOKENIZER.decode()).get_vocab_size() != packed.VOCABULARY
    assert (model.config.eos_token_id, model.config.bos_token_id) == (0, None)


def test_a_folder_with_weights_starts_from_them(tmp_path: Path) -> None:
    model = built(str(folder(tmp_path)))
    assert torch.equal(model.lm_head.weight, packed.model("qwen3").lm_head.weight)
    assert model.dtype == torch.float32


def test_other_weights_are_another_origin(tmp_path: Path) -> None:
    before = origin(str(folder(tmp_path))).digest
    file = tmp_path / "model.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert origin(str(tmp_path)).digest != before


def test_a_mix_of_another_tokenizer_is_refused(tmp_path: Path) -> None:
    other = train_tokenizer(["An entirely different text, of other words."], 290)
    with pytest.raises(OtherTokenizer, match="the mix was tokenised with"):
        check_tokenizer(origin(str(folder(tmp_path))), other)
    check_tokenizer(origin(str(tmp_path)), TOKENIZER)


def test_weights_without_a_tokenizer_are_refused_and_a_shape_without_one_is_not(tmp_path: Path) -> None:
    with pytest.raises(OtherTokenizer, match=r"no tokenizer\.json"):
        check_tokenizer(origin(str(folder(tmp_path / "weights", tokenizer=None))), TOKENIZER)
    check_tokenizer(origin(str(folder(tmp_path / "shape", tokenizer=None, weights=False))), TOKENIZER)
    check_tokenizer(origin("tiny"), TOKENIZER)


def test_weights_with_fewer_embeddings_than_the_tokenizer_has_tokens_are_refused(tmp_path: Path) -> None:
    large = train_tokenizer(["abcdefgh " * 3 + "一二三四五六七八九十" * 3 + "the cat sat on the mat " * 3], 400)
    tokenizer = Tokenizer.from_str(large.decode())
    assert tokenizer.get_vocab_size() > packed.VOCABULARY
    with pytest.raises(NoModel, match="300 embeddings for a tokenizer of"):
        build(origin(str(folder(tmp_path))), tokenizer, 64, 0, end=0)


def test_rows_longer_than_the_models_context_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NoModel, match="rows of 512 tokens, the model reads 256"):
        built(str(folder(tmp_path)), row_length=512)


def test_what_is_no_model_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(NoModel, match=r"expected 'tiny', a config\.json or a Hugging Face folder"):
        origin("meta-llama/Llama-3.1-8B")
    (tmp_path / "config.json").write_text(json.dumps({"hidden_size": 4}))
    with pytest.raises(NoModel, match="names no model_type"):
        built(str(tmp_path))
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(NoModel, match="pickled"):
        origin(str(tmp_path))


def test_a_model_that_was_copied_in_part_is_refused(tmp_path: Path) -> None:
    name = str(folder(tmp_path))
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"one": "model.safetensors", "two": "model-00002.safetensors"}}))
    with pytest.raises(NoModel, match=r"index\.json names model-00002\.safetensors, not there"):
        origin(name)
    index.unlink()
    file = tmp_path / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(NoModel, match=r"model\.safetensors is damaged or cut short"):
        origin(name)
    file.unlink()
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(NoModel, match=r"config\.json is no JSON"):
        built(name)


@pytest.mark.parametrize("weights", [False, True])
def test_sizes_are_known_without_reading_weights(tmp_path: Path, weights: bool) -> None:
    name = str(folder(tmp_path, weights=weights))
    sizes = shape(origin(name), Tokenizer.from_str(TOKENIZER.decode()), 64)
    model = built(name)
    assert sizes.parameters == parameters(model)
    table = model.get_input_embeddings().weight.numel()
    norms = sum(weight.numel() for weight in model.parameters() if weight.dim() == 1)
    assert sizes.multiplied == parameters(model) - table - norms
    assert (sizes.layers, sizes.hidden, sizes.query, sizes.key) == (2, 32, 32, 16)
