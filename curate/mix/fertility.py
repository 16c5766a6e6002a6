"""What a tokenizer makes of texts: tokens per character and per word, the terms that it splits, what lies idle."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.tokens import tokens
from curate.mix.tokenizer import Encoder

BY = ("source", "lang", "domain")
SHOWN = 12  # terms and idle tokens in the lines for people; the JSON has them all


@dataclass(kw_only=True)
class Cost:
    """Of some texts. A word is a run of letters and digits, and each CJK character (curate/kernels/tokens.py)."""

    documents: int = 0
    characters: int = 0
    words: int = 0
    tokens: int = 0

    def per(self) -> dict[str, float]:
        """Tokens per character and per word."""
        return {
            "tokens_per_character": round(self.tokens / max(1, self.characters), 4),
            "tokens_per_word": round(self.tokens / max(1, self.words), 4),
        }


@dataclass(frozen=True, kw_only=True)
class Term:
    """A term as it stands in running text (a word behind a space), and its tokens."""

    term: str
    domain: str
    pieces: tuple[str, ...]


@dataclass(kw_only=True)
class Fertility:
    """Counts over the texts that were added. `unknown` counts tokens that stand for what the vocabulary lacks."""

    encode: Encoder
    costs: dict[str, dict[str, Cost]] = field(default_factory=lambda: {by: {} for by in ("all", *BY)})
    unknown: int = 0

    def __post_init__(self) -> None:
        self._seen: NDArray[np.int64] = np.zeros(self.encode.vocabulary, np.int64)

    def add(self, docs: pl.DataFrame) -> None:
        """Count `docs`: text, source, lang, domain."""
        encoded = self.encode.encode(docs["text"].to_list())
        everything = np.concatenate(encoded)
        self._seen += np.bincount(everything, minlength=self.encode.vocabulary)
        if self.encode.unknown_id is not None:
            self.unknown += int((everything == self.encode.unknown_id).sum())
        counted = docs.select(
            pl.lit("all").alias("all"),
            *(pl.col(name).fill_null("unknown") for name in BY),
            pl.col("text").str.len_chars().cast(pl.Int64).alias("characters"),
            pl.Series("words", np.diff(tokens(docs["text"], spans=False).starts), pl.Int64),
            pl.Series("tokens", [len(ids) for ids in encoded], pl.Int64),
        )
        for by, groups in self.costs.items():
            sums = counted.group_by(by).agg(pl.len(), pl.sum("characters"), pl.sum("words"), pl.sum("tokens"))
            for name, documents, characters, words, found in sums.rows():
                cost = groups.setdefault(name, Cost())
                cost.documents += documents
                cost.characters += characters
                cost.words += words
                cost.tokens += found

    def unused(self) -> list[str]:
        """The tokens that no text had, the special ones left out; the longest first."""
        special = set(self.encode.specials())
        vocabulary = self.encode.tokens()
        idle = [token for token, identity in vocabulary.items() if not self._seen[identity] and token not in special]
        return sorted((self.encode.shown(token) for token in idle), key=lambda token: (-len(token), token))

    def report(self, terms: Mapping[str, Iterable[str]]) -> dict[str, Any]:
        """Everything, as JSON has it; `terms` are looked up by domain."""
        split = split_terms(self.encode, terms)
        unused = self.unused()
        return {
            "engine": self.encode.engine,
            "engine_because": self.encode.because,
            "vocabulary": self.encode.vocabulary,
            "fertility": {
                by: {name: asdict(cost) | cost.per() for name, cost in sorted(groups.items())}
                for by, groups in self.costs.items()
            },
            "unknown_tokens": self.unknown,
            "unused": {"tokens": len(unused), "share": round(len(unused) / self.encode.vocabulary, 4), "which": unused},
            "terms": [asdict(term) for term in split],
        }


def split_terms(encode: Encoder, terms: Mapping[str, Iterable[str]]) -> list[Term]:
    """The terms with their tokens: the most tokens first, of equally many the shorter term."""
    pairs = [(domain, term) for domain, some in terms.items() for term in dict.fromkeys(some)]
    texts = [f" {term}" if term.isascii() else term for _, term in pairs]
    found = [
        Term(term=term, domain=domain, pieces=tuple(encode.piece(int(identity)) for identity in ids))
        for (domain, term), ids in zip(pairs, encode.encode(texts), strict=True)
    ]
    return sorted(found, key=lambda term: (-len(term.pieces), len(term.term), term.domain, term.term))


def lines(report: Mapping[str, Any]) -> list[str]:
    """The report for people."""
    because = f" ({report['engine_because']})" if report["engine_because"] else ""
    out = [f"vocabulary {report['vocabulary']:,}; run by {report['engine']}{because}", ""]
    out.append(f"{'':28} {'documents':>10} {'characters':>13} {'tokens':>13} {'per character':>14} {'per word':>9}")
    for by, groups in report["fertility"].items():
        for name, cost in groups.items():
            label = "all" if by == "all" else f"{by} {name}"
            out.append(
                f"{label[:28]:28} {cost['documents']:>10,} {cost['characters']:>13,} {cost['tokens']:>13,} "
                f"{cost['tokens_per_character']:>14.3f} {cost['tokens_per_word']:>9.3f}"
            )
    out.append("")
    most = [term for term in report["terms"] if len(term["pieces"]) > 1]
    whole = len(report["terms"]) - len(most)
    out.append(f"terms: {whole} of {len(report['terms'])} are one token; the most split:")
    for term in most[:SHOWN]:
        out.append(f"  {len(term['pieces'])} tokens  {term['term']} ({term['domain']}): {' | '.join(term['pieces'])}")
    unused = report["unused"]
    longest = ", ".join(json.dumps(token, ensure_ascii=False) for token in unused["which"][:SHOWN])
    out.append(f"unused: {unused['tokens']:,} tokens, {100 * unused['share']:.1f} % of the vocabulary: {longest}")
    out.append(f"unknown: {report['unknown_tokens']:,} tokens stand for what the vocabulary lacks")
    return out
