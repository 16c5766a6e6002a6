"""How a command ends: exit codes, and errors in words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

DONE, FAULT, REFUSED, INCOMPLETE, TOLERANCE = range(5)

CODES = """
\b
Exit codes:
  0  everything asked for was done
  1  a fault of Curate
  2  refused: the recipe, the mix or the command can't be carried out as it stands
  3  incomplete, by no fault of the data (a full disk, a lost node, Ctrl-C): mend it, run the same command again,
     and it goes on
  4  more records were quarantined than the recipe tolerates; nothing was published
     (apply and dedup: any were; the others were worked on and written; train: general text has lost more
     than --general-drop-max)
"""


@contextmanager
def honest_exit() -> Iterator[None]:
    """Law 7: what was not done is not called done; the exit code says why."""
    from curate.audit.sample import NoSuchReason
    from curate.audit.why import NotInRun
    from curate.engine import Incomplete
    from curate.job import ToleranceExceeded
    from curate.train.settings import GateFailed

    try:
        yield
    except Incomplete as error:
        _end(INCOMPLETE, f"incomplete: {error}. What was committed is kept: run the same command again to go on")
    except ToleranceExceeded as error:
        _end(TOLERANCE, f"too much was quarantined: {error}")
    except GateFailed as error:
        _end(TOLERANCE, f"too much was lost: {error}")
    except (ValueError, NotInRun, NoSuchReason, FileNotFoundError, FileExistsError) as error:
        if not _refusal(error):
            raise
        _end(REFUSED, f"refused: {error}")
    except KeyboardInterrupt:
        _end(INCOMPLETE, "interrupted. What was committed is kept: run the same command again to go on")
    except BrokenPipeError:  # as `head` leaves it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains again when it ends
        _end(INCOMPLETE, "what was to read the output has closed it before its end")
    except OSError as error:
        _end(INCOMPLETE, f"incomplete: {error}. What was committed is kept: run the same command again to go on")


def _refusal(error: Exception) -> bool:
    """Whether the error says what the user can mend: one of Curate's own kinds, not any ValueError."""
    return type(error).__module__.startswith("curate.") or isinstance(error, OSError)


def _end(code: int, message: str) -> None:
    from curate.audit.excerpt import visible

    for line in f"curate: {message}".split("\n"):
        click.echo(visible(line), err=True)
    sys.exit(code)
