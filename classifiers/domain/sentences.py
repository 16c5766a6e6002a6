"""Passages of the four domains, put together from sentences and terms that were written for Curate."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve().parent
QUALITY = HERE.parent / "quality" / "written"
DOMAINS = ("medical", "law", "finance", "general")

# The sentences of the quality judge, by the names of their groups; what is not named here is general. Left out are
# groups that belong to no side: the state's own reports, and traditional characters of everything.
_GROUPS = {
    "statute": "law", "court": "law", "council and agency": "law", "法律条文": "law", "司法": "law",
    "central bank": "finance", "company reports": "finance", "markets and policy": "finance",
    "税务与监管": "finance", "财经快讯": "finance", "经济评论": "finance", "公司动态": "finance",
    "医学": "medical",
    "science": None, "政务报告": None, "公司与职场": None, "繁體": None, "问答与指令": None, "生活": None,
    "短讯与标题": None, "时事与社会": None, "短问短答": None, "随笔与问题": None,
}  # fmt: skip

# Old books of medicine and statutes about money read like other old books and other statutes: they need more proof.
_WEIGHTS = {"中医": 3, "古籍": 4, "金融法规": 2, "监管": 2}

_BLANK = re.compile(r"\{(\w+)\}")
_HEADING = re.compile(r"\[([^\[\]{}]+)\]")
_LISTS = {"terms": "tsu", "terms more": "tsu", "herbs": "h", "formulas": "f", "signs": "g"}

_NAMES = {
    "en": "Anna Miller|John Porter|Samuel Lee|Maria Gonzalez|Kevin Wood|Laura Becker|Omar Haddad|Priya Nair|Tom Evans",
    "zh": "张伟|李娜|王强|刘芳|陈静|杨洋|赵敏|周涛|吴某|孙丽|马超|郑某某|小明|钱某",
}
_CITIES = {
    "en": "Boston|Denver|Leeds|Austin|Toronto|Perth|Bristol|Chicago|Dublin|Seattle|Delaware|New York|London",
    "zh": "北京|上海|广州|深圳|成都|杭州|武汉|西安|南京|郑州|长沙|青岛|苏州|合肥|昆明",
}
_BRANDS = {
    "en": "Nordale|Zentro|Kivana|Apexon|Lumira|Portex|Quill|Vantiq|Orsen|Maplecraft|Bluefin",
    "zh": "美尔康|诺维|金鹿|云帆|海蓝|天悦|华玉|博雅|新源|佳丽|东岳|中联|长盛|鼎泰",
}
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"

Groups = Sequence[tuple[str, Sequence[str]]]


class Written:
    """The groups of sentences and the lists of terms of one domain in one language."""

    def __init__(self, domain: str, lang: str, *, held_out: bool) -> None:
        groups = list(_read(HERE / "written" / f"{domain}.{lang}.txt"))
        self.lang, self.domain, self.part = lang, domain, f"{held_out}"
        lists: dict[str, list[str]] = {}
        for name, lines in groups:
            for blank in _LISTS.get(name, ""):
                lists.setdefault(blank, []).extend(term for line in lines for term in line.split("|"))
        self.lists: Mapping[str, Sequence[str]] = lists
        own = [(name, lines) for name, lines in groups if name not in _LISTS]
        own += [
            (name, lines) for name, lines in _read(QUALITY / f"{lang}.txt") if _GROUPS.get(name, "general") == domain
        ]
        self.groups = _kept(own, held_out)
        self.neutral = _kept(_read(HERE / "written" / f"neutral.{lang}.txt"), held_out)

    def passage(self, number: int) -> str:
        """The passage of that number: 20 to 1,500 characters of one genre, some with a second one, a third of sentences
        that every domain has, some of terms alone."""
        random = Random(f"{self.domain} {self.lang} {self.part} {number}")
        size = int(20 * (1500 / 20) ** random.random())
        kind = random.random()
        if kind < 0.1:
            words = random.sample(self.lists["t"], random.randint(2, 12))
            return random.choice("，、；\n " if self.lang == "zh" else ",;\n ").join(words)
        pool: list[str] = []
        groups = self.neutral if kind < 0.42 else self.groups
        sizes = [len(lines) * _WEIGHTS.get(name, 1) for name, lines in groups]
        for _, lines in random.choices(groups, sizes, k=1 if random.random() < 0.7 else 2):
            pool += random.sample(lines, len(lines))
        joint = random.choice(("", "\n") if self.lang == "zh" else (" ", "\n"))
        text = ""
        while len(text) < size:
            for line in pool:
                text += (joint if text else "") + self.filled(line, random)
                if len(text) >= size:
                    break
        return text

    def filled(self, line: str, random: Random) -> str:
        """`line` with its blanks filled in, the same blank alike within a sentence but for herbs and signs."""
        same: dict[str, str] = {}

        def fact(blank: re.Match[str]) -> str:
            kind = blank[1]
            if kind.lower() not in same or kind in ("h", "g", "n", "nn"):
                same[kind.lower()] = self._fact(kind.lower(), random)
            found = same[kind.lower()]
            return found[:1].upper() + found[1:] if kind.isupper() else found

        return _BLANK.sub(fact, line)

    def _fact(self, kind: str, random: Random) -> str:
        zh = self.lang == "zh"
        if kind in self.lists:
            return random.choice(self.lists[kind])
        match kind:
            case "word":
                return random.choice(self.lists["t"])
            case "name":
                return random.choice(_NAMES[self.lang].split("|"))
            case "city":
                return random.choice(_CITIES[self.lang].split("|"))
            case "brand":
                return random.choice(_BRANDS[self.lang].split("|"))
            case "n":
                return str(random.randint(1, 99))
            case "nn":
                return f"{random.randint(100, 99999):,}" if random.random() < 0.4 else str(random.randint(100, 999999))
            case "year":
                return str(random.randint(1975, 2025))
            case "date":
                year, month, day = random.randint(1990, 2025), random.randint(1, 12), random.randint(1, 28)
                return f"{year}年{month}月{day}日" if zh else f"{_MONTHS.split('|')[month - 1]} {day}, {year}"
        raise ValueError(f"the sentences have a blank {{{kind}}}, which nothing fills")


def is_held_out(line: str) -> bool:
    """One sentence in eight is kept from the training, to calibrate on."""
    return blake2b(line.encode(), digest_size=1).digest()[0] < 256 / 8


def _kept(groups: Groups, held_out: bool) -> Groups:
    some = [(name, [line for line in lines if is_held_out(line) == held_out]) for name, lines in groups]
    return [(name, lines) for name, lines in some if lines]


def _read(path: Path) -> list[tuple[str, list[str]]]:
    groups: list[tuple[str, list[str]]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if heading := _HEADING.fullmatch(line):
            groups.append((heading[1], []))
        elif line and not line.startswith("# "):
            groups[-1][1].append(line)
    return groups
