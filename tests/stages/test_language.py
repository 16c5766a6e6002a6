"""The language of texts of all lengths and mixtures."""

from __future__ import annotations

import polars as pl
import pytest

from curate.stage import measured
from curate.stages.language import Language
from tests.stages.documents import of_texts, reasons


def lang(text: str, **settings: frozenset[str]) -> str:
    return str(measured(Language(**settings), of_texts([text]))["lang"][0])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("发热三天", "zh"),
        ("子曰：學而時習之，不亦說乎？有朋自遠方來，不亦樂乎？", "zh"),
        ("古之学者必有师。师者，所以传道受业解惑也。", "zh"),
        ("桂枝三两 芍药三两 甘草二两", "zh"),
        ("鲜の每日C", "zh"),
        ("吾輩は猫である。名前はまだ無い。", "ja"),
        ("コンピュータの基礎", "ja"),
        ("이것은 한국어 문장입니다.", "ko"),
        ("Это предложение написано по-русски.", "ru"),
        ("هذه جملة مكتوبة باللغة العربية", "ar"),
        ("สวัสดีชาวโลก นี่คือข้อความภาษาไทย", "th"),
        ("Hello", "en"),
        ("Patients with", "en"),
        ("take 10 mg daily", "en"),
        ("Revenue by segment", "en"),
        ("The committee found no reason to change the rules.", "en"),
        ("Le chat dort sur la table de la cuisine pendant que la pluie tombe.", "fr"),
        ("Alle Menschen sind frei und gleich an Würde und Rechten geboren.", "de"),
        ("Todos los seres humanos nacen libres e iguales en dignidad y derechos.", "es"),
        ("Wszyscy ludzie rodzą się wolni i równi pod względem swej godności.", "pl"),
        ("Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar.", "tr"),
        ("Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor.", "la"),
        ("12.5 | 13.0 | 14.2\n------\n①②③ ± %", "und"),
        ("", "und"),
        (" \n", "und"),
    ],
)
def test_scripts_words_and_the_model_tell_the_language(text: str, expected: str) -> None:
    assert lang(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "使用 `docker run -it ubuntu bash` 命令启动容器，然后执行 apt update && apt install -y nginx。",
        "Plasma 桌面环境替换 Xfce",
        "安装依赖：pip install numpy pandas scikit-learn matplotlib seaborn jupyterlab。",
        "患者 HbA1c 7.8%，eGFR 62 mL/min，予 metformin 0.5 g bid 联合 empagliflozin 10 mg qd。",
    ],
)
def test_a_mixed_technical_text_is_chinese_or_english_never_a_third_language(text: str) -> None:
    assert lang(text) == "zh"
    half = text + "\n" + "sudo systemctl restart nginx.service --now\nkubectl get pods -n kube-system\n" * 6
    assert lang(half) in {"zh", "en"}


def test_code_and_tables_are_not_removed_for_their_language() -> None:
    texts = [
        "for i in range(10):\n    print(i * x[i])\n" * 5,
        "SELECT a.id, b.name FROM t1 a JOIN t2 b ON a.id = b.id;",
        "| 2019 | 2020 |\n|---|---|\n| 1,203 | 998 |\n",
        "\\int_0^1 x^2 dx = \\frac{1}{3}",
    ]
    assert reasons(Language(), of_texts(texts)) == [set()] * 4


def test_what_is_not_asked_for_is_removed_and_the_declared_language_overwritten() -> None:
    docs = of_texts(["Alle Menschen sind frei und gleich geboren.", "中文", None], lang="zh")
    assert reasons(Language(), docs) == [{"wrong_language"}, set(), {"wrong_language"}]
    assert measured(Language(), docs)["lang"].to_list() == ["de", "zh", None]
    assert reasons(Language(among=frozenset({"de"})), docs) == [set(), {"wrong_language"}, {"wrong_language"}]


def test_confidence_is_a_measure_and_a_limit_where_one_is_given() -> None:
    docs = of_texts(["这是一段完整的中文。", "Hello", "", None])
    confidence = measured(Language(), docs)["language_confidence"]
    assert confidence[0] == 1.0 and 0 < confidence[1] < 0.5 and confidence[2] == 0.0 and confidence[3] is None
    assert reasons(Language(confidence=0.5), docs)[:2] == [set(), {"uncertain_language"}]


