"""A server whose account has TURBO sees three pools wherever pools are seen; one whose account has not, two.
Never here: the tables behind it (tests/architecture/test_every_pool.py)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.capabilities import BY_SERVER, Cancel, Lookup, ServerKind
from bot.domain.jobs import JobState
from bot.domain.pools import MIDJOURNEY_POOLS, Pool, PoolRule
from bot.domain.prices import Charge, Price
from bot.domain.servers.guilds import UsageRow
from bot.ui.pools.charts import Bar
from bot.ui.pools.usage import table_of
from tests.cogs.moderation_harness import Moderated, moderated, seen
from tests.fakes.discord_rules import form_problems
from tests.ui.builders import walk

if TYPE_CHECKING:
    from pathlib import Path

    from simcord.results import InteractionResult

PROXY = ServerKind.TRUEAI


def menu(pool: Pool = Pool.TURBO) -> str:
    return f"easel:2:pool-menu:{pool.value}"


async def choose(shop: Moderated, verb: str, pool: Pool = Pool.TURBO) -> InteractionResult:
    """Open the panel and choose something in a pool's menu."""
    panel = (await shop.panel()).response
    assert panel is not None
    return await shop.mo.select(panel, [verb], custom_id=menu(pool))


def options_of(result: InteractionResult, custom_id: str) -> list[str]:
    """What a menu offers."""
    assert result.response is not None
    parts = [c for c in walk(result.response.components) if c.get("custom_id") == custom_id]
    return [option["value"] for option in parts[0]["options"]]


async def offered(shop: Moderated, command: str) -> list[str]:
    return [one["value"] for one in await shop.mo.autocomplete(shop.house.channel, command, "pool", "")]


async def test_every_view_of_pools_has_the_third(tmp_path: Path) -> None:
    async with moderated(tmp_path, server=PROXY) as shop:
        await shop.job(JobState.SUCCEEDED, pool=Pool.TURBO)
        ada, channel = shop.house.ada, shop.house.channel
        panel = await shop.panel()
        quota = seen(await ada.slash(channel, "quota"))
        queue = seen(await ada.slash(channel, "jobs queue"))
        prefer = await ada.slash(channel, "prefer show")

        assert panel.response is not None
        assert form_problems({"components": panel.response.components}, v2=True) == {}
        for told in (seen(panel), quota, queue):
            assert "🚀 TURBO" in told
        assert "All pools renew" in quota
        assert options_of(prefer, "easel:2:prefer-menu:pool")[1:] == [pool.value for pool in MIDJOURNEY_POOLS]
        assert "TURBO" in str(await shop.services.moderation.member(shop.guild_id, ada.id))


