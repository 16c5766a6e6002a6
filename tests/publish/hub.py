"""A small Hub: the endpoints that an upload of a folder asks, with a repository that keeps what is committed."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass
class Hub:
    """Repositories by name: whether they are private, and branches and tags as (commit, files by path)."""

    token: str
    repositories: dict[str, dict[str, Any]] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)  # LFS objects by SHA-256
    log: list[str] = field(default_factory=list)
    endpoint: str = ""

    def files(self, repository: str, tag: str) -> dict[str, bytes]:
        found: dict[str, bytes] = self.repositories[repository]["tags"][tag][1]
        return found


class Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length")
        body = self.rfile.read(int(length)) if length is not None else b"".join(self._chunks())
        path = unquote(urlsplit(self.path).path)
        self.hub.log.append(f"{self.command} {path}")
        if self.headers.get("Authorization") != f"Bearer {self.hub.token}" and not path.startswith("/lfs/"):
            return self._answer({"error": "Invalid credentials"}, 401)
        for pattern, answer in ROUTES:
            if match := re.fullmatch(pattern, f"{self.command} {path}"):
                return self._answer(*answer(self.hub, body, *match.groups()))
        return self._answer({"error": f"no such endpoint: {self.command} {path}"}, 404)

    do_GET = do_PUT = do_POST

    def _chunks(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

    def _answer(self, data: Any, status: int = 200) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


def created(hub: Hub, body: bytes) -> tuple[Any, int]:
    said = json.loads(body)
    name = f"{said['organization']}/{said['name']}"
    status = 409 if name in hub.repositories else 200
    empty = {"private": said.get("visibility") == "private" or said.get("private"), "tags": {},
             "branches": {"main": ("0" * 40, {})}}  # fmt: skip
    hub.repositories.setdefault(name, empty)
    return {"url": f"{hub.endpoint}/datasets/{name}"}, status


def refs(hub: Hub, body: bytes, name: str) -> tuple[Any, int]:
    one = hub.repositories[name]
    said: dict[str, Any] = {"converts": []}
    for kind in ("branches", "tags"):
        said[kind] = [{"name": ref, "ref": ref, "targetCommit": commit} for ref, (commit, _) in one[kind].items()]
    return said, 200


def branched(hub: Hub, body: bytes, name: str, branch: str) -> tuple[Any, int]:
    branches = hub.repositories[name]["branches"]
    if branch in branches:
        return {"error": "exists"}, 409
    branches[branch] = ("0" * 40, {})
    return {}, 200


def tagged(hub: Hub, body: bytes, name: str, commit: str) -> tuple[Any, int]:
    one = hub.repositories[name]
    tag = json.loads(body)["tag"]
    if tag in one["tags"]:
        return {"error": "exists"}, 409
    one["tags"][tag] = next(state for state in one["branches"].values() if state[0] == commit)
    return {}, 200


def modes(hub: Hub, body: bytes, name: str, branch: str) -> tuple[Any, int]:
    paths = [one["path"] for one in json.loads(body)["files"]]
    return {"files": [{"path": path, "uploadMode": "lfs" if path.endswith((".parquet", ".npy")) else "regular",
                       "shouldIgnore": False, "oid": None} for path in paths]}, 200  # fmt: skip


def batch(hub: Hub, body: bytes, name: str) -> tuple[Any, int]:
    asked = json.loads(body)["objects"]
    said = [{**one, **({} if one["oid"] in hub.large else
                       {"actions": {"upload": {"href": f"{hub.endpoint}/lfs/{one['oid']}", "header": {}}}})}
            for one in asked]  # fmt: skip
    return {"transfer": "basic", "objects": said}, 200


def uploaded(hub: Hub, body: bytes, digest: str) -> tuple[Any, int]:
    assert hashlib.sha256(body).hexdigest() == digest
    hub.large[digest] = body
    return {}, 200


def committed(hub: Hub, body: bytes, name: str, branch: str) -> tuple[Any, int]:
    files = dict(hub.repositories[name]["branches"][branch][1])
    for line in body.decode().splitlines():
        one = json.loads(line)
        if one["key"] == "file":
            files[one["value"]["path"]] = base64.b64decode(one["value"]["content"])
        elif one["key"] == "lfsFile":
            files[one["value"]["path"]] = hub.large[one["value"]["oid"]]
        elif one["key"] == "deletedFile":
            del files[one["value"]["path"]]
    commit = hashlib.sha1(body).hexdigest()
    hub.repositories[name]["branches"][branch] = (commit, files)
    return {"commitUrl": f"{hub.endpoint}/datasets/{name}/commit/{commit}", "commitOid": commit, "success": True}, 200


def tree(hub: Hub, body: bytes, name: str, branch: str) -> tuple[Any, int]:
    files = hub.repositories[name]["branches"][branch][1]
    return [{"type": "file", "path": path, "oid": hashlib.sha1(data).hexdigest(), "size": len(data)}
            for path, data in files.items()], 200  # fmt: skip


ROUTES: list[tuple[str, Any]] = [
    ("POST /api/repos/create", created),
    ("POST /api/validate-yaml", lambda hub, body: ({"errors": [], "warnings": []}, 200)),
    ("GET /api/datasets/([^/]+/[^/]+)/refs", refs),
    ("POST /api/datasets/([^/]+/[^/]+)/branch/(.+)", branched),
    ("POST /api/datasets/([^/]+/[^/]+)/tag/(.+)", tagged),
    ("GET /api/datasets/([^/]+/[^/]+)/tree/(.+)", tree),
    ("POST /api/datasets/([^/]+/[^/]+)/preupload/(.+)", modes),
    ("POST /datasets/([^/]+/[^/]+)\\.git/info/lfs/objects/batch", batch),
    ("PUT /lfs/([0-9a-f]{64})", uploaded),
    ("POST /api/datasets/([^/]+/[^/]+)/commit/(.+)", committed),
]


@contextmanager
def hub() -> Iterator[Hub]:
    one = Hub(token="hf_test")
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": one}))
    one.endpoint = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()