NO_LANGUAGE = [
    "AAAA", "AAAA AAAA AAAA " * 40, "hahahaha", "zzzzzz xxxx", "ооооо", "1 2 3\n4 5 6", "😀😀👍",
    "https://www.example.com/a/b?c=d\nwww.example.org", "name@example.com", "deadbeefcafebabe0123456789abcdef",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24sIGJ1dCBieSB0aGlz",
    "ACGTACGTACGTTTGACA ACGGTTACCA", "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ", 
    "C6H12O6 + 6O2 -> 6CO2 + 6H2O", "H2O", "GB/T 19001-2016",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_LANGUAGE)
def test_what_holds_no_words_has_no_language(text: str) -> None:
    assert measured(Language(), of_texts([text])).select("lang", "language_confidence").row(0) == ("und", 0.0)


@pytest.mark.parametrize(
    "text", ["Krankenversicherung", "Introduction", "lol lol lol lol", "Guten Tag", "ok", "α β", "序", "John Smith"]
)
def test_a_word_or_two_are_of_little_confidence(text: str) -> None:
    assert measured(Language(), of_texts([text]))["language_confidence"][0] < 0.35


def test_the_middle_and_the_end_of_a_long_text_count_too() -> None:
    licence = "Copyright notice. All rights reserved by the authors of this work, with the usual exceptions. " * 15
    assert lang(licence + "这里是正文，很长的中文正文。" * 2000) == "zh"


def test_a_text_is_judged_by_itself() -> None:
    texts = pl.Series(["Hello", "发热", "Le chat dort sur la table.", "The cat and the dog"])
    together = measured(Language(), of_texts(texts.to_list())).select("lang", "language_confidence").rows()
    assert together == [
        measured(Language(), of_texts([text])).select("lang", "language_confidence").row(0) for text in texts
    ]


def measures(text: str) -> dict[str, float]:
    return dict(measured(Language(), of_texts([text])).row(0, named=True))


def test_simplified_and_traditional_chinese_are_told_apart_by_what_only_one_of_them_has() -> None:
    simple, classic = measures("药品说明书应当标明禁忌"), measures("藥品說明書應當標明禁忌，請於飯後服用")
    assert (simple["han_simplified_share"], simple["han_traditional_share"]) == (1.0, 0.0)
    assert (classic["han_simplified_share"], classic["han_traditional_share"]) == (0.0, 1.0)
    both = measures("皇后在宫里 里面")  # 后 and 里 are characters of both
    assert both["han_traditional_share"] == 0.0
    mixed = measures("国語 and 國语")
    assert mixed["han_simplified_share"] == mixed["han_traditional_share"] == 0.5
    assert measures("Latin")["han_simplified_share"] == 0.0


def test_the_shares_of_scripts_are_of_all_letters() -> None:
    found = measures("中文abcdef привет は 123")
    shares = [found[f"{name}_share"] for name in ("han", "latin", "other_script")]
    assert shares == pytest.approx([2 / 15, 6 / 15, 7 / 15], abs=1e-6)
    assert measures("123 %")["han_share"] == 0.0
    assert measured(Language(), of_texts([None]))["han_share"].to_list() == [None]


ZH_PROSE = "本条例所称医疗器械，是指直接或者间接用于人体的仪器、设备、器具。"
EN_PROSE = "The device that is described in this chapter may be used only under the supervision of a physician. "


@pytest.mark.parametrize(("chinese", "english", "expected"), [(6, 1, "zh"), (2, 1, "zh"), (1, 3, "en"), (1, 8, "en")])
def test_a_document_in_two_languages_is_in_the_one_of_which_it_has_more(
    chinese: int, english: int, expected: str
) -> None:
    assert lang(ZH_PROSE * chinese + EN_PROSE * english) == expected
    assert reasons(Language(), of_texts([ZH_PROSE * chinese + EN_PROSE * english])) == [set()]


def test_a_whole_text_is_looked_at_and_not_only_its_begin() -> None:
    assert lang("Index\n" + "目录与正文" * 3000) == "zh"
    assert lang("目录\n" + EN_PROSE * 300) == "en"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Καλημέρα κόσμε", "el"), ("שלום עולם", "he"), ("გამარჯობა", "ka"), ("வணக்கம் உலகம்", "ta"), ("สวัสดี", "th")],
)
def test_a_script_of_one_language_needs_no_model(text: str, expected: str) -> None:
    assert lang(text) == expected
    assert lang(text * 400) == expected
