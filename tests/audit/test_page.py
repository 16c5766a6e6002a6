"""The page: one file that asks nothing of anybody, every number of which the report holds, in two languages."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest

from curate.audit.page.markup import FORMATS, data, exact, number, percent, size, tag, text
from curate.audit.page.plot.histogram import histogram, place
from curate.audit.page.plot.shares import Share, stacked
from curate.audit.page.shell import page
from curate.audit.show import show
from curate.audit.words import WORDS, say
from tests.audit.conftest import Audited

VOID = {"meta", "input", "link", "br", "rect", "path"}
NAMES = {"code", "pre", "title", "style", "h1"}  # elements whose text is a name, a document or the page's own
PLACES = re.compile(r"\{(\w+)\}")


class Numbers(HTMLParser):
    """The values that a page says, and the text with digits that stands in its tables outside of them."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[tuple[float, str]] = []
        self.loose: list[str] = []
        self._open: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        if name not in VOID:
            self._open.append((name, dict(attributes)))

    def handle_endtag(self, name: str) -> None:
        while self._open and self._open.pop()[0] != name:
            pass

    def handle_data(self, said: str) -> None:
        if not self._open:
            return
        name, attributes = self._open[-1]
        value = attributes.get("value") if name == "data" else attributes.get("data-value")
        if value is not None:
            self.values.append((float(value), said))
        elif re.search(r"\d", said) and any(one == "td" for one, _ in self._open) and not self._name():
            self.loose.append(said)

    def _name(self) -> bool:
        return any(name in NAMES or "data" in str(its.get("class")) for name, its in self._open)


def numbers(value: Any) -> set[float]:
    """Every number that stands in JSON data, and how long its lists are."""
    found: set[float] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            found.add(float(len(one)))
            waiting += one
        elif isinstance(one, int | float) and not isinstance(one, bool):
            found.add(float(one))
    return found


@pytest.mark.parametrize("which", ["audited", "version", "strange"])
def test_every_number_on_the_page_is_in_the_report(which: str, request: pytest.FixtureRequest) -> None:
    one: Audited = request.getfixturevalue(which)
    found = Numbers()
    found.feed((one.out / "index.html").read_text("utf-8"))
    known = numbers(json.loads((one.out / "report.json").read_bytes()))
    assert len(found.values) > 300
    strange = [(value, said) for value, said in found.values if value not in known]
    assert not strange, strange[:10]
    shown = [
        value
        for value, said in found.values
        if said in {shape(value) for shape in FORMATS.values()} | {f"{value:,.3g}k"}
    ]
    assert len(shown) == len(found.values)
    loose = [
        said for said in found.loose if not re.fullmatch(r"GB/T.*|\d+(\.\d+)*|.*(tokens|词元).*|20\d\d.*", said.strip())
    ]
    assert not loose, loose[:10]


def test_a_number_that_the_report_does_not_hold_would_be_found(audited: Audited) -> None:
    altered = json.loads(json.dumps(audited.report))
    altered["origin"]["sources"][0]["documents"] += 100_000
    found = Numbers()
    found.feed(show(altered).decode())
    known = numbers(audited.report)
    assert any(value not in known for value, _ in found.values)


def test_every_plot_has_a_title_and_its_table(audited: Audited) -> None:
    whole = (audited.out / "index.html").read_text("utf-8")
    figures = re.findall(r"<figure>.*?</figure>", whole, re.DOTALL)
    assert len(figures) > 20
    for figure in figures:
        assert "<figcaption>" in figure
        assert "<table" in figure or "<svg" not in figure, figure[:300]
    for table in re.findall(r"<table.*?</table>", whole, re.DOTALL):
        assert "<caption>" in table and "scope=" in table
    assert whole.count("<h1>") == 1 and "<main>" in whole and "<header>" in whole and "<nav>" in whole
    ids = re.findall(r'\sid="([^"]+)"', whole)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'href="#([^"]+)"', whole):
        assert target in ids


def test_the_page_is_one_file_that_names_nothing_outside_and_runs_nothing(audited: Audited) -> None:
    content = (audited.out / "index.html").read_bytes()
    whole = content.decode("utf-8")
    assert len(content) < 3 << 20
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', whole)
    style = re.search(r"<style>(.*?)</style>", whole, re.DOTALL)
    assert policy is not None and style is not None
    said = html.unescape(policy[1])
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert said.startswith("default-src 'none'; ") and f"style-src 'sha256-{digest}'" in said
    assert "unsafe" not in said and "script-src" not in said
    assert "<script" not in whole.lower()
    assert not re.search(r"<[^>]+\s(?:src|srcset|style|on\w+|action|formaction|background|poster)=", whole)
    assert not re.search(r'href="(?!#)', whole) and "@import" not in whole and "url(" not in style[1]
    assert "cookie" not in whole.lower()


