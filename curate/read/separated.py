"""CSV and TSV: encoding, delimiter, quoting and header found by looking at the first megabyte; a row is a record.

Quoting is that of RFC 4180, strictly: a quoted field may hold delimiters, line breaks and doubled quotes. A row that
has not the columns of the header costs itself; where a quote that never closes has swallowed the lines after it,
reading goes on at the line after its first.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice
from typing import Literal, NamedTuple

from curate.read.dialogue import names_dialogue
from curate.read.fields import NAMES, record_of
from curate.read.jsonl import Ahead, lines
from curate.read.record import Item, Reading, Unfit
from curate.read.stream import Damaged, blocks

LOOK = 1 << 20  # bytes by which the file is known
ROWS = 200  # rows by which the delimiter is known
DELIMITERS = ",\t;|"
UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
UNDECODED = re.compile("[\udc80-\udcff]")
Line = tuple[int, bytes | int]
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
    stream = Ahead(blocks(reading.file))
    begin = stream.look(lambda _: False, LOOK)
    number = 0
    try:
        shape = shape_of(begin, reading)
        header = shape.header
        for number, row in _rows(lines(_as_lines(iter(stream), begin), reading.cap), shape, reading.cap):
            locator = reading.locator(number)
            try:
                if isinstance(row, Unfit):
                    raise row
                if not header:
                    yield record_of(dict(zip(shape.columns, row, strict=True)), reading.source, locator)
                header = False
            except Unfit as unfit:
                yield unfit.problem(locator)
    except Damaged as damage:
        yield damage.problem(reading.locator(number + 1))
    except Unfit as unfit:
        yield unfit.problem(reading.file.relative)


def encoding_of(begin: bytes) -> str:
    """UTF-16 by its mark; else UTF-8, or GB18030 where more lines with letters beyond ASCII are so than UTF-8."""
    for mark, name in UTF_16.items():
        if begin.startswith(mark):
            return name
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
            rows = _parsed(sample, delimiter, quoting)
            counts = Counter(len(row) for row, _ in zip(rows, range(ROWS), strict=False) if row)
            fields, times = max(counts.items(), key=lambda pair: (pair[1], pair[0]), default=(0, 0))
            if fields > 1 and times > best * counts.total():
                best, chosen = times / counts.total(), (delimiter, quoting)
    return chosen


def _parsed(sample: str, delimiter: str, quoting: Quoting) -> Iterator[list[str]]:
    reader = csv.reader((line + "\n" for line in sample.split("\n")), delimiter=delimiter, quoting=quoting, strict=True)
    while True:
        try:
            yield next(reader)
        except csv.Error:
            yield [""]  # what quotes make of it is no row
        except StopIteration:
            return


def _as_lines(stream: Iterator[bytes], begin: bytes) -> Iterator[bytes]:
    """The stream with lines that end in \\n and in an encoding whose other characters have no such byte."""
    encoding = encoding_of(begin)
    if encoding.startswith("utf-16"):
        decode = codecs.getincrementaldecoder(encoding)("replace").decode
        stream = (decode(block).encode() for block in stream)
    old = b"\n" not in begin and b"\r" in begin  # a carriage return alone, as Macs wrote before 2001
    for block in stream:
        yield block.replace(b"\r", b"\n") if old else block


def _rows(numbered: Iterator[Line], shape: Shape, cap: int) -> Iterator[tuple[int, list[str] | Unfit]]:
    """(the line at which it begins, the row's fields or what is wrong with it)."""
    encoding = "utf-8" if shape.encoding.startswith("utf-16") else shape.encoding
    again: deque[Line] = deque()
    while True:
        taken: list[Line] = []
        feed = _feed(numbered, again, taken, encoding, cap)
        row: list[str] | Unfit
        try:
            row = next(csv.reader(feed, delimiter=shape.delimiter, quoting=shape.quoting, strict=True))
        except StopIteration:
            return
        except csv.Error as error:
            row = Unfit("malformed", f"the quotes of the row do not match: {error}")
        except Damaged:
            raise
        except Unfit as unfit:
            row = unfit
        if not isinstance(row, Unfit) and len(row) != len(shape.columns):
            if not row:
                continue  # an empty line
            row = Unfit("malformed", f"the row has {len(row)} fields, the first has {len(shape.columns)}")
        if isinstance(row, Unfit):
            again.extendleft(reversed(taken[1:]))
        elif bad := next(filter(None, map(UNDECODED.search, row)), None):
            row = Unfit("undecodable", f"byte 0x{ord(bad[0]) - 0xDC00:02x} is not {encoding}, as the file seems to be")
        yield taken[0][0], row


def _feed(numbered: Iterator[Line], again: deque[Line], taken: list[Line], encoding: str, cap: int) -> Iterator[str]:
    """Decoded lines, first those that are to be read again; what is given is noted in `taken`. Raises `Unfit`."""
    size = 0
    while (line := again.popleft() if again else next(numbered, None)) is not None:
        number, content = line
        taken.append(line)
        size += content if isinstance(content, int) else len(content) + 1
        if isinstance(content, int) or size > cap:
            raise Unfit("too_large", f"the row has more than {size:,} bytes, one record may have {cap:,}")
        text = content.decode(encoding, "surrogateescape")
        yield (text.removeprefix("\ufeff") if number == 1 else text) + "\n"


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
