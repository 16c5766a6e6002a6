"""Passages for retrieval: stretches of documents that end where sentences do, each with its source."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from curate import files
from curate.mix.export.chunks import Measure, chunks
from curate.mix.export.lines import Tally, line
from curate.mix.export.material import Material
from curate.mix.export.settings import Export, ExportRefused
from curate.mix.tokenizer import Encoder

HEADING = re.compile(r"\A\s*#{1,3}\s+(\S.{0,118}\S)\s*$", re.MULTILINE)


def export(material: Material, settings: Export, folder: Path) -> tuple[Tally, list[str]]:
    """passages.jsonl below `folder`; what was written, and what there is to know. Raises `ExportRefused`.

    A document is cut up once, however often the mix reads it, held out or not: a base of knowledge has no ratio. Of
    dialogues the text is taken.
    """
    measure = _measure(material, settings)
    tally, number = Tally(), 0
    with ExitStack() as stack:
        sink: BinaryIO = stack.enter_context(files.create(str(folder / "passages.jsonl")))
        for split in material.paths:
            for docs in material.documents(split):
                for document in docs.iter_rows(named=True):
                    tally.add(document["channel"], split, 0)
                    for passage in passages(document, settings, measure):
                        sink.write(line(passage))
                        number += 1
    unit = f"{settings.size} {settings.unit}, up to {settings.overlap} of them again"
    return tally, [f"{number:,} passages of at most {unit}: OUT/passages.jsonl"]


def passages(document: Mapping[str, Any], settings: Export, measure: Measure) -> Iterator[dict[str, Any]]:
    """The passages of a document: text[start:end] of it, in characters, each with what is known of the document."""
    text = document["text"] or ""
    title = _title(document, text)
    known = {name: document[name] for name in ("doc_id", "source", "domain", "lang", "license", "url", "date")}
    for number, (start, end, size) in enumerate(chunks(text, settings.size, settings.overlap, measure)):
        yield {
            "id": f"{document['doc_id']}-{number:04d}",
            **known,
            "title": title,
            "number": number,
            "start": start,
            "end": end,
            settings.unit: size,
            "text": text[start:end],
        }


def _measure(material: Material, settings: Export) -> Measure:
    if settings.unit == "characters":
        return lambda texts: [len(text) for text in texts]
    if material.mix is None:
        raise ExportRefused(
            f"{material.where} has no mix, so there is no tokenizer to count with: say --unit characters, or give a mix"
        )
    encode = Encoder((material.mix / "tokenizer.json").read_bytes(), mixes=False)
    return lambda texts: [len(ids) for ids in encode.encode(texts)]


def _title(document: Mapping[str, Any], text: str) -> str | None:
    """What the input called the document, else the heading that it begins with."""
    said = json.loads(document["meta"] or "{}")
    if isinstance(said, dict) and isinstance(said.get("title"), str) and said["title"].strip():
        return str(said["title"]).strip()
    found = HEADING.match(text)
    return found[1] if found else None
