"""What an extractor of article pages does wrong at the edges of the main text, mended by looking at the page again.

It loses headings, lists and single paragraphs between others that it keeps (on pages laid out by tables, behind
advertisements, in divisions that it has no name for), and keeps links to other pages ("Read more: ...") and the site's
imprint behind the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from curate.stages.blocks import MARKS, Block, blocks, key_of

ANCHOR = 10  # characters of a block that is looked for in the text; shorter ones occur by chance
WINDOW = 12  # characters: of a block that does not stand in the text as it is, pieces of this size are looked for
FOUND = 0.25  # share of them from which it is taken to be there
SENTENCES = 80  # weighted characters (a CJK one counts 3) that make a paragraph
LOST = 0.2  # text that is not found, as a share of what is, from which a bare page is taken as a whole
ITEM = 24  # weighted characters of an item of a list between paragraphs; shorter ones are labels and buttons
LINKED = 0.3  # share of a paragraph in links; more makes it a pointer to other pages
IMPRINT = 400  # characters of a line beyond which it is no imprint, whatever words are in it

_KEY = re.compile(f"[^{re.escape(MARKS)}]+")
ITEMS = frozenset(["li", "dd", "dt"])
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_END = re.compile('[。！？；：.!?:;…」』”"’)）]$')
_FORMULA = re.compile(r"\$[^$]+\$|\$\$[^$]+\$\$")  # as `formula` writes them
CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]")

# Labels of links to other pages. The line must be a link as a whole, or hold nothing but the label.
_POINTER = re.compile(
    r"""[\s■□●◆▲►>»•·\[【(（]*(?:
    read\ (?:more|also|next)|see\ (?:more|also)|also\ read|related(?:\ (?:articles?|stories|links|posts|news))?
    |don['’]?t\ miss|you\ (?:may|might)\ (?:also\ )?(?:like|be\ interested)|more\ (?:on\ this|from|stories|news)
    |recommended(?:\ for\ you)?|click\ here|continue\ reading|trending(?:\ now)?|(?:previous|next)\ (?:article|post)
    |相关(?:链接|阅读|新闻|报道|文章|推荐|专题|资讯|内容)|延伸阅读|推荐阅读|扩展阅读|更多(?:精彩|内容|新闻|文章|推荐|相关)\w{0,6}
    |热门(?:推荐|文章|新闻)|猜你喜欢|为您推荐|精彩推荐|上一篇|下一篇|阅读原文|阅读全文|查看原文|点击(?:查看|进入|阅读)\w{0,6}
    |我来说两句|我要评论|网友评论|发表评论
    )(?![a-z])""",
    re.IGNORECASE | re.VERBOSE,
)
_IMPRINT = re.compile(
    r"""ICP[备证]\s?[\d０-９]|公网安备|许可证(?:编)?号?[：:\s]{0,2}[\w\d（(]{0,6}\d|(?:违法|不良)[^。]{0,8}信息[^。]{0,4}举报
    |版权(?:所有|归|与免责|声明)|未经[^。]{0,14}(?:授权|许可|同意|允许|书面)[^。]{0,14}(?:不得|禁止|严禁|请勿)|免责声明|转载[^。]{0,8}(?:注明|申请)
    |(?:©|\(c\))\s?(?:19|20)\d\d|copyright\s(?:©|\(c\)|19|20)|all\ rights\ reserved|举报(?:电话|邮箱|热线)
    |扫(?:描|一扫|码)[^。]{0,16}关注(?!.*。)|^.{2,10}公众号$|本文为[^。]{0,20}上传并发布
    """,
    re.IGNORECASE | re.VERBOSE,
)


class Place(NamedTuple):
    """Where a block stands in the keys of the text: first character, and the one behind the last."""

    start: int
    end: int


def mended(text: str, tree: Any, *, bare: bool = False) -> str:
    """`text`, which an extractor found on the page of `tree`, without pointers and imprint, with its holes filled.

    A `bare` page has hardly any links, so little that leads elsewhere: where a good part of its text is not found, all
    of it is taken (court dockets lose the parties, which stand in layout tables above the entries).
    """
    text = _without_imprint(text)
    if not text:
        return text
    found = blocks(tree)
    pointers = _pointers(found)
    if pointers:
        lines = [line for line in text.split("\n") if key_of(line) not in pointers]
        text = "\n".join(lines)
    return _filled(text, found, bare)


def weight(text: str) -> int:
    """Characters, a CJK one counted as three."""
    return len(text) if text.isascii() else len(text) + 2 * len(CJK.findall(text))


def _without_imprint(text: str) -> str:
    """Lines at the end that name the site's licences and rights, or point to other pages, go: never the first line."""
    lines = text.rstrip().split("\n")
    while len(lines) > 1:
        last = lines[-1].strip()
        label = _POINTER.match(last)
        if not last or _is_imprint(last) or (label and not _words(last[label.end() :])):
            lines.pop()
        else:
            break
    return "\n".join(lines)


def _is_imprint(text: str) -> bool:
    return len(text) < IMPRINT and _IMPRINT.search(text) is not None


def _words(text: str) -> bool:
    return any(char.isalnum() for char in text)


def _pointers(found: list[Block]) -> set[str]:
    """Keys of blocks that point to other pages: links behind such a label, and the label above them.

    What also stands elsewhere on the page, a headline in a list of articles say, is none of them.
    """
    keys, others = set(), set()
    listed = False  # whether the blocks before this one are such a list
    for block in found:
        label = _POINTER.match(block.text)
        key = block.key
        rest = len(key) if label is None else len(key_of(block.text[label.end() :]))
        whole = block.linked >= 0.8 * rest and block.element.tag != "h1"
        alone = label is not None and not _words(block.text[label.end() :])
        if alone or (whole and (label or listed) and len(key) > 1):
            keys.add(key)
            listed = True
        elif key:
            others.add(key)
            listed = False
    return keys - others


def _filled(text: str, found: list[Block], bare: bool) -> str:
    """`text` with headings and paragraphs that the page has between others of the text; of a `bare` page with all."""
    marks, offset = _key_and_offsets(text)
    places = _placed(found, marks)
    anchors = [at for at, place in enumerate(places) if place and place.end - place.start >= ANCHOR]
    if not anchors:
        return text
    missing = [at for at, place in enumerate(places) if place is None and not found[at].beside]
    missing = [at for at in missing if not _is_imprint(found[at].text)]
    if not bare or sum(len(found[at].key) for at in missing) < LOST * len(marks):
        missing = _missing(found, places, anchors, bare)
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    behind: dict[int, list[str]] = {}  # what comes behind each line, -1 for before the first
    for at in missing:
        before = bisect_right(anchors, at) - 1
        place = places[anchors[before]] if before >= 0 else None
        line = bisect_right(starts, offset(place.end - 1)) - 1 if place else -1
        behind.setdefault(line, []).append(found[at].text)
    whole = behind.pop(-1, [])
    for number, own in enumerate(lines):
        whole += [own, *behind.get(number, ())]
    return "\n".join(whole)


def _missing(found: list[Block], places: list[Place | None], anchors: list[int], bare: bool) -> list[int]:
    """The blocks between anchors that belong to the text and do not stand in it, and the headings right before them;
    of a `bare` page the paragraphs before and behind them too.
    """
    families = {family for at in anchors for family in _family(found[at])}
    times = Counter(block.text for block in found)
    missing = []
    for before, after in pairwise(anchors):
        under_headline = found[before].element.tag == "h1"  # a summary, repeated from the text more often than not
        missing += [
            at
            for at in range(before + 1, after)
            if places[at] is None and times[found[at].text] == 1 and _belongs(found[at], families, under_headline)
        ]
    first = anchors[0]
    while first and places[first - 1] is None and _heads(found[first - 1], families):
        first -= 1
    missing += range(first, anchors[0])
    if bare:
        ends = (*range(first), *range(anchors[-1] + 1, len(found)))
        missing += [at for at in ends if places[at] is None and not found[at].beside and _stands_alone(found[at])]
    return sorted(missing)


def _key_and_offsets(text: str) -> tuple[str, Callable[[int], int]]:
    """The key of `text`, and a function that says where in `text` a character of the key stands."""
    pieces = [(match.start(), match[0]) for match in _KEY.finditer(text)]
    starts = [0, *accumulate(len(piece) for _, piece in pieces)]

    def offset(at: int) -> int:
        piece = bisect_right(starts, at) - 1
        return pieces[piece][0] + at - starts[piece]

    return "".join(piece for _, piece in pieces), offset


def _placed(found: list[Block], marks: str) -> list[Place | None]:
    """For each block where it stands in `marks`, as a whole or in good part; None where it doesn't."""
    places: list[Place | None] = []
    behind = 0
    for block in found:
        key = block.key
        place = _place(key, marks, behind) if key else None
        places.append(place)
        if place is not None:
            behind = max(behind, place.end)
    return places


def _place(key: str, marks: str, behind: int) -> Place | None:
    at = marks.find(key, behind)
    if at >= 0 and (len(key) >= 2 * ANCHOR or at < behind + 4000):
        return Place(at, at + len(key))
    if len(key) < 2 * ANCHOR:
        return None
    if (at := marks.find(key)) >= 0:
        return Place(at, at + len(key))
    starts = range(0, len(key) - WINDOW + 1, WINDOW)
    hits = [hit for start in starts if (hit := marks.find(key[start : start + WINDOW], max(0, behind - 2000))) >= 0]
    return Place(hits[0], hits[-1] + WINDOW) if len(hits) >= FOUND * len(starts) and hits[-1] >= hits[0] else None


def _family(block: Block) -> list[Any]:
    """The elements whose children are taken for parts of one text: those around a block."""
    parent = block.element.getparent()
    around = [parent, parent.getparent() if parent is not None else None]
    return [element for element in around if element is not None and element.tag != "html"]


def _belongs(block: Block, families: set[Any], under_headline: bool) -> bool:
    """Whether a block between two of the text is a heading or a paragraph of it."""
    if block.beside or not any(family in families for family in _family(block)):
        return False
    size = len(block.key)
    if block.element.tag in HEADINGS:
        return size > 0 and block.linked < size / 2
    if under_headline or block.linked >= LINKED * size:
        return False
    if _FORMULA.fullmatch(block.text):
        return True
    if block.element.tag in ITEMS:
        return weight(block.key) >= ITEM
    return _is_paragraph(block)


def _heads(block: Block, families: set[Any]) -> bool:
    """Whether a block right before the text heads it: the first question of several, say; a page's title does not."""
    named = block.element.tag in HEADINGS and block.element.tag != "h1"
    return named and not block.beside and not block.linked and any(family in families for family in _family(block))


def _stands_alone(block: Block) -> bool:
    """Whether a block at the edge of a page is text of it: a paragraph that leads nowhere and names no rights."""
    return _is_paragraph(block) and block.linked < LINKED * len(block.key) and not _is_imprint(block.text)


def _is_paragraph(block: Block) -> bool:
    return weight(block.key) >= SENTENCES and _END.search(block.text) is not None
