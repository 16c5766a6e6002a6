"""What extractors lose or keep at the edges of the main text is mended; formulas, code, tables keep their form."""

# ruff: noqa: E501 (mark-up as pages have it)

from __future__ import annotations

import pytest

from curate.stage import measured
from curate.stages.blocks import blocks, key_of
from curate.stages.extract import Extract
from curate.stages.mend import mended
from curate.stages.page import tree_of
from tests.stages.documents import of_pages

ZH = "今年夏天雨水偏多，沿江各县的防汛任务比往年重。县里组织干部群众上堤巡查，发现险情及时处理，没有一处决口。"
ZH2 = "入秋以后，水位慢慢退了下去，被淹的田地重新露出来。农技人员到各村指导补种，秋粮的收成比预想的要好一些。"
EN = "The committee met twice in the spring and found no reason to change the rules of the library. "
EN2 = "A second report, which appeared in the autumn, came to another result and was read by more people. "


def text_of(body: str, head: str = "") -> str:
    html = f"<html><head>{head}</head><body>{body}</body></html>"
    (text,) = measured(Extract(), of_pages([html.encode()]))["text"]
    return str(text)


def article(middle: str, lang: str = "en") -> str:
    first, last = (EN * 4, EN2 * 4) if lang == "en" else (ZH * 4, ZH2 * 4)
    return text_of(
        f"<article><h1>{'标题' if lang == 'zh' else 'Title'}</h1><p>{first}</p>{middle}<p>{last}</p></article>"
    )


@pytest.mark.parametrize(("first", "second", "heading"), [(ZH, ZH2, "汛情回顾"), (EN, EN2, "What was found")])
def test_headings_of_a_page_laid_out_by_tables_are_kept(first: str, second: str, heading: str) -> None:
    cells = f"<td><p>{first * 3}</p><h3>{heading}</h3><p>{second * 3}</p></td>"
    menu = "".join(f"<a href='/{n}'>menu {n}</a> " for n in range(20))
    text = text_of(f"<table><tr><td>{menu}</td></tr><tr>{cells}</tr></table>")
    lines = text.split("\n")
    assert heading in lines
    assert lines.index(heading) == 1 + next(at for at, line in enumerate(lines) if first in line)
    assert "menu 3" not in text


def test_a_paragraph_that_is_lost_between_others_is_put_back_in_its_place() -> None:
    tree = tree_of(f"<body><div><p>{EN}</p><p>{EN2}</p><p>{ZH}</p><div class='ad'>Buy it. {EN}</div><p>{ZH2}</p></div>")
    found = mended(f"{EN}\n{ZH}\n{ZH2}", tree)
    assert found.split("\n") == [EN, EN2.strip(), ZH, ZH2]


@pytest.mark.parametrize(
    ("first", "second", "items"),
    [
        (ZH, ZH2, ("租金为每月一万元，押一付三；", "租期为三年，自签订之日起算。")),
        (EN, EN2, ("The rent is due on the first day.", "The deposit is three months of rent")),
    ],
)
def test_a_list_between_paragraphs_is_kept_where_no_name_says_what_holds_it(
    first: str, second: str, items: tuple[str, str]
) -> None:
    listed = "".join(f"<li>{item}</li>" for item in items) + "<li>打印</li>"
    menu = (
        "<ul>"
        + "".join(f"<li><a href='/{n}'>The long name of part {n} of this site</a></li>" for n in range(5))
        + "</ul>"
    )
    text = text_of(f"<div id='c'><p>{first}</p><ul>{listed}</ul>{menu}<p>{second}</p></div>")
    places = [text.find(part.strip()) for part in (first, *items, second)]
    assert -1 not in places and places == sorted(places)
    assert "part 3" not in text


@pytest.mark.parametrize(
    ("questions", "answers"), [(("问：怎么办？", "问：然后呢？"), (ZH, ZH2)), (("What now?", "And then?"), (EN, EN2))]
)
def test_the_first_of_several_headings_is_kept_like_the_others(
    questions: tuple[str, str], answers: tuple[str, str]
) -> None:
    body = "".join(
        f"<div class='q'><h3>{asked}</h3><div class='a'><p>{said}</p></div></div>"
        for asked, said in zip(questions, answers, strict=True)
    )
    assert [line for line in text_of(body).split("\n") if line in questions] == list(questions)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_without_links_keeps_what_stands_in_other_cells_before_and_behind_its_table(lang: str) -> None:
    first, last = (ZH, ZH2) if lang == "zh" else (EN * 2, EN2 * 2)
    rows = "".join(f"<tr><td>项目{n}</td><td>{n * 1234567:,}</td><td>({n * 1000:,})</td></tr>" for n in range(1, 30))
    table = f"<table><tr><th>项目</th><th>2023</th><th>2022</th></tr>{rows}</table>"
    cells = (f"<table><tr><td><b>一</b></td></tr><tr><td>{first}</td></tr></table>", f"数据{table}", f"<p>{last}</p>")
    text = text_of(
        "<table>"
        + "".join(f"<tr><td>{cell}</td></tr>" for cell in cells)
        + "</table><p>版权所有，未经许可不得转载。</p>"
    )
    places = [text.find(part.strip()) for part in (first, "| 项目29 |", last)]
    assert -1 not in places and places == sorted(places)
    assert "版权所有" not in text


