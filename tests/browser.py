"""A real browser for tests of pages: Debian's chromium, driven by playwright; skipped where it is not installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",  # as root Chromium has no other way
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
PHONE, DESKTOP = 390, 1440

# Set before anything of a page runs: what an attack would do is written down. `eval` is the driver's own, and a page's
# policy that is asked for it says so.
HOOKS = """
window.__ran = [];
for (const name of ['alert', 'confirm', 'prompt', 'print', 'open', 'fetch', 'pwned'])
  window[name] = (...given) => { window.__ran.push(name + ' ' + given.join(' ')); return null; };
document.addEventListener('securitypolicyviolation', event => window.__ran.push('policy ' + event.violatedDirective));
"""


@dataclass
class Watched:
    """A page that is open, and everything that it did beside being shown."""

    page: Any
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def ran(self) -> list[str]:
        """What called one of the hooks."""
        found: list[str] = self.page.evaluate("window.__ran")
        return found

    def wide(self) -> int:
        """How wide the document is, in CSS pixels."""
        width: int = self.page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
        return width


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped where there is none."""
    if not os.path.exists(CHROMIUM):
        pytest.skip(f"{CHROMIUM} is not installed: apt-get install chromium fonts-noto-cjk")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched(browser: Any, place: Path | str, width: int = DESKTOP) -> Iterator[Watched]:
    """`place`, a file or an address, in a window of `width`."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    seen = Watched(page)
    page.add_init_script(HOOKS)
    page.on("console", lambda message: seen.console.append(message.text))
    page.on("pageerror", lambda error: seen.console.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(place.as_uri() if isinstance(place, Path) else place)
    try:
        yield seen
    finally:
        page.close()
