"""A cheap first look at the pages of a crawl: which of them deserve that their main text is extracted.

Extraction takes 10 ms a page, and in a crawl nine pages of ten are of no use to a trade. The first look does not parse:
it passes over the tags in one go (.13 ms), finds the encoding of what is left, and asks a judge of the trade
(`wanted.trained` makes one). What it loses is measured in every run: a random share of the pages that it would remove
goes on all the same (`spared`), and `Relevance`, behind extraction, says which of them were wanted; `loss_of` sums up.
"""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

import polars as pl

from curate.kernels.visible import visible
from curate.stage import Rule
from curate.stages.domain import DomainJudge, Hashed
from curate.stages.encoding import decode, labels_of, wide_of
from curate.stages.extract import BINARY

WINDOW = 1200  # weighted characters (a CJK one counts 3) judged at a time: a short text drowns in what is around it
TEXT = 1 << 16  # bytes of visible text that are judged; the median page has 5,000
TELLING = 1 << 11  # of them by which the encoding is told
_CJK = "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]"
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class FirstLook:
    """How relevant the most relevant part of a page's visible text is. Goes before `Extract`.

    The text is judged in windows, the words of the address with the first. `first_look_relevance` is null for what is
    no text, a PDF say, which goes on. Beside it stand `first_look_chars` of visible text,
    `first_look_link_share` of it, `first_look_cjk_share` of its characters, `first_look_bytes` of mark-up and
    `first_look_spared`. Reason `not_relevant`: relevance under `threshold`, but for a share `spared` of those pages,
    drawn by `seed` and id, which goes on so that the loss can be measured.
    """

    judge: DomainJudge
    threshold: float = 0.5
    spared: float = 0.01
    seed: int = 0
    name: str = "first_look"

    version = 2
    reads = {
        "doc_id": pl.String(),
        "text": pl.String(),
        "raw": pl.Binary(),
        "content_type": pl.String(),
        "url": pl.String(),
    }
    writes = {
        "first_look_relevance": pl.Float64(),
        "first_look_chars": pl.Int64(),
        "first_look_link_share": pl.Float64(),
        "first_look_cjk_share": pl.Float64(),
        "first_look_bytes": pl.Int64(),
        "first_look_spared": pl.Boolean(),
        "first_look_decides": pl.Boolean(),
    }

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                reason="not_relevant",
                measure="first_look_relevance",
                low=self.threshold,
                when="first_look_decides",
            ),
        )

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        texts, linked = looked_at(docs)
        table = docs.with_columns(
            best_of(self.judge, texts).alias("first_look_relevance").round(6),
            texts.str.len_chars().cast(pl.Int64).alias("first_look_chars"),
            linked.alias("first_look_link_share"),
            (texts.str.count_matches(_CJK) / texts.str.len_chars().clip(lower_bound=1)).alias("first_look_cjk_share"),
            pl.col("raw").bin.size().cast(pl.Int64).fill_null(0).alias("first_look_bytes"),
        )
        low = (pl.col("first_look_relevance") < self.threshold).fill_null(False)
        drawn = pl.Series([_draw(self.seed, identity) < self.spared for identity in docs["doc_id"]], dtype=pl.Boolean)
        return table.with_columns(
            (low & drawn).alias("first_look_spared"),
            (pl.col("first_look_relevance").is_not_null() & ~(low & drawn)).alias("first_look_decides"),
        )


@dataclass(frozen=True, kw_only=True)
class Relevance:
    """How relevant the text is to a trade: `relevance`. Behind `Extract` it is the second look, at the main text alone.

    With the judge of the first look it takes what only menus made relevant. The loss of the first look is then measured
    by that judge's own taste; another judge, `Terms` say, tells also of what neither was taught. Reason `not_relevant`.
    """

    judge: DomainJudge
    threshold: float = 0.5
    name: str = "relevance"

    version = 2
    reads = {"text": pl.String()}
    writes = {"relevance": pl.Float64()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(reason="not_relevant", measure="relevance", low=self.threshold),)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return docs.with_columns(pl.Series("relevance", self.judge(docs["text"]), pl.Float64))


class Loss(NamedTuple):
    """The share of relevant documents that a first look lost: the estimate, and an exact 95 % interval of it."""

    share: float
    low: float
    high: float
    spared: int
    """Relevant documents among those that went on for the measurement: the fewer, the wider the interval."""


