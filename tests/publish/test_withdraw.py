"""Documents leave a version: with their copies for what they say, alone for other reasons; hashes of them stay."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from curate.dedup.stored import Stored
from curate.publish import place
from curate.publish.manifest import VersionAltered
from curate.publish.verify import verify
from curate.publish.withdraw import CONTENT, OTHER, CannotWithdraw, withdraw
from tests.dedup.grown import directly, fresh, held, published, twin, verdicts

ROWS = fresh("base", 40)
COPY = twin(ROWS[3], "copy")  # of a Chinese one's neighbour, which a run would have removed


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(place, "FILE", 8_000)
        return directly(tmp_path_factory.mktemp("base") / "medical-1", [*ROWS, COPY])


def test_a_document_leaves_and_only_its_file_is_written_anew(base: Path, tmp_path: Path) -> None:
    done = withdraw(base, ["base-7"], "quality", tmp_path / "medical-2", note="not what it said it was")
    manifest, before = verify(tmp_path / "medical-2"), verify(base)
    assert held(tmp_path / "medical-2") == held(base) - {"base-7"}
    assert manifest == done.manifest and manifest["rows"] == {"train": 40} and manifest["name"] == "medical-2"
    data = [name for name in before["files"] if name.startswith("data/")]
    changed = [name for name in data if manifest["files"].get(name) != before["files"][name]]
    assert len(data) > 2 and len(changed) == 1
    docs = pl.read_parquet(tmp_path / "medical-2" / "data" / "*.parquet")
    assert manifest["characters"] == docs["text"].str.len_chars().sum()
    assert [one.note for one in Stored.of_version(tmp_path / "medical-2").withdrawn] == ["not what it said it was"]
    assert "base-7" not in (tmp_path / "medical-2" / "signatures" / "withdrawn.json").read_text()


def test_what_is_left_is_what_would_be_published_without_it(base: Path, tmp_path: Path) -> None:
    withdraw(base, ["https://example.org/base-7"], "other", tmp_path / "a")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(place, "FILE", 8_000)
        other = directly(tmp_path / "b", [*(row for row in ROWS if row["id"] != "base-7"), COPY])
    one, two = verify(tmp_path / "a"), verify(other)
    assert {name: said["rows"] for name, said in one["files"].items() if name.startswith("data/")} == {
        name: said["rows"] for name, said in two["files"].items() if name.startswith("data/")
    }
    assert one["sources"] == two["sources"] and one["languages"] == two["languages"]


@pytest.mark.parametrize("reason", CONTENT)
def test_for_what_it_says_a_document_takes_its_copies_along(base: Path, tmp_path: Path, reason: str) -> None:
    done = withdraw(base, ["base-3"], reason, tmp_path / "v")
    assert held(tmp_path / "v") == held(base) - {"base-3", COPY["id"]}
    named, along = done.gone
    assert along.along == named.doc_id and done.manifest["withdrawn"] == {reason: 2}


@pytest.mark.parametrize("reason", OTHER)
def test_for_other_reasons_it_leaves_alone(base: Path, tmp_path: Path, reason: str) -> None:
    withdraw(base, ["base-3"], reason, tmp_path / "v")
    assert held(tmp_path / "v") == held(base) - {"base-3"}


def newcomers() -> list[dict[str, str]]:
    """The document itself, itself with another text, and a twin of it: of a Chinese one and of an English one."""
    return [row for one in (ROWS[8], ROWS[9])
            for row in (one, twin(one, "new"))] + fresh("more", 4)  # fmt: skip


def test_newcomers_like_what_was_withdrawn_for_its_content_are_kept_out(tmp_path: Path) -> None:
    base = published(tmp_path / "medical-1", ROWS)
    withdraw(base, ["base-8", "base-9"], "takedown", tmp_path / "medical-2")
    changed = {**fresh("other", 1)[0], "id": "base-8"}
    child = published(tmp_path / "medical-3", [row for row in newcomers() if row["id"] != "base-8"] + [changed],
                      extends=tmp_path / "medical-2")  # fmt: skip
    assert held(child) == held(base) - {"base-8", "base-9"} | {row["id"] for row in fresh("more", 4)}
    blocked = verdicts(child).filter(pl.col("reason") == "withdrawn")
    assert set(blocked["origin_id"]) == {"base-8", "new-base-8", "base-9", "new-base-9"}
    assert {json.loads(said)["withdrawn"]["reason"] for said in blocked["evidence"]} == {"takedown"}
    assert verify(child)["withdrawn"] == {"takedown": 2}


def test_newcomers_like_what_was_withdrawn_otherwise_come_in_but_not_the_very_same(tmp_path: Path) -> None:
    base = published(tmp_path / "medical-1", ROWS)
    withdraw(base, ["base-8", "base-9"], "superseded", tmp_path / "medical-2")
    revised = {**fresh("other", 1)[0], "id": "base-8"}
    rows = [row for row in newcomers() if row["id"] != "base-8"] + [revised]
    child = published(tmp_path / "medical-3", rows, extends=tmp_path / "medical-2")
    assert held(child) - held(base) == {"new-base-8", "new-base-9", *(row["id"] for row in fresh("more", 4))}
    assert "base-8" in held(child) and "base-9" not in held(child)
    again = published(tmp_path / "medical-4", [revised, *fresh("last", 2)], extends=child)
    assert set(verdicts(again).select("origin_id", "reason").rows()) == {
        ("base-8", "known_id"),
        ("base-8", "known_near_duplicate"),
    }


def test_what_can_not_be_withdrawn_is_said(base: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotWithdraw, match="no document has the doc_id, origin_id or url 'nobody'"):
        withdraw(base, ["base-1", "nobody"], "quality", tmp_path / "v")
    with pytest.raises(CannotWithdraw, match="expected one of contamination"):
        withdraw(base, ["base-1"], "boredom", tmp_path / "v")
    with pytest.raises(CannotWithdraw, match="nothing would be left"):
        withdraw(base, [row["id"] for row in (*ROWS, COPY)], "other", tmp_path / "v")
    with pytest.raises(VersionAltered, match="is not a published version"):
        withdraw(tmp_path, ["base-1"], "other", tmp_path / "v")
    assert not (tmp_path / "v").exists()
    done = withdraw(base, ["base-1"], "quality", tmp_path / "v")
    with pytest.raises(CannotWithdraw, match=r"it was withdrawn from v \(quality\)"):
        withdraw(tmp_path / "v", [done.gone[0].doc_id], "quality", tmp_path / "w")


def test_tombstones_add_up_over_versions(base: Path, tmp_path: Path) -> None:
    withdraw(base, ["base-1"], "quality", tmp_path / "v")
    withdraw(tmp_path / "v", ["base-3"], "licence", tmp_path / "w")
    assert verify(tmp_path / "w")["withdrawn"] == {"quality": 1, "licence": 2}
    assert held(tmp_path / "w") == held(base) - {"base-1", "base-3", COPY["id"]}
    assert len(list((tmp_path / "w" / "parents").iterdir())) == 2
