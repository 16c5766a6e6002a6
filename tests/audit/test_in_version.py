"""`why`, `audit sample` and `browse` of versions in a store: their run is gone, documents were withdrawn."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from curate.audit.browse.drawn import read
from curate.audit.browse.labels import Labelled
from curate.audit.browse.server import Browser, Session
from curate.audit.why import why
from curate.cli import main
from tests.dedup.grown import directly, fresh, twin

ROWS = fresh("base", 12)
COPY = twin(ROWS[3], "copy")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store of two versions, 1.0.1 without a document and its copy; the run that made them is gone."""
    folder = tmp_path_factory.mktemp("stored")
    made = directly(folder / "medical", [*ROWS, COPY])
    assert called("publish", str(made), "--store", str(folder / "store"), "--as", "1.0.0").exit_code == 0
    shutil.rmtree(folder / "medical")
    at = f"{folder}/store/medical@1.0.0"
    done = called("withdraw", at, "base-3", "--reason", "takedown", "--as", "1.0.1", "--note", "\x1b[31m作者要求")
    assert done.exit_code == 0, done.output
    return str(folder / "store")


def called(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def ids(store: str) -> dict[str, str]:
    """doc_id by origin_id of what version 1.0.0 holds."""
    assert called("checkout", f"{store}/medical@1.0.0", f"{store}-out").exit_code == 0
    return dict(pl.read_parquet(f"{store}-out/data/*.parquet").select("origin_id", "doc_id").rows())


@pytest.mark.parametrize("label", ["1.0.0", "1.0.1", "latest"])
def test_a_document_of_a_stored_version_is_found_by_id_address_and_words(store: str, label: str) -> None:
    row = ROWS[5]
    for key in (row["id"], f"https://example.org/{row['id']}", row["text"][3:40]):
        told = called("why", f"{store}/medical@{label}", key)
        assert told.exit_code == 0 and f"in version medical {'1.0.0' if label == '1.0.0' else '1.0.1'}: " in told.output
        assert f"  origin_id     {row['id']}" in told.output


def test_four_chinese_characters_are_enough_to_search_for(store: str) -> None:
    chinese = next(row["text"] for row in ROWS if "\u4e00" <= row["text"][0] <= "\u9fff")
    assert "in version" in why(f"{store}/medical@1.0.0", chinese[:4])
    refused = called("why", f"{store}/medical@1.0.0", chinese[:2])
    assert refused.exit_code == 2 and "at least 8 bytes" in refused.output


def test_what_was_withdrawn_is_told_by_its_tombstone_and_its_copy_by_whom_it_followed(store: str) -> None:
    known = ids(store)
    told = called("why", f"{store}/medical@1.0.1", known["base-3"])
    assert told.exit_code == 0 and told.output.startswith(f"withdrawn: {known['base-3']}")
    for line in (
        "since         medical@1.0.1",
        "reason        takedown",
        "note          \\x1b[31m作者要求",
        "newcomers",
    ):
        assert line in told.output
    along = called("why", f"{store}/medical@1.0.1", known[COPY["id"]]).output
    assert f"along with    {known['base-3']}" in along
    before = called("why", f"{store}/medical@1.0.0", known["base-3"]).output
    assert before.startswith("in version medical 1.0.0") and "withdrawn" not in before
    gone = called("why", f"{store}/medical@1.0.1", "base-3")
    assert gone.exit_code == 2 and "what was withdrawn no more is left than the doc_id" in gone.output


def test_an_altered_tombstone_is_not_believed(store: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    assert called("checkout", f"{store}/medical@1.0.1", str(copy)).exit_code == 0
    path = copy / "signatures" / "withdrawn.json"
    data = path.read_bytes()
    path.unlink()  # it may be a link into the store
    path.write_bytes(data.replace(b"takedown", b"Takedown"))
    refused = called("why", str(copy), "base-5")
    assert refused.exit_code == 2 and "is not the file that was published" in refused.output


def test_a_stored_version_is_sampled_and_browsed_under_its_name(store: str, tmp_path: Path) -> None:
    at = f"{store}/medical@1.0.1"
    drawn = called("audit", "sample", at, "-n", "5", "--out", str(tmp_path / "s.jsonl"))
    assert drawn.exit_code == 0 and len(read(str(tmp_path / "s.jsonl"))) == 5
    with Browser(Session(place=at, reader="ann", labels=Labelled(tmp_path / "l.jsonl"))) as server:
        assert server.listing.states == ("kept",) and server.pages.place == "medical@1.0.1"


@pytest.mark.parametrize("command", ["why", "browse", "sample"])
def test_a_version_that_is_not_there_or_lies_in_object_storage_is_refused(store: str, command: str) -> None:
    more = {"why": ("x" * 9,), "browse": ("--no-open",), "sample": ("--out", "never.jsonl")}[command]
    first = ("audit", "sample") if command == "sample" else (command,)
    refused = called(*first, f"{store}/medical@9.0.0", *more)
    assert refused.exit_code == 2 and "9.0.0" in refused.output and "1.0.1" in refused.output
