"""The store of versions: memory at 10 GB, and what placing documents by hash costs in size.

    python performance/store.py [--data ../shared/data] [--gigabytes 10] [--s3-gigabytes 1]

1. A version of so many GB (sparse files, each unlike the others) is published into a store on the same disk, verified,
   checked out and collected; then a smaller one into an S3 server on loopback (moto's, in a process of its own) and
   checked out from there. Each step is a process of its own; printed are its seconds and its peak of resident memory,
   beside that of a process that has only imported what it needs.
2. The documents of DATA/corpora are written as Parquet with zstd in the order in which they come (a source after the
   other), by hash of id alone, and as versions are (by hash of id into files, in each by host, source and id).
3. The same documents are published as a version, with signatures and without: MB of text a second of CPU.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow

os.environ.setdefault("POLARS_MAX_THREADS", "2")
ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import zstandard  # noqa: E402

from curate import __version__  # noqa: E402
from curate.dedup.index import Parameters  # noqa: E402
from curate.dedup.minhash import MinHashDedup  # noqa: E402
from curate.document import COLUMNS, content_hash, doc_id  # noqa: E402
from curate.engine import Inline  # noqa: E402
from curate.publish import place  # noqa: E402
from curate.publish.settings import Version  # noqa: E402
from curate.publish.sorting import host  # noqa: E402
from curate.publish.version import publish  # noqa: E402
from curate.table import FixedTable  # noqa: E402

STEP = """
import time
from curate.publish import address, gc, keep, latest, objects, refs, store, verify, view
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
before = peak()
began = time.perf_counter()
{code}
took = time.perf_counter() - began
print(took, before, peak())
"""

STEPS = {
    "publish": 'assert keep.keep({folder!r}, {root!r}, "large", "1.0.0").new',
    "publish again": 'assert not keep.keep({folder!r}, {root!r}, "large", "1.0.0").new',
    "verify": "assert not verify.verify_store(store.Store.open({root!r})).faults",
    "check out": 'v = address.held({root!r} + "/large@1.0.0"); view.checkout(v.store, v.manifest, {out!r})',
    "gc": "assert gc.gc(store.Store.open({root!r}), grace=0).taken == ()",
}


def sparse(folder: Path, gigabytes: float) -> Path:
    """A version of so many GB in files of 256 MB that take no room."""
    sys.path.insert(0, str(ROOT))
    from tests.publish import fakes

    size = 256 << 20
    count = max(1, round(gigabytes * 1e9 / size))
    made = fakes.version(folder, "sparse", name="large", files=count, size=8)
    manifest = json.loads((made / "manifest.json").read_bytes())
    import hashlib

    from curate.publish.finish import finished

    zeros = bytes(1 << 20)
    for at, (name, said) in enumerate(
        sorted((name, said) for name, said in manifest["files"].items() if name.startswith("data/"))
    ):
        head = at.to_bytes(8, "big")
        with (made / name).open("wb") as file:
            file.write(head)
            file.truncate(size)
        digest = hashlib.sha256(head + zeros[8:])
        for _ in range(size // len(zeros) - 1):
            digest.update(zeros)
        said |= {"sha256": digest.hexdigest(), "bytes": size, "columns_bytes": size}
    del manifest["digest"]
    for name, data in finished(manifest)[0].items():
        (made / name).write_bytes(data)
    return made


def steps(folder: Path, root: str, names: tuple[str, ...], out: Path) -> None:
    for name in names:
        code = STEP.format(code=STEPS[name].format(folder=str(folder), root=root, out=str(out)))
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        took, before, peak = map(float, done.stdout.split())
        print(f"  {name:<14} {took:8.1f} s   peak {peak / 1024:7.0f} MB, {(peak - before) / 1024:5.0f} above imports")


def documents(data: Path) -> pl.DataFrame:
    """The documents of DATA/corpora, in the order of their files."""
    rows = []
    for path in sorted((data / "corpora").rglob("*.jsonl.zst")):
        with zstandard.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                source = path.name.removesuffix(".jsonl.zst")
                rows.append(
                    {"doc_id": doc_id(source, row["id"]), "origin_id": row["id"], "text": row["text"],
                     "content_hash": content_hash(row["text"].encode()), "url": row.get("url"), "source": source,
                     "role": "general", "lang": row["lang"][:2], "kind": "prose", "locator": f"{path.name}#{len(rows)}"}
                )  # fmt: skip
    return pl.DataFrame(rows, schema=COLUMNS).unique("doc_id", keep="first", maintain_order=True)


def written(parts: list[pl.DataFrame], folder: Path) -> int:
    """Bytes of these tables as a version's files."""
    size = 0
    for at, part in enumerate(parts):
        path = folder / f"{at}.parquet"
        with FixedTable(str(path), part.schema, weight="text") as table:
            for some in part.iter_slices(512):
                table.add(some)
        size += path.stat().st_size
        path.unlink()
    return size


