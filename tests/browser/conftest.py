"""The Chromium of this machine, for whoever starts one: playwright's own is not installed.
Never here: where it is found (page), and what is looked at."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import BrowserType

from tests.browser.page import CHROMIUM, FLAGS


@pytest.fixture
def chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start that one wherever a library starts a browser by itself."""
    launch = BrowserType.launch

    async def installed(self: BrowserType, **options: Any) -> Any:
        return await launch(self, **{**options, "executable_path": CHROMIUM, "args": list(FLAGS)})

    monkeypatch.setattr(BrowserType, "launch", installed)
