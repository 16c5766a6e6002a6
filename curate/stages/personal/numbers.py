"""Numbers of persons: which chain of digits is a telephone, an identity, a card, an account, and which is none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curate.stages.personal.checks import is_bank_card, is_id_card, is_international, is_public
from curate.stages.personal.edges import AFTER, BEFORE, EXTENSION, UNIT
from curate.stages.personal.labels import announced, is_otherwise, labelled
from curate.stages.personal.recogniser import Span
from curate.stages.personal.window import Window

_MOBILE = re.compile(
    rf"{BEFORE}(?:\(?\+?86\)?[ -]?|0086[ -]?)?(?:1[3-9]\d{{9}}|1[3-9]\d[ -]\d{{4}}[ -]\d{{4}}"
    rf"|1[3-9]\d\.\d{{4}}\.\d{{4}}|1[3-9]\d[ -]\d{{3}}[ -]\d{{5}}"
    rf"|1[3-9]\d\d[ -]\d{{3}}[ -]\d{{4}}|1[3-9]\d[ -]\d{{8}}){AFTER}{UNIT}"
)
_LANDLINE = re.compile(
    rf"{BEFORE}(?:(?:\+?86|0086)[ -]?)?(?:\(0(?:10|2\d|[3-9]\d\d)\)[ -]?|0(?:10|2\d|[3-9]\d\d)(?:[ -]|--| - ))"
    rf"([2-9]\d{{6,7}}|[2-9]\d{{2,3}}[ -]\d{{4}}){EXTENSION}{AFTER}{UNIT}"
)
_TAIWANESE = re.compile(
    rf"{BEFORE}(?:\(0[2-8]\) ?\d{{3,4}}[ -]\d{{4}}|0[2-8]-\d{{3,4}}-\d{{4}}"
    rf"|09\d\d-\d{{3}}-\d{{3}}){EXTENSION}{AFTER}{UNIT}"
)
_SERVICE = re.compile(
    rf"{BEFORE}[48]00(?:-\d{{3}}-\d{{4}}|-\d{{4}}-\d{{3}}|-?\d-\d{{3}}-\d{{3}}|-\d{{7}}){AFTER}{UNIT}"
)
_AMERICAN = re.compile(
    rf"{BEFORE}(?:\+?1[ .-]?)?(?:\([2-9]\d\d\)[ -]?[2-9]\d\d[ .-]\d{{4}}|[2-9]\d\d-[2-9]\d\d-\d{{4}}"
    rf"|[2-9]\d\d\.[2-9]\d\d\.\d{{4}}|[2-9]\d\d/[2-9]\d\d-\d{{4}}){EXTENSION}{AFTER}{UNIT}"
)
_INTERNATIONAL = re.compile(
    rf"(?<![A-Za-z0-9_)\]+])\+(?!\d+\.\d+ )(?:\d{{1,4}}[ .-]?)?(?:\(\d{{1,5}}\)[ .-]?)?\d{{1,12}}"
    rf"(?:[ .-]\(?\d{{1,8}}\)?){{0,5}}{EXTENSION}{AFTER}{UNIT}"
)
_ID_CARD = re.compile(r"(?<![A-Za-z0-9])(?<![0-9][.])[1-8]\d{5}[ -]?\d{4}[ -]?\d{4}[ -]?\d{3}[\dXx](?![A-Za-z0-9])")
_CARD = re.compile(
    rf"{BEFORE}(?:\d{{13,19}}|\d{{4}}([ -])\d{{4}}\1\d{{4}}\1\d{{1,4}}(?:\1\d{{1,3}})?"
    rf"|\d{{4}}([ -])\d{{6}}\2\d{{4,5}}|\d{{6}}([ -])\d{{10,13}}){AFTER}{UNIT}"
)
_IPV4 = re.compile(r"(?<![A-Za-z0-9_.-])(?:\d{1,3}\.){3}\d{1,3}(?![A-Za-z0-9_-])(?!\.\d)(?!/\d)")
_PASSPORT = re.compile(r"(?<![A-Za-z0-9_-])(?:[EG]\d{8}|E[A-HJ-NP-Z]\d{7})(?![A-Za-z0-9_-])(?!\.\d)")

_IN_ADDRESS = re.compile(r"(?:[a-z]+://|www\.|[a-z0-9-]+\.(?:com|cn|net|org)/)[\x21-\x7e]*$", re.IGNORECASE)
_SPEAKS = re.compile(r"(?:tel|phone|mobile|sms|wa\.me)[:/=](?://)?\+?$", re.IGNORECASE)
_OF_ADDRESSES = re.compile(
    r"(?<![A-Za-z])IP|地址|服务器|主机|登录|登陆|访问|攻击|节点|host|server|address|ping|dns|ssh|://|@|client|router|gateway|remote",
    re.IGNORECASE,
)
_OF_CARDS = re.compile(
    r"卡|账|帐|賬|帳|户名|汇款|转账|打款|(?<![A-Za-z])(?:card|visa|master ?card|amex|jcb|discover|credit"
    r"|debit|bank|pay|account)",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"(?:(?<![A-Za-z])v(?:er(?:sion)?)?|版本|版|release|build|firmware|固件|升级|kernel|driver|第|§|章|节|条|款|项|附录|附件|表|图|例|section|chapter|table|figure|step|clause|rules?|article|paragraph|appendix|annex|OID|rev)"
    r"[ .:]{0,2}$|[A-Za-z]/$",
    re.IGNORECASE,
)
_ALWAYS = re.compile(r"^\s?:\d{2,5}\b")  # a port

# Days, decimals, ranges of years and numbers of sections: most chains of digits, and never a person's.
PLAIN = re.compile(
    rb"(?:19|20)\d\d-[01]\d-[0-3]\d(?:\.? \d\d)?|\d+\.\d+|\d{1,3}-\d+\.\d+|(?:19|20)\d\d[ -]+(?:19|20)\d\d"
)

COURT_CASE = (
    r"[（(〔]\d{4}[)）〕][\u4e00-\u9fff]{1,4}\d{0,4}[\u4e00-\u9fff]{1,4}第?\d{1,7}号(?:之[一二三四五六七八九十]+)?"
)


def court_cases(text: str) -> list[Span]:
    """Numbers of cases as Chinese courts give them: (2021)京01民终1234号."""
    return [Span(match.start(), match.end(), "case_number") for match in re.finditer(COURT_CASE, text)]


def numbers(window: Window) -> Iterator[Span]:
    """What stands at the chain of digits of `window`, of any kind; the surest first."""
    text, at = window.text, window.at
    label = labelled(text, at)
    if label:
        yield from announced(label, window)
    yield from _by_form(window, label)


def _by_form(window: Window, label: str | None) -> Iterator[Span]:
    text, at, stop = window.text, window.at, window.stop
    first = max(0, at - 6)
    for match in _ID_CARD.finditer(text, at):
        if match.start() >= stop:
            break
        if is_id_card(re.sub(r"[ -]", "", match.group())):
            yield Span(match.start(), match.end(), "id_card")
    dots = text.count(".", at, stop)
    if dots >= 3:
        for match in _IPV4.finditer(text, at):
            if match.start() < stop and _is_ip(text, match):
                yield Span(match.start(), match.end(), "ip")
    digits = sum(map(str.isdigit, text[at:stop]))
    if digits < 7 or label == "case_number":
        return
    found: list[Span] = []
    if digits >= 13:
        for match in _CARD.finditer(text, at, min(len(text), stop + 1)):
            if is_bank_card(re.sub(r"[ -]", "", match.group())) and _is_card(text, match):
                found.append(Span(match.start(), match.end(), "bank_card"))
    if digits >= 10 or text[at - 1 : at] == "/":
        for pattern in (_MOBILE, _LANDLINE, _AMERICAN, _SERVICE, _TAIWANESE):
            for match in pattern.finditer(text, first):
                if match.end() > at and match.start() < stop and _is_phone(text, match, label):
                    found.append(Span(match.start(), match.end(), "phone"))
    if "+" in text[first:stop]:
        for match in _INTERNATIONAL.finditer(text, first):
            number = re.sub(r"\D", "", re.sub(r"(?:转|轉|分机|ext|x).*", "", match.group()))
            if match.start() < stop and match.end() > at and is_international(number):
                found.append(Span(match.start(), match.end(), "phone"))
    if text[at - 1 : at].isalpha():
        for match in _PASSPORT.finditer(text, max(0, at - 2)):
            if match.start() < at:
                found.append(Span(match.start(), match.end(), "passport"))
    if found and (label == "phone" or not (is_otherwise(text[:at]) or _is_in_address(text[:at]))):
        yield from found


def _is_in_address(before: str) -> bool:
    """Whether a URL goes on at the end of `before`; one that names a telephone (tel:) is none."""
    return _IN_ADDRESS.search(before) is not None and _SPEAKS.search(before) is None


def _is_card(text: str, match: re.Match[str]) -> bool:
    """One number in ten passes Luhn's check: one that is bare and not UnionPay's must be called a card."""
    value, before = match.group(), text[: match.start()]
    if re.search(r"\d[ -]$", before) or re.match(r"[ -]\d", text[match.end() :]):
        return False
    return not value.isdigit() or value[:2] in ("62", "95", "90") or _OF_CARDS.search(text) is not None


def _is_phone(text: str, match: re.Match[str], label: str | None) -> bool:
    value = re.sub(r"\D", "", match.group())
    if value.endswith("000000") and label != "phone":  # an amount
        return False
    # In a list of groups of digits a group that looks like a number is one of the list.
    return (
        not re.search(r"\d[ -]$", text[: match.start()])
        or match.group()[0] in "+("
        or (len(value) == 11 and "-" not in match.group() and " " not in match.group())
    )


def _is_ip(text: str, match: re.Match[str]) -> bool:
    value = match.group()
    parts = [int(part) for part in value.split(".")]
    if not is_public(value) or any(len(part) > 1 and part[0] == "0" for part in value.split(".")):
        return False
    before = text[: match.start()]
    if _VERSION.search(before):
        return False
    said = _OF_ADDRESSES.search(before[-24:]) or _ALWAYS.match(text[match.end() :])
    # Unannounced, numbers of sections and sizes (cysts of 5.64.52.9) look alike; one address in 50 has no part of 100.
    small = max(parts) < 100 or parts.count(0) > 1 or parts[3] in (0, 255)
    return bool(said) or not small
