"""A first recipe from what lies in a folder: runs as it is, and is meant to be read and changed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curate import files
from curate.audit.excerpt import visible
from curate.foreign import Carried, data_juicer, llama_factory, merged
from curate.look import Group, Seen, look
from curate.read import UnknownFormat
from curate.read.fields import NAMES
from curate.recipe import RecipeRefused

OTHER = 0.05  # of the documents looked at: another language than Chinese and English with as many is kept too
TOLERATED = 0.01  # of the records may be unreadable at first
EXTRACT, NORMALIZE, LANGUAGE, LENGTH, REPETITION, EXACT, MINHASH = (
    "curate.stages.extract.Extract",
    "curate.stages.normalize.Normalize",
    "curate.stages.language.Language",
    "curate.stages.heuristics.length.Length",
    "curate.stages.heuristics.repetition.Repetition",
    "curate.dedup.exact.ExactDedup",
    "curate.dedup.minhash.MinHashDedup",
)


def init(place: str, out: str) -> str:
    """Looks at `place` and writes a recipe to `out`. Returns what was found, in words.

    `place` is a folder or a file of data, LLaMA-Factory's dataset_info.json, or a Data-Juicer YAML. Raises
    `RecipeRefused` where `out` is there already or nothing can be read.
    """
    if Path(out).exists():
        raise RecipeRefused(f"{out} is there already; give another name with --out, or move it away")
    carried = _carried(place)
    folder = place
    if carried is not None:
        folder = _data(place, carried)
    try:
        seen = look(folder)
    except (UnknownFormat, FileNotFoundError) as error:
        raise RecipeRefused(str(error)) from None
    groups = [group for group in seen.groups if group.readable]
    if not groups:
        raise RecipeRefused(
            f"{folder}: nothing that was looked at becomes a document: "
            + "; ".join(f"{visible(group.path)}: {_counted(group.problems)}" for group in seen.groups)
        )
    name = Path(os.path.abspath(folder)).stem or "first"
    text = _recipe(name, seen, groups, carried, os.path.dirname(os.path.abspath(out)))
    with open(out, "x", encoding="utf-8") as file:
        file.write(text)
    return "\n".join([*described(seen), *_said(carried), f"written: {out}; next: curate plan {out}"])


def described(seen: Seen) -> list[str]:
    """What was found, a few lines for each group. Names that data gave are inert: a line each, without controls."""
    lines = []
    for group in seen.groups:
        formats = ", ".join(f"{count:,} {name}" for name, count in group.formats.items())
        lines.append(f"{group.path}: {formats} files, {_bytes(group.size)}; looked at {group.records:,} records")
        if group.fields:
            lines.append(f"  fields: {', '.join(group.fields)}")
        known = next((name for name in NAMES if name in group.fields), None) if not group.dialogues else None
        roles = {"text": group.text or known, "id": ", ".join(group.ids) or None, "url": group.url, "date": group.date}
        guessed = [f"{role}: {field}" for role, field in roles.items() if field]
        if guessed:
            lines.append(f"  taken for {'; '.join(guessed)}")
        if group.documents:
            lines.append(f"  languages: {_counted(group.languages)}; dialogues: {group.dialogues:,}")
        if group.encodings:
            lines.append(f"  encodings: {_counted(group.encodings)}")
        if group.problems:
            lines.append(f"  can't be read: {_counted(group.problems)}")
    if seen.unknown:
        lines.append(f"skipped: {sum(seen.unknown.values()):,} files of unknown format: {_counted(seen.unknown)}")
    return [visible(line) for line in lines]


def _carried(place: str) -> Carried | None:
    """What a file of another tool says; None where `place` is data."""
    name = place.rpartition("/")[2].lower()
    if name.endswith((".yaml", ".yml")):
        return data_juicer(place)
    if name == "dataset_info.json":
        return llama_factory(place)
    beside = files.join(place, "dataset_info.json")
    if os.path.isdir(place) and os.path.isfile(beside) and b'"file_name"' in files.read_bytes(beside):
        return llama_factory(beside)
    return None


def _data(place: str, carried: Carried) -> str:
    """The folder of the data that settings speak of."""
    if carried.path is None:
        if place.lower().endswith((".yaml", ".yml")):
            raise RecipeRefused(f"{place}: it names no data (dataset_path)")
        return place if os.path.isdir(place) else os.path.dirname(place) or "."
    named = (carried.path, carried.path.split()[-1])  # several data sets stand there with a weight before each
    places = (folder for path in named for folder in (path, os.path.join(os.path.dirname(place), path)))
    found = next((path for path in places if files.exists(path)), None)
    if found is None:
        raise RecipeRefused(f"{place}: there is nothing at its dataset_path {carried.path}")
    return found


def _recipe(name: str, seen: Seen, groups: Sequence[Group], carried: Carried | None, home: str) -> str:
    sources = _sources(seen, groups, carried, home)
    stages = _stages(groups, carried)
    imports = sorted({f"from {place.rpartition('.')[0]} import {place.rpartition('.')[2]}" for place, _ in stages})
    imports = sorted([*imports, "from curate.recipe import Recipe, Source"])
    facts = "\n".join(f"# {line}" for line in (*described(seen), *_said(carried)))
    looked = sum(group.records for group in groups)
    bad = sum(group.records - group.documents for group in groups) / max(1, looked)
    tolerance = round(max(TOLERATED, min(1.0, 2 * bad)), 3)
    body = "\n".join(f"        {expression}," for _, expression in stages)
    return f'''"""A first recipe: sources, and the stages they go through. Read it, change it, look at what it removes.

    curate plan FILE; curate run FILE --sample 0.1 --out run; curate run FILE --out run; curate funnel run
