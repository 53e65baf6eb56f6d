"""Events reach the log channel one by one, once in a window, and no trouble silences the rest.
Never here: what is worth telling (test_events, tests/services/servers/test_policy.py)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.domain.servers.guild_ports import EventKind, ModEvent, NoModLog
from bot.errors import RetryLater, StorageTrouble
from bot.services.modlog import dispatcher as room
from bot.services.modlog.dispatcher import MINUTE_MS, REPEAT_AFTER_MS, Dispatcher
from bot.texts import text
from tests.services.harness import GUILD
from tests.services.server_harness import ADA, LOG_CHANNEL

if TYPE_CHECKING:
    from tests.services.server_harness import Server


def event(kind: EventKind = EventKind.KEY_REJECTED, key: str = "key") -> ModEvent:
    return ModEvent(kind, key, text("log.key_rejected"))


async def test_the_same_event_is_told_once_in_its_window_with_what_was_held_back(server: Server) -> None:
    dispatcher, clock = server.world.services.dispatcher, server.world.clock
    for _ in range(3):
        dispatcher.notify(GUILD, event())
    await server.listen()
    clock.move_to(clock.now() + REPEAT_AFTER_MS[EventKind.KEY_REJECTED])
    dispatcher.notify(GUILD, event())

    await server.listen()

    assert [e.held_back for e in server.heard.events] == [0, 2]
    assert server.world.meters.counts["notices_told kind=key_rejected"] == 2


async def test_events_go_to_the_servers_channel_in_its_language(server: Server) -> None:
    await server.guilds.set_values(GUILD, ADA, "language", {"language": "de"})
    await server.listen()
    server.heard.told.clear()

    server.world.services.dispatcher.notify(GUILD, event())
    await server.listen()

    assert server.heard.told == [(GUILD, LOG_CHANNEL, "de")]


async def test_without_a_channel_or_a_server_nothing_is_told(server: Server) -> None:
    server.world.services.dispatcher.notify(None, event())
    server.world.services.dispatcher.notify(5, event())

    assert await server.listen() == []


@pytest.mark.parametrize("trouble", [RuntimeError("gone"), StorageTrouble("locked")])
async def test_one_channels_trouble_does_not_silence_the_others(server: Server, trouble: Exception) -> None:
    dispatcher = server.world.services.dispatcher
    server.heard.broken = trouble
    dispatcher.notify(GUILD, event())
    await dispatcher.drain()
    server.heard.broken = None

    dispatcher.notify(GUILD, event(key="other"))

    assert await server.listen() == ["log.key_rejected"]


async def test_what_discord_does_not_take_for_the_moment_is_told_later_and_holds_up_no_other_server(
    server: Server,
) -> None:
    world, dispatcher = server.world, server.world.services.dispatcher
    others = [GUILD + 1 + n for n in range(room.AT_ONCE)]
    for guild in others:
        await server.guilds.set_log_channel(guild, ADA, LOG_CHANNEL + guild)
    await server.listen()
    server.heard.told.clear()
    before = world.clock.now()
    busy = {GUILD: 90.0, **dict.fromkeys(others[1:], 5.0)}
    server.heard.later = {guild: [RetryLater("discord_503", delay=delay)] for guild, delay in busy.items()}

    for guild in (GUILD, *reversed(others)):
        dispatcher.notify(guild, event())
    dispatcher.notify(GUILD, event(EventKind.MEMBER, key="next"))
    await world.until(lambda: len(server.heard.told) == len(others) + 2)

    order = [guild for guild, _, _ in server.heard.told]
    assert (order[0], order[-2:]) == (others[0], [GUILD, GUILD])
    assert [e.kind for e in server.heard.events[-2:]] == [EventKind.KEY_REJECTED, EventKind.MEMBER]
    assert 90_000 <= world.clock.now() - before < 100_000
    assert world.meters.counts["notices_told kind=key_rejected"] == len(others) + 1


async def test_what_waits_when_the_telling_breaks_off_is_told_when_it_goes_on(server: Server) -> None:
    dispatcher = server.world.services.dispatcher
    server.heard.later = {GUILD: [RetryLater("rate_limited", delay=3_600.0)]}
    dispatcher.notify(GUILD, event())
    await server.world.until(lambda: not server.heard.later[GUILD])
    await server.close()

    server._dispatcher = asyncio.create_task(dispatcher.run())

    assert await server.listen() == ["log.key_rejected"]


async def test_what_discord_takes_for_no_hour_is_given_up_and_later_events_are_told(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(room, "TRIES", 3)
    server.heard.later = {GUILD: [RetryLater("discord_503")] * 3}

    for key in ("lost", "next"):
        server.world.services.dispatcher.notify(GUILD, event(EventKind.MEMBER, key=key))
    await server.world.until(lambda: bool(server.heard.events))

    assert [e.key for e in server.heard.events] == ["next"]
    assert "notice_lost" in caplog.messages


async def test_a_database_in_trouble_costs_one_event(server: Server) -> None:
    dispatcher = server.world.services.dispatcher
    settings = dispatcher.settings

    class Locked:
        async def settings(self, guild_id: int) -> object:
            raise StorageTrouble(f"locked for {guild_id}")

    dispatcher.settings = Locked()  # type: ignore[assignment]  # it only ever raises
    dispatcher.notify(GUILD, event())
    await dispatcher.drain()
    dispatcher.settings = settings

    dispatcher.notify(GUILD, event())

    assert await server.listen() == ["log.key_rejected"]


async def test_a_flood_is_cut_and_counted(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "WAITING_LIMIT", 3)
    stores = server.world._opened.guilds
    dispatcher = Dispatcher(
        settings=stores.settings,
        records=stores.records,
        modlog=server.heard,
        clock=server.world.clock,
        metrics=server.world.meters,
    )

    for n in range(5):
        dispatcher.notify(GUILD, event(key=str(n)))

    assert server.world.meters.counts["notices_dropped kind=key_rejected"] == 2


async def test_who_says_that_it_stays_quiet_for_the_rest_of_the_hour_does_so_however_long_the_flood_lasts(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LINES", 3)
    told = "."  # the hour began with the line about the log channel
    for n in range(12):
        server.heard.events.clear()
        server.world.clock.move_to(server.world.clock.now() + 10 * MINUTE_MS)
        server.world.services.dispatcher.notify(GUILD, event(EventKind.MEMBER, key=str(n)))
        told += " " + "".join("!" if said == "log.enough" else "." for said in await server.listen())

    assert told.split(" ") == [".", ".", ".!", "", "", "", ".", ".", ".!", "", "", "", "."]
    assert server.world.meters.counts["notices_dropped kind=member"] == 6


async def test_what_a_channel_did_not_get_does_not_count_as_told(server: Server) -> None:
    dispatcher = server.world.services.dispatcher
    told = "notices_told kind=member"
    dispatcher.modlog = NoModLog()
    dispatcher.notify(GUILD, event(EventKind.MEMBER))
    await server.listen()

    assert server.world.meters.counts.get(told, 0) == 0


def test_every_kind_of_event_has_its_window() -> None:
    assert set(REPEAT_AFTER_MS) == set(EventKind)
