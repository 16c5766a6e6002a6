"""A judge behind an endpoint: what is asked, what is read, what is kept, and who is to blame when nobody answers."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from curate.document import share_of
from curate.engine import Incomplete, Inline
from curate.job import run
from curate.progress import Lines
from curate.recipe import Recipe, Source
from curate.run import Outcome
from curate.stage import Asset, measured, remove, settings
from curate.stages.llm.asking import BudgetSpent, Prices
from curate.stages.llm.endpoint import EndpointDown, EndpointRefused, EndpointUnusable
from curate.stages.llm.judge import LlmJudge, PromptRefused
from curate.stages.llm.reading import Label, Score
from tests import faults
from tests.stages.documents import of_texts
from tests.stages.llm.server import Model, Said, completion, serving

ROOT = Path(__file__).parents[3]
TEMPLATE = 'Rate this {lang} {kind} from 0 to 5 as {"score": N}.\n<text>\n{text}\n</text>'


def opinion(prompt: str) -> Said:
    """A score for the length of the text."""
    text = prompt.split("<text>\n")[1].removesuffix("\n</text>")
    score = min(5, len(text) // 10)
    return completion(
        f'```json\n{{"score": {score}}}\n```', prompt_tokens=len(prompt.encode()) // 5, completion_tokens=8
    )


@pytest.fixture
def model() -> Iterator[Model]:
    with serving(opinion) as served:
        yield served


def judge(served: Model | str, folder: Path, **settings: Any) -> LlmJudge:
    prompt = folder / "prompt.txt"
    prompt.write_text(settings.pop("template", TEMPLATE), "utf-8")
    url = served if isinstance(served, str) else served.url
    given = {"answer": Score(), "answers": folder / "answers", "pause": 0.001, "retries": 3, "model": "tiny"}
    return LlmJudge(endpoint=url, prompt=Asset.of(prompt), **{**given, **settings})


def statuses(stage: LlmJudge, docs: pl.DataFrame) -> list[str | None]:
    return measured(stage, docs)["llm_status"].to_list()


def test_each_text_is_asked_about_with_its_template_and_gets_the_score_that_is_answered(
    model: Model, tmp_path: Path
) -> None:
    docs = of_texts(["一" * 25, "x" * 60, None], lang="zh")
    done = measured(judge(model, tmp_path), docs)
    assert done["llm_score"].to_list() == [2.0, 5.0, None]
    assert done["llm_status"].to_list() == ["answered", "answered", None]
    assert done["llm_asked"].to_list() == [True, True, False]
    (body,) = [body for body in model.asked if "一" in body["messages"][0]["content"]]
    assert body["messages"] == [
        {"role": "user", "content": TEMPLATE.replace("{lang} {kind}", "zh prose").replace("{text}", "一" * 25)}
    ]
    assert (body["model"], body["temperature"], body["seed"], body["max_tokens"]) == ("tiny", 0, 0, 256)


def test_a_text_that_looks_like_a_template_is_not_filled_in_and_a_long_one_is_cut_between_characters(
    model: Model, tmp_path: Path
) -> None:
    measured(judge(model, tmp_path, most_bytes=20), of_texts(["{text}{lang}一二三四"]))
    assert model.prompts[0].split("<text>\n")[1] == "{text}{lang}一二\n</text>"


def test_the_system_part_and_options_go_into_the_request(model: Model, tmp_path: Path) -> None:
    (tmp_path / "system.txt").write_text("You judge {kind}.")
    stage = judge(
        model,
        tmp_path,
        system=Asset.of(tmp_path / "system.txt"),
        options={"seed": None, "response_format": {"type": "json_object"}},
    )
    measured(stage, of_texts(["text"]))
    (body,) = model.asked
    assert body["messages"][0] == {"role": "system", "content": "You judge prose."}
    assert "seed" not in body and body["response_format"] == {"type": "json_object"}


def test_what_was_answered_is_never_asked_again_not_even_by_another_process(model: Model, tmp_path: Path) -> None:
    docs = of_texts([f"text {number % 7}" for number in range(40)])
    stage = judge(model, tmp_path)
    first = measured(stage, docs)
    assert len(model.asked) == 7
    assert measured(stage, docs[5:9]).equals(first[5:9])
    docs.write_parquet(tmp_path / "docs.parquet")
    elsewhere = (
        "import sys, pickle, polars as pl\n"
        "stage, docs = pickle.load(open(sys.argv[1], 'rb')), pl.read_parquet(sys.argv[2])\n"
        "stage(docs).write_parquet(sys.argv[3])"
    )
    import cloudpickle

    (tmp_path / "stage").write_bytes(cloudpickle.dumps(stage))
    command = [sys.executable, "-c", elsewhere, *(str(tmp_path / name) for name in ("stage", "docs.parquet", "out"))]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert pl.read_parquet(tmp_path / "out").equals(first)
    assert len(model.asked) == 7


def test_another_prompt_model_or_text_is_another_question(model: Model, tmp_path: Path) -> None:
    docs = of_texts(["text"])
    for settings_ in ({}, {"template": f"{TEMPLATE} Think!"}, {"model": "large"}, {"options": {"top_p": 0.5}}, {}):
        measured(judge(model, tmp_path, **settings_), docs)
    assert len(model.asked) == 4


def test_where_and_how_fast_it_is_asked_is_no_part_of_what_the_judge_is(tmp_path: Path) -> None:
    one = judge("http://a:1/v1", tmp_path)
    other = judge("http://b:2/v1", tmp_path, concurrency=3, key_from="NAME", answers="elsewhere", retries=9)
    assert settings(one) == settings(other) != settings(judge("http://a:1/v1", tmp_path, max_tokens=9))
    assert "http" not in json.dumps(settings(one))


def test_a_share_is_asked_by_the_hash_of_the_id(model: Model, tmp_path: Path) -> None:
    docs = of_texts([f"text {number}" for number in range(200)])
    asked = measured(judge(model, tmp_path, share=0.2), docs)["llm_asked"]
    assert asked.to_list() == [share_of(identity, "llm") < 0.2 for identity in docs["doc_id"]]
    assert asked.sum() == len(model.asked) < 60


def test_answers_that_can_not_be_read_are_null_with_the_answer_as_evidence(tmp_path: Path) -> None:
    with serving(lambda prompt: completion("I would say four." if "odd" in prompt else '{"score": 4}')) as model:
        stage = judge(model, tmp_path, threshold=3)
        docs = of_texts(["odd", "fine"])
        done = measured(stage, docs)
        assert done["llm_status"].to_list() == ["unparsed", "answered"]
        assert done["llm_score"].to_list() == [None, 4.0]
        removal = remove(done, stage.name, stage.rules)
        assert removal.kept["text"].to_list() == ["fine"]
        assert done["llm_evidence"][0] == "I would say four."
        assert statuses(stage, docs) == ["unparsed", "answered"] and len(model.asked) == 2


def test_documents_below_the_threshold_or_of_another_label_are_removed_and_those_not_asked_about_stay(
    tmp_path: Path,
) -> None:
    with serving(lambda prompt: completion(f'{{"label": "{"AD" if "buy" in prompt else "article"}"}}')) as model:
        docs = of_texts(["buy now", "once upon a time", None])
        stage = judge(model, tmp_path, answer=Label(among=("article", "ad")), keep=frozenset({"article"}))
        removal = remove(measured(stage, docs), stage.name, stage.rules)
        assert removal.gone["text"].to_list() == ["buy now"]
        assert removal.verdicts["evidence"].to_list() == ['{"label": "AD"}']


MISFORTUNES = {
    "busy": Said(429, {"error": {"message": "slow down"}}, {"Retry-After": "0"}),
    "broken": Said(500, b"<html>oops"),
    "not JSON": Said(200, b'{"choices": [{"mess'),
    "not a completion": Said(200, {"choices": []}),
    "cut short": Said(200, {"choices": [{"message": {"content": "5" * 400}}]}, cut=True),
    "gateway": Said(503, b"", {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT", "Connection": "close"}),
}


@pytest.mark.parametrize("name", MISFORTUNES)
def test_what_a_server_gets_wrong_is_asked_again(model: Model, tmp_path: Path, name: str) -> None:
    model.misfortunes = [MISFORTUNES[name]] * 2
    assert statuses(judge(model, tmp_path), of_texts(["text"])) == ["answered"]
    assert len(model.asked) == 3


def test_all_misfortunes_in_turn_cost_no_document(model: Model, tmp_path: Path) -> None:
    model.misfortunes = list(MISFORTUNES.values())
    docs = of_texts([f"text {number}" for number in range(30)])
    assert statuses(judge(model, tmp_path, retries=8), docs) == ["answered"] * 30
    assert len(model.asked) == 36


def test_a_slow_answer_is_given_up_and_asked_for_again(tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))  # takes connections and never answers
    with listener, pytest.raises(EndpointDown, match="in 2 tries; the last: TimeoutError"):
        port = listener.getsockname()[1]
        measured(judge(f"http://127.0.0.1:{port}/v1", tmp_path, timeout=0.05, retries=1), of_texts(["text"]))


def test_a_question_that_the_server_refuses_is_that_documents_alone(tmp_path: Path) -> None:
    def says(prompt: str) -> Said:
        return (
            Said(400, {"error": {"message": "maximum context length is 10"}}) if "long" in prompt else opinion(prompt)
        )

    with serving(says) as model:
        done = measured(judge(model, tmp_path), of_texts(["long", "short"]))
        assert done["llm_status"].to_list() == ["refused", "answered"]
        assert done["llm_evidence"][0] == "400: maximum context length is 10"
        measured(judge(model, tmp_path), of_texts(["long", "short"]))
        assert len(model.asked) == 2


def test_an_endpoint_that_refuses_every_question_is_not_taken_for_bad_documents(tmp_path: Path) -> None:
    with serving(lambda prompt: Said(422, {"detail": "unknown field seed"})) as model:
        docs = of_texts([f"text {number}" for number in range(50)])
        with pytest.raises(EndpointRefused, match=r"refused each of 20 questions.*unknown field seed"):
            measured(judge(model, tmp_path, concurrency=4), docs)
        model.says = opinion
        assert statuses(judge(model, tmp_path), docs) == ["answered"] * 50


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_key_or_model_ends_it_at_once(tmp_path: Path, status: int) -> None:
    with serving(lambda prompt: Said(status, {"error": {"message": "no such model"}})) as model:
        with pytest.raises(EndpointRefused, match=f"says {status}: no such model"):
            measured(judge(model, tmp_path), of_texts(["text"]))
        assert len(model.asked) == 1


def test_the_key_is_sent_and_stands_nowhere_else(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", "sk-very-secret")
    stage = judge(model, tmp_path, key_from="JUDGE_KEY")
    measured(stage, of_texts(["text"]))
    assert model.keys == ["Bearer sk-very-secret"]
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"secret" not in kept + repr(stage).encode() + json.dumps(settings(stage)).encode()
    model.says = lambda prompt: Said(401, {"error": {"message": "bad key sk-very-secret"}})
    with pytest.raises(EndpointRefused, match=r"bad key \*\*\*"):
        measured(stage, of_texts(["another"]))


@pytest.mark.parametrize("url", ["host:8000/v1", "ftp://host/v1", "http://me:word@host/v1", "http://host/v1?key=1"])
def test_an_address_that_can_not_be_asked_is_refused_with_the_recipe(tmp_path: Path, url: str) -> None:
    with pytest.raises(EndpointUnusable, match="endpoint"):
        judge(url, tmp_path)


def test_settings_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    for wrong in ({"keep": frozenset({"a"})}, {"answer": Label(among=("a",)), "threshold": 1.0}, {"share": 0.0}):
        with pytest.raises(ValueError, match=r"expected|says nothing"):
            judge("http://host/v1", tmp_path, **wrong)
    with pytest.raises(PromptRefused, match=r"no \{text\}"):
        judge("http://host/v1", tmp_path, template="Rate it.").foretold(of_texts(["a"]), 1)
    with pytest.raises(EndpointUnusable, match="NO_SUCH_KEY is not set"):
        judge("http://host/v1", tmp_path, key_from="NO_SUCH_KEY").foretold(of_texts(["a"]), 1)


def test_what_it_will_cost_is_said_before_and_what_it_has_cost_after(model: Model, tmp_path: Path) -> None:
    docs = of_texts(["x" * 200 + str(number) for number in range(50)])
    stage = judge(model, tmp_path, prices=Prices(prompt=2.0, answer=8.0, most=50.0))
    before = stage.foretold(docs, 1_000_000)
    # 276 bytes of a request at 4 bytes a token, and 256 tokens of answer at most
    assert "about 1,000,000 of 1,000,000 documents" in before and "up to 256.00 M of answers" in before
    measured(stage, docs)
    assert len(model.asked) == 50
    after = stage.foretold(docs, 1_000_000)
    assert "8.00 M of answers" in after and "of 50 looked at, 50 are answered" in after
    spent = sum(len(prompt.encode()) // 5 for prompt in model.prompts) * 2.0 + 50 * 8 * 8.0
    assert f"at a cost of {spent / 1e6:.2f} of 50.00" in stage.told()
    assert "50 answers, " in stage.told()


def test_where_the_budget_is_spent_nothing_more_is_asked_and_a_larger_one_goes_on(model: Model, tmp_path: Path) -> None:
    docs = of_texts([f"text {number}" for number in range(100)])
    prices = {"prompt": 0.0, "answer": 1e6 / 8}  # an answer costs 1
    with pytest.raises(BudgetSpent, match=r"the recipe allows 10\.00"):
        measured(judge(model, tmp_path, concurrency=1, prices=Prices(**prices, most=10)), docs)
    assert len(model.asked) == 10
    done = judge(model, tmp_path, prices=Prices(**prices, most=1000))
    assert statuses(done, docs) == ["answered"] * 100
    assert len(model.asked) == 100
    assert statuses(judge(model, tmp_path, prices=Prices(**prices, most=10)), docs) == ["answered"] * 100


def test_a_line_that_was_cut_short_is_asked_for_again_and_nothing_else_is(model: Model, tmp_path: Path) -> None:
    docs = of_texts(["one", "two", "three"])
    first = measured(judge(model, tmp_path, concurrency=1), docs)
    (file,) = (tmp_path / "answers").iterdir()
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / file.name).write_bytes(file.read_bytes()[:-30])
    assert measured(judge(model, tmp_path, answers=tmp_path / "again"), docs).equals(first)
    assert len(model.asked) == 4


# In a run


def carried(stage: LlmJudge, folder: Path, said: list[str] | None = None) -> Outcome:
    if not (folder / "in").exists():
        faults.corpus(folder / "in", 60, 3)
    recipe = Recipe(name="judged", sources=(Source(name="in", path=str(folder / "in")),), stages=(stage,))
    with open(folder / "log", "w") as log:
        outcome = run(recipe, str(folder / "run"), Inline(), Lines(log))
    if said is not None:
        said += (folder / "log").read_text().splitlines()
    return outcome


def test_a_run_says_the_cost_before_and_after_and_keeps_scores_and_answers(model: Model, tmp_path: Path) -> None:
    said: list[str] = []
    carried(judge(model, tmp_path), tmp_path, said)
    kept = pl.read_parquet(tmp_path / "run" / "kept" / "*.parquet")
    assert kept["llm_score"].null_count() == 0 and kept.height == 60
    lines = [line for line in said if line.startswith("llm: ")]
    again: list[str] = []
    (tmp_path / "run").rename(tmp_path / "before")
    carried(judge(model, tmp_path), tmp_path, again)
    assert any(re.search(r"of (\d\d) looked at, \1 are answered", line) for line in again)
    assert len(model.asked) == 60
    assert "tiny is to be asked about 60 of 60 documents" in lines[0]
    assert "llm: 60 answers, 60 of them now" in lines[-1] or "llm: 60 answers" in lines[-2]


def test_an_endpoint_that_is_down_fails_the_run_as_incomplete_and_quarantines_nobody(tmp_path: Path) -> None:
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    with pytest.raises(Incomplete, match="gave no answer in 2 tries"):
        carried(judge(f"http://127.0.0.1:{port}/v1", tmp_path, retries=1), tmp_path)
    assert not list((tmp_path / "run").glob("quarantine/*"))
    with serving(opinion) as model:
        outcome = carried(judge(model, tmp_path), tmp_path)
        assert (outcome.kept, outcome.quarantined) == (60, 0)


RECIPE = """
from pathlib import Path

