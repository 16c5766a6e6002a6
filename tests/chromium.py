"""A page in Debian's Chromium, which `make browser` installs: what goes wrong in it is noted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

PROGRAM = shutil.which("chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
needed = pytest.mark.skipif(PROGRAM is None, reason="there is no chromium: make browser installs it")


@contextmanager
def page(width: int = 1440, height: int = 900, **context: Any) -> Iterator[Any]:
    """A page of playwright. `faults` lists console errors, exceptions, dialogs, requests that leave the machine."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        try:
            shown = browser.new_context(viewport={"width": width, "height": height}, **context).new_page()
            shown.faults = []
            note = shown.faults.append
            shown.on("console", lambda said: note(f"console: {said.text}") if said.type in ("error", "warning") else 0)
            shown.on("pageerror", lambda error: note(f"error: {error}"))
            shown.on("dialog", lambda dialog: (note(f"dialog: {dialog.message}"), dialog.dismiss()))
            shown.on("request", lambda request: note(f"request: {request.url}") if _leaves(request.url) else 0)
            yield shown
        finally:
            browser.close()


def expect(locator: Any) -> Any:
    """Playwright's assertions, which wait until they hold: a click may return before the page that it leads to."""
    from playwright.sync_api import expect as expected

    return expected(locator)


def _leaves(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme not in ("file", "data", "about") and parts.hostname not in ("127.0.0.1", "localhost")
