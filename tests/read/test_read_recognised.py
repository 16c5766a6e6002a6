"""What MinerU and PaddleOCR make of pages: text in reading order, with the place of each page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.read.samples import read, reasons, written
from tests.read.test_read_folder import aside, read_folder

CONTENT = [
    {"type": "header", "text": "中华医学杂志", "page_idx": 0, "bbox": [0, 0, 1, 1]},
    {"type": "text", "text": "高血压的治疗", "text_level": 1, "page_idx": 0},
    {"type": "text", "text": "限制钠盐摄入。", "page_idx": 0},
    {"type": "equation", "text": "$$\nE = mc^2\n$$", "text_format": "latex", "page_idx": 0},
    {"type": "page_number", "text": "1", "page_idx": 0},
    {
        "type": "table",
        "table_caption": ["表1 剂量"],
        "table_body": "<table><tr><td>10 mg</td></tr></table>",
        "table_footnote": ["每日一次"],
        "page_idx": 2,
    },
    {"type": "image", "img_path": "images/x.jpg", "image_caption": ["图1"], "image_footnote": [], "page_idx": 2},
    {"type": "list", "sub_type": "text", "list_items": ["1. one", "2. two"], "page_idx": 3},
    {"type": "code", "sub_type": "code", "code_caption": [], "code_body": "x = 1", "page_idx": 3},
    {"type": "discarded", "text": "junk", "page_idx": 3},
]
TEXT = "\n\n".join(
    [
        "# 高血压的治疗",
        "限制钠盐摄入。",
        "$$\nE = mc^2\n$$",
        "表1 剂量\n<table><tr><td>10 mg</td></tr></table>\n每日一次",
        "图1",
        "1. one\n2. two",
        "x = 1",
    ]
)


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def test_a_content_list_is_one_document_without_running_heads(tmp_path: Path) -> None:
    for name in ("a.md", "a_middle.json", "a_model.json", "a_layout.pdf", "a_origin.pdf"):
        written(tmp_path, name, b"{}")
    written(tmp_path, "a_content_list.json", as_json(CONTENT))
    batch = read_folder(tmp_path)
    (row,) = batch.docs.to_dicts()
    assert row["text"] == TEXT
    assert set(aside(batch).values()) == {"companion"}
    assert len(batch.problems) == 5
    meta = json.loads(row["meta"])
    assert meta["ocr"] == "mineru"
    assert [page for page, _ in meta["pages"]] == [1, 3, 4]
    assert [row["text"][at:][:4] for _, at in meta["pages"]] == ["# 高血", "表1 剂", "1. o"]


def test_the_middle_file_serves_where_there_is_no_list(tmp_path: Path) -> None:
    def lines(*texts: str) -> list[dict[str, Any]]:
        return [{"spans": [{"type": "text", "content": text}]} for text in texts]

    page = {
        "page_idx": 4,
        "para_blocks": [
            {"type": "title", "lines": lines("第一章")},
            {"type": "text", "lines": lines("限制钠盐", "摄入。")},
            {"type": "text", "lines": lines("hard", "wrapped")},
            {
                "type": "table",
                "blocks": [
                    {"type": "table_caption", "lines": lines("表1")},
                    {"type": "table_body", "lines": [{"spans": [{"type": "table", "html": "<table></table>"}]}]},
                ],
            },
        ],
        "discarded_blocks": [{"type": "discarded", "lines": lines("页眉")}],
    }
    (row,) = read(written(tmp_path, "a_middle.json", as_json({"pdf_info": [page]})), format="mineru").docs.to_dicts()
    assert row["text"] == "第一章\n\n限制钠盐摄入。\n\nhard wrapped\n\n表1\n<table></table>"
    assert json.loads(row["meta"])["pages"] == [[5, 0]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [([{"text": "no type"}], "malformed"), ({"a": 1}, "malformed"), ([], "no_text"), ("not json", "malformed")],
)
def test_what_is_not_minerus_is_said(tmp_path: Path, content: Any, reason: str) -> None:
    data = content.encode() if isinstance(content, str) else as_json(content)
    batch = read(written(tmp_path, "a_content_list.json", data), format="mineru")
    assert reasons(batch) == [reason]


def page(number: int | None, *blocks: tuple[str, str]) -> dict[str, Any]:
    listed = [{"block_label": label, "block_content": text, "block_bbox": [0, 0, 1, 1]} for label, text in blocks]
    return {"input_path": "a.pdf", "page_index": number, "model_settings": {}, "parsing_res_list": listed}


def test_the_pages_of_a_pdf_are_one_document(tmp_path: Path) -> None:
    written(tmp_path, "a_0_res.json", as_json(page(0, ("header", "页眉"), ("doc_title", "题目"), ("text", "正文一"))))
    written(tmp_path, "a_10_res.json", as_json(page(10, ("text", "the end"), ("number", "11"))))
    written(
        tmp_path,
        "a_2_res.json",
        as_json(page(2, ("paragraph_title", "节"), ("table", "<table></table>"), ("image", ""))),
    )
    for name in ("a_0.md", "a_2.md", "a_10.md"):
        written(tmp_path, name, b"the same")
    batch = read_folder(tmp_path)
    (row,) = batch.docs.to_dicts()
    assert row["text"] == "# 题目\n\n正文一\n\n## 节\n\n<table></table>\n\nthe end"
    assert [page for page, _ in json.loads(row["meta"])["pages"]] == [1, 3, 11]
    assert set(aside(batch).values()) == {"companion"}
    assert len(batch.problems) == 5


def test_formulas_of_pages_are_marked_once(tmp_path: Path) -> None:
    written(tmp_path, "a_res.json", as_json(page(None, ("formula", "E=mc^2"), ("display_formula", "$$ x $$"))))
    assert read_folder(tmp_path).docs["text"].to_list() == ["$$E=mc^2$$\n\n$$ x $$"]


def test_lines_alone_become_paragraphs_by_their_places(tmp_path: Path) -> None:
    boxes = [[0, 0, 90, 10], [0, 12, 90, 22], [0, 60, 90, 70]]
    content = {"input_path": "a.png", "page_index": None, "model_settings": {}}
    content |= {"rec_texts": ["限制钠盐", "摄入。", "另一段"], "rec_boxes": boxes}
    written(tmp_path, "a_res.json", as_json(content))
    (row,) = read_folder(tmp_path).docs.to_dicts()
    assert row["text"] == "限制钠盐摄入。\n\n另一段"


def test_a_file_of_that_name_that_is_not_paddles_is_read_as_json(tmp_path: Path) -> None:
    written(tmp_path, "a_res.json", as_json({"text": "一"}))
    assert read_folder(tmp_path).docs["text"].to_list() == ["一"]
