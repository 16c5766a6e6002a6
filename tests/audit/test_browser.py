"""The page in a real browser: no fault, no request, both languages, Chinese glyphs, phone and desktop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.audit.conftest import Audited
from tests.browser import DESKTOP, PHONE, expect, watched

# Draws each character alone and counts as missing what looks like a character that no font has.
GLYPHS = """
(characters) => {
  const canvas = document.createElement('canvas'); canvas.width = canvas.height = 40;
  const brush = canvas.getContext('2d', {willReadFrequently: true});
  const drawn = (one) => {
    brush.clearRect(0, 0, 40, 40); brush.font = '24px ' + getComputedStyle(document.body).fontFamily;
    brush.textBaseline = 'top'; brush.fillText(one, 6, 6);
    return brush.getImageData(0, 0, 40, 40).data.filter((_, at) => at % 4 == 3).join();
  };
  const empty = drawn(' '), missing = new Set(['\\uffff', '\\ufdd0', '\\ue123', '\\u{10fffd}'].map(drawn));
  return [...characters].filter((one) => { const it = drawn(one); return it == empty || missing.has(it); });
}
"""


@pytest.mark.parametrize("which", ["audited", "version", "strange"])
@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_a_page_shows_without_fault_or_request(
    which: str, width: int, browser: Any, request: pytest.FixtureRequest
) -> None:
    one: Audited = request.getfixturevalue(which)
    with watched(browser, one.out / "index.html", width) as seen:
        assert seen.faults == [] and len(seen.requests) == 1
        assert seen.wide() == width
        seen.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert seen.wide() == width
        small = seen.page.evaluate(
            "[...document.querySelectorAll('main *')].filter(one => one.childNodes.length && "
            "parseFloat(getComputedStyle(one).fontSize) < 11).length"
        )
        assert small == 0


def test_the_switch_changes_every_word_by_keyboard_alone(audited: Audited, browser: Any) -> None:
    with watched(browser, audited.out / "index.html") as seen:
        shown = "document.querySelector('#verdict h2').innerText"
        assert seen.page.evaluate(shown) == "Can I train on this?"
        seen.page.keyboard.press("Tab")
        seen.page.keyboard.press("ArrowRight")
        assert seen.page.evaluate(shown) == "能用来训练吗？"
        left = seen.page.evaluate(
            "[...document.querySelectorAll('.en')].filter(one => one.offsetParent !== null).length"
        )
        assert left == 0
        assert seen.page.evaluate("document.querySelectorAll('.zh').length") > 200


def test_no_chinese_glyph_is_missing(audited: Audited, browser: Any) -> None:
    with watched(browser, audited.out / "index.html") as seen:
        whole: str = seen.page.evaluate("document.body.textContent")
        chinese = sorted({char for char in whole if "\u2e80" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef"})
        assert len(chinese) > 400
        assert seen.page.evaluate(GLYPHS, "".join(chinese)) == []
        assert seen.page.evaluate(GLYPHS, "\ue124\ufdd1") == ["\ue124", "\ufdd1"]  # it does see what is missing


def test_all_can_be_reached_and_is_named(audited: Audited, browser: Any) -> None:
    with watched(browser, audited.out / "index.html") as seen:
        assert seen.page.evaluate("document.title") == "Audit: 经过审计的数据 <audited>"
        assert seen.page.evaluate("document.querySelectorAll('section:not([aria-labelledby])').length") == 0
        unnamed = seen.page.evaluate(
            "[...document.querySelectorAll('svg')].filter(one => !one.closest('[aria-hidden=true]')).length"
        )
        assert unnamed == 0  # plots say nothing; their words and tables do
        seen.page.keyboard.press("Tab")
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate("document.activeElement.className") == "skip"
        seen.page.keyboard.press("Enter")
        assert seen.page.evaluate("location.hash") == "#verdict"
        assert (
            seen.page.evaluate("getComputedStyle(document.querySelector('.bad')).backgroundColor") != "rgba(0, 0, 0, 0)"
        )


def test_on_paper_every_table_is_open(audited: Audited, browser: Any) -> None:
    with watched(browser, audited.out / "index.html") as seen:
        seen.page.emulate_media(media="print")
        closed = seen.page.evaluate(
            "[...document.querySelectorAll('details table')].filter(one => !one.checkVisibility()).length"
        )
        assert closed == 0
        assert len(seen.page.pdf(format="A4")) > 50_000


def test_what_goes_wrong_in_a_page_is_noted_whatever_is_opened_after(tmp_path: Path, browser: Any) -> None:
    bad, good = tmp_path / "bad.html", tmp_path / "good.html"
    bad.write_text(
        "<script>alert(1); console.log('said'); pwned(2)</script><script>throw new Error('thrown')</script>"
        "<iframe srcdoc='<script>confirm(3)</script>'></iframe><img src='https://elsewhere.example/x.png'>"
    )
    good.write_text("<p>fine</p>")
    with watched(browser, bad) as seen:
        seen.page.goto(good.as_uri())
        expect(seen.page.locator("p")).to_have_text("fine")
        noted = "\n".join(seen.faults)
        for fault in (
            "ran alert 1",
            "said",
            "ran pwned 2",
            "thrown",
            "ran confirm 3",
            "https://elsewhere.example/x.png",
        ):
            assert fault in noted
    with watched(browser, good) as seen:
        assert seen.faults == [] and len(seen.requests) == 1
