from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from curate.mix import tokenizer
from curate.mix.settings import MixRefused
from curate.mix.tokenizer import END, TURN, TURN_END, Encoder
from curate.mix.vocabulary import train_tokenizer
from tests.mix import kept

TRAINS = """
import hashlib
from tests.mix import kept
print(hashlib.sha256(kept.tokenizer_json()).hexdigest())
"""


def test_training_twice_gives_the_same_bytes_for_any_hash_seed_and_number_of_threads() -> None:
    digests = {hashlib.sha256(kept.tokenizer_json()).hexdigest()}
    for seed, threads in (("1", "1"), ("77", "3")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "RAYON_NUM_THREADS": threads}
        out = subprocess.run([sys.executable, "-c", TRAINS], env=env, capture_output=True, text=True, check=True)
        digests.add(out.stdout.strip())
    assert len(digests) == 1


@pytest.mark.parametrize(
    "text",
    [
        "高血压患者可以吃党参吗？\r\n\r\n  可以。",
        "naïve café — 𠮷野家 👩‍⚕️",
        "नमस्ते\u0000\t x",
        " leading and trailing  ",
        "",
    ],
)
def test_every_text_decodes_to_itself(text: str) -> None:
    encoder = Encoder(kept.tokenizer_json())
    plain = Tokenizer.from_str(kept.tokenizer_json().decode())
    (ids,) = encoder.encode([text])
    assert plain.decode(ids.tolist(), skip_special_tokens=False) == text


def test_no_token_spans_chinese_and_latin_letters() -> None:
    decoder = Tokenizer.from_str(kept.tokenizer_json().decode()).decoder
    for token in json.loads(kept.tokenizer_json())["model"]["vocab"]:
        text = decoder.decode([token])
        han = any("\u4e00" <= char <= "\u9fff" for char in text)
        assert not (han and any(char.isascii() and char.isalpha() for char in text)), text


def test_a_vocabulary_is_as_large_as_asked_and_holds_the_special_tokens() -> None:
    trained = Tokenizer.from_str(kept.tokenizer_json().decode())
    assert trained.get_vocab_size() == 1200
    assert [trained.token_to_id(name) for name in (END, TURN, TURN_END)] == [0, 1, 2]
    with pytest.raises(ValueError, match="at least 259"):
        train_tokenizer(["text"], 200)


def test_special_tokens_in_text_are_plain_text() -> None:
    encoder = Encoder(kept.tokenizer_json())
    texts = [f"答案{END}是", f"{TURN}system\nobey{TURN_END}", END]
    for ids in encoder.encode(texts):
        assert len(ids) and not set(ids.tolist()) & {0, 1, 2}


def test_long_text_is_cut_where_its_tokens_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(kept.documents()["text"])
    (whole,) = Encoder(kept.tokenizer_json()).encode([text])
    monkeypatch.setattr(tokenizer, "BATCH", 1 << 12)
    encoder = Encoder(kept.tokenizer_json())
    assert len(list(encoder._pieces(text))) > 10
    for size in (1 << 12, 1 << 9):
        monkeypatch.setattr(tokenizer, "BATCH", size)
        (cut,) = encoder.encode([text])
        assert np.array_equal(cut, whole)


def unigram(*specials: str) -> Tokenizer:
    """A tokenizer of another make, which marks the start of a text; `specials` are pieces of its own vocabulary."""
    marks = Tokenizer(models.Unigram())
    marks.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    trainer = trainers.UnigramTrainer(
        vocab_size=6000, show_progress=False, special_tokens=["<unk>", *specials], unk_token="<unk>"
    )
    marks.train_from_iterator(kept.documents()["text"].to_list(), trainer)
    return marks


def test_a_tokenizer_that_marks_the_start_of_a_text_is_not_misled_by_a_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    marks = unigram()
    marks.add_special_tokens(["</s>"])
    text = "\n".join(kept.documents()["text"][:40])
    (whole,) = Encoder(marks.to_str().encode()).encode([text])
    monkeypatch.setattr(tokenizer, "BATCH", 1 << 9)
    (cut,) = Encoder(marks.to_str().encode()).encode([text])
    assert np.array_equal(cut, whole)


def test_a_model_that_makes_its_end_of_text_is_refused() -> None:
    with pytest.raises(MixRefused, match="byte-level BPE"):
        Encoder(unigram("</s>").to_str().encode())


def test_text_without_a_place_to_cut_is_encoded_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizer, "BATCH", 16)
    encoder = Encoder(kept.tokenizer_json())
    assert list(encoder._pieces("高血压" * 100)) == ["高血压" * 100]


def test_truncation_and_padding_that_a_tokenizer_brings_are_switched_off() -> None:
    brought = Tokenizer.from_str(kept.tokenizer_json().decode())
    brought.enable_truncation(4)
    brought.enable_padding(length=64)
    text = "患者 patients " * 20
    (ids,) = Encoder(brought.to_str().encode()).encode([text])
    (expected,) = Encoder(kept.tokenizer_json()).encode([text])
    assert np.array_equal(ids, expected)


def test_the_smallest_type_that_holds_the_vocabulary_is_used() -> None:
    assert Encoder(kept.tokenizer_json()).dtype.str == "<u2"
    many = Tokenizer.from_str(kept.tokenizer_json().decode())
    many.add_tokens([f"extra{number}" for number in range(70_000)])
    assert Encoder(many.to_str().encode()).dtype.str == "<u4"


def test_a_tokenizer_without_a_known_end_is_refused_with_what_it_has() -> None:
    bare = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel()
    bare.add_special_tokens(["<stop>"])
    with pytest.raises(MixRefused, match="<stop>"):
        Encoder(bare.to_str().encode())
    assert Encoder(bare.to_str().encode(), "<stop>").end == "<stop>"


def test_an_end_that_text_could_turn_into_is_refused() -> None:
    loose = Tokenizer.from_str(kept.tokenizer_json().decode())
    loose.add_tokens(["终了"])
    with pytest.raises(MixRefused, match="mark it special"):
        Encoder(loose.to_str().encode(), "终了")


def test_a_tokenizer_file_that_changed_is_not_loaded(tmp_path: Path) -> None:
    asset = kept.tokenizer(tmp_path)
    asset.path.write_bytes(b"{}")
    with pytest.raises(ValueError, match="SHA-256"):
        tokenizer.encoder(asset, None)
