"""Builds a mix: count, write, draw, plan, pack, count again."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from curate import files
from curate.engine import Engine
from curate.growing import appear, growing
from curate.mix.account import counted_report
from curate.mix.assemble import planned
from curate.mix.channels import ROLES, Channel, channels_of, numbered
from curate.mix.chat.encode import chat
from curate.mix.count import LEFT_OUT, TRAIN, UNUSED, VALIDATION, Counted, bounds_for, counted, partitions_for
from curate.mix.hidden import hidden_domain
from curate.mix.licenses import permitted
from curate.mix.plan import Plan
from curate.mix.recount import recount
from curate.mix.report import MixReport
from curate.mix.settings import Mix, MixRefused
from curate.mix.survey import Survey, joined, skipped_gates, surveyed
from curate.mix.tokenizer import Encoder, encoder
from curate.mix.validation import Ranked, chosen
from curate.mix.verify import verified
from curate.mix.words import amount, several
from curate.mix.write import DOCS, PARTS, Task, part_path, written
from curate.table import FixedTable


class OtherTokens(MixRefused):
    """The mix that is there is of other tokens, or has them in another order."""


class MixExists(FileExistsError):
    """The folder holds another mix."""


def build(mix: Mix, kept: Sequence[str], out: str, engine: Engine, cache: str | None = None) -> MixReport:
    """Mix the kept shards into the local folder `out`, which appears whole or not at all.

    Raises `MixRefused` where the ratio can't be met, with what is missing; `MixExists` where `out` holds another mix
    (the same one is left as it is and reported again); `MixMissed` where the re-count fails. With a folder `cache` each
    shard's tokens are kept there (2 or 4 bytes a token), and the next mix, of another share say, reads them. Memory: a
    batch of documents and a partition of about 64 MB in each task; about 50 bytes for each document here.
    """
    encode, target = _encoder(mix), _local(out)
    with growing(target) as folder:
        report = _finished(mix, encode, _written(mix, kept, folder, engine, cache, tokens_too=True), folder)
        if not appear(folder, target):
            _same_is_there(target, report)
    return report


@dataclass(frozen=True)
class Found:
    """What is known before anything is drawn: the channels, the files' SHA-256 by path, and what the report has to say
    of the text itself."""

    channels: tuple[Channel, ...]
    digests: Mapping[str, str]
    noticed: tuple[str, ...]
    hidden: Mapping[str, Any]


def plan_only(
    mix: Mix, kept: Sequence[str], scratch: str, engine: Engine, cache: str | None = None
) -> tuple[Plan, MixReport]:
    """What `build` would plan and report, counted and drawn alike, without tokens on disk; `scratch` is a folder for
    the meantime, which must not exist."""
    encode = _encoder(mix)
    with _meantime(scratch) as folder:
        return _said(mix, encode, _written(mix, kept, folder, engine, cache, tokens_too=False), folder)


def replan(mix: Mix, tokens: str, out: str) -> MixReport:
    """Another plan over the tokens of the mix in the folder `tokens`: another ratio, size or length of rows.

    Nothing is tokenised and no token written: the files are linked (copied where `out` is on another file system).
    Raises `OtherTokens` where the tokens depend on what `mix` says otherwise, `MixChanged` where a file is not what was
    written, else what `build` raises.
    """
    encode, target, before = _encoder(mix), _local(out), Path(tokens)
    found = _there(mix, before)
    with growing(target) as folder:
        for path in found.digests:
            files.link_or_copy(str(before / path), str(folder / path))
        _parts_again(before, folder, found.channels)
        made = _finished(mix, encode, found, folder)
        if not appear(folder, target):
            _same_is_there(target, made)
    return made


def replan_only(mix: Mix, tokens: str, scratch: str) -> tuple[Plan, MixReport]:
    """What `replan` would plan and report; `scratch` is a folder for the meantime, which must not exist."""
    encode, before = _encoder(mix), Path(tokens)
    found = _there(mix, before)
    with _meantime(scratch) as folder:
        _parts_again(before, folder, found.channels)
        return _said(mix, encode, found, folder)


@contextmanager
def _meantime(scratch: str) -> Iterator[Path]:
    """The new folder `scratch`, gone afterwards."""
    folder = Path(scratch)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _said(mix: Mix, encode: Encoder, found: Found, folder: Path) -> tuple[Plan, MixReport]:
    """The plan of what is described in parts/, and its report."""
    plan, given = planned(mix, encode, found.channels, folder)
    return plan, counted_report(mix, plan, given, folder, found.noticed, found.hidden, {}, slow=encode.because)


def _there(mix: Mix, before: Path) -> Found:
    """What the mix in `before` holds, where `mix` can be planned over its tokens."""
    old = Plan.read(before / "plan.json")
    _check_same(mix, old, before)
    report = verified(before)
    digests = {
        path: digest for path, digest in sorted(report["files"].items()) if path.startswith(("tokens/", "masks/"))
    }
    return Found(old.channels, digests, tuple(report["noticed"]), report["hidden"])


def _local(out: str) -> Path:
    if out.startswith(files.S3):
        raise MixRefused(
            f"{out}: a mix is read through memory mapping, so it is built on a local or shared file system"
        )
    return Path(out)


def _encoder(mix: Mix) -> Encoder:
    if mix.stage == "sft":
        chat(mix.template, mix.tokenizer, mix.end)  # they belong together, or nothing is begun
    return encoder(mix.tokenizer, mix.end)


def _check_same(mix: Mix, old: Plan, before: Path) -> None:
    """Raises `OtherTokens` where other tokens, or tokens in another order, would be wanted."""
    kind = {"pt": "pt", "scratch": "pt", "sft": "sft"}
    template = f"{mix.template.name} {mix.template.digest()[:16]}" if mix.stage == "sft" else None
    before_it = None if old.template is None else f"{old.template['name']} {old.template['sha256'][:16]}"
    wanted: list[tuple[str, Any, Any]] = [
        ("the tokenizer", mix.tokenizer.sha256[:16], old.tokenizer[:16]),
        ("stage", kind[mix.stage], kind[old.stage]),
        ("the chat template", template, before_it),
        ("end", mix.end or old.end, old.end),
        ("seed", mix.seed, old.seed),
        ("held_out", mix.held_out, old.asked["held_out"]),
        ("text in sft", mix.texts, old.asked["texts"]),
        ("columns of shares", sorted(mix.splits), sorted(old.asked["splits"])),
    ]
    if mix.stage == "sft":
        wanted.append(("row_length (of dialogues, which are not cut)", mix.row_length, old.row_length))
    for what, now, then in wanted:
        if now != then:
            raise OtherTokens(
                f"{before} is of another kind: {what} is {then} there and {now} here; the tokens depend on it, so "
                "build the mix from what is kept"
            )
    docs = pl.concat([pl.scan_parquet(path, glob=False) for path in sorted((before / "docs").glob("*.parquet"))])
    drawable = docs.filter(pl.col("split").is_in([TRAIN, UNUSED, VALIDATION])).group_by("source", "license")
    found = drawable.agg(pl.len(), pl.col("length").sum()).collect()
    _check_licenses(
        {
            (source, license_): (documents, tokens)
            for source, license_, documents, tokens in found.rows()
            if not permitted(license_, mix.licenses_allowed, mix.licenses_denied, mix.unknown_licenses)
        }
    )


def _parts_again(before: Path, folder: Path, channels: Sequence[Channel]) -> None:
    """docs/ of a mix as the parts that they were made of."""
    for number, channel in enumerate(channels):
        docs = pl.read_parquet(before / "docs" / f"{channel.name}.parquet", glob=False)
        may_be = pl.col("split").is_in([TRAIN, UNUSED])
        for part, rows in (
            (TRAIN, docs.filter(may_be)),
            (VALIDATION, docs.filter(pl.col("split") == VALIDATION)),
            (PARTS[2], docs.filter(~may_be & (pl.col("split") != VALIDATION))),
        ):
            with FixedTable(part_path(str(folder), number, part), DOCS) as table:
                table.add(rows)


def _written(mix: Mix, kept: Sequence[str], folder: Path, engine: Engine, cache: str | None, tokens_too: bool) -> Found:
    """Tokens, masks and parts/ of each channel in `folder`."""
    survey = joined(found for _, found in engine.run(surveyed, kept))
    channels = channels_of(survey.cells, mix.splits)
    of_each = np.bincount(numbered(survey.cells, channels, mix.splits), survey.cells["documents"], len(channels))
    scratch, bounds = folder / "exchange", bounds_for([int(number) for number in of_each], partitions_for(kept))
    count_one = partial(
        counted, mix=mix, scratch=str(scratch), channels=channels, bounds=bounds, clusters=survey.clusters, cache=cache,
        tokens_too=tokens_too,
    )  # fmt: skip
    counts = [count for _, count in sorted(engine.run(count_one, kept), key=lambda done: done[0])]
    ranked = [sum((count.ranked[number] for count in counts), Ranked()) for number in range(len(channels))]
    _check_roles(mix, channels, ranked, counts)
    forbidden: dict[tuple[str, str | None], tuple[int, int]] = {}
    for count in counts:
        for key, (documents, tokens) in count.forbidden.items():
            before = forbidden.get(key, (0, 0))
            forbidden[key] = (before[0] + documents, before[1] + tokens)
    _check_licenses(forbidden)
    task = partial(
        written,
        parcels=[count.parcel for count in counts],
        held_out=mix.held_out,
        chosen=chosen(ranked) if mix.held_out else frozenset(),
        sft=mix.stage == "sft",
        out=str(folder),
    )
    tasks = [Task(number, channel.name, bounds[number], bounds[number + 1]) for number, channel in enumerate(channels)]
    done = sorted(engine.run(task, tasks), key=lambda item: item[0])
    shutil.rmtree(scratch, ignore_errors=True)  # not there if no shard held a document
    hidden = hidden_domain(mix, kept, survey, engine, cache)
    digests = {path: digest for _, channel in done for path, digest in channel.digests}
    return Found(channels, digests, tuple(_noticed(survey)), hidden)


def _finished(mix: Mix, encode: Encoder, found: Found, folder: Path) -> MixReport:
    """Plan, docs/, report: all that follows from the tokens."""
    files.put_new(str(folder / "tokenizer.json"), mix.tokenizer.verified())
    if mix.stage == "sft":
        files.put_new(str(folder / "chat_template.jinja"), mix.template.text(tools=False).encode())
    plan, given = planned(mix, encode, found.channels, folder)
    shutil.rmtree(folder / "parts")
    files.put_new(str(folder / "plan.json"), plan.to_json())
    recount(folder, plan)
    digests = dict(found.digests)
    of_sft = ["chat_template.jinja", "spans.parquet"] if mix.stage == "sft" else []
    for path in ("plan.json", "tokenizer.json", *of_sft, *(f"docs/{one.name}.parquet" for one in found.channels)):
        digests[path] = files.sha256(str(folder / path))
    report = counted_report(mix, plan, given, folder, found.noticed, found.hidden, digests, slow=encode.because)
    files.put_new(str(folder / "report.json"), report.to_json())
    return report


def _noticed(survey: Survey) -> list[str]:
    """What the report says of the text, whatever is drawn of it."""
    out = skipped_gates(survey)
    if survey.compared < survey.documents:
        out.append(
            f"{survey.documents - survey.compared} of {survey.documents} documents were not held against each other "
            "for near-duplicates (MinHashDedup): some of validation may stand, nearly the same, in what is trained on"
        )
    return out


def _check_roles(mix: Mix, channels: Sequence[Channel], ranked: Sequence[Ranked], counts: Sequence[Counted]) -> None:
    """Raises `MixRefused` where nothing of a role can be drawn."""
    kept = sum(count.parcel.rows for count in counts)
    what = "documents" if mix.stage != "sft" or mix.texts else "dialogues"
    for role in ROLES:
        numbers = [number for number, channel in enumerate(channels) if channel.role == role]
        usable, below = (sum(getattr(ranked[number], name) for number in numbers) for name in ("usable", "below"))
        if usable and below == usable:
            raise MixRefused(
                f"held_out={mix.held_out} takes all {usable} {role} {what} for validation: lower it, or give more"
            )
        if usable or (mix.share in (None, 0, 1) and kept):
            continue
        left_out = sum((Counter(count.left_out[number]) for count in counts for number in numbers), Counter[str]())
        why = "; ".join(f"{found} left out: each {LEFT_OUT[reason]}" for reason, found in sorted(left_out.items()))
        raise MixRefused(
            f"there are no {role} {what} to mix among {kept} kept documents{f' ({why})' if why else ''}: a mix needs "
            f"domain and general; add a source with role='{role}', or look at the funnel for what removed it"
        )


def _check_licenses(forbidden: Mapping[tuple[str, str | None], tuple[int, int]]) -> None:
    """Raises `MixRefused` with the sources whose licences the mix does not permit."""
    if not forbidden:
        return
    lines = [
        f"source '{source}': {several(documents, 'document')}, {amount(tokens)} tokens under "
        + (f"'{license_}'" if license_ else "no licence")
        for (source, license_), (documents, tokens) in sorted(
            forbidden.items(), key=lambda item: (item[0][0], item[0][1] or "")
        )
    ]
    raise MixRefused(
        f"the mix does not permit these licences: {'; '.join(lines)}. Leave the sources out; or, once somebody has "
        "read the licence, name it in licenses_allowed or take it out of licenses_denied (unknown ones: "
        "unknown_licenses=True)"
    )


def _same_is_there(target: Path, report: MixReport) -> None:
    """Raises `MixExists` unless the mix in `target` is the one that was made again."""
    there = target / "report.json"
    if not there.is_file() or there.read_bytes() != report.to_json():
        raise MixExists(f"{target} holds another mix: build this one elsewhere, or remove that one")
