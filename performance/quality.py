"""The rules of Gopher, C4 and FineWeb: how fast, beside other tools on the same text, and where decisions differ.

    python performance/quality.py [--data ../shared/data] [--environments ~/.cache/curate-peers] [--mb 3]
                                  [--agreement] [--documents 1400]

MB of text per CPU-second for all of these rules, English and Chinese apart: Curate's (C4Lines and C4, Gopher's quality
and repetition, FineWeb), datatrove's four filters, NeMo Curator's CPU filters (Gopher's and two of C4), and eight
operators of Data-Juicer, which has no such sets. Each other tool in an environment of its own, called document by
document without its reading and writing.

`--agreement`: what each rule decides by itself of English documents in datatrove and here, with the same limits; and
of the differences, how many go if datatrove does one thing as Curate does it.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numba
import polars as pl
from peers.environments import HOME, PEERS, Peer, python

from curate.document import COLUMNS
from curate.stage import Rule, Stage, failure, measured, remove
from curate.stages.heuristics.c4 import C4
from curate.stages.heuristics.c4_lines import C4Lines
from curate.stages.heuristics.fineweb import FineWeb
from curate.stages.heuristics.gopher import GopherQuality, GopherRepetition
from curate.stages.heuristics.together import Together

NAMED = {peer.name: peer for peer in PEERS}
TOOLS = (
    NAMED["datatrove"]._replace(script="rules_of_datatrove.py", remark="the same rules"),
    Peer("nemo-curator", "rules_of_nemo_curator.py", ("nemo-curator==1.4.0",), remark="Gopher's, two of C4"),
    NAMED["data-juicer"]._replace(script="rules_of_data_juicer.py", remark="8 operators, other rules"),
)
BATCH = 16_000_000  # bytes that a run gives its stages at once: the sample is repeated to be as large
GOALS = {"MB per CPU-second": 40, "times the best that does the same rules": 30}


def sample(folder: Path, lang: str, size: int) -> list[str]:
    """Whole documents, about `size` bytes, from all corpora of a language, as much of each; the longest left out."""
    files, texts = sorted(folder.glob(f"*/{lang}/*.jsonl.zst")), []
    for file in files:
        some = pl.read_ndjson(file)["text"]
        some = some.filter(some.str.len_bytes() < 100_000)
        texts += some.filter(some.str.len_bytes().cum_sum() < size // len(files)).to_list()
    return texts


def documents(texts: list[str], lang: str) -> pl.DataFrame:
    nothing = {name: pl.lit(None, dtype) for name, dtype in COLUMNS.items()}
    told = nothing | {"text": pl.col("text"), "kind": pl.lit("prose"), "lang": pl.lit(lang)}
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    return frame.select(**told).with_columns(doc_id=pl.int_range(pl.len()).cast(pl.String))


def ours(docs: pl.DataFrame) -> tuple[int, ...]:
    """Documents that each set removes, as datatrove's four filters: Gopher's two, C4's, FineWeb's."""
    whole = Together(sets=(GopherQuality(), GopherRepetition(), FineWeb()))
    done, lines = measured(whole, docs), measured(C4Lines(), docs)
    page = measured(C4(), lines)
    quality, repeated, web = (remove(done, one.name, one.rules).gone.height for one in whole.sets)
    return quality, repeated, remove(page, "c4", C4().rules).gone.height, web


def told(peer: Peer, home: Path, mode: str, texts: list[tuple[str, str]]) -> dict[str, Any] | None:
    interpreter = python(peer, home)
    if interpreter is None:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(texts, file)
        file.flush()
        script = Path(__file__).parent / "peers" / peer.script
        done = subprocess.run([interpreter, script, mode, file.name], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  skipped: {peer.name}: {done.stderr.strip().splitlines()[-1:]}")
        return None
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def speed(folder: Path, home: Path, size: int) -> None:
    for lang in ("en", "zh"):
        texts = sample(folder, lang, size)
        bytes_ = sum(len(text.encode()) for text in texts)
        print(f"\n{lang}: {len(texts):,} documents of all corpora, {bytes_ / 1e6:.1f} MB; MB of text per CPU-second")
        removed = ours(documents(texts, lang))  # compiles
        copies = max(1, BATCH // bytes_)
        docs = documents(texts * copies, lang)
        began = time.process_time()
        ours(docs)
        rate = copies * bytes_ / (time.process_time() - began) / 1e6
        print(f"  {'Curate':14}{rate:9.2f}           removed {removed}")
        same = []
        for peer in TOOLS:
            answer = told(peer, home, "time", [(lang, text) for text in texts])
            if answer is not None:
                theirs = bytes_ / answer["seconds"] / 1e6
                same += [theirs] if peer.name != "data-juicer" else []
                failed = f", failed {answer['failed']}" if answer.get("failed") else ""
                print(
                    f"  {peer.name:14}{theirs:9.2f}{rate / theirs:7.0f} x  removed {tuple(answer['removed'])}{failed}"
                    f" ({peer.remark})"
                )
        reached = (rate, rate / max(same)) if same else (rate,)
        for (goal, least), found in zip(GOALS.items(), reached, strict=False):
            print(f"  goal {least} {goal}: {found:.0f}, {'reached' if found >= least else 'not reached'}")


RULES: dict[str, tuple[str, ...]] = {
    "word_count": ("word_count",),
    "mean_word_length": ("mean_word_length",),
    "symbols": ("hash_word_ratio", "ellipsis_word_ratio"),
    "bullet_line_share": ("bullet_line_share",),
    "ellipsis_line_share": ("ellipsis_line_share",),
    "alphabetic_word_share": ("alphabetic_word_share",),
    "stop_word_count": ("stop_word_count",),
    "duplicate_lines": ("duplicate_line_share", "duplicate_line_char_share"),
    "duplicate_paragraphs": ("duplicate_paragraph_share", "duplicate_paragraph_char_share"),
    "top_ngrams": tuple(f"top_{n}gram_share" for n in (2, 3, 4)),
    "duplicate_ngrams": tuple(f"duplicate_{n}gram_share" for n in range(5, 11)),
    "punctuated_line_share": ("punctuated_line_share",),
    "short_line_share": ("short_line_share",),
    "repeated_line_char_share": ("repeated_line_char_share",),
    "newline_word_ratio": ("newline_word_ratio",),
}
"""A rule as datatrove decides it when it alone is on -> the measures that decide it here."""

WHY = {
    "word_count": "a word is what white space surrounds (7-1205(a) is one); spaCy splits it into several",
    "mean_word_length": "the same; only letters and digits are counted",
    "symbols": "datatrove counts punctuation among the words that # and ... are compared with",
    "bullet_line_share": "blank lines are no lines; * and + are bullets",
    "ellipsis_line_share": "blank lines are no lines; . . . is an ellipsis",
    "alphabetic_word_share": "datatrove counts punctuation as words without a letter",
    "stop_word_count": "words are folded (The is the)",
    "duplicate_lines": "lines without the white space around them, blank ones left out, shares of the text in lines",
    "duplicate_paragraphs": "the same, of paragraphs",
    "top_ngrams": "words without punctuation, folded; once repeats nothing; a character counts once",
    "duplicate_ngrams": "words without punctuation, folded; characters of all repeats, not from left to right",
    "punctuated_line_share": "a quotation mark or bracket may stand behind the full stop",
    "short_line_share": "lines without the white space around them",
    "repeated_line_char_share": "lines without the white space around them",
    "newline_word_ratio": "datatrove counts punctuation as words",
    "c4": "sentences by their marks and not by spaCy; a bracket may stand behind a mark; near: by 2 sentences at most",
}
HAN = r"\p{Han}"
NEAR = 0.1  # of the limit: a difference this small is one of where words are split


def near(rules: list[Rule], row: dict[str, Any]) -> bool:
    """Whether a measure of the row is near one of its limits."""
    return any(
        abs(row[rule.measure] - limit) <= NEAR * abs(limit)
        for rule in rules
        for limit in (rule.low, rule.high)
        if abs(limit) < float("inf")
    )


def agreement(folder: Path, home: Path, number: int) -> None:
    files = sorted(folder.glob("*/en/*.jsonl.zst"))
    texts: list[str] = []
    for file in files:
        some = pl.read_ndjson(file)["text"]
        some = some.filter((some.str.len_bytes() < 30_000) & (some.str.count_matches(HAN) < 20))  # some are translated
        texts += some.gather_every(max(1, len(some) * len(files) // number)).head(number // len(files)).to_list()
    answer = told(TOOLS[0], home, "decide", [("en", text) for text in texts])
    if answer is None:
        return
    docs = documents(texts, "en")
    sets: tuple[Stage, ...] = (GopherQuality(), GopherRepetition(), FineWeb())
    table = docs
    for stage in sets:
        table = measured(stage, table)
    page = measured(C4(), measured(C4Lines(), docs))
    wholes = {stage.name: remove(measured(stage, docs), stage.name, stage.rules).gone["doc_id"] for stage in sets[:2]}
    wholes["c4"] = remove(page, "c4", C4().rules).gone["doc_id"]
    print(f"\nagreement with datatrove, {len(texts):,} English documents of {len(files)} corpora, the same limits")
    print(f"  {'rule':26}{'agree':>8}{'both':>6}{'only datatrove':>16}{'only Curate':>13}  gone  near  other")
    for name, theirs in answer["rules"].items():
        if name in wholes:
            gone = set(wholes[name])
            mine = [str(row) in gone for row in range(len(texts))]
            rules = []
        else:
            rules = [rule for stage in sets for rule in stage.rules if rule.measure in RULES[name]]
            rules = [rule for rule in rules if not (rule.when or "").endswith("_cjk")]
            mine = table.select(pl.any_horizontal(failure(rule) for rule in rules)).to_series().to_list()
        pairs = list(zip(theirs, mine, strict=True))
        differ = [row for row, (one, two) in enumerate(pairs) if one != two]
        line = f"  {name:26}{1 - len(differ) / len(pairs):8.1%}{sum(a and b for a, b in pairs):6}"
        line += f"{sum(a and not b for a, b in pairs):16}{sum(b and not a for a, b in pairs):13}"
        if rules:
            kinds = [key for key in answer["variants"][0] if key.split(",")[0] == name]
            left = [row for row in differ if not any(answer["variants"][row][key] == mine[row] for key in kinds)]
            close = [row for row in left if near(rules, table.row(row, named=True))]
            line += f"{len(differ) - len(left):6}{len(close):6}{len(left) - len(close):7}   {WHY[name]}"
        elif name == "c4":
            close = [row for row in differ if abs(page["sentence_count"][row] - C4().sentences) <= 2]
            line += f"{0:6}{len(close):6}{len(differ) - len(close):7}   {WHY[name]}"
        print(line)
    print(
        "  gone: differences that go when datatrove does what is said behind; near: others, our measure within"
        f" {NEAR:.0%} of its limit"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--environments", type=Path, default=HOME)
    parser.add_argument("--mb", type=float, default=3)
    parser.add_argument("--agreement", action="store_true")
    parser.add_argument("--documents", type=int, default=1400)
    options = parser.parse_args()
    print(
        f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}, polars {pl.__version__}, "
        f"numba {numba.__version__}"
    )
    folder = options.data / "corpora"
    if not folder.is_dir():
        print(f"skipped: there are no corpora in {folder}")
    elif options.agreement:
        agreement(folder, options.environments, options.documents)
    else:
        speed(folder, options.environments, round(options.mb * 1e6))


if __name__ == "__main__":
    main()
