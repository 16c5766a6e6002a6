"""What the stages against noise remove, by kind of noise and language, and what they lose of clean text, by source.

    python performance/noise.py [--data ../shared/data] [--texts 100] [--failing]

Noise: the families that the judge of noise was trained on (classifiers/noise), here out of texts of sources that it has
not seen, and the families of performance/unseen_noise.py, which nothing was trained or tuned on; 100 to 3,000
characters (Chinese: 60), the logarithm uniform. Clean: documents of every corpus, whole, and a passage of each, 60 to
3,000 characters cut anywhere. Every draw is seeded. Speed is of one thread, in MB of UTF-8 text per second of CPU.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.classifier.judge import THRESHOLD, Judge
from curate.classifier.noise import THRESHOLD as NOISY
from curate.classifier.noise import Noise
from curate.stage import Stage, failure, measured
from curate.stages.heuristics.fluency import Fluency
from curate.stages.heuristics.kind import Kind
from curate.stages.heuristics.mojibake import Mojibake
from curate.stages.heuristics.repetition import Repetition
from curate.stages.heuristics.stutter import Stutter

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("classifiers/noise", "classifiers/fluency", "performance")]

import sources  # noqa: E402
from train import FAMILIES, TECHNICAL, made  # noqa: E402
from unseen_noise import FAMILIES as UNSEEN  # noqa: E402

STAGES: tuple[Stage, ...] = (
    Mojibake(),
    Repetition(),
    Stutter(),
    Judge.shipped(threshold=THRESHOLD),
    Fluency.shipped(gain_en=0.7, gain_zh=0.45),
    Noise.shipped(threshold=NOISY),
)
"""What the recipes have against noise, behind `Kind`."""

WHOLE = 2_000  # documents of a source, by hash
TWINS = ("corpora/medical/zh/toyhom_internal_txt", "sft/medical/zh_toyhom_internal", "dedup/en_peps_revisions")
"""Other forms of what the judges were trained on."""


def removed(texts: Sequence[str], lang: str) -> NDArray[np.bool_]:
    """bool[stages, n]: what each stage by itself would remove."""
    docs = pl.DataFrame(
        {"doc_id": [f"{number:08}" for number in range(len(texts))], "text": texts, "lang": lang, "kind": "prose"}
    )
    docs = measured(Kind(), docs)
    found = []
    for stage in STAGES:
        table = measured(stage, docs)
        hit = np.zeros(len(texts), np.bool_)
        for rule in stage.rules:
            hit |= table.select(failure(rule)).to_series().to_numpy()
        found.append(hit)
    return np.array(found)


def corpora(data: Path) -> Iterator[tuple[str, str, list[str]]]:
    """(source, language, documents of 60 characters and more)."""
    for path in sorted(data.glob("*/**/*.jsonl.zst")):
        name = path.relative_to(data).as_posix().removesuffix(".jsonl.zst")
        if name.split("/")[0] not in {"corpora", "sft", "dedup"}:
            continue
        lang = "zh" if "zh" in (name.split("/")[-2], name.split("/")[-1].split("_")[0]) else "en"
        rows = sorted(sources.rows(path), key=lambda row: sources.order(str(row["id"])))
        texts = [
            str(row["text"]) if "text" in row else "\n\n".join(turn["content"] for turn in row["messages"])
            for row in rows
        ]
        yield name, lang, [text for text in texts if len(text) >= 60][:WHOLE]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--texts", type=int, default=100, help="of each family and language")
    parser.add_argument(
        "--failing", action="store_true", help="show the beginning of some of what passes and what is lost"
    )
    options = parser.parse_args()
    if not options.data.is_dir():
        raise SystemExit(f"the source data is not at {options.data}")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("polars", "numba", "numpy"))
    print(f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}, {versions}")
    print("stages: " + ", ".join(stage.name for stage in STAGES))
    seen: dict[str, list[str]] = {"en": [], "zh": []}
    clean(options.data, seen, options.failing)
    for title, families in (
        ("families trained on, out of unseen text", FAMILIES),
        ("families never trained on", UNSEEN),
    ):
        noise(title, families, seen, options.texts, options.failing)
    speed(seen)


def clean(data: Path, seen: dict[str, list[str]], failing: bool) -> None:
    """Losses by source; texts of unseen corpora are added to `seen` for what is spoilt."""
    print(f"\nclean text lost, %: by each stage (whole documents), by all; of passages by all\n{'':44}")
    totals: dict[str, list[float]] = {}
    for name, lang, texts in corpora(data):
        random = Random(name)
        sizes = [int(60 * 50 ** random.random()) for _ in texts]
        starts = [random.randrange(max(1, len(text) - size)) for text, size in zip(texts, sizes, strict=True)]
        cuts = [text[start : start + size] for text, start, size in zip(texts, starts, sizes, strict=True)]
        cuts = [cut for cut in cuts if len(cut.strip()) >= 50]
        whole, passages = removed(texts, lang), removed(cuts, lang)
        trained = name in sources.SOURCES or name == TECHNICAL or name in TWINS
        if not trained:
            totals.setdefault(lang, []).append(float(whole.any(0).mean()))
            if name.startswith("corpora"):
                seen[lang] += [text for text in texts[:400] if len(text) > 200 and _is(text, lang)]
        each = " ".join(f"{100 * share:5.2f}" for share in whole.mean(1))
        all_, cut_ = whole.any(0).mean(), passages.any(0).mean()
        print(f"{name:44}{len(texts):6,} {each} | {100 * all_:5.2f} | {100 * cut_:5.2f}"
              f"{' trained on' if trained else ''}")  # fmt: skip
        for text in [text for text, hit in zip(texts, whole.any(0), strict=True) if hit][: 3 if failing else 0]:
            print(f"    lost: {text[:100]!r}")
    for lang, shares in sorted(totals.items()):
        print(f"{lang}: {100 * np.mean(shares):.2f} % of whole documents, unseen sources weighing alike")


def _is(text: str, lang: str) -> bool:
    han = sum("一" <= char <= "鿿" for char in text[:500]) / len(text[:500])
    return han > 0.5 if lang == "zh" else han < 0.02


def noise(
    title: str, families: Mapping[str, Mapping[str, object]], seen: Mapping[str, list[str]], count: int, failing: bool
) -> None:
    print(f"\n{title}: removed, %, en / zh; by all; by each stage")
    everything: list[NDArray[np.bool_]] = []
    for kind, makers in families.items():
        of_kind: dict[str, list[NDArray[np.bool_]]] = {"en": [], "zh": []}
        for family, maker in makers.items():
            cells = []
            for lang in ("en", "zh"):
                texts = made(maker, lang, seen[lang], count, f"{title} {kind} {family} {lang}")  # type: ignore[arg-type]
                hits = removed(texts, lang)
                of_kind[lang].append(hits)
                each = " ".join(f"{100 * share:3.0f}" for share in hits.mean(1))
                cells.append(f"{100 * hits.any(0).mean():5.1f} ({each})")
                for text in [text for text, hit in zip(texts, hits.any(0), strict=True) if not hit][
                    : 2 if failing else 0
                ]:
                    print(f"    passes: {text[:100]!r}")
            print(f"  {kind:13} {family:20} {' / '.join(cells)}")
        joined = {lang: np.concatenate(some, axis=1) for lang, some in of_kind.items()}
        everything += joined.values()
        shares = " / ".join(f"{100 * some.any(0).mean():.1f}" for some in joined.values())
        print(f"  {kind:13} {'':20} {shares}   of {joined['en'].shape[1]:,} / {joined['zh'].shape[1]:,}")
    whole = np.concatenate(everything, axis=1)
    print(f"  all {100 * whole.any(0).mean():.2f} % of {whole.shape[1]:,}")


def speed(seen: Mapping[str, list[str]]) -> None:
    print("\nMB per CPU-second")
    for stage in STAGES:
        cells = []
        for lang in ("en", "zh"):
            texts = (seen[lang] * 20)[:2_000]
            docs = pl.DataFrame(
                {"doc_id": [str(n) for n in range(len(texts))], "text": texts, "lang": lang, "kind": "prose"}
            )
            stage(docs.head(10))
            started = time.process_time()
            stage(docs)
            took = time.process_time() - started
            read = texts if stage.name not in ("quality", "noise") else [text[:20_000] for text in texts]
            cells.append(f"{lang} {sum(len(text.encode()) for text in read) / took / 1e6:.0f}")
        print(f"  {stage.name:12} {', '.join(cells)}")


if __name__ == "__main__":
    main()
