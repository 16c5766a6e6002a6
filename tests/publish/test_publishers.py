"""Publishers that are killed and publishers that race, as processes, on disk and on an S3 server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from curate import files
from curate.publish import refs
from curate.publish.gc import gc
from curate.publish.keep import keep, reached
from curate.publish.latest import latest, move
from curate.publish.store import ConditionsIgnored, Store
from curate.publish.verify import verify_store
from tests.publish import fakes
from tests.publish.servers import proxy, s3_server


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture(params=["disk", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "disk":
        return str(tmp_path / "store")
    return bucket(request.getfixturevalue("server"), tmp_path, monkeypatch) + "/versions"


def bucket(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in {"ENDPOINT_URL": endpoint, "ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test",
                        "REGION": "us-east-1"}.items():  # fmt: skip
        monkeypatch.setenv(f"AWS_{name}", value)
    name = "curate-" + tmp_path.name.replace("_", "-").lower()[-40:].strip("-")
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
                 aws_secret_access_key="test").create_bucket(Bucket=name)  # fmt: skip
    return f"s3://{name}"


def publishers(store: str, folders: Path, mode: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.publish.publishers", store, str(folders), mode, "7"],
        check=True, capture_output=True, env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_of_25_publishers_killed_at_random_none_leaves_a_broken_version(place: str, tmp_path: Path) -> None:
    for number in range(25):
        fakes.version(tmp_path / "folders" / f"{number:02d}", str(number), files=4)
    said = publishers(place, tmp_path / "folders", "kill")
    assert sum(one.get("killed", False) for one in said) >= 5
    store = Store.open(place)
    found = verify_store(store)
    assert found.faults == [] and 2 <= found.versions < 27
    there = {ref.label for ref in refs.every(store)}
    kept = reached(store, refs.every(store))
    gc(store, grace=0)
    left = [relative for relative, _ in files.listed(store.root)]
    assert {name.rpartition("/")[2] for name in left if name.startswith("objects/")} == kept
    assert not [name for name in left if name.endswith(".partial") or name.startswith(("work/", "probe-"))]
    assert verify_store(store).faults == []
    for number in range(25):  # each publishes again, and is taken for the first if it came through
        done = keep(tmp_path / "folders" / f"{number:02d}", place, "medical", f"1.0.{number}")
        assert done.new is (f"1.0.{number}" not in there)
    now = latest(store, "medical")
    assert now is not None and now.version == "1.0.24"
    assert verify_store(store).faults == []


def test_of_16_that_publish_one_name_at_once_one_wins_and_the_others_are_told(place: str, tmp_path: Path) -> None:
    for number in range(16):
        fakes.version(tmp_path / "folders" / f"{number:02d}", str(number), files=3, own=1)
    said = publishers(place, tmp_path / "folders", "race")
    assert len(said) == 16
    won = [one for one in said if one.get("new")]
    lost = [one for one in said if "error" in one]
    assert len(won) == 1 and len(lost) == 15, said
    assert {one["error"] for one in lost} == {"RefExists"}
    assert all("has a medical@1.0.0 already" in one["says"] for one in lost)
    store = Store.open(place)
    assert refs.read(store, "medical", "1.0.0").manifest == won[0]["manifest"]
    assert verify_store(store).faults == []
    gc(store, grace=0)
    assert verify_store(store).faults == [] and len(reached(store, refs.every(store))) == 6


def test_an_endpoint_that_ignores_conditions_is_found_out(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = bucket(server, tmp_path, monkeypatch)
    folder = fakes.version(tmp_path / "v", "a", files=2)
    with proxy(server) as deaf:
        monkeypatch.setenv("AWS_ENDPOINT_URL", deaf)
        with pytest.raises(ConditionsIgnored, match=r"both would be told that they won.*--alone"):
            keep(folder, f"{root}/store", "medical", "1.0.0")
        assert not files.exists(f"{root}/store/refs")
        assert keep(folder, f"{root}/store", "medical", "1.0.0", alone=True).new
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    assert not keep(folder, f"{root}/store", "medical", "1.0.0").new
    assert [path for path, _ in files.listed(root) if "probe" in path] == []


def test_storage_that_refuses_or_is_not_there_is_said(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = bucket(server, tmp_path, monkeypatch)
    folder = fakes.version(tmp_path / "v", "a", files=2)
    with proxy(server, status=403) as closed:
        monkeypatch.setenv("AWS_ENDPOINT_URL", closed)
        with pytest.raises(PermissionError, match="refuses it to these credentials"):
            keep(folder, f"{root}/store", "medical", "1.0.0")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(OSError, match=r"AWS_ENDPOINT_URL is http://127\.0\.0\.1:9"):
        Store.open(f"{root}/store")


def test_every_move_of_latest_that_is_told_happened(place: str, tmp_path: Path) -> None:
    store = Store.made(place)
    with ThreadPoolExecutor(8) as hands:
        list(hands.map(lambda at: move(store, "medical", f"1.0.{at}", back=True), range(24)))
    now = latest(store, "medical")
    assert now is not None and now.counter == 24  # each of them once, none overwritten
