"""A run, its version, and documents of a stranger; made once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from curate.audited import audit
from curate.engine import Inline
from curate.progress import Lines
from tests.audit.corpus import carried_out, foreign
from tests.browser import chromium


@dataclass(frozen=True)
class Audited:
    """What was audited, where its page and report lie, and the report."""

    place: Path
    out: Path
    report: dict[str, Any]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return carried_out(tmp_path_factory.mktemp("audited"))


@pytest.fixture(scope="session")
def audited(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Audited:
    out = tmp_path_factory.mktemp("audit")
    return Audited(run, out, audit(str(run), str(out), Inline(), Lines()))


@pytest.fixture(scope="session")
def version(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Audited:
    out = tmp_path_factory.mktemp("audit-version")
    place = run / "version"
    return Audited(place, out, audit(str(place), str(out), Inline(), Lines(), language="zh"))


@pytest.fixture(scope="session")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    place = foreign(tmp_path_factory.mktemp("strange"))
    out = tmp_path_factory.mktemp("audit-strange")
    return Audited(place, out, audit(str(place), str(out), Inline(), Lines(), recipe=str(place.parent / "recipe.py")))


@pytest.fixture(scope="module")  # while it is open its thread has a running event loop, which other tests don't expect
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started
