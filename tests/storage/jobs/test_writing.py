"""Writing under a fence: everything is kept, ghosts write nothing, what happens beside a worker is not lost.
Never here: choosing jobs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from bot.domain.failures import Failure, FailureKind
from bot.domain.inputs import Input
from bot.domain.jobs import JobState, Route
from bot.domain.tasks import RemoteTaskId
from bot.errors import LeaseLost, TaskTaken
from bot.storage.tables import deliveries, ledger
from tests.claims import claim_submissions, claim_work
from tests.storage.making import FREE, LEASE, NOON, job, reply, success

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.storage import SqlJobStore, Storage

LATER = NOON + 60_000
MOVED = reply(channel_id=5, message_id=6, message_at=LATER, token=None)


async def claimed_job(store: SqlJobStore, **changes: object) -> Job:
    await store.insert(job(**changes), FREE)
    (claimed,) = await claim_submissions(store, "w", LATER, lease_ms=LEASE, limit=1, max_running=99)
    return claimed


async def tracked_job(store: SqlJobStore, task: str = "1") -> Job:
    """Upstream, and in a worker's hands."""
    submitted = (await claimed_job(store)).submitted(RemoteTaskId(task), LATER)
    await store.save(submitted)
    return submitted


async def refunds(storage: Storage, of: Job) -> int:
    query = select(ledger.c.units).where(ledger.c.job_key == of.key, ledger.c.kind == "refund")
    units: list[int] = await storage.database.read(lambda cn: list(cn.execute(query).scalars()))
    return -sum(units)


async def test_only_who_holds_a_job_writes_down_where_its_pictures_are(store: SqlJobStore) -> None:
    fox = Input(b"a fox", "image/png", "fox.png")
    await store.insert(job(inputs=1), FREE, inputs=[fox])
    (held,) = await claim_submissions(store, "w", LATER, lease_ms=LEASE, limit=1, max_running=99)
    placed = replace(fox, address="https://store.example/1", address_until=LATER)
    (taken,) = await claim_work(store, "heir", LATER + LEASE + 1, lease_ms=LEASE, limit=1)

    with pytest.raises(LeaseLost):
        await store.address_inputs(held, [placed])
    assert await store.inputs(held.key) == [fox]

    await store.address_inputs(taken, [placed])
    assert await store.inputs(held.key) == [placed]


async def test_every_field_that_a_worker_changes_is_kept(store: SqlJobStore) -> None:
    claimed = await claimed_job(store)
    changed = replace(
        claimed,
        state=JobState.SUCCEEDED,
        notes=("a", "b"),
        submitted_at=LATER + 1,
        changed_at=LATER + 2,
        finished_at=LATER + 3,
        task_id=RemoteTaskId("9"),
        progress=100,
        discord_url="https://cdn.discordapp.com/a",
        storage_key="k",
        result_text="words",
        actions=success("9").actions,
        failure=Failure(FailureKind.UNKNOWN, "said ünïcode"),
        hold="hold.unreachable",
        unwanted=True,
        due_at=LATER + 4,
        tries=3,
        posting_at=LATER + 6,
        reply=MOVED,
    )

    await store.save(changed)
    assert await store.get(claimed.key) == changed
    shown = changed.delivered(Route.POST, LATER + 9)
    await store.release(shown)

    assert await store.get(claimed.key) == replace(shown, owner=None, lease_until=0)


async def test_a_job_that_goes_back_into_the_queue_is_sent_again(store: SqlJobStore) -> None:
    tracked = await tracked_job(store)
    put_back = replace(
        tracked, state=JobState.QUEUED, task_id=None, sent_at=None, submitted_at=None, hold="hold.queue_full"
    )

    await store.release(put_back)
    (again,) = await claim_submissions(store, "v", LATER + 1, lease_ms=LEASE, limit=1, max_running=1)

    assert (again.key, again.fence) == (tracked.key, tracked.fence + 1)


async def test_a_ghost_writes_nothing(storage: Storage) -> None:
    store = storage.jobs
    tracked = await tracked_job(store)
    await store.abandon("w")
    before = await store.get(tracked.key)

    for write in (store.save, store.release):
        with pytest.raises(LeaseLost):
            await write(tracked.failed(Failure(FailureKind.UNKNOWN), LATER))

    assert await store.get(tracked.key) == before
    assert await refunds(storage, tracked) == 0


async def test_a_job_that_does_not_exist_has_only_ghosts(store: SqlJobStore) -> None:
    with pytest.raises(LeaseLost):
        await store.save(job())


