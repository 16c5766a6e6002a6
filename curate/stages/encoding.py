"""Bytes to text: which character encoding a page is in, whatever its labels say.

A byte-order mark decides, then zero bytes and escapes, then valid UTF-8. Else encodings compete by how readily the
characters that they give are written in a language of theirs (letters.py); a label (HTTP header, `<meta>`) is a start
in this, no proof.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import inf

from curate.stages import letters

SAMPLE = 1 << 16  # bytes of lines with non-ASCII content that candidates are judged on
LABELS = 8192  # bytes in which a <meta> label is looked for; browsers take 1,024, real pages put scripts before it
TRUSTED = 0.4  # a labelled encoding at least this plausible is not contested; right ones score .5 to 1 on real pages
FLOOR = 0.2  # below this not even the best encoding gives text: random bytes score under .12
MOSTLY = 0.7  # share of non-ASCII bytes in UTF-8 sequences that makes a page damaged UTF-8: GBK has under .2
FEW = 16  # with fewer non-ASCII characters than this nothing is called implausible

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# What pages call an encoding -> the superset that they mean, as the WHATWG encoding standard (4.2) has it: GB2312 pages
# hold GBK characters, ISO-8859-1 pages hold windows-1252 quotes.
_SUPERSET = {
    label: codec
    for codec, labels in {
        "gb18030": "gb2312 gbk cp936 gb18030 euc_gb2312 gb_2312 gb_2312_80 euc_cn",
        "big5hkscs": "big5 big5hkscs big5_hkscs cp950 big5_tw x_big5 cn_big5",
        "cp932": "shift_jis sjis cp932 ms_kanji windows_31j",
        "euc_jp": "euc_jp",
        "hz": "hz hz_gb_2312",
        "cp949": "euc_kr cp949 ks_c_5601_1987 ksc5601",
        "cp1252": "iso_8859_1 iso8859_1 latin_1 latin1 ascii us_ascii cp1252 windows_1252",
        "cp1254": "iso_8859_9 iso8859_9 latin5",
        "cp874": "iso_8859_11 tis_620 windows_874 dos_874",
        "utf-8": "utf_8 utf8 unicode_1_1_utf_8",
    }.items()
    for label in labels.split()
}

# Codec -> the languages that it is weighed in, and the bits that it is behind where nothing speaks for it: which one
# is common on the web decides where both read the same text from the same bytes, and where there is little text.
_WEST = ("fr", "de", "es", "pt", "it", "nl", "sv", "da", "nb", "fi", "is")
_CENTRAL = ("pl", "cs", "sk", "hu", "ro", "hr", "sl")
_BALTIC = ("lt", "lv", "et")
_SLAVIC = ("ru", "uk", "bg", "sr", "be", "mk")
_CONTESTANTS: dict[str, tuple[tuple[str, ...], float]] = {
    "utf-8": (("zh", "zh_hant", "ja", "ko", "ru", "ar", "th", "fr"), 0),
    "gb18030": (("zh", "zh_hant"), 0),
    "cp1252": (_WEST, 0),
    "big5hkscs": (("zh_hant",), 2),
    "cp932": (("ja",), 4),
    "euc_jp": (("ja",), 6),
    "cp949": (("ko",), 4),
    "cp1251": (_SLAVIC, 4),
    "koi8-r": (_SLAVIC, 8),
    "koi8-u": (_SLAVIC, 9),
    "iso8859_5": (_SLAVIC, 12),
    "cp866": (_SLAVIC, 14),
    "cp1250": (_CENTRAL, 6),
    "iso8859_2": (_CENTRAL, 7),
    "cp1253": (("el",), 6),
    "iso8859_7": (("el",), 7),
    "cp1254": (("tr",), 6),
    "cp1255": (("he",), 6),
    "iso8859_8": (("he",), 8),
    "cp1256": (("ar", "fa"), 6),
    "iso8859_6": (("ar",), 8),
    "cp874": (("th",), 6),
    "cp1257": (_BALTIC, 8),
}
_EASTERN = frozenset({"gb18030", "big5hkscs", "cp932", "euc_jp", "cp949"})
_WITH_ASCII = frozenset({"cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257"})  # letters beyond ASCII are few in them
# What a label is worth: so many bits for each byte beyond ASCII, of the first ones more. Right decodings cost 2.3 to
# 5.6 bits a byte, wrong ones 6 and more, and text of a kind that was not counted lies between. Of iso-8859-1, which
# servers and editors write unasked, only the first bytes count.
LABEL_FIRST, FIRST, LABEL_REST = 1.5, 16, 0.3
CLEAR = 5.2  # bits a byte: a labelled encoding in which so many bytes cost so little is not contested
VALID = 8.0  # bits that UTF-8 has ahead where the bytes are valid, which few others are by chance
# Bits a byte from which it may be, and is, no text: signs alone cost up to 8, rare characters alone 8.5, random bytes
# 7.6 to 11.
DOUBTFUL, NOISE = 7.0, 9.0
UNSOUND = 0.01  # share of characters that nobody uses up to which a label is believed where its text is odd
MOST = 1 << 14  # bytes of the sample that are weighed
_THIN = 5.0
WORDS = 64  # non-ASCII bytes
_BREAK = 8.0  # bits for a place within a word at which no word goes on
_ALONE = 5.0  # bits for a letter that stands alone, which signs do and few letters
_RUN = 4.0  # bits for each accented letter or sign of four and more in a row

# Codecs of Python's own that give another text than a browser would.
_NO_LABELS = frozenset(
    ["idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf-7", "undefined", "mbcs", "oem"]
)

_META = re.compile(rb"""<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_HZ = re.compile(rb"~\{((?:[\x21-\x77][\x21-\x7e])+)~\}")
_BREAKS = bytes.maketrans(b"\r<>", b"\n\n\n")
_SHORT = bytes(range(0xE0))  # all that characters of one and two bytes are made of in UTF-8
_ASCII_BYTES = re.compile(rb"[\x00-\x7f]+")
_ASCII = re.compile("[\x00-\x7f]+")
_DAMAGE = re.compile("[\ufffd\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_UNUSED = re.compile("[\ufffd\ue000-\uf8ff\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")
# No word goes from small to capital letters or from script to script, and none has a sign within it.
_BROKEN_WORD = re.compile("[а-яёα-ώ][А-ЯЁΑ-Ω]|[a-zA-Z][а-яёА-ЯЁΑ-ώ]|[а-яёА-ЯЁΑ-ώ][a-zA-Z]|[a-z][¹³¿£¥¼¾¢¡ªº¶][a-z]")
# Nor do letters that are written without capitals follow those of another script, marks follow nothing, closing quotes
# begin a word, or Chinese characters end one in Latin script.
_BROKEN_LINE = re.compile(
    "[a-zA-Z][א-תء-يก-ฮเ-ไ]|[א-תء-يก-ฮ][a-zA-Z]|(?<![ก-ฮะ-๎])[ัิ-ฺ็-๎]|(?<![^\\s(])’[α-ώа-я]|[a-z][一-鿿](?![　-鿿＀-￯])"
)
# À and e acute, the Russian and Ukrainian prepositions, the Greek articles and the Arabic and are words.
_LONE_LETTER = re.compile(
    r"(?<![^\W\d_])(?![àèéóíòýаивскоуяізйжбοηόήἡὁو])[^\W\d_\x00-\x7f\u2e80-\uffff](?![^\W\d_])", re.IGNORECASE
)
# No language in Latin script writes four accented letters or signs in a row, another encoding read as cp1252 does.
_LATIN_RUN = re.compile("[\x80-\xffŒœŠšŸŽžƒ\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{4,}")

# The characters that make up about 60 % of modern and classical Chinese text, simplified (counted over laws, news,
# consultations, novels and technical articles) and traditional.
_COMMON = frozenset(
    "的一人不有是在以了行和用个中为定可上要来会法第他我国应发者时这当下大十条出年理你到业能生公对管关得务病道本规作"
    "部政说其日或机经事保二地于工方三民高资所如好之后进子家自使就情等同将市多制金过也门动计建期治件开文去主合新前们"
    "分设实成并产血内及物现性月安与么元全员常面通处查都外相加构重数任位因果而提四区正院据体目意天压单司服疗证表些由"
    "入见五收心代报药次项着基施府交然从责看长起统间小例持医没只监还议此需里明水信依程度知预令化况平那又告投险它向已"
    "调问接级检增照量利最复被口食但请权系审无想运回品算比吃种税点身两取力王原何做按指息样命立准更解场支改万太款确什"
    "儿军标控示价患名供受很头便格再书商给企办求器展组委活直营电决结六未官户备具案置州易防职美式老该源督各百布东至手"
    "股强许共特把学费财引包城境海反非护今违列认才社西根除货注七节县专车容变少总别先且放记话气效症止推装网打限融执八"
    "状转技几章這個國們來時為會對說發學過後經還與沒點問題現當無從開進動種見長頭義業書樣應體產機關電門東車馬風師間話"
    "聲氣報場實邊際樂數難變讓給親統網價節聽記處務總質論爾織達類遠號萬險華導麼買設縣將區員張連運領創線熱請億單組傳約"
    "圖歷轉談認紅軍證議術識級養臺灣幾條歡覺廣語黨戰裡她嗎吧您怎啦啊吗呢走坐喜爱愛哪谁誰却卻真快慢早晚夜春秋山花雲云"
    "星江河石木火土白青黑玉君臣臥思念故夢归歸"
)
_COMMON_HANGUL = frozenset("이다의는에을가하고지사기로대한은도자서인리를아시어해들수나전보그있일여정부라장과제게것")
_PUNCTUATION = frozenset("，。、；：？！“”‘’《》（）「」『』…—·　【】〈〉％￥")
_SIGNS = frozenset("‘’“”–—…•\xa0©®°·«»£§±²³µ½¼×™€")


@dataclass(frozen=True)
class Decoded:
    """Text, the codec that gave it (Python's name), why it was taken, and the share of characters that no text holds.

    Reasons: `mark` (a byte-order mark), `form` (zero bytes, escapes), `valid` (it is UTF-8), `header` and `meta` (the
    label is plausible), `mostly` (UTF-8 with damage), `detected` (its letters are the likeliest, of several),
    `mislabelled` (so they are, against the labels), `none` (nothing is likely).
    """

    text: str
    encoding: str
    reason: str
    damage: float


def decode(data: bytes, content_type: str | None = None, labels: Mapping[str, str] | None = None) -> Decoded:
    """The text of `data`. `content_type` is the HTTP header's value, for its charset; `labels`, where they are known
    already, are those of `labels_of`.

    Never raises: what cannot be decoded comes back with a `damage` near 1.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], name, "mark")
    if wide := _wide(data):
        return _decoded(data, wide, "form")
    labels = labels_of(data, content_type) if labels is None else labels
    if escaped := _escaped(data, labels):
        return _decoded(data, escaped, "form")
    utf8 = _is_utf8(data)
    if utf8 and (next(iter(labels), None) == "utf-8" or data.isascii() or data.translate(None, _SHORT)):
        return _decoded(data, "utf-8", "valid")
    sample = _sample(data)
    if utf8 and not _may_be_chance(sample):
        return _decoded(data, "utf-8", "valid")
    valid = _ASCII.sub("", sample.decode("utf-8", "ignore"))
    high = len(_ASCII_BYTES.sub(b"", sample))
    if (
        len(valid) >= FEW
        and len(valid.encode()) >= MOSTLY * high
        and ("utf-8" in labels or plausibility(valid) >= TRUSTED)
    ):
        return _decoded(data, "utf-8", "mostly")
    for label, where in labels.items():
        if label not in _CONTESTANTS and plausibility(_text(sample, label)) >= TRUSTED:
            return _decoded(data, label, where)
    best, cost = _cheapest(sample[:MOST], labels, VALID if utf8 else 0.0)
    told = {"utf-8": "valid" if utf8 else "mostly"} | {
        label: where for label, where in labels.items() if label != "utf-8"
    }
    decoded = _decoded(data, best, told.get(best, "mislabelled" if labels else "detected"))
    foreign = _ASCII.sub("", decoded.text)
    sound = best in labels and len(_UNUSED.findall(foreign)) <= UNSOUND * len(foreign)
    if len(foreign) >= FEW and cost > DOUBTFUL and not sound and (cost > NOISE or plausibility(foreign) < FLOOR):
        return Decoded(decoded.text, best, "none", max(decoded.damage, len(foreign) / len(decoded.text)))
    return decoded


def _cheapest(sample: bytes, labels: Mapping[str, str], utf8: float) -> tuple[str, float]:
    """The contestant in which `sample` costs the fewest bits, its labels counted in, and how many a byte beyond ASCII
    these are without. `utf8` is what UTF-8 has ahead."""
    high = _ASCII_BYTES.sub(b"", sample)
    alphabetic = Counter(high)
    costs: dict[str, float] = {}
    for name in sorted(_CONTESTANTS, key=lambda name: name not in labels):
        costs[name] = _bits(sample, name, alphabetic)
        sure = (name in labels and name != "cp1252") or name in _EASTERN
        if sure and len(high) >= WORDS and costs[name] <= CLEAR * len(high):
            costs[name] += _breaks(sample, name)
            if costs[name] <= CLEAR * len(high):
                return name, costs[name] / len(high)
    worth = {name: -behind for name, (_, behind) in _CONTESTANTS.items()} | {"utf-8": utf8}
    for name in labels.keys() & worth.keys():
        rest = LABEL_REST * len(high) if name != "cp1252" else 0
        worth[name] += 2 + LABEL_FIRST * min(len(high), FIRST) + rest
    best, least = "utf-8", inf
    for name in sorted(costs, key=lambda name: costs[name] - worth[name]):
        if costs[name] - worth[name] >= least:
            break  # breaks only add to it
        cost = costs[name] + _breaks(sample, name)
        if cost - worth[name] < least:
            best, least = name, cost - worth[name]
    return best, (least + worth[best]) / max(1, len(high))


def _bits(sample: bytes, encoding: str, alphabetic: Mapping[int, int]) -> float:
    """The bits that the characters of `sample` cost in that language of `encoding` in which they cost least.

    `alphabetic` says how often each byte beyond ASCII stands there.
    """
    languages = _CONTESTANTS[encoding][0]
    if encoding not in _EASTERN and encoding != "utf-8":
        counts: Counter[str] = Counter()
        for byte, count in alphabetic.items():
            counts[bytes([byte]).decode(encoding, "replace")] += count
        found = letters.bits(counts, languages)
        # Words in letters of their own have many of them: § a hundred times is no text in Thai.
        thin = encoding not in _WITH_ASCII and 4 * sum(map(str.isalpha, counts)) < min(counts.total(), 40)
        return found + thin * _THIN * counts.total()
    text = _text(sample, encoding)
    foreign = _ASCII.sub("", text)
    taken = len(sample) - sum(alphabetic.values()) - (len(text) - len(foreign))
    return letters.bits(Counter(foreign), languages) - letters.ASCII_BITS * taken


def _breaks(sample: bytes, encoding: str) -> float:
    """The bits that are due for what stands beside what in the text of `sample`, where no writing has it."""
    text = _text(sample, encoding)
    found = _RUN * sum(map(len, _LATIN_RUN.findall(text))) + _ALONE * len(_LONE_LETTER.findall(text))
    return found + _BREAK * (len(_BROKEN_WORD.findall(text)) + len(_BROKEN_LINE.findall(text)))


def plausibility(text: str) -> float:
    """How much the non-ASCII characters of `text` look like writing: about -2 to 1, 1 where there are none."""
    foreign = _ASCII.sub("", text)
    if not foreign:
        return 1.0
    total = sum(count * _weight(char) for char, count in Counter(foreign).items())
    total -= sum(2 * len(run) for run in _LATIN_RUN.findall(text))
    total -= 2 * len(_BROKEN_WORD.findall(text))
    return total / len(foreign)


@lru_cache(maxsize=1 << 16)
def _weight(char: str) -> float:
    code = ord(char)
    if char in _COMMON or char in _COMMON_HANGUL or char in _PUNCTUATION:
        return 1.0
    if char in _SIGNS:
        return 0.6
    if char == "\ufffd" or 0x80 <= code < 0xA0:
        return -2.0
    if (
        0xDF <= code <= 0xFF or 0x430 <= code <= 0x45F or 0x3AC <= code <= 0x3CE
    ):  # small letters: Latin, Cyrillic, Greek
        return 0.6
    if 0x5D0 <= code <= 0x5EA or 0x621 <= code <= 0x64A or 0xE01 <= code <= 0xE4E:  # Hebrew, Arabic, Thai
        return 0.6
    if (0x100 <= code <= 0x17F and char.islower()) or char == "ґ":
        return 0.6
    if 0x3040 <= code <= 0x30FF:
        return 0.8
    if 0x4E00 <= code <= 0x9FFF or 0xC0 <= code <= 0xDE or 0x400 <= code <= 0x42F or 0x391 <= code <= 0x3AB:
        return 0.1
    if 0xAC00 <= code <= 0xD7A3:
        return 0.2
    if 0x3400 <= code <= 0x4DBF or 0xFF61 <= code <= 0xFF9F:  # half-width kana: other encodings read as Shift-JIS
        return -0.3
    if 0xE000 <= code <= 0xF8FF:
        return -1.0
    return 0.35 if char.isalpha() else 0.0


def _is_utf8(data: bytes) -> bool:
    """Whether `data` is UTF-8, but for a last character that was cut off."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _may_be_chance(sample: bytes) -> bool:
    """Whether a few characters of two bytes each make it UTF-8: so do words of GBK, 选题 for one."""
    foreign = _ASCII.sub("", sample.decode("utf-8", "ignore"))
    return 0 < len(foreign) < FEW and max(foreign) < "\u0800"


def wide_of(data: bytes) -> str | None:
    """The codec of a page in UTF-16 or UTF-32, where a byte-order mark or its zero bytes say so; else None."""
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    return _wide(data) if marked is None else marked if marked != "utf-8" else None


def _wide(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: its ASCII characters give zero bytes, most in the same places.

    Not all, 一 is U+4E00: that which reads better is taken.
    """
    head = data[: SAMPLE // 4]
    zeros = head.count(0)
    if len(head) < 8 or zeros < max(2, len(head) // 256):
        return None
    names = ("utf-32-le", "utf-32-be") if zeros > len(head) // 2 else ("utf-16-le", "utf-16-be")
    scores = {name: _reads(head, name) for name in names}
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] >= TRUSTED else None


def _reads(head: bytes, wide: str) -> float:
    """How plausible bytes are as text in UTF-16 or UTF-32, with markup in it; 0 of pictures and programs."""
    text = _text(head[: len(head) // 4 * 4], wide)
    if 50 * (len(_DAMAGE.findall(text)) + text.count("\0")) > len(text):
        return 0.0
    foreign = len(_ASCII.sub("", text))
    return (len(text) - foreign + plausibility(text) * foreign) / len(text)


def _escaped(data: bytes, labels: Mapping[str, str]) -> str | None:
    """The encodings that are ASCII with escapes, which nothing else writes."""
    if b"\x1b$" in data and (b"\x1b(" in data or "iso2022_jp" in labels):
        return "iso2022_jp"
    if b"~{" in data and data.isascii() and ("hz" in labels or _is_hz(data)):
        return "hz"
    return None


def _is_hz(data: bytes) -> bool:
    """Whether every ~{ opens Chinese that a ~} closes (RFC 1843), and there is enough of it to be no accident."""
    spans = _HZ.findall(data)
    text = "".join(bytes(byte | 0x80 for byte in span).decode("gb2312", "replace") for span in spans)
    return (
        len(spans) == data.count(b"~{") and len(text) >= FEW and "\ufffd" not in text and plausibility(text) >= TRUSTED
    )


def labels_of(data: bytes, content_type: str | None) -> dict[str, str]:
    """The codecs that header and page name, as far as Python knows them, in that order: codec -> `header` or `meta`."""
    found = [(label, "header") for label in _HEADER.findall(content_type or "")[:1]]
    found += [(label.decode("ascii", "replace"), "meta") for label in _META.findall(data[:LABELS])[:2]]
    names: dict[str, str] = {}
    for label, where in found:
        key = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
        name = _SUPERSET.get(key) or _SUPERSET.get(key.removeprefix("x_"))
        if name is None:
            try:
                info = codecs.lookup(label)
            except (LookupError, ValueError):
                continue
            if not info._is_text_encoding or info.name in _NO_LABELS:
                continue
            name = info.name
        names.setdefault(name, where)
    return names


def _sample(data: bytes) -> bytes:
    """Lines and text nodes with non-ASCII bytes, about `SAMPLE` bytes of them, whole.

    Cut at line ends and angle brackets, which are the second byte of no character in any contestant.
    """
    pieces: list[bytes] = []
    size = 0
    for piece in data.translate(_BREAKS).split(b"\n"):
        if not piece.isascii():
            pieces.append(piece[:SAMPLE])
            size += len(pieces[-1])
            if size >= SAMPLE:
                break
    return b"\n".join(pieces)


def _text(data: bytes, encoding: str) -> str:
    return data.decode(encoding, "replace")


def _decoded(data: bytes, encoding: str, reason: str) -> Decoded:
    text = _text(data, encoding).removeprefix("\ufeff")
    damaged = len(_DAMAGE.findall(text))
    if encoding == "cp1252":
        damaged += sum(map(len, _LATIN_RUN.findall(text)))
    return Decoded(text, encoding, reason, damaged / len(text) if text else 0.0)
