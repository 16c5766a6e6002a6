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
    lao_luntan,
    old_newsletter,
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
    found by `url` (pages), `id` (records) or `line` (from 1, of a file that can't be read there). With `twin`, exactly one of the two must go and the other must stay:
    which one is a matter of preference. `phrase` must be in the text that was kept, `item` is the benchmark item whose
    question was planted.
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


def medical_en(pages: Sequence[Page], benchmarks: Mapping[str, Sequence[Row]]) -> tuple[list[Page], list[Trap]]:
    """The English medical pages with the traps among them."""
    source, traps, planted = "medical_en", list[Trap](), list[Page]()

    def plant(trap: str, page: Page, outcome: str, *by: tuple[str, str], **more: str) -> None:
        planted.append(page)
        traps.append(Trap(name=trap, source=source, lang="en", outcome=outcome, by=by, url=page.url, **more))

    long = [page for page in pages if len(_all(page)) > 1800 and _is_near(_all(page))]
    anatomy = next(item for item in benchmarks["mmlu"] if "clinical" in item["subset"] and len(item["question"]) > 100)
    first, second, third, fourth, fifth = long[3], long[8], long[13], long[18], long[23]
    plant("near_duplicate", _copy(first, "https://syndicated.example/health/near-1", health_portal, _shorten), "removed",
          NEAR, twin=first.url)
    plant("mirrored_page", _copy(second, "https://mirror.example/page/2", second.layout), "removed", EXACT, NEAR,
          twin=second.url)
    plant("mirrored_page_other_layout", _copy(third, "https://mirror.example/page/3", _next_en(third.layout)), "removed",
          EXACT, NEAR, twin=third.url)
    for number, (page, item) in enumerate(((fourth, anatomy), (fifth, benchmarks["gsm8k"][7]))):
        quiz = (f"Test yourself: {item['question']}", *_choices_en(item))
        asked = _insert(page, "Something to think about", quiz)
        plant("benchmark_question", replace(asked, url=f"https://quiz.example/leaflet/{number + 1}"), "removed",
              BENCHMARK, item=str(item["id"]))
    for name, text, by in (
        ("boilerplate_page", _written("boilerplate.en"), QUALITY),
        ("repeated_words", _spam_en(), REPEATED),
        ("mojibake", _mojibake(_all(long[29])), MOJIBAKE),
        ("wrong_language", _written("french"), LANGUAGE),
        ("too_short", "Thank you for your message.", SHORT),
    ):
        title = {"wrong_language": "Un écueil fuyant", "too_short": "Thank you"}.get(name, "Health information")
        plant(name, _page(f"https://pages.example/en/{name}", reader_app, title, text), "removed", by)
    empty = _page("https://pages.example/en/empty", old_newsletter, "Empty", "")
    plant("no_text", replace(empty, raw=b"<html><head><title>Redirecting</title></head><body></body></html>"), "removed",
          NO_TEXT)
    plant("unreadable_bytes", replace(empty, url="https://pages.example/en/noise", raw=_noise(6000)), "removed",
          UNDECODABLE, NO_TEXT)
    image = replace(empty, url="https://pages.example/en/photo.png", content_type="image/png", raw=PNG)
    plant("image", image, "skipped")
    return _among([page for page in pages if page not in (fourth, fifth)], planted), traps


def medical_zh(pages: Sequence[Page], benchmarks: Mapping[str, Sequence[Row]]) -> tuple[list[Page], list[Trap]]:
    """The Chinese medical pages with the traps among them, some of the clean ones in GB18030."""
    source, traps, planted = "medical_zh", list[Trap](), list[Page]()

    def plant(trap: str, page: Page, outcome: str, *by: tuple[str, str], **more: str) -> None:
        planted.append(page)
        traps.append(Trap(name=trap, source=source, lang="zh", outcome=outcome, by=by, url=page.url, **more))

    near = [page for page in pages if _is_near(_all(page))]
    first, second, third, fourth, fifth = near[5], near[11], near[17], near[23], near[26]
    plant("near_duplicate", _copy(first, "https://zhuanzai.example/jk/1", wenzhai, _shorten), "removed", NEAR,
          twin=first.url)
    plant("mirrored_page", _copy(second, "https://jingxiang.example/ask/2", second.layout), "removed", EXACT, NEAR,
          twin=second.url)
    plant("mirrored_page_other_layout", _copy(third, "https://jingxiang.example/ask/3", wenda), "removed", EXACT, NEAR,
          twin=third.url)
    items = benchmarks["curate_zh_sample"]
    for number, (page, item) in enumerate(((fourth, items[3]), (fifth, items[21]))):
        quiz = (f"自测题：{item['question']}", "".join(f"{a}．{c}　" for a, c in zip("ABCD", item["choices"], strict=True)))
        asked = _insert(page, "小测验", quiz)
        plant("benchmark_question", replace(asked, url=f"https://ceyan.example/p/{number + 1}"), "removed", BENCHMARK,
              item=str(item["id"]))
    for name, text, by in (
        ("boilerplate_page", _written("boilerplate.zh"), QUALITY),
        ("repeated_words", _spam_zh(), REPEATED),
        ("mojibake", _mojibake(_all(pages[29])), MOJIBAKE),
        ("wrong_language", _written("japanese"), LANGUAGE),
        ("too_short", "感谢您的留言。", SHORT),
    ):
        title = {"wrong_language": "吾輩は猫である", "too_short": "留言成功"}.get(name, "健康资讯")
        plant(name, _page(f"https://pages.example/zh/{name}", shouji, title, text), "removed", by)
    noise = _page("https://pages.example/zh/noise", lao_luntan, "", "")
    plant("unreadable_bytes", replace(noise, raw=_noise(6001), content_type="text/html; charset=gbk"), "removed",
          UNDECODABLE, NO_TEXT)
    encoded = [_encoded(page) for page in pages if page not in (fourth, fifth)]
    for page in [page for page in encoded if page.article.charset != "utf-8"][:3]:
        phrase = page.article.sections[1][1][-1][:24]
        traps.append(
            Trap(name="gb18030_page", source=source, lang="zh", outcome="kept", url=page.url, phrase=phrase)
        )
    return _among(encoded, planted), traps


def texts_en(rows: Sequence[Row]) -> tuple[list[Row], list[Trap]]:
    """Records to put among the English general ones."""
    prose = next(row for row in rows if "standardebooks" in row["url"] and _is_near(row["text"]))
    damaged = next(row for row in rows if "great-expectations" in row["url"] and row["text"].count("’") >= 12)
    planted = [
        ("near_duplicate", _shortened(prose["text"]), (NEAR,), prose["id"]),
        ("wrong_language", _written("german"), (LANGUAGE,), None),
        ("repeated_words", _spam_en("the best deals on quality watches"), (REPEATED,), None),
        ("mojibake", _mojibake(damaged["text"]), (MOJIBAKE,), None),
        ("too_short", "See also the previous page.", (SHORT,), None),
    ]
    return _records("general_en", "en", planted)


def texts_zh(rows: Sequence[Row]) -> tuple[list[Row], list[Trap]]:
    """Records to put among the Chinese general ones."""
    prose = next(row for row in rows if "Classical-Modern" in row["url"] and _is_near(row["text"]))
    planted = [
        ("near_duplicate", _shortened(prose["text"]), (NEAR,), prose["id"]),
        ("repeated_words", _spam_zh("优质手表全场特价"), (REPEATED,), None),
        ("mojibake", _mojibake(rows[9]["text"], "gb18030"), (MOJIBAKE,), None),
        ("too_short", "参见上一页。", (SHORT,), None),
    ]
    return _records("general_zh", "zh", planted)


def _records(
    source: str, lang: str, planted: Sequence[tuple[str, str, tuple[tuple[str, str], ...], str | None]]
) -> tuple[list[Row], list[Trap]]:
    rows = [
        {"id": f"trap-{lang}-{name}", "text": text, "url": f"https://pages.example/texts/{lang}/{name}", "lang": lang,
         "license": "CC0-1.0"}
        for name, text, _, _ in planted
    ]  # fmt: skip
    traps = [
        Trap(name=name, source=source, lang=lang, outcome="removed", by=by, id=f"trap-{lang}-{name}", twin=twin)
        for name, _, by, twin in planted
    ]
    return rows, traps


# ---- how a trap is made ---------------------------------------------------------------------------------------------

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fcffff3f030005fe02fea72d"
    "a9b60000000049454e44ae426082"
)


