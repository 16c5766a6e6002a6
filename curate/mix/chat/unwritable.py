"""Why a dialogue can't be written by a chat template."""

from __future__ import annotations

REFUSED, MALFORMED = "template_refuses", "malformed_calls"
DROPS, UNCLEAR, OTHERWISE = "template_drops", "answer_unclear", "prompt_differs"
LEFT_OUT = {
    REFUSED: "is refused by the chat template (roles that must alternate, a system turn that it does not know)",
    MALFORMED: "has tools or calls that are not the JSON that chat templates expect",
    DROPS: "says something (a turn, a call) that the chat template leaves out",
    UNCLEAR: "is written by the chat template so that its answers can't be told from the rest",
    OTHERWISE: "ends with an answer that the chat template begins otherwise than its generation prompt: give a "
    "template made for training, or variables with which both agree",
}
"""Why a dialogue can't be written by a template; each has a row in docs/ with this as its split."""


class Unwritable(ValueError):
    """The template can't write this dialogue; `reason` is one of `LEFT_OUT`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
