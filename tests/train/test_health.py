"""What the curves of a fine-tuning say of its health."""

from __future__ import annotations

from curate.train.health import findings


def lines(*losses: float | None) -> list[dict[str, float | int | None]]:
    return [{"step": step, "loss": loss} for step, loss in enumerate(losses, 1)]


def slope(start: float, end: float, steps: int) -> list[float]:
    """A falling loss that wavers a little."""
    return [start + (end - start) * step / steps + (0.02 if step % 2 else -0.02) for step in range(steps)]


def said(*losses: float | None, before: float | None = 2.0, borders: list[int] | None = None,
         held_out: list[tuple[int, float]] | None = None) -> str:  # fmt: skip
    return "\n".join(findings(lines(*losses), before, borders or [], held_out or []))


def test_a_healthy_training_is_not_spoken_of() -> None:
    assert said(*slope(2.1, 1.2, 60), borders=[20, 40], held_out=[(0, 2.0), (30, 1.6), (60, 1.5)]) == ""
    assert said() == said(None, None) == ""


def test_a_first_loss_far_from_the_base_models_own_is() -> None:
    assert "the first loss is 5.00 and the base model's own held-out loss 2.00" in said(*slope(5.02, 1.5, 50))
    assert "the first loss is 0.40" in said(0.4, 0.6, 0.7)
    assert said(*slope(5.02, 1.5, 50), before=None) == ""


def test_a_last_loss_below_a_half_is() -> None:
    assert "learnt by heart" in said(*slope(2.0, 0.3, 50))
    assert "learnt by heart" not in said(*slope(2.0, 0.7, 50))


def test_a_step_where_an_epoch_ends_is_and_a_slope_is_not() -> None:
    stairs = slope(2.0, 1.9, 20) + slope(1.5, 1.4, 20) + slope(1.0, 0.9, 20)
    found = said(*stairs, borders=[20, 40])
    assert "falls by 0.4" in found
    assert "(after step 20)" in found
    assert "(after step 40)" in found
    assert "epoch" not in said(*slope(2.0, 0.8, 60), borders=[20, 40])


def test_a_held_out_loss_that_rises_again_is() -> None:
    rising = [(0, 2.0), (20, 1.5), (40, 1.6)]
    assert "was 1.500 after step 20 and is 1.600 now" in said(*slope(2.0, 1.0, 40), held_out=rising)
    assert "held-out loss was" not in said(*slope(2.0, 1.0, 40), held_out=[(0, 2.0), (20, 1.5), (40, 1.51)])
