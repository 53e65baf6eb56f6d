"""The panel, the chart and a member's quota as a browser paints them, kept as pictures for people to judge.
Never here: what they say (tests/ui/pools/test_panels.py, tests/cogs/test_pools.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")


from bot.domain.jobs import JobState
from bot.domain.pools import Pool
from tests.cogs.moderation_harness import moderated
from tests.services.server_harness import set_rule

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from simcord.actors import MemberActor
    from simcord.results import InteractionResult

    from tests.browser.camera import Camera
    from tests.cogs.moderation_harness import Moderated

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(400),
]
DAY_MS = 86_400_000
MADE = (3, 5, 2, 0, 7, 4, 9, 1, 6, 3, 8, 2, 5, 4)


async def a_fortnight(shop: Moderated) -> None:
    """Two weeks of pictures, and rules of every sort."""
    for day, number in enumerate(MADE):
        at = shop.house.clock.now() - day * DAY_MS
        for one in range(number):
            who = shop.house.ada if one % 3 else shop.house.bob
            pool = Pool.NORMAL if one % 2 else Pool.FAST
            await shop.job(JobState.SUCCEEDED, user_id=who.id, pool=pool, created_at=at, changed_at=at)
    await shop.job(JobState.RUNNING)
    guilds, here = shop.services.guilds, shop.guild_id
    for pool, role, per_day in ((Pool.NORMAL, here, 20), (Pool.FAST, shop.role.id, 30)):
        await set_rule(
            guilds,
            here,
            shop.boss,
            pool,
            role,
            per_day=per_day,
            running=2,
            waiting=None,
            per_month=200,
            cooldown=15,
        )
    await guilds.set_total(here, shop.boss, Pool.NORMAL, 60)
    await shop.services.allowances.grant(
        here, shop.boss, shop.house.ada.id, Pool.NORMAL, units=5, reason="thanks", expires_at=None
    )


async def photograph(
    camera: Camera, shop: Moderated, viewer: MemberActor, shown: Mapping[str, InteractionResult]
) -> None:
    """Keep a picture of each answer."""
    messages = {name: one.response.id for name, one in shown.items() if one.response is not None}
    assert messages.keys() == shown.keys()
    await camera.take(shop.house.env, shop.house.channel, viewer, messages)


async def test_the_panel_the_chart_and_the_quota_are_painted(camera: Camera, tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        await a_fortnight(shop)
        mo, ada, channel = shop.mo, shop.house.ada, shop.house.channel

        panel = await shop.panel()
        assert panel.response is not None
        await photograph(camera, shop, mo, {"panel": panel})
        await mo.click(panel.response, custom_id="easel:2:pool:ask_off:FAST")
        await photograph(camera, shop, mo, {"panel-confirm": panel})
        await mo.click(panel.response, custom_id="easel:2:pool:off:FAST")
        usage = await mo.slash(channel, "pool usage")
        quota = await ada.slash(channel, "quota")
        await shop.services.guilds.pause(shop.guild_id, shop.boss, Pool.NORMAL, "a new key comes at noon")
        paused = await shop.panel()
        await photograph(camera, shop, mo, {"panel-off": panel, "usage": usage, "panel-paused": paused})
        await photograph(camera, shop, ada, {"quota": quota})
