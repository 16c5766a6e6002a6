"""How fast the entries of a list of 10,000 are found, and in which ways of writing, beside other tools.

    python performance/keywords.py [--data ../shared/data] [--environments ~/.cache/curate-peers] [--mb 40]

The list is made by hash of the corpora themselves: half are 3 to 5 Chinese characters that stand together somewhere,
half English phrases of two words and single words that occur once or twice. Speed is of one thread, in MB of UTF-8 per
CPU-second, on the first MB of each corpus of DATA/corpora: the kernel alone, the stage with its measures and evidence,
and pyahocorasick, flashtext and one regular expression in environments of their own (hits: theirs of letters count
within words where they know no words). Planted: 200 entries of each language written in each way.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numba
import polars as pl
from peers.environments import HOME, Peer, python

from curate.document import COLUMNS, share_of
from curate.kernels import fold, keywords
from curate.stage import Asset, measured
from curate.stages.heuristics.keywords import Keywords
from curate.stages.heuristics.lexicon import lexicon

ENTRIES = 10_000
SCRIPT = "finding_keywords.py"
PEERS = (
    Peer("pyahocorasick", SCRIPT, ("pyahocorasick==2.2.0",)),
    Peer("flashtext", SCRIPT, ("flashtext==2.7",)),
    Peer("re", SCRIPT, ()),
)
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
CYRILLIC = str.maketrans("aeopcx", "аеорсх")
TRADITIONAL = {simple: traditional for traditional, simple in fold.simplifications()}

WAYS: dict[str, Callable[[str], str]] = {
    "as it is": lambda entry: entry,
    "upper case, full width": lambda entry: entry.upper().translate(WIDE),
    "traditional characters": lambda entry: entry.translate(TRADITIONAL),
    "zero width within": "\u200b".join,
    "spaces between": lambda entry: " ".join(entry.replace(" ", "")),
    "* between": lambda entry: "*".join(entry.replace(" ", "")),
    "Cyrillic twins": lambda entry: entry.translate(CYRILLIC),
}


def made(texts: list[str]) -> list[str]:
    """The list: Chinese and English entries in equal numbers, by their hashes."""
    chinese: set[str] = set()
    words: Counter[str] = Counter()
    phrases: set[str] = set()
    for text in texts:
        for run in re.findall(r"[\u4e00-\u9fff]{5,}", text[:20_000])[::7]:
            chinese.add(run[: 3 + len(run) % 3])
        found = re.findall(r"[a-z]{4,12}", text[:20_000].lower())
        words.update(found)
        phrases.update(" ".join(pair) for pair in zip(found[::11], found[1::11], strict=False))
    rare = {word for word, count in words.items() if count <= 2}
    parts = ((chinese, ENTRIES // 2), (rare, ENTRIES // 4), (phrases, ENTRIES // 4))
    return [entry for some, most in parts for entry in sorted(some, key=share_of)[:most]]


def planted(entries: list[str]) -> list[tuple[str, str, str]]:
    """(language, way, text) for entries of each language in each way that changes them."""
    chosen = {
        "zh": [entry for entry in entries if not entry.isascii()][:200],
        "en": [entry for entry in entries if entry.isascii()][:200],
    }
    out = []
    for lang, some in chosen.items():
        for way, written in WAYS.items():
            for entry in some:
                text = written(entry)
                if text != entry or way == "as it is":
                    frame = "他说起{}的时候笑了。" if lang == "zh" else "(1) {} (2)"
                    out.append((lang, way, frame.format(text)))
    return out


def documents(texts: pl.Series) -> pl.DataFrame:
    nothing = {name: pl.lit(None, dtype) for name, dtype in COLUMNS.items() if name != "text"}
    return texts.to_frame("text").with_columns(**nothing | {"kind": pl.lit("prose"), "doc_id": pl.lit("-")})


def ours(texts: pl.Series, stage: Keywords, plants: pl.Series) -> list[bool]:
    words = lexicon(stage.entries, None, False)
    docs, size = documents(texts), int(texts.str.len_bytes().sum())
    measured(stage, docs.head(2))
    for title, work in (("kernel", lambda: keywords.find(texts, words.trie)), ("stage", lambda: stage(docs))):
        began = time.process_time()
        work()
        took = time.process_time() - began
        print(f"  {'Curate, ' + title:30} {size / took / 1e6:8.1f}", end="")
        print(f"  {measured(stage, docs)['keywords_hits'].sum():9,} hits" if title == "stage" else "")
    return (measured(stage, documents(plants))["keywords_hits"] > 0).to_list()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--environments", type=Path, default=HOME)
    parser.add_argument("--mb", type=int, default=40)
    options = parser.parse_args()
    print(
        f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}, polars {pl.__version__}, "
        f"numba {numba.__version__}"
    )
    files = sorted((options.data / "corpora").glob("*/*/*.jsonl.zst"))
    if not files:
        print(f"skipped: there are no corpora in {options.data}")
        return
    texts: list[str] = []
    for file in files:
        some = pl.read_ndjson(file)["text"]
        texts += some.filter(some.str.len_bytes().cum_sum() < options.mb * 1_000_000 // len(files)).to_list()
    texts.sort(key=share_of)
    entries = made(texts)
    plants = planted(entries)
    print(f"{len(entries):,} entries, {sum(len(text.encode()) for text in texts) / 1e6:.0f} MB; MB per CPU-second")
    with tempfile.TemporaryDirectory() as folder:
        words = Path(folder, "list.txt")
        words.write_text("\n".join(entries), "utf-8")
        told = {"Curate": ours(pl.Series(texts), Keywords(entries=Asset.of(words)), pl.Series([p[2] for p in plants]))}
        given = Path(folder, "input.json")
        given.write_text(json.dumps({"entries": entries, "texts": texts, "planted": [plant[2] for plant in plants]}))
        for peer in PEERS:
            interpreter = python(peer, options.environments)
            if interpreter is None:
                continue
            script = Path(__file__).parent / "peers" / peer.script
            done = subprocess.run([interpreter, script, peer.name, given], capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"skipped: {peer.name}: {done.stderr.strip().splitlines()[-1:]}")
                continue
            said = json.loads(done.stdout)
            part = "" if said["bytes"] > 1e7 else f" of {said['bytes'] / 1e6:.1f} MB"
            print(f"  {peer.name:30} {said['bytes'] / said['seconds'] / 1e6:8.2f}  {said['hits']:9,} hits{part}")
            told[peer.name] = said["found"]
    print("\nfound of planted, %" + "".join(f"{name:>16}" for name in told))
    for lang in ("zh", "en"):
        for way in WAYS:
            rows = [n for n, plant in enumerate(plants) if plant[:2] == (lang, way)]
            if rows:
                cells = [100 * sum(found[row] for row in rows) / len(rows) for found in told.values()]
                print(f"  {lang} {way:26}" + "".join(f"{cell:16.1f}" for cell in cells) + f"   of {len(rows)}")


if __name__ == "__main__":
    main()
