"""The Chromium of this machine, for whoever starts one: playwright's own is not installed.
Never here: where it is found (page), and what is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright
from playwright.sync_api import sync_playwright
from simcord.preview._capture import ManagedCapture

from tests.browser.page import CHROMIUM, FLAGS
from tests.fixtures.painting import paint_once

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from playwright.async_api import Browser
    from playwright.sync_api import Browser as SyncBrowser


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark this room's tests as what they are; without a browser each is skipped, and says why."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(
                    pytest.mark.skip(reason="no chromium, chromium-browser or google-chrome is installed")
                )


@pytest.fixture(autouse=True)
def painted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    paint_once(monkeypatch)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests of a process that await it, in their common loop: starting it and Playwright's own program
    costs more than most of what is looked at. Each test has contexts of its own, which share nothing.
    """
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield launched
        await launched.close()


@pytest.fixture
def chromium(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Photograph with that one wherever SimCord would start a browser by itself, and close it after each picture's page."""

    async def installed(_capture: ManagedCapture) -> Browser:
        return browser

    monkeypatch.setattr(ManagedCapture, "_ensure_browser", installed)


@pytest.fixture(scope="module")
def launched() -> Iterator[SyncBrowser]:
    """One Chromium for a module's tests that do not await it. Playwright's loop is this thread's until it ends: such a module
    has no other tests.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()
