"""Judgments, opinions and medical records are cut at their standing parts, other texts that name those are not."""

from __future__ import annotations

import pytest

from tests.stages.parts.parting import firsts, parts

FACTS = "被告于2019年3月向原告借款人民币五十万元，约定月利率百分之一，借期一年，到期后经多次催要未还。"
CIVIL = [
    "浙江省杭州市西湖区人民法院\n民事判决书\n（2020）浙0106民初1234号\n\n"
    "原告：张某，男，1980年生，汉族，住杭州市。\n委托诉讼代理人：李某，律师。\n被告：王某，女，住宁波市。\n\n",
    "原告张某与被告王某民间借贷纠纷一案，本院于2020年1月5日立案后，依法适用简易程序，公开开庭进行了审理。\n\n",
    f"原告张某向本院提出诉讼请求：1.判令被告归还借款。事实和理由：{FACTS * 3}\n\n",
    f"被告王某辩称，{FACTS * 3}\n\n",
    f"经审理查明：{FACTS * 6}\n\n上述事实，有借条、转账记录等证据证明。\n\n",
    f"本院认为，{FACTS * 4}\n\n本院认为，原告的其他请求没有依据。{FACTS}\n\n",
    "依照《中华人民共和国民法典》第六百七十五条的规定，判决如下：\n\n被告王某于本判决生效之日起十日内归还原告张某借款五十万元。\n\n",
    "审 判 长 赵某\n审 判 员 钱某\n二〇二〇年三月五日\n书 记 员 孙某\n",
]

APPEAL = [
    "上海市第一中级人民法院\n刑 事 判 决 书\n\n原公诉机关上海市某区人民检察院。\n上诉人（原审被告人）陈某，男。\n\n",
    "上海市某区人民法院审理上海市某区人民检察院指控原审被告人陈某犯诈骗罪一案，于2018年6月1日作出刑事判决。\n\n",
    f"原审法院查明，{FACTS * 5}\n\n",
    f"原审法院认为，{FACTS * 2}\n\n",
    f"上诉人陈某上诉称，{FACTS * 2}\n\n",
    f"经审理查明的事实与原审相同。{FACTS * 2}\n\n",
    f"本院认为，{FACTS * 4}\n\n",
    "依照《中华人民共和国刑事诉讼法》第二百三十六条的规定，裁定如下：\n\n驳回上诉，维持原判。\n\n",
    "审判长　周某\n审判员　吴某\n二〇一八年九月三日\n书记员　郑某\n",
]

TALE = "The plaintiff leased the premises in March and paid the rent until the roof fell in on the ninth of June. "
OPINION = [
    "UNITED STATES COURT OF APPEALS\nFOR THE NINTH CIRCUIT\n\nJones v. Smith\nNo. 19-1234\n\nJUDGE WARD:\n\n"
    + TALE * 3,
    f"\n\nI. INTRODUCTION\n\n{TALE * 5}",
    f"\n\nII. FACTUAL AND PROCEDURAL BACKGROUND\n\n{TALE * 8}",
    f"\n\nIII. STANDARD OF REVIEW\n\n{TALE * 4}",
    f"\n\nIV. DISCUSSION\n\n{TALE * 12} The background of this is no heading.\nDiscussion of it follows. {TALE}",
    f"\n\nV. CONCLUSION\n\n{TALE * 3}",
    f"\n\nIT IS SO ORDERED.\n\n{TALE * 2}",
]
STATE = [
    "STATE v. DOE\n\n" + TALE * 3,
    f"\n\nProcedural History\n\n{TALE * 5}",
    f"\n\nFacts\n\n{TALE * 8}",
    f"\n\nAnalysis\n\n{TALE * 12}",
    f"\n\nDisposition\n\n{TALE * 4}",
    f"\n\nROE, J., dissenting.\n\n{TALE * 5}",
]

SICK = "患者于三天前无明显诱因出现咳嗽咳痰，伴发热，体温最高38.5摄氏度，予头孢口服后未见好转。"
ZH_RECORD = ["主诉", "现病史", "既往史", "个人史", "体格检查", "辅助检查", "初步诊断", "诊疗经过", "出院医嘱"]
EN_RECORD = [
    "Chief Complaint", "History of Present Illness", "Past Medical History", "Physical Examination",
    "Laboratory Data", "Assessment and Plan", "Hospital Course", "Discharge Medications",
]  # fmt: skip


