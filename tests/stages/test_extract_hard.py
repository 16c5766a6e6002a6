"""Pages that hang, crash or exhaust an extractor cost themselves: their neighbours keep their text."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import polars as pl
import pytest

from curate.chain import trial
from curate.child import Child
from curate.stage import Cost, Schema, measured
from curate.stages.extract import Extract
from tests.stages.documents import of_pages, reasons

ZH = "今年夏天雨水偏多，沿江各县的防汛任务比往年重。县里组织干部群众上堤巡查，发现险情及时处理。" * 5
EN = "The committee met twice in the spring and found no reason to change the rules of the library. " * 6
GOOD = [f"<html><body><h1>T</h1><p>{text}</p></body></html>".encode() for text in (ZH, EN)]
HARD = b"<html><body>" + b"<div><p>a <b>b</b> c</p></div>" * 70_000 + b"</body></html>"  # seconds of CPU time


def kept(stage: Extract, pages: list[bytes]) -> tuple[list[str], list[str]]:
    """The texts that came out, and the errors of the pages that did not."""
    child = Child()
    try:
        tried = trial(stage, of_pages(pages), child)
    finally:
        child.close()
    assert tried.good.height + tried.bad.height == len(pages)
    return tried.good["text"].to_list(), tried.bad["error"].to_list()


def test_a_page_that_takes_too_long_is_given_up_and_its_neighbours_are_not() -> None:
    stage = Extract(cost=Cost(isolated=True, only="raw", memory=3 << 30, cpu_seconds=1))
    texts, errors = kept(stage, [GOOD[0], HARD, GOOD[1]])
    assert [ZH in texts[0], EN.strip() in texts[1]] == [True, True]
    assert len(errors) == 1 and "CPU time" in errors[0]


def test_a_page_that_takes_too_much_memory_is_given_up_and_its_neighbours_are_not() -> None:
    measured(Extract(), of_pages(GOOD))
    stage = Extract(cost=Cost(isolated=True, only="raw", memory=400 << 20, cpu_seconds=60))
    texts, errors = kept(stage, [GOOD[0], b"<p>" + b"<i>x</i>y " * 1_600_000, GOOD[1]])
    assert [ZH in texts[0], EN.strip() in texts[1]] == [True, True]
    assert len(errors) == 1


@dataclass(frozen=True, kw_only=True)
class Crashing:
    """Extraction of which one page ends its process, as a fault in a library of C would."""

    name: str = "extract"
    cost: Cost = Cost(isolated=True, only="raw")
    version = 1
    reads = Extract.reads
    rules = ()

    @property
    def writes(self) -> Schema:
        return Extract().writes

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        if docs["raw"].bin.contains(b"crash-here").any():
            import ctypes

            ctypes.string_at(0)
        return Extract()(docs)


def test_a_page_that_crashes_its_extractor_is_given_up_and_its_neighbours_are_not() -> None:
    child = Child()
    try:
        tried = trial(Crashing(), of_pages([GOOD[0], b"<p>crash-here</p>", GOOD[1]]), child)
    finally:
        child.close()
    assert tried.good["text"].str.contains("防汛|committee").to_list() == [True, True]
    assert "SIGSEGV" in tried.bad["error"][0]


def test_a_page_of_50_mb_is_removed_without_being_parsed() -> None:
    started = time.process_time()
    docs = of_pages([GOOD[0], b"<html>" + b"<p>endless text</p>" * 2_600_000])
    assert reasons(Extract(), docs) == [set(), {"too_large"}]
    assert time.process_time() - started < 5


ENDLESS = {
    "a table without end": "<table>" + "<tr><td>药品</td><td>10 mg</td></tr>" * 8_000,
    "a table in a table in a table": "<table><tr><td>" * 1_000 + ZH,
    "lists in lists": "<ul><li>x" * 3_000 + ZH,
    "one line of links": "<a href='/x'>x</a>" * 20_000 + f"<p>{ZH}</p>",
    "quotes without end": "<blockquote>" * 5_000 + f"<p>{ZH}</p>",
    "formulas in formulas": f"<p>{ZH}</p><math>" + "<mfrac><mi>a</mi>" * 3_000,
    "preformatted in preformatted": f"<p>{ZH}</p>" + "<pre><div>" * 3_000 + "x",
    "attributes without end": f"<p {'a=1 ' * 200_000}>{ZH}</p>",
    "unclosed everything": "<p><b><i><span><font>" * 10_000 + ZH,
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_page_built_to_hang_takes_seconds(name: str) -> None:
    started = time.process_time()
    (text,) = measured(Extract(), of_pages([f"<html><body>{ENDLESS[name]}".encode()]))["text"]
    assert time.process_time() - started < 20
    assert text and ("沿江各县" in text or "10 mg" in text)


@pytest.mark.parametrize("depth", [255, 257, 600, 2_100, 20_000])
@pytest.mark.parametrize("tag", ["div", "span", "table><tr><td", "section", "b"])
def test_no_text_is_lost_however_deep_it_is_nested(depth: int, tag: str) -> None:
    deep = f"<html><body><p>{EN}</p>{f'<{tag}>' * depth}{ZH}"
    (text,) = measured(Extract(), of_pages([deep.encode()]))["text"]
    assert ZH in text.replace(" ", "") and EN.strip() in text


def test_caps_are_settings() -> None:
    assert replace(Extract(), largest=10).rules[0].high == 10
