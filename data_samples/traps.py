"""The labelled traps: documents planted among the clean samples, each with the stage and reason that must catch it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from alike import jaccard
from layouts import (
    Article,
    Layout,
    health_portal,
    hospital_site,
    reader_app,
    shouji,
    wenda,
    wenzhai,
)

WRITTEN = Path(__file__).resolve().parent / "written"
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of an archive. `raw` stands for the body where the layout does not make it."""

    url: str
    layout: Layout
    article: Article
    number: int
    content_type: str | None = "text/html; charset=utf-8"
    raw: bytes | None = None

    def body(self) -> bytes:
        """The bytes of the page."""
        if self.raw is not None:
            return self.raw
        charset = self.article.charset
        return self.layout(self.article).encode("gb18030" if charset.startswith("gb") else charset)


@dataclass(frozen=True, kw_only=True)
class Trap:
    """What must happen to one document.

    `outcome` is removed, kept, skipped or quarantined; `by` lists the (stage, reason) pairs that count. The document is
    found by `url` (pages), `id` (records) or `line` (from 1, of a file that can't be read there). With `twin`, exactly
    one of the two must go and the other must stay: which one is a matter of preference. `phrase` must be in the text
    that was kept, `item` is the benchmark item whose question was planted.
    """

    name: str
    source: str
    lang: str
    outcome: str
    by: tuple[tuple[str, str], ...] = ()
    url: str | None = None
    id: str | None = None
    line: int | None = None
    twin: str | None = None
    phrase: str | None = None
    item: str | None = None

    def row(self) -> Row:
        """As it is written to traps.jsonl."""
        return {key: value for key, value in asdict(self).items() if value not in (None, ())}


EXACT = ("exact_dedup", "exact_duplicate")
NEAR = ("minhash", "near_duplicate")
BENCHMARK = ("decontaminate", "benchmark_overlap")
QUALITY = ("quality", "low_quality")
REPEATED = ("repetition", "repeated_words")
MOJIBAKE = ("mojibake", "mojibake")
LANGUAGE = ("language", "wrong_language")
SHORT = ("length", "too_short")
UNDECODABLE = ("extract", "undecodable")
NO_TEXT = ("extract", "no_text")


class _Planted:
    """The pages that are planted in one archive, and what must happen to each."""

    def __init__(self, source: str, lang: str) -> None:
        self.source, self.lang = source, lang
        self.pages: list[Page] = []
        self.traps: list[Trap] = []

    def removed(self, name: str, page: Page, *by: tuple[str, str], **more: Any) -> None:
        """A page that a stage must take out."""
        self.pages.append(page)
        self.traps.append(
            Trap(name=name, source=self.source, lang=self.lang, outcome="removed", by=by, url=page.url, **more)
        )

    def skipped(self, name: str, page: Page) -> None:
        """What is no page at all."""
        self.pages.append(page)
        self.traps.append(Trap(name=name, source=self.source, lang=self.lang, outcome="skipped", url=page.url))

    def among(self, pages: Sequence[Page]) -> list[Page]:
        """`pages` with a planted one after every eighth."""
        out = list(pages)
        for number, page in enumerate(self.pages):
            out.insert(7 + 9 * number, page)
        return out


def medical_en(pages: Sequence[Page], benchmarks: Mapping[str, Sequence[Row]]) -> tuple[list[Page], list[Trap]]:
    """The English medical pages with the traps among them."""
    planted = _Planted("medical_en", "en")
    long = [page for page in pages if len(_all(page)) > 1800 and _is_near(_all(page))]
    first, second, third, fourth, fifth = (long[n] for n in (4, 8, 13, 18, 23))
    damaged = max(long[24:], key=lambda page: _all(page).count("'") / len(_all(page)))
    copy = _copy(first, "https://syndicated.example/health/near-1", health_portal, _shorten)
    planted.removed("near_duplicate", copy, NEAR, twin=first.url)
    copy = _copy(second, "https://mirror.example/page/2", second.layout)
    planted.removed("mirrored_page", copy, EXACT, NEAR, twin=second.url)
    other = hospital_site if third.layout is not hospital_site else health_portal
    copy = _copy(third, "https://mirror.example/page/3", other)
    planted.removed("mirrored_page_other_layout", copy, EXACT, NEAR, twin=third.url)
    clinical = next(item for item in benchmarks["mmlu"] if "clinical" in item["subset"] and len(item["question"]) > 100)
    for number, (page, item) in enumerate(((fourth, clinical), (fifth, benchmarks["gsm8k"][7])), 1):
        choices = (f"{letter}. {choice}" for letter, choice in zip("ABCDE", item.get("choices") or (), strict=False))
        quiz = (f"Test yourself: {item['question']}", *choices)
        asked = replace(_insert(page, "Something to think about", quiz), url=f"https://quiz.example/leaflet/{number}")
        planted.removed("benchmark_question", asked, BENCHMARK, item=str(item["id"]))
    for name, title, text, by in (
        ("boilerplate_page", "Health information", _written("boilerplate.en"), QUALITY),
        ("repeated_words", "Health information", _spam_en(), REPEATED),
        ("mojibake", "Health information", _mojibake(_all(damaged)), MOJIBAKE),
        ("wrong_language", "Un écueil fuyant", _written("french"), LANGUAGE),
    ):
        planted.removed(name, _page(f"https://pages.example/en/{name}", reader_app, title, text), by)
    empty = _page("https://pages.example/en/empty", _bare, "Redirecting", "")
    planted.removed("no_text", empty, NO_TEXT)
    short = _page("https://pages.example/en/too_short", _bare, "Thank you", "Thank you for your message.")
    planted.removed("too_short", short, SHORT)
    planted.removed(
        "unreadable_bytes", replace(empty, url="https://pages.example/en/noise", raw=_noise(6000)), UNDECODABLE
    )
    planted.skipped(
        "image", replace(empty, url="https://pages.example/en/photo.png", content_type="image/png", raw=PNG)
    )
    return planted.among([page for page in pages if page not in (fourth, fifth, damaged)]), planted.traps


