"""The trainer's speed, memory and precision, beside transformers' own loop.

    python performance/trainer.py [--parts speed peer channels checkpoints lora precision] [--shapes 0.6B 1.7B]
                                  [--seconds 60] [--tiny]

A mix of synthetic documents (words drawn by Zipf's law, lengths log-normal around 900 tokens, two sources) is built by
Curate's own builder with the vocabulary of Qwen3 (151,936 tokens), in rows of 4,096. Models have Qwen3's shapes and
random weights. Each part takes about --seconds for each shape, compiling left out; all of them together fit 25 minutes
on one GPU of the size of an H200.

speed: steps as `curate train` makes them, documents masked and losses added up by document and channel: tokens a
second, MFU (the formula is printed; attention counted within documents, causal), waiting for data, memory. Also the MFU
by PaLM's formula, which counts attention over whole rows: what others print, and more than is computed. peer: the same
model, rows and batch in transformers' Trainer (bf16, compiled, fused AdamW, positions that restart, so documents are
masked there too), and without any masks (rows as one document): its best case. torchtitan where it is installed.
channels: the cost of adding up by document and channel: steps with and without, by turns. checkpoints: the share of the
time for which steps wait when one is written every 25 steps. lora: Qwen3's shape of 8 B in bf16 with LoRA on all linear
layers: memory at most against the estimate, tokens a second. precision: 50 steps in bf16 and in fp32 from the same
weights on the same rows: how far the losses are apart. --tiny: everything small, on whatever there is: that the script
runs.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import importlib.util
import json
import os
import platform
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import polars as pl
import torch
from transformers import AutoModelForCausalLM, Qwen3Config, Trainer, TrainingArguments

from curate.document import COLUMNS, content_hash, doc_id
from curate.engine import Inline
from curate.mix.build import build
from curate.mix.settings import Mix
from curate.mix.vocabulary import train_tokenizer
from curate.stage import Asset
from curate.train import setup as setups
from curate.train.checkpoint import Checkpoints
from curate.train.data import Rows
from curate.train.feed import Feed
from curate.train.hooks import Alone, NothingSkipped, OnlyFinite
from curate.train.learner import Learner
from curate.train.model import parameters
from curate.train.settings import Train
from curate.train.setup import Setup, look, reach, set_up
from curate.train.shape import Shape, peak
from curate.train.step import forget, made, update
from curate.train.steps import Done, Steps
from curate.train.tune import adapted

VOCABULARY = 151_936
SHAPES: dict[str, dict[str, Any]] = {
    "0.6B": dict(hidden_size=1024, intermediate_size=3072, num_hidden_layers=28, num_attention_heads=16,
                 num_key_value_heads=8, head_dim=128, tie_word_embeddings=True),
    "1.7B": dict(hidden_size=2048, intermediate_size=6144, num_hidden_layers=28, num_attention_heads=16,
                 num_key_value_heads=8, head_dim=128, tie_word_embeddings=True),
    "8B": dict(hidden_size=4096, intermediate_size=12288, num_hidden_layers=36, num_attention_heads=32,
               num_key_value_heads=8, head_dim=128, tie_word_embeddings=False),
    "tiny": dict(hidden_size=64, intermediate_size=192, num_hidden_layers=2, num_attention_heads=4,
                 num_key_value_heads=2, head_dim=16, tie_word_embeddings=True),
}  # fmt: skip
PARTS = ("speed", "peer", "channels", "checkpoints", "lora", "precision")
WARM = 5  # steps before a clock runs: the first ones compile and fill the allocator
GPU = torch.cuda.is_available()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--shapes", nargs="+", choices=[*SHAPES], default=None)
    parser.add_argument("--seconds", type=float, default=60, help="of each part and shape, compiling left out")
    parser.add_argument("--rows", type=int, default=None, help="rows of a step (default: 16, tiny 4)")
    parser.add_argument("--attention", default="auto")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--mix", type=Path, help="a mix that is there already, in place of a synthetic one")
    asked = parser.parse_args()
    about()
    shapes = asked.shapes or (["tiny"] if asked.tiny else ["0.6B", "1.7B"])
    rows = asked.rows or (4 if asked.tiny else 16)
    with tempfile.TemporaryDirectory(prefix="trainer-") as folder:
        began = time.monotonic()
        mix = asked.mix or synthetic(Path(folder), tiny=asked.tiny)
        found = Rows(mix)
        print(f"mix: {len(found):,} rows of {found.length:,} tokens, {reach(found):,.0f} attended to on average, "
              f"built in {time.monotonic() - began:.0f} s\n", flush=True)  # fmt: skip
        for part in asked.parts:
            if part == "lora":
                lora(found, "tiny" if asked.tiny else "8B", asked.seconds)
                continue
            for shape in shapes:
                config = Path(folder) / shape / "config.json"
                if not config.is_file():
                    made_of = Qwen3Config(vocab_size=VOCABULARY, max_position_embeddings=40_960, **SHAPES[shape])
                    made_of.save_pretrained(config.parent)
                print(f"== {part}, {shape}", flush=True)
                settings = Train(
                    model=str(config),
                    batch=rows,
                    steps=10**6,
                    warmup=100,
                    learning_rate=3e-4,
                    attention=asked.attention,
                )
                run = {"speed": speed, "peer": peer, "channels": channels, "checkpoints": checkpoints,
                       "precision": precision}[part]  # fmt: skip
                run(settings, found, asked.seconds, Path(folder))
                released()


def about() -> None:
    """Machine, versions, date."""
    device = torch.device("cuda") if GPU else torch.device("cpu")
    most, source = peak(device)
    names = ("torch", "transformers", "peft", "triton", "numpy", "polars")
    versions = {name: importlib.metadata.version(name) for name in names if importlib.util.find_spec(name)}
    machine = (
        torch.cuda.get_device_name(0) if GPU else f"{platform.processor() or platform.machine()}, {os.cpu_count()} CPUs"
    )
    print(f"{datetime.date.today()}  {machine}  python {platform.python_version()}  "
          + "  ".join(f"{name} {version}" for name, version in versions.items()))  # fmt: skip
    print(f"peak {most / 1e12:,.4g} TFLOP/s ({source}); MFU = {Shape.FORMULA} / peak", flush=True)


# The mix


def synthetic(folder: Path, *, tiny: bool) -> Path:
    """A mix of two sources of drawn words."""
    generator = np.random.default_rng(0)
    syllables = ["ka", "lo", "mi", "ren", "ta", "su", "vor", "el", "ding", "ash", "qu", "pe", "or", "an", "thi"]
    words = np.array(["".join(generator.choice(syllables, generator.integers(1, 5))) for _ in range(20_000)])
    chance = 1 / (np.arange(len(words)) + 3.0)
    chance /= chance.sum()
    count, mean = (300, 60) if tiny else (6_000, 500)
    rows = []
    for number in range(count):
        size = int(np.clip(generator.lognormal(np.log(mean), 0.9), 8, 12 * mean))
        text = " ".join(generator.choice(words, size, p=chance))
        domain = number % 7 == 0
        rows.append({"source": "law" if domain else "web", "role": "domain" if domain else "general", "lang": "en",
                     "license": "CC0-1.0", "kind": "prose", "text": text, "doc_id": doc_id("perf", str(number)),
                     "origin_id": str(number), "locator": f"drawn#{number}",
                     "content_hash": content_hash(text.encode()), "meta": "{}"})  # fmt: skip
    docs = pl.DataFrame([{name: row.get(name) for name in COLUMNS} for row in rows], schema=pl.Schema(COLUMNS))
    (folder / "kept").mkdir()
    docs.write_parquet(folder / "kept" / "00000.parquet")
    tokenizer = folder / "tokenizer.json"
    tokenizer.write_bytes(
        widened(train_tokenizer([row["text"] for row in rows[:400]], 3000), 3100 if tiny else VOCABULARY)
    )
    mix = Mix(tokenizer=Asset.of(str(tokenizer)), row_length=256 if tiny else 4096, held_out=0.02)
    build(mix, [str(folder / "kept" / "00000.parquet")], str(folder / "mix"), Inline())
    return folder / "mix"


def widened(tokenizer: bytes, size: int) -> bytes:
    """The tokenizer with entries that no text has, up to `size`: output embeddings as large as a real model's."""
    facts = json.loads(tokenizer)
    known = facts["model"]["vocab"]
    first = 1 + max([*known.values(), *(token["id"] for token in facts["added_tokens"])])
    known |= {f"<unused{number}>": number for number in range(first, size)}
    return json.dumps(facts, ensure_ascii=False).encode()


