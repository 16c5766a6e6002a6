"""A model behind an OpenAI-compatible endpoint (vLLM and the like): one question, asked again with patience."""

from __future__ import annotations

import email.utils
import http.client
import json
import os
import queue
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

LONGEST = 60.0  # seconds of one pause that grows by itself ...
ASKED = 600.0  # ... and of one that the server asks for
ANSWER = 8 << 20  # bytes of an answer at most
MENDABLE = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})  # asked again
REFUSALS = frozenset({400, 413, 422})  # of this question alone: too long, or not to the server's liking


class EndpointDown(OSError):
    """The endpoint gave no answer however often it was asked: never a document's fault."""


class EndpointRefused(OSError):
    """The endpoint will never answer: a wrong key, no such model, no such path."""


class EndpointUnusable(ValueError):
    """A setting that no question can be asked with."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came of a question: the answer, or why the endpoint refused just this one; the tokens that it counted."""

    answer: str | None
    refused: str | None = None
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    model: str | None = None
    finish: str | None = None


class Client:
    """Asks one endpoint. Shared between threads, each of which has a connection while it asks.

    `key_from` names the environment variable with the key, which is sent and never told. `retries` is how often a
    question is asked again; the pauses double from `pause` seconds, or are what the server says in Retry-After.
    """

    def __init__(self, url: str, *, key_from: str | None, timeout: float, retries: int, pause: float) -> None:
        self._url, parts = url, urlsplit(url)
        if (fault := fault_of(url, key_from)) is not None:
            raise EndpointRefused(fault)
        self._host, self._port, self._secure = str(parts.hostname), parts.port, parts.scheme == "https"
        self._path = f"{parts.path.rstrip('/')}/chat/completions"
        self._key = os.environ[key_from] if key_from is not None else None
        self._timeout, self._retries, self._pause = timeout, retries, pause
        self._idle: queue.SimpleQueue[http.client.HTTPConnection] = queue.SimpleQueue()

    def ask(self, body: bytes) -> Reply:
        """The reply to one request. Raises `EndpointDown`, `EndpointRefused`."""
        for tried in range(self._retries + 1):
            wait = min(LONGEST, self._pause * 2**tried)
            try:
                status, headers, data = self._post(body)
            except (OSError, http.client.HTTPException) as error:
                said = f"{type(error).__name__}: {error}"
            else:
                if status == 200:
                    reply = _reply(data)
                    if reply is not None:
                        return reply
                    said = f"no chat completion: {self._excerpt(data)}"
                elif status in REFUSALS:
                    return Reply(answer=None, refused=f"{status}: {self._excerpt(data)}")
                elif status in MENDABLE:
                    said = f"{status}: {self._excerpt(data)}"
                    asked = _asked(headers.get("Retry-After"))
                    wait = wait if asked is None else max(asked, self._pause)
                else:
                    raise EndpointRefused(
                        f"{self._url} says {status}: {self._excerpt(data)}; mend key, model or address"
                    )
            if tried < self._retries:
                time.sleep(wait)
        raise EndpointDown(f"{self._url} gave no answer in {self._retries + 1} tries; the last: {said}")

    def _post(self, body: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        connection = self._connection()
        until = time.monotonic() + self._timeout
        try:
            connection.request("POST", self._path, body, headers)
            response = connection.getresponse()
            data = bytearray()
            while part := response.read1(1 << 16):
                data += part
                if len(data) > ANSWER:
                    raise http.client.HTTPException(f"the answer has more than {ANSWER >> 20} MiB")
                if time.monotonic() > until:
                    raise TimeoutError(f"the answer took more than {self._timeout:g} s")
            if response.length:  # read1 ends in silence where the connection did
                raise http.client.IncompleteRead(bytes(data[:100]), response.length)
            response.close()  # the response alone: the next question goes over the same connection
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self._idle.put(connection)
        return response.status, response.headers, bytes(data)

    def _connection(self) -> http.client.HTTPConnection:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            if self._secure:
                context = ssl.create_default_context()
                return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=context)
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)

    def _excerpt(self, data: bytes) -> str:
        """The beginning of what the server said, its message if it is JSON; without the key, should it hold that."""
        text = data.decode("utf-8", "replace")
        try:
            told = json.loads(text)
            told = told.get("error", told) if isinstance(told, dict) else told
            text = str(told.get("message", told) if isinstance(told, dict) else told)
        except json.JSONDecodeError:
            pass
        text = text.replace(self._key, "***") if self._key else text
        return " ".join(text.split())[:300] or "nothing"


def fault_of(url: str, key_from: str | None = None) -> str | None:
    """Why nothing can be asked at `url`, or with the key in `key_from`; None where nothing speaks against it."""
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        return "the endpoint's address holds a password; name an environment variable in key_from instead"
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        return f"the endpoint is {url!r}; expected something like http://host:8000/v1"
    if key_from is not None and not os.environ.get(key_from):
        return f"the environment variable {key_from} is not set; it should hold the endpoint's key"
    return None


def _asked(header: str | None) -> float | None:
    """The seconds of a Retry-After header, which are a number or a date."""
    if header is None:
        return None
    if header.strip().isdigit():
        return min(ASKED, float(header))
    try:
        until = email.utils.parsedate_to_datetime(header).timestamp()
    except ValueError:
        return None
    return min(ASKED, max(0.0, until - time.time()))


def _reply(data: bytes) -> Reply | None:
    """A chat completion as a reply; None where it is none."""
    try:
        told: Any = json.loads(data)
        choice = told["choices"][0]
        content = choice["message"].get("content")
        usage = told.get("usage") or {}
        counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return None
    prompt, answer = (count if isinstance(count, int) and count >= 0 else None for count in counts)
    model, finish = (
        str(value) if value is not None else None for value in (told.get("model"), choice.get("finish_reason"))
    )
    return Reply(
        answer=content if isinstance(content, str) else "",
        prompt_tokens=prompt,
        answer_tokens=answer,
        model=model,
        finish=finish,
    )
