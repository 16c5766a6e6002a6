"""The one door to storage: local paths and s3://bucket/key, both as plain strings.

Local paths go through the os module. Objects go through obstore; endpoint and credentials come from AWS_ENDPOINT_URL,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_REGION, and an endpoint that begins with http:// is
spoken to in plain text (a server on loopback, say). What storage itself does wrong (no space, no permission, a lost
connection after obstore's own retries) is always an `OSError`: never the fault of a document.

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
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

S3 = "s3://"
PART = 8 << 20  # bytes of an upload's parts: S3 takes at least 5 MB, and 10,000 of them, so files up to 80 GB
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


class StorageFailed(OSError):
    """Object storage refused or failed, after the retries of the client."""


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
    if not _is_object(pattern):
        root, path = os.path.join(os.path.realpath(root), ""), os.path.realpath(path)
    relative = path[len(root) :]
    hidden = any(name.startswith(".") for name in relative.split("/"))
    return path.startswith(root) and not hidden and re.fullmatch(_expression(glob), relative) is not None


def _magic(pattern: str) -> re.Match[str] | None:
    """Where the glob begins: behind the directories that bear such a name as they stand (`data[1]/*.jsonl`)."""
    for match in MAGIC.finditer(pattern):
        end = pattern.find("/", match.start())
        if end < 0 or _is_object(pattern) or not os.path.isdir(pattern[:end]):
            return match
    return None


def open_read(path: str) -> BinaryIO:
    """The file's bytes, seekable. On S3 a read asks for at least `AHEAD` bytes, and memory stays at about that."""
    if _is_object(path):
        return io.BufferedReader(_ObjectReader(path), AHEAD)
    return open(path, "rb")


def create(path: str) -> BinaryIO:
    """A new file at `path`, for writing from start to end; directories are made. `FileExistsError` if it is there.

    It appears whole when it is closed, then fsynced or uploaded; left by an exception in `with`, or never closed, it
    does not appear. Two writers of one name: on disk the second `close` raises `FileExistsError`; so it does on S3 up
    to `PART` bytes, above which S3 can't tell and the last one wins: give attempts names of their own and let
    `put_new` decide.
    """
    if _is_object(path):
        if _head(path) is not None:
            raise FileExistsError(errno.EEXIST, "the object is there already", path)
        return _NewFile(_NewObject(path))
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, "the file is there already", path)
    return _NewFile(_NewLocal(path))


def rewrite(path: str) -> BinaryIO:
    """A file for writing at `path`, in place of what was there: for what is made anew at each run, never for data."""
    delete(path)
    return create(path)


