"""Documents of which it is known, from where they come or how they were made, of what kind they are.

Each set is (name, language, the kinds that are right, texts). What is partly code by its marks (fences, indented
blocks) is labelled by them where they cover under 35 % or over 65 % of it, and left out between. Tables, lists and
dialogues are made of rows of the data, in several layouts each.
"""

from __future__ import annotations

import csv
import inspect
import io
import json
import re
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from curate.document import share_of


class Labelled(NamedTuple):
    name: str
    lang: str
    kinds: frozenset[str]
    texts: list[str]


def labelled(data: Path, most: int) -> Iterator[Labelled]:
    """Every set for which there is something to read; of each at most `most` documents, by hash."""

    def some(texts: Sequence[str], number: int = most) -> list[str]:
        return sorted((text for text in texts if text.strip()), key=share_of)[:number]

    def of(name: str, lang: str, kinds: str, texts: Sequence[str]) -> Iterator[Labelled]:
        if found := some(texts):
            yield Labelled(name, lang, frozenset(kinds.split("|")), found)

    def read(path: str) -> list[str]:
        return rows(data / "corpora" / f"{path}.jsonl.zst", "text")

    for path, lang, kinds in (
        ("general/en/standard_ebooks", "en", "prose"),
        ("finance/en/fed_speeches", "en", "prose"),
        ("law/en/dc_law", "en", "prose"),
        ("medical/en/medquad", "en", "prose"),
        ("law/zh/prc_laws", "zh", "prose"),
        ("finance/zh/prc_finance_regulations", "zh", "prose"),
        ("finance/zh/fincuge_news", "zh", "prose"),
        ("finance/zh/wind_daily", "zh", "prose"),
        ("general/zh/history_modern_translation", "zh", "prose"),
        ("medical/zh/toyhom_internal_csv", "zh", "prose"),
        ("general/zh/classic_novels", "zh", "prose|classical"),
        ("general/zh/poetry", "zh", "prose|classical"),
        ("medical/zh/tcm_ancient_books", "zh", "classical"),
    ):
        yield from of(Path(path).name, lang, kinds, read(path))
    for path, lang, shared in (
        ("general/en/eips", "en", fenced),
        ("general/en/peps", "en", indented),
        ("general/en/lctt_en", "en", fenced),
        ("general/zh/lctt_zh", "zh", fenced),
    ):
        texts = read(path)
        yield from of(
            f"{Path(path).name}, text",
            lang,
            "prose",
            [text for text in texts if shared(text) < 0.35 and indented(text) < 0.35 and is_(text, lang)],
        )
        if shared is fenced:
            yield from of(
                f"{Path(path).name}, mostly code", lang, "code", [text for text in texts if fenced(text) > 0.65]
            )
    tidb = rows(data / "dedup" / "zh_tidb_docs.jsonl.zst", "text")
    yield from of(
        "tidb docs, text",
        "zh",
        "prose",
        [t for t in tidb if fenced(t) + piped(t) + dashed(t) < 0.3 and "<td>" not in t],
    )
    yield from of("tidb docs, tables", "zh", "table", [text for text in tidb if piped(text) > 0.65])
    yield from code(of, data)
    yield from maths(of, data)
    yield from tables(of, data)
    yield from lists(of, data)
    yield from dialogues(of, data)


Of = Callable[[str, str, str, Sequence[str]], Iterator[Labelled]]


def code(of: Of, data: Path) -> Iterator[Labelled]:
    library, packages = Path(sysconfig.get_paths()["stdlib"]), Path(sysconfig.get_paths()["purelib"])
    for name, folder, pattern in (
        ("python", library, "*.py"),
        ("python of packages", packages, "*/*.py"),
        ("javascript", packages, "*/**/*.js"),
        ("css", packages, "*/**/*.css"),
        ("c headers", Path("/usr/include"), "*.h"),
        ("c++ headers", packages / "torch" / "include" / "ATen", "**/*.h"),
        ("html templates", packages, "*/**/*.html"),
        ("shell", Path("/usr/bin"), "*"),
        ("perl", Path("/usr/share/perl5"), "**/*.pm"),
        ("yaml and json", packages, "*/**/*.y*ml"),
    ):
        yield from of(name, "en", "code", list(files(folder, pattern, shell=name == "shell")))
    human = items(data, "humaneval")
    solved = [f"{item['question']}{item['answer']}" for item in human]
    yield from of("HumanEval", "en", "code", solved)
    comments = rows(data / "corpora/general/zh/history_modern_translation.jsonl.zst", "text")
    said = [line for text in comments[:50] for line in text.split("\n") if 5 < len(line) < 30]
    chinese = []
    for number, text in enumerate(solved):
        head, _, body = text.rpartition('"""')
        where = re.sub(r'"""[\s\S]*', f'"""{said[number]}"""', head, count=1)
        chinese.append(
            re.sub(r"\n(    \w)", lambda m, n=number: f"\n    # {said[n + 200]}\n{m[1]}", where + body, count=2)
        )
    yield from of("HumanEval, remarks in Chinese", "zh", "code", chinese)


