"""Truncated answers: those that stop in the middle of a sentence, because a limit of tokens was reached."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from curate.stage import Rule
from curate.stages.dialogue.answers import READS, answers, spread

# An end that no sentence has: what comes must have been there.
OPEN = r"[，、,；（(\[{“‘《〈【「『]$"
# Words that something follows. 的, 是, 在 are not among them: 是的, 答案：是, 还在 are whole answers.
LEADING = (
    r"(?i)(?:\b(?:the|an|and|or|of|to|with|for|that|which|because|if|from|its|their|your|than|into|between|including|"
    r"such as|due to)|以及|并且|而且|因为|但是|如果|由于|例如|比如|包括|为了|通过|或者|其中|和|与)$"
)
SENTENCE = r"[。！？!?]|\.(?:\s|$)"
ENDED = r"[\p{P}\p{S}\d\s]$"  # punctuation, signs, a number, whatever they mean
ITEM = r"^\s*(?:[-*•·#>|]|\d{1,3}[.、)）]|[(（]\d{1,3}[)）]|[A-Za-z][.)]\s|[一二三四五六七八九十]{1,3}[、.])"
BESIDE = r"[，,；;：:。！？!?]"
WORDS = r"(?:[a-z]{2,} ){5}"
TAG = r"(?:#\s?|://)\S*$"
NUMBERED = r"\b\d{1,3}[.)、]\s*[^.。；;]{1,60}$"  # the last of a list on one line: "18. Guyana 19. Grenada"
LINE, CLAUSE, LONG = 24, 40, 60  # bytes of a last line, of one in prose, of an answer that say more than "Sincerely,"
SENTENCES = 1


@dataclass(frozen=True, kw_only=True)
class Truncated:
    """How many answers of a dialogue break off: `truncated_answers`, 0 for what is no dialogue.

    An answer breaks off that ends in a comma or an opening bracket; in a word that something must follow (because,
    以及); inside a fence of code; or, being of at least `least` bytes and of several sentences, in the middle of one:
    its last line is prose, and only that line lacks the mark that sentences end with. Lists, tables, formulas, code,
    the end of a letter, and authors who never write a full stop are left in peace. Reason `truncated_answer`.
    """

    name: str = "truncated"
    least: int = 120
    high: int = 0

    version = 2
    reads = READS
    writes = {"truncated_answers": pl.Int64()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(reason="truncated_answer", measure="truncated_answers", high=self.high),)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        table = answers(docs).with_columns(
            pl.col("answer").str.strip_chars().str.replace(r"(?s)^<think>.*?</think>\s*", "").alias("answer")
        )
        lines = pl.col("answer").str.split("\n")
        table = table.with_columns(lines.list.last().alias("end"), lines.alias("lines"))
        answer, end = pl.col("answer"), pl.col("end")
        bare = (
            pl.col("lines")
            .list.eval((pl.element().str.strip_chars() != "") & ~pl.element().str.contains(ENDED))
            .list.sum()
        )
        prose = (
            ~end.str.contains(ITEM)
            & ~end.str.contains(TAG)
            & ~(end.str.contains(NUMBERED) & (end.str.count_matches(r"\b\d{1,3}[.)、]\s*\S") >= 3))
            & end.str.contains(BESIDE)
            & (end.str.len_bytes() >= 40)
        )
        middle = (
            (answer.str.len_bytes() >= self.least)
            & (answer.str.count_matches(SENTENCE) >= 2)
            & ~end.str.contains(ENDED)
            & (bare == 1)
            & prose
        )
        long = answer.str.len_bytes() >= 60
        broken = (
            (answer.str.contains(OPEN) & long)
            | (end.str.contains(LEADING) & long & ~end.str.contains(ITEM))
            | (answer.str.count_matches(r"(?m)^\s*```") % 2 == 1)
            | middle
        )
        found = table.group_by("row", maintain_order=True).agg(
            broken.sum().cast(pl.Int64).alias("truncated_answers"),
        )
        return spread(docs, found, truncated_answers=0)
