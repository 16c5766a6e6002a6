"""What a folder shows of its files that their names do not: which describe others, and which belong together.

- Hugging Face: the card (README.md) names the data files; `dataset_info.json`, `state.json` and `dataset_dict.json`
  describe them, and `cache-*.arrow` are left over from work on them.
- MinerU: `NAME_content_list.json` holds what the files beside it hold in other shapes.
- PaddleOCR: `NAME_0_res.json`, `NAME_1_res.json` ... are the pages of one document, with the same text in `NAME_0.md`.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import yaml

from curate import files
from curate.files import FileInfo
from curate.read.format import UnknownFormat, format_of
from curate.recipe import Source

CARD = "README.md"
CARD_BYTES = 1 << 20  # of a card or a description that are read
ABOUT = frozenset({"dataset_info.json", "dataset_infos.json", "dataset_dict.json"})
TABLES = frozenset({"parquet", "arrow", "jsonl", "csv"})
MINERU = "_content_list.json"
MINERU_MIDDLE = "_middle.json"
MINERU_SAME = (
    *(".md", "_content_list_v2.json", "_middle.json", "_model.json", "_model_output.txt"),
    *("_layout.pdf", "_span.pdf", "_origin.pdf", "_layout_raw.pdf"),
)
PADDLE = re.compile(r"(?P<stem>.+?)(?:_(?P<page>\d+))?_res\.json")
PADDLE_SIGNS = (b'"parsing_res_list"', b'"rec_texts"', b'"overall_ocr_res"', b'"model_settings"')
LOOK = 1 << 14  # bytes in which PaddleOCR's own keys come

Marks = dict[str, FileInfo]
"""Files by their relative path, as their folder shows them."""


def sorted_out(source: Source, found: Sequence[FileInfo]) -> list[FileInfo]:
    """`found` with what their folders show of them, in the same order.

    A file that no reader is for is read as `unknown`: it is counted and skipped. Raises `UnknownFormat` where that
    leaves nothing to read, or where the source names a format and it is none.
    """
    if source.format is not None:
        for file in found:
            format_of(source, file)
        return list(found)
    marks: Marks = {}
    for folder in _folders(found).values():
        marks |= _described(folder) | _mineru(folder) | _paddle(folder)
    marks |= _cards(found, marks)
    out, refusals = [], []
    for file in (marks.get(file.relative, file) for file in found):
        try:
            format_of(source, file)
            out.append(file)
        except UnknownFormat as refusal:
            refusals.append(refusal)
            out.append(replace(file, read_as="unknown"))
    if refusals and all(file.read_as in ASIDE for file in out):
        raise refusals[0]
    return out


ASIDE = frozenset({"unknown", "companion"})
"""What is not read at all."""


def _folders(found: Sequence[FileInfo]) -> dict[str, dict[str, FileInfo]]:
    """Folder -> name -> file."""
    folders: dict[str, dict[str, FileInfo]] = defaultdict(dict)
    for file in found:
        parent, _, name = file.relative.rpartition("/")
        folders[parent][name] = file
    return folders


def _companions(some: Iterator[FileInfo]) -> Marks:
    return {file.relative: replace(file, read_as="companion") for file in some}


def _described(folder: Mapping[str, FileInfo]) -> Marks:
    """The descriptions of data beside or below them, and what lies between `save_to_disk`'s own files."""
    about = {name for name in ABOUT & folder.keys() if _about_data(folder[name], name)}
    if (state := folder.get("state.json")) is not None and (named := _state(state)) is not None:
        about.add("state.json")
        about |= {name for name in folder if name.endswith(".arrow") and name not in named}
    return _companions(folder[name] for name in about)


def _about_data(file: FileInfo, name: str) -> bool:
    """Whether it describes data, as Hugging Face's and LLaMA-Factory's files of that name do, and is no record."""
    content = _json(file)
    if not isinstance(content, dict):
        return False
    if name == "dataset_dict.json":
        return "splits" in content
    entries = [value for value in content.values() if isinstance(value, dict)]
    keys = {"file_name", "hf_hub_url", "ms_hub_url", "script_url", "features", "splits", "cloud_file_name"}
    return "features" in content or any(keys & entry.keys() for entry in entries)


