"""Object storage: what `curate.files` does for paths that begin with s3://. Nothing else knows of it.

Objects go through obstore; endpoint and credentials come from AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_REGION, and an endpoint that begins with http:// is spoken to in plain
text (a server on loopback, say). An object appears when its upload is completed.
"""

from __future__ import annotations

import errno
import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

S3 = "s3://"
PART = 8 << 20  # bytes of an upload's parts: S3 takes at least 5 MB, and 10,000 of them, so files up to 80 GB


UPLOADS = 4  # parts of a file that are on their way at a time, and in memory


class StorageFailed(OSError):
    """Object storage refused or failed, after the retries of the client."""


@dataclass(frozen=True)
class Stamp:
    """Bytes, seconds since 1970 at which it was last written (by the storage's own clock), and on S3 its ETag."""

    size: int
    modified: float
    etag: str | None = None


def is_object(path: str) -> bool:
    if path.startswith(S3):
        return True
    scheme, mark, _ = path.partition("://")
    if mark and scheme.isalnum():
        raise ValueError(f"{path}: Curate reads local paths and s3://bucket/key, not {scheme}://")
    return False


def parts(path: str) -> tuple[str, str]:
    bucket, _, key = path[len(S3) :].partition("/")
    if not bucket:
        raise ValueError(f"{path}: expected s3://bucket/key")
    return bucket, key


def key(path: str) -> str:
    return parts(path)[1]


def client(path: str) -> Any:
    named = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION")
    return _client_of(parts(path)[0], tuple(os.environ.get(name) for name in named))


@lru_cache(maxsize=64)
def _client_of(bucket: str, settings: tuple[str | None, ...]) -> Any:
    """One client for each bucket and set of credentials; obstore reads the rest of AWS_* by itself."""
    endpoint = settings[0] or ""
    plain: Any = {"allow_http": True} if endpoint.startswith("http://") else {}
    return S3Store(bucket, virtual_hosted_style_request=False, client_options=plain)


@contextmanager
def failures(path: str) -> Iterator[None]:
    """Failures of storage as `OSError`s with a number, so that no reader takes them for a fault of its file."""
    try:
        yield
    except AlreadyExistsError:
        raise
    except FileNotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, "there is no such object", path) from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise PermissionError(
            errno.EACCES,
            f"object storage refuses it to these credentials (AWS_ACCESS_KEY_ID ...): {_first(error)}",
            path,
        ) from error
    except BaseError as error:
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "that of AWS")
        raise StorageFailed(
            errno.EIO, f"object storage failed: {_first(error)} (AWS_ENDPOINT_URL is {endpoint})", path
        ) from error


def _first(error: BaseError) -> str:
    """What the client says, without its own account of how it came to be."""
    return str(error).partition("\n\nDebug source")[0].strip()


def head(path: str) -> int | None:
    """The object's size; None if it is not there."""
    if not key(path):
        return None
    with failures(path):
        try:
            return int(obstore.head(client(path), key(path))["size"])
        except FileNotFoundError:
            return None


def stamp(path: str) -> Stamp | None:
    """What the storage says of the object; None if it is not there."""
    if not key(path):
        return None
    with failures(path):
        try:
            said = obstore.head(client(path), key(path))
        except FileNotFoundError:
            return None
    return Stamp(int(said["size"]), said["last_modified"].timestamp(), said["e_tag"])


def whole(path: str) -> tuple[bytes, str] | None:
    """A small object and its ETag, of one moment, though others replace it meanwhile; None if it is not there."""
    with failures(path):
        try:
            got = obstore.get(client(path), key(path))
            return bytes(got.bytes()), str(got.meta["e_tag"])
        except FileNotFoundError:
            return None


def listed(root: str) -> Iterator[tuple[str, Stamp]]:
    """(path below `root`, stamp) of every object below it. A root that is an object itself gives nothing."""
    _, name = parts(root)
    prefix = f"{name.rstrip('/')}/" if name else ""
    with failures(root):
        for page in obstore.list(client(root), prefix or None):
            for entry in page:
                relative = entry["path"][len(prefix) :]
                if relative and not entry["path"].endswith("/"):  # consoles make empty objects to show a folder
                    yield relative, Stamp(entry["size"], entry["last_modified"].timestamp(), entry["e_tag"])


def delete(path: str) -> None:
    """Remove the object, if it is there."""
    with failures(path), suppress(FileNotFoundError):
        obstore.delete(client(path), key(path))


def put_new(path: str, data: bytes) -> bool:
    """Create-only, by If-None-Match; a look first for endpoints that ignore the condition."""
    return head(path) is None and _put_if_none(path, data)


def replace(path: str, data: bytes, etag: str) -> bool:
    """Put `data` in place of the object whose ETag is `etag`, by If-Match; False where another one is there by now.

    Of two objects of equal bytes the ETag is the same: what is replaced must never come again.
    """
    with failures(path):
        try:
            obstore.put(client(path), key(path), data, mode={"e_tag": etag}, use_multipart=False)
        except (PreconditionError, FileNotFoundError):
            return False
    return True


def keeps_conditions(folder: str) -> bool:
    """Whether the storage refuses what its conditions forbid: tried on an object of its own below `folder`."""
    path = f"{folder.rstrip('/')}/probe-{secrets.token_hex(8)}"
    try:
        if not _put_if_none(path, b"1") or _put_if_none(path, b"2"):
            return False
        there = stamp(path)
        if there is None or there.etag is None or not replace(path, b"3", there.etag):
            return False
        return not replace(path, b"4", there.etag)  # it is another one by now
    finally:
        delete(path)


def _put_if_none(path: str, data: bytes) -> bool:
    with failures(path):
        try:
            obstore.put(client(path), key(path), data, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
    return True


class Reader(io.RawIOBase):
    """Each read is a request of its own, so that obstore repeats it when the connection breaks."""

    def __init__(self, path: str) -> None:
        self._path = path
        length = head(path)
        if length is None:
            raise FileNotFoundError(errno.ENOENT, "there is no such object", path)
        self._size = length
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
        with failures(self._path):
            data = memoryview(obstore.get_range(client(self._path), key(self._path), start=self._at, length=length))
        self._at += len(data)
        return data


class NewObject(io.RawIOBase):
    """Up to `PART` bytes are put at once, create-only; more goes up in parts, which S3 shows when all are there."""

    def __init__(self, path: str, over: bool = False) -> None:
        if not key(path):
            raise ValueError(f"{path}: expected s3://bucket/key")
        self.path = path
        self._over = over  # in place of what is there
        self._first = bytearray()
        self._upload: Any = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        length = memoryview(data).nbytes
        with failures(self.path):
            if self._upload is None and len(self._first) + length <= PART:
                self._first += data
                return length
            if self._upload is None:
                self._upload = obstore.open_writer(
                    client(self.path), key(self.path), buffer_size=PART, max_concurrency=UPLOADS
                )
                self._upload.write(bytes(self._first))
                self._first.clear()
            self._upload.write(bytes(data))
        return length

    def publish(self) -> bool:
        if self._upload is None:
            if not self._over:
                return put_new(self.path, bytes(self._first))
            with failures(self.path):
                obstore.put(client(self.path), key(self.path), bytes(self._first), use_multipart=False)
            return True
        if not self._over and head(self.path) is not None:
            return False
        with failures(self.path):
            self._upload.close()
        return True

    def discard(self) -> None:
        """An upload that is never completed is never seen; a lifecycle rule of the bucket frees its parts."""
        self._upload = None
        self._first.clear()
