"""The end of a training: the model's folder, its card, its curves, and last train.json."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from curate.train.card import CARD, card
from curate.train.curves import PAGE, page
from curate.train.evaluate import HeldOut
from curate.train.health import findings
from curate.train.save import METRICS, TrainReport, plain, save_model, save_report, versions
from curate.train.setup import Setup


def end(setup: Setup, report: TrainReport, identity: Mapping[str, Any], say: Callable[[str], None]) -> None:
    """Save everything; all ranks take part in gathering the weights, rank 0 writes."""
    save_model(setup, report.out)
    if setup.ranks.rank:
        return
    metrics = [json.loads(line) for line in (report.out / METRICS).read_text(encoding="utf-8").splitlines()]
    noticed = list(_noticed(setup, report, metrics))
    for line in noticed:
        say(f"warning: {line}")
    facts = {
        "identity": identity,
        "settings": asdict(setup.settings),
        "chosen": asdict(setup.chosen),
        "threads": setup.threads,
        "attention": setup.learner.way,
        "roles": setup.rows.roles,
        "noticed": noticed,
    }
    told = {**facts, "report": plain(report)}
    base = setup.look.start.folder if setup.look.start.weights else None
    text = card(told, setup.rows.report, base.name if base else None, versions())
    (report.out / CARD).write_text(text, encoding="utf-8")
    (report.out / PAGE).write_text(page(report.out, told), encoding="utf-8")
    save_report(report, facts)


def _noticed(setup: Setup, report: TrainReport, metrics: list[dict[str, Any]]) -> Iterator[str]:
    """What the curves say; the rules of thumb are of fine-tuning."""
    if setup.chosen.stage != "sft":
        return
    rows, course = len(setup.rows), setup.chosen.course
    borders = [step for step in range(1, report.steps) if course.first(step) // rows > course.first(step - 1) // rows]
    counts = {channel: loss.tokens for channel, loss in report.before.items()}
    before = total(report.before)
    held_out = [] if before is None else [(0, before)]
    held_out += [
        (line["step"], sum(line["held_out"][name] * counts[name] for name in counts) / sum(counts.values()))
        for line in metrics
        if line.get("held_out")
    ]
    after = total(report.after)
    if after is not None and (not held_out or held_out[-1][0] != report.steps):
        held_out.append((report.steps, after))
    yield from findings(metrics, before, borders, held_out)


def total(losses: Mapping[str, HeldOut]) -> float | None:
    """The held-out loss over all channels, each token counting alike."""
    tokens = sum(loss.tokens for loss in losses.values())
    return sum(loss.nats * loss.tokens for loss in losses.values()) / tokens if tokens else None
