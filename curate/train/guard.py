"""The guard against spikes: skips single steps, goes back behind sustained ones, halves the rate, stops.

One step far out of what was expected is not learnt from, and if its documents explain it, they are left out from then
on. A sustained spike sends the training back to the checkpoint before its onset. There the rows of the spike are read
again: those that are still far out are to blame, through some of their documents or as rows; if none is, all rows of
the spike are left out. If it comes again, the rate is halved from there on; then the training stops with a report. All
of it is written to skips.json before training goes on (skips.py).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import polars as pl

from curate.train import quarantine, suspects
from curate.train.data import Rows
from curate.train.hooks import Again, Alone, Decision, LossNotFinite, Ranks, Standing, Tried, Verdict
from curate.train.skips import BACK, SKIP, SKIPS, Decided, Decisions, LeftOut, OtherSkips
from curate.train.spikes import Alarm, Detector, Spikes
from curate.train.sums import SpanLoss, Sums
from curate.train.suspects import Suspect

BLAMED = 8  # documents of one step at most that explain its spike; with more it is the rows
NAMED = 3  # suspects that are said; skips.json has all that were ranked


class Diverged(LossNotFinite):
    """The loss did not come back after all that could be done; nothing was updated with what was lost."""


@dataclass(frozen=True)
class _Spike:
    """A sustained spike from the step `onset` to `end`, with what was left out of which rows."""

    onset: int
    end: int
    alarms: tuple[Alarm, ...]
    rows: tuple[tuple[int, ...], ...]  # of the steps from onset to end


class SpikeGuard:
    """`Guard` of the training in `out` on `rows`; see the file's docstring. Says what it does through `say`."""

    def __init__(
        self,
        settings: Spikes,
        rows: Rows,
        out: Path,
        say: Callable[[str], None],
        ranks: Ranks | None = None,
        *,
        can_go_back: bool = True,
    ) -> None:
        self._settings, self._rows, self._out, self._say = settings, rows, out, say
        self._ranks: Ranks = ranks or Alone()
        self._can_go_back = can_go_back
        self._decisions = Decisions(out, rows.digest, writes=self._ranks.rank == 0)
        self._detector = Detector(settings)
        self._read: deque[tuple[int, tuple[int, ...]]] = deque(maxlen=settings.of_last + settings.in_a_row)
        self._spike: _Spike | None = None
        self._standing = LeftOut()

    def judge(self, tried: Tried) -> Decision:
        """Raises `Diverged` where a spike comes again after all that could be done."""
        if not sum(tried.losses.tokens):
            return Decision(verdict=Verdict.SKIP, reason="all of its rows are left out")
        self._read.append((tried.step, tried.rows))
        judgement = self._detector.judge(tried.step, _losses(tried.losses), tried.gradient)
        recorded = self._decisions.at(tried.step)
        if judgement.onset is not None and recorded is None:
            return self._sustained(tried, judgement.far, judgement.onset)
        if recorded is None and not judgement.far:
            return Decision()
        if recorded is None:
            recorded = self._skipped(tried, judgement.far)
        self._standing = self._decisions.standing(tried.step)
        return Decision(verdict=Verdict.SKIP, reason=recorded.reason, skips=self._standing)

    def state(self) -> Mapping[str, Any]:
        """The detector's series, and what is left out by now: the part of skips.json that must not change."""
        return {
            "detector": self._detector.state(),
            "decisions": len(self._decisions),
            "left_out": self._standing.digest,
            "read": [[step, list(rows)] for step, rows in self._read],
        }

    def resume(self, step: int, state: Mapping[str, Any], again: Again, *, rolled_back: bool) -> Standing:
        """Raises `OtherSkips` where skips.json is not what it was when `state` was taken."""
        self._read.clear()
        self._detector = Detector(self._settings)
        if state:
            self._detector = Detector.of(self._settings, state["detector"])
            self._read.extend((number, tuple(rows)) for number, rows in state["read"])
            before = self._decisions.standing(step, first=state["decisions"])
            if len(self._decisions) < state["decisions"] or before.digest != state["left_out"]:
                raise OtherSkips(
                    f"{self._out / SKIPS} has changed since the checkpoint of step {step}: it does not leave out what "
                    "the training had left out then; restore it, or begin again in another folder"
                )
        if rolled_back:
            spike, self._spike = self._spike, None
            assert spike is not None
            self._add(self._looked_back(step, spike, again))
        self._standing = self._decisions.standing(step)
        return Standing(rate_factor=self._decisions.rate, skips=self._standing)

    def _skipped(self, tried: Tried, far: Sequence[Alarm]) -> Decided:
        """One step: which of its documents explain it, at the weights that it was read with."""
        reason = "; ".join(alarm.said() for alarm in far)
        self._say(f"step {tried.step} is skipped: {reason}")
        found, blamed = self._blamed(tried.rows, self._gathered(tried.spans()), tried.again, self._standing)
        self._tell(found, blamed)
        decided = Decided(
            action=SKIP,
            step=tried.step,
            since=tried.step,
            onset=tried.step,
            reason=reason,
            documents=tuple((one.channel, one.document, one.doc_id) for one in blamed),
            rate=self._decisions.rate,
            suspects=tuple(one.facts() for one in found),
        )
        self._add(decided)
        self._quarantine(blamed, tried.step)
        return decided

    def _sustained(self, tried: Tried, far: tuple[Alarm, ...], onset: int) -> Decision:
        backs = [made for made in self._decisions if made.action == BACK]
        reason = "; ".join(alarm.said() for alarm in far) or "loss or gradient stay high"
        report = f"what was tried is in {self._out / SKIPS}"
        if not self._can_go_back:
            raise Diverged(
                f"a spike lasts since step {onset} ({reason}) and there is no checkpoint to go back to; save some "
                "(checkpoint_every), lower learning_rate, or look at the documents of these rows"
            )
        if backs and self._recent(backs[-1], onset) and backs[-1].rate < self._rate_before(backs):
            raise Diverged(
                f"a spike lasts since step {onset} ({reason}), though its rows were left out and then the rate halved, "
                f"to {backs[-1].rate:g} of what was asked for: {report}. Lower learning_rate (it was {tried.rate:.1e}) "
                "or look at the suspects"
            )
        if len(backs) >= self._settings.most:
            raise Diverged(
                f"a spike lasts since step {onset} ({reason}) after the training went back {len(backs)} times: {report}"
            )
        self._say(f"a spike lasts since step {onset} ({reason}): going back to before it")
        rows = tuple(rows for step, rows in self._read if step >= onset)
        self._spike = _Spike(onset, tried.step, far, rows)
        return Decision(verdict=Verdict.ROLL_BACK, reason=reason, before=onset)

    def _looked_back(self, step: int, spike: _Spike, again: Again) -> Decided:
        """At the weights of `step`, before the onset: what is to blame, and what is done about it."""
        backs = [made for made in self._decisions if made.action == BACK]
        repeated = bool(backs) and self._recent(backs[-1], spike.onset)
        rate = self._decisions.rate / 2 if repeated else self._decisions.rate
        standing = self._decisions.standing(step)
        found: list[Suspect] = []
        blamed: list[Suspect] = []
        rows: list[int] = []
        for read in spike.rows:
            sums, gradient, spans = again(read, standing)
            if not self._detector.weighed(_losses(sums), gradient):
                continue
            of_step, to_blame = self._blamed(read, self._gathered(spans), again, standing)
            found += of_step
            blamed += to_blame
            rows += () if to_blame else read
        found.sort(key=lambda suspect: -suspect.score)
        if not found:
            self._say(
                "read again at the weights before the spike, none of its rows is far out: no document is to blame"
            )
            rows = [] if repeated else [row for read in spike.rows for row in read]
        self._tell(found, blamed)
        if rows:
            self._say(f"left out from here on: {len(rows)} rows of the mix")
        if repeated:
            self._say(f"it came again: the rate is {rate:g} of what was asked for from here on")
        self._quarantine(blamed, spike.end)
        return Decided(
            action=BACK,
            step=spike.end,
            since=step,
            onset=spike.onset,
            reason="; ".join(alarm.said() for alarm in spike.alarms),
            rows=tuple(dict.fromkeys(rows)),
            documents=tuple(dict.fromkeys((one.channel, one.document, one.doc_id) for one in blamed)),
            rate=rate,
            suspects=tuple(one.facts() for one in found),
        )

    def _blamed(
        self, rows: Sequence[int], spans: Sequence[SpanLoss], again: Again, standing: LeftOut
    ) -> tuple[list[Suspect], list[Suspect]]:
        """(documents of a step, most suspect first; those without which it is not far out, if these are few)."""
        if not any(isfinite(span.nats) for span in spans):
            self._say("every document's loss is lost: it is the weights, not a document")
            return [], []
        usual = self._detector.usual
        found = suspects.ranked(spans, self._rows.reader, self._rows.tokenizer.decode, usual, again)
        sums, gradient, _ = again(rows, standing)
        if not self._detector.weighed(_losses(sums), gradient):
            self._say("read again, it is not far out: a fault of the machine, not of a document")
            return found, []

        def explains(some: Sequence[Suspect]) -> bool:
            sums, gradient, _ = again(rows, standing | suspects.left_out(some))
            return bool(sum(sums.tokens)) and not self._detector.weighed(_losses(sums), gradient)

        for most in range(1, min(BLAMED, len(found) - 1) + 1):
            blamed = found[:most]
            if explains(blamed):
                for one in found[: most - 1]:  # ranked above one that is to blame, and perhaps innocent itself
                    without = [other for other in blamed if other is not one]
                    blamed = without if explains(without) else blamed
                return found, blamed
        return found, []

    def _recent(self, last: Decided, onset: int) -> bool:
        """Whether a spike from `onset` on is the trouble that `last` was about."""
        return onset <= last.step + self._settings.calm

    def _rate_before(self, backs: Sequence[Decided]) -> float:
        return backs[-2].rate if len(backs) > 1 else 1.0

    def _gathered(self, spans: Sequence[SpanLoss]) -> list[SpanLoss]:
        return [span for part in self._ranks.gather(list(spans)) for span in part]

    def _add(self, decided: Decided) -> None:
        self._decisions.add(decided)

    def _tell(self, found: Sequence[Suspect], blamed: Sequence[Suspect]) -> None:
        run = self._rows.path.parent
        for suspect in found[:NAMED]:
            word = "left out from here on" if suspect in blamed else "suspect"
            self._say(f"{word}: {suspect.said()}")
            self._say(f"  curate why {run} {suspect.doc_id}")

    def _quarantine(self, blamed: Sequence[Suspect], step: int) -> None:
        """Documents without which a spike that came again is none."""
        if self._ranks.rank or not blamed:
            return
        docs = {name: self._rows.reader.docs(name) for name in {suspect.channel for suspect in blamed}}
        quarantine.add(
            self._out,
            [
                {
                    **_named(docs[suspect.channel], suspect.document),
                    "channel": suspect.channel,
                    "reason": quarantine.REASON,
                    "step": step,
                    "evidence": json.dumps(suspect.facts(), ensure_ascii=False),
                }
                for suspect in blamed
            ],
        )


def _losses(sums: Sums) -> dict[str, tuple[float, int]]:
    return {
        channel: (nats, tokens) for channel, nats, tokens in zip(sums.channels, sums.nats, sums.tokens, strict=True)
    }


def _named(docs: pl.DataFrame, document: int) -> dict[str, str]:
    return docs.select("doc_id", "content_hash", "source").row(document, named=True)
