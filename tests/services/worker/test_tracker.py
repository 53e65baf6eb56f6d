"""Following tasks: few requests for many jobs, deadlines from the last change, and late pictures still delivered."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from bot.domain.capabilities import OHMYGPT
from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import JobState
from bot.domain.schedule import HOUR
from bot.domain.tasks import RemoteTaskId, TaskPage, TaskSnapshot, TaskStatus
from bot.errors import RemoteError, RemoteFault, StorageTrouble
from bot.services.worker.page_scan import PageScan
from bot.services.worker.poll_schedule import PollSchedule, Tracked
from bot.storage.backup import restore, take
from tests.claims import claim_work
from tests.faults.windows import FamilyApi, furnish
from tests.services.harness import Harness
from tests.storage import making

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

    from bot.domain.jobs import Job
    from bot.domain.ports import Readings

DOWN = RemoteError(RemoteFault.UNCLEAR, "502")


class SlowApi:
    """Something happens while the first answer is on its way."""

    def __init__(self, inner: Readings, meanwhile: Callable[[], None]) -> None:
        self._inner = inner
        self._meanwhile: list[Callable[[], None]] = [meanwhile]

    async def query(self, task_id: RemoteTaskId) -> TaskSnapshot | None:
        seen = await self._inner.query(task_id)
        while self._meanwhile:
            self._meanwhile.pop()()
        return seen


async def test_progress_is_shown_and_never_runs_backwards(world: Harness) -> None:
    job = await world.imagine()
    await world.ended(job)

    shown = [v.job.progress or 0 for v in world.discord.of(job.key)[0].versions]

    assert shown == sorted(shown)
    assert shown[-1] == 100
    assert len(set(shown)) > 3


async def test_many_jobs_cost_few_requests(world: Harness) -> None:
    world.max_running = 500
    await world.reboot()
    jobs = [await world.imagine(f"prompt {n}", user=n) for n in range(100)]
    for job in jobs:
        await world.ended(job)

    assert len(world.upstream.reads) / len(jobs) <= 0.75


async def test_jobs_begun_at_different_moments_are_still_read_together(world: Harness) -> None:
    world.max_running = 500
    world.upstream.template["seconds"] = 60
    await world.reboot()
    for n in range(20):
        await world.imagine(user=n)
        await world.pass_time(0.37)
    world.upstream.reads.clear()

    await world.pass_time(30)

    assert set(world.upstream.reads) == {"page"}
    assert len(world.upstream.reads) <= 12


async def test_a_few_young_jobs_are_read_every_three_to_five_seconds(world: Harness) -> None:
    world.upstream.template["seconds"] = 60
    for n in range(3):
        await world.imagine(user=n)
        await world.pass_time(1.3)

    read_at = []
    for _ in range(300):
        world.upstream.reads.clear()
        await world.pass_time(0.1)
        if world.upstream.reads:
            read_at.append(world.clock.now())

    assert all(3_000 <= later - earlier <= 5_000 for earlier, later in pairwise(read_at))
    assert len(read_at) >= 5


async def test_rounds_over_many_pages_keep_to_their_share_of_the_budget(world: Harness) -> None:
    world.max_running = 500
    world.upstream.template["seconds"] = 600
    await world.reboot()
    for n in range(400):
        await world.imagine(user=n)
    await world.pass_time(20)
    world.upstream.reads.clear()

    await world.pass_time(20)

    assert 20 * 4.0 * 0.4 <= len(world.upstream.reads) <= 20 * 4.0 * 0.7


async def test_when_reading_fails_jobs_are_read_later_and_delivered(world: Harness) -> None:
    job = await world.imagine()
    world.upstream.query_trouble = world.upstream.list_trouble = DOWN
    await world.pass_time(120)
    world.upstream.query_trouble = world.upstream.list_trouble = None

    assert (await world.ended(job)).state is JobState.SUCCEEDED


async def test_pages_that_fail_leave_all_jobs_for_later(world: Harness) -> None:
    jobs = [await world.imagine(user=n) for n in range(3)]
    world.upstream.list_trouble = DOWN
    await world.pass_time(60)
    world.upstream.list_trouble = None

    assert [(await world.ended(j)).state for j in jobs] == [JobState.SUCCEEDED] * 3


async def test_jobs_are_read_singly_while_only_the_list_is_ill(world: Harness) -> None:
    jobs = [await world.imagine(user=n) for n in range(3)]
    world.upstream.list_trouble = DOWN

    assert [(await world.ended(j)).state for j in jobs] == [JobState.SUCCEEDED] * 3
    assert world.clock.now() - jobs[0].created_at < 60_000
    assert world.upstream.reads.count("page") == 1


async def test_jobs_are_read_singly_while_only_the_call_for_many_is_ill(
    family: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = FamilyApi.query_many

    async def broken(api: FamilyApi, ids: Collection[RemoteTaskId]) -> dict[RemoteTaskId, TaskSnapshot]:
        if len(ids) > 1:
            raise DOWN
        return await whole(api, ids)

    monkeypatch.setattr(FamilyApi, "query_many", broken)
    jobs = [await family.imagine(user=n) for n in range(3)]

    assert [(await family.ended(j)).state for j in jobs] == [JobState.SUCCEEDED] * 3


async def test_where_the_call_for_many_says_that_nothing_answers_nothing_is_asked_singly(
    family: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    jobs = [await family.imagine(user=n) for n in range(3)]

    async def refused(_: FamilyApi, ids: Collection[RemoteTaskId]) -> dict[RemoteTaskId, TaskSnapshot]:
        asked.append(len(ids))
        raise RemoteError(RemoteFault.UNREACHED, "connection refused")

    with monkeypatch.context() as down:
        down.setattr(FamilyApi, "query_many", refused)
        await family.pass_time(60)

    assert asked
    assert set(asked) == {len(jobs)}
    assert [(await family.ended(j)).state for j in jobs] == [JobState.SUCCEEDED] * 3


async def test_a_task_whose_answers_cannot_be_read_slows_no_other(world: Harness) -> None:
    world.upstream.template["seconds"] = 3600
    bad = await world.imagine(user=1)
    await world.pass_time(1)
    world.upstream.unreadable.add(str(world.upstream.tasks[0].id))
    await world.pass_time(300)
    world.upstream.template["seconds"] = 95

    good = await world.ended(await world.imagine(user=2))

    assert (good.finished_at or 0) - good.created_at <= 105_000
    assert good.state is JobState.SUCCEEDED
    ended = await world.ended(bad)
    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.TIMED_OUT


async def test_readings_that_are_throttled_rest_as_long_as_was_asked(world: Harness) -> None:
    world.upstream.template["seconds"] = 200
    job = await world.imagine()
    await world.pass_time(1)
    world.upstream.query_trouble = RemoteError(RemoteFault.THROTTLED, "429", retry_after=120)
    await world.pass_time(10)
    world.upstream.reads.clear()

    await world.pass_time(60)
    (tracker,) = world.services.worker.trackers.values()
    tracker.receive_webhook(job.key, ended=True)
    await world.pass_time(40)
    assert world.upstream.reads == []

    world.upstream.query_trouble = None
    assert (await world.ended(job)).state is JobState.SUCCEEDED
    assert world.clock.now() - job.created_at < 230_000


async def test_nobody_rests_for_longer_than_some_minutes(world: Harness) -> None:
    world.upstream.template["seconds"] = 30
    job = await world.imagine()
    await world.pass_time(1)
    world.upstream.query_trouble = RemoteError(RemoteFault.THROTTLED, "429", retry_after=3600)
    await world.pass_time(60)
    world.upstream.query_trouble = None

    assert (await world.ended(job)).state is JobState.SUCCEEDED
    assert world.clock.now() - job.created_at < 400_000


async def test_the_list_is_tried_again_after_a_while(world: Harness) -> None:
    world.upstream.template["seconds"] = 600
    for n in range(3):
        await world.imagine(user=n)
    world.upstream.list_trouble = DOWN
    await world.pass_time(30)
    world.upstream.list_trouble = None
    await world.pass_time(60)
    world.upstream.reads.clear()

    await world.pass_time(30)

    assert set(world.upstream.reads) == {"page"}


async def _timed_out(world: Harness) -> Job:
    """A job that never started upstream, given up after half an hour in which the process was mostly down."""
    world.upstream.template["seconds"] = 3600 * 1000
    job = await world.imagine()
    await world.pass_time(10)
    await world.reboot(after_ms=30 * 60_000)
    return await world.ended(job)


async def test_a_job_without_change_times_out_refunds_and_is_still_delivered_late(world: Harness) -> None:
    job = timed_out = await _timed_out(world)
    assert timed_out.failure is not None
    assert (timed_out.failure.kind, timed_out.refund_due) == (FailureKind.TIMED_OUT, True)

    world.upstream.tasks[0].seconds = 1
    await world.pass_time(300)
    late = await world.job(job.key)

    assert (late.state, late.failure, late.is_delivered) == (JobState.SUCCEEDED, None, True)
    (message,) = world.discord.of(job.key)
    assert message.picture is not None
    assert len(world.upstream.tasks) == 1


async def test_a_lively_job_is_given_up_only_at_the_cap(world: Harness) -> None:
    world.upstream.template["seconds"] = 3600 * 4.5

    begun = await world.imagine()
    await world.pass_time(28 * 60)
    for _ in range(8):
        await world.reboot(after_ms=17 * 60_000)
        await world.pass_time(30)
        assert not (await world.job(begun.key)).is_terminal
    await world.reboot(after_ms=17 * 60_000)
    job = await world.ended(begun)

    assert job.failure is not None
    assert job.failure.kind is FailureKind.TIMED_OUT
    assert (job.finished_at or 0) - job.created_at >= 3 * 3600 * 1000


async def test_a_timed_out_job_is_not_watched_for_ever(world: Harness) -> None:
    job = await _timed_out(world)
    await world.reboot(after_ms=7 * 3600_000)
    await world.pass_time(300)
    before = len(world.upstream.reads)

    await world.pass_time(600)

    assert len(world.upstream.reads) == before
    assert (await world.job(job.key)).state is JobState.FAILED


async def test_a_timed_out_job_that_fails_upstream_is_left_alone(world: Harness) -> None:
    job = await _timed_out(world)
    world.upstream.tasks[0].seconds = 1
    world.upstream.tasks[0].ends = TaskStatus.FAILURE
    await world.pass_time(300)
    before = len(world.upstream.reads)

    await world.pass_time(600)

    assert len(world.upstream.reads) == before
    assert len(world.discord.of(job.key)) == 1


async def test_a_lease_that_could_not_be_given_back_is_given_back_later(world: Harness) -> None:
    job = await _timed_out(world)
    world.upstream.tasks[0].seconds = 1
    world.upstream.tasks[0].ends = TaskStatus.FAILURE
    world.store.trouble, world.store.trouble_for = StorageTrouble("the disk is full"), {"release"}
    await world.pass_time(300)
    assert (await world.job(job.key)).owner == world.owner

    world.store.trouble = None
    await world.pass_time(300)

    assert (await world.job(job.key)).owner is None


async def test_a_task_that_never_starts_times_out(world: Harness) -> None:
    job = await _timed_out(world)

    assert job.failure is not None
    assert job.failure.kind is FailureKind.TIMED_OUT


async def test_deadlines_pass_even_while_nothing_can_be_read(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(4)
    world.upstream.query_trouble = world.upstream.list_trouble = DOWN
    await world.reboot(after_ms=30 * 60_000)

    ended = await world.ended(job)

    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.TIMED_OUT


async def test_success_without_a_picture_is_read_again_and_may_bring_it(world: Harness) -> None:
    world.upstream.template.update(picture=False, seconds=10)
    job = await world.imagine()
    await world.pass_time(16)
    world.upstream.tasks[0].picture = True

    assert (await world.ended(job)).state is JobState.SUCCEEDED


async def test_success_that_never_shows_a_picture_fails_and_refunds(world: Harness) -> None:
    world.upstream.template["picture"] = False

    job = await world.ended(await world.imagine())

    assert job.failure is not None
    assert job.failure.kind is FailureKind.NO_PICTURE


async def test_a_task_that_the_service_denies_for_long_is_gone(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(1)
    world.upstream.forgotten.add(str(world.upstream.tasks[0].id))

    ended = await world.ended(job)

    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.GONE


async def test_a_task_that_is_denied_for_a_moment_goes_on(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(1)
    world.upstream.forgotten.add(str(world.upstream.tasks[0].id))
    await world.pass_time(20)
    world.upstream.forgotten.clear()

    assert (await world.ended(job)).state is JobState.SUCCEEDED


async def test_a_full_queue_upstream_puts_the_job_back_instead_of_failing_it(world: Harness) -> None:
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="[Queue full] try later", seconds=5)
    job = await world.imagine()
    await world.pass_time(8)
    assert (await world.job(job.key)).hold == "hold.busy"

    world.upstream.template.clear()

    assert (await world.ended(job)).state is JobState.SUCCEEDED


async def test_what_was_being_drawn_and_ended_at_a_rate_limit_fails_with_those_words_and_is_not_sent_again(
    world: Harness,
) -> None:
    words = "下载图片失败: 429 Too Many Requests"
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason=words, seconds=20)
    job = await world.imagine()

    failed = await world.ended(job)

    assert failed.failure == Failure(FailureKind.UNKNOWN, words)
    assert len(world.upstream.tasks) == 1


async def test_a_full_queue_without_its_title_puts_the_job_back_though_it_read_as_begun(
    world: Harness,
) -> None:
    world.upstream.template.update(
        ends=TaskStatus.FAILURE, reason="队列已满\uff0c请稍后尝试", seconds=20, picture=False
    )
    job = await world.imagine()
    await world.pass_time(40)
    assert (await world.job(job.key)).failure is None

    world.upstream.template.clear()

    assert (await world.ended(job)).state is JobState.SUCCEEDED


async def test_what_a_rate_limit_ended_before_it_began_is_sent_again(world: Harness) -> None:
    world.upstream.template.update(
        ends=TaskStatus.FAILURE, reason="429 Too Many Requests", seconds=0.1, picture=False
    )
    job = await world.imagine()
    await world.pass_time(8)
    assert (await world.job(job.key)).hold == "hold.busy"

    world.upstream.template.clear()

    assert (await world.ended(job)).state is JobState.SUCCEEDED


async def test_a_job_whose_way_back_into_the_queue_cannot_be_written_is_read_again(world: Harness) -> None:
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="[Queue full] try later", seconds=5)
    job = await world.imagine()
    await world.pass_time(4)
    world.store.trouble, world.store.trouble_for = StorageTrouble("the disk is full"), {"release"}
    await world.pass_time(8)
    assert (await world.job(job.key)).hold is None
    world.store.trouble = None
    world.upstream.template.clear()

    assert (await world.ended(job)).state is JobState.SUCCEEDED


async def test_what_a_full_queue_ended_since_a_copy_was_made_is_not_sent_again_once_that_is_put_back(
    world: Harness, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="[Queue full] try later", seconds=5)
    job = await world.imagine()
    await world.pass_time(1)
    take(world.folder / "easel.db", copy)
    world.upstream.template.clear()
    assert (await world.ended(job)).state is JobState.SUCCEEDED
    await world.kill()
    restore(copy, world.folder / "easel.db")

    await world.reboot(after_ms=HOUR)

    failed = await world.ended(job)
    assert failed.failure is not None
    assert failed.failure.kind is FailureKind.QUEUE_FULL
    assert len(world.upstream.tasks) == 2


async def test_a_full_queue_counts_from_its_first_refusal_and_not_from_our_own_line(world: Harness) -> None:
    world.max_running = 1
    await world.reboot()
    await world.imagine()
    job = await world.imagine(user=2)
    await world.pass_time(1)
    await world.reboot(after_ms=3 * 3600_000)
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="[Queue full] try later", seconds=5)
    await world.until(lambda: len(world.upstream.tasks) == 2)
    world.upstream.template.clear()

    assert (await world.ended(job)).state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 3


async def test_a_webhook_about_the_end_is_read_at_once(world: Harness) -> None:
    world.webhooks = True
    world.upstream.template["seconds"] = 6
    await world.reboot()
    job = await world.imagine()
    await world.pass_time(6.1)

    world.services.worker.receive_webhook(job.key, ended=True)
    await world.calm()

    assert (await world.job(job.key)).state is JobState.SUCCEEDED


async def test_the_end_is_read_before_the_pages_of_many_other_jobs(world: Harness) -> None:
    world.max_running, world.webhooks = 500, True
    world.upstream.template["seconds"] = 600
    await world.reboot()
    jobs = [await world.imagine(user=n) for n in range(100)]
    await world.pass_time(1)
    task = world.upstream.task((await world.job(jobs[0].key)).task_id)
    task.seconds = 1
    world.upstream.reads.clear()

    world.services.worker.receive_webhook(jobs[0].key, ended=True)
    await world.calm()

    assert world.upstream.reads == ["query"]
    assert (await world.job(jobs[0].key)).state is JobState.SUCCEEDED


async def test_an_end_told_while_an_older_answer_is_on_its_way_is_read_again(world: Harness) -> None:
    world.upstream.template["seconds"] = 100
    job = await world.imagine()
    await world.pass_time(2)
    (tracker,) = world.services.worker.trackers.values()

    def end_and_tell() -> None:
        world.upstream.tasks[0].seconds = 1
        world.clock.move_to(world.clock.now() + 100)
        tracker.receive_webhook(job.key, ended=True)

    tracker.api = SlowApi(tracker.api, end_and_tell)  # type: ignore[assignment]  # only queries are asked for here
    await world.pass_time(3)

    assert (await world.job(job.key)).state is JobState.SUCCEEDED
    assert world.upstream.reads == ["query", "query"]


async def test_many_ends_at_once_are_found_on_pages(world: Harness) -> None:
    world.max_running, world.webhooks = 500, True
    await world.reboot()
    jobs = [await world.imagine(user=n) for n in range(40)]
    await world.pass_time(29)
    world.clock.move_to(world.clock.now() + 2_000)
    world.upstream.reads.clear()

    for job in jobs:
        world.services.worker.receive_webhook(job.key, ended=True)
    await world.calm()

    assert world.upstream.reads == ["page", "page"]
    assert {(await world.job(job.key)).state for job in jobs} == {JobState.SUCCEEDED}


async def test_a_webhook_about_progress_has_a_job_read_sooner_than_its_turn(world: Harness) -> None:
    world.webhooks = True
    world.upstream.template["seconds"] = 60
    await world.reboot()
    job = await world.imagine()
    while not world.upstream.reads:
        await world.pass_time(1)
    await world.pass_time(4)
    before = len(world.upstream.reads)

    world.services.worker.receive_webhook(job.key, ended=False)
    await world.pass_time(1)

    assert len(world.upstream.reads) == before + 1


async def test_an_answer_about_a_job_that_was_taken_over_meanwhile_changes_nothing(world: Harness) -> None:
    world.upstream.template["seconds"] = 2
    job = await world.imagine()
    await world.pass_time(1)
    (tracker,) = world.services.worker.trackers.values()

    tracker.api = SlowApi(tracker.api, lambda: tracker.drop(job.key))  # type: ignore[assignment]  # only queries are asked for here
    await world.pass_time(6)  # before the next renewal of leases, which finds a row that nobody follows

    assert world.upstream.reads == ["query"]
    assert (await world.job(job.key)).state is JobState.SUBMITTED


async def test_where_tasks_can_be_named_many_are_read_in_one_call(tmp_path: Path) -> None:
    world = Harness(tmp_path)
    furnish(world)
    world.max_running = 500
    await world.boot()
    try:
        jobs = [await world.imagine(user=n) for n in range(60)]
        await world.pass_time(20)
        calls = world.effects.names.count("POST query ⟩")
        ended = [await world.ended(job) for job in jobs]
    finally:
        await world.kill()

    assert {job.state for job in ended} == {JobState.SUCCEEDED}
    assert 2 <= calls <= 12
    assert world.meters.counts["upstream_reads kind=batch"] >= 4
    assert not world.upstream.reads


async def test_a_clock_that_is_set_before_anything_was_read_makes_up_no_reading(world: Harness) -> None:
    world.upstream.template["seconds"] = 10
    job = await world.imagine()
    await world.pass_time(1)
    world.services.worker.clock_stepped(world.clock.now())
    (tracker,) = world.services.worker.trackers.values()
    assert tracker.last_reading_at is None

    await world.calm()

    assert tracker.last_reading_at == world.clock.now()
    assert (await world.ended(job)).state is JobState.SUCCEEDED


class Blind:
    """A way to an account that is read by single queries and nothing else."""

    capabilities = replace(OHMYGPT, pages=False)

    def __init__(self, inner: Readings) -> None:
        self.query = inner.query


async def test_where_there_is_no_list_each_is_asked_for(world: Harness) -> None:
    (tracker,) = world.services.worker.trackers.values()
    tracker.api = Blind(tracker.api)  # type: ignore[assignment]  # only queries are asked for here
    world.max_running = 50

    jobs = [await world.imagine(user=n) for n in range(5)]

    assert {(await world.ended(job)).state for job in jobs} == {JobState.SUCCEEDED}
    assert set(world.upstream.reads) == {"query"}


async def test_a_tracker_that_is_there_already_serves_the_next_job_of_its_account(world: Harness) -> None:
    trackers, now = world.services.worker.trackers, world.clock.now()

    first = trackers.opened("own", trackers["default"].api, now)

    assert trackers.opened("own", trackers["default"].api, now) is first
    assert list(trackers) == ["default", "own"]


def test_a_job_without_a_task_is_followed_and_never_read() -> None:
    schedule = PollSchedule(reads_per_second=4, webhooks=False, chance=lambda: 0.5)
    tracked = Tracked(making.job(created_at=making.NOON), making.NOON)

    schedule.add(tracked)
    schedule.expedite(tracked, making.NOON)
    schedule.begin_round(making.NOON)

    assert schedule.of(tracked.job.key) is tracked
    assert (schedule.hurried, schedule.due, schedule.next_at()) == ({}, {}, None)
    schedule.drop(tracked.job.key)
    assert len(schedule) == 0


async def test_a_flood_of_webhooks_about_progress_does_not_become_a_flood_of_reads(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(10)
    before = len(world.upstream.reads)

    for _ in range(100):
        world.services.worker.receive_webhook(job.key, ended=False)
        await world.pass_time(0.01)

    assert len(world.upstream.reads) - before <= 2


async def test_a_webhook_about_a_job_that_nobody_follows_is_ignored(world: Harness) -> None:
    world.services.worker.receive_webhook(world.names.key(), ended=True)

    await world.pass_time(10)

    assert not world.upstream.reads


async def test_with_webhooks_on_polling_slows_down_and_lost_ones_do_no_harm(world: Harness) -> None:
    polled = await world.finished_grid()
    without = len(world.upstream.reads)
    world.webhooks = True
    await world.reboot()
    world.upstream.reads.clear()

    job = await world.finished_grid()

    assert job.state is polled.state is JobState.SUCCEEDED
    assert len(world.upstream.reads) < without


async def late_by(world: Harness, *, announced: bool) -> float:
    """How many seconds after its end the next picture is seen to be finished."""
    job = await world.imagine()
    await world.pass_time(1)
    task = world.upstream.task((await world.job(job.key)).task_id)
    end = task.at + int(task.seconds * 1_000)
    await world.pass_time((end - world.clock.now()) / 1_000)
    if announced:
        world.services.worker.receive_webhook(job.key, ended=True)
    return ((await world.ended(job)).finished_at or 0) / 1_000 - end / 1_000


async def test_where_webhooks_reach_another_process_pictures_come_as_soon_as_without(world: Harness) -> None:
    world.webhooks = True
    world.upstream.template["seconds"] = 20
    await world.reboot()

    expected = [await late_by(world, announced=False) for _ in range(2)]
    unexpected = [await late_by(world, announced=False) for _ in range(3)]
    heard = [await late_by(world, announced=True) for _ in range(8)]
    slow_again = await late_by(world, announced=False)

    assert max(expected) > 5
    assert max(unexpected) <= 5
    assert set(heard) == {0}
    assert slow_again > 5


async def test_an_outcome_that_cannot_be_stored_is_read_and_stored_later(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(10)
    world.store.trouble, world.store.trouble_for = StorageTrouble("locked"), {"save"}
    await world.pass_time(60)
    world.store.trouble = None

    assert (await world.ended(job)).state is JobState.SUCCEEDED


async def test_news_that_could_not_be_stored_is_stored_with_the_next_reading(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(1)
    world.store.trouble, world.store.trouble_for = StorageTrouble("locked"), {"save"}
    await world.pass_time(7)
    assert (await world.job(job.key)).state is JobState.SUBMITTED
    world.store.trouble = None

    await world.pass_time(6)

    assert (await world.job(job.key)).state is JobState.RUNNING


async def test_nothing_is_shown_of_a_reading_whose_job_turns_out_to_be_taken_over(world: Harness) -> None:
    world.upstream.template["seconds"] = 200
    job = await world.imagine()
    (tracker,) = world.services.worker.trackers.values()
    tracker.on_changed = lambda _: world.effects.names.append("changed")
    await world.pass_time(30)
    await world.store._inner.abandon(world.owner)
    await claim_work(world.store._inner, "thief", world.clock.now(), lease_ms=10**9, limit=10)

    await world.until(lambda: len(tracker) == 0)
    latest_first = world.effects.names[::-1]

    assert (await world.job(job.key)).owner == "thief"
    assert latest_first.index("db save ⟨") < latest_first.index("changed")


async def test_a_job_taken_over_by_another_worker_is_dropped(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(6)
    (tracker,) = world.services.worker.trackers.values()
    assert len(tracker) == 1

    await world.store.abandon(world.owner)
    await claim_work(world.store, "thief", world.clock.now(), lease_ms=10**9, limit=10)
    await world.pass_time(60)

    assert len(tracker) == 0
    assert not (await world.job(job.key)).is_terminal


# -- the scan, by itself -----------------------------------------------------------------------------------


def page(ids: Iterable[int], total: int) -> TaskPage:
    return TaskPage(total, tuple(TaskSnapshot(RemoteTaskId(str(i)), TaskStatus.IN_PROGRESS) for i in ids))


def walk(scan: PageScan, everything: list[int], wanted: Iterable[int]) -> list[int]:
    """The page numbers that a scan reads of a list."""
    scan.start(RemoteTaskId(str(w)) for w in wanted)
    numbers = []
    while (number := scan.next_page()) is not None:
        numbers.append(number)
        start = (number - 1) * PageScan.PAGE_SIZE
        scan.record_page(page(everything[start : start + PageScan.PAGE_SIZE], len(everything)))
    return numbers


def test_a_sweep_reads_newest_pages_until_all_are_seen() -> None:
    assert walk(PageScan(), list(range(200, 0, -1)), range(150, 201)) == [1, 2, 3]


def test_a_sweep_learns_that_the_list_runs_the_other_way_and_remembers_it() -> None:
    scan = PageScan()
    everything = list(range(1, 201))

    first = walk(scan, everything, range(170, 201))
    second = walk(scan, everything, range(170, 201))

    assert (first, second) == ([1, 10, 9], [10, 9])


def test_a_sweep_stops_where_everything_is_too_old() -> None:
    assert walk(PageScan(), list(range(1000, 0, -1)), [995, 975, 955, 2000]) == [1, 2, 3, 4]


def test_a_sweep_for_many_goes_through_more_pages_of_others_than_a_sweep_for_one() -> None:
    assert walk(PageScan(), list(range(1000, 0, -1)), range(900, 921)) == [1, 2, 3, 4, 5, 6]


def test_a_sweep_stops_when_pages_do_not_pay_off() -> None:
    assert walk(PageScan(), list(range(1000, 0, -1)), [500]) == [1, 2]


@pytest.mark.parametrize("everything", [[], [7]])
def test_a_sweep_of_a_tiny_list_is_one_page(everything: list[int]) -> None:
    assert walk(PageScan(), everything, [7, 8, 9]) == [1]


def test_a_sweep_of_a_list_in_no_order_gives_up_soon() -> None:
    mixed = [n * 7919 % 1009 for n in range(1, 400)]
    assert len(walk(PageScan(), mixed, [5000, 5001, 5002])) <= 3


def test_a_list_that_keeps_turning_is_not_followed_for_ever() -> None:
    scan = PageScan()
    scan.start([RemoteTaskId("9999")])
    scan.record_page(page(range(1, 21), 400))
    scan.record_page(page(range(20, 0, -1), 400))

    assert scan.next_page() is None
