"""Benchmarks and mixes as exams: items as questions, the examples before them, and models loaded to be asked."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate import files
from curate.decontaminate.benchmarks import PARTS, Item, load

if TYPE_CHECKING:
    from curate.train.evaluate import HeldOut
    from curate.train.questions import Answered, Question

FOR_EXAMPLES = frozenset({"dev", "train", "val", "valid", "validation"})
SUFFIX = re.compile(r"[_-](?:test|dev|val|train|validation)$")


class NothingToAsk(ValueError):
    """What was given holds neither a mix nor questions with choices."""


@dataclass(frozen=True)
class Asked:
    """Questions to be asked, those that examples are drawn from, and how many items are no such questions."""

    questions: tuple[Question, ...]
    pool: tuple[Question, ...]
    others: int


def questions_of(folder: str, clean: str | None = None, most: int | None = None) -> Asked:
    """The multiple-choice questions of a folder of benchmarks; those of dev, train and validation parts are for
    examples where the benchmark has a test part.

    `clean` is the folder clean/ that `curate benchmark report --out` writes. `most` questions of each benchmark are
    taken at most, by the hash of their ids. Raises `NothingToAsk`.
    """
    items = load(folder).items
    counted, texts = _from_zero(items), _answered_in_words(items)
    found = [
        made
        for item in items
        if (made := _question(item, zero=counted[item.benchmark], words=item.benchmark in texts)) is not None
    ]
    if not found:
        raise NothingToAsk(f"{folder}: none of {len(items):,} items has choices and an answer among them")
    lists = {name: _clean_ids(clean, name) for name in dict.fromkeys(item.benchmark for item in items)} if clean else {}
    tested = {question.benchmark for question, part in found if part not in FOR_EXAMPLES}
    pool = tuple(question for question, part in found if part in FOR_EXAMPLES and question.benchmark in tested)
    held = {id(question) for question in pool}
    asked = [question for question, _ in found if id(question) not in held]
    if most is not None:
        asked = _drawn(asked, most)
    return Asked(tuple(_marked(question, lists) for question in asked), pool, len(items) - len(found))


def examples(asked: Asked, shots: int) -> dict[tuple[str, str, str], list[Question]]:
    """`shots` examples for each question: of its subject where the pool has so many, else of its benchmark; where there
    is no pool, other questions of the benchmark. By hash, so always the same; never the question itself, which a pool
    may hold under another id."""
    if not shots:
        return {}
    ranked = _by_benchmark(asked.pool)
    ranked |= {name: part for name, part in _by_benchmark(asked.questions).items() if name not in ranked}
    near: dict[tuple[str, str], list[Question]] = {}
    for part in ranked.values():
        for one in part:
            near.setdefault((one.benchmark, one.subject), []).append(one)
    out = {}
    for question in asked.questions:
        same = near.get((question.benchmark, question.subject), [])
        first = same if len(same) > shots else ranked[question.benchmark]
        others = (one for one in first if (one.text, one.choices) != (question.text, question.choices))
        out[question.key] = list(islice(others, shots))
    return out


def loaded(model: str, say: Callable[[str], None], device: str = "auto") -> tuple[Any, Any]:
    """(learner, tokenizer) of a local Hugging Face folder, tested to keep documents of a row apart. Raises
    `NoModel`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    from curate.train.learner import Learner
    from curate.train.model import NoModel, origin
    from curate.train.selftest import TOLERANCE, check_packing, head_difference, sample

    silence: Callable[[], None] = disable_progress_bar
    silence()
    start = origin(model)
    if not start.weights:
        raise NoModel(f"model {model!r} has no weights to ask; expected a Hugging Face folder with *.safetensors")
    gpu = device != "cpu" and torch.cuda.is_available()
    narrow = gpu and torch.cuda.is_bf16_supported(including_emulation=False)
    dtype = torch.bfloat16 if narrow else torch.float32
    made: Any = AutoModelForCausalLM.from_pretrained(model, dtype=dtype, local_files_only=True)
    made.to("cuda" if gpu else "cpu").eval()
    learner = Learner(made, made.config._attn_implementation, bf16=narrow).eval()
    rows = sample(learner)
    check_packing(learner, rows)
    learner.whole = not head_difference(learner, rows) <= (1e-2 if narrow else TOLERANCE)
    tokenizer: Any = AutoTokenizer.from_pretrained(model, local_files_only=True)
    say(f"{model}: {sum(weight.numel() for weight in made.parameters()):,} parameters on {learner.device.type}")
    return learner, tokenizer


