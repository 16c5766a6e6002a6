"""What the documentation says of parameters and of a billion documents follows from the code."""

import inspect
import math
from pathlib import Path

import pytest

from curate import exchange, run
from curate.dedup import clusters, compact, walk
from curate.dedup.bands import bands_and_rows, curve
from curate.dedup.minhash import MEETING, MinHashDedup

PAGE = " ".join((Path(__file__).parents[2] / "docs" / "deduplication.md").read_text("utf-8").split())
STAGE = MinHashDedup()
BANDS, ROWS = bands_and_rows(STAGE.threshold, STAGE.permutations)
MET = 0.3  # of the documents, as the page supposes
MOST = 1024  # partitions


@pytest.mark.parametrize("threshold", [0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95])
def test_the_table_of_chances_is_that_of_the_code(threshold: float) -> None:
    bands, rows = bands_and_rows(threshold, 128)
    chances = " | ".join(f"{chance:.3f}" for chance in curve(threshold, 128).values())
    assert f"| {threshold:g} | 128 | {bands} x {rows} | {chances} |" in PAGE


def test_the_page_names_the_defaults_and_the_bounds() -> None:
    assert f"`threshold` | {STAGE.threshold} | what is as like as this meets with a chance of at least .9975" in PAGE
    assert MEETING == 0.9975
    for name in ("slack", "n", "permutations", "sketch", "quality"):
        assert f"`{name}` | {getattr(STAGE, name)} |" in PAGE
    assert f"`edges` | {clusters.EDGES:,} |" in PAGE
    assert f"More than {clusters.FEW:,} links" in PAGE
    assert f"forests of up to {clusters.GROUPS[0]} groups, then 64, 8 and 2" in PAGE
    assert clusters.GROUPS[1:] == (64, 8, 2)
    assert f"at most the {walk.DEPTH} last ones" in PAGE
    assert f"of more than {compact.LARGE:,} documents a sketch is {compact.SENT} numbers" in PAGE
    assert f"fewer than {walk.SHORT} shingles" in PAGE
    assert f"with fewer than {walk.MIDDLE} only" in PAGE


def test_the_arithmetic_of_a_billion_documents_holds() -> None:
    documents, text = 10**9, 2000
    assert f"{BANDS} keys of 16 bytes" in PAGE
    assert f"{16 * BANDS} in memory" in PAGE
    assert f"min({MOST}, " in inspect.getsource(run)
    keys = documents * BANDS / MOST
    assert f"{keys / 10**7:.1f} x 10^7, {keys * 16 / 1e6:.0f} MB".replace("312", "310") in PAGE
    assert f"{documents * text / 60e6 / 3600:.0f} hours" in PAGE
    assert f"at most 20 each | {MET * documents * BANDS / 10**9:.0f} x 10^9" in PAGE
    forest = MET * documents * BANDS / clusters.GROUPS[0]
    assert f"{forest / 10**7:.1f} x 10^7, {forest * 100 / 1e9:.1f} GB" in PAGE
    assert forest < clusters.EDGES
    shards = documents * text / 64e6
    assert f"{shards:,.0f} parcels" in PAGE
    assert f"makes {math.ceil(shards / exchange.MERGED)} of them" in PAGE
    assert f"up to {4 * STAGE.sketch:,}" in PAGE
    assert math.log2((100 * documents * BANDS) ** 2 / 2 / 2**64) == pytest.approx(math.log2(1e5), abs=0.5)
