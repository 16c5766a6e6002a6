"""How the cost of deduplication grows with the corpus, and what it is for the corpora that could break it.

    python performance/dedup_growth.py [--only documents,keys,bucket,giant] [--sizes 10000,100000,1000000]
        [--keys 50000,500000,5000000] [--copies 100000] [--work FOLDER]

documents: `curate run --inline` with MinHashDedup, from JSONL.zst files to files, over documents of 2 kB made of the
sentences of real ones, 75 % Chinese, a fifth of them near copies. keys: the rounds of MinHash that read no text, over
files, with drawn band keys in place of those of texts, a tenth of which are shared. bucket: copies of one notice, the
same in all or with other dates, names and numbers, beside as many ordinary documents of that size. giant: one document
of 60 MB in Chinese and one in English among 10,000 ordinary ones, beside the same bytes of ordinary ones; and two of
100 MB, which the readers would not let in, through the stage alone.

Each is a process of its own: CPU-seconds, wall time, and peak memory (VmHWM). The exponent is the slope of log(CPU-s)
by log(documents), from one size to the next, and that of what is left without what it takes to start.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import platform
import random
import shutil
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice, pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl
import zstandard
from numpy.typing import NDArray
from planted import CHINESE, COPIES, passages, sentences, texts
from processes import Usage, measured

from curate.corpus import notes_of
from curate.dedup.components import telling
from curate.dedup.links import Links
from curate.dedup.minhash import MinHashDedup
from curate.exchange import Outbox, Parcel, by_key, gather, prefix
from curate.stage import Flow, Round, Schema

SIZE = 2_000  # bytes of a document
PER_FILE = 100_000
NEAR = 1_000  # a copy is of one of so many documents before it
GIANT = 60_000_000  # bytes; the readers' cap is 64 MiB
LARGER = 100_000_000
BANDS = 20
BATCH = 8_000  # documents of 2 kB in a batch of 16 MB
PARTITIONS = 16
RECIPE = """
from curate.dedup.minhash import MinHashDedup
from curate.recipe import Recipe, Source

