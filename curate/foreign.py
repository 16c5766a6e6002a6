"""Settings of other tools as sources and stages: what has an equal here is carried over, and what has none is listed.

LLaMA-Factory's `dataset_info.json` (data/README.md of that project) names data sets with their shapes and columns.
Data-Juicer's YAML has a `process` list of operators; their names and parameters are those of its version 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from curate import files
from curate.read.dialogue import ASKED, CHOSEN, PAIRS, REJECTED, ROLES
from curate.read.format import ENDINGS, WITH_FIELDS


class NotSettings(ValueError):
    """A file is not what the tool writes that it seems to be of."""


@dataclass
class Carried:
    """What a file of another tool says: sources and stages as Python, and what was said of the rest."""

    sources: dict[str, dict[str, Any]] = field(default_factory=dict)  # name -> arguments of Source
    stages: list[tuple[str, str]] = field(default_factory=list)  # (import, expression)
    close: list[str] = field(default_factory=list)  # what stands for something that is nearly the same
    left: list[str] = field(default_factory=list)  # what was not carried over, and why
    path: str | None = None  # the data that the file names, where it names no more than a path


def llama_factory(path: str) -> Carried:
    """The data sets of a `dataset_info.json`, paths relative to it. Raises `NotSettings`."""
    entries = _loaded(path, json.loads)
    if not isinstance(entries, dict) or not any(isinstance(entry, dict) for entry in entries.values()):
        raise NotSettings(f"{path}: expected an object of data sets, as LLaMA-Factory's dataset_info.json")
    out = Carried()
    folder = path.rpartition("/")[0]
    for name, entry in entries.items():
        if not isinstance(entry, dict):
            out.left.append(f"data set {name}: it is {str(entry)[:40]!r}, expected an object")
            continue
        named = entry.get("file_name")
        if not isinstance(named, str):
            place = next(
                (
                    key
                    for key in ("hf_hub_url", "ms_hub_url", "om_hub_url", "cloud_file_name", "script_url")
                    if key in entry
                ),
                None,
            )
            what = f"it is at {entry[place]} ({place}): download it first" if place else "it names no file"
            out.left.append(f"data set {name}: {what}")
            continue
        if not files.exists(files.join(folder, named) if folder else named):
            out.left.append(f"data set {name}: there is no {named}")
            continue
        _data_set(name, named, entry, out)
    return out


def _data_set(name: str, named: str, entry: Mapping[str, Any], out: Carried) -> None:
    columns = entry.get("columns") if isinstance(entry.get("columns"), dict) else {}
    tags = entry.get("tags") if isinstance(entry.get("tags"), dict) else {}
    assert isinstance(columns, dict) and isinstance(tags, dict)
    source: dict[str, Any] = {"path": named}
    ranked = bool(entry.get("ranking"))
    if ranked and (columns.get(CHOSEN), columns.get(REJECTED)) != (CHOSEN, REJECTED):
        out.left.append(
            f"data set {name}: its better and worse answers (ranking) are in {columns.get(CHOSEN, 'no column')} and "
            f"{columns.get(REJECTED, 'no column')}; Curate reads {CHOSEN} and {REJECTED}"
        )
        return
    if entry.get("formatting") == "sharegpt":
        turns = columns.get("messages", "conversations")
        if turns not in ("messages", "conversations", "conversation"):
            source["text"] = turns
        names = (tags.get("role_tag", "from"), tags.get("content_tag", "value"))
        if names[0] not in ("from", "role") or names[1] not in ("value", "content"):
            out.left.append(
                f"data set {name}: turns with {names[0]} and {names[1]}; Curate reads from or role, value or content"
            )
            return
        speakers = ("user_tag", "assistant_tag", "observation_tag", "function_tag", "system_tag")
        said = [tags[tag] for tag in speakers if isinstance(tags.get(tag), str)]
        strange = sorted({one for one in said if one.lower() not in ROLES})
        if strange:
            out.left.append(
                f"data set {name}: speakers called {', '.join(strange)}; Curate knows {', '.join(sorted(ROLES))}"
            )
            return
    else:
        asked, answered = columns.get("prompt", "instruction"), columns.get("response", "output")
        if ranked and asked not in ASKED:
            out.left.append(f"data set {name}: asks in '{asked}': call the column question")
            return
        if ranked:
            pass
        elif "prompt" in columns and "response" not in columns:
            if _has_columns(named):  # a set of texts to go on training with
                source["text"] = asked
            else:
                out.close.append(f"data set {name}: the file {named} is one document; there each line is one")
        elif (asked, answered) != ("instruction", "output") and (asked, answered) not in PAIRS:
            out.left.append(
                f"data set {name}: asks in '{asked}', answers in '{answered}': call the columns question and answer"
            )
            return
        elif columns.get("query", "input") != "input":
            out.left.append(f"data set {name}: the column '{columns['query']}' is not joined to the question")
    if ranked:
        out.close.append(f"data set {name}: the better answers are read as dialogues, the worse stay in meta")
    for beside in ("system", "tools", "history"):
        if columns.get(beside, beside) != beside:
            out.left.append(f"data set {name}: '{columns[beside]}' is not read as {beside}: call the column {beside}")
    for media in ("images", "videos", "audios"):
        if media in columns:
            out.left.append(f"data set {name}: its {media}: Curate reads text")
    if entry.get("subset") or entry.get("num_samples"):
        out.left.append(f"data set {name}: subset and num_samples; give Source(take=...) for a share")
    out.sources[_identifier(name)] = source


def _has_columns(named: str) -> bool:
    found = next((known for ending, known in ENDINGS.items() if named.lower().endswith(ending)), None)
    return found is None or found in WITH_FIELDS


def data_juicer(path: str) -> Carried:
    """The operators of a Data-Juicer YAML, and the data that it names. Raises `NotSettings`."""
    settings = _loaded(path, yaml.safe_load)
    process = settings.get("process") if isinstance(settings, dict) else None
    if not isinstance(process, list):
        raise NotSettings(f"{path}: expected Data-Juicer's settings, with a list under 'process'")
    out = Carried()
    named = settings.get("dataset_path")
    if isinstance(named, str) and named:
        out.path = named
    for number, step in enumerate(process, 1):
        name, given = (
            step
            if isinstance(step, tuple)
            else next(iter(step.items()))
            if isinstance(step, dict) and step
            else (step, {})
        )
        if not isinstance(name, str):
            out.left.append(f"step {number}: {str(step)[:60]} is no operator")
            continue
        arguments = {
            key: value for key, value in (given if isinstance(given, dict) else {}).items() if value is not None
        }
        carry = OPERATORS.get(name)
        if carry is None:
            out.left.append(f"{name}: {WITHOUT.get(name, 'there is no stage like it')}")
            continue
        try:
            carry(name, arguments, out)
        except (TypeError, ValueError) as error:
            out.left.append(f"{name}: its settings can't be used: {error}")
    for key in ("text_keys", "text_key"):
        keys = settings.get(key)
        first = keys[0] if isinstance(keys, list) and keys else keys
        if isinstance(first, str) and first != "text":
            out.close.append(f"{key}: {first}: the source's text field")
            out.sources["*"] = {"text": first}
    return out


Carry = Callable[[str, Mapping[str, Any], Carried], None]


def _language(name: str, given: Mapping[str, Any], out: Carried) -> None:
    wanted = given.get("lang", "en")
    languages = sorted({wanted} if isinstance(wanted, str) and wanted else set(wanted or ("zh", "en")))
    if not all(re.fullmatch("[a-z]{2,3}", one) for one in languages):
        raise ValueError(f"{languages} are no languages by their ISO 639 codes")
    among = ", ".join(f'"{one}"' for one in languages)
    out.stages.append(("curate.stages.language.Language", f"Language(among=frozenset({{{among}}}))"))
    if "min_score" in given:
        out.close.append(
            f"{name}: min_score {given['min_score']}: Language knows zh and en by script; give confidence="
        )


def _length(name: str, given: Mapping[str, Any], out: Carried) -> None:
    low = given.get("min_len", 10)
    out.stages.append(("curate.stages.heuristics.length.Length", f"Length(low={int(low)})"))
    out.close.append(f"{name}: min_len {low} characters: Length counts bytes, three for a Chinese character")
    if "max_len" in given:
        out.close.append(f"{name}: max_len {given['max_len']}: left at Length's own")


def _minhash(name: str, given: Mapping[str, Any], out: Carried) -> None:
    threshold = given.get("jaccard_threshold", 0.7)
    out.stages.append(("curate.dedup.minhash.MinHashDedup", f"MinHashDedup(threshold={float(threshold)})"))
    out.close.append(f"{name}: shingles of 5 words and Chinese characters, each pair verified")


def _simhash(name: str, given: Mapping[str, Any], out: Carried) -> None:
    out.stages.append(("curate.dedup.minhash.MinHashDedup", "MinHashDedup()"))
    out.close.append(f"{name}: by MinHash, at a Jaccard similarity of 0.8")


def _plain(place: str, close: str | None = None) -> Carry:
    """A stage with its defaults."""

    def carry(name: str, given: Mapping[str, Any], out: Carried) -> None:
        out.stages.append((place, f"{place.rpartition('.')[2]}()"))
        if close is not None:
            out.close.append(f"{name}: {close}")
        if given:
            out.close.append(f"{name}: its settings ({', '.join(sorted(given))}) are left at the stage's own")

    return carry


def _normalize(setting: str | None = None, close: str | None = None) -> Carry:
    def carry(name: str, given: Mapping[str, Any], out: Carried) -> None:
        if name == "chinese_convert_mapper" and given.get("mode", "s2t") not in ("t2s", "tw2s", "hk2s"):
            out.left.append(
                f"{name}: mode {given.get('mode', 's2t')}: Normalize turns traditional into simplified alone"
            )
            return
        out.stages.append(("curate.stages.normalize.Normalize", f"Normalize({setting or ''})"))
        if close is not None:
            out.close.append(f"{name}: {close}")

    return carry


def _personal(kinds: str) -> Carry:
    def carry(name: str, given: Mapping[str, Any], out: Carried) -> None:
        out.stages.append(("curate.stages.personal.stage.PersonalData", f"PersonalData(kinds=frozenset({{{kinds}}}))"))
        out.close.append(f"{name}: what is found becomes [EMAIL], [IP] ... instead of nothing")

    return carry


OPERATORS: Mapping[str, Carry] = {
    "language_id_score_filter": _language,
    "text_length_filter": _length,
    "document_deduplicator": _plain("curate.dedup.exact.ExactDedup"),
    "ray_document_deduplicator": _plain("curate.dedup.exact.ExactDedup"),
    "document_minhash_deduplicator": _minhash,
    "ray_bts_minhash_deduplicator": _minhash,
    "document_simhash_deduplicator": _simhash,
    "whitespace_normalization_mapper": _normalize(),
    "fix_unicode_mapper": _normalize(),
    "punctuation_normalization_mapper": _normalize('quotes="straight"', "quotes alone are made plain"),
    "chinese_convert_mapper": _normalize("simplified=True"),
    "clean_html_mapper": _normalize("html=True"),
    "clean_email_mapper": _personal('"email"'),
    "clean_ip_mapper": _personal('"ip"'),
    "pii_redaction_mapper": _plain("curate.stages.personal.stage.PersonalData"),
    "character_repetition_filter": _plain(
        "curate.stages.heuristics.repetition.Repetition", "Repetition has measures of its own, made for Chinese too"
    ),
    "word_repetition_filter": _plain(
        "curate.stages.heuristics.repetition.Repetition", "Repetition has measures of its own, made for Chinese too"
    ),
    "remove_repeat_sentences_mapper": _plain(
        "curate.stages.heuristics.repetition.Repetition", "repetition removes a document, and is not cut out of it"
    ),
}
"""Operator -> what stands for it here."""

WITHOUT: Mapping[str, str] = {
    "perplexity_filter": "Fluency scores it on a scale of its own: train it with `curate fluency`",
    "flagged_words_filter": "no stage goes by lists of words: they remove medicine and law",
    "stopwords_filter": "made for English with spaces; Language and the judge serve both languages",
    "clean_links_mapper": "links stay in texts",
}


def merged(stages: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Stages of one class made one, their settings together: the first for each setting wins, and its place."""
    out: dict[str, dict[str, str]] = {}
    for place, expression in stages:
        given = out.setdefault(place, {})
        for name, value in re.findall(r"(\w+)=((?:[^,(]|\([^)]*\))+)", expression.partition("(")[2][:-1]):
            if name == "kinds" and name in given:
                kinds = sorted(set(re.findall(r'"(\w+)"', given[name] + value)))
                given[name] = "frozenset({" + ", ".join(f'"{kind}"' for kind in kinds) + "})"
            else:
                given.setdefault(name, value.strip())
    return [
        (place, f"{place.rpartition('.')[2]}({', '.join(f'{name}={value}' for name, value in given.items())})")
        for place, given in out.items()
    ]


def _identifier(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_")[:60] or "data"


def _loaded(path: str, load: Callable[[bytes], Any]) -> Any:
    try:
        return load(files.read_bytes(path))
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise NotSettings(f"{Path(path).name}: can't be read: {error}") from None
