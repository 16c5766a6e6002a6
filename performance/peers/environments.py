"""An environment for each peer, made once, apart from Curate's and from one another."""

from __future__ import annotations

import subprocess
import venv
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parent
HOME = Path.home() / ".cache" / "curate-peers"


class Peer(NamedTuple):
    name: str
    script: str
    packages: tuple[str, ...]
    alone: tuple[str, ...] = ()
    """Installed without what they ask for: that would bring PySpark or TensorFlow, which MinHash does not use."""
    remark: str = ""
    library: bool = False
    """Whether reading and writing of files is ours."""


PEERS = (
    Peer("datasketch", "with_datasketch.py", ("datasketch==2.0.0", "xxhash==4.1.0"),
         remark="best: 5-grams in Python, xxh32, 20 x 6 bands, candidates verified; defaults: words, threshold .9",
         library=True),
    Peer("rensa", "with_rensa.py", ("rensa==0.5.0",),
         remark="best: 5-grams in Python, 32 x 4 bands, candidates verified; defaults: its README's, words by spaces",
         library=True),
    Peer("text-dedup", "with_text_dedup.py",
         ("bitarray", "click", "click-option-group", "datasets==5.2.0", "ftfy", "psutil", "pybloom-live", "regex",
          "rich", "scipy", "tqdm", "xxhash", "zstandard", "numpy", "setuptools"), ("text-dedup==0.4.0",),
         remark="best: xxh3, 32 bits, 20 x 6 bands, one process; defaults: 250 permutations, threshold .7"),
    Peer("datatrove", "with_datatrove.py",
         ("datatrove==0.10.1", "orjson", "nltk", "regex", "tokenizers", "xxhash<4", "spacy==3.8.*", "jieba",
          "pyahocorasick", "ftfy"),
         remark="best: zho_Hani and eng_Latn apart, 20 x 6 bands; defaults: all as English, 14 x 8 bands"),
    # On its first run it installs torch and ray by itself, 5 GB with CUDA: here pip does, from where it is set to look.
    Peer("data-juicer", "with_data_juicer.py",
         ("py-data-juicer==1.6.1", "scipy", "aiohttp", "torch==2.13.0", "ray==2.60.0"),
         remark="best: character (zh) and space (en) apart, 20 x 6 bands; defaults: space, 256, threshold .7"),
)  # fmt: skip


def python(peer: Peer, home: Path) -> Path | None:
    """The interpreter of the peer's environment, made where there is none; None, and a word why, where pip fails."""
    folder = home / peer.name
    interpreter, done = folder / "bin" / "python", folder / "installed"
    wanted = "\n".join((*peer.packages, *peer.alone))
    if done.exists() and done.read_text() == wanted:
        return interpreter
    print(f"installing {peer.name} into {folder}", flush=True)
    venv.create(folder, with_pip=True, clear=True)
    for packages, more in ((peer.packages, ()), (peer.alone, ("--no-deps",))):
        command = [interpreter, "-m", "pip", "install", "-q", *more, *packages]
        if packages and subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False).returncode:
            print(f"skipped: {peer.name} can't be installed ({' '.join(packages)})")
            return None
    done.write_text(wanted)
    return interpreter
