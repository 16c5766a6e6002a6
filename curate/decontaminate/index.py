"""The index of benchmark items: which n-grams belong to which part of which item, and what each of them is worth.

An item is looked for in parts. Its question decides whether a document goes; where the question alone is too short or
too common to tell anything, the question with its choices does (with its answer, where there are no choices); and where
these are too, the question beside its context or answer. Answer and context are looked for as well, and reported only:
a law, a poem or an article that an item quotes belongs to the corpus.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import polars as pl
import zstandard
from numpy.typing import NDArray

from curate.decontaminate import quotations
from curate.decontaminate.background import Background, default
from curate.decontaminate.benchmarks import Item
from curate.decontaminate.worths import alignable, quotable, shared, with_masses
from curate.kernels import overlap
from curate.kernels.alignment import Pieces
from curate.kernels.overlap import Lookup, Units
from curate.kernels.utf8 import blocks
from curate.stage import Asset

MAGIC = b"curate benchmark index\n\0"
VERSION = 3

QUESTION, ANSWER, CONTEXT = "question", "answer", "context"
WITH_CHOICES, WITH_ANSWER, WITH_CONTEXT = "question+choices", "question+answer", "question+context"
QUOTATION = "quotation"  # a question of which a law holds what it quotes
PARTS = (QUESTION, WITH_CHOICES, WITH_ANSWER, WITH_CONTEXT, ANSWER, CONTEXT, QUOTATION)
DECIDING = frozenset({QUESTION, WITH_CHOICES, WITH_ANSWER, WITH_CONTEXT})
"""The parts whose presence makes a document a contaminated one."""

ENOUGH = 16
"""What must be found for full evidence, in CJK characters (a word counts two): a score falls in proportion below it.

