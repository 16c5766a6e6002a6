"""Documents of several queues in one order, in which each queue keeps its share at any moment."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from curate.kernels.compiled import kernel


@kernel
def fair(
    sizes: NDArray[np.int64],
    bounds: NDArray[np.int64],
    parts: NDArray[np.float64],
    readings: NDArray[np.int64],
    room: int,
    beyond: bool,
    taken: NDArray[np.int64],
) -> int:
    """How many documents of each queue fill `room`: in `taken`; returns the sum of their sizes.

    Queue q has the documents `bounds[q]` to `bounds[q + 1]` of `sizes` (each at least 1), read in that order, from the
    start again behind the last one, `readings[q]` in all. Worst-case fair weighted queueing (Bennett and Zhang 1996,
    WF2Q): of the queues whose next document an ideal fluid would have begun, the one goes next whose document the fluid
    would finish first, so that no queue is ever ahead of or behind its share `parts[q]` (they sum to 1) of what is
    taken by more than the largest document. The order depends on neither `room` nor `beyond`: what fills less is a
    prefix. The end is before the first document that does not fit or, `beyond`, behind the one that fills the room.
    """
    queues = len(parts)
    waiting = [(0.0, 0)]  # (when the fluid begins the next document, queue)
    waiting.pop()
    begun = [(0.0, 0)]  # (when the fluid finishes it, queue)
    begun.pop()
    before = np.zeros(queues, np.float64)
    taken[:] = 0
    for queue in range(queues):
        if readings[queue] > 0:
            heapq.heappush(waiting, (0.0, queue))
    total = 0
    while len(waiting) + len(begun) > 0 and not (beyond and total >= room):
        while len(waiting) > 0 and (waiting[0][0] <= total or len(begun) == 0):
            _, queue = heapq.heappop(waiting)
            following = sizes[bounds[queue] + taken[queue] % (bounds[queue + 1] - bounds[queue])]
            heapq.heappush(begun, ((before[queue] + following) / parts[queue], queue))
        _, queue = heapq.heappop(begun)
        size = sizes[bounds[queue] + taken[queue] % (bounds[queue + 1] - bounds[queue])]
        if not beyond and total + size > room:
            break
        total += size
        before[queue] += size
        taken[queue] += 1
        if taken[queue] < readings[queue]:
            heapq.heappush(waiting, (before[queue] / parts[queue], queue))
    return total
