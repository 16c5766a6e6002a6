"""How well and how fast PDF is read: known texts are set as pages, read back, and compared.

    python performance/documents.py [--data ../shared/data] [--texts 6] [--long 500]

Each text is set in every layout: one and two columns, indents or empty lines, running heads, hyphens, columns drawn
across each other. F1 is of characters in their order, white space aside; `paragraphs` is the F1 of whole paragraphs,
exactly equal. Beside us: pdfium's own text of a page, as pypdfium2 gives it, in the same run. The long file is read in
a process of its own, whose peak of memory is told. Chinese is set with a font that pdfium has no outlines for.
"""

from __future__ import annotations

import argparse
import datetime
import io
import json
import platform
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from importlib.metadata import version
from pathlib import Path

import pypdfium2
import zstandard

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from curate.stages.documents.pdf import read_pdf
from tests.stages.document_files.typeset import Layout, pdf

TEXTS = {
    "zh law": "corpora/law/zh/prc_laws.jsonl.zst",
    "zh history": "corpora/general/zh/history_modern_translation.jsonl.zst",
    "en books": "corpora/general/en/standard_ebooks.jsonl.zst",
    "en medicine": "corpora/medical/en/medquad.jsonl.zst",
}
LAYOUTS = {
    "one column": Layout(head="学报 第3卷 Journal", number="- {} -"),
    "two columns": Layout(columns=2, size=9, leading=11, head="学报 第3卷 Journal", number="{}"),
    "drawn across": Layout(columns=2, size=9, leading=11, by_rows=True),
    "no indents": Layout(indent=0, number="第 {} 页", justified=False),
}
CHARACTERS = 12_000  # of a text that are set


def texts(path: Path, number: int) -> Iterator[list[str]]:
    """The paragraphs of the first texts that are long enough."""
    with path.open("rb") as packed:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(packed), "utf-8")
        for line in lines:
            text = json.loads(line)["text"]
            if len(text) > CHARACTERS / 2 and number:
                number -= 1
                yield [part.strip() for part in text[:CHARACTERS].split("\n") if part.strip()]


def plain(data: bytes) -> str:
    """What pdfium itself takes for the text."""
    document = pypdfium2.PdfDocument(data)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def ours(data: bytes) -> str:
    return read_pdf(data).text or ""


def squeezed(text: str) -> str:
    return "".join(text.split())


def likeness(found: str, wanted: str) -> float:
    """F1 of characters in their order."""
    same = sum(part.size for part in SequenceMatcher(None, found, wanted, autojunk=False).get_matching_blocks())
    return 2 * same / max(1, len(found) + len(wanted))


def whole(found: str, paragraphs: list[str]) -> float:
    """F1 of paragraphs that came back whole."""
    a, b = Counter(map(squeezed, found.split("\n\n"))), Counter(map(squeezed, paragraphs))
    return 2 * (a & b).total() / (a.total() + b.total())


def quality(data: Path, number: int) -> None:
    print(f"{'':<14}{'':<14}{'F1':>7}{'paragraphs':>12}{'pages/CPU-s':>13}   pdfium: {'F1':>6}{'pages/CPU-s':>13}")
    for name, place in TEXTS.items():
        if not (data / place).exists():
            print(f"{name}: {data / place} is not there, skipped")
            continue
        some = list(texts(data / place, number))
        for layout, how in LAYOUTS.items():
            files = [(pdf(paragraphs, how), paragraphs) for paragraphs in some]
            pages = sum(len(pypdfium2.PdfDocument(raw)) for raw, _ in files)
            figures = []
            for read in (ours, plain):
                started = time.process_time()
                found = [read(raw) for raw, _ in files]
                spent = time.process_time() - started
                scores = [
                    likeness(squeezed(text), squeezed("".join(wanted)))
                    for text, (_, wanted) in zip(found, files, strict=True)
                ]
                parts = [whole(text, wanted) for text, (_, wanted) in zip(found, files, strict=True)]
                figures.append((statistics.mean(scores), statistics.mean(parts), pages / spent))
            (f1, paragraphs_, speed), (f1_plain, _, speed_plain) = figures
            mine = f"{f1:>7.4f}{paragraphs_:>12.3f}{speed:>13.0f}"
            print(f"{name:<14}{layout:<14}{mine}{'':<11}{f1_plain:>6.4f}{speed_plain:>13.0f}")


LONG = """
import sys, time
from curate.stages.documents.pdf import read_pdf
raw = open(sys.argv[1], "rb").read()
import pypdfium2
peak = lambda: next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
before, started = peak(), time.process_time()
opened = read_pdf(raw)
print(len(opened.notes["pages"]), len(opened.text), time.process_time() - started, (peak() - before) // 1000)
"""


def long(pages: int) -> None:
    """A file of so many pages."""
    line = "民事主体从事民事活动，应当遵循公平原则，合理确定各方的权利和义务，并公布其第{}号年度报告。"
    paragraphs = ["".join(line.format(30 * number + part) for part in range(40)) for number in range(pages)]
    path = Path("/tmp/curate-long.pdf")
    path.write_bytes(pdf(paragraphs, Layout(head="年度报告", number="{}")))
    try:
        done = subprocess.run([sys.executable, "-c", LONG, str(path)], capture_output=True, text=True, check=True)
    finally:
        size = path.stat().st_size
        path.unlink()
    count, characters, seconds, grown = done.stdout.split()
    spent = f"{float(seconds):.1f} CPU-s, {grown} MB of memory more"
    print(f"{count} pages, {size / 1e6:.1f} MB, {int(characters):,} characters: {spent}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--texts", type=int, default=6)
    arguments.add_argument("--long", type=int, default=500)
    given = arguments.parse_args()
    packages = ", ".join(f"{name} {version(name)}" for name in ("pypdfium2", "reportlab"))
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {packages}")
    print(datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"))
    quality(given.data, given.texts)
    long(given.long)


if __name__ == "__main__":
    main()
