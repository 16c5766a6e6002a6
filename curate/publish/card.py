"""The dataset card: README.md with the front matter that `datasets.load_dataset` reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from curate.mix.shares import Base
from curate.publish.configs import DEFAULT, configs
from curate.publish.settings import Version

SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"),
         (10**8, "10M<n<100M"), (10**9, "100M<n<1B"), (10**10, "1B<n<10B"), (10**11, "10B<n<100B"),
         (10**12, "100B<n<1T"))  # fmt: skip

FUNNEL = ("stage", "documents_in", "reason", "removed", "quarantined", "split_into", "split", "kept", "removed_share")
SOURCES = ("source", "role", "domain", "lang", "kind", "license", "documents", "tokens", "characters")

SPDX = re.compile(r"(?!noassertion$)[a-z0-9][a-z0-9.-]*")  # in lower case, as the Hub writes them


def card(version: Version, manifest: Mapping[str, Any]) -> bytes:
    """The card of a version, from its settings and its manifest (all but its own digest).

    Text that comes from data is made inert: one line, no HTML, no table cells of its own.
    """
    parts = [
        _front_matter(version, manifest),
        f"# {_inert(version.title)}" + (f" {manifest['number']}" if manifest.get("number") else ""),
        *([version.description.strip()] if version.description.strip() else []),
        _contents(manifest),
        _how(version, manifest),
        *([_ratio(manifest["mix"])] if manifest.get("mix") else []),
        *([f"## What was removed\n\n{_table(manifest['funnel'], FUNNEL)}"] if manifest.get("funnel") else []),
        f"## Sources\n\n{_table(manifest['sources'], SOURCES)}",
        "Each document keeps its own licence, in the column `license`.",
        _limits(version, manifest),
    ]
    return ("\n\n".join(parts) + "\n").encode()


def size_category(rows: int) -> str:
    """The Hub's word for a number of rows."""
    return next((name for limit, name in SIZES if rows < limit), "n>1T")


def _front_matter(version: Version, manifest: Mapping[str, Any]) -> str:
    """YAML, written as JSON values, which YAML contains: nothing in a title can end it."""
    license_ = version.license.lower()
    hub = license_ if SPDX.fullmatch(license_) else "other"
    data: dict[str, Any] = {
        "pretty_name": version.title,
        "license": hub,
        **({"license_name": version.license} if hub != license_ else {}),
        "language": sorted(language for language in manifest["languages"] if language != "unknown"),
        "size_categories": [size_category(sum(manifest["rows"].values()))],
        "task_categories": ["text-generation"],
        "tags": ["curate"],
        "configs": [config.data_files() for config in configs(manifest)],
        "dataset_info": [config.info() for config in configs(manifest)],
    }
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in data.items()]
    return "\n".join(["---", *lines, "---"])


def _contents(manifest: Mapping[str, Any]) -> str:
    rows = [
        {"split": split, "documents": f"{count:,}", "tokens": _tokens(manifest["tokens"].get(split))}
        for split, count in manifest["rows"].items()
    ]
    languages = [{"language": name, "documents": f"{count:,}"} for name, count in manifest["languages"].items()]
    domains = [
        {"configuration": config.name, **{split: f"{part.rows:,}" for split, part in config.splits.items()}}
        for config in configs(manifest) if config.name != DEFAULT
    ]  # fmt: skip
    return (
        f"## What it holds\n\n{_table(rows)}\n\n{_table(languages)}\n\n"
        + (f"Each domain is a configuration of its own:\n\n{_table(domains)}\n\n" if domains else "")
        + '```python\nimport datasets\n\ndatasets.load_dataset("PATH OR REPOSITORY", split="train")\n```'
    )


def _tokens(channels: Mapping[str, int] | None) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in channels.items()) if channels else "not counted"


def _how(version: Version, manifest: Mapping[str, Any]) -> str:
    stages = manifest.get("recipe", {}).get("stages", []) if isinstance(manifest.get("recipe"), Mapping) else []
    named = [
        f"{number}. `{_inert(stage.get('name', stage.get('is', '?')))}`, version {_inert(stage.get('version', '?'))}"
        for number, stage in enumerate(stages, 1)
        if isinstance(stage, Mapping)
    ]
    lines = [
        "## How it was made",
        f"By Curate {_inert(manifest['curate'])}. `manifest.json` holds the recipe, the versions of what ran, and the "
        "SHA-256 of every file.",
        *(["\n".join(named)] if named else []),
        *(
            [f"Made from: {', '.join(f'`{_inert(one)}`' for one in manifest['parents'])}"]
            if manifest["parents"]
            else []
        ),
        *([_extends(manifest["extends"])] if manifest.get("extends") else []),
        *([_withdrawn(manifest["withdrawn"])] if manifest.get("withdrawn") else []),
    ]
    return "\n\n".join(lines)


