"""Keys with caps and costs as a browser paints them: for the bot's owner, on the panel, in a quota, in the usage chart.
Never here: what they say (tests/cogs/test_ops_keys.py, tests/ui/pools/test_costs.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")


from bot.domain.pools import Pool
from bot.domain.schedule import HOUR
from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.texts import text
from tests.browser.cards.test_pools import photograph
from tests.cogs.modlog_harness import room
from tests.cogs.test_ops_keys import counter
from tests.ui.pools.test_costs import CNY, spend

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.camera import Camera

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(400),
]


async def test_a_key_is_painted_from_its_making_to_its_end(camera: Camera, tmp_path: Path) -> None:
    async with counter(tmp_path) as at:
        shop = at.shop
        at.office.ends = shop.house.clock.now() + 100 * 24 * HOUR
        given = {"for": str(shop.guild_id), "cap": 340_000, "until": "30d"}
        made = await at.do("create", **given)
        at.office.spend(287_640)
        listed = await at.do("list")
        asked = await at.do("delete", key=str(shop.guild_id))
        shop.services.upstream._seen.clear()
        shop.services.upstream_keys._listed.clear()
        shop.own_application(shop.house.ada)
        pictures = {
            "keys-made": made,
            "keys-list": listed,
            "keys-delete": asked,
            "keys-panel": await shop.panel(),
        }
        await photograph(camera, shop, shop.mo, pictures)


async def test_costs_are_painted_beside_units(camera: Camera, tmp_path: Path) -> None:
    async with counter(tmp_path) as at:
        shop = at.shop
        shop.services.costs.money = CNY
        for n in range(5):
            await spend(shop, 2_040)
            await spend(shop, 6_800, pool=Pool.FAST)
            if n < 2:
                await spend(shop, None)
        quota = await shop.mo.slash(shop.house.channel, "quota")
        usage = await shop.mo.slash(shop.house.channel, "pool usage")
        await photograph(camera, shop, shop.mo, {"costs-quota": quota, "costs-usage": usage})


async def test_the_notices_of_a_keys_limits_are_painted(camera: Camera, tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.listen()
        until = here.house.clock.now() // 1_000 + 6 * 86_400
        for key, said in (
            ("80", text("log.key_nearly_used", percent=84, used=287_640, limit=340_000)),
            ("cap", text("log.key_used_up", used=340_000, limit=340_000)),
            ("end", text("log.key_ends", until=until)),
            ("member", text("log.membership_ends", until=until)),
        ):
            here.services.dispatcher.notify(here.guild_id, ModEvent(EventKind.KEY_LIMIT, key, said))
        await here.told()
        await camera.take_all(here.house.env, here.log, here.mo, "keys-notices")
