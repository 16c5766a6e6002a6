"""The page of a training: losses by source, times, and what was noticed; one file, without scripts, in two
languages."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from curate.train.chart import Chart, Points, number
from curate.train.evaluate import HeldOut, by_role

PAGE = "curves.html"

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:2rem 0 .3rem}svg{width:100%;height:auto}
svg text{font-size:11px;fill:#444}.right{text-anchor:end}.mid{text-anchor:middle}.grid{stroke:#ddd}
.legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:0 1.2rem}.sample{width:34px;height:8px}
table{display:block;max-width:100%;overflow-x:auto;border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px}
th,td{padding:.15rem .6rem;text-align:right;border-bottom:1px solid #e5e5e5}
th:first-child,td:first-child{text-align:left}
details{margin:.3rem 0}.scroll{overflow-x:auto;max-height:24rem}
.noticed{border-left:4px solid #d55e00;padding-left:.8rem}
body:has(#zh:checked) .en,body:has(#en:checked) .zh{display:none}
"""

Words = tuple[str, str]
"""(Chinese, English).
"""


def page(out: Path, facts: Mapping[str, Any]) -> str:
    """The page of the training in `out`, from its metrics.jsonl and times.jsonl; `facts` are train.json's."""
    metrics = _lines(out / "metrics.jsonl")
    times = _lines(out / "times.jsonl")
    events = _lines(out / "events.jsonl")
    body = "".join(_body(metrics, times, events, facts))
    style = b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>Curate: training</title>'
        f"<style>{STYLE}</style></head><body>"
        f'<p><input type="radio" name="words" id="en" checked><label for="en">English</label> '
        f'<input type="radio" name="words" id="zh"><label for="zh">中文</label></p>{body}</body></html>\n'
    )


def _body(
    metrics: Sequence[Mapping[str, Any]],
    times: Sequence[Mapping[str, Any]],
    events: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
) -> Iterator[str]:
    roles: Mapping[str, str] = facts["roles"]
    report = facts["report"]
    yield f"<h1>{_both(('训练过程', 'Training'))}</h1>"
    if facts["noticed"]:
        yield f'<div class="noticed"><h2>{_both(("值得注意", "Noticed"))}</h2><ul>'
        yield "".join(f"<li>{escape(line)}</li>" for line in facts["noticed"]) + "</ul></div>"
    yield _seesaw(report, roles)
    yield _chart(("训练损失(按角色,纳特/词元)", "Training loss by role (nats a token)"), by_role_of(metrics))
    if set(roles) != set(roles.values()):
        yield _chart(("训练损失(按来源)", "Training loss by source"), by_channel_of(metrics))
    held = held_out_of(metrics, report)
    yield _chart(("验证损失(按来源)", "Held-out loss by source"), held)
    yield _chart(("学习率", "Learning rate"), Chart({"lr": _series(metrics, "lr")}))
    yield _chart(
        ("梯度范数(裁剪前)", "Norm of the gradient before clipping"), Chart({"norm": _series(metrics, "grad_norm")})
    )
    speed = Chart({"tokens/s": _series(times, "tokens_per_second")})
    yield _chart(("速度(词元/秒)", "Speed (tokens a second)"), speed)
    waits = {name: _series(times, name) for name in ("data_wait", "checkpoint_stall", "evaluation")}
    yield _chart(("等待(秒)", "Waiting (seconds)"), Chart(waits))
    if events:
        yield f"<h2>{_both(('事件', 'Events'))}</h2><ul>"
        yield "".join(
            f"<li>{event['step']}: {escape(event['event'])}: {escape(event['reason'])}</li>" for event in events
        )
        yield "</ul>"
    yield _facts(facts)


def by_role_of(metrics: Sequence[Mapping[str, Any]]) -> Chart:
    """Training losses by role, and over all of them."""
    names = [name for name in (metrics[0] if metrics else {}) if name.startswith("loss_") and name != "loss_by_channel"]
    lines = {"all": _series(metrics, "loss")}
    return Chart(lines | {name.removeprefix("loss_"): _series(metrics, name) for name in names})


def by_channel_of(metrics: Sequence[Mapping[str, Any]]) -> Chart:
    """Training losses by channel."""
    flat = [{"step": line["step"], **line["loss_by_channel"]} for line in metrics]
    return Chart({name: _series(flat, name) for name in (metrics[0]["loss_by_channel"] if metrics else ())})


