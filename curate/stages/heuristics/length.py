"""Length: documents too short to teach anything, or too long to be one document."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from curate.stage import Rule


@dataclass(frozen=True, kw_only=True)
class Length:
    """`chars`, and `text_bytes`: the length in UTF-8, by which the rules go. Reasons `too_short`, `too_long`.

    A Chinese character says as much as three to four Latin letters and takes three bytes, so that one limit in bytes is
    the same for both languages. The default asks for 17 Chinese characters or 50 letters: it keeps 99.5 % of poems of
    four lines of five characters and all one-sentence news, and loses notices like "Thank you for your message." and
    参见上一页。
    """

    name: str = "length"
    low: int = 50
    high: int = 20_000_000

    version = 1
    reads = {"text": pl.String()}
    writes = {"chars": pl.Int64(), "text_bytes": pl.Int64()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(reason="too_short", measure="text_bytes", low=self.low),
            Rule(reason="too_long", measure="text_bytes", high=self.high),
        )

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        text = pl.col("text")
        return docs.with_columns(
            chars=text.str.len_chars().cast(pl.Int64), text_bytes=text.str.len_bytes().cast(pl.Int64)
        )
