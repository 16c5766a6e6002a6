"""What texts and dialogues go through before they are mixed: the same for the trade and for the general side.

Unequal cleaning, not the ratio alone, is what practitioners blame for mixes that disappoint. The sources are texts that
somebody chose; for crawled pages put `Extract()` before, and behind `Length()` `Together(sets=(GopherQuality(), ...))`.
docs/pipelines.md says what each stage is there for, docs/log.md what was read of what they keep and remove.
"""

from pathlib import Path

from enacted import Enacted
from furniture import FURNITURE
from shelf import DATA

from curate.classifier.judge import THRESHOLD, Judge
from curate.decontaminate.stage import Decontaminate
from curate.dedup.exact import ExactDedup
from curate.dedup.instructions import InstructionDedup
from curate.dedup.minhash import MinHashDedup
from curate.stage import Asset
from curate.stages.dialogue.bounds import AnswerLength
from curate.stages.dialogue.fitting import AnswerLanguage, Fitting
from curate.stages.dialogue.refusals import Refusals
from curate.stages.dialogue.structure import Structure
from curate.stages.dialogue.truncated import Truncated
from curate.stages.heuristics.chinese import ChineseQuality
from curate.stages.heuristics.fluency import Fluency
from curate.stages.heuristics.keywords import Keywords
from curate.stages.heuristics.kind import Kind
from curate.stages.heuristics.length import Length
from curate.stages.heuristics.mojibake import Mojibake
from curate.stages.heuristics.repetition import Repetition
from curate.stages.heuristics.stutter import Stutter
from curate.stages.language import Language
from curate.stages.normalize import Normalize
from curate.stages.personal.stage import PersonalData
from curate.stages.redecode import Redecode

HERE = Path(__file__).resolve().parent
CLEAN_BENCHMARKS = Decontaminate.of(DATA / "benchmarks")

SPUN = Keywords(  # medical answers in which a program put synonyms, some of them antonyms: 血糖下降 for 升高
    name="spun",
    entries=Asset.of(HERE / "spun.csv"),
    distinct=0,
    kinds=frozenset({"prose", "dialogue"}),
    langs=frozenset({"zh"}),
)
PLACEHOLDERS = Keywords(name="placeholders", entries=Asset.of(HERE / "placeholders.txt"), distinct=0)

TEXTS = (
    Redecode(),
    Normalize(),
    Enacted(),
    FURNITURE,
    Length(),  # first, so that what was furniture alone is not asked for its language
    Mojibake(),
    Language(),
    Kind(),
    Repetition(
        lines=0.6, ngrams=0.6
    ),  # those of C4, Gopher and FineWeb are for crawled pages: half of the PEPs would go
    ChineseQuality(least_ended=0.001, least_han=0.1, least_variety=0.2),
    Stutter(),
    Judge.of("classifiers/quality", threshold=THRESHOLD, thresholds={"zh/finance": 0.1}),  # news of one sentence
    Fluency.shipped(gain_en=0.95, gain_zh=0.45),  # scans that were read badly, notices of repeal
    SPUN,
    PersonalData(),
    ExactDedup(),
    MinHashDedup(),
    CLEAN_BENCHMARKS,
)
"""For continued pre-training. `Noise` is not among them: of what it took of such texts 20 in 21 were real."""

DIALOGUES = (
    Redecode(),
    Normalize(),
    FURNITURE,
    Structure(),
    Mojibake(),
    Language(),
    AnswerLength(),
    Refusals(),
    Truncated(),
    Fitting(),
    AnswerLanguage(),
    SPUN,
    PLACEHOLDERS,
    PersonalData(),
    ExactDedup(),
    InstructionDedup(minhash=MinHashDedup(threshold=0.95, slack=0.02)),  # one case, another question: .77 to .93
    CLEAN_BENCHMARKS,
)
"""For supervised fine-tuning."""
