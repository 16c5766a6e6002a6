"""CSV and TSV: encoding, delimiter, quoting and header found by looking at the first megabyte; a row is a record.

Quoting is that of RFC 4180, strictly: a quoted field may hold delimiters, line breaks and doubled quotes. A row that
has not the columns of the header costs itself, and so does one whose quotes do not match; `quotes` says where rows
begin again behind it.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice
from typing import Literal, NamedTuple

from curate.read.dialogue import names_dialogue
from curate.read.fields import NAMES, record_of
from curate.read.jsonl import lines
from curate.read.quotes import AGREEING, Rows
from curate.read.record import Item, Reading, Unfit
from curate.read.stream import Damaged, Stream, blocks
from curate.read.wide import utf8

LOOK = 1 << 20  # bytes by which the file is known
ROWS = 200  # rows by which the delimiter is known
ALIKE = 0.9  # of the lines have the same number of fields where quotes are signs like others
DELIMITERS = ",\t;|"
UNDECODED = re.compile("[\udc80-\udcff]")
Line = tuple[int, bytes | int | Damaged]
Quoting = Literal[0, 3]
MINIMAL: Quoting = 0  # csv.QUOTE_MINIMAL
NONE: Quoting = 3  # csv.QUOTE_NONE


class Shape(NamedTuple):
    """How a file is written."""

    encoding: str
    delimiter: str
    quoting: Quoting  # of csv: NONE where quotes are signs like others
    columns: tuple[str, ...]
    header: bool  # whether the first row names the columns


def read(reading: Reading) -> Iterator[Item]:
    """A record for each row; its locator is the number of the line, from 1, at which it begins."""
    csv.field_size_limit(max(csv.field_size_limit(), reading.cap + 1))
    stream = utf8(blocks(reading.file))
    begin = stream.look(lambda _: False, LOOK)
    numbered = lines(_as_lines(iter(stream), begin), reading.cap)
    if not begin:
        for number, content in numbered:
            if isinstance(content, Damaged):
                yield content.problem(reading.locator(number))
                continue
            unfit = Unfit("malformed", "the row that names the columns is lost: nothing of the rest can be read")
            yield unfit.problem(reading.locator(number))
            return
        return
    try:
        shape = shape_of(begin, reading)
    except Unfit as unfit:
        yield unfit.problem(reading.file.relative)
        return
    header = shape.header
    for number, row in _Table(numbered, shape, reading.cap).rows():
        locator = reading.locator(number)
        try:
            if isinstance(row, Unfit):
                raise row
            if not header:
                yield record_of(dict(zip(shape.columns, row, strict=True)), reading.source, locator)
            header = False
        except Unfit as unfit:
            yield unfit.problem(locator)


def encoding_of(begin: bytes) -> str:
    """UTF-8, or GB18030 where more lines with letters beyond ASCII are so than UTF-8."""
    good = bad = 0
    for line in begin.split(b"\n"):
        if not line.isascii():
            valid = _decodes(line, "utf-8")
            good += valid
            bad += not valid and _decodes(line, "gb18030")
    return "gb18030" if bad > good else "utf-8"


def shape_of(begin: bytes, reading: Reading) -> Shape:
    """The file's shape by how it begins. Raises `Unfit` where no row of it could be a record."""
    source = reading.source
    encoding = encoding_of(begin)
    sample = _sample(begin, encoding)
    delimiter, quoting = _signs(sample, "\t,;|" if ".tsv" in reading.file.relative.lower() else DELIMITERS)
    names = next((row for row in _parsed(sample, delimiter, quoting) if row), [])
    if not names:
        return Shape(encoding, delimiter, quoting, (), False)
    if source.text is not None and source.text.isdecimal():
        header = names == list(map(str, range(len(names))))  # as tables without names are written by some
    elif source.text is not None:
        header = True
    else:
        header = source.key in names or names_dialogue(names) or any(name in names for name in NAMES)
        if not header:
            raise Unfit(
                "no_text",
                f"the first row ({', '.join(names)[:200]!r}) names no column that holds text: {', '.join(NAMES)}; give "
                "Source(text=...) the column's name, or its number from 0 where there is no header",
            )
    if header:  # columns without a name are nothing rare: an index, a comma too many; they are known by their number
        names = [name or str(number) for number, name in enumerate(names)]
    twice = next((name for name, times in Counter(names).items() if times > 1), None)
    if header and twice is not None:
        raise Unfit("malformed", f"two columns are named '{twice}'; which one counts is not said")
    columns = tuple(names) if header else tuple(map(str, range(len(names))))
    return Shape(encoding, delimiter, quoting, columns, header)


