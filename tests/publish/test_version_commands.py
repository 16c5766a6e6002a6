"""The commands for published versions: verify, similar, signatures, withdraw, diff."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from curate.cli import main
from tests import faults
from tests.dedup.grown import directly, fresh, twin

ROWS = fresh("base", 20)


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(directly(tmp_path_factory.mktemp("v") / "medical-1", ROWS))


def called(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_similar_shows_the_nearest_stored_documents_of_any_file(version: str, tmp_path: Path) -> None:
    rows = [twin(ROWS[2], "zh"), twin(ROWS[3], "en"), *fresh("none", 1)]
    path = faults.write(tmp_path / "new.jsonl", rows)
    done = called("similar", version, str(path))
    assert done.exit_code == 0 and "3 documents, 2 with something similar" in done.output
    told = [json.loads(line) for line in called("similar", version, str(path), "--json").output.splitlines()]
    assert [len(one["matches"]) for one in told] == [1, 1, 0]
    page = "".join(f"<p>{part}</p>" for part in ROWS[2]["text"].split("\n"))
    (tmp_path / "page.html").write_text(f"<html><body><article>{page}</article></body></html>", "utf-8")
    (tmp_path / "plain.txt").write_text(ROWS[3]["text"], "utf-8")
    for name in ("page.html", "plain.txt"):
        assert "1 documents, 1 with something similar" in called("similar", version, str(tmp_path / name)).output


def test_similar_says_when_there_is_nothing(version: str, tmp_path: Path) -> None:
    path = faults.write(tmp_path / "new.jsonl", fresh("none", 3))
    done = called("similar", version, str(path), "--least", "0.5", "--top", "2")
    assert done.exit_code == 0 and done.output.strip() == "3 documents, nothing similar"
    missing = called("similar", version, str(tmp_path / "nobody.jsonl"))
    assert missing.exit_code == 2 and "there is no such file" in missing.output
    assert called("similar", str(tmp_path), str(path)).exit_code == 2


def test_a_version_is_verified_exported_withdrawn_from_and_compared(version: str, tmp_path: Path) -> None:
    done = called("withdraw", version, "base-3", "--reason", "takedown", "--out", str(tmp_path / "medical-2"))
    assert done.exit_code == 0 and "1 documents withdrawn, 19 left" in done.output
    assert "files are what they were" in called("verify", str(tmp_path / "medical-2")).output
    told = called("diff", version, str(tmp_path / "medical-2"))
    assert told.exit_code == 0 and "withdrawn: takedown" in told.output
    data = json.loads(called("diff", version, str(tmp_path / "medical-2"), "--json").output)
    assert data["withdrawn"]["takedown"]["documents"] == 1 and data["b_comes_from_a"]
    out = called("signatures", str(tmp_path / "medical-2"), "--out", str(tmp_path / "s.npz"))
    assert out.exit_code == 0 and "19 signatures" in out.output
    assert called("signatures", str(tmp_path / "medical-2"), "--out", str(tmp_path / "s.npz")).exit_code == 2


def test_what_was_tampered_with_is_refused_with_code_2(version: str, tmp_path: Path) -> None:
    place = tmp_path / "medical-2"
    assert called("withdraw", version, "base-3", "--reason", "other", "--out", str(place)).exit_code == 0
    path = next((place / "signatures" / "runs").glob("*.keys.npy"))
    data = bytearray(path.read_bytes())
    data[-3] ^= 4
    path.unlink()
    path.write_bytes(data)
    for command in (("verify", str(place)), ("withdraw", version, "nobody", "--reason", "other", "--out", "x")):
        assert called(*command).exit_code == 2
    path.unlink()
    for command in (("verify", str(place)), ("diff", version, str(place)), ("signatures", str(place), "--out", "x"),
                    ("similar", str(place), str(faults.write(tmp_path / "new.jsonl", ROWS[:1])))):  # fmt: skip
        done = called(*command)
        assert done.exit_code == 2 and "keys.npy" in done.output, command


@pytest.mark.parametrize("inside", ["", "new", "data/new"])
def test_nothing_is_written_into_a_version(version: str, tmp_path: Path, inside: str) -> None:
    there, texts = f"{version}/{inside}", str(faults.write(tmp_path / "in.jsonl", ROWS[:2]))
    commands = [("dedup", texts), ("apply", "length", texts), ("signatures", version)]
    if inside:  # a version withdrawn again into its own place is left as it is
        commands.append(("withdraw", version, "base-3", "--reason", "other"))
    for command in commands:
        done = called(*command, "--out", there)
        assert done.exit_code == 2 and "lies in the published version" in done.output, (command, done.output)
    assert called("verify", version).exit_code == 0
