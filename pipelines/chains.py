"""What texts and dialogues go through before they are mixed: the same for the trade and for the general side.

Unequal cleaning, not the ratio alone, is what practitioners blame for mixes that disappoint.
"""

from shelf import DATA

from curate.classifier.judge import THRESHOLD, Judge
from curate.classifier.noise import Noise
from curate.decontaminate.stage import Decontaminate
from curate.dedup.exact import ExactDedup
from curate.dedup.instructions import InstructionDedup
from curate.dedup.minhash import MinHashDedup
from curate.stages.dialogue.bounds import AnswerLength
from curate.stages.dialogue.fitting import AnswerLanguage, Fitting
from curate.stages.dialogue.refusals import Refusals
from curate.stages.dialogue.structure import Structure
from curate.stages.dialogue.truncated import Truncated
from curate.stages.heuristics.c4 import C4
from curate.stages.heuristics.chinese import ChineseQuality
from curate.stages.heuristics.fineweb import FineWeb
from curate.stages.heuristics.fluency import Fluency
from curate.stages.heuristics.gopher import GopherQuality, GopherRepetition
from curate.stages.heuristics.kind import Kind
from curate.stages.heuristics.length import Length
from curate.stages.heuristics.mojibake import Mojibake
from curate.stages.heuristics.stutter import Stutter
from curate.stages.heuristics.together import Together
from curate.stages.language import Language
from curate.stages.normalize import Normalize
from curate.stages.personal.stage import PersonalData

CLEAN_BENCHMARKS = Decontaminate.of(DATA / "benchmarks")

TEXTS = (
    Normalize(),
    Mojibake(),
    Language(),
    Kind(),
    Length(),
    Together(sets=(GopherQuality(), GopherRepetition(), FineWeb(), C4())),
    ChineseQuality(),
    Stutter(),
    Judge.shipped(threshold=THRESHOLD),
    Fluency.shipped(gain_en=0.7, gain_zh=0.45),
    Noise.shipped(threshold=0.7),
    PersonalData(),
    ExactDedup(),
    MinHashDedup(),
    CLEAN_BENCHMARKS,
)
"""For continued pre-training."""

DIALOGUES = (
    Normalize(),
    Structure(),
    Mojibake(),
    Language(),
    AnswerLength(),
    Refusals(),
    Truncated(),
    Fitting(),
    AnswerLanguage(),
    PersonalData(),
    ExactDedup(),
    InstructionDedup(),
    CLEAN_BENCHMARKS,
)
"""For supervised fine-tuning."""
