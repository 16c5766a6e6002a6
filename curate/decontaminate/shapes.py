"""A record as an item: question, choices, answer and context under the names and in the shapes they come in."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from math import isnan
from typing import Any

from curate.decontaminate.items import Item

# Names of fields, lower case without - _ and spaces, the more telling first. Those of MMLU, CMMLU, C-Eval, GSM8K, ARC,
# MedQA, MedMCQA, PubMedQA, CMB, JEC-QA, LawBench, HumanEval, MBPP, HellaSwag, SQuAD, BoolQ, LongBench are among them.
QUESTION = (
    *("question", "query", "problem", "stem", "statement", "prompt", "goal", "ctx", "sentence"),
    *("input", "instruction", "text", "content", "turns", "hypothesis", "q", "premise"),
    *("问题", "题目", "题干", "题目内容", "试题", "试题内容", "题面", "问句"),
)
CONTEXT = (
    "context",
    "contexts",
    "passage",
    "article",
    "background",
    "paragraph",
    "document",
    "story",
    "support",
    "premise",
    "材料",
)
CHOICES = (
    "choices",
    "options",
    "option",
    "optionlist",
    "endings",
    "candidates",
    "mc1targets",
    "opts",
    "选项",
    "候选项",
)
ANSWER = (
    *("answer", "answers", "longanswer", "bestanswer", "correctanswer", "target", "output", "response", "reference"),
    *("solution", "canonicalsolution", "code", "finaldecision", "gold", "label", "answerkey", "答案"),
    *("correct", "correctoption", "cop", "answerspans", "answersspans", "ans", "正确答案", "标准答案", "参考答案"),
)
DIALOGUE = ("messages", "conversations", "conversation", "dialogue")
IDENTITY = ("id", "itemid", "questionid", "taskid", "exampleid", "qid", "uid", "pmid", "idx", "realidx", "编号")
SPLIT = ("split", "subset")
LANGUAGE = ("lang", "language")

LETTERED = re.compile(r"(?:option|op|choice|answer|选项)?([a-j])")  # columns A to D, optionA, MedMCQA's opa
NUMBERED = re.compile(r"(?:option|choice|ending|sol|distractor|incorrectanswer|选项)(\d)")
RIGHT = "correctanswer"  # beside distractors, SciQ's own way, it is a choice as well
WAYS_TO_SAY = ("answers", "correctanswers", "goldanswers")  # each of them is right: the first one stands for all

# Options written into the question: A: ... B: ..., with a full stop, a bracket or the like in place of the colon.
MARK = re.compile(r"(?<![A-Za-z0-9])[(（]?([A-J])[)）.．、:：]\s*")


def plain(name: str) -> str:
    return re.sub(r"[-_\s]", "", name).lower()


def item_of(record: Mapping[str, Any], benchmark: str, split: str, ordinal: int) -> Item | None:
    """The item of a record, which is number `ordinal` in a file of `benchmark` and `split`; None without a question."""
    fields = {plain(name): value for name, value in record.items() if value is not None}
    stem = fields.get("question")
    if isinstance(stem, dict):  # ARC's own files: {"question": {"stem": ..., "choices": [...]}}
        fields |= {plain(name): value for name, value in stem.items()}
        fields["question"] = stem.get("stem") or stem.get("text")
    fields |= _exchange(fields)
    question, choices = _question(fields), _choices(fields)
    if not choices:
        question, choices = _inline(question)
    context = _first(fields, CONTEXT)
    answer = max((_answer(name, fields[name]) for name in ANSWER if name in fields), key=len, default="")
    if choices and answer.isdecimal() and "label" not in fields and _from_one(fields):
        answer = "ABCDEFGHIJ"[int(answer) - 1 : int(answer)]
    if choices and not answer:
        answer = _marked_right(fields)
    if context == question:
        context = ""
    if not question and not (context and answer):
        return None  # a passage to be summed up, as LongBench has some, is looked for without a question
    return Item(
        benchmark=_first(fields, ("benchmark",)) or benchmark,
        split=_first(fields, SPLIT) or split,
        id=_first(fields, IDENTITY) or f"{split or benchmark}/{ordinal}",
        question=question,
        choices=choices,
        answer=answer,
        context=context,
        lang=_first(fields, LANGUAGE),
    )


def _exchange(fields: Mapping[str, Any]) -> dict[str, str]:
    """Question and answer of a record that is a dialogue: what is said first, and the first reply."""
    turns = next((fields[name] for name in DIALOGUE if name in fields), None)
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
        return {}
    roles = [str(turn.get("role") or turn.get("from") or "") for turn in turns]
    texts = [_text(turn.get("content") or turn.get("value")) for turn in turns]
    said = [(role, text) for role, text in zip(roles, texts, strict=True) if role != "system"]
    replies = [text for role, text in said if said and role != said[0][0]]
    found = {"question": said[0][1] if said else "", "answer": replies[0] if replies else ""}
    return {name: text for name, text in found.items() if text and name not in fields}


def _from_one(fields: Mapping[str, Any]) -> bool:
    """Whether choices are columns numbered from 1: Winogrande's answer 2 is its option2."""
    numbers = [match[1] for name in fields if (match := NUMBERED.fullmatch(name))]
    return "1" in numbers and "0" not in numbers and not any(name in fields for name in CHOICES)


