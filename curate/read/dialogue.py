"""Dialogues in the shapes that training data come in.

Turns: `messages` (role, content), ShareGPT's `conversations` (from, value), `conversation` of pairs (human, assistant),
`data` of texts that take turns. One exchange: Alpaca's instruction, input and output with its `history`, and pairs
under two names, `prompt` and `completion` say. Preference pairs: a question, or the turns so far, with `chosen` and
`rejected`. `system` and `tools` may stand beside any of them. Turns may be given as JSON text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from curate.read.record import Unfit
from curate.read.said import Repeated, missing, parsed, said

Turn = dict[str, str | None]

# What the shapes call a speaker -> the role that chat templates know.
ROLES = {
    **{role: role for role in ("system", "developer", "user", "assistant", "tool")},
    **dict.fromkeys(("human", "prompter"), "user"),
    **dict.fromkeys(("gpt", "bot", "chatgpt", "bard", "bing", "model", "function_call"), "assistant"),
    **dict.fromkeys(("observation", "function", "function_response"), "tool"),
}


REASONING = ("reasoning", "reasoning_content", "thinking")
WHOLE = frozenset({"human", "assistant"})  # fields of an object that holds two turns
OF_A_TURN = frozenset({"role", "from", "content", "value", "tool_calls", "function_call", *REASONING, *WHOLE})
TURNS = ("messages", "conversations", "conversation")  # fields that hold turns
ALTERNATING = (*TURNS, "dialogue", "dialog", "data")  # that may hold texts which take turns
PAIRS = (
    *(("prompt", "completion"), ("prompt", "response"), ("query", "response"), ("question", "answer")),
    *(
        ("question", "response"),
        ("question", "output"),
        ("ask", "answer"),
        ("问题", "回答"),
        ("问题", "答案"),
        ("问", "答"),
    ),
)


ASKED = ("prompt", "instruction", "question", "query", "问题", "问")  # beside two answers of which one is better
CHOSEN, REJECTED = "chosen", "rejected"
SPEAKER = re.compile(r"\n\n(Human|Assistant): ?")


TURN_FIELDS = "turn_fields"  # the name in `meta` of what else turns said


class Dialogue(NamedTuple):
    """The turns, the tools (JSON) that they may call, the fields of the record that these came from, and what else
    the turns said (name, tool_call_id, weight), each with its field and its number there, from 1.
    """

    turns: Sequence[Turn]
    tools: str | None
    used: frozenset[str]
    rest: Sequence[Mapping[str, Any]]


def dialogue(record: Mapping[str, Any]) -> Dialogue | None:
    """The dialogue that a record holds, None if it has none of the known shapes. Raises `Unfit` if one is broken."""
    ranked = _preferred(record)
    if ranked is not None:
        return ranked
    for field in TURNS:
        if is_turns(value := listed(record.get(field))):
            return _with_system(record, _answered(_turns(value, field)), {field})
    if not missing(record.get("instruction")) and not missing(record.get("output")):
        return _exchange(record, "instruction", "output")
    return None


def pair(record: Mapping[str, Any]) -> Dialogue | None:
    """The dialogue that a record holds under names that say less, where it has no other text. Raises `Unfit`."""
    for asked, answered in PAIRS:
        question, answer = listed(record.get(asked)), listed(record.get(answered))
        if not missing(question) and not missing(answer):
            if is_turns(question) and is_turns(answer):
                turns = [*_turns(question, asked), *_turns(answer, answered)]
                return _with_system(record, _answered(turns), {asked, answered})
            return _exchange(record, asked, answered)
    for field in ALTERNATING:
        value = listed(record.get(field))
        if is_turns(value) or _alternates(value):
            return _with_system(record, _answered(_turns(value, field)), {field})
    return None


def broken(record: Mapping[str, Any]) -> Unfit | None:
    """What is wrong with the dialogue that a record without text seems to hold; None if it has no field of one."""
    for field in (*TURNS, "dialogue", "dialog"):
        if field in record:
            try:
                return no_turns(field, listed(record[field]))
            except Unfit as unfit:
                return unfit
    if CHOSEN in record and REJECTED in record:
        for field in (CHOSEN, REJECTED):
            if missing(record[field]):
                return Unfit("no_text", f"'{field}' is null, expected the better and the worse answer")
        if not isinstance(listed(record[CHOSEN]), str) and not is_turns(listed(record[CHOSEN])):
            return Unfit(
                "wrong_type", f"'{CHOSEN}' is {_kind(record[CHOSEN])}, expected text, a turn or a list of turns"
            )
        return Unfit("malformed", f"beside '{CHOSEN}' and '{REJECTED}' there is no question: {', '.join(ASKED)}")
    for asked, answered in (("instruction", "output"), *PAIRS):
        for there, other in ((asked, answered), (answered, asked)):
            if not missing(record.get(there)) and other in record:
                return Unfit("no_text", f"'{other}' is null, expected text as in '{there}'")
    if not missing(record.get("instruction")):
        return Unfit("no_text", "beside 'instruction' there is no 'output'")
    return None


def no_turns(field: str, value: Any) -> Unfit:
    """Why the value of this field holds no turns. Raises `Unfit` where it holds some, and one is what is wrong."""
    if missing(value):
        return Unfit("no_text", f"'{field}' is null, expected a list of turns")
    if isinstance(value, str):
        return Unfit("wrong_type", f"'{field}' is text, and no JSON list of turns: {value[:40]!r}")
    if not isinstance(value, list):
        return Unfit("wrong_type", f"'{field}' is {type(value).__name__}, expected a list of turns")
    if not value:
        return Unfit("no_text", f"'{field}' is an empty list, expected turns")
    _answered(_turns(value, field))
    return Unfit("malformed", f"'{field}' holds no turns: it begins {str(value[0])[:60]!r}")


def _preferred(record: Mapping[str, Any]) -> Dialogue | None:
    """A question with a better and a worse answer: the dialogue with the better one. The worse one stays in `meta`."""
    chosen, rejected = listed(record.get(CHOSEN)), listed(record.get(REJECTED))
    if missing(chosen) or missing(rejected):
        return None
    if isinstance(chosen, str):
        answer = _transcript(chosen) or [_plain("assistant", chosen)]
    elif is_turns(chosen):
        answer = _turns(chosen, CHOSEN)
    elif isinstance(chosen, dict):
        answer = [_turn(chosen, 1, CHOSEN)]
    else:
        return None
    used = {CHOSEN}
    if answer[0]["role"] != "assistant":  # the whole dialogue, its question included
        for field in ASKED:
            if record.get(field) in [one["content"] for one in answer] or listed(record.get(field)) == chosen[:-1]:
                used.add(field)
        return _with_system(record, _answered(answer), used)
    for field in TURNS:
        if is_turns(value := listed(record.get(field))):
            return _with_system(record, _answered([*_turns(value, field), *answer]), used | {field})
    for field in ASKED:
        value = listed(record.get(field))
        if is_turns(value):
            return _with_system(record, _answered([*_turns(value, field), *answer]), used | {field})
        if not missing(value):
            turns, taken = _asked(record, field)
            return _with_system(record, _answered([*turns, *answer]), used | taken)
    return None


def _transcript(text: str) -> list[Turn] | None:
    """A dialogue written as one text, as Anthropic's hh-rlhf has it; None if it is none."""
    if not text.startswith("\n\nHuman: "):
        return None
    parts = SPEAKER.split(text)[1:]
    return [_plain(ROLES[who.lower()], said.strip()) for who, said in zip(parts[::2], parts[1::2], strict=True)]


