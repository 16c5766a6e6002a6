"""`curate eval`: questions from benchmarks, what a model makes of them, models side by side."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from curate.cli import main
from curate.examine import NothingToAsk, examples, questions_of
from curate.train.data import Rows
from curate.train.questions import asked, prompt
from tests.train import packed
from tests.train.conftest import built

ENGLISH = [
    ("Which drug lowers blood pressure?", ["aspirin", "a drug that is called lisinopril", "insulin"], "B"),
    ("Which organ pumps blood?", ["the liver", "the heart", "the skin"], "B"),
    ("Which is a law?", ["a contract act", "a song", "a dish"], "A"),
]
CHINESE = [
    ("高血压首选哪种药物?", ["阿司匹林", "依那普利", "胰岛素"], "依那普利"),
    ("下列哪项是法律?", ["民法典", "唐诗", "菜谱"], "民法典"),
]


def write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bank")
    english = [{"id": f"e{n}", "question": q, "choices": c, "answer": a} for n, (q, c, a) in enumerate(ENGLISH)]
    chinese = [{"id": f"c{n}", "question": q, "options": c, "answer": a} for n, (q, c, a) in enumerate(CHINESE)]
    write(folder / "med" / "test" / "anatomy_test.jsonl", english[:2])
    write(folder / "med" / "test" / "law_test.jsonl", english[2:])
    write(folder / "med" / "dev" / "anatomy_dev.jsonl", [{"id": "d0", "question": "Which is a bone?",
                                                        "choices": ["femur", "blood"], "answer": "A"}])  # fmt: skip
    write(folder / "中文" / "test.jsonl", chinese)
    write(folder / "open" / "test.jsonl", [{"question": "Why is the sky blue, in your own words?", "answer": "light"}])
    return folder


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("pt"), "pt", 128)


def model_at(folder: Path, mix: Path, seed: int) -> Path:
    rows = Rows(mix)
    torch.manual_seed(seed)
    shape = packed.SHAPE | {"vocab_size": rows.tokenizer.get_vocab_size()}
    LlamaForCausalLM(LlamaConfig(**shape)).save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes(rows.tokenizer_json)
    facts = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": rows.end}
    (folder / "tokenizer_config.json").write_text(json.dumps(facts))
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, mix: Path) -> list[Path]:
    folder = tmp_path_factory.mktemp("models")
    return [model_at(folder / name, mix, seed) for seed, name in enumerate(("base", "tuned"))]


def ran(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["eval", *map(str, arguments)])


def test_items_with_choices_are_questions_and_those_of_dev_parts_are_examples(bank: Path) -> None:
    found = questions_of(str(bank))
    assert {question.key: question.right for question in found.questions} == {
        ("med", "anatomy", "e0"): 1,
        ("med", "anatomy", "e1"): 1,
        ("med", "law", "e2"): 0,
        ("中文", "", "c0"): 1,
        ("中文", "", "c1"): 0,
    }
    assert [question.id for question in found.pool] == ["d0"]
    assert found.others == 1
    assert len(questions_of(str(bank), most=1).questions) == 2


def test_examples_are_of_the_same_benchmark_and_never_the_question_itself(bank: Path) -> None:
    found = questions_of(str(bank))
    drawn = examples(found, 1)
    assert [one.id for one in drawn["med", "anatomy", "e0"]] == ["d0"]
    assert [one.id for one in drawn["中文", "", "c0"]] == ["c1"]
    assert [one.id for one in drawn["中文", "", "c1"]] == ["c0"]
    assert examples(found, 0) == {}


@pytest.mark.parametrize(
    ("answers", "right"),
    [
        (["0", "2", "1"], [0, 2, 1]),
        (["1", "3", "2"], [0, 2, 1]),
        (["1", "1", "2"], [1, 1, 2]),
        (["a", "C", "B"], [0, 2, 1]),
    ],
)
def test_answers_may_be_letters_or_count_from_0_or_1(tmp_path: Path, answers: list[str], right: list[int]) -> None:
    rows = [
        {"id": n, "question": f"question {n}?", "choices": ["x", "y", "z"], "answer": a} for n, a in enumerate(answers)
    ]
    write(tmp_path / "b" / "test.jsonl", rows)
    assert [question.right for question in questions_of(str(tmp_path)).questions] == right


def test_a_label_is_one_though_a_choice_reads_the_same_and_a_text_is_none(tmp_path: Path) -> None:
    sums = [
        {"id": 0, "question": "The index of 4S in S5?", "choices": ["8", "2", "24", "120"], "answer": "2"},
        {"id": 1, "question": "The sum?", "choices": ["9", "10", "11", "12"], "answer": "0"},
        {"id": 2, "question": "The product?", "choices": ["90", "14", "15", "16"], "answer": "3"},
    ]
    write(tmp_path / "numbered" / "test.jsonl", sums)
    write(tmp_path / "worded" / "test.jsonl", [{**row, "answer": row["choices"][1]} for row in sums])
    found = {(question.benchmark, question.id): question.right for question in questions_of(str(tmp_path)).questions}
    assert [found["numbered", f"{n}"] for n in range(3)] == [2, 0, 3]
    assert [found["worded", f"{n}"] for n in range(3)] == [1, 1, 1]


def test_a_question_that_stands_among_the_examples_under_another_id_is_no_example_of_itself(tmp_path: Path) -> None:
    rows = [{"id": f"t{n}", "question": f"第{n}题?", "choices": ["甲", "乙"], "answer": "A"} for n in range(2)]
    write(tmp_path / "b" / "test.jsonl", rows)
    write(tmp_path / "b" / "dev.jsonl", [{**row, "id": f"d{row['id']}"} for row in rows])
    drawn = examples(questions_of(str(tmp_path)), 1)
    assert {key[2]: [one.id for one in found] for key, found in drawn.items()} == {"t0": ["dt1"], "t1": ["dt0"]}


def test_a_question_is_put_in_its_own_language(bank: Path) -> None:
    found = {question.id: question for question in questions_of(str(bank)).questions}
    before, choices = prompt(found["e1"])
    assert (before, choices[1]) == ("Question: Which organ pumps blood?\nAnswer:", " the heart")
    before, choices = prompt(found["c0"], [found["c1"]])
    assert before == "问题：下列哪项是法律?\n答案：民法典\n\n问题：高血压首选哪种药物?\n答案："
    assert choices == ("阿司匹林", "依那普利", "胰岛素")
    before, choices = prompt(found["e0"], letters=True)
    assert before.endswith("B. a drug that is called lisinopril\nC. insulin\nAnswer:")
    assert choices == (" A", " B", " C")


@pytest.mark.parametrize("shots", [0, 1])
def test_choices_weigh_what_the_model_makes_of_each_alone(bank: Path, models: list[Path], shots: int) -> None:
    from curate.examine import loaded

    found = questions_of(str(bank))
    drawn = examples(found, shots)
    learner, tokenizer = loaded(str(models[0]), lambda line: None, "cpu")
    plain = AutoModelForCausalLM.from_pretrained(models[0]).eval()
    for answer in asked(learner, tokenizer, found.questions, drawn):
        before, choices = prompt(answer.question, drawn.get(answer.question.key, ()))
        for choice, nats in zip(choices, answer.nats, strict=True):
            whole, known = tokenizer(before + choice)["input_ids"], tokenizer(before)["input_ids"]
            border = next((n for n, (a, b) in enumerate(zip(known, whole, strict=False)) if a != b), len(known))
            with torch.no_grad():
                scores = plain(torch.tensor([whole])).logits[0].log_softmax(-1)
            expected = -sum(float(scores[place - 1, whole[place]]) for place in range(border, len(whole)))
            assert nats == pytest.approx(expected, rel=1e-5)


def test_a_model_is_measured_on_a_mix_and_on_benchmarks(
    bank: Path, mix: Path, models: list[Path], tmp_path: Path
) -> None:
    clean = tmp_path / "clean"
    clean.mkdir()
    (clean / "med.txt").write_text("e0\n")
    done = ran(
        models[0], "--on", mix, "--on", bank, "--clean", clean, "--device", "cpu", "--json", tmp_path / "all.json"
    )
    assert done.exit_code == 0, done.output
    for channel in (*Rows(mix).channels, "domain", "general"):
        assert re.search(rf"(?m)^{re.escape(channel)} +\d+\.\d{{4}} \(\d+\.\d{{3}}\)$", done.output), channel
    assert re.search(r"(?m)^med +3 ", done.output)
    assert re.search(r"(?m)^  clean +1 ", done.output)
    assert re.search(r"(?m)^中文 +2 ", done.output)
    assert "1 items are no multiple-choice questions" in done.output
    facts = json.loads((tmp_path / "all.json").read_text())
    assert [one["clean"] for one in facts["answers"]["base"]] == [True, False, False, None, None]


def test_models_stand_side_by_side_with_the_questions_that_they_answer_differently(
    bank: Path, models: list[Path]
) -> None:
    done = ran("--compare", models[0], models[1], "--on", bank, "--device", "cpu")
    assert done.exit_code == 0, done.output
    counts = [int(number) for number in re.findall(r"(?m)^(?:all|only) .*: (\d+) questions$", done.output)]
    assert sum(counts) == 5
    assert "tuned against base: " in done.output


@pytest.mark.parametrize(("place", "said"), [("open", "none of 1 items has choices"), ("no", "expected a folder")])
def test_what_can_not_be_asked_is_refused(bank: Path, models: list[Path], place: str, said: str) -> None:
    done = ran(models[0], "--on", bank / place, "--device", "cpu")
    assert done.exit_code == 2, done.output
    assert said in done.output


def test_a_mix_of_another_tokenizer_is_refused(mix: Path, models: list[Path], tmp_path: Path) -> None:
    other = model_at(tmp_path / "other", mix, 5)
    file = other / "tokenizer.json"
    file.write_text(file.read_text() + " ")
    done = ran(other, "--on", mix, "--device", "cpu")
    assert done.exit_code == 2, done.output
    assert "the mix was tokenised with" in done.output


def test_nothing_to_ask_is_an_error_of_its_own(bank: Path) -> None:
    with pytest.raises(NothingToAsk):
        questions_of(str(bank / "open"))
