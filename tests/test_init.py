"""A first recipe: what lies in a folder is said, and the recipe that is written runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from curate.engine import Inline
from curate.foreign import NotSettings
from curate.init import init
from curate.job import run
from curate.progress import Lines
from curate.recipe import Recipe, RecipeRefused, load
from curate.run import Outcome
from tests import faults
from tests.read.samples import gzipped, http, json_lines, parquet, warc_record, written
from tests.stages.document_files.containers import docx, paragraph

ZH = ["".join(faults.sentence("zh", 9 * number + part) for part in range(3)) for number in range(8)]
EN = [" ".join(faults.sentence("en", 9 * number + part) for part in range(3)) for number in range(8)]


def carried_out(recipe: Path) -> tuple[Recipe, Outcome]:
    loaded = load(recipe)
    with open(os.devnull, "w") as nowhere:
        return loaded, run(loaded, str(recipe.parent / "run"), Inline(), Lines(nowhere))


def folder(tmp_path: Path) -> Path:
    """Mixed content: pages, tables under odd names, dialogues, old encodings, and what nobody reads."""
    data = tmp_path / "资料"
    for part in ("web", "cases", "talks", "notes"):
        (data / part).mkdir(parents=True)
    pages = [f"<html><body><p>{text}</p></body></html>".encode("gb18030") for text in ZH]
    archived = [
        warc_record(http(page, "Content-Type: text/html; charset=gbk"), number=n) for n, page in enumerate(pages)
    ]
    written(data / "web", "a.warc.gz", b"".join(gzipped(archived)))
    rows = [{"案号": f"(2024)京01民初{n}号", "裁判文书": text, "标题": f"案{n}"} for n, text in enumerate(ZH)]
    written(data / "cases", "a.jsonl", json_lines(rows))
    parquet(data / "cases" / "b.parquet", {"summary": EN, "case_id": list(range(8)), "link": ["http://x/"] * 8})
    talk = [{"instruction": "What is sodium?", "input": "", "output": text} for text in EN]
    written(data / "talks", "a.json", json.dumps(talk).encode())
    written(data / "notes", "a.txt", ZH[0].encode("gb18030"))
    written(data / "notes", "b.docx", docx(paragraph(ZH[1])))
    written(data, "logo.png", b"x")
    return data


def test_what_lies_in_a_folder_is_said_and_the_recipe_runs(tmp_path: Path) -> None:
    data = folder(tmp_path)
    said = init(str(data), str(tmp_path / "recipe.py"))
    assert "fields: 案号, 裁判文书, 标题" in said
    assert "text: 裁判文书; id: 案号" in said
    assert "text: summary; id: case_id; url: link" in said
    assert "languages: zh 8" in said
    assert "dialogues: 8" in said
    assert "gb18030" in said
    assert "1 files of unknown format: .png 1" in said
    loaded, outcome = carried_out(tmp_path / "recipe.py")
    assert {source.text for source in loaded.sources} == {None, "裁判文书", "summary"}
    assert outcome.read == 8 * 4 + 2
    assert outcome.kept > 8


def test_a_recipe_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    data = folder(tmp_path)
    written(tmp_path, "recipe.py", b"mine")
    with pytest.raises(RecipeRefused, match=r"recipe\.py is there already"):
        init(str(data), str(tmp_path / "recipe.py"))
    assert (tmp_path / "recipe.py").read_bytes() == b"mine"


def test_a_folder_without_anything_to_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, data in (("x.png", b"x"), ("a.jsonl", b'{"n": 1}\n')):
        written(tmp_path / "empty", name, data)
        with pytest.raises(RecipeRefused):
            init(str(tmp_path / "empty"), str(tmp_path / "recipe.py"))
    assert not (tmp_path / "recipe.py").exists()


def test_one_file_is_a_place_too(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", json_lines([{"text": text} for text in ZH + EN]))
    init(str(path), str(tmp_path / "recipe.py"))
    loaded, outcome = carried_out(tmp_path / "recipe.py")
    assert [source.path for source in loaded.sources] == ["a.jsonl"]
    assert outcome.read == 16


def test_records_that_cannot_be_read_are_said_and_tolerated_at_first(tmp_path: Path) -> None:
    lines = json_lines([{"text": text} for text in ZH + EN]) + b"no json\n" * 4
    path = written(tmp_path, "a.jsonl", lines)
    assert "can't be read: malformed 4" in init(str(path), str(tmp_path / "recipe.py"))
    assert carried_out(tmp_path / "recipe.py")[0].tolerance == 0.4


def test_the_same_folder_gives_the_same_recipe(tmp_path: Path) -> None:
    data = folder(tmp_path)
    for name in ("a.py", "b.py"):
        init(str(data), str(tmp_path / name))
    assert (tmp_path / "a.py").read_text("utf-8") == (tmp_path / "b.py").read_text("utf-8")


def test_what_data_and_settings_say_is_no_code_of_the_recipe(tmp_path: Path) -> None:
    evil = "x\nraise SystemExit(9)\r#\u2028"
    rows = [{evil: "1", 'body"); raise SystemExit(9)#': text} for text in EN]
    path = written(tmp_path, "a');import x;('.jsonl", json_lines(rows))
    init(str(path), str(tmp_path / "recipe.py"))
    assert carried_out(tmp_path / "recipe.py")[1].read == 8
    steps = {"language_id_score_filter": {"lang": 'en"})), exit(9)#'}, "text_length_filter": {"min_len": "exit(9)"}}
    settings = {"dataset_path": path.name, "text_keys": evil, "process": [{name: one} for name, one in steps.items()]}
    juicer = written(tmp_path, "j.yaml", json.dumps(settings).encode())
    said = init(str(juicer), str(tmp_path / "second.py"))
    assert said.count("its settings can't be used") == 2
    load(tmp_path / "second.py")


def test_names_from_data_drive_no_terminal_and_make_no_lines(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    evil = "x\x1b[2J\nwritten: nothing\u202e\u2028y"
    written(data, "a\x1b]0;owned\x07\nskipped: all.jsonl", json_lines([{evil: text, "案号": "1"} for text in EN]))
    written(data, "b.\x1b[31mpng\n", b"x")
    settings = json.dumps({"dataset_path": "data", "process": [{"no\x1b[2J\nsuch_filter": None}]})
    for place in (data, written(tmp_path, "a.yaml", settings.encode())):
        said = init(str(place), str(tmp_path / f"{place.stem}.py"))
        recipe = (tmp_path / f"{place.stem}.py").read_text("utf-8")
        for text in (said, recipe.partition("recipe = ")[0]):
            assert all(char.isprintable() or char == "\n" for char in text)
            assert not any(
                line.lstrip("# ").startswith(("written: nothing", "skipped: all")) for line in text.split("\n")
            )
        assert "x\\x1b[2J\\x0awritten: nothing" in said and "案号" in said
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    written(nothing, "b.\x1b[31mpng\nwritten: nothing", b"x")
    with pytest.raises(RecipeRefused) as caught:
        init(str(nothing), str(tmp_path / "nothing.py"))
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


def test_the_data_sets_of_llama_factory_are_sources(tmp_path: Path) -> None:
    talk = [{"from": "human", "value": EN[0]}, {"from": "gpt", "value": EN[1]}]
    written(
        tmp_path,
        "alpaca.json",
        json.dumps([{"instruction": text, "input": "", "output": text} for text in ZH]).encode(),
    )
    written(tmp_path, "chat.jsonl", json_lines([{"dialog": talk, "id": number} for number in range(3)]))
    answers = {"chosen": {"from": "gpt", "value": EN[1]}, "rejected": {"from": "gpt", "value": EN[2]}}
    written(tmp_path, "ranked.json", json.dumps([{"conversations": talk[:1], **answers}]).encode())
    written(tmp_path, "wiki.jsonl", json_lines([{"body": text} for text in EN]))
    written(tmp_path, "plain.txt", "\n".join(ZH).encode())
    entries: dict[str, Any] = {
        "plain": {"file_name": "plain.txt", "columns": {"prompt": "text"}},
        "system": {"file_name": "alpaca.json", "columns": {"system": "persona"}},
        "note": "not an object",
        "alpaca": {"file_name": "alpaca.json"},
        "chat": {"file_name": "chat.jsonl", "formatting": "sharegpt", "columns": {"messages": "dialog"}},
        "wiki": {"file_name": "wiki.jsonl", "columns": {"prompt": "body"}},
        "hub": {"hf_hub_url": "some/where"},
        "dpo": {"file_name": "alpaca.json", "ranking": True},
        "gone": {"file_name": "gone.json"},
        "better": {
            "file_name": "ranked.json",
            "ranking": True,
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "chosen": "chosen", "rejected": "rejected"},
        },
        "odd": {
            "file_name": "chat.jsonl",
            "formatting": "sharegpt",
            "tags": {"role_tag": "who", "content_tag": "what"},
        },
    }
    written(tmp_path, "dataset_info.json", json.dumps(entries).encode())
    for number, place in enumerate((tmp_path, tmp_path / "dataset_info.json")):
        said = init(str(place), str(tmp_path / f"recipe{number}.py"))
        for left in ("hub", "dpo", "gone", "odd", "note", "system"):
            assert f"NOT carried over: data set {left}: " in said
        assert "nearly the same: data set better: the better answers are read as dialogues" in said
        assert "nearly the same: data set plain: the file plain.txt is one document" in said
    loaded, outcome = carried_out(tmp_path / "recipe1.py")
    assert [(source.name, source.text) for source in loaded.sources] == [
        ("plain", None),
        ("system", None),
        ("alpaca", None),
        ("chat", "dialog"),
        ("wiki", "body"),
        ("better", None),
    ]
    assert outcome.read == 1 + 8 + 8 + 3 + 1 + 8


def test_the_operators_of_data_juicer_are_stages_and_the_rest_is_listed(tmp_path: Path) -> None:
    written(tmp_path, "data.jsonl", json_lines([{"content": text} for text in ZH + EN]))
    settings = """
