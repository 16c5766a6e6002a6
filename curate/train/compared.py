"""Models side by side: accuracies, differences with their errors, and the questions that they answer differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from curate.train.questions import Accuracy, Answered

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Group:
    """Questions that the same models answer rightly; `right` holds their names."""

    right: tuple[str, ...]
    questions: tuple[Key, ...]

    def name(self, models: Sequence[str]) -> str:
        """'all right', 'all wrong', 'only A right', 'only A wrong', 'right: A, B'."""
        if len(self.right) == len(models):
            return "all right"
        if not self.right:
            return "all wrong"
        wrong = [model for model in models if model not in self.right]
        if len(models) > 2 and len(wrong) == 1:
            return f"only {wrong[0]} wrong"
        return f"only {self.right[0]} right" if len(self.right) == 1 else f"right: {', '.join(self.right)}"

    def by_subject(self) -> list[tuple[str, int]]:
        """How many questions of each benchmark and subject, most first."""
        counts = Counter(" / ".join(filter(None, key[:2])) for key in self.questions)
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def groups(answers: Mapping[str, Sequence[Answered]], *, normal: bool) -> list[Group]:
    """The questions that all models were asked, by who answers them rightly: all wrong first, all right last."""
    right: dict[Key, set[str]] = {}
    asked = Counter(answer.question.key for answered in answers.values() for answer in answered)
    for model, answered in answers.items():
        for answer in answered:
            if asked[answer.question.key] == len(answers):
                names = right.setdefault(answer.question.key, set())
                if answer.normal if normal else answer.plain:
                    names.add(model)
    found: dict[tuple[str, ...], list[Key]] = {}
    for key, names in right.items():
        found.setdefault(tuple(model for model in answers if model in names), []).append(key)
    return [Group(names, tuple(found[names])) for names in sorted(found, key=lambda names: (len(names), names))]


def difference(one: Sequence[Answered], other: Sequence[Answered], *, normal: bool) -> tuple[float, float]:
    """(how much more often `other` is right, the standard error) on the questions that both were asked.

    Of paired answers, which is smaller than that of two accuracies: most questions are hard or easy for both.
    """
    first = {answer.question.key: answer.normal if normal else answer.plain for answer in one}
    gaps = [
        (answer.normal if normal else answer.plain) - first[answer.question.key]
        for answer in other
        if answer.question.key in first
    ]
    if len(gaps) < 2:
        return 0.0, 0.0
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / (len(gaps) - 1)
    return mean, sqrt(variance / len(gaps))


def table(answers: Mapping[str, Sequence[Answered]]) -> Iterator[str]:
    """Accuracies in percent: a row for each benchmark (and its subjects), a pair of columns for each model."""
    names = list(answers)
    yield f"{'':<34}{'questions':>10}" + "".join(f"{name[-24:]:>26}" for name in names)
    yield f"{'accuracy, % (± standard error)':<44}" + f"{'plain':>13}{'by length':>13}" * len(names)
    rows = dict.fromkeys(answer.question.benchmark for answered in answers.values() for answer in answered)
    for benchmark in rows:
        mine = {name: [one for one in answers[name] if one.question.benchmark == benchmark] for name in names}
        yield from _row(benchmark, mine)
        clean = {name: [one for one in part if one.question.clean] for name, part in mine.items()}
        if any(one.question.clean is not None for part in mine.values() for one in part):
            yield from _row("  clean", clean)
        subjects = dict.fromkeys(one.question.subject for part in mine.values() for one in part if one.question.subject)
        for subject in subjects if len(subjects) > 1 else ():
            part = {name: [one for one in mine[name] if one.question.subject == subject] for name in names}
            yield from _row(f"  {subject}", part)


def _row(name: str, answers: Mapping[str, Sequence[Answered]]) -> Iterator[str]:
    found = {model: Accuracy.of(part) for model, part in answers.items()}
    known = [accuracy for accuracy in found.values() if accuracy is not None]
    cells = []
    for accuracy in found.values():
        if accuracy is None:
            cells.append(f"{'-':>13}" * 2)
            continue
        for share in (accuracy.plain, accuracy.normal):
            cells.append(f"{100 * share:>7.1f} ±{100 * accuracy.error(share):4.1f}")
    yield f"{name[:34]:<34}{max((one.questions for one in known), default=0):>10,}" + "".join(cells)
