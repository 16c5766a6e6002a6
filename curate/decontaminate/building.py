"""Making the index: which parts of which items are looked for, and what their n-grams weigh."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.decontaminate import quotations
from curate.decontaminate.background import Background, default
from curate.decontaminate.index import (
    ANSWER,
    COMMON,
    CONTEXT,
    DECIDING,
    ENOUGH,
    LEAST,
    PARTS,
    QUESTION,
    QUOTABLE,
    QUOTE,
    QUOTED,
    SAMPLE,
    SHORT,
    TELLING,
    UNIT,
    WITH_ANSWER,
    WITH_CHOICES,
    WITH_CONTEXT,
)  # fmt: skip
from curate.decontaminate.items import Item
from curate.decontaminate.storing import IndexRefused, Names, Texts, pack
from curate.decontaminate.worths import alignable, quotable, shared, with_masses
from curate.kernels import overlap
from curate.kernels.utf8 import blocks


@dataclass
class _Unit:
    item: int
    part: str
    pieces: list[tuple[int, float]]  # pieces of text, and the factor that each one's mass is taken by
    weight: float  # what it weighs when all of it is found, in CJK characters
    beside: bool = False  # looked for as it stands, beside a passage whose companion it is
    companion: int = -1


def build(items: Sequence[Item], background: Background | None = None) -> bytes:
    """The index of `items` as it is stored: the same bytes for the same items. Raises `IndexRefused`.

    What is common in the `background` tells little; without one the background that comes with Curate is taken.
    """
    if not items:
        raise IndexRefused("there are no items to index; load a folder of benchmarks first")
    background = default() if background is None else background
    written = _pieces(items)
    pieces, grams = _read(written)
    if grams.is_empty():
        raise IndexRefused(f"none of {len(items)} items is long enough to be looked for: {LEAST} CJK characters or so")
    short = pieces.join(grams, on="piece", how="anti").filter(pl.col("tokens") > 0).rename({"whole": "key"})
    among = shared(grams, pieces)
    worth = (1 / among) * (among <= COMMON) * pl.Series(background.worths(grams["key"].to_numpy()))
    grams = grams.with_columns(worth=worth, quotable=quotable(grams, pieces)).select(
        "key", "piece", worth=pl.col("worth") * pl.when("quotable").then(QUOTABLE).otherwise(1.0)
    )
    # A choice that many questions offer tells them apart all the same, unless it is of the kind of 'none of these'.
    short = short.select("key", "piece").with_columns(
        worth=(shared(short.select("key", "piece"), pieces) <= COMMON).cast(pl.Float64)
    )
    pieces = with_masses(pieces, grams, short)
    units, unchecked = _units(items, pieces)
    if not units:
        raise IndexRefused(f"none of {len(items)} items is long enough to be looked for: {LEAST} CJK characters or so")
    arrays = _arrays(units, pieces, grams, short, written["text"], background)
    texts, names = Texts.of(items), Names.of(items)
    arrays |= {"texts": texts.packed, "text_begins": texts.begins}
    arrays |= {"name_places": names.places, "name_ids": names.ids, "name_begins": names.begins}
    return pack(arrays, {"sets": names.sets, "unchecked": unchecked})


def _pieces(items: Sequence[Item]) -> pl.DataFrame:
    """piece, item, benchmark, role (question, quote, choice, answer, context), text: what items hold, none empty."""
    rows = [
        (ordinal, item.benchmark, role, text)
        for ordinal, item in enumerate(items)
        for role, texts in (
            *zip(("question", "quote"), quotations.parts(item.question), strict=True),
            ("choice", item.choices),
            ("answer", (item.answer,)),
            ("context", (item.context,)),
        )
        for text in texts
        if text
    ]
    schema = {"item": pl.UInt32, "benchmark": pl.String, "role": pl.String, "text": pl.String}
    return pl.DataFrame(rows, schema, orient="row").with_row_index("piece")


def _read(pieces: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`pieces` with weight, tokens and the key of the whole in place of the text; and key, piece: their n-grams."""
    measured, grams = [], []
    for first, texts in blocks(pieces["text"]):
        read = overlap.stream(texts)
        starts = read.tokens.starts
        weights = np.concatenate([[0], np.cumsum(read.weights, dtype=np.int64)])
        sizes = {"weight": np.diff(weights[starts]), "tokens": np.diff(starts), "whole": overlap.wholes(read)}
        measured.append(pl.DataFrame(sizes))
        keys, owners = overlap.grams(read, SAMPLE)
        grams.append(pl.DataFrame({"key": keys, "piece": (owners + first).astype(np.uint32)}).unique())
    return pieces.drop("text").hstack(pl.concat(measured)), pl.concat(grams).sort("piece", "key")


