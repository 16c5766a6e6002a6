"""What adding documents to a published version costs, beside making it: the first addition of 1 %, and the hundredth.

    python performance/incremental.py [--documents 100000] [--data ../shared/data] [--work FOLDER]
    python performance/incremental.py --sketches

Documents of about 2 KB are made of real ones, half Chinese and half English: passages of DATA/corpora in which one
token in five is replaced, so that two from one passage are no copies; one in fifty is a planted near copy of another.
The whole job (read, exact and near duplicates, publish) is run on N of them in a process of its own, then on N / 100
more as an addition; the 98 after that are published without a run, which gives the same index; the hundredth is run
again. One in ten documents of an addition is a copy of a stored one, one token in a hundred replaced. CPU-seconds are
those of the process from its start, with imports. Goal: each measured addition under 5 % of the whole at 1,000,000.

`--sketches` prints instead how well stored sketches of several sizes tell copies, on the pairs of DATA/dedup.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import numpy as np
import polars as pl

from curate.dedup.index import Parameters
from curate.dedup.minhash import MinHashDedup
from curate.dedup.near import likeness_of
from curate.document import COLUMNS, content_hash, doc_id
from curate.engine import Inline
from curate.kernels.signatures import band_keys
from curate.kernels.sketches import similarities
from curate.publish.settings import Version
from curate.publish.version import publish

ROOT = Path(__file__).resolve().parent.parent
CORPORA = {"zh": ("general/zh/lctt_zh", "law/zh/prc_laws"), "en": ("general/en/lctt_en", "medical/en/medquad")}
BYTES = 2000
FILE = 20_000  # documents

RECIPE = """
from curate.dedup.exact import ExactDedup
from curate.dedup.known import Known
from curate.dedup.minhash import MinHashDedup
from curate.dedup.near import likeness_of
from curate.publish.settings import Version
from curate.recipe import Recipe, Source

