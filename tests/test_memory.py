"""Law 6: no process holds a corpus or a whole file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests import faults

MEASURED = """
import sys
from curate.cli import main
main(["apply", "normalize", sys.argv[1], "--out", sys.argv[2]], standalone_mode=False)
# Not getrusage's figure: that begins with what the process that started this one held.
print([line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")][0])
"""


def peak(path: Path, out: Path) -> int:
    """Peak resident memory, in bytes, of normalising the file at `path` in one process."""
    command = [sys.executable, "-c", MEASURED, str(path), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.splitlines()[-1]) * 1024


def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    texts = [faults.sentence(lang, number, 600) for number in range(40) for lang in ("en", "zh")]
    peaks = []
    for documents in (30_000, 90_000):  # 100 MB and 300 MB
        path = tmp_path / f"{documents}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for number in range(documents):
                file.write(json.dumps({"text": f"{number} {texts[number % 80]}"}, ensure_ascii=False) + "\n")
        peaks.append(peak(path, tmp_path / f"run-{documents}"))
        path.unlink()
    assert peaks[1] < 1.25 * peaks[0]
    assert peaks[1] < 1.5e9
