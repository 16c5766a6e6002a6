"""Stages that fail in the ways that documents and machines make them fail, and small corpora to run them on."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.error import HTTPError

import polars as pl

WORDS = {
    "en": [
        *(
            "patient",
            "doctor",
            "treatment",
            "river",
            "market",
            "teacher",
            "bridge",
            "winter",
            "garden",
            "engine",
            "letter",
        ),
        *(
            "station",
            "window",
            "harvest",
            "kitchen",
            "island",
            "mirror",
            "captain",
            "village",
            "summer",
            "forest",
            "library",
        ),
        *("evening", "account", "question", "history", "journey", "machine", "painter", "signal", "theatre", "weather"),
        *(
            "contract",
            "medicine",
            "statute",
            "interest",
            "hospital",
            "council",
            "student",
            "morning",
            "silver",
            "copper",
        ),
    ],
    "zh": list(
        "医生病人治疗河流市场老师桥梁冬天花园机器信件车站窗户收获厨房岛屿镜子船长村庄夏季森林图书晚上账户问题历史旅行画家信号剧院天气合同药物法律利息"
    ),
}


def sentence(lang: str, number: int, length: int = 120, of: str = "") -> str:
    """A text that is like no other: words drawn by the number, and by what it is a sentence of."""
    draw = random.Random(f"{lang}{number}{of}")
    words = [draw.choice(WORDS[lang]) for _ in range(length)]
    if lang == "zh":
        return (
            "".join(
                word + ("，" if place % 9 == 8 else "。" if place % 31 == 30 else "")
                for place, word in enumerate(words)
            )
            + "。"
        )
    return " ".join(word + ("." if place % 17 == 16 else "") for place, word in enumerate(words)) + "."


def corpus(folder: Path, documents: int = 120, files: int = 3, *, role: str = "general") -> list[dict[str, str]]:
    """`documents` distinct documents, Chinese and English by turns, as JSONL files in `folder`; the rows."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(documents):
        lang = ("zh", "en")[number % 2]
        text = sentence(lang, number, 40 + 7 * number % 120, of=role)
        rows.append({"id": f"{role}-{number}", "text": text, "lang": lang})
    for file in range(files):
        write(folder / f"part-{file}.jsonl", rows[file::files])
    return rows


def write(path: Path, rows: Iterable[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


@dataclass(frozen=True, kw_only=True)
class Measure:
    """The shape of a stage that measures nothing much; the ones below fail in it."""

    trigger: str = "TRIGGER"
    name: str = "faulty"

    version = 1
    reads = {"text": pl.String()}
    writes = {"faulty_chars": pl.Int64()}
    rules = ()

    def measured(self, docs: pl.DataFrame) -> pl.DataFrame:
        return docs.with_columns(pl.col("text").str.len_chars().cast(pl.Int64).alias("faulty_chars"))

    def hit(self, docs: pl.DataFrame) -> bool:
        return bool(docs["text"].str.contains(self.trigger, literal=True).any())


@dataclass(frozen=True, kw_only=True)
class Raises(Measure):
    """Raises on documents that hold the trigger."""

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        if self.hit(docs):
            raise RuntimeError("this document is too much for me")
        return self.measured(docs)


@dataclass(frozen=True, kw_only=True)
class Dies(Measure):
    """Ends its process, without a word, on documents that hold the trigger."""

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        if self.hit(docs):
            os._exit(7)
        return self.measured(docs)


@dataclass(frozen=True, kw_only=True)
class Crashes(Measure):
    """Crashes its process as native code does."""

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        if self.hit(docs):
            os.kill(os.getpid(), signal.SIGSEGV)
        return self.measured(docs)


@dataclass(frozen=True, kw_only=True)
class Hangs(Measure):
    """Says in which process, and waits for ever, on documents that hold the trigger; it uses no CPU time."""

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        if self.hit(docs):
            print(os.getpid(), flush=True)
            signal.pause()
        return self.measured(docs)


@dataclass(frozen=True, kw_only=True)
class FullDisk(Measure):
    """Finds no space on its disk while the file `flag` is there."""

    flag: str = ""

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        if os.path.exists(self.flag):
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.measured(docs)


@dataclass(frozen=True, kw_only=True)
class Busy(Measure):
    """Its service is busy, and the error holds an open connection, as those of HTTP clients do."""

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        raise HTTPError("http://judge.example", 503, "busy", Message(), os.fdopen(os.dup(0), "rb"))


@dataclass(frozen=True, kw_only=True)
class Drops(Measure):
    """Breaks the contract: takes a document out by itself."""

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return self.measured(docs).head(docs.height - 1)


@dataclass(frozen=True, kw_only=True)
class Doubles(Measure):
    """Breaks the contract so that a count does not show it: one document gone, another twice."""

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return self.measured(pl.concat([docs.head(docs.height - 1), docs.head(1)]))


@dataclass(frozen=True, kw_only=True)
class Sneaks(Measure):
    """Breaks the contract: edits the text and declares a measure alone."""

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return self.measured(docs).with_columns(pl.col("text").str.slice(1))


@dataclass(frozen=True, kw_only=True)
class Forgets(Measure):
    """Breaks the contract: gives its own columns and forgets where documents come from."""

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return self.measured(docs).drop("license")


@dataclass(frozen=True, kw_only=True)
class LyingEditor:
    """Cuts a character from every text and says that it cut none."""

    name: str = "liar"
    version = 1
    reads = {"text": pl.String()}
    writes = {"text": pl.String(), "liar_cut": pl.Int64(), "liar_added": pl.Int64()}
    rules = ()

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        none = pl.lit(0, pl.Int64)
        return docs.with_columns(pl.col("text").str.slice(1), none.alias("liar_cut"), none.alias("liar_added"))