def _among(pages: Sequence[Page], planted: Sequence[Page]) -> list[Page]:
    """The planted pages strewn over the archive, every ninth page."""
    out = list(pages)
    for number, page in enumerate(planted):
        out.insert(7 + 9 * number, page)
    return out


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


def _next_en(layout: Layout) -> Layout:
    order = (health_portal, hospital_site, old_newsletter, reader_app)
    return order[(order.index(layout) + 1) % 2]


def _insert(page: Page, heading: str, paragraphs: Sequence[str]) -> Page:
    """`page` with a section of its own before the last one."""
    sections = list(page.article.sections)
    sections.insert(max(1, len(sections) - 1), (heading, list(paragraphs)))
    return replace(page, article=replace(page.article, sections=sections))


def _choices_en(item: Row) -> list[str]:
    choices = item.get("choices") or ()
    return [f"{letter}. {choice}" for letter, choice in zip("ABCDE", choices, strict=False)]


def _page(url: str, layout: Layout, title: str, text: str) -> Page:
    paragraphs = [part for part in text.split("\n\n") if part]
    return Page(url=url, layout=layout, article=Article(title=title, sections=[(None, paragraphs)], others=()), number=0)


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
        # windows-1252 leaves five bytes undefined; browsers read them as control characters
        return "".join(_CP1252.get(byte, chr(byte)) for byte in text.replace("'", "’").encode())
    return text.encode().decode(wrong, "replace")


_CP1252 = {byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(128, 160)}


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
