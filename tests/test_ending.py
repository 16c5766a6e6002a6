"""How commands end where nobody reads on, and where a folder or file that is named is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from curate.cli import main
from curate.commands.ending import honest_exit

CLOSED = """
import sys
from curate.commands.ending import honest_exit
import click
with honest_exit():
    for line in range(100_000):
        click.echo("a line of some report")
"""


def test_output_that_nobody_reads_to_its_end_is_no_loss_of_work() -> None:
    reading, writing = os.pipe()
    with subprocess.Popen([sys.executable, "-c", CLOSED], stdout=writing, stderr=subprocess.PIPE, text=True) as process:
        os.close(writing)
        os.close(reading)
        _, said = process.communicate()
    assert process.returncode == 3
    assert said == "curate: what was to read the output has closed it before its end\n"


def test_another_fault_of_a_disk_is_told_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, honest_exit():
        raise OSError(28, "No space left on device")
    assert ended.value.code == 3
    assert "run the same command again to go on" in capsys.readouterr().err


def test_a_judge_that_is_nowhere_is_told_so(tmp_path: Path) -> None:
    said = CliRunner().invoke(main, ["classifier", "evaluate", str(tmp_path / "mine"), "--label", "clean=x.jsonl"])
    assert said.exit_code == 2
    assert "there is no folder" in said.output and "classifiers/quality" in said.output
    assert "install it again" not in said.output


def test_a_file_of_limits_that_is_not_there_does_not_become_the_card(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("older")
    asked = ["classifier", "card", str(tmp_path), "--limits", str(tmp_path / "limits.md")]
    said = CliRunner().invoke(main, asked)
    assert said.exit_code == 2
    assert "there is no file" in said.output
    assert (tmp_path / "README.md").read_text() == "older"
