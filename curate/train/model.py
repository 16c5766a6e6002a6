"""The model that training starts from: a random one of a known shape, or the weights of a local folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, PretrainedConfig

from curate.train.shape import Shape


class NoModel(ValueError):
    """There is no model where the settings say, or none that can be trained on this mix."""


class OtherTokenizer(ValueError):
    """The mix was tokenised for another model."""


@dataclass(frozen=True)
class Origin:
    """Where a model starts from: a shape, weights or None, and what identifies both.

    `folder` is None for "tiny". `digest` covers the configuration and, where there are weights, their files.
    """

    folder: Path | None
    config: Path | None
    weights: tuple[Path, ...]
    digest: str


def origin(name: str) -> Origin:
    """What `Train.model` names. Raises `NoModel`; nothing is ever looked for on the network."""
    if name == "tiny":
        return Origin(None, None, (), sha256(b"tiny 1").hexdigest())
    path = Path(name)
    folder, config = (path, path / "config.json") if path.is_dir() else (path.parent, path)
    if not config.is_file():
        raise NoModel(f"model {name!r}: there is no {config}; expected 'tiny', a config.json or a Hugging Face folder")
    weights = tuple(sorted(folder.glob("*.safetensors"))) if path.is_dir() else ()
    if path.is_dir() and not weights and any(folder.glob("pytorch_model*.bin")):
        raise NoModel(f"model {name!r}: its weights are pickled (pytorch_model.bin); save them as safetensors first")
    _whole(name, weights, folder / "model.safetensors.index.json")
    digest = sha256()
    for file in (config, *weights):
        with file.open("rb") as stream:
            while block := stream.read(1 << 24):
                digest.update(block)
    return Origin(folder, config, weights, digest.hexdigest())


def _whole(name: str, weights: Sequence[Path], index: Path) -> None:
    """Raises `NoModel` where a download or a copy was cut short."""
    for file in weights:
        try:
            with safe_open(file, framework="pt"):
                pass
        except SafetensorError as error:
            raise NoModel(f"model {name!r}: {file.name} is damaged or cut short ({error}); copy it again") from error
    if weights and index.is_file():
        parts = set(_read(index).get("weight_map", {}).values())
        missing = sorted(parts - {file.name for file in weights})
        if missing:
            raise NoModel(f"model {name!r}: {index.name} names {', '.join(missing)}, not there; copy the model again")


def _read(file: Path) -> dict[str, Any]:
    """A JSON object. Raises `NoModel`."""
    try:
        found = json.loads(file.read_bytes())
    except ValueError as error:
        raise NoModel(f"{file} is no JSON ({error}); copy the model again") from error
    if not isinstance(found, dict):
        raise NoModel(f"{file} holds a {type(found).__name__}; expected a JSON object; copy the model again")
    return found


def check_tokenizer(start: Origin, mix_tokenizer: bytes) -> None:
    """Raises `OtherTokenizer` unless the tokenizer.json of the model's folder is the mix's, byte for byte.

    A shape without weights has learnt no vocabulary yet: without a tokenizer beside it, it takes the mix's.
    """
    if start.folder is None:
        return
    file = start.folder / "tokenizer.json"
    if not file.is_file():
        if start.weights:
            raise OtherTokenizer(
                f"{start.folder} has weights and no tokenizer.json, so nothing says that this mix was made for it; "
                "put the model's tokenizer.json there"
            )
        return
    if start.weights or start.config == start.folder / "config.json":
        found, expected = sha256(file.read_bytes()).hexdigest(), sha256(mix_tokenizer).hexdigest()
        if found != expected:
            raise OtherTokenizer(
                f"{file}: SHA-256 is {found[:16]}..., the mix was tokenised with {expected[:16]}...; "
                f"build the mix with {file}, or train the model that it was built for"
            )


def tiny(vocabulary: int, row_length: int) -> LlamaConfig:
    """Four layers of 128 with tied embeddings: 0.8 M parameters, and 128 for each token of the vocabulary.

    At 8,192 tokens 1.8 M; 60 steps of 2 x 1,024 tokens then take about 20 s on 2 CPU cores.
    """
    return LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=max(1024, row_length),
        tie_word_embeddings=True,
    )


def shape(start: Origin, tokenizer: Tokenizer, row_length: int) -> Shape:
    """Sizes of the model that `build` makes; nothing of its weights is read."""
    config = _config(start, vocabulary(tokenizer), row_length)
    if not start.weights:
        config.vocab_size = vocabulary(tokenizer)
    make: Any = AutoModelForCausalLM.from_config
    with torch.device("meta"):
        return Shape.of(make(config))


def build(
    start: Origin,
    tokenizer: Tokenizer,
    row_length: int,
    seed: int,
    end: int | None,
    *,
    dtype: torch.dtype = torch.float32,
    quantised: Any = None,
) -> Any:
    """The model, on the CPU but where it is `quantised`; a random start depends on `seed` alone. `end` is the id that
    ends a document.

    Raises `NoModel` for a shape that has no causal language model, or too small a vocabulary or context.
    """
    if start.weights:
        assert start.folder is not None
        more = {} if quantised is None else {"quantization_config": quantised, "device_map": {"": 0}}
        model: Any = AutoModelForCausalLM.from_pretrained(start.folder, dtype=dtype, local_files_only=True, **more)
        found: int = model.get_input_embeddings().num_embeddings
        if found < vocabulary(tokenizer):
            raise NoModel(
                f"{start.folder}: {found} embeddings for a tokenizer of {vocabulary(tokenizer)}; "
                "resize the model's embeddings first"
            )
    else:
        config = _config(start, vocabulary(tokenizer), row_length)
        config.vocab_size = vocabulary(tokenizer)
        config.bos_token_id, config.eos_token_id, config.pad_token_id = None, end, None
        torch.manual_seed(seed)
        make: Any = AutoModelForCausalLM.from_config
        model = make(config, dtype=dtype)
    context = getattr(model.config, "max_position_embeddings", row_length)
    if context < row_length:
        raise NoModel(f"the mix has rows of {row_length} tokens, the model reads {context}; build it with shorter rows")
    return model


def vocabulary(tokenizer: Tokenizer) -> int:
    """One more than the highest id, added tokens and gaps included."""
    return 1 + max(tokenizer.get_vocab(with_added_tokens=True).values())


def parameters(model: Any) -> int:
    """Numbers that the model has; tied ones count once."""
    return sum(weight.numel() for weight in model.parameters())


def trained(model: Any) -> int:
    """Numbers that are trained."""
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)


def _config(start: Origin, size: int, row_length: int) -> PretrainedConfig:
    if start.config is None:
        return tiny(size, row_length)
    if "model_type" not in _read(start.config):
        raise NoModel(f"{start.config} names no model_type; expected the config.json of a Hugging Face model")
    config: PretrainedConfig = AutoConfig.from_pretrained(start.config, local_files_only=True)
    return config
