"""Storage: the same calls mean the same on disk and on S3 (moto's server on loopback)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from curate import files


@pytest.fixture(params=["disk", "s3"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place to write to; the tests below run once for each kind of storage."""
    return str(tmp_path) if request.param == "disk" else f"{request.getfixturevalue('bucket')}/below"


def put(path: str, data: bytes = b"x") -> None:
    with files.create(path) as file:
        file.write(data)


def names(pattern: str) -> list[str]:
    return [file.relative for file in files.found(pattern)]


def test_what_is_written_is_read_back_with_its_size_and_digest(root: str) -> None:
    path = files.join(root, "病例 2024", "a+b%20.jsonl")
    put(path, b"abc")
    assert files.read_bytes(path) == b"abc"
    assert files.size(path) == 3
    assert files.sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert files.found(root) == [files.FileInfo(path, 3, "病例 2024/a+b%20.jsonl")]


def test_a_file_is_read_from_any_offset(root: str) -> None:
    path = files.join(root, "large")
    data = b"".join(number.to_bytes(4, "big") for number in range(1_000_000))
    put(path, data)
    with files.open_read(path) as file:
        assert file.seek(-4, os.SEEK_END) == len(data) - 4
        assert file.read() == (999_999).to_bytes(4, "big")
        assert file.read(1) == b""
        file.seek(4 * 700_000)
        assert file.read(4) == (700_000).to_bytes(4, "big")
        file.seek(0)
        assert file.read() == data


def test_uploads_larger_than_a_part_arrive_whole_and_only_once(root: str) -> None:
    path = files.join(root, "parts")
    blocks = [bytes([number]) * 1_000_003 for number in range(20)]
    with files.create(path) as file:
        for block in blocks:
            file.write(block)
    assert files.read_bytes(path) == b"".join(blocks)
    with pytest.raises(FileExistsError):
        files.create(path)


def test_files_are_listed_below_a_directory_sorted_and_without_hidden_ones(root: str) -> None:
    for name in ("b/2.jsonl", "a.warc.gz", "b/c/1.jsonl", "b/.git/x.jsonl", ".hidden"):
        put(files.join(root, name))
    assert names(root) == ["a.warc.gz", "b/2.jsonl", "b/c/1.jsonl"]
    assert names(files.join(root, "b") + "/") == ["2.jsonl", "c/1.jsonl"]
    assert names(files.join(root, "b/2.jsonl")) == ["2.jsonl"]
    assert names(files.join(root, "nothing")) == []


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("*.gz", ["a.gz"]),
        ("**/*.gz", ["a.gz", "b/[1].gz", "b/c/2.gz", "b/c/病.gz"]),
        ("b/*/*", ["c/2.gz", "c/病.gz"]),
        ("b/c/?.gz", ["2.gz", "病.gz"]),
        ("b/c/[!0-9].gz", ["病.gz"]),
        ("b/[[]1].gz", ["[1].gz"]),
        ("b/[1].gz", ["[1].gz"]),  # the file of this very name comes before what its glob would match
        ("*", ["a.gz"]),
        ("**", ["a.gz", "b/[1].gz", "b/c/2.gz", "b/c/病.gz"]),
        ("*.zst", []),
    ],
)
def test_globs_mean_the_same_on_disk_and_on_s3(root: str, glob: str, expected: list[str]) -> None:
    for name in ("a.gz", "b/[1].gz", "b/c/2.gz", "b/c/病.gz"):
        put(files.join(root, name))
    assert names(files.join(root, glob)) == expected


def test_only_the_first_of_two_puts_is_kept(root: str) -> None:
    path = files.join(root, "commits", "0001.json")
    assert files.put_new(path, b"first")
    assert not files.put_new(path, b"second")
    assert files.read_bytes(path) == b"first"


def test_of_many_that_put_at_once_one_is_told_that_it_won(root: str) -> None:
    path = files.join(root, "record")
    start = threading.Barrier(8)

    def attempt(number: int) -> bool:
        start.wait()
        return files.put_new(path, str(number).encode() * 1000)

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(attempt, range(8)))
    assert sum(won) == 1
    assert files.read_bytes(path) == str(won.index(True)).encode() * 1000
    assert names(root) == ["record"]


@pytest.mark.parametrize("size", [10, 2 * files.PART + 1])
def test_a_file_left_by_an_exception_is_not_there(root: str, size: int) -> None:
    path = files.join(root, "half")
    with pytest.raises(RuntimeError), files.create(path) as file:
        file.write(b"x" * size)
        raise RuntimeError
    forgotten = files.create(path)
    forgotten.write(b"x" * size)
    del forgotten
    assert not files.exists(path)
    assert files.found(root) == []
    put(path, b"whole")
    assert files.read_bytes(path) == b"whole"


