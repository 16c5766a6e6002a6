"""Small inputs in every format, in Chinese and English, and what they must be read as."""

from __future__ import annotations

import gzip
import io
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from fastwarc.stream_io import Lz4Writer

from curate.document import COLUMNS, RAW
from curate.files import FileInfo
from curate.read import CAP, Batch, Problem, open_shard
from curate.recipe import Source

PAGES = [
    b"<html><body><p>Aspirin inhibits the enzyme cyclooxygenase.</p></body></html>",
    "<html><body><p>高血压患者应限制钠盐摄入，每日不超过五克。</p></body></html>".encode(),
    "<html><head><meta charset=gb2312></head><body>民法典第一千零七十九条规定离婚程序。</body></html>".encode(
        "gb18030"
    ),
    b"<html><body>" + b"The court held that the contract was void. " * 40 + b"</body></html>",
    "<html><body>股份有限公司的年度报告应当在四个月内披露。</body></html>".encode(),
]
TEXTS = [
    "The statute was repealed in 1998.",
    "第一条 为了保护民事主体的合法权益。\u2028第二条",
    "10² µg, β\n\n",
    "𠮷野家",
    "",
]


def warc_record(
    block: bytes,
    *,
    number: int = 0,
    kind: str = "response",
    content_type: str = "application/http; msgtype=response",
    url: str | None = "http://example.org/页",
    length: str | None = None,
    extra: str = "",
) -> bytes:
    """One WARC record; with a `length` other than its block's a damaged one."""
    lines = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: <urn:uuid:{number}>",
        "WARC-Date: 2024-05-01T08:00:00Z",
    ]
    lines += [f"WARC-Target-URI: {url}"] * (url is not None) + [extra] * bool(extra)
    lines += [f"Content-Type: {content_type}", f"Content-Length: {length or len(block)}", "", ""]
    return "\r\n".join(lines).encode() + block + b"\r\n\r\n"


def http(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A captured answer; its type is text/html unless `headers` are given."""
    return "\r\n".join([f"HTTP/1.1 {status}", *(headers or ("Content-Type: text/html",)), "", ""]).encode() + body


ARC_HEAD = b"1 0 Archive\nURL IP-address Archive-date Content-type Archive-length\n\n"


def arc_record(
    block: bytes, *, url: str = "http://example.org/页 1", length: int | None = None, kind: str = "text/html"
) -> bytes:
    """One record of an ARC file; with a `length` other than its block's a damaged one."""
    size = len(block) if length is None else length
    return f"{url} 1.2.3.4 20010203040506 {kind} {size}\n".encode() + block + b"\n"


def arc_records(pages: Sequence[bytes] = PAGES) -> list[bytes]:
    """The record that begins an ARC file, and one for each page."""
    head = arc_record(ARC_HEAD, url="filedesc://a.arc", kind="text/plain")
    return [head, *(arc_record(http(page), url=f"http://x/{number}") for number, page in enumerate(pages))]


def page_records(pages: Sequence[bytes] = PAGES) -> list[bytes]:
    return [warc_record(http(page), number=number, url=f"http://x/{number}") for number, page in enumerate(pages)]


def gzipped(parts: Sequence[bytes]) -> list[bytes]:
    return [gzip.compress(part, mtime=0) for part in parts]


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def lz4(data: bytes) -> bytes:
    """A frame by FastWARC's own writer, whose `close` would close what it writes to."""
    out = io.BytesIO()
    out.close = lambda: None  # type: ignore[method-assign]
    writer = Lz4Writer(out)
    writer.write(data)
    writer.close()
    return out.getvalue()


def skippable(data: bytes, magic: int = 0x184D2A5D) -> bytes:
    """A skippable zstd frame; by its default number one that holds the dictionary of a WARC file."""
    return struct.pack("<II", magic, len(data)) + data


def json_lines(records: Sequence[Any]) -> bytes:
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


def parquet(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(columns), path, **options)
    return path


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def read(path: Path, *, cap: int = CAP, **settings: Any) -> Batch:
    """All that a small file holds, as one batch; nothing is lost between the file and the batch."""
    source = Source(**{"name": "test", "path": str(path), **settings})
    batches = list(open_shard(source, FileInfo(str(path), path.stat().st_size, path.name), cap=cap))
    assert len(batches) <= 1
    batch = batches[0] if batches else Batch(pl.DataFrame(schema={**COLUMNS, **RAW}), (), 0)
    assert batch.records == batch.docs.height + len(batch.problems)
    return batch


def quarantined(batch: Batch) -> list[Problem]:
    return [problem for problem in batch.problems if problem.kind == "quarantined"]


def reasons(batch: Batch) -> list[str]:
    return [problem.reason for problem in batch.problems]