def held_out(model: str, learner: Any, mix: Path, rows: int) -> tuple[dict[str, HeldOut], Mapping[str, str]]:
    """(held-out losses by channel of a mix, roles by channel). Raises `OtherTokenizer`."""
    from curate.train.data import Rows
    from curate.train.evaluate import Exam
    from curate.train.model import check_tokenizer, origin

    read = Rows(mix)
    check_tokenizer(origin(model), read.tokenizer_json)
    exam = Exam(read, rows, max(1, 4096 // read.length))
    return exam.taken(learner, learner.device), read.roles


def is_mix(place: str) -> bool:
    return files.exists(files.join(place, "plan.json"))


def saved(answers: Mapping[str, Sequence[Answered]], losses: Mapping[str, Mapping[str, HeldOut]]) -> bytes:
    """Results as JSON."""
    data = {
        "answers": {
            model: [
                {**asdict(one.question), "nats": one.nats, "plain": one.plain, "normal": one.normal} for one in answered
            ]
            for model, answered in answers.items()
        },
        "held_out": {model: {name: asdict(loss) for name, loss in found.items()} for model, found in losses.items()},
    }
    return json.dumps(data, ensure_ascii=False, indent=1).encode() + b"\n"


def _question(item: Item, *, zero: bool, words: bool) -> tuple[Question, str] | None:
    """(the item as a question, which part of its benchmark it is of), None for one without choices or answer.

    `words`: answers are choices' own texts; else letters or numbers of choices, counted from 0 if `zero`, and a choice
    that reads so (99 questions of MMLU have numbers for choices) is no answer for that.
    """
    from curate.train.questions import LETTERS, Question

    choices = tuple(choice.strip() for choice in item.choices)
    answer = item.answer.strip()
    at = choices.index(answer) if answer in choices else None
    label: int | None = None
    if len(answer) == 1 and answer.upper() in LETTERS:
        label = LETTERS.index(answer.upper())
    elif re.fullmatch(r"[0-9]", answer):
        label = int(answer) - (0 if zero else 1)
    if label is not None and not 0 <= label < len(choices):
        label = None
    first, second = (at, label) if words else (label, at)
    right = second if first is None else first
    if right is None or len(choices) < 2 or not all(choices):
        return None
    path = [part for part in item.split.split("/") if part]
    part = next((name.lower() for name in path if name.lower() in PARTS), "")
    subjects = [SUFFIX.sub("", name) for name in path if name.lower() not in PARTS]
    made = Question(
        benchmark=item.benchmark,
        subject="/".join(subjects),
        id=item.id,
        text=item.question,
        choices=choices,
        right=right,
        context=item.context,
    )
    return made, part


def _from_zero(items: Sequence[Item]) -> dict[str, bool]:
    """By benchmark whether answers that are numbers count choices from 0: where any is 0 (HellaSwag, MMLU's Parquet) or
    none is as high as there are choices."""
    numbers: dict[str, set[tuple[int, int]]] = {}
    for item in items:
        seen = numbers.setdefault(item.benchmark, set())
        if re.fullmatch(r"[0-9]", item.answer.strip()) and item.choices and item.answer.strip() not in item.choices:
            seen.add((int(item.answer), len(item.choices)))
    return {
        name: any(number == 0 for number, _ in seen) or not any(number >= count for number, count in seen)
        for name, seen in numbers.items()
    }


def _answered_in_words(items: Sequence[Item]) -> frozenset[str]:
    """Benchmarks whose answers are choices' own texts: of most questions, for a choice may read like a letter."""
    there: dict[str, list[bool]] = {}
    for item in items:
        if item.choices and item.answer.strip():
            there.setdefault(item.benchmark, []).append(item.answer.strip() in [one.strip() for one in item.choices])
    return frozenset(name for name, found in there.items() if 2 * sum(found) > len(found))


def _clean_ids(folder: str, benchmark: str) -> frozenset[str] | None:
    """Ids of a benchmark's clean items; None where there is no list of it."""
    name = "".join(char if char.isalnum() or char in "-_." else "_" for char in benchmark)
    place = files.join(folder, f"{name}.txt")
    return frozenset(files.read_bytes(place).decode().splitlines()) if files.exists(place) else None


def _marked(question: Question, lists: Mapping[str, frozenset[str] | None]) -> Question:
    known = lists.get(question.benchmark)
    return question if known is None else replace(question, clean=question.id in known)


def _drawn(questions: Sequence[Question], most: int) -> list[Question]:
    chosen = {question.key for part in _by_benchmark(questions).values() for question in part[:most]}
    return [question for question in questions if question.key in chosen]


def _by_benchmark(questions: Sequence[Question]) -> dict[str, list[Question]]:
    """In the order of their hashes."""
    found: dict[str, list[Question]] = {}
    for question in sorted(questions, key=_rank):
        found.setdefault(question.benchmark, []).append(question)
    return found


def _rank(question: Question) -> bytes:
    return hashlib.blake2b("\0".join(question.key).encode(), digest_size=8).digest()
