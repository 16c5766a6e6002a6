"""The answers of a model, kept: a question that was answered once is never asked again, whoever was killed meanwhile.

A folder with a file for each process that asked, which only grows, an answer a line. A line is written at once, so a
kill loses what was on its way and nothing else; a line that a crash of the machine cut short is passed over.
"""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from dataclasses import asdict, dataclass
from functools import lru_cache
from math import inf
from pathlib import Path

from curate.stages.llm.endpoint import Reply

AGAIN = 2.0  # seconds after which it is looked again at what others have answered, while questions are asked


BYTES_PER_TOKEN = 4.0
"""For what no server has counted: of Chinese and of English alike, with today's vocabularies, 3.7 to 4.7."""


@dataclass(frozen=True)
class Spent:
    """What was asked under one judge's settings: answers, of them refused; tokens; bytes of the prompts."""

    answers: int = 0
    refused: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    prompt_bytes: int = 0


class Answers:
    """The answers in a folder. Held in memory is where each lies: about 200 bytes an answer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[bytes, tuple[str, int]] = {}
        self._read: dict[str, int] = {}
        self._spent: dict[str, list[int]] = {}
        self._lock = threading.Lock()
        self._own = f"{uuid.uuid4().hex}.jsonl"
        self._file: int | None = None
        self._looked = -inf
        self._begun: dict[str, tuple[float, int]] = {}

    def refresh(self, within: float = 0.0) -> None:
        """Take up what was answered since, here and by others, unless that was done `within` so many seconds."""
        with self._lock:
            if time.monotonic() - self._looked < within:
                return
            for path in sorted(self._folder.glob("*.jsonl")):
                self._take_up(path)
            self._looked = time.monotonic()

    def has(self, key: bytes) -> bool:
        return key in self._places

    def get(self, key: bytes) -> Reply:
        """The reply to a question that was answered. Raises `KeyError`."""
        name, at = self._places[key]
        with open(self._folder / name, "rb") as file:
            file.seek(at)
            told = json.loads(file.readline())
        return Reply(**told["reply"])

    def add(self, key: bytes, judge: str, reply: Reply, size: int) -> None:
        """Keep a reply. `judge` says whose question it was, `size` how many bytes it had."""
        told = {"key": key.hex(), "judge": judge, "bytes": size, "reply": asdict(reply)}
        line = json.dumps(told, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        with self._lock:
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._file = os.open(
                    self._folder / self._own, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644
                )
            whole = memoryview(line)
            try:
                while whole:
                    whole = whole[os.write(self._file, whole) :]
            except OSError:  # a full disk: what was cut short is not written on behind
                os.close(self._file)
                self._file, self._own = None, f"{uuid.uuid4().hex}.jsonl"
                raise
            self._take_up(self._folder / self._own)

    def spent(self, judge: str) -> Spent:
        """What all questions of a judge took, here and elsewhere, as far as it was taken up."""
        with self._lock:
            return Spent(*self._spent.get(judge, ()))

    def begin(self, judge: str) -> None:
        """From here on `rate` counts."""
        self._begun[judge] = time.monotonic(), self.spent(judge).answers

    def rate(self, judge: str) -> tuple[int, float]:
        """(answers since `begin`, of them a second)."""
        started, before = self._begun.get(judge, (time.monotonic(), 0))
        new = self.spent(judge).answers - before
        return new, new / max(1e-6, time.monotonic() - started)

    def _take_up(self, path: Path) -> None:
        at = self._read.get(path.name, 0)
        if path.stat().st_size == at:
            return
        with open(path, "rb") as file:
            file.seek(at)
            for line in file:
                if not line.endswith(b"\n"):
                    break  # still being written, or cut short
                self._note(path.name, at, line)
                at += len(line)
        self._read[path.name] = at

    def _note(self, name: str, at: int, line: bytes) -> None:
        try:
            told = json.loads(line)
            key, reply, judge = bytes.fromhex(told["key"]), told["reply"], told["judge"]
        except (ValueError, KeyError, TypeError):
            return  # cut short by a crash of the machine, or not ours: asked again
        self._places.setdefault(key, (name, at))
        counts = (
            1,
            reply["refused"] is not None,
            reply["prompt_tokens"] or 0,
            reply["answer_tokens"] or 0,
            told["bytes"],
        )
        before = self._spent.get(judge, [0] * len(counts))
        self._spent[judge] = [a + b for a, b in zip(before, counts, strict=True)]


@lru_cache(maxsize=8)
def answers(folder: Path) -> Answers:
    """The answers of a folder, read once per process."""
    return Answers(folder)
