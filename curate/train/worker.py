"""One process of a training: `python -m curate.train.worker FOLDER`, as our launcher starts it, and what all launchers
run.

FOLDER holds `job` (what to do) and gets of each rank `beat-R`, `stacks-R` and at the end `outcome-R`: a report, or
what was raised, pickled. These are read by the launcher that made the folder alone.
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curate.train.settings import Train
from curate.train.signs import Beat, asked_to_stop, die_with, stacks_into

if TYPE_CHECKING:
    from curate.train.loop import Show
    from curate.train.save import TrainReport


@dataclass(frozen=True, kw_only=True)
class Job:
    """What every process of a training is told. `patience`: seconds that it waits for another rank."""

    settings: Train
    mix: Path
    out: Path
    patience: float


def carry_out(job: Job, say: Callable[[str], None], beat: Path | None = None, show: Show | None = None) -> TrainReport:
    """The training of `job` in this process and with those that it was started with; rank 0 speaks."""
    with asked_to_stop() as asked:  # first of all: what is imported here takes seconds
        from curate.train.hooks import Hooks
        from curate.train.loop import gpu_of, train
        from curate.train.ranks import joined

        with joined(gpu=gpu_of(job.settings), patience=job.patience) as ranks:
            stop = asked if ranks.size == 1 else lambda: any(ranks.gather(asked()))
            hooks = Hooks(ranks=ranks, stop=stop, beat=Beat(beat))
            return train(job.settings, job.mix, job.out, say if ranks.rank == 0 else _silent, hooks, show)


def main(folder: Path) -> None:
    rank = os.environ["RANK"]
    die_with(int(os.environ["CURATE_LAUNCHER"]))
    stacks_into(folder / f"stacks-{rank}")
    job = pickle.loads((folder / "job").read_bytes())
    try:
        outcome: object = carry_out(job, lambda line: print(line, flush=True), folder / f"beat-{rank}")
    except BaseException as error:  # whatever it is: the launcher raises it, or starts again
        traceback.print_exc()
        outcome = error
    pending = folder / f"outcome-{rank}.pending"
    pending.write_bytes(_pickled(outcome))
    os.replace(pending, folder / f"outcome-{rank}")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(isinstance(outcome, BaseException))  # threads that wait for ranks which are gone are not waited for


def work_on_ray(folder: Path, job: Job) -> None:
    """The same in a process of Ray, which tries again where something is raised: what is final is put down instead."""
    try:
        outcome: object = carry_out(job, lambda line: print(line, flush=True))
    except Exception as error:  # whatever it is: Ray starts again, or the launcher raises it
        if not is_final(error):
            raise
        outcome = error
    (folder / f"outcome-{os.environ['RANK']}").write_bytes(_pickled(outcome))


def is_final(error: BaseException) -> bool:
    """Whether a training that raised this would raise it again: Curate's own errors, the system's, a wish to stop."""
    return type(error).__module__.startswith("curate.") or isinstance(error, OSError | KeyboardInterrupt)


def _pickled(outcome: object) -> bytes:
    """An error that can't be made again from what it was raised with travels as text."""
    try:
        data = pickle.dumps(outcome)
        pickle.loads(data)
    except (TypeError, AttributeError, pickle.PicklingError):
        return pickle.dumps(RuntimeError(f"{type(outcome).__name__}: {outcome}"))
    return data


def _silent(line: str) -> None:
    return None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
