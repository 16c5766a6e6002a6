"""What decontamination finds, what it takes by mistake, and how fast it reads.

    python performance/decontamination.py [--data ../shared/data] [--questions 300]

The index holds every item below DATA/benchmarks. Planted: questions of each benchmark in an article of DATA/corpora of
the same language, in the middle of a line, as they are and in other punctuation, width and case. False alarms: the
documents of DATA/corpora that would go. Speed is of one thread, from text to matches, in MB of UTF-8 per second of CPU.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import random
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import polars as pl

from curate.decontaminate.benchmarks import Item, load
from curate.decontaminate.index import DECIDING, LEAST, Index, build, unpack
from curate.decontaminate.match import matches
from curate.kernels.overlap import stream

LIMIT, REPORT = 0.65, 0.4
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
OTHER = str.maketrans("，。？！：；,.?!:;", ",.?!:;，。？！：；")

WAYS: dict[str, Callable[[Item], str]] = {
    "question": lambda item: item.question,
    "other punctuation": lambda item: item.question.translate(OTHER),
    "upper case, full width": lambda item: item.question.upper().translate(WIDE),
    "with context and choices": lambda item: "\n".join((item.context, item.question, *item.choices)),
}


def deciding(texts: pl.Series, index: Index) -> pl.DataFrame:
    found = matches(texts, index, REPORT)
    return found.filter(pl.col("part").is_in(sorted(DECIDING)), pl.col("score") > LIMIT)


def recall(items: Sequence[Item], articles: dict[str, list[str]], index: Index, questions: int) -> None:
    chance = random.Random(0)
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        groups[item.benchmark].append(item)
    print(f"\nfound of {questions} planted of each benchmark, %, and of those of {LEAST} CJK characters or more")
    for benchmark, group in sorted(groups.items()):
        chosen = chance.sample(group, min(questions, len(group)))
        long = weights(pl.Series([item.question for item in chosen])) >= LEAST
        cells = []
        for way, written in WAYS.items():
            texts = []
            for item in chosen:
                article = chance.choice(articles["zh" if item.lang == "zh" else "en"])
                at = article.find(" ", chance.randrange(len(article))) if item.lang != "zh" else len(article) // 2
                texts.append(f"{article[:at]} {written(item)} {article[at:]}")
            hit = pl.Series(range(len(chosen))).is_in(deciding(pl.Series(texts), index)["row"].unique().to_list())
            cells.append(
                f"{way} {100 * hit.sum() / len(hit):.1f} ({100 * (hit & long).sum() / max(1, long.sum()):.1f})"
            )
        print(f"  {benchmark:14} {', '.join(cells)}")


def weights(texts: pl.Series) -> pl.Series:
    read = stream(texts)
    bounds = zip(read.tokens.starts, read.tokens.starts[1:], strict=False)
    return pl.Series([int(read.weights[begin:end].sum()) for begin, end in bounds])


def false_alarms(corpora: Path, index: Index) -> None:
    print("\nfalse alarms: documents, removed at limits .5 .6 .65 .8; answers or contexts reported; MB/CPU-s")
    total, sizes, seconds = [0] * 5, 0, 0.0
    for file in sorted(corpora.glob("*/*/*.jsonl.zst")):
        texts = pl.read_ndjson(file)["text"]
        size = int(texts.str.len_bytes().sum())
        started = time.process_time()
        found = matches(texts, index, REPORT)
        took = time.process_time() - started
        decided = found.filter(pl.col("part").is_in(sorted(DECIDING)))
        counts = [decided.filter(pl.col("score") > limit)["row"].n_unique() for limit in (0.5, 0.6, 0.65, 0.8)]
        quoted = found.filter(~pl.col("part").is_in(sorted(DECIDING)))["row"].n_unique()
        name = file.relative_to(corpora).as_posix().removesuffix(".jsonl.zst")
        print(f"  {name:40} {len(texts):6,}  {counts}  {quoted:4}  {size / took / 1e6:.0f}")
        total = [a + b for a, b in zip(total, (len(texts), *counts), strict=True)]
        sizes, seconds = sizes + size, seconds + took
    print(f"  {'all':40} {total[0]:6,}  {total[1:]}, {100 * total[3] / total[0]:.3f} % at .65")
    print(f"  {sizes / 1e6:.0f} MB at {sizes / seconds / 1e6:.0f} MB per CPU-second")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--questions", type=int, default=300)
    options = parser.parse_args()
    print(f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}, polars {pl.__version__}")
    items = load(str(options.data / "benchmarks")).items
    started = time.process_time()
    stored = build(items)
    built = time.process_time() - started
    index = unpack(stored, "index")
    print(
        f"{len(items):,} items, {len(index.known.keys):,} n-grams, {len(stored) / 1e6:.0f} MB, built in {built:.0f} "
        f"CPU-s; {len(index.unchecked)} items can't be looked for"
    )
    corpora = options.data / "corpora"
    articles = {
        lang: [text for text in pl.read_ndjson(corpora / path)["text"].head(400) if 500 < len(text) < 10_000]
        for lang, path in (("zh", "general/zh/lctt_zh.jsonl.zst"), ("en", "general/en/lctt_en.jsonl.zst"))
    }
    recall(items, articles, index, options.questions)
    del items, stored
    false_alarms(corpora, index)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
