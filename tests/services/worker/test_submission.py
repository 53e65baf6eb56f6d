"""Submissions in trouble: what is sent again, what never is, and what the person is told meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.failures import FailureKind
from bot.domain.jobs import JobKind, JobState
from bot.domain.tasks import TaskStatus
from bot.errors import RemoteError, RemoteFault, StorageTrouble
from bot.services.worker import submission, tracker

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from tests.services.harness import Harness


def fault(kind: RemoteFault, *, retry_after: float | None = None) -> RemoteError:
    return RemoteError(kind, "trouble", retry_after=retry_after)


@pytest.mark.parametrize(
    ("kind", "hold"),
    [(RemoteFault.THROTTLED, "hold.busy"), (RemoteFault.UNREACHED, "hold.unreachable")],
)
async def test_what_the_server_certainly_did_not_take_waits_and_is_sent_again(
    world: Harness, kind: RemoteFault, hold: str
) -> None:
    world.upstream.refusals += [fault(kind, retry_after=20), fault(kind)]
    job = await world.imagine()
    await world.pass_time(1)
    waiting = await world.job(job.key)

    ended = await world.ended(job)

    assert (waiting.state, waiting.hold) == (JobState.QUEUED, hold)
    assert waiting.due_at - job.created_at >= 20_000
    assert hold in [version.job.hold for version in world.discord.of(job.key)[0].versions]
    assert (ended.state, ended.hold) == (JobState.SUCCEEDED, None)
    assert len(world.upstream.tasks) == 1


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        (RemoteFault.THROTTLED, FailureKind.QUEUE_FULL),
        (RemoteFault.UNREACHED, FailureKind.UNREACHABLE),
    ],
)
async def test_waiting_for_a_place_upstream_ends_visibly_after_a_bounded_time(
    world: Harness, kind: RemoteFault, failure: FailureKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cap in ("QUEUE_FULL_CAP_MS", "UNREACHED_CAP_MS"):  # by the real ones a thousand tries are made
        monkeypatch.setattr(submission, cap, 5 * 60_000)
    world.upstream.refusals += [fault(kind) for _ in range(1000)]

    job = await world.ended(await world.imagine(), within=3 * 3600)

    assert job.failure is not None
    assert (job.state, job.failure.kind) == (JobState.FAILED, failure)


async def test_a_server_without_a_midjourney_account_is_not_called_full_and_is_given_up_as_what_it_is(
    world: Harness,
) -> None:
    no_account = RemoteError(
        RemoteFault.THROTTLED, "no available account", kind=FailureKind.ACCOUNT, retry_after=60
    )
    world.upstream.refusals += [no_account] * 200
    started = await world.imagine()
    await world.pass_time(90)
    waiting = await world.job(started.key)

    job = await world.ended(started, within=3 * 3600)

    assert waiting.hold == "hold.unreachable"
    assert job.failure is not None
    assert (job.failure.kind, job.refund_due) == (FailureKind.ACCOUNT, True)
    assert (job.finished_at or 0) - job.created_at < 45 * 60_000


@pytest.mark.parametrize("busy_between", [1, 3])
async def test_a_server_that_is_now_busy_and_now_away_is_asked_more_and_more_rarely_and_not_for_ever(
    world: Harness, busy_between: int
) -> None:
    turn = [fault(RemoteFault.UNREACHED), *[fault(RemoteFault.THROTTLED)] * busy_between]
    world.upstream.refusals += turn * 500
    refused = len(world.upstream.refusals)

    job = await world.ended(await world.imagine(), within=3 * 3600)

    assert (job.state, job.refund_due) == (JobState.FAILED, True)
    assert 45 * 60_000 < (job.finished_at or 0) - job.created_at < 150 * 60_000
    assert refused - len(world.upstream.refusals) < 150


async def test_an_hour_of_a_full_queue_does_not_end_a_job_at_a_short_outage(world: Harness) -> None:
    world.upstream.refusals += [fault(RemoteFault.THROTTLED)] * 80 + [fault(RemoteFault.UNREACHED)] * 3

    job = await world.ended(await world.imagine(), within=3 * 3600)

    assert job.state is JobState.SUCCEEDED
    assert job.finished_at is not None
    assert job.finished_at - job.created_at > 40 * 60_000


@pytest.mark.parametrize(
    "refusals",
    [
        [fault(RemoteFault.THROTTLED)],
        [fault(RemoteFault.UNREACHED)],
        [fault(RemoteFault.UNREACHED), fault(RemoteFault.THROTTLED, retry_after=1_800)],
    ],
    ids=["busy", "away", "away, then busy for half an hour"],
)
async def test_hours_in_our_own_line_are_not_held_against_a_server_that_refuses_once(
    world: Harness, refusals: list[RemoteError]
) -> None:
    world.max_running = 1
    await world.reboot()
    await world.imagine()
    job = await world.imagine(user=2)
    await world.pass_time(1)
    assert (await world.job(job.key)).sent_at is None
    world.upstream.refusals += refusals

    await world.reboot(after_ms=3 * 3600_000)
    ended = await world.ended(job)

    assert not world.upstream.refusals
    assert ended.state is JobState.SUCCEEDED


async def test_a_job_whose_task_a_full_queue_ends_time_and_again_is_given_up_in_the_end(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker, "QUEUE_FULL_CAP_MS", 5 * 60_000)
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="[Queue full] try later", seconds=5)

    job = await world.ended(await world.imagine())

    assert job.failure is not None
    assert (job.failure.kind, job.refund_due) == (FailureKind.QUEUE_FULL, True)
    assert 5 < len(world.upstream.tasks) < 15


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        (RemoteFault.KEY, FailureKind.KEY),
        (RemoteFault.BALANCE, FailureKind.BALANCE),
        (RemoteFault.REFUSED, FailureKind.UNKNOWN),
    ],
)
async def test_a_clear_no_fails_at_once_and_refunds(
    world: Harness, kind: RemoteFault, failure: FailureKind
) -> None:
    world.upstream.refusals.append(fault(kind))

    job = await world.ended(await world.imagine())

    assert job.failure is not None
    assert (job.failure.kind, job.refund_due) == (failure, True)
    assert not world.upstream.tasks


async def test_an_accepted_task_whose_id_cannot_be_stored_is_stored_later_and_not_sent_again(
    world: Harness,
) -> None:
    world.store.trouble, world.store.trouble_for = StorageTrouble("disk full"), {"save"}
    job = await world.imagine()
    await world.pass_time(10)
    world.store.trouble = None

    ended = await world.ended(job)

    assert ended.state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 1


async def test_with_the_database_in_trouble_for_long_the_job_is_found_again_in_the_task_list(
    world: Harness,
) -> None:
    world.store.trouble, world.store.trouble_for = StorageTrouble("disk full"), {"save", "release"}
    job = await world.imagine()
    await world.pass_time(400)
    world.store.trouble = None

    ended = await world.ended(job)

    assert ended.state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 1


async def test_an_account_that_is_no_longer_configured_fails_new_jobs_as_a_key_problem(
    world: Harness,
) -> None:
    world.accounts = ("another",)
    await world.reboot()

    job = await world.ended(await world.imagine())

    assert job.failure is not None
    assert job.failure.kind is FailureKind.KEY


async def test_a_running_job_of_a_lost_account_waits_for_the_account(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(5)
    world.accounts = ("another",)
    await world.reboot()
    await world.pass_time(400)
    assert (await world.job(job.key)).state in {JobState.SUBMITTED, JobState.RUNNING}

    world.accounts = ("default",)
    await world.reboot()

    assert (await world.ended(job)).state is JobState.SUCCEEDED


async def test_a_running_job_of_an_account_that_never_comes_back_times_out_like_any_other(
    world: Harness,
) -> None:
    job = await world.imagine()
    await world.pass_time(5)
    world.accounts = ("another",)
    await world.reboot()

    ended = await world.ended(job)

    assert ended.failure is not None
    assert (ended.failure.kind, ended.refund_due) == (FailureKind.TIMED_OUT, True)

    world.accounts = ("default",)
    await world.reboot()

    async def came_late() -> bool:
        return (await world.job(job.key)).state is JobState.SUCCEEDED

    await world.until(came_late)


async def test_the_webhook_address_goes_with_each_submission(world: Harness) -> None:
    world.webhook = lambda token: f"https://easel.example/hook/{token}"
    await world.reboot()
    job = await world.finished_grid()
    await world.ended((await world.press(job)).job)

    assert [t.webhook for t in world.upstream.tasks] == [
        f"https://easel.example/hook/{job.webhook_token}",
        f"https://easel.example/hook/{(await _child(world, job)).webhook_token}",
    ]


async def _child(world: Harness, job: Job) -> Job:
    child: Job | None = await world.store.child_of(job.key, 0)
    assert child is not None
    return child


async def test_a_blend_without_its_pictures_fails_and_is_not_sent(world: Harness) -> None:
    world.max_running = 0
    await world.reboot()
    job = await world.imagine()

    after = await world.services.worker.submitter.send(
        replace(job, kind=JobKind.BLEND).submitting(world.clock.now())
    )

    assert after.state is JobState.FAILED
    assert not world.upstream.tasks


async def test_a_call_answered_with_the_task_of_another_job_is_looked_for(
    world: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    first = await world.imagine("a fox")
    await world.pass_time(3)
    world.upstream.next_id -= 1

    second = await world.imagine("an owl", user=2)
    await world.pass_time(1)

    assert (await world.job(second.key)).state is JobState.UNCLEAR
    assert (await world.ended(first)).task_id != (await world.ended(second)).task_id
    assert not [record for record in caplog.records if record.msg == "step_failed"]
