"""Law, for supervised fine-tuning: law dialogues and general ones, 1:1 by what is learned."""

from chains import DIALOGUES
from shelf import DATA, GENERAL_DIALOGUES, LAW_DIALOGUES

from curate.mix.settings import Mix
from curate.publish.settings import Version
from curate.recipe import Recipe
from curate.stage import Asset

recipe = Recipe(
    name="law_sft",
    sources=(*LAW_DIALOGUES, *GENERAL_DIALOGUES),
    stages=DIALOGUES,
    mix=Mix(stage="sft", tokenizer=Asset.of(DATA / "tokenizer/tokenizer.json"), row_length=4096),
    version=Version(
        name="law-sft-1",
        title="Law and general dialogues for supervised fine-tuning",
        license="other",
        description="Made by Curate's law_sft recipe; each document names its source and licence.",
    ),
)
