# ruff: noqa: E501 - texts as they stand
"""The furniture of pages is cut where it recurs over a site; what a text says stays, however often it recurs."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import cuts, engine
from curate.dedup.lines import LineDedup
from curate.ledger import total
from curate.progress import Lines
from curate.recipe import Recipe, Source, check
from curate.run import carry_out
from curate.stage import CorpusStage, remove
from tests import faults
from tests.dedup.corpora import documents, judged, splits

FURNITURE = {
    "zh": (
        "健康时报网 > 首页 > 新闻\n登录 | 注册\n分享到：微信 微博 QQ空间\n",
        "\n责任编辑：{name}\n上一篇：{name}之一\n下一篇：{name}之二\n【字体：大 中 小】【打印本页】【关闭窗口】\n"
        "本网站使用Cookie，继续浏览即表示您同意我们的隐私政策。\n版权所有 © 2024 健康时报网\n京ICP备05012345号-1\n",
    ),
    "en": (
        "Skip to main content\nHome | News | Health\nSign in\nShare this: Facebook Twitter\n",
        "\nRelated articles\nPrevious: {name} one\nNext: {name} two\nWe use cookies. See our Cookie Policy.\n"
        "Follow us on Twitter\nCopyright © 2024 The Daily Sample. All rights reserved.\nPrivacy Policy | Terms of Use\n",
    ),
}


def site(lang: str, count: int = 12, host: str = "news.example.cn") -> pl.DataFrame:
    """Pages of one host: an article each, in the furniture of the site."""
    head, foot = FURNITURE[lang]
    texts = [
        f"{head}{article(lang, number)}{foot.format(name=faults.sentence(lang, number, 5))}" for number in range(count)
    ]
    return pages(texts, [f"https://www.{host}/{lang}/{number}.html" for number in range(count)])


def article(lang: str, number: int) -> str:
    return f"{faults.sentence(lang, 500 + number, 6)}\n\n{faults.sentence(lang, number)}\n"


def pages(texts: Sequence[str], urls: Sequence[str | None], kind: str = "prose") -> pl.DataFrame:
    more = {"url": pl.Series(urls, dtype=pl.String), "source": pl.lit("web"), "kind": pl.lit(kind)}
    return documents(texts).with_columns(**more)


def left(docs: pl.DataFrame, stage: LineDedup | None = None) -> list[str]:
    stage = stage or LineDedup()
    return cuts.cut(judged(stage, [docs]), stage.name)["text"].to_list()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_headers_footers_share_bars_and_notices_go_and_the_article_stays(lang: str) -> None:
    assert left(site(lang)) == [article(lang, number).rstrip("\n") for number in range(12)]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_went_is_counted_and_told(lang: str) -> None:
    docs = site(lang)
    found = judged(LineDedup(), [docs])
    before, after = docs["text"].str.len_chars(), cuts.cut(found, "line_dedup")["text"].str.len_chars()
    assert (before - after == found["line_dedup_cut"]).all()
    head, foot = FURNITURE[lang]
    lines = [line for line in f"{head}{foot}".split("\n") if line]
    assert found["lines_cut"].to_list() == [len(lines)] * 12
    assert found["line_dedup_added"].to_list() == [0] * 12
    told = json.loads(found["line_evidence"][3])
    assert (told["in"], told["of"]) == ("news.example.cn", 12)
    assert [line["documents"] for line in told["lines"]] == [12] * len(lines)
    assert told["lines"][0]["line"] == lines[0]


def test_fewer_documents_or_a_smaller_share_than_asked_are_left_alone() -> None:
    assert left(site("zh", 9)) == site("zh", 9)["text"].to_list()
    others = pages([article("zh", 1000 + number) for number in range(300)], ["http://news.example.cn/x"] * 300)
    many = pl.concat([site("zh"), others])
    assert left(many, LineDedup(share=0.05)) == many["text"].to_list()
    assert left(many, LineDedup(share=0.03))[0] == article("zh", 0).rstrip("\n")


def test_each_host_is_counted_by_itself() -> None:
    docs = pl.concat([site("zh", 6, f"{name}.example.cn") for name in ("a", "b")])
    assert left(docs) == docs["text"].to_list()


def test_documents_without_a_host_are_cut_only_where_their_source_is_asked_for() -> None:
    docs = site("zh").with_columns(url=pl.lit(None, pl.String))
    assert left(docs) == docs["text"].to_list()
    assert left(docs, LineDedup(by="source"))[0] == article("zh", 0).rstrip("\n")
    assert json.loads(judged(LineDedup(by="source"), [docs])["line_evidence"][0])["in"] == "web"


CONTENT = {
    "statutes": lambda n: f"某市第{n}号条例\n\n第一章 总则\n\n第一条 为了第{n}件事，制定本条例。\n\n第二章 附则\n\n本条例自公布之日起施行。",
    "an article that laws quote": lambda n: f"判决书{n}\n当事人对自己提出的主张，有责任提供证据。\n据此，第{n}案判决如下。",
    "poems with a refrain": lambda n: f"其{n}\n山有木兮木有枝\n心悦君兮君不知\n第{n}年春\n山有木兮木有枝",
    "tables": lambda n: f"| Name | Email | Phone |\n| --- | --- | --- |\n| person {n} | p{n}@example.com | {n} |",
    "tables of columns": lambda n: f"项目 | 金额 | 备注\n第{n}项 | {n} | 无\n合计 | {n} | 无",
    "code": lambda n: f"import os\nimport sys\n\ndef f{n}() -> None:\n    return\n}}\n\nif __name__ == '__main__':\n    f{n}()\n    main()",
    "leaflets": lambda n: f"What are the treatments for disease {n} ?\nTalk to your doctor.\nTake {n} tablets.\nSee also\nReferences",
    "dialogue turns": lambda n: f"医生您好，我{n}天前开始头疼\n您好，需要做个检查\n祝您早日康复",
    "lists": lambda n: f"办理材料\n1. 身份证\n2. 户口本\n3. 营业执照\n第{n}号窗口\n(a)\n(b)\n- yes\n- no",
    "headings": lambda n: f"Title {n}\nAbstract\nWe did {n}.\nNext steps\nSettings\nHistory\nConclusion",
    "chapters": lambda n: f"上一章说到第{n}回\nChapter\nhe said {n}\nThe End",
    "signatures": lambda n: f"第{n}封信\n此致\n敬礼",
}  # fmt: skip


@pytest.mark.parametrize("what", CONTENT)
def test_what_recurs_in_texts_stays(what: str) -> None:
    docs = pages([CONTENT[what](number) for number in range(30)], ["https://texts.example.cn/"] * 30)
    assert left(docs) == docs["text"].to_list()


@pytest.mark.parametrize("what", CONTENT)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_recurs_in_texts_stays_inside_the_furniture_of_pages(what: str, lang: str) -> None:
    head, foot = FURNITURE[lang]
    texts = [CONTENT[what](number) for number in range(30)]
    docs = pages([f"{head}{text}{foot}" for text in texts], ["https://texts.example.cn/"] * 30)
    assert left(docs) == texts


@pytest.mark.parametrize("kind", ["code", "table", "maths", "dialogue"])
def test_what_is_no_prose_is_left_alone(kind: str) -> None:
    docs = site("en").with_columns(kind=pl.lit(kind))
    assert left(docs) == docs["text"].to_list()


def test_a_document_is_not_cut_to_nothing_and_removed_only_where_the_recipe_asks() -> None:
    bare = "".join(FURNITURE["zh"]).format(name="空白")
    short = FURNITURE["zh"][0] + "正文暂缺" + FURNITURE["zh"][1].format(name="暂缺")
    docs = pl.concat([site("zh"), pages([bare, short, "独一无二的一页"], ["https://news.example.cn/empty"] * 3)])
    docs = docs.with_columns(doc_id=pl.format("d{}", pl.int_range(pl.len())))
    texts = left(docs)
    assert texts[-3:] == [bare, "正文暂缺", "独一无二的一页"]
    found = judged(LineDedup(), [docs])
    assert found["has_boilerplate"].to_list() == [True] * 14 + [False]
    assert found["chars_besides"].to_list()[-3:] == [0, 5, None]
    assert found["lines_cut"].to_list()[-3] == 0
    asking = LineDedup(least=20)
    done = remove(judged(asking, [docs]), asking.name, asking.rules)
    assert done.verdicts.select("doc_id", "reason").rows() == [
        ("d12", "nothing_but_boilerplate"),
        ("d13", "nothing_but_boilerplate"),
    ]


def test_a_line_counts_once_a_document() -> None:
    docs = pages(["版权所有 某网\n" * 12 + f"正文{number}" for number in range(9)], ["https://a.cn"] * 9)
    assert left(docs) == docs["text"].to_list()


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_any_split_and_order_of_the_corpus_cuts_the_same(seed: int) -> None:
    docs = pl.concat([site("zh"), site("en", 11), site("en", 12, "other.example")])
    docs = docs.with_columns(doc_id=pl.format("d{}", pl.int_range(pl.len()).cast(pl.String).str.zfill(3)))
    whole = judged(LineDedup(), [docs])
    parts = judged(LineDedup(), splits(docs, random.Random(seed)), partitions=1 + seed % 3, batch=1 + seed % 7)
    assert parts.sort("doc_id").equals(whole)


def test_the_runner_finds_characters_in_equal_to_those_out_and_cut(tmp_path: Path) -> None:
    docs = pl.concat([site("zh"), site("en")])
    rows = [{"id": f"{n}", "text": text, "url": url} for n, (text, url) in enumerate(docs.select("text", "url").rows())]
    faults.write(tmp_path / "pages.jsonl", rows)
    recipe = Recipe(name="l", sources=(Source(name="web", path=str(tmp_path / "pages.jsonl")),), stages=(LineDedup(),))
    outcome = carry_out(recipe, str(tmp_path / "run"), engine.Inline(), Lines())
    (count,) = [count for count in total(outcome.records) if count.stage == "line_dedup"]
    articles = sum(len(article(lang, number).rstrip("\n")) for lang in ("zh", "en") for number in range(12))
    assert (count.chars_out, count.chars_cut) == (articles, count.chars_in - articles)


def test_it_is_a_corpus_stage_that_may_be_renamed() -> None:
    assert isinstance(LineDedup(), CorpusStage)
    here = str(Path(__file__))
    check(Recipe(name="l", sources=(Source(name="a", path=here),), stages=(LineDedup(name="l1", least=5),)))


@pytest.mark.parametrize("wrong", [{"documents": 1}, {"share": 0.0}, {"share": 1.5}, {"by": "site"}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        LineDedup(**wrong)  # type: ignore[arg-type]
