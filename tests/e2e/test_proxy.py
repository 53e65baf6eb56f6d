"""The whole bot at a server of the `/mj` family: chains, windows with masks, many jobs at once, and what it may not do twice.
Never here: every flavour's wire (tests/midjourney/mjproxy)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest

from bot.sandbox.clock import StageClock
from bot.sandbox.mjproxy.flavours import Flavour
from bot.sandbox.mjproxy.server import SimulatedProxy
from bot.sandbox.upstream import Pace
from tests.e2e.harness import SPEED, Harness, PatientGuard
from tests.e2e.test_regions import REGION, choose, painted, picker
from tests.fixtures.sqlite import migrated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from simcord.results import InteractionResult

    from tests.e2e.seen import Card


@asynccontextmanager
async def proxied(
    directory: Path, flavour: Flavour = Flavour.TRUEAI, *, speed: float = SPEED, **options: Any
) -> AsyncIterator[tuple[Harness, SimulatedProxy]]:
    guard, clock = PatientGuard(), StageClock()
    proxy = SimulatedProxy(
        flavour, clock=lambda: clock.now() / 1000, pace=Pace(speed=speed), canvas=64, **options
    )
    async with proxy:
        database = directory / "easel.db"
        migrated(database)
        world = Harness(database, cast("Any", proxy), guard, clock)
        try:
            await world.open()
            yield world, proxy
        finally:
            await world.close()


@pytest.mark.parametrize("flavour", [Flavour.TRUEAI, Flavour.PLUS, Flavour.ONE_HUB])
async def test_a_chain_runs_to_its_third_level(flavour: Flavour, tmp_path: Path) -> None:
    async with proxied(tmp_path, flavour) as (world, proxy):
        grid = await world.grid("a paper fox --v 7")
        single = await world.child(grid, "U2")
        zoomed = await world.child(single, "🔍 Zoom Out 2x")

        assert len(zoomed.pictures) == 1
        assert proxy.paid == 3
        assert proxy.broken_rules == []


@pytest.mark.parametrize("flavour", [Flavour.TRUEAI, Flavour.NEW_API])
async def test_a_region_is_one_press_and_one_filled_window(flavour: Flavour, tmp_path: Path) -> None:
    async with proxied(tmp_path, flavour) as (world, proxy):
        single = await world.child(await world.grid("a paper fox --v 7"), "U1")
        opened = await world.press(single, REGION)
        await choose(world, opened, "A1", "B1")

        card = await painted(world, await world.press(picker(opened), "Repaint"))

        assert len(card.pictures) == 1
        assert [proxy.counts[name] for name in ("action", "modal")] == [2, 1]
        assert (proxy.paid, proxy.broken_rules) == (3, [])


async def test_a_picture_to_start_from_goes_along_where_no_file_can_be_left(tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.NOVI) as (world, proxy):
        grid = await drawn(world, await world.imagine("a paper fox"))
        member = world.place.member
        window = await member.context_menu(world.place.channel, "Use as image prompt", grid.message)

        card = await drawn(world, await member.submit_modal(window, {"prompt": "in the snow", "weight": ""}))

        link, _, words = str(proxy.records[-1].prompt).partition(" ")
        assert "with 1 picture" in card.words
        assert (link[:4], words) == ("http", "in the snow")
        assert "upload-discord-images" not in proxy.counts
        assert (proxy.paid, proxy.broken_rules) == (2, [])


async def drawn(world: Harness, asked: InteractionResult) -> Card:
    """A card with its picture: this server lists no buttons."""
    await world.until(lambda: bool(world.shown(asked).pictures), "a picture", within=60)
    return world.shown(asked)


async def test_many_jobs_are_read_in_one_call(tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.NEW_API) as (world, proxy):
        asked = [await world.imagine(f"a fox, number {number}") for number in range(5)]
        for one in asked:
            await world.finished(one)

        assert proxy.paid == 5
        assert proxy.counts["list-by-condition"] > 1
        assert "list" not in proxy.counts