recipe = Recipe(
    name="growth",
    sources=(Source(name="growth", path="{folder}/*.jsonl.zst", key="id"),),
    stages=(MinHashDedup(n=5, permutations=128, threshold=0.8),),
    expects=frozenset({{"*"}}),
)
"""

NOTICES = {
    "zh": "关于{name}申请办理业务事项的公告\n根据有关法律、行政法规的规定，经审查，{name}（统一编号{number}）提出的"
    "申请材料齐全，符合法定形式，现予以受理。受理日期为{date}，办理期限自受理之日起二十个工作日。利害关系人对"
    "本公告所列事项有异议的，应当自公告发布之日起七日内以书面形式向本机关提出，并附相关证明材料；逾期未提出异"
    "议的，本机关将依法作出决定。依法需要听证、招标、拍卖、检验、检测、检疫、鉴定和专家评审的，所需时间不计算"
    "在规定的期限内。申请人应当对其申请材料实质内容的真实性负责，提供虚假材料的，将依法承担相应的法律责任。申"
    "请人可以凭受理编号在政务服务大厅或者网上办事平台查询办理进度。特此公"
    "告。\n{date}",
    "en": "Notice of receipt of an application by {name}\nThe application of {name} (file number {number}) was "
    "found to be complete and in the form required by the rules of this office, and was received on {date}. "
    "A decision will be made within twenty working days of that date. Any person with an interest in the "
    "matter may object in writing within seven days of the publication of this notice, stating the grounds "
    "of the objection and enclosing any evidence; objections received later will not be considered. Time "
    "needed for hearings, inspections, tests and expert review is not counted in the period stated above. "
    "The applicant is responsible for the truth of the contents of the application; false statements may be "
    "prosecuted. Progress can be followed at the counter of this office or on its web site under the file "
    "number. \n{date}",
}


def ordinary(seed: int = 0, size: int = SIZE) -> Iterator[str]:
    """Documents of about `size` bytes, without end: sentences of real ones in a drawn order, or those of a document
    not far before with up to a third of them drawn anew."""
    draw = random.Random(seed)
    pools = {}
    for lang in ("zh", "en"):
        pool = [part for text in texts(lang)[0] for part in sentences(text) if 20 <= len(part.encode()) <= 400]
        pools[lang] = pool
    before: dict[str, deque[list[str]]] = {lang: deque(maxlen=NEAR) for lang in pools}
    while True:
        lang = "zh" if draw.random() < CHINESE else "en"
        pool, last = pools[lang], before[lang]
        if last and draw.random() < COPIES:
            parts = list(last[draw.randrange(len(last))])
            for _ in range(draw.randrange(len(parts) // 3 + 1)):
                parts[draw.randrange(len(parts))] = pool[draw.randrange(len(pool))]
        else:
            parts, filled = [], 0
            while filled < size:
                parts.append(pool[draw.randrange(len(pool))])
                filled += len(parts[-1].encode())
            last.append(parts)
        yield "".join(parts)


def notices(different: bool) -> Iterator[str]:
    """Copies of one notice in two languages with a page of real text below, without end; where `different`, with other
    names, numbers and dates, so that two of a language are as like as .8 to .9."""
    draw = random.Random(1)
    below = {lang: next(passages(texts(lang)[0], draw)) for lang in NOTICES}
    while True:
        lang = "zh" if draw.random() < CHINESE or not different else "en"
        day = datetime.date(2010, 1, 1) + datetime.timedelta(draw.randrange(5_000))
        if lang == "zh":
            name, date = "".join(chr(draw.randrange(0x4E00, 0x9000)) for _ in range(3)), f"{day:%Y年%m月%d日}"
        else:
            name, date = "".join(draw.choices("abcdefghijklmnoprstuvw", k=8)).title(), f"{day:%d %B %Y}"
        values = {"name": name, "number": draw.randrange(10**9), "date": date}
        same = {"name": "王小明", "number": 100200300, "date": "2024年5月6日"}
        yield f"{NOTICES[lang].format(**(values if different else same))}\n{below[lang]}"


def write(stream: Iterator[str], count: int, folder: Path) -> int:
    """`count` documents of `stream` in files of `PER_FILE`; the bytes of text."""
    folder.mkdir(parents=True)
    size = 0
    for first in range(0, count, PER_FILE):
        with zstandard.open(folder / f"{first // PER_FILE:04}.jsonl.zst", "wt", encoding="utf-8") as file:
            for number, text in enumerate(islice(stream, min(PER_FILE, count - first)), first):
                size += len(text.encode())
                file.write(json.dumps({"id": f"{number:08}", "text": text}, ensure_ascii=False) + "\n")
    return size


def run(folder: Path, work: Path) -> tuple[Usage, int]:
    """`curate run` over the files of `folder`, in one process: (what it took, documents removed)."""
    recipe, out = work / "recipe.py", work / "run"
    recipe.write_text(RECIPE.format(folder=folder))
    with open(work / "log", "wb") as log:
        usage = measured([sys.executable, "-m", "curate", "run", str(recipe), "--out", str(out), "--inline"], log)
    if usage.code:
        sys.exit((work / "log").read_text())
    schema = pl.scan_parquet(out / "verdicts" / "*.parquet")
    removed = schema.filter(pl.col("stage") == "minhash").select(pl.len()).collect().item()
    shutil.rmtree(out)
    return usage, removed


def reported(label: str, size: int, usage: Usage, removed: int | None = None) -> None:
    more = "" if removed is None else f", {removed:,} removed"
    print(f"  {label}: {size / 1e6:,.0f} MB, {usage.cpu:.1f} CPU-s ({size / usage.cpu / 1e6:.1f} MB/CPU-s), "
          f"{usage.wall:.1f} s, peak {usage.peak / 1e9:.2f} GB{more}", flush=True)  # fmt: skip


def exponents(found: list[tuple[int, float]], start: float) -> None:
    for (fewer, less), (more, took) in pairwise(found):
        slope = math.log(took / less) / math.log(more / fewer)
        net = math.log((took - start) / (less - start)) / math.log(more / fewer) if less > start else float("nan")
        print(f"  exponent from {fewer:,} to {more:,}: {slope:.2f}; less start {net:.2f}", flush=True)


def documents(sizes: list[int], work: Path) -> None:
    print("\ndocuments of 2 kB, file to file, one process")
    write(ordinary(), 12, work / "few")
    run(work / "few", work)  # compiles, if need be
    start = run(work / "few", work)[0].cpu
    shutil.rmtree(work / "few")
    print(f"  start (12 documents): {start:.2f} CPU-s")
    found = []
    for count in sizes:
        size = write(ordinary(), count, work / "corpus")
        usage, removed = run(work / "corpus", work)
        shutil.rmtree(work / "corpus")
        reported(f"{count:,}", size, usage, removed)
        found.append((count, usage.cpu))
    exponents(found, start)


def bucket(copies: int, work: Path) -> None:
    print(f"\n{copies:,} copies of one notice, beside ordinary documents of its size")
    size = sum(len(text.encode()) for text in islice(notices(True), 1000)) // 1000
    streams: tuple[tuple[str, Callable[[], Iterator[str]]], ...] = (
        ("ordinary", partial(ordinary, 0, size)),
        ("same in all", partial(notices, False)),
        ("other names, numbers and dates", partial(notices, True)),
    )
    for label, stream in streams:
        written = write(stream(), copies, work / "corpus")
        usage, removed = run(work / "corpus", work)
        shutil.rmtree(work / "corpus")
        reported(label, written, usage, removed)


def giant(work: Path) -> None:
    print(f"\ntwo documents of {GIANT / 1e6:.0f} MB among 10,000 ordinary ones, and the same bytes of ordinary ones")
    for label, few in (("with", True), ("ordinary", False)):
        folder = work / "corpus"
        count = 10_000 if few else 10_000 + 2 * GIANT // SIZE
        size = write(ordinary(), count, folder)
        if few:
            with zstandard.open(folder / "giant.jsonl.zst", "wt", encoding="utf-8") as file:
                for lang in ("zh", "en"):
                    text = long_text(lang, GIANT)
                    size += len(text.encode())
                    file.write(json.dumps({"id": lang, "text": text}, ensure_ascii=False) + "\n")
        usage, removed = run(folder, work)
        shutil.rmtree(folder)
        reported(label, size, usage, removed)
    for kind in ("giant", "many"):
        few = child(kind, SIZE, work)  # what it takes to start and to read the corpora
        usage = child(kind, LARGER, work)
        net = usage._replace(cpu=usage.cpu - few.cpu, wall=usage.wall - few.wall)
        reported(f"{LARGER / 1e6:.0f} MB of each language, {'one document each' if kind == 'giant' else 'of 2 kB'}, "
                 f"the stage alone in memory ({few.peak / 1e9:.2f} GB before)", 2 * LARGER, net)  # fmt: skip


def long_text(lang: str, size: int) -> str:
    draw = random.Random(2)
    pool = [part for text in texts(lang)[0] for part in sentences(text)]
    parts, filled = [], 0
    while filled < size:
        parts.append(pool[draw.randrange(len(pool))])
        filled += len(parts[-1].encode())
    return "".join(parts)


def child(kind: str, count: int, work: Path) -> Usage:
    """What this script takes in a process of its own, at work on one of `ALONE`."""
    with open(work / "log", "wb") as log:
        command = [sys.executable, __file__, "--work", str(work), "--alone", kind, "--count", str(count)]
        usage = measured(command, log)
    if usage.code:
        sys.exit((work / "log").read_text())
    return usage


def keys(counts: list[int], work: Path) -> None:
    print(f"\nband keys alone, {BANDS} of each document, a tenth of the documents sharing some with another")
    child("keys", 1_000, work)  # compiles, if need be
    start = child("keys", 1_000, work).cpu
    print(f"  start (1,000 documents): {start:.2f} CPU-s")
    found = []
    for count in counts:
        usage = child("keys", count, work)
        print(f"  {count:,}: {usage.cpu:.1f} CPU-s, {usage.wall:.1f} s, peak {usage.peak / 1e9:.2f} GB, "
              f"{(work / 'log').read_text().strip()}", flush=True)  # fmt: skip
        found.append((count, usage.cpu))
    exponents(found, start)


def drawn(first: int, last: int, count: int) -> NDArray[np.uint64]:
    """u64[last - first, BANDS]: keys of the documents `first` to `last` of `count`."""
    documents = np.arange(first, last, dtype=np.uint64)
    other = mixed(documents) % np.uint64(count)
    copies = (mixed(documents + np.uint64(1 << 40)) % np.uint64(10) == 0)[:, None]
    bands = np.arange(BANDS, dtype=np.uint64)
    shared = copies & (mixed(documents[:, None] * np.uint64(BANDS) + bands) & np.uint64(1) == 0)
    owner = np.where(shared, other[:, None], documents[:, None])
    return mixed(mixed(owner) + bands)


def mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Another number for each (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@dataclass(frozen=True)
class Drawn:
    """The first round of MinHash, with drawn keys in place of those of texts."""

    links: Links
    count: int
    single = False
    reads: ClassVar[Schema] = {}

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        first = int(docs["shard"][0]) * PER_FILE + int(docs["row"][0])
        found = drawn(first, first + docs.height, self.count)
        needed = telling(found)
        senders = np.nonzero(needed)[0]
        return docs[senders].select(pl.Series("key", found[needed]), "shard", "row")

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        return self.links.reduce(rows)


def keys_alone(count: int, work: Path) -> None:
    """The rounds of MinHash that read no text, over files as a run has them, in this process."""
    shards = [
        pl.DataFrame({"row": np.arange(min(PER_FILE, count - first), dtype=np.uint32)}).with_columns(
            pl.lit(number, pl.UInt32).alias("shard")
        )
        for number, first in enumerate(range(0, count, PER_FILE))
    ]
    rounds = MinHashDedup().rounds()
    turn: Round = next(rounds)
    assert isinstance(turn, Links)
    turn = Drawn(turn, count)
    notes: tuple[Parcel, ...] = ()
    told, ordinal = [], 0
    while "text" not in turn.reads:
        places = 1 if turn.single else PARTITIONS
        sent = []
        for number, shard in enumerate(shards):
            outbox = Outbox(str(work / f"rows-{ordinal}-{number}"), places)
            mine = gather(notes, number) if notes else pl.DataFrame(schema={"shard": pl.UInt32, "row": pl.UInt32})
            for docs in shard.iter_slices(BATCH):
                if mine is not None:
                    rows = turn.emit(docs, mine.join(docs, on=["shard", "row"], how="semi", maintain_order="left"))
                    outbox.add(rows, prefix(rows["key"], places))
            sent.append(outbox.close())
        returned = []
        for partition in range(places):
            outbox = Outbox(str(work / f"notes-{ordinal}-{partition}"), len(shards))
            found = gather(sent, partition)
            if found is not None:
                reduced = turn.reduce(by_key(found))
                outbox.add(reduced, reduced["shard"])
            returned.append(outbox.close())
        notes = tuple(returned)
        flow = Flow(sum(parcel.rows for parcel in sent), sum(parcel.rows for parcel in notes))
        told.append(f"{type(turn).__name__} {flow.rows:,} rows, {flow.notes:,} notes")
        for path in (*work.glob("rows-*"), *work.glob(f"notes-{ordinal - 1}-*")):
            path.unlink()
        turn, ordinal = rounds.send(flow), ordinal + 1
    for path in work.glob("notes-*"):
        path.unlink()
    print("; ".join(told))


def stage_alone(count: int, giant: bool) -> None:
    """MinHashDedup over tables in memory: `count` bytes of each language, in one document each or in many."""
    size = count if giant else SIZE
    found = [text[at : at + len(text) * size // count] for text in (long_text(lang, count) for lang in ("zh", "en"))
             for at in range(0, len(text), max(len(text) * size // count, 1))]  # fmt: skip
    docs = pl.DataFrame({"text": found})
    del found
    stage = MinHashDedup()
    ids = pl.int_range(docs.height, eager=True).cast(pl.String).alias("doc_id")
    columns = {name: dtype for name, dtype in stage.reads.items() if name not in ("text", "doc_id")}
    docs = docs.with_columns(ids, *(pl.lit(None, dtype).alias(name) for name, dtype in columns.items()))
    notes_of(stage, [docs], batch=10_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="documents,keys,bucket,giant")
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--keys", default="50000,500000,5000000")
    parser.add_argument("--copies", type=int, default=100_000)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--alone", choices=("keys", "giant", "many"), help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone == "keys":
        return keys_alone(options.count, options.work)
    if options.alone:
        return stage_alone(options.count, options.alone == "giant")
    print(f"{datetime.date.today()}, {os.cpu_count()} cores, {platform.processor() or platform.machine()}, "
          f"Python {platform.python_version()}, polars {pl.__version__}, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        work = Path(folder)
        if "documents" in options.only:
            documents([int(size) for size in options.sizes.split(",")], work)
        if "keys" in options.only:
            keys([int(count) for count in options.keys.split(",")], work)
        if "bucket" in options.only:
            bucket(options.copies, work)
        if "giant" in options.only:
            giant(work)


if __name__ == "__main__":
    main()
