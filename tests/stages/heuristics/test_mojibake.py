"""Mojibake: damaged text is found, clean text of other languages is not hit."""

from __future__ import annotations

import pytest

from curate.stage import measured
from curate.stages.heuristics.mojibake import Mojibake
from curate.stages.normalize import Normalize
from tests.stages.documents import of_texts, reasons

ZH = "患者近三天来反复发热，体温最高三十九度，伴有咳嗽、咽痛，没有胸闷气促。建议到呼吸内科就诊，完善血常规。"
EN = "The doctor’s note says “rest” – and the patient’s wife didn’t agree. It’s a pity, he’d have recovered."


def as_latin(text: str, codec: str) -> str:
    """UTF-8 read as `codec`, undefined bytes as control characters, which is what browsers do."""
    return "".join(bytes([byte]).decode(codec, "ignore") or chr(byte) for byte in text.encode())


DAMAGED = [
    as_latin(ZH, "cp1252"),
    as_latin(ZH, "latin-1"),
    as_latin(EN, "cp1252"),
    as_latin("Élève très doué, à l'école où ça va être fêté", "cp1252"),
    ZH.encode("gb18030").decode("latin-1"),
    ZH.encode("gb18030").decode("utf-8", "replace"),
    ZH.encode().decode("gb18030", "replace"),
    ZH.encode("gb18030").decode("utf-8", "replace").encode().decode("gb18030", "replace"),  # 锟斤拷
    "烫烫烫烫烫烫屯屯屯屯屯屯" + ZH,
    *(as_latin(text, codec) for text in (ZH, EN) for codec in ("cp1251", "mac_roman")),
    *(text.encode("gb18030").decode("latin-1") for text in (EN, "très doué, à l'école où ça va être fêté")),
    *(
        text.encode().decode("gb18030", "replace")
        for text in (EN, "The café was naïve; a résumé, señor, in Zürich now")
    ),
    *(text.encode().decode("cp932", "ignore") for text in (ZH, EN)),
    ZH.encode("gb18030").decode("cp949", "ignore") + "占쏙옙占쏙옙",
    "".join(char if char in "。，" else "?" for char in ZH),
]


@pytest.mark.parametrize("text", DAMAGED)
def test_text_decoded_with_the_wrong_encoding_is_removed_normalised_or_not(text: str) -> None:
    docs = of_texts([text])
    assert reasons(Mojibake(), docs) == [{"mojibake"}]
    assert reasons(Mojibake(), measured(Normalize(), docs)) == [{"mojibake"}]


@pytest.mark.parametrize(
    "text",
    [
        ZH,
        EN,
        "L’été dernier, « à l’école », les élèves… “CAFÉ” – LIBERTÉ”… cœur, sœur, 25 °C, n° 5, à 10 €",
        "„Die Prüfung fällt für Schüler größtenteils schön aus“ – Übung; »GROẞ« 5 µm ± 2 °C, § 7",
        "vášeň, snáší, přináší; „Žluťoučký kůň“ úpěl ďábelské ódy…",
        "¿Qué? ¡Está aquí! El 1º día, la 2ª vez; «mañana»… col·legi; NÃO, SÃO, às 10h — “ação”…",
        "10² µg ½ 第①项 ±5℃ 《论语》——“学而时习之”……",
        "傳統漢字：鍋、鎮、鐵、鏡、鑰匙，關門時請鎖好。銘文拓片，鑒賞收藏。",
        "他写错了一个字，烫伤了手，斤两不足。",
        "Он сказал: «Ну и дела…» — и вышел; 5 °C, № 7, «вії», дії України, об’єкт. Живеће, љубав, њихов, џеп.",
        "‚Ärger‘, ‚Äpfel‘ und „Öl“; « Âge », ÉTÉ, ÊTRE, À l’Île… Ægir, Œuvre; ∑x ≤ √2 ± ∞, ∫f(x)dx ≈ π",
        "ｶﾀｶﾅとひらがな、コーヒーを飲む。半角ｶﾅ　テスト",
        "What??? Really?! 什么？？？",
        "",
    ],
)
def test_clean_text_scores_nothing(text: str) -> None:
    assert measured(Mojibake(), of_texts([text]))["mojibake_share"].to_list() == [0.0]


def test_a_stray_broken_character_in_a_long_text_is_measured_and_kept() -> None:
    docs = of_texts([ZH * 30 + "\ufffd", None])
    assert reasons(Mojibake(), docs) == [set(), {"mojibake"}]
    assert 0 < measured(Mojibake(), docs)["mojibake_share"][0] < 0.001