def maths(of: Of, data: Path) -> Iterator[Labelled]:
    yield from of("GSM8K, answers", "en", "maths", [str(item["answer"]) for item in items(data, "gsm8k")])
    import mpmath.function_docs
    import sympy

    documented = [
        text for name, text in vars(mpmath.function_docs).items() if isinstance(text, str) and not name.startswith("_")
    ]
    yield from of(
        "mpmath, formulas of its documents", "en", "maths", [text for one in documented if (text := formulas(one))]
    )
    x, y = sympy.symbols("x y")
    functions = [x**k * f(a * x) for k in range(4) for a in (1, 2, 3) for f in (sympy.sin, sympy.cos, sympy.exp)]
    solved = [(sympy.latex(f), sympy.latex(sympy.diff(f, x)), sympy.latex(sympy.integrate(f, x))) for f in functions]
    english, chinese, plain = [], [], []
    for a, b, c in solved:
        whole = f"\\begin{{equation}}\n\\int f(x)\\,dx = {c} + C.\n\\end{{equation}}"
        english.append(f"Let $f(x) = {a}$. Then\n$$f'(x) = {b}.$$\nIntegrating, we get\n{whole}")
        chinese.append(f"设 $f(x)={a}$，则\n$$f'(x)={b}$$\n于是\n$$\\int f(x)\\,dx={c}+C.$$")
    for f in functions:
        g = f.subs(x, y)
        steps = f"解：f(x) = {f}\nf'(x) = {sympy.diff(f, x)}\n∫f(y)dy = {sympy.integrate(g, y)}"
        plain.append(steps.replace("**", "^").replace("*", " "))
    yield from of("derivatives and integrals", "en", "maths", english)
    yield from of("derivatives and integrals, in Chinese", "zh", "maths", chinese)
    yield from of("the same without TeX", "zh", "maths", plain)
    word = [text for text in (chinese_steps(str(item["answer"])) for item in items(data, "gsm8k")) if text]
    yield from of("GSM8K, the steps with Chinese words", "zh", "maths", word)


def tables(of: Of, data: Path) -> Iterator[Labelled]:
    reports = rows(data / "corpora/finance/en/tatqa_reports.jsonl.zst", "text")
    grids = [
        [[cell.strip() for cell in line.split("|")] for line in text.split("\n") if line.count("|") > 1]
        for text in reports
    ]
    grids = [grid for grid in grids if len(grid) > 3]
    yield from of("TAT-QA", "en", "table", [text for text in reports if piped(text) > 0.65])
    yield from of(
        "TAT-QA, paragraphs",
        "en",
        "prose",
        ["\n".join(line for line in text.split("\n") if "|" not in line) for text in reports],
    )
    poems = [text.split("\n") for text in rows(data / "corpora/general/zh/poetry.jsonl.zst", "text")]
    laws = rows(data / "corpora/law/zh/prc_laws.jsonl.zst", "text")
    named = [
        (text.split("\n")[0].strip("# "), m[0], str(text.count("条 ")))
        for text in laws
        if (m := re.search(r"\d{4}年\d+月\d+日", text))
    ]
    chinese = [
        [["标题", "作者", "字数"], *([p[0], p[1], str(len("".join(p)))] for p in poems[k : k + 12] if len(p) > 2)]
        for k in range(0, 1200, 12)
    ]
    chinese += [[["名称", "通过日期", "条数"], *map(list, named[k : k + 9])] for k in range(0, 900, 9)]
    for lang, some in (("en", grids), ("zh", chinese)):
        for name, draw in LAYOUTS.items():
            yield from of(f"table, {name}", lang, "table", [draw(grid) for grid in some])


