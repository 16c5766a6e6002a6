"""Document files through the stage that extracts pages: one `Extract` in a recipe reads them all."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl
import pytest

from curate.chain import trial
from curate.child import Child
from curate.stage import measured, remove
from curate.stages.documents.ocr import recognised
from curate.stages.documents.opened import STATES, Unreadable
from curate.stages.extract import Extract
from tests.read.samples import read, written
from tests.stages.document_files.containers import docx, epub, paragraph
from tests.stages.document_files.test_pdf import CHINESE, drawn, likeness
from tests.stages.document_files.typeset import pdf


def through(folder: Path, files: dict[str, bytes], stage: Extract = Extract()) -> dict[str, dict[str, object]]:  # noqa: B008 (frozen)
    docs = pl.concat(read(written(folder, name, data)).docs for name, data in files.items())
    return {row["locator"]: row for row in measured(stage, docs).to_dicts()}


def test_one_extract_reads_pages_and_document_files(tmp_path: Path) -> None:
    found = through(
        tmp_path,
        {
            "a.pdf": pdf(CHINESE),
            "b.docx": docx(paragraph("正文")),
            "c.epub": epub({"a.xhtml": "<p>子曰</p>"}),
            "d.html": b"<p>" + b"The court held that the contract was void. " * 9 + b"</p>",
        },
    )
    assert likeness(str(found["a.pdf"]["text"]), CHINESE) > 0.99
    assert (found["b.docx"]["text"], found["c.epub"]["text"]) == ("正文", "子曰")
    assert [row["file_state"] for row in found.values()] == ["read", "read", "read", "page"]
    assert json.loads(str(found["c.epub"]["meta"]))["title"] == "论语"
    assert json.loads(str(found["a.pdf"]["meta"]))["pages"][0] == 0
    assert {row["raw"] for row in found.values()} == {None}


def test_each_way_to_give_no_text_is_a_reason_with_what_was_found(tmp_path: Path) -> None:
    files = {"a.pdf": drawn(), "b.pdf": b"%PDF-", "c.docx": b"PK\x03\x04", "d.docx": b"\xd0\xcf\x11\xe0"}
    docs = pl.concat(read(written(tmp_path, name, data)).docs for name, data in files.items())
    removal = remove(measured(Extract(), docs), "extract", Extract().rules)
    assert removal.verdicts["reason"].to_list() == ["no_text_layer", "damaged_file", "damaged_file", "encrypted"]
    assert removal.verdicts["evidence"].null_count() == 0
    assert {rule.reason for rule in Extract().rules} >= STATES.keys()


def test_a_scan_goes_to_the_command_that_recognises_text(tmp_path: Path) -> None:
    program = "import sys; data = open(sys.argv[1], 'rb').read(); print('识别', data[:5].decode(), sys.argv[1][-4:])"
    stage = Extract(ocr=f'{sys.executable} -c "{program}" {{file}}')
    found = through(tmp_path, {"a.pdf": drawn(), "b.pdf": pdf(CHINESE)}, stage)
    assert found["a.pdf"]["text"] == "识别 %PDF- .pdf"
    assert json.loads(str(found["a.pdf"]["meta"]))["ocr"] == "command"
    assert "识别" not in str(found["b.pdf"]["text"])


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("import sys; sys.exit('no model')", "status 1: no model"),
        ("import time; time.sleep(60)", "more than 1 s"),
        (r"import sys; sys.stdout.buffer.write(b'\xd6\xd0')", "UTF-8"),
    ],
)
def test_a_command_that_fails_costs_the_document(program: str, found: str) -> None:
    with pytest.raises(Unreadable, match=found) as caught:
        recognised(b"x", ".pdf", f'{sys.executable} -c "{program}" {{file}}', 1)
    assert caught.value.state == "ocr_failed"


def test_a_command_that_is_not_there_is_the_machines_fault() -> None:
    with pytest.raises(OSError, match="no-such-program"):
        recognised(b"x", ".pdf", "no-such-program {file}", 1)


def test_a_document_that_crashes_its_reader_costs_itself(tmp_path: Path) -> None:
    docs = pl.concat(
        read(written(tmp_path, name, drawn((72, 700, name * 3)))).docs for name in ("a.pdf", "b.pdf", "c.pdf")
    )
    child = Child()
    try:
        tried = trial(_Crashing(), docs, child)
    finally:
        child.close()
    assert tried.good["locator"].to_list() == ["a.pdf", "c.pdf"]
    assert "SIGSEGV" in tried.bad["error"][0]


class _Crashing(Extract):
    """As pdfium would crash on one file."""

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        import os
        import signal

        if "b.pdf" in docs["locator"]:
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().__call__(docs)
