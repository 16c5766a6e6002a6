"""How fast texts become signatures: Curate's kernels beside datasketch and rensa, on the same texts.

    python performance/signatures.py [--megabytes 4] [--permutations 128,256] [--environments ~/.cache/curate-peers]

From text: everything from UTF-8 to the signatures of the sets of 5-grams, in MB of UTF-8 per second of CPU, one thread.
Signing: the signatures alone, of 5-grams that are there already, in millions of different 5-grams per CPU-second. The
peers get sets of strings that Python makes (performance/peers/shingles.py): words, and each CJK character. Curate reads
texts with a tenth of CJK characters letter by letter, as MinHashDedup does, so that its sets are larger there; with
sketches, it makes the sketch of 1,024 hashes by which copies are verified as well. Curate and datasketch compute the
same numbers (scheme affine32), rensa others of its own. Of three runs the best counts, of the peers the only one.

Then one text of 100 MB: the same speed, and what it takes beside its own bytes (the peak of resident memory, Linux).
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import numpy as np
import polars as pl
from peers.environments import FOLDER, HOME, PEERS, python
from planted import DATA, texts

from curate.dedup.minhash import CJK
from curate.kernels.fingerprints import fingerprints
from curate.kernels.likeness import likeness
from curate.kernels.shingles import shingles
from curate.kernels.signatures import minhash, signatures
from curate.kernels.tokens import NEVER, tokens

N, SKETCH, RUNS = 5, 1024, 3
LONG = 100_000_000
MANUALS = DATA / "dedup" / "zh_tidb_docs.jsonl.zst"  # Chinese, and half of it code and English names


def corpora(size: int) -> dict[str, pl.Series]:
    """Texts of each kind, of about `size` bytes together, drawn evenly."""
    found = {lang: pl.Series(texts(lang)[0]) for lang in ("zh", "en")}
    if MANUALS.exists():
        found["zh manuals"] = pl.read_ndjson(MANUALS)["text"]
    else:
        print(f"skipped: manuals, there is no {MANUALS}")
    for name, column in found.items():
        step = max(1, int(column.str.len_bytes().sum()) // size)
        found[name] = column.gather_every(step)
    return found


def seconds(work: Callable[[], object]) -> float:
    """The least CPU time of three runs, after one that may compile."""
    work()
    times = []
    for _ in range(RUNS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def compare(name: str, column: pl.Series, permutations: int, peers: dict[str, Path], folder: Path) -> None:
    size = int(column.str.len_bytes().sum()) / 1e6
    sets = shingles(tokens(column, split=CJK), N)
    plain = shingles(tokens(column), N)
    bounds = zip(plain.starts, plain.starts[1:], strict=False)
    different = sum(len(np.unique(plain.elements[a:b])) for a, b in bounds) / 1e6
    print(f"\n{name}, {permutations} permutations: {len(column):,} texts, {size:.1f} MB\n")
    row("", "from text, MB/CPU-s", "signing, M 5-grams/CPU-s")
    row("---", "---:", "---:")
    signing = len(sets.elements) / 1e6 / seconds(lambda: signatures(sets.elements, sets.starts, permutations))
    for label, work in {
        "Curate": lambda: minhash(column, N, permutations, CJK),
        "Curate, words always": lambda: minhash(column, N, permutations, NEVER),
        "Curate, with sketches": lambda: likeness(column, n=N, permutations=permutations, sketch=SKETCH, split=CJK),
    }.items():
        row(label, f"{size / seconds(work):.0f}", f"{signing:.0f}" if label == "Curate" else "")
    path = folder / "texts.jsonl"
    path.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in column), "utf-8")
    for peer, interpreter in peers.items():
        command = [str(interpreter), str(FOLDER / "signing.py"), peer, str(path), str(permutations)]
        took = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        row(peer, f"{size / (took['cutting'] + took['signing']):.2f}", f"{different / took['signing']:.2f}")


def row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def memory(name: str) -> int:
    """Bytes, of this process."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(name))


def one_long_text(path: Path) -> list[str]:
    """MB per CPU-second and MB beside the text, of likeness and of fingerprints; `path` holds the text."""
    content = path.read_text("utf-8")
    text = pl.Series([content])
    cells = []
    for work in (partial(likeness, n=N, permutations=128, sketch=SKETCH, split=CJK), fingerprints):
        work(pl.Series([content[:1000]]))
        Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
        before, started = memory("VmRSS"), time.process_time()
        work(text)
        speed = LONG / (time.process_time() - started)
        cells += [f"{some / 1e6:.0f}" for some in (speed, memory("VmHWM") - before)]
    return cells


def long_texts(columns: dict[str, pl.Series], folder: Path) -> None:
    """Documents of each kind in one line, over and over, each in a process of its own."""
    print("\none text of 100 MB\n")
    row("", "likeness, MB/CPU-s", "MB beside the text", "fingerprint, MB/CPU-s", "MB beside the text")
    row("---", *["---:"] * 4)
    for name, column in columns.items():
        content = " ".join(column).replace("\n", " ").encode()
        path = folder / "long.txt"
        path.write_bytes((content * -(-LONG // len(content)))[:LONG].decode("utf-8", "ignore").encode())
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            row(name, *process.submit(one_long_text, path).result())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=4, help="of text of each kind")
    parser.add_argument("--permutations", default="128,256")
    parser.add_argument("--environments", type=Path, default=HOME)
    options = parser.parse_args()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("polars", "numba", "numpy"))
    print(f"{datetime.date.today()}, {os.cpu_count()} cores, {platform.processor() or platform.machine()}, "
          f"Python {platform.python_version()}, {versions}, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    peers = {}
    for peer in PEERS:
        if peer.name in ("datasketch", "rensa") and (found := python(peer, options.environments.expanduser())):
            peers[peer.name] = found
            print(", ".join(peer.packages))
    columns = corpora(options.megabytes * 1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        for permutations in map(int, options.permutations.split(",")):
            for name, column in columns.items():
                compare(name, column, permutations, peers, Path(folder))
        long_texts(columns, Path(folder))


if __name__ == "__main__":
    main()
