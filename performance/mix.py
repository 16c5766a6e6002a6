"""How fast a mix is made and read: tokenising beside `tokenizers`, drawing and packing, rows at random.

    python performance/mix.py [--data ../shared/data/corpora] [--tokenizer tokenizer.json ...] [--copies 2]

Tokenising: all documents of the corpora, one thread each, in batches of about a million characters: `encode_batch` of
`tokenizers` (the tokenizer of the mix, special tokens in texts as text), tiktoken's engine with the same ranks, and the
mix's `Encoder`, in MB of UTF-8 per second of CPU, with how many documents have other tokens (none may). By default with
a tokenizer of 32,000 tokens that is trained here on a tenth of the corpora; others are named by --tokenizer.

Drawing and packing: kept shards of the corpora's documents, --copies of each, mixed twice. The first mix tokenises, the
second, of another share, finds the tokens: its CPU-seconds are those of drawing, writing, packing and counting again.
The third is another plan over the tokens of the second. Then the dialogues of sft/ beside the corpora, packed whole.
Each with how full the rows are.

Reading: the rows of that mix, once each, in a random order, one process. Placing: a plan of 10^12 tokens in
a thousand channels, three epochs and a part of a fourth: its size, and how long it takes to find a row of it.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import io
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import numpy as np
import polars as pl
import zstandard

from curate.document import COLUMNS, content_hash, doc_id, render
from curate.engine import Inline
from curate.mix.build import build, replan
from curate.mix.channels import Channel
from curate.mix.plan import Interval, Part, Plan
from curate.mix.reader import MixReader
from curate.mix.report import MixReport
from curate.mix.settings import Mix
from curate.mix.tokenizer import Encoder
from curate.mix.vocabulary import train_tokenizer
from curate.stage import Asset

HERE = Path(__file__).resolve().parent
DATA = HERE.parent.parent / "shared" / "data" / "corpora"
BATCH = 1 << 20  # characters given to an engine together
SHARD = 20_000  # documents of a kept shard


class Corpus(NamedTuple):
    """A file of documents; its folders say of what trade and language they are."""

    path: Path

    @property
    def role(self) -> str:
        return "general" if "general" in self.path.parts else "domain"

    @property
    def lang(self) -> str:
        return self.path.parent.name

    def texts(self) -> Iterator[str]:
        with self.path.open("rb") as file:
            stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
            for line in io.TextIOWrapper(stream, "utf-8", newline="\n"):
                record = json.loads(line)
                yield record["text"] if isinstance(record.get("text"), str) else json.dumps(record, ensure_ascii=False)


def tokenising(name: str, source: bytes, corpora: list[Corpus]) -> None:
    started = time.process_time()
    encode = Encoder(source, mixes=False)
    loading = time.process_time() - started
    peer = encode._tokenizer  # the very same settings: control tokens in texts are text
    cost = {(lang, who): 0.0 for lang in ("zh", "en") for who in ("theirs", "tiktoken", "ours")}
    size, documents, tokens, other = {"zh": 0, "en": 0}, 0, 0, 0
    for corpus in corpora:
        for batch in batches(corpus.texts()):
            start = time.process_time()
            theirs = [found.ids for found in peer.encode_batch(batch, add_special_tokens=False)]
            between = time.process_time()
            ours = encode.encode(batch)
            cost[corpus.lang, "theirs"] += between - start
            cost[corpus.lang, "ours"] += time.process_time() - between
            if encode._ranks is not None:
                start = time.process_time()
                for text in batch:
                    encode._ranks._by_tiktoken(text)
                cost[corpus.lang, "tiktoken"] += time.process_time() - start
            size[corpus.lang] += sum(len(text.encode()) for text in batch)
            documents += len(batch)
            tokens += sum(map(len, ours))
            other += sum(not np.array_equal(mine, one) for mine, one in zip(ours, theirs, strict=True))
    because = f" ({encode.because})" if encode.because else ""
    print(f"{name}: {encode.vocabulary:,} tokens, run by {encode.engine}{because}")
    print(
        f"  loaded and checked in {loading:.2f} s; {documents:,} documents, {tokens:,} tokens, {other} documents differ"
    )
    for lang in (*size, "both"):
        langs = tuple(size) if lang == "both" else (lang,)
        mb = sum(size[one] for one in langs) / 1e6
        theirs, tiktoken, ours = (sum(cost[one, who] for one in langs) for who in ("theirs", "tiktoken", "ours"))
        print(
            f"  {lang:5}{mb:6.1f} MB: encode_batch {mb / theirs:5.2f}, tiktoken {mb / (tiktoken or np.inf):5.2f}, "
            f"Encoder {mb / ours:5.2f} MB per CPU-second: {theirs / ours:.2f} times encode_batch"
        )


def batches(texts: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def drawing(tokenizer: Asset, corpora: list[Corpus], copies: int, folder: Path) -> Path:
    shards = kept(corpora, copies, folder / "kept")
    cache = str(folder / "tokens")
    for name, part in (("first", 0.1), ("second", 0.15)):
        mix = Mix(tokenizer=tokenizer, domain_share=part)
        wall, cpu = time.perf_counter(), time.process_time()
        report = build(mix, shards, str(folder / name), Inline(), cache)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        # What is written are all documents; what is drawn of them is for the plan to say.
        said(name, report, cpu, wall)
    mix = Mix(tokenizer=tokenizer, domain_share=0.12)
    wall, cpu = time.perf_counter(), time.process_time()
    report = replan(mix, str(folder / "second"), str(folder / "third"))
    said("third (no token written)", report, time.process_time() - cpu, time.perf_counter() - wall)
    return folder / "third"


def said(name: str, report: MixReport, cpu: float, wall: float) -> None:
    written = sum(one.tokens for part in (report.channels, report.held_out, report.unused) for one in part.values())
    drawn = sum(one.read_tokens for one in report.roles.values())
    print(
        f"  {name}: {written / 1e6:.1f} M tokens there, {drawn / 1e6:.1f} M drawn in {report.rows:,} rows, "
        f"{100 * report.efficiency:.2f} % full, domain {100 * report.realised:.3f} %: {cpu:.1f} CPU-s, "
        f"{written / cpu / 1e6:.2f} M tokens per CPU-second ({wall:.1f} s)"
    )


def dialogues(tokenizer: Asset, data: Path, folder: Path) -> None:
    """The dialogues beside the corpora, in rows of 2,048 tokens; the second time from kept tokens."""
    rows = []
    for path in sorted(data.rglob("*.jsonl.zst")):
        for number, record in enumerate(records(path)):
            turns = [
                {"role": turn["role"], "content": turn["content"], "reasoning": None, "tool_calls": None}
                for turn in record.get("messages") or []
            ]
            name, role = path.name.split(".")[0], "general" if path.parent.name == "general" else "domain"
            text = render(turns)
            if not any(turn["role"] == "assistant" for turn in turns):
                continue
            rows.append(
                {"doc_id": doc_id(name, str(number)), "content_hash": content_hash(text.encode()), "text": text}
                | {"source": name, "role": role, "lang": name[:2], "kind": "dialogue", "locator": str(number)}
                | {"origin_id": str(number), "license": "see SOURCES.md", "meta": "{}", "messages": turns}
            )
    folder.mkdir()
    docs = [{name: row.get(name) for name in COLUMNS} for row in rows]
    pl.DataFrame(docs, schema=pl.Schema(COLUMNS)).write_parquet(folder / "0.parquet")
    for name in ("dialogues, first", "dialogues, second"):
        mix = Mix(tokenizer=tokenizer, stage="sft", row_length=2048)
        wall, cpu = time.perf_counter(), time.process_time()
        report = build(
            mix, [str(folder / "0.parquet")], str(folder / name.split()[1]), Inline(), str(folder / "tokens")
        )
        said(name, report, time.process_time() - cpu, time.perf_counter() - wall)


def records(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        for line in io.TextIOWrapper(stream, "utf-8", newline="\n"):
            yield json.loads(line)


def placing() -> None:
    names = [f"{'domain' if number < 100 else 'general'}{number:03d}" for number in range(1000)]
    whole = Part(documents=700_000, tokens=350_000_000, rows=341_797)
    rest = Part(documents=100_000, tokens=51_200_000, rows=50_000)
    plan = Plan(
        stage="pt", unit="tokens", seed=0, row_length=1024, domain_share=0.1, cap=0.15, override=None,
        tokenizer="0" * 64, vocabulary=152_000, token_type="u4", end="<|endoftext|>", end_id=0, template=None, asked={},
        size=1.1e12, parts=dict.fromkeys(names, 0.001),
        channels=tuple(
            Channel(name=name, role=name[:-3], source=name, domain=None, lang=None, kind=None, task=None)
            for name in names
        ),
        drawn=dict.fromkeys(names, Interval(passes=3, whole=whole, rest=rest)),
        held_out=dict.fromkeys(names, Interval(rest=Part(documents=7000, tokens=3_500_000, rows=3418))),
    )  # fmt: skip
    tokens = sum(interval.tokens for interval in plan.drawn.values())
    rows = np.random.default_rng(0).integers(0, plan.rows, 20_000).tolist()
    plan.place(0)
    cpu = time.process_time()
    for row in rows:
        name, ordinal = plan.place(row)
        plan.drawn[name].at(ordinal, plan.seed)
    cpu = time.process_time() - cpu
    print(
        f"  {tokens:.3g} tokens, {plan.rows:,} rows, {len(names)} channels: plan.json has "
        f"{len(plan.to_json()):,} bytes; a row is found in {cpu / len(rows) * 1e6:.1f} microseconds"
    )


def kept(corpora: list[Corpus], copies: int, folder: Path) -> list[str]:
    folder.mkdir()
    rows: list[dict[str, str]] = []
    paths: list[str] = []

    def flush() -> None:
        paths.append(str(folder / f"{len(paths):05d}.parquet"))
        docs = [{name: row.get(name) for name in COLUMNS} for row in rows]
        pl.DataFrame(docs, schema=pl.Schema(COLUMNS)).write_parquet(paths[-1])
        rows.clear()

    for copy in range(copies):
        for corpus in corpora:
            for number, text in enumerate(corpus.texts()):
                name = corpus.path.name.split(".")[0]
                rows.append(
                    {"doc_id": doc_id(f"{name}{copy}", str(number)), "content_hash": content_hash(text.encode())}
                    | {"text": text, "source": name, "role": corpus.role, "lang": corpus.lang, "kind": "prose"}
                    | {"locator": str(number), "origin_id": str(number), "license": "see SOURCES.md", "meta": "{}"}
                )
                if len(rows) == SHARD:
                    flush()
    if rows:
        flush()
    return paths


def reading(mix: Path) -> None:
    reader = MixReader(mix)
    order = np.random.default_rng(0).permutation(len(reader)).tolist()
    reader.row(0)
    for name in ("first pass", "again"):
        cpu, wall = time.process_time(), time.perf_counter()
        tokens = sum(reader.row(index).length for index in order)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print(
            f"  {len(order):,} rows of {reader.plan.row_length} at random, {name}: {tokens / cpu / 1e6:.0f} M tokens "
            f"per CPU-second ({tokens / wall / 1e6:.0f} M per second on this shared machine)"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--tokenizer", type=Path, action="append", default=[])
    parser.add_argument("--copies", type=int, default=2)
    parser.add_argument("--only", choices=("tokenising", "drawing"))
    given = parser.parse_args()
    corpora = [Corpus(path) for path in sorted(given.data.rglob("*.jsonl.zst"))]
    if not corpora:
        raise SystemExit(f"there are no corpora in {given.data}: name their folder with --data")
    names = ("tokenizers", "tiktoken", "numpy", "polars", "numba")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    print(f"{datetime.date.today()}; {platform.machine()}, {os.cpu_count()} cores; Python {platform.python_version()}")
    print(versions)
    folder = Path(tempfile.mkdtemp(prefix="mix-"))
    try:
        every_tenth = (text for corpus in corpora for number, text in enumerate(corpus.texts()) if number % 10 == 0)
        own = train_tokenizer(every_tenth, 32_000)
        (folder / "tokenizer.json").write_bytes(own)
        if given.only != "drawing":
            print("\ntokenising")
            tokenising("trained here", own, corpora)
            for path in given.tokenizer:
                tokenising(path.name, path.read_bytes(), corpora)
        if given.only != "tokenising":
            print("\ndrawing and packing")
            mix = drawing(Asset.of(folder / "tokenizer.json"), corpora, given.copies, folder)
            if (given.data.parent / "sft").is_dir():
                dialogues(Asset.of(folder / "tokenizer.json"), given.data.parent / "sft", folder / "sft")
            print("\nreading")
            reading(mix)
            print("\nplacing")
            placing()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
