"""What the rules for Chinese take from real documents, what they find of noise, and how fast they are.

    python performance/chinese.py [--data ../shared/data] [--only law] [--samples 2] [--traditional 300]

The share of each Chinese corpus and set of dialogues that each rule takes, after `Language` and `Kind` as in a recipe;
documents that `Language` takes for another language are counted apart. The same of as many documents of each in
traditional characters (replaced one by one, by OpenCC's table the other way round).
Then noise made of the corpora by rules written down here: keywords, navigation, adverts, characters at random, price
lists. Then MB of text per CPU-second of the stage.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import random
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
from rule_losses import corpora, losses

from curate.document import COLUMNS
from curate.kernels.fold import simplifications
from curate.stage import measured, remove
from curate.stages.heuristics.chinese import ChineseQuality
from curate.stages.heuristics.kind import Kind
from curate.stages.language import Language

STAGE = ChineseQuality()
TRADITIONAL = {simplified: traditional for traditional, simplified in reversed(simplifications())}


def row(name: str, docs: pl.DataFrame, samples: int) -> None:
    spoken = measured(Language(), docs)
    chinese = spoken.filter(pl.col("lang") == "zh")
    others = docs.height - chinese.height
    if not chinese.height:
        return
    shares, done = losses(STAGE, chinese)
    whole = shares.pop("all")
    rules = ", ".join(f"{rule.split(' ')[0]} {share:.2%}" for rule, share in shares.items() if share)
    aside = f"; {others} in other languages" if others else ""
    print(f"{name:<46}{chinese.height:>7,}{whole:>9.2%}  {rules}{aside}")
    gone = done.filter(pl.col("all"))
    for one in gone.sample(min(samples, gone.height), seed=0).iter_rows(named=True):
        reasons = ", ".join(
            f"{rule.reason} {one[rule.measure]}" for rule in STAGE.rules if one[f"{rule.reason} ({rule.measure})"]
        )
        print(f"      {one['kind']}: {reasons}\n        {json.dumps(one['text'][:300], ensure_ascii=False)}")


def documents(texts: list[str]) -> pl.DataFrame:
    nothing = {column: pl.lit(None, dtype) for column, dtype in COLUMNS.items()}
    docs = pl.DataFrame({"text": texts}).select(**nothing | {"text": pl.col("text"), "kind": pl.lit("prose")})
    return measured(Kind(), docs.with_columns(doc_id=pl.int_range(pl.len()).cast(pl.String), lang=pl.lit("zh")))


def noise(folder: Path, number: int) -> Iterator[tuple[str, list[str]]]:
    """Noise of several sorts, of words of the corpora where there are some."""
    luck = random.Random(7)
    news = pl.read_ndjson(folder / "corpora/finance/zh/fincuge_news.jsonl.zst")["text"].to_list()
    words = [
        word for text in news[:3000] for word in text.replace("，", " ").replace("。", " ").split() if 1 < len(word) < 7
    ]
    few = [luck.sample(words, 8) for _ in range(number)]
    yield "keywords, over and over, spaces", [" ".join(luck.choice(some) for _ in range(80)) for some in few]
    yield "keywords, over and over, commas", [",".join(luck.choice(some) for _ in range(80)) for some in few]
    yield "keywords of all sorts, spaces", [" ".join(luck.choice(words) for _ in range(120)) for _ in range(number)]
    menu = "首页 关于我们 联系我们 新闻中心 产品展示 人才招聘 登录 注册 购物车 帮助中心 网站地图"
    yield "navigation", ["\n".join(luck.choice(menu.split()) for _ in range(60)) for _ in range(number)]
    heads = [text.split("\n")[0][:18] for text in news if "。" not in text[:18] and "，" not in text[:18]]
    yield "headlines", ["\n".join(luck.sample(heads, 30)) for _ in range(number)]
    common = "".join(chr(code) for code in range(0x4E00, 0x9FA5) if len(chr(code).encode("gb2312", "ignore")) == 2)
    yield "characters at random", ["".join(luck.choice(common) for _ in range(300)) for _ in range(number)]
    yield (
        "characters at random, punctuated",
        [
            "".join(luck.choice(common) + luck.choice(["", "", "", "", "，", "。"]) for _ in range(300))
            for _ in range(number)
        ],
    )
    offers = (
        "全国包邮",
        "货到付款",
        "加微信",
        "点击下载",
        "限时抢购",
        "正品保证",
        "假一赔十",
        "欢迎来电咨询",
        "厂家直销",
        "价格优惠",
    )
    yield (
        "adverts",
        [
            "".join(f"{luck.choice(words)}{luck.choice(offers)}，{luck.choice(offers)}！" for _ in range(12))
            for _ in range(number)
        ],
    )
    yield (
        "telephone books",
        [
            "\n".join(
                f"{luck.choice(words)}公司 电话：1{luck.randrange(3, 10)}{luck.randrange(10**9):09}。"
                for _ in range(12)
            )
            for _ in range(number)
        ],
    )
    yield (
        "prices",
        [
            " ".join(f"{luck.choice(words)}{luck.randrange(99999)}.{luck.randrange(99)}" for _ in range(40))
            for _ in range(number)
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--only", default="")
    parser.add_argument("--samples", type=int, default=0)
    parser.add_argument("--traditional", type=int, default=300)
    options = parser.parse_args()
    print(
        f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}, polars {pl.__version__}\n"
    )
    if not (options.data / "corpora").exists():
        print(f"skipped: there are no corpora in {options.data}")
        return
    print(f"{'source':<46}{'zh':>7}{'lost':>9}  by rule")
    speeds = []
    for name, docs in corpora(options.data, options.only):
        if "zh" not in name:
            continue
        row(name, docs, options.samples)
        started = time.process_time()
        STAGE(docs)
        speeds.append((docs["text"].str.len_bytes().sum(), time.process_time() - started))
        some = docs.sample(min(options.traditional, docs.height), seed=0)
        texts = [text.translate(TRADITIONAL) for text in some["text"]]
        row("  in traditional characters", some.with_columns(text=pl.Series(texts)), 0)
    print("\nof noise, found")
    for name, texts in noise(options.data, 200):
        removal = remove(measured(STAGE, documents(texts)), STAGE.name, STAGE.rules)
        reasons = ", ".join(
            f"{reason} {n}" for reason, n in removal.verdicts["reason"].value_counts(sort=True).iter_rows()
        )
        print(f"{name:<46}{len(texts):>7,}{removal.gone.height / len(texts):>9.2%}  {reasons}")
    print(
        f"\n{sum(size for size, _ in speeds) / sum(spent for _, spent in speeds) / 1e6:.0f} MB of text per CPU-second"
    )


if __name__ == "__main__":
    main()
