"""What is chosen where the settings leave a choice open."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.train import estimate
from curate.train.data import Rows
from curate.train.defaults import Chosen, Place, chosen, usual_rate, usual_warmup
from curate.train.explain import explain
from curate.train.settings import Train, TrainRefused
from curate.train.shape import Shape

H100 = Place(gpu=True, memory=80 << 30, bf16=True)
CPU = Place(gpu=False, memory=64 << 30, bf16=False)


def llama(layers: int = 32, hidden: int = 4096, inner: int = 14336, vocabulary: int = 128_256) -> Shape:
    """Llama 3's shape at 8 B, or smaller."""
    narrow = (hidden, hidden // 4)
    linear = ((hidden, hidden), narrow, narrow, (hidden, hidden), (hidden, inner), (hidden, inner), (inner, hidden))
    multiplied = layers * sum(one * other for one, other in linear)
    head = vocabulary * hidden
    return Shape(
        parameters=multiplied + 2 * head,
        multiplied=multiplied + head,
        layers=layers,
        hidden=hidden,
        query=hidden,
        key=hidden // 4,
        inner=inner,
        vocabulary=vocabulary,
        linear=linear * layers,
    )


SMALL = llama(layers=16, hidden=1024, inner=4096, vocabulary=32_000)


def choose(shape: Shape, place: Place = H100, stage: str = "pt", fresh: bool = False, **settings: object) -> Chosen:
    made = Train(**settings)  # type: ignore[arg-type]
    return chosen(made, shape, place, stage=stage, rows=100_000, row_length=4096, random_start=fresh)


def test_all_weights_are_trained_up_to_7_billion_where_they_fit_and_adapters_above() -> None:
    assert choose(SMALL).tune == "full"
    assert choose(llama()).tune == "lora"  # 8.0 B
    seven = llama(inner=11008, vocabulary=32_000)
    assert choose(seven, Place(gpu=True, memory=192 << 30, bf16=True)).tune == "full"
    assert choose(seven, Place(gpu=True, memory=24 << 30, bf16=True)).tune == "lora"
    assert choose(seven, Place(gpu=True, memory=80 << 30, bf16=True, ranks=4)).tune == "full"
    lora = choose(llama())
    assert lora.lora_alpha == 2 * lora.lora_rank


def test_eight_billion_parameters_are_adapted_on_one_gpu() -> None:
    lora = choose(llama())
    assert 16e9 < lora.memory.weights < 19e9
    assert lora.memory.total < 80e9


def test_what_can_not_be_is_refused() -> None:
    with pytest.raises(TrainRefused, match="need a GPU"):
        choose(SMALL, CPU, tune="qlora")
    with pytest.raises(TrainRefused, match="nothing to adapt"):
        choose(SMALL, fresh=True, tune="lora")
    with pytest.raises(TrainRefused, match="a mix for sft, not for pt"):
        chosen(Train(stage="pt"), SMALL, CPU, stage="sft", rows=9, row_length=64, random_start=False)


def test_rates_follow_size_stage_start_and_tune() -> None:
    def rate(size: float, stage: str = "pt", tune: str = "full", fresh: bool = False) -> float:
        return usual_rate(int(size), stage=stage, tune=tune, random_start=fresh)

    assert rate(7e9) == 2e-5
    assert rate(7e9, tune="lora") == pytest.approx(10 * rate(7e9))
    assert rate(7e9, stage="sft") == pytest.approx(rate(7e9) / 2)
    assert rate(1.8e6, fresh=True) > rate(1e8, fresh=True) > rate(7e9, fresh=True) > rate(7e10, fresh=True) > rate(7e9)


def test_warm_up_is_three_hundredths_of_the_steps_within_limits() -> None:
    assert [usual_warmup(steps) for steps in (5, 60, 100, 1000, 10**6)] == [0, 6, 10, 30, 2000]


def test_activations_are_recomputed_only_where_they_do_not_fit() -> None:
    assert not choose(SMALL).recompute
    seven = llama(inner=11008, vocabulary=32_000)
    tight = choose(seven, Place(gpu=True, memory=141 << 30, bf16=True), micro_batch=4)
    assert tight.recompute
    assert not choose(SMALL, CPU).recompute
    assert choose(SMALL, recompute="on").recompute


def test_a_device_takes_as_many_rows_at_once_as_fit() -> None:
    roomy, tight = choose(SMALL), choose(SMALL, Place(gpu=True, memory=16 << 30, bf16=True))
    assert roomy.micro_batch > tight.micro_batch >= 1
    assert choose(SMALL, batch=2).micro_batch == 2


def test_a_step_is_small_enough_that_a_small_mix_makes_many() -> None:
    small = chosen(Train(), SMALL, CPU, stage="pt", rows=500, row_length=128, random_start=True)
    assert small.steps >= 100
    assert small.course.first(small.steps) >= 500
    twice = chosen(Train(), SMALL, CPU, stage="sft", rows=500, row_length=128, random_start=False)
    assert 1000 <= twice.course.first(twice.steps) < 1000 + twice.course.batch


def test_decay_is_for_pre_training_of_all_weights() -> None:
    assert choose(SMALL).weight_decay == 0.1
    assert choose(SMALL, stage="sft").weight_decay == choose(SMALL, tune="lora").weight_decay == 0
    assert choose(SMALL, tune="lora", weight_decay=0.01).weight_decay == 0.01


def test_more_processes_than_rows_of_a_step_are_refused() -> None:
    with pytest.raises(TrainRefused, match="8 processes for 4 rows a step"):
        choose(SMALL, Place(gpu=True, memory=80 << 30, bf16=True, ranks=8), batch=4)


def test_chinchillas_law_advises_twenty_tokens_a_parameter() -> None:
    lines = estimate.chinchilla(70 * 10**9, 1_400 * 10**9, random_start=True)
    assert "20 a parameter" in lines[0]
    assert estimate.chinchilla_loss(70e9, 1.4e12) == pytest.approx(1.94, abs=0.01)  # their table A3, Chinchilla itself
    assert len(estimate.chinchilla(10**9, 10**9, random_start=True)) > len(lines)
    assert "first tokens behind it" in estimate.chinchilla(10**9, 10**9, random_start=False)[-1]


def test_a_token_costs_six_operations_a_parameter_and_attention_on_top() -> None:
    assert SMALL.flops(0) == 6 * SMALL.multiplied
    assert SMALL.flops(1000) - SMALL.flops(0) == 12 * 16 * 1024 * 1000
    assert SMALL.flops(0, frozen=True) == 4 * SMALL.multiplied


def test_a_training_is_explained_before_it_starts(pt_mix: Path) -> None:
    lines = list(explain(Train(model="tiny", device="cpu", steps=7, batch=3), pt_mix))
    text = "\n".join(lines)
    for said in ("random start", "7 steps of 3 rows", "learning rate", "memory a device: about", "time: about",
                 "a parameter; Chinchilla's law", "MFU = ", f"{len(Rows(pt_mix)):,} rows"):  # fmt: skip
        assert said in text, said
