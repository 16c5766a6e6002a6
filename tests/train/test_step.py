"""What a step adds up does not depend on how its rows are divided."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig

from curate.train.data import Rows
from curate.train.feed import Feed, unlearnt
from curate.train.hooks import Alone, NothingSkipped
from curate.train.schedule import Course
from curate.train.settings import Train, TrainRefused
from curate.train.setup import Setup, look, set_up
from curate.train.step import made
from tests.train import packed


@pytest.fixture
def setup_of(tmp_path: Path) -> Callable[..., Setup]:
    def setup(mix: Path, **more: object) -> Setup:
        LlamaConfig(**packed.SHAPE | {"max_position_embeddings": 512}).save_pretrained(tmp_path)
        settings = Train(model=str(tmp_path / "config.json"), device="cpu", **more)  # type: ignore[arg-type]
        return set_up(look(settings, Rows(mix)), Alone(), lambda line: None)

    return setup


@pytest.mark.parametrize("stage", ["pt", "sft"])
def test_accumulated_batches_make_the_gradient_of_one_large_batch(
    setup_of: Callable[..., Setup], request: pytest.FixtureRequest, stage: str
) -> None:
    setup = setup_of(request.getfixturevalue(f"{stage}_mix"))
    rows, found = setup.rows, []
    for divided in ([[0, 1, 2, 3, 4, 5]], [[0, 1, 2], [3, 4, 5]], [[0], [1], [2, 3], [4, 5]]):
        result = made(setup, [rows.batch(part) for part in divided], seed=0)
        found.append((result, [weight.grad.clone() for weight in setup.model.parameters()]))
        setup.adam.zero_grad()
    (whole, expected), *others = found
    for result, gradient in others:
        assert result.losses.tokens == whole.losses.tokens
        assert result.losses.nats == pytest.approx(whole.losses.nats, rel=1e-6)
        assert result.gradient == pytest.approx(whole.gradient, rel=1e-5)
        for one, other in zip(gradient, expected, strict=True):
            assert torch.allclose(one, other, rtol=1e-4, atol=1e-7)


def test_documents_channels_and_the_total_agree(setup_of: Callable[..., Setup], pt_mix: Path) -> None:
    setup = setup_of(pt_mix)
    result = made(setup, [setup.rows.batch([0, 1, 2]), setup.rows.batch([7, 8])], seed=0)
    spans = result.spans()
    assert {span.row for span in spans} == {0, 1, 2, 7, 8}
    assert sum(span.nats for span in spans) == pytest.approx(sum(result.losses.nats), rel=1e-9)
    assert sum(span.tokens for span in spans) == sum(result.losses.tokens) == result.supervised
    for channel, nats in zip(result.losses.channels, result.losses.nats, strict=True):
        assert sum(span.nats for span in spans if span.channel == channel) == pytest.approx(nats, rel=1e-9)
    assert result.tokens == 5 * 128


def test_recomputed_activations_make_the_same_gradient(setup_of: Callable[..., Setup], pt_mix: Path) -> None:
    found = []
    for recompute in ("off", "on"):
        setup = setup_of(pt_mix, recompute=recompute)
        setup.learner.train()
        made(setup, [setup.rows.batch([0, 1, 2])], seed=0)
        found.append([weight.grad for weight in setup.model.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


def test_a_way_to_attend_that_does_not_work_here_is_refused_before_the_first_step(
    setup_of: Callable[..., Setup], pt_mix: Path
) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU, where it works")
    with pytest.raises(TrainRefused, match="attention 'curate_varlen' can't be used here"):
        setup_of(pt_mix, attention="varlen")


def test_rows_of_which_nothing_is_learnt_change_nothing(setup_of: Callable[..., Setup], pt_mix: Path) -> None:
    setup = setup_of(pt_mix)
    batch = setup.rows.batch([0, 1])
    alone = made(setup, [batch], seed=0)
    setup.adam.zero_grad()
    beside = made(setup, [batch, unlearnt(setup.rows.batch([5]))], seed=0)
    assert (beside.losses, beside.tokens) == (alone.losses, alone.tokens)
    assert beside.gradient == pytest.approx(alone.gradient, rel=1e-6)


class Rank(Alone):
    """One of several processes that only reads."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size


@pytest.mark.parametrize(("ranks", "micro"), [(1, 4), (2, 2), (3, 2), (4, 1)])
def test_ranks_divide_the_rows_of_a_step_between_them_in_equally_many_batches(
    pt_mix: Path, ranks: int, micro: int
) -> None:
    rows, course = Rows(pt_mix), Course(batch=7, start=7)
    read, sizes = [], set()
    for rank in range(ranks):
        feed = Feed(rows, course, micro, Rank(rank, ranks), NothingSkipped(), None, 9)
        assert feed.of(1) == tuple(range(7, 14))
        batches = feed.take(1)
        sizes.add(len(batches))
        read += [int(row) for batch in batches for row in dict.fromkeys(batch.spans.row) if batch.supervised]
        feed.close()
    assert sorted(read) == list(range(7, 14))
    assert len(sizes) == 1


def test_an_epoch_begins_with_the_first_row_again(pt_mix: Path) -> None:
    rows = Rows(pt_mix)
    feed = Feed(rows, Course(batch=4, start=4), 4, Alone(), NothingSkipped(), None, 10**6)
    last = len(rows) // 4
    assert feed.of(last) == tuple(row % len(rows) for row in range(4 * last, 4 * last + 4))
    assert feed.take(last)[0].spans.row[0] == 4 * last % len(rows)
    feed.close()
