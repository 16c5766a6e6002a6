"""RefinedWeb's line-wise corrections: lines of menus, counters and buttons are cut; pages made of them are removed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.line_traits import (
    CAPITALS,
    CJK,
    CLAUSES,
    DIGITS,
    ENDS,
    LETTERS,
    WORDS,
    LineTraits,
    line_traits,
    without,
)
from curate.kernels.lines import LABEL, PART, WHOLE, Phrases, lines, phrases
from curate.kernels.measures import PER_WORD
from curate.kernels.utf8 import blocks
from curate.stage import Rule, Schema
from curate.stages.heuristics.routing import READS, Groups

_COUNTED = (
    "likes like comments comment views view shares share replies followers following retweets votes reviews ratings "
    "downloads subscribers members points upvotes reactions "
    "赞 点赞 评论 条评论 阅读 阅读数 浏览 浏览量 次浏览 次阅读 人已读 收藏 转发 分享 粉丝 关注 回复 条回复 播放 次播放 "
    "点击 次点击 下载 人评价 人赞同 喜欢 人喜欢"
)
COUNTED = tuple(_COUNTED.split())
"""What a line counts that is a number and one of these."""

_BUTTONS = (
    "sign in|sign up|log in|read more|continue reading|show more|load more|learn more|view more|see more|click here|"
    "share this|share on facebook|share on twitter|items in cart|item in cart|add to cart|add to wishlist|"
    "add to basket|shopping cart|skip to content|skip to main content|back to top|leave a comment|post a comment|"
    "print this page|阅读全文|阅读更多|查看更多|查看全文|展开全文|点击查看|加载更多|更多详情|加入购物车|返回顶部|"
    "返回首页|上一篇|下一篇|上一页|下一页|分享到|发表评论|我要评论|收藏本站|设为首页|微信扫一扫|打印本页|关闭窗口|免费注册|"
    "立即购买|跳到主要内容"
)
BUTTONS = tuple(_BUTTONS.split("|"))
WORDS_OF_MENUS = (
    "login",
    "register",
    "tweet",
    "checkout",
    "home",
    "menu",
    "登录",
    "注册",
    "购物车",
    "首页",
    "菜单",
    "更多",
)
"""What a short line is a button or a menu for: the first wherever they stand in it, the others where nothing else does,
or two of them. The paper gives sign-in, Read more and items in cart as examples and not its list: these are ours."""

LONGEST_COUNTER = 4  # words
LONGEST_MARKED = 40  # tokens
PARTS = 0.3  # of a line's tokens, from which on what it holds makes it a counter or a menu


@dataclass(frozen=True, kw_only=True)
class RefinedWeb:
    """Line-wise corrections of RefinedWeb: Penedo et al. 2023, appendix G.2.

    A line goes if more than `capitals` of its letters are capitals; if it holds digits and no letter; if it is a
    counter of at most four words ("3 likes", 12条评论); if it is one word or one Chinese character; if it has
    at most `short` words and holds a button ("Read more", 阅读全文). Lines that end a sentence stay, whatever they say
    (answers and exclamations of one word), and so do Chinese ones with a comma.

    Measures: `flagged_word_share`, of the words those in lines that go; `refinedweb_cut` and `refinedweb_added`
    characters. Reason: `refinedweb_flagged`, where they are more than `flagged` of the words. Dialogues are not edited.
    """

    name: str = "refinedweb"
    kinds: frozenset[str] | None = frozenset({"prose"})
    langs: frozenset[str] | None = None
    capitals: float = 0.5
    short: float = 10
    flagged: float = 0.05

    version = 1
    reads = {"text": pl.String(), **READS}

    @property
    def writes(self) -> Schema:
        counts = dict.fromkeys((f"{self.name}_cut", f"{self.name}_added"), pl.Int64())
        share = {"flagged_word_share": pl.Float64(), f"{self.name}_applies": pl.Boolean()}
        return {"text": pl.String(), **counts, **share}

    @property
    def rules(self) -> tuple[Rule, ...]:
        when = f"{self.name}_applies"
        return (Rule(reason="refinedweb_flagged", measure="flagged_word_share", high=self.flagged, when=when),)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        of = Groups(docs)
        whose = of.among(self.kinds, self.langs) & of.kind.ne("dialogue")
        rows = whose.arg_true()
        cut, share = np.zeros(len(docs), np.int64), np.zeros(len(docs))
        texts = [docs["text"].clear()]
        for first, block in blocks(docs["text"].gather(rows)):
            there = rows[first : first + len(block)].to_numpy()
            found = line_traits(block)
            gone = self._goes(block, found)
            edited = without(block, found, gone)
            words = found.counts[:, WORDS] + found.counts[:, CJK] / PER_WORD
            flagged, whole = (
                np.diff(np.concatenate([[0], np.cumsum(part)])[found.lines.starts]) for part in (words * gone, words)
            )
            cut[there], share[there] = edited.cut, flagged / np.maximum(whole, 1)
            texts.append(edited.texts)
        return docs.with_columns(
            docs["text"].scatter(rows, pl.concat(texts)),
            pl.Series(f"{self.name}_cut", cut),
            pl.lit(0, pl.Int64).alias(f"{self.name}_added"),
            pl.when(docs["text"].is_not_null()).then(pl.Series(share)).alias("flagged_word_share"),
            whose.alias(f"{self.name}_applies"),
        )

    def _goes(self, texts: pl.Series, found: LineTraits) -> NDArray[np.bool_]:
        words, cjk, letters, upper, digits = (
            found.counts[:, column] for column in (WORDS, CJK, LETTERS, CAPITALS, DIGITS)
        )
        size = words + cjk / PER_WORD
        shouting = (upper > self.capitals * letters) & (cjk == 0)
        numbers = (digits > 0) & (letters + cjk == 0)
        one = words + cjk == 1
        counter = (_marked(texts, _counted()) > 0) & (digits > 0) & (size <= LONGEST_COUNTER)
        button = (_marked(texts, _buttons()) > 0) & (size <= self.short)
        sentence = found.endings & (ENDS | CLAUSES) > 0
        return np.asarray((shouting | numbers | one | counter | button) & ~sentence, np.bool_)


def _marked(texts: pl.Series, known: Phrases) -> NDArray[np.uint8]:
    """u8[lines]: more than 0 where the phrases make a line what they stand for."""
    return lines(texts, known, PARTS, LONGEST_MARKED).marks


@cache
def _counted() -> Phrases:
    return phrases([(phrase, PART) for phrase in COUNTED])


@cache
def _buttons() -> Phrases:
    return phrases([*((phrase, WHOLE) for phrase in BUTTONS), *((phrase, LABEL) for phrase in WORDS_OF_MENUS)])
