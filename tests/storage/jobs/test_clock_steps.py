"""Jobs of a clock that stood a year ahead, on both databases: once it was put right they end as all others do.
Never here: who notices (tests/process)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import LATE_WATCH_MS, Route
from bot.domain.pools import Pool
from bot.domain.schedule import CAP_MS, has_timed_out
from bot.domain.settling import tag_of, was_put_back
from bot.domain.tasks import RemoteTaskId
from bot.errors import LeaseLost
from tests.claims import claim_submissions, claim_work
from tests.storage.making import FREE, NOON, job

if TYPE_CHECKING:
    from bot.storage import SqlJobStore

YEAR = 365 * 86_400_000
AHEAD = NOON + YEAR


async def test_they_time_out_as_all_others_and_are_found_by_the_same_tag(store: SqlJobStore) -> None:
    for _ in range(4):
        await store.insert(job(created_at=AHEAD), FREE)
    sent = await claim_submissions(store, "me", AHEAD, lease_ms=YEAR, limit=4, max_running=9)
    running, sending, unclear, ended = sent
    running = running.submitted(RemoteTaskId("1"), AHEAD)
    await store.save(running)
    await store.release(unclear.unclear(due_at=AHEAD))
    timed_out = ended.submitted(RemoteTaskId("2"), AHEAD).failed(Failure(FailureKind.TIMED_OUT), AHEAD)
    await store.save(timed_out)
    await store.release(timed_out.delivered(Route.REPLY, AHEAD))

    await store.pull_in(NOON, stood_ahead=True)

    with pytest.raises(LeaseLost):  # it would write its old times back
        await store.save(running)
    await store.save(sending.submitted(RemoteTaskId("3"), NOON))
    work = await claim_work(store, "me", NOON, lease_ms=1_000, limit=9)
    found = {one.key: one for one in work}
    assert set(found) == {running.key, unclear.key, ended.key}
    found[sending.key] = await store.get(sending.key) or sending
    assert {one.created_at for one in found.values()} == {NOON}
    assert {one.changed_at for one in found.values()} == {NOON}
    assert has_timed_out(found[running.key], NOON + CAP_MS[Pool.NORMAL])
    assert tag_of(found[unclear.key]) == tag_of(unclear)
    assert not was_put_back(found[unclear.key])
    assert not found[ended.key].is_watched(NOON + LATE_WATCH_MS)


async def test_what_was_sent_at_a_moment_that_nobody_knows_stays_so(store: SqlJobStore) -> None:
    asked = await store.insert(job(created_at=AHEAD, due_at=NOON), FREE)
    (sent,) = await claim_submissions(store, "me", AHEAD - 1, lease_ms=1_000, limit=1, max_running=9)

    await store.pull_in(NOON, stood_ahead=True)

    found = await store.get(asked.key)
    assert found is not None
    assert was_put_back(found)
    assert tag_of(found) == tag_of(sent)


async def test_jobs_of_a_clock_that_was_right_stay_with_their_workers(store: SqlJobStore) -> None:
    await store.insert(job(created_at=NOON), FREE)
    (sent,) = await claim_submissions(store, "me", NOON, lease_ms=1_000, limit=1, max_running=9)
    running = sent.submitted(RemoteTaskId("1"), NOON)
    await store.save(running)

    assert await store.pull_in(NOON, stood_ahead=True) == 0

    assert await store.get(running.key) == running


async def test_a_clock_that_stands_behind_at_a_start_makes_nothing_time_out_once_it_is_right(
    store: SqlJobStore,
) -> None:
    await store.insert(job(created_at=NOON), FREE)
    (sent,) = await claim_submissions(store, "me", NOON, lease_ms=1_000, limit=1, max_running=9)
    running = sent.submitted(RemoteTaskId("1"), NOON)
    await store.save(running)

    await store.pull_in(NOON - YEAR, stood_ahead=False)

    found = await store.get(running.key)
    assert found is not None
    assert (found.submitted_at, found.changed_at, found.fence) == (NOON, NOON, running.fence)
    assert not has_timed_out(found, NOON + 60_000)
