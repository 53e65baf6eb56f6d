"""The server's own key as a browser paints it: on the panel, in its window, forbidden, and in the log channel.
Never here: what it says and does (tests/ui/pools/test_own_key.py)."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.texts import text
from tests.browser.page import ROOT
from tests.browser.test_pools import photograph
from tests.cogs.moderation_harness import moderated
from tests.cogs.modlog_harness import room
from tests.ui.pools.test_own_key import KEY, bring, press

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [
    pytest.mark.usefixtures("chromium"),
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(240),
]


def folder() -> Path:
    """Where pictures are kept."""
    found = Path(os.environ.get("EASEL_ARTEFACTS") or ROOT / "artefacts") / "screenshots"
    found.mkdir(parents=True, exist_ok=True)
    return found


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


async def test_the_panel_with_a_servers_own_key_is_painted(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        shop.api.prices = [
            SimpleNamespace(name="midjourney-imagine", text="FAST 6800 credits"),
            SimpleNamespace(name="midjourney-imagine", text="NORMAL 2040 credits"),
        ]
        assert await photograph(shop, shop.mo, await shop.panel(), "own-key-none")
        await bring(shop)
        assert await photograph(shop, shop.mo, await shop.panel(), "own-key-set")
        assert await photograph(shop, shop.mo, await press(shop, "key_ask"), "own-key-remove")


async def test_the_forbidden_state_is_painted(tmp_path: Path) -> None:
    async with moderated(tmp_path, own_keys=False) as shop:
        assert await photograph(shop, shop.mo, await shop.panel(), "own-key-off")


async def test_the_notices_of_an_account_are_painted(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.listen()
        for kind, key, said in (
            (EventKind.KEY_REJECTED, "key", text("log.own_key_rejected")),
            (EventKind.BALANCE_LOW, "balance", text("log.own_balance_falls", n=4_300, limit=10_000)),
        ):
            here.services.dispatcher.notify(here.guild_id, ModEvent(kind, key, said))
        await here.told()
        async with here.house.env.preview(
            here.log, viewers=[here.mo], layout="channel", width=760, height=420
        ) as preview:
            await preview.screenshot(
                str(folder() / "own-key-notices.png"), allow_incomplete=True, viewport=(760, 420)
            )
        assert (folder() / "own-key-notices.png").read_bytes()
