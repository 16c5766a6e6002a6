"""One form for the many spellings of a page's address: RFC 3986, section 6.2, and what the web adds to it."""

from __future__ import annotations

import re

from curate.dedup.queries import kept

_CONTROLS = "".join(map(chr, range(0x21)))
_BREAKS = str.maketrans("", "", "\t\n\r")
_PARTS = re.compile(
    r"(?:(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*):)?(?://(?P<authority>[^/?#\\]*))?(?P<path>[^?#]*)"
    r"(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
_BARE = re.compile(r"www\.[^/?#\s:]+\.[^/?#\s]+|[\w-]+(\.[\w-]+)+(:\d+)?/", re.I)  # an address without its scheme
_PORTS = {"http": "80", "https": "443"}

# RFC 3986, section 2.3, and the marks that RFC 2396 held for unreserved too: browsers and servers still differ in them.
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!*'()")
_ESCAPE = re.compile("%([0-9a-fA-F]{2})")
_RAW = re.compile(r"%(?![0-9a-fA-F]{2})|[^\x21-\x7e]|[\"<>\\^`{|}]")  # what an address may not hold as it is

_FRONT_PAGE = re.compile(r"(?:/(?:index|default)\.(?:html?|shtml|xhtml|php|aspx?|jspx?|cfm|cgi))+$", re.I)
_WWW = re.compile(r"^(?:www\.)+(?=[^.]+\.)")
_SESSION_IN_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;]*|/\((?:[A-Z]\([^/()]*\))+\)(?=/|$)", re.I)


def normalised(url: str) -> str:
    """The form by which addresses are compared: equal for spellings of one page's address; never shown or fetched.

    Of http and https addresses: scheme, `www.`, default port, the host's case and final dot do not count, and a host
    beyond ASCII is written in punycode. Dot segments are resolved; double and final slashes, `index.html` and its kin
    and session ids go. Percent-encoding is upper case, and only where it is needed: what was encoded stays the same
    bytes, since %B0 may be GBK or part of UTF-8. Query parameters are sorted by name, those that say how the reader
    came (`curate.dedup.queries`) are dropped. The fragment goes, unless it begins with ! or /: there it names what a
    script shows. Other addresses (urn:, doi:, ftp:) lose white space around them and their fragment. What is no address
    (nothing, 'N/A', a file's name) becomes ''.
    """
    url = url.strip(_CONTROLS).translate(_BREAKS)
    if _BARE.match(url):
        url = f"//{url}"
    found = _PARTS.fullmatch(url)
    assert found is not None, "every part may be empty"
    scheme = (found["scheme"] or "").lower()
    if scheme not in ("", "http", "https"):
        return url.partition("#")[0]
    if not found["authority"]:
        return ""
    authority = _authority(found["authority"], scheme)
    path = _path(found["path"].replace("\\", "/"))
    query = kept(authority, path, _encoded(found["query"] or "").replace("&amp;", "&"))
    fragment = found["fragment"] or ""
    shown = f"#{_encoded(fragment)}" if fragment[:1] in ("!", "/") and len(fragment) > 1 else ""
    return f"//{authority}{path}{'?' if query else ''}{query}{shown}"


def _authority(written: str, scheme: str) -> str:
    user, at, place = written.rpartition("@")
    host, _, port = place.rpartition(":")
    if not host or (port and not port.isdigit()):  # no port: an IPv6 address has colons of its own
        host, port = place, ""
    usual = not port or port == _PORTS.get(scheme, "80")
    return f"{user}{at}{_host(host)}" + ("" if usual else f":{port}")


def _host(written: str) -> str:
    """Lower case, ASCII, without a final dot and without www."""
    host = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), written) if "%" in written else written
    if not host.isascii() or host != written:
        try:
            host = host.encode("latin-1").decode() if host != written else host
            host = host.encode("idna").decode()  # RFC 3490: width and case are folded, ideographic full stops split
        except UnicodeError:  # no name that a resolver would take; compared as it is
            pass
    return _WWW.sub("", host.lower().rstrip("."), count=1)


def _encoded(text: str) -> str:
    """Percent-encoding in its shortest form; characters beyond ASCII as UTF-8 (RFC 3987, section 3.1)."""
    if not text.isascii() or _RAW.search(text):
        text = _RAW.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), text)
    return _ESCAPE.sub(_shortest, text) if "%" in text else text


def _shortest(found: re.Match[str]) -> str:
    char = chr(int(found[1], 16))
    return char if char in _UNRESERVED else found[0].upper()


def _path(written: str) -> str:
    path = _SESSION_IN_PATH.sub("", _encoded(written))
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    whole = "".join(f"/{segment}" for segment in segments)
    return _FRONT_PAGE.sub("", whole)
