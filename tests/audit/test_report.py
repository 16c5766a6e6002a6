"""Every figure of the report is one that is computed here again from the Parquet files, in another way."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest

from curate.audit.gather.bins import bins_for
from curate.audit.gather.spread import Spread
from curate.audit.report.build import schema, written
from curate.audit.report.eu import DECLARABLE, _top, bucket
from curate.audit.report.material import Limits
from curate.audited import audit
from curate.engine import Inline
from curate.progress import Lines
from tests.audit.conftest import Audited
from tests.audit.corpus import LICENSES, SECRET


def kept(place: Path) -> pl.DataFrame:
    return pl.read_parquet(place / "kept" / "*.parquet")


def test_reports_keep_the_published_schema(audited: Audited, version: Audited, strange: Audited) -> None:
    checker = jsonschema.Draft202012Validator(schema())
    checker.check_schema(schema())
    for one in (audited, version, strange):
        written_ = json.loads((one.out / "report.json").read_bytes())
        faults = [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in checker.iter_errors(written_)]
        assert not faults, faults[:5]
        assert written_ == one.report
    broken = json.loads(json.dumps(audited.report))
    broken["origin"]["totals"]["documents"] = "many"
    del broken["verdict"]["checks"]
    assert len(list(checker.iter_errors(broken))) == 2


def test_totals_and_sources_are_those_of_the_kept_files(audited: Audited) -> None:
    docs = kept(audited.place)
    texts = docs["text"].to_list()
    totals = audited.report["origin"]["totals"]
    mixed = pl.read_parquet(audited.place / "mix" / "docs" / "*.parquet")
    assert totals == {
        "documents": docs.height,
        "characters": sum(map(len, texts)),
        "bytes": sum(len(text.encode()) for text in texts),
        "tokens": mixed["length"].sum(),
    }
    assert [row["source"] for row in audited.report["origin"]["sources"]] == ["clinic", "forum", "web", "books"]
    for row in audited.report["origin"]["sources"]:
        mine = docs.filter(pl.col("source") == row["source"])["text"].to_list()
        size = sum(len(text.encode()) for text in mine)
        tokens = mixed.filter(pl.col("source") == row["source"])["length"].sum()
        assert (row["documents"], row["bytes"], row["tokens"]) == (len(mine), size, tokens)
        assert row["share"] == round(size / totals["bytes"], 6)
        assert row["tokens_per_character"] == round(tokens / sum(map(len, mine)), 6)


def test_licences_hosts_dates_and_languages_are_counted_as_the_documents_state_them(audited: Audited) -> None:
    docs, origin = kept(audited.place), audited.report["origin"]
    by_license = Counter(docs["license"].to_list())
    assert {row["license"]: row["documents"] for row in origin["licenses"]} == dict(by_license)
    assert by_license.keys() == set(LICENSES.values())
    classes = {row["class"]: row["documents"] for row in origin["license_classes"] if row["documents"]}
    assert classes == {"permissive": by_license["CC-BY-4.0"], "non_commercial": by_license["CC-BY-NC-4.0"],
                       "public_domain": by_license["CC0-1.0"], "unknown": by_license[None]}  # fmt: skip
    hosts = Counter(url.split("//")[1].split("/")[0].rpartition("@")[2].removeprefix("www.")
                    for url in docs["url"].drop_nulls())  # fmt: skip
    assert {row["host"]: row["documents"] for row in origin["hosts"]["top"]} == dict(hosts)
    assert origin["hosts"]["without_address"] == docs["url"].null_count()
    years = Counter(date[:4] for date in docs["date"].drop_nulls())
    assert {row["year"]: row["documents"] for row in origin["dates"]["years"]} == dict(years)
    langs = Counter(docs["lang"].to_list())
    assert {row["lang"]: row["documents"] for row in origin["languages"]} == dict(langs)
    cells = Counter(zip(docs["lang"].to_list(), docs["domain"].to_list(), strict=True))
    assert {(row["lang"], row["domain"]): row["documents"] for row in origin["language_domain"]} == dict(cells)


def test_the_funnel_its_reasons_and_its_bytes_are_those_of_the_verdicts(audited: Audited) -> None:
    removal = audited.report["removal"]
    verdicts = pl.read_parquet(audited.place / "verdicts" / "*.parquet")
    first = verdicts.unique("doc_id", keep="first", maintain_order=True)
    reasons = Counter(first.select("stage", "reason").iter_rows())
    assert {(row["stage"], row["reason"]): row["documents"] for row in removal["reasons"]} == dict(reasons)
    assert {reason for _, reason in reasons} >= {
        "too_short", "repeated_lines", "exact_duplicate", "near_duplicate", "benchmark_overlap",
    }  # fmt: skip
    samples = pl.read_parquet(audited.place / "samples" / "*.parquet")  # small: every removed text is there
    sizes = {row["doc_id"]: len(row["text"].encode()) for row in samples.iter_rows(named=True)}
    for row in removal["stages"][1:]:
        gone = first.filter(pl.col("stage") == row["stage"])
        assert row["removed"] == gone.height
        assert row["documents_in"] - row["removed"] - row["quarantined"] == row["kept"]
        assert row["bytes_removed"] == sum(sizes[doc_id] for doc_id in gone["doc_id"])
        for one in row["sources"]:
            assert one["removed"] == gone.filter(pl.col("source") == one["source"]).height
    assert removal["stages"][-1]["kept"] == kept(audited.place).height
    failed = Counter(
        verdicts.unique(["doc_id", "stage", "reason", "measure"]).select("stage", "reason", "measure").iter_rows()
    )
    told: Counter[tuple[str, str, str]] = Counter()
    for row in removal["rules"]:
        told[row["stage"], row["reason"], row["measure"]] += row["failed"]
    assert +told == failed


def test_what_is_shown_beside_a_copy_is_what_it_copies(audited: Audited) -> None:
    shown = {one["reason"]: one for one in audited.report["removal"]["samples"]}
    copies = shown["exact_duplicate"]
    assert copies["stayed_for"] == "twin"
    texts = {row["text"] for row in copies["stayed"]}
    assert {row["text"] for row in copies["went"]} == texts
    short = shown["too_short"]
    assert short["stayed_for"] == "nearest" and all(row["text"] in ("短", "Short.") for row in short["went"])
    docs = kept(audited.place).filter(pl.col("text_bytes") >= 50)
    assert short["stayed"][0]["value"] == docs["text_bytes"].min()


def test_distributions_are_numpys_histograms_of_what_was_measured(audited: Audited) -> None:
    docs = kept(audited.place)
    gone = pl.concat(
        [pl.read_parquet(path) for path in sorted((audited.place / "measures").glob("*.parquet"))],
        how="diagonal_relaxed",
    )
    measures = {row["measure"]: row for row in audited.report["quality"]["measures"]}
    assert measures.keys() >= {"chars", "quality_score", "repeated_line_share", "duplicate_similarity", "keywords_hits"}
    for name, measure in measures.items():
        edges = np.asarray(measure["edges"])
        for row in measure["sources"]:
            parts = [table.filter(pl.col("source") == row["source"])[name].cast(pl.Float64).drop_nulls().to_numpy()
                     for table in (docs, gone) if name in table.columns]  # fmt: skip
            values = np.concatenate(parts)
            counts, _ = np.histogram(values, edges)
            assert row["counts"] == counts.tolist(), name
            assert row["documents"] == len(values)
            assert row["mean"] == pytest.approx(values.mean(), abs=2e-6)
            assert (row["least"], row["greatest"]) == pytest.approx((values.min(), values.max()), abs=1e-6)
            below = sum(counts[: measure["edges"].index(row["p50_at_most"])])
            assert below >= len(values) / 2
    lengths = measures["text_bytes"]
    assert lengths["limits"][0] | {"failed": 0} == {
        "stage": "length", "reason": "too_short", "low": 50.0, "high": None, "when": None, "failed": 0}  # fmt: skip
    assert sum(limit["failed"] for limit in lengths["limits"]) == 8


def test_copies_contamination_and_personal_data_are_those_in_the_files(audited: Audited) -> None:
    verdicts = pl.read_parquet(audited.place / "verdicts" / "*.parquet")
    copies = verdicts.filter(pl.col("reason").is_in(["exact_duplicate", "near_duplicate"]))
    told = audited.report["copies"]
    assert told["documents"] == copies["doc_id"].n_unique()
    clusters = {(row["reason"], json.loads(row["evidence"])["cluster"]) for row in copies.iter_rows(named=True)}
    assert told["clusters"] == len(clusters) == sum(row["clusters"] for row in told["sizes"])
    assert sum(row["documents"] for row in told["between"]) == told["documents"]
    leaks = verdicts.filter(pl.col("reason") == "benchmark_overlap")
    contamination = audited.report["contamination"]
    assert contamination["removed"] == leaks["doc_id"].n_unique() == 2
    assert (
        contamination["benchmarks"][0]["question"]["removed"] + contamination["benchmarks"][0]["item"]["removed"] == 2
    )
    assert contamination["benchmarks"][0]["items_found"] == 2
    docs = kept(audited.place)
    phones = docs["text"].str.count_matches("13800138000")
    scan = audited.report["personal"]["second_scan"]
    assert scan["by_kind"] == [
        {"kind": "phone", "finds": phones.sum(), "documents": (phones > 0).sum(),
         "share": round((phones > 0).sum() / docs.height, 6)}
    ]  # fmt: skip
    assert phones.sum() == 8
    found = {row["kind"]: row["finds"] for row in audited.report["personal"]["found"]}
    assert found == {"email": 8}


def test_the_mix_is_that_of_its_own_report(audited: Audited) -> None:
    mix = json.loads((audited.place / "mix" / "report.json").read_bytes())
    told = audited.report["mix"]
    assert told["realised"] == mix["realised"] and told["override"]["reason"] == "a small corpus of tests"
    assert {row["channel"]: row["tokens"] for row in told["channels"]} == {
        name: part["tokens"] for name, part in mix["channels"].items()
    }
    docs = pl.read_parquet(audited.place / "mix" / "docs" / "*.parquet").filter(pl.col("split") == "train")
    assert sum(row["documents"] for row in told["channels"]) == docs.height


def test_verdicts_tell_what_is_wrong_and_only_that(audited: Audited) -> None:
    states = {check["check"]: check["state"] for check in audited.report["verdict"]["checks"]}
    assert states["accounts"] == "fine" and states["copies"] == "fine" and states["contamination"] == "fine"
    assert states["licences"] == "bad"  # the forum's is non-commercial
    assert states["unlicensed"] == "caution" and states["personal"] == "caution"
    assert states["ratio_override"] == "caution"
    assert audited.report["verdict"]["state"] == "bad"
    quarantined = audited.report["faults"]
    assert (quarantined["quarantined"], quarantined["balanced"]) == (1, True)


def test_an_account_that_does_not_add_up_is_told(audited: Audited, tmp_path: Path) -> None:
    broken = tmp_path / "run"
    shutil.copytree(audited.place, broken)
    path = next((broken / "kept").glob("web*.parquet"))
    docs = pl.read_parquet(path)
    path.unlink()
    docs.head(docs.height - 1).write_parquet(path)
    found = audit(str(broken), str(tmp_path / "out"), Inline(), Lines())
    assert {check["check"]: check["state"] for check in found["verdict"]["checks"]}["accounts"] == "bad"


def test_a_version_tells_what_its_own_files_hold(version: Audited) -> None:
    docs = pl.read_parquet(version.place / "data" / "*.parquet")
    totals = version.report["origin"]["totals"]
    assert (totals["documents"], totals["tokens"]) == (docs.height, docs["tokens"].sum())
    assert version.report["subject"]["digest"] == json.loads((version.place / "manifest.json").read_bytes())["digest"]
    assert "removed_texts" in version.report["not_supplied"]


def test_a_version_is_compared_with_another(audited: Audited, tmp_path: Path) -> None:
    from curate.publish.withdraw import withdraw

    docs = pl.read_parquet(audited.place / "version" / "data" / "*.parquet")
    withdraw(str(audited.place / "version"), (docs["doc_id"][0],), "takedown", str(tmp_path / "next"))
    now = str(tmp_path / "next")
    found = audit(now, str(tmp_path / "out"), Inline(), Lines(), against=str(audited.place / "version"))
    changes = found["changes"]
    assert changes["documents_before"] == docs.height and changes["added"] == 0
    gone = sum(row["documents"] for row in changes["withdrawn"])
    assert gone >= 1 and changes["same"] == docs.height - gone - changes["removed"]
    assert not list(jsonschema.Draft202012Validator(schema()).iter_errors(found))


def test_the_same_audit_is_the_same_bytes_whatever_finishes_first(audited: Audited, tmp_path: Path) -> None:
    class Backwards(Inline):
        def run(self, task, items, gpus=0):  # type: ignore[no-untyped-def]
            return iter(list(super().run(task, items, gpus))[::-1])

    again = audit(str(audited.place), str(tmp_path), Backwards(), Lines())
    assert written(again) == (audited.out / "report.json").read_bytes()
    assert (tmp_path / "index.html").read_bytes() == (audited.out / "index.html").read_bytes()


def test_no_secret_of_an_address_is_in_anything_that_is_written(audited: Audited) -> None:
    files = [path for path in audited.out.rglob("*") if path.is_file()]
    assert len(files) >= 8
    for path in files:
        assert SECRET not in path.read_text("utf-8"), path
    assert any("private.example.com" in path.read_text("utf-8") for path in files)


def test_what_somebody_declares_stands_in_the_annexes(audited: Audited, tmp_path: Path) -> None:
    facts = {
        "provider": "某公司 <b>", "opt_out": "robots.txt", "sme": True,
        "sampling": {"manual": {"documents": 4000, "passed": 3840}, "technical": {"documents": 10, "passed": 9},
                     "sources": [{"source": "web", "documents": 100, "found": 6}]},
        "limits": {"unlawful": 0.07},
    }  # fmt: skip
    (tmp_path / "facts.json").write_text(json.dumps(facts), "utf-8")
    found = audit(str(audited.place), str(tmp_path / "out"), Inline(), Lines(), facts=str(tmp_path / "facts.json"))
    eu = {field["field"]: (field["value"], field["from"]) for field in found["annexes"]["eu"]["fields"]}
    assert eu["provider"] == ("某公司 <b>", "declared") and eu["user_data"] == (None, "not_supplied")
    assert eu["size_bucket"] == ("below_1_billion_tokens", "measured")
    cn = found["annexes"]["cn"]
    assert [(row["figure"], row["state"]) for row in cn["figures"]] == [
        ("manual_documents", "reached"), ("manual_pass", "reached"), ("technical_share", "missed"),
        ("technical_pass", "missed"),
    ]  # fmt: skip
    assert cn["sources"] == [{"source": "web", "documents": 100, "found": 6, "share": 0.06, "state": "reached"}]
    assert not list(jsonschema.Draft202012Validator(schema()).iter_errors(found))


def test_keyword_lists_give_the_technical_sample(audited: Audited) -> None:
    cn = audited.report["annexes"]["cn"]
    assert cn["technical_by"] == "keywords"
    assert {row["source"]: row["found"] for row in cn["sources"]} == dict.fromkeys(LICENSES, 2)
    states = {row["figure"]: row["state"] for row in cn["figures"]}
    assert states["technical_share"] == "reached" and states["manual_documents"] == "not_supplied"


def test_the_documents_name_every_fact_and_limit_that_can_be_declared() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "audit.md").read_text("utf-8")
    names = [name for _, name in DECLARABLE] + [field.name for field in dataclasses.fields(Limits)]
    assert len(names) > 25
    for name in names:
        assert name in page, name


def test_the_templates_ranges_and_shares_of_domains() -> None:
    assert [bucket(tokens) for tokens in (10**9 - 1, 10**9, 10**13 - 1, 10**13)] == [
        "below_1_billion_tokens", "1_billion_to_10_trillion_tokens", "1_billion_to_10_trillion_tokens",
        "above_10_trillion_tokens"]  # fmt: skip
    assert [_top(count, False) for count in (0, 1, 10, 11, 100_000)] == [0, 1, 1, 2, 10_000]
    assert [_top(count, True) for count in (0, 1, 100, 100_000)] == [0, 1, 5, 1000]


def test_spreads_of_parts_add_up_to_the_spread_of_the_whole() -> None:
    draw = np.random.default_rng(0)
    values = np.concatenate([draw.random(500), draw.random(20) * 1e5, [0.0, 1.0]])
    bins = bins_for(0.0, float(values.max()), whole=False)
    whole, parts = Spread.empty(bins), Spread.empty(bins)
    whole.add(pl.Series(values))
    for part in np.array_split(values, 7):
        one = Spread.empty(bins)
        one.add(pl.Series(part))
        parts.merge(one)
    assert parts.data() == whole.data()
    assert whole.counts.sum() == len(values)


RANGES = [(0, 0.5, False), (0, 1, True), (0, 7, True), (-3, 4, False), (5, 5, False),
          (0, 1e12, False), (1, 10**7, True),
          (-9, 10**5, True)]  # fmt: skip


@pytest.mark.parametrize(("low", "high", "whole"), RANGES)
def test_bins_hold_every_value_between_the_least_and_the_greatest(low: float, high: float, whole: bool) -> None:
    edges = bins_for(low, high, whole=whole).edges
    assert edges[0] <= low and edges[-1] >= high
    assert all(a < b for a, b in pairwise(edges)) and len(edges) < 300
