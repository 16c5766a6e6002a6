"""Main-text extraction: what of a page is its text, what is removed for which reason."""

from __future__ import annotations

import io
import json
import random
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
import zstandard

from curate.document import check
from curate.stage import measured
from curate.stages import page
from curate.stages.extract import Extract
from tests.stages.documents import of_pages, of_texts, reasons

HTML = Path(__file__).parents[3] / "shared" / "data" / "html"

MENU = "<div class='nav'><ul>" + "".join(f"<li><a href='/{n}'>频道{n}</a></li>" for n in range(12)) + "</ul></div>"
NEWS = (
    "<div><ul>"
    + "".join(f"<li><a href='/n{n}'>某地发生一起引发关注的事件{n}</a></li>" for n in range(15))
    + "</ul></div>"
)
FOOT = "<div class='footer'>版权所有 <a href='/about'>关于我们</a> <a href='/contact'>联系我们</a></div>"
SHORT_ZH = "患者可以适当多喝水，注意休息，必要时到医院就诊。"
LONG_ZH = "今年夏天雨水偏多，沿江各县的防汛任务比往年重。县里组织干部群众上堤巡查，发现险情及时处理，没有一处决口。" * 6
LONG_EN = "The committee met twice in the spring and found no reason to change the rules of the library. " * 8


def texts(pages: list[bytes], content_type: str | None = "text/html") -> list[str | None]:
    return measured(Extract(), of_pages(pages, content_type))["text"].to_list()


def test_the_article_is_kept_and_menus_scripts_and_comments_are_not() -> None:
    english = f"<html><head><title>T</title><script>var x=1;</script></head><body><nav><a href='/'>Home page link</a></nav><article><h1>Rules</h1><p>{LONG_EN}</p></article><div id='comments'><p>First! Great post.</p></div></body></html>"  # noqa: E501
    chinese = f"<html><body>{MENU}<div class='content'><h1>防汛</h1><p>{LONG_ZH}</p></div>{NEWS}{FOOT}</body></html>"
    en, zh = texts([english.encode(), chinese.encode("gb18030")])
    assert en is not None and LONG_EN.strip() in en
    assert "Home page link" not in en and "var x" not in en and "First!" not in en
    assert zh is not None and LONG_ZH in zh
    assert "频道3" not in zh and "引发关注" not in zh


@pytest.mark.parametrize(
    "layout",
    [
        "<html><head><title>答</title></head><body>{menu}<div><p>{text}</p></div>{news}{foot}</body></html>",
        "<html><body>{menu}<div id='x'>{text}</div>{news}{foot}</body></html>",
        "<table><tr><td>{menu}</td></tr><tr><td><table><tr><td>{text}</td><td>{news}</td></tr></table></td></tr></table>",
    ],
)
@pytest.mark.parametrize("text", [SHORT_ZH, "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"])
def test_a_short_chinese_text_is_found_among_menus(layout: str, text: str) -> None:
    (found,) = texts([layout.format(menu=MENU, text=text, news=NEWS, foot=FOOT).encode("gbk")])
    assert found is not None and text in found
    assert "频道3" not in found and "引发关注" not in found


def test_tables_of_data_stay_tables_and_tables_of_layout_become_text() -> None:
    data = "".join(f"<tr><td>药品{n}</td><td>{n * 10} mg</td><td>每日{n}次</td></tr>" for n in range(1, 5))
    html = f"<table><tr><td>{MENU}</td><td><p>{LONG_ZH}</p><table><tr><th>名称</th><th>剂量</th><th>用法</th></tr>{data}</table></td></tr></table>"  # noqa: E501
    (found,) = texts([f"<html><body>{html}</body></html>".encode()])
    assert found is not None
    assert "| 药品3 | 30 mg | 每日3次 |" in found
    assert not any(line.startswith("|") and "防汛" in line for line in found.splitlines())


