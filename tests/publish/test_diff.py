"""What differs between two versions, by ids, contents and tombstones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from curate.dedup.exact import ExactDedup
from curate.dedup.minhash import MinHashDedup
from curate.engine import Inline
from curate.publish import diff as room
from curate.publish.change import change
from curate.publish.diff import NoVerdicts, diff
from curate.publish.settings import Version
from curate.publish.verify import verify
from curate.publish.version import publish
from curate.publish.withdraw import withdraw
from curate.stages.heuristics.length import Length
from tests.dedup.grown import directly, fresh, published, twin
from tests.mix import kept

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


def test_another_licence_of_documents_or_another_tokenizer_is_a_major_change(base: Path, tmp_path: Path) -> None:
    def made(name: str, license: str | None) -> Path:
        rows = kept.documents().with_columns(pl.lit(license, pl.String).alias("license"))
        publish(Version(name="v", title="V"), kept.shards(tmp_path / f"{name}.kept", rows, []), None,
                str(tmp_path / name), {}, Inline())  # fmt: skip
        return tmp_path / name

    free, bound, unsaid = made("free", "CC0-1.0"), made("bound", "CC-BY-NC-4.0"), made("unsaid", None)
    for a, b in ((free, bound), (free, unsaid), (unsaid, free)):
        found = diff(a, b)
        assert found.same == found.relicensed.documents > 0 and found.change.size == "major"
        assert "under another licence" in found.change.because[0] and "relicensed" in "\n".join(found.lines())
    assert diff(free, free).relicensed.documents == 0
    manifest = verify(base)
    one, other = ({**manifest, "digest": name, "mix": {"tokenizer": name * 64}} for name in "ab")
    said = change(one, other, added=0, gone=0, changed=0)
    assert said.size == "major" and "counted by another tokenizer, bbbbbbbbbbbbbbbb" in said.because[0]
    assert change(one, {**other, "mix": None}, added=0, gone=0, changed=0).size == "patch"


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


def changed(manifest: dict[str, Any], **entries: Any) -> dict[str, Any]:
    return {**manifest, "digest": "other", **entries}


def test_the_size_of_a_change_follows_its_rules(base: Path) -> None:
    one = {**verify(base), "number": "1.4.2"}
    same = change(one, one, added=0, gone=0, changed=0)
    assert (same.size, same.next) == ("none", None)
    for counts, size, number in (((0, 0, 0), "patch", "1.4.3"), ((1, 0, 0), "minor", "1.5.0"),
                                 ((0, 1, 1), "minor", "1.5.0"), ((0, 2, 2), "major", "2.0.0")):  # fmt: skip
        added, gone, other = counts
        found = change(one, changed(one), added=added, gone=gone, changed=other)
        assert (found.size, found.next) == (size, number), counts
    large = {**one, "rows": {"train": 1000}}
    assert change(large, changed(large), added=0, gone=10, changed=0).size == "patch"
    assert change(large, changed(large), added=0, gone=11, changed=0).size == "minor"
    schema = one["schema"]
    for entries, size, why in (
        ({"schema": {**schema, "more": "Float64"}}, "minor", "column 'more' is new"),
        ({"schema": {**schema, "tokens": "Float64"}}, "major", "column 'tokens' is Float64, was Int64"),
        ({"schema": {name: kind for name, kind in schema.items() if name != "url"}}, "major", "column 'url' is gone"),
        ({"languages": {"zh": 30}}, "major", "language en is gone"),
        ({"languages": {**one["languages"], "de": 1}}, "minor", "language de is new"),
        ({"version": {**one["version"], "license": "MIT"}}, "major", "the licence is MIT, was other"),
    ):
        found = change(one, changed(one, **entries), added=0, gone=0, changed=0)
        assert found.size == size and why in found.because, entries


def test_counts_by_channel_and_licence_means_and_shared_files_are_told(tmp_path: Path) -> None:
    docs = kept.documents()
    shards = kept.shards(tmp_path / "a.kept", docs, [])
    publish(Version(name="a", title="A", number="1.0.0"), shards, None, str(tmp_path / "a"), {}, Inline())
    fewer = docs.filter(pl.col("license") != "MIT").with_columns(pl.col("chars") * 2)
    shards = kept.shards(tmp_path / "b.kept", fewer, [])
    publish(Version(name="a", title="A", number="2.0.0"), shards, None, str(tmp_path / "b"), {}, Inline())
    found = diff(tmp_path / "a", tmp_path / "b")
    said = found.data()
    mit = docs.filter(pl.col("license") == "MIT").height
    assert said["licenses"]["MIT"] == {"a": mit, "b": 0} and mit > 3
    assert said["measures"]["chars"] == {"a": docs["chars"].mean(), "b": fewer["chars"].mean()}
    assert said["change"]["size"] == "major" and said["change"]["next"] == "2.0.0"
    assert said["files"]["of"] >= 4 and said["files"]["new_bytes"] > 0
    told = "\n".join(found.lines())
    assert f"licenses: MIT  {mit:,} -> 0" in told and "mean of chars:" in told and "change: major" in told


def test_the_run_that_made_b_says_why_documents_of_a_are_not_there(tmp_path: Path) -> None:
    first = published(tmp_path / "one", ROWS)
    second = published(tmp_path / "two", [*ROWS[5:], twin(ROWS[6], "twin"), ROWS[0] | {"text": "短"}],
                       stages=(Length(), ExactDedup(), MinHashDedup()))  # fmt: skip
    found = diff(first, second, run=str(second.parent))
    assert found.removed.documents == 5
    assert found.why == {"length: too_short": 1, "not in the run's sources, or lost to its splits": 4}
    assert "removed because: length: too_short 1" in "\n".join(found.lines())
    with pytest.raises(NoVerdicts, match="there are no verdicts"):
        diff(first, second, run=str(tmp_path))
