"""EPUB and DOCX: all the text in its order, nothing that is not text, and no harm from what is broken."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable

import pytest

from curate.stages.documents import zipped as module
from curate.stages.documents.docx import read_docx
from curate.stages.documents.epub import read_epub
from curate.stages.documents.files import kind_of
from curate.stages.documents.opened import Opened, Unreadable
from tests.stages.document_files.containers import W, docx, epub, paragraph, zipped

BOOK = {
    "z.xhtml": "<h1>学而第一</h1><p>子曰：<ruby>學<rt>xué</rt></ruby>而时习之，<br/>不亦说乎？</p><script>x()</script>",
    "a%20b.xhtml": "<h2>Chapter&#160;2</h2><ul><li>one</li><li><p>two</p></li></ul>"
    "<table><tr><th>药</th><th>mg</th></tr><tr><td>A</td><td>10</td></tr></table>tail<pre>x = 1\n  y</pre>",
}
TEXT = (
    "# 学而第一\n\n子曰：學而时习之，\n不亦说乎？\n\n## Chapter\u00a02\n\n- one\n\n- two"
    "\n\n| 药 | mg |\n| A | 10 |\n\ntail\n\nx = 1\n  y"
)


def refused(read: Callable[[bytes], Opened], raw: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        read(raw)
    assert str(caught.value)
    return caught.value.state


def test_a_book_is_read_in_the_order_of_its_spine_without_navigation() -> None:
    chapters = {name.replace("%20", " "): body for name, body in BOOK.items()}
    opened = read_epub(epub(chapters, navigation="<p>目录</p>"))
    assert opened.text == TEXT
    assert opened.title == "论语"
    assert opened.notes["creator"] == "孔子"
    assert [opened.text[at:][:4] for at in opened.notes["chapters"]] == ["# 学而", "## C"]


def test_a_chapter_that_is_missing_costs_itself() -> None:
    raw = epub({"a.xhtml": "<p>一</p>", "b.xhtml": "<p>二</p>"})
    assert b"OPS/b.xhtml" in raw
    opened = read_epub(raw.replace(b"OPS/b.xhtml", b"OPS/c.xhtml"))
    assert opened.text == "一"
    assert opened.notes["chapters_lost"] == ["OPS/b.xhtml"]


def test_a_book_under_drm_is_encrypted_and_veiled_fonts_are_no_matter() -> None:
    def encryption(algorithm: str, part: str) -> str:
        return (
            '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData>'
            f'<EncryptionMethod Algorithm="{algorithm}"/><CipherData><CipherReference URI="{part}"/></CipherData>'
            "</EncryptedData></encryption>"
        )

    drm = encryption("http://www.w3.org/2001/04/xmlenc#aes256-cbc", "OPS/a.xhtml")
    fonts = encryption("http://www.idpf.org/2008/embedding", "OPS/font.otf")
    assert refused(read_epub, epub({"a.xhtml": "<p>x</p>"}, more={"META-INF/encryption.xml": drm})) == "encrypted"
    assert read_epub(epub({"a.xhtml": "<p>x</p>"}, more={"META-INF/encryption.xml": fonts})).text == "x"


def test_a_document_is_read_with_headings_lists_tables_and_notes() -> None:
    note = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    row = "<w:tr>" + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in ("药", "10 mg")) + "</w:tr>"
    item = "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>项目</w:t></w:r></w:p>"
    body = (
        paragraph("第一章", "a1") + paragraph("目录一", "TOC1") + paragraph("正文", inner=note) + item
        + f"<w:tbl>{row}</w:tbl>"
        + "<w:p><w:ins><w:r><w:t>added</w:t></w:r></w:ins><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>"
        + f"<w:sdt><w:sdtContent>{paragraph('in a control')}</w:sdtContent></w:sdt>"
        + "<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>"
    )  # fmt: skip
    footnotes = (
        f'<w:footnote w:type="separator" w:id="0">{paragraph("---")}</w:footnote>'
        f'<w:footnote w:id="2">{paragraph("见附录。")}</w:footnote>'
    )
    styles = '<w:style w:styleId="a1"><w:name w:val="heading 1"/></w:style>'
    styles += '<w:style w:styleId="TOC1"><w:name w:val="toc 1"/></w:style>'
    opened = read_docx(docx(body, footnotes=footnotes, styles=styles))
    assert opened.text == "\n\n".join(
        ["# 第一章", "正文", "[见附录。]", "- 项目", "| 药 | 10 mg |", "added", "in a control", "a\tb\nc"]
    )


def test_superscripts_subscripts_and_formulas_keep_what_they_say() -> None:
    def run(text: str, height: str = "") -> str:
        properties = f'<w:rPr><w:vertAlign w:val="{height}"/></w:rPr>' if height else ""
        return f"<w:r>{properties}<w:t>{text}</w:t></w:r>"

    def maths(body: str) -> str:
        body = re.sub(r"(?<=>)([^<>]+)(?=<)", r"<m:r><m:t>\1</m:t></m:r>", body)
        return f'<m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math">{body}</m:oMath>'

    counts = (
        run("10")
        + run("9", "superscript")
        + run("/L, H")
        + run("2", "subscript")
        + run("O, 1")
        + run("st", "superscript")
    )
    squared = maths("<m:sSup><m:e>x</m:e><m:sup>2</m:sup></m:sSup><m:f><m:num>a</m:num><m:den>b</m:den></m:f>")
    root = maths("<m:rad><m:deg/><m:e>y</m:e></m:rad><m:d><m:e>z</m:e></m:d>")
    body = "".join(f"<w:p>{inner}</w:p>" for inner in (counts, squared, root))
    assert read_docx(docx(body)).text == "10⁹/L, H₂O, 1st\n\n$x^{2}\\frac{a}{b}$\n\n$\\sqrt{y}(z)$"

    square = "<math xmlns='http://www.w3.org/1998/Math/MathML'><msup><mi>x</mi><mn>2</mn></msup></math>"
    chapter = f"<p>10<sup>9</sup>/L, H<sub>2</sub>O, 1<sup>st</sup>, {square}</p>"
    table = f"<table><tr><td>10<sup>-3</sup></td><td>{square}</td></tr></table>"
    assert read_epub(epub({"a.xhtml": chapter + table})).text == "10⁹/L, H₂O, 1st, $x^{2}$\n\n| 10⁻³ | $x^{2}$ |"


def test_a_table_within_a_cell_of_a_book_stands_once() -> None:
    inner = "<table><tr><td>深处</td></tr></table>"
    text = read_epub(epub({"a.xhtml": f"<table><tr><td>外面 {inner}</td><td>b</td></tr></table>"})).text
    assert text == "| 外面 | 深处 | | b |"


def test_a_table_within_a_cell_stands_once_however_deep() -> None:
    body = paragraph("深处 deep")
    for level in range(60):
        body = f"<w:tbl><w:tr><w:tc>{paragraph(f'level{level}.')}{body}</w:tc></w:tr></w:tbl>"
    text = read_docx(docx(body)).text
    assert text.count("深处 deep") == 1 and [text.count(f"level{level}.") for level in range(60)] == [1] * 60


def test_the_title_and_the_day_come_from_the_properties() -> None:
    core = "<cp xmlns='x'><title>合同</title><created>2024-05-01T08:00:00Z</created></cp>"
    opened = read_docx(docx(paragraph("x"), more={"docProps/core.xml": core}))
    assert (opened.title, opened.notes) == ("合同", {"file_made": "2024-05-01"})


def test_broken_files_say_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    book, document = epub(BOOK), docx(paragraph("x" * 5000))
    for read, raw in ((read_epub, book), (read_docx, document)):
        assert refused(read, raw[: len(raw) // 2]) == "damaged_file"
        assert refused(read, b"PK\x03\x04") == "damaged_file"
        assert refused(read, zipped({"a.txt": "x"})) == "damaged_file"
    assert refused(read_docx, b"\xd0\xcf\x11\xe0" + bytes(100)) == "encrypted"
    assert refused(read_docx, zipped({"word/document.xml": ""})) == "damaged_file"
    assert refused(read_docx, zipped({"word/document.xml": f"<w:document {W}/>"})) == "damaged_file"
    flagged = bytearray(document)
    at = 0
    while (at := flagged.find(b"PK\x01\x02", at)) >= 0:
        struct.pack_into("<H", flagged, at + 8, 1)
        at += 4
    assert refused(read_docx, bytes(flagged)) == "encrypted"
    monkeypatch.setattr(module, "MEMBER", 2000)
    assert refused(read_docx, document) == "expands_too_far"


def test_entities_of_its_own_are_text_and_nothing_is_fetched() -> None:
    own, fetched = '<!ENTITY a "AAAA">', '<!ENTITY c SYSTEM "file:///etc/passwd">'
    for declared, said in ((own, "x &a; y"), (own + fetched, "x &a; &c; y")):
        document = f"<!DOCTYPE b [{declared}]><w:document {W}><w:body>{paragraph(said)}</w:body></w:document>"
        raw = zipped({"word/document.xml": document})
        if declared == own:
            assert read_docx(raw).text == "x AAAA y"
        else:
            assert refused(read_docx, raw) == "damaged_file"
    book = epub({"a.xhtml": "<p>x &c; y</p>"})
    assert "root:" not in str(read_epub(book).text)


LAUGHS = '<!ENTITY l0 "lol">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def test_what_expands_by_its_entities_is_said_to() -> None:
    document = f"<!DOCTYPE b [{LAUGHS}]><w:document {W}><w:body>{paragraph('x &l9; y')}</w:body></w:document>"
    assert refused(read_docx, zipped({"word/document.xml": document})) == "expands_too_far"
    chapter = f"<!DOCTYPE html [{LAUGHS}]><html><body><p>&l9;</p></body></html>"
    book = epub({"a.xhtml": "<p>x</p>"}, more={"OPS/a.xhtml": chapter})
    assert refused(read_epub, book) == "expands_too_far"
    circle = f'<!DOCTYPE b [<!ENTITY a "&b;"><!ENTITY b "&a;">]><w:document {W}><w:body>&a;</w:body></w:document>'
    assert refused(read_docx, zipped({"word/document.xml": circle})) in ("expands_too_far", "damaged_file")


def test_a_document_whose_xml_is_cut_is_damaged_wherever_it_is_cut() -> None:
    body = paragraph("第一段") + f"<w:tbl><w:tr><w:tc>{paragraph('cell')}</w:tc></w:tr></w:tbl>" + paragraph("end")
    whole = f"<w:document {W}><w:body>{body}</w:body></w:document>"
    for cut in range(1, len(whole)):
        assert refused(read_docx, zipped({"word/document.xml": whole[:cut]})) == "damaged_file"
    notes = f"<w:footnotes {W}><w:footnote w:id='2'>{paragraph('note')}</w:footnote>"
    assert refused(read_docx, docx(body, more={"word/footnotes.xml": notes})) == "damaged_file"
    assert refused(read_docx, docx(paragraph("a & b"))) == "damaged_file"


def test_a_damaged_part_without_text_costs_what_it_says() -> None:
    opened = read_docx(docx(paragraph("正文", "a1"), more={"word/styles.xml": "<w:styles", "docProps/core.xml": ""}))
    assert (opened.text, opened.notes) == ("正文", {"parts_damaged": ["word/styles.xml", "docProps/core.xml"]})


@pytest.mark.parametrize("read", [read_docx, read_epub])
def test_whatever_is_cut_out_or_altered_no_other_error_escapes(read: Callable[[bytes], Opened]) -> None:
    raw = docx(paragraph("正文" * 40)) if read is read_docx else epub(BOOK)
    whole = read(raw).text
    for at in range(len(raw)):
        for broken in (raw[:at] + raw[at + 441 :], raw[:at] + bytes([raw[at] ^ 0x15]) + raw[at + 1 :]):
            kind_of(broken, None)
            try:
                opened = read(broken)
            except Unreadable:
                continue
            assert read is read_epub or opened.text == whole


def test_what_is_nested_too_deep_is_said_to_be() -> None:
    deep, deeper = ("<div>" * depth + "深" + "</div>" * depth for depth in (240, 300))
    assert read_epub(epub({"a.xhtml": deep})).text == "深"
    assert refused(read_epub, epub({"a.xhtml": deeper})) == "too_deep"
    book = read_epub(epub({"a.xhtml": deeper, "b.xhtml": "<p>二</p>"}))
    assert (book.text, book.notes["chapters_lost"]) == ("二", ["OPS/a.xhtml"])
    nested = paragraph("x")
    for _ in range(100):
        nested = f"<w:tbl><w:tr><w:tc>{nested}</w:tc></w:tr></w:tbl>"
    assert refused(read_docx, docx(nested)) == "too_deep"


def test_a_book_whose_package_is_cut_or_lists_nothing_is_damaged() -> None:
    chapters = {"a.xhtml": "<p>一</p>", "b.xhtml": "<p>二</p>"}
    with zipfile.ZipFile(io.BytesIO(epub(chapters))) as archive:
        package = archive.read("OPS/book.opf").decode()
    for cut in range(1, len(package), 3):
        assert refused(read_epub, epub(chapters, more={"OPS/book.opf": package[:cut]})) == "damaged_file"
    empty = package.replace("itemref", "gone")
    assert refused(read_epub, epub(chapters, more={"OPS/book.opf": empty})) == "damaged_file"
    careless = package.replace("论语", "A & B")
    assert read_epub(epub(chapters, more={"OPS/book.opf": careless})).text == "一\n\n二"


def test_a_chapter_that_is_cut_costs_itself_and_careless_ones_are_read() -> None:
    page = "<html><body><p>caf&eacute;&nbsp;&amp; <br>x & y<p>second</p></body></html>"
    book = epub({"a.xhtml": "", "b.xhtml": "<p>二</p>"}, more={"OPS/a.xhtml": page})
    assert read_epub(book).text == "café\u00a0&\nx & y\n\nsecond\n\n二"
    cut = read_epub(epub({"a.xhtml": "", "b.xhtml": "<p>二</p>"}, more={"OPS/a.xhtml": page[:-30]}))
    assert (cut.text, cut.notes["chapters_lost"]) == ("二", ["OPS/a.xhtml"])
    assert refused(read_epub, epub({"a.xhtml": ""}, more={"OPS/a.xhtml": page[:-30]})) == "damaged_file"


def test_a_file_is_known_by_its_bytes_before_its_stated_type() -> None:
    assert kind_of(epub(BOOK), "text/html") == "epub"
    assert kind_of(docx(""), None) == "docx"
    assert kind_of(b"%PDF-1.4", "application/octet-stream") == "pdf"
    assert kind_of(b"<p>%PDF-1.4 is how a PDF begins</p>", "text/html") is None
    assert kind_of(b"cut", "application/pdf; x=y") == "pdf"
    assert kind_of(zipped({"a.txt": "x"}), "application/zip") is None
