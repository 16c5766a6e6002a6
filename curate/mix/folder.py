"""A model's folder as Hugging Face lays it out: where its tokenizer.json is."""

from __future__ import annotations

from pathlib import Path

from curate.mix.refused import MixRefused


def json_of(path: str | Path) -> Path:
    """The tokenizer.json at `path`, a file or a Hugging Face folder. Raises `MixRefused` where there is none."""
    place = Path(path)
    if place.is_file():
        return place
    if not place.exists():
        raise MixRefused(
            f"{place} is not there: expected a tokenizer.json or a Hugging Face folder. Nothing is downloaded: fetch "
            "the model's folder first (hf download MODEL --include '*token*')"
        )
    if not (place / "tokenizer.json").is_file():
        there = ", ".join(sorted(file.name for file in place.iterdir())[:8]) or "nothing"
        raise MixRefused(
            f"{place} holds no tokenizer.json ({there}): load the folder with transformers' AutoTokenizer and write it "
            "with save_pretrained, which makes one"
        )
    return place / "tokenizer.json"
