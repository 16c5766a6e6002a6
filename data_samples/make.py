"""Makes the sample data from the source data: `python data_samples/make.py FOLDER [--out DIR]`.

FOLDER holds corpora/, sft/ and benchmarks/ with the files that SOURCES.md names. What is written is the same byte for
byte each time (the zlib, zstd and Parquet libraries being the same). What people wrote for these samples themselves
(written/, benchmarks/curate_zh_sample/) is not made here, only used.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from gzip import GzipFile
from hashlib import blake2b
from pathlib import Path
from typing import Any

import polars as pl
import zstandard
from alike import Alike
from layouts import CHINESE, ENGLISH, Article, Layout
from traps import Page, Trap, medical_en, medical_zh, texts_en, texts_zh
from warc import archive, response

from curate.mix.vocabulary import train_tokenizer

HERE = Path(__file__).resolve().parent
Row = dict[str, Any]

VOCABULARY = 8192

# Bytes of text that each part takes. Domain to general is about 12 to 88, Chinese to English about 1 to 1.
BYTES = {
    "medquad": 250_000,
    "toyhom": 250_000,
    "html_en": 100_000,
    "html_zh": 100_000,
    "book": 140_000,
    "reference_en": 400_000,
    "reference_zh": 400_000,
    "peps": 600_000,
    "ebooks": 600_000,
    "history": 900_000,
    "novels": 300_000,
}


def main() -> None:
    """The whole folder, part by part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where corpora/, sft/ and benchmarks/ are")
    parser.add_argument("--out", type=Path, default=HERE, help="where to write (default: beside this script)")
    arguments = parser.parse_args()
    make(arguments.folder, arguments.out)


