"""Several gzip members or zstd frames in a file: one that is damaged costs itself, not those behind it."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.read.samples import json_lines, quarantined, read, reasons, written, zstd

PACKED: dict[str, Callable[[bytes], bytes]] = {"gz": lambda data: gzip.compress(data, mtime=0), "zst": zstd}
MEMBERS, EACH = 5, 40


def members(packing: str) -> tuple[list[bytes], list[list[str]]]:
    """(the packed members, the texts of each); texts that don't compress, so that damage lies where it is put."""
    chosen = random.Random(7)
    texts = [
        ["".join(chosen.choices("的一是在不了有和人这中大为上个国我以要他", k=60)) for _ in range(EACH)]
        for _ in range(MEMBERS)
    ]
    return [PACKED[packing](json_lines([{"text": text} for text in some])) for some in texts], texts


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("damage", ["flip", "cut", "junk"])
def test_a_damaged_one_in_the_middle_costs_itself(tmp_path: Path, packing: str, damage: str) -> None:
    parts, texts = members(packing)
    half = len(parts[2]) // 2
    broken = {
        "flip": parts[2][:half] + bytes([parts[2][half] ^ 0xFF]) + parts[2][half + 1 :],
        "cut": parts[2][:half],
        "junk": b"\xff" * half + parts[2][half:],
    }[damage]
    data = b"".join([*parts[:2], broken, *parts[3:]])
    batch = read(written(tmp_path, f"a.jsonl.{packing}", data))
    found = batch.docs["text"].to_list()
    for whole in (0, 1, 3, 4):
        assert [text for text in found if text in texts[whole]] == texts[whole]
    assert quarantined(batch)
    assert len(set(batch.docs["locator"])) == batch.docs.height
    began, resumed = len(b"".join(parts[:2])), len(b"".join([*parts[:2], broken]))
    lost = [one.error for one in batch.problems if "reading goes on" in one.error]
    places = [[int(byte.replace(",", "")) for byte in re.findall(r"byte ([\d,]+)", error)[-2:]] for error in lost]
    assert places == [[began, resumed]]


@pytest.mark.parametrize("packing", PACKED)
def test_several_damaged_ones_and_the_first_cost_themselves(tmp_path: Path, packing: str) -> None:
    parts, texts = members(packing)
    for number in (0, 3):
        parts[number] = b"\0\0\0\0" + parts[number][4:]
    batch = read(written(tmp_path, f"a.jsonl.{packing}", b"".join(parts)))
    assert batch.docs["text"].to_list() == [*texts[1], *texts[2], *texts[4]]
    assert reasons(batch) == ["undecodable", "undecodable"]


@pytest.mark.parametrize("packing", PACKED)
def test_nothing_behind_it_is_the_end(tmp_path: Path, packing: str) -> None:
    parts, texts = members(packing)
    junk = random.Random(1).randbytes(5000)
    batch = read(written(tmp_path, f"a.jsonl.{packing}", parts[0] + junk + parts[1][:8] + junk))
    assert batch.docs["text"].to_list() == texts[0]
    assert reasons(batch) == ["undecodable"]
    assert "to the end of the file" in batch.problems[0].error


@pytest.mark.parametrize("packing", PACKED)
def test_elements_of_an_array_are_found_again(tmp_path: Path, packing: str) -> None:
    records = [{"text": f"第{n}条 " + "文" * n, "more": {"a": 1, "b": [1]}} for n in range(200)]
    data = json.dumps(records, ensure_ascii=False, indent=2).encode()
    parts = [PACKED[packing](data[at : at + 4000]) for at in range(0, len(data), 4000)]
    parts[1] = parts[1][:10] + bytes(8) + parts[1][18:]
    batch = read(written(tmp_path, f"a.json.{packing}", b"".join(parts)))
    found = batch.docs["text"].to_list()
    assert set(found) <= {record["text"] for record in records}
    assert found[-1] == records[-1]["text"] and found[0] == records[0]["text"]
    assert len(found) > 100
    assert len(batch.problems) <= 3


@pytest.mark.parametrize("packing", PACKED)
def test_rows_of_a_table_are_found_again(tmp_path: Path, packing: str) -> None:
    rows = [f'{number},"第{number}行,\n两行"\n'.encode() for number in range(300)]
    data = b"id,text\n" + b"".join(rows)
    parts = [PACKED[packing](data[at : at + 1000]) for at in range(0, len(data), 1000)]
    parts[2] = parts[2][:10] + bytes(8) + parts[2][18:]
    batch = read(written(tmp_path, f"a.csv.{packing}", b"".join(parts)))
    found = batch.docs["text"].to_list()
    assert set(found) <= {f"第{number}行,\n两行" for number in range(300)}
    assert len(found) > 200
    assert len(batch.problems) <= 3
    headless = read(written(tmp_path, f"b.csv.{packing}", bytes(4) + b"".join(parts)[4:]))
    assert headless.docs.height == 0 and len(headless.problems) == 2


def test_of_a_large_member_the_beginning_is_kept_and_said_to_be_in_doubt(tmp_path: Path) -> None:
    chosen = random.Random(9)
    records = [{"text": "".join(chosen.choices("的一是在不了有和人这中大为上个国", k=90))} for _ in range(9000)]
    data = PACKED["gz"](json_lines(records))
    batch = read(written(tmp_path, "a.jsonl.gz", data[:-8] + bytes([data[-8] ^ 1]) + data[-7:]))
    found = batch.docs["text"].to_list()
    assert found[:4000] == [record["text"] for record in records[:4000]]
    (problem,) = quarantined(batch)
    assert "what was read of it may be altered" in problem.error


@pytest.mark.parametrize("packing", PACKED)
def test_a_flipped_bit_alters_no_record_of_a_member_with_a_checksum(tmp_path: Path, packing: str) -> None:
    parts, texts = members(packing)
    known = {text for some in texts for text in some}
    chosen = random.Random(3)
    for _ in range(60):
        at = chosen.randrange(10, len(parts[1]))
        flipped = bytearray(parts[1])
        flipped[at] ^= 1 << chosen.randrange(8)
        batch = read(written(tmp_path, f"a.jsonl.{packing}", parts[0] + bytes(flipped) + parts[2]))
        found = batch.docs["text"].to_list()
        assert set(found) <= known
        assert set(texts[0]) | set(texts[2]) <= set(found)
        assert quarantined(batch) or len(found) == 3 * EACH
