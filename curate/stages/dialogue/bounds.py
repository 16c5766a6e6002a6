"""Bounds: dialogues of too many turns, and answers too short or too long to be learned from."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from curate.stage import Rule
from curate.stages.dialogue.answers import READS, answers, spread


@dataclass(frozen=True, kw_only=True)
class AnswerLength:
    """The shortest and the longest answer and the longest question of a dialogue, in bytes of UTF-8.

    A Chinese character has three bytes and says about as much as three letters. `answer_bytes_least`,
    `answer_bytes_most`, `question_bytes_most`, `answers`; 0 for what is no dialogue, which no rule looks at
    (`answered`). Reasons `answer_too_short`, `answer_too_long`, `question_too_long`. By default one letter is answer
    enough, since it is what multiple choice asks for; who trains on prose sets `low`.
    """

    name: str = "answer_length"
    low: int = 1
    high: int = 65_536
    question: int = 262_144

    version = 1
    reads = READS
    writes = {
        "answers": pl.Int64(),
        "answer_bytes_least": pl.Int64(),
        "answer_bytes_most": pl.Int64(),
        "question_bytes_most": pl.Int64(),
        "answered": pl.Boolean(),
    }

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(reason="answer_too_short", measure="answer_bytes_least", low=self.low, when="answered"),
            Rule(reason="answer_too_long", measure="answer_bytes_most", high=self.high, when="answered"),
            Rule(reason="question_too_long", measure="question_bytes_most", high=self.question, when="answered"),
        )

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        answer, question = (pl.col(name).str.len_bytes().cast(pl.Int64) for name in ("answer", "question"))
        found = (
            answers(docs)
            .group_by("row", maintain_order=True)
            .agg(
                pl.len().cast(pl.Int64).alias("answers"),
                answer.min().alias("answer_bytes_least"),
                answer.max().alias("answer_bytes_most"),
                question.max().alias("question_bytes_most"),
                pl.lit(True).alias("answered"),
            )
        )
        return spread(
            docs, found, answers=0, answer_bytes_least=0, answer_bytes_most=0, question_bytes_most=0, answered=False
        )
