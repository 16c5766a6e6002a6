"""Checkpoints: written while training goes on, complete only when their COMMIT is there, checked before they are
trusted.

A checkpoint is a folder step-N: a safetensors file of each rank (shards.py), state.json, and last COMMIT with the
SHA-256 of all others. `write` copies the tensors to the host, which is all that training waits for, and a thread does
the rest. Weights that are not trained (the base of a LoRA) are not in it: they come from where the training started.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import torch
from torch import Tensor

from curate import files
from curate.train import shards
from curate.train.hooks import Alone, Ranks
from curate.train.ranks import apart
from curate.train.shards import Piece

COMMIT, STATE = "COMMIT", "state.json"
TURN = 0.05  # seconds between two looks of rank 0 at whether the others have written
READERS = 8  # files hashed at once: a core does 1.5-2 GB of SHA-256 a second, a disk gives more


class CheckpointFailed(OSError):
    """A checkpoint could not be written."""


@dataclass(frozen=True)
class Checkpoint:
    """The state after `step` steps, in `folder`; `state` is what `write` was given."""

    folder: Path
    step: int
    state: Mapping[str, Any]


@dataclass(kw_only=True)
class Checkpoints:
    """The checkpoints of one training in `folder`, of which the newest `keep` stay, and each of a multiple of
    `keep_every` steps (0: none of these).

    `waited` counts the seconds that training has waited for them: for the copy to the host, and for the one before.
    """

    folder: Path
    learner: Any
    optimiser: torch.optim.Optimizer
    keep: int = 2
    keep_every: int = 0
    ranks: Ranks = field(default_factory=Alone)
    say: Callable[[str], None] = lambda line: None
    waited: float = field(default=0.0, init=False)
    _writing: Future[None] | None = field(default=None, init=False)
    _host: dict[str, Tensor] = field(default_factory=dict, init=False)

    def write(self, step: int, state: Mapping[str, Any]) -> None:
        """Begin to save under folder/step-N. `state` is whatever JSON can hold; it must be the same on every rank.

        Raises `CheckpointFailed` where the one before could not be written.
        """
        began = time.perf_counter()
        self._settle()
        target = self.folder / f"step-{step:08d}"
        pieces = self._copied()
        if self.ranks.rank == 0:
            if target.exists():  # a start that was killed while it wrote, or one that this run went back behind
                _removed(target)
            target.mkdir(parents=True)
        self.ranks.gather(None)  # the folder is there
        self._writing = Future()
        # A daemon: a process that ends for an error does not wait for ranks that will never write.
        Thread(
            target=self._finished, args=(self._writing, target, {**state, "step": step}, pieces), daemon=True
        ).start()
        self.waited += time.perf_counter() - began

    def newest(self, before: int | None = None) -> Checkpoint | None:
        """The newest complete one of a step below `before`, the same for every rank.

        One whose files are not what COMMIT says is passed over, aloud.
        """
        self._settle()
        found = newest(self.folder, self.say, before) if self.ranks.rank == 0 else None
        return self.ranks.gather(found)[0]

    def read(self, found: Checkpoint) -> None:
        """Put the saved weights and the optimiser's state back, on the devices where they are."""
        parts = sorted(found.folder.glob("*.safetensors"))
        parameters = _trained(self.learner)
        wanted = {f"weight/{name}": Piece.of(tensor) for name, tensor in _weights(self.learner)}
        saved = {name for part in parts for name in shards.names(part) if name.startswith("moment/")}
        state: dict[str, dict[str, Tensor]] = {}
        for name in sorted(saved):
            _, parameter, key = name.split("/")
            if parameter not in parameters:
                raise shards.WrongShape(f"{found.folder}: there is a state of {parameter}, which is not trained here")
            whole = key == "step"
            state.setdefault(parameter, {})[key] = (
                torch.zeros(()) if whole else torch.zeros_like(parameters[parameter], requires_grad=False)
            )
            wanted[name] = Piece.of(state[parameter][key])
        with torch.no_grad():
            shards.read(parts, wanted)
        names = {weight: name for name, weight in parameters.items()}
        order = [names[weight] for group in self.optimiser.param_groups for weight in group["params"]]
        self.optimiser.load_state_dict(
            {
                "state": {place: state[name] for place, name in enumerate(order) if name in state},
                "param_groups": self.optimiser.state_dict()["param_groups"],
            }
        )

    def drop(self, after: int) -> None:
        """Remove the checkpoints of steps above `after`: the training has gone back behind them."""
        self._settle()
        if self.ranks.rank == 0:
            for target in _folders(self.folder):
                if step_of(target) > after:
                    _removed(target)
        self.ranks.gather(None)

    def close(self) -> None:
        """Wait for what is being written. Raises `CheckpointFailed`."""
        began = time.perf_counter()
        self._settle()
        self.ranks.gather(None)
        self.waited += time.perf_counter() - began

    def _settle(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            writing.result()

    def _copied(self) -> dict[str, Piece]:
        """This rank's pieces on the host, in memory that is kept from one checkpoint to the next."""
        names = {weight: name for name, weight in _trained(self.learner).items()}
        tensors = [(f"weight/{name}", tensor) for name, tensor in _weights(self.learner)]
        for weight, entry in self.optimiser.state.items():
            tensors += [(f"moment/{names[weight]}/{key}", value) for key, value in sorted(entry.items())]
        out = {}
        for name, tensor in sorted(tensors, key=lambda pair: pair[0]):
            piece = Piece.of(tensor)
            if piece.common and self.ranks.rank:
                continue
            host = self._host.get(name)
            if host is None:
                pinned = piece.local.is_cuda  # copies into pinned memory run at the bus's speed
                host = torch.empty_like(piece.local, device="cpu", pin_memory=pinned)
                self._host[name] = host
            host.copy_(piece.local, non_blocking=True)
            out[name] = Piece(host, piece.start, piece.rows, piece.common)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return out

    def _finished(self, outcome: Future[None], *what: Any) -> None:
        try:
            self._written(*what)
        except BaseException as error:  # of a thread, which has nobody to raise it to: `_settle` does
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    def _written(self, target: Path, state: Mapping[str, Any], pieces: Mapping[str, Piece]) -> None:
        """In the thread: this rank's file and, on rank 0, the others' digests, COMMIT, and what is no longer kept."""
        name = f"rank-{self.ranks.rank:05d}-of-{self.ranks.size:05d}.safetensors"
        try:
            digest = shards.write(target / name, pieces)
            _put(target / f"{name}.sha256", digest)
            if self.ranks.rank == 0:
                self._committed(target, state)
        except OSError as error:
            (target / name).unlink(missing_ok=True)  # what is left has no use, and a launcher must write down why
            size = sum(piece.local.numel() * piece.local.element_size() for piece in pieces.values())
            free = shutil.disk_usage(target).free if target.is_dir() else 0
            fewer = f", or keep fewer than {self.keep} checkpoints" if self.keep > 1 else ""
            raise CheckpointFailed(
                error.errno,
                f"checkpoint {target.name} could not be written: {error.strerror or error}. Its part of rank "
                f"{self.ranks.rank} has {size / 1e6:,.1f} MB, {free / 1e6:,.1f} MB are free there; make room{fewer}",
                str(target),
            ) from error

    def _committed(self, target: Path, state: Mapping[str, Any]) -> None:
        _put(target / STATE, json.dumps(state, sort_keys=True))
        digests = {STATE: files.sha256(str(target / STATE))}
        for rank in range(self.ranks.size):
            name = f"rank-{rank:05d}-of-{self.ranks.size:05d}.safetensors"
            said = target / f"{name}.sha256"
            while not said.is_file():  # a rank that dies ends all of them, and this thread with them
                time.sleep(TURN)
            digests[name] = said.read_text()
        _put(target / COMMIT, json.dumps(digests, sort_keys=True))
        files.to_disk(self.folder)
        complete = [folder for folder in _folders(self.folder) if (folder / COMMIT).is_file()]
        last = {folder for folder in complete if folder.name <= target.name}
        for old in _folders(self.folder):
            newest_ones = sorted(last)[-self.keep :]
            periodic = self.keep_every and old in last and step_of(old) % self.keep_every == 0
            if (
                old not in newest_ones and not periodic
            ):  # older, never completed, or later than where this run went back
                _removed(old)


def newest(folder: Path, say: Callable[[str], None], before: int | None = None) -> Checkpoint | None:
    """The last complete checkpoint under `folder`, of a step below `before`; a damaged one is passed over, aloud."""
    for target in reversed(_folders(folder)):
        if before is not None and step_of(target) >= before:
            continue
        if not (target / COMMIT).is_file():
            say(f"checkpoint {target.name} is passed over: it was not finished")
            continue
        broken = next(_broken(target), None)
        if broken is not None:
            say(f"checkpoint {target.name} is passed over: {broken} is not what its {COMMIT} says")
            continue
        state = json.loads((target / STATE).read_text())
        return Checkpoint(target, state["step"], state)
    return None


def step_of(folder: Path) -> int:
    """The step that a checkpoint's folder is named for."""
    return int(folder.name.removeprefix("step-"))


def _folders(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-" + "[0-9]" * 8))


def _removed(target: Path) -> None:
    (target / COMMIT).unlink(missing_ok=True)  # first: a deletion cut short leaves nothing that looks complete
    shutil.rmtree(target)


def _put(path: Path, text: str) -> None:
    """Whole or not there at all."""
    pending = path.with_name(f"{path.name}.pending")
    pending.write_text(text)
    files.to_disk(pending)
    os.replace(pending, path)
    files.to_disk(path.parent)


def _trained(learner: Any) -> dict[str, Any]:
    """Weights that are trained, by name; the name does not tell whether the module is compiled."""
    apart(learner)
    return {
        name.replace("_orig_mod.", ""): weight for name, weight in learner.named_parameters() if weight.requires_grad
    }


def _weights(learner: Any) -> Iterator[tuple[str, Tensor]]:
    """What a checkpoint holds of a module: trained weights, and buffers that are part of its state."""
    yield from _trained(learner).items()
    parameters = {name for name, _ in learner.named_parameters(remove_duplicate=False)}
    for name, tensor in learner.state_dict().items():
        if name not in parameters:
            yield name.replace("_orig_mod.", ""), tensor


def _broken(target: Path) -> Iterator[str]:
    """Files of a checkpoint that are missing or not those that were written."""
    try:
        expected: dict[str, str] = json.loads((target / COMMIT).read_bytes())
    except ValueError:  # not JSON, or not even UTF-8
        yield COMMIT
        return

    def whole(name: str) -> bool:
        file = target / name
        return file.is_file() and files.sha256(str(file)) == expected[name]

    with ThreadPoolExecutor(READERS) as readers:
        yield from (name for name, fine in zip(expected, readers.map(whole, expected), strict=True) if not fine)
