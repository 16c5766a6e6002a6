"""How often the encoding of a page is told right: with the right label, without one, with that of another.

    python performance/encodings.py [--data ../shared/data] [--environments ~/.cache/curate-peers] [--pieces 25]
        [--peers charset-normalizer,chardetng,chardet] [--wrong]

Pages are made of pieces of 100 and of 2,000 characters: Chinese from the corpora, other languages from the
translations that come with Django (BSD). A page is right if its text comes back as it was. Peers see bytes, not labels,
in environments of their own, or are skipped with a message. `--wrong` prints what was taken for what instead. Then,
over the real pages of DATA/html, which encodings are chosen and why.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import json
import platform
import subprocess
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl
from fastwarc.warc import ArchiveIterator, WarcRecordType
from peers.environments import HOME, Peer, python

from curate.document import share_of
from curate.stages.encoding import decode

LENGTHS = (100, 2000)
CORPORA = {"zh": ("law/zh/prc_laws", "finance/zh/fincuge_news", "medical/zh/toyhom_internal_csv", "general/zh/lctt_zh"),
           "zh_classical": ("general/zh/poetry", "medical/zh/tcm_ancient_books")}  # fmt: skip
# Language -> what its pages are encoded in: label -> Python's codec.
ENCODINGS = {
    "zh": {"gb2312": "gb18030", "utf-8": "utf-8", "hz-gb-2312": "hz", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be"},
    "zh_classical": {"gbk": "gb18030", "big5": "big5hkscs"},
    "zh_Hant": {"big5": "big5hkscs", "gbk": "gb18030"},
    "ja": {"shift_jis": "cp932", "euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp"},
    "ko": {"euc-kr": "cp949"},
    "ru": {"windows-1251": "cp1251", "koi8-r": "koi8-r", "iso-8859-5": "iso8859_5", "ibm866": "cp866"},
    "uk": {"windows-1251": "cp1251", "koi8-u": "koi8-u"},
    "bg": {"windows-1251": "cp1251"},
    "el": {"windows-1253": "cp1253", "iso-8859-7": "iso8859_7"},
    "ar": {"windows-1256": "cp1256", "iso-8859-6": "iso8859_6"},
    "fa": {"windows-1256": "cp1256"},
    "he": {"windows-1255": "cp1255", "iso-8859-8": "iso8859_8"},
    "th": {"tis-620": "cp874"},
    "pl": {"windows-1250": "cp1250", "iso-8859-2": "iso8859_2"},
    "cs": {"windows-1250": "cp1250", "iso-8859-2": "iso8859_2"},
    "hu": {"windows-1250": "cp1250", "iso-8859-2": "iso8859_2"},
    "ro": {"iso-8859-2": "iso8859_2"},
    "tr": {"windows-1254": "cp1254"},
    "lt": {"windows-1257": "cp1257"},
    "fr": {"windows-1252": "cp1252"},
    "de": {"iso-8859-1": "cp1252"},
    "es": {"windows-1252": "cp1252"},
}
CEDILLAS = str.maketrans("șțȘȚ", "şţŞŢ")
LABELS = ("right", None, "gb2312", "utf-8", "iso-8859-1")
PEERS = (
    Peer("charset-normalizer", "telling_encodings.py", ("charset-normalizer==3.5.2",)),
    Peer("chardetng", "telling_encodings.py", ("chardetng-py==0.3.5",)),
    Peer("chardet", "telling_encodings.py", ("chardet==7.7.0",)),
)
DJANGO = Peer("django", "telling_languages.py", ("django==5.2.19",))


class Page(NamedTuple):
    lang: str
    label: str
    length: int
    codec: str
    text: str

    def data(self, label: str | None) -> bytes:
        head = f'<meta http-equiv="Content-Type" content="text/html; charset={label}">' if label else ""
        head = f"<html>\n<head>{head}\n<title>{self.text[:12]}</title></head>\n"
        return f"{head}<body>\n<div>Home | About</div>\n<p>{self.text}</p>\n</body></html>\n".encode(self.codec)


def texts_of(folder: Path, home: Path) -> dict[str, list[str]]:
    """Language -> texts, in an order that their hashes decide."""
    found: dict[str, list[str]] = {}
    for lang, names in CORPORA.items():
        for name in names:
            path = folder / f"{name}.jsonl.zst"
            if path.exists():
                some = sorted(pl.read_ndjson(path)["text"].to_list(), key=share_of)[:300]
                found.setdefault(lang, []).extend(" ".join(text.split()) for text in some)
            else:
                print(f"skipped: {path} is not there")
        found.get(lang, []).sort(key=share_of)
    others = [lang for lang in ENCODINGS if lang not in CORPORA]
    interpreter = python(DJANGO, home)
    if interpreter is not None:
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            script = Path(__file__).parent / "peers" / DJANGO.script
            subprocess.run([interpreter, script, "django", file.name, *others], check=True)
            found |= {
                lang: sorted(some, key=share_of) for lang, some in json.loads(Path(file.name).read_text()).items()
            }
    return found


def pages_of(texts: dict[str, list[str]], most: int) -> Iterator[Page]:
    for lang, encodings in ENCODINGS.items():
        for label, codec in encodings.items():
            # Their cedillas are what that encoding has for the commas of Romanian.
            fits = [
                text.translate(CEDILLAS).replace("<", "").replace("~", "")
                for text in texts.get(lang, ())
                if encodes(text.translate(CEDILLAS), codec)
            ]
            for length in LENGTHS:
                if lang in CORPORA:
                    pieces = [
                        text[at : at + length]
                        for text in fits
                        for at in (int(share_of(text) * max(0, len(text) - length)),)
                    ]
                else:
                    joined = " ".join(fits)
                    pieces = [joined[at : at + length] for at in range(0, len(joined), length)]
                pieces = [piece.strip() for piece in pieces if len(piece) == length]
                for piece in pieces[:most]:
                    if not piece.isascii():
                        yield Page(lang, label, length, codec, piece)


def encodes(text: str, codec: str) -> bool:
    try:
        return text.encode(codec).decode(codec) == text
    except UnicodeError:
        return False


def told_by(peer: Peer, home: Path, pages: list[Page]) -> list[tuple[bool, float]] | None:
    interpreter = python(peer, home)
    if interpreter is None:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".json") as given, tempfile.NamedTemporaryFile(suffix=".json") as out:
        json.dump([[base64.b64encode(page.data(None)).decode(), page.text] for page in pages], given)
        given.flush()
        script = Path(__file__).parent / "peers" / peer.script
        done = subprocess.run(
            [interpreter, script, peer.name, given.name, out.name], stderr=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            print(f"skipped: {peer.name}: {done.stderr.strip().splitlines()[-1:]}")
            return None
        return [(right, seconds) for right, seconds in json.loads(Path(out.name).read_text())]


def accuracy(pages: list[Page], home: Path, peers: list[str], wrong: bool) -> None:
    columns = [*("no label" if label is None else f"as {label}" if label != "right" else label for label in LABELS)]
    right: dict[tuple[str, str, str, int], list[bool]] = defaultdict(list)
    seconds: Counter[str] = Counter()
    mistakes: Counter[tuple[str, str, str, int, str]] = Counter()
    for page in pages:
        for label, column in zip(LABELS, columns, strict=True):
            data = page.data(page.label if label == "right" else label)
            began = time.process_time()
            done = decode(data)
            seconds[column] += time.process_time() - began
            fine = page.text in done.text
            for row in ((page.lang, page.label), ("all", "")):
                right[column, *row, page.length].append(fine)
            if not fine:
                mistakes[page.lang, page.label, column, page.length, f"{done.encoding} ({done.reason})"] += 1
    if wrong:
        for (lang, label, column, length, taken), count in sorted(mistakes.items()):
            print(f"  {lang:12} {label:14} {column:14} {length:5} {taken:24} {count}")
        return
    for peer in PEERS:
        if peer.name in peers and (told := told_by(peer, home, pages)) is not None:
            columns.append(peer.name)
            for page, (fine, took) in zip(pages, told, strict=True):
                seconds[peer.name] += took
                for row in ((page.lang, page.label), ("all", "")):
                    right[peer.name, *row, page.length].append(fine)
    print(
        f"\nright at {' / '.join(map(str, LENGTHS))} characters\n  {'':27}" + "".join(f"{name:>19}" for name in columns)
    )
    for row in [*dict.fromkeys((page.lang, page.label) for page in pages), ("all", "")]:
        cells = [
            " / ".join(
                f"{sum(some) / len(some):.2f}" if (some := right[column, *row, length]) else "-" for length in LENGTHS
            )
            for column in columns
        ]
        print(f"  {row[0]:12} {row[1]:14}" + "".join(f"{cell:>19}" for cell in cells))
    print(f"  {'ms a page':27}" + "".join(f"{1000 * seconds[column] / len(pages):19.2f}" for column in columns))


def real(folder: Path) -> None:
    chosen: Counter[tuple[str, str]] = Counter()
    took, size = 0.0, 0
    for file in sorted(folder.glob("*/pages.warc.gz")):
        with open(file, "rb") as opened:
            for record in ArchiveIterator(opened, record_types=WarcRecordType.response):
                data = record.reader.read()
                began = time.process_time()
                done = decode(data, record.http_headers.get("Content-Type"))
                took, size = took + time.process_time() - began, size + len(data)
                chosen[done.encoding, done.reason] += 1
    if chosen:
        print(f"\nreal pages, {size / took / 1e6:.0f} MB per CPU-second")
        for (encoding, reason), count in chosen.most_common():
            print(f"  {encoding:12} {reason:10} {count:5}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--environments", type=Path, default=HOME)
    parser.add_argument("--pieces", type=int, default=25)
    parser.add_argument("--peers", default="charset-normalizer,chardetng,chardet")
    parser.add_argument("--wrong", action="store_true")
    options = parser.parse_args()
    print(f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}")
    pages = list(pages_of(texts_of(options.data / "corpora", options.environments), options.pieces))
    accuracy(pages, options.environments, options.peers.split(","), options.wrong)
    real(options.data / "html")


if __name__ == "__main__":
    main()
