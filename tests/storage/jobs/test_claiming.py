"""Workers take jobs: caps, fairness, leases, fences, and which work is due.
Never here: what a worker writes afterwards."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import LATE_WATCH_MS, JobState, Route
from bot.domain.pools import Allowance, Pool
from bot.domain.ports import Load
from bot.domain.tasks import RemoteTaskId, TaskStatus
from bot.errors import LeaseLost, StorageTrouble
from bot.storage.jobs import walk
from bot.storage.tables import jobs as rows
from tests.claims import claim_submissions, claim_work, next_due
from tests.storage.making import FREE, LEASE, NOON, job, seen, success

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from bot.domain.jobs import Job
    from bot.storage import SqlJobStore, Storage
    from tests.storage.conftest import Opener

LATER = NOON + 60_000


async def send(
    store: SqlJobStore, *, owner: str = "w", limit: int = 99, max_running: int = 99
) -> Sequence[Job]:
    return await claim_submissions(store, owner, LATER, lease_ms=LEASE, limit=limit, max_running=max_running)


async def work(store: SqlJobStore, *, owner: str = "w", now: int = LATER, limit: int = 99) -> Sequence[Job]:
    return await claim_work(store, owner, now, lease_ms=LEASE, limit=limit)


async def sent_job(store: SqlJobStore, task: str, **changes: object) -> Job:
    """A job upstream that nobody holds, due at NOON."""
    begun = await store.insert(job(**changes), FREE)
    (claimed,) = await send(store)
    submitted = claimed.submitted(RemoteTaskId(task), NOON)
    await store.release(submitted)
    assert begun.key == claimed.key
    return submitted


# -- the queue -------------------------------------------------------------------------------------------


async def test_a_claimed_job_is_marked_before_anything_is_sent(store: SqlJobStore) -> None:
    waiting = await store.insert(job(), FREE)

    (claimed,) = await send(store)

    assert claimed == await store.get(waiting.key)
    assert claimed.state is JobState.SUBMITTING
    assert (claimed.sent_at, claimed.changed_at) == (LATER, LATER)
    assert (claimed.owner, claimed.lease_until, claimed.fence) == ("w", LATER + LEASE, 1)


async def test_what_is_put_off_is_not_sent_yet(store: SqlJobStore) -> None:
    await store.insert(job(due_at=LATER + 1), FREE)

    assert await send(store) == ()


async def test_an_empty_store_has_nothing_to_claim(store: SqlJobStore) -> None:
    assert await send(store) == ()
    assert await work(store) == ()


async def test_each_pool_of_each_account_has_its_own_places(store: SqlJobStore) -> None:
    for pool in Pool:
        for account in ("default", "second"):
            for _ in range(3):
                await store.insert(job(pool=pool, account=account), FREE)

    first = await send(store, max_running=2)
    second = await send(store, max_running=2)

    assert Counter((j.account, j.pool) for j in first) == dict.fromkeys(
        [(account, pool) for account in ("default", "second") for pool in Pool], 2
    )
    assert second == ()
    assert (await store.load("second"))[Pool.FAST] == Load(waiting=1, running=2)


async def test_unclear_submitted_and_running_jobs_keep_their_places(store: SqlJobStore) -> None:
    for _ in range(4):
        await store.insert(job(), FREE)
    unclear, running, done = await send(store, max_running=3)
    await store.save(unclear.unclear(due_at=LATER))
    await store.save(running.submitted(RemoteTaskId("1"), LATER))
    assert await send(store, max_running=3) == ()

    await store.save(done.failed(Failure(FailureKind.INVALID_PROMPT), LATER))

    assert len(await send(store, max_running=3)) == 1


async def test_users_take_turns_and_who_has_least_upstream_goes_first(store: SqlJobStore) -> None:
    for user, jobs in ((1, 5), (2, 2), (3, 1)):
        for _ in range(jobs):
            await store.insert(job(user_id=user), FREE)

    order = [(await send(store, limit=1))[0].user_id for _ in range(8)]
    assert order == [1, 2, 3, 1, 2, 1, 1, 1]


async def test_one_claim_of_many_is_as_fair_as_many_of_one(store: SqlJobStore) -> None:
    for user, jobs in ((1, 5), (2, 2), (3, 1)):
        for _ in range(jobs):
            await store.insert(job(user_id=user), FREE)

    claimed = await send(store, max_running=5)

    assert [j.user_id for j in claimed] == [1, 2, 3, 1, 2]


async def test_a_member_has_no_more_running_than_the_rule_allowed(store: SqlJobStore) -> None:
    for _ in range(3):
        await store.insert(job(), Allowance(None, 1, 5))
    await store.insert(job(guild_id=7), Allowance(None, 1, 5))
    await store.insert(job(guild_id=None), Allowance(None, 0, 5))

    claimed = await send(store)

    assert sorted(j.reply.guild_id or 0 for j in claimed) == [0, 7, 2**62 + 2]
    assert not await send(store)
    await store.release(claimed[0].failed(Failure(FailureKind.UNKNOWN), LATER))
    assert len(await send(store)) == 1


async def test_two_processes_never_exceed_the_cap_and_never_share_a_job(
    store: SqlJobStore, another: Opener
) -> None:
    second = (await another()).jobs
    for _ in range(30):
        await store.insert(job(), FREE)

    rounds = await asyncio.gather(
        *(send((store, second)[n % 2], owner=f"w{n}", max_running=7) for n in range(10))
    )

    keys = [j.key for claimed in rounds for j in claimed]
    assert len(keys) == len(set(keys)) == 7
    assert (await store.load("default"))[Pool.NORMAL] == Load(waiting=23, running=7)


async def test_the_number_ahead_is_the_order_in_which_places_are_given(store: SqlJobStore) -> None:
    mine = [await store.insert(job(user_id=1), FREE) for _ in range(3)]
    theirs = await store.insert(job(user_id=2), FREE)
    elsewhere = await store.insert(job(user_id=1, pool=Pool.FAST), FREE)
    (sent,) = await send(store, limit=1)

    ahead = await store.ahead([j.key for j in (*mine, theirs, elsewhere)])

    assert sent.key == mine[0].key
    assert ahead == {theirs.key: 0, mine[1].key: 1, mine[2].key: 2, elsewhere.key: 0}
    assert await store.ahead([]) == {}


# -- work past the queue ---------------------------------------------------------------------------------


async def test_due_work_is_taken_oldest_first_and_by_one_worker_only(store: SqlJobStore) -> None:
    tracked = [await sent_job(store, str(n)) for n in range(3)]
    await store.release((await work(store))[0].put_off(due_at=NOON + 50))
    await store.abandon("w")

    claimed = await work(store, limit=2)
    rest = await work(store, owner="other")

    assert [j.due_at for j in claimed] == [NOON, NOON]
    assert [j.due_at for j in rest] == [NOON + 50]
    assert {j.key for j in (*claimed, *rest)} == {j.key for j in tracked}
    assert all(j.lease_until == LATER + LEASE for j in claimed)


async def test_queued_jobs_are_no_work_and_neither_is_what_is_put_off(store: SqlJobStore) -> None:
    await sent_job(store, "1")
    (held,) = await work(store)
    await store.release(held.put_off(due_at=LATER + 1))
    await store.insert(job(), FREE)

    assert await work(store) == ()
    assert len(await work(store, now=LATER + 1)) == 1


async def test_a_job_whose_worker_died_while_sending_comes_back_when_the_lease_is_over(
    store: SqlJobStore,
) -> None:
    await store.insert(job(), FREE)
    (claimed,) = await send(store)

    during = await work(store, owner="other", now=LATER + LEASE)
    (after,) = await work(store, owner="other", now=LATER + LEASE + 1)

    assert during == ()
    assert after.state is JobState.SUBMITTING
    assert (after.owner, after.fence) == ("other", claimed.fence + 1)
    with pytest.raises(LeaseLost):
        await store.save(claimed.submitted(RemoteTaskId("1"), LATER))


async def test_renewed_leases_hold_and_the_number_is_told(store: SqlJobStore) -> None:
    for _ in range(3):
        await store.insert(job(), FREE)
    await send(store)

    assert await store.renew("w", LATER + 10 * LEASE) == 3
    assert await store.renew("stranger", LATER) == 0
    assert await work(store, owner="other", now=LATER + 2 * LEASE) == ()


async def test_saving_does_not_shorten_a_lease_that_was_renewed_meanwhile(store: SqlJobStore) -> None:
    await store.insert(job(), FREE)
    (claimed,) = await send(store)
    await store.renew("w", LATER + 10 * LEASE)

    await store.save(claimed.submitted(RemoteTaskId("1"), LATER))

    assert await work(store, owner="other", now=LATER + 2 * LEASE) == ()


async def test_what_is_held_is_told_by_name(store: SqlJobStore) -> None:
    tracked = await sent_job(store, "1")
    await store.insert(job(), FREE)
    await work(store)
    (sending,) = await send(store)

    assert await store.held("w") == {tracked.key, sending.key}
    assert await store.held("stranger") == set()


async def test_trouble_behind_due_work_loses_nothing_of_what_was_taken(
    store: SqlJobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracked = await sent_job(store, "1")
    await store.insert(job(), FREE)

    def fail(*_: object, **__: object) -> None:
        raise StorageTrouble("locked by another program")

    monkeypatch.setattr(walk, "choose", fail)
    taken = await store.claim("w", LATER, lease_ms=LEASE, limit=9, places=9, max_running=9)

    assert [one.key for one in taken.work] == [tracked.key]
    assert (taken.queued, str(taken.trouble)) == ((), "locked by another program")


async def test_abandoned_jobs_can_be_taken_at_once_and_the_old_worker_is_a_ghost(store: SqlJobStore) -> None:
    tracked = await sent_job(store, "1")
    await store.insert(job(), FREE)
    (mine,) = await work(store)
    (sending,) = await send(store)

    given_back = await store.abandon("w")
    taken = await work(store, owner="other")

    assert given_back == 2
    assert {j.key: j.state for j in taken} == {
        tracked.key: JobState.SUBMITTED,
        sending.key: JobState.SUBMITTING,
    }
    with pytest.raises(LeaseLost):
        await store.release(mine)


async def test_single_jobs_are_given_back_by_their_owner_only(store: SqlJobStore) -> None:
    await sent_job(store, "1")
    (held,) = await work(store)
    await store.disown("stranger", [held.key])
    assert await work(store, owner="other") == ()

    await store.disown("w", [held.key])

    assert [j.key for j in await work(store, owner="other")] == [held.key]


async def test_a_finished_job_is_due_until_it_is_delivered(store: SqlJobStore) -> None:
    await sent_job(store, "1")
    (held,) = await work(store)
    await store.release(held.observed(success("1"), LATER))

    (finished,) = await work(store)
    await store.release(finished.delivered(Route.REPLY, LATER))

    assert len(finished.actions) == 2
    assert await work(store, now=LATER + LEASE) == ()


async def test_a_job_that_timed_out_is_looked_at_until_the_watch_ends(store: SqlJobStore) -> None:
    await sent_job(store, "1")
    (held,) = await work(store)
    given_up = held.failed(Failure(FailureKind.TIMED_OUT), LATER).delivered(Route.REPLY, LATER)
    await store.release(given_up)

    (watched,) = await work(store, now=LATER + 1)
    await store.release(watched.put_off(due_at=LATER + 2))

    assert watched.is_watched(LATER + 1)
    assert await store.by_webhook_token(watched.webhook_token) == watched.key
    assert await next_due(store, LATER + 1) == LATER + 2
    assert len(await work(store, now=LATER + LATE_WATCH_MS - 1)) == 1
    await store.abandon("w")
    assert await work(store, now=LATER + LATE_WATCH_MS) == ()
    assert await next_due(store, LATER + LATE_WATCH_MS) is None


async def test_a_job_that_failed_for_good_is_not_looked_at_again(store: SqlJobStore) -> None:
    await sent_job(store, "1")
    (held,) = await work(store)
    await store.release(held.failed(Failure(FailureKind.GONE), LATER).delivered(Route.REPLY, LATER))

    assert await work(store, now=LATER + 1) == ()


async def test_two_processes_share_the_work_without_sharing_a_job(
    store: SqlJobStore, another: Opener
) -> None:
    second = (await another()).jobs
    for n in range(20):
        await sent_job(store, str(n))

    rounds = await asyncio.gather(*(work((store, second)[n % 2], owner=f"w{n}", limit=3) for n in range(12)))
    rest = [await work(store, owner=f"v{n}", limit=3) for n in range(8)]

    keys = [j.key for claimed in (*rounds, *rest) for j in claimed]
    assert len(keys) == len(set(keys)) == 20


# -- questions of the scheduler --------------------------------------------------------------------------


async def test_the_next_due_time_is_that_of_the_earliest_job_that_nobody_holds(store: SqlJobStore) -> None:
    assert await next_due(store, LATER) is None
    await store.insert(job(due_at=LATER + 500), FREE)
    assert await next_due(store, LATER) == LATER + 500
    first = await store.insert(job(), FREE)
    assert await next_due(store, LATER) == first.due_at
    (held,) = await send(store)
    assert await next_due(store, LATER) == LATER + 500
    await store.release(held.submitted(RemoteTaskId("1"), LATER + 100))
    assert await next_due(store, LATER) == LATER + 100


async def test_a_queued_job_that_waits_for_a_place_sets_no_alarm(store: SqlJobStore) -> None:
    for _ in range(2):
        await store.insert(job(), FREE)
    await send(store, max_running=1)

    assert await next_due(store, LATER) is None


async def test_into_a_full_lane_whoever_comes_makes_no_claim_write_and_a_place_that_gets_free_does(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = storage.jobs
    await store.insert(job(created_at=NOON), FREE)
    (running,) = await send(store, max_running=1)
    written: list[object] = []
    write = storage.database.write

    async def counted(work: Any) -> Any:
        written.append(work)
        return await write(work)

    next_ = await store.insert(job(created_at=NOON + 1), FREE)
    monkeypatch.setattr(storage.database, "write", counted)
    assert await send(store, max_running=1) == ()
    assert written == []
    monkeypatch.undo()
    await store.release(running.failed(Failure(FailureKind.UNKNOWN), LATER))

    assert [one.key for one in await send(store, max_running=1)] == [next_.key]


async def test_a_lane_that_was_full_is_looked_at_where_there_are_more_places_now(
    storage: Storage, another: Opener
) -> None:
    await storage.jobs.insert(job(created_at=NOON), FREE)
    await send(storage.jobs, max_running=1)
    restarted = await another()
    assert not await send(restarted.jobs, max_running=2)

    next_ = await restarted.jobs.insert(job(created_at=NOON + 1), FREE)

    assert [one.key for one in await send(restarted.jobs, max_running=2)] == [next_.key]


async def test_of_places_that_somebody_else_took_back_none_counts_as_taken(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL a job may be cancelled between its choice and its claim."""
    store = storage.jobs
    gone = await store.insert(job(created_at=NOON), FREE)
    choose = walk.choose

    def chosen(connection: Connection, *given: Any, **more: Any) -> list[walk.Choice]:
        found = choose(connection, *given, **more)
        connection.execute(update(rows).values(state=JobState.CANCELLED.value))
        return found

    monkeypatch.setattr(walk, "choose", chosen)
    assert not await send(store, max_running=1)
    monkeypatch.undo()
    next_ = await store.insert(job(created_at=NOON + 1), FREE)

    assert gone.key != next_.key
    assert [one.key for one in await send(store, max_running=1)] == [next_.key]


