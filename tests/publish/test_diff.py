"""What differs between two versions, by ids, contents and tombstones."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.publish import diff as room
from curate.publish.diff import diff
from curate.publish.withdraw import withdraw
from tests.dedup.grown import directly, fresh, twin

ROWS = fresh("base", 30)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return directly(tmp_path_factory.mktemp("base") / "medical-1", ROWS)


def test_what_was_added_and_withdrawn_is_told_apart_from_what_is_missing(base: Path, tmp_path: Path) -> None:
    withdraw(base, ["base-1"], "quality", tmp_path / "v")
    withdraw(tmp_path / "v", ["base-2", "base-3"], "licence", tmp_path / "w")
    child = directly(tmp_path / "x", fresh("more", 7), extends=tmp_path / "w")
    found = diff(base, child)
    assert (found.same, found.added.documents, found.removed.documents, found.changed.documents) == (27, 7, 0, 0)
    assert {reason: group.documents for reason, group in found.withdrawn.items()} == {"quality": 1, "licence": 2}
    assert found.grown and "B comes from A" in "\n".join(found.lines())
    later = diff(tmp_path / "v", child)
    assert {reason: group.documents for reason, group in later.withdrawn.items()} == {"licence": 2}
    back = diff(child, base)
    assert (back.added.documents, back.removed.documents, back.grown) == (3, 7, False)


def test_what_came_again_and_was_withdrawn_again_is_withdrawn(base: Path, tmp_path: Path) -> None:
    withdraw(base, ["base-1"], "superseded", tmp_path / "v")
    again = directly(tmp_path / "w", [{**fresh("new", 1)[0], "id": "base-1"}], extends=tmp_path / "v")
    withdraw(again, ["base-1"], "takedown", tmp_path / "x")
    found = diff(again, tmp_path / "x")
    assert {reason: group.documents for reason, group in found.withdrawn.items()} == {"takedown": 1}
    assert found.removed.documents == 0


@pytest.mark.parametrize("size", [4, 1 << 19])
def test_a_rebuilt_version_that_kept_other_copies_is_said_to_have_near_ones(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(room, "RANGE", size)
    rebuilt = directly(tmp_path / "v", [*ROWS[6:], *(twin(row, "other") for row in ROWS[:4])])
    found = diff(base, rebuilt)
    assert (found.same, found.added.documents, found.removed.documents, found.near) == (24, 4, 6, 4)
    said = "\n".join(found.lines())
    assert "does not come from A" in said and "4 of those removed have a near copy in B" in said


def test_a_document_with_another_content_is_changed(base: Path, tmp_path: Path) -> None:
    other = directly(tmp_path / "v", [*ROWS[1:], {**ROWS[0], "text": ROWS[0]["text"] + "。"}])
    found = diff(base, other)
    assert (found.same, found.changed.documents, found.added.documents) == (29, 1, 0)
    assert found.data()["changed"]["first"] == found.changed.first and len(found.changed.first) == 1
    assert diff(base, base).same == 30 and "same version" in "\n".join(diff(base, base).lines())
