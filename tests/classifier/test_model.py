"""fastText's files read by Curate: the same answers as fastText's own, and no trust in what a file says of itself."""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.classifier.judge import Judge
from curate.classifier.model import NotAJudge, parsed
from curate.kernels.tokens import spaced
from curate.stage import Asset
from tests.classifier.texts import BOILERPLATE, REAL

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "classifiers").glob("*/model.ftz"))
LINES = [
    *spaced(pl.Series([*BOILERPLATE.values(), *REAL.values(), "", "a", "𠮷野家 naïve 한국어 ﬁn", "x" * 5000])),
    *spaced(pl.read_parquet(ROOT / "data_samples" / "general" / "reference.parquet")["body"]),
]

FORMS = {
    "dense words.bin": "dim=3, wordNgrams=1",
    "dense trigrams.bin": "dim=5, wordNgrams=3, bucket=1000",
    "one against all.bin": "dim=4, wordNgrams=2, bucket=500, loss='ova'",
    "quantised.ftz": "dim=5, wordNgrams=2, bucket=2000",
    "pruned.ftz": "dim=4, wordNgrams=2, bucket=2000",
}
CODE = """
import fasttext
for name, options in {forms!r}.items():
    options = "epoch=20, lr=.5, minCount=1, thread=1, verbose=0, " + options
    model = eval(f"fasttext.train_supervised('lines.txt', {{options}})")
    if name == "quantised.ftz":
        model.quantize(dsub=2, qnorm=True)
    elif name == "pruned.ftz":
        model.quantize("lines.txt", dsub=2, qnorm=True, cutoff=300, verbose=0, thread=1)
    model.save_model(name)
"""


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of every form that fastText writes, of three labels."""
    folder = tmp_path_factory.mktemp("forms")
    rows = [f"__label__{'abc'[number % 3]} {line}" for number, line in enumerate(LINES[:24] * 4) if line]
    (folder / "lines.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    environment = {**os.environ, "MALLOC_PERTURB_": "255"}
    subprocess.run([sys.executable, "-c", CODE.format(forms=FORMS)], check=True, cwd=folder, env=environment)
    return folder


def reference(path: Path, lines: list[str], labels: tuple[str, ...]) -> np.ndarray[Any, Any]:
    """What fastText itself predicts."""
    from fasttext.FastText import _FastText

    names, shares = _FastText(model_path=str(path)).predict(lines, k=len(labels))
    rows = [dict(zip(some, odds, strict=True)) for some, odds in zip(names, shares, strict=True)]
    return np.array([[row[f"__label__{label}"] for label in labels] for row in rows])


def differences(path: Path) -> np.ndarray[Any, Any]:
    model = parsed(path.read_bytes(), path.name)
    return np.asarray(np.abs(model.probabilities(pl.Series(LINES)) - reference(path, LINES, model.labels)))


@pytest.mark.parametrize("name", FORMS)
def test_it_says_what_fasttext_says_of_every_form_of_model(forms: Path, name: str) -> None:
    apart = differences(forms / name)
    if name.startswith("one"):  # a sigmoid in steps: a sum that is off by a bit may fall on the other side of one
        assert np.quantile(apart, 0.99) < 1e-4 and apart.max() < 8e-3
    else:
        assert apart.max() < 1e-4


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_it_says_what_fasttext_says_of_the_judges_that_come_with_curate(path: Path) -> None:
    assert differences(path).max() < 1e-4


def test_words_that_no_training_saw_count_as_in_fasttext(forms: Path) -> None:
    path = forms / "quantised.ftz"
    model = parsed(path.read_bytes(), "x")
    lines = ["neverseen", "neverseen river", "river neverseen otherwise", "ÿ þ ű", "label a s"]
    assert np.abs(model.probabilities(pl.Series(lines)) - reference(path, lines, model.labels)).max() < 1e-4


GOOD = Judge.shipped().model.path.read_bytes()


@settings(max_examples=60, deadline=None)
@given(size=st.integers(0, len(GOOD) - 1))
@example(size=0)
@example(size=3)
@example(size=len(GOOD) - 1)
def test_a_file_that_ends_early_is_refused(size: int) -> None:
    with pytest.raises(NotAJudge):
        parsed(GOOD[:size], "short.ftz")


def test_a_file_with_more_behind_its_end_is_refused() -> None:
    with pytest.raises(NotAJudge, match="behind its end"):
        parsed(GOOD + b"\0", "long.ftz")


# Where the numbers of the head stand: magic, version, dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket,
# minn, maxn, lrUpdateRate, t (8 bytes), size, words, labels, tokens (8), pruned (8).
HEAD = {"version": 4, "dim": 8, "ngrams": 28, "loss": 32, "model": 36, "bucket": 40, "maxn": 48, "size": 64,
        "words": 68, "labels": 72}  # fmt: skip


@pytest.mark.parametrize("field", HEAD)
@pytest.mark.parametrize("value", [-1, -(1 << 31), (1 << 31) - 1, 1 << 20, 0x41414141])
def test_a_number_of_the_head_that_lies_is_refused_and_takes_no_memory(field: str, value: int) -> None:
    lie = bytearray(GOOD)
    struct.pack_into("<i", lie, HEAD[field], value)
    if field == "maxn" and value < 0:
        return  # as good as none
    with pytest.raises(NotAJudge):
        parsed(bytes(lie), "lie.ftz")


@pytest.mark.parametrize("value", [-2, 1, 1 << 40, -(1 << 62)])
def test_a_number_of_pruned_ngrams_that_lies_is_refused(value: int) -> None:
    lie = bytearray(GOOD)
    struct.pack_into("<q", lie, 84, value)
    with pytest.raises(NotAJudge):
        parsed(bytes(lie), "lie.ftz")


def matrix(data: bytes) -> int:
    """Where the input matrix begins: whether it is quantised, whether norms are apart, rows, width, codes."""
    at = 92
    for _ in range(struct.unpack_from("<i", data, 64)[0]):
        at = data.index(b"\0", at) + 10
    return at


@pytest.mark.parametrize("offset,form", [(2, "<q"), (10, "<q"), (18, "<i")])
@pytest.mark.parametrize("value", [-1, 0, 1, (1 << 31) - 1])
def test_a_matrix_that_lies_about_its_size_is_refused(offset: int, form: str, value: int) -> None:
    lie = bytearray(GOOD)
    struct.pack_into(form, lie, matrix(GOOD) + offset, value)
    with pytest.raises(NotAJudge):
        parsed(bytes(lie), "lie.ftz")


@settings(max_examples=150, deadline=None)
@given(
    place=st.one_of(st.integers(0, 200), st.integers(0, len(GOOD) - 9), st.just(matrix(GOOD))),
    what=st.binary(min_size=1, max_size=8),
)
def test_bytes_changed_anywhere_give_a_model_that_works_or_a_refusal(place: int, what: bytes) -> None:
    changed = GOOD[:place] + what + GOOD[place + len(what) :]
    try:
        model = parsed(changed, "changed.ftz")
    except NotAJudge:
        return
    found = model.probabilities(pl.Series(["the river 河 流", ""]))
    assert found.shape == (2, len(model.labels)) and np.isfinite(found).all()


@settings(max_examples=60, deadline=None)
@given(rest=st.binary(max_size=400))
def test_random_bytes_are_refused_with_and_without_the_magic_number(rest: bytes) -> None:
    for data in (rest, GOOD[:8] + rest, GOOD[:92] + rest):
        with pytest.raises(NotAJudge):
            parsed(data, "random.ftz")


def test_a_pickle_is_refused_by_name_and_not_read(tmp_path: Path) -> None:
    class Runs:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.mkdir, (str(tmp_path / "ran"),))

    for protocol in (0, 2, 5):
        path = tmp_path / f"{protocol}.ftz"
        path.write_bytes(pickle.dumps(Runs(), protocol))
        with pytest.raises(NotAJudge, match="pickle"):
            Judge(model=Asset.of(path))(pl.DataFrame({"text": ["a"]}))
    assert not (tmp_path / "ran").exists()


def test_a_model_with_other_labels_is_refused_and_its_labels_are_named(forms: Path) -> None:
    with pytest.raises(NotAJudge, match=r"labels a, b, c; expected clean"):
        Judge(model=Asset.of(forms / "quantised.ftz"))(pl.DataFrame({"text": ["a"]}))
