"""`curate tokenizer`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tokenizers import Tokenizer

from curate.cli import main
from tests.mix import kept


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of documents, Chinese and English, and tokenizers trained on them."""
    folder = tmp_path_factory.mktemp("tokenizer")
    docs = kept.documents().select("text", "lang", "domain")
    docs[::2].write_ndjson(folder / "a.jsonl")
    docs[1::2].write_ndjson(folder / "b.jsonl")
    ran("train", f"{folder / 'a.jsonl'}", f"{folder / 'b.jsonl'}", "--out", f"{folder / 'mine'}", "--vocabulary", "900")
    return folder


def ran(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["tokenizer", *words])
    assert result.exit_code == code, result.output
    return result.output


def trained(path: Path) -> Tokenizer:
    return Tokenizer.from_file(str(path / "tokenizer.json"))


def test_a_tokenizer_is_trained_and_says_of_what(folder: Path) -> None:
    facts = json.loads((folder / "mine" / "training.json").read_bytes())
    assert trained(folder / "mine").get_vocab_size() == facts["tokens"] == 900
    assert facts["documents"] == kept.documents().height
    assert set(facts["bytes"]) == {"en", "zh"}


def test_other_names_and_another_order_of_files_train_the_same_tokenizer(folder: Path, tmp_path: Path) -> None:
    for old, new in (("a", "z"), ("b", "c")):
        (tmp_path / f"{new}.jsonl").write_bytes((folder / f"{old}.jsonl").read_bytes())
    ran("train", str(tmp_path), "--out", str(tmp_path / "again"), "--vocabulary", "900")
    assert (tmp_path / "again" / "tokenizer.json").read_bytes() == (folder / "mine" / "tokenizer.json").read_bytes()


def test_digits_are_single_and_special_tokens_are_there_where_that_is_asked(folder: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "own")
    ran(
        "train", f"{folder / 'a.jsonl'}", "--out", out, "--vocabulary", "500", "--single-digits", "--special", "<think>"
    )
    tokenizer = trained(tmp_path / "own")
    assert tokenizer.token_to_id("<think>") == 3
    assert len(tokenizer.encode("2026").ids) == 4


def test_of_each_language_no_more_is_read_than_was_asked(folder: Path, tmp_path: Path) -> None:
    text = "\n".join(json.dumps({"text": f"第{number}号文件规定如下。" * 400, "lang": "zh"}) for number in range(300))
    (tmp_path / "much.jsonl").write_text(text + "\n", "utf-8")
    ran("train", str(tmp_path / "much.jsonl"), "--out", str(tmp_path / "t"), "--vocabulary", "300", "--each", "1")
    size = json.loads((tmp_path / "t" / "training.json").read_bytes())["bytes"]["zh"]
    assert 700_000 < size < 1_300_000


def test_the_report_counts_what_the_tokenizer_makes_of_the_texts(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "terms.txt").write_text("氟喹诺酮类抗菌药\n", "utf-8")
    out = tmp_path / "report.json"
    said = ran(
        *("report", f"{folder / 'mine'}", f"{folder / 'a.jsonl'}", f"{folder / 'b.jsonl'}"),
        *("--terms", str(tmp_path / "terms.txt"), "--json", str(out)),
    )
    found = json.loads(out.read_bytes())
    tokenizer = trained(folder / "mine")
    docs = kept.documents()
    every = found["fertility"]["all"]["all"]
    assert every["documents"] == docs.height
    assert every["tokens"] == sum(len(tokenizer.encode(text).ids) for text in docs["text"])
    assert every["characters"] == sum(map(len, docs["text"]))
    assert every["tokens_per_character"] == round(every["tokens"] / every["characters"], 4)
    for by in ("source", "lang", "domain"):
        assert sum(cost["tokens"] for cost in found["fertility"][by].values()) == every["tokens"]
    assert set(found["fertility"]["lang"]) == {"en", "zh"}
    (own,) = (term for term in found["terms"] if term["domain"] == "yours")
    assert own["term"] == "氟喹诺酮类抗菌药" and len(own["pieces"]) > 4
    sizes = [len(term["pieces"]) for term in found["terms"]]
    assert sizes == sorted(sizes, reverse=True)
    used = {identity for text in docs["text"] for identity in tokenizer.encode(text).ids}
    assert found["unused"]["tokens"] == 900 - len(used) - 3
    assert found["unknown_tokens"] == 0
    assert "run by" in said and "per word" in said and "氟喹诺酮类抗菌药" in said


def test_a_tokenizer_without_a_token_for_ends_is_reported_too(folder: Path, tmp_path: Path) -> None:
    parts = json.loads((folder / "mine" / "tokenizer.json").read_bytes())
    parts["added_tokens"] = []
    for name in ("<|endoftext|>", "<|im_start|>", "<|im_end|>"):
        parts["model"]["vocab"][f"{name}x"] = parts["model"]["vocab"].pop(name)
    (tmp_path / "tokenizer.json").write_text(json.dumps(parts), "utf-8")
    assert "run by" in ran("report", str(tmp_path), f"{folder / 'a.jsonl'}")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("report", "{folder}", "{folder}/a.jsonl"), "holds no tokenizer.json"),
        (("report", "{folder}/none.json", "{folder}/a.jsonl"), "is not there"),
        (("report", "{folder}/mine", "{folder}/nothing"), "nothing at"),
        (("train", "{folder}/a.jsonl", "--out", "{folder}/mine"), "there already"),
        (
            (
                "train",
                "{folder}/a.jsonl",
                "--out",
                "{folder}/x",
                "--vocabulary",
                "260",
                "--special",
                "<a>",
                "--special",
                "<b>",
            ),
            "261",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(folder: Path, words: tuple[str, ...], why: str) -> None:
    assert why in ran(*(word.format(folder=folder) for word in words), code=2)
