"""Chinese: rules made for Chinese text, in characters where those of English count words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from curate.kernels import chinese as kernel
from curate.kernels.chinese_phrases import PHRASES
from curate.stage import Rule
from curate.stages.heuristics.routing import READS, Groups

MEASURES = (
    "zh_han_share", "zh_mark_share", "zh_digit_share", "zh_latin_share", "zh_function_share", "zh_ended_share",
    "zh_list_share", "zh_line_chars", "zh_sentence_chars", "zh_variety", "zh_advert_share", "zh_contacts",
    "zh_bare_share", "zh_rare_share", "zh_mixed_share",
)  # fmt: skip

LONGEST_PHRASE = max(map(len, PHRASES.split()))
"""Characters of phrases that sell, beyond which they are two at least."""


@dataclass(frozen=True, kw_only=True)
class ChineseQuality:
    """Rules for documents in Chinese, simplified and traditional alike: prose, lists and dialogues (`kinds`).

    Measured of every document, of its characters that are no white space:

    - `zh_han_share`: Han characters among all signs, where a word of Latin letters and a number are one sign each.
      Low: `han_too_few`. ChineseWebText (Chen et al. 2023, stage 2 of its tool chain) wants 30 % of characters; so
      counted it would take 46 % of the Chinese articles on programming, whose names of commands are long.
    - `zh_mark_share`: punctuation, symbols, and ends of lines but the last. Low: `marks_too_few`, lists of keywords;
      high: `marks_too_many`.
    - `zh_digit_share`: `digits_too_many`. `zh_latin_share` has no rule.
    - `zh_function_share`: of the Han, the function words of the modern language (的是在和了) and of the classical one
      (之乎者也). Low: `function_words_too_few`, the rule that Gopher has for English stop words.
    - `zh_ended_share`: characters in lines that end as sentences do (。！？；…). Headlines have no end: the rule
      `unended` is off until `least_ended` is given; .001 takes texts of which no line has one.
    - `zh_list_share`: characters in lines of up to 20 that end with no mark, have next to no function words and are no
      verse. High: `list_page`, navigation and headlines. ChineseWebText asks for ten characters a line
      (`zh_line_chars`), which takes 35 % of poems and turns of a talk too; that measure has no rule here.
    - `zh_sentence_chars`: Han from one end of a sentence or of a line to the next. High: `sentences_too_long`.
    - `zh_variety`: of each 100 Han characters, how many are different. Low: `keyword_spam`, whatever the length.
    - `zh_advert_share`: characters in phrases that sell (加微信, 点击下载, 全国包邮, of a list in
      kernels/chinese_phrases.py). High: `adverts`, where they are two phrases or more: news of one sentence
      (天然气批发价格下跌) hold one. The filters for spam of CCI 3.0 (BAAI 2024, data card) and the two million rules
      of SkyPile-150B (Wei et al. 2023, data card) are not published.
    - `zh_contacts`: numbers of telephones, QQ and WeChat in 1,000 characters. High: `contacts_too_many`.
    - `zh_bare_share`: of the Han, those in stretches of 80 and more that nothing interrupts. High: `no_punctuation`.
    - `zh_rare_share`: of the Han, those that are not among the 3,755 common ones of GB 2312, whichever way they are
      written. High: `characters_too_rare`, what wrong decoding and chance make.
    - `zh_mixed_share`: the smaller of simplified and traditional among the characters that only one way of writing has.
      No rule: quotations and names do it.

    All but `keyword_spam` and `adverts` are silent below `long` characters, and `function_words_too_few` below
    `telling`: in 150 characters of telegraphic news, or of a poem, none need be a function word. Whatever is code,
    maths, a table or classical (`Kind` tells) is measured and not judged. The repetition of 13 characters that
    ChineseWebText limits to 50 % is `Repetition`'s. CCI3.0-HQ (Wang et al. 2024) and Chinese FineWeb-Edu (Yu et al.
    2025) score pages by a classifier that a larger model taught: `Judge`. Limits are set on real text:
    performance/chinese.py prints what each takes.
    """

    name: str = "chinese_quality"
    kinds: frozenset[str] | None = frozenset({"prose", "list", "dialogue", "statute"})
    langs: frozenset[str] | None = frozenset({"zh"})
    long: int = 100
    telling: int = 300
    least_han: float = 0.2
    least_marks: float = 0.01
    most_marks: float = 0.4
    most_digits: float = 0.45
    least_function: float = 0.01
    least_ended: float = 0
    most_list: float = 0.9
    longest_sentence: float = 400
    least_variety: float = 0.3
    most_adverts: float = 0.1
    most_contacts: float = 10
    most_bare: float = 0.9
    most_rare: float = 0.3

    version = 2
    reads = {"text": pl.String(), **READS}

    @property
    def writes(self) -> dict[str, pl.DataType]:
        whose = (f"{self.name}_{group}" for group in ("applies", "long", "telling", "sells"))
        return {**dict.fromkeys(MEASURES, pl.Float64()), **dict.fromkeys(whose, pl.Boolean())}

    @property
    def rules(self) -> tuple[Rule, ...]:
        every, long, telling, sells = (f"{self.name}_{group}" for group in ("applies", "long", "telling", "sells"))
        return (
            Rule(reason="han_too_few", measure="zh_han_share", low=self.least_han, when=long),
            Rule(reason="marks_too_few", measure="zh_mark_share", low=self.least_marks, when=long),
            Rule(reason="marks_too_many", measure="zh_mark_share", high=self.most_marks, when=long),
            Rule(reason="digits_too_many", measure="zh_digit_share", high=self.most_digits, when=long),
            Rule(reason="function_words_too_few", measure="zh_function_share", low=self.least_function, when=telling),
            Rule(reason="unended", measure="zh_ended_share", low=self.least_ended, when=every),
            Rule(reason="list_page", measure="zh_list_share", high=self.most_list, when=long),
            Rule(reason="sentences_too_long", measure="zh_sentence_chars", high=self.longest_sentence, when=long),
            Rule(reason="keyword_spam", measure="zh_variety", low=self.least_variety, when=every),
            Rule(reason="adverts", measure="zh_advert_share", high=self.most_adverts, when=sells),
            Rule(reason="contacts_too_many", measure="zh_contacts", high=self.most_contacts, when=long),
            Rule(reason="no_punctuation", measure="zh_bare_share", high=self.most_bare, when=long),
            Rule(reason="characters_too_rare", measure="zh_rare_share", high=self.most_rare, when=long),
        )

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        of = kernel.chinese(docs["text"]).T.astype(np.float64)
        chars, han = np.maximum(of[kernel.CHARS], 1), np.maximum(of[kernel.HAN], 1)
        simplified, traditional = of[kernel.SIMPLIFIED], of[kernel.TRADITIONAL]
        values = (
            of[kernel.HAN] / np.maximum(of[kernel.HAN] + of[kernel.MARKS] + of[kernel.RUNS], 1),
            (of[kernel.MARKS] + np.maximum(of[kernel.LINES] - 1, 0)) / chars,
            *(of[column] / chars for column in (kernel.DIGITS, kernel.LATIN)),
            of[kernel.FUNCTION] / han,
            *(of[column] / chars for column in (kernel.ENDED, kernel.SHORT)),
            of[kernel.CHARS] / np.maximum(of[kernel.LINES], 1),
            of[kernel.HAN] / np.maximum(of[kernel.SENTENCES], 1),
            np.where(of[kernel.WINDOWED] > 0, of[kernel.UNIQUE] / np.maximum(of[kernel.WINDOWED], 1), 1.0),
            of[kernel.ADVERTS] / chars,
            1000 * of[kernel.CONTACTS] / chars,
            of[kernel.BARE] / han,
            of[kernel.RARE] / han,
            np.minimum(simplified, traditional) / np.maximum(simplified + traditional, 1),
        )
        present = docs["text"].is_not_null()
        shares = {name: pl.when(present).then(pl.Series(value)) for name, value in zip(MEASURES, values, strict=True)}
        whose = Groups(docs).among(self.kinds, self.langs)
        groups = {  # what could not be measured is not waved through
            "applies": ~present | True,
            "long": ~present | pl.Series(of[kernel.CHARS] >= self.long),
            "telling": ~present | pl.Series(of[kernel.CHARS] >= self.telling),
            "sells": ~present | pl.Series(of[kernel.ADVERTS] > LONGEST_PHRASE),
        }
        return docs.with_columns(**shares, **{f"{self.name}_{name}": whose & group for name, group in groups.items()})
