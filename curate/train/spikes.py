"""Spikes: steps whose loss or gradient is far out of what the steps before make expected. Loads no torch.

Three kinds of series are watched, each against the median of its last `window` accepted steps, in units of its spread
(1.4826 x the median absolute deviation, which is the standard deviation where noise is Gaussian, and which a few spikes
among the values don't move):
- the loss of each channel. What a channel loses on few tokens is noisier, so deviations are weighed by the square root
  of the tokens;
- the loss as a whole, against what its channels make expected: a step with more of a difficult source is no spike;
- the logarithm of the gradient's norm (norms vary by factors).

A spread below `least_spread` of the median (for the gradient: of `least_gradient` in the logarithm) counts as that
much, or a training that has learnt its rows by heart would start at every whim.

False alarms, of one series and step (by integrating over 400,000 drawn windows): with Gaussian noise 8 estimated
spreads are passed once in 12,000 at 16 values (the least: the spread's own error is 1.17 / sqrt(16) = .29), once in
660,000 at 32, once in 10^10 at 128, which makes .001 in a whole training of three series; with the heavy tails of
Student's t at 5 degrees of freedom once in 1,250 at 16 and once in 4,400 at 128: 7 in 10,000 steps of three series. A
false alarm costs one step's update; a sustained one would take three in a row.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf, isfinite, log, sqrt
from statistics import median
from typing import Any

GAUSSIAN = 1.4826  # standard deviations in a median absolute deviation


@dataclass(frozen=True, kw_only=True)
class Spikes:
    """When a step counts as a spike, and what follows.

    A step `far` spreads above the median is skipped: no update is made with it. `in_a_row` skipped steps, or `of_last`
    steps of which `crowd` are above `high` spreads, are a sustained spike: training goes back to before its onset,
    first without the rows or documents that caused it, the next time with half the rate, then it stops. A new
    sustained spike counts as the next one of the same trouble within `calm` steps of the last, and `most` in all stop
    a training. Nothing is judged before `least` accepted steps, except what is not finite.
    """

    window: int = 128
    least: int = 16
    far: float = 8.0
    high: float = 4.0
    in_a_row: int = 3
    crowd: int = 12
    of_last: int = 16
    calm: int = 128
    most: int = 8
    least_spread: float = 0.01
    least_gradient: float = 0.25

    def __post_init__(self) -> None:
        if not 2 <= self.least <= self.window:
            raise ValueError(f"Spikes: least is {self.least}; expected 2 to window ({self.window})")
        if not 0 < self.high <= self.far:
            raise ValueError(f"Spikes: high is {self.high}; expected above 0, at most far ({self.far})")
        if not 1 <= self.crowd <= self.of_last:
            raise ValueError(f"Spikes: crowd is {self.crowd}; expected 1 to of_last ({self.of_last})")
        for name in ("in_a_row", "calm", "most"):
            if getattr(self, name) < 1:
                raise ValueError(f"Spikes: {name} is {getattr(self, name)}; expected 1 or more")


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A series that is out of what was expected. `spreads` is infinite where the value is not finite."""

    series: str  # "loss", "gradient", or the name of a channel
    value: float
    expected: float
    spreads: float

    def said(self) -> str:
        what = self.series if self.series in ("loss", "gradient") else f"loss of {self.series}"
        if not isfinite(self.value):
            return f"{what} {self.value}"
        return f"{what} {self.value:.3g}, expected {self.expected:.3g} ({self.spreads:.0f} spreads)"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is known of a step before its update. `onset` is the step at which a sustained spike began."""

    far: tuple[Alarm, ...] = ()
    onset: int | None = None


class Detector:
    """The series of one training. `judge` each step once, in order; the same numbers give the same answers."""

    def __init__(self, settings: Spikes) -> None:
        self._settings = settings
        self._losses: dict[str, deque[tuple[float, int]]] = {}  # by channel: nats per token, tokens
        self._excess: deque[tuple[float, int]] = deque(maxlen=settings.window)  # nats per token, tokens
        self._gradient: deque[float] = deque(maxlen=settings.window)
        self._last: deque[tuple[int, bool, bool]] = deque(maxlen=max(settings.of_last, settings.in_a_row))

    def judge(self, step: int, losses: Mapping[str, tuple[float, int]], gradient: float) -> Judgement:
        """`losses` are nats and supervised tokens by channel. Steps that are far out don't enter the medians."""
        settings = self._settings
        alarms = self._alarms(losses, gradient)
        far = tuple(alarm for alarm in alarms if alarm.spreads > settings.far)
        self._last.append((step, bool(far), any(alarm.spreads > settings.high for alarm in alarms)))
        if not far:
            self._take(losses, gradient)
        return Judgement(far=far, onset=self._onset())

    def usual(self, channel: str) -> float | None:
        """The median loss of a channel in nats per token; None before `least` steps with it."""
        values = self._losses.get(channel, ())
        return median(value for value, _ in values) if len(values) >= self._settings.least else None

    def usual_gradient(self) -> float | None:
        """The median norm of the gradient; None before `least` steps."""
        from math import exp

        return exp(median(self._gradient)) if len(self._gradient) >= self._settings.least else None

    def weighed(self, losses: Mapping[str, tuple[float, int]], gradient: float) -> tuple[Alarm, ...]:
        """What is far out of a step's numbers, or a part's of it; nothing is remembered."""
        return tuple(alarm for alarm in self._alarms(losses, gradient) if alarm.spreads > self._settings.far)

    def _alarms(self, losses: Mapping[str, tuple[float, int]], gradient: float) -> list[Alarm]:
        settings = self._settings
        present = {channel: (nats / tokens, tokens) for channel, (nats, tokens) in losses.items() if tokens}
        alarms = []
        for channel, (loss, tokens) in present.items():
            spreads = inf
            usual = self.usual(channel)
            if isfinite(loss):
                if usual is None:
                    continue
                spread = _spread(self._losses[channel], usual, tokens, settings.least_spread * usual)
                spreads = (loss - usual) / spread
            alarms.append(Alarm(series=channel, value=loss, expected=usual or 0.0, spreads=spreads))
        excess, expected, tokens = self._excess_of(present)
        if len(self._excess) >= settings.least and tokens and isfinite(excess):
            middle = median(value for value, _ in self._excess)
            spread = _spread(self._excess, middle, tokens, settings.least_spread * expected)
            alarms.append(
                Alarm(
                    series="loss",
                    value=expected + excess,
                    expected=expected + middle,
                    spreads=(excess - middle) / spread,
                )
            )
        if not isfinite(gradient):
            alarms.append(Alarm(series="gradient", value=gradient, expected=self.usual_gradient() or 0.0, spreads=inf))
        elif len(self._gradient) >= settings.least and gradient > 0:
            middle = median(self._gradient)
            spread = max(GAUSSIAN * median(abs(value - middle) for value in self._gradient), settings.least_gradient)
            alarms.append(
                Alarm(
                    series="gradient",
                    value=gradient,
                    expected=self.usual_gradient() or 0.0,
                    spreads=(log(gradient) - middle) / spread,
                )
            )
        return alarms

    def _excess_of(self, present: Mapping[str, tuple[float, int]]) -> tuple[float, float, int]:
        """(nats per token above what the channels make expected, what they do, tokens), of channels that are known."""
        known = [
            (loss, usual, tokens)
            for channel, (loss, tokens) in present.items()
            if (usual := self.usual(channel)) is not None
        ]
        counted = sum(tokens for _, _, tokens in known)
        if not counted:
            return 0.0, 0.0, 0
        expected = sum(usual * tokens for _, usual, tokens in known) / counted
        return sum(loss * tokens for loss, _, tokens in known) / counted - expected, expected, counted

    def _take(self, losses: Mapping[str, tuple[float, int]], gradient: float) -> None:
        present = {channel: (nats / tokens, tokens) for channel, (nats, tokens) in losses.items() if tokens}
        excess, _, tokens = self._excess_of(present)
        if tokens:
            self._excess.append((excess, tokens))
        for channel, value in present.items():
            self._losses.setdefault(channel, deque(maxlen=self._settings.window)).append(value)
        if gradient > 0:
            self._gradient.append(log(gradient))

    def _onset(self) -> int | None:
        """The first step of a sustained spike; None where there is none."""
        settings = self._settings
        tail = list(self._last)[-settings.in_a_row :]
        crowd = list(self._last)[-settings.of_last :]
        if not (
            (len(tail) == settings.in_a_row and all(far for _, far, _ in tail))
            or sum(high for _, _, high in crowd) >= settings.crowd
        ):
            return None
        onset, gap = self._last[-1][0], 0
        for step, _, high in reversed(self._last):
            gap = 0 if high else gap + 1
            if gap > 1:  # one calm step does not part a spike
                break
            onset = step if high else onset
        return onset

    def state(self) -> dict[str, Any]:
        """All of it, as JSON holds it."""
        return {
            "losses": {channel: [list(value) for value in values] for channel, values in self._losses.items()},
            "excess": [list(value) for value in self._excess],
            "gradient": list(self._gradient),
            "last": [list(entry) for entry in self._last],
        }

    @classmethod
    def of(cls, settings: Spikes, state: Mapping[str, Any]) -> Detector:
        """What `state` was taken from."""
        found = cls(settings)
        for channel, values in state["losses"].items():
            found._losses[channel] = deque(((loss, tokens) for loss, tokens in values), maxlen=settings.window)
        found._excess.extend((excess, tokens) for excess, tokens in state["excess"])
        found._gradient.extend(state["gradient"])
        found._last.extend((step, far, high) for step, far, high in state["last"])
        return found


def _spread(values: Iterable[tuple[float, int]], middle: float, tokens: int, least: float) -> float:
    """The spread of (loss, tokens) around `middle`, as it is for a loss on so many tokens."""
    weighed = median(abs(value - middle) * sqrt(count) for value, count in values)
    return max(GAUSSIAN * weighed / sqrt(tokens), least)
