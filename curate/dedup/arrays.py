"""Arrays on disk as plain .npy files, which anyone can read: written piece by piece, read by memory mapping."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from curate import files

HEADER = 128  # bytes; fixed, so that the number of rows can be written when it is known


class ArraysAltered(ValueError):
    """A stored array is missing, or is not what it is said to be."""


class Growing:
    """A .npy file at `path` that rows are added to; readable once it is closed. `row` is the shape of one row."""

    def __init__(self, path: Path, dtype: DTypeLike, row: tuple[int, ...] = ()) -> None:
        self.rows = 0
        self._dtype = np.dtype(dtype).newbyteorder("<")
        self._row = row
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # of an attempt whose answer was lost
        self._file = path.open("xb")
        self._file.write(self._header())

    def add(self, rows: NDArray[Any]) -> None:
        if rows.shape[1:] != self._row:
            raise ValueError(f"{self._path}: rows of shape {rows.shape[1:]}, expected {self._row}")
        self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        self.rows += len(rows)

    def close(self) -> None:
        self._file.seek(0)
        self._file.write(self._header())
        self._file.close()
        files.to_disk(self._path)

    def __enter__(self) -> Growing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()
            self._path.unlink(missing_ok=True)

    def _header(self) -> bytes:
        return header(self._dtype, (self.rows, *self._row))


def header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """What a .npy file of version 1.0 begins with, `HEADER` bytes."""
    said = f"{{'descr': {dtype.str!r}, 'fortran_order': False, 'shape': {shape!r}, }}"
    body = said.encode().ljust(HEADER - 11) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(body).to_bytes(2, "little") + body


def mapped(path: Path, dtypes: tuple[DTypeLike, ...], shape: tuple[int | None, ...]) -> NDArray[Any]:
    """The array at `path`, read-only, of one of `dtypes` and of `shape`, None where any number will do.

    Raises `ArraysAltered`. Little of it is in memory: what is read is mapped in, and may be dropped again.
    """
    try:
        array = np.lib.format.open_memmap(path, mode="r")  # np.load would open an archive too
    except FileNotFoundError:
        raise ArraysAltered(f"{path} is missing; the index lists it: restore the version from a copy") from None
    except (ValueError, EOFError) as error:
        raise ArraysAltered(f"{path} is no .npy file any more ({error}); restore the version from a copy") from None
    fits = len(array.shape) == len(shape) and all(
        wanted is None or found == wanted for found, wanted in zip(array.shape, shape, strict=True)
    )
    if not fits or array.dtype not in [np.dtype(one) for one in dtypes]:
        raise ArraysAltered(
            f"{path} holds {array.dtype}{list(array.shape)}, the index says "
            f"{' or '.join(str(np.dtype(one)) for one in dtypes)}{list(shape)}; restore the version from a copy"
        )
    return np.asarray(array)
