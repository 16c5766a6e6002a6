"""datatrove's Gopher, C4 and FineWeb filters. Run as: rules_of_datatrove.py time|decide DOCUMENTS.json

`time` prints CPU seconds for all four filters on each document. `decide` prints for each rule what it decides when it
is the only one that is on, and what it would decide if one thing of it were done as Curate does it.
"""

import json
import sys
import time
from functools import lru_cache
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.filters import fineweb_quality_filter as fineweb
from datatrove.pipeline.filters import gopher_quality_filter as quality
from datatrove.pipeline.filters import gopher_repetition_filter as repetition
from datatrove.utils.text import PUNCTUATION_SET, split_into_words

mode, documents = sys.argv[1], json.loads(Path(sys.argv[2]).read_text("utf-8"))
LANGUAGES = {"en": "eng_Latn", "zh": "zho_Hani"}

QUALITY = {
    "min_doc_words": 50, "max_doc_words": 100000, "min_avg_word_length": 3, "max_avg_word_length": 10,
    "max_symbol_word_ratio": 0.1, "max_bullet_lines_ratio": 0.9, "max_ellipsis_lines_ratio": 0.3,
    "max_non_alpha_words_ratio": 0.8, "min_stop_words": 2,
}  # fmt: skip
LINES = {"dup_line_frac": 0.3, "dup_para_frac": 0.3, "dup_line_char_frac": 0.2, "dup_para_char_frac": 0.2}
TOPS, AGAIN = ((2, 0.2), (3, 0.18), (4, 0.16)), ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.1))
FINEWEB = {"line_punct_thr": 0.12, "short_line_thr": 0.67, "char_duplicates_ratio": 0.1, "new_line_ratio": 0.3}


def filters(language):
    return (
        GopherQualityFilter(language=language),
        GopherRepetitionFilter(language=language),
        C4QualityFilter(language=language, min_num_sentences=3, min_words_per_line=5),
        FineWebQualityFilter(language=language, char_duplicates_ratio=0.1),
    )


def removes(one, text):
    kept = one.filter(Document(text=text, id=""))
    return not (kept is True or (isinstance(kept, tuple) and kept[0]))


def timed():
    language = {lang: filters(LANGUAGES[lang]) for lang in {lang for lang, _ in documents}}
    for lang, text in documents[:1]:
        [removes(one, text) for one in language[lang]]
    began, removed = time.process_time(), [0, 0, 0, 0]
    for lang, text in documents:
        for number, one in enumerate(language[lang]):
            removed[number] += removes(one, text)
    return {"seconds": time.process_time() - began, "removed": removed}


def alone(known, **on):
    return {**dict.fromkeys(known), **on}


def decided():
    cached = lru_cache(maxsize=4)(split_into_words)
    quality.split_into_words = repetition.split_into_words = fineweb.split_into_words = cached
    en = LANGUAGES["en"]
    rules = {
        "word_count": GopherQualityFilter(**alone(QUALITY, min_doc_words=50, max_doc_words=100000), language=en),
        "mean_word_length": GopherQualityFilter(
            **alone(QUALITY, min_avg_word_length=3, max_avg_word_length=10), language=en
        ),
        "symbols": GopherQualityFilter(**alone(QUALITY, max_symbol_word_ratio=0.1), language=en),
        "bullet_line_share": GopherQualityFilter(**alone(QUALITY, max_bullet_lines_ratio=0.9), language=en),
        "ellipsis_line_share": GopherQualityFilter(**alone(QUALITY, max_ellipsis_lines_ratio=0.3), language=en),
        "alphabetic_word_share": GopherQualityFilter(**alone(QUALITY, max_non_alpha_words_ratio=0.8), language=en),
        "stop_word_count": GopherQualityFilter(**alone(QUALITY, min_stop_words=2), language=en),
        "gopher_quality": GopherQualityFilter(language=en),
        "duplicate_lines": GopherRepetitionFilter(
            **alone(LINES, dup_line_frac=0.3, dup_line_char_frac=0.2), top_n_grams=(), dup_n_grams=(), language=en
        ),
        "duplicate_paragraphs": GopherRepetitionFilter(
            **alone(LINES, dup_para_frac=0.3, dup_para_char_frac=0.2), top_n_grams=(), dup_n_grams=(), language=en
        ),
        "top_ngrams": GopherRepetitionFilter(**alone(LINES), top_n_grams=TOPS, dup_n_grams=(), language=en),
        "duplicate_ngrams": GopherRepetitionFilter(**alone(LINES), top_n_grams=(), dup_n_grams=AGAIN, language=en),
        "gopher_repetition": GopherRepetitionFilter(language=en),
        "c4": C4QualityFilter(language=en, min_num_sentences=3, min_words_per_line=5),
        "punctuated_line_share": FineWebQualityFilter(
            line_punct_thr=0.12, short_line_thr=2, char_duplicates_ratio=2, new_line_ratio=1e9, language=en
        ),
        "short_line_share": FineWebQualityFilter(
            line_punct_thr=-1, short_line_thr=0.67, char_duplicates_ratio=2, new_line_ratio=1e9, language=en
        ),
        "repeated_line_char_share": FineWebQualityFilter(
            line_punct_thr=-1, short_line_thr=2, char_duplicates_ratio=0.1, new_line_ratio=1e9, language=en
        ),
        "newline_word_ratio": FineWebQualityFilter(
            line_punct_thr=-1, short_line_thr=2, char_duplicates_ratio=2, new_line_ratio=0.3, language=en
        ),
    }
    found, changed = {name: [] for name in rules}, []
    for _, text in documents:  # all rules of a document in turn: its words are split once
        for name, one in rules.items():
            found[name].append(removes(one, text))
        changed.append(variants(cached(text, en), text))
    return {"rules": found, "variants": changed}