"""

{chr(10).join(imports)}

# What was found by looking at the first records:
#
{facts}

recipe = Recipe(
    name={name!r},
    sources=(
{sources}
    ),
    stages=(
{body}
    ),
    tolerance={tolerance},  # share of records that may be unreadable; 0 once you know what they are
)  # fmt: skip
'''


def _sources(seen: Seen, groups: Sequence[Group], carried: Carried | None, home: str) -> str:
    lines = []
    root = os.path.relpath(os.path.abspath(seen.folder), home)
    given = dict(carried.sources) if carried is not None else {}
    general = given.pop("*", {})
    for name, arguments in given.items():
        path = os.path.join(root if os.path.isdir(seen.folder) else os.path.dirname(root), arguments["path"])
        lines.append(_source({"name": name, **arguments, "path": path}))
    if given:
        return "\n".join(lines)
    for group in groups:
        path = root if group.path in (".", os.path.basename(seen.folder)) else os.path.join(root, group.path)
        arguments = {"name": group.name, "path": path, "text": group.text, **(general if group.fields else {})}
        main = next(iter(group.languages), None)
        if len(group.languages) == 1 and main not in (None, "und"):
            arguments["lang"] = main
        if group.ids:
            lines.append(f"        # key={group.ids[0]!r} would name its records, if that is unique in all of them")
        lines.append(_source(arguments))
    lines.append("        # say what you know: role='domain', domain='medical', license='CC-BY-4.0', date=...")
    return "\n".join(lines)


def _source(arguments: Mapping[str, Any]) -> str:
    given = ", ".join(f"{name}={value!r}" for name, value in arguments.items() if value is not None)
    return f"        Source({given}),"


def _stages(groups: Sequence[Group], carried: Carried | None) -> list[tuple[str, str]]:
    """(where a stage is imported from, how it is made)."""
    languages: dict[str, int] = {}
    for group in groups:
        for one, count in group.languages.items():
            languages[one] = languages.get(one, 0) + count
    others = [one for one, count in languages.items() if count >= OTHER * sum(languages.values())]
    among = sorted({"zh", "en", *others} - {"und"})
    kept = (
        f"Language(among=frozenset({{{', '.join(map(repr, among))}}}))" if set(among) != {"zh", "en"} else "Language()"
    )
    first = (EXTRACT, "Extract()")
    if carried is not None and carried.stages:
        return [first, *(stage for stage in merged(carried.stages) if stage[0] != EXTRACT)]
    return [
        first,
        (NORMALIZE, "Normalize()"),
        (LANGUAGE, kept),
        (LENGTH, "Length()"),
        (REPETITION, "Repetition()"),
        (EXACT, "ExactDedup()"),
        (MINHASH, "MinHashDedup()"),
    ]


def _said(carried: Carried | None) -> list[str]:
    if carried is None:
        return []
    stages = [expression for _, expression in merged(carried.stages)]
    lines = [
        *(f"carried over: {name}" for name in (*(one for one in carried.sources if one != "*"), *stages)),
        *(f"nearly the same: {line}" for line in carried.close),
        *(f"NOT carried over: {line}" for line in carried.left),
    ]
    return [visible(line) for line in lines]


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "nothing"


def _bytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size:,} bytes"
