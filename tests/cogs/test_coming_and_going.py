"""Servers that send the bot away and take it back: what is kept of them is deleted only where the bot is not.
Never here: whose servers may draw on whose account (test_servers.py), and deleting (tests/storage/servers)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from bot.services.presence import move_to, other_application
from tests.cogs.moderation_harness import moderated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import discord
    from sqlalchemy.engine import Connection

    from tests.cogs.moderation_harness import Moderated

BOTH = ("cogs.moderation", "cogs.servers")
MONTH = 31 * 24 * 3_600_000
OTHER_APPLICATION = 4711


def the_guild(shop: Moderated) -> discord.Guild:
    guild = shop.house.bot.get_guild(shop.guild_id)
    assert guild is not None
    return guild


def hears(shop: Moderated, event: str, *news: object) -> list[asyncio.Task[None]]:
    """Let the client hear an event; its listeners, which are at work now."""
    shop.house.bot.dispatch(event, *news)
    heard = [task for task in asyncio.all_tasks() if task.get_name() == f"discord.py: on_{event}"]
    assert heard
    return heard


def leaves(shop: Moderated, guild: discord.Guild) -> list[asyncio.Task[None]]:
    """The bot is sent away."""
    shop.house.bot._connection._remove_guild(guild)
    return hears(shop, "guild_remove", guild)


def comes(shop: Moderated, guild: discord.Guild) -> list[asyncio.Task[None]]:
    """The bot is taken in."""
    shop.house.bot._connection._add_guild(guild)
    return hears(shop, "guild_join", guild)


@asynccontextmanager
async def stalled_writer(shop: Moderated) -> AsyncIterator[asyncio.Event]:
    """Nobody's write comes to its turn for a while; others read. Gives what tells that somebody waits to write."""
    database, waits, goes_on = shop.storage.database, asyncio.Event(), asyncio.Event()
    write = database.write

    async def late(work: Callable[[Connection], Any], *, synced: bool = True) -> Any:
        waits.set()
        await goes_on.wait()
        return await write(work, synced=synced)

    database.write = late  # type: ignore[method-assign]  # as a disk that hangs
    try:
        yield waits
    finally:
        database.write = write  # type: ignore[method-assign]  # and goes on
        goes_on.set()


async def has_left(shop: Moderated) -> bool:
    view = await shop.services.owner_policy.view(shop.guild_id)
    return view.server.left_at is not None


async def deleted(shop: Moderated) -> list[int]:
    """Whose data goes in a month."""
    return list(await shop.storage.guilds.records.delete_due(shop.house.clock.now() + MONTH))


async def known(shop: Moderated) -> discord.Guild:
    """A server of which something is kept."""
    guild = the_guild(shop)
    await asyncio.gather(*hears(shop, "guild_join", guild))
    await shop.set_unlimited()
    return guild


async def test_leaving_a_server_schedules_its_data_for_deletion_and_coming_back_stops_that(
    tmp_path: Path,
) -> None:
    async with moderated(tmp_path, more=BOTH) as shop:
        guild = await known(shop)

        await asyncio.gather(*leaves(shop, guild))
        assert await has_left(shop)
        await asyncio.gather(*comes(shop, guild))
        assert not await has_left(shop)
        assert await deleted(shop) == []

        await asyncio.gather(*leaves(shop, guild))
        assert await deleted(shop) == [shop.guild_id]


@pytest.mark.parametrize("news", ["guild_available", "ready"])
async def test_a_server_that_came_back_while_nobody_listened_keeps_its_data(
    tmp_path: Path, news: str
) -> None:
    async with moderated(tmp_path, more=BOTH) as shop:
        guild = await known(shop)
        await asyncio.gather(*leaves(shop, guild))
        shop.house.bot._connection._add_guild(guild)

        await asyncio.gather(*hears(shop, news, *([] if news == "ready" else [guild])))

        assert not await has_left(shop)
        assert await deleted(shop) == []


async def test_a_server_that_came_back_keeps_its_data_while_discord_does_not_say_who_owns_the_bot(
    tmp_path: Path,
) -> None:
    async with moderated(tmp_path, more=BOTH) as shop:
        guild = await known(shop)
        await asyncio.gather(*leaves(shop, guild))
        bot = shop.house.bot
        bot._owners = ()
        shop.house.env.inject_error("GET", "/oauth2/applications/@me", status=500, times=None)

        await asyncio.gather(*comes(shop, guild))

        assert await deleted(shop) == []
        assert not await has_left(shop)


