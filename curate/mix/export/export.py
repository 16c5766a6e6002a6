"""An export: the folder that another program reads, made beside its place, and what it says of itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curate import files
from curate.growing import appear, growing
from curate.mix.export import hugging_face, llama_factory, megatron, ms_swift, passages, trl
from curate.mix.export.lines import Tally
from curate.mix.export.material import Material
from curate.mix.export.settings import Export, ExportRefused
from curate.mix.verify import verified

WRITERS = {
    "hf": hugging_face.export,
    "llama-factory": llama_factory.export,
    "ms-swift": ms_swift.export,
    "trl": trl.export,
    "megatron": megatron.export,
    "passages": passages.export,
}
EPOCHS = {
    "megatron": "a channel that is read more than once has the weight of it in blend.json",
    "passages": "each document once, whatever the ratio",
}
COPIES = "a document that is read more than once is there as often, whole passes one after another"


@dataclass(frozen=True)
class Exported:
    """What was written, for people: a line each."""

    out: str
    tally: Tally
    lines: tuple[str, ...]


def export(where: str | Path, settings: Export, out: str | Path, kept: Sequence[str] = ()) -> Exported:
    """Write the documents of `where` (a mix, a run, a version) as `settings` say into the new folder `out`, which
    appears whole or not at all. Raises `ExportRefused`, `FileExistsError`, `MixChanged`."""
    target = Path(out)
    if target.exists():
        raise FileExistsError(f"{target} is there already; name another folder")
    material = Material.of(where, kept)
    if material.mix is not None:
        verified(material.mix)
    with growing(target) as folder:
        tally, notes = WRITERS[settings.to](material, settings, folder)
        if not sum(tally.readings.values()):
            why = ", ".join(f"{number} {reason}" for reason, number in sorted(tally.left_out.items()))
            raise ExportRefused(
                f"{material.where} holds nothing that can be written for {settings.to} ({why or 'empty'})"
            )
        said = _account(material, settings, tally)
        files.put_new(str(folder / "export.json"), said)
        if not appear(folder, target):
            raise FileExistsError(f"{target} is there already; name another folder")
    return Exported(
        str(target), tally, tuple(_lines(settings, tally, [note.replace("OUT", str(target)) for note in notes]))
    )


def _account(material: Material, settings: Export, tally: Tally) -> bytes:
    """export.json: of what it was made and how, and what it holds. It names no place: equal exports are equal bytes."""
    of: dict[str, Any] = {"documents": "all kept"}
    if material.mix is not None:
        of = {"mix": files.sha256(str(material.mix / "plan.json"))}
    elif material.facts is not None:
        of = {"version": material.facts.get("name"), "digest": material.facts.get("digest")}
    data = {
        "of": of,
        "settings": asdict(settings),
        "epochs": EPOCHS.get(settings.to, COPIES),
        "channels": {
            name: {
                "documents": tally.documents[name],
                "readings": tally.readings[name],
                "held_out": tally.held_out[name],
            }
            for name in sorted({*tally.readings, *tally.held_out})
        },
        "left_out": dict(sorted(tally.left_out.items())),
    }
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _lines(settings: Export, tally: Tally, notes: Sequence[str]) -> list[str]:
    out = []
    for name in sorted({*tally.readings, *tally.held_out}):
        copies = (
            "" if tally.readings[name] == tally.documents[name] else f", read {tally.readings[name]:,} times in all"
        )
        held = f", {tally.held_out[name]:,} held out" if tally.held_out[name] else ""
        out.append(f"{name}: {tally.documents[name]:,} documents{copies}{held}")
    out.append(EPOCHS.get(settings.to, COPIES))
    out += [f"left out: {number:,} {reason.replace('_', ' ')}" for reason, number in sorted(tally.left_out.items())]
    return [*out, *notes]
