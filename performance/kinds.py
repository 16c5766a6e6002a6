"""Whether the kind of a document is told right, and how fast.

    python performance/kinds.py [--data ../shared/data] [--most 300] [--wrong 0] [--only NAME]

Labelled sets (performance/labelled_kinds.py) of both languages: documents of the corpora, source files, and tables,
lists and dialogues made of data in several layouts. For each set the share told right and what the others were taken
for; then the confusion of kinds per language, where each set weighs the same; then MB of text per CPU-second of the
stage. `--wrong N` prints the first N of each set that were told wrong.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import time
from collections import Counter, defaultdict
from pathlib import Path

import polars as pl
from labelled_kinds import Labelled, labelled, rows

from curate.stages.heuristics.kind import SHARES, Kind

KINDS = ("prose", "code", "maths", "table", "list", "dialogue", "classical")
SPEED = (
    "law/zh/prc_laws",
    "general/zh/lctt_zh",
    "medical/zh/toyhom_internal_csv",
    "general/en/peps",
    "medical/en/medquad",
    "law/en/dc_law",
)


def told(texts: list[str]) -> pl.DataFrame:
    return Kind()(pl.DataFrame({"text": texts, "kind": "prose"}, schema={"text": pl.String, "kind": pl.String}))


def of_set(one: Labelled, wrong: int) -> Counter[str]:
    found = told(one.texts)
    counts = Counter(found["kind"].to_list())
    right = sum(counts[kind] for kind in one.kinds)
    others = ", ".join(f"{kind} {number}" for kind, number in counts.most_common() if kind not in one.kinds)
    head = f"{one.lang}  {'|'.join(sorted(one.kinds)):<16}{one.name:<40}"
    print(f"{head}{right:>5} of {len(one.texts):<5}{right / len(one.texts):>7.1%}  {others}")
    for row in found.filter(~pl.col("kind").is_in(sorted(one.kinds))).head(wrong).iter_rows(named=True):
        shares = " ".join(f"{name[:-6]} {row[name]:.2f}" for name in [*SHARES, "classical_share"] if row[name])
        print(f"    {row['kind']}: {shares}\n      {row['text'][:400]!r}")
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--most", type=int, default=300)
    parser.add_argument("--wrong", type=int, default=0)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}, polars {pl.__version__}, {datetime.date.today()}")
    shares: dict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)
    for one in labelled(options.data, options.most):
        if options.only not in f"{one.lang} {one.name}":
            continue
        counts = of_set(one, options.wrong)
        truth = sorted(one.kinds)[-1] if len(one.kinds) == 1 else "prose"
        merged = {kind: counts[kind] / len(one.texts) for kind in KINDS}
        for kind in one.kinds - {truth}:
            merged[truth] += merged.pop(kind)
        shares[one.lang, truth].append(merged)
    print(
        f"\nOf the kind on the left, told to be (per cent; each set weighs the same)\n{'':<14}"
        + "".join(f"{kind:>10}" for kind in KINDS)
    )
    for (lang, truth), sets in sorted(shares.items()):
        means = (sum(one.get(kind, 0) for one in sets) / len(sets) for kind in KINDS)
        print(f"{lang} {truth:<11}" + "".join(f"{100 * mean:>10.1f}" for mean in means))
    if options.only:
        return
    print("\nMB of UTF-8 text per CPU-second")
    told(["warm up"])
    for name in SPEED:
        texts = rows(options.data / "corpora" / f"{name}.jsonl.zst", "text")
        if texts:
            table = pl.DataFrame({"text": texts, "kind": "prose"})
            started = time.process_time()
            Kind()(table)
            spent = time.process_time() - started
            print(f"{name:<36}{table['text'].str.len_bytes().sum() / spent / 1e6:>8.0f}")


if __name__ == "__main__":
    main()
