"""Which encoding a page is in, whatever its labels say."""

from __future__ import annotations

import random

import pytest

from curate.stages.encoding import decode, plausibility

ZH = "患者近三天来反复发热，体温最高三十九度，伴有咳嗽、咽痛，没有胸闷气促。建议到呼吸内科就诊，完善血常规和胸片检查。"
TRADITIONAL = "第一次來到這個城市的時候，我還不知道自己會在這裡住上十年。當時的街道沒有現在這麼寬，車子也不多。"
JA = "本日は晴天なり。これは日本語の文章です。電子計算機で処理される文字の符号化について説明します。"
KO = "이것은 한국어 문장입니다. 컴퓨터에서 처리되는 문자의 부호화에 대해 설명합니다."
FR = "L'été dernier, à l'école élémentaire, les élèves ont été très heureux d'apprendre le français."


def page(text: str, charset: str, label: str | None = None) -> bytes:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={label}">' if label else ""
    return f"<html><head>{meta}<title>{text[:8]}</title></head><body><p>{text}</p></body></html>".encode(charset)


@pytest.mark.parametrize(
    "label", [None, "gb2312", "GBK", "x-gbk", "gb18030", "iso-8859-1", "big5", "utf-8", "nonsense"]
)
@pytest.mark.parametrize("header", [None, "text/html", "text/html; charset=ISO-8859-1", "text/html; charset=utf-8"])
def test_gb18030_pages_are_read_whatever_header_and_meta_say(label: str | None, header: str | None) -> None:
    decoded = decode(page(ZH, "gb18030", label), header)
    assert ZH in decoded.text
    assert decoded.encoding == "gb18030"
    assert decoded.damage == 0


@pytest.mark.parametrize(
    ("text", "charset"),
    [(TRADITIONAL, "big5hkscs"), (JA, "cp932"), (JA, "euc_jp"), (KO, "cp949"), (FR, "cp1252"), (ZH, "utf-8"),
     (ZH, "utf-16"), (ZH, "utf-16-le"), (TRADITIONAL, "utf-8-sig"), (FR, "utf-32")],
)  # fmt: skip
def test_an_unlabelled_page_is_read_by_how_plausible_its_text_is(text: str, charset: str) -> None:
    decoded = decode(page(text, charset), "text/html")
    assert text in decoded.text
    assert not decoded.text.startswith("\ufeff")


@pytest.mark.parametrize("text", ["It’s a “nice” day", "10 µg/ml ± 2 °C", "naïve café — déjà vu"])
def test_a_few_western_characters_are_no_chinese_ones(text: str) -> None:
    assert text in decode(page(text, "cp1252", "gb2312"), None).text


def test_a_character_that_only_gb18030_has_is_read_on_a_page_that_says_gb2312() -> None:
    text = ZH + "人名：𠮷野、㐂、镕基，货币：€"
    assert text in decode(page(text, "gb18030", "gb2312"), None).text


def test_utf8_with_damaged_bytes_stays_utf8_and_counts_them() -> None:
    data = page(ZH * 20, "utf-8", "utf-8").replace("发热".encode(), b"\xe5\x8f", 2)
    decoded = decode(data, None)
    assert decoded.encoding == "utf-8"
    assert decoded.text.count("\ufffd") == 2
    assert 0 < decoded.damage < 0.01
    assert decode(page(ZH, "utf-8")[:60], None).encoding == "utf-8"  # cut off within a character


def test_short_words_of_gbk_that_happen_to_be_utf8_follow_the_label() -> None:
    assert "选题" in decode(page("选题", "gbk", "gbk"), None).text


def test_bytes_without_meaning_are_damage() -> None:
    noise = random.Random(1).randbytes(4000)
    high = bytes(byte | 0x80 for byte in noise)
    for data in (noise, high, b"<html><body><p>" + noise + b"</p></body></html>", b"<p>" + high + b"</p>"):
        assert decode(data, "text/html; charset=gbk").damage > 0.3
    assert decode(b"", None).damage == 0


