"""The sample data: small, balanced, free to pass on, and what traps.jsonl says of it is so."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard
from fastwarc.warc import ArchiveIterator, WarcRecordType
from tokenizers import Tokenizer

HERE = Path(__file__).resolve().parent.parent
SAMPLES = HERE / "data_samples"
SOURCE_DATA = HERE.parent / "shared" / "data"


@cache
def traps() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / "traps.jsonl").read_text(encoding="utf-8").splitlines()]


@cache
def pages(lang: str) -> Mapping[str, tuple[bytes, str]]:
    """Url -> (body, content type) of an archive."""
    with (SAMPLES / f"web/medical.{lang}.warc.gz").open("rb") as file:
        return {
            record.headers["WARC-Target-URI"]: (received(record.http_headers.asdict(), record.reader.read()),
                                                record.http_headers.get("Content-Type", ""))
            for record in ArchiveIterator(file, record_types=WarcRecordType.response, auto_decode="none")
        }  # fmt: skip


def received(headers: Mapping[str, str], body: bytes) -> bytes:
    """The body as a browser has it: out of its chunks, unzipped."""
    if headers.get("Transfer-Encoding") == "chunked":
        whole, rest = b"", body
        while (size := int(rest.split(b"\r\n", 1)[0], 16)) > 0:
            rest = rest.split(b"\r\n", 1)[1]
            whole, rest = whole + rest[:size], rest[size + 2 :]
        body = whole
    return gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body


def lines_of(data: bytes) -> Iterator[dict[str, Any]]:
    """The records of a JSONL file, without those that are traps because they can't be read."""
    for line in data.split(b"\n"):
        try:
            yield json.loads(line.decode())
        except ValueError:
            continue


@cache
def general(lang: str) -> bytes:
    """What a general JSONL file holds, unpacked."""
    if lang == "zh":
        return gzip.decompress((SAMPLES / "general/general.zh.jsonl.gz").read_bytes())
    packed = (SAMPLES / "general/general.en.jsonl.zst").read_bytes()
    return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(packed)).read()


@cache
def records(lang: str) -> Mapping[str, dict[str, Any]]:
    """Id -> record of a general JSONL file."""
    return {row["id"]: row for row in lines_of(general(lang))}


def words(body: bytes, content_type: str) -> str:
    """The text of a page with its menus, found without any of Curate's own parts."""
    label = re.search(r"charset=([\w-]+)", content_type) or re.search(
        r'charset="?([\w-]+)', body[:2000].decode("latin-1")
    )
    charset = label[1].lower() if label else "utf-8"
    html = body.decode("gb18030" if charset.startswith("gb") else charset, "replace")
    html = re.sub(r"(?s)<(script|style).*?</\1>", " ", html)
    return unescape(re.sub(r"<[^>]+>", " ", html))


def shingles(text: str) -> frozenset[str]:
    tokens = re.findall(r"[㐀-鿿]|[^\W_㐀-鿿]+", text.lower())
    return frozenset(" ".join(tokens[i : i + 5]) for i in range(max(1, len(tokens) - 4)))


def jaccard(one: str, other: str) -> float:
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


@cache
def clean() -> Mapping[str, str]:
    """Text of every document that is no trap, by url or id, pages with their menus."""
    planted = {trap.get("url") or trap.get("id") for trap in traps() if trap["outcome"] != "kept"}
    texts = {url: words(*page) for lang in ("en", "zh") for url, page in pages(lang).items()}
    texts |= {key: row["text"] for lang in ("en", "zh") for key, row in records(lang).items()}
    texts |= {row["id"]: row["body"] for row in pl.read_parquet(SAMPLES / "general/reference.parquet").to_dicts()}
    for path in sorted((SAMPLES / "html").rglob("*.html")):
        texts[path.name + path.parent.name] = words(path.read_bytes(), "")
    return {key: text for key, text in texts.items() if key not in planted}


def test_the_samples_take_less_than_8_MB() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 8e6


def test_every_folder_of_samples_has_its_licence_stated() -> None:
    stated = (SAMPLES / "SOURCES.md").read_text(encoding="utf-8")
    for path in SAMPLES.rglob("*"):
        relative = path.relative_to(SAMPLES).as_posix()
        if path.is_file() and path.suffix not in {".py", ".pyc", ".md"} and not relative.startswith("LICENSE"):
            named = any(
                start in stated
                for start in (relative, relative.rsplit("/", 1)[0] + "/", "/".join(relative.split("/")[:2]) + "/")
            )
            assert named or relative == "traps.jsonl" or relative.startswith("written/"), relative


