"""How much of the main text is found, how much beside it, and how fast: Curate, trafilatura and resiliparse.

    python performance/extraction.py [--data ../shared/data/html] [--only SET] [--worst 20] [--cascade]

For each set of pages with gold text below DATA, and each language in it: the mean over pages of F1, precision and
recall of the bag of tokens, and pages per second of CPU time, decoding included. With c(t) the times that token t
occurs in the text found and g(t) in the gold text, precision is sum min(c, g) / sum c, recall is sum min(c, g) / sum g,
and F1 their harmonic mean; a page without text scores 0. A token is a word (a run of letters and digits, lower case),
in Chinese, Japanese, Korean and Thai a character that is no white space. `F1-4` is the same over runs of four tokens:
it sees order.

The interval is of the difference of F1 between Curate and trafilatura (its defaults, and its best setting on that set
and language, chosen with hindsight): 95 %, paired bootstrap over pages, 1,000 resamples, seed 0. The last lines are of
sets without gold text: pages without any text found, and the characters found in all.

resiliparse takes part where it is importable or lies in ~/.cache/curate/peers
(pip install --no-deps --target ~/.cache/curate/peers resiliparse).
"""

from __future__ import annotations

import argparse
import datetime
import io
import json
import logging
import os
import platform
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import cascade
import numpy as np
import polars as pl
import trafilatura
import zstandard
from fastwarc.warc import ArchiveIterator, WarcRecordType
from trafilatura.meta import reset_caches

from curate.document import COLUMNS, RAW
from curate.stage import measured
from curate.stages.extract import Extract

PEERS = Path.home() / ".cache" / "curate" / "peers"
GROUP = 24  # pages that each extractor reads in turn, so that a busy neighbour slows all of them
RESAMPLES = 1000
SPACELESS = ("zh", "ja", "ko", "th")
_WORD = re.compile(r"[^\W_]+")


class Page(NamedTuple):
    """A page as it was served, and what somebody took for its text."""

    url: str
    lang: str
    raw: bytes
    content_type: str | None
    gold: str | None


Extractor = Callable[[Sequence[Page]], list[str]]


def pages_of(folder: Path) -> list[Page]:
    """The pages of one set, in the order of their archive."""
    with (folder / "groundtruth.jsonl.zst").open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8")
        rows = {row["url"]: row for row in map(json.loads, lines)}
    found = []
    with (folder / "pages.warc.gz").open("rb") as file:
        for record in ArchiveIterator(file, parse_http=True, record_types=WarcRecordType.response):
            row = rows.get(record.headers.get("WARC-Target-URI"))
            if row is not None:
                kind = record.http_headers.get("Content-Type")
                found.append(Page(row["url"], row["lang"].rstrip("?"), record.reader.read(), kind, row.get("text")))
    return found


def documents(pages: Sequence[Page]) -> pl.DataFrame:
    """The pages as a reader gives them."""
    count = len(pages)
    given = {
        "doc_id": pl.Series([f"{number:032x}" for number in range(count)], dtype=pl.String),
        "url": pl.Series([page.url for page in pages], dtype=pl.String),
        "raw": pl.Series([page.raw for page in pages], dtype=pl.Binary),
        "content_type": pl.Series([page.content_type for page in pages], dtype=pl.String),
    }
    columns = {**COLUMNS, **RAW}
    return pl.DataFrame(
        {name: given.get(name, pl.Series([None] * count, dtype=dtype)) for name, dtype in columns.items()}
    )


def made(url: str, lang: str, raw: bytes) -> Page:
    """A page that was put together here."""
    return Page(url, lang, raw, "text/html; charset=utf-8", None)


def ours(pages: Sequence[Page]) -> list[str]:
    return [text or "" for text in measured(Extract(), documents(pages))["text"]]


def trafilaturas(**options: bool) -> Extractor:
    return lambda pages: [trafilatura.extract(page.raw, **options) or "" for page in pages]


def resiliparse() -> Extractor | None:
    """resiliparse with its own detection of the encoding, main content alone; None where it isn't installed."""
    try:
        from resiliparse.extract.html2text import extract_plain_text
        from resiliparse.parse.encoding import bytes_to_str, detect_encoding
    except ImportError:
        return None
    return lambda pages: [
        extract_plain_text(
            bytes_to_str(page.raw, detect_encoding(page.raw)),
            main_content=True,
            alt_texts=False,
            links=False,
            comments=False,
        )
        for page in pages
    ]


def extractors() -> dict[str, Extractor]:
    """Every one by its name; the defaults of trafilatura come first among its settings."""
    found = {
        "curate": ours,
        "trafilatura": trafilaturas(),
        "  no comments": trafilaturas(include_comments=False),
        "  fast": trafilaturas(fast=True),
        "  fast, no comments": trafilaturas(fast=True, include_comments=False),
        "  recall": trafilaturas(favor_recall=True, include_comments=False),
        "  recall, fast": trafilaturas(favor_recall=True, include_comments=False, fast=True),
        "  precision": trafilaturas(favor_precision=True, include_comments=False),
    }
    peer = resiliparse()
    if peer is None:
        print(f"resiliparse is skipped: it is neither importable nor in {PEERS}")
    else:
        found["resiliparse"] = peer
    return found


def tokens(text: str, spaceless: bool) -> list[str]:
    return list("".join(text.split())) if spaceless else _WORD.findall(text.lower())


def overlap(found: Sequence[object], gold: Sequence[object]) -> tuple[float, float, float]:
    """(F1, precision, recall) of two bags."""
    common = sum((Counter(found) & Counter(gold)).values())
    if not common:
        return 0.0, 0.0, 0.0
    precision, recall = common / len(found), common / len(gold)
    return 2 * precision * recall / (precision + recall), precision, recall


