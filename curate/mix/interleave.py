"""Which channel's turn it is at a row, and which of its rows: by arithmetic, so that rows are found one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import gcd

BLOCK = 64  # rows that stay together in later epochs: of 1,024 tokens 128 to 256 KB, read at one go


@dataclass(frozen=True)
class Turns:
    """A binary tree. Inner node n shares its rows among `left[n]` and `right[n]` (nodes, or ~leaf) by a line.

    Of the first i rows of a node round(i x rows of its left / rows) go to the left (Bresenham's line), so that any
    window of n rows has the left's share of n to within one row.
    """

    left: tuple[int, ...]
    right: tuple[int, ...]
    lefts: tuple[int, ...]  # rows of the left child
    rows: tuple[int, ...]
    root: int

    def place(self, row: int) -> tuple[int, int]:
        """(leaf, which of its rows) of row `row`."""
        node = self.root
        while node >= 0:
            part, rows = self.lefts[node], self.rows[node]
            half = rows >> 1
            before = (row * part + half) // rows
            if ((row + 1) * part + half) // rows > before:
                node, row = self.left[node], before
            else:
                node, row = self.right[node], row - before
        return ~node, row

    def row(self, leaf: int, ordinal: int) -> int:
        """The row at which the leaf's row number `ordinal` has its place: the inverse of `place`. It must have one."""
        above = {child: (node, True) for node, child in enumerate(self.left)}
        above |= {child: (node, False) for node, child in enumerate(self.right)}
        node, row = ~leaf, ordinal
        while node != self.root:
            node, left = above[node]
            part, rows = self.lefts[node], self.rows[node]
            part = part if left else rows - part
            # The line passes the count row + 1 at the first i with round(i x part / rows) > row; of halves the left's
            # are rounded up and the right's down.
            row = (2 * row + 1) * rows
            row = -(-row // (2 * part)) - 1 if left else row // (2 * part)
        return row


def turns(groups: Sequence[Mapping[int, int]]) -> Turns:
    """The tree over leaves and their rows, in groups: the groups take turns first, then the leaves within each.

    Leaves without rows have no place. Within a group the rarest are joined first (Huffman 1952): a frequent leaf is
    near the root and the mean depth at most log2(leaves) + 1; and since a node's grandparent then has at least as many
    rows as the node and its parent together, a leaf's count in any window of rows is off by at most
    1 + 1/1 + 1/2 + 1/3 + 1/5 ... (the Fibonacci numbers) < 3.4 rows, however many leaves there are.
    """
    left: list[int] = []
    right: list[int] = []
    lefts: list[int] = []
    total: list[int] = []

    def join(one: tuple[int, int, int], other: tuple[int, int, int]) -> int:
        left.append(one[2])
        right.append(other[2])
        lefts.append(one[0])
        total.append(one[0] + other[0])
        return len(left) - 1

    roots: list[tuple[int, int, int]] = []
    for number, group in enumerate(groups):
        heap = [(rows, leaf, ~leaf) for leaf, rows in group.items() if rows]  # of equals the first leaf
        heapify(heap)
        while len(heap) > 1:
            one, other = heappop(heap), heappop(heap)
            heappush(heap, (one[0] + other[0], min(one[1], other[1]), join(one, other)))
        roots += [(heap[0][0], number, heap[0][2])] if heap else []
    while len(roots) > 1:
        one, other = roots.pop(0), roots.pop(0)
        roots.insert(0, (one[0] + other[0], 0, join(one, other)))
    return Turns(tuple(left), tuple(right), tuple(lefts), tuple(total), roots[0][2] if roots else 0)


def shuffled(row: int, rows: int, epoch: int, seed: int) -> int:
    """Which of a channel's `rows` rows is read as number `row` of epoch `epoch`, both from 0.

    The first epoch is in order. In later ones blocks of `BLOCK` rows change places, i -> a x i + b modulo their number,
    by numbers that depend on epoch and seed alone: a bijection without a table.
    """
    blocks = -(-rows // BLOCK)
    if epoch == 0 or blocks < 2:
        return row
    factor, shift = _steps(blocks, epoch, seed)
    # The last block is shorter: those behind it move up by what it lacks.
    last = next_of(blocks - 1, factor, shift, blocks)
    lacks = blocks * BLOCK - rows
    if row >= (last + 1) * BLOCK - lacks:
        row += lacks
    block, within = divmod(row, BLOCK)
    return (factor * block + shift) % blocks * BLOCK + within


def unshuffled(row: int, rows: int, epoch: int, seed: int) -> int:
    """When in epoch `epoch` row `row` is read: the inverse of `shuffled`."""
    blocks = -(-rows // BLOCK)
    if epoch == 0 or blocks < 2:
        return row
    factor, shift = _steps(blocks, epoch, seed)
    block, within = divmod(row, BLOCK)
    last, place = next_of(blocks - 1, factor, shift, blocks), next_of(block, factor, shift, blocks)
    return place * BLOCK + within - (blocks * BLOCK - rows if place > last else 0)


def _steps(blocks: int, epoch: int, seed: int) -> tuple[int, int]:
    """(a, b) of i -> a x i + b."""
    mixed = _scattered(seed, epoch)
    factor = mixed % blocks
    while gcd(factor, blocks) != 1 or (factor in (1, blocks - 1) and blocks > 6):
        factor = (factor + 1) % blocks
    return factor, (mixed >> 32) % blocks


def next_of(block: int, factor: int, shift: int, blocks: int) -> int:
    """The place at which `block` is read: the inverse of the shuffle."""
    return (block - shift) * pow(factor, -1, blocks) % blocks


def _scattered(seed: int, epoch: int) -> int:
    """64 bits of (seed, epoch) (SplitMix64, Steele et al. 2014)."""
    bits = (1 << 64) - 1
    value = (seed * 0x9E3779B97F4A7C15 + epoch * 0xBF58476D1CE4E5B9 + 0x94D049BB133111EB) & bits
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & bits
    value = (value ^ value >> 27) * 0x94D049BB133111EB & bits
    return value ^ value >> 31
