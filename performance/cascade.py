"""A crawl of which one page in ten is of a trade: what a first look saves, and what it loses.

Part of extraction.py (`--cascade`). There are too few real pages of a trade with known text, so the crawl is made: in
pages of the sets the main text is replaced by documents of the trade; menus, comments and advertisements stay. A judge
is learnt from half of the documents and from pages of half of the sites, untouched, and draws its line there; the other
halves are what is tested. Then the halves change places. The court pages of juriscraper are relevant to law as they
are. `from other sources` are texts of the trade from a source that no judge has learnt from, of another kind than what
it has.
"""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import polars as pl
import trafilatura
from lxml import etree
from trafilatura.meta import reset_caches

from curate.stage import measured, remove
from curate.stages import page as pages
from curate.stages.blocks import blocks, key_of
from curate.stages.encoding import decode
from curate.stages.extract import Extract
from curate.stages.first_look import FirstLook, Relevance, looked_at, poisson_interval
from curate.stages.mend import weight
from curate.stages.wanted import trained

DOMAINS = {
    "medical, en": ("medical/en/medquad",),
    "medical, zh": ("medical/zh/toyhom_internal_csv", "medical/zh/tcm_ancient_books"),
    "law, en": ("law/en/dc_law",),
    "law, zh": ("law/zh/prc_laws",),
    "finance, en": ("finance/en/fed_speeches", "finance/en/tatqa_reports"),
    "finance, zh": ("finance/zh/wind_daily", "finance/zh/prc_finance_regulations"),  # others hold much that is neither
}
_MARKS = (
    (re.compile(r"\A---\n.*?\n---\n", re.DOTALL), ""),
    (re.compile(r"<!--.*?-->", re.DOTALL), ""),
    (re.compile(r"!\[[^\]]*\]\([^)]*\)"), ""),
    (re.compile(r"\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"</?[\w\u4e00-\u9fff]{1,12}/?>"), ""),
    (re.compile(r"^[ \t]*(?:#{1,6}|>|\*|-|\d+\.)[ \t]+|\*\*|`", re.MULTILINE), ""),
    (re.compile(r"属性：|\\x?"), ""),
    (re.compile(r"^What is \(are\)|^Do you have information about |^Summary : ", re.MULTILINE), ""),
    (re.compile(r"\n\s*\n"), "\n"),
)
FOREIGN = {
    "medical, en": "benchmarks/pubmedqa/items.jsonl.zst",
    "medical, zh": "sft/medical/zh_medicalgpt_1k.jsonl.zst",
    "law, zh": "sft/law/zh_lawyer_llama.jsonl.zst",
}
SHORTEST = 300  # weighted characters (a CJK one counts 3) of a document that is planted: 50 words
LONGEST = 6000
TESTED = 600  # planted pages of each half
TIMED = 100  # of them
GROUP = 150  # pages that each takes in turn, so that a busy neighbour slows both


class Raw(Protocol):
    """A page of the sets."""

    @property
    def url(self) -> str: ...
    @property
    def lang(self) -> str: ...
    @property
    def raw(self) -> bytes: ...
    @property
    def content_type(self) -> str | None: ...
    @property
    def gold(self) -> str | None: ...


class Skeleton(NamedTuple):
    """A page in which the paragraphs of its main text can be replaced."""

    markup: str
    lang: str
    gold: str


def skeletons(found: Sequence[Raw]) -> list[Skeleton]:
    """Pages of news of which most of the main text stands in paragraphs."""
    kept = []
    for page in found:
        markup = decode(page.raw, page.content_type).text
        if page.gold and page.lang in ("en", "zh"):
            kept.append(Skeleton(markup, page.lang, page.gold))
    return [skeleton for skeleton in kept if planted(skeleton, "x" * 200) is not None]


def planted(skeleton: Skeleton, text: str) -> bytes | None:
    """The page with `text` in place of its own; None where little of that can be found."""
    tree = pages.tree_of(skeleton.markup)
    if tree is None:
        return None
    gold = key_of(skeleton.gold)
    own = [block for block in blocks(tree) if len(block.key) >= 8 and block.key in gold]
    if sum(len(block.key) for block in own) < 0.6 * len(gold):
        return None
    paragraphs = [line for line in re.split(r"\n+", text) if line.strip()] or [text]
    place = max(own, key=lambda block: len(block.key)).element
    around = set(place.iterancestors())
    for element in dict.fromkeys(block.element for block in own if block.element not in around):
        for child in list(element):
            element.remove(child)
        element.text = None
        if element is place:
            for line in paragraphs:
                etree.SubElement(element, "br").tail = line
    for title in tree.iter("title", "h1"):
        if title is not place:
            title.text = paragraphs[0][:60]
    for meta in list(tree.iter("meta")):
        meta.getparent().remove(meta)
    raw = bytes(etree.tostring(tree, encoding="unicode", method="html").encode())
    return raw if escape(paragraphs[0][:30], quote=False).encode() in raw else None


def plain(text: str) -> str:
    """`text` without what marks it as a file of its corpus: front matter, comments, tags, the signs of Markdown.

    They are on every document of a corpus and on no page, and a judge would go by them.
    """
    for pattern, instead in _MARKS:
        text = pattern.sub(instead, text)
    return text.strip()


def documents_of(corpora: Path, names: Sequence[str], chance: random.Random) -> list[str]:
    """Texts of a trade, as many of each corpus."""
    texts: list[str] = []
    for name in names:
        stored = pl.read_ndjson(corpora / f"{name}.jsonl.zst")["text"]
        every = [text for text in map(plain, stored) if weight(text) >= SHORTEST]
        texts += [text[:LONGEST] for text in chance.sample(every, min(len(every), 2 * TESTED // len(names)))]
    chance.shuffle(texts)
    return texts


def halves(items: Sequence[Raw]) -> tuple[list[Raw], list[Raw]]:
    """Pages to train on and to test on, parted by site so that no page is judged by its neighbour's menus."""
    chance = random.Random(1)
    sites: dict[str, int] = {}
    sides: tuple[list[Raw], list[Raw]] = ([], [])
    for item in items:
        sides[sites.setdefault(site_of(item), chance.randrange(2))].append(item)
    return sides


def site_of(page: Raw) -> str:
    """The host; for pages that were stored without theirs the folder and the end of the name."""
    if "pages.invalid" not in page.url:
        return page.url.split("/")[2]
    return page.url.rpartition("/")[0] + page.url[-12:]


class Trade(NamedTuple):
    """What the crawls of one trade and language are made of."""

    name: str
    texts: list[str]
    pages: list[Raw]
    """Of no trade, but for what is in the news."""
    courts: list[Raw]
    foreign: list[str]
    """Texts of the trade from a source that no judge learns from."""

    @property
    def lang(self) -> str:
        return self.name[-2:]


def trade(name: str, found: Sequence[Raw], corpora: Path) -> Trade:
    texts = documents_of(corpora, DOMAINS[name], random.Random(0))
    lang = name[-2:]
    pages = [page for page in found if (page.lang == "zh") == (lang == "zh") and "juriscraper" not in page.url]
    courts = [page for page in found if "juriscraper" in page.url]
    return Trade(name, texts, pages, courts, foreign(name, corpora.parent))


def foreign(name: str, data: Path) -> list[str]:
    """Abstracts, answers of doctors and lawyers: texts of a trade that are unlike what is learnt."""
    if name not in FOREIGN or not (data / FOREIGN[name]).is_file():
        return []
    rows = pl.read_ndjson(data / FOREIGN[name], infer_schema_length=None)
    if "context" in rows.columns:
        texts = rows["context"].to_list()
    else:
        texts = [turn["content"] for turns in rows["messages"] for turn in turns if turn["role"] == "assistant"]
    texts = [text for text in map(plain, texts) if weight(text) >= SHORTEST]
    return random.Random(3).sample(texts, min(TESTED // 3, len(texts)))


class Tally(NamedTuple):
    """What came out of crawls, which add up; the times are of a page of each."""

    crawls: int = 0
    through: int = 0  # of the pages that are not relevant
    others: int = 0
    trafilatura: float = 0.0  # CPU seconds
    look: float = 0.0
    relevant: float = 0.0
    """Of the tenth that is relevant, behind the look."""
    all: float = 0.0

    def __add__(self, other: Tally) -> Tally:  # type: ignore[override]
        return Tally(*(one + two for one, two in zip(self, other, strict=True)))


def cascade(
    name: str,
    found: Sequence[Raw],
    corpora: Path,
    documents: Callable[[Sequence[Raw]], pl.DataFrame],
    made: Callable[[str, str, bytes], Raw],
) -> None:
    """Print the figures of one trade and language: each half is learnt from once, and tested on once."""
    own = trade(name, found, corpora)
    sides, courts = halves(own.pages), halves(own.courts)
    half = len(own.texts) // 2
    texts = (own.texts[:half], own.texts[half:])
    total, said = Tally(), []
    lost: dict[str, list[int]] = {}
    for side in (0, 1):
        chance = random.Random(5 + side)
        frames = skeletons([page for page in sides[1 - side] if page.lang == own.lang])

        def plant(
            some: Sequence[str], frames: Sequence[Skeleton] = frames, chance: random.Random = chance
        ) -> list[Raw]:
            raws = [planted(chance.choice(frames), text) for text in some]
            return [
                made(f"https://pages.invalid/{at}", own.lang, raw) for at, raw in enumerate(raws) if raw is not None
            ]

        learn = [*sides[side], *(courts[side] if not name.startswith("law") else ())]
        with tempfile.TemporaryDirectory() as folder:
            seen = [text or "" for text in looked_at(documents(learn))[0]]
            learnt = trained(texts[side], seen, Path(folder, "judge.npy"), sites=[site_of(page) for page in learn])
            look = FirstLook(judge=learnt.judge, spared=0)
            relevant = plant(texts[1 - side][:TESTED])
            groups = {"planted": relevant, "from other sources": plant(own.foreign)}
            if name == "law, en":
                groups["court pages"] = courts[1 - side]
            for group, pages in groups.items():
                scores = measured(look, documents(pages))["first_look_relevance"]
                lost.setdefault(group, []).extend(1 if score < look.threshold else 0 for score in scores)
            total += timed(look, sides[1 - side], relevant, documents)
            said.append(f"lost {100 * learnt.lost:.1f} %, passing {100 * learnt.passing:.1f} %")
            behind = Relevance(judge=learnt.judge)
            done = measured(behind, measured(Extract(), documents(relevant[:100])))
            lost.setdefault("planted, by the same judge at the main text", []).extend(
                1 if score < behind.threshold else 0 for score in done["relevance"].fill_null(0.0)
            )
    print(f"  {name}; the judges said {'; '.join(said)}")
    for group, each in lost.items():
        if each:
            low, high = (100 * bound / len(each) for bound in poisson_interval(sum(each)))
            share = 100 * sum(each) / len(each)
            print(f"    lost {group}: {sum(each)} of {len(each)}, {share:.2f} % [{low:.2f}, {high:.2f}]")
    print(
        f"    {total.through} of {total.others} others go on; {total.crawls / total.all:.0f} pages/CPU-s, trafilatura "
        f"{total.crawls / total.trafilatura:.0f}: {total.trafilatura / total.all:.1f} times; of the time "
        f"{100 * total.look / total.all:.0f} % is the look ({1000 * total.look / total.crawls:.2f} ms a page), "
        f"{100 * total.relevant / total.all:.0f} % the extraction of the relevant"
    )


def timed(
    look: FirstLook,
    others: Sequence[Raw],
    relevant: Sequence[Raw],
    documents: Callable[[Sequence[Raw]], pl.DataFrame],
) -> Tally:
    """A page of a crawl in which one of ten is relevant, by trafilatura and by us in turns of a few pages.

    All other pages are timed, and so many of the relevant ones that it does not matter which they are.
    """
    natural = {page.url for page in others}
    measured(Extract(), measured(look, documents([*others[:1], *relevant[:1]])))
    through, times = 0, []
    for side in (others, relevant[:TIMED]):
        full, looked, ours = 0.0, 0.0, 0.0
        for start in range(0, len(side), GROUP):
            group = side[start : start + GROUP]
            reset_caches()
            started = time.process_time()
            for page in group:
                trafilatura.extract(page.raw)
            full += time.process_time() - started
            docs = documents(group)
            reset_caches()
            started = time.process_time()
            kept = remove(measured(look, docs), look.name, look.rules).kept
            looked += time.process_time() - started
            measured(Extract(), kept)
            ours += time.process_time() - started
            through += int(kept["url"].is_in(list(natural)).sum())
        times.append(np.array([full, looked, ours]) / len(side))
    full, looked, ours = 0.9 * times[0] + 0.1 * times[1]
    wanted = 0.1 * (times[1][2] - times[1][1])
    return Tally(1, through, len(others), float(full), float(looked), float(wanted), float(ours))


def report(
    found: Sequence[Raw],
    corpora: Path,
    documents: Callable[[Sequence[Raw]], pl.DataFrame],
    made: Callable[[str, str, bytes], Raw],
) -> None:
    """Print all trades whose corpora are there."""
    bare = [page for page in found if "gne_chinese_news/tests" in page.url]  # real pages, without text by hand
    texts = dict(zip((page.url for page in bare), measured(Extract(), documents(bare))["text"], strict=True))
    found = [page._replace(gold=text) if (text := texts.get(page.url)) else page for page in found]
    print("\nthe cascade: FirstLook before Extract, next to trafilatura's default on every page; 10 % are relevant")
    for name, corpus in DOMAINS.items():
        if all((corpora / f"{path}.jsonl.zst").is_file() for path in corpus):
            cascade(name, found, corpora, documents, made)
        else:
            print(f"  {name}: skipped, needs {', '.join(corpus)} below {corpora}")
