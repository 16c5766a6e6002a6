"""Exports, read back in this environment; the trainers' own libraries read them in `make test-exports`."""

from __future__ import annotations

import json
import struct
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from click.testing import CliRunner
from datasets import load_dataset

from curate.cli import main
from curate.engine import Inline
from curate.mix.export.export import export
from curate.mix.export.settings import FORMATS, Export, ExportRefused
from curate.mix.reader import MixReader
from curate.publish.settings import Version
from curate.publish.version import publish
from tests.mix import kept
from tests.mix.export.mixes import run_of


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_of(tmp_path_factory.mktemp("text"), "pt")


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_of(tmp_path_factory.mktemp("talk"), "sft")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def readings(run: Path) -> dict[str, Counter[str]]:
    """How often the mix reads each text, by channel."""
    texts = dict(zip(*(pl.concat([kept_docs(run)])[name] for name in ("doc_id", "text")), strict=True))
    out = {}
    for table in sorted((run / "mix" / "docs").glob("*.parquet")):
        docs = pl.read_parquet(table).filter(pl.col("split") == "train")
        out[table.stem] = Counter({texts[one]: epochs for one, epochs in docs.select("doc_id", "epochs").rows()})
    return out


def kept_docs(run: Path) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted((run / "kept").glob("*.parquet"))])


@pytest.mark.parametrize("to", ["trl", "llama-factory"])
def test_the_files_hold_each_text_as_often_as_the_mix_reads_it(text: Path, tmp_path: Path, to: str) -> None:
    export(text, Export(to=to), tmp_path / "out")
    expected = readings(text)
    assert max(expected["medquad"].values()) > 1
    for channel, texts in expected.items():
        found = [row["text"] for row in lines(tmp_path / "out" / "data" / f"{channel}.jsonl")]
        assert Counter(found) == texts
        half = len(set(found))
        assert len(set(found[:half])) == half  # a pass is over before the next begins
    said = json.loads((tmp_path / "out" / "export.json").read_bytes())
    assert said["channels"]["medquad"]["readings"] == sum(expected["medquad"].values())


def test_what_is_held_out_is_in_files_of_its_own(text: Path, tmp_path: Path) -> None:
    export(text, Export(to="ms-swift"), tmp_path / "out")
    for channel in readings(text):
        train = {row["messages"][0]["content"] for row in lines(tmp_path / "out" / "data" / f"{channel}.jsonl")}
        held = tmp_path / "out" / "data" / f"{channel}.heldout.jsonl"
        assert held.is_file() and not train & {row["messages"][0]["content"] for row in lines(held)}
        assert all(row["channel"] == channel for row in lines(held))


def test_hugging_face_reads_documents_and_rows(talk: Path, tmp_path: Path) -> None:
    export(talk, Export(to="hf"), tmp_path / "out")
    documents = load_dataset(str(tmp_path / "out"), "documents", cache_dir=str(tmp_path / "cache"))
    rows = load_dataset(str(tmp_path / "out"), "tokens", cache_dir=str(tmp_path / "cache"))
    reader = MixReader(talk / "mix")
    assert len(rows["train"]) == len(reader) and "validation" in rows
    for index in range(len(reader)):
        row, said = reader.row(index), rows["train"][index]
        assert said["input_ids"] == row.input_ids[: row.length].tolist()
        learned = [label for label in said["labels"] if label != -100]
        assert learned == row.input_ids[row.loss_mask].tolist() and said["channel"] == row.channel
        assert said["position_ids"] == row.position_ids[: row.length].tolist()
    calling = next(one for one in documents["train"] if one["messages"][0]["role"] == "system")
    assert calling["messages"][2]["tool_calls"][0]["function"]["arguments"] == '{"city": "北京"}'
    assert calling["messages"][2]["reasoning_content"] == "要查" and json.loads(calling["tools"])
    drawn = sum(len(docs.filter(pl.col("split") == "train")) for docs in map(reader.docs, readings(talk)))
    assert len(documents["train"]) == drawn


