"""Tensors of one rank in a safetensors file, with where their rows stand in the whole; any number of ranks reads them.

Rank r of n holds a piece of each sharded tensor's first dimension (torch.chunk's, as FSDP2 cuts). A file's metadata
says of each piece where it begins; who reads takes the rows that are his from whatever files hold them. Nothing is
pickled, so reading runs no code.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

TYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
BLOCK = 1 << 24  # bytes handed to the hash and the file at once
ALIGNED = 8  # bytes, as safetensors wants its data


class WrongShape(ValueError):
    """A checkpoint has another tensor than the model that it is to be read into."""


@dataclass(frozen=True)
class Piece:
    """What one rank holds of a tensor: `local` are its rows from `start` on of `rows` in all; None: it has no rows.

    `common`: every rank holds all of it.
    """

    local: Tensor
    start: int | None = None
    rows: int | None = None
    common: bool = True

    @classmethod
    def of(cls, tensor: Tensor) -> Piece:
        """The piece of a DTensor that is here; a plain tensor is whole on every rank."""
        from torch.distributed.tensor import DTensor, Shard

        if not isinstance(tensor, DTensor):
            whole = tensor.detach()
            return cls(whole, 0, whole.shape[0]) if whole.dim() else cls(whole)
        cut = [place for place in tensor.placements if place.is_shard()]
        mesh = tensor.device_mesh
        if len(tensor.placements) != 1 or cut != [Shard(0)]:
            raise WrongShape(
                f"a tensor is placed as {tensor.placements}; expected one mesh that cuts the first dimension"
            )
        rows, ranks = tensor.shape[0], mesh.size()
        chunk = -(-rows // ranks)
        start = min(rows, mesh.get_local_rank() * chunk)
        local: Tensor = tensor.to_local().detach()
        if local.shape[0] != min(chunk, rows - start):
            raise WrongShape(
                f"rank {mesh.get_local_rank()} holds {local.shape[0]} of {rows} rows; expected chunks of {chunk}"
            )
        return cls(local, start, rows, common=False)


def write(path: Path, pieces: Mapping[str, Piece]) -> str:
    """Write pieces that are on the host to a new file; its SHA-256, made while writing. On disk when this returns."""
    header: dict[str, Any] = {
        "__metadata__": {"pieces": json.dumps({name: [piece.start, piece.rows] for name, piece in pieces.items()})}
    }
    end = 0
    for name, piece in pieces.items():
        begin, end = end, end + piece.local.numel() * piece.local.element_size()
        header[name] = {
            "dtype": TYPES[piece.local.dtype],
            "shape": list(piece.local.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % ALIGNED)
    digest = sha256()
    with path.open("xb") as file:
        for block in _blocks(len(text).to_bytes(8, "little") + text, [piece.local for piece in pieces.values()]):
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def read(paths: Sequence[Path], wanted: Mapping[str, Piece]) -> None:
    """Fill `wanted` from the files of all ranks that wrote. Raises `WrongShape`: every row must be found, once."""
    found = dict.fromkeys(wanted, 0)
    for path in paths:
        with safe_open(path, framework="pt") as file:
            places = json.loads(file.metadata()["pieces"])
            for name, (start, rows) in places.items():
                if name not in wanted:
                    raise WrongShape(f"{path}: there is a tensor {name}, which the model does not have")
                piece = wanted[name]
                if piece.rows != rows:
                    raise WrongShape(f"{path}: {name} has {rows} rows in all; the model's has {piece.rows}")
                if rows is None or start is None or piece.start is None:
                    piece.local.copy_(file.get_tensor(name))
                    found[name] += 1
                    continue
                size = file.get_slice(name).get_shape()[0]
                first = max(start, piece.start)
                last = min(start + size, piece.start + piece.local.shape[0])
                if first < last:
                    piece.local[first - piece.start : last - piece.start].copy_(
                        file.get_slice(name)[first - start : last - start]
                    )
                    found[name] += last - first
    for name, piece in wanted.items():
        expected = 1 if piece.rows is None else piece.local.shape[0]
        if found[name] != expected:
            raise WrongShape(f"{paths[0].parent}: {name} has {found[name]} of the {expected} rows that are wanted here")


def _blocks(header: bytes, tensors: Sequence[Tensor]) -> Iterator[memoryview]:
    yield memoryview(header)
    for tensor in tensors:
        data = memoryview(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
        for begin in range(0, len(data), BLOCK):
            yield data[begin : begin + BLOCK]


def names(path: Path) -> list[str]:
    """The tensors of a file."""
    with safe_open(path, framework="pt") as file:
        return list(file.keys())
