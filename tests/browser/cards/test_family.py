"""What a server of the `/mj` family adds, as a browser paints it: three pools, abilities, the seed, its queue and its cancel.
Never here: what is said (tests/cogs/test_three_pools.py, tests/e2e/test_server_side.py), and windows (test_windows)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")


from bot.domain.capabilities import ServerKind
from bot.domain.jobs import JobState
from bot.domain.pools import Pool
from bot.sandbox.mjproxy.flavours import Flavour
from tests.cogs.moderation_harness import moderated
from tests.e2e.test_proxy import proxied
from tests.services.server_harness import set_rule

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.camera import Camera

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(400),
]
CANCEL, INFO = "\u2716\ufe0f Cancel", "\u2139\ufe0f Info"


async def test_what_speaks_of_three_pools_is_painted(camera: Camera, tmp_path: Path) -> None:
    async with moderated(tmp_path, server=ServerKind.TRUEAI, more=("cogs.shorten",)) as shop:
        house, guilds = shop.house, shop.services.guilds
        for pool, per_day in ((Pool.NORMAL, 20), (Pool.FAST, 8), (Pool.TURBO, 3)):
            await set_rule(
                guilds,
                shop.guild_id,
                shop.boss,
                pool,
                shop.guild_id,
                per_day=per_day,
                running=2,
                waiting=None,
                per_month=None,
                cooldown=0,
            )
            await shop.job(JobState.SUCCEEDED, user_id=house.ada.id, pool=pool)

        for who, commands in (
            (shop.mo, {"panel": "pool panel", "help": "help"}),
            (house.ada, {"quota": "quota", "prefer": "prefer show"}),
        ):
            pictures = {}
            for name, command in commands.items():
                shown = (await who.slash(house.channel, command)).response
                assert shown is not None
                pictures[f"family-{name}"] = shown.id
            await camera.take(house.env, house.channel, who, pictures)


async def test_what_the_server_tells_of_a_job_is_painted(camera: Camera, tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.PLUS, slots=1) as (world, _):
        me, channel = world.place.member, world.place.channel
        grid = await world.grid("a paper fox, at dawn --ar 3:2 --v 7")
        told = (await world.press(grid, INFO)).response
        assert told is not None
        asked = [await world.imagine(f"a paper fox, number {n}") for n in range(3)]
        waiting = await world.says(asked[-1], "In the image server's queue")
        pictures = {"family-info": told.id, "family-waiting": waiting.message.id}
        await camera.take(world.env, channel, me, pictures)
        cancelled = (await world.press(waiting, CANCEL)).response
        assert cancelled is not None
        await camera.take(world.env, channel, me, {"family-cancelled": cancelled.id})