project_name: demo
dataset_path: data.jsonl
text_keys: content
process:
  - whitespace_normalization_mapper:
  - chinese_convert_mapper:
      mode: t2s
  - clean_email_mapper:
  - clean_ip_mapper:
  - language_id_score_filter:
      lang: [zh, en]
      min_score: 0.5
  - text_length_filter:
      min_len: 30
  - perplexity_filter:
      lang: en
  - image_size_filter
  - document_deduplicator:
      lowercase: true
  - document_minhash_deduplicator:
      jaccard_threshold: 0.75
"""
    path = written(tmp_path, "juicer.yaml", settings.encode())
    said = init(str(path), str(tmp_path / "recipe.py"))
    assert "NOT carried over: perplexity_filter" in said
    assert "NOT carried over: image_size_filter" in said
    assert "nearly the same: language_id_score_filter: min_score 0.5" in said
    loaded, outcome = carried_out(tmp_path / "recipe.py")
    assert [stage.name for stage in loaded.stages] == [
        *("extract", "normalize", "personal", "language", "length", "exact_dedup", "minhash")
    ]
    settings_of = {stage.name: stage for stage in loaded.stages}
    assert getattr(settings_of["normalize"], "simplified") is True  # noqa: B009 (any stage)
    assert getattr(settings_of["personal"], "kinds") == frozenset({"email", "ip"})  # noqa: B009
    assert getattr(settings_of["minhash"], "threshold") == 0.75  # noqa: B009
    assert outcome.read == 16


@pytest.mark.parametrize(
    ("name", "data"), [("a.yaml", b"a: 1"), ("a.yaml", b"process: [\n"), ("dataset_info.json", b"[]")]
)
def test_what_is_no_settings_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(NotSettings):
        init(str(written(tmp_path, name, data)), str(tmp_path / "recipe.py"))
