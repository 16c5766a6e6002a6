"""Spikes: steps whose loss or gradient is far out of what the steps before make expected. Loads no torch.

Three kinds of series are watched:
- the loss of each channel. What a channel loses on few tokens is noisier, so distances are weighed by the square root
  of the tokens;
- the loss as a whole, against what its channels make expected: a step with more of a difficult source is no spike;
- the logarithm of the gradient's norm (norms vary by factors).

A value is compared with the median of the last `recent` accepted steps, in units of the series' spread: 1.4826 x the
median absolute deviation (the standard deviation where noise is Gaussian, and a few spikes don't move it) of the last
`window` distances, each from the median of its time. A spread below `least_spread` of what is expected (for a channel
`least_channel`, for the gradient `least_gradient` in the logarithm) counts as that much, or a training that has learnt
its rows by heart would start at every whim: a step is a spike from 10 % above the expected loss on, 20 % above a
channel's, 33 times the usual gradient.

What rises slowly takes the median along: so the medians are also compared with the lowest that they have been.

False alarms, of one series and step (by integrating over 800,000 drawn windows): with Gaussian noise 10 estimated
spreads are passed once in 52,000 at 16 distances (the least: the spread's own error is 1.17 / sqrt(16) = .29), once in
10 million at 32, once in 10^13 at 128: .0003 in a whole training of three series. With the heavy tails of Student's t
at 5 degrees of freedom once in 3,000 at 16 and once in 16,000 at 128: 2 in 10,000 steps of three series. A false alarm
costs one step's update; a sustained one would take three in a row.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite, log, sqrt
from statistics import median
from typing import Any

GAUSSIAN = 1.4826  # standard deviations in a median absolute deviation


@dataclass(frozen=True, kw_only=True)
class Spikes:
    """When a step counts as a spike, and what follows.

    A step `far` spreads above the median is skipped: no update is made with it. `in_a_row` skipped steps, or `of_last`
    steps of which `crowd` are above `high` spreads, or medians that have risen by `drift` of their lowest, are a
    sustained spike: training goes back to before its onset, first without the rows or documents that caused it, the
    next time with half the rate, then it stops. A new sustained spike counts as the next one of the same trouble
    within `calm` steps of the last, and `most` in all stop a training. Nothing is judged before 1.5 x `least` accepted
    steps, except what is not finite.
    """

    window: int = 128
    recent: int = 32
    least: int = 16
    far: float = 10.0
    high: float = 5.0
    in_a_row: int = 3
    crowd: int = 12
    of_last: int = 16
    calm: int = 128
    most: int = 8
    drift: float = 0.2
    least_spread: float = 0.01
    least_channel: float = 0.02
    least_gradient: float = 0.35

    def __post_init__(self) -> None:
        for name in ("window", "recent"):
            if not 2 <= self.least <= getattr(self, name):
                raise ValueError(f"Spikes: least is {self.least}; expected 2 to {name} ({getattr(self, name)})")
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


class Series:
    """One series of (value, weight): how far a value lies above the median of the last ones, in spreads.

    The spread is that of the earlier values' own distances, each from the median of its time, so that a loss which
    falls fast does not hide behind its own fall. Distances count by the square root of their weight (tokens).
    """

    def __init__(self, settings: Spikes) -> None:
        self._least = settings.least
        self._values: deque[float] = deque(maxlen=settings.recent)
        self._distances: deque[float] = deque(maxlen=settings.window)
        self.best = inf  # the lowest median so far

    def usual(self) -> float | None:
        """The median of the last values; None where there are not enough to judge by."""
        return median(self._values) if len(self._distances) >= self._least else None

    def spreads(self, value: float, weight: float, least: float) -> float | None:
        """None before there are enough; no spread counts as less than `least`."""
        usual = self.usual()
        if usual is None:
            return None
        middle = median(self._distances)
        return (value - usual - middle / sqrt(weight)) / max(self.spread(weight), least)

    def spread(self, weight: float) -> float:
        """Of a value of this weight; 0 before there are any."""
        if not self._distances:
            return 0.0
        middle = median(self._distances)
        return GAUSSIAN * median(abs(distance - middle) for distance in self._distances) / sqrt(weight)

    def take(self, value: float, weight: float) -> None:
        if len(self._values) >= self._least // 2:
            self._distances.append((value - median(self._values)) * sqrt(weight))
        self._values.append(value)
        usual = self.usual()
        if usual is not None:
            self.best = min(self.best, usual)

    def state(self) -> list[list[float]]:
        """As JSON holds it."""
        return [list(self._values), list(self._distances), [self.best] if isfinite(self.best) else []]

    def restore(self, state: Sequence[Sequence[float]]) -> Series:
        """Take up what `state` gave."""
        self._values.extend(state[0])
        self._distances.extend(state[1])
        self.best = min(state[2], default=inf)
        return self


class Detector:
    """The series of one training. `judge` each step once, in order; the same numbers give the same answers."""

    def __init__(self, settings: Spikes) -> None:
        self._settings = settings
        self._losses: dict[str, Series] = {}  # by channel, nats per token
        self._excess = Series(settings)  # nats per token above what the channels make expected
        self._gradient = Series(settings)  # logarithm of the norm
        self._last: deque[tuple[int, bool, bool]] = deque(maxlen=max(settings.of_last, settings.in_a_row))
        self._level = (0, 0)  # the last step whose level was near the best; how many are far above it by now

    def judge(self, step: int, losses: Mapping[str, tuple[float, int]], gradient: float) -> Judgement:
        """`losses` are nats and supervised tokens by channel. Steps that are far out don't enter the medians."""
        settings = self._settings
        alarms = self._alarms(losses, gradient)
        far = tuple(alarm for alarm in alarms if alarm.spreads > settings.far)
        self._last.append((step, bool(far), any(alarm.spreads > settings.high for alarm in alarms)))
        if not far:
            self._take(losses, gradient)
        drifted = self._drifted(step, losses)
        return Judgement(far=far, onset=self._onset() or drifted)

    def usual(self, channel: str) -> float | None:
        """The median loss of a channel in nats per token; None before there are enough steps with it."""
        series = self._losses.get(channel)
        return series.usual() if series else None

    def weighed(self, losses: Mapping[str, tuple[float, int]], gradient: float) -> tuple[Alarm, ...]:
        """What is far out of a step's numbers, or a part's of it; nothing is remembered."""
        return tuple(alarm for alarm in self._alarms(losses, gradient) if alarm.spreads > self._settings.far)

    def _alarms(self, losses: Mapping[str, tuple[float, int]], gradient: float) -> list[Alarm]:
        settings = self._settings
        present = _present(losses)
        alarms = []
        for channel, (loss, tokens) in present.items():
            usual = self.usual(channel) or 0.0
            spreads: float | None = inf
            if isfinite(loss):
                series = self._losses.get(channel)
                spreads = series.spreads(loss, tokens, settings.least_channel * usual) if series else None
            if spreads is not None:
                alarms.append(Alarm(series=channel, value=loss, expected=usual, spreads=spreads))
        excess, expected, tokens = self._excess_of(present)
        if tokens and isfinite(excess):
            spreads = self._excess.spreads(excess, tokens, settings.least_spread * expected)
            if spreads is not None:
                alarms.append(Alarm(series="loss", value=expected + excess, expected=expected, spreads=spreads))
        logarithm = self._gradient.usual()
        norm = 0.0 if logarithm is None else exp(logarithm)
        if not isfinite(gradient):
            alarms.append(Alarm(series="gradient", value=gradient, expected=norm, spreads=inf))
        elif gradient > 0:
            spreads = self._gradient.spreads(log(gradient), 1.0, settings.least_gradient)
            if spreads is not None:
                alarms.append(Alarm(series="gradient", value=gradient, expected=norm, spreads=spreads))
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

    def _drifted(self, step: int, losses: Mapping[str, tuple[float, int]]) -> int | None:
        """The step after which the medians left the neighbourhood of the best ones, once they are far above them.

        Far is `drift`, or 1.5 spreads of a single step where that is more: the median of 32 steps has a standard error
        of 1.25 / sqrt(32) = .22 spreads, and the best of many lies some three of them too low.
        """
        known = [
            (series.best, usual, tokens)
            for channel, (_, tokens) in _present(losses).items()
            if (series := self._losses.get(channel)) and (usual := series.usual()) is not None
        ]
        best = sum(best * tokens for best, _, tokens in known)
        if not best:
            return None
        counted = sum(tokens for _, _, tokens in known)
        above = sum(usual * tokens for _, usual, tokens in known) / best - 1
        limit = max(self._settings.drift, 1.5 * self._excess.spread(counted) * counted / best)
        near, far = self._level
        self._level = (step if above <= limit / 4 else near, far + 1 if above > limit else 0)
        return self._level[0] + 1 if self._level[1] >= self._settings.in_a_row else None

    def _take(self, losses: Mapping[str, tuple[float, int]], gradient: float) -> None:
        present = _present(losses)
        excess, _, tokens = self._excess_of(present)
        if tokens:
            self._excess.take(excess, tokens)
        for channel, (loss, counted) in present.items():
            self._losses.setdefault(channel, Series(self._settings)).take(loss, counted)
        if gradient > 0:
            self._gradient.take(log(gradient), 1.0)

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
            "losses": {channel: series.state() for channel, series in self._losses.items()},
            "excess": self._excess.state(),
            "gradient": self._gradient.state(),
            "last": [list(entry) for entry in self._last],
            "level": list(self._level),
        }

    @classmethod
    def of(cls, settings: Spikes, state: Mapping[str, Any]) -> Detector:
        """What `state` was taken from."""
        found = cls(settings)
        for channel, series in state["losses"].items():
            found._losses[channel] = Series(settings).restore(series)
        found._excess.restore(state["excess"])
        found._gradient.restore(state["gradient"])
        found._last.extend((step, far, high) for step, far, high in state["last"])
        near, above = state["level"]
        found._level = near, above
        return found


def _present(losses: Mapping[str, tuple[float, int]]) -> dict[str, tuple[float, int]]:
    """(nats per token, tokens) of the channels that have any."""
    return {channel: (nats / tokens, tokens) for channel, (nats, tokens) in losses.items() if tokens}
