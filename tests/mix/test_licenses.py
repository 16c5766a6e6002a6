from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from curate.engine import Inline
from curate.mix.build import build
from curate.mix.licenses import parsed, permitted
from curate.mix.settings import Mix, MixRefused
from tests.mix import kept


@pytest.mark.parametrize(
    ("licence", "allowed", "denied", "may"),
    [
        ("mit", ("MIT",), (), True),
        ("MIT", ("apache-2.0",), (), False),
        ("MIT OR GPL-3.0-only", None, ("GPL-3.0-only",), True),
        ("MIT AND GPL-3.0-only", None, ("GPL-3.0-only",), False),
        ("(CC-BY-4.0 AND MIT) OR CC-BY-NC-4.0", ("CC-BY-4.0", "mit"), (), True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ("GPL-2.0-only",), (), True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", None, ("gpl-2.0-only",), False),
        ("LicenseRef-hospital", ("LicenseRef-hospital",), (), True),
        ("LicenseRef-Hospital", None, ("LicenseRef-other",), True),
        ("GPL-3.0", None, ("GPL-3.0-only",), False),
        ("GPL-3.0+", None, ("GPL-3.0-or-later",), False),
    ],
)
def test_expressions_are_judged_by_their_parts(
    licence: str, allowed: tuple[str, ...] | None, denied: tuple[str, ...], may: bool
) -> None:
    assert permitted(licence, allowed, denied, unknown=False) is may


@pytest.mark.parametrize("licence", [None, "", "NOASSERTION", "see SOURCES.md", "MIT OR", "(MIT", "公有领域", "other"])
def test_what_is_no_expression_is_unknown_and_in_by_choice_only(licence: str | None) -> None:
    assert parsed(licence) is None
    assert permitted(licence, None, (), unknown=False)  # nothing was asked
    assert not permitted(licence, ("MIT",), (), unknown=False) and not permitted(licence, None, ("MIT",), unknown=False)
    assert permitted(licence, ("MIT",), (), unknown=True)


def test_a_denied_licence_refuses_the_mix_and_names_sources_documents_and_tokens(tmp_path: Path) -> None:
    shards = kept.shards(tmp_path / "kept", kept.documents(), [30])
    tokenizer = kept.tokenizer(tmp_path)
    with pytest.raises(
        MixRefused, match=r"source 'history': 5 documents, [\d.]+ k tokens under no licence; source 'poet"
    ):
        build(Mix(tokenizer=tokenizer, licenses_denied=("mit",)), shards, str(tmp_path / "mix"), Inline())
    with pytest.raises(
        MixRefused, match=r"licences: source 'history': 5 documents, [\d.]+ k tokens under no licence\. "
    ):
        build(
            Mix(tokenizer=tokenizer, licenses_allowed=("MIT", "cc-by-4.0", "CC0-1.0")),
            shards,
            str(tmp_path / "mix"),
            Inline(),
        )
    permitted_ = Mix(tokenizer=tokenizer, licenses_denied=("GPL-3.0-only",), unknown_licenses=True)
    assert build(permitted_, shards, str(tmp_path / "mix"), Inline()).rows


def test_names_that_are_no_identifiers_are_refused_where_they_are_written(tmp_path: Path) -> None:
    for names in (("MIT license",), ("MIT OR ISC",), "MIT"):
        with pytest.raises(MixRefused, match="licenses_denied"):
            Mix(tokenizer=kept.tokenizer(tmp_path), licenses_denied=names)  # type: ignore[arg-type]


def test_a_licence_that_is_no_spdx_expression_is_named(tmp_path: Path) -> None:
    docs = kept.documents().with_columns(
        pl.when(pl.col("source") == "poetry").then(pl.lit("see the site")).otherwise("license").alias("license")
    )
    report = build(
        Mix(tokenizer=kept.tokenizer(tmp_path)),
        kept.shards(tmp_path / "kept", docs, []),
        str(tmp_path / "mix"),
        Inline(),
    )
    assert any("'poetry' has a licence that is no SPDX expression, 'see the site'" in one for one in report.warnings)