def held_out_of(metrics: Sequence[Mapping[str, Any]], report: Mapping[str, Any]) -> Chart:
    """Held-out losses by channel: before, at intervals, after."""
    points = [{"step": 0, **{name: loss["nats"] for name, loss in report["before"].items()}}]
    points += [{"step": line["step"], **line["held_out"]} for line in metrics if line.get("held_out")]
    if points[-1]["step"] != report["steps"]:
        points.append({"step": report["steps"], **{name: loss["nats"] for name, loss in report["after"].items()}})
    return Chart({name: _series(points, name) for name in report["before"]})


def _series(lines: Sequence[Mapping[str, Any]], name: str) -> Points:
    return [(line["step"], line[name]) for line in lines if line.get(name) is not None]


def _chart(title: Words, chart: Chart) -> str:
    thin = chart.thin()
    if not thin.lines:
        return ""
    numbers = (
        f'<details><summary>{_both(("数据", "Numbers"))}</summary><div class="scroll">{thin.table()}</div></details>'
    )
    return f"<h2>{_both(title)}</h2>{thin.svg(title[1])}{thin.legend()}{numbers}"


def _seesaw(report: Mapping[str, Any], roles: Mapping[str, str]) -> str:
    before, after = ({name: HeldOut(**loss) for name, loss in report[moment].items()} for moment in ("before", "after"))
    was, now = by_role(before, roles), by_role(after, roles)
    rows = [(role, was[role], now[role]) for role in now]
    if set(roles) != set(roles.values()):
        rows += [(f"{roles[name]} / {name}", before[name], after[name]) for name in after]
    heads = (
        ("", ""),
        ("开始", "start"),
        ("结束", "end"),
        ("变化", "change"),
        ("比特/字节", "bits a byte"),
        ("词元", "tokens"),
    )
    lines = []
    for name, one, other in rows:
        bits = ""
        if one.bits_per_byte is not None and other.bits_per_byte is not None:
            bits = f"{one.bits_per_byte:.3f} → {other.bits_per_byte:.3f}"
        cells = (f"{one.nats:.3f}", f"{other.nats:.3f}", f"{other.nats - one.nats:+.3f}", bits, f"{other.tokens:,}")
        lines.append(f"<tr><td>{escape(name)}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    head = "".join(f"<th>{_both(words)}</th>" for words in heads)
    title = _both(("跷跷板:验证损失(纳特/词元)", "The see-saw: held-out loss (nats a token)"))
    return f"<h2>{title}</h2><table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _facts(facts: Mapping[str, Any]) -> str:
    report, chosen = facts["report"], facts["chosen"]
    shares = report["shares"]
    known: list[tuple[Words, str]] = [
        (("阶段", "stage"), chosen["stage"]),
        (("方式", "tune"), chosen["tune"]),
        (("参数", "parameters"), f"{report['parameters']:,}"),
        (("步数", "steps"), f"{report['steps']:,}"),
        (("轮数", "epochs"), f"{report['epochs']:.2f}"),
        (("词元", "tokens"), f"{report['tokens']:,}"),
        (("学习的词元", "tokens learnt from"), f"{report['supervised_tokens']:,}"),
        (("速度", "tokens a second"), f"{report['tokens_per_second']:,.0f}"),
        (("算力利用率", "MFU"), "-" if report["mfu"] is None else f"{report['mfu']:.1%}"),
        (("等待数据", "waiting for data"), f"{shares['data_wait']:.2%}"),
        (("等待检查点", "waiting for checkpoints"), f"{shares['checkpoint_stall']:.2%}"),
        (
            ("显存峰值", "GPU memory at most"),
            "-" if report["memory"] is None else f"{number(report['memory'] / 1e9)} GB",
        ),
        (("设备", "device"), report["device"]),
        (("混合集", "mix"), facts["identity"]["mix"][:16]),
    ]
    rows = "".join(f"<tr><td>{_both(name)}</td><td>{escape(value)}</td></tr>" for name, value in known)
    return f"<h2>{_both(('概况', 'Facts'))}</h2><table><tbody>{rows}</tbody></table>"


def _both(words: Words) -> str:
    return f'<span class="zh" lang="zh">{escape(words[0])}</span><span class="en">{escape(words[1])}</span>'


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.is_file() else []
