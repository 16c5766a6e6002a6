"""Near copies are found and verified, alike in Chinese and English; what is not one survives."""

import json
import math
import pickle
import random
import re
from pathlib import Path

import polars as pl
import pytest

from curate.corpus import turns
from curate.dedup import verification
from curate.dedup.minhash import MinHashDedup
from curate.predict import planned
from curate.recipe import Recipe, Source
from curate.stage import CorpusStage, Flow, remove
from tests.dedup.corpora import documents, joined, judged, removed, splits, words

DATA = Path(__file__).parents[3] / "shared" / "data" / "dedup"
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])

PARAGRAPHS = [
    "高血压患者应当低盐饮食，每日食盐不超过五克，并坚持适量运动，按医嘱服药。",
    "糖尿病的治疗包括饮食控制、运动、血糖监测和药物，缺一不可，需要长期坚持。",
    "感冒多由病毒引起，抗生素对病毒无效，多休息、多饮水通常一周左右即可自愈。",
    "冠心病病人在寒冷的清晨不宜剧烈活动，外出时应随身携带硝酸甘油以备急用。",
    "合同当事人一方不履行合同义务的，应当承担继续履行、采取补救措施或者赔偿损失等违约责任。",
    "自然人的民事权利能力一律平等，从出生时起到死亡时止，依法享有民事权利，承担民事义务。",
    "劳动者解除劳动合同，应当提前三十日以书面形式通知用人单位，试用期内提前三日通知。",
    "央行今日开展一千亿元逆回购操作，中标利率维持不变，当日有八百亿元逆回购到期。",
    "上证指数午后震荡上行，券商和煤炭板块领涨，两市成交额连续第五日突破万亿元。",
    "基金过往业绩不预示其未来表现，投资者应当认真阅读基金合同和招募说明书后再作决定。",
]


def varied(draw: random.Random, tokens: list[str], similarity: float, language: str) -> list[str]:
    """`tokens` with single ones replaced until the Jaccard similarity of 5-shingles falls to `similarity`."""
    changed = list(tokens)
    places = list(range(3, len(tokens) - 3, 7))
    draw.shuffle(places)
    for place in places:
        if jaccard(tokens, changed) <= similarity:
            break
        changed[place] = words(draw, 1, language)[0]
    return changed


def jaccard(one: list[str], other: list[str]) -> float:
    first, second = ({tuple(tokens[at : at + 5]) for at in range(max(1, len(tokens) - 4))} for tokens in (one, other))
    return len(first & second) / len(first | second)


def test_ten_distinct_chinese_paragraphs_survive() -> None:
    found = judged(MinHashDedup(), [documents(PARAGRAPHS)])
    assert found["duplicate_similarity"].to_list() == [0.0] * 10
    assert found["near_duplicate_evidence"].null_count() == 10


@LANGUAGES
def test_pairs_above_the_threshold_are_found_and_pairs_far_below_it_survive(language: str) -> None:
    draw = random.Random(7)
    texts, truth = [], []
    for number in range(300):
        tokens = words(draw, draw.choice([150, 300, 600]), language)
        other = varied(draw, tokens, 0.8 + 0.19 * draw.random() if number % 3 else 0.3 + 0.38 * draw.random(), language)
        truth.append(jaccard(tokens, other))
        texts += [joined(tokens, language), joined(other, language)]
    gone = removed(MinHashDedup(), documents(texts))
    lost = [f"d{2 * pair:03d}" in gone or f"d{2 * pair + 1:03d}" in gone for pair in range(300)]
    above = [pair for pair in range(300) if truth[pair] >= 0.8]
    below = [pair for pair in range(300) if truth[pair] < 0.7]
    assert len(above) > 150 and len(below) > 80
    assert sum(lost[pair] for pair in above) / len(above) >= 0.97
    assert not any(lost[pair] for pair in below)


@LANGUAGES
@pytest.mark.parametrize(
    ("threshold", "permutations"), [(0.5, 128), (0.6, 64), (0.7, 256), (0.8, 64), (0.9, 128), (0.95, 256)]
)
def test_any_threshold_finds_what_lies_above_it_and_leaves_what_lies_below(
    threshold: float, permutations: int, language: str
) -> None:
    draw = random.Random(int(100 * threshold))
    texts, truth = [], []
    for number in range(120):
        tokens = words(draw, draw.choice([120, 240, 480]), language)
        wanted = draw.uniform(threshold, 1) if number % 2 else draw.uniform(threshold - 0.3, threshold - 0.05)
        other = varied(draw, tokens, wanted, language)
        truth.append(jaccard(tokens, other))
        texts += [joined(tokens, language), joined(other, language)]
    stage = MinHashDedup(threshold=threshold, permutations=permutations)
    gone = removed(stage, documents(texts))
    lost = [f"d{2 * pair:03d}" in gone or f"d{2 * pair + 1:03d}" in gone for pair in range(120)]
    above = [found for found, similarity in zip(lost, truth, strict=True) if similarity >= threshold]
    below = [found for found, similarity in zip(lost, truth, strict=True) if similarity < stage.limit]
    assert len(above) > 20 and len(below) > 30
    assert sum(above) / len(above) >= 0.97
    assert not any(below)


