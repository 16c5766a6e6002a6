"""Which long texts are cut, into what, and how fast.

    python performance/splitting.py [--data ../shared/data] [--longer-than 20000 5000] [--show 20]

Prints for each corpus how many texts are too long, how many are cut with all ways and with each way alone, the
distribution of the parts' lengths in characters, parts that are still too long, and MB of text per CPU-second; `--show`
prints the beginnings and ends of so many parts, drawn by hash, to be read.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import time
from pathlib import Path

import polars as pl

from curate import __version__
from curate.document import share_of
from curate.stage import split
from curate.stages.split import BY, Split

ENDS = 60  # characters shown of either end


def documents(texts: pl.Series) -> pl.DataFrame:
    nothing = pl.lit(None, pl.String)
    return pl.DataFrame({"text": texts}).with_row_index("doc_id").select(
        pl.col("doc_id").cast(pl.String), "text", kind=pl.lit("prose"), meta=nothing, parent_id=nothing
    )  # fmt: skip


def corpus(name: str, texts: pl.Series, longer_than: int, show: int) -> None:
    docs = documents(texts)
    stage = Split(longer_than=longer_than)
    began = time.process_time()
    starts = stage.starts(docs)
    took = time.process_time() - began
    long = docs.filter(docs["text"].str.len_chars() > longer_than)
    ways = {way: Split(longer_than=longer_than, by=frozenset({way})).starts(long) for way in sorted(BY)}
    alone = ", ".join(f"{way} {number}" for way, found in ways.items() if (number := (found.list.len() > 0).sum()))
    parts = split(stage, docs, starts).filter(pl.col("parent_id").is_not_null())
    lengths = parts["text"].str.len_chars()
    print(f"{name} over {longer_than:,}: {long.height:,} of {docs.height:,} too long, "
          f"{(starts.list.len() > 0).sum():,} cut into {parts.height:,}; alone: {alone or 'none'}; "
          f"{texts.str.len_bytes().sum() / 1e6 / took:.0f} MB/s")  # fmt: skip
    if not parts.height:
        return
    quantiles = " / ".join(f"{lengths.quantile(q, 'nearest'):,.0f}" for q in (0, 0.1, 0.5, 0.9, 1))
    print(f"  lengths, least, tenth, median, nine tenths, most: {quantiles}; too long: {(lengths > longer_than).sum()}")
    drawn = sorted(parts["text"], key=lambda text: share_of(text[:200], "splitting"))[:show]
    for text in drawn:
        print(f"    {len(text):>7,} {text[:ENDS]!r} ... {text[-ENDS:]!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--longer-than", type=int, nargs="+", default=[20_000, 5_000])
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--only", default="*/*/*", help="a glob of corpora below DATA/corpora, as law/zh/*")
    asked = parser.parse_args()
    print(f"Curate {__version__}, Python {platform.python_version()}, {platform.machine()}, {datetime.date.today()}")
    files = sorted((asked.data / "corpora").glob(f"{asked.only}.jsonl.zst"))
    if not files:
        print(f"skipped: there are no corpora in {asked.data / 'corpora'}")
    for file in files:
        name = file.relative_to(asked.data / "corpora").as_posix().removesuffix(".jsonl.zst")
        texts = pl.read_ndjson(file)["text"].drop_nulls()
        for longer_than in asked.longer_than:
            corpus(name, texts, longer_than, asked.show)


if __name__ == "__main__":
    main()