def test_llama_factory_is_told_of_each_file_and_has_a_configuration(talk: Path, tmp_path: Path) -> None:
    made = export(talk, Export(to="llama-factory", model="Qwen/Qwen3-8B"), tmp_path / "out")
    info = json.loads((tmp_path / "out" / "dataset_info.json").read_bytes())
    config = yaml.safe_load((tmp_path / "out" / "train.yaml").read_text())
    assert set(config["dataset"].split(",") + config["eval_dataset"].split(",")) == set(info)
    assert config["template"] == "qwen3" and config["stage"] == "sft" and config["cutoff_len"] == 1024
    turns = [row["conversations"] for one in info.values() for row in lines(tmp_path / "out" / one["file_name"])]
    assert turns and all(
        [turn["from"] in ("gpt", "function_call") for turn in talk] == [bool(at % 2) for at in range(len(talk))]
        for talk in turns
    )
    calls = [turn["value"] for talk in turns for turn in talk if turn["from"] == "function_call"]
    assert calls and all(
        call == '<think>\n要查\n</think>\n\n{"name": "weather", "arguments": {"city": "北京"}}' for call in calls
    )
    assert set(made.tally.left_out) == {"speaks_and_calls_in_one_turn"}  # ShareGPT has no words for it
    drawn = sum(sum(texts.values()) for texts in readings(talk).values())
    held = sum(made.tally.held_out.values())
    assert sum(made.tally.readings.values()) + held + made.tally.left_out.total() == drawn + held
    assert any("speaks and calls in one turn" in line for line in made.lines)


def test_alpaca_has_history_and_no_tools(talk: Path, tmp_path: Path) -> None:
    made = export(talk, Export(to="llama-factory", shape="alpaca"), tmp_path / "out")
    rows = lines(tmp_path / "out" / "data" / "gsm8k.jsonl")
    assert rows and set(rows[0]) == {"instruction", "input", "output", "system", "history"}
    assert made.tally.left_out["tools_have_no_place_in_alpaca"]


def test_swift_says_calls_as_turns_of_their_own(talk: Path, tmp_path: Path) -> None:
    made = export(talk, Export(to="ms-swift", model="/models/My Model"), tmp_path / "out")
    rows = [row for path in sorted((tmp_path / "out" / "data").glob("*.jsonl")) for row in lines(path)]
    calling = next(row for row in rows if row["messages"][0]["role"] == "system")
    assert [turn["role"] for turn in calling["messages"]] == [
        *("system", "user", "assistant", "tool_call", "tool_response", "assistant")
    ]
    assert calling["messages"][2]["content"] == "<think>\n要查\n</think>\n\n"
    assert json.loads(calling["messages"][3]["content"]) == {"name": "weather", "arguments": {"city": "北京"}}
    assert not made.tally.left_out and "--model '/models/My Model'" in (tmp_path / "out" / "train.sh").read_text()


