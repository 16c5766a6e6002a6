"""A command that recognises the text of a file: any program that takes a path and writes text to standard output."""

from __future__ import annotations

import os
import resource
import shlex
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from curate.stages.documents.opened import Unreadable

FILE = "{file}"
MOST = 64 << 20  # bytes of its output


def recognised(raw: bytes, ending: str, command: str, seconds: int) -> str:
    """What `command` writes of a file that holds `raw`, {file} in it being the file's path.

    It has `seconds` of wall time, and no caps but those of the machine: the stage's are lifted for it, since a model
    takes more memory than a page. Raises `Unreadable` (ocr_failed) where it ends with another status than 0, takes too
    long, or writes what is not UTF-8.
    """
    with tempfile.TemporaryDirectory(prefix="curate-ocr-") as folder:
        path = Path(folder, f"document{ending}")
        path.write_bytes(raw)
        words = [word.replace(FILE, str(path)) for word in shlex.split(command)]
        out, err = Path(folder, "stdout"), Path(folder, "stderr")
        with out.open("wb") as stdout, err.open("wb") as stderr:
            try:
                process = subprocess.Popen(
                    words, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, cwd=folder, start_new_session=True
                )
            except FileNotFoundError as error:
                # The machine's fault, not the document's: the same for every one.
                raise OSError(
                    error.errno, f"the OCR command {words[0]!r} can't be started: {error.strerror}"
                ) from error
            _lift(process.pid)
            try:
                status = process.wait(seconds)
            except subprocess.TimeoutExpired:
                raise Unreadable("ocr_failed", f"the OCR command took more than {seconds} s") from None
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if status != 0:
            said = err.read_bytes()[-200:].decode("utf-8", "replace").strip()
            raise Unreadable("ocr_failed", f"the OCR command ended with status {status}: {said}")
        with out.open("rb") as stdout:
            data = stdout.read(MOST + 1)
    if len(data) > MOST:
        raise Unreadable("ocr_failed", f"the OCR command wrote more than {MOST:,} bytes")
    try:
        return data.decode().strip()
    except UnicodeDecodeError as error:
        raise Unreadable("ocr_failed", f"the OCR command wrote what is not UTF-8, at byte {error.start}") from None


def _lift(pid: int) -> None:
    """Give a process the caps that the machine gives, not those of the stage."""
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_CPU):
        with suppress(ProcessLookupError):
            _, hard = resource.prlimit(pid, limit)
            resource.prlimit(pid, limit, (hard, hard))
