# ruff: noqa: E501 - templates, one a line
"""Keyword spam and lists that a machine filled in, from templates with slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from gibberish import Maker
from slots import filled, words

_JOINTS = {"en": (", ", " ", " | ", "\n", " - ", "; "), "zh": (" ", "，", "、", "\n", "|", "　", "")}


def _many(lang: str, size: int, random: Random, templates: Sequence[str], joints: Sequence[str]) -> str:
    parts: list[str] = []
    while sum(map(len, parts)) < size or len(parts) < 3:
        parts.append(filled(random.choice(templates), lang, random))
    return random.choice(joints).join(parts)


def place_and_trade(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """One or two trades in every city."""
    trades = random.sample(words(lang, "service"), random.choice((1, 1, 2)))
    form = random.choice(("{city} {x}", "{x} {city}", "{x} in {city}", "{praise} {x} {city}") if lang == "en" else
                         ("{city}{x}", "{city}{x}{ask}", "{city}{praise}{x}", "{x}{city}"))  # fmt: skip
    return _many(lang, size, random, [form.replace("{x}", trade) for trade in trades], _JOINTS[lang])


def searches(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """What people may search for, about one to four things."""
    things = random.sample(words(lang, random.choice(("thing", "service"))), random.randint(1, 4))
    forms = ("{praise} {x}", "{x} {ask}", "buy {x}", "{praise} {x} {ask}", "{x}", "{x} {city}", "{brand} {x}") if lang == "en" else (
        "{praise}{x}", "{x}{ask}", "{x}", "{city}{x}{ask}", "{brand}{x}", "{praise}{x}{ask}", "{x}{x}")  # fmt: skip
    forms = random.sample(forms, random.randint(2, 5))
    return _many(lang, size, random, [form.replace("{x}", thing) for form in forms for thing in things], _JOINTS[lang])


def tags(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Tags of all kinds: topics, goods, places, words of real text."""
    pool = [word for slot in ("topic", "thing", "city", "service", "brand") for word in words(lang, slot)]
    pool = random.sample(pool, min(len(pool), random.choice((8, 30, 200))))
    text = random.choice(clean)
    pool += text.split()[:20] if lang == "en" else [text[at : at + 2] for at in range(0, 40, 2)]
    parts: list[str] = []
    while sum(map(len, parts)) < size:
        parts.append(random.choice(pool).strip())
    joint = random.choice((" #", ", ", " ", "\n", " | ", "; "))
    return joint.strip(" ,\n|;") + joint.join(parts)


