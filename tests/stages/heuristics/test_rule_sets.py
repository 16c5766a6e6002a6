"""The rule sets of the literature: what each is for goes, ordinary documents in both languages stay."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from curate.document import COLUMNS
from curate.stage import Stage, measured
from curate.stages.heuristics.c4 import C4
from curate.stages.heuristics.c4_lines import C4Lines
from curate.stages.heuristics.fineweb import FineWeb
from curate.stages.heuristics.gopher import GopherQuality, GopherRepetition
from curate.stages.heuristics.refinedweb import RefinedWeb
from curate.stages.heuristics.repetition import Repetition
from curate.stages.heuristics.together import Together
from tests import faults
from tests.stages.documents import of_texts, reasons

SETS: tuple[Stage, ...] = (GopherQuality(), GopherRepetition(), C4(), FineWeb(), RefinedWeb())
EDITORS: tuple[Stage, ...] = (C4Lines(), RefinedWeb())

ENGLISH = """Patients with type 2 diabetes are usually given metformin first (500 mg, twice a day), and most stay on it.

The drug lowers the amount of glucose that the liver makes; it is not known to cause low blood sugar by itself [3].
What does that mean for an older person? "It means that we watch the kidneys," said Dr. Chen, who runs the ward.
Doses should be reduced where the eGFR is between 30 and 45 ml/min, and the drug should not be begun below 45.
"""
CHINESE = {
    "medicine": "二甲双胍是治疗2型糖尿病的首选药物，每日两次，每次500毫克，餐后服用。"
    "常见的不良反应有恶心、腹泻，多数患者可以耐受。\n"
    "肾功能不全的老年患者应当减量，并定期复查肌酐。出现乏力、呼吸急促时要及时就医，以排除乳酸酸中毒。",
    "law": "第十二条 用人单位有下列情形之一的，由劳动行政部门责令改正：\n（一）未依法订立书面劳动合同的；\n"
    "（二）未按照国家规定缴纳社会保险费的；\n（三）拒不支付劳动者延长工作时间工资报酬的。\n"
    "第十三条 劳动者对前条规定的处理决定不服的，可以依法申请行政复议。",
    "finance": "央行今日开展1000亿元7天期逆回购操作，中标利率1.80%，与此前持平。"
    "由于今日有870亿元逆回购到期，公开市场实现净投放130亿元。",
    "news": "迈克生物：定增募资总额15.74亿元，发行价28.11元/股。",
    "consultation": "最近总是头晕，血压150/95，需要吃药吗\n"
    "建议先限盐、减重、规律作息，两周后复测，如仍高于140/90再考虑用药",
    "novel": "“你来了？”\n“来了。”\n她笑了笑，把灯拨亮了些，说道：“外头雪大，"
    "先坐下喝口热茶。”\n他点点头，半晌没有言语……",
}


@pytest.mark.parametrize("stage", SETS, ids=lambda stage: stage.name)
@pytest.mark.parametrize("domain", CHINESE)
def test_ordinary_chinese_text_is_kept(stage: Stage, domain: str) -> None:
    assert reasons(stage, of_texts([CHINESE[domain]], lang="zh")) == [set()]


@pytest.mark.parametrize("stage", SETS, ids=lambda stage: stage.name)
def test_ordinary_english_text_is_kept(stage: Stage) -> None:
    assert reasons(stage, of_texts([ENGLISH], lang="en")) == [set()]


def test_punctuation_is_no_word() -> None:
    """Technical text of which a third is punctuation: datatrove's Gopher quality calls it short of alphabetic words."""
    text = (
        'The `--jobs` option (`-j`), if given, is passed on to `make(1)`; see § 4.2, [RFC 2119], and "Notes" below. '
        * 6
    )
    done = measured(GopherQuality(), of_texts([text]))
    assert done["alphabetic_word_share"][0] > 0.85
    assert reasons(GopherQuality(), done.select(*COLUMNS)) == [set()]


