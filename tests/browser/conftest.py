"""The Chromium of this machine, for whoever starts one: playwright's own is not installed.
Never here: where it is found (page), and what is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserType

from tests.browser.page import CHROMIUM, FLAGS
from tests.fixtures.painting import paint_once


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


@pytest.fixture
def chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start that one wherever a library starts a browser by itself."""
    launch = BrowserType.launch

    async def installed(self: BrowserType, **options: Any) -> Any:
        return await launch(self, **{**options, "executable_path": CHROMIUM, "args": list(FLAGS)})

    monkeypatch.setattr(BrowserType, "launch", installed)
