"""A small web server for one person: on this machine's loopback alone, behind a secret in the address, writing nothing
but a file of labels."""

from __future__ import annotations

import hmac
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from curate.audit.browse.labels import LABELS, TAKEN_BACK, Label, Labelled, described
from curate.audit.browse.listing import KEPT, Listing, Query
from curate.audit.browse.pages import LOOK, Pages
from curate.audit.page.shell import digest
from curate.audit.why import NotInRun, why
from curate.publish.address import place_of

HOST = "127.0.0.1"
MOST = 1 << 16  # bytes of a form
DESCRIBED = ("source", "role", "domain", "lang", "kind", "text")  # of a document, in its label
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src '{digest(LOOK)}'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, kw_only=True)
class Session:
    """What one person browses: a run or version (a folder, or STORE/NAME@VERSION), under a name, with labels, and a
    drawn sample where there is one."""

    place: str
    reader: str
    labels: Labelled
    language: str = "en"
    sample: Sequence[Mapping[str, Any]] = ()
    sample_name: str | None = None


class Browser(ThreadingHTTPServer):
    """Serves `session` at `address` until it is shut down; port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, session: Session, port: int = 0) -> None:
        folder = place_of(session.place)
        name = Path(session.place).resolve().name if folder == session.place else Path(session.place).name
        super().__init__((HOST, port), _Handler)
        self.session = session
        self.secret = secrets.token_urlsafe(24)
        self.listing = Listing(folder)
        self.pages = Pages(f"/{self.secret}/", name, session.language)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """What Curate does wrong is told; a browser that goes away in the middle of an answer is not."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def address(self) -> str:
        """What a browser opens; who has it may read the data and label it."""
        return f"http://{HOST}:{self.server_port}/{self.secret}/"


class _Handler(BaseHTTPRequestHandler):
    server: Browser
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "curate", ""

    def do_GET(self) -> None:
        where = self._within()
        if where is None:
            return
        words = dict(parse_qsl(urlsplit(self.path).query))
        session, pages = self.server.session, self.server.pages
        if where == "" and session.sample:
            left = [row for row in session.sample if session.labels.of(row["doc_id"], session.reader) is None]
            self._send(pages.reading(left[0] if left else None, len(session.sample) - len(left), len(session.sample)))
        elif where == "":
            query = _query(words)
            rows, more = self.server.listing.page(query)
            self._send(pages.listing(self.server.listing, query, rows, more))
        elif where == "document":
            self._document(words)
        elif where == "labels":
            self._send(pages.labels(session.labels, session.sample_name))
        else:
            self._send(pages.unknown(), HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        where = self._within()
        if where is None:
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MOST:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        words = dict(parse_qsl(self.rfile.read(int(length)).decode("utf-8", "replace")))
        session, said = self.server.session, words.get("label")
        row = self._row(words.get("id", ""))
        if where != "label" or said not in (*LABELS, TAKEN_BACK) or row is None:
            self._send(self.server.pages.unknown(), HTTPStatus.NOT_FOUND)
            return
        session.labels.add(
            Label(doc_id=row["doc_id"], reader=session.reader, label=said, note=words.get("note") or None,
                  of=session.place, sample=session.sample_name, **described(row, DESCRIBED))
        )  # fmt: skip
        back = quote(words.get("to", "").lstrip("/"), safe="?=&%+")
        self._headers(HTTPStatus.SEE_OTHER, 0, {"Location": self.server.pages.root + back})

    def _document(self, words: Mapping[str, str]) -> None:
        session, doc_id = self.server.session, words.get("id", "")
        row = self._row(doc_id)
        try:
            life = why(session.place, doc_id, 110)
        except NotInRun:
            life = ""
        if row is None and not life:
            self._send(self.server.pages.unknown(), HTTPStatus.NOT_FOUND)
            return
        label, back = session.labels.of(doc_id, session.reader), words.get("back", "")
        shown = row or {"doc_id": doc_id}
        self._send(self.server.pages.document(shown, life, label, back, words.get("whole") == "1"))

    def _row(self, doc_id: str) -> Mapping[str, Any] | None:
        """The document: of the sample where one is read, else as it is stored."""
        for row in self.server.session.sample:
            if row["doc_id"] == doc_id:
                return row
        return self.server.listing.document(doc_id)

    def _within(self) -> str | None:
        """The part of the address behind the secret; without it, or under another name than this machine's, nothing is
        said (a page elsewhere may have its name lead here)."""
        host = self.headers.get("Host", "")
        first, _, rest = urlsplit(self.path).path.lstrip("/").partition("/")
        known = hmac.compare_digest(first.encode(), self.server.secret.encode())
        origin = self.headers.get("Origin")
        own = f"http://{host}"
        if host not in (f"{HOST}:{self.server.server_port}", f"localhost:{self.server.server_port}") or not known:
            self._refuse(HTTPStatus.FORBIDDEN)
            return None
        if self.command == "POST" and origin not in (None, "null", own):
            self._refuse(HTTPStatus.FORBIDDEN)
            return None
        return rest

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self._send(status.phrase.encode(), status, "text/plain; charset=utf-8")

    def _send(self, body: bytes, status: HTTPStatus = HTTPStatus.OK, kind: str = "text/html; charset=utf-8") -> None:
        self._headers(status, len(body), {"Content-Type": kind})
        self.wfile.write(body)

    def _headers(self, status: HTTPStatus, length: int, more: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, **more, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: addresses hold the secret."""


def _query(words: Mapping[str, str]) -> Query:
    """What an address asks; what can't be a number asks nothing."""
    said: dict[str, Any] = {name: words[name] for name in Query.__dataclass_fields__ if words.get(name)}
    for name, kind in (("low", float), ("high", float), ("page", int)):
        try:
            said[name] = kind(said[name])
        except (KeyError, ValueError):
            said.pop(name, None)
    if said.get("page", 1) < 1:
        del said["page"]
    return Query(**{"state": KEPT, **said})