The shortest question that passes the default limit of .65, all of it found, then has 11 characters or 6 words. Shorter
ones are phrases: 'The Federal Open Market Committee' is a question of MMLU.
"""

SHORT = 24  # a question that weighs less is looked for with its choices too: a word changed may hide it alone
LEAST = 11  # a part that weighs less is not looked for
TELLING = 3  # nor one whose n-grams, each divided by the items that share it, weigh less: a phrase of its benchmark
QUOTED = 32  # an answer that weighs less is a phrase, of which nothing would be learnt
COMMON = 100  # an n-gram that stands in more items of one benchmark than this tells nothing
QUOTABLE = 0.25  # what an n-gram of a question is still worth that some item's answer or context holds: a law's, say
QUOTE = 0.1  # and what an article is that the question itself quotes as one
SAMPLE = 512  # of a longer piece as many n-grams are kept, chosen by hash: its share is then right to about .02
PACKED = 64  # items whose texts are packed together
UNIT = 64  # the weight of one CJK character in the index, so that shares are sums of integers


class IndexRefused(ValueError):
    """A file is not an index that this version reads, or the items give none."""


@dataclass(frozen=True)
class Texts:
    """What the items say, packed `PACKED` at a time, so that one of them is read without the others."""

    packed: NDArray[np.uint8]
    begins: NDArray[np.uint32]  # u32[packs + 1]: where in `packed` each pack begins

    @classmethod
    def of(cls, items: Sequence[Item]) -> Texts:
        packs = []
        for begin in range(0, len(items), PACKED):
            rows = [
                [item.question, item.choices, item.answer, item.context, item.lang]
                for item in items[begin : begin + PACKED]
            ]
            packs.append(zstandard.ZstdCompressor(level=9).compress(json.dumps(rows, ensure_ascii=False).encode()))
        begins = np.cumsum([0, *map(len, packs)], dtype=np.int64).astype(np.uint32)
        return cls(np.frombuffer(b"".join(packs), np.uint8), begins)

    def row(self, ordinal: int) -> Any:
        pack, place = divmod(ordinal, PACKED)
        packed = self.packed[self.begins[pack] : self.begins[pack + 1]]
        return json.loads(zstandard.ZstdDecompressor().decompress(packed.tobytes()))[place]


@dataclass(frozen=True)
class Index:
    """An index in memory. The kernel reads `known` and `units`; unit u is part `parts[u]` of item `owners[u]`."""

    items: tuple[tuple[str, str, str], ...]  # (benchmark, split, id)
    unchecked: tuple[tuple[int, str], ...]  # ordinals of items whose question can't be looked for, and why
    owners: NDArray[np.uint32]
    parts: NDArray[np.uint8]  # ordinals in PARTS
    known: Lookup
    units: Units
    pieces: Pieces
    """What of the parts is aligned: those with n-grams that decide."""
    texts: Texts

    @cached_property
    def alignable(self) -> NDArray[np.bool_]:
        """bool[units]: which are aligned."""
        return np.diff(self.pieces.unit_begins) > 0

    @cached_property
    def beside(self) -> NDArray[np.bool_]:
        """bool[units]: which are looked for beside a passage alone."""
        out = np.zeros(len(self.units.companions), np.bool_)
        out[self.units.companions[self.units.companions >= 0]] = True
        return out

    def item(self, ordinal: int) -> Item:
        """The item as it was indexed: to show what matched, and never to match."""
        benchmark, split, name = self.items[ordinal]
        question, choices, answer, context, lang = self.texts.row(ordinal)
        return Item(
            benchmark=benchmark, split=split, id=name, question=question, choices=tuple(choices), answer=answer,
            context=context, lang=lang,
        )  # fmt: skip

    def not_checkable(self) -> pl.DataFrame:
        """benchmark, split, item, why: the items whose presence in a document would not be noticed."""
        rows = [(*self.items[ordinal], why) for ordinal, why in self.unchecked]
        return pl.DataFrame(rows, dict.fromkeys(("benchmark", "split", "item", "why"), pl.String), orient="row")


# Building


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
    names = [[item.benchmark, item.split, item.id] for item in items]
    texts = Texts.of(items)
    arrays |= {"texts": texts.packed, "text_begins": texts.begins}
    arrays["items"] = np.frombuffer(json.dumps([names, unchecked], ensure_ascii=False).encode(), np.uint8)
    return _pack(arrays)


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
    masses_of = postings.group_by("unit", "piece").agg(pl.col("counts").sum().alias("mass"))
    postings = postings.select(
        "key", "unit", "counts", pl.int_range(pl.len(), dtype=pl.UInt32).over("unit").alias("ordinal")
    ).sort("key", "unit", "ordinal")
    worths = pl.when(beside).then(1.0).otherwise("worth").alias("worth")
    wholes = (
        members.join(short.select("piece", "worth"), on="piece", how="left", maintain_order="left")
        .with_columns(worths)
        .filter(pl.col("worth").is_not_null())
        .with_columns(counted)
        .filter(pl.col("counts") > 0)
    )
    keys = postings["key"].unique(maintain_order=True).to_numpy()
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
    begins = np.searchsorted(postings["key"].to_numpy(), keys)
    return {
        "owners": np.array([unit.item for unit in units], np.uint32),
        "parts": np.array([PARTS.index(unit.part) for unit in units], np.uint8),
        "keys": keys,
        "posting_begins": np.append(begins, postings.height).astype(np.uint32),
        "posting_units": postings["unit"].to_numpy(),
        "posting_ordinals": postings["ordinal"].to_numpy(),
        "posting_weights": postings["counts"].to_numpy(),
        "sizes": per_unit(postings, pl.len()),
        "totals": np.maximum(totals, 1).astype(np.uint32),
        "lengths": per_unit(members, pl.col("tokens").sum()),
        "piece_begins": np.append(0, np.cumsum(per_unit(wholes, pl.len()))).astype(np.uint32),
        "piece_keys": wholes["whole"].to_numpy(),
        "piece_lengths": wholes["tokens"].cast(pl.UInt32).to_numpy(),
        "piece_weights": wholes["counts"].to_numpy(),
        "companions": np.array([unit.companion for unit in units], np.int64),
        **alignable(aligned, texts, grams, background, len(units)),
    }


# Storing

# A file is MAGIC, the format's version (u32), the length of a JSON header (u32), the header, and the arrays that it
# names, little endian, each at a multiple of 8 bytes. No pickle: an index may come from somebody else.

_TYPES = {"|u1": np.uint8, "<u2": np.uint16, "<u4": np.uint32, "<i8": np.int64, "<u8": np.uint64}


def _pack(arrays: dict[str, NDArray[Any]]) -> bytes:
    header: list[tuple[str, str, int]] = []
    out = bytearray()
    for name, array in sorted(arrays.items()):
        stored = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        header.append((name, stored.dtype.str, len(stored)))
        out += stored.tobytes()
        out += bytes(-len(out) % 8)
    described = json.dumps({"arrays": header, "tokens": _tokens()}).encode()
    described += b" " * (-(len(MAGIC) + 8 + len(described)) % 8)
    return MAGIC + struct.pack("<II", VERSION, len(described)) + described + bytes(out)


def _tokens() -> list[int]:
    """What n-grams are made of: an index made otherwise would find nothing, without a word."""
    probe = overlap.wholes(overlap.stream(pl.Series(["甲乙 Ｗord ﾊﾟ 7 體"])))
    return [overlap.GRAM, overlap.CHARACTER, overlap.WORD, int(probe[0]) >> 12]


def unpack(data: bytes, name: str) -> Index:
    """The index that `data` holds. Raises `IndexRefused`; `name` is for the message."""
    start = len(MAGIC) + 8
    if not data.startswith(MAGIC) or len(data) < start:
        raise IndexRefused(f"{name}: not an index of benchmarks; make one with Decontaminate.of(FOLDER)")
    version, length = struct.unpack("<II", data[len(MAGIC) : start])
    if version != VERSION:
        raise IndexRefused(
            f"{name}: an index of format {version}, and this Curate reads format {VERSION}; make it anew from the "
            "folder of benchmarks"
        )
    arrays = dict(_sections(data, start, length, name))
    names, unchecked = json.loads(arrays["items"].tobytes())
    return Index(
        tuple((benchmark, split, item) for benchmark, split, item in names),
        tuple((ordinal, why) for ordinal, why in unchecked),
        arrays["owners"],
        arrays["parts"],
        overlap.lookup(arrays["keys"]),
        Units(**{field: arrays[field] for field in Units._fields}),
        Pieces(
            arrays["unit_begins"], arrays["token_begins"], arrays["tokens"], arrays["worths"], arrays["piece_sizes"]
        ),
        Texts(arrays["texts"], arrays["text_begins"]),
    )


def _sections(data: bytes, start: int, length: int, name: str) -> Iterator[tuple[str, NDArray[Any]]]:
    try:
        header = json.loads(data[start : start + length])
        if header["tokens"] != _tokens():
            raise IndexRefused(f"{name}: made by a Curate that splits text into other tokens; make it anew")
        at = start + length
        for field, kind, count in header["arrays"]:
            array = np.frombuffer(data, _TYPES[kind], count, at)
            at += array.nbytes + -array.nbytes % 8
            yield field, array
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, IndexRefused):
            raise
        raise IndexRefused(f"{name}: an index that is damaged ({error}); make it anew") from error


def is_index(path: str) -> bool:
    """Whether the file at `path` says that it is an index."""
    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC


@lru_cache(maxsize=4)
def load(asset: Asset) -> Index:
    """The index at `asset`, verified, once per process. Raises `AssetChanged` or `IndexRefused`."""
    return unpack(asset.verified(), str(asset.path))


def digest(items: Sequence[Item], background: Background | None = None) -> str:
    """What the index of `items` depends on, 32 hex digits: it names an index that was made before."""
    counted = (default() if background is None else background).digest()
    made = [VERSION, _tokens(), LEAST, SHORT, TELLING, QUOTED, QUOTABLE, QUOTE, COMMON, SAMPLE, UNIT, counted]
    state = hashlib.blake2b(json.dumps(made).encode(), digest_size=16)
    for item in items:
        state.update(repr(item).encode())
    return state.hexdigest()
