"""Hugging Face Parquet: the documents, and of a mix its rows as they are trained on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curate import files
from curate.mix.count import TRAIN, VALIDATION
from curate.mix.export.lines import NOT_A_DIALOGUE, Tally, rows
from curate.mix.export.material import Material
from curate.mix.export.settings import Export
from curate.mix.export.turns import Unsayable, flat, messages
from curate.mix.reader import MixReader, Row

NAMED = ("doc_id", "source", "channel", "role", "domain", "lang", "license", "url")
ROWS, GROUP = 1 << 16, 1 << 10  # of tokens: rows in a file, in a row group
BYTES = 256 << 20  # of text in a file of documents
IGNORED = -100  # what torch's cross entropy leaves out

_FUNCTION: Any = pa.struct([("name", pa.string()), ("arguments", pa.string())])
_CALL: Any = pa.struct([("type", pa.string()), ("function", _FUNCTION)])
_TURN: Any = pa.struct(
    [
        ("role", pa.string()),
        ("content", pa.string()),
        ("reasoning_content", pa.string()),
        ("tool_calls", pa.list_(_CALL)),
    ]
)
_SAID: dict[str, Any] = {name: pa.string() for name in NAMED}
TEXT = pa.schema({**_SAID, "text": pa.string()})
DIALOGUE = pa.schema({**_SAID, "messages": pa.list_(_TURN), "tools": pa.string()})
TOKENS = pa.schema(
    {
        "input_ids": pa.list_(pa.int32()),
        "labels": pa.list_(pa.int32()),
        "position_ids": pa.list_(pa.int32()),
        "channel": pa.string(),
    }
)


def export(material: Material, settings: Export, folder: Path) -> tuple[Tally, list[str]]:
    """data/ and README.md below `folder`, with tokens/ where there is a mix; what was written, and what to know."""
    task = settings.task or material.task
    tally = Tally()
    schema = TEXT if task == "pt" else DIALOGUE

    def say(document: Mapping[str, Any]) -> dict[str, Any]:
        named = {name: document[name] for name in NAMED}
        if task == "pt":
            return named | {"text": document["text"] or ""}
        if not document["messages"]:
            raise Unsayable(NOT_A_DIALOGUE)
        turns, tools = messages(document["messages"], document["tools"])
        return named | {"messages": flat(turns), "tools": json.dumps(tools, ensure_ascii=False) if tools else None}

    configs = [("documents", "data", _documents(rows(material, say, tally), folder, schema))]
    notes = ['read: load_dataset("OUT", "documents")']
    if material.mix is not None:
        configs.append(("tokens", "tokens", _tokens(MixReader(material.mix), folder)))
        notes.append('trained on as it stands: load_dataset("OUT", "tokens"): input_ids, labels, position_ids')
    files.put_new(str(folder / "README.md"), _card(configs, material).encode())
    return tally, notes


def _documents(
    found: Iterator[tuple[str, str, int, Mapping[str, Any], dict[str, Any]]], folder: Path, schema: pa.Schema
) -> list[str]:
    """The documents in files of about 256 MB of text; which splits there are."""
    with ExitStack() as stack:
        parts: dict[str, _Parts] = {}
        for split, _, _, document, said in found:
            if split not in parts:
                parts[split] = stack.enter_context(_Parts(folder / "data", split, schema))
            parts[split].add(said, len(document["text"] or ""))
    return sorted(parts)


def _tokens(reader: MixReader, folder: Path) -> list[str]:
    """The rows of the mix in their order, padding cut off; which splits there are."""
    held = [channel.name for channel in reader.plan.channels if reader.plan.held_out[channel.name].rows]
    with _Parts(folder / "tokens", TRAIN, TOKENS, GROUP) as parts:
        for index in range(len(reader)):
            parts.add(_row(reader.row(index)), BYTES // ROWS)
    if held:
        with _Parts(folder / "tokens", VALIDATION, TOKENS, GROUP) as parts:
            for channel in held:
                for row in reader.heldout(channel):
                    parts.add(_row(row), BYTES // ROWS)
    return [TRAIN, *([VALIDATION] if held else [])]


def _row(row: Row) -> dict[str, Any]:
    size = row.length
    labels = np.where(row.loss_mask[:size], row.input_ids[:size], IGNORED)
    return {
        "input_ids": row.input_ids[:size].astype(np.int32),
        "labels": labels.astype(np.int32),
        "position_ids": row.position_ids[:size].astype(np.int32),
        "channel": row.channel,
    }


class _Parts:
    """Files of a split: SPLIT-00000.parquet and so on, each of about `BYTES`."""

    def __init__(self, folder: Path, split: str, schema: pa.Schema, group: int = 4096) -> None:
        self._folder, self._split, self._schema, self._group = folder, split, schema, group
        self._held: list[dict[str, Any]] = []
        self._size, self._number = 0, 0
        self._file: pq.ParquetWriter | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, row: dict[str, Any], size: int) -> None:
        self._held.append(row)
        self._size += size
        if len(self._held) >= self._group:
            self._write()
        if self._size >= BYTES:
            self.close()

    def close(self) -> None:
        """Ends the file; the next row begins another."""
        self._write()
        if self._file is not None:
            self._file.close()
            self._file, self._size, self._number = None, 0, self._number + 1

    def _write(self) -> None:
        if not self._held:
            return
        if self._file is None:
            path = self._folder / f"{self._split}-{self._number:05d}.parquet"
            self._file = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._file.write_table(pa.Table.from_pylist(self._held, self._schema), row_group_size=self._group)
        self._held = []

    def __enter__(self) -> _Parts:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _card(configs: list[tuple[str, str, list[str]]], material: Material) -> str:
    lines = ["---", "configs:"]
    for name, folder, splits in configs:
        lines += [f"- config_name: {name}", *(["  default: true"] if name == "documents" else []), "  data_files:"]
        for split in splits:
            lines += [f"  - split: {split}", f"    path: {folder}/{split}-*.parquet"]
    said = "each document as often as the mix reads it" if material.readings > 1 else "each document once"
    return "\n".join([*lines, "---", "", f"An export of Curate, {said}. Each document names its own licence.", ""])