def _extends(parent: Mapping[str, Any]) -> str:
    return (
        f"It holds the {parent['documents']:,} documents of `{_inert(parent['name'])}`, and {parent['added']:,} that "
        "were added: how they came to be is what this card and `manifest.json` say; of those before, the manifests in "
        "`parents/`."
    )


def _withdrawn(reasons: Mapping[str, int]) -> str:
    said = ", ".join(f"{_inert(reason)} {count:,}" for reason, count in sorted(reasons.items()))
    return f"Withdrawn since it was first published: {said}."


def _ratio(mix: Mapping[str, Any]) -> str:
    asked = (
        "the sources' sizes decide the share of the domain"
        if mix["requested"] is None
        else f"{100 * mix['requested']:.4g} % domain was asked"
    )
    ratio = mix["general_per_domain"]
    base = mix["base"]
    lines = [
        f"## Ratio\n\nStage {mix['stage']}: {asked}, counted in "
        f"{mix['unit'].replace('_', ' ')} with the tokenizer `{mix['tokenizer'][:16]}...`; "
        f"**{100 * mix['realised']:.4g} %** is there."
        + ("" if ratio is None else f" General : domain is {ratio:.3g} : 1.")
        + f" Base model and what it is presumed to have read: {_inert(Base(**base)) if base else 'not stated'}.",
        _table(
            [
                {"channel": name, "documents": f"{part['documents']:,}", "tokens": f"{part['tokens']:,}"}
                | ({"supervised tokens": f"{part['supervised']:,}"} if mix["stage"] == "sft" else {})
                | {
                    "read": f"{mix['epochs'][name]:.4g} times",
                    "share": f"{100 * mix['planned'][name]['realised']:.4g} %",
                }
                for name, part in mix["channels"].items()
            ]
        ),
    ]
    for column, values in mix["targets"].items():
        said = (
            f"{_inert(value)} {100 * of['realised']:.4g} % ({100 * of['asked']:.4g} % asked)"
            for value, of in values.items()
        )
        lines.append(f"By {column}: {', '.join(said)}.")
    if mix["with_hidden"]:
        share, error = mix["with_hidden"]
        lines.append(
            f"With the domain text that a judge finds in general sources the domain is {100 * share:.4g} % of tokens "
            f"(standard error {100 * error:.2g} points)."
        )
    if mix.get("override"):
        lines.append(
            f"**The cap on domain text was lifted to {100 * mix['override']['share']:.4g} %**: "
            f"{_inert(mix['override']['reason'])}"
        )
    if mix["warnings"]:
        lines.append("\n".join(f"- {_inert(warning)}" for warning in mix["warnings"]))
    return "\n\n".join(lines)


def _limits(version: Version, manifest: Mapping[str, Any]) -> str:
    limits = list(version.known_limits)
    unlicensed = sorted({source["source"] for source in manifest["sources"] if source["license"] is None})
    if unlicensed:
        limits.append(
            f"No licence is stated for {', '.join(unlicensed)}: whether it may be used is for the user to find out."
        )
    limits += version.personal_data
    return "## Known limits\n\n" + ("\n".join(f"- {_inert(limit)}" for limit in limits) or "None is stated.")


def _table(rows: Sequence[Mapping[str, Any]], first: Sequence[str] = ()) -> str:
    """A Markdown table of all columns that occur: `first`, then the others in the order of their first appearance."""
    named = dict.fromkeys(name for row in rows for name in row)
    columns = [*(name for name in first if name in named), *(name for name in named if name not in first)]
    if not columns:
        return "Nothing."
    lines = [_line(columns), _line("---" for _ in columns)]
    lines.extend(_line("" if row.get(name) is None else row[name] for name in columns) for row in rows)
    return "\n".join(lines)


def _line(cells: Iterable[Any]) -> str:
    return "| " + " | ".join(_inert(cell).replace("|", "\\|") for cell in cells) + " |"


def _inert(value: Any) -> str:
    """Text from data as one line that is no mark-up."""
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "'")