async def test_load_is_counted_by_pool_and_account(store: SqlJobStore) -> None:
    await store.insert(job(), FREE)
    await store.insert(job(pool=Pool.FAST), FREE)
    await send(store)
    await store.insert(job(), FREE)

    nothing = dict.fromkeys(Pool, Load(0, 0))
    assert await store.load("default") == nothing | {Pool.NORMAL: Load(1, 1), Pool.FAST: Load(0, 1)}
    assert await store.load("stranger") == nothing
    assert await store.load() == await store.load("default")


async def test_a_webhook_names_an_unfinished_job_only(store: SqlJobStore) -> None:
    tracked = await sent_job(store, "1")
    assert await store.by_webhook_token(tracked.webhook_token) == tracked.key
    assert await store.by_webhook_token("somebody's guess \0") is None

    (held,) = await work(store)
    await store.release(held.observed(success("1"), LATER))

    assert await store.by_webhook_token(tracked.webhook_token) is None


async def test_known_tasks_are_those_of_every_account(store: SqlJobStore) -> None:
    await sent_job(store, "41")
    await sent_job(store, "42", account="guild:7:1")
    asked = [RemoteTaskId(str(n)) for n in range(1_200)]

    assert await store.known_tasks(asked) == {"41", "42"}


async def test_rivals_are_sent_jobs_without_a_task_of_any_account(store: SqlJobStore) -> None:
    for changes in ({}, {"account": "second"}, {"pool": Pool.FAST}, {"prompt": "another"}):
        await store.insert(job(**changes), FREE)
    await store.insert(job(due_at=LATER + 1), FREE)
    sent = {(j.prompt, j.pool, j.account): j for j in await send(store)}
    mine = sent.pop((job().prompt, Pool.NORMAL, "default"))
    unclear, lost, sending = (sent.pop(one) for one in sorted(sent))
    await store.save(unclear.unclear(due_at=LATER))
    await store.save(lost.failed(Failure(FailureKind.LOST), LATER))

    assert {r.key for r in await store.rivals(mine, LATER - 1)} == {sending.key, unclear.key, lost.key}
    assert {r.key for r in await store.rivals(mine, LATER)} == {sending.key, unclear.key}
    await store.save(sending.submitted(RemoteTaskId("1"), LATER))
    assert {r.key for r in await store.rivals(mine, LATER)} == {unclear.key}


async def test_progress_survives_being_stored(store: SqlJobStore) -> None:
    await sent_job(store, "1")
    (held,) = await work(store)
    running = held.observed(seen("1", TaskStatus.IN_PROGRESS, progress=40), LATER)

    await store.save(running)

    assert await store.get(held.key) == running
