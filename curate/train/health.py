"""What the curves of a fine-tuning say of its health: rules of thumb that practitioners read losses by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

FAR = 0.25  # of the base model's held-out loss, and of a nat at least .3: more than one batch differs from another
MEMORISED = 0.5  # nats; below, answers are recited
JUMP = 0.1  # nats by which the loss falls from the steps before an epoch's border to those after, at least
WINDOW = 10  # steps on each side of a border
RISE = 0.02  # nats above its lowest point


def findings(
    metrics: Sequence[Mapping[str, Any]],
    before: float | None,
    borders: Sequence[int],
    held_out: Sequence[tuple[int, float]],
) -> Iterator[str]:
    """Sentences on what looks unhealthy.

    `metrics` are the lines of metrics.jsonl, `before` the base model's held-out loss over all channels, `borders` the
    steps (from 1) with which an epoch ends, `held_out` (step, loss over all channels) of each measurement.
    """
    losses = [line["loss"] for line in metrics if line["loss"] is not None]
    if not losses:
        return
    if before is not None and abs(losses[0] - before) > max(0.3, FAR * before):
        yield (
            f"the first loss is {losses[0]:.2f} and the base model's own held-out loss {before:.2f}: they should "
            "be near each other before anything is learnt; look at the template, at what is masked, and at the "
            "held-out texts"
        )
    last = fmean(losses[-max(1, len(losses) // 10) :])
    if last < MEMORISED:
        yield (
            f"the last losses are {last:.2f}, below {MEMORISED}: answers are learnt by heart; take fewer epochs, "
            "a lower rate or more data"
        )
    by_step = {line["step"]: line["loss"] for line in metrics if line["loss"] is not None}
    for border in borders:
        fall = _fall(by_step, border)
        if fall is not None:
            yield (
                f"the loss falls by {fall:.2f} where an epoch ends (after step {border}): the same texts are "
                "recognised; one epoch less may be better"
            )
    if len(held_out) > 1:
        best_step, best = min(held_out, key=lambda point: point[1])
        step, now = held_out[-1]
        if now - best > RISE and best_step < step:
            yield (
                f"the held-out loss was {best:.3f} after step {best_step} and is {now:.3f} now: what is learnt since "
                "does not carry over; stop there"
            )


def _fall(losses: Mapping[int, float], border: int) -> float | None:
    """By how much the loss falls across `border`, where that is more than chance and the slope of both sides make."""
    before = [losses[step] for step in range(border - WINDOW + 1, border + 1) if step in losses]
    after = [losses[step] for step in range(border + 1, border + WINDOW + 1) if step in losses]
    if min(len(before), len(after)) < 3:
        return None
    fall = fmean(before) - fmean(after)
    slope = max(0.0, (before[0] - before[-1]) / len(before)) * (len(before) + len(after)) / 2
    noise = 2 * (stdev(before) ** 2 / len(before) + stdev(after) ** 2 / len(after)) ** 0.5
    return fall if fall - slope > max(JUMP, noise) else None