REMOVED = [
    (GopherQuality(), "The cat sat on the mat with that hat.", "gopher_words"),
    (GopherQuality(), "好的。", "gopher_words"),
    (GopherQuality(), "a of to b c d e " * 20, "gopher_word_length"),
    (GopherQuality(), "the of deoxyribonucleic immunoelectrophoresis " * 20, "gopher_word_length"),
    (GopherQuality(), "#the # of # word " * 20, "gopher_symbols"),
    (GopherQuality(), "今天#话题##热搜##转发# " * 20, "gopher_symbols"),
    (GopherQuality(), "and then... to be... " * 20, "gopher_symbols"),
    (GopherQuality(), "- the words of an item\n" * 20, "gopher_bullets"),
    (GopherQuality(), "• 项目一的内容说明\n" * 20, "gopher_bullets"),
    (GopherQuality(), "the first words of a story ...\n" * 20, "gopher_ellipses"),
    (GopherQuality(), "点击阅读全文的内容…\n" * 20, "gopher_ellipses"),
    (GopherQuality(), "the sum of 12 34 56 78 " * 20, "gopher_alphabetic"),
    (GopherQuality(), "数 12 34 56 78 额 " * 20, "gopher_alphabetic"),
    (GopherQuality(), "buy cheap watches online now " * 20, "gopher_stop_words"),
    (GopherRepetition(), f"{ENGLISH}" + "Share this page\n" * 6, "gopher_duplicate_lines"),
    (GopherRepetition(), CHINESE["medicine"] + "\n分享到微信" * 4, "gopher_duplicate_lines"),
    (GopherRepetition(), "One paragraph.\n\nAnother one.\n\n" * 2, "gopher_duplicate_paragraphs"),
    (GopherRepetition(), ENGLISH + " best price online, really" * 30, "gopher_top_ngram"),
    (GopherRepetition(), CHINESE["medicine"] + "好评返现" * 30, "gopher_top_ngram"),
    (GopherRepetition(), (ENGLISH.replace("\n", " ") + " ") * 2, "gopher_duplicate_ngrams"),
    (GopherRepetition(), CHINESE["medicine"] * 3, "gopher_duplicate_ngrams"),
    (C4(), "Only one sentence. And a second one.", "c4_sentences"),
    (C4(), "没有句号的标题", "c4_sentences"),
    (C4(), ENGLISH + "if (a) { b(); }", "c4_curly_bracket"),
    (C4(), ENGLISH + "Lorem ipsum dolor sit amet.", "c4_lorem_ipsum"),
    (FineWeb(), "\n".join(f"Menu entry number {n} of the long list here" for n in range(9)), "fineweb_punctuation"),
    (FineWeb(), "\n".join(f"第{n}个栏目的标题 相关新闻的推荐列表 更多内容" for n in range(9)), "fineweb_punctuation"),
    (FineWeb(), "Yes.\nNo.\nMaybe.\n" * 2 + "This is the only line that says more than that.", "fineweb_short_lines"),
    (FineWeb(), "登录。\n注册。\n帮助。\n关于我们。", "fineweb_short_lines"),
    (FineWeb(), f"{ENGLISH}{ENGLISH}", "fineweb_repeated_lines"),
    (FineWeb(), "one\ntwo\nthree.\nfour\n", "fineweb_list"),
    (RefinedWeb(), "ALL CAPITALS HERE\n3 likes\nHome\n" + ENGLISH[:100], "refinedweb_flagged"),
    (RefinedWeb(), "首页\n12条评论\n阅读全文\n" + CHINESE["finance"], "refinedweb_flagged"),
]  # fmt: skip


@pytest.mark.parametrize(("stage", "text", "reason"), REMOVED, ids=[f"{row[2]}-{n}" for n, row in enumerate(REMOVED)])
def test_what_a_rule_is_for_is_removed_for_its_reason(stage: Stage, text: str, reason: str) -> None:
    assert reason in reasons(stage, of_texts([text]))[0]


def test_measures_of_gopher_counted_by_hand() -> None:
    text = "- The cat... 7\n\nIt is # 9 of 10...\n"
    done = measured(GopherQuality(), of_texts([text])).row(0, named=True)
    assert done["word_count"] == 8
    assert done["mean_word_length"] == pytest.approx((3 + 3 + 1 + 2 + 2 + 1 + 2 + 2) / 8)
    assert (done["hash_word_ratio"], done["ellipsis_word_ratio"]) == (1 / 8, 2 / 8)
    assert (done["bullet_line_share"], done["ellipsis_line_share"]) == (0.5, 0.5)
    assert (done["alphabetic_word_share"], done["stop_word_count"]) == (5 / 8, 2)


def test_chinese_words_are_characters_by_nine_fifths() -> None:
    done = measured(GopherQuality(), of_texts(["服用阿司匹林 100 mg，每日一次。"])).row(0, named=True)
    assert done["word_count"] == pytest.approx(10 / 1.8 + 2, abs=1e-6)
    assert done["alphabetic_word_share"] == pytest.approx((10 / 1.8 + 1) / (10 / 1.8 + 2), abs=1e-6)
    assert (done["gopher_quality_cjk"], done["gopher_quality_english"]) == (True, False)


def test_measures_of_repetition_counted_by_hand() -> None:
    text = "ab cd\nab cd\n\nef\n\nef"
    done = measured(GopherRepetition(), of_texts([text])).row(0, named=True)
    assert (done["duplicate_line_share"], done["duplicate_line_char_share"]) == (0.5, 0.5)
    assert done["duplicate_paragraph_share"] == pytest.approx(1 / 3, abs=1e-6)
    assert done["duplicate_paragraph_char_share"] == pytest.approx(2 / 14, abs=1e-6)
    assert done["top_2gram_share"] == pytest.approx(8 / 19, abs=1e-6)
    five = measured(GopherRepetition(), of_texts(["a b c d e f a b c d e"])).row(0, named=True)
    assert five["duplicate_5gram_share"] == pytest.approx(5 / 21, abs=1e-6)
    assert five["duplicate_6gram_share"] == 0


