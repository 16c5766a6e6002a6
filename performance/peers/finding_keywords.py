"""Run in a peer's environment: what it finds of a list in texts.

python finding_keywords.py NAME input.json: {"entries", "texts", "planted"} in; CPU-seconds for the texts, hits in them,
and of each planted text whether anything is found, out.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable


def chosen(name: str, entries: list[str]) -> Callable[[str], int]:
    """The number of matches in a text. All fold case and nothing else, as their documentation shows them."""
    if name == "pyahocorasick":
        import ahocorasick

        automaton = ahocorasick.Automaton()
        for entry in entries:
            automaton.add_word(entry.lower(), 1)
        automaton.make_automaton()
        return lambda text: sum(1 for _ in automaton.iter(text.lower()))
    if name == "flashtext":
        from flashtext import KeywordProcessor

        processor = KeywordProcessor()
        processor.add_keywords_from_list(entries)
        return lambda text: len(processor.extract_keywords(text))
    words = sorted(entries, key=lambda entry: (-len(entry), entry))
    pattern = re.compile(
        "|".join(rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word) for word in words), re.IGNORECASE
    )
    return lambda text: sum(1 for _ in pattern.finditer(text))


def main() -> None:
    name, file = sys.argv[1:]
    with open(file) as opened:
        given = json.load(opened)
    find = chosen(name, given["entries"])
    find(given["texts"][0][:1000])
    # A regular expression of 10,000 branches takes minutes for a megabyte: it gets what it can do in a few seconds.
    texts = given["texts"] if name != "re" else given["texts"][:40]
    began = time.process_time()
    hits, size = 0, 0
    for text in texts:
        hits += find(text)
        size += len(text.encode())
        if name == "re" and time.process_time() - began > 10:
            break
    seconds = time.process_time() - began
    found = [find(text) > 0 for text in given["planted"]]
    print(json.dumps({"seconds": seconds, "bytes": size, "hits": hits, "found": found}))


if __name__ == "__main__":
    main()
