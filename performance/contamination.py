"""A labelled set of contamination, made from real items and real text, and what is found of it.

    python performance/contamination.py [--data ../shared/data] [--items 40] [--limit .65]

Of each benchmark a fifth of the items is held back, and the index made of the rest. Planted: items of the index,
written otherwise in each of `WAYS`, in the middle of a document of DATA/corpora of their language (a law among them):
the question alone where that is long enough to be found with words changed, else with its choices or its context. What
is too short to check is counted apart. Not to be claimed: questions held back, which are like those of the index and
are none of them (but for those that repeat an indexed one); contexts of items alone; and the documents of DATA/corpora.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import random
import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import polars as pl

from curate.decontaminate.benchmarks import Item, load
from curate.decontaminate.building import build
from curate.decontaminate.contact import gold
from curate.decontaminate.index import DECIDING, MENTION, PARTS, QUESTION, Index, unpack
from curate.decontaminate.match import matches
from curate.decontaminate.quotations import BLANK, MARK
from curate.decontaminate.stage import Decontaminate
from curate.document import COLUMNS, render
from curate.kernels.tokens import spaced
from curate.stage import Asset

LIMIT, REPORT = 0.65, 0.4
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
OTHER = str.maketrans("，。？！：；,.?!:;", ",.?!:;，。？！：；")
ARTICLES = {
    "zh": ("general/zh/lctt_zh", "medical/zh/tcm_ancient_books", "law/zh/prc_laws", "finance/zh/wind_daily"),
    "en": ("general/en/lctt_en", "medical/en/medquad", "law/en/dc_law", "finance/en/fed_speeches"),
}
TRADITIONAL = Path(__file__).parents[1] / "curate" / "kernels" / "opencc" / "TSCharacters.txt"
TWIN = 0.5  # of the 5-grams of a question held back: one that shares more with an indexed one repeats it

# Edit rules: words that may stand for one another, and words that may be put in.
ALIKE = {
    "en": (
        "which what", "show display", "big large", "begin start", "find determine", "buy purchase", "total sum",
        "most greatest", "correct right", "following below", "because since", "each every", "many several",
        "make produce", "get receive", "use employ", "also too", "but however", "about around", "need require",
    ),
    "zh": (
        "以下 下列", "属于 归于", "正确 对", "错误 不对", "是否 是不是", "如果 假如", "因为 由于", "可以 能够",
        "应当 应该", "需要 须要", "导致 引起", "主要 首要", "什么 何种", "哪个 哪一个", "关于 有关", "的 之", "和 与",
        "使用 采用", "进行 开展", "时候 时",
    ),
}  # fmt: skip
PUT_IN = {"en": ("then", "really", "again", "just", "indeed", "thus"), "zh": ("就", "其实", "再", "也", "便", "又")}


class Words(NamedTuple):
    """A text cut at its words: Chinese ones are taken as two characters, numbers and spaced words as they stand."""

    words: list[str]  # and what stands between them, in turns, beginning with what stands between
    lang: str


def cut(text: str, lang: str) -> Words:
    pattern = r"(\d+(?:\.\d+)?|[A-Za-z]+|[㐀-鿿]{1,2})" if lang == "zh" else r"(\w+(?:[.'’]\w+)*)"
    return Words(re.split(pattern, text), lang)


def edited(text: str, lang: str, share: float, chance: random.Random) -> str:
    """`text` with a share of its words replaced by like ones or others of it, left out, added to or swapped."""
    parts = cut(text, lang).words
    places = list(range(1, len(parts), 2))
    alike: dict[str, str] = {}
    for pair in ALIKE[lang]:
        one, other = pair.split()
        alike |= {one: other, other: one}
    for place in chance.sample(places, max(1, round(share * len(places))) if share else 0):
        word = parts[place]
        rule = chance.randrange(4)
        if word.lower() in alike:
            parts[place] = alike[word.lower()]
        elif word.isdecimal():
            parts[place] = other_number(word, chance)
        elif rule == 0:
            parts[place] = ""
        elif rule == 1:
            gap = "" if lang == "zh" else " "
            parts[place] = f"{word}{gap}{chance.choice(PUT_IN[lang])}"
        elif rule == 2 and place + 2 < len(parts):
            parts[place], parts[place + 2] = parts[place + 2], word
        else:
            parts[place] = parts[chance.choice(places)]
    return "".join(parts)


def other_number(number: str, chance: random.Random) -> str:
    digits = [str((int(digit) + chance.randint(1, 8)) % 10) if digit.isdecimal() else digit for digit in number]
    return "".join(digits) if digits[0] != "0" else "1" + "".join(digits[1:])


def numbers_changed(text: str, lang: str, chance: random.Random) -> str:
    return re.sub(r"\d+", lambda found: other_number(found[0], chance), text)


def traditional(text: str) -> str:
    """In traditional characters, by the first one of which OpenCC makes each simplified one."""
    return text.translate(_TRADITIONAL)


def _simplified() -> dict[int, str]:
    table: dict[int, str] = {}
    for line in TRADITIONAL.read_text().splitlines():
        old, _, new = line.partition("\t")
        if len(old) == 1 and new and new[0] != old:
            table.setdefault(ord(new[0]), old)
    return table


_TRADITIONAL = _simplified()


def asked(item: Item, alone: bool, choices: Sequence[str] | None = None) -> str:
    offered = item.choices if choices is None else choices
    lines = [f"{letter}. {choice}" for letter, choice in zip("ABCDEFGHIJ", offered, strict=False)]
    more = [] if alone or lines or not item.answer else [item.answer]
    return "\n".join([item.question, *([] if alone else lines), *more])


Way = Callable[[Item, bool, random.Random], str | None]


def _shuffled(item: Item, alone: bool, chance: random.Random) -> str | None:
    return asked(item, False, chance.sample(item.choices, len(item.choices))) if len(item.choices) > 2 else None


def _numbers(item: Item, alone: bool, chance: random.Random) -> str | None:
    return numbers_changed(asked(item, alone), lang(item), chance) if re.search(r"\d", item.question) else None


def _edits(share: float) -> Way:
    return lambda item, alone, chance: edited(asked(item, alone), lang(item), share, chance)


WAYS: dict[str, Way] = {
    "verbatim": lambda item, alone, chance: asked(item, alone),
    "punctuation": lambda item, alone, chance: asked(item, alone).translate(OTHER),
    "width and case": lambda item, alone, chance: asked(item, alone).upper().translate(WIDE),
    "traditional": lambda item, alone, chance: traditional(asked(item, alone)) if lang(item) == "zh" else None,
    "reordered": _shuffled,
    "embedded": lambda item, alone, chance: " ".join(asked(item, alone).split("\n")),
    "numbers changed": _numbers,
    "5 % edited": _edits(0.05),
    "10 % edited": _edits(0.1),
    "20 % edited": _edits(0.2),
}


def lang(item: Item) -> str:
    return "zh" if item.lang == "zh" else "en"


def planted(text: str, way: str, article: str, chance: random.Random) -> str:
    """`text` in an article: in the middle of a line if it is `embedded`, else between two."""
    breaks = [match.end() for match in re.finditer(r" |[。，]" if way == "embedded" else r"\n", article)]
    at = chance.choice(breaks) if breaks else len(article)
    gap = " " if way == "embedded" else "\n"
    return f"{article[:at]}{gap}{text}{gap}{article[at:]}"


def held_back(items: Iterable[Item], chance: random.Random) -> tuple[list[Item], list[Item]]:
    """(four fifths, a fifth) of the items."""
    kept, back = [], []
    for item in items:
        (back if chance.random() < 0.2 else kept).append(item)
    return kept, back


def twins(items: Sequence[Item], back: Sequence[Item]) -> set[int]:
    """Which of `back` repeat one of `items`: more than `TWIN` of their 5-grams stand in one of them."""
    where: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for ordinal, words in enumerate(_words(items)):
        for gram in _grams(words):
            where[gram].add(ordinal)
    found = set()
    for ordinal, words in enumerate(_words(back)):
        grams = _grams(words)
        counts: dict[int, int] = defaultdict(int)
        for gram in grams:
            for other in where.get(gram, ()):
                counts[other] += 1
        if grams and max(counts.values(), default=0) > TWIN * len(grams):
            found.add(ordinal)
    return found


def _words(items: Sequence[Item]) -> list[list[str]]:
    return _folded([item.question for item in items])


def _folded(texts: Sequence[str]) -> list[list[str]]:
    return [(text or "").split() for text in spaced(pl.Series(texts, dtype=pl.String))]


def _grams(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + 5]) for at in range(max(1, len(words) - 4))}


def deciding(texts: Sequence[str], index: Index, limit: float) -> pl.DataFrame:
    found = matches(pl.Series(texts, dtype=pl.String), index, REPORT)
    return found.filter(pl.col("part").is_in(sorted(DECIDING)), pl.col("score") > limit)


def articles(data: Path) -> dict[str, list[str]]:
    return {
        language: [
            text
            for path in paths
            for text in pl.read_ndjson(data / "corpora" / f"{path}.jsonl.zst")["text"].head(150)
            if 500 < len(text) < 8000
        ]
        for language, paths in ARTICLES.items()
    }


def alone_in(index: Index) -> dict[tuple[str, str, str], bool]:
    """For each item that can be checked whether its question alone decides."""
    return {
        index.items[owner]: PARTS[part] == QUESTION
        for owner, part in zip(index.owners.tolist(), index.parts.tolist(), strict=True)
        if PARTS[part] in DECIDING
    }


def recall(items: Sequence[Item], index: Index, data: Path, most: int, limit: float) -> None:
    chance = random.Random(6)
    checked = alone_in(index)
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        groups[item.benchmark].append(item)
    written = articles(data)
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    rows: dict[str, dict[str, str]] = defaultdict(dict)
    short: dict[str, str] = {}
    for benchmark, group in sorted(groups.items()):
        able = [item for item in group if (item.benchmark, item.split, item.id) in checked]
        short[benchmark] = f"{len(group) - len(able)} of {len(group)}"
        chosen = chance.sample(able, min(most, len(able)))
        for way, rewritten in WAYS.items():
            cases = []
            for item in chosen:
                text = rewritten(item, checked[item.benchmark, item.split, item.id], chance)
                if text is not None:
                    if not checked[item.benchmark, item.split, item.id] and item.context:
                        text = f"{item.context}\n{text}"
                    cases.append((item, planted(text, way, chance.choice(written[lang(item)]), chance)))
            if not cases:
                continue
            hits = deciding([text for _, text in cases], index, limit).group_by("row").agg("item")
            named = {row: set(names) for row, names in hits.iter_rows()}
            hit = sum(item.id in named.get(row, ()) for row, (item, _) in enumerate(cases))
            rows[benchmark][way] = f"{100 * hit / len(cases):.0f}"
            total = counts[lang(chosen[0]), way]
            total[0] += hit
            total[1] += len(cases)
    print(f"\nfound and rightly named, % of {most} items of each benchmark; too short or common to check")
    print(f"  {'':14} " + " ".join(f"{way[:11]:>11}" for way in WAYS))
    for benchmark, cells in rows.items():
        line = " ".join(f"{cells.get(way, '-'):>11}" for way in WAYS)
        print(f"  {benchmark:14} {line}  {short[benchmark]}")
    for language in ("zh", "en"):
        sums = (counts[language, way] for way in WAYS)
        line = " ".join(f"{100 * hit / total:>11.1f}" if total else f"{'-':>11}" for hit, total in sums)
        print(f"  all {language:10} {line}")


def in_laws(items: Sequence[Item], index: Index, data: Path, limit: float) -> None:
    """Items without a question mark or a blank, by their question alone, put into laws: the hardest to tell from what a
    law says itself."""
    chance = random.Random(1)
    checked = alone_in(index)
    able = [
        item for item in items
        if checked.get((item.benchmark, item.split, item.id)) and not MARK.search(item.question)
        and not BLANK.search(item.question)
    ]  # fmt: skip
    laws = {
        language: [text for text in pl.read_ndjson(data / "corpora" / path)["text"] if 1000 < len(text) < 8000]
        for language, path in (("zh", "law/zh/prc_laws.jsonl.zst"), ("en", "law/en/dc_law.jsonl.zst"))
    }
    chosen = chance.sample(able, min(1500, len(able)))
    ways = [chance.choice(("embedded", "verbatim")) for _ in chosen]
    texts = [
        planted(item.question, way, chance.choice(laws[lang(item)]), chance)
        for item, way in zip(chosen, ways, strict=True)
    ]
    hits = deciding(texts, index, limit).select("row", "item").rows()
    found = {row for row, name in hits if chosen[row].id == name}
    print(
        f"questions without a question mark put into laws: {len(found)} of {len(chosen)} found, the others quotations"
    )


def short_alone(items: Sequence[Item], index: Index, data: Path, most: int, limit: float) -> None:
    """Short questions that decide by themselves, without their options: asked in three ways, and their words only said
    in the middle of a sentence, without what asks (an English stem without its first and last word, a Chinese one
    without its last two characters). Beside what is claimed what would be by the score alone."""
    chance = random.Random(9)
    able = {index.items[owner] for owner, part in zip(index.owners.tolist(), index.parts.tolist(), strict=True)
            if PARTS[part] == QUESTION}  # fmt: skip
    written = articles(data)
    print("\nshort questions (below 40 characters or 20 words) without their options: claimed, and by the score alone")
    for language in ("zh", "en"):
        short = [
            item for item in items
            if lang(item) == language and (item.benchmark, item.split, item.id) in able
            and (len(re.findall(r"\w", item.question)) < 40 if language == "zh" else len(item.question.split()) < 20)
        ]  # fmt: skip
        stems = [item for item in short if not MARK.search(item.question) and not BLANK.search(item.question)]
        for name, group in (
            ("on a line", short),
            ("behind a sentence", short),
            ("on a line, 10 % edited", short),
            ("said in prose", stems),
        ):
            texts, chosen = [], chance.sample(group, min(most, len(group)))
            for item in chosen:
                article = chance.choice(written[language])
                if name == "behind a sentence":
                    texts.append(behind_a_sentence(item.question, article, chance))
                elif name == "said in prose":
                    texts.append(said(item.question, language, article, chance))
                else:
                    share = 0.1 if "edited" in name else 0.0
                    text = edited(item.question, language, share, chance) if share else item.question
                    texts.append(planted(text, "verbatim", article, chance))
            found = matches(pl.Series(texts, dtype=pl.String), index, REPORT).filter(pl.col("score") > limit)
            claims = []
            for parts in (DECIDING, DECIDING | {MENTION}):
                rows = found.filter(pl.col("part").is_in(sorted(parts))).select("row", "item").rows()
                claims.append(len({row for row, name in rows if chosen[row].id == name}))
            shares = ", ".join(f"{100 * count / max(1, len(chosen)):.1f}" for count in claims)
            print(f"  {language} {name:24} {shares} % of {len(chosen)}")


def behind_a_sentence(text: str, article: str, chance: random.Random) -> str:
    """`text` between two sentences of a line."""
    breaks = [match.end() for match in re.finditer(r"。|[.] (?=[A-Z])", article)]
    at = chance.choice(breaks) if breaks else len(article)
    return f"{article[:at]}{text} {article[at:]}"


def said(question: str, language: str, article: str, chance: random.Random) -> str:
    """The words of a question in the middle of a sentence, without what it ends with."""
    if language == "zh":
        words = re.sub(r"[\W_]+$", "", question)[:-2]
        breaks = [match.end() for match in re.finditer("，", article)]
    else:
        words = " ".join(question.split()[1:-1])
        breaks = [match.end() for match in re.finditer(r"[a-z] (?=[a-z])", article)]
    at = chance.choice(breaks) if breaks else len(article)
    gap = "" if language == "zh" else " "
    return f"{article[:at]}{words}{gap}{article[at:]}"


def variant(item: Item, other: Item) -> bool:
    """Whether two items ask the same in other words: half of their choices are the same, or a third of the question's
    5-grams."""
    first, second = ({" ".join(words) for words in _folded(one.choices)} for one in (item, other))
    if len(first) > 1 and len(first & second) >= len(first) / 2:
        return True
    here, there = (_grams(words) for words in _words([item, other]))
    return len(here & there) * 3 >= min(len(here), len(there))


def look_alikes(items: Sequence[Item], back: Sequence[Item], index: Index, limit: float) -> None:
    repeated = twins(items, back)
    for language in ("zh", "en"):
        others = [item for n, item in enumerate(back) if n not in repeated and lang(item) == language]
        if not others:
            continue
        claimed = deciding([asked(item, False) for item in others], index, limit)
        best = claimed.group_by("row", maintain_order=True).first()
        same = sum(variant(others[row], index.item(ordinal)) for row, ordinal in best.select("row", "ordinal").rows())
        print(
            f"look-alikes, {language}: {best.height} of {len(others)} questions that are not in the index claimed, "
            f"{same} of them variants of the item named "
            f"({sum(lang(back[n]) == language for n in repeated)} more repeat one that is)"
        )
        for row, item, score in claimed.select("row", "item", "score").head(6).iter_rows():
            print(f"    {score:.2f} {item}: {others[row].question[:80]!r}")
    contexts = [item for item in items if len(item.context) > 60][::20]
    if contexts:
        claimed = deciding([item.context for item in contexts], index, limit)
        print(f"passages alone: {claimed['row'].n_unique()} of {len(contexts)} claimed")


REFUSAL = {"zh": "抱歉，我不能回答这个问题。", "en": "I am sorry, but I can't help with this question."}


def talks(items: Sequence[Item], index: Index, data: Path, most: int, folder: Path) -> None:
    """Questions put into dialogues of DATA/sft as turn 3, and as turn 4 the answer, in one of several ways, or a
    refusal; and those dialogues as they are."""
    path = folder / "index"
    stage = Decontaminate(index=Asset.of(path))
    chance = random.Random(8)
    checked = alone_in(index)
    groups: dict[str, list[list[dict[str, str | None]]]] = defaultdict(list)
    print("\ndialogues, as they are")
    for file in sorted((data / "sft").glob("*/*.jsonl.zst")):
        turns = [_turns(talk) for talk in pl.read_ndjson(file)["messages"].to_list()]
        groups[file.name[:2]].extend(turns[:500])
        judged = stage(_dialogues(turns))
        gone = judged["contamination"] > LIMIT
        kinds = judged.filter(gone)["contamination_contact"].value_counts(sort=True).rows()
        print(f"  {file.stem.removesuffix('.jsonl'):28} {gone.sum():4} of {len(turns):,} claimed {dict(kinds)}")
    for language in ("zh", "en"):
        able = [
            item for item in items
            if lang(item) == language and (item.benchmark, item.split, item.id) in checked and _replies(item)
        ]  # fmt: skip
        by_benchmark: dict[str, list[Item]] = defaultdict(list)
        for item in able:
            by_benchmark[item.benchmark].append(item)
        chosen = [
            item for _, group in sorted(by_benchmark.items()) for item in chance.sample(group, min(most, len(group)))
        ]
        counts: dict[str, int] = defaultdict(int)
        made, expected = [], []
        for item in chosen:
            asked_for = asked(item, not item.choices)
            asked_for = f"{item.context}\n{asked_for}" if item.context else asked_for
            for kind, reply in (("item", chance.choice(_replies(item))), ("question", REFUSAL[language])):
                first, last = chance.choice(groups[language]), chance.choice(groups[language])
                question, answer = _turns(
                    [{"role": "user", "content": asked_for}, {"role": "assistant", "content": reply}]
                )
                made.append([*first[:2], question, answer, *last[:2]])
                expected.append((item, kind))
        judged = stage(_dialogues(made))
        for evidence, (item, kind) in zip(judged["contamination_evidence"], expected, strict=True):
            mine = [match for match in json.loads(evidence or "[]") if match["item"] == item.id]
            best = next((match for match in mine if match["part"] in DECIDING and match["score"] > LIMIT), None)
            counts[f"{kind} planted"] += 1
            counts[f"{kind} found"] += best is not None
            if best is not None:
                counts[f"{kind} named so"] += best["contact"] == kind
                counts[f"{kind} in turn 3 of the user"] += (best["turn"], best["side"]) == (3, "user")
                counts["item answered in turn 4"] += kind == "item" and best.get("answer_turn") == 4
        print(f"dialogues, {language}: " + ", ".join(f"{name} {count}" for name, count in counts.items()))


def _turns(talk: Sequence[Mapping[str, str | None]]) -> list[dict[str, str | None]]:
    return [{"role": turn["role"], "content": turn["content"], "reasoning": None, "tool_calls": None} for turn in talk]


def _dialogues(talks: Sequence[Sequence[Mapping[str, str | None]]]) -> pl.DataFrame:
    rows = [{"text": render(talk), "messages": talk} for talk in talks]
    return pl.DataFrame(rows, {name: COLUMNS[name] for name in ("text", "messages")})


def _replies(item: Item) -> list[str]:
    """Ways to answer an item."""
    right = gold(item)
    if not right.letters:
        return [item.answer] if len(item.answer) > 20 else []
    said = "答案是" if lang(item) == "zh" else "The answer is "
    text = right.text.replace("\n", " ")
    return [right.letters, f"{said}{right.letters}", f"{right.letters}. {text}", text]


def clean(data: Path, index: Index, limit: float) -> None:
    print("\nclean documents claimed")
    total, alarms = 0, 0
    for file in sorted((data / "corpora").glob("*/*/*.jsonl.zst")):
        texts = pl.read_ndjson(file)["text"]
        count = deciding(texts.to_list(), index, limit)["row"].n_unique()
        total, alarms = total + len(texts), alarms + count
        name = file.relative_to(data / "corpora").as_posix().removesuffix(".jsonl.zst")
        print(f"  {name:44} {count:4} of {len(texts):,}")
    print(f"  {'all':44} {alarms:4} of {total:,}: {100 * alarms / max(1, total):.3f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--items", type=int, default=40)
    parser.add_argument("--limit", type=float, default=LIMIT)
    parser.add_argument("--without-clean", action="store_true", help="leave out the documents of the corpora")
    options = parser.parse_args()
    print(f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}, polars {pl.__version__}")
    items, back = held_back(load(str(options.data / "benchmarks")).items, random.Random(5))
    data = build(items)
    index = unpack(data, "index")
    print(f"{len(items):,} items, {len(back):,} held back, {index.grams():,} n-grams, limit {options.limit}")
    recall(items, index, options.data, options.items, options.limit)
    in_laws(items, index, options.data, options.limit)
    short_alone(items, index, options.data, 25 * options.items, options.limit)
    look_alikes(items, back, index, options.limit)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "index").write_bytes(data)
        talks(items, index, options.data, options.items, Path(folder))
    if not options.without_clean:
        clean(options.data, index, options.limit)


if __name__ == "__main__":
    main()
