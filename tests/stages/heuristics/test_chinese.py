"""Rules for Chinese: noise goes, each sort for its reason; medicine, law, finance, dialogues and poems stay."""

# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from curate.kernels.fold import simplifications
from curate.stage import failure, measured
from curate.stages.heuristics.chinese import ChineseQuality
from curate.stages.heuristics.kind import Kind
from tests.stages.documents import of_texts, reasons

DATA = Path(__file__).parents[4] / "shared" / "data"

MEDICINE = "高血压是指以体循环动脉血压增高为主要特征的临床综合征。患者早期可以没有症状，仅在测量血压时或发生心、脑、肾等并发症时才被发现。治疗的目的是把血压降到140/90mmHg以下；合并糖尿病者应当更低。常用药物有氨氯地平、缬沙坦和氢氯噻嗪，须长期服用，不可自行停药。"
LAW = "第二十六条 用人单位违反本法规定解除或者终止劳动合同的，应当依照本法第四十七条规定的经济补偿标准的二倍向劳动者支付赔偿金。\n第二十七条 有下列情形之一的，劳动合同终止：\n（一）劳动合同期满的；\n（二）劳动者开始依法享受基本养老保险待遇的；\n（三）用人单位被依法宣告破产的。"
FINANCE = "潍坊银行昨日披露的报告显示，截至2021年6月末，潍坊银行资产总额1920.44亿元，较上年末增长9.34%；负债总额1789.16亿元，较上年末增长10.54%。2021年上半年实现净利润6.09亿元，同比增长29.57%；不良贷款率1.10%，较上年末下降0.13个百分点。资本充足率为14.31%。"
TECHNICAL = "在 Ubuntu 22.04 上安装 Docker Engine 之前，先用 apt-get update 更新软件包索引，再执行 sudo apt-get install docker-ce docker-ce-cli containerd.io 完成安装。安装完成后运行 docker run hello-world 验证。如果提示 permission denied，把当前用户加入 docker 用户组即可。"
TALK = "患者：我昨天开始发烧，38度5。\n医生：有没有咳嗽？\n患者：有一点。\n医生：先查血常规。\n患者：好的，要空腹吗？\n医生：不用，吃点清淡的，多喝水，如果超过38度5就吃退烧药。\n患者：那孩子会不会被传染？\n医生：尽量分开住，戴口罩，勤洗手，一般三到五天就好了。"
POEM = "国破山河在，城春草木深。\n感时花溅泪，恨别鸟惊心。\n烽火连三月，家书抵万金。\n白头搔更短，浑欲不胜簪。\n\n暮投石壕村，有吏夜捉人。\n老翁逾墙走，老妇出门看。\n吏呼一何怒，妇啼一何苦。\n听妇前致词，三男邺城戍。\n一男附书至，二男新战死。\n存者且偷生，死者长已矣。\n室中更无人，惟有乳下孙。"
UNMARKED_POEM = "再别康桥\n轻轻的我走了\n正如我轻轻的来\n我轻轻的招手\n作别西天的云彩\n那河畔的金柳\n是夕阳中的新娘\n波光里的艳影\n在我的心头荡漾\n软泥上的青荇\n油油的在水底招摇\n在康河的柔波里\n我甘心做一条水草\n那榆荫下的一潭\n不是清泉是天上虹\n揉碎在浮藻间\n沉淀着彩虹似的梦\n寻梦撑一支长篙\n向青草更青处漫溯"
CLASSICAL = (
    "太阳病，头痛发热，身疼腰痛，骨节疼痛，恶风无汗而喘者，麻黄汤主之。太阳与阳明合病，喘而胸满者，不可下，宜麻黄汤。若脉微弱，汗出恶风者，不可服之，服之则厥逆，筋惕肉瞤，此为逆也。"
    * 2
)
HEADLINE = "沪指午后跳水 创业板跌逾2%"

