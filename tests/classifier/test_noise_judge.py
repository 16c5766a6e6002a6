# ruff: noqa: E501 - templates, one a line
"""The judge of noise: what a machine or an accident made goes, what is short, repetitive or full of signs by nature stays."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from random import Random

import cloudpickle
import polars as pl
import pytest

from curate.classifier.noise import DIRECTIONS, THRESHOLD, Noise, NotANoiseJudge, scores
from curate.stage import Asset, measured
from tests.classifier.texts import REAL
from tests.stages.documents import of_texts, reasons

JUDGE = Noise.shipped(threshold=THRESHOLD)
CITIES = {"en": ["Boston", "Leeds", "Austin", "Perth", "Miami", "Dublin", "Oslo", "Cairo", "Lima", "Kyoto"],
          "zh": ["北京", "上海", "广州", "成都", "武汉", "西安", "南京", "郑州", "青岛", "昆明"]}  # fmt: skip
CHANCE = Random(5)

NOISE = {
    "en letters": " ".join("".join(CHANCE.choices("abcdefghijklmnopqrstuvwxyz", k=CHANCE.randint(3, 10))) for _ in range(60)),
    "zh characters": "".join(chr(CHANCE.randrange(0x4E00, 0x9FA0)) for _ in range(200)),
    "en keyword spam": ", ".join(f"cheap {what} {city}" for city in CITIES["en"] for what in ("movers", "moving company", "house movers")),
    "zh keyword spam": " ".join(f"{city}{what}" for city in CITIES["zh"] for what in ("搬家公司", "搬家公司电话", "搬家公司哪家好")),
    "en template": "\n".join(f"Best {what} in {city} - call {CHANCE.randrange(10**7, 10**8)}" for city in CITIES["en"] for what in ("plumber", "dentist")),
    "zh template": "\n".join(f"{city}{what}推荐，电话{CHANCE.randrange(10**7, 10**8)}" for city in CITIES["zh"] for what in ("开锁", "管道疏通")),
    "hexadecimal": CHANCE.randbytes(300).hex(" ", 4),
    "figures": " ".join(str(CHANCE.randrange(10**6)) for _ in range(120)),
}  # fmt: skip


@pytest.mark.parametrize("name", NOISE)
def test_noise_is_removed(name: str) -> None:
    assert reasons(JUDGE, of_texts([NOISE[name]])) == [{"noise"}]


@pytest.mark.parametrize("name", REAL)
def test_real_text_of_every_kind_is_kept(name: str) -> None:
    assert reasons(JUDGE, of_texts([REAL[name]])) == [set()]


def test_without_a_threshold_it_only_annotates() -> None:
    table = of_texts(list(NOISE.values()))
    assert reasons(Noise.shipped(), table) == [set()] * len(NOISE)
    assert measured(Noise.shipped(), table)["noise_score"].min() > THRESHOLD


HEADER = "\n".join(
    f"#include <ATen/ops/{name}_ops.h>" for name in ("add", "mul", "div", "sub", "neg", "abs", "exp", "log")
)
TABLE = "| Drug | Dose (mg) | Patients | Response | p |\n| --- | --- | --- | --- | --- |\n" + "\n".join(
    f"| {name} {n} | {17 * n + 40} | {31 * n + 11} | 0.{37 * n % 90 + 10} | 0.{53 * n % 900 + 99} |"
    for n, name in enumerate(("Metformin", "Aspirin", "Ibuprofen", "Warfarin", "Statin") * 3)
)


@pytest.mark.parametrize(("text", "kind"), [(HEADER, "code"), (TABLE, "table"), (TABLE, "maths")])
def test_what_is_woven_as_noise_by_its_kind_has_a_limit_of_its_own(text: str, kind: str) -> None:
    assert measured(JUDGE, of_texts([text]))["noise_score"][0] > THRESHOLD
    assert reasons(JUDGE, of_texts([text, text], kind)) == [set(), set()]
    assert reasons(JUDGE, of_texts([text])) == [{"noise"}]


@pytest.mark.parametrize("kind", ["code", "table"])
def test_noise_that_looks_like_code_or_a_table_goes_still(kind: str) -> None:
    assert reasons(JUDGE, of_texts([NOISE["en letters"]], kind)) == [{"noise"}]


def test_a_limit_outside_0_and_1_is_refused() -> None:
    with pytest.raises(ValueError, match="code is 99; a score lies between 0 and 1"):
        Noise(model=JUDGE.model, fluency=JUDGE.fluency, code=99)


def test_null_is_not_measured_and_text_without_a_letter_is_noise() -> None:
    assert measured(JUDGE, of_texts([None, "", "……！？"]))["noise_score"].to_list() == [None, 1.0, 1.0]


def test_a_text_has_one_score_in_any_batch() -> None:
    texts = [*NOISE.values(), *REAL.values(), ""]
    together = measured(JUDGE, of_texts(texts))["noise_score"]
    assert [measured(JUDGE, of_texts([text]))["noise_score"][0] for text in texts] == together.to_list()


def test_it_survives_pickling() -> None:
    again = pickle.loads(cloudpickle.dumps(JUDGE))
    assert again == JUDGE


def test_trees_over_other_measures_are_refused(tmp_path: Path) -> None:
    data = json.loads(JUDGE.model.verified())
    (tmp_path / "model.json").write_text(json.dumps({**data, "measures": ["length"]}))
    with pytest.raises(NotANoiseJudge, match=r"model\.json.*train it again"):
        scores(Asset.of(tmp_path / "model.json"), JUDGE.fluency, pl.Series(["text"]))


def test_the_shipped_trees_speak_only_in_the_directions_that_they_were_given() -> None:
    """More repetition never makes a text look cleaner, whatever else it is."""
    from curate.classifier.noise import _trees, measures
    from curate.kernels.fluency import unpacked
    from curate.kernels.trees import sums

    trees = _trees(JUDGE.model)
    cells = unpacked(JUDGE.fluency.verified(), "model.bin")
    rows = measures(pl.Series([*NOISE.values(), *REAL.values()]), cells)
    for column, direction in enumerate(DIRECTIONS.values()):
        if direction:
            more = rows.copy()
            more[:, column] += abs(more[:, column]) * 0.5 + 0.2
            change = sums(more, trees.columns, trees.limits, trees.leaves) - sums(
                rows, trees.columns, trees.limits, trees.leaves
            )
            assert (direction * change > -0.01).all()


ROOT = Path(__file__).resolve().parents[2]
SOURCE_DATA = ROOT.parent / "shared" / "data"


@pytest.mark.slow
@pytest.mark.skipif(not SOURCE_DATA.is_dir(), reason="the source data is not at ../shared/data")
def test_the_shipped_trees_are_trained_again_byte_for_byte(tmp_path: Path) -> None:
    script = [
        sys.executable,
        str(ROOT / "classifiers" / "noise" / "train.py"),
        str(SOURCE_DATA),
        "--out",
        str(tmp_path),
    ]
    subprocess.run(script, check=True, cwd=ROOT)
    assert (tmp_path / "model.json").read_bytes() == JUDGE.model.verified()
