"""Order in a channel: one at a time, and other channels undisturbed.
Never here: Discord's limits themselves; those are on the wire and in the bench."""

from __future__ import annotations

import asyncio

import pytest

from bot.ui.kit.channel_locks import ChannelLocks


async def test_one_at_a_time_in_a_channel_and_many_over_channels() -> None:
    lanes, inside, most = ChannelLocks(), 0, 0

    async def visit(channel: int) -> None:
        nonlocal inside, most
        async with lanes.turn(channel):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(visit(1) for _ in range(5)))
    alone = most
    await asyncio.gather(*(visit(n) for n in range(10)))

    assert (alone, most) == (1, 10)


async def test_a_turn_that_fails_or_is_cancelled_gives_way_and_leaves_nothing_behind() -> None:
    lanes = ChannelLocks()

    with pytest.raises(ZeroDivisionError):
        async with lanes.turn(1):
            raise ZeroDivisionError
    async with lanes.turn(1):
        waiting = asyncio.create_task(lanes.turn(1).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    assert not lanes._locks
    assert not lanes._inside
