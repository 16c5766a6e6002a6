"""A judge is learnt from documents and unlabelled pages, and its line is drawn on what it has not learnt from."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from curate.stage import measured
from curate.stages.first_look import FirstLook, looked_at
from curate.stages.wanted import Learnt, planted, trained
from tests.stages.documents import of_pages

WORDS = {
    "en": "fever cough dose tablet surgery symptom clinic vaccine infection biopsy nurse asthma ulcer insulin rash",
    "zh": "发热 咳嗽 剂量 口服 手术 症状 门诊 疫苗 感染 化验 护理 哮喘 溃疡 血糖 皮疹",
}
OTHERS = {
    "en": "match goal team song concert ticket hotel beach recipe garden camera phone engine race film actor museum",
    "zh": "比赛 进球 球队 歌曲 音乐会 门票 酒店 海滩 菜谱 花园 相机 手机 发动机 赛车 电影 演员 博物馆",
}
COMMON = {"en": "the a and of was with for on it that", "zh": "的 了 在 是 和 有 我 他 这 也"}
MENU = "".join(f"<li><a href='/{number}'>Channel 频道 {number}</a></li>" for number in range(30))


def sentences(lang: str, words: str, chance: random.Random, count: int) -> str:
    joint = " " if lang == "en" else ""
    pool = words.split() + COMMON[lang].split()
    return ". ".join(joint.join(chance.choices(pool, k=9)) for _ in range(count))


def pages(lang: str, words: str, seed: int, count: int, length: int = 12) -> list[bytes]:
    chance = random.Random(seed)
    page = "<html><body><ul>{}</ul><p>{}</p><div>{}</div></body></html>"
    return [
        page.format(MENU, sentences(lang, words, chance, length), sentences(lang, OTHERS[lang], chance, 6)).encode()
        for _ in range(count)
    ]


def texts_of(some: list[bytes]) -> list[str]:
    return [text or "" for text in looked_at(of_pages(some))[0]]


def documents(lang: str, count: int = 60) -> list[str]:
    chance = random.Random(1)
    return [sentences(lang, WORDS[lang], chance, 4) for _ in range(count)]


@cache
def learnt(lang: str, folder: Path) -> Learnt:
    return trained(documents(lang), texts_of(pages(lang, OTHERS[lang], 2, 60)), folder / f"{lang}.npy")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("judges")


@pytest.mark.parametrize("lang", WORDS)
def test_pages_of_the_trade_lie_above_the_line_and_others_below_it(lang: str, folder: Path) -> None:
    found = learnt(lang, folder)
    look = FirstLook(judge=found.judge)
    for length in (3, 30):
        wanted_pages = measured(look, of_pages(pages(lang, WORDS[lang], 7, 40, length)))["first_look_relevance"]
        assert wanted_pages.min() >= look.threshold
    other_pages = measured(look, of_pages(pages(lang, OTHERS[lang], 8, 40)))["first_look_relevance"]
    assert (other_pages >= look.threshold).mean() <= 0.1
    assert found.lost <= 0.02 and found.passing <= 0.1


def test_the_same_documents_and_pages_give_the_same_file(folder: Path) -> None:
    found = learnt("zh", folder)
    again = trained(documents("zh"), texts_of(pages("zh", OTHERS["zh"], 2, 60)), folder / "again.npy")
    assert (folder / "again.npy").read_bytes() == (folder / "zh.npy").read_bytes()
    assert again[1:] == found[1:]


def test_wanted_pages_among_those_of_the_crawl_are_not_learnt_as_others(folder: Path) -> None:
    crawl = [*pages("en", OTHERS["en"], 2, 60), *pages("en", WORDS["en"], 3, 6)]
    found = trained(documents("en"), texts_of(crawl), folder / "mixed.npy")
    scores = found.judge(pl.Series(texts_of(pages("en", WORDS["en"], 7, 40))))
    assert scores.min() >= 0.5


def test_the_line_is_lower_where_more_pages_may_pass(folder: Path) -> None:
    crawl = texts_of(pages("zh", OTHERS["zh"], 2, 60))
    generous = trained(documents("zh"), crawl, folder / "generous.npy", passing=0.5)
    text = pl.Series([documents("zh")[0]])
    assert generous.judge(text)[0] > learnt("zh", folder).judge(text)[0]


def test_pages_of_one_site_are_not_measured_by_what_was_learnt_of_it(folder: Path) -> None:
    crawl = texts_of(pages("en", OTHERS["en"], 2, 40))
    with pytest.raises(ValueError, match="40 pages of 3 sites"):
        trained(documents("en"), crawl, folder / "few.npy", sites=[f"{at % 3}.org" for at in range(40)])
    with pytest.raises(ValueError, match="40 pages and 2 sites; give the site of each page"):
        trained(documents("en"), crawl, folder / "few.npy", sites=["a", "b"])
    with pytest.raises(ValueError, match="0 documents"):
        trained([], crawl, folder / "few.npy")


def test_of_more_than_can_be_learnt_in_a_minute_some_are_drawn(folder: Path) -> None:
    crawl = texts_of(pages("en", OTHERS["en"], 2, 60))
    found = trained(documents("en"), crawl, folder / "drawn.npy", most=30)
    assert found.judge(pl.Series([documents("en")[3]]))[0] > 0.5


def test_a_planted_document_stands_whole_among_the_lines_of_the_page() -> None:
    page = "\n".join(f"line {number}" for number in range(20))
    found = planted("The\ndocument", page, random.Random(0)).split("\n")
    at = found.index("The")
    assert found[at : at + 2] == ["The", "document"]
    assert found[:at] == page.split("\n")[:at]
    assert set(found[at + 2 :]) <= set(page.split("\n"))
