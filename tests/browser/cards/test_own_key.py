"""The server's own key as a browser paints it: on the panel, in its window, forbidden, and in the log channel.
Never here: what it says and does (tests/ui/pools/test_own_key.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.texts import text
from tests.browser.camera import folder
from tests.browser.cards.test_pools import photograph
from tests.cogs.moderation_harness import moderated
from tests.cogs.modlog_harness import room
from tests.ui.pools.test_own_key import KEY, bring, press

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

    from tests.browser.camera import Camera

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(240),
]


async def test_a_moderator_types_a_key_into_the_window_and_sees_it_work(
    browser: Browser, tmp_path: Path
) -> None:
    async with moderated(tmp_path) as shop:
        await shop.panel()
        env = shop.house.env
        await env.settle()
        async with env.preview(shop.house.channel, viewers=[shop.mo], layout="channel") as preview:
            page = await browser.new_page(viewport={"width": 900, "height": 1000})
            await page.goto(preview.url)
            await page.get_by_role("button", name="Set a key…").click()
            window = page.get_by_role("dialog")
            await window.get_by_role("textbox").fill(KEY)
            await page.screenshot(path=folder() / "own-key-window.png")
            await window.get_by_role("button", name="Submit").click()
            await page.get_by_text("is now this server's own key").last.wait_for()
            await page.close()

        assert await shop.services.own_keys.current(shop.guild_id) is not None
        assert list(shop.brought) == [KEY]


async def test_the_panel_with_a_servers_own_key_is_painted(camera: Camera, tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        shop.api.prices = [
            SimpleNamespace(name="midjourney-imagine", text="FAST 6800 credits"),
            SimpleNamespace(name="midjourney-imagine", text="NORMAL 2040 credits"),
        ]
        none = await shop.panel()
        await bring(shop)
        pictures = {
            "own-key-none": none,
            "own-key-set": await shop.panel(),
            "own-key-remove": await press(shop, "key_ask"),
        }
        await photograph(camera, shop, shop.mo, pictures)


async def test_the_forbidden_state_is_painted(camera: Camera, tmp_path: Path) -> None:
    async with moderated(tmp_path, own_keys=False) as shop:
        await photograph(camera, shop, shop.mo, {"own-key-off": await shop.panel()})


async def test_the_notices_of_an_account_are_painted(camera: Camera, tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.listen()
        for kind, key, said in (
            (EventKind.KEY_REJECTED, "key", text("log.own_key_rejected")),
            (EventKind.BALANCE_LOW, "balance", text("log.own_balance_falls", n=4_300, limit=10_000)),
        ):
            here.services.dispatcher.notify(here.guild_id, ModEvent(kind, key, said))
        await here.told()
        await camera.take_all(here.house.env, here.log, here.mo, "own-key-notices")