Grid = list[list[str]]


def markdown(grid: Grid) -> str:
    rows = [f"| {' | '.join(row)} |" for row in grid]
    return "\n".join([rows[0], "|" + "---|" * len(grid[0]), *rows[1:]])


def separated(grid: Grid) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([*row, str(k)] for k, row in enumerate(grid))
    return out.getvalue()


def aligned(grid: Grid) -> str:
    widths = [24, *[12] * len(max(grid, key=len))]
    return "\n".join("".join(f"{cell:<{wide}}  " for cell, wide in zip(row, widths, strict=False)) for row in grid)


def html(grid: Grid) -> str:
    rows = ("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in grid)
    return "<table>\n" + "\n".join(rows) + "\n</table>"


LAYOUTS: dict[str, Callable[[Grid], str]] = {
    "Markdown": markdown,
    "tabs": lambda grid: "\n".join("\t".join(row) for row in grid),
    "commas": separated,
    "columns": aligned,
    "HTML": html,
}


def lists(of: Of, data: Path) -> Iterator[Labelled]:
    titles: dict[str, list[list[str]]] = {"en": [], "zh": []}
    peps = [
        m[1]
        for text in rows(data / "corpora/general/en/peps.jsonl.zst", "text")
        if (m := re.search(r"Title: (.+)", text))
    ]
    eips = [
        m[1]
        for text in rows(data / "corpora/general/en/eips.jsonl.zst", "text")
        if (m := re.search(r"title: (.+)", text))
    ]
    goods = [
        text.split("\n")[0].rsplit("?")[0].split(") ")[-1].strip()
        for text in rows(data / "corpora/medical/en/medquad.jsonl.zst", "text")
    ]
    books = [text.split("\n")[0] for text in rows(data / "corpora/general/zh/poetry.jsonl.zst", "text")]
    news = [
        text.split("\n")[0]
        for text in rows(data / "corpora/finance/zh/fincuge_news.jsonl.zst", "text")
        if len(text.split("\n")[0]) < 24
    ]
    laws = [text.split("\n")[0].strip("# ") for text in rows(data / "corpora/law/zh/prc_laws.jsonl.zst", "text")]
    for lang, sources in (("en", (peps, eips, goods)), ("zh", (books, news, laws))):
        for source in sources:
            titles[lang] += [
                some[k : k + 15]
                for some in [source[:900]]
                for k in range(0, len(some), 15)
                if len(some[k : k + 15]) > 5
            ]
    marks: dict[str, Callable[[int], str]] = {
        **{sign: (lambda k, sign=sign: sign) for sign in ("- ", "* ", "• ")},  # type: ignore[misc]
        "1. ": lambda k: f"{k}. ",
        "1、": lambda k: f"{k}、",
        "(1) ": lambda k: f"({k}) ",
        "no marks": lambda k: "",
    }
    for lang, some in titles.items():
        for name, mark in marks.items():
            texts = ["\n".join(f"{mark(k)}{entry}" for k, entry in enumerate(entries, 1)) for entries in some]
            if name == "no marks":  # questions are sentences, though nothing ends them
                texts = [text for text in texts if not re.search("^(What|How|Who|Is|Are|Do) ", text)]
            yield from of(f"list, {name.strip()}", lang, "list", texts)
    for lang, entries in MENUS.items():
        every = entries.split()
        yield from of("navigation", lang, "list", ["\n".join(every[k:] + every[:k]) for k in range(15)])


MENUS = {
    "en": "Home About Contact Login Register Help Privacy Terms Careers Press Blog Shop Cart Search Newsletter",
    "zh": "首页 关于我们 联系我们 登录 注册 帮助中心 隐私政策 使用条款 人才招聘 新闻中心 产品展示 购物车 搜索 网站地图",
}


def dialogues(of: Of, data: Path) -> Iterator[Labelled]:
    talks = [str(item["context"]) for item in items(data, "c3")]
    yield from of(
        "C3, conversations",
        "zh",
        "dialogue",
        [t for t in dict.fromkeys(talks) if len(re.findall(r"^[^\n：:]{1,4}[：:]", t, re.M)) > 1],
    )
    for path, lang, pairs in (
        (
            "medical/en_chatdoctor5k",
            "en",
            (("Patient: ", "Doctor: "), ("Q: ", "A: "), ("**User**: ", "**Assistant**: ")),
        ),
        ("general/en_alpaca", "en", (("Human: ", "AI: "), ("Anna: ", "Mr. Brown: "))),
        ("medical/zh_toyhom_internal", "zh", (("患者：", "医生："), ("问：", "答："), ("Q：", "A："))),
        ("law/zh_lawyer_llama", "zh", (("当事人：", "律师："), ("用户: ", "助手: "), ("张先生：", "李律师："))),
        ("general/zh_alpaca_translated", "zh", (("问题：", "回答："),)),
    ):
        turns = [[str(t["content"]) for t in talk] for talk in rows(data / "sft" / f"{path}.jsonl.zst", "messages")]
        turns = [talk for talk in turns if len(talk) > 1 and not any("|" in t or "```" in t for t in talk)]
        for one, other in pairs:
            joined = [talk + turns[(k * 7 + 1) % len(turns)] for k, talk in enumerate(turns[:3000])]
            texts = ["\n".join(f"{other if k & 1 else one}{said}" for k, said in enumerate(talk)) for talk in joined]
            yield from of(f"{Path(path).name}, {one.strip()}", lang, "dialogue", texts)


def rows(path: Path, column: str) -> list:  # type: ignore[type-arg]
    return pl.read_ndjson(path, infer_schema_length=None)[column].to_list() if path.exists() else []


def items(data: Path, benchmark: str) -> list[dict[str, object]]:
    path = data / "benchmarks" / benchmark / "items.jsonl.zst"
    return pl.read_ndjson(path, infer_schema_length=None).to_dicts() if path.exists() else []


def files(folder: Path, pattern: str, *, shell: bool) -> Iterator[str]:
    if not folder.exists():
        return
    for path in sorted(folder.glob(pattern))[:4000]:
        if path.is_file() and 200 < path.stat().st_size < 200_000:
            text = path.read_bytes()
            if b"\0" in text[:2000] or (shell and not text.startswith(b"#!/bin/")):
                continue
            yield text.decode("utf-8", "replace")


def is_(text: str, lang: str) -> bool:
    """Whether a text is in the language of its folder: some are not yet translated, some are already."""
    return (len(re.findall("[\u4e00-\u9fff]", text)) > len(text) / 10) == (lang == "zh")


def share(lines: Sequence[str], marked: Sequence[bool]) -> float:
    total = sum(map(len, lines))
    return sum(len(line) for line, is_so in zip(lines, marked, strict=True) if is_so) / total if total else 0.0


def fenced(text: str) -> float:
    inside, marked = False, []
    lines = text.split("\n")
    for line in lines:
        edge = line.strip().startswith(("```", "~~~"))
        marked.append(inside or edge)
        inside ^= edge
    return share(lines, marked)


def indented(text: str) -> float:
    lines = text.split("\n")
    return share(lines, [line.startswith(("    ", "\t")) for line in lines])


def piped(text: str) -> float:
    lines = text.split("\n")
    return share(lines, [line.count("|") > 1 for line in lines])


def dashed(text: str) -> float:
    lines = text.split("\n")
    return share(lines, [bool(re.match(r"\s*([-*+]|\d+\.) ", line)) for line in lines])


def formulas(text: str) -> str:
    """The displayed formulas of a docstring of mpmath, each with the paragraph that leads to it."""
    return "\n\n".join(
        part for part in re.findall(r"(?:[^\n]+\n)*.. math ::\n\n?(?:    .*\n|\n)+", inspect.cleandoc(text))
    )


def chinese_steps(answer: str) -> str:
    """The calculations of an answer of GSM8K, with Chinese words between."""
    steps = re.findall(r"<<([^>]+)>>", answer)
    words = ("第一步，先算：", "然后可得：", "因此总数为：", "再代入上式：")
    return "\n".join(f"{words[k % 4]}{step}。" for k, step in enumerate(steps)) if len(steps) > 1 else ""


if __name__ == "__main__":
    for one in labelled(Path("../shared/data"), 5):
        print(one.name, one.lang, sorted(one.kinds), len(one.texts), json.dumps(one.texts[0][:60], ensure_ascii=False))
