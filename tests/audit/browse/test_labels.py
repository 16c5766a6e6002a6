"""Labels: a file that only grows, the last word of each reader, agreement beyond chance, and how sure a share is."""

import json
from pathlib import Path

import polars as pl
import pytest

from curate.audit.browse.drawn import NoSample, draw, read, write
from curate.audit.browse.labels import BAD, GOOD, TAKEN_BACK, Label, Labelled, NotLabels
from curate.audit.intervals import kappa, wilson
from curate.labelled import Labels, labelled
from curate.progress import Lines


def say(found: Labelled, doc_id: str, reader: str, label: str, **more: str) -> None:
    found.add(Label(doc_id=doc_id, reader=reader, label=label, **more))


def test_kappa_is_cohens_worked_out_by_hand() -> None:
    # 50 grant proposals: both yes 20, both no 15, 5 and 10 apart: observed .7, by chance .5, kappa .4
    one = ["y"] * 20 + ["y"] * 5 + ["n"] * 10 + ["n"] * 15
    other = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert kappa(one, other) == pytest.approx(0.4)
    assert kappa(one, one) == 1
    assert kappa(["y", "n"], ["n", "y"]) == -1
    assert kappa(["y", "y"], ["y", "y"]) is None


def test_wilsons_interval_is_that_of_the_paper() -> None:
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998, Stat. Med. 17:857, method 3
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_the_last_word_of_each_reader_counts_and_may_be_taken_back(tmp_path: Path) -> None:
    found = Labelled(tmp_path / "labels.jsonl")
    say(found, "a", "ann", BAD)
    say(found, "a", "ann", GOOD, note="第二次看")
    say(found, "b", "ann", GOOD)
    say(found, "b", "ann", TAKEN_BACK)
    say(found, "a", "ben", BAD)
    for again in (found, Labelled(found.path)):
        assert [(one.doc_id, one.reader, one.label) for one in again.said().labels] == [
            ("a", "ann", GOOD),
            ("a", "ben", BAD),
        ]
        label = again.of("a", "ann")
        assert label is not None and label.note == "第二次看"
    assert len(found.path.read_text("utf-8").splitlines()) == 5


def test_quality_is_what_most_readers_say_with_an_interval(tmp_path: Path) -> None:
    found = Labelled(tmp_path / "labels.jsonl")
    for number in range(10):
        say(found, f"zh{number}", "ann", GOOD if number < 8 else BAD, lang="zh", sample="s")
        say(found, f"en{number}", "ann", GOOD, lang="en", sample="s")
    for reader in ("ben", "cem"):
        say(found, "zh9", reader, GOOD, lang="zh", sample="s")  # two of three
    say(found, "zh0", "ben", BAD, lang="zh", sample="s")  # one of two: not good
    say(found, "other", "ann", BAD, lang="zh")  # nobody drew it
    by_lang = found.said().where(lambda label: label.sample == "s").quality(lambda label: label.lang)
    assert by_lang["en"][:3] == (10, 10, 1.0)
    assert by_lang["zh"][:3] == (10, 8, 0.8)
    assert by_lang["zh"][3:] == pytest.approx(wilson(8, 10))
    (agreement, *_) = found.said().agreements()
    assert agreement[:4] == ("ann", "ben", 2, 0)


@pytest.mark.parametrize("line", ["{", '{"doc_id": "a"}', '{"doc_id": "a", "reader": "r", "label": "perfect"}', "[]"])
def test_what_is_no_label_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    good = json.dumps({"doc_id": "a", "reader": "r", "label": "good"})
    (tmp_path / "labels.jsonl").write_text(f"{good}\n{line}\n")
    with pytest.raises(NotLabels, match="line 2"):
        Labelled(tmp_path / "labels.jsonl")


def test_a_judge_learns_from_the_file(tmp_path: Path) -> None:
    found = Labelled(tmp_path / "labels.jsonl")
    for lang, text in (("zh", "患者应当按时服药。"), ("en", "Take it with food.")):
        for label in (GOOD, BAD):
            say(found, f"{lang}{label}", "ann", label, lang=lang, source="leaflets", text=f"{text} {label}")
    with (tmp_path / "log").open("w") as log:
        docs = labelled([Labels(None, str(found.path))], Lines(log)).docs
    assert sorted(docs["label"].unique()) == [BAD, GOOD] and docs.height == 4
    assert docs["source"].unique().to_list() == ["leaflets"]


def test_a_judge_learns_the_last_word_of_each_reader_and_what_most_of_them_say(tmp_path: Path) -> None:
    found = Labelled(tmp_path / "labels.jsonl")
    words = (("one", "ann", BAD), ("one", "ann", GOOD), ("back", "ann", GOOD), ("back", "ann", TAKEN_BACK),
             ("tie", "ann", GOOD), ("tie", "ben", BAD), ("most", "ann", BAD), ("most", "ben", BAD),
             ("most", "cem", GOOD))  # fmt: skip
    for doc_id, reader, label in words:
        say(found, doc_id, reader, label, text=f"文档 {doc_id} 的内容。", lang="zh")
    with (tmp_path / "log").open("w") as log:
        docs = labelled([Labels(None, str(found.path))], Lines(log)).docs
    assert sorted(docs.select("text", "label").rows()) == [("文档 most 的内容。", BAD), ("文档 one 的内容。", GOOD)]


def test_a_sample_is_drawn_by_seed_whatever_the_files_and_read_back(tmp_path: Path) -> None:
    ids = [f"{number:032x}" for number in range(500)]
    table = pl.DataFrame({"doc_id": ids, "text": [f"文本 {one}" for one in ids], "lang": ["zh"] * 500})
    for name, parts in (("one", [table]), ("two", [table[300:], table[:300].reverse()])):
        (tmp_path / name / "kept").mkdir(parents=True)
        for number, part in enumerate(parts):
            part.write_parquet(tmp_path / name / "kept" / f"{number}.parquet")
    drawn = [list(draw(str(tmp_path / name), 50, 7)) for name in ("one", "two")]
    assert drawn[0] == drawn[1] and len(drawn[0]) == 50
    assert [row["doc_id"] for row in drawn[0]] != [row["doc_id"] for row in draw(str(tmp_path / "one"), 50, 8)]
    assert [row["doc_id"] for row in draw(str(tmp_path / "one"), 20, 7)] == [row["doc_id"] for row in drawn[0][:20]]
    out = str(tmp_path / "sample.jsonl")
    assert write(iter(drawn[0]), out) == 50
    assert read(out) == drawn[0]
    with pytest.raises(NoSample, match="expected a run or a version"):
        list(draw(str(tmp_path), 5, 0))
    Path(out).write_text("{}\n")
    with pytest.raises(NoSample, match="line 1"):
        read(out)
