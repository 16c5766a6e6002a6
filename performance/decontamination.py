"""Decontamination beside datatrove's n-gram filter and a set of 13-grams: recall, false alarms, speed, memory.

    python performance/decontamination.py [--data ../shared/data] [--items 30] [--home ~/.cache/curate-peers]

One set of items (some of each benchmark below DATA) and one of texts for all: the items planted in documents of
DATA/corpora in four of the ways of performance/contamination.py, and documents of DATA/corpora as they are. Speed is of
one thread, from text to verdict, in MB of UTF-8 per second of CPU; Curate's also against five million n-grams (all
items, and the questions of DATA/sft as one more benchmark), with the memory of a process that does it above one that
has only imported it.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import polars as pl
from contamination import LIMIT, WAYS, alone_in, articles, deciding, lang, planted
from peers import environments

from curate.decontaminate.benchmarks import Item, load
from curate.decontaminate.building import build
from curate.decontaminate.index import unpack

WAYS_HERE = ("verbatim", "punctuation", "width and case", "10 % edited")
CLEAN = 60  # documents of each corpus
GPT3 = 13
SCAN = """
import json, re, sys, time
from pathlib import Path
import polars as pl
from curate.decontaminate.index import load
from curate.decontaminate.match import matches
from curate.stage import Asset
def peak(): return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
bare = peak()
index = load(Asset.of(sys.argv[1]))
matches(pl.Series(["天地", "heaven"]), index, .4)
rates = {}
for file in sys.argv[2:]:
    texts = pl.read_parquet(file)["text"]
    began = time.process_time()
    matches(texts, index, .4)
    rates[Path(file).stem] = int(texts.str.len_bytes().sum()) / (time.process_time() - began) / 1e6
    before = peak()
print(json.dumps({"bare": bare, "peak": peak(), "rates": rates, "grams": index.grams()}))
"""


class Texts(NamedTuple):
    """What all are given: texts of a language, and for each the way that an item was planted, or "clean"."""

    texts: list[str]
    ways: list[str]


def texts_of(items: Sequence[Item], data: Path) -> dict[str, Texts]:
    chance = random.Random(3)
    written = articles(data)
    alone = alone_in(unpack(build(items), "index"))
    out = {language: Texts([], []) for language in ("zh", "en")}
    for item in items:
        for way in WAYS_HERE:
            name = (item.benchmark, item.split, item.id)
            text = WAYS[way](item, alone.get(name, False), chance) if name in alone else None
            if text is not None:
                if not alone[name] and item.context:
                    text = f"{item.context}\n{text}"
                out[lang(item)].texts.append(planted(text, way, chance.choice(written[lang(item)]), chance))
                out[lang(item)].ways.append(way)
    for file in sorted((data / "corpora").glob("*/*/*.jsonl.zst")):
        found = pl.read_ndjson(file)["text"].tail(CLEAN).str.head(20_000).to_list()
        out[file.parent.name].texts.extend(found)
        out[file.parent.name].ways.extend(["clean"] * len(found))
    return out


class Verdict(NamedTuple):
    removed: dict[str, set[int]]
    rates: dict[str, float]
    grams: int


def rate(texts: Sequence[str], seconds: float) -> float:
    return sum(len(text.encode()) for text in texts) / max(seconds, 1e-9) / 1e6


def curate(items: Sequence[Item], given: dict[str, Texts]) -> Verdict:
    index = unpack(build(items), "index")
    deciding(["天地", "heaven"], index, LIMIT)
    removed, rates = {}, {}
    for language, texts in given.items():
        began = time.process_time()
        removed[language] = set(deciding(texts.texts, index, LIMIT)["row"].to_list())
        rates[language] = rate(texts.texts, time.process_time() - began)
    return Verdict(removed, rates, index.grams())


def thirteen(items: Sequence[Item], given: dict[str, Texts]) -> Verdict:
    """As GPT-3's (Brown et al. 2020, appendix C): lower case, no punctuation, words by spaces; one is enough."""

    def grams(text: str) -> list[str]:
        words = re.sub(r"[^\w\s]", "", text.lower()).split()
        return [" ".join(words[at : at + GPT3]) for at in range(len(words) - GPT3 + 1)]

    known = {gram for item in items for gram in grams("\n".join((item.context, item.question, *item.choices)))}
    removed, rates = {}, {}
    for language, texts in given.items():
        began = time.process_time()
        removed[language] = {n for n, text in enumerate(texts.texts) if any(gram in known for gram in grams(text))}
        rates[language] = rate(texts.texts, time.process_time() - began)
    return Verdict(removed, rates, len(known))


