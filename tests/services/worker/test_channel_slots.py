"""Results go before progress, and one channel's burst leaves hands for the others.
Never here: Discord's limits themselves."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.jobs import JobState
from bot.services.worker.channel_slots import IN_A_CHANNEL, MANY, ChannelSlots
from tests.domain.builders import NOW, a_job

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from tests.services.harness import Harness


def result_in(channel: int, *, token: str | None = None) -> Job:
    job = a_job()
    until = NOW + 60_000 if token else 0
    return replace(
        job, reply=replace(job.reply, channel_id=channel, token=token, token_until=until, message_id=5)
    )


async def test_only_a_few_results_are_on_their_way_into_one_channel_and_others_are_not_held_up() -> None:
    turns, on_their_way, end = ChannelSlots(), [], asyncio.Event()

    async def deliver(channel: int) -> None:
        async with turns.of(result_in(channel), NOW):
            on_their_way.append(channel)
            await end.wait()

    async with asyncio.TaskGroup() as group:
        for channel in (1, 1, 1, 1, 1, 2):
            group.create_task(deliver(channel))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        assert sorted(on_their_way) == [1] * IN_A_CHANNEL + [2]
        end.set()

    assert len(on_their_way) == 6


async def test_results_that_a_token_shows_do_not_wait_for_each_other() -> None:
    turns = ChannelSlots()

    async with AsyncExitStack() as stack, asyncio.timeout(60):
        for _ in range(5 * IN_A_CHANNEL):
            await stack.enter_async_context(turns.of(result_in(1, token="t"), NOW))


async def test_progress_gives_way_in_the_result_s_channel_and_everywhere_while_there_are_many() -> None:
    turns = ChannelSlots()

    async with turns.of(result_in(1), NOW):
        assert (turns.progress_may_pass(1), turns.progress_may_pass(2)) == (False, True)
    async with AsyncExitStack() as stack:
        for channel in range(MANY):
            await stack.enter_async_context(turns.of(result_in(channel), NOW))
        assert not turns.progress_may_pass(99)

    assert turns.progress_may_pass(1)


async def test_a_card_is_edited_again_once_the_results_of_its_channel_are_through(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(1)
    before = len(world.discord.edits)

    async with world.services.editor.slots.of(job, world.clock.now()):
        await world.pass_time(15)
        while_waiting = len(world.discord.edits) - before
    await world.pass_time(2)

    assert while_waiting == 0
    assert len(world.discord.edits) > before
    assert (await world.job(job.key)).state is JobState.RUNNING


async def test_a_card_without_a_token_gives_way_even_with_its_first_edit(world: Harness) -> None:
    world.upstream.template["seconds"] = 10_000
    job = await world.imagine()
    await world.pass_time(17 * 60)
    await world.reboot()
    before = len(world.discord.edits)

    async with world.services.editor.slots.of(job, world.clock.now()):
        world.upstream.tasks[0].seconds = 2_000
        await world.pass_time(60)
        while_waiting = len(world.discord.edits) - before
    await world.pass_time(2)

    assert while_waiting == 0
    assert len(world.discord.edits) > before