# Parts


def speed(settings: Train, rows: Rows, seconds: float, folder: Path) -> None:
    """Steps as `curate train` makes them."""
    setup = started(settings, rows)
    steps = Steps(setup, OnlyFinite(), checkpoints_of(setup, folder), Done())
    took, waited, tokens = [], 0.0, 0
    for step in steps:
        if step.step > WARM:
            took.append(step.seconds)
            waited += step.waited
            tokens += step.tokens
        if sum(took) > seconds:
            break
    steps.close()
    report(
        setup,
        tokens,
        sum(took),
        f"data-wait {waited / sum(took):.2%}, step {statistics.median(took) * 1e3:.0f} ms (median)",
    )


def peer(settings: Train, rows: Rows, seconds: float, folder: Path) -> None:
    """transformers' Trainer, with documents masked by positions and without."""
    for masked in (True, False):
        run_peer(settings, rows, seconds, folder, masked=masked)
        released()
    there = importlib.util.find_spec("torchtitan")
    print("  torchtitan: " + ("installed; run its own recipe beside this" if there else "not installed, not measured"))


def run_peer(settings: Train, rows: Rows, seconds: float, folder: Path, *, masked: bool) -> None:
    seen = look(settings, rows)
    config = Qwen3Config.from_pretrained(Path(settings.model).parent)
    config.vocab_size = seen.shape.vocabulary
    model = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa")
    micro = seen.chosen.micro_batch

    class Sentences(torch.utils.data.Dataset):  # type: ignore[type-arg]
        def __len__(self) -> int:
            return 10**6

        def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
            batch = rows.batch([index % len(rows)], length=rows.length)
            labels = batch.input_ids[0].clone()
            if masked:
                labels[batch.position_ids[0] == 0] = -100
            facts = {"input_ids": batch.input_ids[0], "labels": labels}
            return facts | {"position_ids": batch.position_ids[0]} if masked else facts

    class Clock:
        """Ends the training when the time is over; the first steps are not timed."""

        began = 0.0
        steps = 0

    from transformers import TrainerCallback

    class Stop(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> Any:
            if GPU:
                torch.cuda.synchronize()
            if state.global_step == WARM:
                Clock.began = time.perf_counter()
            elif state.global_step > WARM:
                Clock.steps = state.global_step - WARM
                control.should_training_stop = time.perf_counter() - Clock.began > seconds
            return control

    def together(examples: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
        return {name: torch.stack([example[name] for example in examples]) for name in examples[0]}

    arguments = TrainingArguments(
        output_dir=str(folder / "peer"), per_device_train_batch_size=micro,
        gradient_accumulation_steps=max(1, seen.chosen.course.batch // micro), bf16=seen.chosen.bf16,
        torch_compile=seen.chosen.compile, optim="adamw_torch_fused" if GPU else "adamw_torch", max_steps=10**6,
        logging_steps=10**6, save_strategy="no", report_to=[], learning_rate=3e-4, disable_tqdm=True,
        dataloader_num_workers=2 if GPU else 0, gradient_checkpointing=seen.chosen.recompute, use_cpu=not GPU,
        remove_unused_columns=False,
    )  # fmt: skip
    words = "documents masked" if masked else "no masks"
    try:
        trainer = Trainer(
            model=model, args=arguments, train_dataset=Sentences(), data_collator=together, callbacks=[Stop()]
        )
        trainer.train()
    except (RuntimeError, torch.cuda.OutOfMemoryError) as error:
        print(f"  transformers, {words}: {str(error).splitlines()[0][:160]}")
        return
    took = time.perf_counter() - Clock.began
    tokens = Clock.steps * seen.chosen.course.batch // micro * micro * rows.length
    print(f"  transformers' Trainer, {words}: {utilised(seen, rows, tokens / took)}", flush=True)


def channels(settings: Train, rows: Rows, seconds: float, folder: Path) -> None:
    """Steps with sums by document and channel and without, by turns on the same weights."""
    setup = started(settings, rows)
    feed = feed_of(setup)
    took: dict[bool, list[float]] = {True: [], False: []}
    began, step = time.perf_counter(), 0
    while time.perf_counter() - began < seconds or step < WARM + 8:
        batches = feed.take(step)
        clock(setup)
        start = time.perf_counter()
        summed = step % 2 == 0
        made(setup, batches, seed=step) if summed else bare(setup, batches)
        update(setup, 1e-5)
        clock(setup)
        if step > WARM:
            took[summed].append(time.perf_counter() - start)
        step += 1
    feed.close()
    one, other = (statistics.median(took[summed]) for summed in (True, False))
    print(f"  with sums {one * 1e3:.2f} ms a step, without {other * 1e3:.2f} ms: {one / other - 1:+.2%}", flush=True)


def bare(setup: Setup, batches: list[Any]) -> float:
    """A step's loss and gradient as the plainest loop makes them: one number for all."""
    divisor = torch.tensor(float(sum(batch.supervised for batch in batches)), device=setup.device)
    total = torch.zeros((), device=setup.device)
    for batch in batches:
        loss, _ = setup.learner(batch.to(setup.device), divisor)
        torch.autograd.backward(loss)
        total += loss.detach()
    norm = setup.ranks.clip(setup.learner, setup.settings.clip)
    return float(total + norm * 0)


def checkpoints(settings: Train, rows: Rows, seconds: float, folder: Path) -> None:
    """Steps with a checkpoint every 25."""
    every = 25
    setup = started(settings, rows)
    kept = checkpoints_of(setup, folder)
    steps = Steps(setup, OnlyFinite(), kept, Done())
    began = waited = 0.0
    written = 0
    for step in steps:
        if step.step % every == 0:
            kept.write(step.step, steps.state())
            if not began:  # the first one makes the room on the host that the others use
                kept._settle()
                began, waited = time.perf_counter(), kept.waited
            else:
                written += 1
        if began and written and time.perf_counter() - began > seconds:
            break
    stalled, took = kept.waited - waited, time.perf_counter() - began
    steps.close()
    kept.close()
    size = sum(file.stat().st_size for file in (folder / "checkpoints").rglob("*.safetensors"))
    print(f"  a checkpoint every {every} steps, {written} written: steps wait {stalled / took:.2%} of the time; "
          f"{size / 1e9:.2f} GB for two", flush=True)  # fmt: skip


def lora(rows: Rows, shape: str, seconds: float) -> None:
    """Adapters on a model of 8 B."""
    print(f"== lora, {shape}", flush=True)
    device = torch.device("cuda") if GPU else torch.device("cpu")
    dtype = torch.bfloat16 if GPU else torch.float32
    size = VOCABULARY if shape != "tiny" else rows.tokenizer.get_vocab_size()
    config = Qwen3Config(vocab_size=size, max_position_embeddings=40_960, **SHAPES[shape])
    with device:
        base = AutoModelForCausalLM.from_config(config, dtype=dtype)
    sizes = Shape.of(base)
    setups.attention.register()
    way = setups.attention.ways("auto", device)[0]
    model = adapted(base, rank=16, targets=None, seed=0).to(device)
    base.set_attn_implementation(way)
    base.gradient_checkpointing_enable({"use_reentrant": False})
    learner = Learner(model, way, bf16=GPU).train()
    if GPU:
        torch.cuda.reset_peak_memory_stats()
        for block in setups._blocks(base):
            block.compile(dynamic=False)
    adam = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=1e-4, fused=GPU)
    one, took, tokens = torch.ones((), device=device), [], 0
    for step in range(10**6):
        start = time.perf_counter()
        batch = rows.batch([step % len(rows)], length=rows.length)
        loss, _ = learner(batch.to(device), one * batch.supervised)
        torch.autograd.backward(loss)
        adam.step()
        adam.zero_grad(set_to_none=True)
        float(loss.detach())
        if step >= WARM:
            took.append(time.perf_counter() - start)
            tokens += batch.tokens
            if sum(took) > seconds:
                break
    from curate.train import estimate
    from curate.train.shape import memory

    expected = estimate.memory(sizes, tokens=rows.length, tune="lora", rank=16, bf16=GPU, recompute=True,
                               gpu=memory(device) if GPU else None).total  # fmt: skip
    most = torch.cuda.max_memory_allocated() / 1e9 if GPU else float("nan")
    print(f"  {parameters(base):,} parameters, adapters of rank 16, one row of {rows.length:,} at once: "
          f"{most:.1f} GB at most (estimate {expected / 1e9:.1f}), {tokens / sum(took):,.0f} tokens/s",
          flush=True)  # fmt: skip
    del learner, model, base, adam
    released()


def precision(settings: Train, rows: Rows, seconds: float, folder: Path) -> None:
    """The same 50 steps in bf16 and in fp32."""
    losses = {}
    for kind in ("fp32", "bf16"):
        chosen = replace(settings, precision=kind, attention="auto" if kind == "bf16" else "sdpa", warmup=10)
        setup = started(replace(chosen, batch=max(1, setup_rows(settings) // 4)), rows)
        steps = Steps(setup, OnlyFinite(), checkpoints_of(setup, folder), Done())
        losses[kind] = [step.losses.total() or 0.0 for step, _ in zip(steps, range(50), strict=False)]
        steps.close()
        del setup, steps
        released()
    gaps = [abs(one - other) / other for one, other in zip(losses["bf16"], losses["fp32"], strict=True)]
    print(f"  loss of step 1 {losses['fp32'][0]:.4f} (fp32) {losses['bf16'][0]:.4f} (bf16), of step 50 "
          f"{losses['fp32'][-1]:.4f} and {losses['bf16'][-1]:.4f}; apart by {statistics.mean(gaps):.2%} on "
          f"average, {max(gaps):.2%} at most",
          flush=True)  # fmt: skip


# What parts share


def started(settings: Train, rows: Rows) -> Setup:
    began = time.monotonic()
    setup = set_up(look(settings, rows), Alone(), lambda line: print(f"  {line}"))
    setup.learner.train()
    chosen = setup.chosen
    print(f"  {setup.look.shape.parameters:,} parameters, {chosen.course.batch} rows a step, "
          f"{chosen.micro_batch} at once, {'bf16' if chosen.bf16 else 'fp32'}, {'compiled, ' if chosen.compile else ''}"
          f"{'recomputed, ' if chosen.recompute else ''}attention {setup.learner.way}, self-test {setup.leak:.0e}, "
          f"ready in {time.monotonic() - began:.0f} s", flush=True)  # fmt: skip
    if GPU:
        torch.cuda.reset_peak_memory_stats()
    return setup


def setup_rows(settings: Train) -> int:
    return settings.batch or 4


def checkpoints_of(setup: Setup, folder: Path) -> Checkpoints:
    return Checkpoints(folder=folder / "checkpoints", learner=setup.learner, optimiser=setup.adam, keep=2)


def feed_of(setup: Setup) -> Feed:
    chosen = setup.chosen
    return Feed(setup.rows, chosen.course, chosen.micro_batch, Alone(), NothingSkipped(), setup.length, 10**6)


def report(setup: Setup, tokens: int, took: float, more: str) -> None:
    used = f", memory {torch.cuda.max_memory_allocated() / 1e9:.1f} GB" if GPU else ""
    expected = f" (estimate {setup.chosen.memory.total / 1e9:.1f})" if GPU else ""
    print(f"  curate: {utilised(setup.look, setup.rows, tokens / took)}, {more}{used}{expected}", flush=True)
    forget(setup)


def utilised(seen: Any, rows: Rows, rate: float) -> str:
    """Speed and MFU by both formulas."""
    most, _ = peak(seen.device)
    ours = seen.shape.flops(reach(rows)) * rate / most
    palm = (6 * seen.shape.multiplied + 12 * seen.shape.layers * seen.shape.query * rows.length) * rate / most
    return f"{rate:,.0f} tokens/s, MFU {ours:.1%} (PaLM's formula {palm:.1%})"


def clock(setup: Setup) -> None:
    if setup.device.type == "cuda":
        torch.cuda.synchronize()


def released() -> None:
    import gc

    gc.collect()
    if GPU:
        torch.cuda.empty_cache()
        torch._dynamo.reset()


if __name__ == "__main__":
    main()