def test_codecs_that_are_no_charsets_are_not_taken_for_labels() -> None:
    for label in ("base64", "rot13", "idna", "unicode_escape", "utf-7", "zip"):
        assert decode(page("plain \\u4e2d +AGEA- text", "ascii", label), None).text == page(
            "plain \\u4e2d +AGEA- text", "ascii", label
        ).decode("ascii")


def test_text_is_more_plausible_in_its_own_encoding() -> None:
    for other in ("cp1252", "big5hkscs", "cp932", "cp949", "euc_jp"):
        assert plausibility(ZH) > 0.6 > plausibility(ZH.encode("gb18030").decode(other, "replace"))


EUROPE = {
    "Η κυβέρνηση ανακοίνωσε χθες νέα μέτρα για την προστασία των καταναλωτών.": ("windows-1253", "iso-8859-7"),
    "Вчера правительство объявило о новых мерах по защите потребителей и малого бизнеса.": ("windows-1251", "koi8-r"),
    "أعلنت الحكومة أمس عن تدابير جديدة لحماية المستهلكين والشركات الصغيرة.": ("windows-1256", "iso-8859-6"),
    "הממשלה הודיעה אתמול על צעדים חדשים להגנה על הצרכנים ועל עסקים קטנים.": ("windows-1255", "iso-8859-8"),
    "รัฐบาลประกาศมาตรการใหม่เมื่อวานนี้เพื่อคุ้มครองผู้บริโภค": ("windows-874", "tis-620"),
    "Hükümet dün tüketicileri korumak için yeni önlemler açıkladı, ağır yükler.": ("windows-1254", "iso-8859-9"),
    "Rząd ogłosił wczoraj środki ochrony, które źle znosiły żaląc się.": ("windows-1250", "iso-8859-2"),
    "Vyriausybė vakar paskelbė apie naujas priemones, žinoma, šiek tiek.": ("windows-1257", "iso-8859-13"),
}
CODECS = {"windows-874": "cp874"}


@pytest.mark.parametrize(("text", "label"), [(text, label) for text, labels in EUROPE.items() for label in labels])
def test_a_page_in_another_script_follows_its_label(text: str, label: str) -> None:
    decoded = decode(page(text, CODECS.get(label, label), label))
    assert text in decoded.text
    assert decoded.reason == "meta"


MORE = {
    "Уряд учора оголосив про нові заходи для захисту споживачів і малого бізнесу в їхніх містах.": ("koi8-u", "cp1251"),
    "Правителството обяви вчера нови мерки за защита на потребителите и малкия бизнес.": ("cp1251",),
    "Вчера правительство объявило о новых мерах по защите потребителей.": ("iso8859_5", "cp866"),
    "دولت ديروز تدابير تازه‌اي را براي حمايت از مصرف‌كنندگان و كسب و كارهاي كوچك اعلام كرد": ("cp1256",),
    "A kormány tegnap új intézkedéseket jelentett be a fogyasztók védelmére és erősítésére.": ("cp1250", "iso8859_2"),
    "Vláda včera oznámila nová opatření na ochranu spotřebitelů a malých podniků, která začnou.": (
        "cp1250",
        "iso8859_2",
    ),
}
EVERYWHERE = [
    (text, CODECS.get(charset, charset)) for text, charsets in (EUROPE | MORE).items() for charset in charsets
]
EAST = [(ZH, "gb18030"), (TRADITIONAL, "big5hkscs"), (JA, "cp932"), (JA, "euc_jp"), (KO, "cp949")]


@pytest.mark.parametrize(("text", "charset"), [*EVERYWHERE, *EAST])
@pytest.mark.parametrize("label", [None, "gb2312", "utf-8", "shift_jis"])
def test_a_page_without_a_label_or_with_that_of_another_is_told_by_its_letters(
    text: str, charset: str, label: str | None
) -> None:
    assert text in decode(page(text, charset, label), None).text
    if not text[0].isascii():  # one sentence of Hungarian or Turkish might be western
        assert text in decode(page(text, charset, label), "text/html; charset=iso-8859-1").text


