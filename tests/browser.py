"""A real browser for tests of pages: Debian's chromium, which `make browser` installs, driven by playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

PROGRAM = shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox",  # as root Chromium has no other way
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
PHONE, DESKTOP = 390, 1440
needed = pytest.mark.skipif(PROGRAM is None, reason="there is no chromium: make browser installs it")

# Set before anything of a page or frame runs: what an attack would do is said on the console instead, where it is noted
# whatever page is opened after. `eval` is the driver's own, and a page's policy that is asked for it says so.
HOOKS = """
for (const name of ['alert', 'confirm', 'prompt', 'print', 'open', 'fetch', 'pwned'])
  window[name] = (...given) => { console.error('ran ' + name + ' ' + given.join(' ')); return null; };
document.addEventListener('securitypolicyviolation', event => console.error('ran policy ' + event.violatedDirective));
"""


@dataclass
class Watched:
    """A page that is open. `faults`: whatever it said on the console, its exceptions, dialogs, requests that leave the
    machine, and what called one of the hooks; of all pages that were opened in it, one after another."""

    page: Any
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def wide(self) -> int:
        """How wide the document is, in CSS pixels."""
        width: int = self.page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
        return width

    def asked(self, request: Any) -> None:
        self.requests.append(request.url)
        parts = urlsplit(request.url)
        if parts.scheme not in ("file", "data", "about") and parts.hostname not in ("127.0.0.1", "localhost"):
            self.faults.append(f"request: {request.url}")


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped where there is none."""
    if PROGRAM is None:
        pytest.skip("there is no chromium: make browser installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=PROGRAM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched(browser: Any, place: Path | str, width: int = DESKTOP, **context: Any) -> Iterator[Watched]:
    """`place`, a file or an address, in a window of `width`, in a session of its own."""
    session = browser.new_context(viewport={"width": width, "height": 900}, **context)
    page = session.new_page()
    seen = Watched(page)
    page.add_init_script(HOOKS)
    page.on("console", lambda message: seen.faults.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: seen.faults.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (seen.faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", seen.asked)
    page.goto(place.as_uri() if isinstance(place, Path) else place)
    try:
        yield seen
    finally:
        session.close()


def expect(locator: Any) -> Any:
    """Playwright's assertions, which wait until they hold: a click may return before the page that it leads to."""
    from playwright.sync_api import expect as expected

    return expected(locator)
