"""Texts that several tests of this room use: articles without any item in them, and what is planted in them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "data_samples" / "benchmarks"
SHARED = ROOT.parent / "shared" / "data"

ARTICLE_EN = (
    "The harbour master keeps a book in which the hour of every tide is written down. Visitors like to leaf through it "
    "on rainy afternoons, when the ferries stay in port and nothing else can be done. "
)
ARTICLE_ZH = (
    "港务长有一本簿子，里面记着每一次潮水到来的时刻。下雨的午后，渡船停在港里不出海，来访的人喜欢坐在窗边一页一页地翻看它，"
    "说起从前那些没有回来的船。"
)

QUESTION_ZH = "一位面包师每天早晨烤四十八个圆面包，卖给两家餐馆各十五个，剩下的每个三元卖给路人，他每天能收入多少元？"
QUESTION_ZH_TRADITIONAL = (
    "一位麵包師每天早晨烤四十八個圓麵包，賣給兩家餐館各十五個，剩下的每個三元賣給路人，他每天能收入多少元？"
)
QUESTION_EN = (
    "A baker makes 48 round loaves every morning, sells fifteen of them to each of two restaurants, and sells the rest "
    "to people in the street at $3 per loaf. How much does he earn in the street?"
)


def article(lang: str, times: int = 3) -> str:
    return (ARTICLE_ZH if lang == "zh" else ARTICLE_EN) * times


def embedded(text: str, lang: str) -> str:
    """`text` in the middle of an article, on no line of its own."""
    return f"{article(lang)}{text} {article(lang)}"


def without_punctuation(text: str) -> str:
    return "".join(" " if unicodedata.category(c)[0] in "PS" else c for c in text)


def other_punctuation(text: str) -> str:
    return text.translate(str.maketrans("，。？！：；,.?!:;", ",.?!:;，。？！：；"))


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" if c == " " else c for c in text)
