"""What stands beside the text of a page goes before an extractor sees it; what may be text stays."""

from __future__ import annotations

import pytest

from curate.stages import layout, page

PROSE = {
    "en": "The committee met on Tuesday and agreed on a plan that most of its members had opposed for a year. " * 3,
    "zh": "委员会星期二开会，通过了大多数成员反对了一年的方案，并决定从下个月起开始实行，直到明年年底为止。" * 3,
}
LINKS = "".join(f"<a href='/{number}'>Story number {number}</a> " for number in range(12))
TEXT = {lang: "".join(f"<p>{number} {prose}</p>" for number in range(5)) for lang, prose in PROSE.items()}


def left(body: str, lang: str = "en") -> str:
    markup = f"<html><body>{body}</body></html>"
    tree = page.tree_of(markup)
    layout.prepared(tree, markup, dense=lang == "zh")
    return " ".join(tree.text_content().split())


def laid_out(box: str, lang: str = "en", text: str = "") -> str:
    return f"<div><div>{box}</div><div class=main>{text or TEXT[lang]}</div></div><div>12 {LINKS}</div>"


@pytest.mark.parametrize("lang", PROSE)
def test_boxes_of_short_text_beside_a_text_of_prose_go(lang: str) -> None:
    found = left(laid_out(f"<div>热门 Hot now 1 2 3</div><ul><li>赞 Like<li>Share {LINKS}</ul>", lang), lang)
    assert "Hot now" not in found and "Like" not in found
    assert " ".join(PROSE[lang].split()) in found


@pytest.mark.parametrize("lang", PROSE)
@pytest.mark.parametrize("box", ["<h1>A headline</h1>", "<div><div><h1>A headline</h1></div></div>"])
def test_a_headline_stays_wherever_it_stands(box: str, lang: str) -> None:
    assert "A headline" in left(laid_out(box, lang), lang)


@pytest.mark.parametrize("lang", PROSE)
def test_a_paragraph_beside_the_text_stays(lang: str) -> None:
    sentence = PROSE[lang][: 130 if lang == "en" else 45]
    assert sentence.strip() in left(laid_out(f"<div>A summary: {sentence}</div>", lang), lang)


def test_what_stands_beside_the_entries_of_a_docket_stays() -> None:
    rows = "".join(f"<tr><td>{day:02}/03/2023</td><td>Brief filed</td><td>Appellant</td></tr>" for day in range(1, 30))
    parties = "<table><tr><td>Case</td><td>01-23-00658-CV</td></tr><tr><td>Appellant</td><td>Ann Doe</td></tr></table>"
    found = left(laid_out(parties, text=f"<table>{rows}</table>"))
    assert "01-23-00658-CV" in found and "Ann Doe" in found


def test_a_tenth_of_the_text_is_more_than_a_box_beside_it() -> None:
    notes = "<div>" + "".join(f"<div>Short note {number} of the trial</div>" for number in range(12)) + "</div>"
    assert "Short note 7 of the trial" in left(laid_out(notes))


@pytest.mark.parametrize("lang", PROSE)
def test_a_hidden_box_goes_unless_all_but_the_menu_stands_in_it(lang: str) -> None:
    hidden = "<div style='display: none'>Large print. Read aloud. <p>Sign up for our letter.</p>"
    shown = f"{LINKS * 20}<div>{TEXT[lang]}</div>"
    closed = left(f"{hidden}</div>{shown}", lang)
    assert "Sign up" not in closed and " ".join(PROSE[lang].split()) in closed
    assert " ".join(PROSE[lang].split()) in left(f"{LINKS * 20}{hidden}{shown}", lang)