def names_dialogue(names: Collection[str]) -> bool:
    """Whether columns of these names say that rows are dialogues."""
    return holds_dialogue(names) or any(asked in names and answered in names for asked, answered in PAIRS)


def holds_dialogue(names: Collection[str]) -> bool:
    """Whether records with fields of these names may hold a dialogue."""
    known = ({"instruction", "output"}, {CHOSEN, REJECTED})
    return any(field in names for field in TURNS) or any(some <= set(names) for some in known)


def is_turns(value: Any) -> bool:
    """Whether `value` is a list of turns, by its first one."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return False
    names = value[0].keys()
    if any(wording <= names for wording in ({"role", "content"}, {"from", "value"}, WHOLE)):
        return True
    mixed = next((one for one in ({"role", "value"}, {"from", "content"}) if one <= names), None)
    return mixed is not None and str(value[0].get("role", value[0].get("from"))).lower() in ROLES  # e-mails have `from`


def listed(value: Any) -> Any:
    """A list that is given as its JSON text, as tables of text alone do; else `value` itself."""
    if not isinstance(value, str) or not value.lstrip()[:2].startswith("["):
        return value
    try:
        inner = parsed(value)
    except (ValueError, RecursionError):
        return value
    return inner if isinstance(inner, list) else value


def _alternates(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(one, str) for one in value)


def _turns(value: list[Any], field: str) -> list[Turn]:
    """The turns of a list in any of the wordings. Raises `Unfit`."""
    if isinstance(value[0], str):
        if len(value) % 2:
            raise Unfit(
                "malformed", f"'{field}' has {len(value)} texts that take turns, expected as many answers as questions"
            )
        return [
            _plain(("user", "assistant")[number % 2], _string(text, number + 1, field))
            for number, text in enumerate(value)
        ]
    if isinstance(value[0], dict) and value[0].keys() >= WHOLE:
        out = []
        for number, one in enumerate(value, 1):
            for name, role in (("human", "user"), ("assistant", "assistant")):
                out.append(_plain(role, _text(one, name, number, field)))
        return out
    return [_turn(one, number, field) for number, one in enumerate(value, 1)]


def _answered(turns: list[Turn]) -> list[Turn]:
    """`turns`, if the assistant has one. Raises `Unfit`."""
    if not any(one["role"] == "assistant" for one in turns):
        said = ", ".join(str(one["role"]) for one in turns[:8])
        raise Unfit("malformed", f"none of the {len(turns)} turns is the assistant's: {said}")
    return turns


def _string(text: Any, number: int, field: str) -> str:
    if not isinstance(text, str):
        raise Unfit("wrong_type", f"turn {number} of '{field}' is {_kind(text)}, expected text as the first one")
    return text


def _text(one: Any, name: str, number: int, field: str) -> str:
    text = one.get(name) if isinstance(one, dict) else None
    if not isinstance(text, str):
        raise Unfit("malformed", f"pair {number} of '{field}' has no text under '{name}': {str(one)[:60]}")
    return text


def _turn(one: Any, number: int, field: str) -> Turn:
    """One turn in either wording; `number` (from 1) and `field` say where it stands."""
    where = f"turn {number} of '{field}'"
    if not isinstance(one, dict):
        raise Unfit(
            "malformed", f"{where} is {_kind(one)}, expected an object with role and content, or from and value"
        )
    if isinstance(one, Repeated):
        raise Unfit("malformed", f"{where} has '{one.twice()}' twice; which one counts is not said")
    speaker = next((name for name in ("role", "from") if name in one), None)
    if speaker is None:
        raise Unfit("malformed", f"{where} has no speaker: expected 'role' or 'from' among {_names(one)}")
    said_by = one[speaker]
    role = ROLES.get(said_by.lower()) if isinstance(said_by, str) else None
    if role is None:
        known = ", ".join(sorted(ROLES))
        raise Unfit("malformed", f"{where} is spoken by {said_by!r} ('{speaker}'), expected one of {known}")
    named = next((name for name in ("content", "value") if name in one), "content" if speaker == "role" else "value")
    content = _content(one.get(named), f"'{named}' of {where}")
    calls = one.get("tool_calls") or one.get("function_call")
    if said_by == "function_call" and not calls:
        content, calls = None, content
    if content is None and not calls:
        found = "is null" if named in one else f"is missing among {_names(one)}"
        raise Unfit("malformed", f"{where} has neither content nor tool calls: '{named}' {found}, expected text")
    reasoning = next((one[name] for name in REASONING if one.get(name)), None)
    return {
        "role": role,
        "content": content,
        "reasoning": reasoning if reasoning is None or isinstance(reasoning, str) else said(reasoning),
        "tool_calls": calls if not calls or isinstance(calls, str) else said(calls, in_order=True),
    }


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__


def _names(one: Mapping[str, Any]) -> str:
    return ", ".join(map(str, list(one)[:12])) or "no fields"


def _content(value: Any, where: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise Unfit("wrong_type", f"{where} is {_kind(value)}, expected text or a list of text parts")
    texts: list[str] = []
    for number, part in enumerate(value, 1):
        text = part.get("text") if isinstance(part, dict) else None
        if not isinstance(text, str):
            found = part.get("type", _names(part)) if isinstance(part, dict) else _kind(part)
            raise Unfit("wrong_type", f"part {number} of {where} is {found}, expected an object with text")
        texts.append(text)
    return "".join(texts)


def _asked(record: Mapping[str, Any], asked: str) -> tuple[list[Turn], set[str]]:
    """(the question under this name, with what was said before it; the fields that they came from). Raises `Unfit`."""
    if not isinstance(record[asked], str):
        raise Unfit("wrong_type", f"'{asked}' is {_kind(record[asked])}, expected text")
    turns: list[Turn] = []
    used = {asked}
    history = listed(record.get("history"))
    if isinstance(history, list):
        for number, before in enumerate(history, 1):
            if not (isinstance(before, list) and len(before) == 2 and all(isinstance(part, str) for part in before)):
                raise Unfit("malformed", f"history {number} is not a pair of question and answer: {str(before)[:60]}")
            turns += [_plain("user", before[0]), _plain("assistant", before[1])]
        used.add("history")
    question = record[asked]
    if asked == "instruction" and isinstance(record.get("input"), str):
        used.add("input")
        question = "\n".join(part for part in (question, record["input"]) if part)
    return [*turns, _plain("user", question)], used


def _exchange(record: Mapping[str, Any], asked: str, answered: str) -> Dialogue:
    """One question and its answer, with what was said before. Raises `Unfit`."""
    turns, used = _asked(record, asked)
    if not isinstance(record[answered], str):
        raise Unfit("wrong_type", f"'{answered}' is {_kind(record[answered])}, expected text")
    return _with_system(record, [*turns, _plain("assistant", record[answered])], used | {answered})


def _with_system(record: Mapping[str, Any], turns: list[Turn], used: set[str]) -> Dialogue:
    """With the `system` and `tools` that stand beside the turns in some shapes."""
    system = record.get("system")
    if isinstance(system, str):
        first = turns[0]
        if system and first["role"] != "system":
            turns.insert(0, _plain("system", system))
            used.add("system")
        elif system in ("", first["content"]):  # another one beside the turns' own stays in `meta`
            used.add("system")
    rest = [one for field in sorted(used) for one in _rest(record[field], field)]
    tools = record.get("tools")
    if tools is not None:
        used.add("tools")
    return Dialogue(
        turns,
        (tools if isinstance(tools, str) else said(tools, in_order=True)) if tools else None,
        frozenset(used),
        rest,
    )


def _rest(value: Any, field: str) -> Iterator[dict[str, Any]]:
    """What the turns of a field say beside speaker, content, reasoning and calls."""
    turns = listed(value)
    for number, turn in enumerate(turns if isinstance(turns, list) else [turns], 1):
        if isinstance(turn, dict) and not turn.keys() <= OF_A_TURN:
            more = {name: one for name, one in turn.items() if name not in OF_A_TURN and not missing(one)}
            if more:
                yield {"field": field, "turn": number, **more}


def _plain(role: str, content: str) -> Turn:
    return {"role": role, "content": content, "reasoning": None, "tool_calls": None}
