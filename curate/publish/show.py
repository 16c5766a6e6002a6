"""A version in words, from its manifest."""

from __future__ import annotations

from collections.abc import Iterator

from curate.publish.address import Held, said
from curate.publish.change import licenses, tokens
from curate.publish.configs import configs


def lines(version: Held) -> Iterator[str]:
    """What `curate show` prints."""
    manifest = version.manifest
    number = f"@{manifest['number']}" if manifest["number"] else ""
    yield f"{manifest['name']}{number}: {manifest['version']['title']}"
    yield f"digest     {manifest['digest']}"
    yield f"licence    {manifest['version']['license']}"
    rows = ", ".join(f"{split} {count:,}" for split, count in manifest["rows"].items())
    yield f"documents  {rows}; {manifest['characters']:,} characters"
    if counted := tokens(manifest):
        yield "tokens     " + ", ".join(f"{name} {count:,}" for name, count in sorted(counted.items()))
    yield "languages  " + ", ".join(f"{name} {count:,}" for name, count in manifest["languages"].items())
    yield "licences   " + ", ".join(f"{name} {count:,}" for name, count in sorted(licenses(manifest).items()))
    yield "configs    " + ", ".join(config.name for config in configs(manifest))
    if mix := manifest["mix"]:
        yield f"mix        {mix['stage']}, {100 * mix['realised']:.4g} % domain (asked: {100 * mix['requested']:.4g} %)"
    if parents := manifest["parents"]:
        yield "parents    " + ", ".join(parents)
    if withdrawn := manifest.get("withdrawn"):
        yield "withdrawn  " + ", ".join(f"{reason} {count:,}" for reason, count in sorted(withdrawn.items()))
    for one in manifest.get("benchmarks") or ():
        yield f"benchmarks {one['stage']}: {one['index']}"
    yield f"made by    Curate {manifest['curate']}"
    yield f"files      {len(manifest['files']) + 1:,}, {said(version.bytes)}"
    for name, file in sorted(manifest["files"].items()):
        yield f"  {file['sha256'][:16]} {file['bytes']:>14,}  {name}"