def _units(items: Sequence[Item], pieces: pl.DataFrame) -> tuple[list[_Unit], list[tuple[int, str]]]:
    """The parts of each item that are looked for, and the items without one that decides, with the reason."""
    mass, grams, weight = pieces["mass"].to_list(), pieces["grams"].to_list(), pieces["weight"].to_list()
    by_item: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for piece, item, role in pieces.select("piece", "item", "role").iter_rows():
        by_item[item][role].append(piece)
    units: list[_Unit] = []
    unchecked: list[tuple[int, str]] = []
    for ordinal in range(len(items)):
        roles = by_item[ordinal]
        passages = [
            _Unit(ordinal, part, [(piece, 1.0)], weight[piece])
            for part in (ANSWER, CONTEXT)
            for piece in roles[part]
            if mass[piece] >= TELLING and weight[piece] >= (QUOTED if part == ANSWER else LEAST)
        ]
        asked = [*roles["question"], *roles["quote"], *roles["choice"]]
        size = sum(weight[piece] for piece in asked)
        unit = _by_itself(ordinal, roles, mass, weight)
        if unit is not None and not any(grams[piece] and mass[piece] for piece, _ in unit.pieces):
            unit = (
                None  # nothing in it is as long as an n-gram, or all that is is common: there is nothing to find it by
            )
        if unit is not None:
            units.append(unit)
            if unit.part == QUESTION and unit.weight < SHORT and roles["choice"]:
                both = [*unit.pieces, *((piece, 1.0) for piece in roles["choice"])]
                units.append(_Unit(ordinal, WITH_CHOICES, both, sum(weight[piece] * factor for piece, factor in both)))
        # What is not found by its question alone is also looked for beside a passage of its own, which is evidence
        # enough: the question is given a weight that `ENOUGH` can't lessen.
        home = next((passage for passage in reversed(passages) if unit is None or passage.part == CONTEXT), None)
        if (unit is None or unit.part != QUESTION) and home is not None and size:
            home.companion = len(units)
            part = WITH_CONTEXT if home.part == CONTEXT else WITH_ANSWER
            units.append(_Unit(ordinal, part, [(piece, 1.0) for piece in asked], 4 * ENOUGH, beside=True))
        elif unit is None:
            short = size < LEAST or not any(grams[piece] for piece in asked)
            unchecked.append((ordinal, "too short to check" if short else "too common to tell"))
        units.extend(passages)
    return units, unchecked


def _by_itself(item: int, roles: Mapping[str, list[int]], mass: Sequence[float], weight: Sequence[int]) -> _Unit | None:
    """The question, or the question with its choices, if that is evidence; else None."""
    questions = [(piece, 1.0) for piece in roles["question"]] + [(piece, QUOTE) for piece in roles["quote"]]
    question = sum(mass[piece] * factor for piece, factor in questions)
    # An answer counts half the question at most: the statute that a short question asks for shall not decide.
    answers = [(piece, min(1.0, question / 2 / mass[piece])) for piece in roles[ANSWER] if mass[piece] > 0]
    choices = [(piece, 1.0) for piece in roles["choice"]]
    for part, pieces in ((QUESTION, []), (WITH_CHOICES, choices) if choices else (WITH_ANSWER, answers)):
        taken = questions + pieces
        size = sum(weight[piece] * factor for piece, factor in taken)
        if size >= LEAST and sum(mass[piece] * factor for piece, factor in taken) >= TELLING:
            return _Unit(item, part, taken, size)
    return None


