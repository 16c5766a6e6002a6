"""A judge that is a transformer: a Hugging Face sequence-classification model in a local folder, on a GPU or none.

Nothing of the folder is run: weights are read from safetensors alone, and a folder with pickles or Python files, or one
whose config asks for code of its own, is refused before anything is loaded.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from curate.stage import AssetFolder, Cost, Rule, Schema

if TYPE_CHECKING:
    import torch

CHARACTERS = 16
"""Characters of a text that are read for each token that the model sees: more than any vocabulary has in one."""

CHUNK = 2048  # documents that are tokenised and sorted by length at a time

DECIMALS = 4  # other batches give other sums: with 32 bits they differ behind the sixth place, and with 16 ...
HALF_DECIMALS = 3  # ... bits they may differ in the third

_UNSAFE = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".h5", ".msgpack", ".py", ".so"})


class NotAClassifier(ValueError):
    """The folder holds no sequence-classification model that can be loaded without running what is in it."""


class ModelUnusable(OSError):
    """The model can't be loaded here: of no document the fault, and not to be tried on each."""


@dataclass(frozen=True, kw_only=True)
class TransformerJudge:
    """What a sequence-classification model says of a text's first `max_length` tokens: `{name}_score`.

    With several classes the score is the probability of `label` (its name or number in the model's config; the second
    of two where none is given), with one class what the model gives: a regression. It is null for null text and 0 for
    text without a letter or digit. `batch` texts of like length go through the model together.

    On a GPU the model runs in bfloat16, else in 32 bits on the processor. With Ray its tasks ask for `cost.gpus`: give
    Cost(gpus=0) where there are none. Without a `threshold` it only annotates; with one, documents that score below it
    are removed as `reason` (`low_{name}` where none is given).
    """

    model: AssetFolder
    label: str | int | None = None
    threshold: float | None = None
    max_length: int = 512
    batch: int = 32
    reason: str | None = None
    name: str = "transformer"
    cost: Cost = Cost(gpus=1)

    version = 1
    reads = {"text": pl.String()}

    def __post_init__(self) -> None:
        if self.batch < 1 or self.max_length < 3:
            raise ValueError(f"batch is {self.batch}, max_length {self.max_length}; expected at least 1 and 3")
        config = _config(self.model.path)
        _ordinal(config, self.label)
        longest = config.get("max_position_embeddings")
        if isinstance(longest, int) and self.max_length > longest:
            raise NotAClassifier(f"{self.model.path} reads {longest} tokens; max_length is {self.max_length}")

    @classmethod
    def of(cls, folder: str | Path, **settings: Any) -> TransformerJudge:
        """The model in `folder` as it is now. Raises `NotAClassifier`."""
        _config(Path(folder))
        return cls(model=AssetFolder.of(folder), **settings)

    @property
    def writes(self) -> Schema:
        return {f"{self.name}_score": pl.Float64()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        if self.threshold is None:
            return ()
        return (Rule(reason=self.reason or f"low_{self.name}", measure=f"{self.name}_score", low=self.threshold),)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        scores: list[float | None] = [None if text is None else 0.0 for text in docs["text"]]
        said = docs["text"].str.contains(r"[\pL\pN]").fill_null(False).arg_true()
        if len(said):
            texts = docs["text"].str.head(CHARACTERS * self.max_length)[said].to_list()
            for row, score in zip(said, _scores(self, texts), strict=True):
                scores[row] = score
        return docs.with_columns(pl.Series(f"{self.name}_score", scores, pl.Float64))


class Loaded(NamedTuple):
    """A model in memory."""

    model: Any
    tokenizer: Any
    device: str


def _scores(judge: TransformerJudge, texts: Sequence[str]) -> Iterator[float]:
    loaded = _loaded(judge.model)
    decimals = DECIMALS if loaded.device == "cpu" else HALF_DECIMALS
    for first in range(0, len(texts), CHUNK):
        chunk = texts[first : first + CHUNK]
        read = loaded.tokenizer(list(chunk), truncation=True, max_length=judge.max_length)
        # From the longest, so that what does not fit the GPU shows at once; equal ones in the order of their rows.
        order = sorted(range(len(chunk)), key=lambda row: (-len(read["input_ids"][row]), row))
        scores = [0.0] * len(chunk)
        for start in range(0, len(order), judge.batch):
            rows = order[start : start + judge.batch]
            logits = _logits(loaded, [{name: values[row] for name, values in read.items()} for row in rows])
            for row, values in zip(rows, logits, strict=True):
                scores[row] = round(_score(values, loaded.model.config, judge.label), decimals)
        yield from scores


def _logits(loaded: Loaded, inputs: list[dict[str, Any]]) -> list[torch.Tensor]:
    """The model's output for each input, in 32 bits. What does not fit the GPU at once goes in halves."""
    import torch

    try:
        with torch.inference_mode():
            padded = loaded.tokenizer.pad(inputs, return_tensors="pt").to(loaded.device)
            return list(loaded.model(**padded).logits.float().cpu())
    except torch.OutOfMemoryError as error:
        if len(inputs) == 1:  # who else is on this GPU is no document's fault
            raise OSError(errno.ENOMEM, f"the GPU has no room for one document: {error}") from error
    except torch.AcceleratorError as error:
        raise OSError(errno.EIO, f"the GPU failed: {error}") from error
    half = len(inputs) // 2
    return _logits(loaded, inputs[:half]) + _logits(loaded, inputs[half:])


def _score(logits: torch.Tensor, config: Any, label: str | int | None) -> float:
    if len(logits) == 1:
        return float(logits[0])
    several = config.problem_type == "multi_label_classification"
    shares = logits.sigmoid() if several else logits.softmax(0)
    return float(shares[_ordinal({"id2label": config.id2label}, label)])


@lru_cache(maxsize=2)
def _loaded(folder: AssetFolder) -> Loaded:
    """The model, verified by its digest, once per process. Raises `AssetChanged`, `ModelUnusable`."""
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder.verified()
    _config(folder.path)
    gpu = torch.cuda.is_available()
    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    dtype = torch.bfloat16 if gpu else torch.float32
    path = str(folder.path.absolute())
    device = "cuda" if gpu else "cpu"
    try:
        model = AutoModelForSequenceClassification.from_pretrained(path, use_safetensors=True, dtype=dtype, **local)
        tokenizer = AutoTokenizer.from_pretrained(path, **local)
        model = model.to(device).eval()
    except (ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelUnusable(f"{folder.path} can't be loaded: {type(error).__name__}: {error}") from error
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        raise ModelUnusable(f"{folder.path}: the tokenizer has {len(tokenizer)} tokens, more than the model knows")
    return Loaded(model, tokenizer, device)


def _config(folder: Path) -> dict[str, Any]:
    """The model's config. Raises `NotAClassifier`; nothing but this file is read, and names are looked at."""
    if not (folder / "config.json").is_file():
        raise NotAClassifier(f"{folder} has no config.json; expected the folder of a Hugging Face model")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    unsafe = [path for path in files if path.suffix.lower() in _UNSAFE]
    if unsafe:
        raise NotAClassifier(
            f"{unsafe[0]} may run code when it is loaded; expected weights in safetensors alone: save the model with "
            "save_pretrained, and take that file out"
        )
    if not any(path.suffix == ".safetensors" for path in files):
        raise NotAClassifier(f"{folder} has no weights in safetensors")
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        architectures = config.get("architectures") or ["none"]
    except (ValueError, AttributeError) as error:
        raise NotAClassifier(f"{folder / 'config.json'} is no config: {error}") from None
    if "auto_map" in config:
        raise NotAClassifier(f"{folder / 'config.json'} asks for code that comes with the model (auto_map): never run")
    if not str(architectures[0]).endswith("ForSequenceClassification"):
        raise NotAClassifier(f"{folder} is a {architectures[0]}; expected a ...ForSequenceClassification")
    return dict(config)


def _ordinal(config: dict[str, Any], label: str | int | None) -> int:
    """Which of the model's classes `label` is. Raises `NotAClassifier`."""
    names = {
        int(number): str(name) for number, name in (config.get("id2label") or {0: "LABEL_0", 1: "LABEL_1"}).items()
    }
    if label is None and len(names) <= 2:
        return len(names) - 1
    found = [number for number, name in names.items() if label in (number, name)]
    if len(found) != 1:
        raise NotAClassifier(f"the label is {label!r}; the model has {', '.join(names.values())}")
    return found[0]