@pytest.mark.parametrize("was_there_before", [True, False])
async def test_a_server_that_leaves_unheard_is_noted_although_discord_never_said_who_owns_the_bot(
    tmp_path: Path, *, was_there_before: bool
) -> None:
    async with moderated(tmp_path, more=BOTH) as shop:
        guild, bot = the_guild(shop), shop.house.bot
        if was_there_before:
            await asyncio.gather(*leaves(shop, await known(shop)))
        bot._owners = ()
        shop.house.env.inject_error("GET", "/oauth2/applications/@me", status=500, times=None)
        await asyncio.gather(*comes(shop, guild))
        await shop.set_unlimited()

        bot._connection._remove_guild(guild)
        await asyncio.gather(*hears(shop, "ready"))

        assert await has_left(shop)
        assert await deleted(shop) == [shop.guild_id]


@pytest.mark.parametrize("noticed", ["at once", "by the next start"])
async def test_a_server_that_takes_the_bot_back_while_the_database_is_stalled_is_not_deleted(
    tmp_path: Path, noticed: str
) -> None:
    async with moderated(tmp_path, more=BOTH) as shop:
        guild = await known(shop)

        async with stalled_writer(shop) as somebody_writes:
            if noticed == "at once":
                heard = leaves(shop, guild)
            else:
                shop.house.bot._connection._remove_guild(guild)
                heard = hears(shop, "ready")
            await somebody_writes.wait()
            heard += comes(shop, guild)
            await asyncio.wait(heard, timeout=0.2)  # whoever does not wait for the writer is done by then
        await asyncio.gather(*heard)

        assert not await has_left(shop)
        assert await deleted(shop) == []


async def test_a_server_that_sends_the_bot_away_while_the_database_is_stalled_is_deleted(
    tmp_path: Path,
) -> None:
    async with moderated(tmp_path, more=BOTH) as shop:
        guild = await known(shop)
        await asyncio.gather(*leaves(shop, guild))

        async with stalled_writer(shop) as somebody_writes:
            heard = comes(shop, guild)
            await somebody_writes.wait()
            heard += leaves(shop, guild)
            await asyncio.wait(heard, timeout=0.2)
        await asyncio.gather(*heard)

        assert await has_left(shop)
        assert await deleted(shop) == [shop.guild_id]


async def test_another_applications_bot_marks_no_server_as_left_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with moderated(tmp_path, more=BOTH) as shop:
        guild = await known(shop)
        await asyncio.gather(*hears(shop, "ready"))
        ours = shop.house.bot.application_id
        assert await other_application(shop.storage.guilds.memory, ours) is None  # as at its start
        shop.house.bot._connection.application_id = OTHER_APPLICATION

        await asyncio.gather(*leaves(shop, guild))
        await asyncio.gather(*hears(shop, "ready"))

        assert not await has_left(shop)
        assert await deleted(shop) == []
        told = [r for r in caplog.records if r.message == "leaving_not_noted"]
        assert {(r.levelname, vars(r)["server"], vars(r)["application"]) for r in told} == {
            ("WARNING", shop.guild_id, str(ours))
        }

        shop.house.bot._connection.application_id = ours
        await asyncio.gather(*hears(shop, "ready"))
        assert await deleted(shop) == [shop.guild_id]


async def test_a_change_of_application_that_was_meant_marks_the_servers_that_the_new_one_is_not_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with moderated(tmp_path, more=BOTH) as shop:
        guild = await known(shop)
        await asyncio.gather(*hears(shop, "ready"))
        shop.house.bot._connection.application_id = OTHER_APPLICATION
        shop.house.bot._connection._remove_guild(guild)

        await move_to(shop.storage.guilds.memory, OTHER_APPLICATION)
        await asyncio.gather(*hears(shop, "ready"))

        assert await has_left(shop)
        assert await deleted(shop) == [shop.guild_id]
        assert "leaving_not_noted" not in [r.message for r in caplog.records]
