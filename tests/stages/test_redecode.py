"""Text decoded with the wrong encoding is turned back where that is certain, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from curate.stage import measured
from curate.stages.heuristics.mojibake import Mojibake
from curate.stages.redecode import Redecode
from tests.stages.documents import of_texts

CORPORA = Path(__file__).parents[3] / "shared" / "data" / "corpora"
ZH = "患者近三天来反复发热，体温最高三十九度，伴有咳嗽、咽痛。"
TRADITIONAL = "第一次來到這個城市的時候，我還不知道自己會住上十年。"
JA = "これは日本語の文章です。カタカナも使います。"
KO = "이것은 한국어 문장입니다. 컴퓨터에서 처리되는"
EN = "The doctor’s note says “rest” – he didn’t agree."
FR = "L'été dernier, à l'école, les élèves ont été très heureux."
RU = "Вчера правительство объявило о новых мерах."


def misread(text: str, written: str, read: str) -> str:
    """`text` in the bytes of `written`, read as `read`; bytes that it does not have become control characters."""
    return "".join(bytes([byte]).decode(read, "ignore") or chr(byte) for byte in text.encode(written))


DAMAGED = [
    *((text, "utf-8", read) for text in (ZH, TRADITIONAL, KO, EN, FR, RU) for read in ("latin-1", "cp1252")),
    *((ZH, "gb18030", read) for read in ("latin-1", "cp1252")),
    (TRADITIONAL, "big5hkscs", "cp1252"),
    (JA, "cp932", "cp1252"),
    (KO, "cp949", "latin-1"),
]


@pytest.mark.parametrize(("text", "written", "read"), DAMAGED)
def test_a_text_that_was_read_with_the_wrong_encoding_is_itself_again(text: str, written: str, read: str) -> None:
    broken = misread(text, written, read)
    done = measured(Redecode(), of_texts([f"a line\n{broken}\nüber and 中文 stay"]))
    assert done["text"].to_list() == [f"a line\n{text}\nüber and 中文 stay"]
    cut, added = done["redecode_cut"][0], done["redecode_added"][0]
    assert 0 < added <= len(text)
    assert cut - added == len(broken) - len(text)


def test_utf8_that_was_read_as_gbk_is_itself_again_where_no_byte_was_lost() -> None:
    whole = "今天下午召开会议"
    broken = whole.encode().decode("gb18030")
    assert measured(Redecode(), of_texts([broken]))["text"].to_list() == [whole]
    lost = ZH.encode().decode("gb18030", "replace")
    assert measured(Redecode(), of_texts([lost]))["text"].to_list() == [lost]


def test_text_that_was_misread_twice_is_turned_back_twice() -> None:
    broken = misread(misread(FR, "utf-8", "cp1252"), "utf-8", "cp1252")
    assert measured(Redecode(), of_texts([broken]))["text"].to_list() == [FR]


CLEAN = [
    ZH,
    EN,
    FR,
    RU,
    "„Speisen nach dem MENÜ“ – «CAFÉ» “DÉJÀ” ÀÉÈÊ NÃO, SÃO ½ µg ±5 °C",
    "The letter é becomes Ã© when UTF-8 is read as Latin-1.",
    "傳統漢字：鍋、鎮、鐵、鏡。銘文拓片，鑒賞收藏。閬涓鏄",
    "锟斤拷 is what two wrong turns leave",
    "ÅÄÖ åäö, ÅSTRÖM, ÆØÅ æøå",
    "",
    None,
]


@pytest.mark.parametrize("text", CLEAN)
def test_clean_text_is_not_touched(text: str | None) -> None:
    done = measured(Redecode(), of_texts([text]))
    assert done["text"].to_list() == [text]
    assert done["redecode_cut"].to_list() == done["redecode_added"].to_list() == [0]


def test_what_is_repaired_is_no_mojibake_any_more() -> None:
    docs = of_texts([misread(EN, "utf-8", "cp1252") * 3, misread(ZH, "utf-8", "latin-1")])
    assert measured(Mojibake(), docs)["mojibake_share"].min() > 0.005
    assert measured(Mojibake(), measured(Redecode(), docs))["mojibake_share"].to_list() == [0.0, 0.0]


@pytest.mark.parametrize("name", ["general/zh/lctt_zh", "general/en/lctt_en", "medical/en/medquad", "general/en/eips"])
def test_no_document_of_a_clean_corpus_is_touched(name: str) -> None:
    path = CORPORA / f"{name}.jsonl.zst"
    if not path.is_file():
        pytest.skip(f"needs the corpus at {path}")
    texts = pl.read_ndjson(path)["text"].head(1500)
    done = measured(Redecode(), of_texts(texts.to_list()))
    assert done["redecode_cut"].sum() == 0