def test_bare_text_between_blocks_is_not_lost() -> None:
    html = f"<html><body><div>{LONG_ZH}<table><tr><td>插图</td></tr></table>后半段正文直接写在表格后面，没有段落标记。{LONG_ZH[::-1]}</div></body></html>"  # noqa: E501
    (found,) = texts([html.encode()])
    assert found is not None and "后半段正文直接写在表格后面" in found and LONG_ZH[::-1] in found


def test_raised_and_lowered_digits_keep_their_meaning() -> None:
    html = f"<p>白细胞 6.1×10<sup>9</sup>/L，10<sup>-3</sup> mol，H<sub>2</sub>O，x<sup>th</sup>。{LONG_ZH}</p>"
    (found,) = texts([html.encode()])
    assert found is not None and "6.1×10⁹/L，10⁻³ mol，H₂O，xth" in found


@pytest.mark.parametrize("depth", [300, 3000, 50_000])
def test_text_nested_deeper_than_parsers_go_is_not_lost(depth: int) -> None:
    html = f"<html><body>{'<div>' * depth}<p>{LONG_ZH}</p>{'</div>' * depth}<p>{LONG_EN}</p></body></html>"
    (found,) = texts([html.encode()])
    assert found is not None and LONG_ZH in found and LONG_EN.strip() in found


def test_pages_that_break_extractors_cost_no_more_than_seconds() -> None:
    pages = [
        "<script>" * 50_000,
        "<!--" * 50_000,
        "<table><tr><td>" * 1500 + SHORT_ZH,
        "<a href='" * 20_000,
        "<" * 200_000,
    ]
    assert len(texts([html.encode() for html in pages])) == len(pages)


def test_a_page_of_another_kind_or_none_is_removed_with_its_reason() -> None:
    noise = random.Random(3).randbytes(3000)
    docs = of_pages([
        b"<html><head><title>Redirecting</title></head><body></body></html>",
        b"<html><body><script>document.write('x')</script></body></html>",
        b"",
        noise,
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
        b"\x89PNG\r\n\x1a\n" + noise,
        f"<p>{LONG_EN}</p>".encode(),
    ])  # fmt: skip
    expected = [{"no_text"}] * 3 + [{"undecodable"}, {"damaged_file"}, {"undecodable"}, set()]
    assert reasons(Extract(), docs) == expected
    assert reasons(Extract(largest=100), of_pages([f"<p>{LONG_EN}</p>".encode(), b"<p>short page</p>"])) == [
        {"too_large"},
        set(),
    ]


def test_text_files_are_decoded_only() -> None:
    plain = "  第一行 <b>不是标记</b>\n\n    缩进\n"
    assert texts([plain.encode("gb18030")], "text/plain") == [plain.strip()]
    assert texts([plain.encode()], "text/markdown; charset=utf-8") == [plain.strip()]
    assert texts([b"no markup at all, 3 < 4"], None) == ["no markup at all, 3 < 4"]
    (misnamed,) = texts([f"<!DOCTYPE html><html><body><p>{LONG_EN}</p></body></html>".encode()], "text/plain")
    assert misnamed == LONG_EN.strip()


def test_documents_with_text_pass_unchanged() -> None:
    docs = of_texts(["<p>text that is there already</p>", "短文", ""])
    done = measured(Extract(), docs)
    assert done["text"].equals(docs["text"])
    assert done["extracted_chars"].to_list() == [33, 2, 0]
    assert done["encoding"].null_count() == 3
    check(done, "extract")


def test_title_and_date_are_kept_where_there_are_none() -> None:
    head = (
        "<title>防汛工作会议召开 - 某县新闻网</title>"
        "<meta property='article:published_time' content='2021-07-03T08:00:00+08:00'>"
    )
    html = f"<html><head>{head}</head><body><h1>防汛工作会议召开</h1><p>{LONG_ZH}</p></body></html>".encode()
    done = measured(Extract(), of_pages([html], meta='{"crawl": "2021-30"}'))
    assert json.loads(done["meta"][0]) == {"title": "防汛工作会议召开", "crawl": "2021-30"}
    assert done["date"].to_list() == ["2021-07-03"]
    assert done["encoding"].to_list() == ["utf-8"]
    declared = of_pages([html], meta='{"title": "mine"}').with_columns(date=pl.lit("1999-01-01"))
    done = measured(Extract(), declared)
    assert json.loads(done["meta"][0]) == {"title": "mine"}
    assert done["date"].to_list() == ["1999-01-01"]


