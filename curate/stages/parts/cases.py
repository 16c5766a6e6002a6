"""The standing parts of judgments, opinions, medical records and papers, which have an order of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

LEAST = 3  # different parts, in their order

_LINE = r"^[ \t\u3000]*(?:#{1,6} +)?(?:\*\*|【|\[)?"
_NUMBERED = (
    r"(?:(?:[IVX]{1,5}|[A-Z]|\d{1,2})[.)][ \t]+"
    r"|[（(]?[一二三四五六七八九十]{1,2}[）)、.．][ \u3000]*|\d{1,2}[、.．][ \u3000]*)?"
)
_ALONE = r"(?:\*\*|】|\])?[ \t\u3000]*[:：.]?(?:\*\*)?[ \t\u3000]*$"  # nothing but what closes a heading
_LED = r"(?:\*\*|】|\])?[ \t\u3000]*(?:[:：]|$)"  # a colon and text may follow


class Kind(NamedTuple):
    """A kind of document: one pattern with a group `partN` for each of its parts, in the order in which they stand."""

    name: str
    parts: re.Pattern[str]
    packed: bool = False  # parts that are too short to be judged alone


def _kind(name: str, *parts: str, end: str = "", flags: int = 0, packed: bool = False) -> Kind:
    """Parts whose lines begin with one of `parts` and go on with `end`; one scan finds all of them."""
    either = "|".join(f"(?P<part{rank}>(?:{part}){end})" for rank, part in enumerate(parts))
    return Kind(name, re.compile(f"{_LINE}{_NUMBERED}(?:{either})", re.M | flags), packed)


_PARTY = (
    "(?:原审|一审|二审|本诉|反诉|再审)?(?:公诉机关|抗诉机关|(?:共同)?原告人?|(?:共同)?被告人?|上诉人|被上诉人"
    "|再审申请人|申请再审人|被申请人|申请执行人|被执行人|申请人|第三人|辩护人)"
)
_SAID = "[^\n。；;]{0,60}?"  # names between a party and its verb
JUDGMENTS = _kind(
    "judgments",
    # Who, and how it came here.
    rf"(?:当事人(?:信息|的?基本情况)?|诉讼参与人[^\n]{{0,10}}){_LED}",
    rf"(?:审理经过|案件由来){_LED}|[^\n]{{0,120}}(?:一案|纠纷案)[，,][^\n]{{0,80}}(?:立案|受理|提起公诉|诉至本院|作出|不服)",
    # What each side wants.
    rf"原告(?:诉称|的?诉讼请求)|上诉请求|诉讼请求|控辩意见|[^\n。]{{1,20}}检察院[^\n。]{{0,20}}指控"
    rf"|{_PARTY}{_SAID}(?:诉称|上诉称|起诉称|向本院提出|诉讼请求|上诉请求|请求(?:本院)?判令|申请再审称)",
    rf"被告(?:辩称|的?答辩)|答辩意见|{_PARTY}{_SAID}(?:辩称|答辩|未作答辩|述称|提出(?:的)?辩护意见|未到庭)",
    # What was found, below and here.
    r"(?:(?:一审|原审|二审)?(?:法院|本院)?[，,]?(?:经?(?:公开|再审)?(?:开庭)?(?:审理|审查)?[，,]?)?)"
    r"(?:查明|认定事实|认定如下事实)|(?:一审|原审)法院(?:审理)?认定|经审理认定|事实(?:和|与)证据",
    # Why, what, and who signed.
    r"(?:本院|一审法院|原审法院|法院)(?:经(?:审查|审理|再审))?(?:后)?认为|裁判理由|本院意见",
    r"[^\n]{0,400}(?:判决|裁定|决定|调解)(?:结果)?如下[:：]?[ \u3000]*$|裁判结果|判决结果",
    r"(?:代理)?审[ \u3000]*判[ \u3000]*(?:长|员)[ \u3000:：]|独任审判员|人民陪审员[ \u3000]"
    r"|附[:：]?(?:相关|本判决|适用)[^\n]{0,8}法律",
)
OPINIONS = _kind(
    "opinions",
    r"introduction|preliminary statement|nature of the (?:case|action)|statement of jurisdiction|jurisdiction|syllabus",
    r"procedural (?:history|background|posture)|(?:prior|procedural) proceedings",
    r"(?:(?:factual|relevant)(?: and (?:factual|procedural))? )?(?:background|history)(?: and [a-z ]{4,30})?"
    r"|(?:statement of )?(?:the )?(?:facts|case)(?: and [a-z ]{4,30})?|findings of fact|evidence at trial",
    r"issues?(?: presented| on appeal)?|questions? presented|assignments? of error"
    r"|(?:the )?parties['’] (?:arguments|contentions)",
    r"(?:the )?(?:applicable )?(?:standards? of review|legal standards?|applicable law|governing law|scope of review)",
    r"(?:discussion|analysis|arguments?|conclusions? of law|opinion|merits)(?: and [a-z ]{4,30})?",
    r"conclusion|disposition|decision|holding|decree|judgment|order|remedy",
    r"it is (?:hereby )?so ordered|so ordered",
    r"(?:(?:chief )?(?:justice|judge) )?[a-z.’' -]{2,40}, (?:[a-z]{1,3}\.,? ?)*(?:concurring|dissenting)[^\n]{0,60}"
    r"|dissent|concurrence|(?:dissenting|concurring) opinion",
    end=_ALONE,
    flags=re.I,
)
RECORDS = _kind(
    "records",
    # The head with the patient's name; then what the patient says and has had, what was seen, what was done.
    r"姓名|患者姓名|病案号|住院号|入院记录|出院记录|病例 ?[\d一二三四五六七八九十]{1,3}"
    r"|(?:patient )?name|patient|case(?: no\.?)? \d{1,3}|(?:date of admission|admission date|admission note)"
    r"|discharge summary",
    r"主诉|主訴|chief complaints?|presenting complaints?|reason for (?:admission|visit)",
    r"现病史|現病史|简要病史|病史摘要|history of (?:the )?present(?:ing)? (?:illness|complaint)|hpi",
    r"既往史|个人史|月经史|婚育史|家族史|过敏史|(?:past )?(?:medical|surgical) history|pmh|family history"
    r"|social history|medications(?: on admission)?|allergies",
    r"体格检查|体检|查体|专科(?:检查|情况)|入院情况|physical exam(?:ination)?|vital signs|review of systems",
    r"辅助检查|实验室检查|影像学?检查|laborator(?:y|ies)(?: data| results| findings)?|labs|imaging|investigations"
    r"|diagnostic (?:studies|tests)|pertinent results",
    r"(?:初步|入院|鉴别|临床|中医|西医|最后|修正|确定)?诊断(?:依据)?|assessment(?: (?:and|&) plan)?|impression"
    r"|(?:differential |admission )?diagnos[ie]s",
    r"(?:诊疗|治疗|诊治|住院)(?:经过|计划|过程|方案)|(?:首次)?病程记录|手术记录|hospital course"
    r"|treatment(?: course)?|plan|procedures?|progress notes?",
    r"出院(?:诊断|情况|医嘱|带药|小结)|随访|转归|预后|follow[- ]?up|outcome|disposition"
    r"|discharge (?:diagnos[ie]s|medications|instructions|condition|disposition|plan)",
    end=_LED,
    flags=re.I,
    packed=True,
)
PAPERS = _kind(
    "papers",
    r"abstract|摘 ?要|summary",
    r"introduction|background|引 ?言|前 ?言|绪 ?论|背景",
    r"(?:materials? and )?methods?|patients and methods|methodology|(?:材料|资料|对象)与方法|研究方法|方 ?法|资料",
    r"results?|findings|结 ?果",
    r"discussion|讨 ?论",
    r"conclusions?|limitations|结 ?论|小 ?结",
    r"references|bibliography|acknowledge?ments?|参考文献|致 ?谢",
    end=_ALONE,
    flags=re.I,
)
KINDS: tuple[Kind, ...] = (JUDGMENTS, OPINIONS, RECORDS, PAPERS)


def standing_parts(text: str, kind: Kind) -> list[int]:
    """Where the parts of a document of `kind` begin; empty unless at least three different ones stand in their order.

    A part that goes on (本院认为 at the head of several paragraphs) begins once. The facts that the court below found
    and those that this court does are parts of their own.
    """
    return [start for start, _ in _parts(text, kind)]


def records(text: str) -> list[int]:
    """Where each medical record of several begins: at the first of its parts, which comes again."""
    found = _parts(text, RECORDS)
    begins = [start for at, (start, rank) in enumerate(found) if rank <= 1 and (at == 0 or found[at - 1][1] > 1)]
    return begins if len(begins) > 1 else []


def _parts(text: str, kind: Kind) -> list[tuple[int, int]]:
    """(offset, rank) of the parts that begin in `text`."""
    ordered = [
        (match.start(), int(match.lastgroup.removeprefix("part")))
        for match in kind.parts.finditer(text)
        if match.lastgroup is not None
    ]
    ordered = ordered[:1] + [two for one, two in pairwise(ordered) if one[1] != two[1]]
    return ordered if _in_order([rank for _, rank in ordered]) >= LEAST else []


def _in_order(ranks: Sequence[int]) -> int:
    """How many different parts stand in their order: the longest rising run."""
    best = [0] * (max(ranks, default=0) + 1)
    for rank in ranks:
        best[rank] = max(best[rank], 1 + max(best[:rank], default=0))
    return max(best, default=0)
