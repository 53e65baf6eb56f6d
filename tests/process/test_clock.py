"""A clock that is set is noticed, and what was due at the old time comes in.
Never here: clocks that only drift."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from bot.clock import LOOK_S, ClockWatch
from bot.domain.pools import Allowance
from bot.errors import StorageTrouble
from bot.services.worker.poll_schedule import PollSchedule, Tracked
from bot.storage import open_storage
from tests.claims import claim_submissions, claim_work
from tests.process.clock import Idle
from tests.storage.making import job

if TYPE_CHECKING:
    from pathlib import Path

YEAR_MS = 365 * 86_400_000
FREE = Allowance(per_day=None, running=None, waiting=None)


class Set(Idle):
    """A wall clock that is set at some look, beside a steady one that is not."""

    def __init__(self, steps: list[int]) -> None:
        super().__init__()
        self.steady = 0.0
        self.steps = steps

    @override
    async def pause(self, seconds: float, wake: asyncio.Event | None = None) -> bool:
        if not self.steps:
            raise asyncio.CancelledError
        self.steady += seconds
        self.time += self.steps.pop(0)
        return await super().pause(seconds, wake)


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([0, 0, 0], [0]),
        ([40, -40, 900], [0]),
        ([0, -YEAR_MS, 0], [0, -YEAR_MS]),
        ([3_600_000, 0, 5_000], [0, 3_600_000, 5_000]),
    ],
)
async def test_a_step_is_told_and_a_drift_is_not(steps: list[int], told: list[int]) -> None:
    clock = Set(steps)
    heard: list[int] = []

    async def stepped(now: int, by_ms: int) -> None:
        assert now
        heard.append(by_ms)
        raise StorageTrouble("the disk is full")

    with suppress(asyncio.CancelledError):
        await ClockWatch(clock, stepped, steady=lambda: clock.steady).run()

    assert heard == told
    assert LOOK_S <= 60


async def test_jobs_due_in_a_year_that_never_was_are_done_now(tmp_path: Path) -> None:
    now = Idle().now()
    async with open_storage(f"sqlite+aiosqlite:///{tmp_path}/easel.db", migrate=True) as storage:
        ahead = await storage.jobs.insert(job(created_at=now + YEAR_MS, due_at=now + YEAR_MS), FREE)
        soon = await storage.jobs.insert(job(created_at=now, due_at=now + 60_000), FREE)
        held = await storage.jobs.insert(job(created_at=now, due_at=now), FREE)
        await claim_submissions(storage.jobs, "dead", now, lease_ms=YEAR_MS, limit=1, max_running=9)

        await storage.jobs.pull_in(now, stood_ahead=False)

        due = await claim_submissions(storage.jobs, "me", now, lease_ms=1_000, limit=9, max_running=9)
        assert [one.key for one in due] == [ahead.key]
        later = await claim_submissions(storage.jobs, "me", now + 60_000, lease_ms=1, limit=9, max_running=9)
        assert [one.key for one in later] == [soon.key]
        work = await claim_work(storage.jobs, "me", now + 31_000, lease_ms=90_000, limit=9)
        assert held.key in {one.key for one in work}


def test_followed_jobs_are_read_at_once_after_the_clock_was_set_back() -> None:
    agenda = PollSchedule(reads_per_second=4, webhooks=False, chance=lambda: 0.5)
    agenda.add(Tracked(job(), YEAR_MS))
    agenda.begin_round(YEAR_MS)
    agenda.end_round(YEAR_MS, 1_000)

    agenda.pull_in(5)

    assert agenda.may_be_read_at(0) <= 5
