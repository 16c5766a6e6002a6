"""Every format is read from object storage as from disk."""

from __future__ import annotations

import io
import json
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate import files
from curate.read import Batch, open_shard, sorted_out
from curate.recipe import Source
from tests.read.samples import (
    TEXTS,
    arc_records,
    gzipped,
    json_lines,
    lz4,
    page_records,
    zstd,
)
from tests.stages.document_files.containers import docx, epub, paragraph
from tests.stages.document_files.test_pdf import CHINESE
from tests.stages.document_files.typeset import pdf

LINES = json_lines([{"text": text, "id": number} for number, text in enumerate(TEXTS)])
ROWS = "id,text\n" + "".join(f'{number},"第{number}行, 有引号"\n' for number in range(9))


def _parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"text": TEXTS, "id": list(range(len(TEXTS)))}), out, row_group_size=2)
    return out.getvalue()


FORMATS: dict[str, dict[str, bytes]] = {
    "warc": {"a.warc": b"".join(page_records()), "b.warc.gz": b"".join(gzipped(page_records()))},
    "packed warc": {
        "a.warc.zst": b"".join(map(zstd, page_records())),
        "b.warc.lz4": b"".join(map(lz4, page_records())),
    },
    "arc": {"a.arc": b"".join(arc_records()), "b.arc.gz": b"".join(gzipped(arc_records()))},
    "cut": {"a.warc.gz": b"".join(gzipped(page_records()))[:-20], "b.jsonl.zst": zstd(LINES)[:-9]},
    "html": {"a.html": b"<p>x</p>", "b.htm.gz": gzipped([b"<p>y</p>"])[0]},
    "document": {"a.pdf": pdf(CHINESE), "b.docx": docx(paragraph("正文")), "c.epub": epub({"a.xhtml": "<p>子曰</p>"})},
    "jsonl": {"a.jsonl": LINES, "b.jsonl.gz": gzipped([LINES])[0], "c.json": json.dumps([{"text": "一"}]).encode()},
    "csv": {"a.csv": ROWS.encode(), "b.tsv.zst": zstd(ROWS.replace(",", "\t").encode())},
    "wide": {"a.csv": ROWS.encode("utf-16"), "b.jsonl": LINES.decode().encode("utf-16-le")},
    "parquet": {"a.parquet": _parquet()},
    "text": {"a.txt": "正文".encode(), "b.md.gz": gzipped([b"# Title"])[0], "c.txt": "正文".encode("gb18030")},
    "mineru": {"x/a_content_list.json": json.dumps([{"type": "text", "text": "一", "page_idx": 0}]).encode(),
               "x/a.md": "一".encode()},
    "paddleocr": {
        f"a_{page}_res.json": json.dumps(
            {"page_index": page, "parsing_res_list": [{"block_label": "text", "block_content": f"第{page}页"}]}
        ).encode()
        for page in range(3)
    },
    "folder": {"a.jsonl": LINES, "b.png": b"x", "c.csv": b""},
}  # fmt: skip


def read_all(place: str) -> list[Batch]:
    source = Source(name="s", path=place)
    return list(open_shard(source, sorted_out(source, files.found(place))))


def same(here: list[Batch], there: list[Batch]) -> bool:
    problems = [[one for batch in some for one in batch.problems] for some in (here, there)]
    tables = [[batch.docs.to_dicts() for batch in some] for some in (here, there)]
    return problems[0] == problems[1] and tables[0] == tables[1] and sum(batch.records for batch in here) > 0


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_read_from_object_storage_as_from_disk(tmp_path: Path, bucket: str, name: str) -> None:
    for relative, data in FORMATS[name].items():
        for root in (str(tmp_path), f"{bucket}/data"):
            assert files.put_new(files.join(root, relative), data)
    assert same(read_all(str(tmp_path)), read_all(f"{bucket}/data"))


def test_a_saved_dataset_is_read_from_object_storage_as_from_disk(tmp_path: Path, bucket: str) -> None:
    rows = datasets.Dataset.from_dict({"text": ["一", "two", "三"], "id": [1, 2, 3]})
    datasets.DatasetDict({"train": rows, "test": rows.select([0])}).save_to_disk(str(tmp_path))
    for path in filter(Path.is_file, tmp_path.rglob("*")):
        assert files.put_new(f"{bucket}/{path.relative_to(tmp_path)}", path.read_bytes())
    assert same(read_all(str(tmp_path)), read_all(bucket))