def test_a_page_is_bytes_before_and_counted_text_after() -> None:
    done = measured(Extract(), of_pages([f"<p>{LONG_ZH}</p>".encode("gb18030")]))
    assert done["raw"].null_count() == 1
    assert done["extract_added"].to_list() == [len(done["text"][0])]
    assert done["extract_cut"].to_list() == [0]


def test_a_renamed_stage_names_its_columns() -> None:
    stage = Extract(name="pages")
    assert {"pages_cut", "pages_added"} <= set(measured(stage, of_pages([b"<p>x</p>"])).columns)


def test_tags_are_stripped_in_one_pass_over_broken_markup() -> None:
    assert (
        page.stripped("<head><title>t</title><body><p>一<b>二</b>&amp;三<br>四<script>x<p>y</script>五")
        == "一二&三\n四五"
    )
    assert page.stripped("a<!-- b <p> c -->d<style>p{}</style>") == "ad"
    assert page.stripped("3 < 4 and 5 > 2") == "3 < 4 and 5 > 2"


def test_rows_of_a_table_too_large_to_parse_stay_rows() -> None:
    table = "<table><tr><th>药</th><th>mg<tr><td>A<td><b>10</b><td></td></tr><tr><td>alone</td></tr></table>after"
    assert page.stripped(table) == "| 药 | mg |\n| A | 10 |  |\nalone\nafter"


def gold(name: str) -> list[tuple[bytes, str | None, str]]:
    if not (HTML / name).is_dir():
        pytest.skip(f"needs pages with gold text at {HTML / name}")
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    with (HTML / name / "groundtruth.jsonl.zst").open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8")
        rows = {row["url"]: row["text"] for row in map(json.loads, lines) if row.get("text")}
    with (HTML / name / "pages.warc.gz").open("rb") as file:
        return [
            (record.reader.read(), record.http_headers.get("Content-Type"), rows[url])
            for record in ArchiveIterator(file, parse_http=True, record_types=WarcRecordType.response)
            if (url := record.headers.get("WARC-Target-URI")) in rows
        ]


def f1(found: str, expected: str) -> float:
    """Over characters without white space for Chinese, over words for English, as multisets."""
    chinese = any("\u4e00" <= char <= "\u9fff" for char in expected)
    a, b = (Counter("".join(text.split()) if chinese else text.lower().split()) for text in (found, expected))
    return 2 * sum((a & b).values()) / max(1, sum(a.values()) + sum(b.values()))


@pytest.mark.parametrize(
    ("name", "least", "lead"),
    [("chinese_web_content_extraction", 0.92, 0.15), ("article_extraction_benchmark", 0.96, 0.01)],
)
def test_real_pages_come_out_better_than_with_trafilaturas_defaults(name: str, least: float, lead: float) -> None:
    import trafilatura

    pages = gold(name)
    types = [content_type for _, content_type, _ in pages]
    docs = of_pages([raw for raw, _, _ in pages]).with_columns(pl.Series("content_type", types, pl.String))
    ours = [f1(found or "", text) for found, (_, _, text) in zip(measured(Extract(), docs)["text"], pages, strict=True)]
    theirs = [f1(trafilatura.extract(raw) or "", text) for raw, _, text in pages]
    assert sum(ours) / len(ours) >= least
    assert sum(ours) / len(ours) >= sum(theirs) / len(theirs) + lead


def test_a_tag_of_very_many_attributes_costs_no_time_and_its_page_keeps_its_text() -> None:
    attributes = " ".join(f"a{number}='x'" for number in range(300_000))
    (text,) = texts([f"<html><body><p {attributes}>{'今天的门诊从八点开始。' * 20}</p></body></html>".encode()])
    assert text is not None
    assert text.startswith("今天的门诊")
