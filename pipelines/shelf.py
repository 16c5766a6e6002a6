"""The sources of the trades' recipes: what each is, who may use it, and where it lies below `data/`.

Put files of your own there, or change the paths; docs/pipelines.md says where these came from. A source without a
licence has none that its publisher states.
"""

from pathlib import Path

from curate.recipe import Source

DATA = Path(__file__).resolve().parent.parent / "data"
TEXTS, DIALOGUES = "../data/corpora", "../data/sft"

MEDICAL = (
    Source(name="medquad", path=f"{TEXTS}/medical/en/medquad.jsonl.zst", role="domain", domain="medical", lang="en",
           key="id", license="CC-BY-4.0", priority=1),
    Source(name="tcm_books", path=f"{TEXTS}/medical/zh/tcm_ancient_books.jsonl.zst", role="domain", domain="medical",
           lang="zh", key="id", priority=2),
    Source(name="consultations", path=f"{TEXTS}/medical/zh/toyhom_internal_*.jsonl.zst", role="domain",
           domain="medical", lang="zh", key="id", license="MIT"),
)  # fmt: skip

LAW = (
    Source(name="dc_law", path=f"{TEXTS}/law/en/dc_law.jsonl.zst", role="domain", domain="law", lang="en", key="id",
           priority=1),
    Source(name="prc_laws", path=f"{TEXTS}/law/zh/prc_laws.jsonl.zst", role="domain", domain="law", lang="zh", key="id",
           priority=1),
)  # fmt: skip

FINANCE = (
    Source(name="fed_speeches", path=f"{TEXTS}/finance/en/fed_speeches.jsonl.zst", role="domain", domain="finance",
           lang="en", key="id", license="CC-BY-NC-4.0", priority=1),
    Source(name="annual_reports", path=f"{TEXTS}/finance/en/tatqa_reports.jsonl.zst", role="domain", domain="finance",
           lang="en", key="id", license="CC-BY-4.0", priority=1),
    Source(name="finance_news", path=f"{TEXTS}/finance/zh/fincuge_news.jsonl.zst", role="domain", domain="finance",
           lang="zh", key="id"),
    Source(name="finance_regulations", path=f"{TEXTS}/finance/zh/prc_finance_regulations.jsonl.zst", role="domain",
           domain="finance", lang="zh", key="id", priority=2),
    Source(name="market_daily", path=f"{TEXTS}/finance/zh/wind_daily.jsonl.zst", role="domain", domain="finance",
           lang="zh", key="id"),
)  # fmt: skip

GENERAL = (
    Source(name="eips", path=f"{TEXTS}/general/en/eips.jsonl.zst", lang="en", key="id", license="CC0-1.0"),
    Source(name="peps", path=f"{TEXTS}/general/en/peps.jsonl.zst", lang="en", key="id", license="CC0-1.0"),
    Source(name="ebooks", path=f"{TEXTS}/general/en/standard_ebooks.jsonl.zst", lang="en", key="id",
           license="CC0-1.0"),
    Source(name="lctt_en", path=f"{TEXTS}/general/en/lctt_en.jsonl.zst", lang="en", key="id", license="Apache-2.0"),
    Source(name="lctt_zh", path=f"{TEXTS}/general/zh/lctt_zh.jsonl.zst", lang="zh", key="id", license="Apache-2.0"),
    Source(name="histories", path=f"{TEXTS}/general/zh/history_modern_translation.jsonl.zst", lang="zh", key="id",
           license="MIT"),
    Source(name="novels", path=f"{TEXTS}/general/zh/classic_novels.jsonl.zst", lang="zh", key="id", license="MIT"),
    Source(name="poetry", path=f"{TEXTS}/general/zh/poetry.jsonl.zst", lang="zh", key="id", license="MIT"),
)  # fmt: skip

MEDICAL_DIALOGUES = (
    Source(name="chatdoctor", path=f"{DIALOGUES}/medical/en_chatdoctor5k.jsonl.zst", role="domain", domain="medical",
           lang="en", kind="dialogue", license="Apache-2.0"),
    Source(name="huatuo", path=f"{DIALOGUES}/medical/zh_huatuo_llama.jsonl.zst", role="domain", domain="medical",
           lang="zh", kind="dialogue", license="Apache-2.0"),
    Source(name="medicalgpt", path=f"{DIALOGUES}/medical/zh_medicalgpt_1k.jsonl.zst", role="domain", domain="medical",
           lang="zh", kind="dialogue", license="Apache-2.0"),
    Source(name="toyhom", path=f"{DIALOGUES}/medical/zh_toyhom_internal.jsonl.zst", role="domain", domain="medical",
           lang="zh", kind="dialogue", license="MIT"),
)  # fmt: skip

LAW_DIALOGUES = (
    Source(name="lawyer_llama", path=f"{DIALOGUES}/law/zh_lawyer_llama.jsonl.zst", role="domain", domain="law",
           lang="zh", kind="dialogue", license="Apache-2.0"),
)  # fmt: skip

FINANCE_DIALOGUES = (
    Source(name="disc_fin", path=f"{DIALOGUES}/finance/zh_disc_fin.jsonl.zst", role="domain", domain="finance",
           lang="zh", kind="dialogue", license="Apache-2.0"),
)  # fmt: skip

GENERAL_DIALOGUES = (
    Source(name="alpaca_en", path=f"{DIALOGUES}/general/en_alpaca.jsonl.zst", lang="en", kind="dialogue",
           license="CC-BY-NC-4.0"),
    Source(name="alpaca_zh", path=f"{DIALOGUES}/general/zh_alpaca_translated.jsonl.zst", lang="zh", kind="dialogue",
           license="CC-BY-NC-4.0"),
)  # fmt: skip
