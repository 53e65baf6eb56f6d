"""What members keep for themselves, as a browser paints it: preferences, lists with thumbnails, refusals with a button.
Never here: what any of it says (tests/cogs)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.async_api import BrowserType

from tests.browser.page import CHROMIUM, FLAGS
from tests.browser.test_pools import photograph
from tests.cogs.moderated import moderated

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(
        CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome is installed"
    ),
]


async def test_preferences_and_refusals_are_painted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launch = BrowserType.launch

    async def installed(self: BrowserType, **options: Any) -> Any:
        return await launch(self, **{**options, "executable_path": CHROMIUM, "args": list(FLAGS)})

    monkeypatch.setattr(BrowserType, "launch", installed)
    async with moderated(tmp_path) as shop:
        ada, channel, people = shop.house.ada, shop.house.channel, shop.services.people

        assert await photograph(shop, ada, await ada.slash(channel, "prefer show"), "prefer-empty")
        await people.prefer_aspect(ada.id, "16:9")
        await people.prefer_suffix(ada.id, "in soft watercolour --stylize 300")
        await people.keep_set(ada.id, "poster", "bold poster, flat colours --ar 2:3 --no text")
        await ada.slash(channel, "prefer set", name="wide", options="--ar 21:9 --chaos 10")
        await people.stop_copies(ada.id)
        shown = await ada.slash(channel, "prefer show")
        assert await photograph(shop, ada, shown, "prefer")
        assert shown.response is not None
        await ada.click(shown.response, custom_id="easel-prefer:1:ask_forget")
        assert await photograph(shop, ada, shown, "prefer-forget")
        refused = await ada.slash(channel, "imagine", prompt="a paper fox --chaso 5")
        assert await photograph(shop, ada, refused, "refused-prompt")