def put_new(path: str, data: bytes) -> bool:
    """Put `data` at `path` if nothing is there: all of it or nothing. False if something was there already.

    Of any number of callers one gets True, on disk (link) and on S3 (If-None-Match, with a look first for endpoints
    that ignore the condition: there two callers within one request's time could both be told True). After False read
    what is there: where the answer to our own request was lost, its repetition finds our own data.
    """
    if not _is_object(path):
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
    if _head(path) is not None:
        return False
    with _storage(path):
        try:
            obstore.put(_store(path), _key(path), data, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
    return True


def read_bytes(path: str) -> bytes:
    """The whole file: for records and settings, not for data."""
    with open_read(path) as file:
        return file.read()


def exists(path: str) -> bool:
    """Whether a file or a directory is there; on S3 a directory is there when an object is below it."""
    if not _is_object(path):
        return os.path.exists(path)
    return _head(path) is not None or next(_below(path, None), None) is not None


def size(path: str) -> int:
    """Bytes. `FileNotFoundError` if there is no such file."""
    if not _is_object(path):
        return os.stat(path).st_size
    head = _head(path)
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
    if _is_object(path):
        with _storage(path), suppress(FileNotFoundError):
            obstore.delete(_store(path), _key(path))
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
        while block := file.read(AHEAD):
            digest.update(block)
        return digest.hexdigest()


def link_or_copy(src: str, dst: str) -> None:
    """Make `dst` the same file as `src`: a hard link within one file system, else a copy.

    `FileExistsError` if `dst` is there.
    """
    if not _is_object(src) and not _is_object(dst):
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


# Listing


def _below(root: str, depth: int | None) -> Iterator[FileInfo]:
    """Files at or below `root`, at most `depth` directories down, hidden names left out."""
    if _is_object(root):
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
    bucket, key = _parts(root)
    if key and not root.endswith("/"):
        length = _head(root)
        if length is not None:
            yield FileInfo(root, length, key.rpartition("/")[2])
            return
    prefix = f"{key.rstrip('/')}/" if key else ""
    with _storage(root):
        for page in obstore.list(_store(root), prefix or None):
            for entry in page:
                relative = entry["path"][len(prefix) :]
                hidden = any(name.startswith(".") for name in relative.split("/"))
                marker = not relative or entry["path"].endswith("/")  # consoles make empty objects to show a folder
                if not hidden and not marker and (depth is None or relative.count("/") <= depth):
                    yield FileInfo(f"{S3}{bucket}/{entry['path']}", entry["size"], relative)


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


# Objects


def _is_object(path: str) -> bool:
    if path.startswith(S3):
        return True
    scheme, mark, _ = path.partition("://")
    if mark and scheme.isalnum():
        raise ValueError(f"{path}: Curate reads local paths and s3://bucket/key, not {scheme}://")
    return False


def _parts(path: str) -> tuple[str, str]:
    bucket, _, key = path[len(S3) :].partition("/")
    if not bucket:
        raise ValueError(f"{path}: expected s3://bucket/key")
    return bucket, key


def _key(path: str) -> str:
    return _parts(path)[1]


def _store(path: str) -> Any:
    named = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION")
    return _store_of(_parts(path)[0], tuple(os.environ.get(name) for name in named))


@lru_cache(maxsize=64)
def _store_of(bucket: str, settings: tuple[str | None, ...]) -> Any:
    """One client for each bucket and set of credentials; obstore reads the rest of AWS_* by itself."""
    endpoint = settings[0] or ""
    plain: Any = {"allow_http": True} if endpoint.startswith("http://") else {}
    return S3Store(bucket, virtual_hosted_style_request=False, client_options=plain)


@contextmanager
def _storage(path: str) -> Iterator[None]:
    """Failures of storage as `OSError`s with a number, so that no reader takes them for a fault of its file."""
    try:
        yield
    except AlreadyExistsError:
        raise
    except FileNotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, "there is no such object", path) from error
    except BaseError as error:
        raise StorageFailed(errno.EIO, f"object storage failed: {error}", path) from error


def _head(path: str) -> int | None:
    """The object's size; None if it is not there."""
    if not _key(path):
        return None
    with _storage(path):
        try:
            return int(obstore.head(_store(path), _key(path))["size"])
        except FileNotFoundError:
            return None


class _ObjectReader(io.RawIOBase):
    """Each read is a request of its own, so that obstore repeats it when the connection breaks."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._size = size(path)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        data = self._get(len(view))
        view[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        """The rest in one request; by default Python asks for 8 KB at a time."""
        return bytes(self._get(self._size))

    def _get(self, length: int) -> memoryview:
        length = min(length, self._size - self._at)
        if length <= 0:
            return memoryview(b"")
        with _storage(self._path):
            data = memoryview(obstore.get_range(_store(self._path), _key(self._path), start=self._at, length=length))
        self._at += len(data)
        return data


# New files


class _NewFile(io.BufferedWriter):
    """A file that appears when it is closed; an exception in its `with`, or no `close`, leaves nothing."""

    def __init__(self, new: _NewLocal | _NewObject) -> None:
        super().__init__(new, PART if isinstance(new, _NewObject) else AHEAD)
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


class _NewObject(io.RawIOBase):
    """Up to `PART` bytes are put at once, create-only; more goes up in parts, which S3 shows when all are there."""

    def __init__(self, path: str) -> None:
        if not _key(path):
            raise ValueError(f"{path}: expected s3://bucket/key")
        self.path = path
        self._first = bytearray()
        self._upload: Any = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        length = memoryview(data).nbytes
        with _storage(self.path):
            if self._upload is None and len(self._first) + length <= PART:
                self._first += data
                return length
            if self._upload is None:
                self._upload = obstore.open_writer(_store(self.path), _key(self.path), buffer_size=PART)
                self._upload.write(bytes(self._first))
                self._first.clear()
            self._upload.write(bytes(data))
        return length

    def publish(self) -> bool:
        if self._upload is None:
            return put_new(self.path, bytes(self._first))
        if _head(self.path) is not None:
            return False
        with _storage(self.path):
            self._upload.close()
        return True

    def discard(self) -> None:
        """An upload that is never completed is never seen; a lifecycle rule of the bucket frees its parts."""
        self._upload = None
        self._first.clear()
