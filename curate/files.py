"""The one door to storage: local paths and s3://bucket/key, both as plain strings.

Local paths go through the os module, objects through `curate.s3`. What storage itself does wrong (no space, no
permission, a lost connection after the client's own retries) is always an `OSError`: never the fault of a document.

A new file is seen whole or not at all. On disk it grows under a hidden name beside its own and is linked to it when it
is closed; an object appears when its upload is completed. Names that begin with a dot are therefore never listed.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

from curate import s3
from curate.s3 import PART, S3, Stamp, StorageFailed

__all__ = ["AHEAD", "PART", "S3", "FileInfo", "Stamp", "StorageFailed"]

AHEAD = 1 << 20  # bytes that a read from S3 asks for at once: a request costs about as much as 1 MB takes to travel
MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class FileInfo:
    """A file that was found: its path, its size in bytes, and its path below the root of what was searched.

    What its folder shows of it: `read_as` is its format where that is not as its name says, and `leader` the (relative)
    path of the file that it belongs to, which reads it as one of its `parts`.
    """

    path: str
    size: int
    relative: str
    read_as: str | None = None
    leader: str | None = None
    parts: tuple[FileInfo, ...] = ()


def found(pattern: str) -> list[FileInfo]:
    """The files that `pattern` names, sorted by path: a file, a directory with all below it, or a glob.

    In a glob `*`, `?` and `[...]` stay within one name and `**` stands for any number of directories; `relative` counts
    from the last directory before the first of these. Hidden names are left out unless the pattern is the file itself.
    Nothing there is an empty list, on disk as on S3, which has no directories to miss.
    """
    match = _magic(pattern)
    if match is None or exists(pattern):
        return sorted(_below(pattern, None), key=lambda file: file.path)
    root = pattern[: pattern.rfind("/", 0, match.start()) + 1]
    glob = pattern[len(root) :]
    matches = re.compile(_expression(glob)).fullmatch
    depth = None if "**" in glob else glob.count("/")
    return sorted((file for file in _below(root, depth) if matches(file.relative)), key=lambda file: file.path)


def finds(pattern: str, path: str) -> bool:
    """Whether `found(pattern)` would list a file at `path`, if one were there."""
    match = MAGIC.search(pattern)
    folder = match is None or exists(pattern)
    root = pattern.rstrip("/") + "/" if match is None or folder else pattern[: pattern.rfind("/", 0, match.start()) + 1]
    glob = "**" if folder else pattern[len(root) :]
    if not s3.is_object(pattern):
        root, path = os.path.join(os.path.realpath(root), ""), os.path.realpath(path)
    relative = path[len(root) :]
    hidden = any(name.startswith(".") for name in relative.split("/"))
    return path.startswith(root) and not hidden and re.fullmatch(_expression(glob), relative) is not None


def _magic(pattern: str) -> re.Match[str] | None:
    """Where the glob begins: behind the directories that bear such a name as they stand (`data[1]/*.jsonl`)."""
    for match in MAGIC.finditer(pattern):
        end = pattern.find("/", match.start())
        if end < 0 or s3.is_object(pattern) or not os.path.isdir(pattern[:end]):
            return match
    return None


def open_read(path: str) -> BinaryIO:
    """The file's bytes, seekable. On S3 a read asks for at least `AHEAD` bytes, and memory stays at about that."""
    if s3.is_object(path):
        return io.BufferedReader(s3.Reader(path), AHEAD)
    return open(path, "rb")


def create(path: str) -> BinaryIO:
    """A new file at `path`, for writing from start to end; directories are made. `FileExistsError` if it is there.

    It appears whole when it is closed, then fsynced or uploaded; left by an exception in `with`, or never closed, it
    does not appear. Two writers of one name: on disk the second `close` raises `FileExistsError`; so it does on S3 up
    to `PART` bytes, above which S3 can't tell and the last one wins: give attempts names of their own and let
    `put_new` decide.
    """
    if s3.is_object(path):
        if s3.head(path) is not None:
            raise FileExistsError(errno.EEXIST, "the object is there already", path)
        return _NewFile(s3.NewObject(path))
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, "the file is there already", path)
    return _NewFile(_NewLocal(path))


def rewrite(path: str) -> BinaryIO:
    """A file for writing at `path`, in place of what was there: for what is made anew at each run, never for data."""
    delete(path)
    return create(path)


