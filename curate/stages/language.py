"""Language: scripts first, function words next, a model for what they leave open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from curate.stage import Rule

SAMPLE = 2000  # characters looked at from the start, the middle and the end of a text
ZH_SHARE = 0.25  # Han characters among Han characters and Latin words; manuals that quote code keep over .3
JA_SHARE = 0.12  # kana among Han and kana; Japanese prose has over .4, Chinese that quotes Japanese under .05
KO_SHARE = 0.2  # Hangul among CJK characters
EN_WORDS = 0.08  # English function words among Latin words; English prose has .15 to .3, other languages under .02
MODEL_SAMPLE = 600  # characters that the model reads: it takes 1 ms for them
MIXED_SHARE = 0.1  # Han characters from which Latin words that the model takes for a third language are terms and code
DOUBT = 0.03  # how likely, against the model's best, a language asked for must be: English is in 99.4 % of 40-character
# pieces, other languages make English so likely in 3 to 9 % of theirs
UNDETERMINED = "und"  # ISO 639-2: no letters, or nothing that says which language

_ALIASES = {"wuu": "zh", "yue": "zh", "lzh": "zh", "zxx": UNDETERMINED}  # zxx: no linguistic content, code often

_LATIN_WORD = r"\p{Latin}[\p{Latin}\p{M}'’-]*"
# Words that are English alone among the languages in Latin script.
_FUNCTION_WORD = (
    r"(?i)\b(?:the|and|that|this|with|from|which|have|has|are|were|been|they|you|your|would|their|its|will|not|what|when"
    r"|there|these|those|than|then|how|who|should|could|can|may|must|does|his|her|she|our|about|because|between|through)\b"
)


@dataclass(frozen=True, kw_only=True)
class Language:
    """The language of a text, ISO 639-1, into `lang` (what was declared is overwritten), and `language_confidence`.

    Han without kana or Hangul is Chinese, classical Chinese included; a document in Chinese and English is either, by
    Han characters against Latin words, and never a third language. Where there is no language to tell (numbers, signs)
    it is `und`. Reasons: `wrong_language` outside `among` (`und` passes: tables and formulas have none),
    `uncertain_language` where a lowest `confidence` is asked for.
    """

    name: str = "language"
    among: frozenset[str] = frozenset({"zh", "en"})
    confidence: float | None = None

    version = 1
    reads = {"text": pl.String()}
    writes = {"lang": pl.String(), "language_confidence": pl.Float64()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        wrong = Rule(reason="wrong_language", measure="lang", among=self.among | {UNDETERMINED})
        if self.confidence is None:
            return (wrong,)
        return wrong, Rule(reason="uncertain_language", measure="language_confidence", low=self.confidence)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        told = languages(docs["text"], self.among)
        found = [(None, None) if text is None else pair for text, pair in zip(docs["text"], told, strict=True)]
        return docs.with_columns(
            pl.Series("lang", [lang for lang, _ in found], pl.String),
            pl.Series("language_confidence", [confidence for _, confidence in found], pl.Float64),
        )


def languages(texts: pl.Series, among: frozenset[str]) -> list[tuple[str, float]]:
    """(language, confidence in [0, 1]) of each text; ("und", 0) of a null and of text without letters.

    `among` are the languages asked for: they have the benefit of the doubt.
    """
    text = pl.col("text")
    length = text.str.len_chars()
    middle = text.str.slice(length // 2 - SAMPLE // 2, SAMPLE)
    pieces = pl.concat_str(text.str.slice(0, SAMPLE), middle, text.str.slice(-SAMPLE), separator=" ")
    sampled = texts.fill_null("").to_frame("text").select(pl.when(length <= 3 * SAMPLE).then(text).otherwise(pieces))
    counts = sampled.select(
        "text",
        han=text.str.count_matches(r"\p{Han}"),
        kana=text.str.count_matches(r"[\p{Hiragana}\p{Katakana}]"),
        hangul=text.str.count_matches(r"\p{Hangul}"),
        words=text.str.count_matches(_LATIN_WORD),
        english=text.str.count_matches(_FUNCTION_WORD),
        others=text.str.count_matches(r"[\p{L}--[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Latin}ー々〆〇]]"),
    )
    return [_language(among, *row) for row in counts.iter_rows()]


def _language(
    among: frozenset[str], text: str, han: int, kana: int, hangul: int, words: int, english: int, others: int
) -> tuple[str, float]:
    cjk = han + kana + hangul
    other_words = others / 4  # letters of other scripts, as words
    total = cjk + words + other_words
    if not total:
        return UNDETERMINED, 0.0
    if cjk / total >= ZH_SHARE and cjk > other_words:
        if hangul > KO_SHARE * cjk:
            return "ko", cjk / total
        if kana > 1 and kana > JA_SHARE * (han + kana):
            return "ja", cjk / total
        return "zh", cjk / total
    if words > other_words and english >= max(2, EN_WORDS * words):
        return "en", min(1.0, 0.5 + 2.5 * english / words) * words / total
    lang, confidence = _told(text, among if han else among - {"zh"})
    if han >= MIXED_SHARE * total and lang not in among:
        return "zh", han / total
    return lang, confidence


@cache
def _model() -> Any:
    """py3langid's model, which comes inside the package; loaded once per process, 0.3 s."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _told(text: str, among: frozenset[str]) -> tuple[str, float]:
    """What the model says, with the benefit of the doubt for the languages asked for."""
    ranked = [(_ALIASES.get(lang, lang), float(share)) for lang, share in _model().rank(text[:MODEL_SAMPLE])]
    best, most = ranked[0]
    for lang, share in ranked:
        if share < DOUBT * most or best == UNDETERMINED:
            break
        if lang in among:
            return lang, share
    return best, most
