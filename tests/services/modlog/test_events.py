"""Moderators hear of jobs that went wrong through nobody's prompt: the key, the balance, permissions, troubles.
Never here: the channel (test_dispatcher)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.capabilities import Speed
from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import JobState, Route
from bot.domain.pools import Pool
from bot.domain.servers.guild_ports import EventKind
from bot.errors import RemoteError, RemoteFault
from bot.services.modlog.events import events_of
from bot.texts import text
from tests.domain.builders import NOW, a_job
from tests.services.harness import CHANNEL, GUILD
from tests.services.server_harness import ADA, LOG_CHANNEL, Heard

if TYPE_CHECKING:
    from tests.services.harness import Harness


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (FailureKind.KEY, EventKind.KEY_REJECTED),
        (FailureKind.BALANCE, EventKind.BALANCE_LOW),
        (FailureKind.UNREACHABLE, EventKind.ERROR),
        (FailureKind.LOST, EventKind.ERROR),
        (FailureKind.BANNED_PROMPT, None),
        (FailureKind.INVALID_PARAMETER, None),
    ],
)
def test_failures_that_are_not_the_prompts_are_told(kind: FailureKind, told: EventKind | None) -> None:
    events = list(events_of(a_job().failed(Failure(kind), NOW), []))

    assert [event.kind for event in events] == ([] if told is None else [told])


def test_what_went_well_is_not_told() -> None:
    assert list(events_of(a_job(), ["token_expired"])) == []


def test_a_picture_that_ran_in_another_pool_is_told_with_both_pools() -> None:
    job = a_job(pool=Pool.FAST, state=JobState.SUCCEEDED)
    job = replace(job, server=replace(job.server, ran_at=Speed.RELAX))

    (event,) = events_of(job, [])

    assert (event.kind, event.said.id, event.job) == (EventKind.LEFT_POOL, "log.left_pool", job.key)
    assert (event.said.args["pool"], event.said.args["ran_in"]) == (text("pool.FAST"), text("pool.NORMAL"))


async def test_a_rejected_key_and_a_missing_permission_reach_the_log_channel_once(world: Harness) -> None:
    heard, services = Heard(), world.services
    services.dispatcher.modlog = heard
    await services.guilds.set_log_channel(GUILD, ADA, LOG_CHANNEL)
    dispatcher = asyncio.create_task(services.dispatcher.run())
    for route in (Route.REPLY, Route.EDIT, Route.POST):
        world.discord.closed[route] = "missing_permission"
    world.upstream.refusals += [RemoteError(RemoteFault.KEY, "bad key") for _ in range(2)]

    for _ in range(2):
        await world.ended(await world.imagine())
    await services.dispatcher.drain()
    dispatcher.cancel()
    await asyncio.gather(dispatcher, return_exceptions=True)

    assert heard.said[1:] == ["log.missing_permission", "log.key_rejected"]
    assert heard.events[1].said.args["channel"] == str(CHANNEL)