def first_rows(begin: bytes, tabs: bool, number: int) -> list[list[str]]:
    """The first rows of a file that begins so, whatever its columns are called."""
    sample = _sample(begin, encoding_of(begin))
    delimiter, quoting = _signs(sample, "\t,;|" if tabs else DELIMITERS)
    return list(islice(filter(None, _parsed(sample, delimiter, quoting)), number))


def _sample(begin: bytes, encoding: str) -> str:
    """The whole lines of what a file begins with."""
    text = begin.decode(encoding, "replace").removeprefix("\ufeff")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    return text if len(begin) < LOOK else text[: text.rfind("\n") + 1] or text


def _signs(sample: str, delimiters: str) -> tuple[str, Quoting]:
    """The delimiter and the quoting that cut most rows into the same number of fields, and into more than one."""
    best, chosen = 0.0, (delimiters[0], MINIMAL)
    for quoting in (MINIMAL, NONE):
        for delimiter in delimiters:
            if quoting == NONE and not _are_signs(sample, delimiter):
                continue
            rows = _parsed(sample, delimiter, quoting)
            counts = Counter(len(row) for row, _ in zip(rows, range(ROWS), strict=False) if row)
            fields, times = max(counts.items(), key=lambda pair: (pair[1], pair[0]), default=(0, 0))
            if fields > 1 and times > best * counts.total():
                best, chosen = times / counts.total(), (delimiter, quoting)
    return chosen


def _are_signs(sample: str, delimiter: str) -> bool:
    """Whether quotes are signs like others: most fields that begin with one don't end with one, in line after line, and
    the lines are rows all the same. One that is cut or has a quote too many is no reason to think so.
    """
    lines = [line for line in sample.split("\n")[: 5 * ROWS] if line.strip()]
    counts = Counter(line.count(delimiter) for line in lines)
    begun = [part.strip() for line in lines for part in line.split(delimiter) if part.startswith('"')]
    closed = sum(len(part) > 1 and part.endswith('"') for part in begun)
    return len(begun) - closed > max(1, closed) and max(counts.values(), default=0) >= ALIKE * len(lines)


def _parsed(sample: str, delimiter: str, quoting: Quoting) -> Iterator[list[str]]:
    reader = csv.reader((line + "\n" for line in sample.split("\n")), delimiter=delimiter, quoting=quoting, strict=True)
    while True:
        try:
            yield next(reader)
        except csv.Error:
            yield [""]  # what quotes make of it is no row
        except StopIteration:
            return


def _as_lines(stream: Stream, begin: bytes) -> Stream:
    """The stream with lines that end in \\n."""
    old = b"\n" not in begin and b"\r" in begin  # a carriage return alone, as Macs wrote before 2001
    for block in stream:
        yield block.replace(b"\r", b"\n") if old and isinstance(block, bytes) else block


class _Taken(NamedTuple):
    """What was read as a row: its fields or what is wrong with it, and its lines, as they were and decoded."""

    row: list[str] | Unfit
    lines: list[Line]
    decoded: list[str]


