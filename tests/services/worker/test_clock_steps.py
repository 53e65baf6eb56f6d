"""A wall clock that is set back in the middle of work: what runs goes on at the new time, at once.
Never here: who notices (tests/process)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from bot.domain.failures import FailureKind
from bot.services.worker.tracker_pool import IDLE_MS, Trackers

if TYPE_CHECKING:
    from tests.services.harness import Harness

HOUR_MS = 3_600_000


async def test_a_job_that_runs_while_the_clock_is_set_back_an_hour_ends_in_its_own_time(
    world: Harness,
) -> None:
    job = await world.imagine()
    await world.pass_time(5)
    assert world.claimed(job) is not None

    world.clock.set_by(-HOUR_MS)
    for task in world.upstream.tasks:
        task.at -= HOUR_MS  # upstream's clock was not set
    await world._opened.jobs.pull_in(world.clock.now(), stood_ahead=True)
    world.services.worker.clock_stepped(world.clock.now())

    ended = await world.ended(job, within=600)
    assert ended.state == "succeeded"


async def test_a_job_that_was_sent_while_the_clock_stood_ahead_and_never_ends_times_out(
    world: Harness,
) -> None:
    year = 365 * 24 * HOUR_MS
    world.clock.set_by(year)
    job = await world.imagine()
    await world.pass_time(5)
    assert world.claimed(job) is not None
    for task in world.upstream.tasks:
        task.seconds = 10**9

    world.clock.set_by(-year)
    await world._opened.jobs.pull_in(world.clock.now(), stood_ahead=True)
    world.services.worker.clock_stepped(world.clock.now())

    ended = await world.ended(job, within=2 * HOUR_MS // 1_000)
    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.TIMED_OUT


class FakeTracker:
    """Knows nothing but how often it was told."""

    def __init__(self) -> None:
        self.told: list[int] = []

    def __len__(self) -> int:
        return 0

    def clock_stepped(self, now: int) -> None:
        self.told.append(now)

    async def run(self) -> None:
        await asyncio.Event().wait()


async def test_an_account_that_came_before_the_step_is_let_go_as_long_after_it_as_ever() -> None:
    made: list[FakeTracker] = []

    def make(_api: object) -> Any:
        made.append(FakeTracker())
        return made[-1]

    trackers = Trackers({"default": cast("Any", None)}, make)
    trackers.opened("own", cast("Any", None), HOUR_MS)

    trackers.clock_stepped(5)
    trackers.rest(5 + IDLE_MS - 1)
    assert set(trackers) == {"default", "own"}
    trackers.rest(5 + IDLE_MS)

    assert set(trackers) == {"default"}
    assert [one.told for one in made] == [[5], [5]]
