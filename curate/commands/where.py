"""Where a command works: in this process, on a Ray of its own, on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


@contextmanager
def engine_of(inline: bool, address: str | None, cpus: int | None) -> Iterator[Any]:
    from curate import engine

    with engine.inline() if inline else engine.on_ray(address, cpus) as chosen:
        yield chosen


def where(command: F) -> F:
    """The options that say where work runs."""
    command = click.option("--inline", is_flag=True, help="Work in this process, without Ray.")(command)
    command = click.option("--ray", "address", metavar="ADDRESS", help="Join the Ray cluster at ADDRESS (or 'auto').")(
        command
    )
    return click.option(
        "--workers", type=click.IntRange(1), help="Workers of the Ray that starts here (default: all CPUs)."
    )(command)


def placed(out: str) -> str:
    """A local path made absolute: workers elsewhere have another working directory."""
    return out if "://" in out else str(Path(out).absolute())
