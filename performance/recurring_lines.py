"""What line deduplication cuts of real corpora and pages, and how fast; and how many addresses a second are normalised.

Each corpus is taken as the pages of one host, which is harsher than the truth: whatever recurs over its documents may
go. Pages are taken as extracted, and as blocks of all their text (what an extractor would leave that keeps everything);
their host is that of their own links, a line needs 3 documents and a third of the host's, and what goes is compared
with the text that people copied by hand. `--show N` prints N lines of each corpus that go.

    python performance/recurring_lines.py [--show N] [DATA]     # DATA: ../shared/data
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl
import zstandard
from lxml import html

from curate import cuts, read
from curate.corpus import notes_of, with_measures
from curate.dedup.address import normalised
from curate.dedup.lines import LineDedup, Recurrence, Sizes
from curate.files import found
from curate.kernels.tokens import spaced
from curate.recipe import Source
from curate.stages.encoding import decode
from curate.stages.extract import Extract

_LINK = re.compile(r"(?:href|src)=[\"']?(https?://[^\"'> ]+)")
_CANONICAL = re.compile(r"rel=[\"']?canonical[^>]*href=[\"']?(https?://[^\"'> ]+)")
_BLOCKS = """
p div li tr h1 h2 h3 h4 h5 h6 br table ul ol section article header footer nav form title dd dt td option button
"""
_APART = frozenset(_BLOCKS.split())


def rows(path: Path) -> Iterator[dict[str, object]]:
    with zstandard.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def corpora(data: Path, show: int) -> None:
    print(f"{'corpus':<44}{'documents':>10}{'cut':>8}{'characters':>12}{'lines':>7}  emit MB/CPU-s")
    for path in sorted(data.glob("corpora/*/*/*.jsonl.zst")):
        texts = [str(row["text"]) for row in rows(path)]
        docs = pages(texts, ["https://host.example/"] * len(texts))
        notes = notes_of(LineDedup(), [docs])
        lines: Counter[str] = Counter()
        evidence = notes["line_evidence"].to_list() if "line_evidence" in notes.columns else []
        for told in evidence:
            lines.update(line["line"] for line in json.loads(told)["lines"])
        cut = int(notes["line_dedup_cut"].sum()) if evidence else 0
        name = str(path.relative_to(data / "corpora")).removesuffix(".jsonl.zst")
        print(f"{name:<44}{len(texts):>10,}{len(evidence):>8,}{cut:>12,}{len(lines):>7,}{speed(docs):>10.0f}")
        for line, count in lines.most_common(show):
            print(f"      {count:>6,}  {line!r}")


def speed(docs: pl.DataFrame) -> float:
    """MB of text per CPU-second of the round that reads it."""
    stage = LineDedup()
    addressed = docs.with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), pl.lit(0, pl.UInt32).alias("shard")
    )
    sizes = Sizes("host", 2)
    notes = sizes.reduce(sizes.emit(addressed, addressed.select("shard", "row").clear()))
    started = time.process_time()
    Recurrence("host", stage.documents, stage.share).emit(addressed, notes)
    return float(docs["text"].str.len_bytes().sum()) / 1e6 / max(1e-9, time.process_time() - started)


def pages(texts: list[str], urls: list[str]) -> pl.DataFrame:
    docs = pl.DataFrame({"doc_id": [str(number) for number in range(len(texts))], "text": texts, "url": urls})
    return docs.with_columns(source=pl.lit("s"), kind=pl.lit("prose"), priority=pl.lit(0, pl.Int64))


def sites(data: Path) -> None:
    """Pages of html/, extracted and as blocks, against the text that people copied."""
    folders = [path.parent for path in sorted(data.glob("html/*/pages.warc.gz")) if "novels" not in str(path)]
    raw = pl.concat(
        [
            batch.docs
            for folder in folders
            for batch in read.open_shard(
                Source(name=folder.name, path=str(folder / "pages.warc.gz")), found(str(folder / "pages.warc.gz"))[0]
            )
        ],
        how="diagonal",
    )
    copied_rows = (row for folder in folders for row in rows(folder / "groundtruth.jsonl.zst"))
    gold = {str(row["url"]): str(row.get("text") or "") for row in copied_rows}
    decoded = [decode(body, kind).text for body, kind in zip(raw["raw"], raw["content_type"], strict=True)]
    hosts = [host_of(text) for text in decoded]
    extracted = Extract()(raw)["text"].to_list()
    for name, texts in (("extracted", extracted), ("all blocks", [blocks(text) for text in decoded])):
        some = [at for at, (text, host) in enumerate(zip(texts, hosts, strict=True)) if text and host]
        docs = pages([texts[at] for at in some], [f"https://{hosts[at]}/" for at in some])
        notes = notes_of(stage := LineDedup(documents=3, share=1 / 3), [docs])
        judged = with_measures(stage, docs, 0, notes)
        gone = in_gold = 0
        wrong: Counter[str] = Counter()
        for at, text, ranges in zip(some, judged["text"], judged[cuts.COLUMN], strict=True):
            copied = set(spaced(pl.Series(gold.get(raw["url"][at], "").split("\n"))))
            cut = [text[one["start"] : one["end"]] for one in ([] if ranges is None else ranges)]
            for line in "\n".join(cut).split("\n"):
                said = spaced(pl.Series([line]))[0]
                gone += bool(said)
                if said and said in copied:
                    in_gold += 1
                    wrong[line.strip()] += 1
        pages_cut = int((judged["lines_cut"] > 0).sum())
        print(f"{name}: {len(some):,} pages of {len(set(hosts)):,} hosts, {pages_cut:,} cut, "
              f"{gone:,} of {recurring(docs):,} lines that recur so often; of them a line of the copied text: "
              f"{in_gold} {dict(wrong.most_common(5))}")  # fmt: skip


def recurring(docs: pl.DataFrame) -> int:
    """How often lines stand that recur in 3 documents and a third of those of their host, content and all."""
    of = pl.col("document").n_unique()
    lines = docs.select("url", pl.col("text").str.split("\n").alias("line")).with_row_index("document").explode("line")
    said = lines.with_columns(spaced(lines["line"])).filter(pl.col("line") != "")
    often = (of.over("url", "line") >= 3) & (3 * of.over("url", "line") >= of.over("url"))
    return said.select(often.sum()).item()


def host_of(page: str) -> str:
    """The host that a page says it is from, or links to most."""
    if (own := _CANONICAL.search(page)) is not None:
        return urlsplit(own[1]).netloc
    counted = Counter(urlsplit(link).netloc for link in _LINK.findall(page))
    return counted.most_common(1)[0][0] if counted else ""


def blocks(page: str) -> str:
    """All visible text of a page, a line for each block."""
    try:
        tree = html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", page))
    except (html.etree.ParserError, ValueError):
        return ""
    out: list[str] = []
    for event, element in html.etree.iterwalk(tree, events=("start", "end")):
        shown = isinstance(element.tag, str) and element.tag not in ("script", "style", "noscript", "head")
        if isinstance(element.tag, str) and element.tag in _APART:
            out.append("\n")
        if event == "start" and shown:
            out.append(re.sub(r"\s+", " ", element.text or ""))
        elif event == "end":
            out.append(re.sub(r"\s+", " ", element.tail or ""))
    return re.sub(r"\n\s*\n+", "\n", "".join(out)).strip()


def addresses(data: Path) -> None:
    urls = [str(row["url"]) for path in sorted(data.glob("corpora/medical/en/*.zst")) for row in rows(path)]
    started = time.process_time()
    forms = {normalised(url) for url in urls}
    seconds = time.process_time() - started
    print(f"{len(urls):,} addresses, {len(forms):,} different, {len(urls) / seconds:,.0f} per CPU-second")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", default=str(Path(__file__).resolve().parents[2] / "shared" / "data"))
    parser.add_argument("--show", type=int, default=0)
    given = parser.parse_args()
    data = Path(given.data)
    if not data.is_dir():
        raise SystemExit(f"{data}: no data there; give the folder that holds corpora/ and html/")
    print(f"{datetime.date.today()}, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
          f"polars {pl.__version__}, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    speed(pages(["版权所有\nText."] * 3, ["https://host.example/"] * 3))  # compiles
    corpora(data, given.show)
    sites(data)
    addresses(data)


if __name__ == "__main__":
    main()
