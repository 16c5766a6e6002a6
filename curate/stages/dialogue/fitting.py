"""Whether an answer fits its question: the same words again, another matter altogether, another language."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from curate.kernels.related import related
from curate.kernels.scripts import HAN, TRADITIONAL, scripts
from curate.stage import Rule
from curate.stages.dialogue.answers import READS, answers, spread
from curate.stages.language import UNDETERMINED, languages

UNSURE = ("en", UNDETERMINED)  # of texts without function words: numbers, keys, queries
PROSE = 0.08  # English function words among the words of a text that is English
SIGNS = r"[{}=<>_;]"  # of code
CODE = 0.02  # of these among the bytes of code; prose has under .005
ENOUGH = 4  # different telling words of question and answer, from which on they can be compared

YES_OR_NO = (
    r"(?i)(?:吗|么)\s*[?？。]?\s*$|是否|是不是|会不会|能不能|可不可以|有没有|要不要|对不对"
    r"|(?:^|\n)(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have|had|may|must)\b[^?\n]*\?\s*$"
)
"""A question that a statement in its own words answers."""


@dataclass(frozen=True, kw_only=True)
class Fitting:
    """How an answer's words stand to its question's, of the dialogue's most suspicious answer.

    `echo`: the Jaccard similarity of tokens and pairs of them; an answer that only repeats the question has 1, one
    that says in the words of a question for yes or no which it is (会不会运行？ 不会运行。) has 0. Reason
    `repeats_question`. `relatedness`: the share of telling words and pairs that both have, 1 where there are fewer
    than `ENOUGH` to compare. It only annotates, unless `related` is given: of true answers up to a fifth share no word
    with their question (performance/dialogues.py), because good answers need not. Reason `unrelated_answer`. What is
    no dialogue has echo 0 and relatedness 1.
    """

    name: str = "fitting"
    echo: float = 0.9
    related: float | None = None

    version = 2
    reads = READS
    writes = {"echo": pl.Float64(), "relatedness": pl.Float64()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        echo = Rule(reason="repeats_question", measure="echo", high=self.echo)
        if self.related is None:
            return (echo,)
        return (echo, Rule(reason="unrelated_answer", measure="relatedness", low=self.related))

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        table = answers(docs)
        shared, same, least = related(table["question"], table["answer"])
        decides = table["question"].str.contains(YES_OR_NO) & ~table["answer"].str.contains(r"[?？吗]\W*$")
        pairs = table.select("row").with_columns(
            pl.select(pl.when(decides.fill_null(False)).then(0.0).otherwise(pl.Series(same))).to_series().alias("echo"),
            pl.Series("relatedness", shared),
            pl.Series("least", least),
        )
        pairs = pairs.with_columns(
            pl.when(pl.col("least") < ENOUGH).then(1.0).otherwise("relatedness").alias("relatedness")
        )
        found = pairs.group_by("row", maintain_order=True).agg(pl.col("echo").max(), pl.col("relatedness").min())
        return spread(docs, found, echo=0.0, relatedness=1.0)


# What asks for another language, or for what is none: who translates, programs or explains words may answer in it.
ASKS = (
    r"(?i)translat|in (?:english|chinese|french|spanish|german|japanese|korean|italian|russian|latin|arabic|hindi|"
    r"portuguese)|\b(?:language|chinese|mandarin|bilingual|code|script|program|function|sql|html|css|regex|lyrics|"
    r"phrase|word)\b|翻译|译成|译为|译文|英译|汉译|中译|[英法德日韩俄]文|[英法德日韩俄汉]语|西班牙语|中文|双语|语言(?:写|回|版|中|里)|[编程种么]语言|单词|词汇|"
    r"句子|代码|程序|函数|编写|编程|脚本|歌词|缩写|术语|正则"
)

ADDRESS = r"(?i)\b(?:https?://|www\.)[\x21-\x7e]+"


@dataclass(frozen=True, kw_only=True)
class AnswerLanguage:
    """How many answers are in another language than their question: `answers_in_other_language`.

    Counted where the language of both is told with at least `sure`, both have at least `least` weighted letters (a
    character of Chinese counts 3), and the question does not ask for a language, a word or a program. Addresses of
    pages are in no language. 0 for what is no dialogue. Reason `other_language`.
    """

    name: str = "answer_language"
    sure: float = 0.9
    least: int = 45
    high: int = 0

    version = 2
    reads = READS
    writes = {"answers_in_other_language": pl.Int64()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(reason="other_language", measure="answers_in_other_language", high=self.high),)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        table = answers(docs)
        asked, answered = (self._told(table[side].str.replace_all(ADDRESS, " ")) for side in ("question", "answer"))
        differs = (asked != answered).fill_null(False) & ~table["question"].str.contains(ASKS)
        found = (
            table.select("row", differs.alias("differs"))
            .group_by("row", maintain_order=True)
            .agg(pl.col("differs").sum().cast(pl.Int64).alias("answers_in_other_language"))
        )
        return spread(docs, found, answers_in_other_language=0)

    def _told(self, texts: pl.Series) -> pl.Series:
        """The language of each text, null where it is too short or unsure."""
        found = scripts(texts)
        told = languages(texts, frozenset({"zh", "en"}), found)
        # Answers that name drugs, and code, are Latin letters in any language: prose has function words, and few signs.
        latin = found.letters[:, HAN : TRADITIONAL + 1].sum(axis=1) == 0
        code = (texts.str.count_matches(SIGNS) > CODE * texts.str.len_bytes()).to_numpy()
        english = latin & (found.words > 0) & (found.english >= PROSE * found.words) & ~code
        long = (texts.str.len_bytes() >= self.least).to_list()
        said = [
            "en" if enough and prose else lang if enough and confidence >= self.sure and lang not in UNSURE else None
            for enough, prose, (lang, confidence) in zip(long, english.tolist(), told, strict=True)
        ]
        return pl.Series("lang", said, dtype=pl.String)
