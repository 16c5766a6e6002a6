"""Training a judge: the same file twice, in any environment, or none."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from curate.classifier.scores import Scores
from curate.classifier.train import NotReproducible, NotTrainable, Training, TrainingFailed, train
from tests.classifier.texts import BOILERPLATE, REAL

SMALL = Training(dim=4, buckets=2_000, epochs=20, learning_rate=0.5, min_count=1)
TEXTS = [text for pair in zip(BOILERPLATE.values(), REAL.values(), strict=False) for text in pair] * 3
LABELS = [("noise", "clean")[number % 2] for number in range(len(TEXTS))]


def test_a_trained_judge_tells_its_two_kinds_apart(tmp_path: Path) -> None:
    model = train(TEXTS, LABELS, tmp_path / "model.ftz", SMALL)
    found = Scores(model=model, labels=("clean",))(pl.Series(TEXTS)) > 0.5
    assert found.to_list() == [label == "clean" for label in LABELS]


def test_a_judge_may_have_any_number_of_labels(tmp_path: Path) -> None:
    labels = ["law", "news", "verse"] * (len(TEXTS) // 3)
    model = train(TEXTS[: len(labels)], labels, tmp_path / "model.ftz", SMALL)
    each = [Scores(model=model, labels=(label,))(pl.Series(TEXTS)) for label in ("law", "news", "verse")]
    assert ((each[0] + each[1] + each[2] - 1).abs() < 1e-9).all()
    two = Scores(model=model, labels=("law", "verse"))(pl.Series(TEXTS))
    assert ((each[0] + each[2] - two).abs() < 1e-9).all()


def test_training_again_gives_the_same_bytes(tmp_path: Path) -> None:
    one = train(TEXTS, LABELS, tmp_path / "one.ftz", SMALL)
    assert train(TEXTS, LABELS, tmp_path / "two.ftz", SMALL).sha256 == one.sha256
    assert train(TEXTS, LABELS, tmp_path / "three.ftz", replace(SMALL, seed=2)).sha256 != one.sha256


def test_training_in_another_environment_gives_the_same_bytes(tmp_path: Path) -> None:
    one = train(TEXTS, LABELS, tmp_path / "one.ftz", SMALL)
    code = (
        "from pathlib import Path; from curate.classifier.train import train; import sys\n"
        "from tests.classifier.test_train_judge import *; train(TEXTS, LABELS, Path(sys.argv[1]), SMALL)"
    )
    strange = {
        "PYTHONHASHSEED": "4",
        "LC_ALL": "C",
        "OMP_NUM_THREADS": "7",
        "MALLOC_PERTURB_": "17",
        "TZ": "Asia/Tokyo",
    }
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "two.ftz")],
        env={**os.environ, **strange},
        cwd=Path(__file__).resolve().parents[2],
        check=True,
    )
    assert (tmp_path / "two.ftz").read_bytes() == one.path.read_bytes()


def test_two_trainings_that_differ_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fastText that writes the number of its process into the model stands for one that reads stray memory."""
    real = tmp_path / "fasttext"
    real.mkdir()
    (real / "__init__.py").write_text(
        "import os, numpy as np\n"
        "class Model:\n"
        "    def get_input_matrix(self): return np.zeros((2, 2))\n"
        "    get_output_matrix = get_input_matrix\n"
        "    def quantize(self, **_): pass\n"
        "    def save_model(self, path): open(path, 'w').write(str(os.getpid()))\n"
        "def train_supervised(**_): return Model()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(NotReproducible, match="two trainings"):
        train(TEXTS, LABELS, tmp_path / "model.ftz", SMALL)
    assert not (tmp_path / "model.ftz").exists()


def test_a_training_that_runs_away_leaves_no_model(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match=r"NaN|learning rate"):
        train(TEXTS, LABELS, tmp_path / "model.ftz", replace(SMALL, learning_rate=1e30))
    assert not (tmp_path / "model.ftz").exists()


def test_labels_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotTrainable, match="one label to each"):
        train(TEXTS, LABELS[1:], tmp_path / "model.ftz", SMALL)
    with pytest.raises(NotTrainable, match="at least two kinds"):
        train(TEXTS, ["clean"] * len(TEXTS), tmp_path / "model.ftz", SMALL)
    with pytest.raises(NotTrainable, match="'two words'"):
        train(TEXTS, ["clean", "two words"] * (len(TEXTS) // 2), tmp_path / "model.ftz", SMALL)
