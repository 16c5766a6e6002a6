"""What two texts have in common, pair by pair: words, characters and pairs of them that say what a text is about."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.compiled import frozen, kernel
from curate.kernels.tokens import tokens

PAIR = 2.0  # what a pair of tokens weighs; a token alone weighs 1
_ODD = np.uint64(0x9E3779B97F4A7C15)

# Words and characters that any two texts share. With them the truly belonging answer is told from another one no better
# than by chance where all questions open alike; beyond some hundred words a longer list changes nothing.
COMMON = (
    "a an the and or but if of to in on at by for with from as into about than then so not no yes is are was were be "
    "been being am do does did done have has had can could will would shall should may might must i you he she it we "
    "they me my your his her its our their this that these those there here what which who whom whose when where why "
    "how all any some each more most other such only own same too very just also s t re ve ll d m please use using "
    "used make made one two out up down over under again further once because until while get like "
    "的 一 是 在 不 了 有 和 人 这 中 大 为 上 个 国 我 以 要 他 时 来 用 们 生 到 作 地 于 出 就 分 对 成 会 可 主 发 "
    "年 动 同 工 也 能 下 过 子 说 产 种 面 而 方 后 多 定 行 学 法 所 民 得 经 十 三 之 进 着 等 部 度 家 电 力 里 如 "
    "水 化 高 自 二 理 起 小 物 现 实 加 量 都 两 体 制 机 当 使 点 从 业 本 去 把 性 好 应 开 它 合 还 因 由 其 些 然 "
    "前 外 天 政 四 日 那 社 义 事 平 形 相 全 表 间 样 与 关 各 重 新 线 内 数 正 心 反 你 明 看 原 又 么 利 比 或 但 "
    "质 气 第 向 道 命 此 变 条 只 没 结 解 问 意 建 月 公 无 系 军 很 情 者 最 立 代 想 已 通 并 提 直 题 您 请 吗 呢 "
    "吧 啊 什 怎 哪 该 将 被 给 让"
)


class Related(NamedTuple):
    """Of n pairs of texts."""

    shared: NDArray[np.float64]
    """f64[n]: the weight of what both have, as a share of what the poorer one has; 1 where one has nothing to share."""
    same: NDArray[np.float64]
    """f64[n]: the Jaccard similarity of their tokens and pairs, common ones included; 0 where both have none."""
    least: NDArray[np.int64]
    """i64[n]: different tokens, common ones not counted, of the poorer one."""


def related(left: pl.Series, right: pl.Series) -> Related:
    """`left` and `right`: String columns of one length, without nulls. Tokens are folded (case, width, script)."""
    one, other = tokens(left, spans=False), tokens(right, spans=False)
    count = len(left)
    found = Related(np.ones(count), np.zeros(count), np.zeros(count, np.int64))
    _related(one.hashes, one.starts, other.hashes, other.starts, _common(), *found)
    return found


@cache
def _common() -> NDArray[np.uint64]:
    return frozen(np.unique(tokens(pl.Series([COMMON]), spans=False).hashes))


@kernel
def _features(hashes: NDArray[np.uint64], common: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    """Different tokens and pairs of a text in the order of their hashes, and the weight of each."""
    count = len(hashes)
    keys = np.empty(max(0, 2 * count - 1), np.uint64)
    weights = np.empty(len(keys), np.float64)
    before = False
    for at in range(count):
        place = np.searchsorted(common, hashes[at])
        usual = place < len(common) and common[place] == hashes[at]
        keys[at] = hashes[at] | np.uint64(1)  # tokens are odd and pairs are even, so that they never meet
        weights[at] = 0.0 if usual else 1.0
        if at:
            keys[count + at - 1] = (hashes[at - 1] * _ODD + hashes[at]) & ~np.uint64(1)
            weights[count + at - 1] = 0.0 if usual and before else PAIR
        before = usual
    order = np.argsort(keys)
    kept = 0
    ordered, weighed = np.empty(len(keys), np.uint64), np.empty(len(keys), np.float64)
    for place in order:
        if kept == 0 or keys[place] != ordered[kept - 1]:
            ordered[kept], weighed[kept] = keys[place], weights[place]
            kept += 1
    return ordered[:kept], weighed[:kept]


@kernel
def _related(
    left: NDArray[np.uint64],
    left_starts: NDArray[np.int64],
    right: NDArray[np.uint64],
    right_starts: NDArray[np.int64],
    common: NDArray[np.uint64],
    shared: NDArray[np.float64],
    same: NDArray[np.float64],
    least: NDArray[np.int64],
) -> None:
    for pair in range(len(shared)):
        one, one_weights = _features(left[left_starts[pair] : left_starts[pair + 1]], common)
        other, other_weights = _features(right[right_starts[pair] : right_starts[pair + 1]], common)
        both, weight = 0, 0.0
        at = 0
        for place in range(len(one)):
            while at < len(other) and other[at] < one[place]:
                at += 1
            if at < len(other) and other[at] == one[place]:
                both += 1
                weight += one_weights[place]
        poorer = min(one_weights.sum(), other_weights.sum())
        if poorer > 0:
            shared[pair] = weight / poorer
        union = len(one) + len(other) - both
        if union > 0:
            same[pair] = both / union
        least[pair] = min((one_weights == 1.0).sum(), (other_weights == 1.0).sum())
