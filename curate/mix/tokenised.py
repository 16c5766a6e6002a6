"""The tokens of a kept shard, made once: another mix over the same shard and tokenizer reads them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from curate import files
from curate.mix.chat.encode import Chat, Encoded, chat
from curate.mix.chat.render import Rendering
from curate.mix.chat.unwritable import Unwritable
from curate.mix.settings import Mix
from curate.mix.tokenizer import Encoder, encoder
from curate.table import batches

FORMAT = 2
KEPT = ("doc_id", "content_hash", "source", "role", "domain", "lang", "kind", "license")
READS = (*KEPT, "text", "messages", "tools")

_FIELDS: Any = {
    "tokens": pa.large_binary(),  # u16 or u32, little endian, the end token among them
    "mask": pa.large_binary(),  # sft: a byte for each token, 1 in an answer, 2 in the last one, else 0; pt: empty
    "length": pa.int64(),
    "supervised": pa.int64(),
    "control": pa.int64(),  # control tokens: of the template, and at the end
    "unwritten": pa.large_string(),  # why the template can't write the dialogue, a key of chat.render.LEFT_OUT
}
TOKENS = pa.schema(_FIELDS)


class CacheChanged(ValueError):
    """A file of kept tokens is damaged, or not of the shard that its name says."""


def tokenised(
    path: str, mix: Mix, cache: str | None, also: Sequence[str] = ()
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """The documents of the kept shard at `path` (columns `KEPT` and `also`) with their tokens (`TOKENS`), in batches.

    With a folder `cache` the tokens are read from there, or written there for the next time. They are found by what
    they depend on: the shard's bytes, the tokenizer's, the kind of mix, the end token, the template and the versions of
    the engines; neither share nor seed nor length of rows is among that.
    """
    if cache is None:
        yield from _made(path, mix, also)
        return
    place = Path(cache) / f"{_print(path, mix)}.parquet"
    if not place.is_file():
        yield from _kept(place, _made(path, mix, also))
        return
    with pq.ParquetFile(place, page_checksum_verification=True) as file:
        shard = batches(path, (*KEPT, *also))
        for group in range(file.num_row_groups):
            try:
                tokens = pl.DataFrame(pl.from_arrow(file.read_row_group(group)))
            except OSError as error:
                raise CacheChanged(f"{place} is damaged ({error}): remove it, and it is made again") from error
            docs = next(shard, None)
            if docs is None or docs.height != tokens.height:
                raise CacheChanged(f"{place} holds other rows than {path}: remove it, and it is made again")
            yield docs, tokens


def _made(path: str, mix: Mix, also: Sequence[str]) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    for docs in batches(path, tuple(dict.fromkeys((*READS, *also)))):
        if mix.stage == "sft":
            tokens = _sft(docs, chat(mix.template, mix.tokenizer, mix.end))
            if mix.texts:
                tokens = _with_text(docs, tokens, encoder(mix.tokenizer, mix.end))
        else:
            tokens = _pt(docs, encoder(mix.tokenizer, mix.end))
        yield docs.select(*KEPT, *also), tokens


def _kept(
    place: Path, made: Iterable[tuple[pl.DataFrame, pl.DataFrame]]
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """What is `made`, written to `place` on the way; the file appears when all of it was taken."""
    place.parent.mkdir(parents=True, exist_ok=True)
    growing = place.with_name(f"{place.name}.{uuid4().hex}.partial")
    try:
        with pq.ParquetWriter(
            growing, TOKENS, compression="none", use_dictionary=False, write_page_checksum=True
        ) as file:
            for docs, tokens in made:
                file.write_table(tokens.to_arrow().cast(TOKENS), row_group_size=max(1, tokens.height))
                yield docs, tokens
        files.to_disk(growing)
        os.replace(growing, place)  # whoever else made it made the same
    finally:
        growing.unlink(missing_ok=True)


def _print(path: str, mix: Mix) -> str:
    parts = {
        "format": FORMAT,
        "shard": files.sha256(path),
        "tokenizer": mix.tokenizer.sha256,
        "stage": "sft" if mix.stage == "sft" else "pt",
        "texts": mix.texts,
        "end": mix.end,
        "template": mix.template.digest() if mix.stage == "sft" else None,
        "engines": {name: version(name) for name in ("tokenizers", "tiktoken")},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _pt(docs: pl.DataFrame, encode: Encoder) -> pl.DataFrame:
    """All text is text, a dialogue as it is rendered for reading; a document ends with the end token."""
    end, none = np.array([encode.end_id], encode.dtype), np.empty(0, np.uint8)
    texts = encode.encode([text or "" for text in docs["text"]])
    return _table([Encoded(np.concatenate([ids, end]), none, 1) for ids in texts], [None] * docs.height)


def _sft(docs: pl.DataFrame, talks: Chat) -> pl.DataFrame:
    """A dialogue as the template renders it; nothing of what is none, or what the template can't write."""
    rendered: list[Rendering] = []
    unwritten: list[str | None] = []
    for kind, messages, tools in zip(docs["kind"], docs["messages"].to_list(), docs["tools"], strict=True):
        rendering, reason = Rendering(""), None
        if kind == "dialogue" and messages:
            try:
                rendering = talks.renderer.rendering(messages, tools)
            except Unwritable as error:
                reason = error.reason
        rendered.append(rendering)
        unwritten.append(reason)
    return _table(talks.encode(rendered), unwritten)


def _with_text(docs: pl.DataFrame, dialogues: pl.DataFrame, encode: Encoder) -> pl.DataFrame:
    """`dialogues`, and in the rows of documents that are none their text: all of it is learnt but its first token."""
    is_text = docs["kind"] != "dialogue"
    texts = _pt(docs.filter(is_text), encode)
    masks = [b"\0" + b"\2" * (length - 1) for length in texts["length"]]
    texts = texts.with_columns(pl.Series("mask", masks, pl.Binary), (pl.col("length") - 1).alias("supervised"))
    place = pl.Series(np.where(is_text, np.cumsum(is_text.to_numpy()) - 1 + docs.height, np.arange(docs.height)))
    return pl.concat([dialogues, texts])[place]


def _table(made: Sequence[Encoded], unwritten: Sequence[str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "tokens": pl.Series([one.ids.tobytes() for one in made], dtype=pl.Binary),
            "mask": pl.Series([one.mask.tobytes() for one in made], dtype=pl.Binary),
            "length": pl.Series([len(one.ids) for one in made], dtype=pl.Int64),
            "supervised": pl.Series([int(np.count_nonzero(one.mask)) for one in made], dtype=pl.Int64),
            "control": pl.Series([one.control for one in made], dtype=pl.Int64),
            "unwritten": pl.Series(unwritten, dtype=pl.String),
        }
    )
