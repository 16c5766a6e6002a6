"""Which field of a record becomes which column."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curate.document import content_hash, doc_id
from tests.read.samples import json_lines, read, reasons, written


def row(folder: Path, record: dict[str, Any], **settings: Any) -> dict[str, Any]:
    batch = read(written(folder, "a.jsonl", json_lines([record])), **settings)
    assert batch.problems == ()
    (found,) = batch.docs.to_dicts()
    return found


@pytest.mark.parametrize("name", ["text", "content", "body", "raw_content"])
def test_text_is_found_under_its_common_names(tmp_path: Path, name: str) -> None:
    found = row(tmp_path, {name: "正文"})
    assert (found["text"], found["raw"], found["meta"]) == ("正文", None, None)


@pytest.mark.parametrize("name", ["html", "raw_html"])
def test_html_is_left_for_extraction(tmp_path: Path, name: str) -> None:
    found = row(tmp_path, {name: "<p>正文</p>"})
    assert (found["text"], found["raw"]) == (None, "<p>正文</p>".encode())
    assert found["content_type"] == "text/html; charset=utf-8"


def test_text_comes_before_html_and_the_declared_field_before_both(tmp_path: Path) -> None:
    record = {"text": "a", "html": "<p>b</p>", "answer": "c"}
    assert row(tmp_path, record)["text"] == "a"
    found = row(tmp_path, record, text="answer")
    assert found["text"] == "c"
    assert json.loads(found["meta"]) == {"html": "<p>b</p>", "text": "a"}
    assert reasons(read(tmp_path / "a.jsonl", text="missing")) == ["no_text"]


def test_known_fields_are_columns_and_the_rest_is_meta_in_one_order(tmp_path: Path) -> None:
    record = {
        "text": "x",
        "id": 17,
        "url": "http://x/病",
        "date": "2024-05-01",
        "language": "zh-CN",
        "domain": "law",
        "license": "CC0-1.0",
        "status": "repealed",
        "title": "民法典",
        "b": [1, {"z": None, "a": 1.5}],
        "empty": None,
    }
    found = row(tmp_path, record)
    expected = ["17", "http://x/病", "2024-05-01", "zh", "law", "CC0-1.0", "repealed"]
    assert [found[name] for name in ("origin_id", "url", "date", "lang", "domain", "license", "status")] == expected
    assert found["meta"] == '{"b":[1,{"a":1.5,"z":null}],"title":"民法典"}'


def test_what_a_column_cannot_take_stays_in_meta(tmp_path: Path) -> None:
    odd = {"url": 5, "date": "昨天", "lang": ["zh"], "domain": {"a": 1}, "id": 1.5, "status": 200, "license": ""}
    found = row(tmp_path, {"text": "x", **odd}, lang="en")
    assert [found[name] for name in ("url", "date", "domain", "origin_id", "status", "license")] == [None] * 6
    assert found["lang"] == "en"
    assert json.loads(found["meta"]) == odd


@pytest.mark.parametrize(
    ("given", "expected"),
    [("en", "en"), ("zh_Hans", "zh"), ("EN-us", "en"), ("Chinese", "zh"), ("zho", "zh"), ("中文", "zh"), ("eng", "en")],
)
def test_languages_are_told_in_two_letters(tmp_path: Path, given: str, expected: str) -> None:
    assert row(tmp_path, {"text": "x", "lang": given})["lang"] == expected


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2024", True),
        ("2024-05-01T08:00:00Z", True),
        ("2024-05-01 08:00:00.5+08:00", True),
        ("2024-02", True),
        ("1/5/2024", False),
        ("2024-13-45", False),
        ("2023-02-29T08:00:00Z", False),
        (0, False),
    ],
)
def test_dates_are_iso_8601_or_none(tmp_path: Path, given: Any, kept: bool) -> None:
    assert row(tmp_path, {"text": "x", "timestamp": given})["date"] == (given if kept else None)


def test_numbers_that_json_has_no_words_for_are_kept_as_they_were_written(tmp_path: Path) -> None:
    line = b'{"text": "x", "a": NaN, "b": [Infinity, 1e999, 1.5e3], "c": -Infinity, "d": "NaN"}\n'
    batch = read(written(tmp_path, "a.jsonl", line))
    kept = '{"a":"NaN","b":["Infinity","1e999",1500.0],"c":"-Infinity","d":"NaN"}'
    assert batch.docs["meta"].to_list() == [kept]


def test_nan_in_place_of_text_is_no_text(tmp_path: Path) -> None:
    batch = read(written(tmp_path, "a.jsonl", b'{"text": NaN, "content": "x"}\n{"text": NaN}\n'))
    assert (batch.docs["text"].to_list(), reasons(batch)) == (["x"], ["no_text"])


def test_a_key_that_stands_twice_within_a_record_is_kept_twice(tmp_path: Path) -> None:
    line = b'{"text": "x", "b": 1, "a": [{"k": {"v": 1}, "k": {"u": NaN}, "j": 0}]}\n'
    batch = read(written(tmp_path, "a.jsonl", line))
    assert batch.docs["meta"].to_list() == ['{"a":[{"j":0,"k":{"v":1},"k":{"u":"NaN"}}],"b":1}']
    talk = (
        b'{"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": null, "tool_calls": '
        b'[{"name": "f", "arguments": {"x": 1, "x": 2}}]}], "tools": [{"name": "f", "name": "g"}]}\n'
    )
    batch = read(written(tmp_path, "b.jsonl", talk))
    assert batch.docs["messages"][0][1]["tool_calls"] == '[{"name":"f","arguments":{"x":1,"x":2}}]'
    assert batch.docs["tools"].to_list() == ['[{"name":"f","name":"g"}]']


def test_the_record_wins_over_the_source_but_for_its_role(tmp_path: Path) -> None:
    declared = {
        "domain": "finance",
        "lang": "en",
        "license": "MIT",
        "date": "2020",
        "status": "in force",
        "kind": "table",
    }
    own = {"domain": "law", "lang": "zh", "license": "CC0-1.0", "date": "2024", "status": "amended", "kind": "code"}
    silent = row(tmp_path, {"text": "x"}, **declared, role="domain")
    assert {name: silent[name] for name in declared} == declared
    told = row(tmp_path, {"text": "x", "role": "general", **own}, **declared, role="domain")
    assert {name: told[name] for name in own} == own
    assert silent["role"] == told["role"] == "domain"


def test_the_key_is_the_declared_column_else_the_place(tmp_path: Path) -> None:
    record = {"text": "x", "id": "a", "case_number": "(2024)京01民终1号"}
    assert row(tmp_path, record, key="case_number")["doc_id"] == doc_id("test", "(2024)京01民终1号")
    # An id that is not declared as the key may start again in every file: it is kept, and identifies nothing.
    assert row(tmp_path, record)["doc_id"] == doc_id("test", "a.jsonl#1")
    assert row(tmp_path, record)["origin_id"] == "a"
    assert row(tmp_path, {"text": "x"})["doc_id"] == doc_id("test", "a.jsonl#1")
    assert row(tmp_path, {"text": "x", "id": 5}, key="id")["doc_id"] == doc_id("test", "5")
    assert json.loads(row(tmp_path, record, key="case_number")["meta"]) == {"case_number": "(2024)京01民终1号"}
    for without in ({"text": "x"}, {"text": "x", "case_number": ""}, {"text": "x", "case_number": [1]}):
        assert reasons(read(written(tmp_path, "a.jsonl", json_lines([without])), key="case_number")) == ["no_key"]


def test_the_hash_is_of_what_was_read(tmp_path: Path) -> None:
    assert row(tmp_path, {"text": "正文"})["content_hash"] == content_hash("正文".encode())
    assert row(tmp_path, {"html": "<p>"})["content_hash"] == content_hash(b"<p>")
