"""Page layouts of the sample sites: an article with the navigation, notices and lists that real pages put around it.

A layout takes an `Article` and returns the page as text; every name, address and notice in it is made up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, kw_only=True)
class Article:
    """What a page is about: sections of (heading or None, paragraphs), and titles of other pages for its lists."""

    title: str
    sections: Sequence[tuple[str | None, Sequence[str]]]
    others: Sequence[str]
    charset: str = "utf-8"


Layout = Callable[[Article], str]


def _body(article: Article, heading: str, paragraph: str = "p") -> str:
    parts: list[str] = []
    for title, paragraphs in article.sections:
        if title is not None:
            parts.append(f"<{heading}>{escape(title)}</{heading}>")
        for text in paragraphs:
            if text.startswith("- "):
                items = "".join(f"<li>{escape(item)}</li>" for item in text[2:].split(" - "))
                parts.append(f"<ul>{items}</ul>")
            else:
                parts.append(f"<{paragraph}>{escape(text)}</{paragraph}>")
    return "\n".join(parts)


def _links(titles: Sequence[str], folder: str) -> str:
    return "\n".join(
        f'<li><a href="/{folder}/{number}.html">{escape(title)}</a></li>' for number, title in enumerate(titles, 1)
    )


def health_portal(article: Article) -> str:
    """English: HTML5, cookie notice first, sidebar after the article, a footer of columns."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="{article.charset}">
<title>{escape(article.title)} | Wellspring Health Library</title>
<meta name="description" content="Patient information from the Wellspring Health Library.">
<link rel="stylesheet" href="/static/site.css">
<script>window.dataLayer = window.dataLayer || []; function track(e) {{ dataLayer.push(e); }}</script>
</head>
<body class="topic">
<div id="cookie-banner" role="dialog" aria-label="Cookies"><p>We use cookies to make this site work and to see how it is
used. <a href="/cookies">Cookie settings</a></p><button>Accept</button><button>Decline</button></div>
<header><a class="logo" href="/">Wellspring</a>
<nav><ul><li><a href="/topics">Health topics</a></li><li><a href="/drugs">Drugs and supplements</a></li>
<li><a href="/tests">Medical tests</a></li><li><a href="/videos">Videos and tools</a></li></ul></nav>
<form action="/search"><input name="q" placeholder="Search the library"><button>Search</button></form></header>
<main><article>
<h1>{escape(article.title)}</h1>
{_body(article, "h2")}
</article>
<aside class="sidebar"><h3>Related topics</h3><ul>
{_links(article.others, "topics")}
</ul><div class="share"><a href="#">Email</a> <a href="#">Print</a> <a href="#">Share</a></div></aside>
</main>
<footer><div><a href="/about">About</a> <a href="/contact">Contact</a> <a href="/privacy">Privacy</a></div>
<p>Wellspring is a made-up site. The information here does not replace a visit to a doctor.</p></footer>
</body></html>
"""


def hospital_site(article: Article) -> str:
    """English: divs with breadcrumbs, a left menu before the text, a box of appointments after it."""
    return f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
 "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
<head><title>{escape(article.title)} - St. Alder General Hospital</title>
<meta http-equiv="Content-Type" content="text/html; charset={article.charset}" />
<style type="text/css">#menu {{ float: left; width: 190px }} #content {{ margin-left: 210px }}</style></head>
<body>
<div id="top"><a href="/">St. Alder General Hospital</a> | <a href="/visit">Visit us</a> |
<a href="/jobs">Jobs</a></div>
<div class="breadcrumb"><a href="/">Home</a> &raquo; <a href="/patients">Patients</a> &raquo; Leaflets</div>
<div id="menu"><ul>
{_links(article.others, "leaflets")}
</ul></div>
<div id="content">
<h1>{escape(article.title)}</h1>
{_body(article, "h3")}
</div>
<div class="widget appointments"><h4>Appointments</h4><ul><li><a href="/book">Book online</a></li>
<li><a href="/hours">Opening hours</a></li></ul></div>
<div id="footer">&copy; St. Alder General Hospital (made up). <a href="/terms">Terms</a>
<a href="/map">Site map</a></div>
</body></html>
"""


def old_newsletter(article: Article) -> str:
    """English: a table layout of the nineties, with font tags and no closing paragraphs."""
    links = " | ".join(f'<a href="{number}.htm">{escape(title)}</a>' for number, title in enumerate(article.others, 1))
    return f"""<HTML><HEAD><TITLE>{escape(article.title)}</TITLE>
<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset={article.charset}"></HEAD>
<BODY BGCOLOR="#FFFFFF"><TABLE WIDTH="760" BORDER="0"><TR><TD COLSPAN="2" BGCOLOR="#003366">
<FONT COLOR="#FFFFFF" SIZE="5">The Country Practice Newsletter</FONT></TD></TR>
<TR><TD WIDTH="150" VALIGN="TOP"><FONT SIZE="2"><A HREF="index.htm">Front page</A><BR><A HREF="back.htm">Back issues</A>
<BR><A HREF="guest.htm">Guest book</A></FONT></TD><TD VALIGN="TOP">
<H2>{escape(article.title)}</H2>
{_body(article, "H4")}
</TD></TR><TR><TD COLSPAN="2"><HR><FONT SIZE="1">More: {links}</FONT></TD></TR></TABLE>
</BODY></HTML>
"""


