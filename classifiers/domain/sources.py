"""What the domain judge is trained on, and the sources that it is measured on and never trained on."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import zstandard


@dataclass(frozen=True)
class Origin:
    """A file of the source data, its label, and how many beginnings of documents and passages are taken from it."""

    path: str
    label: str
    lang: str
    licence: str
    documents: int
    passages: int


TRAINED = (
    Origin(
        "corpora/medical/en/medquad", "medical", "en", "CC BY 4.0, Ben Abacha and Demner-Fushman 2019", 2_000, 2_000
    ),
    Origin("corpora/medical/zh/toyhom_internal_csv", "medical", "zh", "MIT, (c) 2019 Toyhom", 2_000, 1_000),
    Origin("corpora/finance/en/tatqa_reports", "finance", "en", "CC BY 4.0, Zhu et al. 2021", 500, 2_500),
    Origin("corpora/general/en/eips", "general", "en", "CC0 1.0", 500, 500),
    Origin("corpora/general/en/peps", "general", "en", "public domain or CC0 1.0", 400, 500),
    Origin("corpora/general/en/standard_ebooks", "general", "en", "public domain in the USA, CC0 1.0", 200, 1_000),
    Origin("corpora/general/zh/history_modern_translation", "general", "zh", "MIT, (c) 2022 NiuTrans", 500, 700),
    Origin("corpora/general/zh/classic_novels", "general", "zh", "public domain, MIT, (c) 2019 ibyli", 500, 500),
    Origin("corpora/general/zh/poetry", "general", "zh", "public domain, MIT, (c) 2016 JackeyGao", 600, 1),
)
"""All that may be passed on in derived form; no benchmark is among them."""

# (path, label, lang). Of the first kind texts or errors were read while sentences in written/ were made (of dc_law its
# form stood in sentences that are taken out again); of the second nobody read a text, only the figures were looked at.
READ = (
    ("corpora/law/en/dc_law", "law", "en"),
    ("sft/general/en_alpaca", "general", "en"),
    ("corpora/finance/zh/fincuge_news", "finance", "zh"),
    ("sft/finance/zh_disc_fin", "finance", "zh"),
    ("sft/general/zh_alpaca_translated", "general", "zh"),
    ("sft/law/zh_lawyer_llama", "law", "zh"),
    ("sft/medical/zh_huatuo_llama", "medical", "zh"),
)
UNREAD = (
    ("corpora/finance/en/fed_speeches", "finance", "en"),
    ("corpora/general/en/lctt_en", "general", "en"),
    ("sft/medical/en_chatdoctor5k", "medical", "en"),
    ("corpora/finance/zh/prc_finance_regulations", "finance", "zh"),
    ("corpora/finance/zh/wind_daily", "finance", "zh"),
    ("corpora/general/zh/lctt_zh", "general", "zh"),
    ("corpora/law/zh/prc_laws", "law", "zh"),
    ("corpora/medical/zh/tcm_ancient_books", "medical", "zh"),
    ("dedup/zh_tidb_docs", "general", "zh"),
    ("sft/medical/zh_medicalgpt_1k", "medical", "zh"),
)


def texts(folder: Path, path: str) -> Iterator[tuple[str, str]]:
    """(id, text) of a file of the source data."""
    for row in _rows(folder / f"{path}.jsonl.zst"):
        yield str(row["id"]), _text(row).strip()


def chosen(folder: Path, path: str, most: int) -> list[str]:
    """At most so many texts, by the hash of their id."""
    some = sorted((row for row in texts(folder, path) if row[1]), key=lambda row: order(row[0]))
    return [text for _, text in some[:most]]


def order(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=8).digest()


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        for line in io.TextIOWrapper(stream, "utf-8"):
            yield json.loads(line)


def _text(row: dict[str, Any]) -> str:
    if "messages" in row:
        return "\n\n".join(turn["content"] for turn in row["messages"])
    return str(row["text"])
