"""Folders of mixed content: what can be read is read, the rest is counted and said."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import datasets
import pytest

from curate import files
from curate.read import Batch, UnknownFormat, open_shard, sorted_out
from curate.recipe import Source
from tests.read.samples import PAGES, json_lines, parquet, written


def read_folder(folder: Path, **settings: Any) -> Batch:
    source = Source(name="s", path=str(folder), **settings)
    (batch,) = open_shard(source, sorted_out(source, files.found(source.path)))
    assert batch.records == batch.docs.height + len(batch.problems)
    return batch


def aside(batch: Batch) -> dict[str, str]:
    return {one.locator: one.reason for one in batch.problems}


def test_files_of_unknown_formats_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    written(tmp_path, "a.html", PAGES[0])
    written(tmp_path, "b.jsonl", json_lines([{"text": "一"}]))
    for name in ("x.png", "y.png", "Makefile"):
        written(tmp_path, name, b"x")
    batch = read_folder(tmp_path)
    assert batch.docs.height == 2
    assert aside(batch) == dict.fromkeys(("x.png", "y.png", "Makefile"), "unknown_format")
    assert {one.kind for one in batch.problems} == {"skipped"}


def test_a_folder_in_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "x.png", b"x")
    with pytest.raises(UnknownFormat, match=r"x\.png"):
        read_folder(tmp_path)


def test_files_without_the_column_that_the_source_names_are_left_aside(tmp_path: Path) -> None:
    written(tmp_path, "a.jsonl", json_lines([{"body": "一"}]))
    written(tmp_path, "NOTES.md", b"notes")
    assert aside(read_folder(tmp_path, text="body")) == {"NOTES.md": "unknown_format"}
    assert read_folder(tmp_path / "a.jsonl", text="body").docs["text"].to_list() == ["一"]


def test_a_saved_dataset_is_read_without_its_state(tmp_path: Path) -> None:
    rows = datasets.Dataset.from_dict({"text": ["一", "two", "三"], "id": [1, 2, 3]})
    datasets.DatasetDict({"train": rows, "test": rows.select([0])}).save_to_disk(str(tmp_path / "saved"), num_proc=None)
    (tmp_path / "saved" / "train" / "cache-0123.arrow").write_bytes(b"left over")
    batch = read_folder(tmp_path / "saved")
    assert sorted(batch.docs["text"]) == sorted(["一", "two", "三", "一"])
    assert set(aside(batch).values()) == {"companion"}
    assert len(batch.problems) == 6  # dataset_dict.json, two descriptions, two states, one cache


def test_a_cut_arrow_file_gives_its_whole_batches_and_says_where_it_ends(tmp_path: Path) -> None:
    rows = datasets.Dataset.from_dict({"text": [f"第{number}行" for number in range(300)]})
    rows.save_to_disk(str(tmp_path / "saved"))
    (path,) = (tmp_path / "saved").glob("*.arrow")
    whole = path.read_bytes()
    for cut in (1, 8, 12, 200, len(whole) - 20):
        path.write_bytes(whole[:-cut])
        batch = read_folder(path)
        assert [one.reason for one in batch.problems] == ["truncated"]
        assert batch.docs.height in (0, 300)


def test_offsets_that_lead_out_of_an_arrow_file_cost_their_rows(tmp_path: Path) -> None:
    texts = [f"第{number}行" for number in range(300)]
    datasets.Dataset.from_dict({"text": texts}).save_to_disk(str(tmp_path / "saved"))
    (path,) = (tmp_path / "saved").glob("*.arrow")
    whole = path.read_bytes()
    at = whole.index(struct.pack("<3i", 0, 7, 14)) + 4 * 100  # three bytes a character: where the hundredth begins
    for broken in (b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", bytes(4)):
        path.write_bytes(whole[:at] + broken + whole[at + 4 :])
        batch = read_folder(path)
        assert len(set(texts) & set(batch.docs["text"])) == 298
        assert {one.reason for one in batch.problems} == {"undecodable"}


def test_the_card_of_a_dataset_says_which_files_are_its_data(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    parquet(tmp_path / "data" / "train-00000-of-00001.parquet", {"text": ["一"]})
    parquet(tmp_path / "data" / "test-00000-of-00001.parquet", {"text": ["二"]})
    written(tmp_path, "raw.jsonl", json_lines([{"text": "raw"}]))
    card = "---\nlicense: mit\nconfigs:\n- config_name: default\n  data_files:\n"
    card += "  - split: train\n    path: data/train-*\n  - split: test\n    path: [data/test-*]\n---\n# About\n"
    written(tmp_path, "README.md", card.encode())
    batch = read_folder(tmp_path)
    assert sorted(batch.docs["text"]) == ["一", "二"]
    assert aside(batch) == {"README.md": "companion", "raw.jsonl": "companion"}


def test_a_card_without_data_files_names_all_and_a_plain_readme_is_a_text(tmp_path: Path) -> None:
    parquet(tmp_path / "train.parquet", {"text": ["一"]})
    written(tmp_path, "README.md", b"---\nlicense: mit\n---\n# About\n")
    assert aside(read_folder(tmp_path)) == {"README.md": "companion"}
    written(tmp_path, "README.md", b"# About\n")
    assert sorted(read_folder(tmp_path).docs["text"]) == ["# About\n", "一"]


@pytest.mark.parametrize(
    "content",
    [
        {"alpaca": {"file_name": "a.json"}, "hub": {"hf_hub_url": "x/y"}},  # LLaMA-Factory's
        {"features": {"text": {"dtype": "string"}}},  # Hugging Face's
    ],
)
def test_a_description_of_data_is_no_record(tmp_path: Path, content: dict[str, Any]) -> None:
    written(tmp_path, "a.json", json_lines([{"text": "一"}]))
    written(tmp_path, "dataset_info.json", json.dumps(content).encode())
    assert aside(read_folder(tmp_path)) == {"dataset_info.json": "companion"}


def test_a_record_that_is_named_like_a_description_is_read(tmp_path: Path) -> None:
    written(tmp_path, "dataset_info.json", json_lines([{"text": "一"}]))
    assert read_folder(tmp_path).docs["text"].to_list() == ["一"]


def test_what_belongs_together_names_its_leader_so_that_it_is_read_in_one_shard(tmp_path: Path) -> None:
    for page in (0, 1, 10, 2):
        content = {"input_path": "a.pdf", "page_index": page, "model_settings": {}, "parsing_res_list": []}
        written(tmp_path, f"a_{page}_res.json", json.dumps(content).encode())
        written(tmp_path, f"a_{page}.md", b"page")
    found = sorted_out(Source(name="s", path=str(tmp_path)), files.found(str(tmp_path)))
    assert {file.leader for file in found} == {None, "a_0_res.json"}
    (first,) = [file for file in found if file.leader is None]
    assert [part.relative for part in first.parts] == ["a_1_res.json", "a_2_res.json", "a_10_res.json"]
