"""A stage that measures as another one does and removes nothing: what an audit of finished data runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import polars as pl

from curate.stage import AnyStage, CorpusStage, Cost, Rounds, Rule, Schema, Splitter, Stage, cost_of

Of = TypeVar("Of", Stage, CorpusStage)


@dataclass(frozen=True, kw_only=True)
class _Quiet(Generic[Of]):
    """What both kinds of stages say of themselves: all that `stage` says, and no rules."""

    name: str
    stage: Of
    cost: Cost

    @property
    def version(self) -> int:
        return self.stage.version

    @property
    def reads(self) -> Schema:
        return self.stage.reads

    @property
    def writes(self) -> Schema:
        return self.stage.writes

    @property
    def rules(self) -> tuple[Rule, ...]:
        return ()


@dataclass(frozen=True, kw_only=True)
class Silent(_Quiet[Stage]):
    """`stage` without its rules."""

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return self.stage(docs)


@dataclass(frozen=True, kw_only=True)
class SilentCorpus(_Quiet[CorpusStage]):
    """A corpus stage without its rules."""

    @property
    def absent(self) -> Mapping[str, float | int | str | None]:
        return self.stage.absent

    def rounds(self) -> Rounds:
        return self.stage.rounds()


def silent(stages: Sequence[AnyStage]) -> tuple[AnyStage, ...]:
    """`stages` so that they remove nothing: without their rules, and without those that split.

    Those that read raw pages keep their rules: a page of which no text could be taken can't be measured either.
    """
    return tuple(_silent(stage) for stage in stages if not isinstance(stage, Splitter))


def _silent(stage: Stage | CorpusStage) -> AnyStage:
    if isinstance(stage, CorpusStage):
        return SilentCorpus(name=stage.name, stage=stage, cost=cost_of(stage))
    return stage if "raw" in stage.reads else Silent(name=stage.name, stage=stage, cost=cost_of(stage))
