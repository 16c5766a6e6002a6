"""What the rules for dialogues take out of real sets, and what they find of faults that are put in.

    python performance/dialogues.py [--data ../shared/data] [--show REASON]

For each set below sft/ the share that each reason takes, and MB of text per CPU-second of each rule. Then, of 1,000
dialogues of each set, copies with one fault each: the answer cut at a random character; the question as the answer;
the answer of a set in the other language; a refusal in other wordings than the rules'; speakers swapped. Last, how well
`relatedness` tells an answer from that of another question of the same set (AUC), and how many true answers have none
at all. `--show` prints twelve dialogues that go for a reason, to be read.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import random
import time
from pathlib import Path

import numpy as np
import polars as pl
import zstandard

from curate import __version__
from curate.apply import STAGES
from curate.document import COLUMNS, render
from curate.stage import WHICH, Stage, measured, remove
from curate.stages.dialogue.fitting import Fitting

SOME = 1000  # dialogues of each set that are given faults
RULES = tuple(stage for stage in STAGES["dialogues"]() if isinstance(stage, Stage))
REFUSALS = {
    "en": ("Sorry, but I can't do that for you.", "I cannot offer any advice on this subject.",
           "Unfortunately, I am unable to assist with this.", "I'm afraid it is not possible for me to answer that."),
    "zh": ("对不起，我不能回答您的问题。", "很抱歉，我没办法帮您处理这件事。", "不好意思，这个问题我无法解答。",
           "我无法为您提供这方面的帮助。"),
}  # fmt: skip

Turn = dict[str, str | None]
Dialogue = list[Turn]


def dialogues(path: Path) -> list[Dialogue]:
    with zstandard.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line)["messages"] for line in lines]
    none = {"reasoning": None, "tool_calls": None}
    return [[{"role": turn["role"], "content": turn["content"], **none} for turn in turns] for turns in rows]


def documents(turns: list[Dialogue]) -> pl.DataFrame:
    texts = [render(one) for one in turns]
    ids = [f"{number:08x}" for number in range(len(turns))]
    table = pl.DataFrame({"text": texts, "messages": pl.Series(turns, dtype=COLUMNS["messages"])})
    others = [pl.lit(None, pl.String).alias(name) for name in WHICH if name != "doc_id"]
    return table.with_columns(*others, doc_id=pl.Series(ids), lang=pl.lit(None, pl.String))


def reasons(docs: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, float]]:
    """(doc_id, reason) of what goes, and CPU seconds of each rule."""
    gone, took = [], {}
    for stage in RULES:
        began = time.process_time()
        judged = measured(stage, docs)
        took[stage.name] = time.process_time() - began
        gone.append(remove(judged, stage.name, stage.rules).verdicts.select("doc_id", "reason"))
    return pl.concat(gone), took


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %"


def shown(turns: list[Dialogue], gone: pl.DataFrame, reason: str) -> None:
    for identity in gone.filter(pl.col("reason") == reason)["doc_id"].unique().sort().head(12):
        asked, answered = (str(turn["content"]).replace("\n", " / ") for turn in turns[int(identity, 16)][-2:])
        print(f"    Q {asked[:100]}\n    A {answered[:60]} ... {answered[-60:]}")


def answer_of(turns: Dialogue, answer: str) -> Dialogue:
    return [*turns[:-1], {**turns[-1], "content": answer}]


def cut(turns: Dialogue, chance: random.Random) -> Dialogue | None:
    """The answer up to a random character of its second half; None where it is no prose of at least 120 bytes."""
    answer = str(turns[-1]["content"]).strip()
    place = chance.randrange(len(answer) // 2, max(len(answer) // 2 + 1, len(answer) - 2)) if answer else 0
    part = answer[:place].rstrip()
    whole = part.endswith(("。", ".", "！", "!", "？", "?", "；", ":", "：", "）", ")", "”"))
    return None if len(part.encode()) < 120 or whole else answer_of(turns, part)


def swapped(turns: Dialogue) -> Dialogue:
    others: dict[str | None, str | None] = {"user": "assistant", "assistant": "user"}
    return [{**turn, "role": others.get(turn["role"], turn["role"])} for turn in turns]


def faults(turns: list[Dialogue], lang: str, others: list[str]) -> dict[str, list[Dialogue]]:
    chance = random.Random(0)
    some = chance.sample(turns, min(SOME, len(turns)))
    long = [one for one in some if len(str(one[-2]["content"]).encode()) >= 45]
    return {
        "truncated_answer": [part for one in some if (part := cut(one, chance)) is not None],
        "repeats_question": [answer_of(one, f" {one[-2]['content']}\n") for one in some],
        "other_language": [answer_of(one, chance.choice(others)) for one in long],
        "refusal": [answer_of(one, chance.choice(REFUSALS[lang])) for one in some],
        "broken_dialogue": [swapped(one) for one in some],
    }


def auc(true: np.ndarray, false: np.ndarray) -> float:
    """How often a value of `true` is above one of `false`, ties counted half."""
    order = np.sort(false)
    below = np.searchsorted(order, true, "left")
    return float((below + np.searchsorted(order, true, "right")).mean() / (2 * len(false)))


def relatedness(turns: list[Dialogue]) -> str:
    some = random.Random(1).sample(turns, min(SOME, len(turns)))
    moved = [answer_of(one, str(other[-1]["content"])) for one, other in zip(some, some[1:] + some[:1], strict=True)]
    true, false = (Fitting()(documents(part))["relatedness"].to_numpy() for part in (some, moved))
    none = [f"{(part == 0).mean():.3f}" for part in (true, false)]
    return f"AUC {auc(true, false):.3f}; nothing shared: {none[0]} of true answers, {none[1]} of others"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--show", metavar="REASON")
    chosen = parser.parse_args()
    sets = {path.name.split(".")[0]: dialogues(path) for path in sorted(chosen.data.glob("sft/*/*.jsonl.zst"))}
    if not sets:
        raise SystemExit(f"no dialogues below {chosen.data}/sft")
    print(f"Curate {__version__}, Python {platform.python_version()}, {platform.machine()}, {datetime.date.today()}")
    long = {lang: [answer for name, turns in sets.items() if name.startswith(lang) for one in turns[:SOME]
                   if len((answer := str(one[-1]["content"])).encode()) > 100]
            for lang in ("en", "zh")}  # fmt: skip
    for name, turns in sets.items():
        docs = documents(turns)
        gone, took = reasons(docs)
        size = float(docs["text"].str.len_bytes().sum()) / 1e6
        print(f"{name}: {docs.height:,} dialogues, {size:.1f} MB; MB/s: "
              + ", ".join(f"{rule} {size / max(seconds, 1e-3):.0f}" for rule, seconds in took.items()))  # fmt: skip
        for reason, count in gone.unique()["reason"].value_counts().sort("reason").iter_rows():
            print(f"  lost  {reason:<20}{count:>6,}  {percent(count, docs.height)}")
        if chosen.show:
            shown(turns, gone, chosen.show)
        lang = name[:2]
        for fault, broken in faults(turns, lang, long["en" if lang == "zh" else "zh"]).items():
            found, _ = reasons(documents(broken))
            count = found.filter(pl.col("reason") == fault)["doc_id"].n_unique()
            print(f"  found {fault:<20}{percent(count, len(broken))} of {len(broken):,}")
        print(f"  relatedness: {relatedness(turns)}")


if __name__ == "__main__":
    main()
