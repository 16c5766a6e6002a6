"""The quickstart: Chinese and English, medical and general, from raw pages and files to a version and a small model.

`curate demo` runs it on the samples that come with Curate; copy it, and put your own sources in their place.
"""

from pathlib import Path

from curate.classifier.judge import THRESHOLD, Judge
from curate.classifier.noise import Noise
from curate.decontaminate.stage import Decontaminate
from curate.dedup.exact import ExactDedup
from curate.dedup.minhash import MinHashDedup
from curate.mix.settings import Mix
from curate.publish.settings import Version
from curate.recipe import Recipe, Source
from curate.stage import Asset
from curate.stages.extract import Extract
from curate.stages.heuristics.fluency import Fluency
from curate.stages.heuristics.kind import Kind
from curate.stages.heuristics.length import Length
from curate.stages.heuristics.mojibake import Mojibake
from curate.stages.heuristics.repetition import Repetition
from curate.stages.heuristics.stutter import Stutter
from curate.stages.language import Language
from curate.stages.normalize import Normalize
from curate.stages.split import Split
from curate.train.settings import Train

SAMPLES = Path(__file__).resolve().parent.parent / "data_samples"

recipe = Recipe(
    name="quickstart",
    sources=(
        Source(name="medical_en", path="../data_samples/web/medical.en.warc.gz", role="domain", domain="medical",
               lang="en", license="CC-BY-4.0", priority=1),
        Source(name="medical_zh", path="../data_samples/web/medical.zh.warc.gz", role="domain", domain="medical",
               lang="zh", license="MIT", priority=1),
        Source(name="html_en", path="../data_samples/html/en", lang="en", license="CC0-1.0"),
        Source(name="html_zh", path="../data_samples/html/zh/**/*.html", lang="zh", license="MIT"),
        Source(name="books", path="../data_samples/books/books.jsonl"),
        Source(name="reference", path="../data_samples/general/reference.parquet", key="id", text="body"),
        Source(name="general_en", path="../data_samples/general/general.en.jsonl.zst", key="id"),
        Source(name="general_zh", path="../data_samples/general/general.zh.jsonl.gz", key="id"),
    ),
    stages=(
        Extract(),
        Normalize(),
        Mojibake(),
        Split(),
        Language(),
        Kind(),
        Length(),
        Repetition(),
        Stutter(),
        Judge.shipped(threshold=THRESHOLD),
        Fluency.shipped(gain_en=0.7, gain_zh=0.45),
        Noise.shipped(threshold=0.7),  # .65 is what it is made for; two lists of offices of old China lie above that
        ExactDedup(),
        MinHashDedup(),
        Decontaminate.of(SAMPLES / "benchmarks"),
    ),
    mix=Mix(
        stage="pt", domain_share=0.12, tokenizer=Asset.of(SAMPLES / "tokenizer/tokenizer.json"),
        row_length=256, held_out=0.05,
    ),
    version=Version(
        name="quickstart-1",
        title="Curate's quickstart: medical and general text, Chinese and English",
        license="other",
        description="Made from the samples that come with Curate; data_samples/SOURCES.md names their sources.",
        known_limits=("Small: it shows how a version is made, and is no data to train a useful model on.",),
    ),
    train=Train(model="tiny", steps=80, batch=8, held_out_rows=16),
    tolerance=0.002,  # two lines of the samples can't be read, and are there to show it
)  # fmt: skip
