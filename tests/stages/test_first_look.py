"""A first look takes what is not of the trade out of a crawl, spares a sample, and its loss is known."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from curate import engine
from curate.job import run
from curate.progress import Lines
from curate.recipe import EVERYTHING, Recipe, Source
from curate.stage import measured, remove, settings
from curate.stages.domain import Hashed, Terms, train
from curate.stages.extract import Extract
from curate.stages.first_look import FirstLook, Relevance, loss_of, poisson_interval, windows_of
from tests.stages.documents import of_pages, of_texts, reasons

MEDICAL_ZH = (
    "患者近三天来反复发热，体温最高三十九度，伴有咳嗽。医生建议门诊检查血常规，口服药物治疗，注意病情变化和并发症。" * 3
)
MEDICAL_EN = "The patient was given a low dose of the drug; symptoms of the infection and the fever went. " * 4
LAW_ZH = (
    "原告向人民法院起诉，请求判决被告依照合同约定承担违约责任。被告上诉，法院裁定执行，依法追究当事人的民事责任。" * 3
)
NEWS_ZH = "昨天晚上的比赛进行到最后一分钟才分出胜负，主队球员跑动积极，观众为他们鼓掌，看台上一片欢呼。" * 4
NEWS_EN = "The band played for two hours on Friday night, and the crowd sang along with every song. " * 4
MENU = "".join(f"<li><a href='/{n}'>频道{n} Channel</a></li>" for n in range(60))
FOOT = "<div>About us, terms of use, contact. 关于我们 联系我们 广告服务 网站地图</div>" * 10


def page(text: str) -> str:
    return f"<html><head><title>T</title><script>var x='{LAW_ZH}'</script></head><body>{MENU}<p>{text}</p>{FOOT}</body>"


PAGES = [MEDICAL_ZH, MEDICAL_EN, LAW_ZH, NEWS_ZH, NEWS_EN]


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "utf-16", "utf-8-sig"])
def test_pages_of_the_trade_go_on_and_others_are_removed_whatever_menus_and_encoding_they_have(codec: str) -> None:
    docs = of_pages([page(text).encode(codec) for text in PAGES])
    look = FirstLook(judge=Terms.of("medical"), spared=0)
    assert reasons(look, docs) == [set(), set(), {"not_relevant"}, {"not_relevant"}, {"not_relevant"}]
    law = replace(look, judge=Terms.of("law"))
    assert reasons(law, docs) == [{"not_relevant"}, {"not_relevant"}, set(), {"not_relevant"}, {"not_relevant"}]


def test_what_a_first_look_sees_is_measured() -> None:
    done = measured(FirstLook(judge=Terms.of("medical")), of_pages([page(MEDICAL_ZH).encode()]))
    assert done["first_look_bytes"].to_list() == [len(page(MEDICAL_ZH).encode())]
    assert 0.3 < done["first_look_link_share"][0] < 0.7
    assert 0.2 < done["first_look_cjk_share"][0] < 0.5
    assert len(MEDICAL_ZH) < done["first_look_chars"][0] < len(page(MEDICAL_ZH))
    assert done["raw"].null_count() == 0


def test_words_of_the_address_and_entities_count() -> None:
    look = FirstLook(judge=Terms.of("medical"))
    plain = of_pages([b"<p>An hour in the park.</p>"])
    named = plain.with_columns(url=pl.lit("https://x.org/patient/drug-therapy/clinical-symptom?vaccine=1"))
    assert measured(look, plain)["first_look_relevance"][0] < measured(look, named)["first_look_relevance"][0]
    written = "".join(f"&#{ord(char)};" for char in MEDICAL_ZH)
    (score,) = measured(look, of_pages([f"<p>{written}</p>".encode("ascii")]))["first_look_relevance"]
    assert score > look.threshold


def test_what_is_no_text_goes_on_unjudged_and_a_text_is_judged_as_it_is() -> None:
    look = FirstLook(judge=Terms.of("medical"), spared=0)
    assert reasons(look, of_pages([b"%PDF-1.7\n1 0 obj", b"PK\x03\x04word"])) == [set(), set()]
    assert reasons(look, of_texts([MEDICAL_EN, NEWS_EN, None])) == [set(), {"not_relevant"}, set()]


def test_a_short_text_does_not_drown_in_what_stands_around_it() -> None:
    look = FirstLook(judge=Terms.of("medical"))
    short = of_pages([f"<ul>{MENU * 5}</ul><p>{MEDICAL_ZH[:60]}</p><p>{NEWS_ZH * 10}</p>".encode()])
    assert reasons(look, short) == [set()]


def test_windows_overlap_by_half_and_hold_all_of_a_text() -> None:
    text = "".join(chr(0x4E00 + number) for number in range(3000))
    windows = windows_of(text)
    assert windows[0] + windows[2] + windows[4] == text[:1200]
    assert windows[1][:200] == windows[0][200:]
    assert windows[-1].endswith(text[-200:])
    assert windows_of("") == [""]
    assert windows_of("short") == ["short"]


def test_a_share_of_what_would_go_is_spared_by_seed_and_id_alone() -> None:
    docs = of_pages([f"<p>{number} {NEWS_EN}</p>".encode() for number in range(400)])
    look = FirstLook(judge=Terms.of("medical"), spared=0.1)
    done = measured(look, docs)
    assert 20 <= done["first_look_spared"].sum() <= 60
    assert remove(done, look.name, look.rules).kept.height == done["first_look_spared"].sum()
    backwards = measured(look, docs.reverse()).reverse()
    assert backwards["first_look_spared"].to_list() == done["first_look_spared"].to_list()
    other = measured(replace(look, seed=1), docs)["first_look_spared"]
    assert other.to_list() != done["first_look_spared"].to_list()


def test_the_loss_is_estimated_from_what_was_spared_and_wanted_after_all() -> None:
    judge = Terms.of("medical")
    wanted = [f"<p>{MEDICAL_EN * 3}{MEDICAL_ZH}</p>"] * 30
    hidden = [f"<p>{NEWS_EN * 3} {number}</p>" for number in range(300)]
    look = FirstLook(judge=judge, threshold=0.923, spared=0.5)  # so high that it loses what says little
    lost = [f"<p>{MEDICAL_ZH}</p>"] * 40
    docs = of_pages([text.encode() for text in (*wanted, *lost, *hidden)])
    chain = docs
    for stage in (look, Extract(), Relevance(judge=judge)):
        chain = remove(measured(stage, chain), stage.name, stage.rules).kept
    loss = loss_of(chain, look.spared)
    found = measured(look, docs)
    gone = (found["first_look_relevance"] < look.threshold) & ~found["first_look_spared"]
    truth = int(gone[:70].sum()) / 70
    assert 10 / 70 < truth < 30 / 70
    assert loss.low <= truth <= loss.high
    assert loss.spared > 5


def test_the_interval_of_a_count_is_exact() -> None:
    assert [round(bound, 2) for bound in poisson_interval(0)] == [0.0, 3.69]  # Garwood 1936
    assert [round(bound, 2) for bound in poisson_interval(10)] == [4.80, 18.39]
    none = pl.DataFrame({"first_look_spared": [False] * 1000})
    assert loss_of(none, 0.01)[:2] == (0.0, 0.0)
    assert 0.2 < loss_of(none, 0.01).high < 0.3
    with pytest.raises(ValueError, match="a share of 0 was spared"):
        loss_of(none, 0)


def test_terms_are_whole_words_and_known_domains() -> None:
    judge = Terms(("dose", "药物"))
    scores = judge(pl.Series(["dose", "Doses", "overdosed", "药物dose不良", "nothing", None]))
    assert scores[0] == pytest.approx(scores[1], rel=1e-3)
    assert scores[3] > scores[0] > 0 == scores[2] == scores[4]
    assert scores[5] is None
    with pytest.raises(ValueError, match="there are terms of finance, law, medical"):
        Terms.of("sport")


def test_a_trained_judge_tells_its_trade_and_is_the_same_every_time(tmp_path: Path) -> None:
    texts = [f"{text[number:]}" for text in PAGES for number in range(0, 40, 2)]
    labels = [text in (MEDICAL_ZH, MEDICAL_EN) for text in PAGES for _ in range(0, 40, 2)]
    judge = train(texts, labels, tmp_path / "a.npy", buckets=1 << 14)
    again = train(texts, labels, tmp_path / "b.npy", buckets=1 << 14)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    assert judge.model.sha256 == again.model.sha256
    scores = judge(pl.Series([*PAGES, None]))
    assert scores[:2].min() > 0.5 > scores[2:5].max()
    assert scores[5] is None
    docs = of_pages([page(text).encode() for text in PAGES])
    assert reasons(FirstLook(judge=judge, threshold=0.5, spared=0), docs)[:2] == [set(), set()]
    assert settings(FirstLook(judge=judge))["judge"]["model"]["sha256"] == judge.model.sha256
    with pytest.raises(ValueError, match="all 2 texts have one label"):
        train(["a", "b"], [True, True], tmp_path / "c.npy")
    assert isinstance(judge, Hashed)


def test_a_run_says_what_its_first_look_cost(tmp_path: Path) -> None:
    pages = [*(f"<p>{MEDICAL_EN * 3} {n}</p>" for n in range(20)), *(f"<p>{NEWS_EN * 3} {n}</p>" for n in range(60))]
    (tmp_path / "in").mkdir()
    for number, page in enumerate(pages):
        (tmp_path / "in" / f"{number}.html").write_text(f"<html><body><article>{page}</article></body></html>")
    look = FirstLook(judge=Terms.of("medical"), spared=0.5)
    recipe = Recipe(
        name="crawl",
        sources=(Source(name="pages", path=str(tmp_path / "in")),),
        stages=(look, Extract(), Relevance(judge=look.judge)),
        expects=frozenset({EVERYTHING}),
    )
    said = io.StringIO()
    with engine.inline() as one:
        run(recipe, str(tmp_path / "out"), one, Lines(said))
    assert "first_look lost an estimated 0.0 % of what would have been kept (95 %: 0.0 to" in said.getvalue()