@LANGUAGES
def test_the_evidence_names_the_kept_document_the_similarity_and_the_cluster(language: str) -> None:
    draw = random.Random(1)
    tokens = words(draw, 200, language)
    texts = [joined(tokens, language), joined([*tokens[:190], *words(draw, 4, language)], language), "other 他"]
    done = remove(
        judged(MinHashDedup(), [documents(texts, date=["2020", "2024", None])]), "minhash", MinHashDedup().rules
    )
    (verdict,) = done.verdicts.rows(named=True)
    similarity = round(jaccard(tokens, [*tokens[:190], *words(random.Random(2), 4, language)]), 6)
    assert (verdict["doc_id"], verdict["reason"], verdict["value"]) == ("d000", "near_duplicate", similarity)
    assert json.loads(verdict["evidence"]) == {
        "kept": "d001",
        "similarity": similarity,
        "cluster": "d001",
        "cluster_size": 2,
    }
    assert f"{verdict['limit']:.6g}" == "0.77"


def test_what_is_just_at_the_limit_is_removed() -> None:
    tokens = words(random.Random(3), 104, "zh")
    texts = [joined(tokens, "zh"), joined(tokens[: 4 + 77], "zh")]  # 77 of 100 shingles
    docs = documents(texts)
    assert judged(MinHashDedup(), [docs])["duplicate_similarity"].to_list() == [0.0, 0.77]
    assert list(removed(MinHashDedup(), docs)) == ["d001"]
    assert removed(MinHashDedup(slack=0.029), docs) == {}


@LANGUAGES
def test_documents_made_from_one_template_are_not_duplicates(language: str) -> None:
    draw = random.Random(5)
    template = words(draw, 120, language)
    texts = [joined(template + words(draw, 60, language), language) for _ in range(200)]  # .49 alike
    assert removed(MinHashDedup(), documents(texts)) == {}


def test_amended_statutes_give_way_to_the_one_in_force() -> None:
    draw = random.Random(6)
    tokens = words(draw, 400, "zh")
    texts = [joined(tokens, "zh"), joined([*tokens[:380], *words(draw, 40, "zh")], "zh")]
    docs = documents(texts, status=["in force", "repealed"], date=["2010", "2020"])
    assert list(removed(MinHashDedup(), docs)) == ["d001"]
    docs = documents(texts, status=[None, None], date=["2010", "2020"])
    assert list(removed(MinHashDedup(), docs)) == ["d000"]


@pytest.mark.parametrize(
    "texts",
    [
        ["床前明月光，疑是地上霜。举头望明月，低头思故乡。", "床前明月光，疑是地上霜。举头望山月，低头思故乡。"],
        ["女性更年期综合征有哪些症状表现？", "男性更年期综合征有哪些症状表现？"],
        ["得了乙肝小三阳能吃海鲜吗", "得了乙肝小三阳能吃海带吗"],
        ["What are the symptoms of maturity-onset diabetes of the young, type 1 ?",
         "What are the symptoms of maturity-onset diabetes of the young, type 6 ?"],
        ["Take 1 tablet twice a day with food", "Take 2 tablets twice a day with food"],
        ["是", "否", "yes", "no", "好的", "not", "", "。"],
        ["a b c", "a b c d"],
    ],
)  # fmt: skip
def test_short_documents_that_differ_are_not_merged(texts: list[str]) -> None:
    assert removed(MinHashDedup(), documents(texts)) == {}


SECTIONS = """{} Repealed. March 8, 1991, D.C. Law 8-247, section {}, 38 DCR 376; April 12, 2000, D.C. Law 13-91,
section 163, 47 DCR 520; May 24, 1996, D.C. Law 11-121, section 5 (a), 43 DCR 1524; October 4, 2002, 49 DCR 1017"""
POEM = """送富郎中守蘇州 王珪
綠綈傳詔下天畿，驛馭駸駸擁使騑。境上人瞻司馬節，里中晝耀買臣衣。
賓帷華履侵宵會，農野朱轓带雨歸。方有壯圖深許國，肯容久向五湖飛。"""
QUESTION = """What are the symptoms of type {} diabetes in adults who have not been told so far that they have it , and
which of them should make somebody who is over forty years old see a doctor within a few days , even where he feels
well otherwise ?"""


