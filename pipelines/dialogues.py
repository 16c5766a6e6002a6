"""Dialogues to tune a model on: medical Chinese and general English, judged turn by turn, mixed 1:1 by what is learned.

`curate run pipelines/dialogues.py --out DIR` runs it on the samples; put your own sources in their place.
"""

from pathlib import Path

from curate.decontaminate.stage import Decontaminate
from curate.dedup.exact import ExactDedup
from curate.dedup.instructions import InstructionDedup
from curate.mix.settings import Mix
from curate.publish.settings import Version
from curate.recipe import Recipe, Source
from curate.stage import Asset
from curate.stages.dialogue.bounds import AnswerLength
from curate.stages.dialogue.fitting import AnswerLanguage, Fitting
from curate.stages.dialogue.refusals import Refusals
from curate.stages.dialogue.structure import Structure
from curate.stages.dialogue.truncated import Truncated
from curate.stages.heuristics.mojibake import Mojibake
from curate.stages.language import Language
from curate.stages.normalize import Normalize

SAMPLES = Path(__file__).resolve().parent.parent / "data_samples"

recipe = Recipe(
    name="dialogues",
    sources=(
        Source(name="medical_zh", path="../data_samples/sft/medical.zh.jsonl", role="domain", domain="medical",
               lang="zh", kind="dialogue", license="MIT"),
        Source(name="general_en", path="../data_samples/sft/general.en.jsonl", lang="en", kind="dialogue",
               license="MIT"),
    ),
    stages=(
        Normalize(),
        Structure(),
        Mojibake(),
        Language(),
        AnswerLength(),
        Refusals(),
        Truncated(),
        Fitting(),
        AnswerLanguage(),
        ExactDedup(),
        InstructionDedup(),
        Decontaminate.of(SAMPLES / "benchmarks"),
    ),
    mix=Mix(stage="sft", tokenizer=Asset.of(SAMPLES / "tokenizer/tokenizer.json"), row_length=512, held_out=0.05),
    version=Version(
        name="dialogues-1",
        title="Curate's sample dialogues: medical Chinese, general English",
        license="other",
        description="Made from the samples that come with Curate; data_samples/SOURCES.md names their sources.",
        known_limits=("Small: it shows how a version is made, and is no data to tune a useful model on.",),
    ),
)  # fmt: skip
