"""The words of the audit's page, each in English and Chinese: `words.toml`."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from curate.audit.page.bilingual import Speaker

WORDS: dict[str, tuple[str, str]] = {
    key: (english, chinese)
    for key, (english, chinese) in tomllib.loads(
        files("curate.audit").joinpath("words.toml").read_text("utf-8")
    ).items()
}

say = Speaker(WORDS)