def test_what_stands_beside_the_text_or_outside_of_it_is_not_put_in() -> None:
    aside = f"<aside><p>{EN2}</p></aside><div class='related-posts'><p>{EN2} too.</p></div>"
    caption = f"<figcaption>{EN2} as seen.</figcaption>"
    links = f"<p><a href='/1'>{EN2} linked.</a></p>"
    tree = tree_of(
        f"<body><p>{EN2} before.</p><div><p>{EN}</p>{aside}{caption}{links}<p>{ZH}</p></div><p>{EN2} after.</p>"
    )
    assert mended(f"{EN}\n{ZH}", tree) == f"{EN}\n{ZH}"


POINTERS = [
    "<p><b>READ MORE: <a href='/1'>Another story of the day</a></b></p>",
    "<p>Related articles</p><p><a href='/1'>Another story of the day</a></p>",
    "<p><a href='/1'>相关阅读：Another story of the day</a></p>",
    "<p>延伸阅读</p><p><a href='/1'>Another story of the day</a></p><p><a href='/2'>And another story</a></p>",
]


@pytest.mark.parametrize("pointer", POINTERS)
def test_pointers_to_other_pages_are_left_out(pointer: str) -> None:
    text = article(f"{pointer}<p>{ZH * 2}</p>")
    assert "nother story" not in text and "延伸阅读" not in text
    assert ZH in text


IMPRINTS = [
    "京ICP备12345678号-1 京公网安备11010502030143号",
    "版权所有：某某日报社 未经书面授权不得转载",
    "更多猛料！欢迎扫描左方二维码关注新闻官方微信",
    "某某财经公众号",
    "本文为政务等机构在某某新闻上传并发布，仅代表该机构观点，不代表本平台的观点或立场。",
    "违法和不良信息举报电话：010-12345678 举报邮箱：jubao@example.cn",
    "Copyright © 2019 Example News. All rights reserved.",
]


@pytest.mark.parametrize("imprint", IMPRINTS)
def test_the_imprint_behind_the_text_is_left_out_and_what_is_said_of_such_things_in_it_is_not(imprint: str) -> None:
    said = "原告主张被告未经授权不得转载其文章，法院认为版权所有人的请求成立，应予支持，驳回其他诉讼请求。"
    tree = tree_of(f"<body><p>{said}</p><p>{ZH}</p><p>{imprint}</p>")
    assert mended(f"{said}\n{ZH}\n{imprint}", tree) == f"{said}\n{ZH}"
    assert mended(imprint, tree) == imprint  # a page of nothing else


def test_a_sentence_about_scanning_a_code_is_no_imprint() -> None:
    said = "他说，患者扫描二维码关注医院账号，就可以在网上取得检查报告。"
    tree = tree_of(f"<body><p>{ZH}</p><p>{said}</p>")
    assert mended(f"{ZH}\n{said}", tree) == f"{ZH}\n{said}"


def test_a_page_with_hardly_a_link_is_taken_whole_where_much_of_it_is_not_found() -> None:
    parties = "".join(
        f"<div>Debtor number {n}<br>{n} Main Street<br>represented by counsel {n}</div>" for n in range(30)
    )
    entries = "".join(f"<p>{EN}{n}</p>" for n in range(12))
    text = text_of(f"<div><div>{parties}</div><div>{entries}</div></div>")
    assert "Debtor number 17 17 Main Street represented by counsel 17" in text.replace("\n", " ")


def test_blocks_come_in_the_order_of_reading_with_what_is_linked_and_what_stands_beside() -> None:
    tree = tree_of(
        "<body>a<p>b <a href='x'>link</a></p>tail<nav>n</nav><div class='foot share'>s</div><script>x</script>"
    )
    found = blocks(tree)
    assert [block.text for block in found] == ["a", "b link", "tail", "n", "s"]
    assert [block.linked for block in found] == [0, 4, 0, 0, 0]
    assert [block.beside for block in found] == [False, False, False, True, True]
    assert key_of("| a_b | \u3000c") == "abc"


