"""A recipe takes out what a training's quarantine names, by id and content."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import polars as pl
import pytest

from curate.stage import Asset, AssetChanged, remove
from curate.stages.excluded import Excluded, NotAList
from curate.train import quarantine


def quarantined(out: Path, *names: str) -> Path:
    """A training's quarantine.parquet with documents of these names."""
    quarantine.add(
        out,
        [
            {
                "doc_id": name,
                "content_hash": f"content of {name}",
                "source": "网页",
                "channel": "网页",
                "reason": quarantine.REASON,
                "step": 7,
                "evidence": json.dumps({"excerpt": f"乱码 {name}"}, ensure_ascii=False),
            }
            for name in names
        ],
    )
    return out / quarantine.QUARANTINE


def docs(*pairs: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(list(pairs), schema={"doc_id": pl.String, "content_hash": pl.String}, orient="row")


def test_what_is_named_goes_with_its_evidence_and_the_rest_stays(tmp_path: Path) -> None:
    stage = Excluded.of(quarantined(tmp_path, "b", "d"))
    found = stage(docs(("a", "content of a"), ("b", "content of b"), ("c", "content of c"), ("d", "content of d")))
    assert found["quarantined"].to_list() == [False, True, False, True]
    assert found["quarantined_evidence"].to_list() == [None, '{"excerpt": "乱码 b"}', None, '{"excerpt": "乱码 d"}']
    removal = remove(found, stage.name, stage.rules)
    assert removal.kept["doc_id"].to_list() == ["a", "c"]
    assert set(removal.verdicts["reason"]) == {quarantine.REASON}
    assert removal.verdicts["evidence"][0] == '{"excerpt": "乱码 b"}'


def test_a_document_that_was_corrected_since_and_a_twin_under_another_id_stay(tmp_path: Path) -> None:
    stage = Excluded.of(quarantined(tmp_path, "b"))
    assert stage(docs(("b", "corrected"), ("x", "content of b")))["quarantined"].to_list() == [False, False]


def test_several_lists_are_one_and_a_document_in_two_of_them_is_one_row(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    stage = Excluded.of(quarantined(tmp_path / "1", "a", "b"), quarantined(tmp_path / "2", "b", "c"))
    some = docs(*((name, f"content of {name}") for name in "dcbab"))
    assert stage(some)["quarantined"].to_list() == [False, True, True, True, True]
    assert pickle.loads(pickle.dumps(stage))(some).equals(stage(some))


def test_a_document_that_was_quarantined_before_keeps_its_first_evidence(tmp_path: Path) -> None:
    quarantined(tmp_path, "a")
    found = pl.read_parquet(quarantined(tmp_path, "a", "b"))
    assert found["doc_id"].to_list() == ["a", "b"]


def test_a_list_that_changed_or_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssetChanged):
        Excluded(lists=(Asset(quarantined(tmp_path, "a"), "0" * 64),))(docs(("a", "b")))
    (tmp_path / "list.txt").write_text("a\nb\n")
    with pytest.raises(NotAList, match="is not a Parquet file"):
        Excluded.of(tmp_path / "list.txt")
    docs(("a", "b")).write_parquet(tmp_path / "other.parquet")
    with pytest.raises(NotAList, match=r"no text column evidence; expected a training's quarantine\.parquet"):
        Excluded.of(tmp_path / "other.parquet")
