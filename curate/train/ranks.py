"""The processes that train together: data parallel over torch.distributed, weights and optimiser sharded by FSDP2.

Rank r of n takes each n-th row of a step from the r-th, so a step reads the same rows at any number of ranks. Numbers
are added up in fp64 in the order of ranks, so that all ranks get the same bits and decide alike.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch._C._distributed_c10d import TCPStore  # torch.distributed does not export it by name
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard

from curate.train.hooks import Alone, Ranks

T = TypeVar("T")

STORE, LISTENING = "CURATE_STORE", "CURATE_STORE_DESCRIPTOR"
"""Environment: where our own launcher's ranks meet (host:port), and the listening socket that rank 0 was given, so that
the port can't be taken by another program in between. Without them ranks meet as torchrun says."""


@dataclass
class Group:
    """A joined process group; see `curate.train.hooks.Ranks`."""

    rank: int
    size: int
    device: torch.device

    def sum(self, values: Tensor) -> Tensor:
        """Integers exactly; fractions in fp64 and in the order of ranks: the same bits everywhere."""
        mine = values.detach().to("cpu", torch.float64 if values.is_floating_point() else torch.int64).contiguous()
        every = [torch.empty_like(mine) for _ in range(self.size)]
        dist.all_gather(every, mine)
        total = every[0]
        for value in every[1:]:
            total = total + value
        return total.to(values.device, values.dtype)

    def gather(self, value: T) -> list[T]:
        every: list[Any] = [None] * self.size
        dist.all_gather_object(every, value)
        return every

    def prepare(self, learner: Any) -> Any:
        """`learner` with its blocks and itself sharded over all ranks; gradients are added up, not averaged."""
        mesh = init_device_mesh(self.device.type, (self.size,))
        for block in blocks(learner):
            fully_shard(block, mesh=mesh)
        fully_shard(learner, mesh=mesh)
        for module in learner.modules():
            if isinstance(module, FSDPModule):
                module.set_gradient_divide_factor(1.0)
                module.set_force_sum_reduction_for_comms(True)  # gloo knows no sum with a factor in it
        return learner

    def add_gradients(self, learner: Any) -> None:
        """FSDP2 has added them up during the backward pass."""

    def clip(self, learner: Any, limit: float) -> Tensor:
        """Norms of the ranks' pieces are added up as squares in fp64."""
        gradients = [local(weight.grad) for weight in learner.parameters() if weight.grad is not None]
        squares = sum((torch.linalg.vector_norm(piece).double() ** 2 for piece in gradients), torch.zeros(()).double())
        norm = self.sum(squares.cpu()).sqrt()
        factor = min(1.0, limit / (float(norm) + 1e-6))
        if factor < 1:
            for piece in gradients:
                piece.mul_(factor)
        return norm.float()


def apart(learner: Any) -> None:
    """Give back the weights that FSDP2 has gathered for a pass and kept (the root's, where no gradient was made): until
    then the module's own are not the pieces that the optimiser moves and a checkpoint holds."""
    for module in learner.modules():
        if isinstance(module, FSDPModule):
            module.reshard()


def local(tensor: Tensor) -> Tensor:
    """What this rank holds of a tensor."""
    from torch.distributed.tensor import DTensor

    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def blocks(learner: Any) -> list[Any]:
    """The layers of a transformer: of the longest list of modules that it holds. Each is gathered when it is used."""
    lists = [module for module in learner.modules() if isinstance(module, torch.nn.ModuleList)]
    return list(max(lists, key=len, default=[]))


def wanted(environment: Mapping[str, str] = os.environ) -> tuple[int, int, int]:
    """(rank, ranks, rank on this machine) that a launcher has given this process; (0, 1, 0) without one."""
    size = int(environment.get("WORLD_SIZE", "1"))
    return (int(environment["RANK"]), size, int(environment.get("LOCAL_RANK", "0"))) if size > 1 else (0, 1, 0)


@contextmanager
def joined(*, gpu: bool, patience: float) -> Iterator[Ranks]:
    """The process group that this process was started for, `Alone` where it was started for none.

    `patience` (seconds) bounds every wait for another rank. A group that was joined before (by Ray) is left joined.
    """
    rank, size, on_machine = wanted()
    if size == 1:
        yield Alone()
        return
    device = torch.device("cuda", on_machine) if gpu else torch.device("cpu")
    if gpu:
        torch.cuda.set_device(device)
    mine = not dist.is_initialized()
    if mine:
        wait = timedelta(seconds=patience)
        backend = "cpu:gloo,cuda:nccl" if gpu else "gloo"
        if STORE in os.environ:
            host, port = os.environ[STORE].rsplit(":", 1)
            given = os.environ.get(LISTENING)
            store = TCPStore(
                host, int(port), size, is_master=rank == 0, timeout=wait, master_listen_fd=int(given) if given else None
            )
            dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=wait)
        else:
            dist.init_process_group(backend, timeout=wait)
    try:
        yield Group(rank, size, device)
    finally:
        if mine:
            dist.destroy_process_group()
