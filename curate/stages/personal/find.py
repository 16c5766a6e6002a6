"""The personal data in texts: anchors from the kernel, then expressions and check digits around each of them."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import polars as pl

from curate.kernels.anchors import CHAT, HEXADECIMAL, MAIL, NUMBER, PLATE, anchors
from curate.kernels.utf8 import Utf8
from curate.stages.personal import addresses
from curate.stages.personal.addresses import SPELT_OUT, spelt_out
from curate.stages.personal.numbers import COURT_CASE, PLAIN, court_cases, numbers
from curate.stages.personal.recogniser import Recogniser, Span
from curate.stages.personal.window import window

KINDS = (
    "email", "phone", "id_card", "ssn", "bank_card", "ip", "passport", "medical_number", "insurance_number",
    "license_plate", "qq", "wechat",
)  # fmt: skip
"""What is found by its form or by the label before it, unless a recipe says otherwise."""

PUBLIC = ("case_number",)
"""Found too where a recipe asks for it: numbers of court cases are published on purpose."""

_FINDERS = {
    NUMBER: numbers,
    MAIL: addresses.mail,
    HEXADECIMAL: addresses.ip,
    PLATE: addresses.plate,
    CHAT: addresses.chat,
}  # fmt: skip


class Hit(NamedTuple):
    """Bytes [start, end) of text `row`, counted from the begin of the column's bytes."""

    row: int
    start: int
    end: int
    kind: str


def find(
    texts: pl.Series, kinds: frozenset[str], *, obfuscated: bool = False, recogniser: Recogniser | None = None
) -> tuple[list[Hit], Utf8]:
    """The hits in a String column, by row and place, none over another; and the bytes that they count in.

    Where two overlap, what a check digit or a label tells stands before what a recogniser tells.
    """
    found, utf8 = anchors(texts)
    data, offsets = utf8
    hits: list[tuple[int, int, Hit]] = []  # with their row and rank
    for row, anchor, (begin, stop) in zip(found.rows.tolist(), found.kinds.tolist(), found.spans.tolist(), strict=True):
        if anchor == NUMBER and PLAIN.fullmatch(data[begin:stop].tobytes()):
            continue
        place = window(data, begin, stop, int(offsets[row]), int(offsets[row + 1]))
        for rank, (start, end, kind) in enumerate(_FINDERS[anchor](place)):
            if kind in kinds:
                hits.append((row, rank, Hit(row, place.byte(start), place.byte(end), kind)))
    whole: list[tuple[int, int, Sequence[Span]]] = []
    if "case_number" in kinds:
        whole += [(row, 50, court_cases(texts[row])) for row in _with(texts, COURT_CASE)]
    if obfuscated and "email" in kinds:
        whole += [(row, 60, spelt_out(texts[row])) for row in _with(texts, SPELT_OUT)]
    if recogniser is not None:
        rows = [row for row, text in enumerate(texts) if text]
        told = recogniser([texts[row] for row in rows])
        whole += [(row, 70, [span for span in spans if span.kind in recogniser.kinds])
                  for row, spans in zip(rows, told, strict=True)]  # fmt: skip
    for row, rank, spans in whole:
        origin = int(offsets[row])
        for start, end, kind in spans:
            first = origin + len(texts[row][:start].encode())
            hits.append((row, rank, Hit(row, first, first + len(texts[row][start:end].encode()), kind)))
    return _apart(hits), utf8


def _with(texts: pl.Series, pattern: str) -> list[int]:
    return texts.str.contains(pattern).fill_null(False).arg_true().to_list()


def _apart(hits: list[tuple[int, int, Hit]]) -> list[Hit]:
    """Hits by row and place; where some overlap, the one of the lowest rank, then the first, then the longest."""
    taken: list[Hit] = []
    for _, group in groupby(sorted(hits, key=lambda entry: (entry[0], entry[1], entry[2].start, -entry[2].end)), _row):
        chosen: list[Hit] = []  # by place
        for _, _, hit in group:
            at = bisect(chosen, hit.start, key=lambda other: other.start)
            before = at == 0 or chosen[at - 1].end <= hit.start
            if hit.start < hit.end and before and (at == len(chosen) or hit.end <= chosen[at].start):
                chosen.insert(at, hit)
        taken += chosen
    return taken


def _row(entry: tuple[int, int, Hit]) -> int:
    return entry[0]
