"""A small corpus in which there is something of everything that an audit tells, and the run that was made of it."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from curate.classifier.judge import Judge
from curate.decontaminate.stage import Decontaminate
from curate.dedup.exact import ExactDedup
from curate.dedup.minhash import MinHashDedup
from curate.engine import Inline
from curate.job import run
from curate.mix.settings import Mix, Override
from curate.progress import Lines
from curate.publish.settings import Version
from curate.recipe import Recipe, Source
from curate.stage import Asset
from curate.stages.heuristics.keywords import Keywords
from curate.stages.heuristics.kind import Kind
from curate.stages.heuristics.length import Length
from curate.stages.heuristics.repetition import Repetition
from curate.stages.language import Language
from curate.stages.normalize import Normalize
from curate.stages.personal.stage import PersonalData
from tests import faults

ROOT = Path(__file__).parent.parent.parent
LICENSES = {"clinic": "CC-BY-4.0", "forum": "CC-BY-NC-4.0", "web": None, "books": "CC0-1.0"}
QUESTION = {"zh": faults.sentence("zh", 900, 60), "en": faults.sentence("en", 900, 40)}
SECRET = "s3cr3t"


def rows(source: str) -> list[dict[str, str]]:
    """Documents of a source: most are fine, some are short, repeated, copied, marked by keywords or hold a question."""
    out = []
    for lang in ("zh", "en"):
        for number in range(30):
            text = faults.sentence(lang, number, 160 if lang == "zh" else 110, source)
            if number == 3:
                text += f"\n联系 mail: someone.{lang}@clinic.example.org 电话 13800138000"
            if number == 4:
                text += "\n加微信看内幕消息 casino bonus"
            row = {"id": f"{source}-{lang}-{number}", "lang": lang, "text": text}
            if source != "books":
                row["url"] = f"https://www.{source}{number % 4}.example.com/{lang}/{number}"
                row["date"] = f"20{10 + number % 12}-0{1 + number % 9}-01"
            out.append(row)
        out.append({**out[-1], "id": f"{source}-{lang}-short", "text": "短" if lang == "zh" else "Short."})
        out.append({**out[-3], "id": f"{source}-{lang}-again"})
        near = out[-6]["text"]
        out.append({**out[-6], "id": f"{source}-{lang}-near", "text": near.replace("医", "药", 2) + " silver"})
        line = faults.sentence(lang, 77, 12, source) + "\n"
        out.append({**out[-1], "id": f"{source}-{lang}-lines", "text": line * 40})
    if source == "web":
        for lang, question in QUESTION.items():
            text = f"{faults.sentence(lang, 40, 90, source)}\n{question}\n{faults.sentence(lang, 41, 90, source)}"
            out.append(
                {"id": f"web-{lang}-leak", "lang": lang, "text": text, "url": f"https://leak.example.com/{lang}"}
            )
        url = f"https://user:{SECRET}@private.example.com/a?token={SECRET}&page=2"
        out.append({"id": "web-secret", "lang": "en", "text": faults.sentence("en", 60, 100, source), "url": url})
    return out


def carried_out(folder: Path) -> Path:
    """The run's directory: sources, every kind of stage, a mix, a version."""
    for source in LICENSES:
        faults.write(folder / f"{source}.jsonl", rows(source))
    with (folder / "web.jsonl").open("a") as file:
        file.write('{"id": "broken", "text": 7}\n')
    (folder / "items").mkdir()
    items = [{"id": lang, "question": text, "answer": "A"} for lang, text in QUESTION.items()]
    faults.write(folder / "items" / "own.jsonl", items)
    (folder / "keywords.txt").write_text("内幕消息\ncasino bonus\n", "utf-8")
    recipe = Recipe(
        name="audited",
        sources=tuple(
            Source(
                name=source, path=str(folder / f"{source}.jsonl"), key="id", license=license_,
                role="domain" if source in ("clinic", "forum") else "general",
                domain="medical" if source in ("clinic", "forum") else "general",
            )
            for source, license_ in LICENSES.items()
        ),
        stages=(
            Normalize(),
            PersonalData(kinds=frozenset({"email"})),  # telephones stay, for the second scan
            Language(),
            Kind(),
            Length(),
            Repetition(),
            Keywords(entries=Asset.of(folder / "keywords.txt")),
            Judge.shipped(threshold=0.01),
            ExactDedup(),
            MinHashDedup(),
            Decontaminate.of(folder / "items", index=folder / "items.index"),
        ),
        mix=Mix(
            tokenizer=Asset.of(ROOT / "data_samples/tokenizer/tokenizer.json"), row_length=256, held_out=0.05,
            domain_share=0.3, override=Override(0.3, "a small corpus of tests"),
        ),
        version=Version(name="audited-1", title="经过审计的数据 <audited>"),
        tolerance=0.1,
    )  # fmt: skip
    run(recipe, str(folder / "run"), Inline(), Lines())
    return folder / "run"


FOREIGN = """
from curate.dedup.exact import ExactDedup
from curate.dedup.minhash import MinHashDedup
from curate.recipe import Recipe, Source
from curate.stages.heuristics.length import Length
from curate.stages.heuristics.repetition import Repetition
from curate.stages.language import Language
from curate.stages.split import Split

recipe = Recipe(
    name="judging",
    sources=(Source(name="data", path="data"),),
    stages=(Split(), Language(), Length(), Repetition(), ExactDedup(), MinHashDedup()),
    tolerance=1.0,
    expects=frozenset({"*"}),
)
"""


def foreign(folder: Path) -> Path:
    """A folder of Parquet with a text column and nothing else, and the recipe beside it whose stages judge it."""
    (folder / "recipe.py").write_text(FOREIGN, "utf-8")
    (folder / "data").mkdir()
    texts = [row["text"] for row in (*rows("web"), *rows("books"))]
    pl.DataFrame({"text": texts[:100]}).write_parquet(folder / "data" / "a.parquet")
    pl.DataFrame({"text": texts[100:]}).write_parquet(folder / "data" / "b.parquet")
    return folder / "data"
