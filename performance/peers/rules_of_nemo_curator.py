"""NeMo Curator's CPU filters of Gopher and C4. Run as: rules_of_nemo_curator.py time DOCUMENTS.json

Each filter scores and decides by itself, without its data frames: that is the least that it costs. Its filter of
symbols divides by the length of empty words (its splitting of Chinese gives some); such a document counts as failed.
"""

import json
import sys
import time
from pathlib import Path

from nemo_curator.stages.text.filters.heuristic import repetition, string

documents = json.loads(Path(sys.argv[2]).read_text("utf-8"))


def filters(lang):
    return (
        string.WordCountFilter(50, 100000, lang=lang),
        string.MeanWordLengthFilter(3, 10, lang=lang),
        string.SymbolsToWordsFilter(0.1, lang=lang),
        string.BulletsFilter(0.9),
        string.EllipsisFilter(0.3),
        string.WordsWithoutAlphabetsFilter(0.8, lang=lang),
        string.CommonEnglishWordsFilter(2),
        string.PunctuationFilter(0.85),
        string.BoilerPlateStringFilter(),
        repetition.RepeatedLinesFilter(0.7),
        repetition.RepeatedParagraphsFilter(0.7),
        repetition.RepeatedLinesByCharFilter(0.8),
        repetition.RepeatedParagraphsByCharFilter(0.8),
        *(repetition.RepeatingTopNGramsFilter(n, limit, lang=lang) for n, limit in ((2, 0.2), (3, 0.18), (4, 0.16))),
        *(repetition.RepeatingDuplicateNGramsFilter(n, limit, lang=lang)
          for n, limit in ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.1))),
    )  # fmt: skip


def removes(one, text):
    try:
        return not one.keep_document(one.score_document(text))
    except ZeroDivisionError:
        return None


chosen = {lang: filters(lang) for lang in {lang for lang, _ in documents}}
for lang, text in documents[:1]:
    [removes(one, text) for one in chosen[lang]]
began, removed, failed = time.process_time(), [0] * len(filters("en")), 0
for lang, text in documents:
    for number, one in enumerate(chosen[lang]):
        gone = removes(one, text)
        removed[number] += gone is True
        failed += gone is None
print(json.dumps({"seconds": time.process_time() - began, "removed": removed, "failed": failed}))
