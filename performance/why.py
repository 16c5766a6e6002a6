"""How long `curate why` takes to answer in a large run: by doc_id, by address, of a kept, a removed and no document.

    python performance/why.py --documents 10000000

Makes a run's tables of documents of 200 to 400 characters (what is looked for is found through names, not texts), then
asks in new processes, so that importing counts too. Key files are made once, as a run makes them at its end.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from hashlib import blake2b
from pathlib import Path

import polars as pl

from curate.audit import keys
from curate.document import COLUMNS
from curate.stage import VERDICT

SHARD = 50_000
WORDS = {
    "en": "The patient was given a leaflet about the treatment of ",
    "zh": "患者应当在医生指导下按时服药并定期复查，",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000_000, help="kept; a tenth as many are removed")
    asked = parser.parse_args()
    print(f"{date.today()}, {platform.machine()}, Python {platform.python_version()}, polars {pl.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder, "run")
        (run / "kept").mkdir(parents=True)
        (run / "verdicts").mkdir()
        (run / "run.json").write_text(json.dumps({"rules": {}, "segments": {}}))
        for number in range(0, asked.documents, SHARD):
            rows = min(SHARD, asked.documents - number)
            kept(number, rows).write_parquet(run / "kept" / f"web-{number // SHARD:05}.parquet", row_group_size=8192)
            gone(number, rows // 10).write_parquet(run / "verdicts" / f"1-chain.web-{number // SHARD:05}.parquet")
        start = time.process_time()
        for table in keys.tables(str(run)):
            keys.index(table, str(run))
        size = sum(path.stat().st_size for path in (run / "keys").rglob("*.keys"))
        each = 1e6 * (time.process_time() - start) / asked.documents
        print(f"{asked.documents:,} documents: key files {size / 1e6:,.0f} MB, {each:.1f} microseconds a document")
        middle = asked.documents // 2
        for said, key in (
            ("doc_id", identity("kept", middle)),
            ("url", f"https://example.org/{middle}.html"),
            ("doc_id of a removed document", identity("gone", middle)),
            ("no document", "f" * 32),
        ):
            times = []
            for _ in range(3):
                start, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
                done = subprocess.run(
                    [sys.executable, "-m", "curate", "why", run, key], capture_output=True, text=True, check=False
                )
                now = resource.getrusage(resource.RUSAGE_CHILDREN)
                cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
                times.append((time.perf_counter() - start, cpu))
            wall, cpu = (min(column) for column in zip(*times, strict=True))
            print(f"  {said:<30}{wall:.2f} s, {cpu:.2f} CPU-seconds (best of 3), exit {done.returncode}")


def identity(kind: str, number: int) -> str:
    return blake2b(f"{kind}{number}".encode(), digest_size=16).hexdigest()


def kept(first: int, rows: int) -> pl.DataFrame:
    numbers = range(first, first + rows)
    lang = ["en" if number % 2 else "zh" for number in numbers]
    data = {
        "doc_id": [identity("kept", number) for number in numbers],
        "origin_id": [f"page-{number}" for number in numbers],
        "url": [f"https://example.org/{number}.html" for number in numbers],
        "content_hash": [identity("hash", number) for number in numbers],
        "text": [WORDS[one] * 6 + str(number) for one, number in zip(lang, numbers, strict=True)],
        "locator": [f"web.jsonl.zst#{number}" for number in numbers],
        "lang": lang,
    }
    return filled(data, COLUMNS)


def gone(first: int, rows: int) -> pl.DataFrame:
    numbers = range(first, first + rows)
    data = {
        "doc_id": [identity("gone", number) for number in numbers],
        "stage": ["length"] * rows,
        "reason": ["too_short"] * rows,
        "locator": [f"other.jsonl.zst#{number}" for number in numbers],
    }
    return filled(data, VERDICT)


def filled(data: dict[str, list[str]], schema: object) -> pl.DataFrame:
    """A table of the schema, what is not given null."""
    given = pl.DataFrame(data)
    dtypes = dict(schema)  # type: ignore[call-overload]
    return given.select(
        pl.col(name).cast(dtype) if name in data else pl.lit(None, dtype).alias(name) for name, dtype in dtypes.items()
    )


if __name__ == "__main__":
    main()