@pytest.mark.parametrize("stage", SETS, ids=lambda stage: stage.name)
def test_rules_are_silent_for_other_kinds_and_languages(stage: Stage) -> None:
    bad = ["x", "1 2 3", "buy now " * 80, "好评返现" * 80]
    assert reasons(stage, of_texts(bad, kind="code")) == [set()] * len(bad)
    french = replace(stage, langs=frozenset({"fr"}))  # type: ignore[type-var]
    assert reasons(french, of_texts(bad, lang="zh-Hant")) == [set()] * len(bad)


def test_english_words_are_not_asked_of_other_languages() -> None:
    french = "Le chat dort sur la table de la cuisine pendant que la pluie tombe dehors. " * 8
    assert reasons(GopherQuality(), of_texts([french], lang="fr")) == [set()]
    assert reasons(GopherQuality(), of_texts([french], lang="en")) == [{"gopher_stop_words"}]


def test_sets_together_give_what_they_give_apart() -> None:
    sets = (GopherQuality(), GopherRepetition(), C4(), FineWeb(short=40))
    texts = [ENGLISH, *CHINESE.values(), None, "", *(text for _, text, _ in REMOVED)]
    docs = of_texts(texts)
    whole = measured(Together(sets=sets), docs)
    apart = [reasons(stage, docs) for stage in sets]
    for stage in sets:
        assert whole.select(*stage.writes).equals(measured(stage, docs).select(*stage.writes))
    assert reasons(Together(sets=sets), docs) == [set().union(*given) for given in zip(*apart, strict=True)]


def test_two_sets_that_measure_ngrams_do_not_go_together() -> None:
    with pytest.raises(ValueError, match="gopher_repetition and repetition both measure n-grams"):
        Together(sets=(GopherRepetition(), Repetition()))
    with pytest.raises(ValueError, match="two of the sets write column"):
        Together(sets=(C4(), C4(name="again")))


def test_a_limit_for_each_ngram_is_asked_for() -> None:
    with pytest.raises(ValueError, match="a limit for each"):
        GopherRepetition(tops=(0.2,))


PAGE = """Home
Terms of use
Metformin is given first to most patients [2].
Read more...
You must enable JavaScript to see this page in full.
Kidneys should be watched, they said to us.

Related articles
"She slept well after the second dose."
"""
SEITE = """首页
使用条款和隐私政策请见此处，谢谢。
用人单位有下列情形之一的，责令改正：
（一）未订立劳动合同的；

相关推荐
她睡得很好[1]。
"""


def test_lines_that_are_no_sentences_are_cut() -> None:
    done = measured(C4Lines(), of_texts([PAGE, SEITE, None, "", "\n\n"]))
    assert done["text"][0] == (
        "Metformin is given first to most patients .\nKidneys should be watched, they said to us.\n\n"
        '"She slept well after the second dose."\n'
    )
    assert done["text"][1] == "用人单位有下列情形之一的，责令改正：\n（一）未订立劳动合同的；\n\n她睡得很好。\n"
    assert done["lines_cut_share"].to_list() == [0.625, 0.5, None, 0.0, 0.0]


def test_menus_counters_and_shouting_are_cut() -> None:
    page = (
        "SIGN UP FOR OUR LETTER\n12\n3 likes\nSkip to main content\nThe 3 patients liked it.\nYes.\nTable of Contents"
    )
    seite = "登录 | 注册\n128次阅读\n上一篇：春天\n第三条 本法自公布之日起施行。\n目录"
    done = measured(RefinedWeb(), of_texts([page, seite]))
    assert done["text"].to_list() == [
        "The 3 patients liked it.\nYes.\nTable of Contents",
        "第三条 本法自公布之日起施行。\n目录",
    ]


@pytest.mark.parametrize("stage", EDITORS, ids=lambda stage: stage.name)
def test_characters_cut_are_counted_and_other_kinds_are_left_alone(stage: Stage) -> None:
    texts = [PAGE, SEITE, *(faults.sentence(lang, n, 60) + "\nHome\n" for n in range(3) for lang in ("en", "zh")), None]
    docs = of_texts(texts)
    done = measured(stage, docs)
    before, after = docs["text"].str.len_chars().cast(pl.Int64), done["text"].str.len_chars().cast(pl.Int64)
    assert (before - done[f"{stage.name}_cut"] + done[f"{stage.name}_added"]).equals(after.rename(before.name))
    for kind in ("code", "dialogue", "table"):
        assert measured(stage, of_texts(texts, kind=kind))["text"].equals(docs["text"])
    assert measured(stage, done.select(docs.columns))["text"].equals(done["text"]), "cut twice it is cut once"
