from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from curate.mix.interleave import BLOCK, shuffled, turns, unshuffled

ROWS = st.one_of(st.integers(0, 3000), st.integers(0, 12).map(lambda power: 2**power))
GROUPS = st.tuples(st.lists(ROWS, min_size=1, max_size=40), st.lists(ROWS, min_size=1, max_size=40)).filter(
    lambda groups: sum(map(sum, groups)) > 0
)


def tree(groups: tuple[list[int], list[int]]) -> tuple[list[int], dict[int, int]]:
    """Rows of every leaf, and the group of each."""
    rows = [count for group in groups for count in group]
    return rows, {leaf: int(leaf >= len(groups[0])) for leaf in range(len(rows))}


def places(groups: tuple[list[int], list[int]]) -> list[tuple[int, int]]:
    rows, group_of = tree(groups)
    both = [{leaf: rows[leaf] for leaf in group_of if group_of[leaf] == group} for group in (0, 1)]
    made = turns(both)
    return [made.place(row) for row in range(sum(rows))]


@settings(deadline=None, max_examples=60)
@given(GROUPS)
def test_every_row_of_each_leaf_has_one_place_in_order(groups: tuple[list[int], list[int]]) -> None:
    rows, _ = tree(groups)
    found = places(groups)
    for leaf, count in enumerate(rows):
        assert [ordinal for at, ordinal in found if at == leaf] == list(range(count))


@settings(deadline=None, max_examples=40)
@given(GROUPS)
def test_a_leafs_row_is_found_again_at_its_place(groups: tuple[list[int], list[int]]) -> None:
    rows, group_of = tree(groups)
    made = turns([{leaf: rows[leaf] for leaf in group_of if group_of[leaf] == group} for group in (0, 1)])
    for row, (leaf, ordinal) in enumerate(places(groups)):
        assert made.row(leaf, ordinal) == row


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3000), st.integers(0, 5), st.integers(0, 2**40))
def test_when_a_row_is_read_in_an_epoch_is_known(rows: int, epoch: int, seed: int) -> None:
    assert [unshuffled(shuffled(row, rows, epoch, seed), rows, epoch, seed) for row in range(rows)] == list(range(rows))


@settings(deadline=None, max_examples=40)
@given(GROUPS, st.integers(1, 2000))
def test_every_window_holds_a_groups_share_to_one_row_and_a_leafs_to_three_and_a_half(
    groups: tuple[list[int], list[int]], width: int
) -> None:
    _, group_of = tree(groups)
    found = places(groups)
    total, width = len(found), min(width, len(found))
    of_leaf: dict[int, list[int]] = {leaf: [] for leaf in group_of}
    of_group: dict[int, list[int]] = {0: [], 1: []}
    for row, (leaf, _) in enumerate(found):
        of_leaf[leaf].append(row)
        of_group[group_of[leaf]].append(row)
    for rows_of, bound in ((of_group, 1.0), (of_leaf, 3.4)):
        for at in rows_of.values():
            for start in {0, total - width, *at, *(row - width + 1 for row in at)}:  # where a window holds most, least
                if 0 <= start <= total - width:
                    there = bisect_left(at, start + width) - bisect_left(at, start)
                    assert abs(there - width * len(at) / total) < bound + 1e-9


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, 200), min_size=50, max_size=400), st.integers(2000, 6000))
def test_every_window_of_1000_rows_is_within_one_point_however_many_channels_there_are(
    general: list[int], domain: int
) -> None:
    groups = ([domain, domain // 7], [*general, 4000])
    rows, group_of = tree(groups)
    found = [leaf for leaf, _ in places(groups)]
    total = len(found)
    counts = [0] * len(rows)
    for row, leaf in enumerate(found):
        counts[leaf] += 1
        if row >= 1000:
            counts[found[row - 1000]] -= 1
        if row >= 999 and row % 13 == 0:
            assert all(abs(counts[at] / 1000 - rows[at] / total) <= 0.01 for at in group_of)
            inside = sum(counts[at] for at in group_of if not group_of[at])
            assert abs(inside / 1000 - sum(groups[0]) / total) <= 0.01


def test_a_tree_of_a_thousand_channels_is_ten_deep_on_average() -> None:
    made = turns([dict.fromkeys(range(100), 10**6), dict.fromkeys(range(100, 1000), 8 * 10**6)])
    depths = []

    def walk(node: int, depth: int) -> None:
        if node < 0:
            depths.append(depth)
        else:
            walk(made.left[node], depth + 1)
            walk(made.right[node], depth + 1)

    walk(made.root, 0)
    assert len(depths) == 1000 and max(depths) <= 12


@settings(deadline=None, max_examples=80)
@given(st.integers(1, 5000), st.integers(0, 5), st.integers(0, 2**63))
def test_an_epoch_reads_every_row_once_and_blocks_in_order(rows: int, epoch: int, seed: int) -> None:
    read = [shuffled(row, rows, epoch, seed) for row in range(rows)]
    assert sorted(read) == list(range(rows))
    if epoch == 0:
        assert read == list(range(rows))
    jumps = sum(after != before + 1 for before, after in pairwise(read))
    assert jumps <= -(-rows // BLOCK)


def test_epochs_differ_from_each_other_and_by_seed() -> None:
    orders = {
        tuple(shuffled(row, 10_000, epoch, seed) for row in range(0, 10_000, BLOCK))
        for epoch in range(4)
        for seed in (0, 1)
    }
    assert len(orders) == 7  # the first epoch is in order whatever the seed
