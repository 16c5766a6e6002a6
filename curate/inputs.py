"""The files that a recipe reads: by content, and cut into the shards that are read as one piece of work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from curate import files, read
from curate.audit.excerpt import visible
from curate.engine import Engine
from curate.files import FileInfo
from curate.ledger import fingerprint
from curate.progress import Reporter
from curate.read.aside import ending
from curate.recipe import Recipe, RecipeRefused, Source
from curate.segment import SHARD, Reading
from curate.stage import Stage, settings

RAW_FORMATS = frozenset({"warc", "arc", "html", "document"})

SHARD_LEAST = 4 << 20  # bytes of input that are worth a task of their own ...
SPREAD = 64  # ... and into so many a source is spread as soon as it can be, so that all workers have something to do


@dataclass(frozen=True)
class Input:
    """A file of a source, by content."""

    source: Source
    file: FileInfo
    sha256: str


def found(recipe: Recipe) -> list[tuple[Source, FileInfo]]:
    """All files of the recipe's sources, in the order of sources and then of paths, as their folders show them.

    Raises `UnknownFormat` where a source has nothing that can be read, and `RecipeRefused` where raw pages would be
    read and no stage extracts their text.
    """
    pairs = [
        (source, file)
        for source in recipe.sources
        for file in read.sorted_out(source, files.found(recipe.place(source.path)))
    ]
    extracts = any(isinstance(stage, Stage) and "raw" in stage.reads for stage in recipe.stages)
    for source, file in pairs:
        if read.format_of(source, file) in RAW_FORMATS and not extracts:
            raise RecipeRefused(
                f"source {source.name}: {file.relative} holds raw pages, and no stage extracts their text"
            )
    return pairs


def inputs(recipe: Recipe, engine: Engine, report: Reporter) -> list[Input]:
    """The files that the recipe reads, hashed; those that no reader is for are said, by what their names end in."""
    pairs = found(recipe)
    for source in recipe.sources:
        unknown = Counter(ending(one.relative) for of, one in pairs if of is source and one.read_as == "unknown")
        if unknown:
            most = ", ".join(f"{count:,} {visible(name)}" for name, count in unknown.most_common(8))
            report.say(f"source {source.name}: skipped {unknown.total():,} files of unknown format: {most}")
    read_ = [index for index, (_, file) in enumerate(pairs) if file.read_as != "unknown"]
    report.begin("hash inputs", sum(pairs[index][1].size for index in read_))
    digests = [""] * len(pairs)
    for ordinal, digest in engine.run(files.sha256, [pairs[index][1].path for index in read_]):
        digests[read_[ordinal]] = digest
        report.advance(pairs[read_[ordinal]][1].size)
    report.end()
    return [Input(source, file, digest) for (source, file), digest in zip(pairs, digests, strict=True)]


def readings(source: Source, read_from: Sequence[Input], print_: str) -> list[Reading]:
    """A source's files in shards: by the hash of their paths, so that one more file changes one shard; what belongs
    together is in one.

    The number of shards is a power of two, so that a growing source is cut anew only when it has doubled.
    """
    mine = [one for one in read_from if one.source.name == source.name]
    size = sum(one.file.size for one in mine)
    bits = (size // min(SHARD, max(SHARD_LEAST, size // SPREAD))).bit_length()
    buckets: dict[int, list[Input]] = {}
    for one in mine:
        path = one.file.leader or one.file.relative
        hashed = int.from_bytes(blake2b(path.encode("utf-8", "surrogateescape"), digest_size=4).digest())
        buckets.setdefault(hashed >> (32 - bits), []).append(one)
    read_as = {name: value for name, value in settings(source).items() if name != "path"}
    return [
        Reading(
            f"{source.name}-{number:05d}",
            source,
            tuple(one.file for one in some),
            fingerprint(print_, read_as, [(one.file.relative, one.sha256, one.file.read_as) for one in some]),
        )
        for number, some in sorted(buckets.items())
    ]
