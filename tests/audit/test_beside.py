"""Two texts beside each other: what differs is marked, columns hold in any script, nothing drives the terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from curate.audit.beside import NARROW, SHOWN, beside

LEAFLET = {
    "zh": (
        "布洛芬片说明书\n每次一片，每日三次。饭后服用，不得超过五天。如有不适，请立即停药并咨询医生或药师。\n孕妇慎用。\n贮藏：遮光保存。",
        "布洛芬片说明书\n每次两片，每日三次。饭后服用，不得超过七天。如有不适，请立即停药并咨询医生或药师。\n贮藏：遮光保存。\n有效期三年。",
        ("每次[一]片", "每次[两]片"),
    ),
    "en": (
        "Ibuprofen tablets\nTake one tablet three times a day. Do not take it for more than five days without advice.\n"
        "Ask a doctor if you are pregnant.\nKeep dry.",
        "Ibuprofen tablets\nTake two tablets three times a day. Do not take it for over seven days without advice.\n"
        "Keep dry.\nUse within three years.",
        ("Take [one] [tablet] three", "Take [two] [tablets] three"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("lang", LEAFLET)
def test_columns_mark_what_differs(lang: str) -> None:
    one, other, (left, right) = LEAFLET[lang]
    lines = beside(one, other, ("removed", "kept"), 140)
    half = (140 - 3) // 2
    columns = [(_cells(line, 0, half), _cells(line, half, 3), _cells(line, half + 3, half)) for line in lines]
    assert columns[0][0].startswith("removed (") and columns[0][2].startswith("kept (")
    said = {sign.strip(): (first.strip(), second.strip()) for first, sign, second in columns[1:]}
    assert set(said) == {"", "|", "<", ">"}
    (changed,) = [(first, second) for first, sign, second in columns if sign.strip() == "|" and "[" in first][:1]
    assert left in changed[0] and right in changed[1]
    assert said["<"][1] == "" and said[">"][0] == ""


def _cells(line: str, first: int, width: int) -> str:
    """What stands in `width` cells of a line from cell `first` on."""
    out, at = "", 0
    for char in line:
        if first <= at < first + width:
            out += char
        at += cell_len(char)
    return out


@pytest.mark.parametrize("lang", LEAFLET)
def test_on_a_narrow_terminal_one_stands_under_the_other(lang: str) -> None:
    one, other, (left, right) = LEAFLET[lang]
    lines = beside(one, other, ("removed", "kept"), NARROW - 1)
    assert all(line[:2] in ("- ", "+ ", "  ") for line in lines)
    assert any(left in line for line in lines if line[0] == "-")
    assert any(right in line for line in lines if line[0] == "+")
    assert sum(line == f"  {one.split(chr(10))[0]}" for line in lines) == 1


def test_long_equal_stretches_are_counted_and_the_first_difference_is_shown_however_far_it_lies() -> None:
    start = "\n".join(f"第{number}条 内容如前，照旧办理。" for number in range(2000))
    lines = beside(f"{start}\n完", f"{start}\n未完", ("removed", "kept"), 120)
    assert len(lines) < 30
    assert any("equal passages" in line for line in lines)
    assert any("完" in line and "|" in line for line in lines)
    assert "characters, here" in lines[0]


def test_texts_that_are_a_beginning_of_each_other_show_what_one_has_more() -> None:
    text = "春江潮水连海平，海上明月共潮生。\n" * 400
    lines = beside(text, text + "滟滟随波千万里", ("removed", "kept"), 120)
    assert any(line.rstrip().endswith("> 滟滟随波千万里") for line in lines)


@pytest.mark.parametrize("hostile", ["\x1b]0;pwned\x07", "\x1b[31m", "\u202eabc", "\r\b\x9b2J", "[red]bold[/red]"])
def test_a_text_does_not_drive_the_terminal(hostile: str) -> None:
    lines = beside(f"正文 {hostile}", f"{hostile} body", ("removed", "kept"), 100)
    assert all(char.isprintable() for line in lines for char in line)


@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from([40, 89, 90, 121]))
def test_no_line_is_wider_than_the_terminal(one: str, other: str, width: int) -> None:
    for line in beside(one, other, ("removed", "kept"), width):
        assert cell_len(line) <= width
        assert line.isprintable() or not line


def test_texts_made_to_cost_time_are_bounded() -> None:
    one, other = "a " * 200_000, "a b " * 100_000
    assert len(beside(one, other, ("removed", "kept"), 100)) < 4 * SHOWN
    lines = beside("x\n" * 100_000, "y\n" * 100_000, ("removed", "kept"), 100)
    assert len(lines) <= 410