def _marked_right(fields: Mapping[str, Any]) -> str:
    """The letters of the choices that labels beside them, 0 or 1, say to be right, as TruthfulQA's."""
    for name in CHOICES:
        value = fields.get(name)
        labels = value.get("labels") if isinstance(value, dict) else None
        if isinstance(labels, list) and set(labels) <= {0, 1}:
            return "".join(letter for letter, label in zip("ABCDEFGHIJ", labels, strict=False) if label)
    return ""


def _question(fields: Mapping[str, Any]) -> str:
    """The first field of `QUESTION` that has text; of instructions that have an input, both."""
    for name in QUESTION:
        text = _text(fields.get(name))
        if text:
            instruction = _text(fields.get("instruction")) if name == "input" and "context" not in fields else ""
            return f"{instruction}\n{text}" if instruction else text
    return ""


def _choices(fields: Mapping[str, Any]) -> tuple[str, ...]:
    for name in CHOICES:
        if fields.get(name):
            return _unlabelled(_options(fields[name]))
    for pattern in (LETTERED, NUMBERED):
        named = {match[1]: fields[name] for name in fields if (match := pattern.fullmatch(name))}
        if len(named) > 1:
            wrong = "distractor1" in fields or "incorrectanswer1" in fields
            more = [_text(fields.get(RIGHT))] if wrong else []
            return _unlabelled([_text(named[key]) for key in sorted(named)] + more)
    return ()


def _unlabelled(options: Iterable[str]) -> tuple[str, ...]:
    """Options without labels where all have them in order; an empty one keeps its place before others: the answer's
    letter counts it."""
    texts = list(options)
    while texts and not texts[-1]:
        texts.pop()
    marks = [MARK.match(text) for text in texts]
    if len(texts) > 1 and [mark[1] if mark else "" for mark in marks] == list("ABCDEFGHIJ"[: len(texts)]):
        texts = [text[mark.end() :].strip() for text, mark in zip(texts, marks, strict=True) if mark]
    return tuple(texts) if any(texts) else ()


def _answer(name: str, value: Any) -> str:
    """An answer's text: letters of several options as one word, of several ways to say it the first."""
    if isinstance(value, list | tuple) and value:
        letters = [_text(one) for one in value]
        if all(re.fullmatch("[A-J]", letter) for letter in letters):
            return "".join(letters)
        if name in WAYS_TO_SAY:
            return next(filter(None, letters), "")
    return _text(value)


def _inline(question: str) -> tuple[str, tuple[str, ...]]:
    """The stem and the options of a question that holds both; three at least, lettered from A without a gap."""
    marks = list(MARK.finditer(question))
    first = max((n for n, mark in enumerate(marks) if mark[1] == "A"), default=0)
    options: list[re.Match[str]] = []
    for mark in marks[first:]:
        if ord(mark[1]) == ord("A") + len(options):
            options.append(mark)
    if len(options) < 3 or not question[: options[0].start()].strip():
        return question, ()
    ends = [mark.start() for mark in options[1:]] + [len(question)]
    texts = (question[mark.end() : end].strip() for mark, end in zip(options, ends, strict=True))
    return question[: options[0].start()].strip(), tuple(filter(None, texts))


def _options(value: Any) -> Iterable[str]:
    """Options as a list of texts, of {label, text}, a map of label to text, {text: [...], label: [...]}, or a text."""
    if isinstance(value, str):
        return _written(value)
    if isinstance(value, dict):
        texts = value.get("text") or value.get("choices")
        return _options(texts) if isinstance(texts, list) else [_text(value[key]) for key in sorted(value)]
    if isinstance(value, list | tuple):
        return [_text(one) for one in value]
    return [_text(value)]


def _written(text: str) -> Iterable[str]:
    """Options in one text: JSON, what Python or numpy print, A. to D. in one line, a line each, or | or ; between."""
    if text.lstrip()[:1] in ("[", "{"):
        for parsed in (json.loads, ast.literal_eval):
            if re.search(r"""['"]\s+['"]""", text):
                break  # numpy prints no commas, and Python would join the texts
            try:
                return _options(parsed(text))
            except (ValueError, SyntaxError):
                pass  # a text that happens to begin with a bracket
        printed = [one or other for one, other in re.findall(r"""'([^']*)'|"([^"]*)\"""", text)]
        if len(printed) > 1:
            return printed
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if len(lines) > 1:
        return lines
    _, lettered = _inline(f"? {text}")
    if lettered:
        return [option.rstrip(" ;；,，|") for option in lettered]
    for mark in "|;；\t":
        if text.count(mark) > 1:
            return [option.strip() for option in text.split(mark)]
    return lines


def _first(fields: Mapping[str, Any], names: Iterable[str]) -> str:
    return next((text for name in names if (text := _text(fields.get(name)))), "")


def _text(value: Any) -> str:
    """A field's value as text: lists by lines, of an object its text."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list | tuple):
        return "\n".join(filter(None, map(_text, value)))
    if isinstance(value, dict):
        for name in ("text", "content", "value", "contexts", "spans"):
            if name in value:
                return _text(value[name])
        return ""
    # NaN is a table's way to say that there is none.
    return "" if isinstance(value, float) and isnan(value) else str(value)