def reader_app(article: Article) -> str:
    """English: a mobile page, sections collapsed into details, tags and a subscription box at the end."""
    tags = " ".join(f'<a class="tag" href="/tag/{number}">{escape(t)}</a>' for number, t in enumerate(article.others))
    return f"""<!doctype html><html lang=en><meta charset={article.charset}>
<meta name=viewport content="width=device-width"><title>{escape(article.title)}</title>
<body><div class=navbar><a href=/>Menu</a><a href=/saved>Saved</a><a href=/login>Log in</a></div>
<div class="post"><h1 class=title>{escape(article.title)}</h1><div class="entry-content">
{_body(article, "h2")}
</div></div>
<div class=tags>{tags}</div>
<div class="newsletter">
<form><label>Get one article a week by e-mail</label><input type=email>
<button>Subscribe</button></form></div>
<div class=footer>Pocket Clinic is a made-up app. <a href=/legal>Legal</a></div></body></html>
"""


def wenda(article: Article) -> str:
    """Chinese: a site of questions and answers, hot lists beside the text, sharing and a disclaimer below."""
    return f"""<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="{article.charset}">
<title>{escape(article.title)}_清泉问医网</title>
<meta name="keywords" content="健康问答,在线咨询">
<link rel="stylesheet" href="/css/main.css">
</head>
<body>
<div class="topbar"><a href="/login">登录</a> <a href="/register">注册</a> <a href="/app">手机版</a></div>
<div class="nav"><ul><li><a href="/">首页</a></li><li><a href="/ks/">科室</a></li><li><a href="/jb/">疾病</a></li>
<li><a href="/yp/">药品</a></li><li><a href="/ys/">医生</a></li></ul></div>
<div class="crumb">您的位置：<a href="/">首页</a> &gt; <a href="/ask/">问答</a></div>
<div class="main"><div class="article">
<h1>{escape(article.title)}</h1>
{_body(article, "h2")}
</div></div>
<div class="side"><h3>热门问题</h3><ul>
{_links(article.others, "ask")}
</ul></div>
<div class="share">分享到：<a href="#">微信</a> <a href="#">微博</a> <a href="#">收藏</a></div>
<div class="footer"><p>清泉问医网（虚构站点）。页面内容不能代替医生面诊。</p>
<p><a href="/about">关于我们</a> <a href="/law">免责声明</a> <a href="/map">网站地图</a></p></div>
</body></html>
"""


def wenzhai(article: Article) -> str:
    """Chinese: an HTML5 digest with a cookie notice, a table of contents and cards of other pages."""
    cards = "\n".join(
        f'<section class="card"><a href="/read/{number}">{escape(title)}</a></section>'
        for number, title in enumerate(article.others, 1)
    )
    return f"""<!DOCTYPE html>
<html lang="zh"><head><meta charset="{article.charset}"><title>{escape(article.title)} - 知行文摘</title>
<script>var _hm = _hm || []; (function() {{ _hm.push(["page", location.href]); }})();</script></head>
<body>
<div class="cookie-notice">本站使用Cookie以改善浏览体验。<button>同意</button><button>拒绝</button></div>
<header><a href="/">知行文摘</a>
<nav><a href="/new">最新</a><a href="/hot">热门</a><a href="/topic">专题</a></nav></header>
<main><article><h1>{escape(article.title)}</h1>
{_body(article, "h2")}
</article></main>
<aside><h4>猜你喜欢</h4>
{cards}
</aside>
<footer><a href="/contact">联系我们</a> <a href="/privacy">隐私政策</a> 知行文摘（虚构站点）</footer>
</body></html>
"""


def lao_luntan(article: Article) -> str:
    """Chinese: a table layout of about 2003, written for GB2312."""
    links = " ".join(f'<a href="{number}.htm">{escape(title)}</a>' for number, title in enumerate(article.others, 1))
    return f"""<html><head>
<meta http-equiv="Content-Type" content="text/html; charset={article.charset}">
<title>{escape(article.title)}</title></head>
<body bgcolor="#ffffff"><table width="760" align="center"><tr><td colspan="2">
<font size="5" color="#990000">杏林园地</font> <a href="index.htm">首页</a> <a href="bbs.htm">留言板</a></td></tr>
<tr><td width="140" valign="top"><font size="2"><a href="n.htm">内科</a><br><a href="w.htm">外科</a><br>
<a href="f.htm">妇科</a><br><a href="e.htm">儿科</a></font></td><td valign="top">
<h2>{escape(article.title)}</h2>
{_body(article, "h4")}
</td></tr><tr><td colspan="2"><hr><font size="2">相关文章：{links}</font></td></tr></table>
</body></html>
"""


def shouji(article: Article) -> str:
    """Chinese: a mobile page with a bar at the bottom and a prompt to open the app."""
    more = "".join(
        f'<a class="more" href="/p/{number}">{escape(title)}</a>' for number, title in enumerate(article.others)
    )
    return f"""<!doctype html><html><head><meta charset="{article.charset}">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(article.title)}</title></head>
<body><div class="open-app"><a href="/app">打开客户端，阅读体验更佳</a></div>
<div class="content"><h1>{escape(article.title)}</h1>
{_body(article, "h3")}
</div>
<div class="recommend">{more}</div>
<div class="bottom-bar"><a href="/">首页</a><a href="/me">我的</a></div></body></html>
"""


ENGLISH: tuple[Layout, ...] = (health_portal, hospital_site, old_newsletter, reader_app)
CHINESE: tuple[Layout, ...] = (wenda, wenzhai, lao_luntan, shouji)
