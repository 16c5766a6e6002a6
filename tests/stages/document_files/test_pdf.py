"""PDF: the text that was set comes back in its order, in its paragraphs, without what pages add."""

from __future__ import annotations

import io
import random
from difflib import SequenceMatcher

import pytest
from reportlab.lib import pdfencrypt
from reportlab.pdfgen.canvas import Canvas

from curate.stages.documents import pdf as module
from curate.stages.documents.opened import Unreadable
from curate.stages.documents.pdf import read_pdf
from tests.stages.document_files.typeset import Layout, pdf

_EN = (
    "The court held that the contract was void because the parties had never agreed upon its essential provisions",
    "Patients with chronic hypertension should restrict their consumption of sodium considerably",
    "Several well-known investigations demonstrated an unambiguous relationship between inflation and unemployment",
    "Consequently the administration of the medication was discontinued immediately",
)
_ZH = (
    "民事主体从事活动应当遵循公平原则合理确定各方权利义务患者限制钠盐摄入每日不超五克年度报告披露董事会决议审计机构意见"
)


def english(seed: int) -> str:
    chosen = random.Random(seed)
    return " ".join(f"{chosen.choice(_EN)} {chosen.randrange(1000)}." for _ in range(chosen.randrange(2, 6)))


def chinese(seed: int) -> str:
    chosen = random.Random(seed)
    return "".join(
        "".join(chosen.choices(_ZH, k=chosen.randrange(8, 40))) + "，。"[part % 2]
        for part in range(chosen.randrange(2, 9) * 2)
    )


ENGLISH = [english(seed) for seed in range(18)]
CHINESE = [chinese(seed) for seed in range(18)]


def squeezed(text: str) -> str:
    return "".join(text.split())


def likeness(text: str, paragraphs: list[str]) -> float:
    """F1 of characters, in order, white space aside."""
    found, wanted = squeezed(text), squeezed("".join(paragraphs))
    same = sum(block.size for block in SequenceMatcher(None, found, wanted, autojunk=False).get_matching_blocks())
    return 2 * same / (len(found) + len(wanted))


@pytest.mark.parametrize("paragraphs", [ENGLISH, CHINESE], ids=["en", "zh"])
@pytest.mark.parametrize(
    "layout",
    [
        Layout(),
        Layout(columns=2, size=9, leading=11, head="Journal 学报 vol. 3", number="{}"),
        Layout(columns=2, size=9, leading=11, number="- {} -", by_rows=True),
        Layout(columns=3, size=8, leading=10, margin=40),
        Layout(indent=0, number="第 {} 页", justified=False),
    ],
    ids=["one column", "two columns", "drawn across columns", "three columns", "no indents"],
)
def test_text_comes_back_in_its_order(paragraphs: list[str], layout: Layout) -> None:
    found = read_pdf(pdf(paragraphs, layout)).text or ""
    assert likeness(found, paragraphs) > 0.995
    whole = {squeezed(one) for one in found.split("\n\n")} & {squeezed(one) for one in paragraphs}
    assert len(whole) >= 0.8 * len(paragraphs)


def test_lines_of_chinese_are_joined_without_a_space_and_words_that_were_parted_are_whole() -> None:
    assert " " not in (read_pdf(pdf(CHINESE)).text or "")
    words = set((read_pdf(pdf(ENGLISH, Layout(columns=2, size=9, leading=11))).text or "").split())
    assert words == set(" ".join(ENGLISH).split())
    assert "well-known" in words


def test_running_heads_and_page_numbers_are_no_text() -> None:
    layout = Layout(head="中华医学杂志 2024年第3卷", number="- {} -")
    found = read_pdf(pdf(CHINESE * 4, layout)).text or ""
    assert "杂志" not in found
    assert "- 2 -" not in found
    assert "2024年第3卷" in (read_pdf(pdf(["2024年第3卷的正文。", *CHINESE])).text or "")


def test_pages_are_where_the_notes_say() -> None:
    opened = read_pdf(pdf(ENGLISH * 3))
    assert opened.text is not None
    starts = opened.notes["pages"]
    assert len(starts) > 3
    assert starts == sorted(starts)
    assert starts[0] == 0
    second = read_pdf(pdf(ENGLISH * 3))
    assert second == opened


def test_a_title_over_two_columns_comes_first() -> None:
    layout = Layout(columns=2, size=9, leading=11, title="On Contracts", by_rows=True)
    assert (read_pdf(pdf(ENGLISH, layout)).text or "").startswith("On Contracts\n\n")


