"""Run in Megatron's environment: what its own reader finds in an export.

python with_megatron.py QUESTION ANSWER; QUESTION is {"pt": FOLDER}.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

from megatron.core.datasets.indexed_dataset import IndexedDataset


def main() -> None:
    folder = Path(json.loads(Path(sys.argv[1]).read_text())["pt"])
    out = {}
    for index in sorted(folder.glob("*.idx")):
        data = IndexedDataset(str(index.with_suffix("")))
        out[index.stem] = {
            "type": str(data[0].dtype),
            "documents": [data[number].tolist() for number in range(len(data))],
            "bounds": data.document_indices.tolist(),
        }
    Path(sys.argv[2]).write_text(json.dumps({"version": version("megatron-core"), "channels": out}))


if __name__ == "__main__":
    main()
