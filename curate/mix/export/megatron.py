"""Megatron-LM: the tokens of each channel as .bin and .idx, and the weights with which it blends them.

The layout is that of megatron/core/datasets/indexed_dataset.py (index version 1): MMIDIDX and two zero bytes, the
version (u64), the code of the type (u8), the numbers of sequences and of documents (u64), then the sequences' lengths
(i32), where each begins in bytes (i64), and the first sequence of each document with the end (i64).
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate import files
from curate.mix.count import TRAIN, VALIDATION
from curate.mix.export.lines import Tally
from curate.mix.export.material import Material
from curate.mix.export.settings import Export, ExportRefused
from curate.mix.reader import bin_path

HEADER, VERSION = b"MMIDIDX\x00\x00", 1
UINT16, INT32 = 8, 4  # codes of types; there is none for u32
LARGEST_U16 = 65_500  # Megatron's own border for u16 (DType.optimal_dtype)
CHUNK = 1 << 24  # tokens copied at once


def export(material: Material, settings: Export, folder: Path) -> tuple[Tally, list[str]]:
    """NAME.bin, NAME.idx (and NAME.heldout) for each channel, blend.json and arguments.txt. Raises `ExportRefused`."""
    mix, plan = material.mix, material.plan
    if mix is None or plan is None:
        raise ExportRefused(
            f"{material.where}: Megatron reads tokens, which a mix holds: give a mix or a run that has one"
        )
    if plan.stage == "sft":
        raise ExportRefused(
            "an .idx has no place for what is supervised, so all of a dialogue would be learnt: export an sft mix to "
            "hf (input_ids and labels), trl, llama-factory or ms-swift"
        )
    code, dtype = (UINT16, "<u2") if plan.vocabulary < LARGEST_U16 else (INT32, "<i4")
    tally, read, held_out = Tally(), dict[str, int](), list[str]()
    for channel in plan.channels:
        name, interval = channel.name, plan.drawn[channel.name]
        docs = pl.read_parquet(mix / "docs" / f"{name}.parquet", columns=["split", "length", "epochs"], glob=False)
        for split, prefix in ((TRAIN, name), (VALIDATION, f"{name}.heldout")):
            # What is read stands in front: all of the channel, or its first documents.
            mine = docs.filter(pl.col("split") == split)
            lengths = mine["length"].to_numpy().astype(np.int32)
            if not len(lengths):
                continue
            tokens = np.memmap(bin_path(mix, "tokens", name, split == VALIDATION), f"<{plan.token_type}", "r")
            _write(folder / prefix, tokens[: int(lengths.sum())], lengths, code, dtype)
            if split == VALIDATION:
                held_out.append(prefix)
                tally.held_out[name] = len(lengths)
            else:
                read[name] = interval.tokens
                tally.documents[name], tally.readings[name] = len(lengths), interval.documents
    total = sum(read.values())
    blend = {name: round(tokens / total, 8) for name, tokens in sorted(read.items())}
    said = {"weights": blend, "tokens": read, "tokens_in_all": total, "type": "uint16" if code == UINT16 else "int32"}
    files.put_new(str(folder / "blend.json"), json.dumps(said, indent=1, sort_keys=True).encode() + b"\n")
    arguments = _arguments(blend, held_out, plan.row_length, total)
    files.put_new(str(folder / "arguments.txt"), arguments.encode())
    return tally, [
        f"train: pretrain_gpt.py $(cat arguments.txt), in the folder of the export; {total:,} tokens are the mix"
    ]


def _write(prefix: Path, tokens: NDArray[Any], lengths: NDArray[np.int32], code: int, dtype: str) -> None:
    with files.create(f"{prefix}.bin") as file:
        for start in range(0, len(tokens), CHUNK):
            file.write(np.asarray(tokens[start : start + CHUNK]).astype(dtype).tobytes())
    size = np.dtype(dtype).itemsize
    pointers = np.zeros(len(lengths), np.int64)
    np.cumsum(lengths[:-1], dtype=np.int64, out=pointers[1:])
    with files.create(f"{prefix}.idx") as file:
        file.write(HEADER + struct.pack("<QBQQ", VERSION, code, len(lengths), len(lengths) + 1))
        file.write(lengths.astype("<i4").tobytes())
        file.write((pointers * size).astype("<i8").tobytes())
        file.write(np.arange(len(lengths) + 1, dtype="<i8").tobytes())


def _arguments(blend: dict[str, float], held_out: list[str], row_length: int, total: int) -> str:
    train = " ".join(f"{weight} {name}" for name, weight in blend.items())
    valid = f" --valid-data-path {' '.join(f'1 {name}' for name in held_out)}" if held_out else ""
    return (
        f"--train-data-path {train}{valid} --seq-length {row_length} --train-samples {-(-total // row_length)} "
        "--reset-position-ids --reset-attention-mask --eod-mask-loss\n"
    )
