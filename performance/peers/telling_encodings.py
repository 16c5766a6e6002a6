"""Run in a peer's environment: python telling_encodings.py NAME pages.json OUT.json

`pages.json` is a list of [page in base64, the text in it]; written is a list of [right, CPU-seconds], where right says
whether the codec that the peer names gives the text back.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path


def chosen(name: str) -> Callable[[bytes], str | None]:
    if name == "charset-normalizer":
        from charset_normalizer import from_bytes

        def best(data: bytes) -> str | None:
            found = from_bytes(data).best()
            return None if found is None else found.encoding

        return best
    if name == "chardetng":
        from chardetng_py import detect as guessed

        return guessed
    from chardet import detect

    return lambda data: detect(data)["encoding"]


def holds(data: bytes, codec: str | None, text: str) -> bool:
    codec = {"gbk": "gb18030", "gb2312": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932", "euc-kr": "cp949"}.get(
        (codec or "ascii").lower(), codec or "ascii"
    )
    try:
        return text in data.decode(codec, "replace")
    except LookupError:
        return False


def main() -> None:
    name, pages, out = sys.argv[1:]
    tell = chosen(name)
    tell(b"<p>warm</p>")
    told = []
    for page, text in json.loads(Path(pages).read_text()):
        data = base64.b64decode(page)
        began = time.process_time()
        codec = tell(data)
        told.append([holds(data, codec, text), time.process_time() - began])
    Path(out).write_text(json.dumps(told))


if __name__ == "__main__":
    main()