def test_a_page_of_many_sources_measures_and_hostile_samples_stays_below_three_megabytes(audited: Audited) -> None:
    large = json.loads(json.dumps(audited.report))
    name = "\u202e<来源>&" * 12
    origin, removal, quality = large["origin"], large["removal"], large["quality"]
    origin["sources"] = [{**origin["sources"][0], "source": f"{name}{place}"} for place in range(500)]
    origin["licenses"] = [{**origin["licenses"][0], "license": name} for _ in range(500)]
    origin["hosts"]["top"] = [{**origin["hosts"]["top"][0], "host": name * 2} for _ in range(100)]
    for measure in quality["measures"]:
        row = measure["sources"][0]
        counts = [1 + place % 7 for place in range(len(row["counts"]))]
        measure["sources"] = [{**row, "source": f"{name}{place}", "counts": counts} for place in range(48)]
    measures = quality["measures"]
    quality["measures"] = [{**one, "measure": f"{one['measure']}_{place}"} for place in range(6) for one in measures]
    document = {**removal["samples"][0]["went"][0], "text": "\u202e<&" * 200, "url": name * 5}
    removal["reasons"] = [{**removal["reasons"][0], "reason": f"reason_{place}"} for place in range(80)]
    removal["samples"] = [
        {
            "stage": one["stage"],
            "reason": one["reason"],
            "stayed_for": "nearest",
            **dict.fromkeys(("went", "stayed"), [document] * 3),
        }
        for one in removal["reasons"][:60]
    ]
    large["making"]["recipe"] = '"<来源>"\n' * 100_000
    content = show(large)
    assert 1_000_000 < len(content) < 3 << 20
    assert "\u202e" not in content.decode()


def test_the_mix_is_shown_by_role_channel_and_language_with_its_override(audited: Audited) -> None:
    whole = (audited.out / "index.html").read_text("utf-8")
    mix = whole[whole.index('id="mix"') : whole.index('id="changes"')]
    for words in ("Tokens by role", "Tokens by channel", "Tokens by language", "Fertility", "a small corpus of tests",
                  "Domain text that a judge finds in general sources"):  # fmt: skip
        assert words in mix, words


def test_a_script_of_our_own_is_allowed_by_its_hash_alone() -> None:
    whole = page("t", tag("p", "x"), "zh", script="document.title = 'ours'").decode()
    digest = b64encode(sha256(b"document.title = 'ours'").digest()).decode()
    assert f"script-src &#x27;sha256-{digest}" in whole or f"script-src 'sha256-{digest}'" in whole
    assert '<html lang="zh-CN">' in whole


def test_every_word_is_there_in_both_languages_with_the_same_parts() -> None:
    for key, (english, chinese) in WORDS.items():
        assert english.strip() and chinese.strip(), key
        assert set(PLACES.findall(english)) == set(PLACES.findall(chinese)), key
        if not re.fullmatch(r"[A-Z]{2}[A-Z0-9-]*", english):
            assert re.search(r"[\u4e00-\u9fff]", chinese), key
        assert not re.search(r"[\u4e00-\u9fff]", english), key


def test_every_state_of_every_check_has_its_words() -> None:
    import inspect

    from curate.audit.report import verdict

    source = inspect.getsource(verdict)
    names = set(re.findall(r'_check\("(\w+)"', source))
    assert len(names) >= 14
    for name in names:
        assert f"check.{name}" in WORDS, name
        assert any(f"check.{name}.{state}" in WORDS for state in verdict.STATES), name


def test_the_page_first_shows_the_language_that_was_asked_for_and_holds_both(
    audited: Audited, version: Audited
) -> None:
    english, chinese = ((one.out / "index.html").read_text("utf-8") for one in (audited, version))
    assert '<html lang="en">' in english and '<html lang="zh-CN">' in chinese
    assert 'id="show-en" class="show" checked' in english and 'id="show-zh" class="show" checked' in chinese
    for whole in (english, chinese):
        assert "Can I train on this?" in whole and "能用来训练吗？" in whole


def test_text_from_data_is_inert() -> None:
    hostile = "</p><script>alert(1)</script>\x1b[31m\u202eevil\u2066 &lt; \"'"
    said = text(hostile)
    assert "<" not in said and "\x1b" not in said and "\u202e" not in said and "&amp;lt;" in said
    assert "\\x202e" in said and tag("a", hostile, title=hostile).count("<") == 2
    assert data("x") == '<bdi class="data">x</bdi>'
    with pytest.raises(KeyError):
        say("no.such.word")


def test_parts_that_are_filled_into_words_stay_inert() -> None:
    said = say("b.match", item="<b>", score=number(1), part="</script>")
    assert "<b>" not in said and "</script>" not in said and '<data value="1">' in said


def test_numbers_say_their_value() -> None:
    assert number(0.1234, "share") == '<data value="0.1234">12.3\u00a0%</data>'
    assert [percent(value) for value in (0, 0.00042, 1)] == ["0.0\u00a0%", "0.042\u00a0%", "100.0\u00a0%"]
    assert [size(value) for value in (0, 999, 1500, 3.2e12)] == ["0\u00a0B", "999\u00a0B", "1.5\u00a0KB", "3.2\u00a0TB"]
    assert [exact(value) for value in (3, 3.0, 0.1, 1e20)] == ["3", "3", "0.1", "1e+20"]


def test_limits_stand_where_they_are_in_bins() -> None:
    edges = (0.0, 1.0, 10.0, 100.0)
    assert [place(edges, value) for value in (0, 0.5, 1, 5.5, 1000)] == [0, 0.5, 1, 1.5, 3]
    drawn = histogram(edges, [4, 0, 1], [(None, 0)])
    assert 'class="beyond" x="1.000" width="2.000"' in drawn  # of whole numbers 0 passes, 1 is the first beyond


def test_there_are_no_more_parts_than_colours() -> None:
    with pytest.raises(ValueError, match="colours"):
        stacked([Share(text(place), 0.1) for place in range(9)], text("x"))
