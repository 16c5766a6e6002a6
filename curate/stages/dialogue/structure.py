"""Structure: who speaks when. Question and answer alternate, nobody is silent, the last word is the assistant's."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from curate.stage import Rule
from curate.stages.dialogue.answers import READS, spoken, spread

WHOLE = "none"  # what is said of a dialogue without a fault


@dataclass(frozen=True, kw_only=True)
class Structure:
    """The first fault in the order of a dialogue's turns: `structure_fault`, "none" where there is none.

    `empty_turn`: white space and no tool call. `late_system`: instructions behind the first turns.
    `starts_with_answer`: the assistant speaks before anybody asked. `same_speaker_twice`: user after user, or
    assistant after assistant without a tool call. `tool_without_call`: a result that nobody asked for. `unanswered`:
    the last turn is not the assistant's. A chat template refuses most of these, or teaches the model to speak for its
    user. Reason `broken_dialogue`, with the turn as evidence. `turns` counts them, 0 for what is no dialogue.
    """

    name: str = "structure"

    version = 1
    reads = READS
    writes = {"turns": pl.Int64(), "structure_fault": pl.String(), "structure_evidence": pl.String()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                reason="broken_dialogue",
                measure="structure_fault",
                among=frozenset({WHOLE}),
                evidence="structure_evidence",
            ),
        )

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        role, before = pl.col("role"), pl.col("role").shift().over("row")
        calls = pl.col("tool_calls").fill_null("") != ""
        called = calls.shift().over("row").fill_null(False)
        opening = before.is_null() | before.is_in(["system", "developer"])
        fault = (
            pl.when((pl.col("content").fill_null("").str.strip_chars() == "") & ~calls)
            .then(pl.lit("empty_turn"))
            .when(role.is_in(["system", "developer"]) & ~opening)
            .then(pl.lit("late_system"))
            .when((role == "assistant") & opening)
            .then(pl.lit("starts_with_answer"))
            .when((role == "tool") & ~called & (before.fill_null("") != "tool"))
            .then(pl.lit("tool_without_call"))
            .when((role == before) & role.is_in(["user", "assistant"]) & ~called)
            .then(pl.lit("same_speaker_twice"))
            .when((pl.col("turn") == pl.col("of")) & ((role != "assistant") | calls))
            .then(pl.lit("unanswered"))
        )
        judged = spoken(docs).with_columns(fault.alias("structure_fault"))
        judged = judged.with_columns(
            pl.when(pl.col("structure_fault").is_not_null())
            .then(pl.format("turn {} of {}, {}: {}", "turn", "of", "role", "structure_fault"))
            .alias("structure_evidence")
        )
        found = judged.group_by("row", maintain_order=True).agg(
            pl.col("of").first().cast(pl.Int64).alias("turns"),
            pl.col("structure_fault", "structure_evidence").drop_nulls().first(),
        )
        return spread(docs, found, turns=0, structure_fault=WHOLE, structure_evidence=None)
