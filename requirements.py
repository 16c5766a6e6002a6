"""Makes the lock files: asks pip what it would install, and writes names, versions and hashes.

requirements.lock holds what Curate runs with, requirements-test.lock what its tests need beside that. torch is in
neither: it is installed by version alone, since a CPU build and a CUDA build of one version have other hashes. Its
dependencies are locked.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
TORCH = "torch==2.13.0"
NO_WHEEL = "jsonpath-rw"  # of mlcroissant: pure Python that was never published as a wheel
Pins = dict[str, tuple[str, str]]  # name -> version, sha256 of the file that pip chose


def main() -> None:
    """Writes both files."""
    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))
    # Curate itself is built in the same environment. Tests and runtime are resolved together, so that one version of
    # each package serves both.
    needed = [TORCH, *project["project"]["dependencies"], *project["build-system"]["requires"]]
    everything = resolved([*needed, *project["project"]["optional-dependencies"]["test"]], {})
    runtime = resolved(needed, everything)
    write("requirements.lock", runtime, "What Curate runs with.")
    extra = {name: pin for name, pin in everything.items() if name not in runtime}
    write("requirements-test.lock", extra, "What the tests need beside requirements.lock.")


def resolved(requirements: Sequence[str], pins: Pins) -> Pins:
    """What pip would install into an empty environment, held to the versions in `pins`."""
    with tempfile.TemporaryDirectory() as folder:
        report, constraints = Path(folder, "report.json"), Path(folder, "constraints.txt")
        constraints.write_text("".join(f"{name}=={version}\n" for name, (version, _) in pins.items()), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        command += [
            "--only-binary",
            ":all:",
            "--no-binary",
            NO_WHEEL,
            "--report",
            str(report),
            "--constraint",
            str(constraints),
        ]
        subprocess.run([*command, *requirements], check=True)
        installs = json.loads(report.read_text(encoding="utf-8"))["install"]
    found: Pins = {}
    for item in installs:
        name = item["metadata"]["name"].lower().replace("_", "-").replace(".", "-")
        if name != "torch":
            found[name] = (item["metadata"]["version"], item["download_info"]["archive_info"]["hashes"]["sha256"])
    return found


def write(name: str, pins: Pins, title: str) -> None:
    """A file for `pip install --require-hashes --no-deps -r`, for Python 3.11 on Linux x86-64."""
    head = f"# {title} Made by `make lock`; for Python 3.11 on Linux x86-64. torch is installed by version alone.\n"
    lines = [f"{package}=={version} --hash=sha256:{sha}\n" for package, (version, sha) in sorted(pins.items())]
    (HERE / name).write_text(head + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