@pytest.mark.parametrize(
    ("texts", "copies"),
    [
        ([SECTIONS.format("Minimum benefit standards", 6), SECTIONS.format("Notice of free examination", 7)], False),
        ([QUESTION.format(1), QUESTION.format(2)], False),
        ([POEM, POEM.replace("送富郎中守蘇州", "寄富郎中").replace("買臣衣", "錦歸衣")], False),
        ([PARAGRAPHS[4], f"据新华社消息，{PARAGRAPHS[4]}"], True),
        ([SECTIONS.format("Rules", 6), SECTIONS.format("Rules", 6) + " , effective immediately"], True),
        ([POEM, "七律\n" + POEM.replace("，", ", ")], True),
    ],
)
def test_documents_of_two_lines_are_copies_only_where_one_holds_all_of_the_other(
    texts: list[str], copies: bool
) -> None:
    assert len(removed(MinHashDedup(threshold=0.75), documents(texts))) == copies


def test_long_pages_of_one_template_that_differ_in_few_words_are_copies() -> None:
    tokens = words(random.Random(8), 130, "en")
    changed = [*tokens[:60], "other", *tokens[61:]]
    assert list(removed(MinHashDedup(), documents([joined(tokens, "en"), joined(changed, "en")]))) == ["d001"]


def test_documents_shorter_than_a_shingle_are_compared_whole() -> None:
    assert list(removed(MinHashDedup(), documents(["早 安", "早安！", "晚安"], date=["2001", "2002", "2001"]))) == [
        "d000"
    ]


def test_short_documents_whose_shingles_share_32_bits_by_chance_both_stay() -> None:
    chance = ["word42390", "word159568", "word188872", "word139509"]  # two by two; of 200,000 such words four did
    assert removed(MinHashDedup(), documents(chance)) == {}
    assert len(removed(MinHashDedup(), documents([*chance, "Word42390."]))) == 1


def test_documents_without_text_meet_nobody() -> None:
    assert judged(MinHashDedup(), [documents([None, "", "…", None])])["duplicate_similarity"].to_list() == [0.0] * 4


def test_chinese_text_with_english_names_is_compared_by_its_characters() -> None:
    # Each English word is one word token, but seven letters here: a changed name weighs as much as it is long.
    draw = random.Random(8)
    mixed = [part for _ in range(80) for part in (*words(draw, 3, "zh"), " ", *words(draw, 2, "en")[0][:4], " ")]
    changed = [*mixed[:600], *words(draw, 25, "zh")]
    gone = removed(MinHashDedup(), documents(["".join(mixed), "".join(changed)], date=["2", "1"]))
    assert list(gone) == ["d001"]


@LANGUAGES
@pytest.mark.parametrize("seed", range(3))
def test_any_split_and_order_of_the_corpus_gives_the_same_verdicts(language: str, seed: int) -> None:
    draw = random.Random(9)
    texts = []
    for _ in range(12):
        tokens = words(draw, 120, language)
        texts += [joined(varied(draw, tokens, draw.uniform(0.75, 1), language), language) for _ in range(5)]
    docs = documents([*texts, None, "", *PARAGRAPHS])
    whole = judged(MinHashDedup(), [docs])
    parts = splits(docs, random.Random(seed))
    assert judged(MinHashDedup(), parts, partitions=1 + seed, batch=3 + 10 * seed).sort("doc_id").equals(whole)
    assert 12 < (whole["duplicate_similarity"] > 0.769).sum() < 48


