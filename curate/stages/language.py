"""Language: scripts first, function words next, a model for what they leave open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from curate.kernels.scripts import (
    ALONE,
    ARABIC,
    CYRILLIC,
    DEVANAGARI,
    HAN,
    HANGUL,
    KANA,
    LATIN,
    OTHER,
    SIMPLIFIED,
    TRADITIONAL,
    Scripts,
    scripts,
)  # fmt: skip
from curate.stage import Rule

ZH_SHARE = 0.25  # Han characters among Han characters and Latin words; manuals that quote code keep over .3
JA_SHARE = 0.12  # kana among Han and kana; Japanese prose has over .4, Chinese that quotes Japanese under .05
KO_SHARE = 0.2  # Hangul among CJK characters
EN_WORDS = 0.08  # English function words among Latin words; English prose has .15 to .3, other languages under .02
EN_PROSE = 4  # words of English prose for each function word; words of code and names have none
WORD = 1.7  # Han characters that say what one English word says
MODEL_SAMPLE = 600  # characters that the model reads: it takes 1 ms for them
MIXED_SHARE = 0.1  # Han characters from which Latin words that the model takes for a third language are terms and code
DOUBT = 0.03  # how likely, against the model's best, a language asked for must be: English is in 99.4 % of 40-character
# pieces, other languages make English so likely in 3 to 9 % of theirs
ENOUGH_WORDS = 4  # different words from which the model is believed; fewer lower the confidence in proportion
ENOUGH_HAN = 0.25  # of the confidence for each Han character, of which Japanese and old Korean titles are made too
ENOUGH_LETTERS = 12  # letters of a script of one language; α and β stand in any
PROSE = 0.5  # of the letters in words, below which the model reads the words alone
UNDETERMINED = "und"  # ISO 639-2: no letters, or nothing that says which language

_ALIASES = {"wuu": "zh", "yue": "zh", "lzh": "zh", "no": "nb", "zxx": UNDETERMINED}  # zxx: no linguistic content
# Languages written in these scripts; the others that the model knows are in Latin letters or alone in their own.
_WRITTEN = {
    CYRILLIC: frozenset({"ba", "be", "bg", "ce", "cv", "kk", "ky", "mk", "mn", "os", "ru", "sr", "tg", "tt", "uk"}),
    ARABIC: frozenset({"ar", "arz", "azb", "ckb", "fa", "ks", "ku", "pnb", "ps", "sd", "ug", "ur"}),
    DEVANAGARI: frozenset({"awa", "bh", "gom", "hi", "mai", "mr", "ne", "new", "sa"}),
}
# Addresses, numbers with letters, names of code: a piece between spaces that has one of these in it.
_NO_WORD = re.compile(r"://|^www\.|@|[A-Za-z_][\d_=]|\d[A-Za-z_]|[a-z][A-Z]|\\[A-Za-z]|[A-Za-z]\([^()]*\)")
_WORD = re.compile(
    r"(?:[a-z]+://|www\.)\S+|\S+@\S+|\S*[A-Za-z_][\d_=]\S*|\S*\d[A-Za-z_]\S*|\S*[a-z][A-Z]\S*|\\[A-Za-z]+|\S+\([^()\s]*\)",
)
_WORD = re.compile(r"[^\W\d_]+")
_SEQUENCE = re.compile(r"(?i)(\w{1,3}?)\1{2,}\1?|[acgtun]{7,}|[b-df-hj-np-tv-xz]+|\w{31,}|(\w)\2")
_LETTERS = slice(HAN, OTHER + 1 + len(ALONE))
_ALONE = list(ALONE.values())


@dataclass(frozen=True, kw_only=True)
class Language:
    """The language of a text, ISO 639-1, into `lang` (what was declared is overwritten), and `language_confidence`.

    Han without kana or Hangul is Chinese, classical Chinese included; a document in Chinese and English is the one of
    which it has more (Han characters against words of English prose), and never a third language. Where there is no
    language to tell (numbers, signs, addresses, one letter again and again) it is `und`, at a confidence of 0. Few
    words, letters or Han characters are of little confidence whatever they are.

    `han_share`, `latin_share` and `other_script_share` are of all letters; `han_simplified_share` and
    `han_traditional_share` of the Han characters that only one way of writing Chinese has (OpenCC's TSCharacters; those
    that the other standard, GB 2312 or Big5, has too are not counted). They are 0 where there are none.

    Reasons: `wrong_language` outside `among` (`und` passes: tables and formulas have none), `uncertain_language` where
    a lowest `confidence` is asked for.
    """

    name: str = "language"
    among: frozenset[str] = frozenset({"zh", "en"})
    confidence: float | None = None

    version = 3
    reads = {"text": pl.String()}
    writes = {
        "lang": pl.String(),
        "language_confidence": pl.Float64(),
        "han_share": pl.Float64(),
        "latin_share": pl.Float64(),
        "other_script_share": pl.Float64(),
        "han_simplified_share": pl.Float64(),
        "han_traditional_share": pl.Float64(),
    }

    @property
    def rules(self) -> tuple[Rule, ...]:
        wrong = Rule(reason="wrong_language", measure="lang", among=self.among | {UNDETERMINED})
        if self.confidence is None:
            return (wrong,)
        return wrong, Rule(reason="uncertain_language", measure="language_confidence", low=self.confidence)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        found = scripts(docs["text"])
        told = languages(docs["text"], self.among, found)
        measures = pl.DataFrame(
            {
                "lang": pl.Series([lang for lang, _ in told], dtype=pl.String),
                "language_confidence": pl.Series([confidence for _, confidence in told], dtype=pl.Float64),
                **shares(found),
            }
        )
        there = docs["text"].is_not_null()
        return docs.with_columns(measures.select(pl.when(there).then(pl.all())))


def shares(found: Scripts) -> dict[str, pl.Series]:
    """What part of the letters of each text is of which script, and of Han which way of writing."""
    letters = found.letters
    whole = letters[:, _LETTERS].sum(axis=1)
    han = letters[:, HAN : TRADITIONAL + 1].sum(axis=1)
    one_way = letters[:, SIMPLIFIED] + letters[:, TRADITIONAL]
    parts = {
        "han_share": (han, whole),
        "latin_share": (letters[:, LATIN], whole),
        "other_script_share": (whole - han - letters[:, LATIN], whole),
        "han_simplified_share": (letters[:, SIMPLIFIED], one_way),
        "han_traditional_share": (letters[:, TRADITIONAL], one_way),
    }
    return {name: pl.Series(part / np.maximum(all_of, 1)) for name, (part, all_of) in parts.items()}


def languages(texts: pl.Series, among: frozenset[str], found: Scripts | None = None) -> list[tuple[str, float]]:
    """(language, confidence in [0, 1]) of each text; ("und", 0) of a null and of text without letters.

    `among` are the languages asked for: they have the benefit of the doubt. `found` are the texts' scripts, where they
    are counted already.
    """
    found = found or scripts(texts)
    letters = found.letters[:, _LETTERS]
    han = letters[:, : TRADITIONAL - HAN + 1].sum(axis=1)
    told = [("zh", 1.0)] * len(texts)  # most Chinese text has no other letters
    for row in np.flatnonzero(han * ENOUGH_HAN < 1).tolist():
        told[row] = ("zh", float(han[row] * ENOUGH_HAN))
    for row in np.flatnonzero((han == 0) | (han != letters.sum(axis=1))).tolist():
        seen = _Seen(letters[row].tolist(), int(found.words[row]), int(found.english[row]))
        told[row] = _by_script(seen) or _by_model(seen, texts[row], among)
    return told


class _Seen(NamedTuple):
    """What the scripts of one text are: letters by column from `HAN` on, Latin words, English function words."""

    letters: list[int]
    words: int
    english: int

    def of(self, column: int) -> int:
        return self.letters[column - HAN]

    @property
    def han(self) -> int:
        return self.of(HAN) + self.of(SIMPLIFIED) + self.of(TRADITIONAL)

    @property
    def cjk(self) -> int:
        return self.han + self.of(KANA) + self.of(HANGUL)

    @property
    def others(self) -> float:
        """Letters of other scripts, as words."""
        return sum(self.letters[CYRILLIC - HAN :]) / 4

    @property
    def total(self) -> float:
        return self.cjk + self.words + self.others


def _by_script(seen: _Seen) -> tuple[str, float] | None:
    """What scripts and function words tell; None where they leave it open."""
    cjk, others, total = seen.cjk, seen.others, seen.total
    if not total:
        return (UNDETERMINED, 0.0)
    if cjk / total >= ZH_SHARE and cjk > others:
        if seen.of(HANGUL) > KO_SHARE * cjk:
            return ("ko", cjk / total)
        kana = seen.of(KANA)
        if kana > 1 and kana > JA_SHARE * (seen.han + kana):
            return ("ja", cjk / total)
        prose = min(seen.words, EN_PROSE * seen.english)
        return ("zh", cjk / total) if seen.han / WORD >= prose else ("en", seen.words / total)
    if seen.words > others and seen.english >= max(2, EN_WORDS * seen.words):
        return ("en", min(1.0, 0.5 + 2.5 * seen.english / seen.words) * seen.words / total)
    alone = seen.letters[OTHER + 1 - HAN :]
    most = max(alone)
    if most / 4 > total / 2:
        return (_ALONE[alone.index(most)], most / 4 / total * min(1.0, most / ENOUGH_LETTERS))
    return None


def _by_model(seen: _Seen, text: str, among: frozenset[str]) -> tuple[str, float]:
    """What the model says of the languages that are written so, with the benefit of the doubt for those asked for.

    It is sure of anything: of one word, or of AAAA AAAA. So it is believed as far as there are different words.
    """
    if len(text) > MODEL_SAMPLE:
        third = MODEL_SAMPLE // 3
        middle = len(text) // 2
        text = " ".join((text[:third], text[middle - third // 2 : middle + third // 2], text[-third:]))
    words = words_of(text)
    if sum(map(len, words)) < PROSE * sum(map(str.isalpha, text)):
        text = " ".join(words)
    if not words and seen.han < MIXED_SHARE * seen.total:
        return UNDETERMINED, 0.0
    script = max((LATIN, CYRILLIC, ARABIC, DEVANAGARI), key=seen.of)
    lang, confidence = _told(text, among if seen.han else among - {"zh"}, script)
    if seen.han >= MIXED_SHARE * seen.total and lang not in among:
        return "zh", seen.han / seen.total
    if lang == UNDETERMINED:
        return lang, 0.0
    return lang, confidence * min(1.0, len({word.casefold() for word in words}) / ENOUGH_WORDS)


def words_of(text: str) -> list[str]:
    """What of `text` may be words of a language: no addresses, numbers, names of code, keys, sequences of bases or of
    one letter, and in Latin script nothing without a vowel."""
    pieces = " ".join(piece for piece in text.split() if not _NO_WORD.search(piece))
    return [word for word in _WORD.findall(pieces) if not _SEQUENCE.fullmatch(word)]


@cache
def _model() -> Any:
    """py3langid's model, which comes inside the package; loaded once per process, 0.3 s."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _told(text: str, among: frozenset[str], script: int) -> tuple[str, float]:
    every = frozenset().union(*_WRITTEN.values())
    ranked = [(_ALIASES.get(lang, lang), float(share)) for lang, share in _model().rank(text)]
    fits = [
        (lang, share)
        for lang, share in ranked
        if (lang in _WRITTEN[script] if script in _WRITTEN else lang not in every)
    ]
    best, most = (fits or ranked)[0]
    for lang, share in fits or ranked:
        if share < DOUBT * most or best == UNDETERMINED:
            break
        if lang in among:
            return lang, share
    return best, most
