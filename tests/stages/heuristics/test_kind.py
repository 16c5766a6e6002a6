"""Kind: what a document is made of is told from its lines, in Chinese as in English."""

# ruff: noqa: E501

from __future__ import annotations

import inspect
import json
import textwrap
from pathlib import Path

import polars as pl
import pytest

from curate.stage import measured
from curate.stages.heuristics.kind import SHARES, Kind
from tests.stages.documents import of_texts

DATA = Path(__file__).parents[4] / "shared" / "data"


def kind(text: str | None, declared: str = "prose") -> str:
    return str(measured(Kind(), of_texts([text], kind=declared))["kind"][0])


STATUTE = "\n".join(
    f"第{n}条 {who}违反本法规定的，由县级以上人民政府{office}部门责令改正；情节严重的：\n（一）责令停业；\n（二）处以罚款。"
    for n, (who, office) in enumerate(
        [("生产者", "市场监督管理"), ("销售者", "商务"), ("运输企业", "交通运输"), ("医疗机构", "卫生健康")], 11
    )
)
CODE_LAW = "\n".join(
    f"§ {n}. Duties of {who}.\n(a) Each {who} shall keep a record of every sale;\n(1) the date of the sale; and\n(2) the name of "
    f"the buyer.\n(b) The record shall be open to inspection at all reasonable times."
    for n, who in enumerate(["dealer", "broker", "pharmacist"], 101)
)
DAFFODILS = """I wandered lonely as a cloud
That floats on high o'er vales and hills,
When all at once I saw a crowd,
A host, of golden daffodils;
Beside the lake, beneath the trees,
Fluttering and dancing in the breeze."""
MODERN_VERSE = "轻轻的我走了\n正如我轻轻的来\n我轻轻的招手\n作别西天的云彩\n那河畔的金柳\n是夕阳中的新娘\n波光里的艳影\n在我的心头荡漾"
UNMARKED_VERSE = "床前明月光\n疑是地上霜\n举头望明月\n低头思故乡"
TANG = "春眠不覺曉，處處聞啼鳥。\n夜來風雨聲，花落知多少。"
ANALECTS = "子曰：「學而時習之，不亦說乎？有朋自遠方來，不亦樂乎？人不知而不慍，不亦君子乎？」有子曰：「其為人也孝弟，而好犯上者，鮮矣。」"
MEDICINE = "太阳病，头痛发热，身疼腰痛，骨节疼痛，恶风无汗而喘者，麻黄汤主之。若脉微弱，汗出恶风者，不可服之，服之则厥逆，筋惕肉瞤，此为逆也。"
NEWS = "央行昨日宣布下调存款准备金率0.5个百分点，释放长期资金约1万亿元。分析人士指出，此举将降低银行的资金成本，支持实体经济。"
ARTICLE = """# How to read a file

Reading a file in Python takes one line. Open it with a context manager, so that it is closed even when something goes
wrong while you read. The example below counts words.

```python
with open("book.txt") as file:
    print(len(file.read().split()))
```

Large files should be read line by line. A generator keeps the memory that you need small, however long the file is,
and the rest of the program does not have to know about it.
"""
ANOTHER = """# 如何读取文件

在 Python 中读取文件只需要一行代码。使用上下文管理器打开文件，这样即使读取时出错，文件也会被关闭。下面的例子统计单词数：

```python
print(len(open("book.txt").read().split()))
```

大文件应当逐行读取。生成器可以让占用的内存保持很小，而程序的其余部分不需要知道这一点。
"""
SHELL = """#!/bin/bash
# Copies the newest backups to the second machine.
set -euo pipefail
for file in $(ls -t /var/backups/*.gz | head -n 5); do
    scp "$file" backup@example.org:/srv/backups/
    echo "copied $file"
done
"""
SQL = """SELECT p.name, COUNT(*) AS visits
FROM patients AS p
JOIN visits AS v ON v.patient_id = p.id
WHERE v.date >= '2020-01-01'
GROUP BY p.name
ORDER BY visits DESC;
"""
JAVA = """package com.example;

/**
 * 计算两个日期之间的天数。
 */
public class Days {
    private final LocalDate start;

    public Days(LocalDate start) {
        this.start = start;
    }

    // 结束日期不包含在内
    public long until(LocalDate end) {
        return ChronoUnit.DAYS.between(start, end);
    }
}
"""
JSON = json.dumps({"name": "curate", "files": ["a.txt", "b.txt"], "sizes": {"a": 1, "b": 22}}, indent=2)
ABSTRACT = "Of 412 patients aged >= 65 years, 48 (11.7%) died within 30 days. Mortality was higher with frailty (OR = 2.31, 95% CI = 1.42-3.76, p < 0.001) and lower in those who were treated early (HR = 0.64, 95% CI = 0.47-0.88, p = 0.006); there was no difference between the sexes (p = 0.43). We conclude that frailty should be part of the decision on treatment."
CHINESE_ABSTRACT = "共纳入412例65岁以上患者，30天内死亡48例（11.7%）。衰弱患者病死率更高（OR=2.31，95%CI=1.42~3.76，P<0.001），早期治疗者较低（HR=0.64，P=0.006），男女之间差异无统计学意义（P=0.43）。因此衰弱程度应当作为治疗决策的一部分，并在入院时加以评估和记录。"
PHONES = "经审理查明，2014年2月，被告人王某在互联网上购买手机多部及号码为18301731112、18780022577、13764421112、13764321116、18782060918的电话卡多张，后在各地张贴广告，被公安机关抓获。"
TEX = r"""Let $f$ be continuous on $[a, b]$. By definition,
\[ \int_a^b f(x)\,dx = \lim_{n \to \infty} \sum_{i=1}^{n} f(x_i)\,\Delta x. \]
Hence $F'(x) = f(x)$, and
\begin{equation}
  \int_a^b f(x)\,dx = F(b) - F(a).
\end{equation}"""
SOLUTION = """解：设甲的速度为x千米/时，则乙的速度为(x+2)千米/时。
由题意得 3x + 3(x+2) = 66
6x + 6 = 66
6x = 60
∴ x = 10，x + 2 = 12
答：甲的速度为10千米/时，乙的速度为12千米/时。"""
STEPS = "She sold 48/2 = <<48/2=24>>24 clips in May.\nAltogether she sold 48+24 = <<48+24=72>>72 clips.\n#### 72"
MARKDOWN_TABLE = "| 药品 | 剂量 | 用法 |\n|---|---|---|\n| 阿莫西林 | 500 mg | 口服 |\n| 布洛芬 | 200 mg | 口服 |"
REPORT = "(in millions)      2019      2018\nRevenue          14,182    13,860\nCost of sales     7,227     7,321\nGross profit      6,955     6,539"
CSV = "name,city,year,count\nAnna,Berlin,1999,12\nPaul,Wien,2003,7\nLi,Shanghai,2010,44"
TSV = "股票\t收盘价\t涨幅\n平安银行\t12.35\t1.2%\n招商银行\t33.10\t0.8%"
BULLETS = "- 2 cups all-purpose flour\n- 1 teaspoon baking powder\n- half a teaspoon of salt\n- 3 eggs"
NUMBERED = (
    "1、山东省消防条例\n2、河南省固体废物污染环境防治条例\n3、郑州市地方立法条例\n4、聊城市城镇容貌和环境卫生管理条例"
)
NAVIGATION = "首页\n关于我们\n联系我们\n登录\n注册\n新闻中心\n人才招聘\n友情链接"
MENU = "Home\nAbout us\nProducts\nContact\nPrivacy policy\nTerms of use\nNewsletter"
CONSULTATION = "患者：我昨天开始发烧，38度5，还有点咳嗽。\n医生：有没有接触过流感病人？\n患者：没有。\n医生：先查一个血常规，多喝水。"
INTERVIEW = "Anna: When did you start?\nMr. Brown: In 1999, with two friends.\nAnna: And how did it go?\nMr. Brown: Slowly at first. Nobody wanted it."
QUESTIONS = "Q: What is hypertension?\nA: It is blood pressure that stays above 140/90.\n\nMost people feel nothing of it.\n\nQ: Is it dangerous?\nA: Yes."
RECORDS = "\n".join(
    f"方名：{name}\n药物：{herbs}\n功效：{use}" for name, herbs, use in
    [("麻黄汤", "麻黄、桂枝、杏仁、甘草，水煎服。", "发汗解表，宣肺平喘。"), ("桂枝汤", "桂枝、芍药、生姜，水煎服。", "解肌发表。"),
     ("小青龙汤", "麻黄、芍药、细辛，水煎服。", "温肺化饮。")]
)  # fmt: skip
STORY = "黄帝问道：有患病的人，应当如何诊断呢？\n岐伯回答说：应当先诊他的脉搏。\n黄帝说：好。那么人睡卧不能安宁，是什么原因？\n岐伯说：五脏有所伤及。"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STATUTE, "prose"), (CODE_LAW, "prose"), (DAFFODILS, "prose"), (MODERN_VERSE, "prose"), (NEWS, "prose"),
        (ARTICLE, "prose"), (ANOTHER, "prose"), (ABSTRACT, "prose"), (CHINESE_ABSTRACT, "prose"), (PHONES, "prose"), (RECORDS, "prose"), (STORY, "prose"), (UNMARKED_VERSE, "prose"),
        ("A short note about nothing.", "prose"), ("", "prose"), (" \n\t\n", "prose"),
        (SHELL, "code"), (SQL, "code"), (JAVA, "code"), (JSON, "code"), (inspect.getsource(textwrap), "code"),
        (TEX, "maths"), (SOLUTION, "maths"), (STEPS, "maths"),
        (MARKDOWN_TABLE, "table"), (REPORT, "table"), (CSV, "table"), (TSV, "table"),
        (BULLETS, "list"), (NUMBERED, "list"), (NAVIGATION, "list"), (MENU, "list"),
        (CONSULTATION, "dialogue"), (INTERVIEW, "dialogue"), (QUESTIONS, "dialogue"),
        (ANALECTS, "classical"), (MEDICINE, "classical"),
    ],
)  # fmt: skip
def test_what_a_document_is_made_of_is_told(text: str, expected: str) -> None:
    assert kind(text) == expected