def _state(file: FileInfo) -> frozenset[str] | None:
    """The names of the Arrow files that `state.json` lists; None if it is another's."""
    content = _json(file)
    listed = content.get("_data_files") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        return None
    return frozenset(str(one["filename"]) for one in listed if isinstance(one, dict) and "filename" in one)


def _mineru(folder: Mapping[str, FileInfo]) -> Marks:
    marks: Marks = {}
    for ending in (MINERU, MINERU_MIDDLE):
        for name, file in folder.items():
            if not name.endswith(ending) or file.relative in marks:
                continue
            marks[file.relative] = replace(file, read_as="mineru")
            stem = name.removesuffix(ending)
            same = (folder.get(stem + other) for other in MINERU_SAME if stem + other != name)
            for one in filter(None, same):
                marks[one.relative] = replace(one, read_as="companion", leader=file.relative)
    return marks


def _paddle(folder: Mapping[str, FileInfo]) -> Marks:
    marks: Marks = {}
    pages: dict[str, list[tuple[int, FileInfo]]] = defaultdict(list)
    for name, file in folder.items():
        match = PADDLE.fullmatch(name)
        if match is not None and _begins_with(file, PADDLE_SIGNS):
            pages[match["stem"]].append((int(match["page"] or -1), file))
    for stem, some in pages.items():
        (_, first), *others = sorted(some, key=lambda pair: (pair[0], pair[1].relative))
        parts = tuple(file for _, file in others)
        marks[first.relative] = replace(first, read_as="paddleocr", parts=parts)
        same = [folder.get(f"{stem}{f'_{page}' if page >= 0 else ''}.md") for page, _ in some]
        for one in (*parts, folder.get(f"{stem}.md"), *same):
            if one is not None:
                marks[one.relative] = replace(one, read_as="companion", leader=first.relative)
    return marks


def _cards(found: Sequence[FileInfo], marks: Marks) -> Marks:
    """The cards of dataset repositories, and the data files below that a card which names its data does not name."""
    out: Marks = {}
    for card in found:
        parent, _, name = card.relative.rpartition("/")
        if name != CARD or (facts := _front_matter(card)) is None:
            continue
        below = [
            file for file in found if file is not card and file.relative.startswith(f"{parent}/" if parent else "")
        ]
        data = [file for file in below if _is_table(file)]
        if not data:
            continue
        out |= _companions(iter([card]))
        root = card.path.removesuffix(CARD).rstrip("/")
        patterns = [files.join(root, one) for one in _data_files(facts)]
        if patterns and any(files.finds(pattern, file.path) for pattern in patterns for file in data):
            unnamed = (file for file in data if not any(files.finds(one, file.path) for one in patterns))
            out |= _companions(file for file in unnamed if file.relative not in marks)
    return out


def _is_table(file: FileInfo) -> bool:
    try:
        return format_of(Source(name="any", path=""), file) in TABLES
    except UnknownFormat:
        return False


def _data_files(facts: Mapping[str, Any]) -> Iterator[str]:
    """The patterns that a card gives: text, a list, or a list of splits with a path each."""
    configs = facts.get("configs")
    for config in configs if isinstance(configs, list) else ():
        named = config.get("data_files") if isinstance(config, dict) else None
        for one in named if isinstance(named, list) else [named]:
            paths = one.get("path") if isinstance(one, dict) else one
            for path in paths if isinstance(paths, list) else [paths]:
                if isinstance(path, str):
                    yield path


def _front_matter(card: FileInfo) -> dict[str, Any] | None:
    """What stands between the two lines of dashes at the start of a card; None where there is nothing such."""
    text = _start(card, CARD_BYTES).decode("utf-8", "replace").removeprefix("\ufeff")
    match = re.match(r"---\s*\n(.*?)\n---\s*(?:\n|\Z)", text, re.DOTALL)
    if match is None:
        return None
    try:
        facts = yaml.safe_load(match[1])
    except yaml.YAMLError:
        return None
    return facts if isinstance(facts, dict) else None


def _json(file: FileInfo) -> Any:
    try:
        return json.loads(_start(file, CARD_BYTES))
    except (ValueError, RecursionError):
        return None


def _begins_with(file: FileInfo, signs: Sequence[bytes]) -> bool:
    begin = _start(file, LOOK)
    return any(sign in begin for sign in signs)


def _start(file: FileInfo, size: int) -> bytes:
    with files.open_read(file.path) as stream:
        return stream.read(size)
