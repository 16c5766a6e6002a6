"""What a library that takes sets of tokens is given: 5-grams as a careful user writes them, for both languages.

The same tokens as Curate's: words where words have spaces between them, characters in Chinese, Japanese and Korean.
"""

import json
import re
import unicodedata

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
TOKEN = re.compile(f"[{CJK}]|[^\\W_{CJK}]+")


def grams(text, n=5):
    tokens = TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())
    return list({" ".join(tokens[at : at + n]) for at in range(max(len(tokens) - n + 1, 1))})


def deduplicated(folder, out, is_new):
    """Copies the records of FOLDER/*.jsonl of which `is_new(id, text)` to OUT/kept.jsonl."""
    with open(out / "kept.jsonl", "w", encoding="utf-8") as kept:
        for path in sorted(folder.glob("*.jsonl")):
            with open(path, encoding="utf-8") as lines:
                for line in lines:
                    record = json.loads(line)
                    if is_new(record["id"], record["text"]):
                        kept.write(line)
