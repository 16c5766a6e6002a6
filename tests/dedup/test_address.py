"""Spellings of one page's address are one form; addresses of different pages are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.dedup.address import normalised

SAME = {
    "scheme and host in any case": ("HTTP://Example.COM/a", "http://example.com/a"),
    "http and https": ("http://example.com/a", "https://example.com/a"),
    "a leading www": ("https://www.example.com/a", "https://example.com/a"),
    "the default port": ("https://example.com:443/a", "https://example.com/a"),
    "an empty port": ("http://example.com:/a", "http://example.com/a"),
    "a host's final dot": ("http://example.com./a", "http://example.com/a"),
    "no scheme": ("//example.com/a", "https://example.com/a"),
    "written as people write it": ("www.example.com/a", "https://example.com/a"),
    "without www too": ("news.example.cn/a", "https://news.example.cn/a"),
    "dot segments": ("http://example.com/a/./b/../c", "http://example.com/a/c"),
    "dot segments above the root": ("http://example.com/../../a", "http://example.com/a"),
    "encoded dots": ("http://example.com/a/%2E%2e/b", "http://example.com/b"),
    "encoded letters": ("http://example.com/%7Euser/%61", "http://example.com/~user/a"),
    "the case of escapes": ("http://example.com/%e4%b8%ad", "http://example.com/%E4%B8%AD"),
    "characters and their escapes": ("http://example.com/中文", "http://example.com/%E4%B8%AD%E6%96%87"),
    "brackets that JavaScript leaves": ("http://example.com/a_(b)", "http://example.com/a_%28b%29"),
    "spaces": ("http://example.com/a b", "http://example.com/a%20b"),
    "a percent sign that escapes nothing": ("http://example.com/100%", "http://example.com/100%25"),
    "a final slash": ("http://example.com/a/", "http://example.com/a"),
    "the root": ("http://example.com", "http://example.com/"),
    "double slashes": ("http://example.com//a//b", "http://example.com/a/b"),
    "index.html": ("http://example.com/a/index.html", "http://example.com/a/"),
    "Default.aspx": ("http://example.com/Default.aspx?id=3", "http://example.com/?id=3"),
    "a fragment": ("http://example.com/a#part-2", "http://example.com/a"),
    "an empty query": ("http://example.com/a?", "http://example.com/a"),
    "the order of parameters": ("http://example.com/a?b=2&a=1", "http://example.com/a?a=1&b=2"),
    "ampersands as HTML writes them": ("http://example.com/a?b=2&amp;a=1", "http://example.com/a?a=1&b=2"),
    "a plus for a space": ("http://example.com/a?q=x+y", "http://example.com/a?q=x%20y"),
    "campaigns": ("http://example.com/a?id=7&utm_source=x&UTM_Medium=y&gclid=z&fbclid=w", "http://example.com/a?id=7"),
    "who shared it": (
        "https://www.bilibili.com/video/BV1xx?p=2&spm_id_from=333.1&share_source=copy_web&vd_source=ab12",
        "https://www.bilibili.com/video/BV1xx?p=2",
    ),
    "from where": ("http://example.cn/a?from=singlemessage&isappinstalled=0", "http://example.cn/a"),
    "Baidu's spider": ("http://example.cn/s?id=17&wfr=spider&for=pc", "http://example.cn/s?id=17"),
    "a moment": ("http://example.cn/a?id=1&t=1589347200&_=1589347200123", "http://example.cn/a?id=1"),
    "a random number": ("http://example.cn/a?r=0.8273645519", "http://example.cn/a"),
    "a session in the path": ("http://example.com/a;jsessionid=8F2A?id=3", "http://example.com/a?id=3"),
    "a session of ASP.NET": ("http://example.com/(S(lit3py55t21z5v55vlm25s55))/a", "http://example.com/a"),
    "a session in the query": ("http://example.com/a?PHPSESSID=1f3870be&id=3", "http://example.com/a?id=3"),
    "a session by its value": ("http://example.com/a?s=1f3870be274f6c49b3e31a0c6728957f", "http://example.com/a"),
    "an article of WeChat": (
        "http://mp.weixin.qq.com/s?__biz=MzA4&mid=265&idx=1&sn=ab1c&chksm=84f&scene=27#wechat_redirect",
        "https://mp.weixin.qq.com/s?__biz=MzA4&mid=265&idx=1&sn=ab1c",
    ),
    "a Chinese host and its punycode": ("http://例子.中国/a", "http://xn--fsqu00a.xn--fiqs8s/a"),
    "a full-width host": ("http://ｅｘａｍｐｌｅ．ｃｏｍ/a", "http://example.com/a"),
    "an escaped host": ("http://b%C3%BCcher.de/", "http://bücher.de/"),
    "white space around and within": (" http://example.com/a\n", "http://exam\nple.com/a"),
    "backslashes": ("http://example.com/a\\b", "http://example.com/a/b"),
}

DIFFERENT = {
    "another path": ("http://example.com/a", "http://example.com/b"),
    "the case of a path": ("http://example.com/a", "http://example.com/A"),
    "another host": ("http://a.example.com/", "http://b.example.com/"),
    "a mobile host, whose text may differ": ("http://m.example.com/a", "http://example.com/a"),
    "another port": ("http://example.com:8080/a", "http://example.com/a"),
    "the other scheme's port": ("http://example.com:443/a", "http://example.com/a"),
    "an id": ("http://example.com/a?id=1", "http://example.com/a?id=2"),
    "an article": ("http://example.com/a?article=1", "http://example.com/a"),
    "a post": ("http://example.com/?p=17", "http://example.com/?p=18"),
    "a page": ("http://example.com/a?page=2", "http://example.com/a"),
    "a topic of a forum": ("http://example.com/viewtopic.php?t=1234", "http://example.com/viewtopic.php?t=1235"),
    "a short s": ("http://example.com/?s=flu", "http://example.com/?s=cold"),
    "dates from and to": ("http://example.cn/a?from=2020&to=2021", "http://example.cn/a?from=2019&to=2021"),
    "a time that is no clock's": ("http://example.cn/a?time=morning", "http://example.cn/a?time=evening"),
    "another article of WeChat": (
        "https://mp.weixin.qq.com/s?__biz=MzA4&mid=265&idx=1&sn=ab1c",
        "https://mp.weixin.qq.com/s?__biz=MzA4&mid=265&idx=2&sn=ff00",
    ),
    "an encoded slash": ("http://example.com/a%2Fb", "http://example.com/a/b"),
    "GBK and UTF-8 for the same character": ("http://example.cn/%D6%D0", "http://example.cn/%E4%B8%AD"),
    "bytes of GBK that are letters in Latin-1": ("http://example.cn/%D6%D0", "http://example.cn/ÖÐ"),
    "what a script shows": ("http://example.com/#!/a", "http://example.com/#!/b"),
    "a route": ("http://example.com/#/a", "http://example.com/#/b"),
    "values of one name in another order": ("http://example.com/?a=1&a=2", "http://example.com/?a=2&a=1"),
    "another scheme": ("ftp://example.com/a", "http://example.com/a"),
    "a name": ("urn:isbn:9787020002207", "urn:isbn:9787020002214"),
}


@pytest.mark.parametrize("case", SAME)
def test_it_is_the_same_page_whatever_the_spelling_of(case: str) -> None:
    one, other = SAME[case]
    assert normalised(one) == normalised(other) != ""


@pytest.mark.parametrize("case", DIFFERENT)
def test_it_is_another_page_with(case: str) -> None:
    one, other = DIFFERENT[case]
    assert normalised(one) != normalised(other)


@pytest.mark.parametrize("text", ["", " \n", "N/A", "none", "-", "notes.txt", "docs/a.md#b", "http://", "未知"])
def test_what_is_no_address_is_nothing(text: str) -> None:
    assert normalised(text) == ""


PIECES = st.lists(
    st.sampled_from(
        [*"/?#&=.:@%+;!()[]|\\ \t", "..", "//", "http:", "https://", "www.", "Example.com", "例子.中国", "index.html",
         "%2e", "%2F", "%", "%E4%B8", "utm_a=1", "id=7", "t=1589347200", "&amp;", ";jsessionid=1", "(S(a))", "中", "é"]
    ),
    max_size=12,
)  # fmt: skip


@given(st.one_of(PIECES.map("".join), st.text(max_size=40), PIECES.map("".join).map("http://example.com/".__add__)))
def test_the_form_of_a_form_is_itself(url: str) -> None:
    form = normalised(url)
    assert normalised(form) == form
