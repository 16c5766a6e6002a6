"""Curate beside other tools at the same task: files in, files without near copies out.

    python performance/deduplication.py [--documents 20000] [--runs 1] [--peers datasketch,rensa]
        [--settings best,defaults] [--only planted,revisions] [--environments ~/.cache/curate-peers] [--work FOLDER]

Every tool gets the same files, as its user would run it, in one process where that can be said. `best` is the same
task: 5-grams, threshold .8, 128 permutations, the documented best setting for the language, bands that meet at the
threshold. `defaults` is what a tool does unasked: other n-grams and thresholds, so its speed is that of another task.
datasketch and rensa are libraries: what reads files, cuts words and asks them is Python of ours (performance/peers/).

Each is a command of its own, measured as a whole: CPU-seconds of all its processes, wall time, peak memory (VmHWM,
summed over processes that live at one time). What it takes to start, import and end (the same command on twelve
documents) is taken off in the column 'less start'.

Planted: a corpus with near copies of known similarity (performance/planted.py). Recall: of the planted pairs whose true
Jaccard is at least .8, the share of which not both are kept. Precision: of what was removed, the share whose true
Jaccard to a document that the tool kept is at least .7; all documents are looked at, so a chance twin counts as right.
Truth is of words (runs of letters) and CJK characters in one stream. Curate compares texts with a tenth of CJK
characters letter by letter, so where half of a Chinese page is code the two differ, and a line says how much.
Revisions: real versions of documents with their true pairs (../shared/data/dedup), too small for a word on speed.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import math
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl
from exact import Exact
from peers.environments import FOLDER, HOME, PEERS, Peer, python
from planted import DATA, Corpus, Document, Pair, corpus, write
from processes import Usage, measured

THRESHOLD, RIGHT = 0.8, 0.7
BINS = (0.5, 0.6, 0.7, 0.8, 0.9)
RECIPE = """
from curate.dedup.minhash import MinHashDedup
from curate.recipe import Recipe, Source

recipe = Recipe(
    name="deduplication",
    sources=({sources}),
    stages=(MinHashDedup(n=5, permutations=128, threshold=0.8),),
    expects=frozenset({{"*"}}),
)
"""


class Tool(NamedTuple):
    name: str
    setting: str
    peer: Peer | None
    python: Path


class Outcome(NamedTuple):
    usage: Usage
    kept: frozenset[str]


def command(tool: Tool, folder: Path, out: Path) -> list[str]:
    if tool.peer is not None:
        return [str(tool.python), str(FOLDER / tool.peer.script), str(folder), str(out), tool.setting]
    sources = "".join(
        f'Source(name="{lang}", path="{folder}/{lang}.jsonl", key="id", lang="{lang}"), '
        for lang in ("zh", "en")
        if (folder / f"{lang}.jsonl").stat().st_size
    )
    recipe = out / "recipe.py"
    recipe.write_text(RECIPE.format(sources=sources))
    return [str(tool.python), "-m", "curate", "run", str(recipe), "--out", str(out / "run"), "--inline"]


def kept(tool: Tool, out: Path) -> frozenset[str]:
    """Ids of the documents in the files that the tool wrote."""
    ids: set[str] = set()
    if tool.peer is None:
        files = sorted((out / "run" / "kept").glob("*.parquet"))
        return frozenset(pl.concat([pl.read_parquet(file, columns=["origin_id"]) for file in files])["origin_id"])
    if tool.peer.name == "text-dedup":
        for file in (out / "kept").glob("*.arrow"):
            ids.update(pl.read_ipc_stream(file, columns=["id"])["id"])
    for file in out.rglob("*.jsonl"):
        if "kept" in file.relative_to(out).as_posix() and file.stat().st_size:
            ids.update(pl.read_ndjson(file, schema={"id": pl.String})["id"])
    return frozenset(ids)


def run(tool: Tool, folder: Path, work: Path) -> Outcome | None:
    out = work / f"{tool.name}-{tool.setting}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with open(out / "log", "wb") as log:
        usage = measured(command(tool, folder, out), log, {"HF_HOME": str(out / "hf"), "HF_HUB_OFFLINE": "1"})
    if usage.code:
        last = (out / "log").read_text(errors="replace").strip().split("\n")[-1]
        print(f"failed: {tool.name} ({tool.setting}), exit code {usage.code}: {last[:200]}")
        return None
    ids = kept(tool, out)
    shutil.rmtree(out)
    return Outcome(usage, ids)


class Scores(NamedTuple):
    removed: int
    recall: dict[str, float]
    """By language."""
    precision: float
    bins: dict[tuple[str, float], float]
    """By language and lower bound of the true Jaccard: the share of pairs resolved."""


class Truth:
    """Which of a corpus's documents are alike."""

    def __init__(self, made: Corpus) -> None:
        self.made = made
        self.twins: dict[int, list[int]] = {}
        self.by_letters = Exact((document.text for document in made.documents), letters=True)

    def right(self, removed: int, ids: frozenset[str]) -> bool:
        if removed not in self.twins:
            self.twins[removed] = self.made.exact.near(removed, RIGHT)[0].tolist()
        return any(self.made.documents[twin].id in ids for twin in self.twins[removed])

    def letters(self, ids: frozenset[str]) -> tuple[float, float]:
        """(recall, precision) among the Chinese documents where each letter of theirs is a token of the truth too."""
        documents = self.made.documents
        alike = [pair for pair in self.made.pairs if pair.lang == "zh"]
        alike = [pair for pair in alike if self.by_letters.jaccard(pair.one, pair.other) >= THRESHOLD]
        gone = [place for place, document in enumerate(documents) if document.lang == "zh" and document.id not in ids]
        right = [
            any(documents[twin].id in ids for twin in self.by_letters.near(place, RIGHT)[0])
            for place in gone
            if not self.right(place, ids)
        ]
        resolved = [not (documents[pair.one].id in ids and documents[pair.other].id in ids) for pair in alike]
        return mean(resolved), 1 - right.count(False) / len(gone) if gone else float("nan")

    def scores(self, ids: frozenset[str]) -> Scores:
        documents, pairs = self.made.documents, self.made.pairs
        gone = [place for place, document in enumerate(documents) if document.id not in ids]
        found: dict[tuple[str, float], list[bool]] = {}
        recall: dict[str, list[bool]] = {"zh": [], "en": []}
        for pair in pairs:
            resolved = not (documents[pair.one].id in ids and documents[pair.other].id in ids)
            lower = max((bound for bound in (0.0, *BINS) if pair.jaccard >= bound), default=0.0)
            found.setdefault((pair.lang, lower), []).append(resolved)
            if pair.jaccard >= THRESHOLD:
                recall[pair.lang].append(resolved)
        return Scores(
            len(gone),
            {lang: mean(some) for lang, some in recall.items()},
            mean([self.right(place, ids) for place in gone]),
            {key: mean(some) for key, some in found.items()},
        )