from curate.recipe import Recipe, Source
from curate.stage import Asset
from curate.stages.llm.judge import LlmJudge
from curate.stages.llm.reading import Score

here = Path(__file__).parent
recipe = Recipe(
    name="judged",
    sources=(Source(name="in", path="in"),),
    stages=(
        LlmJudge(
            endpoint="ENDPOINT",
            model="tiny",
            prompt=Asset.of(here / "prompt.txt"),
            answer=Score(),
            answers=here / "answers",
            concurrency=2,
        ),
    ),
)
"""


def test_a_run_that_was_killed_while_it_asked_goes_on_and_asks_nothing_twice(model: Model, tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 60, 2)
    (tmp_path / "prompt.txt").write_text(TEMPLATE)
    (tmp_path / "recipe.py").write_text(RECIPE.replace("ENDPOINT", model.url))
    command = [sys.executable, "-m", "curate", "run", str(tmp_path / "recipe.py"), "--out", str(tmp_path / "run")]
    process: subprocess.Popen[bytes]

    def strikes(prompt: str) -> Said:
        if len(model.asked) == 25:
            process.kill()
        return opinion(prompt)

    model.says = strikes
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*command, "--inline"], env=environment, stderr=subprocess.DEVNULL)
    assert process.wait() != 0
    before = len(model.asked)
    assert before < 60
    model.says = opinion
    subprocess.run([*command, "--inline"], check=True, env=environment, capture_output=True)
    # What was on its way when the process died was answered to nobody.
    assert len(model.asked) <= 60 + 2
    kept = pl.read_parquet(tmp_path / "run" / "kept" / "*.parquet")
    assert kept.height == 60 and kept["llm_score"].null_count() == 0
