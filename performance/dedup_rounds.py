"""What the rounds of near-duplicate removal carry and cost, on corpora that are easy and hard for them.

    python performance/dedup_rounds.py [--documents 100000] [--links 10000000] [--only copies,notice,template,links]

Texts of 2 kB, Chinese and English in turn, drawn at random, so that nothing compresses and every shingle is another
one. copies: every fifth document is a near copy of another. notice: near copies of one text, other names and dates in
five places. template: pages that share three quarters of their text, so that they chain and none is removed. The rounds
run as in a run with one worker, over the exchange's files; of each: key rows, bytes of them for each document of the
corpus, notes, seconds of CPU for emit (reading the column from Parquet included) and reduce, and the process's peak
memory (VmHWM) so far, which begins with the interpreter, the compiled kernels and the texts of one shard. links: the
one process that unites them, its memory and time for each link.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import numpy as np
import polars as pl

from curate.corpus import changed, turns
from curate.dedup.clusters import Clusters
from curate.dedup.minhash import MinHashDedup
from curate.exchange import Outbox, Parcel, gather, prefix
from curate.stage import Flow, Round

SHARD = 8000  # documents: 16 MB of text
PARTITION = 64 << 20  # bytes of text for each partition, as in a run
CASES = ("copies", "notice", "template", "links")


class Texts:
    """Texts of one kind, by number."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.draw = random.Random(5)
        self.frame = {lang: self.drawn(lang, 300 if lang == "en" else 650) for lang in ("en", "zh")}
        self.last = self.frame["en"]

    def drawn(self, lang: str, count: int) -> list[str]:
        if lang == "zh":
            return [chr(self.draw.randrange(0x4E00, 0x5A00)) for _ in range(count)]
        return ["".join(self.draw.choices("abcdefghijklmnop", k=self.draw.randint(3, 9))) for _ in range(count)]

    def text(self, number: int) -> str:
        lang = "zh" if number % 2 else "en"
        frame = self.frame[lang]
        if self.kind == "notice":
            tokens = list(frame)
            for at in range(10, len(frame), len(frame) // 5):
                tokens[at : at + 2] = self.drawn(lang, 2)
        elif self.kind == "template":
            kept = len(frame) * 3 // 4
            tokens = frame[:kept] + self.drawn(lang, len(frame) - kept)
        elif number % 5 == 4:
            lang, tokens = ("zh", list(self.last)) if len(self.last) > 400 else ("en", list(self.last))
            tokens[len(tokens) // 3] = self.drawn(lang, 1)[0]
        else:
            self.last = tokens = self.drawn(lang, len(frame))
        return ("" if lang == "zh" else " ").join(tokens)


def written(kind: str, count: int, folder: Path) -> tuple[list[Path], int]:
    """(a Parquet file for each shard, bytes of text)."""
    texts, files, size = Texts(kind), [], 0
    for first in range(0, count, SHARD):
        numbers = range(first, min(first + SHARD, count))
        column = [texts.text(number) for number in numbers]
        size += sum(len(text.encode()) for text in column)
        ids = [f"{number:032x}" for number in numbers]
        nothing = pl.Series("status", [None] * len(ids), pl.String)
        files.append(folder / f"{first}.parquet")
        docs = {"doc_id": ids, "text": column, "status": nothing, "date": nothing.alias("date")}
        pl.DataFrame(docs).write_parquet(files[-1])
    return files, size


def peak() -> int:
    """VmHWM of this process in MB."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def emitted(turn: Round, shards: list[Path], parcels: list[Parcel], reducers: int, folder: Path) -> list[Parcel]:
    out = []
    for number, path in enumerate(shards):
        docs = pl.read_parquet(path, columns=list(turn.reads) or ["doc_id"]).with_columns(
            pl.lit(number, pl.UInt32).alias("shard"),
            pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
            pl.lit(0, pl.Int64).alias("priority"),
        )
        notes = gather(parcels, number) if parcels else None
        rows = turn.emit(docs, docs.select("shard", "row").clear() if notes is None else notes)
        box = Outbox(str(folder / f"keys-{number}"), reducers)
        if rows.height:
            box.add(rows, prefix(rows["key"], reducers))
        out.append(box.close())
    return out


def reduced(turn: Round, keys: list[Parcel], shards: int, reducers: int, folder: Path) -> tuple[list[Parcel], int]:
    out, moved = [], 0
    for part in range(reducers):
        box = Outbox(str(folder / f"notes-{part}"), shards)
        rows = gather(keys, part)
        if rows is not None:
            rows = rows.sort("key", "shard", "row", maintain_order=True)
            notes = turn.reduce(rows)
            moved += changed(notes)
            if notes.height:
                box.add(notes, notes["shard"])
        out.append(box.close())
    return out, moved


def rounds(kind: str, count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        shards, size = written(kind, count, Path(name))
        stage = MinHashDedup()
        parcels: list[Parcel] = []
        begun = time.process_time()
        print(f"\n{kind}: {count:,} documents, {size / 1e6:,.0f} MB; {peak()} MB before the first round")
        print("| round | key rows | bytes/document | notes | emit s | reduce s | peak MB |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for number, (turn, tell) in enumerate(turns(stage)):
            folder = Path(name) / str(number)
            folder.mkdir()
            reducers = 1 if turn.single else max(4, size // PARTITION)
            start = time.process_time()
            keys = emitted(turn, shards, parcels, reducers, folder)
            middle = time.process_time()
            parcels, moved = reduced(turn, keys, len(shards), reducers, folder)
            end = time.process_time()
            flow = Flow(sum(one.rows for one in keys), sum(one.rows for one in parcels), moved)
            sent = sum(os.path.getsize(one.path) for one in keys) / count
            print(
                f"| {type(turn).__name__} | {flow.rows:,} | {sent:,.1f} | {flow.notes:,} | {middle - start:.1f} | "
                f"{end - middle:.1f} | {peak()} |"
            )
            tell(flow)
        seconds = time.process_time() - begun
        told = [notes for at in range(len(shards)) if (notes := gather(parcels, at)) is not None]
        gone = sum(int((notes["duplicate_similarity"] >= stage.limit).sum()) for notes in told)
        print(f"removed {gone:,}; {size / 1e6 / seconds:.0f} MB of text per CPU-second, Parquet to notes")


def links(count: int) -> None:
    """The one process that unites links: as many as `count`, between three quarters as many documents."""
    draw = np.random.default_rng(0)
    left = draw.integers(0, count * 3 // 4, count)
    right = (left * draw.random(count)).astype(np.int64)
    names = ("shard", "row", "to_shard", "to_row")
    numbers = (left // SHARD, left % SHARD, right // SHARD, right % SHARD)
    rows = pl.DataFrame({name: values.astype(np.uint32) for name, values in zip(names, numbers, strict=True)})
    rows = rows.select(pl.lit(0, pl.UInt64).alias("key"), *names)
    Clusters().reduce(rows[:100])
    del left, right, numbers
    before, start = peak(), time.process_time()
    found = Clusters().reduce(rows.sort("key", "shard", "row", maintain_order=True))
    print(
        f"\nlinks: {count:,}, of {found.height:,} documents: {24 + (peak() - before) * 2**20 / count:.0f} bytes and "
        f"{(time.process_time() - start) / count * 1e6:.1f} microseconds each"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--links", type=int, default=10_000_000)
    parser.add_argument("--only", default=",".join(CASES))
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case == "links":
        links(given.links)
    elif given.case:
        rounds(given.case, given.documents)
    else:
        print(
            f"{datetime.date.today()}, {platform.processor() or platform.machine()}, {os.cpu_count()} cores, one used"
        )
        print(f"Python {platform.python_version()}, polars {pl.__version__}, numpy {np.__version__}", flush=True)
        for case in given.only.split(","):
            sizes = ["--documents", str(given.documents), "--links", str(given.links)]
            subprocess.run([sys.executable, __file__, "--case", case, *sizes], check=True)


if __name__ == "__main__":
    main()
