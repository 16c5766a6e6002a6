"""What the shipped judges tell apart, on sources that they were not trained on, and how fast they read.

    python performance/judges.py [--data ../shared/data] [--texts 1000]

Domain: whole sources of DATA that were held out, each document taken for the trade of the folder that it lies in (a
set of instructions in a folder "finance" also holds riddles: the labels that a reader gave to a sample stand beside).
Quality: the figures of classifiers/quality/metrics.json, which its train.py makes again byte for byte. Samples:
passages near the threshold (quality) and documents drawn by chance from mixed sources (domain), labelled without sight
of the scores; classifiers/*/read.json has the labels and digests, the texts are found again in DATA. Speed is of one
thread, from text to score, in MB of UTF-8 per second of CPU; fastText's own predict runs on the same folded lines.
"""

from __future__ import annotations

import argparse
import datetime
import io
import json
import os
import platform
import time
from collections import Counter
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import polars as pl
import zstandard

from curate.audit.intervals import kappa
from curate.classifier.folder import assets
from curate.classifier.model import loaded
from curate.classifier.scores import CHARACTERS, Scores, probabilities
from curate.document import content_hash
from curate.kernels.tokens import spaced

ROOT = Path(__file__).resolve().parent.parent
DOMAIN, QUALITY = ROOT / "classifiers" / "domain", ROOT / "classifiers" / "quality"
SPEED = ("corpora/finance/zh/fincuge_news", "corpora/general/zh/lctt_zh", "corpora/medical/en/medquad",
         "corpora/law/en/dc_law")  # fmt: skip


def texts(data: Path, path: str) -> list[str]:
    with (data / f"{path}.jsonl.zst").open("rb") as file:
        rows = map(json.loads, io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8"))
        return [
            "\n\n".join(turn["content"] for turn in row["messages"]) if "messages" in row else row["text"]
            for row in rows
        ]


def domain() -> None:
    metrics = json.loads((DOMAIN / "metrics.json").read_text("utf-8"))
    print("\ndomain, sources held out: precision, recall, F1 and AUC by the label of the folder")
    for name in ("unseen", "unread", "passages"):
        for lang, labels in metrics[name]["languages"].items():
            for label, row in labels.items():
                if not row["documents"]:  # no source of it is unread
                    continue
                cells = "  ".join(f"{row[key]:.3f}" for key in ("precision", "recall", "f1", "auc"))
                print(f"  {name:<9} {lang} {label:<8} {row['documents']:>6,}  {cells}")
    print("domain, each source: documents, right as a whole, right by 100 to 300 characters of it")
    for name, row in metrics["unseen"]["sources"].items():
        passages = metrics["passages"]["sources"][name]["right"]
        print(f"  {name:<60} {row['documents']:>6,} {row['right']:.3f} {passages:.3f}")


def quality() -> None:
    metrics = json.loads((QUALITY / "metrics.json").read_text("utf-8"))
    for lang in ("en", "zh"):
        print(
            f"\nquality, {lang}: AUC {metrics[lang]['auc']:.4f} between unseen sources and boilerplate not trained on"
        )
        for name, row in metrics[lang]["unseen"].items():
            print(f"  {name:<48} {row['texts']:>6,}  lost {row['lost']:.2%}, passages {row['passages_lost']:.2%}")
        caught = ", ".join(f"{kind} {row['caught']:.1%}" for kind, row in metrics[lang]["noise"].items())
        print(f"  caught: {caught}")


def read_samples(data: Path) -> None:
    for name, folder in (("domain", DOMAIN), ("quality", QUALITY)):
        told: dict[str, Any] = json.loads((folder / "read.json").read_text("utf-8"))
        rows = told["texts"]
        known = {path: {content_hash(text.encode()): text for text in texts(data, path)} | {
            content_hash(text.strip().encode()): text.strip() for text in texts(data, path)
        } for path in sorted({row["source"] for row in rows})}  # fmt: skip
        found = [known[row["source"]].get(row["document"]) for row in rows]
        found = [
            text and text[row.get("start", 0) :][: row.get("length", CHARACTERS)]
            for text, row in zip(found, rows, strict=True)
        ]
        some = [(text, row) for text, row in zip(found, rows, strict=True) if text]
        one, two = ([row[reading] for _, row in some] for reading in ("first", "second"))
        model, _ = assets(folder)
        odds = probabilities(model, pl.Series([text for text, _ in some], dtype=pl.String)).found
        said = [loaded(model).labels[number] for number in odds.argmax(axis=1)]
        agreed = sum(a == b for a, b in zip(one, two, strict=True))
        right = sum(a == b for a, b in zip(one, said, strict=True))
        print(f"\n{name}, {len(some)} texts, read by {told['readers']}")
        beyond = kappa(one, two) or 0
        print(f"  the readings agree on {agreed} (kappa {beyond:.2f}); the judge and the first one on {right}")
        for lang in ("en", "zh"):
            here = [(a, b) for a, b, (_, row) in zip(one, said, some, strict=True) if row["lang"] == lang]
            print(f"  {lang}: {sum(a == b for a, b in here)} of {len(here)};", dict(Counter(here)))
        if name == "domain":
            folders = [row["source"].split("/")[1] for _, row in some]
            print(
                f"  the label of the folder is the reader's in {sum(a == b for a, b in zip(folders, one, strict=True))}"
            )


def speed(data: Path, most: int) -> None:
    from fasttext.FastText import _FastText

    print(
        "\nspeed, MB per CPU-s: judge, of it the model alone, fastText's predict on the same lines; greatest difference"
    )
    for folder in (QUALITY, DOMAIN):
        model, facts = assets(folder)
        labels = loaded(model).labels
        reference = _FastText(model_path=str(model.path))
        judge = Scores(model=model, facts=facts, labels=labels[:1])
        judge(pl.Series(["a text"]))
        for path in SPEED:
            some = pl.Series(texts(data, path)[:most]).str.head(CHARACTERS)
            size = some.str.len_bytes().sum() / 1e6
            marks = [time.process_time()]
            judge(some)
            marks.append(time.process_time())
            lines = spaced(some)
            marks.append(time.process_time())
            own = loaded(model).probabilities(lines)
            marks.append(time.process_time())
            names, odds = reference.predict(lines.to_list(), k=len(labels))
            marks.append(time.process_time())
            whole, _, alone, theirs = (b - a for a, b in pairwise(marks))
            apart = max(
                abs(own[row, labels.index(name.removeprefix("__label__"))] - share)
                for row, pair in enumerate(zip(names, odds, strict=True))
                for name, share in zip(*pair, strict=True)
            )
            cells = "  ".join(f"{size / seconds:6.1f}" for seconds in (whole, alone, theirs))
            print(f"  {folder.name:<8} {path:<34} {size:6.1f} MB  {cells}  {apart:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--texts", type=int, default=5000, help="of each source, for speed")
    arguments = parser.parse_args()
    versions = ", ".join(f"{name} {version(name)}" for name in ("numba", "numpy", "polars", "fasttext-numpy2-wheel"))
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, "
          f"{versions}, {datetime.date.today()}")  # fmt: skip
    domain()
    quality()
    if not arguments.data.is_dir():
        print(f"\nno texts at {arguments.data}: speed and the samples that were read are left out")
        return
    read_samples(arguments.data)
    speed(arguments.data, arguments.texts)


if __name__ == "__main__":
    main()
