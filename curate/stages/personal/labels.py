"""What a label right before a number says that it is: 住院号, MRN, 账号, QQ, Tel ... and a value that fits it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curate.stages.personal.edges import AFTER, EXTENSION, UNIT
from curate.stages.personal.recogniser import Span
from curate.stages.personal.window import Window

# The value that a label announces: letters and digits, at least four of these.
_TOKEN = re.compile(r"[A-Za-z]{0,5}-?\d[\dA-Za-z]*(?:-[\dA-Za-z]+)*")
_SPACED = re.compile(r"\d{2,6}(?:[ -]\d{2,6}){1,6}[Xx]?(?![A-Za-z0-9])|\d{3}-\d{2}-\d{4}")

_LABELS = {
    "medical_number": (
        r"病历(?:本)?(?:号|编号)|病历ID|病案(?:号|编号)|病歷號|住院(?:号|编号|證號|證号|號)|门诊(?:号|编号)|門診號|就诊(?:卡)?号|就诊编号|诊疗卡号"
        r"|急诊号|患者(?:编号|ID|号)|病人(?:编号|ID|号)|(?<![权标件产业])登记号|检查(?:号|编号|单号)|影像号|放射号|超声号|病理号|标本号|检验号|检验单号|处方号"
        r"|床位?号|medical record (?:number|no)|patient(?:'s)? (?:number|no|id|identifier)|hospital (?:number|no|id)"
        r"|admission (?:number|no|id)|chart (?:number|no)|accession (?:number|no) of the (?:scan|image)|\bMRN"
        r"|\bUHID|\bNHS (?:number|no)"
    ),
    "insurance_number": (
        r"医保(?:卡)?(?:号|编号|账号)|醫保號|社保(?:卡)?(?:号|编号|账号)|社会保障(?:卡)?(?:号|编号)|社会保险(?:号|编号)|个人编号|医疗保险(?:卡|证)?(?:号|编号)"
        r"|参保(?:人)?(?:号|编号)|新农合(?:卡|证)?号|保单(?:号|编号)|保险(?:单|合同)(?:号|编号)|公积金(?:账)?号"
        r"|(?:insurance|policy|subscriber|member|medicare|medicaid|beneficiary|health card|claim) (?:number"
        r"|no|id)|insurance policy"
    ),
    "case_number": (
        r"案号|案件编号|案件号|立案号|执行案号"
        r"|(?:civil |criminal )?(?:case|docket|action|appeal|cause|index) (?:number|no)"
    ),
    "id_card": r"身份证(?:件)?(?:号|编号)?|身分證(?:字號|號)?|公民身份(?:号码|证号)|证件号|(?:citizen"
    "|resident|national)? ?(?:id|identity) card(?: number| no)?",
    "ssn": r"\bSSN|social security (?:number|no|#)|social security",
    "passport": (
        r"护照(?:号|编号)?|護照(?:號碼|號)?|通行证(?:号|编号)?|台胞证(?:号)?|回乡证(?:号)?|passport(?: number| no| #)?"
    ),
    "bank_card": (
        r"(?:银行|信用|借记|储蓄)?卡号|(?:银行|对公|收款|还款|开户|储蓄|工资|结算)?(?:账号|帐号|账户|帐户|賬號|賬戶|帳號)|户号"
        r"|account (?:number|no)|(?:credit|debit|bank) card(?: number| no)?|card (?:number|no)|\bIBAN|\ba/c(?: no)?"
    ),
    "qq": r"(?<![A-Za-z])[Qq]{2}(?:群|号|號|群号)?|扣扣(?:号|群)?|企鹅号|[Qq]群",
    "wechat": r"微信(?:号|號|ID)?|薇信(?:号)?|(?<![A-Za-z])(?:we ?chat|weixin|wx|vx)(?:[ _-]?id|号)?",
    "phone": (
        r"电话|電話|手机|手機|座机|固话|联系方式|联络方式|热线|熱線|专线|传真|傳真|联系人|致电|拨打|客服|投诉|咨询|总机"
        r"|(?<![A-Za-z])(?:tele)?phone|(?<![A-Za-z])(?:tel|mobile|cell|fax|hotline|whatsapp|call|dial|contact"
        r"|ph)(?: us)?(?: at| on)?"
    ),
}  # fmt: skip
# Where a label may begin: a word of letters, or a character of the Chinese ones. So it is looked for at few places.
_INITIAL = "".join(sorted({char for words in _LABELS.values() for char in words if char >= "\u4e00"}))
_LABEL = re.compile(
    rf"(?:(?<![A-Za-z])(?=[A-Za-z])|(?=[{_INITIAL}]))(?:"
    + "|".join(f"(?P<{kind}>{words})" for kind, words in _LABELS.items())
    + r") ?(?:号码|號碼|号|號|码|number|no|nr|id"
    r"|ID)?(?:[ ]?[\(\[][^\(\)\[\]\d]{0,12}[\)\]])?(?:[ .:#=*|_\"'>、为為是]|is|was|of|at|No\b){0,6}$",
    re.IGNORECASE,
)
# Numbers that say by their label what they are, and are nobody's.
_OTHERWISE = re.compile(
    r"(?:10\.\d{4,9}/\S*|第|ISBN(?:-1[03])?|ISSN|PMC?ID|DOI|CAS|ORCID|NCT|ChiCTR|CNKI|UPC|EAN|GTIN|IMEI|VIN|SKU|OID|UDI|GenBank|Ensembl|RefSeq|UniProt|OMIM"
    r"|Accession|arXiv|EudraCT|GB|ISO|IEC|RFC|IEEE|DIN|build|version|revision|patent|tracking|order|invoice|issue|ticket"
    r"|serial|part|model|block|timestamp|seed|hash|ticker|gene ID|准字|书号|刊号|文号|号令|单号|订单|运单"
    r"|快递|流水|条码|条形码|专利|申请|公告|注册"
    r"|备案|许可|批准|批号|编号|货号|型号|序列号|基金|代码|证书|标准|信用代码|税号|发票|项目|区块|时间戳|版本|邮编|邮政编码|合同|工单|商品|产品|学号|工号|房号|门牌|机构|组织"
    r"|(?:zip|postal)(?: code)?|登记证|凭证)"
    r"(?:代码|编码|号码|号|码)?(?:[ :#\.=\(为是]|No\.?|number|ID){0,4}[A-Z]{0,4}$",
    re.IGNORECASE,
)
# Where a label says that a telephone follows, fewer digits are enough.
_TELEPHONE = re.compile(
    r"(?:0\d{2,3}[ -]?\d{7,8}|0\d{3,4}[ -]\d{3}[ -]?\d{3,4}|0\d{2}[ -]\d{4}[ -]\d{4}|[48]00[ -]?\d{3}[ -]?\d{4}"
    r"|(?:1[ .-]?)?[2-9]\d\d[ .-]?\d{3}[ .-]?\d{4}|86-\d{2,3}-\d{7,8}|(?!0)\d{2,3}-\d{1,3}-\d{3,4}-\d{4}"
    r"|00\d{1,3}(?:[ -]\d{2,5}){2,4}|00\d{9,13}"
    r"|1(?: ?[3-9](?: ?\d){9}|-?[3-9](?:-?\d){9}|\.?[3-9](?:\.?\d){9})"
    rf"|[2-9]\d{{3}}[ -]\d{{4}}|[2-9]\d\d-\d{{4}}|[2-9]\d{{6,7}}){EXTENSION}{AFTER}{UNIT}"
)
_IN_BRACKETS = re.compile(rf"\(0\d{{2,3}}\)[ -]?[2-9]\d{{6,7}}{EXTENSION}{AFTER}")
_ACCOUNT = re.compile(r"[1-9]\d{4,11}(?![A-Za-z0-9_])(?!\.\d)")
_CALLS = re.compile(r"(?:call|dial|contact)(?: us)?(?: at| on)?\s*$", re.IGNORECASE)
_PREFIX = re.compile(
    r"(?<![A-Za-z])(?!(?:QQ|SSN|MRN|VX|WX|NO|ID|TEL|FAX|IS|AT|CALL|PH|NHS|UHID|IBAN)-?$)[A-Za-z]{1,5}-?$", re.IGNORECASE
)


def _begin(text: str, at: int) -> int:
    """Where the value begins whose digits begin at `at`: before up to 5 letters and a hyphen that are no label."""
    match = _PREFIX.search(text, max(0, at - 7), at)
    return match.start() if match else at


def labelled(text: str, at: int) -> str | None:
    """The kind that a label right before `at` announces."""
    before = text[max(0, at - 40) : _begin(text, at)].rpartition("\n")[2]
    match = _LABEL.search(before)
    if match is None:
        return None
    if match.lastgroup in ("bank_card", "phone", "id_card") and _OTHERWISE.search(before):
        return None
    return match.lastgroup


def is_otherwise(before: str) -> bool:
    """Whether `before` ends by saying that the number behind it is nobody's: of an order, a licence, a book."""
    return _OTHERWISE.search(before) is not None


