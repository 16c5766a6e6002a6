"""A crawl of which one page in ten is of a trade: what a first look saves, and what it loses.

Part of extraction.py (`--cascade`). There are too few real pages of a trade with known text, so the crawl is made: in
pages of the sets the main text is replaced by documents of the trade; menus, comments and advertisements stay. A judge
is trained on half of the documents and on pages of half of the sites, untouched; its threshold is set on pages made of
these two halves. The other halves are what is tested. The court pages of juriscraper are relevant as they are.
"""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import polars as pl
import trafilatura
from lxml import etree
from trafilatura.meta import reset_caches

from curate.stage import measured, remove
from curate.stages import page as pages
from curate.stages.blocks import blocks, key_of
from curate.stages.encoding import decode
from curate.stages.extract import Extract
from curate.stages.first_look import FirstLook, Relevance, looked_at, poisson_interval, trained
from curate.stages.mend import weight

DOMAINS = {
    "medical, en": ("medical/en/medquad",),
    "medical, zh": ("medical/zh/toyhom_internal_csv", "medical/zh/tcm_ancient_books"),
    "law, en": ("law/en/dc_law",),
    "law, zh": ("law/zh/prc_laws",),
    "finance, en": ("finance/en/fed_speeches", "finance/en/tatqa_reports"),
    "finance, zh": ("finance/zh/wind_daily", "finance/zh/prc_finance_regulations"),  # others hold much that is neither
}
SHORTEST = 300  # weighted characters (a CJK one counts 3) of a document that is planted: 50 words
LONGEST = 6000
HELD, TESTED = 500, 600  # planted pages: the threshold is set on those, the loss counted on these
CAREFUL, QUICK = 0.004, 0.01  # of the former, which the threshold may lose: two of them are measured


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
        element.text = "\n".join(paragraphs) if element is place else None
    for title in tree.iter("title", "h1"):
        if title is not place:
            title.text = paragraphs[0][:60]
    for meta in list(tree.iter("meta")):
        meta.getparent().remove(meta)
    raw = bytes(etree.tostring(tree, encoding="unicode", method="html").encode())
    return raw if paragraphs[0][:30].encode() in raw else None


def documents_of(corpora: Path, names: Sequence[str], chance: random.Random) -> list[str]:
    """Texts of a trade, as many of each corpus."""
    texts: list[str] = []
    for name in names:
        every = [text for text in pl.read_ndjson(corpora / f"{name}.jsonl.zst")["text"] if weight(text) >= SHORTEST]
        texts += [text[:LONGEST] for text in chance.sample(every, min(len(every), 2 * TESTED // len(names)))]
    chance.shuffle(texts)
    return texts


def halves(items: Sequence[Raw]) -> tuple[list[Raw], list[Raw]]:
    """Pages to train on and to test on, parted by site so that no page is judged by its neighbour's menus."""
    chance = random.Random(1)
    sites: dict[str, int] = {}
    sides: tuple[list[Raw], list[Raw]] = ([], [])
    for item in items:
        site = (
            item.url.split("/")[2] if "pages.invalid" not in item.url else item.url.rpartition("/")[0] + item.url[-12:]
        )
        sides[sites.setdefault(site, chance.randrange(2))].append(item)
    return sides


def cascade(
    name: str,
    found: Sequence[Raw],
    corpora: Path,
    documents: Callable[[Sequence[Raw]], pl.DataFrame],
    made: Callable[[str, str, bytes], Raw],
) -> None:
    """Print the figures of one domain and language."""
    chance = random.Random(0)
    lang = name.rpartition(" ")[2]
    natural = [page for page in found if (page.lang == "zh") == (lang == "zh") and "juriscraper" not in page.url]
    courts = halves([page for page in found if "juriscraper" in page.url])
    learn, test = halves(natural)
    texts = documents_of(corpora, DOMAINS[name], chance)
    half = len(texts) // 2

    def plant(side: Sequence[Raw], some: Sequence[str]) -> list[Raw]:
        frames = skeletons([page for page in side if page.lang == lang])
        raws = [planted(chance.choice(frames), text) for text in some]
        return [made(f"https://pages.invalid/{at}", lang, raw) for at, raw in enumerate(raws) if raw is not None]

    own = documents([*learn, *(courts[0] if not name.startswith("law") else ())])
    crawl = [text or "" for text in looked_at(own)[0]]
    with tempfile.TemporaryDirectory() as folder:
        judge = trained(texts[:half], crawl, Path(folder, "judge.npy"))
        held = measured(FirstLook(judge=judge), documents(plant(learn, texts[:half][:HELD])))["first_look_relevance"]
        groups = {"planted": plant(test, texts[half:][:TESTED])}
        if name == "law, en":
            groups["court pages"] = courts[1]
        looks = [
            FirstLook(judge=judge, threshold=float(held.quantile(lost, "lower") or 0.0)) for lost in (CAREFUL, QUICK)
        ]
        tested(name, groups, test, looks, documents)


def tested(
    name: str,
    groups: dict[str, list[Raw]],
    others: Sequence[Raw],
    looks: Sequence[FirstLook],
    documents: Callable[[Sequence[Raw]], pl.DataFrame],
) -> None:
    """Print the loss in each group of relevant pages, and the speed on a crawl of which they are a tenth."""
    share = len(others) // 9
    crawl = [*others, *groups["planted"][:share]]
    random.Random(2).shuffle(crawl)
    reset_caches()
    started = time.process_time()
    for page in crawl:
        trafilatura.extract(page.raw)
    full = time.process_time() - started
    print(f"  {name}: {len(crawl)} pages, {share} of them relevant, trafilatura {len(crawl) / full:.0f} pages/CPU-s")
    docs = documents(crawl)
    natural = {page.url for page in others}
    for look in looks:
        losses = []
        for group, relevant in groups.items():
            scores = measured(look, documents(relevant))["first_look_relevance"]
            lost = int((scores < look.threshold).sum())
            low, high = (100 * bound / len(relevant) for bound in poisson_interval(lost))
            shares = f"{100 * lost / len(relevant):.2f} % [{low:.2f}, {high:.2f}]"
            losses.append(f"{group} {lost} of {len(relevant)}, {shares}")
        started = time.process_time()
        kept = remove(measured(look, docs), look.name, look.rules).kept
        looked = time.process_time() - started
        done = measured(Extract(), kept)
        ours = time.process_time() - started
        after = measured(Relevance(judge=look.judge), done.filter(pl.col("url").is_in(natural)))
        own = int((after["relevance"] > 0.5).sum())
        print(
            f"    threshold {look.threshold:.3f}: lost {'; '.join(losses)}; {kept.height} go on, {own} of the others "
            f"relevant by their main text; {len(crawl) / ours:.0f} pages/CPU-s, {full / ours:.1f} times "
            f"(the look {1000 * looked / len(crawl):.2f} ms a page)"
        )


def report(
    found: Sequence[Raw],
    corpora: Path,
    documents: Callable[[Sequence[Raw]], pl.DataFrame],
    made: Callable[[str, str, bytes], Raw],
) -> None:
    """Print all domains whose corpora are there."""
    print("\nthe cascade: FirstLook before Extract, next to trafilatura's default on every page; 10 % are relevant")
    for name, corpus in DOMAINS.items():
        if all((corpora / f"{path}.jsonl.zst").is_file() for path in corpus):
            cascade(name, found, corpora, documents, made)
        else:
            print(f"  {name}: skipped, needs {', '.join(corpus)} below {corpora}")
