"""What counts as a spike: far out of what the steps before make expected, in loss, gradient or one channel's loss."""

from __future__ import annotations

import json
import random
from math import inf, nan

import pytest

from curate.train.spikes import Detector, Judgement, Spikes

TOKENS = {"general": 3000, "trade": 1000}


class Course:
    """A training whose losses are drawn: general falls from 4 to 3 nats, trade lies one nat above it."""

    def __init__(self, settings: Spikes | None = None, seed: int = 0) -> None:
        self.detector = Detector(settings or Spikes())
        self.random = random.Random(seed)
        self.step = 0

    def go(
        self, steps: int = 1, *, general: float = 0.0, trade: float = 0.0, gradient: float = 1.0, both: float = 0.0
    ) -> list[Judgement]:
        """`steps` steps with so much added to the losses, and so many times the gradient."""
        found = []
        for _ in range(steps):
            self.step += 1
            usual = 3 + 1 / (1 + self.step / 100)
            losses = {
                "general": (usual + general + both + self.random.gauss(0, 0.05), TOKENS["general"]),
                "trade": (usual + 1 + trade + both + self.random.gauss(0, 0.1), TOKENS["trade"]),
            }
            sums = {channel: (loss * tokens, tokens) for channel, (loss, tokens) in losses.items()}
            norm = gradient * 0.5 * 2.718 ** self.random.gauss(0, 0.2)
            found.append(self.detector.judge(self.step, sums, norm))
        return found


def named(found: Judgement) -> set[str]:
    return {alarm.series for alarm in found.far}


def test_two_thousand_ordinary_steps_give_no_alarm() -> None:
    for seed in range(2):
        found = Course(seed=seed).go(1000)
        assert not [judgement for judgement in found if judgement.far or judgement.onset]


def test_a_jump_of_the_loss_is_found_at_its_step_and_the_next_step_is_ordinary() -> None:
    course = Course()
    course.go(200)
    assert named(course.go(both=1.0)[0]) >= {"loss", "general"}
    assert course.go() == [Judgement()]


def test_a_jump_of_a_small_channel_alone_is_found() -> None:
    course = Course()
    course.go(200)
    assert "trade" in named(course.go(trade=1.5)[0])
    assert "general" not in named(course.go(trade=1.5)[0])


def test_a_jump_of_the_gradient_alone_is_found_and_a_small_one_is_none() -> None:
    course = Course()
    course.go(200)
    assert named(course.go(gradient=50)[0]) == {"gradient"}
    assert course.go(gradient=0.01) == [Judgement()]


def test_more_of_a_difficult_channel_is_no_spike() -> None:
    course = Course()
    course.go(200)
    usual = 3 + 1 / 3
    losses = {"general": (usual * 100, 100), "trade": ((usual + 1) * 3900, 3900)}  # the total is .7 nats higher
    assert course.detector.judge(201, losses, 0.5) == Judgement()


def test_a_channel_on_few_tokens_may_be_further_out() -> None:
    def judged(tokens: int) -> Judgement:
        course = Course()
        course.go(200)
        usual = 4 + 1 / 3
        return course.detector.judge(201, {"trade": ((usual + 1.2) * tokens, tokens)}, 0.5)

    assert judged(10) == Judgement()
    assert "trade" in named(judged(1000))


@pytest.mark.parametrize("lost", [nan, inf])
def test_what_is_not_finite_is_found_at_the_first_step_and_says_so(lost: float) -> None:
    found = Detector(Spikes()).judge(1, {"general": (lost, 10)}, 1.0)
    assert [alarm.said() for alarm in found.far] == [f"loss of general {lost}"]
    assert named(Detector(Spikes()).judge(1, {"general": (30.0, 10)}, lost)) == {"gradient"}


def test_nothing_finite_is_judged_before_there_are_enough_steps() -> None:
    course = Course()
    course.go(Spikes().least)
    assert course.go(both=9.0) == [Judgement()]


def test_steps_that_are_far_out_do_not_become_what_is_expected() -> None:
    course = Course()
    course.go(200)
    before = course.detector.usual("general")
    course.go(60, both=2.0)
    assert course.detector.usual("general") == before


def test_three_in_a_row_are_sustained_and_the_onset_is_the_first_of_them() -> None:
    course = Course()
    course.go(200)
    assert [judgement.onset for judgement in course.go(3, both=1.0)] == [None, None, 201]


def test_a_slow_climb_is_sustained_and_its_onset_lies_before_the_first_skipped_step() -> None:
    course = Course(Spikes(far=1000.0))
    course.go(200)
    found = [course.go(both=0.45)[0].onset for _ in range(20)]
    onset = next(onset for onset in found if onset)
    assert found.index(onset) < 16
    assert 200 < onset <= 203


def test_a_loss_that_rises_slowly_is_sustained_though_no_step_is_far_out() -> None:
    course = Course()
    course.go(200)
    found = [course.go(both=0.01 * late)[0] for late in range(150)]
    assert not any(judgement.far for judgement in found)
    onsets = [judgement.onset for judgement in found if judgement.onset]
    assert onsets
    assert 200 < onsets[0] <= 240


def test_noise_of_small_batches_is_no_rise() -> None:
    detector, draw = Detector(Spikes()), random.Random(0)
    found = [
        detector.judge(step, {"talk": ((1.2 + 0.4 * draw.gauss(0, 1)) * 500, 500)}, 0.5) for step in range(1, 2001)
    ]
    assert not [judgement for judgement in found if judgement.far or judgement.onset]


def test_a_spike_with_one_calm_step_in_it_is_one_spike() -> None:
    course = Course(Spikes(far=1000.0))
    course.go(200)
    course.go(6, both=0.8)
    course.go(1)
    assert 201 in [judgement.onset for judgement in course.go(9, both=0.8)]


def test_the_state_goes_through_json_and_judges_on_alike() -> None:
    one, other = Course(), Course()
    one.go(150)
    one.go(2, both=1.0)
    other.go(150)
    other.go(2, both=1.0)
    other.detector = Detector.of(Spikes(), json.loads(json.dumps(other.detector.state())))
    assert one.go(1, both=1.0) == other.go(1, both=1.0)
    assert one.go(30) == other.go(30)
    assert one.detector.state() == other.detector.state()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"least": 1}, "least is 1"),
        ({"high": 11.0}, r"high is 11\.0"),
        ({"crowd": 17}, "crowd is 17"),
        ({"calm": 0}, "calm is 0"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Spikes(**wrong)  # type: ignore[arg-type]
