from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from curate.decontaminate import index as indexes
from curate.decontaminate import storing
from curate.decontaminate.benchmarks import Item, load
from curate.decontaminate.building import build
from curate.decontaminate.index import PARTS, Index, IndexRefused, digest, unpack
from curate.decontaminate.storing import MAGIC, VERSION
from curate.kernels.overlap import UNIT
from curate.stage import Asset, AssetChanged
from tests.decontaminate.texts import QUESTION_EN, QUESTION_ZH, ROOT, SAMPLES


def parts(*items: Item) -> list[str]:
    index = unpack(build(items), "here")
    return [PARTS[part] for part in index.parts]


def quiz(question: str, **fields: object) -> Item:
    return replace(Item(benchmark="quiz", id="1", question=question), **fields)  # type: ignore[arg-type]


def test_two_builds_give_the_same_bytes_whatever_the_hash_seed() -> None:
    program = (
        "import hashlib, sys; from curate.decontaminate.benchmarks import load; "
        "from curate.decontaminate.building import build; "
        "print(hashlib.sha256(build(load(sys.argv[1]).items)).hexdigest())"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, str(SAMPLES)],
        env={**os.environ, "PYTHONHASHSEED": "12345"}, cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout.strip() == hashlib.sha256(build(load(str(SAMPLES)).items)).hexdigest()


def test_an_index_read_back_names_all_items_and_those_that_can_not_be_checked() -> None:
    items = [quiz(QUESTION_ZH), quiz("为什么？", id="2"), quiz("Why not?", id="3", choices=("yes", "no"))]
    index = unpack(build(items), "here")
    assert tuple(index.items) == (("quiz", "", "1"), ("quiz", "", "2"), ("quiz", "", "3"))
    assert index.not_checkable().rows() == [
        ("quiz", "", "2", "too short to check"),
        ("quiz", "", "3", "too short to check"),
    ]


def test_a_long_question_is_looked_for_alone_and_a_short_one_with_its_choices() -> None:
    choices = ("eight of them", "six of them", "ten of them")
    assert parts(quiz(QUESTION_EN, choices=choices)) == ["question"]
    assert parts(quiz("How many legs has it?", choices=choices)) == ["question+choices"]
    assert parts(quiz(QUESTION_ZH, choices=choices)) == ["question"]
    assert parts(quiz("蜘蛛一共长着几条腿？", choices=("八条", "六条", "没有腿"))) == ["question+choices"]


def test_a_short_question_is_looked_for_beside_its_context() -> None:
    context = "女：你在忙什么呢？刚才打你的手机你也不接。男：对不起，我刚洗了个澡，没听见，有什么事吗？"
    item = quiz("男的怎么了？", choices=("洗澡", "睡觉"), context=context)
    assert parts(item) == ["question+context", "context"]


def test_a_question_that_many_items_ask_is_not_evidence_alone() -> None:
    asked = "Which of the following statements is correct?"
    many = [
        quiz(
            asked,
            id=str(n),
            choices=(f"the number {n} is the sum of two squares", f"{n} has an odd number of divisors"),
        )
        for n in range(40)
    ]
    assert set(parts(*many)) == {"question+choices"}
    assert parts(quiz(asked)) == ["question"]


def test_a_question_that_two_benchmarks_share_is_evidence_in_both() -> None:
    here = [quiz(QUESTION_ZH), quiz(QUESTION_ZH, benchmark="twin")]
    assert parts(*here) == ["question", "question"]


def test_a_long_context_is_represented_by_a_sample_of_its_ngrams() -> None:
    context = " ".join(f"word{n * n % 9973}" for n in range(6000))
    index = unpack(build([quiz(QUESTION_EN, context=context)]), "here")
    assert indexes.SAMPLE // 3 <= np.bincount(index.known.postings >> UNIT).max() <= indexes.SAMPLE


def stored(data: bytes) -> Index:
    return unpack(data, "my.index")


def test_another_format_another_file_and_a_damaged_index_are_refused() -> None:
    data = build([quiz(QUESTION_ZH)])
    place = len(MAGIC)
    with pytest.raises(IndexRefused, match=rf"my\.index: an index of format {VERSION + 1}, and .* format {VERSION}"):
        stored(data[:place] + bytes([VERSION + 1]) + data[place + 1 :])
    with pytest.raises(IndexRefused, match=r"my\.index: not an index of benchmarks; make one with Decontaminate\.of"):
        stored(b"PK\x03\x04" + data)
    with pytest.raises(IndexRefused, match=r"my\.index: an index that is damaged"):
        stored(data[:-100])
    with pytest.raises(IndexRefused, match="damaged"):
        stored(data[: place + 30])
    with pytest.raises(IndexRefused, match="not an index"):
        stored(data[: place + 20])


@pytest.mark.parametrize("where", [0.02, 0.3, 0.6, 0.99])
def test_an_index_with_one_byte_altered_is_refused_wherever_it_is(tmp_path: Path, where: float) -> None:
    data = bytearray(build([quiz(QUESTION_ZH), quiz(QUESTION_EN, id="2")]))
    data[storing.HEAD + int(where * (len(data) - storing.HEAD))] ^= 1
    (tmp_path / "altered").write_bytes(data)
    with pytest.raises(IndexRefused, match=r"damaged .*make it anew"):
        indexes.load(Asset.of(tmp_path / "altered"))


def test_an_index_whose_parts_do_not_agree_is_refused_and_not_read_beyond_their_ends() -> None:
    arrays, told = storing.unpack(build([quiz(QUESTION_ZH)]), "here")
    wrong = {field: arrays[field][:-1] for field in ("keys", "begins", "bloom", "tokens", "owners")}
    for field, array in {**wrong, "postings": arrays["postings"].astype(np.uint64)}.items():
        with pytest.raises(IndexRefused, match="damaged"):
            stored(storing.pack({**arrays, field: array}, told))
    with pytest.raises(IndexRefused, match="damaged"):
        stored(storing.pack({name: array for name, array in arrays.items() if name != "keys"}, told))
    assert stored(storing.pack(arrays, told)).items[0] == ("quiz", "", "1")


def test_an_index_made_of_other_tokens_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = build([quiz(QUESTION_ZH)])
    monkeypatch.setattr("curate.kernels.overlap.GRAM", 13)
    with pytest.raises(IndexRefused, match="splits text into other tokens; make it anew"):
        stored(data)


@pytest.mark.parametrize(
    ("items", "message"),
    [([], "there are no items"), ([Item(benchmark="quiz", id="1", question="为什么？")], "none of 1 items is long")],
)
def test_items_that_give_no_index_are_refused(items: list[Item], message: str) -> None:
    with pytest.raises(IndexRefused, match=message):
        build(items)


def test_the_digest_of_items_changes_with_any_of_their_texts() -> None:
    item = quiz(QUESTION_ZH, choices=("a", "b"))
    others = [replace(item, **{field: "other"}) for field in ("id", "split", "question", "answer", "context")]
    digests = {digest([one]) for one in (item, replace(item), *others, replace(item, choices=("ab",)))}
    assert len(digests) == 7


def test_a_loaded_index_is_verified_against_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "quiz.index"
    path.write_bytes(build([quiz(QUESTION_ZH)]))
    asset = Asset.of(path)
    assert indexes.load(asset) is indexes.load(Asset.of(path))
    with pytest.raises(AssetChanged):
        indexes.load(Asset(path, "0" * 64))
