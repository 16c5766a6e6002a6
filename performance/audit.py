"""The audit at size: time, memory and the page, of a million documents that Curate did not make.

    python performance/audit.py [--documents 1000000] [--data ../shared/data] [--work FOLDER]

Documents are passages of 200 to 1,500 characters cut out of DATA/corpora (Chinese and English, other passages each
time; one in fifty is a copy), in Parquet files of 50,000 with a text column and nothing else. Two audits, each in a
process of its own and without Ray: of the folder, where every stage of the quickstart measures every document, and of
the run that this leaves, where only what is stored is counted and the texts are scanned for personal data. Memory is
the peak of that process and its children (VmHWM, summed over them); time is of the wall and of the processors. Speed
is of MB of UTF-8. Also each stage's share of the processors' time, since the slowest ones decide.
"""

from __future__ import annotations

import argparse
import datetime
import io
import json
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import polars as pl
import zstandard

from curate import __version__

FILE = 50_000
COPIES = 50  # one document in so many is a copy of an earlier one
CURATE = str(Path(sys.executable).parent / "curate")


def texts(data: Path) -> list[str]:
    """Texts of the corpora, Chinese and English, as many characters of each."""
    out: dict[str, list[str]] = {"zh": [], "en": []}
    for path in sorted(data.glob("corpora/*/*/*.jsonl.zst")):
        with path.open("rb") as file:
            lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8")
            out[path.parent.name] += [json.loads(line)["text"] for _, line in zip(range(3000), lines, strict=False)]
    return [text for pair in zip(out["zh"], out["en"], strict=False) for text in pair if len(text) > 400]


def passages(source: list[str], documents: int) -> Iterator[str]:
    draw = random.Random(0)
    earlier: list[str] = []
    for number in range(documents):
        if number % COPIES == COPIES - 1:
            yield draw.choice(earlier)
            continue
        whole = draw.choice(source)
        start = draw.randrange(len(whole) - 199)
        text = whole[start : start + draw.randint(200, 1500)]
        if number % 10 == 0:
            earlier.append(text)
        yield text


def written(folder: Path, source: list[str], documents: int) -> int:
    """Parquet files of the passages; their bytes of text."""
    size, held = 0, []
    for number, text in enumerate(passages(source, documents), 1):
        held.append(text)
        size += len(text.encode())
        if len(held) == FILE or number == documents:
            pl.DataFrame({"text": held}).write_parquet(
                folder / f"part-{number // FILE:04d}.parquet", compression="zstd"
            )
            held = []
    return size


def peak(process: int) -> int:
    """kB that a process and its children have held at most, each by itself, added up."""
    total = 0
    waiting = [process]
    while waiting:
        one = waiting.pop()
        try:
            total += int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{one}/status").read_text())[1])  # type: ignore[index]
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError, TypeError):
            continue
    return total


def audited(place: Path, out: Path) -> tuple[float, float, float]:
    """Seconds of the wall, of the processors, and the peak in MB of `curate audit place`."""
    began, most = time.monotonic(), 0
    before = os.times()
    started = subprocess.Popen(
        [CURATE, "audit", str(place), "--out", str(out), "--inline"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "POLARS_MAX_THREADS": "1"},
    )  # fmt: skip
    while started.poll() is None:
        most = max(most, peak(started.pid))
        time.sleep(0.5)
    after = os.times()
    if started.returncode:
        raise SystemExit(f"curate audit {place} ended with {started.returncode}")
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - began, spent, most / 1024


def told(name: str, size: int, documents: int, out: Path, found: tuple[float, float, float]) -> None:
    wall, spent, most = found
    page, report = (out / file for file in ("index.html", "report.json"))
    print(
        f"{name:<12}{wall:>8.0f} s wall {spent:>8.0f} CPU-s {size / 1e6 / spent:>7.1f} MB/CPU-s "
        f"{documents / spent:>8,.0f} documents/CPU-s {most:>7,.0f} MB peak   page {page.stat().st_size / 1e6:.2f} MB, "
        f"report {report.stat().st_size / 1e6:.2f} MB"
    )


def stages(run: Path) -> Iterator[tuple[str, float]]:
    """Seconds of the processors by stage, as the ledger has them, most first."""
    spent: dict[str, float] = {}
    for line in (run / "ledger.jsonl").read_text("utf-8").splitlines():
        for stage in json.loads(line)["stages"]:
            spent[stage["stage"]] = spent.get(stage["stage"], 0.0) + stage["seconds"]
    yield from sorted(spent.items(), key=lambda pair: -pair[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path, default=Path(__file__).parent.parent.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, default=None)
    given = parser.parse_args()
    if not (given.data / "corpora").is_dir():
        raise SystemExit(f"{given.data}/corpora is not there: give --data a folder with corpora/TRADE/LANG/*.jsonl.zst")
    work = given.work or Path(tempfile.mkdtemp(prefix="curate-audit-"))
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    print(f"{datetime.date.today()}, {cpu[1] if cpu else platform.machine()}, {os.cpu_count()} CPUs, load "
          f"{os.getloadavg()[0]:.1f}, Python {platform.python_version()}, Curate {__version__}, polars "
          f"{version('polars')}, pyarrow {version('pyarrow')}")  # fmt: skip
    data = work / "data"
    data.mkdir(parents=True)
    size = written(data, texts(given.data), given.documents)
    print(f"{given.documents:,} documents, {size / 1e6:,.0f} MB of text")
    told("a folder", size, given.documents, work / "audit", audited(data, work / "audit"))
    for stage, seconds in stages(work / "audit" / "run"):
        if seconds >= 1:
            print(f"    {stage:<16}{seconds:>8.0f} CPU-s {size / 1e6 / seconds:>8.1f} MB/CPU-s")
    told("its run", size, given.documents, work / "again", audited(work / "audit" / "run", work / "again"))
    if given.work is None:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
