"""A version goes to a Hub (a small one on loopback) as a branch with its files, then a tag."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from curate.cli import main
from curate.publish.keep import keep
from tests.publish import fakes
from tests.publish.hub import Hub
from tests.publish.hub import hub as running

pytest.importorskip("huggingface_hub")


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running() as one:
        yield one


def push(hub: Hub, *arguments: str, token: str = "hf_test") -> subprocess.CompletedProcess[str]:
    # Xet has a protocol of its own, with servers of its own: without it files go up by LFS.
    own = {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": token, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0",
           "HF_HUB_DISABLE_PROGRESS_BARS": "1"}  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "curate", "push", *arguments], capture_output=True, text=True, check=False,
        env={**os.environ, **own},
    )  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_dry_run_says_what_would_go_up_and_sends_nothing(hub: Hub, tmp_path: Path) -> None:
    folder = fakes.version(tmp_path / "v", "a", files=2)
    done = CliRunner().invoke(main, ["push", str(folder), "me/medical", "--dry-run"], env={"HF_ENDPOINT": hub.endpoint})
    assert done.exit_code == 0 and hub.log == []
    assert f"dataset me/medical at {hub.endpoint}: branch curate-1.0.0, then tag v1.0.0" in done.output
    for name in contents(folder):
        assert f"  {name}\n" in done.output
    assert "5 files" in done.output
    refused = CliRunner().invoke(main, ["push", str(folder), "no owner", "--dry-run"])
    assert refused.exit_code == 2 and "expected OWNER/NAME" in refused.output


def test_a_version_goes_up_whole_and_its_tag_is_for_good(hub: Hub, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    for number in ("1.0.0", "1.1.0"):
        keep(fakes.version(tmp_path / number, number, number=number, files=3), store, "medical", number)
    done = push(hub, f"{store}/medical@1.0.0", "me/medical", "--branch", "main")
    assert done.returncode == 0, done.stderr
    assert hub.files("me/medical", "v1.0.0") == contents(tmp_path / "1.0.0")
    assert hub.repositories["me/medical"]["private"]
    tags = [place for place, line in enumerate(hub.log) if "/tag/" in line]
    assert tags == [len(hub.log) - 1]  # after everything else
    again = push(hub, f"{store}/medical@1.0.0", "me/medical")
    assert again.returncode == 2 and "has a tag v1.0.0 already: a published version never changes" in again.stderr
    before = len(hub.large)
    done = push(hub, f"{store}/medical@latest", "me/medical", "--branch", "main")
    assert done.returncode == 0, done.stderr
    assert hub.files("me/medical", "v1.1.0") == contents(tmp_path / "1.1.0")
    assert len(hub.large) == before + 2  # what the first one brought is not sent again


def test_what_the_hub_refuses_is_said(hub: Hub, tmp_path: Path) -> None:
    folder = fakes.version(tmp_path / "v", "a", files=2)
    done = push(hub, str(folder), "me/medical", token="wrong")
    assert done.returncode == 2 and "the Hub refuses it" in done.stderr and "HF_TOKEN" in done.stderr
    named = CliRunner().invoke(main, ["push", str(folder), "medical"])
    assert named.exit_code == 2 and "expected OWNER/NAME" in named.output
