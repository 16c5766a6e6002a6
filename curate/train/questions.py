"""Multiple-choice questions, put to a model as text, and which choice it finds likeliest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from string import ascii_uppercase
from typing import Any

import numpy as np
import torch
from torch import Tensor

from curate.train.data import Batch, packed
from curate.train.learner import Learner
from curate.train.loss import span_nats

LETTERS = ascii_uppercase
HAN = re.compile(r"[㐀-鿿]")
AT_ONCE = 4096  # tokens of a row: questions are laid end to end and kept apart as a mix's documents are


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question with its choices, of which `right` is the number of the right one. `clean` says whether no training
    document holds it; None where nobody looked."""

    benchmark: str
    subject: str
    id: str
    text: str
    choices: tuple[str, ...]
    right: int
    context: str = ""
    clean: bool | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.benchmark, self.subject, self.id


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a model made of a question: nats of each choice, and UTF-8 bytes."""

    question: Question
    nats: tuple[float, ...]
    sizes: tuple[int, ...]

    @property
    def plain(self) -> bool:
        """Whether the right choice is the likeliest (the first of equals is taken)."""
        return int(np.argmin(self.nats)) == self.question.right

    @property
    def normal(self) -> bool:
        """Whether it is, by nats a byte: long choices are not punished for their length."""
        return (
            int(np.argmin([nats / size for nats, size in zip(self.nats, self.sizes, strict=True)]))
            == self.question.right
        )


@dataclass(frozen=True)
class Accuracy:
    """Shares of `questions` answered rightly; `chance` is what guessing makes."""

    questions: int
    plain: float
    normal: float
    chance: float

    @classmethod
    def of(cls, answers: Sequence[Answered]) -> Accuracy | None:
        """None without answers."""
        if not answers:
            return None
        count = len(answers)
        return cls(
            count,
            sum(answer.plain for answer in answers) / count,
            sum(answer.normal for answer in answers) / count,
            sum(1 / len(answer.question.choices) for answer in answers) / count,
        )

    def error(self, share: float) -> float:
        """The standard error of a share (binomial)."""
        return sqrt(share * (1 - share) / max(1, self.questions - 1))


def prompt(question: Question, shots: Sequence[Question] = (), letters: bool = False) -> tuple[str, tuple[str, ...]]:
    """(what stands before, each choice as it goes on). Chinese questions are put in Chinese.

    With `letters` the choices are listed and the letter is asked for (MMLU, Hendrycks et al. 2021); else the choice's
    own text is to follow (as for ARC and HellaSwag in the Language Model Evaluation Harness).
    """
    before = "".join(f"{_asked(shot, letters)}{_said(shot, letters)[shot.right]}\n\n" for shot in shots)
    return before + _asked(question, letters), _said(question, letters)


def _asked(question: Question, letters: bool) -> str:
    chinese = bool(HAN.search(question.text or question.context))
    context = f"{question.context.strip()}\n" if question.context else ""
    listed = "".join(f"{letter}. {choice}\n" for letter, choice in zip(LETTERS, question.choices, strict=False))
    words = ("问题：", "答案：") if chinese else ("Question: ", "Answer:")
    return f"{context}{words[0]}{question.text.strip()}\n{listed if letters else ''}{words[1]}"


def _said(question: Question, letters: bool) -> tuple[str, ...]:
    space = "" if HAN.search(question.text or question.context) else " "
    choices = LETTERS[: len(question.choices)] if letters else question.choices
    return tuple(f"{space}{choice}" for choice in choices)


def asked(
    learner: Learner,
    tokenizer: Any,
    questions: Sequence[Question],
    shots: dict[tuple[str, str, str], list[Question]],
    *,
    letters: bool = False,
) -> list[Answered]:
    """Each question's choices, weighed by the model; `shots` are examples by the question's key.

    Text is cut from the left where it is longer than the model's context.
    """
    longest = min(AT_ONCE, int(getattr(learner.causal.config, "max_position_embeddings", AT_ONCE)))
    pieces: list[tuple[list[int], int]] = []
    for question in questions:
        before, choices = prompt(question, shots.get(question.key, ()), letters)
        pieces.extend(encoded(tokenizer, before, choice, longest) for choice in choices)
    nats = iter(weighed(learner, pieces, longest))
    return [
        Answered(
            question=question,
            nats=tuple(next(nats) for _ in question.choices),
            sizes=tuple(len(choice.encode()) for choice in _said(question, letters)),
        )
        for question in questions
    ]


def encoded(tokenizer: Any, before: str, after: str, longest: int) -> tuple[list[int], int]:
    """(tokens of both, how many belong to `before`). A token that spans the border counts as the choice's."""
    whole: list[int] = tokenizer(before + after)["input_ids"]
    alone: list[int] = tokenizer(before)["input_ids"]
    end = tokenizer.eos_token_id
    if alone and len(alone) > 1 and alone[-1] == end:  # some tokenizers end every text
        alone = alone[:-1]
    if len(whole) > 1 and whole[-1] == end and not after.endswith(str(tokenizer.eos_token)):
        whole = whole[:-1]
    common = next(
        (place for place, (a, b) in enumerate(zip(alone, whole, strict=False)) if a != b), min(len(alone), len(whole))
    )
    common = max(1, min(common, len(whole) - 1))
    cut = max(0, len(whole) - longest)
    return whole[cut:], max(1, common - cut)


def weighed(learner: Learner, pieces: Sequence[tuple[list[int], int]], longest: int) -> Iterator[float]:
    """Nats of the tokens behind each piece's first ones, in the order of `pieces`."""
    order = sorted(range(len(pieces)), key=lambda place: (-len(pieces[place][0]), place))
    found = [0.0] * len(pieces)
    one = torch.ones((), device=learner.device)
    with learner.asleep():
        for row in _rows(order, pieces, longest):
            batch = _laid(row, pieces)
            there = batch.to(learner.device)
            losses = learner(there, one)[1]
            sums: Tensor = span_nats(losses, there.bounds)
            for place, nats in zip(row, sums.tolist(), strict=True):
                found[place] = nats
    yield from found


def _rows(order: Sequence[int], pieces: Sequence[tuple[list[int], int]], longest: int) -> Iterator[list[int]]:
    """Pieces by row, as many as it holds."""
    row: list[int] = []
    size = 0
    for place in order:
        if row and size + len(pieces[place][0]) > longest:
            yield row
            row, size = [], 0
        row.append(place)
        size += len(pieces[place][0])
    if row:
        yield row


def _laid(row: Sequence[int], pieces: Sequence[tuple[list[int], int]]) -> Batch:
    """One row of pieces laid end to end; learnt (here: weighed) is what stands behind each one's first tokens."""
    parts = [pieces[place] for place in row]
    ids = np.concatenate([np.array(tokens, np.int64) for tokens, _ in parts])[None]
    return packed(
        input_ids=ids,
        position_ids=np.concatenate([np.arange(len(tokens)) for tokens, _ in parts])[None],
        learned=np.concatenate([np.arange(len(tokens)) >= known for tokens, known in parts])[None],
        documents=np.concatenate([np.full(len(tokens), number) for number, (tokens, _) in enumerate(parts)])[None],
        rows=np.zeros(1, np.int64),
        in_channel=np.zeros(1, np.int64),
        channels=("",),
        tokens=ids.size,
    )
