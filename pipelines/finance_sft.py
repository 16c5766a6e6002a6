"""Finance, for supervised fine-tuning: finance dialogues and general ones, 1:1 by what is learned."""

from chains import DIALOGUES
from shelf import DATA, FINANCE_DIALOGUES, GENERAL_DIALOGUES

from curate.mix.settings import Mix
from curate.publish.settings import Version
from curate.recipe import Recipe
from curate.stage import Asset

recipe = Recipe(
    name="finance_sft",
    sources=(*FINANCE_DIALOGUES, *GENERAL_DIALOGUES),
    stages=DIALOGUES,
    mix=Mix(stage="sft", tokenizer=Asset.of(DATA / "tokenizer/tokenizer.json"), row_length=4096),
    version=Version(
        name="finance-sft-1",
        title="Finance and general dialogues for supervised fine-tuning",
        license="other",
        description="Made by Curate's finance_sft recipe; each document names its source and licence.",
    ),
)
