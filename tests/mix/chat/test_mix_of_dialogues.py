"""A mix of dialogues by a model's own template: what it holds, what it leaves out, what its tokens are kept by."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tokenizers import Tokenizer

from curate.engine import Inline
from curate.mix.build import build
from curate.mix.chat.template import ChatTemplate
from curate.mix.count import LEFT_OUT
from curate.mix.reader import MixReader
from curate.mix.settings import Mix, MixRefused
from curate.mix.tokenised import tokenised
from tests.mix import kept
from tests.mix.chat.formats import FORMATS, text_of, tokenizer_of, turn


def mix_of(folder: Path, name: str, **more: object) -> Mix:
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer.json").write_text(tokenizer_of(name))
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": text_of(name), **FORMATS[name][1]}))
    template = ChatTemplate.of(folder)
    return Mix(tokenizer=folder, stage="sft", template=template, row_length=2048, held_out=0.0)  # type: ignore[arg-type]


def dialogues(system_in: int) -> pl.DataFrame:
    """The dialogues of the tests, the first `system_in` with a turn of the system."""
    docs = kept.documents("dialogue")
    messages = docs["messages"].to_list()
    for number in range(system_in):
        messages[number] = [turn("system", "你是医生。"), *messages[number]]
    return docs.with_columns(pl.Series("messages", messages, docs.schema["messages"]))


def test_what_the_template_refuses_has_a_row_with_the_reason_and_is_counted(tmp_path: Path) -> None:
    shards = kept.shards(tmp_path / "kept", dialogues(7), [30])
    report = build(mix_of(tmp_path / "model", "gemma"), shards, str(tmp_path / "mix"), Inline())
    docs = pl.concat([pl.read_parquet(path) for path in (tmp_path / "mix" / "docs").glob("*.parquet")])
    refused = docs.filter(pl.col("split") == "template_refuses")
    assert refused.height == report.left_out["template_refuses"] == 7
    assert set(refused["doc_id"]) == set(dialogues(7)["doc_id"][:7])
    assert any("7 documents left out: each is refused by the chat template" in line for line in report.warnings)
    assert "template_refuses" in LEFT_OUT


def test_a_template_that_refuses_all_refuses_the_mix_and_says_why(tmp_path: Path) -> None:
    docs = dialogues(0).filter(pl.col("role") == "domain")
    docs = docs.with_columns(role=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("general")).otherwise("role"))
    messages = pl.Series(
        "messages", [[turn("system", "s"), *one] for one in docs["messages"].to_list()], docs.schema["messages"]
    )
    shards = kept.shards(tmp_path / "kept", docs.with_columns(messages), [])
    with pytest.raises(MixRefused, match="left out: each is refused by the chat template"):
        build(mix_of(tmp_path / "model", "gemma"), shards, str(tmp_path / "mix"), Inline())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("mistral", "refuses a question and its answer: 'eos_token' is undefined.*tokenizer_config.json"),
        ("gemma", "writes <start_of_turn>, which is no token of the tokenizer"),
        ("llama3", r"writes <\|start_header_id\|>, which is no token of the tokenizer"),
    ],
)
def test_a_template_without_its_folder_is_refused_with_what_it_lacks(tmp_path: Path, name: str, says: str) -> None:
    template = tmp_path / "template.jinja"
    template.write_text(text_of(name))
    mix = Mix(stage="sft", tokenizer=kept.tokenizer(tmp_path), template=ChatTemplate.of(template))
    with pytest.raises(MixRefused, match=says):
        build(mix, [], str(tmp_path / "mix"), Inline())


def test_plan_and_folder_name_the_template_and_supervised_tokens_are_exact(tmp_path: Path) -> None:
    mix = mix_of(tmp_path / "model", "qwen3")
    shards = kept.shards(tmp_path / "kept", dialogues(0), [10])
    build(mix, shards, str(tmp_path / "mix"), Inline())
    reader = MixReader(tmp_path / "mix")
    assert reader.plan.template == {"name": "model", "sha256": mix.template.digest()}
    assert (tmp_path / "mix" / "chat_template.jinja").read_text() == text_of("qwen3")
    plain = Tokenizer.from_str(tokenizer_of("qwen3"))
    for channel, interval in reader.plan.drawn.items():
        docs = reader.docs(channel)
        tokens = np.fromfile(tmp_path / "mix" / "tokens" / f"{channel}.bin", f"<{reader.plan.token_type}")
        mask = np.fromfile(tmp_path / "mix" / "masks" / f"{channel}.bin", np.uint8)
        drawn = docs.filter(pl.col("split") == "train")
        assert interval.supervised == drawn["supervised"].sum()
        for offset, length, supervised, control in drawn.select("offset", "length", "supervised", "control").rows():
            ids, learned = tokens[offset : offset + length], mask[offset : offset + length]
            assert np.count_nonzero(learned) == supervised
            names = [plain.id_to_token(int(one)) for one in ids]
            assert sum(name in FORMATS["qwen3"][0] or name.startswith("<|im_") for name in names) == control
            assert plain.decode(ids[learned == 2].tolist(), skip_special_tokens=False).startswith("<think>\n\n</think>")


def test_tokens_are_kept_by_what_the_template_says(tmp_path: Path) -> None:
    (shard,) = kept.shards(tmp_path / "kept", dialogues(0)[:10], [])
    mix, cache = mix_of(tmp_path / "model", "qwen3"), tmp_path / "tokens"
    settled = ChatTemplate.of(tmp_path / "model", enable_thinking=False)
    for number, settings in enumerate([mix, replace(mix, template=settled), replace(mix, row_length=512)], 1):
        list(tokenised(shard, settings, str(cache)))
        assert len(list(cache.iterdir())) == min(number, 2)
