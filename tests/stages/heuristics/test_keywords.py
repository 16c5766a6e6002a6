"""What the stage says of texts with entries of a list in them, and which lists it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from curate.stage import Asset, measured, remove
from curate.stages.heuristics.keywords import Keywords
from curate.stages.heuristics.lexicon import ListRefused, numbers, read
from tests.stages.documents import of_texts

CSV = """entry,category,weight,lang
紫色大象,animals,2,zh
purple elephant,animals,2,en
方块,shapes,,
teapot,things,,
"""


def listed(folder: Path, text: str, name: str = "list.csv") -> Asset:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    return Asset.of(folder / name)


def told(stage: Keywords, *texts: str | None, **columns: Any) -> list[dict[str, Any]]:
    docs = of_texts(texts).with_columns(pl.lit(value, pl.String).alias(name) for name, value in columns.items())
    return measured(stage, docs).select(*stage.writes).to_dicts()


def test_hits_distinct_entries_density_category_and_evidence_are_measured(tmp_path: Path) -> None:
    text = "一只紫 色 大 象，又一只紫色大象，坐在方块上。"
    (row,) = told(Keywords(entries=listed(tmp_path, CSV)), text)
    assert (row["keywords_hits"], row["keywords_entries"], row["keywords_category"]) == (3, 2, "animals")
    assert row["keywords_density"] == pytest.approx(5 * 1000 / len(text), abs=1e-6)
    for match in json.loads(row["keywords_evidence"]):
        assert text[match["begin"] : match["end"]] == match["found"]
    assert [match["found"] for match in json.loads(row["keywords_evidence"])] == ["紫 色 大 象", "紫色大象", "方块"]


def test_a_text_without_a_hit_has_zeros_and_no_text_has_nulls(tmp_path: Path) -> None:
    nothing, null = told(Keywords(entries=listed(tmp_path, CSV)), "天气很好。 Fine weather.", None)
    assert (nothing["keywords_hits"], nothing["keywords_density"], nothing["keywords_evidence"]) == (0, 0.0, None)
    assert null["keywords_hits"] is None and null["keywords_density"] is None


def test_an_entry_of_a_language_is_looked_for_in_documents_of_it_or_of_none(tmp_path: Path) -> None:
    stage = Keywords(entries=listed(tmp_path, CSV))
    for lang, hits in (("en-GB", 1), (None, 1), ("fr", 0)):
        (row,) = told(stage, "a purple elephant", lang=lang)
        assert row["keywords_hits"] == hits, lang


def test_a_phrase_that_is_allowed_excuses_an_entry_within_it_in_its_domain_alone(tmp_path: Path) -> None:
    allow = listed(tmp_path, '{"entry": "方块舞", "domain": "sports"}\n', "allow.jsonl")
    stage = Keywords(entries=listed(tmp_path, CSV), allow=allow)
    assert told(stage, "方块舞和方块", domain="sports")[0]["keywords_hits"] == 1
    assert told(stage, "方块舞和方块", domain="law")[0]["keywords_hits"] == 2


def test_plurals_are_folded_where_asked_for(tmp_path: Path) -> None:
    words = listed(tmp_path, "teapot\nberries\nbox\n", "list.txt")
    text = "Teapots, a berry, boxes and a boxer"
    assert told(Keywords(entries=words), text)[0]["keywords_hits"] == 0
    (row,) = told(Keywords(entries=words, plurals=True), text)
    assert (row["keywords_hits"], row["keywords_entries"]) == (3, 3)


@pytest.mark.parametrize(
    "entry, forms",
    [
        ("teapot", {"teapot", "teapots"}),
        ("big box", {"big box", "big boxes"}),
        ("cities", {"cities", "city"}),
        ("boy", {"boy", "boys"}),
        ("glass", {"glass", "glasses"}),
        ("virus", {"virus", "viruses"}),
        ("houses", {"houses", "house", "hous"}),
        ("方块", {"方块"}),
        ("vx", {"vx"}),
    ],
)
def test_singular_and_plural_of_an_english_entry(entry: str, forms: set[str]) -> None:
    assert set(numbers(entry)) == forms


def test_a_document_with_more_than_the_limit_is_removed_with_what_was_found(tmp_path: Path) -> None:
    stage = Keywords(entries=listed(tmp_path, CSV), density=20.0, distinct=1, least=2, name="odd")
    docs = of_texts(["方块，茶壶，方块。", "方块。", "方块 teapot " + "很长的正文。" * 100, "正文。"])
    removal = remove(measured(stage, docs), stage.name, stage.rules)
    assert removal.kept["text"].to_list() == docs["text"].to_list()[1:2] + docs["text"].to_list()[3:]
    assert set(removal.verdicts["reason"]) == {"odd"}
    assert "方块" in removal.verdicts["evidence"][0]


def test_limits_hold_for_the_kinds_and_languages_that_are_named(tmp_path: Path) -> None:
    words = listed(tmp_path, CSV)
    docs = of_texts(["方块方块"]).with_columns(kind=pl.lit("code"), lang=pl.lit("zh-Hans"))
    for settings, kept in (({}, 0), ({"kinds": frozenset({"prose"})}, 1), ({"langs": frozenset({"zh"})}, 0),
                           ({"langs": frozenset({"en"})}, 1)):  # fmt: skip
        stage = Keywords(entries=words, density=1.0, **settings)
        assert remove(measured(stage, docs), stage.name, stage.rules).kept.height == kept


def test_lists_are_lines_with_comments_csv_or_json_lines(tmp_path: Path) -> None:
    lines = listed(tmp_path, "\ufeff# shapes\n方块\n\nround thing  \n", "a.txt")
    rows = listed(tmp_path, '{"entry": "方块"}\n\n{"entry": "round thing", "weight": 1}\n', "a.jsonl")
    table = listed(tmp_path, 'entry,category\n方块,\n"round thing",\n', "a.csv")
    assert read(lines) == read(rows) == read(table)


@pytest.mark.parametrize(
    "name, text, said",
    [
        ("a.txt", "# nothing\n", "holds no entries"),
        ("a.txt", "good\n！！\n", "line 2: the entry '！！' has 0"),
        ("a.csv", "word,category\nteapot,things\n", "line 2: the field 'word'; expected entry"),
        ("a.csv", "entry,weight\nteapot,-1\n", "line 2: the weight is '-1'"),
        ("a.jsonl", '{"entry": "a"}\n{"entry": 3}\n', "line 2: no entry"),
        ("a.jsonl", "teapot\n", "line 1: not JSON"),
    ],
)
def test_a_list_that_can_not_be_read_is_refused_with_its_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(ListRefused, match=said):
        read(listed(tmp_path, text, name))


def test_a_list_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("方块\n".encode("gb18030"))
    with pytest.raises(ListRefused, match="not UTF-8"):
        read(Asset.of(tmp_path / "a.txt"))


def test_any_batches_give_the_same(tmp_path: Path) -> None:
    stage = Keywords(entries=listed(tmp_path, CSV))
    docs = of_texts(["方块", None, "teapot teapot", "", "紫色大象 purple elephant", "无"])
    whole = measured(stage, docs)
    assert whole.equals(pl.concat(measured(stage, docs[row]) for row in range(docs.height)))


@pytest.mark.parametrize("content", [b"PK\x03\x04\x14\x00[Content_Types].xml", b"\x00\x01words"])
def test_a_spreadsheet_is_no_list(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "words.xlsx").write_bytes(content)
    with pytest.raises(ListRefused, match=r"words\.xlsx holds '.x0.*so it is no text; save the list as text or CSV"):
        read(Asset.of(tmp_path / "words.xlsx"))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"density": -1}, "density is -1; expected at least 0"),
        ({"density": float("nan")}, "density is nan"),
        ({"gap": -1}, "gap is -1"),
        ({"least": 0}, "least is 0; expected at least 1"),
        ({"entries": "words.txt"}, r"entries is 'words\.txt'; expected a list as Asset\.of\(path\)"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Keywords(**{"entries": listed(tmp_path, CSV), **settings})