def make(folder: Path, out: Path) -> None:
    """Reads `folder`, writes `out`: the same files with the same bytes each time."""
    for made in ("web", "html", "books", "general", "sft"):
        shutil.rmtree(out / made, ignore_errors=True)
    alike = Alike()
    benchmarks = {name: _benchmark(folder, out, name) for name in ("gsm8k", "mmlu")}
    benchmarks["curate_zh_sample"] = list(_jsonl(HERE / "benchmarks/curate_zh_sample/items.jsonl"))
    traps: list[Trap] = []

    english = list(_medquad(_corpus(folder, "medical/en/medquad"), alike))
    pages, planted = medical_en(_pages(english, ENGLISH, SITES_EN), benchmarks)
    traps += planted
    _write(out / "web/medical.en.warc.gz", archive(response(page, n) for n, page in enumerate(pages)))

    chinese = list(_toyhom(_corpus(folder, "medical/zh/toyhom_internal_csv"), alike))
    pages, planted = medical_zh(_pages(chinese, CHINESE, SITES_ZH), benchmarks)
    traps += planted
    _write(out / "web/medical.zh.warc.gz", archive(response(page, n) for n, page in enumerate(pages)))

    ebooks = list(_ebooks(_corpus(folder, "general/en/standard_ebooks")))
    history = [row for row in _corpus(folder, "general/zh/history_modern_translation") if not _is_medical(row)]
    novels = _corpus(folder, "general/zh/classic_novels")
    _books(ebooks, novels, out / "books/books.jsonl")
    holmes = _take(_of(ebooks, "sherlock"), passages, 3000, 5000, BYTES["html_en"], alike, per=4)
    _html(out / "html/en", holmes, "Stories", ENGLISH)
    annals = _take(history, passages, 900, 1800, BYTES["html_zh"], alike, per=1)
    _html(out / "html/zh", annals, "史话", CHINESE)
    used = {row["url"] for row in annals}
    history = [row for row in history if row["url"] not in used]

    reference = [
        *_take(_eips(_corpus(folder, "general/en/eips")), passages, 1200, 3500, BYTES["reference_en"], alike, per=1),
        *_take(_of(history, "资治通鉴", "宋史", "明史", "新唐书", "旧唐书"), passages, 500, 1500,
               BYTES["reference_zh"], alike, per=12),
    ]  # fmt: skip
    table = pl.DataFrame(
        [{"id": r["id"], "body": r["text"], "lang": r["lang"], "license": r["license"], "url": r["url"]}
         for r in _shuffled(reference)]
    )  # fmt: skip
    (out / "general").mkdir(parents=True, exist_ok=True)
    table.write_parquet(out / "general/reference.parquet", compression="zstd", compression_level=12)

    fiction = _of(ebooks, "pride-and-prejudice", "great-expectations", "wealth-of-nations")
    text_en = [
        *_take(_peps(_corpus(folder, "general/en/peps")), passages, 1200, 3500, BYTES["peps"], alike, per=2),
        *_take(fiction, passages, 1500, 4000, BYTES["ebooks"], alike, per=3),
    ]
    rows, planted = texts_en(text_en)
    lines, unreadable = _lines(rows, "general_en", "utf-16")
    traps += [*planted, unreadable]
    _write(out / "general/general.en.jsonl.zst", zstandard.ZstdCompressor(level=19).compress(lines))

    rest = [row for row in history if not any(book in row["url"] for book in ("资治通鉴", "宋史", "明史", "唐书"))]
    text_zh = [
        *_take(rest, passages, 400, 1500, BYTES["history"], alike, per=4),
        *_take(_decent(_of(novels, "喻世明言")), passages, 500, 1500, BYTES["novels"], alike, per=6),
    ]
    rows, planted = texts_zh(text_zh)
    lines, unreadable = _lines(rows, "general_zh", "gb18030")
    traps += [*planted, unreadable]
    _write(out / "general/general.zh.jsonl.gz", _gzip(lines))

    texts = [row["text"] for row in (*reference, *text_en, *text_zh)]
    texts += ["\n".join(line for _, lines in row["sections"] for line in lines) for row in (*english, *chinese)]
    _write(out / "tokenizer/tokenizer.json", train_tokenizer(texts, VOCABULARY))

    _dialogues(folder, out, {row["id"] for row in benchmarks["gsm8k"]})
    _write(out / "traps.jsonl", b"".join(_line(trap.row()) for trap in traps))


# ---- what is chosen -------------------------------------------------------------------------------------------------


def _order(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=8).digest()


def _shuffled(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: _order(row["id"]))


def passages(text: str, low: int, high: int) -> Iterator[str]:
    """Runs of whole paragraphs of `low` to `high` characters, one after another."""
    size, run = 0, list[str]()
    for paragraph in text.split("\n\n") if "\n\n" in text else text.split("\n"):
        run.append(paragraph)
        size += len(paragraph)
        if size >= low:
            if size <= high:
                yield ("\n\n" if "\n\n" in text else "\n").join(run).strip("\n")
            size, run = 0, []


def _take(
    rows: Iterable[Row],
    cut: Callable[[str, int, int], Iterator[str]],
    low: int,
    high: int,
    budget: int,
    alike: Alike,
    *,
    per: int,
) -> list[Row]:
    """Up to `per` clean passages of each row, rows in an order by hash, until `budget` bytes are reached."""
    chosen: list[Row] = []
    for row in _shuffled(rows):
        mine = 0
        least = low + low * _order(row["id"])[0] // 256  # so that lengths differ
        for number, passage in enumerate(cut(row["text"], least, high)):
            if budget <= 0 or mine == per:
                break
            if is_clean(passage) and alike.admits(passage):
                chosen.append({**row, "id": f"{row['id']}-{number}", "text": passage})
                budget -= len(passage.encode())
                mine += 1
    return chosen