CLOSERS = "\"'”’)]}»* _"


def variants(words, text):
    """What the rules would decide of a document with one thing done as Curate does it."""
    said = [word for word in words if any(char not in PUNCTUATION_SET for char in word)]
    spaced = [word for word in text.split() if any(char.isalnum() for char in word)]
    plain = ["".join(char for char in word.lower() if char.isalnum()) for word in spaced]
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    ends = tuple(fineweb.TERMINAL_PUNCTUATION)
    alphabetic = [any(char.isalpha() for char in word) for word in said]
    dupes = repetition.find_duplicates(lines)
    parts = ["\n".join(line.strip() for line in part.split("\n")).strip() for part in text.split("\n\n")]
    parts = [part for part in parts if part]
    blocks = repetition.find_duplicates(parts)
    size = max(1, len(text))
    gram = [(repetition.find_all_duplicate(plain, n) / size, limit) for n, limit in AGAIN]
    tops = [
        (repetition.find_top_duplicate(repetition.get_n_grams(plain, n)) / size, limit)
        for n, limit in TOPS
        if len(plain) >= n
    ]
    return {
        "word_count": not 50 <= len(spaced) <= 100000,
        "mean_word_length": bool(spaced) and not 3 <= sum(map(len, plain)) / len(spaced) <= 10,
        "symbols": max(text.count("#"), text.count("...") + text.count("…")) / max(1, len(spaced)) > 0.1,
        "bullet_line_share": sum(line[0] in "•-*" for line in lines) / max(1, len(lines)) > 0.9,
        "ellipsis_line_share": sum(line.endswith(("...", "…")) for line in lines) / max(1, len(lines)) > 0.3,
        "alphabetic_word_share": sum(alphabetic) / max(1, len(said)) < 0.8,
        "alphabetic_word_share, spaces": sum(any(map(str.isalpha, word)) for word in plain) / max(1, len(plain)) < 0.8,
        "stop_word_count": len({word.lower() for word in words} & set(quality.STOP_WORDS)) < 2,
        "duplicate_lines": dupes[0] / max(1, len(lines)) > 0.3 or dupes[1] / max(1, sum(map(len, lines))) > 0.2,
        "duplicate_paragraphs": blocks[0] / max(1, len(parts)) > 0.3 or blocks[1] / max(1, sum(map(len, parts))) > 0.2,
        "top_ngrams": any(share > limit for share, limit in tops),
        "duplicate_ngrams": any(share > limit for share, limit in gram),
        "punctuated_line_share": sum(line.rstrip(CLOSERS).endswith(ends) for line in lines) / max(1, len(lines)) < 0.12,
        "short_line_share": sum(len(line) <= 30 for line in lines) / max(1, len(lines)) > 0.67,
        "repeated_line_char_share": dupes[1] / max(1, sum(map(len, lines))) > 0.1,
        "newline_word_ratio": text.count("\n") / max(1, len(spaced)) > 0.3,
    }  # fmt: skip


print(json.dumps(timed() if mode == "time" else decided()))
