"""A folder that is made beside its place and appears there whole, or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from curate import files

LOCK = ".lock"


@contextmanager
def growing(target: Path) -> Iterator[Path]:
    """An empty folder beside `target`, to be filled and then given its name by `appear`; gone afterwards in any case.

    Folders that killed processes left here are removed first. Each is locked by the process that fills it, so that
    another one's work is never taken away; on a file system without locks they stay.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in sorted(target.parent.glob(f"{target.name}.partial-*")):
        _remove_orphan(left)
    folder = target.parent / f"{target.name}.partial-{uuid4().hex[:12]}"
    folder.mkdir()
    lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR)
    try:
        with suppress(OSError):  # no locks on this file system
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / LOCK).exists():
            raise OSError(f"{folder}: another process took it for left behind before it was locked; try again")
        yield folder
    finally:
        os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


def appear(folder: Path, target: Path) -> bool:
    """Give the filled `folder` the name `target`; False if something is there already, which is then left as it is.

    Of several processes one gets True: a folder can't be renamed onto one that holds something.
    """
    (folder / LOCK).unlink()
    for place in (*(path for path in sorted(folder.rglob("*")) if path.is_dir()), folder):
        files.to_disk(place)
    try:
        os.rename(folder, target)
    except OSError:
        if not target.exists():
            raise
        return False
    files.to_disk(target.parent)
    return True


def _remove_orphan(folder: Path) -> None:
    try:
        lock = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return  # another process has just made it, removed it, or is giving it its name
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
