"""What near-duplicate removal does to documents that are alike without being copies, for each threshold.

    python performance/near_duplicates.py [--data ../shared/data] [--thresholds .7,.75,.8,.85,.9] [--only poems]
        [--examples 3] [--show .8]

Each kind of document has a key that says which one it is: the title of a statute, the docket numbers of a court's page,
the persons, dates and sums of a judgment, the question of a leaflet, title and author of a poem. A removed document is
another text of the same one where its key is that of the document kept in its place, else a *false merge*. What the key
does not say the judgement can't see: one poem under two titles, one statute named with and without who made it, and one
post with another date line count as false; two statutes of one title and other content as right; a page without docket
numbers is never false.

Of each kind and threshold: documents, removed, with the same key, false merges, false merges of less than .7 of true
Jaccard, and what is left of documents that share their key with others (versions of one law). Then pairs to read at
`--show`: removed ones, false merges first, and pairs of which both are kept, the most alike first.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl
from exact import Exact, tokens

RECIPE = """
from curate.dedup.minhash import MinHashDedup
from curate.recipe import Recipe, Source

recipe = Recipe(
    name="near-duplicates",
    sources=(Source(name="texts", path="{folder}/texts.jsonl", key="id"),),
    stages=(MinHashDedup(n=5, permutations=128, threshold={threshold}),),
    expects=frozenset({{"*"}}),
)
"""
RIGHT = 0.7
DOCKET = re.compile(r"\b(?:\d{1,2}:)?\d{2,4}-[A-Za-z]{0,4}-?\d{2,6}\b")
FACTS = re.compile(r"\d+(?:\.\d+)?|[\u4e00-\u9fff]某[\u4e00-\u9fff某]?")
FRAME = re.compile(r"第二百六十四条[^\n]*\n|第六十七条[^\n]*(?:\n[^\n第]*)*|第五十二条[^\n]*\n|第六十四条[^\n]*\n")
VARIANTS = 25


class Text(NamedTuple):
    key: str
    text: str


class Kind(NamedTuple):
    name: str
    key: str
    texts: Callable[[Path], Iterator[Text]]


def column(file: Path) -> list[str]:
    return pl.read_ndjson(file)["text"].to_list()


def folded(text: str) -> str:
    return " ".join(tokens(text))


def statutes(data: Path) -> Iterator[Text]:
    for name in ("law/zh/prc_laws", "finance/zh/prc_finance_regulations"):
        for text in column(data / f"corpora/{name}.jsonl.zst"):
            headings = []
            for line in text.split("\n"):  # a code's parts are documents of their own, with the part's heading
                if line.startswith("# "):
                    headings.append(re.sub(r"[（(]\s*(?:\d{4}|19|20)[^）)]*[）)]", "", line[2:]))
                elif line.strip():
                    break
            yield Text(folded(" ".join(headings)), text)


def court_pages(data: Path) -> Iterator[Text]:
    pages = data / "html/juriscraper_court_pages/pages.warc.gz"
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "curate", "apply", "extract", str(pages), "--out", f"{out}/e", "--inline"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 4):  # 4: some page was quarantined
            sys.exit(done.stderr)
        found = pl.read_parquet(f"{out}/e/kept.parquet", columns=["text"])["text"].drop_nulls().to_list()
    for text in found:
        yield Text(" ".join(sorted(set(DOCKET.findall(text)))), text)


def facts(data: Path) -> list[str]:
    """What courts found in criminal cases."""
    items = pl.read_ndjson(data / "benchmarks/lawbench/items.jsonl.zst").filter(pl.col("subset").is_in(["3-4", "3-7"]))
    return [text.partition(":")[2].partition("刑期:")[0] for text in items["question"].unique(maintain_order=True)]


def cases(data: Path) -> Iterator[Text]:
    for text in facts(data):
        yield Text(" ".join(FACTS.findall(text)), text)


def template(data: Path) -> Iterator[Text]:
    """Real facts in which persons, numbers and dates are those of other cases, before the same articles of the criminal
    law: what judgments of one court about one offence are like."""
    draw = random.Random(0)
    real = facts(data)
    laws = column(data / "corpora/law/zh/prc_laws.jsonl.zst")
    law = max((text for text in laws if text.startswith("# 中华人民共和国刑法")), key=len)
    frame = "".join(FRAME.findall(law))
    values = [value for text in real for value in FACTS.findall(text)]
    by_kind = {kind: [value for value in values if value[0].isdigit() == kind] for kind in (True, False)}

    def other(found: re.Match[str]) -> str:
        return draw.choice(by_kind[found[0][0].isdigit()])

    for text in draw.sample([text for text in real if 100 < len(text) < 400], 40):
        for _ in range(VARIANTS):
            made = FACTS.sub(other, text)
            yield Text(
                " ".join(FACTS.findall(made)), f"刑事判决书\n{made}\n本院认为，被告人的行为已构成犯罪。依照\n{frame}"
            )


def leaflets(data: Path) -> Iterator[Text]:
    for text in column(data / "corpora/medical/en/medquad.jsonl.zst"):
        yield Text(folded(text.partition("\n")[0]), text)


def poems(data: Path) -> Iterator[Text]:
    for text in column(data / "corpora/general/zh/poetry.jsonl.zst"):
        yield Text(folded("\n".join(text.split("\n")[:2])), text)


def questions(data: Path) -> Iterator[Text]:
    for name in ("medical/zh/toyhom_internal_csv", "medical/en/medquad"):
        for text in column(data / f"corpora/{name}.jsonl.zst"):
            yield Text(folded(text.partition("\n")[0]), text.partition("\n")[0])


def posts(data: Path) -> Iterator[Text]:
    for text in column(data / "corpora/finance/zh/fincuge_news.jsonl.zst"):
        if len(text) <= 140:
            yield Text(" ".join(re.findall(r"\d+(?:\.\d+)?", unicodedata.normalize("NFKC", text))), text)


KINDS = (
    Kind("statutes", "title", statutes),
    Kind("court_pages", "docket numbers", court_pages),
    Kind("cases", "persons, numbers and dates", cases),
    Kind("judgments of one template", "persons, numbers and dates", template),
    Kind("leaflets", "question", leaflets),
    Kind("poems", "title and author", poems),
    Kind("questions", "all words", questions),
    Kind("posts", "numbers", posts),
)


class Merge(NamedTuple):
    removed: int
    kept: int
    said: float


def merges(folder: Path, threshold: float) -> list[Merge]:
    """What Curate removes from FOLDER/texts.jsonl, whose ids are numbers, and for which kept document."""
    recipe, out = folder / "recipe.py", folder / f"{threshold}"
    recipe.write_text(RECIPE.format(folder=folder, threshold=threshold))
    command = [sys.executable, "-m", "curate", "run", str(recipe), "--out", str(out), "--inline"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    kept = pl.concat([pl.read_parquet(file, columns=["doc_id", "origin_id"]) for file in (out / "kept").glob("*")])
    places = {doc_id: int(origin) for doc_id, origin in kept.iter_rows()}
    verdicts = pl.concat([pl.read_parquet(file) for file in sorted((out / "verdicts").glob("*.parquet"))])
    found = []
    for origin, evidence in verdicts.filter(pl.col("stage") == "minhash").select("origin_id", "evidence").iter_rows():
        told = json.loads(evidence)
        found.append(Merge(int(origin), places[told["kept"]], told["similarity"]))
    return found


def table(kind: Kind, texts: Sequence[Text], exact: Exact, found: dict[float, list[Merge]]) -> None:
    shared = Counter(text.key for text in texts)
    several = {place for place, text in enumerate(texts) if shared[text.key] > 1}
    print(f"\n{kind.name}: {len(texts):,} documents, {len(several):,} of them share their {kind.key} with others")
    print("| threshold | removed | same key | false merges | of them below .7 | left of those that share a key |")
    print("| --- | --- | --- | --- | --- | --- |")
    for threshold, some in found.items():
        false = [merge for merge in some if texts[merge.removed].key != texts[merge.kept].key]
        unlike = [merge for merge in false if exact.jaccard(merge.removed, merge.kept) < RIGHT]
        left = len(several - {merge.removed for merge in some})
        counts = (len(some), len(some) - len(false), len(false), len(unlike), left)
        print(f"| {threshold} | {' | '.join(f'{count:,}' for count in counts)} |")


def examples(texts: Sequence[Text], exact: Exact, some: Sequence[Merge], count: int) -> None:
    draw = random.Random(0)
    false = [merge for merge in some if texts[merge.removed].key != texts[merge.kept].key]
    right = [merge for merge in some if texts[merge.removed].key == texts[merge.kept].key]
    chosen = draw.sample(false, min(count, len(false)))
    chosen += draw.sample(right, min(count - len(chosen), len(right)))
    for merge in chosen:
        word = "false merge" if texts[merge.removed].key != texts[merge.kept].key else "removed"
        shown(texts, word, merge.removed, merge.kept, exact, merge.said)
    gone = {merge.removed for merge in some}
    pairs: list[tuple[float, int, int]] = []
    for place in draw.sample(range(len(texts)), min(2_000, len(texts))):
        if place not in gone:
            others, similar = exact.near(place, 0.5)
            pairs += [(j, place, other) for other, j in zip(others, similar, strict=True) if other not in gone]
    for _, one, other in sorted(pairs, reverse=True)[: 2 * count : 2]:
        shown(texts, "both kept", one, other, exact)


def shown(texts: Sequence[Text], word: str, one: int, other: int, exact: Exact, said: float | None = None) -> None:
    """The two texts where they first differ."""
    first, second = (re.sub(r"\s+", " ", texts[place].text) for place in (one, other))
    at = next((at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), 0)
    begin = max(at - 20, 0)
    told = "" if said is None else f", said {said:.3f}"
    print(f"  {word}: true {exact.jaccard(one, other):.3f}{told}")
    for text in (first, second):
        print(f"    {text[:40]} ... {text[begin : begin + 80]} ({len(text):,})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--thresholds", default=".7,.75,.8,.85,.9")
    parser.add_argument("--only", default=",".join(kind.name for kind in KINDS))
    parser.add_argument("--examples", type=int, default=3)
    parser.add_argument("--show", type=float, default=0.8)
    options = parser.parse_args()
    print(f"{datetime.date.today()}, {os.cpu_count()} cores, {platform.processor() or platform.machine()}, "
          f"Python {platform.python_version()}, polars {pl.__version__}")  # fmt: skip
    if not options.data.is_dir():
        sys.exit(f"skipped: there is no {options.data}; the samples of the repository hold too few of each kind")
    for kind in KINDS:
        if kind.name not in options.only.split(","):
            continue
        texts = list(kind.texts(options.data))
        exact = Exact(text.text for text in texts)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with open(folder / "texts.jsonl", "w", encoding="utf-8") as file:
                for place, text in enumerate(texts):
                    file.write(json.dumps({"id": str(place), "text": text.text}, ensure_ascii=False) + "\n")
            found = {
                threshold: merges(folder, threshold)
                for threshold in sorted({options.show, *(float(t) for t in options.thresholds.split(","))})
            }
        table(kind, texts, exact, found)
        print(f"at {options.show}:")
        examples(texts, exact, found[options.show], options.examples)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