NAVIGATION = "\n".join(
    [
        "首页",
        "公司简介",
        "新闻中心",
        "产品展示",
        "成功案例",
        "人才招聘",
        "联系我们",
        "会员登录",
        "购物车",
        "网站地图",
        "友情链接",
        "帮助中心",
    ]
    * 4
)
HEADLINES = "\n".join(
    f"{place}新增{number}例确诊病例"
    for number, place in enumerate(
        ["北京", "上海", "天津", "重庆", "河北", "山西", "辽宁", "吉林", "江苏", "浙江"] * 2, 1
    )
)
KEYWORDS = "手表批发 高仿手表 手表价格 精仿名表 手表图片 " * 12
ADVERT = (
    "本店手表全国包邮，货到付款，假一赔十！加微信领取优惠券，限时抢购，点击下载客户端立即购买。厂家直销，欢迎来电咨询！"
)
PHONES = "\n".join(f"王经理，联系电话：1380013{number:04}。" for number in range(1000, 1012))
NUMBERS = "".join(f"货号{k * 7919 % 999983:06}，库存{k * 31 % 97}件。" for k in range(1, 40))
ENGLISH = "见下文。" + "The patient was seen on Monday and sent home with advice to rest, drink and come back. " * 4
UNMARKED = "我的朋友最近总是感觉饭量特别大但是身体却越来越瘦去了医院检查才知道得了糖尿病想了解一下治疗方法" * 4
CHANCE = (
    "".join(chr(0x4E00 + k * 7919 % 20900) for k in range(60))
    + "，"
    + "".join(chr(0x4E00 + k * 104729 % 20900) for k in range(80))
    + "。"
)


def judged(*texts: str | None, lang: str = "zh") -> list[set[str]]:
    return reasons(ChineseQuality(), measured(Kind(), of_texts(list(texts), lang=lang)))


def traditional(text: str) -> str:
    return text.translate({simple: other for other, simple in reversed(simplifications())})


@pytest.mark.parametrize(
    "text", [MEDICINE, LAW, FINANCE, TECHNICAL, TALK, POEM, UNMARKED_POEM, CLASSICAL, HEADLINE, "", "好。", "谢谢！"]
)
def test_ordinary_text_of_each_trade_stays_in_both_ways_of_writing(text: str) -> None:
    assert judged(text, traditional(text)) == [set(), set()]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (NAVIGATION, "list_page"), (HEADLINES, "list_page"), (KEYWORDS, "keyword_spam"), (ADVERT, "adverts"),
        (PHONES, "contacts_too_many"), (NUMBERS, "digits_too_many"), (ENGLISH, "han_too_few"),
        (UNMARKED, "marks_too_few"), (UNMARKED, "no_punctuation"), (CHANCE, "characters_too_rare"),
        ("好看！" * 40 + "！" * 90, "marks_too_many"), ("天地玄黄宇宙洪荒" * 40, "function_words_too_few"),
        ("、".join(["氨氯地平", "缬沙坦", "厄贝沙坦", "美托洛尔", "比索洛尔", "硝苯地平"] * 20), "sentences_too_long"),
    ],
)  # fmt: skip
def test_noise_is_removed_for_its_reason_in_both_ways_of_writing(text: str, reason: str) -> None:
    assert all(reason in found for found in judged(text, traditional(text)))


@pytest.mark.parametrize(
    "text",
    [
        "英国周末交付的天然气批发价格下跌6.3%，报1.92英镑/撒姆。",
        "医学网站“丁香园”所属微信公众号“丁香医生”日前发文，反映公司涉嫌虚假宣传等问题",
        "海马汽车披露2021年12月份产品产销数据快报，单月生产量2803辆，同比下降43.18%；销售量2241辆，同比下降49.82%。1-12月，累计生产量29666辆，"
        "同比增长75.77%；累计销售量29513辆，同比增长67.01%。国内商品期货多数收跌，沪镍主力合约跌停，不锈钢跌超6%。",
        "別墅軍城下，閑諠未可齊。\n春深花蝶夢，曉隔柳煙鞞。\n韶景浮寒水，疎楊映綠堤。\n沿洄看竹色，來往聽鶯啼。\n久慢持生術，多親種藥畦。\n"
        "家貧知素行，心苦見清溪。\n越客初投分，南枝得寄棲。\n禪機空寂寞，雅趣賴招攜。\n本寺重江外，遊方二室西。\n裴回戀知己，日夕草萋萋。",
    ],
)
def test_news_of_a_sentence_and_poems_are_no_adverts_and_need_no_function_words(text: str) -> None:
    assert not judged(text)[0] & {"adverts", "function_words_too_few"}


