"""Kind: what a document is made of, so that rules for prose do not judge code, formulas, tables, lists or dialogues."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from curate.kernels.kinds import ASCII, CODE, DIALOGUE, HAN, LIST, MATHS, NEW, OLD, TABLE, kinds
from curate.stage import Rule

SHARES = {
    "code_share": CODE,
    "maths_share": MATHS,
    "table_share": TABLE,
    "list_share": LIST,
    "dialogue_share": DIALOGUE,
}

LEAST = 3  # points of classical function words below which a text is too short to be called classical
DENSITY = 0.03  # of them for each Han character, below which it is no language at all: chance gives .015


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Measures `kind` where the source said no more than the default, `prose`; another kind that it declared stays.

    `code_share`, `maths_share`, `table_share`, `list_share`, `dialogue_share`: of the text, by width, what stands in
    lines of that sort. `classical_share`: of the function words of Chinese, those of the classical language (之乎者也
    against 的了是在, traditional characters like simplified ones); 0 where there are none.

    A text of which more than `structure` stands in such lines is of the kind that has the most of them; of lists alone
    it must be as much. Formulas stand between words that explain them: `maths` of a text is enough. Otherwise it is
    prose; or `classical`, where at least `classical` of the function words are, most of it is Chinese and next to
    nothing Latin. Articles of statutes, verse, and articles of Markdown with some code are prose. No rules: the rule
    sets look at `kind`.
    """

    name: str = "kind"
    structure: float = 0.5
    maths: float = 0.3
    classical: float = 0.65

    version = 1
    reads = {"text": pl.String(), "kind": pl.String()}
    writes = {"kind": pl.String(), **dict.fromkeys([*SHARES, "classical_share"], pl.Float64())}

    @property
    def rules(self) -> tuple[Rule, ...]:
        return ()

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        found = kinds(docs["text"])
        total = np.maximum(found.widths.sum(axis=1), 1)
        shares = {name: found.widths[:, column] / total for name, column in SHARES.items()}
        old, new, han = found.words[:, OLD], found.words[:, NEW], found.words[:, HAN]
        shares["classical_share"] = old / np.maximum(old + new, 1)
        ascii_ = found.words[:, ASCII]
        columns = np.stack([shares[name] for name in SHARES], axis=1)
        lists = shares["list_share"] > self.structure
        structured = lists | (columns.sum(axis=1) - shares["list_share"] > self.structure)
        formal = (shares["maths_share"] >= self.maths) & (shares["maths_share"] == columns.max(axis=1))
        ancient = (shares["classical_share"] >= self.classical) & (old >= LEAST) & (old >= DENSITY * han)
        ancient &= (4 * han > total) & (10 * ascii_ < han)
        names = np.array([name.removesuffix("_share") for name in SHARES])
        measured = np.where(structured | formal, names[columns.argmax(axis=1)], np.where(ancient, "classical", "prose"))
        docs = docs.with_columns(
            pl.when(docs["text"].is_not_null()).then(pl.Series(share)).alias(name) for name, share in shares.items()
        )
        told = pl.when(pl.col("kind") == "prose", docs["text"].is_not_null())
        return docs.with_columns(told.then(pl.Series(measured, dtype=pl.String)).otherwise("kind").alias("kind"))
