from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from curate.decontaminate.benchmarks import BenchmarksRefused, Item, load


def only(folder: Path, name: str, data: bytes | str | dict[str, Any]) -> Item:
    """The one item of a folder that holds one file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(data, dict):
        data = json.dumps(data, ensure_ascii=False)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    (item,) = load(str(folder)).items
    return item


ASKED = "How many legs has a spider?"
CHOICES = ("six", "eight", "ten", "twelve")


@pytest.mark.parametrize(
    "record",
    [
        {"question": ASKED, "choices": list(CHOICES), "answer": 1},  # MMLU
        {"Question": ASKED, "A": "six", "B": "eight", "C": "ten", "D": "twelve", "Answer": "B"},  # CMMLU, C-Eval
        {
            "question": ASKED,
            "options": {"A": "six", "B": "eight", "C": "ten", "D": "twelve"},
            "answer_idx": "B",
        },  # MedQA
        {"question": ASKED, "opa": "six", "opb": "eight", "opc": "ten", "opd": "twelve", "cop": 1},  # MedMCQA
        {"question": ASKED, "choices": {"text": list(CHOICES), "label": ["A", "B", "C", "D"]}, "answerKey": "B"},  # ARC
        {"question": {"stem": ASKED, "choices": [{"text": c, "label": "?"} for c in CHOICES]}},  # ARC as published
        {"statement": ASKED, "option_list": {"A": "six", "B": "eight", "C": "ten", "D": "twelve"}},  # JEC-QA
        {"ctx": ASKED, "endings": list(CHOICES), "label": "1"},  # HellaSwag
        {"query": ASKED, "choices": json.dumps(CHOICES)},
        {"instruction": "Choose.", "question": f"{ASKED} A: six; B: eight; C: ten; D: twelve"},  # LawBench
        {"prompt": f"{ASKED}\nA. six\nB. eight\nC. ten\nD. twelve"},
    ],
)
def test_a_question_and_its_choices_are_found_under_their_usual_names(tmp_path: Path, record: dict[str, Any]) -> None:
    item = only(tmp_path, "quiz.jsonl", record)
    assert item.question == ASKED
    assert [choice.rstrip(";") for choice in item.choices] == list(CHOICES)


@pytest.mark.parametrize(
    ("record", "field", "expected"),
    [
        ({"question": "q", "answer": "#### 72"}, "answer", "#### 72"),  # GSM8K
        ({"task_id": "HumanEval/0", "prompt": "def f():", "canonical_solution": "return 1"}, "answer", "return 1"),
        ({"QUESTION": "q", "CONTEXTS": ["a b", "c"], "LONG_ANSWER": "Yes, it does.", "final_decision": "yes"}, "answer",
         "Yes, it does."),  # PubMedQA
        ({"QUESTION": "q", "CONTEXTS": ["a b", "c"]}, "context", "a b\nc"),
        ({"input": "q", "context": "a long document", "answers": ["x"]}, "context", "a long document"),  # LongBench
        ({"question": "q", "passage": "a passage"}, "context", "a passage"),  # BoolQ
        ({"context": "c", "question": "q", "answers": {"text": ["x"], "answer_start": [3]}}, "answer", "x"),  # SQuAD
        ({"instruction": "Translate this.", "input": "Guten Tag"}, "question", "Translate this.\nGuten Tag"),
        ({"题目": "蜘蛛有几条腿？", "答案": "八条"}, "answer", "八条"),
        ({"text": "蜘蛛有几条腿？", "lang": "zh"}, "lang", "zh"),
        ({"task_id": "HumanEval/7", "prompt": "def f():"}, "id", "HumanEval/7"),
        ({"id": 7, "question": "q"}, "id", "7"),
        ({"question": "q", "subset": "test"}, "split", "test"),
        ({"question": "q", "benchmark": "quiz-2"}, "benchmark", "quiz-2"),
    ],
)  # fmt: skip
def test_other_fields_are_found_under_their_usual_names(
    tmp_path: Path, record: dict[str, Any], field: str, expected: str
) -> None:
    assert getattr(only(tmp_path, "quiz.jsonl", record), field) == expected


ROW = {"question": ASKED, "A": "six", "B": "eight", "C": "ten", "D": "twelve", "answer": "B"}
LINE = json.dumps(ROW).encode()
TABLE = f"question,A,B,C,D,answer\n{ASKED},{','.join(CHOICES)},B\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl", LINE),
        ("a.jsonl.gz", gzip.compress(LINE)),
        ("a.jsonl.zst", zstandard.compress(LINE)),
        ("a.json", json.dumps([ROW])),
        ("a.json", json.dumps({"version": "1", "data": [ROW]})),
        ("a.json", json.dumps({"17": ROW})),
        ("a.json", json.dumps(ROW)),
        ("a.csv", TABLE),
        ("a.csv", "\ufeff" + TABLE.replace("\n", "\r\n")),
        ("a.tsv", TABLE.replace(",", "\t")),
        ("a.csv", TABLE.split("\n")[1]),  # MMLU's own files have no header
    ],
)
def test_every_kind_of_file_gives_the_same_item(tmp_path: Path, name: str, data: bytes | str) -> None:
    item = only(tmp_path, name, data)
    assert (item.question, item.choices, item.benchmark) == (ASKED, CHOICES, "a")


def test_parquet_and_arrow_give_the_same_item(tmp_path: Path) -> None:
    frame = pl.DataFrame({"question": [ASKED], "choices": [list(CHOICES)], "answer": [1]})
    (tmp_path / "p").mkdir()
    (tmp_path / "a").mkdir()
    frame.write_parquet(tmp_path / "p" / "test-00000-of-00001.parquet")
    frame.write_ipc_stream(tmp_path / "a" / "data.arrow")
    items = load(str(tmp_path)).items
    assert [(item.benchmark, item.split, item.choices) for item in items] == [
        ("a", "data", CHOICES),
        ("p", "test", CHOICES),
    ]


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("gsm8k/test.jsonl", ("gsm8k", "test")),
        ("gsm8k/items.jsonl.zst", ("gsm8k", "")),
        ("mmlu/data/test/law.csv", ("mmlu", "data/test/law")),
        ("mmlu/all/test-00000-of-00001.jsonl", ("mmlu", "all/test")),
        ("own_questions.jsonl", ("own_questions", "")),
        ("test.jsonl", ("folder", "test")),
        ("data/dev/law.jsonl", ("folder", "data/dev/law")),
    ],
)
def test_a_benchmark_is_named_by_its_folder_else_by_its_file(tmp_path: Path, path: str, named: tuple[str, str]) -> None:
    file = tmp_path / "folder" / path
    file.parent.mkdir(parents=True)
    data = TABLE.encode() if ".csv" in path else LINE
    file.write_bytes(zstandard.compress(data) if path.endswith(".zst") else data)
    (item,) = load(str(tmp_path / "folder")).items
    assert (item.benchmark, item.split) == named


def test_records_without_a_question_repeated_ones_and_other_files_are_listed(tmp_path: Path) -> None:
    rows = [{"id": "1", "question": "q"}, {"id": "2"}, {"id": "1", "question": "q"}, {"id": "1", "question": "other"}]
    (tmp_path / "quiz.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "README.md").write_text("# Quiz")
    (tmp_path / "dataset_infos.json").write_text("{}")
    found = load(str(tmp_path))
    assert [(item.id, item.question) for item in found.items] == [("1", "q"), ("1#2", "other")]
    assert {passed.place: passed.why.split(";")[0] for passed in found.passed} == {
        "README.md": "not a kind of file that items are read from",
        "dataset_infos.json": "not a kind of file that items are read from",
        "quiz.jsonl#1": "no question",
        "quiz.jsonl#2": "repeats item 1",
        "quiz.jsonl#3": "another item is named 1 too",
    }


def test_one_id_in_two_splits_names_two_items(tmp_path: Path) -> None:
    rows = [{"id": "1", "subset": split, "question": split} for split in ("dev", "test")]
    (tmp_path / "quiz.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert [(item.split, item.id) for item in load(str(tmp_path)).items] == [("dev", "1"), ("test", "1")]


def test_items_without_an_id_are_named_by_their_place(tmp_path: Path) -> None:
    (tmp_path / "quiz").mkdir()
    (tmp_path / "quiz" / "test.csv").write_text(",Question,A,B\n0,one,x,y\n1,two,x,y\n")
    assert [item.id for item in load(str(tmp_path)).items] == ["test/0", "test/1"]


def test_a_question_that_speaks_of_a_and_b_is_left_whole(tmp_path: Path) -> None:
    question = "Town A: north of the river. Town B: south of it. Which of them is nearer to the sea?"
    assert only(tmp_path, "quiz.jsonl", {"question": question}).question == question


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("README.md", "# nothing", "no benchmark items found"),
        ("quiz.jsonl", "", r"quiz\.jsonl: holds no records"),
        ("quiz.jsonl", '{"score": 1}', "none of 1 records has a question.*found score"),
        ("quiz.jsonl", '{"question": ""}', "none of 1 records has a question"),
        ("quiz.jsonl", '{"question": "q"}\n{"question"', "line 2 is not JSON"),
        ("quiz.jsonl", "[1, 2]", "line 1 is a list, expected an object"),
        ("quiz.json", "[[1], [2]]", "expected an array of objects"),
        ("quiz.csv", "colour,size\nred,3\n", r"expected a header with a field question.*colour"),
        ("quiz.csv", "question,answer\nq,a,b\n", "row 2 has 3 fields, the header has 2"),
        ("quiz.jsonl.gz", "no gzip at all", "can't be read"),
        ("quiz.jsonl.zst", "no zstd at all", "can't be read"),
        ("quiz.parquet", "no parquet at all", "can't be read"),
    ],
)
def test_a_folder_that_gives_no_items_is_refused_with_the_file_and_the_reason(
    tmp_path: Path, name: str, data: str, message: str
) -> None:
    (tmp_path / name).write_text(data)
    with pytest.raises(BenchmarksRefused, match=message):
        load(str(tmp_path))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchmarksRefused, match=r"no such file or folder; expected a folder of benchmarks"):
        load(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_truncated_file_is_refused_even_where_it_ends_with_a_line(tmp_path: Path, suffix: str) -> None:
    line = json.dumps({"question": ASKED}).encode() + b"\n"
    if suffix == ".gz":
        data = gzip.compress(line)[:-8]
    else:
        writer = zstandard.ZstdCompressor().compressobj()
        data = writer.compress(line) + writer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    (tmp_path / f"quiz.jsonl{suffix}").write_bytes(data)
    with pytest.raises(BenchmarksRefused, match=r"quiz.*can't be read"):
        load(str(tmp_path))


def test_a_file_of_several_frames_is_read_to_its_end(tmp_path: Path) -> None:
    frames = [zstandard.compress(json.dumps({"question": f"question {n}"}).encode() + b"\n") for n in range(3)]
    (tmp_path / "quiz.jsonl.zst").write_bytes(b"".join(frames))
    assert len(load(str(tmp_path)).items) == 3


RECORDS: dict[str, tuple[str, str | list[dict[str, Any]], dict[str, Any]]] = {
    "C-Eval": (
        "val.csv",
        "id,question,A,B,C,D,answer,explanation\n0,港口在哪一侧？,东,南,西,北,C,因为\n",
        {"id": "0", "split": "val", "choices": ("东", "南", "西", "北"), "answer": "C"},
    ),
    "CMB": (
        "test.jsonl",
        [
            {
                "exam_class": "执业医师",
                "question": "诊断是",
                "answer": "D",
                "option": {"A": "甲", "B": "乙", "C": "", "D": "丁"},
            }
        ],
        {"question": "诊断是", "choices": ("甲", "乙", "", "丁"), "answer": "D"},
    ),
    "JEC-QA": (
        "0_train.json",
        [{"id": "3_2613", "statement": "下列正确的是?", "option_list": {"A": "甲", "B": "乙"}, "answer": ["A", "B"]}],
        {"id": "3_2613", "question": "下列正确的是?", "choices": ("甲", "乙"), "answer": "AB"},
    ),
    "LongBench": (
        "qa.jsonl",
        [{"_id": "ab", "input": "Who?", "context": "Long.", "answers": ["Bob", "Robert Brown"], "language": "en"}],
        {"id": "ab", "question": "Who?", "context": "Long.", "answer": "Bob", "lang": "en"},
    ),
    "LongBench, to be summed up": (
        "report.jsonl",
        [{"_id": "ab", "input": "", "context": "A long report.", "answers": ["Short."]}],
        {"question": "", "context": "A long report.", "answer": "Short."},
    ),
    "PubMedQA": (
        "pqal.jsonl",
        [{"pubid": 1, "question": "Do they?", "context": {"contexts": ["One.", "Two."]}, "long_answer": "They do."}],
        {"question": "Do they?", "context": "One.\nTwo.", "answer": "They do."},
    ),
    "options in lines": (
        "quiz.jsonl",
        [{"question": "Which?", "options": "A. one\nB. two\nC. three", "answer": "B"}],
        {"choices": ("one", "two", "three")},
    ),
    "SciQ": (
        "test.jsonl",
        [{"question": "q?", "distractor1": "a", "distractor2": "b", "correct_answer": "c", "support": "Text."}],
        {"choices": ("a", "b", "c"), "answer": "c", "context": "Text."},
    ),
}


@pytest.mark.parametrize("shape", RECORDS)
def test_every_shape_gives_its_item(tmp_path: Path, shape: str) -> None:
    name, data, expected = RECORDS[shape]
    if not isinstance(data, str):
        data = json.dumps(data) if name.endswith(".json") else "\n".join(map(json.dumps, data))
    item = only(tmp_path, name, data)
    assert {field: getattr(item, field) for field in expected} == expected


def test_the_folder_of_a_saved_data_set_gives_its_splits(tmp_path: Path) -> None:
    table = pl.DataFrame({"question": ["a?", "b?"], "choices": [["x", "y"], ["z", "w"]], "answer": [0, 1]})
    (tmp_path / "quiz" / "test").mkdir(parents=True)
    table.write_ipc_stream(tmp_path / "quiz" / "test" / "data-00000-of-00001.arrow")
    for name in ("README.md", "dataset_dict.json", "test/dataset_info.json", "test/state.json"):
        (tmp_path / "quiz" / name).write_text("{}")
    found = load(str(tmp_path / "quiz"))
    assert [(item.benchmark, item.split, item.question, item.answer) for item in found.items] == [
        ("quiz", "test", "a?", "0"),
        ("quiz", "test", "b?", "1"),
    ]
    assert {record.place for record in found.passed} == {
        "README.md", "dataset_dict.json", "test/dataset_info.json", "test/state.json"
    }  # fmt: skip


def test_a_file_of_answers_alone_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "items.json").write_text(json.dumps({"10": {"QUESTION": "q?"}, "11": {"QUESTION": "r?"}}))
    (tmp_path / "truth.json").write_text(json.dumps({"10": "yes", "11": "no"}))
    found = load(str(tmp_path))
    assert [item.id for item in found.items] == ["10", "11"]
    assert ("truth.json", "answers by id, without questions") in {(one.place, one.why) for one in found.passed}