def loss_of(kept: pl.DataFrame, spared: float) -> Loss:
    """What the first look lost, from the documents that a run kept (`first_look_spared`), judged by `Relevance` there.

    Each relevant page that was spared stands for 1 / `spared` that the first look would remove; their number is taken
    as Poisson's (Garwood 1936). Raises `ValueError` where nothing was spared on purpose.
    """
    if not 0 < spared <= 1:
        raise ValueError(f"a share of {spared} was spared; it takes a share in (0, 1] to estimate a loss")
    found = int(kept["first_look_spared"].fill_null(False).sum())
    others = kept.height - found

    def share(relevant: float) -> float:
        whole = relevant / spared
        return (whole - found) / (whole + others) if whole > found else 0.0

    low, high = poisson_interval(found)
    return Loss(share(found), share(low), share(high), found)


def poisson_interval(count: int, miss: float = 0.025) -> tuple[float, float]:
    """The exact interval of the mean behind a count (Garwood), with `miss` on either side."""

    def at_most(mean: float, most: int) -> float:
        return math.fsum(math.exp(n * math.log(mean) - mean - math.lgamma(n + 1)) for n in range(most + 1))

    def mean_with(wanted: float, most: int) -> float:
        low, high = 1e-9, count + 20 + 10 * math.sqrt(count)
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if at_most(middle, most) > wanted else (low, middle)
        return high

    return (mean_with(1 - miss, count - 1) if count else 0.0, mean_with(miss, count))


def looked_at(docs: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """(text that a reader would see, null for what is none; share of it in links).

    It is what `wanted.trained` wants of the pages.
    """
    raws = [_narrow(raw) for raw in docs["raw"]]
    pages = visible(pl.Series("raw", raws, pl.Binary), most=TEXT)
    texts: list[str | None] = []
    shares: list[float] = []
    columns = (docs[name] for name in ("text", "content_type", "url"))
    for number, (given, content_type, url) in enumerate(zip(*columns, strict=True)):
        raw = raws[number]
        text = None if given is None else given[:TEXT]
        share = 0.0
        if given is None and raw is not None and not raw.startswith(BINARY):
            seen = pages.text(number)
            share = pages.linked[number] / max(1, len(seen))
            codec = decode(seen[:TELLING], None, labels_of(raw, content_type)).encoding
            text = seen.decode(codec, "replace")
            text = html.unescape(text) if "&" in text else text
        texts.append(None if text is None else f"{_words_of(url)} {text}")
        shares.append(share)
    return pl.Series("text", texts, pl.String), pl.Series("linked", shares, pl.Float64)


def windows_of(text: str) -> list[str]:
    """`text` in windows of `WINDOW` weighted characters, each half over the one before; the last takes what is left."""
    dense = 3 * len(text.encode(errors="replace")) > 5 * len(text)  # a third of it takes three bytes a character
    size = WINDOW // 3 if dense else WINDOW
    step = size // 2
    count = max(1, len(text) // step - 1)
    return [text[at * step : at * step + size if at + 1 < count else len(text)] for at in range(count)]


def best_of(judge: DomainJudge, texts: pl.Series) -> pl.Series:
    """Float64 for each text: of its most relevant window; null for null."""
    if isinstance(judge, Hashed):  # cuts windows of tokens itself, three times as fast
        return judge(texts)
    parts = [[] if text is None else windows_of(text) for text in texts]
    judged = judge(pl.Series("text", [part for some in parts for part in some], pl.String)).to_list()
    best: list[float | None] = []
    start = 0
    for some in parts:
        best.append(max(judged[start : start + len(some)], default=None))
        start += len(some)
    return pl.Series("relevance", best, pl.Float64)


def _narrow(raw: bytes | None) -> bytes | None:
    """UTF-16 and UTF-32 pages in UTF-8, which the bytes of tags can be told in."""
    if raw is None:
        return None
    codec = wide_of(raw)
    return raw if codec is None else raw.decode(codec, "replace").encode()


def _words_of(url: str | None) -> str:
    return " ".join(_WORDS.findall(unquote(url))) if url else ""


def _draw(seed: int, identity: str) -> float:
    """A number in [0, 1), the same for a document in every run."""
    from xxhash import xxh3_64_intdigest

    return xxh3_64_intdigest(f"{seed}:{identity}".encode()) / 2**64