def medical_zh(pages: Sequence[Page], benchmarks: Mapping[str, Sequence[Row]]) -> tuple[list[Page], list[Trap]]:
    """The Chinese medical pages with the traps among them, some of the clean ones in GB18030."""
    planted = _Planted("medical_zh", "zh")
    near = [page for page in pages if _is_near(_all(page))]
    first, second, third, fourth, fifth, damaged = (near[n] for n in (5, 11, 17, 23, 26, 29))
    copy = _copy(first, "https://zhuanzai.example/jk/1", wenzhai, _shorten)
    planted.removed("near_duplicate", copy, NEAR, twin=first.url)
    copy = _copy(second, "https://jingxiang.example/ask/2", second.layout)
    planted.removed("mirrored_page", copy, EXACT, NEAR, twin=second.url)
    copy = _copy(third, "https://jingxiang.example/ask/3", wenda if third.layout is not wenda else wenzhai)
    planted.removed("mirrored_page_other_layout", copy, EXACT, NEAR, twin=third.url)
    items = benchmarks["curate_zh_sample"]
    for number, (page, item) in enumerate(((fourth, items[3]), (fifth, items[21])), 1):
        choices = "".join(f"{letter}．{choice}　" for letter, choice in zip("ABCD", item["choices"], strict=True))
        asked = replace(
            _insert(page, "小测验", (f"自测题：{item['question']}", choices)), url=f"https://ceyan.example/p/{number}"
        )
        planted.removed("benchmark_question", asked, BENCHMARK, item=str(item["id"]))
    for name, title, text, by in (
        ("boilerplate_page", "健康资讯", _written("boilerplate.zh"), QUALITY),
        ("repeated_words", "健康资讯", _spam_zh(), REPEATED),
        ("mojibake", "健康资讯", _mojibake(_all(damaged)), MOJIBAKE),
        ("wrong_language", "吾輩は猫である", _written("japanese"), LANGUAGE),
    ):
        planted.removed(name, _page(f"https://pages.example/zh/{name}", shouji, title, text), by)
    short = _page("https://pages.example/zh/too_short", _bare, "留言成功", "感谢您的留言。")
    planted.removed("too_short", short, SHORT)
    noise = replace(
        short, url="https://pages.example/zh/noise", raw=_noise(6001), content_type="text/html; charset=gbk"
    )
    planted.removed("unreadable_bytes", noise, UNDECODABLE)
    encoded = [_encoded(page) for page in pages if page not in (fourth, fifth, damaged)]
    gb18030 = [
        Trap(name="gb18030_page", source="medical_zh", lang="zh", outcome="kept", url=page.url,
             phrase=page.article.sections[1][1][-1][:24])
        for page in encoded if page.article.charset != "utf-8"
    ]  # fmt: skip
    return planted.among(encoded), [*planted.traps, *gb18030[:3]]


def texts_en(rows: Sequence[Row]) -> tuple[list[Row], list[Trap]]:
    """The English general records with the traps among them."""
    prose = next(row for row in rows if "standardebooks" in row["url"] and _is_near(row["text"]))
    damaged = next(row for row in rows if "great-expectations" in row["url"] and row["text"].count("’") >= 12)
    planted = [
        ("near_duplicate", _shortened(prose["text"]), (NEAR,), prose["id"]),
        ("wrong_language", _written("german"), (LANGUAGE,), None),
        ("repeated_words", _spam_en("the best deals on quality watches"), (REPEATED,), None),
        ("mojibake", _mojibake(damaged["text"]), (MOJIBAKE,), None),
        ("too_short", "See also the previous page.", (SHORT,), None),
    ]
    return _records([row for row in rows if row is not damaged], "general_en", "en", planted)


