"""A transformer as a judge: a tiny random one, made here, beside what transformers itself says of each text alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from curate.classifier.transformer import ModelUnusable, NotAClassifier, TransformerJudge
from curate.engine import Inline, on_ray
from curate.job import run
from curate.progress import Lines
from curate.recipe import Recipe, Source, segments
from curate.stage import AssetChanged, Cost, measured, remove, settings
from tests import faults
from tests.stages.documents import of_texts

TEXTS = [faults.sentence(lang, number, 3 + 9 * number) for number in range(12) for lang in ("zh", "en")]
LABELS = ("bad", "good")


def made(folder: Path, labels: tuple[str, ...] = LABELS) -> Path:
    """A model of two layers with random weights, and a tokenizer trained on a few sentences."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    words = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    words.normalizer = normalizers.BertNormalizer()
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words.train_from_iterator(TEXTS, trainers.WordPieceTrainer(vocab_size=400, special_tokens=special))
    ends = [(name, words.token_to_id(name)) for name in ("[SEP]", "[CLS]")]
    words.post_processor = processors.BertProcessing(*ends)
    BertTokenizerFast(tokenizer_object=words).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=words.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=128, initializer_range=0.5, num_labels=len(labels),
        id2label=dict(enumerate(labels)), label2id={label: number for number, label in enumerate(labels)},
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("model"))


def alone(folder: Path, texts: list[str], max_length: int = 128) -> list[float]:
    """What transformers says of each text by itself: the probability of the last class."""
    import torch
    from transformers import BertForSequenceClassification, BertTokenizerFast

    tokenizer = BertTokenizerFast.from_pretrained(folder)
    model = BertForSequenceClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        return [
            float(
                model(**tokenizer(text, truncation=True, max_length=max_length, return_tensors="pt"))
                .logits[0]
                .softmax(0)[-1]
            )
            for text in texts
        ]


def scores(judge: TransformerJudge, texts: list[str | None]) -> list[float | None]:
    return measured(judge, of_texts(texts))[f"{judge.name}_score"].to_list()


def test_a_text_has_the_score_that_the_model_gives_it_alone_whatever_it_is_batched_with(folder: Path) -> None:
    expected = alone(folder, TEXTS)
    assert max(expected) - min(expected) > 0.2
    for batch in (1, 5, 64):
        judge = TransformerJudge.of(folder, max_length=128, batch=batch)
        assert scores(judge, list(TEXTS)) == pytest.approx(expected, abs=1e-4)
    cut = TransformerJudge.of(folder, max_length=16)
    assert scores(cut, list(TEXTS)) == pytest.approx(alone(folder, TEXTS, 16), abs=1e-4)


def test_a_label_is_named_or_numbered_and_the_second_of_two_where_it_is_not(folder: Path, tmp_path: Path) -> None:
    named, numbered, default, other = (
        TransformerJudge.of(folder, label=label, max_length=128) for label in ("good", 1, None, "bad")
    )
    found = scores(default, TEXTS[:3])
    assert scores(named, TEXTS[:3]) == scores(numbered, TEXTS[:3]) == found
    assert scores(other, TEXTS[:3]) == pytest.approx([1 - (score or 0) for score in found], abs=2e-4)
    with pytest.raises(NotAClassifier, match="the label is 'best'; the model has bad, good"):
        TransformerJudge.of(folder, label="best", max_length=128)
    three = made(tmp_path / "three", ("a", "b", "c"))
    with pytest.raises(NotAClassifier, match="the label is None"):
        TransformerJudge.of(three, max_length=128)
    assert scores(TransformerJudge.of(three, label="b", max_length=128), TEXTS[:1])[0] is not None


def test_one_class_is_a_regression_whose_value_is_the_score(tmp_path: Path) -> None:
    model = made(tmp_path / "one", ("grade",))
    found = scores(TransformerJudge.of(model, max_length=128), TEXTS[:5])
    assert any(score is not None and not 0 <= score <= 1 for score in found)


def test_no_text_has_no_score_and_text_without_a_letter_has_none_to_speak_of(folder: Path) -> None:
    assert scores(TransformerJudge.of(folder, max_length=128), [None, "", "——！！", " "]) == [None, 0.0, 0.0, 0.0]
    assert measured(TransformerJudge.of(folder, max_length=128), of_texts(["a"]).clear()).height == 0


def test_documents_below_the_threshold_are_removed_and_nobody_without_one(folder: Path) -> None:
    judge = TransformerJudge.of(folder, max_length=128, threshold=0.5, name="grade")
    docs = of_texts(list(TEXTS))
    removal = remove(measured(judge, docs), judge.name, judge.rules)
    assert removal.gone["text"].to_list() == [
        text for text, score in zip(TEXTS, alone(folder, TEXTS), strict=True) if score < 0.5
    ]
    assert set(removal.verdicts["reason"]) == {"low_grade"}
    assert TransformerJudge.of(folder, max_length=128).rules == ()


