"""`curate browse` in a real browser: pages, filters, labels; hostile documents stay text; nobody else gets in."""

from __future__ import annotations

import hashlib
import http.client
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import polars as pl
import pytest

from curate.audit.browse.drawn import draw
from curate.audit.browse.labels import Labelled
from curate.audit.browse.server import Browser, Session
from curate.dedup.exact import ExactDedup
from curate.engine import Inline
from curate.job import run
from curate.progress import Lines
from curate.recipe import Recipe, Source
from curate.stages.heuristics.length import Length
from tests import faults
from tests.browser import DESKTOP, PHONE, expect, watched

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>\n</pre></div>\u202egnp.exe\u202c "
    "\x1b[31mred\x1b[0m javascript:alert(4) {{7*7}} =HYPERLINK(1) 这是一篇有害的文档，应当只显示为文字。"
)


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 60 documents in two languages; among them short ones, copies and a hostile one."""
    folder = tmp_path_factory.mktemp("browse")
    rows = [
        {"id": f"{lang}-{number}", "text": faults.sentence(lang, number, 300), "lang": lang}
        for lang in ("zh", "en")
        for number in range(28)
    ]
    rows += [{"id": "short", "text": "短"}, {"id": "copy", "text": faults.sentence("zh", 3, 300)}]
    rows += [{"id": "hostile", "text": HOSTILE * 3}, {"id": "h2", "text": "<script>x</script>"}]
    faults.write(folder / "pages.jsonl", rows)
    recipe = Recipe(
        name="browse",
        sources=(Source(name="<b>pages", path=str(folder / "pages.jsonl"), key="id"),),
        stages=(Length(), ExactDedup()),
    )
    with open(os.devnull, "w") as quiet:
        run(recipe, str(folder / "run"), Inline(), Lines(quiet))
    return folder / "run"


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.fixture
def served(carried: Path, tmp_path: Path) -> Iterator[Browser]:
    with serving(Session(place=str(carried), reader="ann", labels=Labelled(tmp_path / "labels.jsonl"))) as server:
        yield server


@contextmanager
def serving(session: Session) -> Iterator[Browser]:
    with Browser(session) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def answer(server: Browser, path: str, method: str = "GET", body: str | None = None, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request(method, path, body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_only_who_has_the_secret_gets_in(served: Browser) -> None:
    secret = f"/{served.secret}/"
    assert answer(served, secret) == 200
    for path in ("/", "/wrong/", f"/{served.secret[:-1]}/", "/document?id=x", "//"):
        assert answer(served, path) == 403
    assert answer(served, secret, Host="evil.example") == 403
    assert answer(served, secret + "label", "POST", "id=x&label=good", Origin="https://evil.example") == 403
    assert answer(served, secret + "label", "POST", "id=nobody&label=good") == 404
    assert answer(served, secret + "label", "POST", "x" * 70_000) == 413
    assert answer(served, secret + "nothing") == 404
    assert served.server_address[0] == "127.0.0.1"


def test_documents_are_paged_filtered_labelled_and_nothing_else_is_written(
    served: Browser, carried: Path, browser: Any
) -> None:
    before = digests(carried)
    kept = pl.read_parquet(sorted((carried / "kept").glob("*.parquet")))
    with watched(browser, served.address) as seen:
        page = seen.page
        expect(page.locator("article")).to_have_count(20)
        page.get_by_role("link", name="Next page").click()
        expect(page.locator("article")).to_have_count(20)
        page.goto(served.address + "?lang=zh")
        expect(page.locator("article")).to_have_count(20)
        page.get_by_role("link", name="Next page").click()
        expect(page.locator("article")).to_have_count(kept.filter(lang="zh").height - 20)
        page.goto(served.address)
        page.get_by_label("Which documents").select_option("removed")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("article")).to_have_count(3)
        page.get_by_label("Reason").select_option("exact_duplicate")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("article")).to_have_count(1)
        page.get_by_role("link", name="Open").click()
        expect(page.locator("main")).to_contain_text("kept instead")

        page.goto(served.address)
        page.get_by_label("Words in the text").fill(kept.filter(origin_id="en-7")["text"][0][20:60])
        page.get_by_role("button", name="Show").click()
        expect(page.locator("article")).to_have_count(1)
        page.get_by_role("link", name="Open").click()
        page.get_by_label("Note").fill("读过 <b>了</b>")
        page.get_by_role("button", name="Good").click()
        expect(page.locator("main")).to_contain_text("You say: Good")
        page.get_by_role("link", name="Back to the list").click()
        expect(page.locator("article")).to_have_count(1)  # the filter is still there
        page.get_by_role("link", name="Labels").click()
        expect(page.locator("main")).to_contain_text("ann")
        assert seen.faults == []
    (label,) = Labelled(served.session.labels.path).said().labels
    assert (label.reader, label.label, label.note, label.lang) == ("ann", "good", "读过 <b>了</b>", "en")
    assert label.text == kept.filter(origin_id="en-7")["text"][0]
    assert digests(carried) == before


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_a_hostile_document_stays_text_and_within_the_page(
    served: Browser, carried: Path, width: int, browser: Any
) -> None:
    kept = pl.read_parquet(sorted((carried / "kept").glob("*.parquet")))
    doc_id = kept.filter(origin_id="hostile")["doc_id"][0]
    with watched(browser, served.address, width) as seen:
        page = seen.page
        for address in ("?text=alert", f"document?id={doc_id}&back=%22%3E%3Cscript%3Ealert(5)%3C/script%3E"):
            page.goto(served.address + address)
            assert page.locator("main script, main img, main svg").count() == 0
            expect(page.locator("main")).to_contain_text("<script>alert(1)</script>")
            assert "\\x1b[31mred" in page.inner_text("main") and "\\x202egnp" in page.inner_text("main")
            assert seen.wide() <= width
        assert seen.faults == []


def test_a_sample_is_read_blind_by_two_and_says_how_good_all_of_it_is(
    carried: Path, tmp_path: Path, browser: Any
) -> None:
    drawn = list(draw(str(carried), 6, 1))
    path = tmp_path / "labels.jsonl"
    for reader, lang, words in (("ann", "en", ("Good", "Bad")), ("ben", "zh", ("好", "差"))):
        session = Session(
            place=str(carried), reader=reader, labels=Labelled(path), language=lang, sample=drawn, sample_name="s.jsonl"
        )
        with serving(session) as server, watched(browser, server.address) as seen:
            page = seen.page
            for number in range(len(drawn)):
                left = {"en": f"{number} of 6", "zh": f"{number} / 6"}[lang]
                expect(page.get_by_role("status").first).to_contain_text(left)
                assert "pages.jsonl" not in page.inner_text("main")  # where it is from is not said
                page.get_by_role("button", name=words[number == 0 and reader == "ben"], exact=True).click()
            expect(page.get_by_role("status").first).to_contain_text({"en": "6 of 6", "zh": "6 / 6"}[lang])
            page.goto(server.address + "labels")
            shown = page.inner_text("main")
            assert seen.faults == []
    assert "kappa" in shown and "83.3" in shown and "estimate" not in shown and "随机样本" in shown
    assert len(path.read_text("utf-8").splitlines()) == 12
