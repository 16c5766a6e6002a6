"""The nearest stored documents of some texts."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from curate.dedup.similar import NEAREST, nearest
from curate.dedup.stored import Stored
from curate.document import doc_id
from curate.publish.withdraw import withdraw
from tests.dedup.grown import directly, fresh, twin

ROWS = fresh("base", 20)
CLOSE = [twin(ROWS[2], f"close{number}", edits=1 + 2 * number) for number in range(4)]


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return directly(tmp_path_factory.mktemp("v") / "medical-1", [*ROWS, *CLOSE])


def test_the_nearest_come_first_and_no_more_than_are_asked_for(version: Path) -> None:
    stored = Stored.of_version(version)
    found = nearest(stored, pl.Series([ROWS[2]["text"], "无 nothing like it", None]), least=0.3, top=3)
    assert dict(found.schema) == NEAREST and found["row"].to_list() == [0, 0, 0]
    assert found["doc_id"].to_list() == [doc_id("pages", row["id"]) for row in (ROWS[2], *CLOSE[:2])]
    assert found["similarity"][0] == 1.0 and found["similarity"].is_sorted(descending=True)
    held = pl.read_parquet(version / found["data"][0], columns=["doc_id"])["doc_id"]
    assert found["doc_id"][0] in held
    assert nearest(stored, pl.Series([ROWS[2]["text"]]), top=1).height == 1
    assert nearest(stored, pl.Series([], dtype=pl.String)).is_empty()


def test_what_was_withdrawn_for_its_content_is_still_found_and_said_so(version: Path, tmp_path: Path) -> None:
    withdraw(version, [ROWS[3]["id"]], "personal_data", tmp_path / "a")
    withdraw(tmp_path / "a", [ROWS[5]["id"]], "quality", tmp_path / "b")
    found = nearest(Stored.of_version(tmp_path / "b"), pl.Series([ROWS[3]["text"], ROWS[5]["text"]]))
    assert found.select("row", "withdrawn").rows() == [(0, "personal_data")]
