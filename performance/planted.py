"""A corpus with planted near copies, whose true similarities are known.

Passages of 1 to 2 kB of real text, Chinese and English, shuffled with copies of some of them: words or characters
replaced, deleted and inserted, sentences rewritten or moved, notices of web pages added. How much is edited is drawn so
that the true similarities spread over .5 to 1; what they are is computed afterwards.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl
from exact import Exact, N

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"

SMALLEST, LARGEST = 1_000, 2_000  # bytes of a passage
CHINESE = 0.75  # of the documents
COPIES = 0.2
EXACT = 0.1  # of the copies: nothing but case, width and spaces differ
REPEATED = 0.1  # of the copies are made of a passage that has a copy already

CORPORA = {
    "zh": ("law/zh/prc_laws", "finance/zh/fincuge_news", "finance/zh/prc_finance_regulations", "general/zh/lctt_zh",
           "general/zh/classic_novels", "general/zh/history_modern_translation", "medical/zh/tcm_ancient_books",
           "medical/zh/toyhom_internal_csv"),
    "en": ("law/en/dc_law", "finance/en/fed_speeches", "general/en/eips", "general/en/lctt_en", "general/en/peps",
           "general/en/standard_ebooks", "medical/en/medquad"),
}  # fmt: skip
SENTENCE = re.compile(r"[^。！？.!?\n]*[。！？.!?\n]+|[^。！？.!?\n]+$")
SAMPLES = {"zh": ("general.zh.jsonl.gz",), "en": ("general.en.jsonl.zst",)}


class Document(NamedTuple):
    id: str
    lang: str
    text: str


class Pair(NamedTuple):
    """A passage and its planted copy, or two copies of one passage, by their places in the corpus."""

    one: int
    other: int
    lang: str
    jaccard: float


class Corpus(NamedTuple):
    documents: list[Document]
    pairs: list[Pair]
    exact: Exact


def texts(lang: str) -> tuple[list[str], str]:
    """(real documents of a language, where they are from)."""
    if (DATA / "corpora").is_dir():
        files = [DATA / "corpora" / f"{name}.jsonl.zst" for name in CORPORA[lang]]
        return [text for file in files for text in pl.read_ndjson(file)["text"]], str(DATA / "corpora")
    folder = ROOT / "data_samples" / "general"
    found = [text for name in SAMPLES[lang] for text in pl.read_ndjson(folder / name)["text"]]
    return found, f"{folder} (there is no {DATA / 'corpora'}: few and small)"


def sentences(text: str) -> list[str]:
    """The text cut behind each end of a sentence or line; joined they are the text again."""
    return SENTENCE.findall(text)


def passages(documents: Sequence[str], draw: random.Random) -> Iterator[str]:
    """Runs of whole sentences of 1 to 2 kB; documents come in a drawn order, what is left of each is dropped."""
    for text in draw.sample(documents, len(documents)):
        held, size, wanted = [], 0, draw.randint(SMALLEST, LARGEST)
        for sentence in sentences(text):
            size += len(sentence.encode())
            held.append(sentence)
            if size >= wanted:
                if size <= LARGEST + SMALLEST:
                    yield "".join(held).strip()
                held, size, wanted = [], 0, draw.randint(SMALLEST, LARGEST)


def corpus(count: int, seed: int = 0) -> Corpus:
    """`count` documents, fewer where there is not so much real text."""
    draw = random.Random(seed)
    documents: list[Document] = []
    groups: list[int] = []
    for lang, share in (("zh", CHINESE), ("en", 1 - CHINESE)):
        found, place = texts(lang)
        wanted = round(count * share)
        originals = []
        for passage in passages(found, draw):
            originals.append(passage)
            if len(originals) == wanted - round(wanted * COPIES):
                break
        copies = min(round(wanted * COPIES), len(originals) // 4)
        print(f"{lang}: {len(originals):,} passages and {copies:,} planted copies, from {place}")
        notices = [
            line for line in (ROOT / f"data_samples/written/boilerplate.{lang}.txt").read_text().split("\n") if line
        ]
        mothers = draw.sample(range(len(originals)), copies)
        mothers[: int(copies * REPEATED)] = mothers[copies - int(copies * REPEATED) :]
        members = [(number, text) for number, text in enumerate(originals)]
        for mother in mothers:
            other = originals[draw.randrange(len(originals))]
            likeness = 1.0 if draw.random() < EXACT else draw.uniform(0.5, 1)
            members.append((mother, edited(originals[mother], other, lang, likeness, notices, draw)))
        draw.shuffle(members)
        for group, text in members:
            documents.append(Document(f"{lang}-{len(documents):07}", lang, text))
            groups.append(group if lang == "zh" else -1 - group)
    exact = Exact(document.text for document in documents)
    met: dict[int, list[int]] = {}
    pairs = []
    for place, group in enumerate(groups):
        for before in met.setdefault(group, []):
            pairs.append(Pair(before, place, documents[place].lang, exact.jaccard(before, place)))
        met[group].append(place)
    return Corpus(documents, pairs, exact)


def edited(text: str, other: str, lang: str, likeness: float, notices: Sequence[str], draw: random.Random) -> str:
    """`text` with so many edits that its 5-grams' similarity to what it was is about `likeness`; new words are taken
    from `other`."""
    if likeness == 1:
        return draw.choice((text, text.upper(), text.replace("，", ",").replace("\n", "\n\n"), f" {text}\n"))
    units, foreign = split(text, lang), split(other, lang)
    size = len(units)
    # With `added` grams added and `lost` of `size` replaced, the similarity is (size - lost) / (size + added + lost).
    added = 0
    front = back = ""
    if draw.random() < 0.2:
        notice = draw.choice(notices)
        length = len(split(notice, lang))
        if (size - likeness * (size + length)) > 0:
            added = length
            front, back = (f"{notice}\n", "") if draw.random() < 0.5 else ("", f"\n{notice}")
    lost = (size - likeness * (size + added)) / (1 + likeness)
    kind = draw.random()
    if kind < 0.2 and lost > 4 * N:
        parts = sentences("".join(units))
        if len(parts) > 3:
            parts.insert(draw.randrange(len(parts) - 1), parts.pop(draw.randrange(len(parts))))
            units = split("".join(parts), lang)
            lost -= 3 * N
    if kind > 0.8:  # in one place
        length = max(int(lost) - N + 1, 1)
        at = draw.randrange(max(len(units) - length, 1))
        units[at : at + length] = foreign[:length]
    else:
        edits = round(size * (1 - max(1 - lost / size, 0) ** (1 / N)))
        for at in sorted(draw.sample(range(len(units)), min(max(edits, 1), len(units))), reverse=True):
            what = draw.random()
            new = [foreign[draw.randrange(len(foreign))]]
            units[at : at + (what < 0.75)] = new if what < 0.5 or what >= 0.75 else []
    return f"{front}{''.join(units)}{back}"


def split(text: str, lang: str) -> list[str]:
    """Characters of Chinese text, words of English with the space behind each."""
    return list(text) if lang == "zh" else re.findall(r"\S+\s*", text)


def write(made: Corpus, folder: Path) -> None:
    """zh.jsonl, en.jsonl (id, text) and pairs.tsv below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for lang in ("zh", "en"):
        with open(folder / f"{lang}.jsonl", "w", encoding="utf-8") as file:
            for document in made.documents:
                if document.lang == lang:
                    file.write(json.dumps({"id": document.id, "text": document.text}, ensure_ascii=False) + "\n")
    with open(folder / "pairs.tsv", "w", encoding="utf-8") as file:
        for pair in made.pairs:
            one, other = made.documents[pair.one].id, made.documents[pair.other].id
            file.write(f"{one}\t{other}\t{pair.jaccard:.4f}\n")
