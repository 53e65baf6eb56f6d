"""A crash loop cannot spend Discord's thousand starts, and restarts do not make it forget.
Never here: restarts of the real program (tests/wire)."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest

from bot.domain.schedule import DAY
from bot.metrics import Meters
from bot.starts import FREE, Starts
from tests.fixtures.shared import Shared
from tests.process.clock import Idle


class Client:
    """Discord's answer about starts."""

    def __init__(self, clock: Idle, remaining: int = 1_000) -> None:
        self.clock = clock
        self.remaining = remaining
        self.reset_at = clock.now() + DAY

    async def fetch_session_start_limits(self) -> Any:
        """As Discord says it."""
        if self.clock.now() >= self.reset_at:
            self.remaining = 1_000
        left = self.reset_at - self.clock.now()
        return discord.SessionStartLimits(
            total=1_000, remaining=self.remaining, reset_after=left, max_concurrency=1
        )


class Loop:
    """A program that is started again and again on one database."""

    def __init__(self) -> None:
        self.clock = Idle()
        self.memory = Shared()
        self.client: Any = Client(self.clock)
        self.stopping = asyncio.Event()

    async def start(self, shards: tuple[int, ...] | None = None) -> tuple[Starts, float]:
        """One start; how long it waited."""
        before = self.clock.now()
        starts = Starts(meta=self.memory, clock=self.clock, meters=Meters(), shards=shards)
        await starts.wait(self.client, self.stopping)
        return starts, (self.clock.now() - before) / 1_000


@pytest.fixture
def loop() -> Loop:
    return Loop()


async def test_a_day_of_crashes_leaves_most_of_the_thousand_starts(loop: Loop) -> None:
    end, starts, waits = loop.clock.now() + DAY, 0, []
    while loop.clock.now() < end:
        waits.append((await loop.start())[1])
        loop.clock.time += 2_000  # the supervisor's pause
        starts += 1

    assert waits[:FREE] == [0] * FREE
    assert waits[FREE : FREE + 4] == [10, 20, 40, 80]
    assert max(waits) == 900
    assert 100 < starts < 200


async def test_a_start_that_ended_well_or_lived_long_is_forgotten(loop: Loop) -> None:
    starts, _ = await loop.start()
    for _ in range(FREE + 5):
        await loop.start()
    await starts.reset()

    assert (await loop.start())[1] == 0


async def test_shards_of_other_processes_are_counted_by_themselves(loop: Loop) -> None:
    for _ in range(FREE + 5):
        await loop.start((0,))

    assert (await loop.start((1,)))[1] == 0


async def test_the_last_start_of_the_day_is_not_asked_for(loop: Loop) -> None:
    loop.client.remaining = 0

    starts, waited = await loop.start()

    assert waited == pytest.approx(86_400)
    assert starts.waiting is None


async def test_somebody_who_wants_to_stop_does_not_wait(loop: Loop) -> None:
    loop.client.remaining = 0
    loop.stopping.set()

    assert (await loop.start())[1] == 0


async def test_a_clock_that_was_ahead_or_a_strange_note_costs_no_waiting(loop: Loop) -> None:
    loop.memory.words["starts/all"] = str([loop.clock.now() + DAY * n for n in range(1, 99)])
    assert (await loop.start())[1] == 0
    loop.memory.words["starts/all"] = "what?"
    assert (await loop.start())[1] == 0


async def test_a_database_that_cannot_be_read_does_not_keep_the_bot_away(loop: Loop) -> None:
    loop.memory.trouble = "get"

    assert (await loop.start())[1] == 0
