"""Many questions at a time, each answer kept as it comes; a budget; and an end where the endpoint refuses them all."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from curate.stages.llm.answers import AGAIN, Answers, Spent
from curate.stages.llm.endpoint import Client, EndpointRefused, Reply

HOPELESS = 20  # questions that are refused, and none answered, before it is said that the endpoint refuses them all


class BudgetSpent(OSError):
    """The questions asked so far cost what the recipe allows: no document's fault, and the answers are kept."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """For a million tokens of prompts and of answers, and what may be spent in all, in one currency."""

    prompt: float = 0.0
    answer: float = 0.0
    most: float | None = None

    def cost(self, spent: Spent) -> float:
        return (spent.prompt_tokens * self.prompt + spent.answer_tokens * self.answer) / 1e6


class Asking:
    """One judge's questions to one endpoint."""

    def __init__(self, judge: str, client: Client, answers: Answers, prices: Prices) -> None:
        self._judge, self._client, self._answers, self._prices = judge, client, answers, prices
        self._lock = threading.Lock()
        self._refused: list[tuple[bytes, Reply, int]] = []  # not kept until the endpoint has answered at all

    def ask(self, questions: Mapping[bytes, bytes], concurrency: int) -> None:
        """Ask what was not answered yet. Raises `EndpointDown`, `EndpointRefused`, `BudgetSpent`; what was answered
        before that is kept.
        """
        todo = iter(questions.items())
        failed: list[OSError] = []

        def work() -> None:
            while True:
                with self._lock:
                    key, body = (b"", b"") if failed else next(todo, (b"", b""))
                if not key:
                    return
                try:
                    self._within_budget()
                    self._keep(key, self._client.ask(body), len(body))
                except OSError as error:
                    failed.append(error)

        threads = min(concurrency, len(questions))
        with ThreadPoolExecutor(threads) as pool:
            asked = [pool.submit(work) for _ in range(threads)]
        for one in asked:
            one.result()
        if failed:
            raise failed[0]
        for refused in self._refused:
            self._answers.add(refused[0], self._judge, *refused[1:])
        self._refused.clear()

    def _within_budget(self) -> None:
        if self._prices.most is None:
            return
        self._answers.refresh(AGAIN)
        cost = self._prices.cost(self._answers.spent(self._judge))
        if cost >= self._prices.most:
            raise BudgetSpent(
                f"the answers cost {cost:.2f} and the recipe allows {self._prices.most:.2f}; to go on, raise it and "
                "run again: no answer is asked for twice"
            )

    def _keep(self, key: bytes, reply: Reply, size: int) -> None:
        with self._lock:
            spent = self._answers.spent(self._judge)
            if reply.refused is None or spent.answers > spent.refused:
                self._answers.add(key, self._judge, reply, size)
                return
            self._refused.append((key, reply, size))
            if len(self._refused) >= HOPELESS:
                self._refused.clear()
                raise EndpointRefused(
                    f"the endpoint refused each of {HOPELESS} questions and answered none; the last time it said "
                    f"{reply.refused}"
                )
