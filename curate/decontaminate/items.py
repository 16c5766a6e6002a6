"""An item of a benchmark."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One question of a benchmark, named by (benchmark, split, id). Texts are as in the file, empty if absent."""

    benchmark: str
    id: str
    split: str = ""
    question: str
    choices: tuple[str, ...] = ()
    answer: str = ""
    context: str = ""
    lang: str = ""

    def said(self, part: str) -> str:
        """The texts of a part, as question, answer, or question+choices; one to a paragraph."""
        part = part.replace("quotation", "question").replace("mention", "question+choices")
        texts = {"question": self.question, "choices": "\n".join(self.choices), "answer": self.answer,
                 "context": self.context}  # fmt: skip
        return "\n".join(filter(None, (texts[name] for name in part.split("+"))))