def renew(path: str) -> BinaryIO:
    """A new object for writing, which takes the place of the one at `path` when it is closed: on S3 alone, where that
    is one step, and for bytes that are the same."""
    return _NewFile(s3.NewObject(path, over=True))


def put_new(path: str, data: bytes) -> bool:
    """Put `data` at `path` if nothing is there: all of it or nothing. False if something was there already.

    Of any number of callers one gets True, on disk (link) and on S3 (If-None-Match, with a look first for endpoints
    that ignore the condition: there two callers within one request's time could both be told True). After False read
    what is there: where the answer to our own request was lost, its repetition finds our own data.
    """
    if not s3.is_object(path):
        if os.path.lexists(path):
            return False
        file = _NewLocal(path)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]
            return file.publish()
        finally:
            file.discard()
    return s3.put_new(path, data)


def read_bytes(path: str) -> bytes:
    """The whole file: for records and settings, not for data."""
    with open_read(path) as file:
        return file.read()


def exists(path: str) -> bool:
    """Whether a file or a directory is there; on S3 a directory is there when an object is below it."""
    if not s3.is_object(path):
        return os.path.exists(path)
    return s3.head(path) is not None or next(_below(path, None), None) is not None


def size(path: str) -> int:
    """Bytes. `FileNotFoundError` if there is no such file."""
    if not s3.is_object(path):
        return os.stat(path).st_size
    head = s3.head(path)
    if head is None:
        raise FileNotFoundError(errno.ENOENT, "there is no such object", path)
    return head


def join(root: str, *parts: str) -> str:
    """`root` and the names below it, single slashes between."""
    path = root
    for part in parts:
        path += ("" if not path or path.endswith("/") else "/") + part.strip("/")
    return path


def delete(path: str) -> None:
    """Remove the file, if it is there."""
    if s3.is_object(path):
        s3.delete(path)
    else:
        with suppress(FileNotFoundError):
            os.unlink(path)


def to_disk(path: str | os.PathLike[str]) -> None:
    """Waits until the local file or directory at `path` is on its disk: of a directory, the names that it holds."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: str) -> str:
    """SHA-256 of the file's bytes, 64 hex digits."""
    with open_read(path) as file:
        digest = hashlib.sha256()
        while block := file.read(PART):
            digest.update(block)
        return digest.hexdigest()


def link_or_copy(src: str, dst: str) -> None:
    """Make `dst` the same file as `src`: a hard link within one file system, else a copy.

    `FileExistsError` if `dst` is there.
    """
    if not s3.is_object(src) and not s3.is_object(dst):
        os.makedirs(os.path.dirname(dst) or ".", exist_ok=True)
        try:
            os.link(os.path.realpath(src), dst)  # of a symbolic link (a cache of the Hub) the file, not the link
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
                raise
        else:
            return
    with open_read(src) as source, create(dst) as target:
        shutil.copyfileobj(source, target, PART)


def stamp(path: str) -> Stamp | None:
    """Size and time of the file; None if it is not there."""
    if s3.is_object(path):
        return s3.stamp(path)
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return None
    return Stamp(there.st_size, there.st_mtime)


def listed(root: str) -> Iterator[tuple[str, Stamp]]:
    """(path below the folder `root`, stamp) of everything below it, hidden names too, in no order. On disk what other
    processes take away meanwhile is passed over, and links are not followed.
    """
    if s3.is_object(root):
        yield from s3.listed(root)
        return
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            with suppress(FileNotFoundError):
                there = os.lstat(path)
                yield os.path.relpath(path, root), Stamp(there.st_size, there.st_mtime)


# Listing


def _below(root: str, depth: int | None) -> Iterator[FileInfo]:
    """Files at or below `root`, at most `depth` directories down, hidden names left out."""
    if s3.is_object(root):
        return _objects(root, depth)
    if os.path.isfile(root):
        return iter([FileInfo(root, os.stat(root).st_size, os.path.basename(root))])
    if not os.path.isdir(root or "."):
        return iter(())
    return _walk(root if not root or root.endswith("/") else f"{root}/", "", depth, frozenset())


