"""A small change of a large version rewrites little of it; documents of one site lie together."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from curate.dedup.index import Parameters
from curate.dedup.minhash import MinHashDedup
from curate.document import COLUMNS, content_hash, doc_id
from curate.engine import Inline
from curate.publish import place
from curate.publish.keep import Kept, keep
from curate.publish.settings import Version
from curate.publish.sorting import host, in_order
from curate.publish.store import Store
from curate.publish.verify import verify_store
from curate.publish.version import publish
from curate.publish.withdraw import withdraw_stored
from tests.mix.kept import shards

DOCUMENTS = 100_000
DESCRIBES = {"README.md", "croissant.json", "signatures/index.json", "signatures/withdrawn.json"}
"""What says of a version as a whole what it is: with the manifest, some kilobytes that are new with each version."""


def corpus(count: int) -> pl.DataFrame:
    """Short notices of 500 sites."""
    rows = []
    for number in range(count):
        text = f"公告第{number}号 notice {number} of site {number % 500}: 本页内容以当日公布为准。"
        rows.append(
            {
                "doc_id": doc_id("pages", str(number)), "origin_id": str(number), "text": text, "source": "pages",
                "content_hash": content_hash(text.encode()), "role": "general", "lang": "zh", "kind": "prose",
                "locator": f"pages#{number}", "url": f"https://www.site{number % 500}.example/{number}",
            }
        )  # fmt: skip
    return pl.DataFrame(rows, schema=COLUMNS)


def new_files(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Files of `after` whose bytes are in no file of `before`."""
    there = {file["sha256"] for file in before["files"].values()}
    return {name for name, file in after["files"].items() if file["sha256"] not in there}


def test_a_document_less_of_100_000_rewrites_one_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "FILE", 800_000)
    docs = corpus(DOCUMENTS)
    version = Version(name="notices", title="Notices", signatures=True)
    store = str(tmp_path / "store")

    def published(folder: str, some: pl.DataFrame, number: str, parameters: Parameters | None) -> Kept:
        kept = shards(tmp_path / f"{folder}.kept", some, [some.height // 2])
        publish(version, kept, None, str(tmp_path / folder), {}, Inline(), signatures=parameters)
        return keep(tmp_path / folder, store, "notices", number)

    whole = published("whole", docs, "1.0.0", Parameters.of(MinHashDedup()))
    data = [name for name in whole.manifest["files"] if name.startswith("data/")]
    assert len(data) == 16 and whole.manifest["rows"] == {"train": DOCUMENTS}

    withdrawn, gone = withdraw_stored(f"{store}/notices@1.0.0", ["77777"], "superseded", "1.0.1")
    changed = new_files(whole.manifest, withdrawn.manifest) - DESCRIBES
    lineage = {name for name in changed if name.startswith("parents/")}  # the manifest before, an object already
    assert len(gone) == 1 and len(changed - lineage) == 1 and (changed - lineage) < set(data)
    assert withdrawn.put.new_bytes < whole.put.new_bytes / 10

    made_anew = published("fewer", docs.filter(pl.col("origin_id") != "77777"), "2.0.0", None)
    changed = new_files(withdrawn.manifest, made_anew.manifest) - DESCRIBES
    assert changed == set()  # the withdrawn version's data are what would be published without the document
    assert verify_store(Store.open(store)).faults == []


def test_rows_come_in_the_order_of_host_source_and_id_however_they_arrive(tmp_path: Path) -> None:
    docs = corpus(2_000).with_columns(
        pl.when(pl.col("origin_id").str.ends_with("7")).then(None).otherwise(pl.col("url")).alias("url")
    )
    expected = docs.with_columns(host().alias("_host")).sort("_host", "source", "doc_id").drop("_host")
    for seed in range(3):
        draw = random.Random(seed)
        cuts = sorted(draw.sample(range(1, docs.height), 5))
        shuffled = docs.sample(fraction=1, shuffle=True, seed=seed)
        tables = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, docs.height], strict=True)]
        assert pl.concat(list(in_order(iter(tables), tmp_path / str(seed)))).equals(expected)
        assert list((tmp_path / str(seed)).iterdir()) == []
    assert list(in_order(iter([]), tmp_path)) == []


@pytest.mark.parametrize(
    ("url", "said"),
    [("https://WWW.Example.org:8080/a?b#c", "org.example.www"), ("http://me:secret@a.cn/", "cn.a"), (None, ""),
     ("no address", ""), ("https://病院.example", "example.病院"), ("ftp://x.y", "y.x")],
)  # fmt: skip
def test_hosts_are_read_from_the_right(url: str | None, said: str) -> None:
    assert pl.DataFrame({"url": [url]}, schema={"url": pl.String}).select(host())["url"].to_list() == [said]