def drawn(*texts: tuple[float, float, str], pages: int = 1, **made: object) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1, **made)
    for _ in range(pages):
        for x, y, text in texts:
            canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def test_the_rows_of_a_table_stay_together() -> None:
    cells = [(72 + 160 * column, 700 - 15 * row, f"r{row}c{column}") for column in range(3) for row in range(12)]
    found = (read_pdf(drawn(*cells)).text or "").split("\n\n")
    assert found[0] == "r0c0\tr0c1\tr0c2"
    assert len(found) == 12


def test_text_across_the_page_is_left_out_and_a_page_across_is_turned() -> None:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    for row in range(20):
        canvas.drawString(72, 700 - 15 * row, f"This is line {row} of the body and it is long enough.")
    canvas.rotate(90)
    canvas.drawString(300, -20, "arXiv:2301.00001")
    canvas.showPage()
    canvas.rotate(90)
    for row in range(20):
        canvas.drawString(72, -100 - 15 * row, f"Turned line {row} of the body and it is long enough.")
    canvas.save()
    found = read_pdf(out.getvalue()).text or ""
    assert "arXiv" not in found
    assert found.index("line 3") < found.index("line 4") < found.index("Turned line 3") < found.index("Turned line 4")


@pytest.mark.parametrize(("size", "rise"), [(7, 4), (7, 6), (8, 3.3), (7.5, -2)])
def test_digits_above_and_below_the_line_stay_so(size: float, rise: float) -> None:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    for row, parts in enumerate(
        (("Platelets 150 x 10", "9", "/L were found in the blood."), ("It takes 5 x 10", "-3", " mol of it."))
    ):
        x, y = 72.0, 700 - 20 * row
        for number, text in enumerate(parts):
            canvas.setFont("Times-Roman", size if number == 1 else 12)
            canvas.drawString(x, y + (rise if number == 1 else 0), text)
            x += canvas.stringWidth(text, "Times-Roman", size if number == 1 else 12)
    canvas.save()
    found = read_pdf(out.getvalue()).text
    nine, three = ("⁹", "⁻³") if rise > 0 else ("₉", "₋₃")
    assert found == f"Platelets 150 x 10{nine}/L were found in the blood. It takes 5 x 10{three} mol of it."


def test_entries_of_contents_stand_on_lines_of_their_own() -> None:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    for row in range(6):
        canvas.drawString(72, 700 - 18 * row, f"Part {'ABCDEF'[row]} of the act {'.' * 60} {row * 7 + 1}")
    canvas.showPage()
    for row in range(6):
        canvas.drawString(72, 700 - 18 * row, "This is running text about the act that fills its lines and goes on")
    canvas.save()
    found = (read_pdf(out.getvalue()).text or "").split("\n\n")
    assert [part[:6] for part in found] == ["Part A", "Part B", "Part C", "Part D", "Part E", "Part F", "This i"]


def refused(raw: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        read_pdf(raw)
    assert str(caught.value)
    return caught.value.state


def test_a_file_that_gives_no_text_says_why() -> None:
    whole = pdf(ENGLISH)
    locked = drawn((72, 700, "secret"), encrypt=pdfencrypt.StandardEncryption("user", "owner"))
    assert refused(locked) == "encrypted"
    assert refused(drawn(pages=3)) == "no_text_layer"
    assert refused(drawn((72, 30, "1"), pages=3)) == "no_text_layer"
    assert refused(b"%PDF-1.7\nnothing") == "damaged_file"
    assert refused(whole[:200]) == "damaged_file"
    assert refused(b"not a PDF") == "damaged_file"


def test_a_file_that_opens_without_a_password_is_read() -> None:
    open_to_all = drawn((72, 700, "open to all who read it"), encrypt=pdfencrypt.StandardEncryption("", "owner"))
    assert read_pdf(open_to_all).text == "open to all who read it"


def test_a_cut_file_gives_the_pages_that_are_there_or_is_damaged() -> None:
    whole = pdf(ENGLISH * 6)
    for share in (0.3, 0.6, 0.95):
        try:
            opened = read_pdf(whole[: int(share * len(whole))])
        except Unreadable as unreadable:
            assert unreadable.state in ("damaged_file", "no_text_layer")
        else:
            assert opened.notes["file_cut"]


def test_what_stands_before_the_header_is_passed_over() -> None:
    assert (
        read_pdf(b"junk\r\n" * 10 + drawn((72, 700, "behind the junk it begins"))).text == "behind the junk it begins"
    )


def test_pages_beyond_the_cap_are_said_to_be_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGES", 2)
    opened = read_pdf(pdf(ENGLISH * 3))
    assert opened.notes["pages_cut"]
    assert len(opened.notes["pages"]) == 2