def test_the_model_is_part_of_what_the_judge_is_and_where_it_lies_is_not(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    copy = shutil.copytree(folder, tmp_path / "elsewhere" / folder.name)
    judge = TransformerJudge.of(copy, max_length=128)
    assert settings(judge) == settings(TransformerJudge.of(folder, max_length=128))
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")
    with pytest.raises(AssetChanged, match="restore the folder"):
        judge(of_texts(["text"]))


@pytest.mark.parametrize(
    "name, content, said",
    [
        ("pytorch_model.bin", b"\x80\x04.", "pytorch_model.bin may run code"),
        ("deep/model.pkl", b"", "model.pkl may run code"),
        ("modeling_own.py", b"", "modeling_own.py may run code"),
    ],
)
def test_a_folder_with_files_that_may_run_code_is_refused(
    folder: Path, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    copy = shutil.copytree(folder, tmp_path / "model")
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_bytes(content)
    with pytest.raises(NotAClassifier, match=said):
        TransformerJudge.of(copy)


@pytest.mark.parametrize(
    "change, said",
    [
        ({"auto_map": {"AutoModel": "own.Own"}}, "asks for code that comes with the model"),
        ({"architectures": ["BertModel"]}, "is a BertModel; expected"),
        ({"max_position_embeddings": 64}, "reads 64 tokens; max_length is 128"),
    ],
)
def test_a_config_of_something_else_is_refused(
    folder: Path, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    copy = shutil.copytree(folder, tmp_path / "model")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(NotAClassifier, match=said):
        TransformerJudge.of(copy, max_length=128)


def test_a_folder_without_a_model_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotAClassifier, match="has no config"):
        TransformerJudge.of(tmp_path)
    copy = shutil.copytree(folder, tmp_path / "model")
    (copy / "model.safetensors").unlink()
    with pytest.raises(NotAClassifier, match="no weights in safetensors"):
        TransformerJudge.of(copy)


def test_in_a_run_it_is_a_segment_of_its_own_that_asks_for_what_it_costs(folder: Path, tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 16, 2)
    judge = TransformerJudge.of(folder, max_length=128, cost=Cost(gpus=0.5))
    recipe = Recipe(name="judged", sources=(Source(name="in", path=str(tmp_path / "in")),), stages=(judge,))
    assert [segment.gpus for segment in segments(recipe)] == [0, 0, 0.5]
    with open(os.devnull, "w") as nowhere:
        run(recipe, str(tmp_path / "run"), Inline(), Lines(nowhere))
    kept = pl.read_parquet(tmp_path / "run" / "kept" / "*.parquet")
    assert kept["transformer_score"].to_list() == pytest.approx(alone(folder, kept["text"].to_list()), abs=1e-4)


def test_weights_that_are_no_safetensors_fail_the_work_and_no_document(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "model")
    (copy / "model.safetensors").write_bytes(b"\x80\x04}.")
    with pytest.raises(ModelUnusable, match="can't be loaded"):
        measured(TransformerJudge.of(copy, max_length=128), of_texts(["text"]))


def test_a_recipe_names_it_without_loading_torch(folder: Path) -> None:
    code = (
        "import sys\nfrom curate.classifier.transformer import TransformerJudge\n"
        f"TransformerJudge.of({str(folder)!r}, max_length=128)\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    root = str(Path(__file__).parents[2])
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": root})


@pytest.mark.slow
def test_in_a_run_on_ray_it_is_a_segment_that_asks_for_a_gpu_and_gives_the_scores_of_this_process(
    folder: Path, tmp_path: Path
) -> None:
    faults.corpus(tmp_path / "in", 16, 2)
    judge = TransformerJudge.of(folder, max_length=128, cost=Cost(gpus=0.5))
    recipe = Recipe(name="judged", sources=(Source(name="in", path=str(tmp_path / "in")),), stages=(judge,))
    assert [segment.gpus for segment in segments(recipe)] == [0, 0, 0.5]
    tables = []
    with open(os.devnull, "w") as nowhere:
        run(recipe, str(tmp_path / "inline"), Inline(), Lines(nowhere))
        with on_ray(cpus=2, gpus=1) as engine:
            run(recipe, str(tmp_path / "ray"), engine, Lines(nowhere))
    for out in ("inline", "ray"):
        kept = pl.read_parquet(tmp_path / out / "kept" / "*.parquet").sort("doc_id")
        tables.append(kept.select("doc_id", "transformer_score"))
    assert tables[0]["transformer_score"].to_list() == pytest.approx(tables[1]["transformer_score"].to_list(), abs=1e-4)
    assert tables[0].height == 16
