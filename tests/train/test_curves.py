"""The page and the card of a training: everything is shown, nothing acts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from curate.train.card import card
from curate.train.chart import POINTS, Chart, number, thinned, ticks
from curate.train.curves import page
from tests.browser import DESKTOP, PHONE, chromium, needed, watched

EVIL = "<script>alert(1)</script> | **x**"
SHARE = {"documents": 1, "tokens": 100, "supervised": 0}


def losses(*values: float) -> dict[str, Any]:
    names = ("law", "news", EVIL)
    return {
        name: {"nats": value, "bits_per_byte": value / 3, "tokens": 10, "bytes": 40}
        for name, value in zip(names, values, strict=True)
    }


FACTS: dict[str, Any] = {
    "identity": {"mix": "ab" * 32},
    "roles": {"law": "domain", "news": "general", EVIL: "general"},
    "noticed": [EVIL],
    "attention": "sdpa",
    "settings": {"seed": 0},
    "chosen": {
        "stage": "pt",
        "tune": "lora",
        "lora_rank": 8,
        "bf16": False,
        "weight_decay": 0.1,
        "course": {"batch": 4},
        "rate": {"peak": 1e-3, "warmup": 2, "shape": "cosine", "floor": 0.1},
    },
    "report": {
        "before": losses(3.0, 2.0, 2.5),
        "after": losses(2.0, 2.25, 2.5),
        "steps": 20,
        "epochs": 1.5,
        "tokens": 12345,
        "supervised_tokens": 12000,
        "parameters": 999,
        "tokens_per_second": 17.0,
        "mfu": 0.41,
        "shares": {"data_wait": 0.01, "checkpoint_stall": 0.02},
        "memory": 2**30,
        "device": "cuda",
    },
}
MIX = {
    "languages": ["en", "zh"],
    "channels": {name: SHARE for name in FACTS["roles"]},
    "stage": "pt",
    "tokenizer": "cd" * 32,
    "realised": 0.12,
    "unit": "tokens",
    "override": {"share": 0.3, "reason": EVIL},
}


@pytest.fixture
def html(tmp_path: Path) -> str:
    lines = [
        {"step": step, "loss": 3 - step / 20, "loss_domain": 3.0, "loss_general": None if step == 3 else 2.0,
         "lr": 1e-3, "grad_norm": 1.0, "loss_by_channel": {"law": 3.0, "news": 2.0, EVIL: None},
         **({"held_out": {"law": 2.5, "news": 2.1, EVIL: 2.5}} if step == 10 else {})}
        for step in range(1, 21)
    ]  # fmt: skip
    times = [{"step": step, "tokens_per_second": 100.0 + step, "data_wait": 0.0} for step in range(1, 21)]
    for name, rows in (("metrics", lines), ("times", times)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "events.jsonl").write_text(json.dumps({"step": 3, "event": "no update", "reason": EVIL}) + "\n")
    return page(tmp_path, FACTS)


def test_a_page_has_no_script_and_forbids_whatever_is_not_its_own_style(html: str) -> None:
    assert "<script" not in html
    assert "alert(1)" in html  # as text
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert not re.search(r"(?i)\s(style|on\w+)=|https?://", html)


@needed
@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_a_page_opens_without_fault_or_request_and_fits(html: str, tmp_path: Path, width: int) -> None:
    (tmp_path / "curves.html").write_text(html, encoding="utf-8")
    with chromium() as browser, watched(browser, tmp_path / "curves.html", width) as seen:
        assert (seen.faults, len(seen.requests), seen.wide()) == ([], 1, width)


def test_every_plot_has_its_numbers_and_both_languages(html: str) -> None:
    plots = html.count('role="img"')
    assert plots == html.count("<details>") >= 6
    assert html.count('class="zh"') == html.count('class="en"') > 30
    assert "验证损失" in html
    assert "Held-out loss by source" in html


def test_a_page_shows_the_see_saw_and_what_was_noticed_and_happened(html: str) -> None:
    text = re.sub(r"<[^>]+>", " ", html)
    assert re.search(r"domain\s+3\.000\s+2\.000\s+-1\.000", text)
    assert re.search(r"general\s+2\.250\s+2\.375\s+\+0\.125", text)
    assert "3: no update" in text
    assert "41.0%" in text


def test_a_card_tells_of_mix_shares_losses_and_versions_and_its_data_stay_text() -> None:
    text = card(FACTS, MIX, "Qwen3-8B", {"torch": "2.13"})
    for said in ("Mix `abababababababab`", "domain 12.00%", "| law | domain | 1 | 100 | 33.3% |", "torch 2.13",
                 "| domain | 3.000 | 2.000 | -1.000 | 1.082 → 0.721 |", "`Qwen3-8B`",
                 "LoRA of rank 8, alpha 16"):  # fmt: skip
        assert said in text, said
    assert "<script>" not in text
    assert yaml_of(text)["language"] == ["en", "zh"]


def yaml_of(text: str) -> dict[str, Any]:
    import yaml

    loaded: dict[str, Any] = yaml.safe_load(text.split("---")[1])
    return loaded


def test_long_lines_are_thinned_to_means_of_neighbours() -> None:
    points = [(float(step), float(step % 2)) for step in range(5000)]
    thin = thinned(points)
    assert len(thin) <= POINTS
    assert thin[-1][0] == 4999
    assert all(abs(y - 0.5) < 0.03 for _, y in thin)
    assert thinned([(1.0, float("nan")), (2.0, 3.0)]) == [(2.0, 3.0)]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (2.31, 2.39), (0, 12345), (-3, 4), (1e-6, 3e-4)])
def test_marks_are_round_and_enclose_what_is_shown(low: float, high: float) -> None:
    found = ticks(low, high)
    assert found[0] <= low
    assert found[-1] >= high - 1e-9
    assert 3 <= len(found) <= 9


def test_a_line_of_one_height_can_be_drawn() -> None:
    assert "polyline" in Chart({"flat": [(1.0, 2.0), (2.0, 2.0)], "one": [(1.0, 2.0)]}).svg("flat")
    assert [number(value) for value in (0, 12345.6, 3.0, 0.12345, 0.00001)] == [
        "0",
        "12,346",
        "3",
        "0.1235",
        "1.00e-05",
    ]
