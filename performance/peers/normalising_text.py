"""Run in a peer's environment: CPU-seconds that it takes to normalise the texts of a JSON list."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

# What Data-Juicer's whitespace_normalization_mapper does (1.6.1): each other white space becomes a space.
WHITE = {*" \t\n\r\x0b\u00a0\u1680\u202f\u205f\u3000\ufeff", *map(chr, range(0x2000, 0x200C))}


def chosen(name: str) -> Callable[[str], str]:
    if name == "ftfy":
        from ftfy import fix_text

        return fix_text
    if name == "datatrove-ftfy":
        from datatrove.pipeline.formatters import FTFYFormatter

        return FTFYFormatter().format
    return lambda text: "".join(" " if char in WHITE else char for char in text.strip())


def main() -> None:
    name, file = sys.argv[1:]
    with open(file) as opened:
        texts = json.load(opened)
    work = chosen(name)
    work(texts[0])
    began = time.process_time()
    for text in texts:
        work(text)
    print(time.process_time() - began)


if __name__ == "__main__":
    main()