class _Table:
    """The rows of a file, from its lines."""

    def __init__(self, numbered: Iterator[Line], shape: Shape, cap: int) -> None:
        self._numbered, self._shape, self._cap = numbered, shape, cap
        self._again: deque[Line] = deque()
        self._known = Rows(shape.delimiter, len(shape.columns), strict=shape.quoting == MINIMAL)

    def rows(self) -> Iterator[tuple[int, list[str] | Unfit]]:
        """(the line at which it begins, the row's fields or what is wrong with it)."""
        names = self._shape.header
        while (taken := self._take()) is not None:
            first, row = taken.lines[0], taken.row
            if isinstance(row, Unfit):
                self._again.extendleft(reversed(taken.lines[1:]))
                yield from self._behind(first, row)
            elif bad := next(filter(None, map(UNDECODED.search, row)), None):
                found = f"byte 0x{ord(bad[0]) - 0xDC00:02x} is not {self._shape.encoding}, as the file seems to be"
                yield first[0], Unfit("undecodable", found)
            elif row:  # or an empty line
                if not names:
                    self._known.good(taken.decoded, row)
                names = False
                yield first[0], row

    def _take(self) -> _Taken | None:
        """The next row; None at the end."""
        shape = self._shape
        lines: list[Line] = []
        decoded: list[str] = []
        row: list[str] | Unfit
        try:
            feed = self._feed(lines, decoded)
            row = next(csv.reader(feed, delimiter=shape.delimiter, quoting=shape.quoting, strict=True))
        except StopIteration:
            return None
        except csv.Error as error:
            row = _Mismatch("malformed", f"the quotes of the row do not match: {error}")
        except Unfit as unfit:
            cut = isinstance(unfit, Damaged) and len(lines) > 1
            row = Unfit("malformed", "the quotes of the row are open where the file is damaged") if cut else unfit
        if not isinstance(row, Unfit) and row and len(row) != len(shape.columns):
            row = Unfit("malformed", f"the row has {len(row)} fields, the first has {len(shape.columns)}")
        return _Taken(row, lines, decoded)

    def _feed(self, taken: list[Line], decoded: list[str]) -> Iterator[str]:
        """Decoded lines, first those that are to be read again; what is given is noted. Raises `Unfit`."""
        size = 0
        while (line := self._next()) is not None:
            number, content = line
            taken.append(line)
            if isinstance(content, Damaged):
                raise content
            size += content if isinstance(content, int) else len(content) + 1
            if isinstance(content, int) or size > self._cap:
                raise Unfit("too_large", f"the row has more than {size:,} bytes, one record may have {self._cap:,}")
            text = content.decode(self._shape.encoding, "surrogateescape")
            decoded.append((text.removeprefix("\ufeff") if number == 1 else text) + "\n")
            yield decoded[-1]

    def _next(self) -> Line | None:
        return self._again.popleft() if self._again else next(self._numbered, None)

    def _behind(self, first: Line, unfit: Unfit) -> Iterator[tuple[int, Unfit]]:
        """What is wrong with the row that begins with the line `first`; after it rows begin again.

        Lines that may stand in its quotes are lost with it. Where the file is damaged behind it, that is what is told.
        """
        number = last = first[0]
        damaged = isinstance(first[1], Damaged)
        if damaged:
            yield number, unfit
        inside = _odd(first)
        while damaged or inside or isinstance(unfit, _Mismatch):
            begins = self._begins()
            if begins or (begins is None and not inside and not damaged):
                break
            line = self._next()
            if line is None:
                if inside and not damaged:
                    found = f"the file ends inside the quotes of the row, or one is too many: {unfit}"
                    unfit = Unfit("truncated", found)
                break
            if isinstance(line[1], Damaged):
                if damaged and last > number:
                    yield number + 1, _lost(last)
                yield (line[0] if damaged else number), line[1]
                number, damaged = line[0], True
            last = line[0]
            inside ^= _odd(line)
        if not damaged:
            yield number, Unfit(unfit.reason, f"{unfit}; lines {number:,} to {last:,}" if last > number else str(unfit))
        elif last > number:
            yield number + 1, _lost(last)

    def _begins(self) -> bool | None:
        """Whether a row begins at the next line, by how it and those after it are written; None if that says nothing.

        At the end of the file none does.
        """
        seen: list[Line] = []
        verdict: bool | None = None
        for agreeing in range(AGREEING):
            taken = self._take()
            if taken is None:
                verdict = None if agreeing else False
                break
            seen += taken.lines
            row = [] if isinstance(taken.row, Unfit) else taken.row
            likely = self._known.accepts(taken.decoded, row) if row else False
            if agreeing == 0:
                verdict = likely
            if (agreeing == 0 and likely is not None) or likely is False:
                break
        else:
            verdict = True if len(self._shape.columns) > 1 else None
        self._again.extendleft(reversed(seen))
        return verdict


class _Mismatch(Unfit):
    """A row whose quotes do not match: that those of a line come out even says little of where it ends."""


def _lost(last: int) -> Unfit:
    return Unfit("malformed", f"the lines up to {last:,} can't be told from what is lost before them")


def _odd(line: Line) -> bool:
    content = line[1]
    return isinstance(content, bytes) and content.count(b'"') % 2 == 1


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
