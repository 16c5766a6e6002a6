"""Jinja as chat templates expect it: sandboxed, with what transformers gives them (its chat_template_utils, 5.x)."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.parser
import jinja2.sandbox

from curate.mix.refused import MixRefused

# Written around what a {% generation %} block gives: two noncharacters, which no document holds (see marks.py).
BEGUN, ENDED = "\ufdee", "\ufdef"

Failed = (jinja2.TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What a template can raise: its own refusal, or the errors of an expression on what it did not expect."""


class Generation(jinja2.ext.Extension):
    """`{% generation %}`: what the assistant says, put between `BEGUN` and `ENDED`."""

    tags = {"generation"}

    def parse(self, parser: jinja2.parser.Parser) -> jinja2.nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_between"), [], [], body).set_lineno(line)

    def _between(self, caller: Any) -> str:
        return f"{BEGUN}{caller()}{ENDED}"


@lru_cache(maxsize=8)
def compiled(text: str, date: str) -> jinja2.Template:
    """The template, ready to render. Raises `MixRefused` where it is no Jinja.

    Other than transformers, the day is `date`, and a generation block leaves its two marks in the text.
    """
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise
    day = datetime.fromisoformat(date)
    environment.globals["strftime_now"] = day.strftime
    try:
        return environment.from_string(text)
    except jinja2.TemplateSyntaxError as error:
        raise MixRefused(f"the chat template is no Jinja: line {error.lineno}: {error.message}") from error


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _raise(message: str) -> None:
    raise jinja2.TemplateError(message)
