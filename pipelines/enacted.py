"""When a statute got its present form, read from its head, so that of near copies the newest is kept."""

from dataclasses import dataclass

import polars as pl

DAY = r"(\d{4})年\s*(\d{1,2})月\s*(\d{1,2})日"


@dataclass(frozen=True, kw_only=True)
class Enacted:
    """Sets `date` to the newest day that stands above `mark`, the end of a statute's head; other documents keep theirs.

    A stage of this recipe's own, as docs/a-new-filter.md shows: which of several copies stays is decided by `priority`,
    then `status`, then `date`, so that an amended version stays and what it replaced goes.
    """

    mark: str = "<!-- INFO END -->"
    name: str = "enacted"

    version = 1
    reads = {"text": pl.String(), "date": pl.String()}
    writes = {"date": pl.String()}
    rules = ()

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        head = docs["text"].str.split(self.mark).list
        days = pl.select(
            pl.when(head.len() > 1)
            .then(head.first())
            .str.extract_all(DAY)
            .list.eval(
                pl.concat_str(
                    pl.element().str.extract(DAY, 1),
                    pl.element().str.extract(DAY, 2).str.zfill(2),
                    pl.element().str.extract(DAY, 3).str.zfill(2),
                    separator="-",
                )
            )
            .list.max()
        ).to_series()
        return docs.with_columns(pl.coalesce(days, docs["date"]).alias("date"))