def test_megatron_reads_lengths_pointers_and_tokens_as_its_index_says(text: Path, tmp_path: Path) -> None:
    export(text, Export(to="megatron"), tmp_path / "out")
    reader = MixReader(text / "mix")
    for channel in readings(text):
        index = (tmp_path / "out" / f"{channel}.idx").read_bytes()
        assert index[:9] == b"MMIDIDX\x00\x00"
        version, code, sequences, documents = struct.unpack_from("<QBQQ", index, 9)
        assert (version, code, documents) == (1, 8, sequences + 1)
        lengths = np.frombuffer(index, "<i4", sequences, 34)
        pointers = np.frombuffer(index, "<i8", sequences, 34 + 4 * sequences)
        assert np.frombuffer(index, "<i8", documents, 34 + 12 * sequences).tolist() == list(range(documents))
        tokens = np.fromfile(tmp_path / "out" / f"{channel}.bin", "<u2")
        docs = reader.docs(channel).filter(pl.col("split") == "train")
        assert lengths.tolist() == docs["length"].to_list() and len(tokens) == lengths.sum()
        assert (tokens[pointers // 2 + lengths - 1] == reader.plan.end_id).all()
    blend = json.loads((tmp_path / "out" / "blend.json").read_bytes())
    drawn = {name: interval.tokens for name, interval in reader.plan.drawn.items()}
    assert blend["tokens"] == drawn
    assert blend["weights"] == {name: round(one / sum(drawn.values()), 8) for name, one in drawn.items()}


def test_megatron_refuses_what_it_would_learn_whole(talk: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportRefused, match="no place for what is supervised"):
        export(talk, Export(to="megatron"), tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_passages_name_where_they_stand(text: Path, tmp_path: Path) -> None:
    export(text, Export(to="passages", size=120, overlap=20), tmp_path / "out")
    texts = dict(zip(*(kept_docs(text)[name] for name in ("doc_id", "text")), strict=True))
    rows = lines(tmp_path / "out" / "passages.jsonl")
    assert len({row["id"] for row in rows}) == len(rows) > len(texts) / 2
    for row in rows:
        assert row["text"] == texts[row["doc_id"]][row["start"] : row["end"]]
        assert row["tokens"] <= 120 and row["source"] and "license" in row


@pytest.mark.parametrize("to", FORMATS)
def test_the_same_mix_gives_the_same_bytes(text: Path, tmp_path: Path, to: str) -> None:
    for name in ("a", "b"):
        export(text, Export(to=to), tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert files and all((tmp_path / "a" / one).read_bytes() == (tmp_path / "b" / one).read_bytes() for one in files)


def test_a_run_without_a_mix_gives_all_that_was_kept(tmp_path: Path) -> None:
    docs = pl.concat([kept.documents("prose"), kept.documents("dialogue")])
    kept.shards(tmp_path / "run" / "kept", docs, [20])
    made = export(tmp_path / "run", Export(to="trl", task="pt"), tmp_path / "out")
    assert sum(made.tally.readings.values()) == docs.height
    made = export(tmp_path / "run", Export(to="trl"), tmp_path / "talks")  # there are dialogues: of those
    assert made.tally.left_out == {"not_a_dialogue": kept.documents("prose").height}
    with pytest.raises(ExportRefused, match="no tokenizer to count with: say --unit characters"):
        export(tmp_path / "run", Export(to="passages"), tmp_path / "passages")


def test_the_command_says_what_it_wrote_and_refuses_in_words(text: Path, tmp_path: Path) -> None:
    arguments = ["export", str(text), "--to", "trl", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(main, arguments)
    assert (
        done.exit_code == 0 and "medquad: " in done.output and "read " in done.output and "load_dataset" in done.output
    )
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 2 and "is there already" in again.output
    nothing = CliRunner().invoke(main, ["export", str(tmp_path), "--to", "trl", "--out", str(tmp_path / "x")])
    assert nothing.exit_code == 2 and "is no mix (plan.json), no run (kept/)" in nothing.output
    alone = tmp_path / "alone"
    alone.symlink_to(text / "mix")
    (tmp_path / "moved").mkdir()
    apart = CliRunner().invoke(
        main,
        ["export", str(text / "mix"), "--to", "trl", "--out", str(tmp_path / "y"), "--kept", str(tmp_path / "moved")],
    )
    assert apart.exit_code == 2 and "name the folder with its documents with --kept" in apart.output


def test_a_version_of_a_mix_gives_each_document_as_often_as_the_mix(text: Path, tmp_path: Path) -> None:
    shards = [str(path) for path in sorted((text / "kept").glob("*.parquet"))]
    publish(Version(name="v", title="v"), shards, str(text / "mix"), str(tmp_path / "version"), {}, Inline())
    export(tmp_path / "version", Export(to="trl"), tmp_path / "out")
    for channel, texts in readings(text).items():
        found = [row["text"] for row in lines(tmp_path / "out" / "data" / f"{channel}.jsonl")]
        assert Counter(found) == texts
