"""Many publishers, each a process of its own: python -m tests.publish.publishers STORE FOLDERS MODE SEED.

One process imports everything and forks them, so that their time is that of publishing. `race`: all publish the same
name and number at once. `kill`: each publishes a number of its own and gets SIGKILL after a random time, five at once.
Prints what became of each, a JSON object a line.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from curate.publish.keep import keep


def publish(store: str, folder: Path, number: str, out: int) -> None:
    """In a child: publish, and write to the pipe what came of it."""
    try:
        done = keep(folder, store, "medical", number)
        said = {"folder": folder.name, "new": done.new, "manifest": done.ref.manifest}
    except Exception as error:
        said = {"folder": folder.name, "error": type(error).__name__, "says": str(error)}
    os.write(out, (json.dumps(said) + "\n").encode())


def started(store: str, folder: Path, number: str, gate: tuple[int, int] | None, out: int) -> int:
    """The process id of a publisher; it waits until the `gate` is closed."""
    child = os.fork()
    if child:
        return child
    if gate is not None:
        os.close(gate[1])
        os.read(gate[0], 1)
    publish(store, folder, number, out)
    os._exit(0)


def main(store: str, folders: list[Path], mode: str, seed: str) -> None:
    out = sys.stdout.fileno()
    if mode == "race":
        gate = os.pipe()
        children = [started(store, folder, "1.0.0", gate, out) for folder in folders]
        os.close(gate[1])
        for child in children:
            os.waitpid(child, 0)
        return
    draw = random.Random(seed)
    took = []
    for number in range(2):
        began = time.monotonic()
        os.waitpid(started(store, folders[number], f"0.0.{number}", None, out), 0)
        took.append(time.monotonic() - began)
    whole = min(took)  # that one takes undisturbed
    for begin in range(0, len(folders), 5):
        some = folders[begin : begin + 5]
        children = [started(store, folder, f"1.0.{begin + at}", None, out) for at, folder in enumerate(some)]
        moments = sorted((draw.uniform(0, whole), child) for child in children)
        start = time.monotonic()
        for moment, child in moments:
            time.sleep(max(0.0, start + moment - time.monotonic()))  # until the moment to strike
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            os.write(out, (json.dumps({"killed": os.WIFSIGNALED(status)}) + "\n").encode())


if __name__ == "__main__":
    main(sys.argv[1], sorted(Path(sys.argv[2]).iterdir()), sys.argv[3], sys.argv[4])
