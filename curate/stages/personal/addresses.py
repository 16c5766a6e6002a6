"""E-mail and IPv6 addresses, plates of vehicles and chat accounts: what is not found by a chain of digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curate.stages.personal.checks import is_public
from curate.stages.personal.recogniser import Span
from curate.stages.personal.window import Window

_LOCAL = r"(?<![A-Za-z0-9._%+/-])[A-Za-z0-9](?:[A-Za-z0-9._%+'-]{0,62}[A-Za-z0-9_+-])?"
_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,18}(?![A-Za-z0-9@])(?!-[A-Za-z0-9])"
_MAIL = re.compile(rf"{_LOCAL} ?@ ?{_DOMAIN}")
PSEUDONYM = re.compile(r"user-[0-9a-f]{8}@example\.com")
_NOT_MAIL = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|css|js|py|sh|service|socket|target|local|localdomain|xml|html?)$|@(?:openssh\.com|libssh\.org)$",
    re.IGNORECASE,
)
_REPOSITORY = frozenset({"git", "hg", "svn"})  # git@github.com:owner/repo is the name of a machine's account
_IN_URL = re.compile(r"[a-z]+://[\x21-\x3f\x41-\x7e]*$", re.IGNORECASE)  # password@host, or /@user
# Written so that collectors pass it by: 'name (at) host (dot) com', 'name#host.com', 'name AT host DOT com'.
_AT = r"(?: ?[\(\[\{<] ?(?:at|@|艾特) ?[\)\]\}>] ?| at | AT | ?# ?| ?艾特 ?)"
_DOT = r"(?:\.| ?[\(\[\{<] ?(?:dot|点|\.) ?[\)\]\}>] ?| dot | DOT |点)"
_OBFUSCATED = re.compile(
    rf"(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{{1,62}}{_AT}[A-Za-z0-9-]{{1,62}}(?:{_DOT}[A-Za-z0-9-]{{2,30}}){{0,2}}{_DOT}"
    r"(?:com|net|org|edu|gov|cn|io|info|uk|de|hk|tw|jp|me|co|us|fr|ru|ac)(?![A-Za-z0-9])"
)
SPELT_OUT = (
    r"(?i)[\(\[\{<] ?(?:at|@|艾特) ?[\)\]\}>]|[a-z0-9] ?# ?[a-z0-9-]+(?:\.|点)|艾特| dot |[a-z0-9] at [a-z0-9-]+\."
)

_PLATE = re.compile(
    r"(?<![A-Za-z0-9])[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼](?!MTN|SCP|PPN"
    r"|ABN)[A-HJ-NP-Z][ ·•・.-]?"
    r"(?:[A-HJ-NP-Z0-9]{5,6}|[A-HJ-NP-Z0-9]{4}[学警挂港澳领])(?![A-Za-z0-9])(?![.%％]\d|[%％元万亿])"
)
_CHAT = re.compile(
    r"(?:微信|薇信|威信|(?<![A-Za-z])(?:we ?chat|weixin|wx|vx))(?!公众|公眾|群|支付|小程序|朋友)"
    r"(?: ?(?:账号|帐号|号码|號碼|号|號|id|ID|Id|同号))?(?: ?[:=]| ?(?:是|为|為|is)|(?<=[号號])|(?<=id)"
    r"| (?=[A-Za-z_-]*[0-9_-])) ?[\"“(]?"
    r"(?P<value>[A-Za-z][A-Za-z0-9_-]{5,19})(?![A-Za-z0-9_-])(?!\.[A-Za-z0-9])",
    re.IGNORECASE,
)


def mail(window: Window) -> Iterator[Span]:
    """The address around the at sign of `window`."""
    text, at = window.text, window.at
    begin = at
    while begin and (text[begin - 1] in "._%+'-/ " or (text[begin - 1].isascii() and text[begin - 1].isalnum())):
        begin -= 1
    for match in _MAIL.finditer(text, begin):
        if match.start() < at < match.end():
            value = match.group().replace(" ", "")
            local = value.partition("@")[0]
            if " " in match.group() and not (" @ " in match.group() or "＠" in window.raw):
                continue
            if local.lower() in _REPOSITORY or PSEUDONYM.fullmatch(value) or _NOT_MAIL.search(value) or ".." in value:
                continue
            if _IN_URL.search(text[: match.start()]) and "mailto:" not in text[: match.start()]:
                continue
            yield Span(match.start(), match.end(), "email")


def spelt_out(text: str) -> list[Span]:
    """Addresses in `text` whose signs are spelt out."""
    return [Span(match.start(), match.end(), "email") for match in _OBFUSCATED.finditer(text)]


def ip(window: Window) -> Iterator[Span]:
    """The IPv6 address around the colons of `window`."""
    text = window.text[window.at : window.stop].rstrip(":")
    before, after = window.text[: window.at][-1:], window.text[window.stop : window.stop + 1]
    if (
        (before.isalnum() and before.isascii())
        or (after.isalnum() and after.isascii())
        or before in ("_", ":")
        or after == "_"
    ):
        return
    if is_public(text) and not text.startswith("2001:db8::5e"):
        yield Span(window.at, window.at + len(text), "ip")


def plate(window: Window) -> Iterator[Span]:
    """The plate of a vehicle that begins at the province of `window`."""
    match = _PLATE.match(window.text, window.at)
    if match and any(char.isdigit() for char in match.group()):
        yield Span(match.start(), match.end(), "license_plate")


def chat(window: Window) -> Iterator[Span]:
    """The account that the word at the anchor of `window` announces."""
    match = _CHAT.match(window.text, window.at)
    if match and match["value"][:2].upper() != "X0":
        yield Span(match.start("value"), match.end("value"), "wechat")