@LANGUAGES
def test_no_two_kept_documents_are_near_and_each_removed_one_is_near_a_kept_one(language: str) -> None:
    draw = random.Random(10)
    texts = []
    for _ in range(20):
        tokens = words(draw, 150, language)
        for _ in range(6):
            tokens = varied(draw, tokens, 0.85, language)  # each like the one before: a chain
            texts.append(tokens)
    docs = documents([joined(tokens, language) for tokens in texts])
    gone = removed(MinHashDedup(), docs)
    stream = dict(zip(docs["doc_id"], texts, strict=True))
    for identity, evidence in gone.items():
        kept = json.loads(evidence)["kept"]
        assert kept not in gone
        assert jaccard(stream[identity], stream[kept]) > 0.769
    kept = [identity for identity in stream if identity not in gone]
    assert len(kept) > 40
    near = [(a, b) for a in kept for b in kept if a < b and jaccard(stream[a], stream[b]) >= 0.8]
    assert len(near) <= 1  # .2 % of pairs do not meet at .8


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"threshold": 1.5}, "threshold is 1.5"),
        ({"threshold": 0.0}, "threshold is 0.0"),
        ({"threshold": 0.05, "permutations": 16}, "16 permutations cannot"),
        ({"slack": -0.1}, "slack is -0.1"),
        ({"threshold": 0.5, "slack": 0.5}, "slack is 0.5"),
        ({"n": 0}, "n is 0; expected 1 or more"),
        ({"sketch": 63}, "sketch is 63; expected 64 or more"),
        ({"edges": -1}, "edges is -1; expected 0 or more"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MinHashDedup(**settings)  # type: ignore[arg-type]


def test_the_plan_says_how_likely_documents_meet_and_what_is_removed() -> None:
    assert MinHashDedup().plan == (
        "20 bands of 6 rows; chance to meet at similarity 0.6: 0.615, 0.7: 0.918, 0.8: 0.998, 0.9: 1.000; "
        "removes from 0.77 to a kept document"
    )


def test_the_plan_of_a_recipe_tells_it() -> None:
    source = Source(name="page", path=str(Path(__file__)), text="text")
    recipe = Recipe(name="small", sources=(source,), stages=(MinHashDedup(threshold=0.9, permutations=256),))
    assert MinHashDedup(threshold=0.9, permutations=256).plan in planned(recipe)


def test_a_measure_of_quality_decides_before_length() -> None:
    tokens = words(random.Random(1), 200, "zh")
    texts = [joined(tokens[:cut], "zh") for cut in (200, 195, 190)]
    docs = documents(texts).with_columns(pl.Series("quality_score", [0.2, 0.9, None]))
    stage = MinHashDedup(quality="quality_score")
    assert stage.reads["quality_score"] == pl.Float64
    assert sorted(removed(stage, docs)) == ["d000", "d002"]
    assert sorted(removed(MinHashDedup(), docs)) == ["d001", "d002"]


@LANGUAGES
def test_a_giant_cluster_is_judged_by_compact_sketches_as_it_is_by_whole_ones(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(12)
    base = words(draw, 400, language)
    texts = [joined(varied(draw, base, draw.uniform(0.55, 1), language), language) for _ in range(60)]
    docs = documents([*texts, texts[0], PARAGRAPHS[0]])
    whole = judged(MinHashDedup(), [docs])["duplicate_similarity"]
    monkeypatch.setattr(verification, "LARGE", 10)
    compact = judged(MinHashDedup(), [docs[:30], docs[30:]])["duplicate_similarity"]
    assert (whole - compact).abs().max() < 0.05  # type: ignore[operator]
    assert ((whole >= 0.77) != (compact >= 0.77)).sum() <= 4
    assert compact[60] == whole[60] == 1
    assert 10 < (whole >= 0.77).sum() < 60


def test_the_stage_and_its_rounds_travel_to_workers() -> None:
    stage = MinHashDedup(threshold=0.9)
    assert isinstance(stage, CorpusStage)
    assert pickle.loads(pickle.dumps(stage)) == stage
    for turn, tell in turns(stage):
        assert pickle.loads(pickle.dumps(turn)) == turn
        tell(Flow())
    assert math.isclose(stage.limit, 0.87)


@pytest.mark.skipif(not DATA.exists(), reason=f"the revisions with known similarity are not at {DATA}")
@pytest.mark.parametrize("name", ["zh_tidb_docs", "en_peps_revisions"])
def test_real_revisions_are_recalled_and_no_others_removed(name: str) -> None:
    found = pl.read_ndjson(DATA / f"{name}.jsonl.zst")
    pairs = pl.read_csv(DATA / f"{name}.pairs.tsv", separator="\t")
    docs = documents(found["text"], doc_id=found["id"])
    gone = removed(MinHashDedup(), docs)
    alike = {frozenset(row[:2]): row[2] for row in pairs.rows()}
    recalled = [not gone.keys().isdisjoint(pair) for pair, similarity in alike.items() if similarity >= 0.8]
    assert sum(recalled) / len(recalled) >= 0.97
    text = dict(found.select("id", "text").rows())
    right = 0
    for identity, evidence in gone.items():
        kept = json.loads(evidence)["kept"]
        known = alike.get(frozenset((identity, kept)))
        true = shared(text[identity], text[kept], name[:2]) if known is None else known
        right += true >= 0.7
    assert right / len(gone) >= 0.99  # counted against the one kept document that the evidence names


def shared(one: str, other: str, language: str) -> float:
    """As the pairs were measured: 5 characters without white space, or 5 words in lower case."""
    streams = [list("".join(t.split())) if language == "zh" else re.findall(r"\w+", t.lower()) for t in (one, other)]
    return jaccard(*streams)
