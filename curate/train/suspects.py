"""Which documents made a step spike: by what they lost, by how they repeat themselves, by their own gradient.

Of the documents in the rows of a spike, three shares are added up into a score of at most 3:
- of the loss above what each one's channel usually loses, the part that is this document's;
- of the gradients' norms, each document replayed alone at the weights before the spike, weighed by its tokens, the part
  that is this document's;
- of its own tokens, those in 8-grams that stood in it before (on the tokens that the model was given).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.mix.reader import MixReader
from curate.train.hooks import Again
from curate.train.skips import LeftOut
from curate.train.sums import SpanLoss

REPLAYED = 12  # documents of a spike whose gradient is computed, at a forward and a backward pass each
GRAM = 8  # tokens: in 400 Chinese and 400 English passages of the samples under 3 % of the tokens are in repeated ones
EXCERPT = 60  # tokens


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """A document in the rows of a spike. Losses in nats per token, `tokens` those learnt from in these rows.

    `usual` is what its channel usually loses (None: not known yet), `gradient` the norm of the gradient of its own mean
    loss (None: not replayed). Numbers that are not finite stand as None in JSON.
    """

    channel: str
    document: int  # row of docs/CHANNEL.parquet
    doc_id: str
    rows: tuple[int, ...]
    tokens: int
    loss: float
    usual: float | None
    repetition: float
    excerpt: str
    gradient: float | None = None
    score: float = 0.0

    def facts(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            name: None if isinstance(value, float) and not isfinite(value) else value
            for name, value in asdict(self).items()
        }

    def said(self) -> str:
        """A line for people: the excerpt holds no character that a terminal acts on."""
        usual = f", usual in {self.channel} {self.usual:.2f}" if self.usual is not None else f" in {self.channel}"
        gradient = f", gradient {self.gradient:.3g}" if self.gradient is not None else ""
        return f"{self.doc_id}  loss {self.loss:.2f}{usual}{gradient}, {self.repetition:.0%} repeated: {self.excerpt}"


def ranked(
    spans: Sequence[SpanLoss],
    reader: MixReader,
    decode: Callable[[list[int]], str],
    usual: Callable[[str], float | None],
    again: Again,
) -> list[Suspect]:
    """The documents of `spans` (of all ranks), most suspect first; on every rank alike."""
    found = [
        _suspect(channel, document, parts, reader, decode, usual(channel))
        for (channel, document), parts in _by_document(spans).items()
    ]
    middle = _middle([suspect.loss for suspect in found])
    first = sorted(found, key=lambda suspect: (-_excess(suspect, middle), -suspect.repetition, suspect.doc_id))
    second = sorted(found, key=lambda suspect: (-suspect.repetition, suspect.doc_id))
    chosen = [*first[: REPLAYED // 2], *second[: REPLAYED // 2]]
    chosen += [suspect for suspect in first if not isfinite(suspect.loss)]
    found = [_replayed(suspect, again) if suspect in chosen else suspect for suspect in first]
    excess = {suspect.doc_id: _excess(suspect, middle) for suspect in found}
    losses = _shares(excess)
    norms = _shares({suspect.doc_id: (suspect.gradient or 0.0) * suspect.tokens for suspect in found})
    scored = [
        replace(suspect, score=losses[suspect.doc_id] + norms[suspect.doc_id] + suspect.repetition) for suspect in found
    ]
    return sorted(scored, key=lambda suspect: (-suspect.score, suspect.doc_id))


def _replayed(suspect: Suspect, again: Again) -> Suspect:
    """With the norm of its own gradient. A loss that is not finite is taken from there too: in a row with other
    documents one that is lost takes those behind it along."""
    sums, gradient, _ = again(suspect.rows, replace(left_out([suspect]), only=True))
    if isfinite(suspect.loss):
        return replace(suspect, gradient=gradient)
    tokens = sum(sums.tokens)
    return replace(suspect, gradient=gradient, loss=sum(sums.nats) / tokens if tokens else suspect.loss)


def left_out(suspects: Sequence[Suspect]) -> LeftOut:
    """What leaves these documents out."""
    documents: dict[str, set[int]] = {}
    for suspect in suspects:
        documents.setdefault(suspect.channel, set()).add(suspect.document)
    return LeftOut(documents={name: frozenset(found) for name, found in documents.items()})


def _by_document(spans: Sequence[SpanLoss]) -> dict[tuple[str, int], list[SpanLoss]]:
    out: dict[tuple[str, int], list[SpanLoss]] = {}
    for span in sorted(spans, key=lambda span: (span.row, span.channel, span.document)):
        if span.tokens:
            out.setdefault((span.channel, span.document), []).append(span)
    return out


def _suspect(
    channel: str,
    document: int,
    parts: Sequence[SpanLoss],
    reader: MixReader,
    decode: Callable[[list[int]], str],
    usual: float | None,
) -> Suspect:
    rows = tuple(dict.fromkeys(part.row for part in parts))
    ids = [reader.row(row) for row in rows]
    pieces = [row.input_ids[: row.length][row.documents[: row.length] == document] for row in ids]
    tokens = sum(part.tokens for part in parts)
    text = decode(pieces[0][:EXCERPT].tolist())
    return Suspect(
        channel=channel,
        document=document,
        doc_id=reader.doc_id(channel, document),
        rows=rows,
        tokens=tokens,
        loss=sum(part.nats for part in parts) / tokens,
        usual=usual,
        repetition=repeated(np.concatenate(pieces)),
        excerpt="".join(character if character.isprintable() else " " for character in text),
    )


def repeated(ids: NDArray[np.int64]) -> float:
    """The share of a document's tokens that are in `GRAM`-grams which began before in it; 0 of a shorter one."""
    if len(ids) < GRAM:
        return 0.0
    grams = np.lib.stride_tricks.sliding_window_view(ids, GRAM)
    _, first = np.unique(grams, axis=0, return_index=True)
    again = np.ones(len(grams), np.bool_)
    again[first] = False
    covered = np.zeros(len(ids), np.bool_)
    for at in np.flatnonzero(again):
        covered[at : at + GRAM] = True
    return float(covered.mean())


def _middle(losses: Sequence[float]) -> float:
    finite = sorted(loss for loss in losses if isfinite(loss))
    return finite[len(finite) // 2] if finite else 0.0


def _excess(suspect: Suspect, middle: float) -> float:
    """Nats above what the document's tokens usually cost, at least 0; all that is not finite is as much as can be."""
    if not isfinite(suspect.loss):
        return float("inf")
    return max(0.0, suspect.loss - (middle if suspect.usual is None else suspect.usual)) * suspect.tokens


def _shares(parts: dict[str, float]) -> dict[str, float]:
    """What each is of the sum; where some are not finite these share it alone."""
    lost = {key for key, value in parts.items() if not isfinite(value)}
    if lost:
        return {key: 1 / len(lost) if key in lost else 0.0 for key in parts}
    whole = sum(parts.values())
    return {key: value / whole if whole else 0.0 for key, value in parts.items()}