def runs(items: Sequence[str]) -> list[tuple[str, ...]]:
    """Runs of four; of all where there are fewer."""
    return list(zip(*(items[start:] for start in range(4)), strict=False)) or [tuple(items)]


@dataclass
class Score:
    """What one extractor got on the pages of one language: rows of (F1, precision, recall, F1 of runs), CPU seconds."""

    rows: list[tuple[float, float, float, float]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, page: Page, text: str) -> None:
        spaceless = page.lang[:2] in SPACELESS
        found, gold = tokens(text, spaceless), tokens(page.gold or "", spaceless)
        self.rows.append((*overlap(found, gold), overlap(runs(found), runs(gold))[0]))
        self.texts.append(text)

    @property
    def f1(self) -> np.ndarray:
        return np.array([row[0] for row in self.rows])


def scored(pages: Sequence[Page], methods: dict[str, Extractor]) -> dict[str, Score]:
    """Every extractor over the same pages, in turns of a few; who begins changes with each turn.

    trafilatura remembers strings that it has seen: each setting starts without them.
    """
    scores = {name: Score() for name in methods}
    order = list(methods)
    for turn, start in enumerate(range(0, len(pages), GROUP)):
        group = pages[start : start + GROUP]
        for name in order[turn % len(order) :] + order[: turn % len(order)]:
            reset_caches()
            started = time.process_time()
            texts = methods[name](group)
            scores[name].seconds += time.process_time() - started
            for page, text in zip(group, texts, strict=True):
                scores[name].add(page, text)
    return scores


def interval(difference: np.ndarray) -> tuple[float, float]:
    """95 % of the means of resampled differences."""
    chance = np.random.default_rng(0)
    picks = chance.integers(0, len(difference), size=(RESAMPLES, len(difference)))
    low, high = np.percentile(difference[picks].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def report(name: str, pages: Sequence[Page], methods: dict[str, Extractor], worst: int) -> dict[str, Score]:
    """Print one set and language; gives the scores."""
    scores = scored(pages, methods)
    print(f"\n{name}: {len(pages)} pages{'':20}F1   precision  recall   F1-4   pages per CPU-second")
    for method, score in scores.items():
        f1, precision, recall, ordered = np.array(score.rows).mean(axis=0)
        print(
            f"  {method:32}{f1:8.4f} {precision:8.4f} {recall:8.4f} {ordered:8.4f} {len(pages) / score.seconds:10.1f}"
        )
    settings = [key for key in methods if key == "trafilatura" or key.startswith("  ")]
    best = max(settings, key=lambda key: float(scores[key].f1.mean()))
    for peer in dict.fromkeys(("trafilatura", best)):
        difference = scores["curate"].f1 - scores[peer].f1
        low, high = interval(difference)
        print(f"  curate - {peer.strip() + (' (best)' if peer == best else ''):30} {difference.mean():+.4f} "
              f"[{low:+.4f}, {high:+.4f}]")  # fmt: skip
    for at in np.argsort(scores["curate"].f1, kind="stable")[:worst]:
        cells = [f"{scores[key].rows[at][0]:.3f}" for key in ("curate", "trafilatura", best)]
        _, precision, recall, _ = scores["curate"].rows[at]
        print(f"    {' / '.join(cells)}  P {precision:.3f} R {recall:.3f}  {pages[at].url}")
    return scores


def without_gold(name: str, pages: Sequence[Page], methods: dict[str, Extractor]) -> None:
    print(f"\n{name}: {len(pages)} pages without gold text{'':10}no text   characters   pages per CPU-second")
    for method, score in scored(pages, methods).items():
        sizes = [len("".join(text.split())) for text in score.texts]
        print(f"  {method:34}{sizes.count(0):15,}{sum(sizes):13,}{len(pages) / score.seconds:13.1f}")


def packages() -> Iterator[str]:
    for name in ("polars", "lxml", "trafilatura", "resiliparse"):
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"no {name}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data" / "html")
    parser.add_argument("--only", action="append", help="a set's name; may be given again")
    parser.add_argument("--worst", type=int, default=0, help="pages of each set to list, with F1 of the three")
    parser.add_argument("--cascade", action="store_true", help="measure the first look at a crawl, and nothing else")
    options = parser.parse_args()
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    if PEERS.is_dir():
        sys.path.append(str(PEERS))
    print(f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}, {', '.join(packages())}")
    folders = [path for path in sorted(options.data.iterdir()) if (path / "groundtruth.jsonl.zst").is_file()]
    if options.cascade:
        found = [page for folder in folders for page in pages_of(folder)]
        cascade.report(found, options.data.parent / "corpora", documents, made)
        return
    methods = extractors()
    total = {name: Score() for name in methods}
    for folder in folders:
        if options.only and folder.name not in options.only:
            continue
        pages = pages_of(folder)
        for lang in sorted({page.lang for page in pages if page.gold}):
            part = [page for page in pages if page.gold and page.lang == lang]
            for name, score in report(f"{folder.name}, {lang}", part, methods, options.worst).items():
                total[name].rows += score.rows
                total[name].seconds += score.seconds
        bare = [page for page in pages if not page.gold]
        if bare:
            without_gold(folder.name, bare, methods)
    print("\nall pages with gold text, pages per CPU-second")
    for name, score in total.items():
        if score.rows:
            print(f"  {name:32}{score.f1.mean():8.4f}{len(score.rows) / score.seconds:10.1f}")


if __name__ == "__main__":
    main()