def test_an_advert_in_a_long_text_is_no_reason_to_lose_it() -> None:
    assert judged(f"{MEDICINE}\n{MEDICINE.replace('高血压', '糖尿病')}\n{LAW}\n{ADVERT}") == [set()]


def test_texts_without_an_end_go_where_that_is_asked_for() -> None:
    pieces = [
        "民生银行武汉分行破产纯属造谣 股价盘中跌3.51%宝安地产虚假陈述案下周一开庭",
        "菲律宾比索兑美元跌0.9%，报51.05。",
    ]
    docs = measured(Kind(), of_texts(pieces, lang="zh"))
    assert reasons(ChineseQuality(), docs) == [set(), set()]
    assert reasons(ChineseQuality(least_ended=0.001), docs) == [{"unended"}, set()]


def test_rules_are_for_chinese_and_for_the_kinds_that_are_asked_for() -> None:
    assert judged(NAVIGATION, lang="ja") == [set()]
    assert "list_page" in judged(NAVIGATION, lang="zh-Hant")[0]
    docs = of_texts([NUMBERS], kind="table", lang="zh")
    assert reasons(ChineseQuality(), docs) == [set()]
    assert "digits_too_many" in reasons(ChineseQuality(kinds=None), docs)[0]


def test_what_has_no_text_is_not_waved_through() -> None:
    assert "keyword_spam" in judged(None)[0]


def test_measures_are_shares_of_characters_that_are_no_white_space() -> None:
    done = measured(
        ChineseQuality(), of_texts(["你好 ab\n12 。，", "這個國家的人。", "第一行没有完\n第二行完了。"], lang="zh")
    )
    assert done["zh_han_share"].to_list()[0] == pytest.approx(2 / 6)  # 你 好 ab 12 。 ，
    assert done["zh_mark_share"].to_list()[0] == 0.375  # and the end of the first line
    assert done["zh_digit_share"].to_list()[0] == 0.25
    assert done["zh_latin_share"].to_list()[0] == 0.25
    assert done["zh_function_share"].to_list()[1] == pytest.approx(3 / 6, abs=1e-6)
    assert done["zh_ended_share"].to_list()[2] == 0.5
    assert done["zh_line_chars"].to_list()[2] == 6
    assert done["zh_sentence_chars"].to_list()[2] == 5.5
    assert done["zh_mixed_share"].to_list()[1] == 0


def test_mixing_both_ways_of_writing_is_measured_and_no_fault() -> None:
    done = measured(ChineseQuality(), of_texts([MEDICINE + traditional(MEDICINE)], lang="zh"))
    assert done["zh_mixed_share"][0] > 0.3
    assert judged(MEDICINE + traditional(MEDICINE)) == [set()]


def test_phrases_that_sell_are_found_in_traditional_characters_and_the_longest_counts_once() -> None:
    texts = ["全国包邮", "全國包郵", "限时抢购限时抢购", "包。邮", "免費下載"]
    done = measured(ChineseQuality(), of_texts(texts, lang="zh"))
    assert done["zh_advert_share"].to_list() == [1, 1, 1, 0, 1]


def test_numbers_are_contacts_where_something_says_so() -> None:
    texts = ["电话：87654321。", "邮编：10008", "13800138000", "QQ群 123456", "共12345678元", "010-87654321", "2024年"]
    done = measured(ChineseQuality(), of_texts(texts, lang="zh"))
    assert (done["zh_contacts"] > 0).to_list() == [True, False, True, True, False, True, False]


# Permissive sources; performance/chinese.py prints all of them.
@pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not there")
@pytest.mark.parametrize(
    "path",
    [
        "general/zh/history_modern_translation",
        "general/zh/classic_novels",
        "general/zh/poetry",
        "medical/zh/toyhom_internal_csv",
    ],
)
def test_corpora_lose_at_most_one_document_in_a_hundred(path: str) -> None:
    texts = pl.read_ndjson(DATA / "corpora" / f"{path}.jsonl.zst", n_rows=500)["text"].to_list()
    for some in (texts, [traditional(text) for text in texts[:200]]):
        stage = ChineseQuality()
        done = measured(stage, measured(Kind(), of_texts(some, lang="zh")))
        gone = done.select(pl.any_horizontal([failure(rule) for rule in stage.rules])).to_series()
        assert gone.mean() <= 0.01
