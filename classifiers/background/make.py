"""Makes table.bin: what is common in Chinese and English text of which a sample may be passed on.

    python classifiers/background/make.py [--data ../shared/data]

An n-gram is kept that stands in `GRAMS` documents or more, a token in `TOKENS`. Documents that hold an item of
DATA/benchmarks with its answer are left out. README.md beside this file names the sources and their licences.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import polars as pl

from curate.decontaminate import background, index, scanned
from curate.decontaminate.benchmarks import load

GRAMS, TOKENS = 8, 4
MOST = 20_000  # characters of a document that are read: a book is not a thousand documents
SOURCES = (
    "finance/en/tatqa_reports",
    "general/en/eips",
    "general/en/peps",
    "general/en/standard_ebooks",
    "general/zh/classic_novels",
    "general/zh/history_modern_translation",
    "medical/en/medquad",
    "medical/zh/toyhom_internal_csv",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[3] / "shared" / "data")
    data: Path = parser.parse_args().data
    items = index.unpack(index.build(load(str(data / "benchmarks")).items, background.EMPTY), "items")
    left_out = 0

    def texts() -> list[pl.Series]:
        nonlocal left_out
        columns = []
        for source in SOURCES:
            column = pl.read_ndjson(data / "corpora" / f"{source}.jsonl.zst")["text"].str.head(MOST)
            clean = scanned.clean(column, items)
            left_out += len(column) - len(clean)
            columns.append(clean)
        return columns

    table = background.count(texts()).common(GRAMS, TOKENS)
    path = Path(__file__).with_name("table.bin")
    path.write_bytes(table.packed())
    print(
        f"{table.documents:,} documents, {left_out} left out; {len(table.grams):,} n-grams, {len(table.tokens):,} "
        f"tokens, {path.stat().st_size / 1e6:.2f} MB"
    )


if __name__ == "__main__":
    main()