async def test_of_two_writers_with_one_fence_after_a_takeover_the_newer_wins(store: SqlJobStore) -> None:
    old = await tracked_job(store)
    (new,) = await claim_work(store, "v", LATER + LEASE + 1, lease_ms=LEASE, limit=1)

    outcomes = await asyncio.gather(
        store.save(old.observed(success("1"), LATER)),
        store.save(new.failed(Failure(FailureKind.GONE), LATER)),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [LeaseLost, type(None)]


async def test_a_task_belongs_to_one_job(store: SqlJobStore) -> None:
    await tracked_job(store, "7")
    rival = await claimed_job(store)

    with pytest.raises(TaskTaken):
        await store.save(rival.submitted(RemoteTaskId("7"), LATER))

    assert await store.get(rival.key) == rival
    await store.save(rival.submitted(RemoteTaskId("8"), LATER))


async def test_a_task_that_was_found_belongs_to_one_job_whatever_its_account_is_called(
    store: SqlJobStore,
) -> None:
    mine = await tracked_job(store, "7")
    rival = await claimed_job(store, account="guild:7:1")

    with pytest.raises(TaskTaken):
        await store.adopt(rival.submitted(RemoteTaskId("7"), LATER))

    assert await store.get(rival.key) == rival
    await store.adopt(rival.submitted(RemoteTaskId("8"), LATER))
    await store.adopt(mine)  # a window that opened for it is its own


async def test_a_failure_gives_the_units_back_exactly_once(storage: Storage) -> None:
    tracked = await tracked_job(storage.jobs)
    failed = tracked.failed(Failure(FailureKind.OUTPUT_FILTERED), LATER)

    await storage.jobs.save(failed)
    await storage.jobs.save(failed.put_off(due_at=LATER + 1))
    await storage.jobs.release(failed.delivered(Route.REPLY, LATER + 2))

    assert await refunds(storage, tracked) == 1


async def test_a_late_picture_after_a_refund_stays_a_gift(storage: Storage) -> None:
    tracked = await tracked_job(storage.jobs)
    given_up = tracked.failed(Failure(FailureKind.TIMED_OUT), LATER).delivered(Route.REPLY, LATER)
    await storage.jobs.save(given_up)

    late = given_up.observed(success("1"), LATER + 1)
    await storage.jobs.save(late)

    assert await storage.jobs.get(tracked.key) == late
    assert await refunds(storage, tracked) == 1


async def test_each_final_showing_is_recorded_once(storage: Storage) -> None:
    tracked = await tracked_job(storage.jobs)
    first = tracked.failed(Failure(FailureKind.TIMED_OUT), LATER).delivered(Route.REPLY, LATER)
    await storage.jobs.save(first)
    await storage.jobs.save(first.put_off(due_at=LATER + 1))

    second = first.observed(success("1"), LATER + 2).delivered(Route.POST, LATER + 3, reply=MOVED)
    await storage.jobs.save(second)

    query = select(deliveries).order_by(deliveries.c.at)
    found = await storage.database.read(lambda cn: [tuple(row) for row in cn.execute(query)])
    assert found == [
        (tracked.key, LATER, "reply", tracked.reply.channel_id, None),
        (tracked.key, LATER + 3, "post", 5, 6),
    ]


# -- cancelling ------------------------------------------------------------------------------------------


async def test_a_queued_job_is_withdrawn_and_refunded(storage: Storage) -> None:
    store = storage.jobs
    waiting = await store.insert(job(units=2), FREE)

    cancelled = await store.cancel(waiting.key, LATER)

    assert cancelled == await store.get(waiting.key)
    assert cancelled is not None
    assert cancelled.state is JobState.CANCELLED
    assert await refunds(storage, waiting) == 2
    assert not await claim_submissions(store, "w", LATER, lease_ms=LEASE, limit=9, max_running=9)
    assert [j.key for j in await claim_work(store, "w", LATER, lease_ms=LEASE, limit=9)] == [waiting.key]


async def test_a_submitted_job_is_marked_unwanted_and_taken_from_its_worker(store: SqlJobStore) -> None:
    tracked = await tracked_job(store)

    cancelled = await store.cancel(tracked.key, LATER)

    with pytest.raises(LeaseLost):
        await store.save(tracked.observed(success("1"), LATER))
    (claimed,) = await claim_work(store, "v", LATER, lease_ms=LEASE, limit=9)
    assert cancelled is not None
    assert cancelled.unwanted
    assert (claimed.unwanted, claimed.state) == (True, JobState.SUBMITTED)
    assert await store.cancel(tracked.key, LATER) is not None


async def test_what_has_ended_or_never_was_cannot_be_cancelled(store: SqlJobStore) -> None:
    tracked = await tracked_job(store)
    await store.save(tracked.observed(success("1"), LATER))

    assert await store.cancel(tracked.key, LATER) is None
    assert await store.cancel(job().key, LATER) is None


async def test_cancelling_a_job_that_is_being_sent_does_not_lose_the_task_we_pay_for(
    store: SqlJobStore,
) -> None:
    sending = await claimed_job(store)

    cancelled = await store.cancel(sending.key, LATER)
    submitted = sending.submitted(RemoteTaskId("5"), LATER)
    await store.save(submitted)

    stored = await store.get(sending.key)
    assert cancelled is not None
    assert cancelled.unwanted
    assert stored is not None
    assert (stored.task_id, stored.unwanted, stored.owner) == ("5", True, None)
    with pytest.raises(LeaseLost):
        await store.save(submitted.observed(success("5"), LATER))


async def test_a_job_whose_sender_is_dead_is_cancelled_like_any_sent_one(store: SqlJobStore) -> None:
    sending = await claimed_job(store)
    later = LATER + LEASE + 1

    await store.cancel(sending.key, later)

    with pytest.raises(LeaseLost):
        await store.save(sending.submitted(RemoteTaskId("5"), later))
    (claimed,) = await claim_work(store, "v", later, lease_ms=LEASE, limit=9)
    assert (claimed.unwanted, claimed.state) == (True, JobState.SUBMITTING)


async def test_a_mark_made_while_sending_is_forgotten_once_another_worker_has_read_it(
    store: SqlJobStore,
) -> None:
    sending = await claimed_job(store)
    await store.cancel(sending.key, LATER)
    (claimed,) = await claim_work(store, "v", LATER + LEASE + 1, lease_ms=LEASE, limit=9)
    unclear = claimed.unclear(due_at=LATER)

    await store.save(unclear)
    await store.save(unclear.submitted(RemoteTaskId("5"), LATER))

    stored = await store.get(sending.key)
    assert stored is not None
    assert (stored.unwanted, stored.owner) == (True, "v")


# -- moved cards -----------------------------------------------------------------------------------------


async def test_a_moved_card_of_a_resting_job_changes_its_place_only(store: SqlJobStore) -> None:
    waiting = await store.insert(job(), FREE)

    await store.move_card(waiting.key, MOVED)
    await store.move_card(job().key, MOVED)

    assert await store.get(waiting.key) == replace(waiting, reply=MOVED)


async def test_a_moved_card_gets_notes_once_and_loses_those_that_hold_no_more(store: SqlJobStore) -> None:
    waiting = await store.insert(job(notes=("note.a", "note.b")), FREE)

    await store.move_card(waiting.key, MOVED, notes=("note.a", "note.c"), without={"note.b", "note.c"})

    assert await store.get(waiting.key) == replace(waiting, reply=MOVED, notes=("note.a", "note.c"))


async def test_a_place_that_is_kept_stands_beside_the_card_and_takes_the_job_from_nobody(
    storage: Storage,
) -> None:
    tracked = await tracked_job(storage.jobs)

    for _ in range(2):
        await storage.jobs.keep_place(tracked.key, MOVED)
    await storage.jobs.keep_place(job().key, MOVED)
    await storage.jobs.keep_place(tracked.key, replace(MOVED, message_id=None))

    await storage.jobs.save(tracked)
    assert await storage.archive.shown_at(tracked.key) == [(MOVED.channel_id, MOVED.message_id)]
    assert await storage.jobs.get(tracked.key) == tracked


async def test_a_moved_card_is_not_written_back_by_a_worker(store: SqlJobStore) -> None:
    tracked = await tracked_job(store)

    await store.move_card(tracked.key, MOVED)

    with pytest.raises(LeaseLost):
        await store.save(tracked)
    (claimed,) = await claim_work(store, "v", LATER, lease_ms=LEASE, limit=9)
    assert claimed.reply == MOVED


async def test_a_card_moved_while_its_job_is_sent_keeps_place_and_task(store: SqlJobStore) -> None:
    sending = await claimed_job(store)

    await store.move_card(sending.key, MOVED)
    await store.release(sending.submitted(RemoteTaskId("5"), LATER))

    stored = await store.get(sending.key)
    assert stored is not None
    assert (stored.task_id, stored.reply, stored.owner) == ("5", MOVED, None)


async def test_a_job_cancelled_while_it_was_sent_in_vain_is_not_sent_again(store: SqlJobStore) -> None:
    begun = await store.insert(job(), FREE)
    (sending,) = await claim_submissions(store, "w", NOON + 60_000, lease_ms=LEASE, limit=1, max_running=1)
    await store.cancel(begun.key, NOON + 60_001)

    await store.release(sending.requeued("hold.busy", due_at=NOON + 90_000))

    row = await store.get(begun.key)
    assert row is not None
    assert (row.state, row.is_delivered, row.owner) == (JobState.CANCELLED, False, None)
    due = await claim_work(store, "w", NOON + 90_000, lease_ms=LEASE, limit=9)
    assert [one.key for one in due] == [begun.key]