def mean(some: Sequence[bool]) -> float:
    return sum(some) / len(some) if some else float("nan")


def compare(
    title: str,
    made: Corpus,
    tools: Sequence[Tool],
    work: Path,
    starts: Mapping[Tool, float] | None = None,
    runs: int = 1,
) -> None:
    """A row for each tool, of the run of median CPU time; on speed too where `starts` says what each takes to start."""
    folder = work / "corpus"
    shutil.rmtree(folder, ignore_errors=True)
    write(made, folder)
    size = sum(len(document.text.encode()) for document in made.documents) / 1e6
    truth = Truth(made)
    langs = [lang for lang in ("zh", "en") if any(document.lang == lang for document in made.documents)]
    print(
        f"\n{title}: {len(made.documents):,} documents, {size:.1f} MB of text, {len(made.pairs):,} known pairs, "
        f"{sum(pair.jaccard >= THRESHOLD for pair in made.pairs):,} of them at {THRESHOLD} or more"
    )
    speed = ["MB/CPU-s", "less start", "CPU-s", "wall s", "peak GB"] if starts else []
    headed("tool", *speed, "removed", *(f"recall {lang}" for lang in langs), "precision")
    rows: dict[Tool, tuple[Outcome, Scores]] = {}
    for tool in tools:
        outcomes = [outcome for _ in range(runs) if (outcome := run(tool, folder, work)) is not None]
        if not outcomes:
            continue
        outcome = sorted(outcomes, key=lambda outcome: outcome.usage.cpu)[(len(outcomes) - 1) // 2]
        scores = truth.scores(outcome.kept)
        rows[tool] = (outcome, scores)
        used = outcome.usage
        cells = [f"{tool.name}, {tool.setting}"]
        if starts:
            cells += [f"{size / used.cpu:.2f}", f"{net_speed(size, used.cpu, starts[tool]):.2f}"]
            cells += [f"{used.cpu:.1f}", f"{used.wall:.1f}", f"{used.peak / 1e9:.2f}"]
        cells += [f"{scores.removed:,}", *(f"{scores.recall[lang]:.3f}" for lang in langs), f"{scores.precision:.3f}"]
        row(*cells)
    print("\npairs resolved by true Jaccard, from each bound to the next")
    headed("tool", *(f"{lang} {bound}" for lang in langs for bound in BINS))
    for tool, (_, scores) in rows.items():
        shares = [scores.bins.get((lang, bound), float("nan")) for lang in langs for bound in BINS]
        row(f"{tool.name}, {tool.setting}", *(f"{share:.3f}" for share in shares))
    for tool, (outcome, _) in rows.items():
        if tool.peer is None and "zh" in langs:
            recall, precision = truth.letters(outcome.kept)
            print(
                f"{tool.name} on Chinese, right by words or by letters (each Latin letter a token, as in 5-character "
                f"shingles): precision {precision:.3f}; recall by letters {recall:.3f}"
            )
    if starts:
        ratios(size, rows, starts)


def headed(*cells: str) -> None:
    row(*cells)
    row(*["---"] * len(cells))


def row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def net_speed(size: float, cpu: float, start: float) -> float:
    """MB per CPU-second without the start; not a number where the start is most of it."""
    return size / (cpu - start) if cpu > 1.5 * start else float("nan")


def ratios(size: float, rows: Mapping[Tool, tuple[Outcome, Scores]], starts: Mapping[Tool, float]) -> None:
    """Curate's speed over that of the fastest peer at the same task, with and without what it takes to start."""
    ours = [(tool, *row) for tool, row in rows.items() if tool.peer is None]
    if not ours:
        return
    (curate, outcome, scores), *_ = ours
    net = net_speed(size, outcome.usage.cpu, starts[curate])
    same = {tool: row[0].usage.cpu for tool, row in rows.items() if tool.peer is not None and tool.setting == "best"}
    for kind, library in (("tools from file to file", False), ("libraries with Python around them", True)):
        cpu = {tool: seconds for tool, seconds in same.items() if tool.peer and tool.peer.library == library}
        if cpu:
            whole = min(cpu, key=lambda tool: cpu[tool])
            speeds = {tool: net_speed(size, cpu[tool], starts[tool]) for tool in cpu}
            less = max(speeds, key=lambda tool: -math.inf if math.isnan(speeds[tool]) else speeds[tool])
            print(
                f"the fastest of the {kind} at the same task: {whole.name}, Curate is "
                f"{cpu[whole] / outcome.usage.cpu:.1f} times as fast; less start {less.name}, "
                f"{net / speeds[less]:.1f} times"
            )
    recall = ", ".join(f"{value:.3f} {lang}" for lang, value in scores.recall.items() if not math.isnan(value))
    print(
        f"goals: {size / outcome.usage.cpu:.1f} (less start {net:.1f}) MB per CPU-second of 40; recall {recall} of .97;"
        f" precision {scores.precision:.3f} of .99"
    )


def revisions(lang: str, name: str) -> Corpus:
    """A set of DATA/dedup with its true pairs; what is listed there is the truth of recall."""
    table = pl.read_ndjson(DATA / "dedup" / f"{name}.jsonl.zst")
    documents = [Document(row[0], lang, row[1]) for row in table.select("id", "text").iter_rows()]
    places = {document.id: place for place, document in enumerate(documents)}
    listed = pl.read_csv(DATA / "dedup" / f"{name}.pairs.tsv", separator="\t")
    pairs = [Pair(places[one], places[other], lang, jaccard) for one, other, jaccard in listed.iter_rows()]
    return Corpus(documents, pairs, Exact(document.text for document in documents))


def starts_of(tools: Sequence[Tool], work: Path) -> dict[Tool, float]:
    """CPU-seconds of each tool on twelve documents: what it takes to start. The first run compiles Curate's kernels, if
    need be, and everyone's bytecode; the least of the three after it counts."""
    made = corpus(12, seed=1)
    write(made, work / "few")
    found = {}
    for tool in tools:
        if run(tool, work / "few", work) is None:
            continue
        outcomes = [run(tool, work / "few", work) for _ in range(3)]
        found[tool] = min(outcome.usage.cpu for outcome in outcomes if outcome is not None)
        print(f"{tool.name}, {tool.setting}: {found[tool]:.2f} CPU-s to start", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--peers", default=",".join(peer.name for peer in PEERS), help="'' for Curate alone")
    parser.add_argument("--settings", default="best,defaults")
    parser.add_argument("--only", default="planted,revisions")
    parser.add_argument("--environments", type=Path, default=HOME)
    parser.add_argument("--work", type=Path, help="where the corpus is made and files are written")
    parser.add_argument("--runs", type=int, default=1, help="of each tool on the planted copies; the median counts")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("polars", "numba", "numpy", "pyarrow")
    )
    print(f"{datetime.date.today()}, {os.cpu_count()} cores, {platform.processor() or platform.machine()}, "
          f"Python {platform.python_version()}, {versions}, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    tools = [Tool("Curate", "defaults", None, Path(sys.executable))]
    for peer in PEERS:
        if peer.name in options.peers.split(",") and (interpreter := python(peer, options.environments.expanduser())):
            print(f"{' '.join((*peer.packages[:1], *peer.alone)[-1:])}: {peer.remark}")
            tools += [Tool(peer.name, setting, peer, interpreter) for setting in options.settings.split(",")]
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        work = Path(folder)
        starts = starts_of(tools, work)
        tools = [tool for tool in tools if tool in starts]
        if "planted" in options.only:
            made = corpus(options.documents, options.seed)
            compare("planted copies", made, tools, work, starts, options.runs)
        if "revisions" in options.only:
            if (DATA / "dedup").is_dir():
                for lang, name in (("zh", "zh_tidb_docs"), ("en", "en_peps_revisions")):
                    compare(name, revisions(lang, name), tools, work)
            else:
                print(f"skipped: revisions, there is no {DATA / 'dedup'}")


if __name__ == "__main__":
    main()
