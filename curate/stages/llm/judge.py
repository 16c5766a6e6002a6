"""A judge that is a language model behind an endpoint: a question about each document, a score or a label from it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

import polars as pl

from curate.document import share_of
from curate.stage import ASIDE, Asset, Cost, Rule, Schema
from curate.stages.llm import endpoint
from curate.stages.llm.answers import BYTES_PER_TOKEN, Answers, answers
from curate.stages.llm.asking import Asking, Prices
from curate.stages.llm.endpoint import Client, Reply
from curate.stages.llm.reading import Label, Score

EVIDENCE = 2000  # characters of an answer that are kept beside the document
ENOUGH = 20  # answers from which tokens are predicted as they were counted

ANSWERED, UNPARSED, REFUSED = "answered", "unparsed", "refused"

_FIELD = re.compile(r"\{(text|lang|kind|domain|source)\}")


class PromptRefused(ValueError):
    """A template has no place for the text."""


@dataclass(frozen=True, kw_only=True)
class LlmJudge:
    """What a model behind an OpenAI-compatible endpoint says of each text: `answer` says what is read out of it.

    `endpoint` ends before /chat/completions (http://host:8000/v1). `prompt` is a file in which {text} stands for the
    document's first `most_bytes` bytes of UTF-8, and {lang}, {kind}, {domain}, {source} for what is known of it;
    `system` a file for the system's part. `options` go into the request beside temperature 0, a seed and `max_tokens`
    (None takes one out). `key_from` names the environment variable that holds the key. Asked is a `share` of the
    documents, by the hash of their ids.

    Answers are kept in the folder `answers`, by all that was asked: model, prompt, options, text. What is there is
    never asked again, so a run that was killed goes on without paying twice, and the outcome is that of the answers.
    At most `concurrency` questions are asked at a time by each worker; one that fails is asked `retries` times more,
    after pauses of `pause` seconds that double, or as the server says. `prices` are for a million tokens; where
    `prices.most` is spent the run ends with exit code 3, as it does where the endpoint does not answer.

    With NAME for the stage's name: NAME_score (of a `Score`) or NAME_label (of a `Label`), null where nothing could be
    read; NAME_status: answered, unparsed, refused (by the server, as too long, say), null where it was not asked;
    NAME_evidence: the answer; NAME_asked. It annotates; with `threshold` documents that score less are removed, with
    `keep` those with another label, and in both cases those that were asked about and have none: as `reason`, which is
    low_NAME where none is given, or other_NAME for a label.
    """

    endpoint: str = field(metadata=ASIDE)
    model: str
    prompt: Asset
    answer: Score | Label
    answers: str | Path = field(metadata=ASIDE)
    system: Asset | None = None
    threshold: float | None = None
    keep: frozenset[str] | None = None
    share: float = 1.0
    most_bytes: int = 12_000
    max_tokens: int = 256
    options: Mapping[str, object] = field(default_factory=dict)
    key_from: str | None = field(default=None, metadata=ASIDE)
    prices: Prices = field(default=Prices(), metadata=ASIDE)
    concurrency: int = field(default=16, metadata=ASIDE)
    timeout: float = field(default=120.0, metadata=ASIDE)
    retries: int = field(default=5, metadata=ASIDE)
    pause: float = field(default=1.0, metadata=ASIDE)
    reason: str | None = None
    name: str = "llm"
    # A child that waits for a server does nothing for long: only after days it is taken for one that hangs.
    cost: Cost = Cost(cpu_seconds=60_000)

    def __post_init__(self) -> None:
        if (fault := endpoint.fault_of(self.endpoint)) is not None:
            raise endpoint.EndpointUnusable(fault)
        if "://" in str(self.answers):
            raise ValueError(
                f"answers are to be kept in {self.answers}; expected a local or shared folder: files there grow"
            )
        if not 0 < self.share <= 1:
            raise ValueError(f"share is {self.share}; expected above 0, at most 1")
        wrong = "keep" if isinstance(self.answer, Score) else "threshold"
        if getattr(self, wrong) is not None:
            raise ValueError(f"{wrong} says nothing of a {type(self.answer).__name__}; keep is for labels")

    version = 1
    reads = {"doc_id": pl.String(), "text": pl.String(), "lang": pl.String(), "kind": pl.String(),
             "domain": pl.String(), "source": pl.String()}  # fmt: skip

    @property
    def writes(self) -> Schema:
        return {
            self._measure: pl.Float64() if isinstance(self.answer, Score) else pl.String(),
            f"{self.name}_status": pl.String(),
            f"{self.name}_evidence": pl.String(),
            f"{self.name}_asked": pl.Boolean(),
        }

    @property
    def rules(self) -> tuple[Rule, ...]:
        when, evidence = f"{self.name}_asked", f"{self.name}_evidence"
        if isinstance(self.answer, Score) and self.threshold is not None:
            low = self.threshold
            reason = self.reason or f"low_{self.name}"
            return (Rule(reason=reason, measure=self._measure, low=low, when=when, evidence=evidence),)
        if isinstance(self.answer, Label) and self.keep is not None:
            reason = self.reason or f"other_{self.name}"
            return (Rule(reason=reason, measure=self._measure, among=self.keep, when=when, evidence=evidence),)
        return ()

    @property
    def _measure(self) -> str:
        return f"{self.name}_{'score' if isinstance(self.answer, Score) else 'label'}"

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        kept = self._kept()
        kept.refresh()
        keys, bodies = self._questions(docs)
        missing = {key: body for key, body in bodies.items() if not kept.has(key)}
        if missing:
            client = _client(self.endpoint, self.key_from, self.timeout, self.retries, self.pause)
            Asking(self._judge, client, kept, self.prices).ask(missing, self.concurrency)
        replies = [None if key is None else kept.get(key) for key in keys]
        read = [None if reply is None else self._read(reply) for reply in replies]
        return docs.with_columns(
            pl.Series(self._measure, [one and one[0] for one in read], self.writes[self._measure]),
            pl.Series(f"{self.name}_status", [one and one[1] for one in read], pl.String),
            pl.Series(f"{self.name}_evidence", [one and one[2] for one in read], pl.String),
            pl.Series(f"{self.name}_asked", [key is not None for key in keys], pl.Boolean),
        )

    def foretold(self, docs: pl.DataFrame, documents: int) -> str:
        """What the answers for `documents` will cost, of which `docs` are some. Raises `EndpointUnusable`."""
        if (fault := endpoint.fault_of(self.endpoint, self.key_from)) is not None:
            raise endpoint.EndpointUnusable(f"stage {self.name}: {fault}")
        kept = self._kept()
        kept.refresh()
        kept.begin(self._judge)
        keys, bodies = self._questions(docs)
        there = sum(kept.has(key) for key in bodies)
        size = sum(map(len, bodies.values())) / max(1, len(bodies))
        spent = kept.spent(self._judge)
        ratio, answer = BYTES_PER_TOKEN, float(self.max_tokens)
        if spent.answers >= ENOUGH and spent.prompt_tokens:
            ratio, answer = spent.prompt_bytes / spent.prompt_tokens, spent.answer_tokens / spent.answers
        asked = documents * sum(key is not None for key in keys) / max(1, len(keys))
        prompts, answered = asked * size / ratio, asked * answer
        cost = (prompts * self.prices.prompt + answered * self.prices.answer) / 1e6
        return (
            f"{self.name}: {self.model} is to be asked about {asked:,.0f} of {documents:,} documents, about "
            f"{prompts / 1e6:.2f} M tokens of prompts and {'up to ' if answer == self.max_tokens else ''}"
            f"{answered / 1e6:.2f} M of answers{self._money(cost)}; of {len(bodies)} looked at, {there} are answered"
        )

    def told(self) -> str:
        """What was answered and spent, here and by other workers, of all runs that keep their answers in this place."""
        kept = self._kept()
        kept.refresh()
        spent = kept.spent(self._judge)
        new, rate = kept.rate(self._judge)
        return (
            f"{self.name}: {spent.answers:,} answers, {new:,} of them now ({rate:.1f} a second), {spent.refused:,} "
            f"refused; {spent.prompt_tokens / 1e6:.2f} M tokens of prompts, {spent.answer_tokens / 1e6:.2f} M of "
            f"answers{self._money(self.prices.cost(spent))}"
        )

    def _money(self, cost: float) -> str:
        if not (self.prices.prompt or self.prices.answer):
            return ""
        return f", at a cost of {cost:,.2f}" + (f" of {self.prices.most:,.2f}" if self.prices.most is not None else "")

    def _questions(self, docs: pl.DataFrame) -> tuple[list[bytes | None], dict[bytes, bytes]]:
        """For each document the key of its question, None where it is not asked; and the body of each question."""
        keys: list[bytes | None] = []
        bodies: dict[bytes, bytes] = {}
        columns = [name for name in self.reads if name in docs.columns]
        for row in docs.select(columns).iter_rows(named=True):
            if row["text"] is None or share_of(row["doc_id"], self.name) >= self.share:
                keys.append(None)
                continue
            body = self._body(row)
            keys.append(blake2b(body, digest_size=16).digest())
            bodies[keys[-1] or b""] = body
        return keys, bodies

    def _body(self, row: Mapping[str, str | None]) -> bytes:
        text = (row["text"] or "").encode()[: self.most_bytes].decode(errors="ignore")
        values = {**row, "text": text}
        messages = [
            {"role": role, "content": _FIELD.sub(lambda place: values.get(place[1]) or "", _template(asset, role))}
            for role, asset in (("system", self.system), ("user", self.prompt))
            if asset is not None
        ]
        body = {"model": self.model, "messages": messages, "max_tokens": self.max_tokens, "temperature": 0, "seed": 0}
        sent = {name: value for name, value in {**body, **self.options}.items() if value is not None}
        return json.dumps(sent, ensure_ascii=False, sort_keys=True).encode()

    @property
    def _judge(self) -> str:
        """All that a question is made of but the document."""
        return blake2b(self._body({"text": "", "source": ""}), digest_size=8).hexdigest()

    def _kept(self) -> Answers:
        return answers(Path(self.answers).absolute())

    def _read(self, reply: Reply) -> tuple[float | str | None, str, str]:
        if reply.answer is None:
            return None, REFUSED, (reply.refused or "")[:EVIDENCE]
        value = self.answer.read(reply.answer)
        return value, UNPARSED if value is None else ANSWERED, reply.answer[:EVIDENCE]


@lru_cache(maxsize=16)
def _template(asset: Asset, role: str) -> str:
    """A template, verified by its digest. Raises `PromptRefused` where the user's part has no place for the text."""
    text = asset.verified().decode("utf-8-sig")
    if role == "user" and "{text}" not in text:
        raise PromptRefused(f"{asset.path} has no {{text}} in it, where the document is to stand")
    return text


@lru_cache(maxsize=8)
def _client(url: str, key_from: str | None, timeout: float, retries: int, pause: float) -> Client:
    return Client(url, key_from=key_from, timeout=timeout, retries=retries, pause=pause)