def announced(label: str, window: Window) -> Iterator[Span]:
    """What `label` announces in `window`, where the value fits it."""
    text, at = window.text, window.at
    if label in ("phone", "wechat"):  # a chat account may be a telephone number
        match = _TELEPHONE.match(text, at) if label == "phone" else None
        if match and match.group().isdigit() and len(match.group()) < 10 and _CALLS.search(text, 0, at):
            return  # of a function, at an address
        opened = at - 1 if at and text[at - 1] == "(" else at
        if match is None and opened < at and label == "phone":
            match = _IN_BRACKETS.match(text, opened)
        if match:
            yield Span(match.start(), match.end(), "phone")
        return
    if label == "qq":
        match = _ACCOUNT.match(text, at)
        if match:
            yield Span(at, match.end(), label)
        return
    begin = _begin(text, at)
    token = _TOKEN.match(text, begin)
    spaced = _SPACED.match(text, at)
    match = spaced if spaced and (token is None or spaced.end() > token.end()) else token
    if match is None:
        return
    value = re.sub(r"[ -]", "", match.group())
    if _fits(label, value):
        yield Span(match.start(), match.end(), label)


def _fits(label: str, value: str) -> bool:
    digits = sum(char.isdigit() for char in value)
    if value[:2].upper() == "X0" or re.match(r"(?:19|20)\d\dSR", value):  # a pseudonym; a copyright of software
        return False
    match label:
        case "id_card":
            return (
                bool(re.fullmatch(r"\d{15}|\d{17}[\dXx]|[A-Z][12]\d{8}|[A-Z]\d{6}[\dA]", value)) and value[:2] != "99"
            )
        case "ssn":
            return bool(re.fullmatch(r"(?!000|666|9\d\d)\d{9}", value))
        case "passport":
            return bool(re.fullmatch(r"[A-Za-z]{0,2}\d{6,9}[A-Z]?|[HM]\d{10}", value))
        case "bank_card":
            return bool(re.fullmatch(r"(?!0000)\d{12,21}|[A-Z]{2}\d{2}[A-Z0-9]{11,28}", value))
        case "medical_number" | "insurance_number" | "case_number":
            return digits >= 4 and len(value) <= 24
    return False
