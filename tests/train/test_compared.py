"""Models side by side."""

from __future__ import annotations

import pytest

from curate.train.compared import difference, groups, table
from curate.train.questions import Accuracy, Answered, Question


def answered(right: str, benchmark: str = "b") -> list[Answered]:
    """Answers to questions of two choices: r is right, l is right by length alone, w is wrong."""
    made = []
    for number, one in enumerate(right):
        question = Question(benchmark=benchmark, subject=f"s{number % 2}", id=str(number), text="?",
                            choices=("x", "y" * 9), right=1, clean=number == 0)  # fmt: skip
        nats = {"r": (2.0, 1.0), "l": (1.0, 2.0), "w": (1.0, 20.0)}[one]
        made.append(Answered(question=question, nats=nats, sizes=(1, 9)))
    return made


def test_accuracy_is_plain_and_by_length_with_its_error_and_chance() -> None:
    accuracy = Accuracy.of(answered("rrlw"))
    assert accuracy == Accuracy(4, 0.5, 0.75, 0.5)
    assert accuracy.error(0.5) == pytest.approx((0.25 / 3) ** 0.5)
    assert Accuracy.of([]) is None


def test_questions_are_grouped_by_who_answers_them_rightly() -> None:
    models = {"A": answered("rrww"), "B": answered("rwrw"), "C": answered("rrww")}
    found = groups(models, normal=True)
    names = [(group.name(list(models)), [key[2] for key in group.questions]) for group in found]
    assert names == [("all wrong", ["3"]), ("only B right", ["2"]), ("only B wrong", ["1"]), ("all right", ["0"])]
    assert found[0].by_subject() == [("b / s1", 1)]
    two = groups({"A": answered("rw"), "B": answered("wr")}, normal=True)
    assert [group.name(["A", "B"]) for group in two] == ["only A right", "only B right"]


def test_a_difference_of_paired_answers_has_the_error_of_pairs() -> None:
    assert difference(answered("rrww"), answered("rrww"), normal=True) == (0.0, 0.0)
    gap, error = difference(answered("wwww"), answered("rrww"), normal=True)
    assert gap == 0.5
    assert error == pytest.approx((1 / 3 / 4) ** 0.5)
    assert difference([], answered("r"), normal=True) == (0.0, 0.0)


def test_a_table_has_a_row_for_each_benchmark_its_clean_part_and_its_subjects() -> None:
    lines = list(table({"A": answered("rrlw"), "B": answered("wwww")}))
    assert [line.split()[0] for line in lines[2:]] == ["b", "clean", "s0", "s1"]
    assert lines[2].split()[1:6] == ["4", "50.0", "±28.9", "75.0", "±25.0"]
