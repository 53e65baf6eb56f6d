"""Windows that were filled, and paid, and whose task reads as if they were not: what comes late is delivered all the same.
Never here: the calls that open and fill them (test_windows)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.failures import FailureKind
from bot.domain.jobs import JobState
from bot.domain.tasks import RemoteTaskId, TaskSnapshot, TaskStatus
from tests.faults.windows import FamilyApi, custom_zoom, furnish, region_with_words, remix, unasked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from bot.domain.jobs import Job
    from tests.services.harness import Harness

HALF_AN_HOUR_S = 1_800


async def child_of(world: Harness) -> Job:
    return next(job for job in await world.all_jobs() if job.press is not None)


@pytest.mark.parametrize("press", [custom_zoom, region_with_words, remix, unasked])
@pytest.mark.parametrize("shown", [TaskStatus.MODAL, None])
async def test_a_window_that_was_filled_and_reads_as_if_not_is_watched_until_its_picture_comes(
    world: Harness,
    monkeypatch: pytest.MonkeyPatch,
    press: Callable[[Harness], Awaitable[None]],
    shown: TaskStatus | None,
) -> None:
    furnish(world)
    await world.reboot()
    await world.ended(await world.imagine())

    async def stale(_: FamilyApi, ids: Collection[RemoteTaskId]) -> dict[RemoteTaskId, TaskSnapshot]:
        return {} if shown is None else {task_id: TaskSnapshot(task_id, shown) for task_id in ids}

    with monkeypatch.context() as frozen:
        await press(world)
        await world.until(lambda: bool(world.windows and any(w.fills for w in world.windows.all.values())))
        frozen.setattr(FamilyApi, "query_many", stale)
        given_up = await world.ended(await child_of(world), within=HALF_AN_HOUR_S)

    assert given_up.failure is not None
    assert given_up.failure.kind is FailureKind.TIMED_OUT
    assert given_up.refund_due
    await world.pass_time(300)
    assert (await child_of(world)).state is JobState.SUCCEEDED


async def test_a_task_of_another_kind_that_its_server_denies_is_gone(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(world)
    await world.reboot()

    async def nothing(_: FamilyApi, ids: Collection[RemoteTaskId]) -> dict[RemoteTaskId, TaskSnapshot]:
        assert ids
        return {}

    monkeypatch.setattr(FamilyApi, "query_many", nothing)
    ended = await world.ended(await world.imagine(), within=HALF_AN_HOUR_S)

    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.GONE
