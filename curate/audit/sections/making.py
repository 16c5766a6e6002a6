"""How to make it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.audit.page.markup import Html, data, number, tag, text
from curate.audit.page.table import Column, folded
from curate.audit.sections.parts import behind, coded, column, heading, note, paragraph, section
from curate.audit.words import say

RECIPE = 60_000  # characters of the recipe on the page; report.json has all of it


def making(report: Mapping[str, Any]) -> Html:
    found = report["making"]
    parts = [heading(say("k.command")), tag("pre", text(found["command"]), class_="code", tabindex="0")]
    version = found["version"]
    if version is not None:
        digest = tag("code", text(version["digest"]))
        words = say("k.version", name=data(version["name"]), files=number(version["files"]), digest=digest)
        parts.append(paragraph(words))
    if found["recipe"] is not None:
        code = tag("pre", text(found["recipe"][:RECIPE]), class_="code", tabindex="0")
        parts.append(folded(say("k.recipe"), code))
    if found["stages"]:
        heads = [Column(say("c.stage"), "html"), column("name"), column("version")]
        rows = [[coded(row["stage"]), row["is"], row["version"]] for row in found["stages"]]
        parts.append(behind(say("k.stages"), heads, rows))
    if found["versions"]:
        heads = [column("name"), column("version")]
        parts.append(behind(say("k.versions"), heads, [[name, value] for name, value in found["versions"].items()]))
    inputs = found["inputs"]
    if inputs["files"] is not None:
        words = say("k.inputs_note", files=number(inputs["files"]), bytes=number(inputs["bytes"], "bytes"))
        heads = [column("file"), column("source"), column("bytes", "bytes"), Column(say("c.sha"), "html")]
        rows = [[row["file"], row["source"], row["bytes"], coded(row["sha256"])] for row in inputs["first"]]
        parts += [heading(say("k.inputs")), note(words), behind(say("k.inputs"), heads, rows)]
    return section("making", say("s.making"), *parts)