def test_every_trap_is_where_it_says() -> None:
    for trap in traps():
        lang = trap["source"].rsplit("_", 1)[1]
        if "line" in trap:
            with pytest.raises(UnicodeDecodeError):
                general(lang).split(b"\n")[trap["line"] - 1].decode("utf-8")
            continue
        place: Mapping[str, Any] = pages(lang) if "url" in trap else records(lang)
        assert (trap.get("url") or trap["id"]) in place, trap
        if "twin" in trap:
            assert trap["twin"] in place, trap


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_both_languages_have_a_trap_of_every_kind(lang: str) -> None:
    names = {trap["name"] for trap in traps() if trap["lang"] == lang}
    assert names >= {
        "near_duplicate", "mirrored_page", "benchmark_question", "boilerplate_page", "repeated_words", "mojibake",
        "wrong_language", "too_short", "unreadable_bytes",
    }  # fmt: skip


def test_planted_near_duplicates_are_near_and_not_equal() -> None:
    for trap in traps():
        if trap["name"] == "near_duplicate" and "id" in trap:
            lang = trap["lang"]
            one, other = records(lang)[trap["id"]]["text"], records(lang)[trap["twin"]]["text"]
            assert 0.8 <= jaccard(one, other) < 1, trap


def test_no_two_clean_samples_are_alike() -> None:
    """Else a removal of one of them would be right, and 'no clean sample is lost' could not be asked."""
    holders: dict[str, list[str]] = {}
    sizes: dict[str, int] = {}
    for key, text in clean().items():
        grams = shingles(text)
        shared: dict[str, int] = {}
        for gram in grams:
            for other in holders.setdefault(gram, []):
                shared[other] = shared.get(other, 0) + 1
            holders[gram].append(key)
        sizes[key] = len(grams)
        for other, count in shared.items():
            assert count / (len(grams) + sizes[other] - count) < 0.6, (key, other)


def test_gb18030_pages_are_not_utf8_and_hold_their_phrase() -> None:
    encoded = [trap for trap in traps() if trap["name"] == "gb18030_page"]
    assert encoded
    for trap in encoded:
        body, _ = pages("zh")[trap["url"]]
        with pytest.raises(UnicodeDecodeError):
            body.decode("utf-8")
        assert trap["phrase"] in body.decode("gb18030")


def test_planted_benchmark_questions_are_items_of_the_benchmarks() -> None:
    items = {}
    for path in sorted((SAMPLES / "benchmarks").glob("*/items.jsonl")):
        for row in lines_of(path.read_bytes()):
            assert {"id", "question", "answer", "lang"} <= set(row), path
            assert row["id"] not in items
            items[row["id"]] = row
    assert {row["lang"] for row in items.values()} == {"en", "zh"}
    for trap in traps():
        if trap["name"] == "benchmark_question":
            body, content_type = pages(trap["lang"])[trap["url"]]
            question = items[trap["item"]]["question"]
            shown = "".join(words(body, content_type).split())
            assert "".join(question.split()) in shown


def test_no_benchmark_item_is_in_a_clean_sample() -> None:
    text = " ".join("".join(text.split()) for text in clean().values())
    for path in sorted((SAMPLES / "benchmarks").glob("*/items.jsonl")):
        for row in lines_of(path.read_bytes()):
            assert "".join(row["question"].split()) not in text, row["id"]


def test_dialogues_alternate_and_are_no_benchmark_items() -> None:
    tested = {row["id"] for row in lines_of((SAMPLES / "benchmarks/gsm8k/items.jsonl").read_bytes())}
    for name in ("medical.zh", "general.en"):
        rows = list(lines_of((SAMPLES / f"sft/{name}.jsonl").read_bytes()))
        assert len(rows) >= 290
        for row in rows:
            assert [turn["role"] for turn in row["messages"]] == ["user", "assistant"]
            assert row["id"] not in tested


def test_the_books_are_long_and_have_headings_of_chapters() -> None:
    books = {row["lang"]: row["text"] for row in lines_of((SAMPLES / "books/books.jsonl").read_bytes())}
    assert len(re.findall(r"(?m)^Chapter \d+$", books["en"])) >= 6
    assert len(re.findall(r"(?m)^第[一二三四五六七八九十]+回$", books["zh"])) >= 6
    assert min(len(text.encode()) for text in books.values()) > 100_000


@pytest.mark.skipif(not SOURCE_DATA.is_dir(), reason="the source data is not at ../shared/data")
def test_the_samples_are_made_again_byte_for_byte(tmp_path: Path) -> None:
    command = [sys.executable, str(SAMPLES / "make.py"), str(SOURCE_DATA), "--out", str(tmp_path)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(HERE)})
    made = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert len(made) > 60
    for name in made:
        assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes(), name


def test_the_tokenizer_is_small_and_gives_back_every_text() -> None:
    path = SAMPLES / "tokenizer/tokenizer.json"
    assert path.stat().st_size < 600_000
    tokenizer = Tokenizer.from_file(str(path))
    assert tokenizer.get_vocab_size() == 8192
    for text in ("The valve, 2.5 mm: naïve — \u2060👍\n\n  x", "血压一百四十毫米汞柱，ＡＢＣ。䶮"):
        assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text