def is_clean(text: str) -> bool:
    """Ordinary prose: no addresses of people, few links and little code, no damage, no line twice."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    code = sum(line.startswith(("    ", "\t", ">>>", "|", "+-")) for line in text.split("\n"))
    letters = sum(c.isalpha() or c.isspace() for c in text)
    return (
        len(set(lines)) == len(lines)
        and code <= len(lines) * 0.3
        and letters >= len(text) * 0.8
        and text.count("http") <= 3
        and not re.search(r"[\w.]+@\w+\.|\ufffd|\d{7,}|[婬娼妓㸒□�]|一[自精妇己一]一", text)
    )


def _of(rows: Iterable[Row], *words: str) -> list[Row]:
    return [row for row in rows if any(word in row["url"] for word in words)]


def _is_medical(row: Row) -> bool:
    """The medical classics are domain text: among the general samples they would spoil the ratio."""
    return bool(_of([row], "黄帝内经", "伤寒论"))


def _decent(rows: Iterable[Row]) -> Iterator[Row]:
    """Novels without the lines of a verse at their start."""
    for row in rows:
        yield {**row, "text": "\n".join(line.strip() for line in row["text"].split("\n") if len(line.strip()) > 20)}


def _ebooks(rows: Iterable[Row]) -> Iterator[Row]:
    """Chapters without their heading (it comes three times over), a blank line between paragraphs."""
    for row in rows:
        lines = [line.strip() for line in row["text"].split("\n") if line.strip()]
        start = next((n for n, line in enumerate(lines) if line not in lines[0]), len(lines))
        yield {**row, "text": "\n\n".join(lines[start:])}


def _peps(rows: Iterable[Row]) -> Iterator[Row]:
    """The PEPs that say they are in the public domain or CC0, without the header (it has addresses)."""
    for row in rows:
        if re.search(r"public\s+domain", row["text"], re.IGNORECASE):
            yield {**row, "text": row["text"].partition("\n\n")[2].strip()}


def _eips(rows: Iterable[Row]) -> Iterator[Row]:
    """The EIPs without their front matter."""
    for row in rows:
        parts = row["text"].split("\n---\n", 1)
        if len(parts) == 2:
            yield {**row, "text": parts[1].strip()}


def _medquad(rows: Iterable[Row], alike: Alike) -> Iterator[Row]:
    """Whole documents of MedlinePlus, NINDS and CDC as (title, sections): no other part of MedQuAD is so short."""
    budget = BYTES["medquad"]
    for row in _shuffled(_of(rows, "www.nlm.nih.gov", "www.ninds.nih.gov", "www.cdc.gov")):
        if budget <= 0:
            return
        sections = _questions(row["text"])
        text = "\n".join(line for heading, lines in sections for line in (heading, *lines))
        if 700 <= len(text) <= 4500 and is_clean(text) and alike.admits(text):
            budget -= len(text.encode())
            title = re.sub(r"^What (is|are) |\?$", "", sections[0][0])
            yield {"id": row["id"], "title": title[0].upper() + title[1:], "sections": sections}


def _questions(text: str) -> list[tuple[str, list[str]]]:
    """MedQuAD's questions with the paragraphs of their answers; the marks of its templates are removed."""
    sections: list[tuple[str, list[str]]] = []
    for raw in text.split("\n"):
        line = re.sub(r"\s+", " ", raw).strip()
        if line.endswith(" ?"):
            heading = re.sub(r"[ ?]+$", "?", line.replace("What is (are)", "What is"))
            if not sections or sections[-1][0] != heading:
                sections.append((heading, []))
        elif line and sections:
            sections[-1][1].append(line)
    return [section for section in sections if section[1]]


