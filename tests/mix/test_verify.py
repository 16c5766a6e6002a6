"""Whatever byte of a mix is altered after it was written, somebody notices before a model is trained on it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from curate.cli import main
from curate.engine import Inline
from curate.mix.build import build, replan
from curate.mix.export.export import export
from curate.mix.export.settings import Export
from curate.mix.reader import MixReader
from curate.mix.seal import MixChanged
from curate.mix.settings import Mix
from curate.mix.verify import verified
from curate.train.loop import train
from curate.train.settings import Train
from tests.mix import kept


@pytest.fixture(scope="module")
def mixes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verified")
    for stage, kind in (("pt", "prose"), ("sft", "dialogue")):
        shards = kept.shards(folder / stage / "kept", kept.documents(kind), [])
        build(wish(folder, stage), shards, str(folder / stage / "mix"), Inline())
    return folder


def wish(folder: Path, stage: str) -> Mix:
    return Mix(tokenizer=kept.tokenizer(folder), stage=stage)


def verify(folder: Path) -> tuple[int, str]:
    said = CliRunner().invoke(main, ["verify", str(folder)])
    return said.exit_code, said.output


FILES = [
    ("pt", "tokens/poetry.bin"),
    ("pt", "tokens/poetry.heldout.bin"),
    ("pt", "docs/poetry.parquet"),
    ("pt", "plan.json"),
    ("pt", "report.json"),
    ("pt", "tokenizer.json"),
    ("sft", "masks/gsm8k.bin"),
    ("sft", "spans.parquet"),
    ("sft", "chat_template.jinja"),
]


@pytest.mark.parametrize(("stage", "name"), FILES)
def test_one_altered_bit_is_noticed_by_whoever_reads_the_mix(
    mixes: Path, tmp_path: Path, stage: str, name: str
) -> None:
    shutil.copytree(mixes / stage, tmp_path / stage)
    mix = tmp_path / stage / "mix"
    data = bytearray((mix / name).read_bytes())
    data[len(data) // 2] ^= 1
    (mix / name).write_bytes(data)
    named = name.rsplit("/", maxsplit=1)[-1]
    code, said = verify(mix)
    assert code == 2 and named in said, said
    with pytest.raises(ValueError, match=named):
        replan(wish(mixes, stage), str(mix), str(tmp_path / "other"))
    with pytest.raises(ValueError, match=named):
        export(mix, Export(to="hf"), tmp_path / "export")
    with pytest.raises(ValueError, match=named):
        train(Train(model="tiny", steps=1), mix, tmp_path / "trained", lambda line: None)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "trained") == [stage]


def test_a_mix_that_is_as_it_was_passes_and_its_report_is_given(mixes: Path) -> None:
    assert verified(mixes / "pt" / "mix")["stage"] == "pt"
    code, said = verify(mixes / "sft" / "mix")
    assert code == 0 and "files are what they were" in said


@pytest.mark.parametrize("name", ["docs/poetry.parquet", "report.json"])
def test_a_file_that_is_gone_is_named(mixes: Path, tmp_path: Path, name: str) -> None:
    mix = Path(shutil.copytree(mixes / "pt" / "mix", tmp_path / "mix"))
    (mix / name).unlink()
    with pytest.raises(MixChanged, match=rf"{name.rsplit('/', maxsplit=1)[-1]} is missing"):
        verified(mix)


def test_tokens_that_were_cut_off_are_not_read(mixes: Path, tmp_path: Path) -> None:
    """Rows are read without a look at the end of the file: it is looked at when the file is opened."""
    mix = Path(shutil.copytree(mixes / "pt" / "mix", tmp_path / "mix"))
    path = mix / "tokens" / "history.bin"
    path.write_bytes(path.read_bytes()[:-2000])
    reader = MixReader(mix)
    with pytest.raises(MixChanged, match=r"history.bin holds \d+ tokens, the plan reads \d+"):
        list(map(reader.row, range(len(reader))))