def test_the_second_writer_of_a_name_learns_that_it_lost(root: str) -> None:
    path = files.join(root, "same")
    first, second = files.create(path), files.create(path)
    first.write(b"1")
    second.write(b"2")
    second.close()
    with pytest.raises(FileExistsError):
        first.close()
    assert files.read_bytes(path) == b"2"


def test_deleting_twice_is_deleting(root: str) -> None:
    path = files.join(root, "x", "y")
    put(path)
    assert files.exists(files.join(root, "x"))
    files.delete(path)
    files.delete(path)
    assert not files.exists(path)


def test_what_is_not_there_is_said_with_its_path(root: str) -> None:
    path = files.join(root, "missing")
    for ask in (files.size, files.open_read, files.read_bytes, files.sha256):
        with pytest.raises(FileNotFoundError, match="missing"):
            ask(path)


def test_a_file_is_linked_or_copied_to_a_new_name_only(root: str, tmp_path: Path) -> None:
    source, target = files.join(root, "a"), files.join(root, "b", "c")
    put(source, b"1")
    files.link_or_copy(source, target)
    assert files.read_bytes(target) == b"1"
    with pytest.raises(FileExistsError):
        files.link_or_copy(source, target)
    files.link_or_copy(source, str(tmp_path / "local"))
    assert (tmp_path / "local").read_bytes() == b"1"


def test_of_a_symbolic_link_the_file_is_linked(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "1").write_bytes(b"1")
    (tmp_path / "data").symlink_to("blobs/1")
    files.link_or_copy(str(tmp_path / "data"), str(tmp_path / "other" / "data"))
    linked = tmp_path / "other" / "data"
    assert not linked.is_symlink() and linked.samefile(tmp_path / "blobs" / "1")


def test_a_writer_killed_before_closing_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from curate import files; file = files.create(sys.argv[1]);"
        "file.write(b'x' * 5_000_000); file.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "half")], check=False)
    assert done.returncode == -9
    assert files.found(str(tmp_path)) == []
    put(str(tmp_path / "half"), b"whole")
    assert names(str(tmp_path)) == ["half"]


def test_a_link_that_leads_back_up_does_not_list_for_ever(tmp_path: Path) -> None:
    put(str(tmp_path / "a" / "x"))
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert names(str(tmp_path)) == ["a/x", "b/x"]


def test_a_link_to_nothing_is_an_error_not_a_missing_document(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="gone"):
        files.found(str(tmp_path))


def test_a_link_to_itself_and_a_pipe_are_errors_that_name_them(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(FileNotFoundError, match=r"in a circle.*circle"):
        files.found(str(tmp_path))
    (tmp_path / "circle").unlink()
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(FileNotFoundError, match=r"neither a file nor a folder.*pipe\.jsonl"):
        files.found(str(tmp_path))


def test_storage_that_refuses_is_an_os_error_with_the_path(bucket: str) -> None:
    with pytest.raises(OSError, match="no-such-bucket"):
        files.found("s3://no-such-bucket/")
    with pytest.raises(OSError, match="no-such-bucket"):
        files.put_new("s3://no-such-bucket/x", b"1")


@pytest.mark.parametrize("path", ["gs://bucket/x", "https://host/x"])
def test_other_schemes_are_refused_by_name(path: str) -> None:
    with pytest.raises(ValueError, match="local paths and s3://"):
        files.found(path)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("/", "a"), "/a"),
        (("/a/", "b", "/c"), "/a/b/c"),
        (("s3://bucket/", "x"), "s3://bucket/x"),
        (("s3://bucket", "x/y"), "s3://bucket/x/y"),
        (("", "a"), "a"),
        (("a",), "a"),
    ],
)
def test_names_are_joined_with_single_slashes(parts: tuple[str, ...], expected: str) -> None:
    assert files.join(*parts) == expected


def test_a_glob_begins_behind_directories_whose_names_look_like_one(tmp_path: Path) -> None:
    put(str(tmp_path / "data[1]" / "sub" / "a.jsonl"))
    put(str(tmp_path / "data1" / "sub" / "b.jsonl"))
    assert names(f"{tmp_path}/data[1]/**/*.jsonl") == ["sub/a.jsonl"]
    assert names(f"{tmp_path}/dat[a]1/sub/*.jsonl") == ["data1/sub/b.jsonl"]
