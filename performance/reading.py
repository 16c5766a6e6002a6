"""How fast archives and JSON lines are read, next to FastWARC's own loop over the same archive.

    python performance/reading.py ARCHIVE.warc.gz [LINES.jsonl.zst]

Megabytes are of decompressed content, seconds are of CPU time, each figure is the best of three. `records` is the
reader alone; `batches` adds ids, hashes, the table and the check at the door. Goal: records at 80 % of FastWARC's loop.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version

from fastwarc.stream_io import GzipReader
from fastwarc.warc import ArchiveIterator

from curate import files
from curate.read import CAP, open_shard
from curate.read.format import reader
from curate.read.record import Reading
from curate.read.stream import blocks
from curate.recipe import Source


def best(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest of three."""
    spent = []
    for _ in range(3):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return min(spent)


def own_loop(path: str) -> int:
    """Bytes of the bodies that FastWARC's loop reads."""
    return sum(len(record.reader.read()) for record in ArchiveIterator(path))


def inflated(path: str) -> int:
    """Bytes of a gzipped file's content."""
    stream = GzipReader(path)
    return sum(map(len, iter(lambda: stream.read(1 << 20), b"")))


def figures(path: str) -> Iterator[tuple[str, float]]:
    """(what, megabytes per CPU-second) for one file."""
    (file,) = files.found(path)
    source = Source(name="performance", path=path)
    if ".warc" in file.relative:
        size = inflated(path)
        yield "FastWARC's loop", size / 1e6 / best(lambda: own_loop(path))
    else:
        size = sum(map(len, blocks(file)))
    yield "records", size / 1e6 / best(lambda: sum(1 for _ in reader(source, file)(Reading(file, source, CAP))))
    yield "batches", size / 1e6 / best(lambda: sum(batch.records for batch in open_shard(source, file)))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file", nargs="+")
    packages = ", ".join(f"{name} {version(name)}" for name in ("fastwarc", "polars"))
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {packages}")
    print(datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"))
    for path in arguments.parse_args().file:
        print(path)
        for what, rate in figures(path):
            print(f"  {what:<16}{rate:>8,.0f} MB/s")


if __name__ == "__main__":
    main()
