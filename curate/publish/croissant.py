"""croissant.json: the version as other programs describe data sets, Croissant 1.1 with its fields for responsible AI.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html and .../croissant-rai-spec.html. Dates are those that
the recipe states: the time of publishing is no part of a version, which is the same whenever it is made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from curate.publish.configs import DEFAULT, configs
from curate.publish.settings import Version

CROISSANT = "croissant.json"

CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
    "arrayShape": "cr:arrayShape",
    "equivalentProperty": "cr:equivalentProperty",
    "isArray": "cr:isArray",
}

TYPES = {"String": "sc:Text", "Int64": "cr:Int64", "Int32": "cr:Int32", "UInt32": "cr:UInt32", "UInt64": "cr:UInt64",
         "Int8": "cr:Int8", "UInt8": "cr:UInt8", "Float64": "cr:Float64", "Float32": "cr:Float32",
         "Boolean": "sc:Boolean", "Date": "sc:Date"}  # fmt: skip

MEANINGS: Mapping[str, str] = {
    "doc_id": "The document: a hash of its source and its key there.",
    "origin_id": "What the source calls it.",
    "content_hash": "A hash of the bytes that it was made of.",
    "text": "The text; of a dialogue, its turns as they are read.",
    "source": "The source that it comes from.",
    "role": "domain or general.",
    "domain": "The trade that it is of.",
    "lang": "The language, as a code of ISO 639.",
    "kind": "prose, code, maths, table or dialogue.",
    "license": "Its own licence, as an SPDX identifier.",
    "url": "Where it was.",
    "locator": "Where it lies in its source.",
    "date": "When it was written or issued.",
    "status": "in force, amended or repealed.",
    "parent_id": "The document that it is a part of.",
    "messages": "The turns of a dialogue.",
    "tools": "The tools that a dialogue may call.",
    "meta": "What else the source says, as JSON.",
    "channel": "The channel of the mix that it was drawn for.",
    "tokens": "Its tokens, by the tokenizer that the card names.",
}


def croissant(version: Version, manifest: Mapping[str, Any]) -> bytes:
    """The metadata of a version, from its settings and its manifest (all but its own digest)."""
    data: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": manifest["name"],
        "description": version.description.strip() or version.title,
        "alternateName": version.title,
        "license": _license(version.license),
        "url": version.url or f"urn:curate:{manifest['name']}",
        "version": manifest.get("number") or "0.0.0",
        **({"datePublished": version.date} if version.date else {}),
        "citeAs": _citation(version, manifest),
        "inLanguage": sorted(language for language in manifest["languages"] if language != "unknown"),
        "keywords": sorted({"curate", *(one["domain"] for one in manifest["sources"] if one["domain"])}),
        "isLiveDataset": False,
        **_responsible(version, manifest),
        "distribution": list(_distribution(manifest)),
        "recordSet": list(_records(manifest)),
    }
    return json.dumps(data, indent=2, ensure_ascii=False).encode() + b"\n"


def _citation(version: Version, manifest: Mapping[str, Any]) -> str:
    """A BibTeX entry; braces in a title would end its field."""
    title = version.title.translate({ord("{"): "(", ord("}"): ")", ord("\\"): "/"})
    number = f", version = {{{manifest['number']}}}" if manifest.get("number") else ""
    year = f", year = {{{version.date[:4]}}}" if version.date else ""
    return f"@misc{{{manifest['name']}, title = {{{title}}}{number}{year}}}"


def _license(said: str) -> str:
    """An SPDX identifier as the address of its text; other words as they are."""
    plain = said.replace("-", "").replace(".", "").replace("+", "")
    return f"https://spdx.org/licenses/{said}.html" if plain.isalnum() and said.lower() != "other" else said


def _responsible(version: Version, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The fields for responsible AI that are known: nothing is said where nothing was recorded."""
    recipe = manifest.get("recipe")
    stages = [one.get("name", one.get("is", "?")) for one in recipe.get("stages", [])] if recipe else []
    removed = [
        f"{one['stage']}: {one.get('reasons') or one.get('reason')} ({one['removed']:,} removed)"
        for one in manifest.get("funnel", [])
        if one.get("removed")
    ]
    sources = sorted({one["source"] for one in manifest["sources"]})
    said = {
        "rai:dataCollection": f"Documents of the sources {', '.join(sources)}, each with the licence that its source "
        "states (column license).",
        "rai:dataPreprocessingProtocol": [f"Stage {number}: {name}" for number, name in enumerate(stages, 1)],
        "rai:dataManipulationProtocol": removed,
        "rai:dataLimitations": list(version.known_limits),
        "rai:dataReleaseMaintenancePlan": "A published version never changes; documents are withdrawn by a new one, "
        "which names the reason.",
        "rai:personalSensitiveInformation": list(version.personal_data),
        "rai:dataUseCases": "Training of language models.",
    }  # fmt: skip
    return {name: value for name, value in said.items() if value}


def _distribution(manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path, file in sorted(manifest["files"].items()):
        if path.startswith("data/"):
            yield {
                "@type": "cr:FileObject",
                "@id": path,
                "name": path.removeprefix("data/"),
                "contentUrl": path,
                "contentSize": f"{file['bytes']} B",
                "encodingFormat": "application/x-parquet",
                "sha256": file["sha256"],
            }
    for split, glob in _all(manifest):
        yield {
            "@type": "cr:FileSet",
            "@id": f"{split}-files",
            "name": f"{split}-files",
            "encodingFormat": "application/x-parquet",
            "includes": glob,
        }


def _all(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(split, glob) of all documents of each split."""
    return [(split, glob) for config in configs(manifest) if config.name == DEFAULT
            for split, glob in config.globs.items()]  # fmt: skip


def _records(manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for split, _ in _all(manifest):
        yield {
            "@type": "cr:RecordSet",
            "@id": split,
            "name": split,
            "description": f"The documents of the split {split}: {manifest['rows'][split]:,}.",
            "key": {"@id": f"{split}/doc_id"},
            "field": [_field(split, name, manifest["schema"][name]) for name in _columns(manifest["schema"])],
        }


def _columns(schema: Mapping[str, str]) -> list[str]:
    """Columns of documents first, then the measures."""
    return [name for name in MEANINGS if name in schema] + sorted(set(schema) - set(MEANINGS))


def _field(split: str, name: str, kind: str) -> dict[str, Any]:
    """A column. The turns of a dialogue, structures of strings, are fields below it."""
    source = {"fileSet": {"@id": f"{split}-files"}, "extract": {"column": name}}
    said = {
        "@type": "cr:Field",
        "@id": f"{split}/{name}",
        "name": name,
        "description": MEANINGS.get(name, "A measure that a stage of the recipe wrote."),
    }
    if not kind.startswith("List(Struct("):
        return {**said, "dataType": TYPES.get(kind, "sc:Text"), "source": source}
    parts = [
        {
            "@type": "cr:Field",
            "@id": f"{split}/{name}/{part}",
            "name": part,
            "dataType": "sc:Text",
            "source": {**source, "transform": {"jsonPath": part}},
        }
        for part in re.findall(r"'(\w+)': String", kind)
    ]
    return {**said, "repeated": True, "subField": parts}