async def test_where_the_account_has_two_nothing_speaks_of_a_third(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel
        told = [
            seen(await shop.panel()),
            seen(await ada.slash(channel, "quota")),
            seen(await ada.slash(channel, "jobs queue")),
            seen(await ada.slash(channel, "prefer show")),
            seen(await shop.mo.slash(channel, "pool pause")),
        ]

        assert "TURBO" not in "\n".join(told)
        assert "Both pools are paused" in told[-1]
        assert "Both pools renew" in told[1]


async def test_the_option_suggests_what_the_server_has_and_keeps_its_list_elsewhere(tmp_path: Path) -> None:
    async with moderated(tmp_path, server=PROXY) as shop:
        assert await offered(shop, "imagine") == ["NORMAL", "FAST", "TURBO"]
        assert await offered(shop, "pool default") == ["NORMAL", "FAST", "TURBO", "automatic"]
        # Another server of the same program, whose account has two.
        shop.api.capabilities = BY_SERVER[ServerKind.NOVI]
        assert await offered(shop, "imagine") == ["NORMAL", "FAST"]

        told = seen(await shop.mo.slash(shop.house.channel, "pool enable", pool="SLOW"))
        assert "is no pool" in told


@pytest.mark.parametrize("server", [ServerKind.OHMYGPT, PROXY])
async def test_discord_is_told_either_a_list_or_suggestions(tmp_path: Path, server: ServerKind) -> None:
    async with moderated(tmp_path, server=server) as shop:
        told = {command.name: command.to_dict() for command in await shop.house.bot.tree.fetch_commands()}

        options: list[Any] = [option for option in walk_options(told) if option["name"] == "pool"]
        assert len(options) > 8
        for option in options:
            assert bool(option.get("choices")) is (server is ServerKind.OHMYGPT)
            assert bool(option.get("autocomplete")) is (server is PROXY)


def walk_options(told: Any) -> list[Any]:
    """Every option of every command that takes a value."""
    found: list[Any] = []
    for command in told.values():
        stack = list(command.get("options") or [])
        while stack:
            option = stack.pop()
            if option["type"] in {1, 2}:
                stack += option.get("options") or []
            else:
                found.append(option)
    return found


async def test_moderators_rule_price_and_pause_it_like_any_other(tmp_path: Path) -> None:
    async with moderated(tmp_path, server=PROXY) as shop:
        channel, role = shop.house.channel, shop.role
        opened = await choose(shop, "rule")
        assert opened.modal is not None
        await shop.mo.submit_modal(opened, {"role": [role], "per_day": "4"})
        await shop.mo.slash(channel, "pool price", pool="TURBO", kind="imagine", units=3)
        await shop.mo.slash(channel, "pool total", pool="TURBO", per_day=40)
        granted = seen(
            await shop.mo.slash(channel, "pool grant", member=shop.house.ada, units=2, pool="TURBO")
        )
        asked = await choose(shop, "ask_off")
        paused = seen(await shop.mo.slash(channel, "pool pause", words="back soon"))

        settings = await shop.settings()
        assert settings.rules == (PoolRule(shop.guild_id, Pool.TURBO, role.id, 4, 1, 3),)
        assert settings.prices == (Price(Pool.TURBO, Charge.IMAGINE, 3),)
        assert settings.total(Pool.TURBO) == 40
        assert "🚀 TURBO" in granted
        assert "All pools are paused" in paused
        assert asked.response is not None
        assert "🚀 TURBO" in seen(asked)


async def test_a_pool_that_the_account_lacks_gets_no_rule(tmp_path: Path) -> None:
    async with moderated(tmp_path, server=PROXY) as shop:
        shop.api.capabilities = BY_SERVER[ServerKind.NOVI]

        told = seen(
            await shop.mo.slash(shop.house.channel, "pool rule", pool="TURBO", role=shop.role, per_day=4)
        )

        assert "has no pool 🚀 TURBO" in told
        assert (await shop.settings()).rules == ()


def test_the_table_of_usage_names_it() -> None:
    day = date(2026, 11, 28)
    rows = [UsageRow(day, Pool.TURBO, 7, 3, 1)]

    assert b"2026-11-28,TURBO,7,3,1" in table_of(rows)
    assert Bar(day, {Pool.NORMAL: 1, Pool.TURBO: 3}).total == 4


@pytest.mark.parametrize("server", ServerKind)
async def test_the_panel_says_what_the_image_api_can_do(tmp_path: Path, server: ServerKind) -> None:
    async with moderated(tmp_path, server=server) as shop:
        told, capabilities = seen(await shop.panel()), BY_SERVER[server]

        (line,) = [line for line in told.splitlines() if "Image API" in line]
        expected = {
            "buttons under pictures": capabilities.buttons,
            "Custom Zoom": capabilities.custom_zoom,
            "Vary (Region) with words": capabilities.region_words,
            "Remix": capabilities.remix,
            "shortened prompts": capabilities.shorten,
            "seeds": capabilities.seed,
            "cancelling in its queue": capabilities.cancel is not Cancel.NONE,
            "clips": capabilities.video,
        }
        assert {name: name in line for name in expected} == expected
        assert ("may run in another pool" in told) is not capabilities.keeps_pool
        assert ("cannot be found again" in told) is (
            capabilities.lookup is Lookup.NEVER and not capabilities.pages
        )
