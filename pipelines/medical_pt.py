"""Medicine, Chinese and English, for continued pre-training: a medical share of 12 % in general text."""

from chains import TEXTS
from shelf import DATA, GENERAL, MEDICAL

from curate.mix.settings import Mix
from curate.publish.settings import Version
from curate.recipe import Recipe
from curate.stage import Asset

recipe = Recipe(
    name="medical_pt",
    sources=(*MEDICAL, *GENERAL),
    stages=TEXTS,
    mix=Mix(stage="pt", domain_share=0.12, tokenizer=Asset.of(DATA / "tokenizer/tokenizer.json"), row_length=4096),
    version=Version(
        name="medical-pt-1",
        title="Medicine and general text for continued pre-training, Chinese and English",
        license="other",
        description="Made by Curate's medical_pt recipe; each document names its source and licence.",
    ),
)
