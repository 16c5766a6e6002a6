"""Medicine, for supervised fine-tuning: medical dialogues and general ones, 1:1 by what is learned."""

from chains import DIALOGUES
from shelf import DATA, GENERAL_DIALOGUES, MEDICAL_DIALOGUES

from curate.mix.settings import Mix
from curate.publish.settings import Version
from curate.recipe import Recipe
from curate.stage import Asset

recipe = Recipe(
    name="medical_sft",
    sources=(*MEDICAL_DIALOGUES, *GENERAL_DIALOGUES),
    stages=DIALOGUES,
    mix=Mix(stage="sft", tokenizer=Asset.of(DATA / "tokenizer/tokenizer.json"), row_length=4096),
    version=Version(
        name="medical-sft-1",
        title="Medicine and general dialogues for supervised fine-tuning",
        license="other",
        description="Made by Curate's medical_sft recipe; each document names its source and licence.",
    ),
)