def test_verse_is_no_list() -> None:
    assert {kind(text) for text in (TANG, DAFFODILS, MODERN_VERSE, UNMARKED_VERSE)} <= {"prose", "classical"}


def test_a_kind_that_the_source_declared_stays_and_its_shares_are_measured_all_the_same() -> None:
    assert kind(SQL, declared="table") == "table"
    done = measured(Kind(), of_texts([SQL, None], kind="dialogue"))
    assert done["kind"].to_list() == ["dialogue", "dialogue"]
    assert done["code_share"].to_list() == [1.0, None]  # null text: null shares


def test_traditional_characters_are_as_classical_as_simplified_ones() -> None:
    simplified = "学而时习之，不亦说乎？其为人也孝弟，而好犯上者，鲜矣。"
    traditional = "學而時習之，不亦說乎？其為人也孝弟，而好犯上者，鮮矣。"
    shares = measured(Kind(), of_texts([simplified, traditional]))["classical_share"].to_list()
    assert shares[0] == shares[1] > 0.9


def test_shares_are_of_the_width_and_a_chinese_character_is_two_wide() -> None:
    done = measured(Kind(), of_texts(["x_1 = get_y(); // 取值\n药到病除是不是真的呢。"]))
    assert done["code_share"][0] == pytest.approx(22 / 44, abs=0.01)


