"""A tokenizer's expression as a table: one step per character finds the pieces, leftmost alternative first.

An expression of the kind that tokenizers have (classes, repetition, alternatives, one character of look-ahead) is made
deterministic: a state is the list of places in the expression where a match may be, best first, as a backtracking
engine would try them. Which characters are in a class is asked of the engine of `tokenizers`, so that its Unicode
tables count and no other's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, normalizers

from curate.mix.patterns import Untranslatable

# Planes 0 to 3 and 14: all that has ever been assigned outside of private use. The others are taken for LAST, of plane
# 3's end, which is a noncharacter: no class but the negated ones holds it.
EVERY = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x40000), *range(0xE0000, 0xE1000)]))
CODES = np.frombuffer(EVERY.encode("utf-32-le"), np.uint32)
LAST = 0x3FFFF
MOST_STATES = 4096
DEAD = 0xFFFF  # the match can't go on
ENDS = 1 << 16  # added to an entry: a match ends before this character


@dataclass(frozen=True)
class Automaton:
    """`classes` (0x110000, u1): the class of each code point. `table` (states, classes + 1, i4): the next state, or
    `DEAD`, and `ENDS` where a match ends before the character; the last column is the end of the text. It starts in
    state 0."""

    classes: NDArray[np.uint8]
    table: NDArray[np.int32]


@dataclass(frozen=True)
class _Node:
    """A place in the expression. `kind`: char (goes to `out[0]` over `atom`), split (to each of `out`, best first),
    ahead (to `out[0]` if the next character is not in `atom`), end."""

    kind: str
    out: tuple[int, ...] = ()
    atom: int = -1


@lru_cache(maxsize=16)
def automaton(expression: str) -> Automaton:
    """The table of an expression. Raises `Untranslatable` for what it has no form for."""
    parser = _Parser(expression)
    start = parser.parse()
    if len(parser.atoms) > 63:
        raise Untranslatable(f"its expression has {len(parser.atoms)} classes and letters; at most 63 can be tabled")
    codes = np.zeros(len(EVERY), np.int64)
    for ordinal, atom in enumerate(parser.atoms):
        codes |= _members(atom).astype(np.int64) << ordinal
    kinds, inverse = np.unique(codes, return_inverse=True)
    if len(kinds) > 255:
        raise Untranslatable("its expression parts characters into more than 255 kinds")
    classes = np.empty(0x110000, np.uint8)
    classes[:] = inverse[EVERY.index(chr(LAST))]
    classes[CODES] = inverse
    return Automaton(classes, _determined(parser.nodes, start, kinds.tolist()))


def _determined(nodes: Sequence[_Node], start: int, kinds: Sequence[int]) -> NDArray[np.int32]:
    """The states are tuples of nodes that stand before a character, best first; found one after the other."""
    states: dict[tuple[int, ...], int] = {(start,): 0}
    rows: list[list[int]] = []
    queue: list[tuple[int, ...]] = [(start,)]
    while len(rows) < len(queue):
        places = queue[len(rows)]
        row = []
        for ahead in (*kinds, None):
            following, ends = _step(nodes, places, ahead)
            if following and following not in states:
                states[following] = len(queue)
                queue.append(following)
            row.append((states[following] if following else DEAD) + (ENDS if ends else 0))
        rows.append(row)
        if len(queue) > MOST_STATES:
            raise Untranslatable(f"its expression needs more than {MOST_STATES} states")
    return np.array(rows, np.int32)


def _step(nodes: Sequence[_Node], places: tuple[int, ...], ahead: int | None) -> tuple[tuple[int, ...], bool]:
    """Where the match may be behind a character of the atoms `ahead` (a bit each; None: there is no character), and
    whether a match ends before it."""
    following: dict[int, None] = {}
    seen: set[int] = set()
    stack = list(reversed(places))
    while stack:
        place = stack.pop()
        if place in seen:
            continue
        seen.add(place)
        node = nodes[place]
        if node.kind == "end":
            return tuple(following), True  # what is worse than this match is not tried
        if node.kind == "char":
            if ahead is not None and ahead >> node.atom & 1:
                following.setdefault(node.out[0])
        elif node.kind == "ahead":
            if ahead is None or not ahead >> node.atom & 1:
                stack.append(node.out[0])
        else:
            stack.extend(reversed(node.out))
    return tuple(following), False


@lru_cache(maxsize=256)
def _members(atom: str) -> NDArray[np.bool_]:
    """Which of `EVERY` the atom (a class, an escape, a letter, perhaps of any case) matches, by Oniguruma."""
    left = normalizers.Replace(Regex(f"(?:{atom})+"), "").normalize_str(EVERY)
    kept = np.zeros(0x110000, np.bool_)
    kept[np.frombuffer(left.encode("utf-32-le"), np.uint32)] = True
    return ~kept[CODES]


def _empty(tree: Any) -> bool:
    """Whether a part of the expression can match without a character."""
    if tree[0] == "all":
        return all(_empty(item) for item in tree[1])
    if tree[0] == "any":
        return any(_empty(branch) for branch in tree[1])
    return tree[0] == "ahead" or (tree[0] == "repeat" and (tree[2] == 0 or _empty(tree[1])))


def _closing(text: str) -> int:
    """Where the class that `text` begins with ends: behind its bracket."""
    depth = at = 0
    while at < len(text):
        depth += {"[": 1, "]": -1}.get(text[at], 0)
        at += 2 if text[at] == "\\" else 1
        if depth == 0:
            return at
    raise Untranslatable("its expression has a class without an end")


class _Parser:
    """Recursive descent over alternatives, sequences and repetitions; nodes are made from the end of each to its
    beginning, so that each knows where it goes on."""

    def __init__(self, expression: str) -> None:
        self._text = expression
        self._at = 0
        self.atoms: list[str] = []
        self.nodes: list[_Node] = [_Node("end")]

    def parse(self) -> int:
        tree = self._alternatives(False)
        if self._at < len(self._text):
            raise self._unknown()
        start = self._made(tree, 0)
        if _empty(tree):
            raise Untranslatable("its expression matches nothing at all")
        return start

    def _alternatives(self, fold: bool) -> Any:
        branches = [self._sequence(fold)]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._sequence(fold))
        return ("any", branches) if len(branches) > 1 else branches[0]

    def _sequence(self, fold: bool) -> Any:
        items = []
        while self._peek() not in ("", "|", ")"):
            items.append(self._repeated(self._item(fold)))
        return ("all", items)

    def _item(self, fold: bool) -> Any:
        rest = self._text[self._at :]
        for opening, folds in (("(?:", fold), ("(?i:", True)):
            if rest.startswith(opening):
                self._at += len(opening)
                inner = self._alternatives(folds)
                self._close()
                return inner
        if rest.startswith("(?!"):
            self._at += 3
            atom = self._atom(fold)
            self._close()
            return ("ahead", atom)
        return ("char", self._atom(fold))

    def _close(self) -> None:
        if self._peek() != ")":
            raise self._unknown()
        self._at += 1

    def _atom(self, fold: bool) -> int:
        """The ordinal of the class, escape or letter that stands here."""
        rest = self._text[self._at :]
        if rest.startswith("["):
            source = rest[: _closing(rest)]
        elif found := re.match(r"\\[pP]\{\^?\w+\}|\\[sSdDwWrnt]|\\\W|[^\\()\[\]{}?*+.^$|]", rest):
            source = found[0]
        else:
            raise self._unknown()
        self._at += len(source)
        source = f"(?i:{source})" if fold else source
        if source not in self.atoms:
            self.atoms.append(source)
        return self.atoms.index(source)

    def _repeated(self, item: Any) -> Any:
        found = re.match(r"[?*+]|\{(\d+)(,?)(\d*)\}", self._text[self._at :])
        if not found:
            return item
        self._at += len(found[0])
        if self._peek() in ("?", "+", "*") or item[0] == "ahead":  # lazy, possessive
            raise self._unknown()
        if found[0] in "?*+":
            least, most = {"?": (0, 1), "*": (0, None), "+": (1, None)}[found[0]]
        else:
            least = int(found[1])
            most = int(found[3]) if found[3] else None if found[2] else least
        if _empty(item) or least > 32 or (most or 0) > 32:
            raise self._unknown()
        return ("repeat", item, least, most)

    def _made(self, tree: Any, behind: int) -> int:
        """The node where `tree` begins that goes on to `behind`."""
        kind = tree[0]
        if kind in ("char", "ahead"):
            return self._node(_Node(kind, (behind,), tree[1]))
        if kind == "all":
            for item in reversed(tree[1]):
                behind = self._made(item, behind)
            return behind
        if kind == "any":
            return self._node(_Node("split", tuple(self._made(branch, behind) for branch in tree[1])))
        _, item, least, most = tree
        if most is None:
            loop = self._node(_Node("split"))
            self.nodes[loop] = _Node("split", (self._made(item, loop), behind))
            behind = loop
        else:
            beyond = behind
            for _ in range(most - least):
                behind = self._node(_Node("split", (self._made(item, behind), beyond)))
        for _ in range(least):
            behind = self._made(item, behind)
        return behind

    def _node(self, node: _Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _unknown(self) -> Untranslatable:
        return Untranslatable(
            f"its expression has {self._text[self._at : self._at + 8]!r}, for which there is no table"
        )
