"""How long the demo takes after installation, and how much memory its largest process has at its peak.

    python performance/quickstart.py [--runs 3]

Each run is `curate demo` in an empty folder. Memory is the high-water mark of resident memory (VmHWM) of each
process that descends from it, Ray's own included. Goals: under 90 s on 2 cores, under 1.5 GB in any process.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

from processes import descendants, high_water

POLL = 0.2  # seconds


def measured(out: str) -> tuple[float, int, str]:
    """(seconds, peak bytes of the largest process, its name) of one demo."""
    started = time.monotonic()
    command = [sys.executable, "-m", "curate", "demo", "--out", out]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak, name = 0, ""
    while process.poll() is None:
        for pid in descendants(process.pid):
            peak, name = max((peak, name), high_water(pid))
        time.sleep(POLL)
    if process.returncode:
        sys.exit(f"the demo failed with exit code {process.returncode}")
    return time.monotonic() - started, peak, name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("ray", "polars", "torch", "trafilatura")
    )
    print(f"{datetime.date.today()}, {os.cpu_count()} cores, {platform.processor() or platform.machine()}, "
          f"Python {platform.python_version()}, {versions}")  # fmt: skip
    seconds, peaks = [], []
    for run in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            took, peak, name = measured(f"{folder}/demo")
        seconds.append(took)
        peaks.append(peak)
        print(f"run {run + 1}: {took:.1f} s, largest process {peak / 1e9:.2f} GB ({name})")
    print(f"median {statistics.median(seconds):.1f} s (goal 90), peak {max(peaks) / 1e9:.2f} GB (goal 1.5)")


if __name__ == "__main__":
    main()
