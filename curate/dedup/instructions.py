"""Dialogues that ask the same: what the user says first, compared as documents are."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from curate.dedup.minhash import MinHashDedup
from curate.document import COLUMNS
from curate.stage import Round, Rounds, Rule, Schema

MESSAGES = COLUMNS["messages"]
NAMES = {"duplicate_similarity": "instruction_similarity", "near_duplicate_evidence": "near_instruction_evidence"}


@dataclass(frozen=True, kw_only=True)
class InstructionDedup:
    """Removes dialogues whose instruction is nearly that of one that is kept, whatever the answers are.

    The instruction is the user's first turn; an instruction of other roles (`system`) is not compared, since a corpus
    has few of them. Everything else is as in `MinHashDedup`, whose settings are `minhash`: short questions are copies
    only where they are equal word for word, in any order, because 'type 1' and 'type 2' are two questions; long ones
    from a likeness of .77 on. Name a measure of the answer as `minhash.quality`, and the best answered one is kept.
    Documents without messages are like none. Reason `near_instruction`.
    """

    name: str = "instruction_dedup"
    minhash: MinHashDedup = MinHashDedup()

    version = 1
    writes = {new: MinHashDedup.writes[old] for old, new in NAMES.items()}
    absent = {new: MinHashDedup.absent[old] for old, new in NAMES.items()}

    @property
    def reads(self) -> Schema:
        return _instead(self.minhash.reads)

    @property
    def rules(self) -> tuple[Rule, ...]:
        high = self.minhash.rules[0].high
        evidence = NAMES["near_duplicate_evidence"]
        return (Rule(reason="near_instruction", measure=NAMES["duplicate_similarity"], high=high, evidence=evidence),)

    def rounds(self) -> Rounds:
        inner = self.minhash.rounds()
        turn = next(inner)
        while True:
            flow = yield Instructed(turn)
            try:
                turn = inner.send(flow)
            except StopIteration:
                return


@dataclass(frozen=True)
class Instructed:
    """A round over documents whose text is their instruction."""

    inner: Round

    @property
    def reads(self) -> Schema:
        return _instead(self.inner.reads)

    @property
    def single(self) -> bool:
        return self.inner.single

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        if "messages" in docs.columns:
            docs = docs.with_columns(_instruction().alias("text"))
        return self.inner.emit(docs, notes)

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        return self.inner.reduce(rows).rename(NAMES, strict=False)


def _instead(reads: Schema) -> Schema:
    """`reads` with the messages in place of the text."""
    return {
        "messages" if name == "text" else name: MESSAGES if name == "text" else kind for name, kind in reads.items()
    }


def _instruction() -> pl.Expr:
    """What the user said first; null where nobody did."""
    asked = pl.element().filter(pl.element().struct.field("role") == "user").struct.field("content")
    return pl.col("messages").list.eval(asked).list.first()