def _walk(root: str, below: str, depth: int | None, above: frozenset[tuple[int, int]]) -> Iterator[FileInfo]:
    here = os.stat(f"{root}{below}" or ".")
    identity = (here.st_dev, here.st_ino)
    if identity in above:  # a link that leads back up
        return
    with os.scandir(f"{root}{below}" or ".") as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            relative = f"{below}{entry.name}"
            place = _place(entry, f"{root}{relative}")
            if stat.S_ISDIR(place.st_mode):
                if depth is None or relative.count("/") < depth:
                    yield from _walk(root, f"{relative}/", depth, above | {identity})
            else:
                yield FileInfo(f"{root}{relative}", place.st_size, relative)


def _place(entry: os.DirEntry[str], path: str) -> os.stat_result:
    """What is there. A link to nothing or to itself raises: a file that the user meant to be there is not; so does what
    is neither file nor folder, since whoever opens a pipe that nobody writes to waits for ever."""
    try:
        place = entry.stat()
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise FileNotFoundError(errno.ENOENT, "a symbolic link that leads round in a circle", path) from error
    if not stat.S_ISDIR(place.st_mode) and not stat.S_ISREG(place.st_mode):
        raise FileNotFoundError(errno.ENOENT, "neither a file nor a folder (a pipe, a socket, a device)", path)
    return place


def _objects(root: str, depth: int | None) -> Iterator[FileInfo]:
    bucket, key = s3.parts(root)
    if key and not root.endswith("/"):
        length = s3.head(root)
        if length is not None:
            yield FileInfo(root, length, key.rpartition("/")[2])
            return
    at = f"{S3}{bucket}/{key.rstrip('/')}/" if key else f"{S3}{bucket}/"
    for relative, there in s3.listed(root):
        hidden = any(name.startswith(".") for name in relative.split("/"))
        if not hidden and (depth is None or relative.count("/") <= depth):
            yield FileInfo(f"{at}{relative}", there.size, relative)


def _expression(glob: str) -> str:
    """The regular expression of a glob, for a whole relative path."""
    out, at = [], 0
    while at < len(glob):
        if glob.startswith("**/", at):
            out.append("(?:[^/]+/)*")
            at += 3
        elif glob.startswith("**", at):
            out.append(".*")
            at += 2
        elif glob[at] == "[" and (end := glob.find("]", at + 2)) > 0:
            inside = glob[at + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            out.append(f"(?!/)[{'^' + inside[1:] if inside[0] in '!^' else inside}]")
            at = end + 1
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(glob[at], re.escape(glob[at])))
            at += 1
    return f"(?s:{''.join(out)})"


# New files


class _NewFile(io.BufferedWriter):
    """A file that appears when it is closed; an exception in its `with`, or no `close`, leaves nothing."""

    def __init__(self, new: _NewLocal | s3.NewObject) -> None:
        super().__init__(new, PART if isinstance(new, s3.NewObject) else AHEAD)
        self._new = new

    def close(self) -> None:
        if self.closed:
            return
        try:
            self.flush()
            if not self._new.publish():
                raise FileExistsError(errno.EEXIST, "another writer made this file meanwhile", self._new.path)
        except BaseException:
            self._abandon()
            raise
        super().close()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is not None:
            self._abandon()
        self.close()

    def __del__(self) -> None:
        if not self.closed:
            self._abandon()

    def _abandon(self) -> None:
        self._new.discard()
        with suppress(OSError, ValueError):  # what is still in the buffer has nowhere to go, as meant
            super().close()


class _NewLocal(io.FileIO):
    def __init__(self, path: str) -> None:
        self.path = path
        self._folder = os.path.dirname(path) or "."
        os.makedirs(self._folder, exist_ok=True)
        # At most 255 bytes of name, whatever the file's own is.
        self._hidden = os.path.join(self._folder, f".{os.path.basename(path)[:40]}.{secrets.token_hex(8)}.partial")
        super().__init__(self._hidden, "xb")

    def publish(self) -> bool:
        os.fsync(self.fileno())
        try:
            os.link(self._hidden, self.path)
        except FileExistsError:
            # A file server whose answer was lost repeats the request and finds our own link: two names, one file.
            if os.fstat(self.fileno()).st_nlink != 2:
                return False
        os.unlink(self._hidden)
        to_disk(self._folder)
        return True

    def discard(self) -> None:
        if not self.closed:
            super().close()
        with suppress(FileNotFoundError):
            os.unlink(self._hidden)
