"""Which parameters of an address name what is shown, and which only say how the reader came to it."""

from __future__ import annotations

import re


def _names(written: str) -> frozenset[str]:
    return frozenset(written.split())


TRACKING = _names(
    """
    gclid gclsrc dclid gbraid wbraid fbclid msclkid yclid ysclid twclid ttclid li_fat_id igshid igsh mc_cid mc_eid
    mkt_tok _ga _gl _hsenc _hsmi hsctatracking icid cmpid ncid ref_src ref_url s_cid s_kwcid wickedid wt.mc_id wt_mc
    guccounter guce_referrer guce_referrer_sig cx_testid at_xt
    spm spm_id_from from_spmid scm pvid algo_pvid algo_expid ali_trackid ali_refid bd_vid bdclkid qhclickid wfr
    share_source share_medium share_plat share_session_id share_tag share_from share_token share_times share_uid
    shareuid sharer_shareid sharer_shareinfo share_to_app from_source fromsource isappinstalled unique_k vd_source bbid
    nsukey tt_from tt_medium weibo_id sudaref sudakey hmsr hmpl hmcu hmkw hmci ivk_sa ivk_sa_s trackid track_id
    """
)
"""Dropped wherever they stand: ids of clicks and campaigns, and what Chinese sites add when a page is shared."""

FAMILIES = ("utm_", "pk_", "piwik_", "mtm_", "matomo_", "fb_", "vero_", "oly_", "at_campaign", "at_medium", "at_custom")
"""How the names of tracking parameters begin that come in families."""

SESSIONS = _names("phpsessid jsessionid sessionid session_id sessid zenid oscsid cfid cftoken")
MAYBE_SESSIONS = _names("s sid session token osid")  # dropped where the value looks like a session's
CLOCKS = _names("_ t ts _t _ts time timestamp time_stamp r rnd rand random nocache cachebust")

IDENTITY = {("mp.weixin.qq.com", "/s"): frozenset({"__biz", "mid", "idx", "sn"})}
"""Places where all but a few parameters are noise: an article of a WeChat account is known by these four."""

_SESSION = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}", re.I)
_MOMENT = re.compile(r"1\d{9}(?:\d{3})?|0\.\d{6,}")  # seconds or milliseconds since 1970; a random number below 1


def kept(host: str, path: str, query: str) -> str:
    """The parameters of `query` that name what is shown, sorted by name; those of one name stay in their order."""
    if not query:
        return ""
    pairs = [pair.partition("=")[::2] for pair in query.replace("+", "%20").split("&") if pair.strip("=")]
    names = {name.lower() for name, _ in pairs}
    only = IDENTITY.get((host, path))
    if only is not None and only <= names:
        pairs = [(name, value) for name, value in pairs if name in only]
    naming = [(name, value) for name, value in pairs if not _noise(name.lower(), value, names)]
    naming.sort(key=lambda pair: pair[0])
    return "&".join(f"{name}={value}" if value else name for name, value in naming)


def _noise(name: str, value: str, names: set[str]) -> bool:
    if name in TRACKING or name.startswith(FAMILIES) or name in SESSIONS or name.startswith("aspsessionid"):
        return True
    if name in CLOCKS:
        return _MOMENT.fullmatch(value) is not None
    if name in MAYBE_SESSIONS:
        return _SESSION.fullmatch(value) is not None
    if name == "from":
        return "to" not in names  # 'from=timeline', but not 'from=2020&to=2021'
    return name == "for" and "wfr" in names  # Baidu's pair: wfr=spider&for=pc