def stuffed(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Sentences about nothing but one thing and its name."""
    thing = random.choice(words(lang, random.choice(("thing", "service"))))
    forms = (
        "Looking for {praise} {x}?", "We offer {praise} {x} at {praise} {x} prices.", "Buy {x} {ask}, {x} {ask}.",
        "Our {x} is the {praise} {x} in {city}.", "Get your {x} today!", "If you need {x}, {praise} {x} is here.",
        "{x} {city} is your choice for {x}.", "Click here for {x} {ask}.", "Order {x} now and save on {x}.",
    ) if lang == "en" else (
        "您在找{praise}{x}吗？", "我们提供{praise}{x}，{x}{ask}。", "{city}{x}，{praise}{x}就找我们！", "{x}{ask}？{praise}{x}价格实惠。",
        "{brand}{x}是{city}{praise}的{x}。", "需要{x}请联系{brand}{x}。", "{x}批发，{x}厂家直销，{x}{ask}。", "欢迎来电咨询{x}，{x}热线{phone}。",
    )  # fmt: skip
    return _many(
        lang, size, random, [form.replace("{x}", thing) for form in forms], (" ", "\n") if lang == "en" else ("", "\n")
    )


def best(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """One or two templates of titles, filled in line by line."""
    forms = (
        "Best {thing} in {city}", "Top {n} {thing} for {topic} in {date}", "{n} {praise} {service} {city}",
        "How to choose a {thing} for {topic}", "{service} in {city} - call {phone}", "{brand} {thing} review: is it {praise}?",
        "Where to buy {praise} {thing} in {city}", "The {n} {praise} {topic} tips for {city}", "{city} {service} jobs",
        "{topic} for beginners in {city}", "{name}'s guide to {topic}", "Compare {thing} prices in {city}",
    ) if lang == "en" else (
        "{city}{praise}的{thing}推荐", "{date}{thing}排行榜前{n}名", "{city}{service}哪家{praise}", "如何选择{thing}？{n}个技巧",
        "{city}{service}电话：{phone}", "{brand}{thing}怎么样？{name}评测", "{city}哪里有{praise}{thing}卖", "{n}个{topic}小知识",
        "{city}{topic}招聘信息{nn}条", "{topic}入门：{city}{praise}课程", "{name}的{topic}笔记（{n}）", "{thing}价格对比_{city}{ask}",
    )  # fmt: skip
    return _many(
        lang,
        size,
        random,
        random.sample(forms, random.choice((1, 1, 2, 3))),
        ("\n", "\n", "\n", " | ", "；" if lang == "zh" else "; "),
    )


def catalogue(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Goods with codes and prices."""
    forms = (
        "{brand} {thing} {code} {colour} {price}", "{thing} - {colour} - {code} - {price} Add to cart", "{code} {brand} {thing} ({n} pcs) {price}",
        "{brand} {code} {thing}, {colour}, in stock", "{praise} {thing} {price} {praise} {brand}",
    ) if lang == "en" else (
        "{brand}{thing}{code} {colour} {price}", "{thing} {colour} {code} {price} 加入购物车", "{code} {brand}{thing}（{n}件装）{price}",
        "【{brand}】{thing}{colour}{praise}{price}", "{praise}{thing} 型号{code} 报价{price}",
    )  # fmt: skip
    return _many(lang, size, random, random.sample(forms, random.choice((1, 1, 2))), ("\n", "\n", " ", "  "))


def telephones(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Names with numbers and addresses."""
    forms = (
        "{name} {phone}", "{name}, {nn} {street}, {city}, {phone}", "{phone} {city}", "{name} | {brand} | {phone}", "Tel: {phone} Fax: {phone} {name}",
    ) if lang == "en" else (
        "{name} {phone}", "{name} {city}{street}{n}号 {phone}", "{phone} {city}", "{brand}公司 {name} {phone}", "电话：{phone} 传真：{phone} 联系人：{name}",
    )  # fmt: skip
    return _many(lang, size, random, [random.choice(forms)], ("\n", "\n", " ", "; "))


def directory(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Entries of a few lines each, of firms, hotels, jobs."""
    forms = (
        "{brand} {service}\n{nn} {street}, {city}\n{phone}\nOpen now", "{service} - {city}\nSalary: {price}\nPosted: {date}",
        "{brand} Hotel {city}\n{n} reviews\nfrom {price} per night\nBook now", "Company: {brand} {thing}\nCountry: {city}\nContact: {name}\n",
    ) if lang == "en" else (
        "{brand}{service}\n地址：{city}{street}{n}号\n电话：{phone}\n营业中", "{service}（{city}）\n月薪：{price}\n发布时间：{date}",
        "{brand}酒店（{city}{street}店）\n{nn}条点评\n{price}起\n立即预订", "公司名称：{brand}{thing}\n所在地：{city}\n联系人：{name}\n",
    )  # fmt: skip
    return _many(lang, size, random, [random.choice(forms)], ("\n", "\n\n"))


def figures_by_place(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Rates, results and levels, a sentence or line for each place, day or thing."""
    forms = (
        "1 {brand} = {n}.{n} USD on {date}", "{date} lottery numbers: {n} {n} {n} {n} {n}", "{city} to {city}: {n} hours {n} minutes, {price}",
        "The average price of {thing} in {city} is {price}.", "{thing} exports of {city}: {nn} tons ({date})", "{city} hotel prices start at {price}. {city} has {n} hotels.",
    ) if lang == "en" else (
        "{date}1{brand}币={n}.{n}元", "{date}开奖号码：{n} {n} {n} {n} {n}", "{city}到{city}：{n}小时{n}分，票价{price}",
        "{city}{thing}的平均价格是{price}。", "{date}{city}{thing}出口{nn}吨", "{city}酒店{price}起，共有{n}家酒店。",
    )  # fmt: skip
    return _many(lang, size, random, [random.choice(forms)], ("\n", "\n", " ", "；" if lang == "zh" else "; "))


def names(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Names of people, goods, places or files and nothing else."""
    form = random.choice(
        (
            "{name}",
            "{brand} {thing}",
            "{city}",
            "{topic}",
            "{topic}_{nn}.jpg",
            "{brand}-{code}.html",
            "/{n}/{code}/{nn}.htm",
            "{topic} > {thing} > {brand}",
        )
    )
    return _many(lang, size, random, [form], (", ", "\n", " ", " | "))


def passed_on(lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """A paragraph about a trade, filled in anew for each place: door-way pages one after another."""
    paragraphs = (
        ("Welcome to {brand}, your {praise} {x} in {city}.", "We have worked in {city} for {n} years.", "Our {x} team in {city} is open from {n} to {n}.",
         "Customers in {city} trust our {x}.", "For {x} in {city} call {phone}.", "Ask for a free quote in {city} today.", "{city} residents choose {praise} {x}.")
        if lang == "en" else
        ("欢迎来到{brand}，{city}{praise}的{x}。", "我们在{city}从事{x}已有{n}年。", "{city}{x}服务时间：{n}点至{n}点。", "{city}的客户信赖我们的{x}。",
         "在{city}找{x}请拨打{phone}。", "今天就来{city}门店咨询。", "{city}市民都选择{praise}{x}。")
    )  # fmt: skip
    chosen = random.sample(paragraphs, random.randint(2, 5))
    trade = random.choice(words(lang, "service"))
    parts: list[str] = []
    while sum(map(len, parts)) < size or len(parts) < 3:
        city = random.choice(words(lang, "city"))
        parts.append((" " if lang == "en" else "").join(
            filled(one.replace("{x}", trade).replace("{city}", city), lang, random) for one in chosen))  # fmt: skip
    return random.choice(("\n", "\n\n")).join(parts)


SPAM: Mapping[str, Maker] = {
    "place and trade": place_and_trade,
    "searches": searches,
    "tags": tags,
    "stuffed": stuffed,
}
LISTS: Mapping[str, Maker] = {
    "best of": best,
    "catalogue": catalogue,
    "telephones": telephones,
    "directory": directory,
    "figures by place": figures_by_place,
    "names": names,
    "passed on": passed_on,
}
