"""A headless Chromium for the tests of pages, where it and what drives it are installed."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
LACKING = [
    *([] if CHROMIUM else ["the program chromium"]),
    *(name for name in ("playwright", "axe_playwright_python") if importlib.util.find_spec(name) is None),
]
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE, DESKTOP = 390, 1440


def needs(lacking: list[str]) -> pytest.MarkDecorator:
    """A mark of tests for which something must be installed."""
    # no other program shows what a browser makes of a page, and the core asks for none
    return pytest.mark.skipif(bool(lacking), reason=f"not installed: {', '.join(lacking)}")


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser with a new, empty profile."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver, tempfile.TemporaryDirectory() as profile:
        browser = driver.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=list(_FLAGS), viewport={"width": DESKTOP, "height": 900}
        )
        yield browser
        browser.close()


class Opened:
    """A page that is open, with what it complained of and asked the network for."""

    def __init__(self, browser: Any, page: Path | str, width: int = DESKTOP) -> None:
        """Open a file, or an address; what lies below that is its own."""
        address = page if isinstance(page, str) else page.as_uri()
        self.page = browser.new_page()
        self.page.set_viewport_size({"width": width, "height": 900})
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)
        self.page.wait_for_selector("html[data-ready=yes]", timeout=60_000)
        self.address = address

    @property
    def asked(self) -> list[str]:
        """What was asked of others."""
        own = self.address.endswith("/")
        return [
            url for url in self.requests if not (url.startswith(self.address) if own else url == self.address)
        ]

    def texts(self, selector: str) -> list[str]:
        """What elements show."""
        found: list[str] = self.page.locator(selector).all_inner_texts()
        return found

    def cells(self, section: str) -> list[list[str]]:
        """The rows of the first table of an element, unfolded."""
        rows: list[list[str]] = self.page.eval_on_selector(
            f"{section} table",
            "table => [...table.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.textContent))",
        )
        return rows

    def until(self, expression: str) -> None:
        """Wait until an expression is true. The page forbids the eval that the driver's own wait needs."""
        for _ in range(400):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never true: {expression}")

    def slide(self, selector: str, value: float) -> None:
        """Move a slider."""
        self.page.eval_on_selector(
            selector,
            "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }",
            value,
        )
