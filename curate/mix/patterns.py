"""A tokenizer's pre-tokenizer as one regular expression, for an engine that finds pieces by one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
"""What ByteLevel cuts by itself (GPT-2's expression, as `tokenizers` has it in pre_tokenizers/byte_level.rs)."""

# Splits one after the other are not an alternation: the second sees each piece of the first as a whole text. So the
# classes of the later expression leave out what an earlier one has taken, and white space before what was taken ends
# a piece as it would at the end of a text. Each of these is written out by hand and held against `tokenizers` by tests.
DIGITS = "each digit"
_DIGIT_GPT2 = r"\p{N}|'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?![^\s\p{N}])|\s+"  # Digits, then GPT-2's
_DEEPSEEK_CJK = "[一-龥぀-ゟ゠-ヿ]+"
_DEEPSEEK_REST = (
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"""
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_C = "一-龥぀-ゟ゠-ヿ"
_DEEPSEEK = (
    rf"""\p{{N}}{{1,3}}|[{_C}]+|[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{{|}}~][A-Za-z]+"""
    rf"|[^\r\n\p{{L}}\p{{P}}\p{{S}}\p{{N}}{_C}]?[\p{{L}}\p{{M}}&&[^{_C}]]+| ?[\p{{P}}\p{{S}}&&[^{_C}]]+[\r\n]*"
    rf"|\s*[\r\n]+|\s+(?![^\s\p{{N}}{_C}])|\s+"
)
_SEQUENCES: Mapping[tuple[str, ...], str] = {
    (DIGITS, GPT2): _DIGIT_GPT2,  # StarCoder 2, SmolLM
    (r"\p{N}{1,3}", _DEEPSEEK_CJK, _DEEPSEEK_REST): _DEEPSEEK,  # DeepSeek V2, V3, R1
}

# What Oniguruma (of `tokenizers`) reads otherwise than Rust's engine (of tiktoken): line anchors, its own escapes and
# groups, references. An expression with one of these is left to `tokenizers`.
_OTHERWISE = re.compile(r"(?<!\\)(?:\\\\)*(\\[hHRXGKkgAzZbB0-9]|\(\?[^:=!i]|\(\?<|\(\?i\)|\[\[:)")
_CLASS = re.compile(r"\\[pP]\{\^?\w+\}|\\[sSdDwW]")


class Untranslatable(ValueError):
    """The tokenizer can't be run by tiktoken's engine; the message says why."""


class Pieces(NamedTuple):
    """The matches of `expression`, one after the other, are the pieces of a text. What lies between them is `dropped`,
    or a piece of its own."""

    expression: str
    dropped: bool


def pattern(pre_tokenizer: Mapping[str, Any] | None) -> Pieces:
    """The expression for the pieces. `Untranslatable` where none is known.

    Known are ByteLevel by itself, Split then ByteLevel (Llama 3, Qwen 2 and 3, GPT-4, o200k), Digits then ByteLevel
    (StarCoder 2), DeepSeek's three Splits.
    """
    steps = _steps(pre_tokenizer)
    if not steps or steps[-1].get("type") != "ByteLevel":
        raise Untranslatable(f"its pre-tokenizer is {_named(steps)}; known are those that end with ByteLevel")
    *splits, last = steps
    if last.get("add_prefix_space", True):
        raise Untranslatable("its ByteLevel puts a space before texts (add_prefix_space)")
    expressions = [_expression(split) for split in splits]
    isolated = all(split.get("behavior", "Isolated") == "Isolated" for split in splits)
    if last.get("use_regex", True):
        expressions.append(GPT2)
    if not expressions:
        raise Untranslatable("its ByteLevel does not cut texts into pieces at all")
    if len(expressions) == 1 and expressions[0] != DIGITS:
        return Pieces(expressions[0], not isolated)
    if tuple(expressions) in _SEQUENCES and isolated:
        return Pieces(_SEQUENCES[tuple(expressions)], False)
    raise Untranslatable(f"its pre-tokenizer is {_named(steps)}: for this sequence no single expression is known")


def total(pieces: Pieces) -> str:
    """An expression whose matches are all the pieces: tiktoken drops what is not matched."""
    expression = pieces.expression
    if pieces.dropped:
        return expression
    return rf"{expression}|(?:(?!{expression})[\s\S])+"


def classes(expression: str) -> list[str]:
    """The classes of characters that an expression names: what two engines with other Unicode tables may differ in."""
    return sorted(set(_CLASS.findall(expression)) | {r"\s"})


def _steps(pre_tokenizer: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    if pre_tokenizer is None:
        return []
    if pre_tokenizer.get("type") == "Sequence":
        return [step for inner in pre_tokenizer["pretokenizers"] for step in _steps(inner)]
    return [pre_tokenizer]


def _named(steps: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(str(step.get("type")) for step in steps) or "none"


def _expression(step: Mapping[str, Any]) -> str:
    if step.get("type") == "Digits" and step.get("individual_digits"):
        return DIGITS
    if step.get("type") != "Split":
        raise Untranslatable(f"its pre-tokenizer has the step {step.get('type')}, for which no expression is known")
    behaviour, invert = step.get("behavior"), bool(step.get("invert"))
    if behaviour != "Isolated" and not (behaviour == "Removed" and invert):
        raise Untranslatable(f"its Split is {behaviour}{', inverted' if invert else ''}; known is Isolated")
    found = step["pattern"]
    if "String" in found:
        return re.escape(found["String"])
    expression = str(found["Regex"]).replace("\r", r"\r").replace("\n", r"\n")  # DeepSeek writes the characters
    if otherwise := _OTHERWISE.search(expression) or _anchor(expression):
        raise Untranslatable(f"its expression has {otherwise[0]!r}, which the two engines read otherwise")
    return expression


def _anchor(expression: str) -> re.Match[str] | None:
    """A `^` or `$` outside of a class of characters: to Oniguruma they are ends of lines."""
    bare = re.sub(r"\\.", lambda found: "x" * len(found[0]), expression, flags=re.DOTALL)
    bare = re.sub(r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]", lambda found: "x" * len(found[0]), bare)
    return re.search(r"[$^.]", bare)
