"""Text that was decoded with the wrong encoding, decoded again: only where it is certain what it was.

What cannot be turned back without a doubt stays as it is; `heuristics.mojibake` measures and removes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from curate.stages.encoding import plausibility
from curate.stages.heuristics.mojibake import AS_GBK, SUSPECT

BETTER = (
    0.4  # by how much a line must look more like writing than before; clean lines score .5 to 1, damaged ones under .2
)
CERTAIN = 0.55  # what it must reach
TURNS = 3  # text can have been decoded wrongly several times over

# The byte that a character stands for where bytes were read as Latin-1 or windows-1252.
_BYTE = {chr(byte): byte for byte in range(0x80, 0x100)}
_BYTE |= {
    bytes([byte]).decode("cp1252"): byte for byte in range(0x80, 0xA0) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_TO_BYTES = str.maketrans({char: chr(byte) for char, byte in _BYTE.items()})


def _class(low: int, high: int) -> str:
    return "[" + "".join(re.escape(char) for char, byte in _BYTE.items() if low <= byte <= high) + "]"


_NEXT = _class(0x80, 0xBF)
_SEQUENCE = re.compile(f"{_class(0xC2, 0xDF)}{_NEXT}|{_class(0xE0, 0xEF)}{_NEXT}{{2}}|{_class(0xF0, 0xF4)}{_NEXT}{{3}}")
_RUNS = re.compile(f"(?:{_SEQUENCE.pattern})+")
_HIGH = re.compile(_class(0x80, 0xFF))
_FOREIGN = re.compile("[^\x00-\x7f]")
_CHINESE = re.compile("[\u4e00-\u9fff]{2}")
_EAST = ("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949")
# A cheap look, by polars: four letters that Latin-1 has above ASCII in a row, or what begins a sequence of UTF-8.
_SUSPICIOUS = f"{_class(0xC2, 0xF4)}{_NEXT}|{_class(0x80, 0xFF)}{{4}}"


class Turned(NamedTuple):
    """A text, and how many characters were taken out of it and put in."""

    text: str
    cut: int
    added: int


@dataclass(frozen=True, kw_only=True)
class Redecode:
    """Repairs UTF-8 that was read as Latin-1, windows-1252 or GBK, and Chinese, Japanese and Korean read as Latin-1.

    A line changes only if every character that is wrong in it turns back into valid text that looks far more like
    writing; ASCII stays as it is. Goes before `Normalize`, which may take apart what is to be turned back. Editor:
    `redecode_cut` and `redecode_added` are counted in characters, both 0 for clean text.
    """

    name: str = "redecode"

    version = 1
    reads = {"text": pl.String()}

    @property
    def writes(self) -> dict[str, pl.DataType]:
        return {"text": pl.String(), f"{self.name}_cut": pl.Int64(), f"{self.name}_added": pl.Int64()}

    @property
    def rules(self) -> tuple[()]:
        return ()

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        text = pl.col("text")
        suspects = docs.select(
            (
                text.str.contains(_SUSPICIOUS) | (text.str.count_matches(AS_GBK) > SUSPECT / 4 * text.str.len_chars())
            ).fill_null(False)
        ).to_series()
        turned = [
            turned_back(text) if suspect else Turned(text, 0, 0)
            for text, suspect in zip(docs["text"], suspects, strict=True)
        ]
        return docs.with_columns(
            pl.Series("text", [done.text for done in turned], pl.String),
            pl.Series(f"{self.name}_cut", [done.cut for done in turned], pl.Int64),
            pl.Series(f"{self.name}_added", [done.added for done in turned], pl.Int64),
        )


def turned_back(text: str) -> Turned:
    """`text` with the lines repaired that can be, each by itself."""
    lines = text.split("\n")
    cut = added = 0
    for number, line in enumerate(lines):
        done = _from_latin(line) or _from_gbk(line) or line
        if done != line:
            old, new = _difference(line, done)
            cut, added = cut + old, added + new
            lines[number] = done
    return Turned("\n".join(lines), cut, added) if cut or added else Turned(text, 0, 0)


def _from_latin(line: str) -> str | None:
    """The line that was read as Latin-1 or windows-1252; None where it wasn't, or not for certain."""
    high = len(_HIGH.findall(line))
    if not high:
        return None
    found = line
    for _ in range(TURNS):
        runs = _RUNS.findall(found)
        if not runs or sum(map(len, runs)) < len(_FOREIGN.findall(found)):
            break
        found = _RUNS.sub(lambda run: _bytes(run[0]).decode("utf-8", "replace"), found)
    if found != line:
        # Nobody writes letters and signs that all happen to be UTF-8: here the text need not look bad before.
        return _better(line, found, lead=-1)
    if 2 * high >= len(line) or re.search(_class(0x80, 0xFF) + "{4}", line):
        data = "".join(char if ord(char) < 128 else char.translate(_TO_BYTES) for char in line)
        if any(ord(char) > 255 for char in data):
            return None
        for codec in _EAST:
            try:
                found = data.encode("latin-1").decode(codec)
            except UnicodeDecodeError:
                continue
            if (better := _better(line, found)) is not None and _plain(better):
                return better
    return None


def _bytes(text: str) -> bytes:
    return text.translate(_TO_BYTES).encode("latin-1")


def _from_gbk(line: str) -> str | None:
    """The line of UTF-8 that was read as GBK; None where it wasn't, or where bytes were lost on the way."""
    for codec in ("gb18030", "gbk"):
        try:
            found = line.encode(codec).decode("utf-8")
        except UnicodeError:
            continue
        if found != line and _CHINESE.search(found):
            return _better(line, found)
    return None


def _better(line: str, found: str, lead: float = BETTER) -> str | None:
    """`found` if it is writing, by `lead` more than `line`."""
    if "\ufffd" in found or any(0x7F <= ord(char) < 0xA0 or 0xE000 <= ord(char) <= 0xF8FF for char in found):
        return None
    score = plausibility(found)
    return found if score >= CERTAIN and score >= plausibility(line) + lead else None


def _plain(text: str) -> bool:
    """Whether a line of several scripts is one that somebody wrote: none is Chinese with half-width kana in it."""
    return re.search("[\uff61-\uff9f\u0400-\u04ff]", text) is None


def _difference(old: str, new: str) -> tuple[int, int]:
    """Characters of `old` and `new` between what begins and what ends both alike."""
    start, most = 0, min(len(old), len(new))
    while start < most and old[start] == new[start]:
        start += 1
    end = 0
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return len(old) - start - end, len(new) - start - end
