"""How fast text is normalised, and how much of it changes.

    python performance/normalising.py [--data ../shared/data] [--environments ~/.cache/curate-peers] [--mb 8]

MB of UTF-8 text per CPU-second of the stage on whole corpora: its defaults, and each option by itself; and beside it
on the first MB of each corpus, in the same run: unicodedata's NFC alone, ftfy's fix_text, datatrove's FTFYFormatter
(which calls it), and Data-Juicer's rule for white space, each in an environment of its own or skipped with a message.
They do other work: NFC alone mends no white space, ftfy looks for mojibake.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from unicodedata import normalize

import polars as pl
from peers.environments import HOME, Peer, python

from curate.document import COLUMNS
from curate.stages.normalize import Normalize

OPTIONS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "NFKC": {"form": "NFKC"},
    "half width": {"half_width": True},
    "simplified": {"simplified": True},
    "straight quotes": {"quotes": "straight"},
    "emoji removed": {"emoji": "remove"},
    "HTML": {"html": True},
    "homoglyphs": {"homoglyphs": True},
}
PEERS = (
    Peer("ftfy", "normalising_text.py", ("ftfy==6.3.1",)),
    Peer("datatrove-ftfy", "normalising_text.py", ("datatrove==0.10.1", "ftfy==6.3.1", "numpy", "orjson", "regex")),
    Peer("data-juicer-rule", "normalising_text.py", ()),
)


def documents(texts: pl.Series) -> pl.DataFrame:
    nothing = {name: pl.lit(None, dtype) for name, dtype in COLUMNS.items() if name != "text"}
    return texts.to_frame("text").with_columns(**nothing | {"kind": pl.lit("prose")}).with_columns(doc_id=pl.lit("-"))


def rate(texts: pl.Series, **options: Any) -> tuple[float, int]:
    """(MB per CPU-second, documents that changed)."""
    docs = documents(texts)
    stage = Normalize(**options)
    stage(docs.head(20))  # compiles, and makes the table
    began = time.process_time()
    done = stage(docs)
    took = time.process_time() - began
    return int(texts.str.len_bytes().sum()) / took / 1e6, int((done["text"] != docs["text"]).sum())


def ours(files: list[Path], folder: Path) -> None:
    print(f"\n{'':42}" + "  ".join(f"{name:>15}" for name in OPTIONS))
    size, seconds = 0.0, 0.0
    for file in files:
        texts = pl.read_ndjson(file)["text"]
        cells = [rate(texts, **options) for options in OPTIONS.values()]
        length = int(texts.str.len_bytes().sum()) / 1e6
        size, seconds = size + length, seconds + length / cells[0][0]
        shown = "  ".join(f"{speed:6.0f} {100 * changed / len(texts):6.1f} %" for speed, changed in cells)
        print(f"  {file.relative_to(folder).as_posix().removesuffix('.jsonl.zst'):40}{shown}")
    print(f"  MB of text per CPU-second, documents changed; defaults over all {size:.0f} MB: {size / seconds:.0f}")


def beside(files: list[Path], home: Path, most: int) -> None:
    texts: list[str] = []
    for file in files:
        some = pl.read_ndjson(file)["text"]
        texts += some.filter(some.str.len_bytes().cum_sum() < most * 1_000_000 // len(files)).to_list()
    size = sum(len(text.encode()) for text in texts)
    print(f"\n{size / 1e6:.1f} MB of all corpora, MB per CPU-second")
    print(f"  {'Curate, defaults':30} {rate(pl.Series(texts))[0]:7.1f}")
    began = time.process_time()
    for text in texts:
        normalize("NFC", text)
    print(f"  {'unicodedata, NFC alone':30} {size / (time.process_time() - began) / 1e6:7.1f}")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(texts, file)
        file.flush()
        for peer in PEERS:
            interpreter = python(peer, home)
            if interpreter is None:
                continue
            script = Path(__file__).parent / "peers" / peer.script
            done = subprocess.run(
                [interpreter, script, peer.name, file.name], capture_output=True, text=True, check=False
            )
            if done.returncode:
                print(f"skipped: {peer.name}: {done.stderr.strip().splitlines()[-1:]}")
                continue
            print(f"  {peer.name:30} {size / float(done.stdout) / 1e6:7.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--environments", type=Path, default=HOME)
    parser.add_argument("--mb", type=int, default=8)
    options = parser.parse_args()
    folder = options.data / "corpora"
    files = sorted(folder.glob("*/*/*.jsonl.zst"))
    print(f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}, polars {pl.__version__}")
    if not files:
        print(f"skipped: there are no corpora in {folder}")
        return
    ours(files, folder)
    beside(files, options.environments, options.mb)


if __name__ == "__main__":
    main()
