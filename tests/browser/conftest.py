"""The Chromium of this machine, for whoever starts one: playwright's own is not installed.
Never here: where it is found (page), and what is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright
from playwright.async_api import expect as expect_awaited
from playwright.sync_api import expect, sync_playwright

from tests.browser.camera import SIZE, Camera
from tests.browser.lighter import use_light_fonts
from tests.browser.page import AT_ONCE_MS, CHROMIUM, FLAGS
from tests.fixtures.painting import paint_once

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from playwright.async_api import Browser
    from playwright.sync_api import Browser as SyncBrowser

# Playwright's own five seconds are less than a page needs for one change on a full machine.
expect.set_options(timeout=AT_ONCE_MS)
expect_awaited.set_options(timeout=AT_ONCE_MS)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark this room's tests as what they are; without a browser each is skipped, and says why.

    In their places, those that wait for a program come first: the others use the processor meanwhile.
    """
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(
                    pytest.mark.skip(
                        reason="no chromium-headless-shell, chromium, chromium-browser or google-chrome is installed"
                    )
                )
    yield
    places = [n for n, item in enumerate(items) if here in item.path.parents]
    ordered = sorted((items[n] for n in places), key=lambda item: "launched" not in fixtures_of(item))
    for n, item in zip(places, ordered, strict=True):
        items[n] = item


def fixtures_of(item: pytest.Item) -> Sequence[str]:
    """All that a test asks for."""
    return item.fixturenames if isinstance(item, pytest.Function) else ()


@pytest.fixture(autouse=True)
def lightly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither paint a picture twice, nor fetch the fonts of all the world's scripts for each page."""
    paint_once(monkeypatch)
    use_light_fonts(monkeypatch)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests of a process that await it, in their common loop: starting it and Playwright's own program
    costs more than most of what is looked at. Each test has contexts of its own, which share nothing.
    """
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def camera(browser: Browser) -> AsyncIterator[Camera]:
    """One page for all photographs of a process."""
    width, height = SIZE
    context = await browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    yield Camera(await context.new_page())
    await context.close()


@pytest.fixture(scope="module")
def launched() -> Iterator[SyncBrowser]:
    """One Chromium for a module's tests that do not await it. Playwright's loop is this thread's until it ends: such a module
    has no other tests.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()
