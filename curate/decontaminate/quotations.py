"""What a question quotes from a law, and whether a text that holds it is that law.

An exam and a corpus of law hold the same articles. A question's own words are what asks; an article that it quotes
counts little, and a document that is a law holds a question only where what asks is there as well.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.decontaminate.contact import gold
from curate.decontaminate.items import Item
from curate.kernels.overlap import elsewhere, runs
from curate.kernels.tokens import spaced, tokens

_NUMBER = r"[一二三四五六七八九十百千零〇○两\d０-９]{1,9}"
_ARTICLE = rf"第{_NUMBER}[条條](?:之[一二三四五六七八九十]{{1,2}})?(?:第{_NUMBER}[款项項])*"

HEAD = re.compile(
    rf"^[\s　#*>“\"「]*(?:{_ARTICLE}(?=[\s　:：【\[（(*“\"]|$)|§+\s*\d|(?:sec\.|section|article)\s+[\dIVX]+[\d.:–-]*)",
    re.MULTILINE | re.IGNORECASE,
)
"""A line that begins as an article of a law does: 第十二条, § 12-301, Section 5."""

_ENDS = re.compile(
    r"[^\w\s，。；、,.;:：]*"
    r"(?:[ \t]*\n|(?<=[^\x00-\x7f])\s|[?？_…—]|[（(][\s　]*[）)]|[:：](?=\s*[(（]?[A-DＡ-Ｄ])|$)"
)
_TOLD = re.compile(r"某|指控|诉称|他们|[你她]|[（(]\d{4}[)）].{0,12}号|\b(?:he|she|I|my|his|her)\b")
"""How a case is told, and never a law."""

_NAMED = re.compile(rf"{_ARTICLE}|第{_NUMBER}款之?规定")
_CITED = re.compile(rf"{_ARTICLE}(?:的?规定)?(?:\s*[:：]\s*[“\"「『]?|\s*[“\"「『]|[\s　]+)")
_SENTENCE = re.compile(r"[^。！？?!；;\n]*[。！？?!；;\n]?[”\"」』]?")
_ASKING = (
    r"哪|什么|甚麼|何[者种为时处人以]|多少|几[个项种年天日次]|是否|如何|怎[么样]|为何|(?:下列|以下)(?=[哪那何关对说表选各属不正错]|有关)(?!..不[得应能准])|谁|吗|"
    r"挑[选出]|选[出项择]|找出|请[根从按]|"
    r"\b(?:which|what|who|whom|whose|why|when|where|how|following)\b"
)
_WORDS = re.compile(_ASKING, re.IGNORECASE)
MARK = re.compile(r"[?？]")
BLANK = re.compile(r"[（(][\s　]*[）)]|_{2,}|…{2,}")
_ASKS = re.compile(rf"[?？]|属于|体现|表明|{BLANK.pattern}|{_ASKING}", re.IGNORECASE)

WHOLE, LONG = 0.995, 100  # share, characters: so much of a question that asks nothing stands in no law
LEAST = 30  # characters: a shorter quotation is a phrase
CITED = 60  # characters before a match in which its article is named
REACH = 3000  # characters from the beginning of a text that is one article
HEADS = 3  # lines that begin as articles: a text that has as many is a law
NEAR = 300  # characters around a match in which what asks is looked for
LETTERS = 5  # of a word
BESIDE = 2  # characters, or words, on either side of a word that asks, so that each run of them holds some of it
RUN = 3  # tokens that stand together
ASKED = 0.5  # of the runs of what asks

AROUND = 8000  # tokens on either side of a match that are taken for the law it stands in
STRANGE, STRANGE_WORDS = 0.065, 0.035  # of pairs of characters, of words, for each doubling of what stands around
FEW, MANY = 50, 2000  # tokens: so little around a match knows none of its pairs; more than this tells no more
PART = 0.6  # of these shares are asked of a match that is not all of the question
TITLED = '\ufeff \u3000\t\r\n#*《“"（('  # what may stand before the title of a text
NEXT = 60  # characters between a statement and its answer


def parts(question: str) -> tuple[list[str], list[str]]:
    """(own words, quotations) of a question, in order: an article is quoted from behind its number to what asks."""
    own, quoted, at = [], [], 0
    for cited in _CITED.finditer(question):
        if cited.end() < at:
            continue
        end = cited.end()
        while end < len(question):
            sentence = _SENTENCE.match(question, end)
            if sentence is None or sentence.end() == end or _ASKS.search(sentence[0]):
                break
            end = sentence.end()
        if end - cited.end() >= LEAST:
            own.append(question[at : cited.end()])
            quoted.append(question[cited.end() : end])
            at = end
    return [part for part in (*own, question[at:]) if part.strip()], quoted


class Place(NamedTuple):
    """What of a text a question was found in: the characters `start` to `end`, the tokens `begin` to `stop`."""

    text: str
    start: int
    end: int
    hashes: NDArray[np.uint64]
    """Of all tokens of the text."""
    weights: NDArray[np.uint8]
    begin: int
    stop: int

    def wide(self) -> bool:
        """Whether it is in characters more than in words."""
        return 2 * int(self.weights[self.begin : self.stop].sum()) <= 3 * (self.stop - self.begin)


def quoted(item: Item, place: Place, share: float) -> bool:
    """Whether a place that holds this share of a question is what a law says and no more."""
    text, start, end = place.text, place.start, place.end
    if not in_law(text, start, end) or asks(item, place):
        return False
    # A question may leave off before it asks. A law goes on where that does; what was put in ends there.
    # But a law's title ends as its line does.
    if text[:start].strip(TITLED) and _ENDS.match(text, end) is not None:
        return False
    if share >= WHOLE and end - start >= LONG:
        return False
    if share >= WHOLE and replied(item, text, end):
        return False
    return headed(text, start) or not strange(place, share >= WHOLE)


def replied(item: Item, text: str, end: int) -> bool:
    """Whether the answer to a statement without choices stands next behind it, as a law says nothing twice."""
    right = gold(item).text
    if item.choices or len(right) < LEAST:
        return False
    behind = text[end : end + NEXT + 2 * len(right)]
    place, answer = (f" {folded or ''} " for folded in spaced(pl.Series([behind, right])))
    return answer in place


def headed(text: str, start: int) -> bool:
    """Whether the name of an article stands right before the character `start`: what follows is its text."""
    head = HEAD.match(text, text.rfind("\n", 0, start) + 1)
    return head is not None and head.end() <= start <= head.end() + 2


def strange(place: Place, whole: bool) -> bool:
    """Whether a place in a law is not its own: few of its pairs of tokens stand elsewhere in it.

    Of 3,000 places of 40 characters in statutes, with 150, 600 and 2,400 others around them, 5 % know fewer than 10,
    23, 36 % of their pairs (words: 4, 8, 13 %); of questions put there instead 95 % know fewer than 8, 12, 22 %.
    """
    begin, end = place.begin, place.stop
    first, last = max(0, begin - AROUND), min(len(place.hashes), end + AROUND)
    around = begin - first + last - end
    if end - begin < 2 or around <= FEW:
        return False
    share = (STRANGE if place.wide() else STRANGE_WORDS) * (1.0 if whole else PART)
    own = elsewhere(place.hashes, first, begin, end, last)
    return bool(own < share * np.log2(min(around, MANY) / FEW) * (end - begin - 1))


def in_law(text: str, start: int, end: int) -> bool:
    """Whether the characters `start` to `end` are a law's: behind the name of an article, in a line that begins as one
    does, or in a text that begins so or has some such lines."""
    if _TOLD.search(text, start, end):
        return False
    if _NAMED.search(text, max(0, start - CITED), start + CITED // 2):
        return True
    line = text.rfind("\n", 0, start) + 1
    if HEAD.match(text, line) or (start < REACH and HEAD.match(text)):
        return True
    return sum(1 for _ in islice(HEAD.finditer(text), HEADS)) == HEADS


def asks(item: Item, place: Place) -> bool:
    """Whether more of `item` stands around its place in a text than a law would hold: what asks.

    That is the words that ask, with those beside them; else a blank; else how the question ends, and most choices.
    """
    text, start, end = place.text, place.start, place.end
    if MARK.search(item.question) and MARK.search(text, end, end + len("正确的是（ ）？")):
        return True
    own = asked(item)
    near = NEAR if place.wide() else NEAR // LETTERS
    around = set(runs(place.hashes[max(0, place.begin - near) : place.stop + near], RUN).tolist())
    if own.asking:
        return len(own.asking & around) >= ASKED * len(own.asking)
    if own.blank:
        return BLANK.search(text, max(0, start - NEAR), end + NEAR) is not None
    most = sum(len(runs & around) >= ASKED * len(runs) for runs in own.offered) > len(own.offered) / 2
    return bool(own.offered) and most and own.ending <= around


class Asked(NamedTuple):
    """What of an item asks, as keys of runs of `RUN` tokens."""

    asking: frozenset[int]
    blank: bool
    offered: tuple[frozenset[int], ...]
    ending: frozenset[int]


@lru_cache(maxsize=4096)
def asked(item: Item) -> Asked:
    """What of `item` asks. A law of a thousand articles meets some items often: it is kept."""
    own = "\n".join(parts(item.question)[0])
    asking = frozenset[int]().union(*map(_runs, _asking(own)))
    offered = tuple(runs for choice in item.choices if (runs := _runs(choice)))
    return Asked(asking, BLANK.search(own) is not None, offered, _runs(own[-2 * RUN :]))


def _asking(question: str) -> list[str]:
    """The words of a question that ask, each with those beside it."""
    found = []
    for word in _WORDS.finditer(question):
        before, after = question[: word.start()], question[word.end() :]
        if word[0].isascii():
            found.append(" ".join([*before.split()[-BESIDE:], word[0], *after.split()[:BESIDE]]))
        else:
            found.append(before[-BESIDE:] + word[0] + after[:BESIDE])
    return found


def _runs(text: str) -> frozenset[int]:
    """The keys of the runs of `RUN` tokens of a text, or of all its tokens where it has fewer."""
    hashes = tokens(pl.Series([text])).hashes
    return frozenset(runs(hashes, min(RUN, len(hashes))).tolist())