def _toyhom(rows: Iterable[Row], alike: Alike) -> Iterator[Row]:
    """Three questions of one department a page, as (title, sections)."""
    budget = BYTES["toyhom"]
    waiting: dict[str, list[tuple[str, list[str]]]] = {}
    for row in _shuffled(rows):
        if budget <= 0:
            return
        heading, *paragraphs = (line.strip() for line in row["text"].split("\n") if line.strip())
        text = "\n".join((heading, *paragraphs))
        if len(text) < 200 or len(paragraphs) != 2 or not is_clean(text) or not alike.admits(text):
            continue
        budget -= len(text.encode())
        group = waiting.setdefault(row["department"], [])
        group.append((heading, paragraphs))
        if len(group) == 3:
            yield {"id": row["id"], "title": f"{row['department']}问答：{group[0][0]}", "sections": list(group)}
            group.clear()


# ---- what is written ------------------------------------------------------------------------------------------------

SITES_EN = (
    "https://www.wellspring.example/topics/{}.html",
    "http://st-alder.example/leaflets/{}.html",
    "http://country-practice.example/{}.htm",
    "https://m.pocket-clinic.example/read/{}",
)
SITES_ZH = (
    "https://www.qingquan.example/ask/{}.html",
    "https://zhixing.example/read/{}",
    "http://xinglin.example/bbs/{}.htm",
    "https://m.xinglin.example/p/{}",
)


def _pages(rows: Sequence[Row], layouts: Sequence[Layout], sites: Sequence[str]) -> list[Page]:
    """A page for each article: layouts and sites in turn."""
    titles = [row["title"] for row in rows]
    return [
        Page(
            url=sites[n % 4].format(_order(row["id"]).hex()[:8]),
            layout=layouts[n % 4],
            article=Article(title=row["title"], sections=row["sections"], others=_others(titles, n)),
            number=n,
        )
        for n, row in enumerate(rows)
    ]


def _others(titles: Sequence[str], number: int) -> list[str]:
    return [titles[(number + step) % len(titles)] for step in (1, 7, 19, 31, 53)]


def _html(folder: Path, rows: Sequence[Row], shelf: str, layouts: Sequence[Layout]) -> None:
    """A file for each passage, some of the Chinese ones in GB18030, in two levels of folders."""
    titles = [f"{shelf} {n + 1}" for n in range(len(rows))]
    for n, row in enumerate(rows):
        charset = "gb18030" if row["lang"] == "zh" and n % 4 == 2 else "utf-8"
        paragraphs = [re.sub(r"\s+", " ", line).strip() for line in row["text"].split("\n") if line.strip()]
        article = Article(title=titles[n], sections=[(None, paragraphs)], others=_others(titles, n), charset=charset)
        _write(folder / f"{n % 3 + 1}" / f"{n + 1:02}.html", layouts[n % 4](article).encode(charset))


def _books(ebooks: Sequence[Row], novels: Sequence[Row], path: Path) -> None:
    """One English and one Chinese book, whole chapters under their headings, for the splitter."""
    frankenstein, dreams = list[str](), list[str]()
    chapters = {row["url"].rsplit("/", 1)[1]: row["text"] for row in _of(ebooks, "frankenstein")}
    for n in range(1, 25):
        if len("".join(frankenstein).encode()) < BYTES["book"]:
            frankenstein.append(f"Chapter {n}\n\n{chapters[f'chapter-{n}.xhtml']}")
    parts = {int(row["url"].rsplit("/", 1)[1][:-5]): row["text"] for row in _of(novels, "/后红楼梦/")}
    for n, numeral in enumerate("一二三四五六七八九十", 1):
        text = "\n\n".join(line.strip() for line in parts[n].split("\n") if line.strip())
        if len("".join(dreams).encode()) < BYTES["book"]:
            dreams.append(f"第{numeral}回\n\n{text}")
    rows = [
        {"id": "frankenstein", "title": "Frankenstein", "author": "Mary Shelley", "lang": "en", "license": "CC0-1.0",
         "text": "\n\n".join(frankenstein)},
        {"id": "hou-honglou-meng", "title": "后红楼梦", "author": "逍遥子", "lang": "zh", "license": "MIT",
         "text": "\n\n".join(dreams)},
    ]  # fmt: skip
    _write(path, b"".join(_line(row) for row in rows))


