"""An S3 server in a process of its own, and a proxy before it that misbehaves."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# One request at a time: moto looks at a condition and then writes, and between the two another thread would write too.
SERVER = """
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
import logging
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextmanager
def s3_server() -> Iterator[str]:
    """Its endpoint."""
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.kill()
        server.wait()


class Misbehaving(BaseHTTPRequestHandler):
    """Hands requests on to `target` without their conditions, or with `status` refuses those that write."""

    target = ""
    status: int | None = None

    def handed_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.status is not None and self.command == "PUT":
            self.send_response(self.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        ignored = {"if-match", "if-none-match", "connection"}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ignored}
        connection = http.client.HTTPConnection(urlsplit(self.target).netloc)
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "server", "date"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(data))
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handed_on

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def proxy(target: str, status: int | None = None) -> Iterator[str]:
    """An endpoint before `target` that ignores conditions, or refuses writes with `status`."""
    kind = type("Handler", (Misbehaving,), {"target": target, "status": status})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
