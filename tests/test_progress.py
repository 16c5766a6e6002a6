"""What is told while a run goes on."""

from __future__ import annotations

import io

from rich.console import Console

from curate.progress import Bars, Lines


def test_a_line_that_names_what_data_gave_drives_no_terminal() -> None:
    line = "source s: skipped 1 .\x1b]0;owned\x07png\u202e 病历"
    plain, drawn = io.StringIO(), io.StringIO()
    Lines(plain).say(line)
    Bars(Console(file=drawn, width=200)).say(line)
    for said in (plain.getvalue(), drawn.getvalue()):
        assert said == "source s: skipped 1 .\\x1b]0;owned\\x07png\\x202e 病历\n"
