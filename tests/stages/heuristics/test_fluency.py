"""Fluency: a text against the same text in random order, gibberish in a part of it, and who is asked at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import polars as pl
import pytest

from curate.kernels.fluency import NotAFluencyModel, fluency
from curate.stage import Asset, measured
from curate.stages.heuristics.fluency import BANDS, LEAST, Fluency, cells
from tests.classifier.texts import REAL
from tests.stages.documents import of_texts, reasons

SHIPPED = Fluency.shipped()
RULED = replace(SHIPPED, gain_en=0.7, gain_zh=0.45, high_en=50_000.0, high_zh=20_000.0)
ROOT = Path(__file__).resolve().parents[3]
SAMPLES = pl.read_parquet(ROOT / "data_samples" / "general" / "reference.parquet")["body"]


def units(text: str, lang: str) -> list[str]:
    return text.split() if lang == "en" else [char for char in text if not char.isspace()]


def of_lang(texts: list[str | None], lang: str, kind: str = "prose") -> pl.DataFrame:
    return of_texts(texts).with_columns(lang=pl.lit(lang), kind=pl.lit(kind))


def passages(lang: str) -> list[str]:
    """200 tokens each of the samples, which come with Curate."""
    found = []
    for text in SAMPLES:
        han = sum("一" <= char <= "鿿" for char in text) > len(text) / 2
        parts = units(text, lang)
        if han == (lang == "zh") and len(parts) >= 200:
            found.append(("" if lang == "zh" else " ").join(parts[:200]))
    return found


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_text_says_more_in_its_order_than_in_another(lang: str) -> None:
    texts = passages(lang)
    assert len(texts) >= 5
    mixed = []
    for text in texts:
        parts = units(text, lang)
        Random(text).shuffle(parts)
        mixed.append(("" if lang == "zh" else " ").join(parts))
    real, shuffled = (measured(SHIPPED, of_lang(some, lang)) for some in (texts, mixed))
    limit = real["fluency_gain"].quantile(0.02)
    assert limit is not None
    assert (shuffled["fluency_gain"] < limit).mean() > 0.98
    assert (real["perplexity"] < shuffled["perplexity"]).mean() > 0.98
    assert sum(map(bool, reasons(RULED, of_lang(texts, lang)))) <= 0.01 * len(texts)
    assert sum("shuffled" in found for found in reasons(RULED, of_lang(mixed, lang))) >= 0.85 * len(mixed)


@pytest.mark.parametrize(
    ("lang", "junk"),
    [
        ("en", "xkq vbzt qwpoe zzkj lkjhg tyrq wqzx mnbv pqow rtyx zxcv qazx plok wsxq edcr fvtg byhn ujmk " * 4),
        ("zh", "".join(chr(Random(number).randrange(0x4E00, 0x9FA0)) for number in range(80))),
    ],
)
def test_gibberish_is_dear_and_seen_in_a_part_of_a_text(lang: str, junk: str) -> None:
    good = passages(lang)[0]
    table = measured(SHIPPED, of_lang([good, junk, good + " " + junk + " " + good], lang))
    clean, noise, part = table["fluency_worst"]
    assert noise > 20 * clean
    assert part > 20 * clean
    assert "gibberish" in reasons(RULED, of_lang([junk], lang))[0]


def test_unknown_words_cost_what_their_spelling_costs() -> None:
    frame = "The {} was found near the river in the evening, and nobody could say what it was."
    words = ["stone", "marplestone", "xqzjvkwpt"]
    stone, like, unlike = measured(SHIPPED, of_lang([frame.format(word) for word in words], "en"))["perplexity"]
    assert stone < like < unlike


def test_digits_are_all_alike() -> None:
    one, two = measured(SHIPPED, of_lang(["In 1987 he paid 40 dollars.", "In 2003 he paid 91875 dollars."], "en"))[
        "perplexity"
    ]
    assert one == two


def test_classical_chinese_code_tables_and_other_languages_are_measured_and_not_judged() -> None:
    strict = replace(SHIPPED, high_en=1.0, high_zh=1.0)
    text = REAL["en tale"] * 3
    for kind in ("classical", "code", "table", "list", "maths"):
        table = of_lang([text], "en", kind)
        assert reasons(strict, table) == [set()]
        assert measured(strict, table)["perplexity"][0] > 1
    assert reasons(strict, of_lang([text], "de")) == [set()]
    assert reasons(strict, of_lang([text], "en-GB")) == [{"gibberish"}]


def test_short_texts_are_not_judged() -> None:
    strict = replace(SHIPPED, high_en=1.0)
    words = passages("en")[0].split()
    assert reasons(strict, of_lang([" ".join(words[: LEAST - 5])], "en")) == [set()]


def test_bands_part_head_middle_and_tail() -> None:
    table = measured(SHIPPED, of_lang([*passages("en"), "zxq vbn qwp " * 40], "en"))
    low, high = BANDS["en"]
    for perplexity, band in zip(table["perplexity"], table["fluency_band"], strict=True):
        assert band == ("head" if perplexity <= low else "middle" if perplexity <= high else "tail")
    only = replace(SHIPPED, bands=frozenset({"head", "middle"}))
    assert reasons(only, of_lang(["zxq vbn qwp " * 40], "en")) == [{"band"}]


def test_null_and_empty_texts_have_no_measure() -> None:
    table = measured(SHIPPED, of_lang([None, "", " \n", "……"], "zh"))
    assert table["perplexity"].null_count() == 4
    assert table["fluency_worst"].null_count() == 4
    assert not table["fluency_applies"].any()


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"\x80\x04]q\x00.")
    with pytest.raises(NotAFluencyModel, match=r"model\.bin"):
        measured(Fluency(model=Asset.of(tmp_path / "model.bin")), of_lang(["text"], "en"))


def test_a_text_has_the_same_measures_alone_and_among_others() -> None:
    texts = [*REAL.values(), "", "短", *passages("zh")]
    together = fluency(pl.Series(texts), cells(SHIPPED.model))
    for row, text in enumerate(texts):
        alone = fluency(pl.Series([text]), cells(SHIPPED.model))
        assert np.array_equal([column[0] for column in alone], [column[row] for column in together], equal_nan=True)
