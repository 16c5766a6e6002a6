"""What a command and all the processes below it took: wall time, CPU time, peak memory."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

POLL = 0.1  # seconds


class Usage(NamedTuple):
    code: int
    wall: float
    """Seconds."""
    cpu: float
    """Seconds of user and system time, of the process and of all that it waited for."""
    peak: int
    """Bytes: the largest sum of the living processes' high-water marks (VmHWM), looked at every `POLL` seconds. Pages
    that forked workers share are counted in each of them."""


def measured(command: Sequence[str], log: IO[bytes], env: Mapping[str, str] | None = None) -> Usage:
    """Runs `command` to its end; what it prints goes to `log`."""
    started = time.monotonic()
    process = subprocess.Popen(
        command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}
    )
    peak = 0
    try:
        while True:
            # wait4 and not getrusage: RUSAGE_CHILDREN adds up over all commands, and its ru_maxrss begins with ours.
            peak = max(peak, sum(high_water(pid)[0] for pid in descendants(process.pid)))
            done, status, used = os.wait4(process.pid, os.WNOHANG)
            if done:
                process.returncode = os.waitstatus_to_exitcode(status)
                return Usage(process.returncode, time.monotonic() - started, used.ru_utime + used.ru_stime, peak)
            time.sleep(POLL)
    finally:
        if process.returncode is None:  # interrupted: nothing is left running
            for pid in reversed(descendants(process.pid)):
                os.kill(pid, signal.SIGKILL)
            process.wait()


def descendants(root: int) -> list[int]:
    """Process ids below `root`, itself included."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
    found, frontier = [root], [root]
    while frontier:
        frontier = [pid for pid, parent in parents.items() if parent in frontier]
        found += frontier
    return found


def high_water(pid: int) -> tuple[int, str]:
    """(bytes, name) of a process; nothing where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        name = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:60]
    except (FileNotFoundError, ProcessLookupError):
        return 0, ""
    lines = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return (int(lines[0].split()[1]) * 1024 if lines else 0), name