def texts_zh(rows: Sequence[Row]) -> tuple[list[Row], list[Trap]]:
    """The Chinese general records with the traps among them."""
    prose = next(row for row in rows if "Classical-Modern" in row["url"] and _is_near(row["text"]))
    damaged = next(row for row in rows if "Classical-Modern" in row["url"] and row is not prose)
    planted = [
        ("near_duplicate", _shortened(prose["text"]), (NEAR,), prose["id"]),
        ("repeated_words", _spam_zh("优质手表全场特价"), (REPEATED,), None),
        ("mojibake", _mojibake(damaged["text"], "gb18030"), (MOJIBAKE,), None),
        ("too_short", "参见上一页。", (SHORT,), None),
    ]
    return _records([row for row in rows if row is not damaged], "general_zh", "zh", planted)


def _records(
    rows: Sequence[Row],
    source: str,
    lang: str,
    planted: Sequence[tuple[str, str, tuple[tuple[str, str], ...], str | None]],
) -> tuple[list[Row], list[Trap]]:
    added = [
        {"id": f"trap-{lang}-{name}", "text": text, "url": f"https://pages.example/texts/{lang}/{name}", "lang": lang,
         "license": "CC0-1.0"}
        for name, text, _, _ in planted
    ]  # fmt: skip
    traps = [
        Trap(name=name, source=source, lang=lang, outcome="removed", by=by, id=f"trap-{lang}-{name}", twin=twin)
        for name, _, by, twin in planted
    ]
    return [*rows, *added], traps


# ---- how a trap is made ---------------------------------------------------------------------------------------------

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fcffff3f030005fe02fea72d"
    "a9b60000000049454e44ae426082"
)


def _copy(page: Page, url: str, layout: Layout, edit: Any = None) -> Page:
    sections = page.article.sections
    if edit is not None:
        sections = edit(sections)
    article = replace(page.article, sections=sections, others=page.article.others[::-1])
    return replace(page, url=url, layout=layout, article=article)


def _shorten(sections: Sequence[tuple[str | None, Sequence[str]]]) -> list[tuple[str | None, list[str]]]:
    """The last paragraph loses its last sentence and a sentence is added: 5-gram Jaccard of about .9."""
    out = [(heading, list(paragraphs)) for heading, paragraphs in sections]
    out[-1][1][-1] = _shortened(out[-1][1][-1])
    return out


def _shortened(text: str) -> str:
    """`text` without its last sentence, and with the source that a copying site would add."""
    chinese = bool(re.search("[一-鿿]", text))
    sentences = re.split(r"(?<=[。！？])" if chinese else r"(?<=[.!?]) ", text)
    sentences = [sentence for sentence in sentences if sentence.strip()]
    added = "本文转载自网络，略有删节。" if chinese else "This page was first published elsewhere."
    return ("" if chinese else " ").join([*sentences[:-1], added])


def _is_near(text: str) -> bool:
    """Whether the text, shortened, is a near-duplicate beyond doubt."""
    return 0.88 <= jaccard(text, _shortened(text)) <= 0.97


def _insert(page: Page, heading: str, paragraphs: Sequence[str]) -> Page:
    """`page` with a section of its own before the last one."""
    sections = list(page.article.sections)
    sections.insert(max(1, len(sections) - 1), (heading, list(paragraphs)))
    return replace(page, article=replace(page.article, sections=sections))


def _page(url: str, layout: Layout, title: str, text: str) -> Page:
    paragraphs = [part for part in text.split("\n\n") if part]
    return Page(
        url=url, layout=layout, article=Article(title=title, sections=[(None, paragraphs)], others=()), number=0
    )


def _bare(article: Article) -> str:
    text = "".join(f"<p>{line}</p>" for _, lines in article.sections for line in lines)
    return f"<html><head><title>{article.title}</title></head><body>{text}</body></html>"


def _all(page: Page) -> str:
    return "\n\n".join(text for _, paragraphs in page.article.sections for text in paragraphs)


def _written(name: str) -> str:
    return (WRITTEN / f"{name}.txt").read_text(encoding="utf-8").strip()


def _spam_en(phrase: str = "buy cheap vitamins online") -> str:
    return "\n\n".join(" ".join([phrase] * 30) for _ in range(4))


def _spam_zh(phrase: str = "专业治疗快速康复") -> str:
    return "\n\n".join(phrase * 30 for _ in range(4))


def _mojibake(text: str, wrong: str = "cp1252") -> str:
    """UTF-8 read as another encoding, which is how most damaged text comes about."""
    if wrong == "cp1252":
        text = text.replace("'", "’").replace(" - ", " – ")  # as an editor sets English
    return text.encode().decode(wrong, "ignore" if wrong == "cp1252" else "replace")


def _noise(size: int) -> bytes:
    """Bytes without meaning: the output of a hash function."""
    blocks = (blake2b(f"noise {size} {n}".encode()).digest() for n in range(size // 64 + 1))
    return b"".join(blocks)[:size]


def _encoded(page: Page) -> Page:
    """Every fifth page as the Chinese web sends it: GB18030 under three kinds of labels."""
    if page.number % 5 != 4:
        return page
    label = ("gb18030", "gb2312", "gbk")[page.number // 5 % 3]
    header = {"gb18030": "text/html; charset=GB18030", "gb2312": "text/html", "gbk": "text/html; charset=GBK"}[label]
    return replace(page, content_type=header, article=replace(page.article, charset=label))
