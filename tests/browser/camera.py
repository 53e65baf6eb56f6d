"""Photographs of messages as a browser paints them, on a page that stays open from test to test.
Never here: which messages, and what they say."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playwright.async_api import expect

from tests.browser.page import AT_ONCE_MS, ROOT, SOON_MS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import simcord
    from playwright.async_api import Locator, Page
    from simcord.actors import MemberActor
    from simcord.builders import ChannelHandle

SIZE: Final = (760, 1200)


def folder() -> Path:
    """Where pictures are kept for people to judge."""
    found = Path(os.environ.get("EASEL_ARTEFACTS") or ROOT / "artefacts") / "screenshots"
    found.mkdir(parents=True, exist_ok=True)
    return found


class Camera:
    """Stands before whatever page is asked for; each is another origin, so none knows of those before it.

    SimCord's own `Preview.screenshot` opens a context and a page for each message, and asks for every glyph's typeface: it
    took five times as long.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    async def take(
        self, env: simcord.Env, channel: ChannelHandle, viewer: MemberActor, shown: Mapping[str, int]
    ) -> None:
        """Keep a picture of each message, told by its id, as somebody sees it who must see all of them."""
        async with self._before(env, channel, viewer):
            for name, message_id in shown.items():
                found = self.page.locator(f'#channel-message-list [data-message-id="{message_id}"]')
                await self._keep(found, name)

    async def take_all(
        self, env: simcord.Env, channel: ChannelHandle, viewer: MemberActor, name: str
    ) -> None:
        """Keep one picture of all messages in a channel."""
        async with self._before(env, channel, viewer):
            await expect(self.page.locator("#channel-message-list [data-message-id]")).not_to_have_count(0)
            await self._keep(self.page.locator("#channel-message-list"), name)

    @asynccontextmanager
    async def _before(
        self, env: simcord.Env, channel: ChannelHandle, viewer: MemberActor
    ) -> AsyncIterator[None]:
        await env.settle()
        width, height = SIZE
        async with env.preview(
            channel, viewers=[viewer], layout="channel", width=width, height=height
        ) as preview:
            await self.page.goto(preview.url)
            await self.page.wait_for_function("() => window.simcordPreview?.ready", timeout=SOON_MS)
            yield
            await self.page.goto("about:blank")

    async def _keep(self, found: Locator, name: str) -> None:
        await expect(found).to_be_visible(timeout=AT_ONCE_MS)
        assert await found.screenshot(path=folder() / f"{name}.png", animations="disabled", timeout=SOON_MS)
