"""Data-Juicer's operators that come near to those rules. Run as: rules_of_data_juicer.py time DOCUMENTS.json

Eight that need no download: words, lengths of lines and text, alphanumeric and special characters, repetition of
10-grams of words and characters. Words are shared between operators through its context, as when it fuses them.
"""

import json
import sys
import time
from pathlib import Path

from data_juicer.ops.filter.alphanumeric_filter import AlphanumericFilter
from data_juicer.ops.filter.average_line_length_filter import AverageLineLengthFilter
from data_juicer.ops.filter.character_repetition_filter import CharacterRepetitionFilter
from data_juicer.ops.filter.maximum_line_length_filter import MaximumLineLengthFilter
from data_juicer.ops.filter.special_characters_filter import SpecialCharactersFilter
from data_juicer.ops.filter.text_length_filter import TextLengthFilter
from data_juicer.ops.filter.word_repetition_filter import WordRepetitionFilter
from data_juicer.ops.filter.words_num_filter import WordsNumFilter
from data_juicer.utils.constant import Fields

documents = json.loads(Path(sys.argv[2]).read_text("utf-8"))


def filters(lang):
    return (
        WordsNumFilter(lang=lang, min_num=50, max_num=100000), TextLengthFilter(), AverageLineLengthFilter(),
        MaximumLineLengthFilter(), AlphanumericFilter(), SpecialCharactersFilter(), CharacterRepetitionFilter(),
        WordRepetitionFilter(lang=lang),
    )  # fmt: skip


def removed(some, texts):
    samples = {"text": texts, Fields.stats: [{} for _ in texts], Fields.context: [{} for _ in texts]}
    counts = []
    for one in some:
        context = type(one).__name__ in ("WordsNumFilter", "WordRepetitionFilter", "AverageLineLengthFilter",
                                         "MaximumLineLengthFilter")  # fmt: skip
        samples = one.compute_stats_batched(samples, context) if context else one.compute_stats_batched(samples)
        counts.append(sum(not kept for kept in one.process_batched(samples)))
    return counts


chosen = {lang: filters(lang) for lang in {lang for lang, _ in documents}}
for some in chosen.values():
    removed(some, ["a word, to begin with"])
began, total = time.process_time(), [0] * 8
for lang, some in chosen.items():
    texts = [text for other, text in documents if other == lang]
    for first in range(0, len(texts), 1000):
        total = [a + b for a, b in zip(total, removed(some, texts[first : first + 1000]), strict=True)]
print(json.dumps({"seconds": time.process_time() - began, "removed": total}))