@pytest.mark.parametrize(("text", "charset"), EAST)
def test_a_chinese_japanese_or_korean_page_is_read_whatever_the_others_label_says(text: str, charset: str) -> None:
    for label in ("gb2312", "big5", "shift_jis", "euc-jp", "euc-kr", "windows-1251", "tis-620"):
        assert text in decode(page(text, charset, label), None).text


@pytest.mark.parametrize("form", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", [ZH * 60, "一" * 300 + ZH, JA, FR, "It’s “so” ☺☺☺ – ›‹›‹›‹"])
def test_wide_pages_without_a_mark_are_told_by_their_zero_bytes_whatever_labels_say(text: str, form: str) -> None:
    for label in (None, "gb2312", "utf-8"):
        decoded = decode(page(text, form, label), f"text/html; charset={label or 'gbk'}")
        assert text in decoded.text and decoded.encoding == form and decoded.reason == "form"


def test_zero_bytes_alone_make_no_page_wide() -> None:
    assert decode(b"plain text\0 with\0 three zero bytes\0, and more").encoding == "utf-8"
    assert decode(bytes(range(256)) * 8).encoding not in ("utf-16-le", "utf-16-be")


def test_hz_is_read_where_it_is_labelled_or_certain_and_left_where_it_is_neither() -> None:
    for label in (None, "utf-8", "hz-gb-2312"):
        assert ZH in decode(page(ZH, "hz", label), None).text
    assert "发热" in decode(page("发热", "hz", "hz-gb-2312"), None).text
    for text in ("a ~{ b ~} c", "sed 's~{x}~{y}~'", "~{<:Ky~} is how RFC 1843 begins", "~{" * 40):
        assert text in decode(page(text, "ascii"), None).text


@pytest.mark.parametrize("sign", "§©•’»é")
def test_one_sign_again_and_again_is_no_foreign_text(sign: str) -> None:
    text = f"Terms {sign} 12 and {sign} 13, or see {sign} 14. " * 20
    assert text in decode(page(text, "cp1252", "iso-8859-1"), None).text


@pytest.mark.parametrize(
    ("data", "header", "reason", "encoding"),
    [
        (page(ZH, "utf-8-sig"), "text/html; charset=gbk", "mark", "utf-8"),
        (page(ZH, "utf-16-le"), None, "form", "utf-16-le"),
        (page(JA, "iso2022_jp"), None, "form", "iso2022_jp"),
        (page(ZH, "hz"), "text/html; charset=gb2312", "form", "hz"),
        (page(JA, "euc_jp", "gb2312"), None, "mislabelled", "euc_jp"),
        (page(ZH * 4, "gb18030", "gb2312"), "text/html; charset=shift_jis", "meta", "gb18030"),
        (page(ZH, "hz", "hz-gb-2312"), None, "form", "hz"),
        (page(ZH, "utf-8", "gbk"), None, "valid", "utf-8"),
        (page(ZH, "gb18030"), "text/html; charset=gbk", "header", "gb18030"),
        (page(ZH, "gb18030", "gb2312"), "text/html", "meta", "gb18030"),
        (page(ZH, "gb18030", "utf-8"), "text/html", "mislabelled", "gb18030"),
        (page(ZH, "gb18030"), "text/html", "detected", "gb18030"),
        (page(ZH, "utf-8", "utf-8") + b"\xff\xfe", None, "mostly", "utf-8"),
        (random.Random(1).randbytes(2000), None, "none", None),
    ],
)
def test_why_an_encoding_was_taken_is_said(data: bytes, header: str | None, reason: str, encoding: str | None) -> None:
    decoded = decode(data, header)
    assert decoded.reason == reason
    assert encoding in (None, decoded.encoding)
