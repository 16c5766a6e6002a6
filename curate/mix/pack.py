"""Dialogues into rows: best-fit, none cut (Ding et al. 2024, Fewer Truncations Improve Language Modeling)."""

from __future__ import annotations

from bisect import bisect_left, insort

import numpy as np
from numpy.typing import NDArray


def packed(lengths: NDArray[np.int64], row_length: int) -> NDArray[np.int64]:
    """The row of each dialogue: the longest first, each into the row that it fills best, or into a new one.

    Every length is at most `row_length`. Rows are numbered by the ordinal of the dialogue that opened them, so that
    the rows of a shuffled list are shuffled too. Deterministic: of equal lengths the earlier dialogue goes first, of
    equally full rows the one that came to be so full last is filled.
    """
    if len(lengths) and not 0 < int(lengths.min()) <= int(lengths.max()) <= row_length:
        raise ValueError(f"lengths are {lengths.min()} to {lengths.max()}, expected 1 to {row_length}")
    rows = np.empty(len(lengths), np.int64)
    opened: list[int] = []  # ordinal of the dialogue that opened each row
    spare: list[list[int]] = [[] for _ in range(row_length + 1)]  # rows by the room that is left in them
    rooms: list[int] = []  # the rooms for which there are rows, sorted: at most row_length of them
    for ordinal in np.argsort(-lengths, kind="stable"):
        length = int(lengths[ordinal])
        at = bisect_left(rooms, length)
        if at == len(rooms):
            row, room = len(opened), row_length
            opened.append(int(ordinal))
        else:
            room = rooms[at]
            row = spare[room].pop()
            if not spare[room]:
                del rooms[at]
        rows[ordinal] = row
        left = room - length
        if left:
            if not spare[left]:
                insort(rooms, left)
            spare[left].append(row)
    number = np.empty(len(opened), np.int64)
    number[np.argsort(np.array(opened, np.int64), kind="stable")] = np.arange(len(opened))
    return number[rows] if len(rows) else rows
