"""Exports read back by the libraries that they are for, each in an environment of its own: `make test-exports`.

A mix of text and one of dialogues are made of the tests' documents, exported to every format, and read: TRL, ms-swift
and LLaMA-Factory train two steps on them, Megatron reads its index, and what each made of a document is held against
what Curate has. Then the chat templates that TRL carries, those of the models themselves, are held against
transformers. Prints machine, versions and date; ends with 1 where anything differs.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import polars as pl
import torch
import transformers

from curate.mix.export.export import export
from curate.mix.export.settings import Export
from curate.mix.reader import MixReader
from performance.exports.environments import HOME, LIBRARIES, read
from performance.exports.templates import compared
from tests.mix.export.mixes import run_of

FAILED: list[str] = []


def main() -> None:
    print(f"{date.today()}  {platform.processor() or platform.machine()}, Python {platform.python_version()}, "
          f"transformers {transformers.__version__}, torch {torch.__version__}")  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        runs = {task: run_of(work / task, task) for task in ("pt", "sft")}
        model = tiny(work, runs["sft"] / "tokenizer")
        for library in LIBRARIES:
            to = {"llamafactory": "llama-factory", "megatron-core": "megatron"}.get(library.name, library.name)
            given: dict[str, Any] = {"model": str(model)}
            for task in ("pt",) if to == "megatron" else ("pt", "sft"):
                given[task] = str(work / f"{to}-{task}")
                export(runs[task], Export(to=to, model=str(model), template="qwen3"), given[task])
            if to == "llama-factory":
                given["alpaca"] = str(work / "alpaca")
                export(runs["sft"], Export(to=to, model=str(model), template="qwen3", shape="alpaca"), given["alpaca"])
            said = read(library, given, work)
            if isinstance(said, str):
                FAILED.append(library.name)
                print(f"{library.package}: {said}")
                continue
            print(f"{library.package}:", CHECKS[library.name](said, given, runs))
    print(compared(HOME / "trl", FAILED))
    if FAILED:
        sys.exit(f"differs: {', '.join(FAILED)}")


def tiny(work: Path, tokenizer: Path) -> Path:
    """A Qwen 3 of 100,000 parameters with the mix's tokenizer."""
    place = work / "model"
    loaded = transformers.AutoTokenizer.from_pretrained(tokenizer)
    config = transformers.Qwen3Config(
        vocab_size=len(loaded), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, max_position_embeddings=2048, eos_token_id=loaded.eos_token_id,
        pad_token_id=loaded.pad_token_id, bos_token_id=None, tie_word_embeddings=True,
    )  # fmt: skip
    torch.manual_seed(0)
    transformers.Qwen3ForCausalLM(config).save_pretrained(place)
    loaded.save_pretrained(place)
    return place


def check(name: str, right: bool) -> str:
    if not right:
        FAILED.append(name)
    return f"{name} {'✓' if right else 'DIFFERS'}"


def drawn(run: Path) -> list[dict[str, Any]]:
    """The documents that the mix reads, each as often, with channel."""
    kept = pl.concat([pl.read_parquet(path) for path in sorted((run / "kept").glob("*.parquet"))])
    docs = pl.concat(
        pl.read_parquet(path)
        .filter(pl.col("split") == "train")
        .select("doc_id", "epochs", pl.lit(path.stem).alias("channel"))
        for path in sorted((run / "mix" / "docs").glob("*.parquet"))
    )
    rows = kept.join(docs, on="doc_id").to_dicts()
    return [row for row in rows for _ in range(row["epochs"])]


def of_trl(said: dict[str, Any], given: dict[str, Any], runs: dict[str, Path]) -> str:
    """Its trainer's tokens are those of the mix, document by document (for text with its end token)."""
    out = []
    for task in ("pt", "sft"):
        reader = MixReader(runs[task] / "mix")
        expected: Counter[tuple[int, ...]] = Counter()
        for channel in reader.plan.channels:
            docs = reader.docs(channel.name).filter(pl.col("split") == "train")
            ids = reader._file("tokens", channel.name, False)
            for offset, length, epochs in docs.select("offset", "length", "epochs").rows():
                tokens = ids[offset : offset + length].tolist()
                if task == "pt":  # TRL ends a text with the model's own end token, a mix with the tokenizer's
                    tokens = tokens[:-1]
                expected[tuple(tokens[:1000])] += epochs
        found: Counter[tuple[int, ...]] = Counter()
        for ids in said[task]["ids"]:
            found[tuple((ids[:-1] if task == "pt" and len(ids) < 1024 else ids)[:1000])] += 1
        out.append(check(f"trl {task}: tokens of {said[task]['rows']} documents", found == expected))
        out.append(check(f"trl {task}: 2 steps", len(said[task]["losses"]) == 2))
    return "; ".join(out)


def of_llama_factory(said: dict[str, Any], given: dict[str, Any], runs: dict[str, Path]) -> str:
    """It reads every document, learns the answers and only those, and its configuration trains."""
    out = []
    for task in ("sft", "alpaca"):
        files = json.loads(Path(given[task], "dataset_info.json").read_bytes())
        rows = sum(len(Path(given[task], one["file_name"]).read_text().splitlines())
                   for name, one in files.items() if not name.endswith("_heldout"))  # fmt: skip
        out.append(check(f"llama-factory {task}: {rows} rows", said[task]["rows"] == rows))
        last = [row["messages"][-1]["content"] for row in drawn(runs["sft"]) if not row["messages"][-1]["tool_calls"]]
        known = {text.strip() for text in last}
        ends = [learned.split("</think>")[-1].replace("<|im_end|>", "").strip() for _, learned in said[task]["texts"]]
        out.append(
            check(
                f"llama-factory {task}: the last answers are learned",
                all(any(e.endswith(k) for k in known) for e in ends),
            )
        )
    for task in ("pt", "sft", "alpaca"):
        out.append(check(f"llama-factory {task}: 2 steps", said[task]["steps"] == 2))
    return "; ".join(out)


def of_ms_swift(said: dict[str, Any], given: dict[str, Any], runs: dict[str, Path]) -> str:
    """The ready command trains, and shows a loss for each channel."""
    out = []
    for task in ("pt", "sft"):
        losses = said[task]["losses"]
        channels = {name.removeprefix("loss_") for one in losses for name in one if name.startswith("loss_")}
        known = set(MixReader(runs[task] / "mix").plan.drawn)
        out.append(check(f"ms-swift {task}: 2 steps", len(losses) >= 2))
        out.append(
            check(f"ms-swift {task}: channels {', '.join(sorted(channels))}", bool(channels) and channels <= known)
        )
    return "; ".join(out)


def of_megatron(said: dict[str, Any], given: dict[str, Any], runs: dict[str, Path]) -> str:
    """Its own reader finds every drawn document's tokens."""
    reader, right, documents = MixReader(runs["pt"] / "mix"), True, 0
    for channel in reader.plan.channels:
        docs = reader.docs(channel.name).filter(pl.col("split") == "train")
        ids = reader._file("tokens", channel.name, False)
        expected = [ids[offset : offset + length].tolist() for offset, length in docs.select("offset", "length").rows()]
        found = said["channels"][channel.name]
        right &= found["documents"] == expected and found["bounds"] == list(range(len(expected) + 1))
        documents += len(expected)
    return check(f"megatron: tokens of {documents} documents", right)


CHECKS = {"trl": of_trl, "ms-swift": of_ms_swift, "llamafactory": of_llama_factory, "megatron-core": of_megatron}

if __name__ == "__main__":
    main()
