"""A document that comes page by page out of a system for recognising text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from curate.files import FileInfo
from curate.read.record import Unfit
from curate.read.stream import whole

CJK = re.compile("[\u3000-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]")


class Part(NamedTuple):
    """A piece of text in reading order, and the page (from 0) that it stands on."""

    page: int
    text: str


def joined(parts: Iterable[Part]) -> tuple[str, list[tuple[int, int]]]:
    """(the text, an empty line between parts; (page from 1, character at which it begins) for each page with text)."""
    out: list[str] = []
    pages: list[tuple[int, int]] = []
    at = 0
    for page, text in parts:
        if not text.strip():
            continue
        if out:
            out.append("\n\n")
            at += 2
        if not pages or pages[-1][0] != page + 1:
            pages.append((page + 1, at))
        out.append(text.strip())
        at += len(out[-1])
    return "".join(out), pages


def meta_of(pages: list[tuple[int, int]], **facts: Any) -> str:
    """`pages` as [page, character of the text as read] and what else is known, as JSON."""
    return json.dumps({**facts, "pages": pages}, ensure_ascii=False, sort_keys=True)


def lines_joined(lines: Iterable[str]) -> str:
    """Lines as one paragraph: without a space where a CJK character stands on either side."""
    out = ""
    for line in (line.strip() for line in lines):
        if out and line and not (CJK.match(out[-1]) or CJK.match(line[0])):
            out += " "
        out += line
    return out


def texts(value: Any) -> list[str]:
    """What a field holds that may be text, a list of texts, or nothing."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one.strip()]


def parsed(file: FileInfo, cap: int) -> Any:
    """The JSON value that a file holds. Raises `Unfit`."""
    try:
        return json.loads(whole(file, cap))
    except UnicodeDecodeError as error:
        raise Unfit("undecodable", f"not UTF-8: {error.reason} at byte {error.start}") from None
    except (ValueError, RecursionError) as error:
        raise Unfit("malformed", f"not JSON: {error}") from None


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; none where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
