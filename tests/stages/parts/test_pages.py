"""Long PDFs without headings are cut at pages, between paragraphs, before or after the text was normalised."""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl
import pytest

from curate.stage import Stage, measured, split
from curate.stages.documents.pdf import _cleaned, read_pdf
from curate.stages.extract import Extract
from curate.stages.normalize import Normalize
from curate.stages.parts.pages import borders, stated
from curate.stages.split import Split
from tests.stages.document_files.test_pdf import chinese, english
from tests.stages.document_files.typeset import Layout, pdf
from tests.stages.documents import of_pages, of_texts

EN = [english(seed) for seed in range(200)]
ZH = [chinese(seed) for seed in range(120)]


def through(docs: pl.DataFrame, stages: Sequence[Stage | Split]) -> pl.DataFrame:
    for stage in stages:
        docs = split(stage, docs) if isinstance(stage, Split) else measured(stage, docs)
    return docs


@pytest.mark.parametrize(
    ("paragraphs", "layout"),
    [(EN, Layout()), (EN, Layout(columns=2, size=9, leading=11, number="- {} -")), (ZH, Layout(head="学报"))],
    ids=["en", "two columns", "zh"],
)
@pytest.mark.parametrize("normal_first", [True, False])
def test_a_long_pdf_is_cut_into_runs_of_pages(paragraphs: list[str], layout: Layout, normal_first: bool) -> None:
    raw = pdf(paragraphs, layout)
    opened = read_pdf(raw)
    assert opened.text is not None
    limit = len(opened.text) // 3
    stages = [Normalize(), Split(longer_than=limit)] if normal_first else [Split(longer_than=limit), Normalize()]
    parts = through(of_pages([raw], "application/pdf"), [Extract(), *stages])
    assert parts.height in (3, 4, 5)
    assert parts["text"].str.len_chars().max() <= limit
    whole = set(opened.text.split("\n\n"))
    for text in parts["text"]:
        assert {text.strip().split("\n\n")[0], text.strip().split("\n\n")[-1]} <= whole
    # A cut is the first paragraph that begins on its page or behind it.
    starts = [opened.text.index(text.strip()) for text in parts["text"]]
    begins = {opened.text.find("\n\n", max(0, page - 2)) + 2 for page in opened.notes["pages"]}
    begins |= {page for page in opened.notes["pages"] if opened.text[max(0, page - 2) : page] == "\n\n"}
    assert sum(start in begins for start in starts[1:]) >= len(starts) - 2
    assert parts["locator"].unique().len() == 1
    again = split(Split(longer_than=limit), parts)
    assert again["doc_id"].equals(parts["doc_id"])


def test_signs_that_mean_nothing_do_not_move_the_pages() -> None:
    text, starts = _cleaned("a\ue000b\n\n\ue001c\ufffd\n\nd", [0, 5, 10])
    assert (text, starts) == ("ab\n\nc\n\nd", [0, 4, 7])


def test_form_feeds_are_borders() -> None:
    pages = [f"{number} begins the page. " + "It goes on for a while. " * 20 for number in range(12)]
    text = "\f".join(pages)
    cut = split(Split(longer_than=2000), of_texts([text]))["text"].to_list()
    assert "".join(cut) == text
    assert [part[:2].strip() for part in cut] == ["0", "3", "6", "9"]


def test_a_sentence_that_runs_over_a_page_stays_whole() -> None:
    text = "One ends here.\n\nTwo begins and\n\ngoes over. \n\nThree is last.\n\nFour"
    page = text.index("goes")
    assert [text[at:][:5] for at in borders(text, [page])] == ["Three"]
    assert [text[at:][:3] for at in borders(text, [text.index("Two")])] == ["Two"]
    assert [text[at:][:3] for at in borders(text, [text.index("begins")])] == ["Thr"]


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"pages": [0, 10, 30]}, [10, 30]),
        ({"pages": [[1, 0], [2, 10], [4, 30]]}, [10, 30]),
        ({"pages": [0, 20, 60], "characters": 200}, [10, 30]),
        ({"pages": [0, 10, 300]}, [10]),
        ({"pages": 12}, []),
        ({"pages": ["1", "2"]}, []),
        ({"pages": [True, 10]}, []),
        ({"title": "pages"}, []),
        ([], []),
    ],
)
def test_the_places_of_pages_are_read_from_meta(meta: object, expected: list[int]) -> None:
    assert stated(json.dumps(meta), 100) == expected
    assert stated('no json: "pages"', 100) == stated(None, 100) == []


def test_a_part_is_not_cut_at_the_pages_of_its_parent() -> None:
    docs = of_texts(["A sentence stands here.\n\n" * 100]).with_columns(
        meta=pl.lit(json.dumps({"pages": list(range(0, 2500, 100))}))
    )
    assert split(Split(longer_than=1000), docs).height == 3
    assert split(Split(longer_than=1000), docs.with_columns(parent_id=pl.lit("x"))).height == 1


def test_a_pdf_with_headings_is_cut_at_them() -> None:
    text = "".join(f"CHAPTER {number}\n\n" + "A sentence stands here.\n\n" * 30 for number in range(1, 5))
    docs = of_texts([text]).with_columns(meta=pl.lit(json.dumps({"pages": list(range(0, len(text), 100))})))
    assert [part[:9] for part in split(Split(longer_than=1000), docs)["text"]] == [f"CHAPTER {n}" for n in range(1, 5)]
