"""How much personal data is found, how much of what is found is none, and how fast.

    python performance/personal.py [--data ../shared/data] [--show 100]

Prints precision and recall by kind and language on the labelled set (exact place and kind; the sentences are in
tests/stages/personal/personal_cases.jsonl), then what is found in real corpora, where there are any, with MB of text
per CPU-second; `--show` prints so many of these hits with what stands around them, drawn by hash, to be read.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import sys
import time
from collections import Counter
from pathlib import Path

import polars as pl

from curate.document import share_of
from curate.stages.personal.find import KINDS, find

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.stages.personal.labelled import cases, scores

AROUND = 40  # bytes shown on either side of a hit


def labelled() -> None:
    every = cases()
    print(f"\n{len(every)} sentences, {sum(len(case.spans) for case in every)} spans, "
          f"{sum(len(case.looks) for case in every)} that only look like some")  # fmt: skip
    print(f"  {'':18} {'precision':>9} {'recall':>7}   zh P / R        en P / R")
    by_lang = {lang: scores([case for case in every if case.lang == lang]) for lang in ("zh", "en")}
    for kind, score in scores(every).items():
        apart = "   ".join(
            f"{by_lang[lang][kind].precision:.3f} / {by_lang[lang][kind].recall:.3f}" for lang in by_lang
        )
        print(f"  {kind:18} {score.precision:9.3f} {score.recall:7.3f}   {apart}   of {score.right + score.missed}")


def corpora(folder: Path, show: int) -> None:
    files = sorted(folder.glob("*/*/*.jsonl.zst"))
    if not files:
        print(f"\nskipped: there are no corpora in {folder}")
        return
    print("\nfound in corpora, and MB of text per CPU-second")
    find(pl.Series(["138"]), frozenset(KINDS))  # compiles
    shown: list[tuple[float, str]] = []
    size, seconds = 0, 0.0
    for file in files:
        texts = pl.read_ndjson(file)["text"]
        began = time.process_time()
        hits, (data, offsets) = find(texts, frozenset(KINDS))
        took = time.process_time() - began
        length = int(texts.str.len_bytes().sum())
        size, seconds = size + length, seconds + took
        name = file.relative_to(folder).as_posix().removesuffix(".jsonl.zst")
        print(f"  {name:40} {length / took / 1e6:5.0f} MB/s  {dict(Counter(hit.kind for hit in hits).most_common())}")
        for row, start, end, kind in hits:
            before = data[max(int(offsets[row]), start - AROUND) : start].tobytes().decode(errors="ignore")
            behind = data[end : min(int(offsets[row + 1]), end + AROUND)].tobytes().decode(errors="ignore")
            line = f"{name} {kind}: {before}[[{data[start:end].tobytes().decode()}]]{behind}".replace("\n", " ")
            shown.append((share_of(f"{name}#{row}#{start}"), line))
    print(f"  {'all':40} {size / seconds / 1e6:5.0f} MB/s, {size / 1e6:.0f} MB")
    for _, line in sorted(shown)[:show]:
        print(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    print(f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}, polars {pl.__version__}")
    labelled()
    corpora(options.data / "corpora", options.show)


if __name__ == "__main__":
    main()