def test_shares_stay_between_nothing_and_one_whatever_the_bytes_are() -> None:
    texts = [
        STATUTE,
        SHELL,
        TEX,
        CSV,
        CONSULTATION,
        "：：：：\n::::",
        "```",
        '"""',
        "$" * 50,
        "|" * 50,
        "\u3000" * 9,
        "🙂\n" * 20,
    ]
    texts += [text[cut:] for text in (ARTICLE, JAVA, ANALECTS) for cut in range(1, 60, 7)]
    done = measured(Kind(), of_texts(texts))
    for name in SHARES:
        assert done[name].is_between(0, 1).all()


# Permissive sources; performance/kinds.py weighs many more.
@pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not there")
@pytest.mark.parametrize(
    ("path", "kinds", "least"),
    [
        ("corpora/general/en/standard_ebooks", {"prose"}, 0.97),
        ("corpora/medical/en/medquad", {"prose"}, 0.97),
        ("corpora/general/zh/history_modern_translation", {"prose"}, 0.96),
        ("corpora/medical/zh/toyhom_internal_csv", {"prose"}, 0.97),
        ("corpora/general/zh/poetry", {"prose", "classical"}, 0.99),
        ("corpora/general/zh/classic_novels", {"prose", "classical"}, 0.97),
    ],
)
def test_corpora_are_of_their_kind(path: str, kinds: set[str], least: float) -> None:
    texts = pl.read_ndjson(DATA / f"{path}.jsonl.zst", n_rows=200)["text"].to_list()
    found = measured(Kind(), of_texts(texts))["kind"]
    assert found.is_in(sorted(kinds)).mean() >= least
