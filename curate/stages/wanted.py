"""A judge for a first look, learnt from documents of a trade and from pages of the crawl.

No page of a crawl is labelled. Documents of the trade are put into the text of its pages, as they will stand there, and
the judge learns the windows by which such a page is told from the others. Where to draw the line is measured on
documents, pages and sites that a judge has not learnt from.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.hashed import Parts, fitted, sums, windows
from curate.kernels.tokens import Tokens, tokens
from curate.stages.domain import BUCKETS, DECAY, EPOCHS, RATE, SIZES, Hashed, stored

LENGTH = 3600  # characters of a document that are learnt
PLACES = 2  # pages that each document is put into, beside standing alone
LINES = 12  # lines of a page, at most, in whose place it stands
ROUNDS = 2  # times that the telling window of each page is chosen anew, by the model before
FOLDS = 4
SIEVES = 3  # times that pages which look wanted are looked for, until there are no others


class TooFew(ValueError):
    """There are too few documents or pages to learn a judge from and to measure it."""


class Learnt(NamedTuple):
    """A judge whose relevance is .5 where the line is drawn, and what was measured there on what it had not learnt."""

    judge: Hashed
    lost: float
    """Share of the documents, put into pages, that lie under the line."""
    passing: float
    """Share of the pages that lie above it, those left out that look as wanted as half of the documents."""


def trained(
    documents: Sequence[str],
    pages: Sequence[str],
    out: Path,
    *,
    sites: Sequence[str] | None = None,
    lost: float = 0.006,
    passing: float = 0.03,
    most: int = 3000,
    seed: int = 0,
) -> Learnt:
    """Learns a judge from `documents` of the trade and from `pages` of the crawl, and writes it to `out`.

    `pages` are their visible text, as `first_look.looked_at` gives it. Some may be wanted: what looks like half of the
    documents is not learnt from. With `sites`, the host of each page, the line is measured on hosts that were not
    learnt, menus and all. It is drawn where a share `lost` of the documents goes; where fewer pages than a share
    `passing` then go on, lower, half way to where that many do, so that there is room on both sides. Of
    more than `most` documents or pages as many are drawn: a minute's work. The same arguments give the same file.
    Raises `TooFew` without 8 documents and pages of 4 sites.
    """
    hosts = [str(at) for at in range(len(pages))] if sites is None else list(sites)
    if len(hosts) != len(pages):
        raise TooFew(f"{len(pages)} pages and {len(hosts)} sites; give the site of each page")
    chance = random.Random(seed)
    if len(documents) > most:
        documents = chance.sample(documents, most)
    if len(pages) > most:
        drawn = chance.sample(range(len(pages)), most)
        pages, hosts = [pages[at] for at in drawn], [hosts[at] for at in drawn]
    if len(documents) < 2 * FOLDS or len(set(hosts)) < FOLDS:
        raise TooFew(
            f"{len(documents)} documents, {len(pages)} pages of {len(set(hosts))} sites; a judge is learnt "
            f"from {2 * FOLDS} documents at least, and from pages of {FOLDS} sites"
        )
    lesson = _Lesson([text[:LENGTH] for text in documents], pages, hosts, seed)
    clean = np.full(len(pages), True)
    for _ in range(SIEVES):
        wanted, others = lesson.unseen(clean)
        alike = others >= np.median(wanted)
        if alike.all() or (alike == ~clean).all():
            break
        clean = ~alike
    line = np.quantile(wanted, lost, method="lower")
    line = min(line, (line + np.quantile(others[clean], 1 - passing, method="higher")) / 2)
    weights, bias = lesson.learnt(np.full(len(documents), True), clean)
    judge = stored(weights, bias - float(line), out)
    return Learnt(judge, float((wanted < line).mean()), float((others[clean] >= line).mean()))


class _Lesson:
    """Documents alone, documents in pages, and pages, as one stream of tokens cut into windows; in `FOLDS` parts, by
    document and by site.
    """

    def __init__(self, documents: Sequence[str], pages: Sequence[str], hosts: Sequence[str], seed: int) -> None:
        chance = random.Random(seed)
        put = [planted(text, chance.choice(pages), chance) for _ in range(PLACES) for text in documents]
        names = sorted(set(hosts))
        chance.shuffle(names)
        fold_of = {name: number % FOLDS for number, name in enumerate(names)}
        self.page_folds = np.array([fold_of[host] for host in hosts])
        self.document_folds = np.array(chance.sample(range(len(documents)), len(documents))) % FOLDS
        unseen = []  # each document in a page of its own fold
        for at, text in enumerate(documents):
            among = np.flatnonzero(self.page_folds == self.document_folds[at])
            unseen.append(planted(text, pages[among[chance.randrange(len(among))]], chance))

        self.seed = seed
        texts = [*documents, *put, *pages, *unseen]
        self.stream: Tokens = tokens(pl.Series("text", texts, pl.String))
        self.parts: Parts = windows(self.stream, SIZES)
        self.learns = np.arange(len(documents) * (1 + PLACES))
        self.owners = self.learns % len(documents)
        self.page_rows = len(self.learns) + np.arange(len(pages))
        self.unseen_rows = len(self.learns) + len(pages) + np.arange(len(documents))

    def unseen(self, clean: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scores of the documents in pages, and of the pages, by judges that learnt from neither document nor site, and
        of the other pages from the `clean` ones.
        """
        wanted, others = np.zeros(len(self.document_folds)), np.zeros(len(self.page_folds))
        for fold in range(FOLDS):
            weights, bias = self.learnt(self.document_folds != fold, clean & (self.page_folds != fold))
            best = self.parts.best(sums(self.stream, self.parts, weights)) + bias
            wanted[self.document_folds == fold] = best[self.unseen_rows][self.document_folds == fold]
            others[self.page_folds == fold] = best[self.page_rows][self.page_folds == fold]
        return wanted, others

    def learnt(self, documents: NDArray[np.bool_], pages: NDArray[np.bool_]) -> tuple[NDArray[np.float32], float]:
        """(weights, bias) from the chosen documents and pages: first from all windows of the documents, then from the
        most telling one of each text that holds one.
        """
        starts = self.parts.starts
        owned = self.learns[documents[self.owners]]
        against = _ranges(starts, self.page_rows[pages])
        weights, bias = self._fitted(_ranges(starts, np.flatnonzero(documents)), against)
        for _ in range(ROUNDS):
            scores = sums(self.stream, self.parts, weights)
            telling = np.array([starts[row] + scores[starts[row] : starts[row + 1]].argmax() for row in owned])
            weights, bias = self._fitted(telling, against)
        return weights, bias

    def _fitted(self, wanted: NDArray[np.int64], others: NDArray[np.int64]) -> tuple[NDArray[np.float32], float]:
        labels = np.zeros(len(self.parts.first))
        labels[wanted] = 1
        both = np.concatenate([wanted, others])
        chance = np.random.default_rng(self.seed)
        order = np.concatenate([both[chance.permutation(len(both))] for _ in range(EPOCHS)]).astype(np.int64)
        return fitted(self.stream, self.parts, labels, order, buckets=BUCKETS, rate=RATE, decay=DECAY)


def planted(document: str, page: str, chance: random.Random) -> str:
    """The text of a page with a document in place of some of its lines."""
    lines = page.split("\n")
    start = chance.randrange(len(lines))
    return "\n".join([*lines[:start], document, *lines[start + chance.randrange(LINES) :]])


def _ranges(starts: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The parts of the given texts, one after another."""
    if not len(rows):
        return np.zeros(0, np.int64)
    return np.concatenate([np.arange(starts[row], starts[row + 1]) for row in rows])