FORMULAS = {
    "presentation": ("<math><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></math>", "$E=mc^{2}$"),
    "fraction": (
        "<math display='block'><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><msqrt><mn>2</mn></msqrt></mfrac></math>",
        "$$\\frac{a+b}{\\sqrt{2}}$$",
    ),
    "prefix": ("<mml:math><mml:msub><mml:mi>x</mml:mi><mml:mn>1</mml:mn></mml:msub></mml:math>", "$x_{1}$"),
    "alternative": ("<math alttext='x^2+y^2'><mi>x</mi></math>", "$x^2+y^2$"),
    "katex": (
        "<span class='katex'><span class='katex-mathml'><math><semantics><mi>E</mi><annotation encoding='application/x-tex'>"
        "E=mc^2</annotation></semantics></math></span><span class='katex-html' aria-hidden='true'>E=mc2</span></span>",
        "$E=mc^2$",
    ),
    "wikipedia": (
        "<span class='mwe-math-element'><span class='mwe-math-mathml-inline' style='display: none;'><math alttext="
        "'{\\displaystyle a^2}'><semantics><mi>a</mi><annotation encoding='application/x-tex'>{\\displaystyle a^2}"
        "</annotation></semantics></math></span><img class='mwe-math-fallback-image-inline' src='x' alt='{\\displaystyle a^2}'>"
        "</span>",
        "$a^2$",
    ),
    "mathjax": (
        "<span class='MathJax_Preview'>E</span><span class='MathJax'><nobr aria-hidden='true'>E = m c</nobr></span>"
        "<script type='math/tex'>E=mc^2</script>",
        "$E=mc^2$",
    ),
    "image": ("<img class='latex' src='/1.png' alt='\\alpha+1'>", "$\\alpha+1$"),
    "zhihu": ("<img src='https://www.zhihu.com/equation?tex=x' alt='x_1'>", "$x_1$"),
}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", FORMULAS)
def test_formulas_are_kept_as_latex_once(name: str, lang: str) -> None:
    markup, latex = FORMULAS[name]
    text = article(f"<p>{EN if lang == 'en' else ZH}由此 {markup} 可知，hence it holds.</p>", lang)
    assert f"由此 {latex} 可知，hence" in text
    assert text.count(latex.strip("$")) == 1


def test_a_formula_alone_in_its_paragraph_is_kept() -> None:
    first, second = (f'<img class="tex" alt="{letter}x^{{2}}+bx+c=0" src="1.png">' for letter in "ay")
    text = text_of(f"<div><p>{ZH}</p><p>{first}</p><dl><dd>{second}</dd></dl><p>{ZH2}</p></div>")
    assert text.split("\n") == [ZH, "$ax^{2}+bx+c=0$", "$yx^{2}+bx+c=0$", ZH2]


def test_an_ordinary_image_is_no_formula() -> None:
    assert "portrait" not in article(f"<p>{EN}<img class='photo' src='/p.jpg' alt='portrait'> more.</p>")


CODE = {
    "plain": "<pre>def f(x):\n    if x:\n        return 1\n\n\n    return 2</pre>",
    "highlighted": "<pre><code class='language-python'><span class='k'>def</span> <span>f</span>(x):\n    <span>if</span> x:\n"
    "        return 1\n\n\n    return 2\n</code></pre>",
    "breaks": "<pre>def f(x):<br>    if x:<br>        return 1<br><br><br>    return 2</pre>",
    "lines": "<pre><div>def f(x):</div><div>    if x:</div><div>        return 1</div>\n\n\n<div>    return 2</div></pre>",
    "numbered": "<table><tr><td class='gutter'><pre>1\n2\n3\n4\n5\n6</pre></td><td class='code'><pre>def f(x):\n    if x:\n"
    "        return 1\n\n\n    return 2</pre></td></tr></table>",
}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", CODE)
def test_code_keeps_its_lines_and_its_indentation(name: str, lang: str) -> None:
    text = article(CODE[name], lang)
    assert "def f(x):\n    if x:\n        return 1\n" in text
    assert "\n    return 2" in text
    assert "\u2800" not in text and "\n2\n3" not in text


def test_an_empty_pre_is_nothing() -> None:
    assert article("<pre></pre><pre><code></code></pre><pre><br></pre>").count(EN.strip()) == 4


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_table_stays_a_table_with_its_caption_above_it(lang: str) -> None:
    rows = "".join(f"<tr><td>药品{n}</td><td>{n * 10} mg</td><td>10<sup>{n}</sup></td></tr>" for n in range(1, 5))
    table = f"<table><caption>表1 剂量</caption><tr><th>名称</th><th>剂量</th><th>计数</th></tr>{rows}</table>"
    lines = [line.strip() for line in article(table, lang).split("\n")]
    at = lines.index("| 名称 | 剂量 | 计数 |")
    assert lines[at - 1] == "表1 剂量"
    assert lines[at + 1] == "|---|---|---|"
    assert lines[at + 4] == "| 药品3 | 30 mg | 10³ |"


def test_what_is_not_shown_and_galleries_are_left_out_where_a_text_stays() -> None:
    slides = "".join(
        f"<li><h2>{n}/20</h2><p>A picture of the library, taken in the year {n}.</p></li>" for n in range(20)
    )
    hidden = f"<div hidden><p>{EN2}</p></div><span class='sr-only'>For screen readers only.</span>"
    text = article(f"{hidden}<div class='photo-gallery'><ul>{slides}</ul></div><p>{ZH}</p>")
    assert "A picture" not in text and "screen readers" not in text and ZH in text
    assert "A picture of the library, taken in the year 7." in text_of(
        f"<div class='photo-gallery'><ul>{slides}</ul></div>"
    )