def _benchmark(folder: Path, out: Path, name: str) -> list[Row]:
    """Sixty items of a benchmark's test set."""
    rows = [row for row in _zst(folder / f"benchmarks/{name}/items.jsonl.zst") if row["subset"].startswith("test")]
    if name == "mmlu":
        subjects = ("clinical_knowledge", "anatomy", "nutrition", "astronomy", "world_history", "economics")
        rows = [row for row in rows if any(word in row["subset"] for word in subjects) and len(row["question"]) > 80]
    chosen = [{k: v for k, v in row.items() if v is not None} for row in _shuffled(rows)[:60]]
    _write(out / f"benchmarks/{name}/items.jsonl", b"".join(_line(row) for row in chosen))
    return chosen


def _dialogues(folder: Path, out: Path, tested: set[str]) -> None:
    """300 Chinese medical dialogues, and 300 English ones of school mathematics (none of the benchmark's items)."""
    medical = _shuffled(_zst(folder / "sft/medical/zh_toyhom_internal.jsonl.zst"))
    medical = [row for row in medical if all(is_clean(turn["content"]) for turn in row["messages"])]
    chosen = [{"id": row["id"], "lang": "zh", "license": "MIT", "messages": row["messages"]} for row in medical[:300]]
    _write(out / "sft/medical.zh.jsonl", b"".join(_line(row) for row in chosen))
    training = [row for row in _zst(folder / "benchmarks/gsm8k/items.jsonl.zst") if row["subset"] == "train"]
    chosen = [
        {"id": row["id"], "lang": "en", "license": "MIT", "messages": [
            {"role": "user", "content": row["question"]},
            {"role": "assistant", "content": re.sub(r"<<.*?>>", "", row["answer"]).replace("#### ", "Answer: ")}]}
        for row in _shuffled(training)[:300] if row["id"] not in tested
    ]  # fmt: skip
    _write(out / "sft/general.en.jsonl", b"".join(_line(row) for row in chosen))


LICENSES = {
    "ethereum/EIPs": "CC0-1.0",
    "python/peps": "LicenseRef-public-domain",
    "standardebooks": "CC0-1.0",
    "luoxuhai/chinese-novel": "MIT",
    "NiuTrans/Classical-Modern": "MIT",
}


def _corpus(folder: Path, name: str) -> list[Row]:
    rows: list[Row] = []
    for row in _zst(folder / f"corpora/{name}.jsonl.zst"):
        license_name = next((value for start, value in LICENSES.items() if row["source"].startswith(start)), None)
        kept: Row = {key: row[key] for key in ("id", "text", "url", "lang", "department") if key in row}
        rows.append({**kept, "license": license_name})
    return rows


def _zst(path: Path) -> Iterator[Row]:
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as reader:
        for line in io.TextIOWrapper(reader, encoding="utf-8", newline="\n"):
            yield json.loads(line)


def _jsonl(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield json.loads(line)


def _lines(rows: Iterable[Row], source: str, wrong: str) -> tuple[bytes, Trap]:
    """JSON lines in an order by hash, one of them in an encoding that JSON lines can't have: a trap."""
    ordered = _shuffled(rows)
    lines = [_line(row) for row in ordered]
    lang = source[-2:]
    text = json.dumps({"id": f"trap-{lang}-bytes", "text": ordered[0]["text"][:200]}, ensure_ascii=False)
    lines.insert(100, text.encode(wrong).replace(b"\n", b"") + b"\n")
    trap = Trap(
        name="unreadable_line", source=source, lang=lang, outcome="quarantined", by=(("read", "undecodable"),), line=101
    )
    return b"".join(lines), trap


def _line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _gzip(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with GzipFile("", "wb", 9, buffer, mtime=0) as file:
        file.write(data)
    return buffer.getvalue()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


if __name__ == "__main__":
    main()