PARENT = {parent!r}
recipe = Recipe(
    name="incremental",
    sources=(Source(name="pages", path={path!r}, key="id"),),
    stages=(*(() if PARENT is None else (Known.of(PARENT),)), ExactDedup(), MinHashDedup()),
    version=Version(name={name!r}, title="Incremental", extends=PARENT),
)
"""


# A process begins with its parent's peak of memory, so a small one stands between.
LAUNCHER = """
import json, os, sys, time
started = time.monotonic()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
_, status, usage = os.wait4(pid, 0)
print(json.dumps([usage.ru_utime + usage.ru_stime, time.monotonic() - started, usage.ru_maxrss]))
sys.exit(status != 0)
"""


class Cost(NamedTuple):
    cpu: float
    wall: float
    peak: int


class Maker:
    """Documents by their number, always the same."""

    def __init__(self, corpora: Path) -> None:
        self.passages = {lang: _passages(corpora, lang) for lang in CORPORA}
        self.words = {lang: np.concatenate(some[:2000]) for lang, some in self.passages.items()}

    def document(self, number: int) -> dict[str, str]:
        lang = ("zh", "en")[number % 2]
        draw = np.random.default_rng(number)
        if number % 50 >= 48 and number >= 1000:  # a near copy of one some way before it
            tokens = self._tokens(number - 2 * int(draw.integers(1, 400)), lang)
            tokens = self._edited(tokens, lang, draw, 0.01)
        else:
            tokens = self._tokens(number, lang)
        return {"id": str(number), "text": ("" if lang == "zh" else " ").join(tokens), "lang": lang}

    def twin(self, number: int, of: int) -> dict[str, str]:
        lang = ("zh", "en")[of % 2]
        tokens = self._edited(self._tokens(of, lang), lang, np.random.default_rng(number), 0.01)
        return {"id": str(number), "text": ("" if lang == "zh" else " ").join(tokens), "lang": lang}

    def _tokens(self, number: int, lang: str) -> list[str]:
        draw = np.random.default_rng([number, 1])
        some = self.passages[lang]
        return self._edited(some[int(draw.integers(len(some)))], lang, draw, 0.2)

    def _edited(self, tokens: np.ndarray | list[str], lang: str, draw: np.random.Generator, share: float) -> list[str]:
        out = np.array(tokens, object)
        at = np.flatnonzero(draw.random(len(out)) < share)
        words = self.words[lang]
        out[at] = words[draw.integers(len(words), size=len(at))]
        return out.tolist()


def _passages(corpora: Path, lang: str) -> list[np.ndarray]:
    found = []
    for name in CORPORA[lang]:
        for text in pl.read_ndjson(corpora / f"{name}.jsonl.zst")["text"]:
            tokens = list(text) if lang == "zh" else text.split()
            size = BYTES // (3 if lang == "zh" else 6)
            found += [np.array(tokens[at : at + size], object) for at in range(0, len(tokens) - size + 1, size)]
    return found


def write(folder: Path, rows: Iterator[dict[str, str]]) -> int:
    """JSONL files of `FILE` documents; bytes of text."""
    folder.mkdir(parents=True)
    size, file = 0, None
    for number, row in enumerate(rows):
        if number % FILE == 0:
            if file is not None:
                file.close()
            file = (folder / f"part-{number // FILE:04d}.jsonl").open("w", encoding="utf-8")
        assert file is not None
        size += len(row["text"].encode())
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
    if file is not None:
        file.close()
    return size


def job(work: Path, name: str, parent: Path | None) -> Cost:
    """One run of the whole job in a process of its own."""
    recipe = work / f"{name}.py"
    recipe.write_text(RECIPE.format(parent=None if parent is None else str(parent), path=str(work / name), name=name))
    command = [sys.executable, "-m", "curate", "run", str(recipe), "--out", str(work / f"{name}.run"), "--inline"]
    with (work / f"{name}.log").open("wb") as log:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        measured = subprocess.run(
            [sys.executable, "-c", LAUNCHER, *command],
            check=False, env=environment, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
    if measured.returncode:
        sys.exit(f"{name} failed:\n{(work / f'{name}.log').read_text()[-3000:]}")
    cpu, wall, peak = json.loads(measured.stdout)
    return Cost(cpu, wall, peak * 1024)


def addition(maker: Maker, number: int, documents: int) -> Iterator[tuple[dict[str, str], int | None]]:
    """The documents of the addition `number`, and which of the first `documents` one in ten of them is a copy of."""
    each = documents // 100
    draw = np.random.default_rng([number, 2])
    for at in range(documents + number * each, documents + (number + 1) * each):
        of = int(draw.integers(documents))
        copied = at % 10 == 0 and of % 50 < 48  # not of one that is a copy itself
        yield (maker.twin(at, of), of) if copied else (maker.document(at), None)


def published(folder: Path, rows: Iterator[dict[str, str]], parent: Path) -> Path:
    """An addition without a run: its documents that are no planted copies, published as they are."""
    docs = pl.DataFrame(
        [
            {"doc_id": doc_id("pages", row["id"]), "origin_id": row["id"], "text": row["text"], "lang": row["lang"],
             "content_hash": content_hash(row["text"].encode()), "source": "pages", "role": "general",
             "kind": "prose", "locator": f"{folder.name}#{number}"}
            for number, row in enumerate(rows) if int(row["id"]) % 10
        ],
        schema=COLUMNS,
    )  # fmt: skip
    measures = pl.read_parquet_schema(next((parent / "data").iterdir()))
    docs = docs.with_columns(
        pl.lit(None, dtype).alias(name)
        for name, dtype in measures.items()
        if name not in (*COLUMNS, "channel", "tokens")
    )
    folder.mkdir(parents=True)
    docs.write_parquet(folder / "kept.parquet")
    version = Version(name=folder.name, title="Incremental", extends=str(parent))
    place = folder / "version"
    publish(
        version,
        [str(folder / "kept.parquet")],
        None,
        str(place),
        {},
        Inline(),
        signatures=Parameters.of(MinHashDedup()),
    )
    return place


def planted(maker: Maker, number: int, documents: int, run: Path) -> tuple[int, int]:
    """(copies in an addition whose true Jaccard to the stored one is at least .8, how many of them were removed)."""
    found = pl.read_parquet(run / "verdicts" / "*.parquet").filter(pl.col("reason") == "known_near_duplicate")
    gone = set(found["origin_id"])
    near = [
        row["id"]
        for row, of in addition(maker, number, documents)
        if of is not None and jaccard(row, maker.document(of)) >= 0.8
    ]
    return len(near), sum(identity in gone for identity in near)


def jaccard(one: dict[str, str], other: dict[str, str]) -> float:
    tokens = [list(row["text"]) if row["lang"] == "zh" else row["text"].split() for row in (one, other)]
    ours, theirs = ({tuple(some[at : at + 5]) for at in range(len(some) - 4)} for some in tokens)
    return len(ours & theirs) / len(ours | theirs)


def index_bytes(version: Path) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for path in (version / "signatures").rglob("*.npy"):
        kind = f"{path.parent.name}/{path.name.split('.')[-2]}"
        sizes[kind] = sizes.get(kind, 0) + path.stat().st_size
    return dict(sorted(sizes.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, help="A folder for the runs, kept; a temporary one by default.")
    parser.add_argument("--sketches", action="store_true", help="Compare sizes of sketches, and nothing else.")
    options = parser.parse_args()
    if options.sketches:
        return sketches(options.data / "dedup")
    corpora = options.data / "corpora"
    if not corpora.is_dir():
        sys.exit(f"skipped: the corpora to make documents of are not at {corpora}")
    work = Path(options.work or tempfile.mkdtemp(prefix="curate-incremental-"))
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("polars", "numba", "numpy"))
    print(f"{datetime.date.today()}, {os.cpu_count()} cores, {platform.processor() or platform.machine()}, "
          f"Python {platform.python_version()}, {versions}", flush=True)  # fmt: skip
    try:
        measure(Maker(corpora), options.documents, work)
    finally:
        if options.work is None:
            shutil.rmtree(work, ignore_errors=True)


def measure(maker: Maker, documents: int, work: Path) -> None:
    write(work / "warm", (maker.document(number) for number in range(200)))
    job(work, "warm", None)  # kernels are compiled and cached
    size = write(work / "whole", (maker.document(number) for number in range(documents)))
    print(f"{documents:,} documents, {size / 1e6:,.0f} MB of text, {size / documents:,.0f} bytes each", flush=True)
    whole = job(work, "whole", None)
    shutil.rmtree(work / "whole.run" / "objects", ignore_errors=True)  # the views keep what is needed
    version = work / "whole.run" / "version"
    held = json.loads((version / "manifest.json").read_bytes())["rows"]["train"]
    print(f"whole job: {_said(whole)}, {size / whole.cpu / 1e6:.1f} MB per CPU-second, {held:,} kept", flush=True)
    sizes = index_bytes(version)
    print(f"index: {sum(sizes.values()) / held:,.0f} bytes a document: "
          + ", ".join(f"{kind} {count / held:,.0f}" for kind, count in sizes.items()), flush=True)  # fmt: skip
    parent = version
    for number in range(100):
        name = f"add-{number + 1:03d}"
        rows = (row for row, _ in addition(maker, number, documents))
        if number not in (0, 99):
            parent = published(work / name, rows, parent)
            continue
        write(work / name, rows)
        cost = job(work, name, parent)
        parent = work / f"{name}.run" / "version"
        made = json.loads((parent / "signatures" / "index.json").read_bytes())
        copies, found = planted(maker, number, documents, work / f"{name}.run")
        entries = [run["entries"] for run in made["runs"]]
        print(
            f"addition {number + 1} of {documents // 100:,}: {_said(cost)}, {100 * cost.cpu / whole.cpu:.2f} % of the "
            f"whole (goal 5); {made['documents']:,} documents, {len(made['blocks'])} blocks, runs of {entries} bands; "
            f"{found} of {copies} planted copies at .8 and above found",
            flush=True,
        )


def sketches(folder: Path) -> None:
    """Recall of true pairs at .8 and above, and precision (true Jaccard at least .7), by what is stored."""
    if not folder.is_dir():
        sys.exit(f"skipped: the pairs are not at {folder}")
    parameters = Parameters.of(MinHashDedup())
    for name in ("zh_tidb_docs", "en_peps_revisions"):
        docs = pl.read_ndjson(folder / f"{name}.jsonl.zst")
        pairs = pl.read_csv(folder / f"{name}.pairs.tsv", separator="\t")
        number = {identity: at for at, identity in enumerate(docs["id"])}
        left, right = (np.array([number[identity] for identity in pairs[side]]) for side in ("id_a", "id_b"))
        true = pairs["jaccard"].to_numpy()
        found = likeness_of(docs["text"], replace(parameters, sketch=1024))
        keys = band_keys(found.signatures, parameters.bands, parameters.rows)
        met = (keys[left] == keys[right]).any(axis=1)
        signed = (found.signatures[left] == found.signatures[right]).mean(axis=1)
        near = true >= 0.8
        print(f"{name}: {len(true):,} pairs, {near.sum():,} of them at .8 and above; copies from {parameters.limit}")
        for size in (64, 128, 256, 512, 1024):
            alone = similarities(found.sketches, found.sketches, left, right, size)
            both = (size * alone + parameters.permutations * signed) / (size + parameters.permutations)
            for way, like in (("alone", alone), ("with the signature", both)):
                hit = met & (like >= parameters.limit)
                print(
                    f"  {size:5} elements {way:20} recall {hit[near].mean():.4f}, at .8-.9 "
                    f"{hit[near & (true < 0.9)].mean():.4f}, precision {(true[hit] >= 0.7).mean():.4f}"
                )


def _said(cost: Cost) -> str:
    return f"{cost.cpu:.1f} CPU-s, {cost.wall:.1f} s, peak {cost.peak / 1e6:,.0f} MB"


if __name__ == "__main__":
    main()
