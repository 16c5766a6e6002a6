from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from curate.growing import appear, growing

KILLED = """
import os, sys
from pathlib import Path
from curate.growing import growing
with growing(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("half")
    os.kill(os.getpid(), 9)
"""


def test_a_folder_is_seen_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "version"
    with growing(target) as folder:
        (folder / "file").write_text("whole")
        assert not target.exists()
        assert appear(folder, target)
    assert [path.name for path in target.parent.iterdir()] == ["version"]
    assert [path.name for path in target.iterdir()] == ["file"]


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), growing(tmp_path / "version") as folder:
        (folder / "file").write_text("half")
        1 / 0  # noqa: B018
    assert list(tmp_path.iterdir()) == []


def test_of_two_only_one_appears_and_is_left_as_it_is(tmp_path: Path) -> None:
    target = tmp_path / "version"
    with growing(target) as first, growing(target) as second:
        for number, folder in enumerate((first, second)):
            (folder / "file").write_text(str(number))
        assert first.exists() and second.exists()  # neither took the other for left behind
        assert appear(second, target)
        assert not appear(first, target)
    assert (target / "file").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["version"]


def test_what_a_killed_process_left_is_cleared_away_by_the_next(tmp_path: Path) -> None:
    target = tmp_path / "version"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(target)], check=False)
    assert killed.returncode == -9
    assert not target.exists() and len(list(tmp_path.iterdir())) == 1
    with growing(target) as folder:
        assert [path.name for path in tmp_path.iterdir()] == [folder.name]
