"""Settings of training are checked when they are made, and loading them loads no torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from curate.train.settings import Train


def test_settings_load_no_torch() -> None:
    code = (
        "import curate.train.settings, sys; "
        "print([name for name in ('torch', 'ray', 'transformers') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"steps": 0}, "steps is 0; expected 1 or more"),
        ({"learning_rate": -1.0}, "learning_rate is -1.0; expected a number above 0"),
        ({"clip": float("nan")}, "clip is nan"),
        ({"beta2": 1.0}, "beta2 is 1.0"),
        ({"floor": 2.0}, "floor is 2.0"),
        ({"device": "tpu"}, "expected auto or cpu or cuda"),
        ({"threads": 0}, "threads is 0"),
        ({"tune": "half"}, "expected auto or full or lora or qlora"),
        ({"steps": 3, "epochs": 1.0}, "both say how long"),
        ({"batch_ramp": 4}, "give batch_start as well"),
        ({"general_drop_max": -1.0}, "general_drop_max is -1.0; expected 0 or more"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Train(**wrong)  # type: ignore[arg-type]