def _arrays(
    units: list[_Unit],
    pieces: pl.DataFrame,
    grams: pl.DataFrame,
    short: pl.DataFrame,
    texts: pl.Series,
    background: Background,
) -> dict[str, NDArray[Any]]:
    members = pl.DataFrame(
        [
            (ordinal, piece, unit.beside, factor, unit.weight)
            for ordinal, unit in enumerate(units)
            for piece, factor in unit.pieces
        ],
        {"unit": pl.UInt32, "piece": pl.UInt32, "beside": pl.Boolean, "factor": pl.Float64, "size": pl.Float64},
        orient="row",
    ).join(pieces.select("piece", "whole", "weight", "mass", "tokens", "grams"), on="piece", maintain_order="left")
    beside = pl.col("beside")
    # The masses say how a unit's weight is spread over its n-grams and short pieces.
    masses = pl.when(beside).then("weight").otherwise("mass") * pl.col("factor")
    members = members.with_columns(
        scale=UNIT * pl.col("factor") * pl.col("weight") * pl.col("size") / masses.sum().over("unit")
    )
    counted = (pl.col("worth") * pl.col("scale")).round().cast(pl.UInt32).alias("counts")
    postings = (
        members.filter(~beside)
        .select("unit", "piece", "scale", "grams")
        .join(grams, on="piece")
        .with_columns(pl.col("worth") / pl.col("grams"))
        .select("key", "unit", "piece", counted)
        .filter(pl.col("counts") > 0)
        .sort("unit", "piece", "key")
    )
    postings = postings.with_columns(pl.Series("counts", overlap.rounded(postings["counts"].to_numpy()), pl.UInt32))
    masses_of = postings.group_by("unit", "piece").agg(pl.col("counts").sum().alias("mass"))
    postings = postings.sort("key", "unit")
    worths = pl.when(beside).then(1.0).otherwise("worth").alias("worth")
    wholes = (
        members.join(short.select("piece", "worth"), on="piece", how="left", maintain_order="left")
        .with_columns(worths)
        .filter(pl.col("worth").is_not_null())
        .with_columns(counted)
        .filter(pl.col("counts") > 0)
    )
    of = overlap.postings(*(postings[column].to_numpy() for column in ("unit", "counts")))
    known = overlap.lookup(postings["key"].to_numpy(), of)
    decides = pl.Series([unit.part in DECIDING for unit in units])
    deciding = pl.col("unit").is_in(decides.arg_true().cast(pl.UInt32).implode())
    companions = wholes.filter("beside").group_by("unit", "piece").agg(pl.col("counts").sum().alias("mass"))
    aligned = pl.concat([masses_of.filter(deciding), companions]).sort("unit", "piece")
    ordinals = pl.DataFrame({"unit": np.arange(len(units), dtype=np.uint32)})

    def per_unit(table: pl.DataFrame, value: pl.Expr) -> NDArray[Any]:
        sums = table.group_by("unit").agg(value.alias("value"))
        column = ordinals.join(sums, on="unit", how="left", maintain_order="left")["value"].fill_null(0)
        return column.cast(pl.UInt32).to_numpy()

    totals = per_unit(postings, pl.col("counts").sum()) + per_unit(wholes, pl.col("counts").sum())
    return {
        "owners": np.array([unit.item for unit in units], np.uint32),
        "parts": np.array([PARTS.index(unit.part) for unit in units], np.uint8),
        **known._asdict(),
        "totals": np.maximum(totals, 1).astype(np.uint32),
        "lengths": per_unit(members, pl.col("tokens").sum()),
        "piece_begins": np.append(0, np.cumsum(per_unit(wholes, pl.len()))).astype(np.uint32),
        "piece_keys": wholes["whole"].to_numpy(),
        "piece_lengths": wholes["tokens"].cast(pl.UInt32).to_numpy(),
        "piece_weights": wholes["counts"].to_numpy(),
        "companions": np.array([unit.companion for unit in units], np.int64),
        **alignable(aligned, texts, grams, background, len(units)),
    }
