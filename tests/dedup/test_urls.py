"""Records of one address are copies, the preferred one stays; parts of one record stay together."""

import json
import random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dedup.urls import Choice, UrlDedup
from curate.stage import CorpusStage, remove
from curate.stages.split import Split
from tests.dedup.corpora import documents, judged, removed, splits

PAGE = "https://news.example.cn/2024/0501/c1024-1.html"


def pages(texts: list[str | None], urls: list[str | None], **columns: list[object]) -> pl.DataFrame:
    places = [f"a.jsonl#{number}" for number in range(len(texts))]
    docs = documents(texts, locator=columns.pop("locator", places), **columns)
    return docs.with_columns(url=pl.Series(urls, dtype=pl.String), source=pl.lit("web"))


def test_of_spellings_of_one_address_the_newest_record_stays() -> None:
    spellings = [PAGE, "http://www.news.example.cn/2024/0501/c1024-1.html?utm_source=wx#p2", f"{PAGE}?spm=a.b"]
    docs = pages(
        ["旧闻一则", "新闻一则，有所更正", "完全不同的第三篇"], spellings, date=["2024-05-01", "2024-05-03", None]
    )
    found = removed(UrlDedup(), docs)
    assert set(found) == {"d000", "d002"}
    assert json.loads(found["d000"]) == {"kept": "d001", "url": spellings[1], "cluster": "d001", "cluster_size": 3}


def test_documents_without_an_address_are_copies_of_nothing() -> None:
    urls = [None, None, "", "", "N/A", "N/A", "未知", "未知"]
    found = judged(UrlDedup(), [pages(["同一篇"] * 8, urls)])
    assert found["url_copies_before"].to_list() == [0] * 8
    assert found["url_texts"].null_count() == 8


def test_each_copy_counts_the_records_before_it() -> None:
    docs = pages(["a b", "a b c", "a", "x"], [PAGE, PAGE, PAGE, "https://other.example/"])
    found = judged(UrlDedup(), [docs])
    assert found["url_copies_before"].to_list() == [1, 0, 2, 0]
    assert found["url_texts"].to_list() == [3, 3, 3, None]


def test_a_record_is_as_long_as_all_of_its_parts_beyond_32_bits() -> None:
    sent = pl.DataFrame(
        {"key": [1] * 3, "shard": [0] * 3, "row": [0, 1, 2], "check": [1] * 3, "record": [7, 7, 8],
         "content": [1, 2, 3], "url": [PAGE] * 3, "prefer_length": [3_000_000_000, 3_000_000_000, 4_000_000_000],
         "doc_id": ["a0", "a1", "b"]},
        schema_overrides={"prefer_length": pl.UInt32},
    )  # fmt: skip
    equal = ("prefer_priority", "prefer_status", "prefer_date", "prefer_quality", "prefer_origin", "prefer_content")
    found = Choice(100, None).reduce(sent.with_columns(**dict.fromkeys(equal, pl.lit(0))))
    assert found.select("row", "url_copies_before").rows() == [(0, 0), (1, 0), (2, 1)]


def test_parts_of_one_split_record_are_no_copies_of_each_other() -> None:
    chapters = "\n".join(f"# 第{number}章 标题\n\n{'春江潮水连海平，海上明月共潮生。' * 200}" for number in range(3))
    docs = pages([chapters], ["https://books.example.cn/1"]).with_columns(parent_id=pl.lit(None, pl.String))
    parts = judged_by_split(docs)
    assert parts.height == 3
    assert removed(UrlDedup(), parts) == {}


def test_the_parts_of_a_record_go_together_where_another_record_of_the_page_is_longer() -> None:
    text = "\n".join(f"# CHAPTER {number}\n\n{'It was the best of times. ' * 200}" for number in range(3))
    docs = pages([text, f"{text}\n{'It was the worst of times. ' * 50}"], ["https://books.example/1"] * 2)
    parts = judged_by_split(docs.with_columns(parent_id=pl.lit(None, pl.String)))
    done = remove(judged(UrlDedup(), [parts]), "url_dedup", UrlDedup().rules)
    assert done.kept["locator"].unique().to_list() == ["a.jsonl#1"]
    assert done.gone["locator"].unique().to_list() == ["a.jsonl#0"]
    assert done.kept.height == done.gone.height == 3
    assert json.loads(done.verdicts["evidence"][0])["kept"] in done.kept["doc_id"]


def judged_by_split(docs: pl.DataFrame) -> pl.DataFrame:
    from curate.stage import split

    return split(Split(longer_than=2000), docs.with_columns(kind=pl.lit("prose"), meta=pl.lit(None, pl.String)))


def test_an_address_of_very_many_different_texts_names_a_collection_and_nothing_goes() -> None:
    texts = [f"问题{number}：怎么办？" for number in range(7)]
    docs = pages([*texts, *texts], ["https://data.example/medical.csv"] * 14)
    assert removed(UrlDedup(different=6), docs) == {}
    assert judged(UrlDedup(different=6), [docs])["url_texts"].to_list() == [7] * 14
    assert len(removed(UrlDedup(different=7), docs)) == 13


def test_very_many_copies_of_one_text_are_no_collection() -> None:
    assert len(removed(UrlDedup(different=3), pages(["公告"] * 50, [PAGE] * 50))) == 49


ROWS = st.tuples(
    st.sampled_from([None, PAGE, f"{PAGE}?from=timeline", "https://other.example/a", "https://OTHER.example/a/"]),
    st.sampled_from(["1", "2"]),
    st.integers(0, 3),
)


@settings(deadline=None)
@given(st.lists(ROWS, max_size=12), st.integers(0, 99))
def test_any_split_and_order_of_the_corpus_gives_the_same_verdicts(
    rows: list[tuple[str | None, str, int]], seed: int
) -> None:
    docs = pages(
        [f"text {number}" for number in range(len(rows))],
        [url for url, _, _ in rows],
        date=[date for _, date, _ in rows],
        locator=[f"a.jsonl#{record}" for _, _, record in rows],
    )
    whole = judged(UrlDedup(), [docs])
    parts = judged(UrlDedup(), splits(docs, random.Random(seed)), partitions=1 + seed % 3, batch=1 + seed % 5)
    assert parts.sort("doc_id").equals(whole)
    kept = whole.filter(pl.col("url_copies_before") == 0)
    assert kept["url"].drop_nulls().n_unique() <= 4
    assert kept.height >= whole["url"].is_null().sum()


def test_a_measure_of_quality_counts_before_length() -> None:
    docs = pages(["短", "长得多的一篇"], [PAGE] * 2).with_columns(score=pl.Series([0.9, 0.1]))
    assert set(removed(UrlDedup(quality="score"), docs)) == {"d001"}
    assert set(removed(UrlDedup(), docs)) == {"d000"}


def test_it_is_a_corpus_stage() -> None:
    assert isinstance(UrlDedup(), CorpusStage)
