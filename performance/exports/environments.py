"""An environment for each trainer that reads an export, apart from Curate's and from one another."""

from __future__ import annotations

import json
import subprocess
import venv
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).resolve().parent
HOME = Path.home() / ".cache" / "curate-exports"
TORCH = "torch==2.13.0"  # first, and by version alone: where pip finds a CPU build, the packages below keep it


class Library(NamedTuple):
    name: str
    package: str
    script: str
    without: tuple[str, ...] = ()
    """What is taken out again: builds for CUDA that fail beside a CPU build of torch. No text goes through them."""


LIBRARIES = (
    Library("trl", "trl==1.16.0", "with_trl.py"),
    Library("ms-swift", "ms-swift==4.6.0", "with_ms_swift.py", ("torchvision", "torchaudio")),
    Library("llamafactory", "llamafactory==0.9.5", "with_llama_factory.py", ("torchvision", "torchaudio")),
    Library("megatron-core", "megatron-core==0.16.1", "with_megatron.py"),
)


def python(library: Library) -> Path | None:
    """The interpreter of the library's environment, made where there is none; None, and a word why, where pip fails."""
    folder = HOME / library.name
    interpreter, done = folder / "bin" / "python", folder / "installed"
    wanted = "\n".join((TORCH, library.package, *library.without))
    if done.exists() and done.read_text() == wanted:
        return interpreter
    print(f"installing {library.package} into {folder}: some minutes", flush=True)
    venv.create(folder, with_pip=True, clear=True)
    for packages in ([TORCH], [TORCH, library.package]):
        command = [str(interpreter), "-m", "pip", "install", "-q", *packages]
        if subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False).returncode:
            print(f"skipped: {library.package} can't be installed beside {TORCH}")
            return None
    if library.without:
        subprocess.run([str(interpreter), "-m", "pip", "uninstall", "-q", "-y", *library.without], check=True)
    done.write_text(wanted)
    return interpreter


def read(library: Library, given: dict[str, Any], work: Path) -> dict[str, Any] | str:
    """What the library's script says of the exports that `given` names; a word why not, where it fails."""
    interpreter = python(library)
    if interpreter is None:
        return "not installed"
    question, answer = work / f"{library.name}.json", work / f"{library.name}.answer.json"
    question.write_text(json.dumps(given))
    command = [str(interpreter), str(FOLDER / library.script), str(question), str(answer)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=work)
    if done.returncode or not answer.is_file():
        return done.stderr[-2000:] or done.stdout[-2000:]
    said: dict[str, Any] = json.loads(answer.read_bytes())
    return said
