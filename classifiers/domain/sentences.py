"""Passages of the four domains, put together from sentences and terms that were written for Curate."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve().parent
QUALITY = HERE.parent / "quality" / "written"
DOMAINS = ("medical", "law", "finance", "general")

# The sentences of the quality judge, by the names of their groups; what is not named here is general. Left out are
# groups that belong to no side (the state's own reports, traditional characters of everything), and two that have the
# form of a source which is held out (dc_law).
_GROUPS = {
    "statute": None, "court": "law", "council and agency": None, "法律条文": "law", "司法": "law",
    "central bank": "finance", "company reports": "finance", "markets and policy": "finance",
    "税务与监管": "finance", "财经快讯": "finance", "经济评论": "finance", "公司动态": "finance",
    "医学": "medical",
    "science": None, "政务报告": None, "公司与职场": None, "繁體": None, "问答与指令": None, "生活": None,
    "短讯与标题": None, "时事与社会": None, "短问短答": None, "随笔与问题": None,
}  # fmt: skip

_BLANK = re.compile(r"\{(\w+)\}")
_HEADING = re.compile(r"\[([^\[\]{}]+)\]")
_LIST = "="  # a heading [=name] lists what may stand for the blank {name}
_LISTS = {"terms": "tsu", "terms more": "tsu", "herbs": "h", "formulas": "f", "signs": "g"}

_SAME = ("t", "s", "u", "word", "name", "city", "brand", "year", "date")
TERMS, NEUTRAL, GLOSSES = "terms", "neutral", "glosses"  # families beside the groups of sentences

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
Chosen = Callable[[str], bool]


def _every(_: str) -> bool:
    return True


class Written:
    """The groups of sentences and the lists of terms of one domain in one language, of them those that are chosen."""

    def __init__(
        self, domain: str, lang: str, *, held_out: bool, families: Chosen = _every, terms: Chosen = _every
    ) -> None:
        groups = list(_read(HERE / "written" / f"{domain}.{lang}.txt"))
        self.lang, self.domain, self.part = lang, domain, f"{held_out}"
        lists: dict[str, list[str]] = {}
        for name, lines in groups:
            for blank in (name[1:],) if name.startswith(_LIST) else _LISTS.get(name, ""):
                lists.setdefault(blank, []).extend(term for line in lines for term in line.split("|") if terms(term))
        self.lists: Mapping[str, Sequence[str]] = lists
        own = [(name, lines) for name, lines in groups if name not in _LISTS and not name.startswith(_LIST)]
        own += [
            (name, lines) for name, lines in _read(QUALITY / f"{lang}.txt") if _GROUPS.get(name, "general") == domain
        ]
        self.groups = [(name, lines) for name, lines in _kept(own, held_out) if families(name)]
        self.neutral = _kept(_read(HERE / "written" / f"neutral.{lang}.txt"), held_out)
        glosses = HERE / "glosses" / f"{domain}.{lang}.txt"
        lines = glosses.read_text(encoding="utf-8").splitlines()[1:] if glosses.is_file() else []
        self.glosses = [line for line in lines if is_held_out(line) == held_out and terms(line)]

    @property
    def kinds(self) -> Sequence[str]:
        """The families of passages: the groups of sentences, and terms, dictionary's entries, sentences of no trade."""
        return [*(name for name, _ in self.groups), TERMS, *([GLOSSES] if self.glosses else []), NEUTRAL]

    def passage(self, family: str, number: int) -> str:
        """The passage of that number: 20 to 1,500 characters of one family."""
        random = Random(f"{self.domain} {self.lang} {family} {self.part} {number}")
        size = int(20 * (1500 / 20) ** random.random())
        if family == TERMS:
            words = random.sample(self.lists["t"], random.randint(2, 12))
            return random.choice("，、；\n " if self.lang == "zh" else ",;\n ").join(words)
        if family == GLOSSES:
            return _entries(random.sample(self.glosses, random.randint(1, 8)), random)
        if family == NEUTRAL:
            lines: Sequence[str] = random.choice([lines for _, lines in self.neutral])
        else:
            lines = dict(self.groups)[family]
        return self.joined(random.sample(lines, len(lines)), size, random)

    def joined(self, pool: Sequence[str], size: int, random: Random) -> str:
        """Sentences of `pool`, in its order and from its start again, until there are `size` characters."""
        joint = random.choice(("", "\n") if self.lang == "zh" else (" ", "\n"))
        text = ""
        while len(text) < size:
            for line in pool:
                text += (joint if text else "") + self.filled(line, random)
                if len(text) >= size:
                    break
        return text

    def filled(self, line: str, random: Random) -> str:
        """`line` with its blanks filled in: terms and names alike within a sentence, numbers and what is listed not."""
        same: dict[str, str] = {}

        def fact(blank: re.Match[str]) -> str:
            kind = blank[1][:1].lower() + blank[1][1:] if blank[1][:1].isupper() else blank[1]
            found = same.get(kind) or self._fact(kind, random)
            if kind in _SAME:
                same[kind] = found
            return found[:1].upper() + found[1:] if kind != blank[1] else found

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


def _entries(lines: Sequence[str], random: Random) -> str:
    """Entries of a dictionary, with their words or what they mean alone."""
    if random.random() < 0.4:
        lines = [line.partition(": ")[2] for line in lines]
    return random.choice((" ", "\n")).join(lines)


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