@pytest.mark.parametrize("judgment", [CIVIL, APPEAL], ids=["civil", "appeal"])
def test_a_chinese_judgment_is_cut_at_its_standing_parts(judgment: list[str]) -> None:
    assert parts("".join(judgment), longer_than=700) == judgment


@pytest.mark.parametrize("opinion", [OPINION, STATE], ids=["federal", "state"])
def test_an_opinion_is_cut_at_its_headings(opinion: list[str]) -> None:
    cut = parts("".join(opinion), longer_than=2000)
    assert [part.strip() for part in cut] == [part.strip() for part in opinion]


@pytest.mark.parametrize("mark", ["{}", "## {}", "**{}**", "【{}】", "一、{}"])
def test_headings_of_a_judgment_are_known_in_any_dress(mark: str) -> None:
    names = ["当事人信息", "审理经过", "原告诉称", "被告辩称", "本院查明", "本院认为", "裁判结果"]
    text = "".join(f"{mark.format(name)}\n{FACTS * 5}\n\n" for name in names)
    assert firsts(parts(text, longer_than=1000)) == [mark.format(name) for name in names]


@pytest.mark.parametrize(("names", "body"), [(ZH_RECORD, SICK), (EN_RECORD, TALE)], ids=["zh", "en"])
@pytest.mark.parametrize("form", ["{}：{}\n", "{}\n{}\n\n", "【{}】\n{}\n", "{}: {}\n\n"])
def test_a_medical_record_is_cut_between_its_parts(names: list[str], body: str, form: str) -> None:
    whole = [form.format(name, body * 6) for name in names]
    longest = 3 * max(map(len, whole))
    cut = parts("".join(whole), longer_than=longest)
    assert 3 <= len(cut) <= len(whole)
    at = 0
    for part in cut:
        assert len(part) <= longest
        assert "".join(whole)[at:].startswith(part)
        assert any("".join(whole[:number]) == "".join(whole)[:at] for number in range(len(whole)))
        at += len(part)


@pytest.mark.parametrize(
    ("head", "names", "body"),
    [("姓名：张某 性别：男 年龄：45岁", ZH_RECORD, SICK), ("Patient: J. D., 45 years", EN_RECORD, TALE)],
)
def test_of_several_medical_records_each_stays_whole(head: str, names: list[str], body: str) -> None:
    record = f"{head}\n" + "".join(f"{name}: {body}\n" for name in names) + "\n"
    assert parts(record * 8, longer_than=int(len(record) * 1.5)) == [record] * 8


@pytest.mark.parametrize(
    "text",
    [
        f"他说本院认为不对。\n{FACTS * 20}\n本院认为这样写才对。{FACTS * 20}",
        f"{FACTS * 20}\n判决如下：\n{FACTS}\n经审理查明：\n{FACTS}\n原告诉称：{FACTS * 9}",
        f"{TALE * 20}\nConclusion\n{TALE * 20}\nIntroduction\n{TALE}",
        f"主诉的内容是咳嗽。{SICK * 20}\n诊断很难，治疗经过更难。{SICK * 20}",
        f"Discussion of the facts\n{TALE * 20}\nThe facts and the analysis follow\n{TALE * 20}",
    ],
)
def test_what_only_names_a_part_or_has_them_in_no_order_is_not_cut(text: str) -> None:
    assert parts(text, longer_than=500) == [text]


@pytest.mark.parametrize(
    ("names", "body"),
    [
        (["摘要", "引言", "材料与方法", "结果", "讨论", "参考文献"], SICK),
        (["Abstract", "1. Introduction", "2. Methods", "3. Results", "4. Discussion", "References"], TALE),
    ],
)
def test_a_paper_is_cut_at_its_parts(names: list[str], body: str) -> None:
    text = "".join(f"{name}\n{body * 10}\n\n" for name in names)
    assert firsts(parts(text, longer_than=len(body) * 15)) == names


def test_a_short_judgment_stays_whole() -> None:
    text = "".join(CIVIL)
    assert parts(text, longer_than=len(text)) == [text]