def placement(docs: pl.DataFrame, folder: Path) -> None:
    text = int(docs["text"].str.len_bytes().sum())
    first = docs["doc_id"].str.slice(0, 8).str.to_integer(base=16, dtype=pl.UInt64)
    keyed = docs.with_columns(first.alias("_first"), host().alias("_host"))
    came = written([docs], folder)
    print(f"  as they come, one file       {came / 1e6:7.1f} MB  ({text / came:.2f} times smaller than the text)")
    for files in (1, 4, 16, 64):
        in_file = [keyed.filter((pl.col("_first") * files) // (1 << 32) == at) for at in range(files)]
        for name, order in (("id", ["doc_id"]), ("host, source, id", ["_host", "source", "doc_id"])):
            size = written([part.sort(order).drop("_first", "_host") for part in in_file], folder)
            print(f"  {files:>3} files, by {name:<17} {size / 1e6:7.1f} MB  ({100 * size / came - 100:+.1f} %)")


def speed(docs: pl.DataFrame, folder: Path) -> None:
    text = int(docs["text"].str.len_bytes().sum())
    kept = []
    for at, part in enumerate(docs.iter_slices(10_000)):
        kept.append(str(folder / f"{at}.parquet"))
        part.write_parquet(kept[-1])
    for name, parameters in (("without signatures", None), ("with signatures", Parameters.of(MinHashDedup()))):
        for warm in (True, False):
            began = time.process_time()
            out = folder / f"{name}-{warm}"
            publish(Version(name="v", title="V"), kept[:1] if warm else kept, None, str(out), {}, Inline(),
                    signatures=parameters)  # fmt: skip
        print(f"  {name:<19} {text / (time.process_time() - began) / 1e6:6.1f} MB of text a second of CPU")


def s3(gigabytes: float, folder: Path) -> None:
    from tests.publish.servers import s3_server

    with s3_server() as endpoint:
        os.environ.update(AWS_ENDPOINT_URL=endpoint, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x",
                          AWS_REGION="us-east-1")  # fmt: skip
        import boto3

        boto3.client("s3").create_bucket(Bucket="versions")
        made = sparse(folder / "s3-version", gigabytes)
        steps(made, "s3://versions/store", ("publish", "publish again", "verify", "check out"), folder / "s3-out")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    options.add_argument("--gigabytes", type=float, default=10)
    options.add_argument("--s3-gigabytes", type=float, default=1)
    asked: Any = options.parse_args()
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.processor())  # fmt: skip
    print(f"{datetime.date.today()}, {cpu}, {os.cpu_count()} CPUs, Python {platform.python_version()}, "
          f"curate {__version__}, polars {pl.__version__}, pyarrow {pyarrow.__version__}")  # fmt: skip
    parts: list[tuple[str, Callable[[Path], None]]] = [
        (f"{asked.gigabytes:g} GB on disk", lambda folder: steps(
            sparse(folder / "version", asked.gigabytes), str(folder / "store"), tuple(STEPS), folder / "out")),
        (f"{asked.s3_gigabytes:g} GB on S3", lambda folder: s3(asked.s3_gigabytes, folder)),
    ]  # fmt: skip
    if (asked.data / "corpora").is_dir():
        docs = documents(asked.data)
        said = f"{docs.height:,} documents, {docs['text'].str.len_bytes().sum() / 1e6:,.0f} MB of text"
        parts += [
            (f"placement: {said}", lambda folder: placement(docs, folder)),
            (f"publishing (files of {place.FILE >> 20} MB of text)", lambda folder: speed(docs, folder)),
        ]
    else:
        print(f"{asked.data} is not there: placement and speed are left out")
    for name, part in parts:
        print(f"\n{name}", flush=True)
        with tempfile.TemporaryDirectory(prefix="curate-store-") as scratch:
            part(Path(scratch))
    print(f"\nthis process: peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