def datatrove(items: Sequence[Item], given: dict[str, Texts], setting: str, home: Path) -> Verdict | None:
    peer = next(peer for peer in environments.PEERS if peer.name == "datatrove")
    interpreter = environments.python(peer, home)
    if interpreter is None:
        return None
    asked: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for item in items:
        asked[lang(item)].append(("\n".join((item.question, *item.choices)), item.answer))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "given.json")
        texts = {language: texts.texts for language, texts in given.items()}
        file.write_text(json.dumps({"items": asked, "texts": texts}))
        script = environments.FOLDER / "decontaminating.py"
        done = subprocess.run([interpreter, script, file, setting], capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"datatrove, {setting}: {done.stderr.strip().splitlines()[-1]}")
            return None
        out: dict[str, dict[str, Any]] = json.loads(file.with_suffix(".out").read_text())
    return Verdict(
        {language: set(found["removed"]) for language, found in out.items()},
        {language: rate(given[language].texts, found["seconds"]) for language, found in out.items()},
        sum(found["grams"] for found in out.values()),
    )


def told(name: str, verdict: Verdict | None, given: dict[str, Texts]) -> None:
    if verdict is None:
        return
    for language, texts in given.items():
        cells = []
        for way in (*WAYS_HERE, "clean"):
            rows = {n for n, other in enumerate(texts.ways) if other == way}
            share = 100 * len(rows & verdict.removed[language]) / max(1, len(rows))
            cells.append(f"{share:>10.2f}" if way == "clean" else f"{share:>10.1f}")
        print(f"  {name:22} {language} {' '.join(cells)} {verdict.rates[language]:>9.2f}")


def large(items: Sequence[Item], data: Path) -> None:
    """Speed and memory against five million n-grams, in a process of its own."""
    asked = [
        Item(
            benchmark="sft",
            id=f"{file.stem}/{n}",
            question=messages[0]["content"],
            answer=messages[-1]["content"][:400],
        )
        for file in sorted((data / "sft").glob("*/*.jsonl.zst"))
        for n, messages in enumerate(pl.read_ndjson(file)["messages"].head(4000).to_list())
    ]
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder, "index")
        index.write_bytes(build([*items, *asked]))
        tables = []
        for path in (
            "general/zh/lctt_zh",
            "law/zh/prc_laws",
            "general/en/lctt_en",
            "medical/en/medquad",
            "law/en/dc_law",
        ):
            table = Path(folder, f"{path.replace('/', ' ')}.parquet")
            texts = pl.read_ndjson(data / "corpora" / f"{path}.jsonl.zst").select("text")
            sizes = texts["text"].str.len_bytes().cum_sum()
            texts.filter(sizes < 10_000_000).write_parquet(table)
            tables.append(str(table))
        done = subprocess.run(
            [sys.executable, "-c", SCAN, str(index), *tables], capture_output=True, text=True, check=True
        )
        found = json.loads(done.stdout)
        size = index.stat().st_size / 1e6
    rates = ", ".join(f"{name} {value:.0f}" for name, value in found["rates"].items())
    print(
        f"\n{len(items) + len(asked):,} items, {found['grams']:,} n-grams, an index of {size:.0f} MB; "
        f"MB per CPU-second: {rates}"
    )
    print(
        f"peak memory {found['peak']:.0f} MB, {found['peak'] - found['bare']:.0f} MB above an interpreter with imports"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--items", type=int, default=30)
    parser.add_argument("--home", type=Path, default=environments.HOME)
    options = parser.parse_args()
    print(f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}, polars {pl.__version__}")
    everything = load(str(options.data / "benchmarks")).items
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in everything:
        groups[item.benchmark].append(item)
    chance = random.Random(2)
    items = [
        item for name in sorted(groups) for item in chance.sample(groups[name], min(options.items, len(groups[name])))
    ]
    given = texts_of(items, options.data)
    counts = {language: f"{len(texts.texts):,} {language}" for language, texts in given.items()}
    print(f"{len(items)} items; texts: {', '.join(counts.values())}; found, clean ones removed, %; MB per CPU-second")
    print(f"  {'':25} " + " ".join(f"{way[:10]:>10}" for way in (*WAYS_HERE, "clean")) + f" {'MB/CPU-s':>9}")
    told("Curate", curate(items, given), given)
    told("13-grams, any", thirteen(items, given), given)
    told("datatrove, best", datatrove(items, given, "best", options.home), given)
    told("datatrove, defaults", datatrove(items, given, "defaults", options.home), given)
    large(everything, options.data)


if __name__ == "__main__":
    main()
