"""Law, Chinese and English, for continued pre-training: a law share of 12 % in general text."""

from chains import TEXTS
from shelf import DATA, GENERAL, LAW

from curate.mix.settings import Mix
from curate.publish.settings import Version
from curate.recipe import Recipe
from curate.stage import Asset

recipe = Recipe(
    name="law_pt",
    sources=(*LAW, *GENERAL),
    stages=TEXTS,
    mix=Mix(stage="pt", domain_share=0.12, tokenizer=Asset.of(DATA / "tokenizer/tokenizer.json"), row_length=4096),
    version=Version(
        name="law-pt-1",
        title="Law and general text for continued pre-training, Chinese and English",
        license="other",
        description="Made by Curate's law_pt recipe; each document names its source and licence.",
    ),
)
