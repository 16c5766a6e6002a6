"""Arrays on disk are plain .npy files, and what is none any more is refused with its name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curate.dedup.arrays import ArraysAltered, Growing, mapped


def test_an_array_that_grew_is_what_numpy_would_have_saved(tmp_path: Path) -> None:
    rows = np.arange(24, dtype=np.uint32).reshape(6, 4)
    with Growing(tmp_path / "a.npy", np.uint32, (4,)) as file:
        file.add(rows[:1])
        file.add(rows[1:1])
        file.add(rows[1:])
    loaded = np.load(tmp_path / "a.npy", allow_pickle=False)
    assert (
        np.array_equal(loaded, rows) and loaded.dtype == rows.dtype and (tmp_path / "a.npy").stat().st_size == 128 + 96
    )
    with Growing(tmp_path / "b.npy", np.int64):
        pass
    assert mapped(tmp_path / "b.npy", (np.int64,), (0,)).shape == (0,)


def test_what_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected"), Growing(tmp_path / "a.npy", np.uint32, (4,)) as file:
        file.add(np.zeros((2, 3), np.uint32))
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_array_of_the_index_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    with pytest.raises(ArraysAltered, match="is missing"):
        mapped(path, (np.uint32,), (None,))
    np.save(path, np.zeros(3, np.float64))
    with pytest.raises(ArraysAltered, match=r"holds float64\[3\], the index says uint32"):
        mapped(path, (np.uint32,), (None,))
    for data in (b"", b"\x93NUMPY", b"none at all", path.read_bytes()[:-2]):
        path.write_bytes(data)
        with pytest.raises(ArraysAltered, match=r"no \.npy file any more"):
            mapped(path, (np.float64,), (3,))
    np.savez(path.with_suffix(".npz"), np.zeros(3))
    path.with_suffix(".npz").rename(path)
    with pytest.raises(ArraysAltered, match=r"no \.npy file any more"):
        mapped(path, (np.float64,), (3,))
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ArraysAltered):
        mapped(path, (np.uint32,), (None,))
