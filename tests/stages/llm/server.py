"""A small server that speaks as an OpenAI-compatible one does, and misbehaves as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Said:
    """One response: status, body (JSON, or bytes as they are), headers; `cut` breaks the connection before its end."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


def completion(content: str | None, **usage: int) -> Said:
    told = {"choices": [{"message": {"content": content}, "finish_reason": "stop"}], "model": "tiny"}
    return Said(body=told | ({"usage": usage} if usage else {}))


@dataclass
class Model:
    """What `says` to each request, and what was asked. Misfortunes come first, one a request, in turn."""

    says: Callable[[str], Said]
    url: str = ""
    misfortunes: list[Said] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    together: int = 0
    most_together: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def prompts(self) -> list[str]:
        return [body["messages"][-1]["content"] for body in self.asked]


@contextmanager
def serving(says: Callable[[str], Said]) -> Iterator[Model]:
    model = Model(says)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with model.lock:
                model.asked.append(body)
                model.keys.append(self.headers.get("Authorization"))
                model.together += 1
                model.most_together = max(model.most_together, model.together)
                said = model.misfortunes.pop(0) if model.misfortunes else None
            said = said or (
                model.says(body["messages"][-1]["content"]) if self.path == "/v1/chat/completions" else Said(404)
            )
            data = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            with model.lock:
                model.together -= 1
            self.send_response(said.status)
            for name, value in {"Content-Length": str(len(data)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if said.cut:
                self.wfile.write(data[: len(data) // 2])
                self.close_connection = True
                return
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01})
    thread.start()
    model.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
