"""Places and claims follow the plain definition of the line after any history, on both databases, and cost no more for it.
Never here: what a worker does with what it claimed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text

from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import JobState
from bot.domain.pools import Allowance, Pool
from bot.domain.ports import MOST_AHEAD
from bot.domain.tenancy import Ceiling
from bot.storage.jobs.store import SqlJobStore
from bot.storage.tables import jobs, queue_lanes, queue_parties
from tests.claims import claim_submissions, next_due
from tests.storage.making import FREE, LEASE, NOON, job
from tests.storage.plain_line import Job, PlainLine

if TYPE_CHECKING:
    from sqlalchemy import Table

    from bot.storage import Storage
    from bot.storage.database import Database
    from tests.storage.conftest import Opener

COMING = st.tuples(
    st.just("come"),
    st.fixed_dictionaries(
        {
            "user_id": st.integers(1, 3),
            "guild_id": st.sampled_from([None, 7, 8]),
            "account": st.sampled_from(["default", "default", "guild:7:1"]),
        }
    ),
    st.sampled_from([None, None, 1, 2]),
    st.sampled_from([0, 0, 0, 7]),
)
CLAIM = st.tuples(st.just("claim"), st.integers(1, 6))
PICK = st.tuples(st.sampled_from(["end", "cancel", "again"]), st.integers(0, 99), st.integers(1, 9))
HISTORY = st.lists(st.one_of(COMING, COMING, COMING, CLAIM, CLAIM, PICK), min_size=1, max_size=30)
LATER = NOON + 10**6


async def _emptied(database: Database, table: Table) -> None:
    await database.write(lambda connection: connection.execute(delete(table)))


async def _rows(database: Database, table: Table) -> list[Any]:
    return await database.read(lambda connection: list(connection.execute(table.select())))


class Trial:
    """One history, told to the store and to the plain definition."""

    def __init__(self, storage: Storage, max_running: int, usual: int | None) -> None:
        self.storage = storage
        self.store = SqlJobStore(storage.database)
        self.usual = usual
        self.plain = PlainLine(max_running, {8: 1}, usual)
        self.now = NOON

    async def begin(self) -> None:
        for table in (jobs, queue_lanes, queue_parties):
            await _emptied(self.storage.database, table)
        await self.storage.tenants.set_ceiling(8, Ceiling(at_once=1))

    async def come(self, changes: dict[str, Any], limit: int | None, wait: int) -> None:
        made = job(created_at=self.now, due_at=self.now + wait, **changes)
        await self.store.insert(made, Allowance(None, limit, None))
        lane = (made.account, made.pool.value)
        plain = Job(made.key, lane, made.user_id, made.home, self.now, self.now + wait, limit)
        self.plain.come(plain, self.now)

    async def claim(self, limit: int) -> None:
        self.plain.time(self.now)
        lanes = {one.lane for one in self.plain.jobs.values()}
        expected = {lane: self.plain.claimable(lane) for lane in lanes}
        claimed = await claim_submissions(
            self.store,
            "w",
            self.now,
            lease_ms=LEASE,
            limit=limit,
            max_running=self.plain.max_running,
            usual=Ceiling(at_once=self.usual),
        )
        assert len(claimed) == min(limit, sum(map(len, expected.values())))
        for lane, keys in expected.items():
            mine = [one.key for one in claimed if (one.account, one.pool.value) == lane]
            assert mine == keys[: len(mine)]
        for one in claimed:
            self.plain.serve(one.key)

    async def pick(self, deed: str, number: int, wait: int) -> None:
        wanted = {"waits", "put off"} if deed == "cancel" else {"upstream"}
        fit = sorted(
            (one for one in self.plain.jobs.values() if one.state in wanted), key=lambda one: one.key
        )
        if not fit:
            return
        one = fit[number % len(fit)]
        held = await self.store.get(one.key)  # type: ignore[arg-type]  # any text is a key
        assert held is not None
        if deed == "cancel":
            await self.store.cancel(held.key, self.now)
            one.state = "over"
        elif deed == "end":
            await self.store.release(held.failed(Failure(FailureKind.UNKNOWN), self.now))
            one.state = "over"
        else:
            await self.store.release(replace(held, state=JobState.QUEUED, due_at=self.now + wait))
            one.state, one.due_at = "put off", self.now + wait

    async def judge(self) -> None:
        for lane in {one.lane for one in self.plain.jobs.values()}:
            line = self.plain.line(lane)
            first, _ = await self.store.front(lane[0], Pool(lane[1]))
            assert first == line[: MOST_AHEAD + 1]
            ahead = await self.store.ahead([one.key for one in self.plain.jobs.values() if one.lane == lane])  # type: ignore[misc]  # as above
            assert ahead == {key: min(n, MOST_AHEAD + 1) for n, key in enumerate(line)}


# Of one member nothing overtakes: behind a job that was accepted with a smaller limit their others wait, too.
@example(
    history=[
        *(
            ("come", {"user_id": 1, "guild_id": 7, "account": "default"}, limit, 0)
            for limit in (None, None, 1, None)
        ),
        ("claim", 3),
    ],
    max_running=3,
    usual=None,
)
@given(history=HISTORY, max_running=st.integers(1, 5), usual=st.sampled_from([None, None, 1, 2]))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_places_and_claims_are_the_plain_ones_after_any_history(
    storage: Storage, history: list[Any], max_running: int, usual: int | None
) -> None:
    trial = Trial(storage, max_running, usual)
    await trial.begin()

    for what, *more in history:
        trial.now += 3
        if what in {"come", "claim"}:
            await getattr(trial, what)(*more)
        else:
            await trial.pick(what, *more)
        await trial.judge()


async def test_with_one_place_servers_take_turns_as_well(store: SqlJobStore) -> None:
    for n in range(9):  # each of another member
        await store.insert(job(guild_id=666, user_id=n + 1, created_at=NOON + n), FREE)
    for n in range(3):
        await store.insert(job(guild_id=5, user_id=100, created_at=NOON + 50 + n), FREE)

    order = []
    for _ in range(12):
        (sent,) = await claim_submissions(store, "w", LATER, lease_ms=LEASE, limit=9, max_running=1)
        await store.release(sent.failed(Failure(FailureKind.UNKNOWN), LATER))
        order.append(sent.home)

    assert order == [666, 5] * 3 + [666] * 6


async def test_who_could_not_go_for_long_has_saved_up_no_turns(storage: Storage) -> None:
    store = storage.jobs
    await storage.tenants.set_ceiling(7, Ceiling(at_once=1))

    async def send() -> list[int | None]:
        sent = await claim_submissions(store, "w", LATER, lease_ms=LEASE, limit=1, max_running=9)
        return [one.home for one in sent]

    for n in range(4):
        await store.insert(job(guild_id=7, user_id=n + 1), FREE)
    held = await claim_submissions(store, "w", LATER, lease_ms=LEASE, limit=1, max_running=3)
    for n in range(9):
        await store.insert(job(guild_id=8, user_id=n + 1), FREE)
    for _ in range(5):
        (other,) = await claim_submissions(store, "w", LATER, lease_ms=LEASE, limit=1, max_running=2)
        assert other.home == 8
        await store.release(other.failed(Failure(FailureKind.UNKNOWN), LATER))

    await storage.tenants.set_ceiling(7, Ceiling(at_once=9))

    # The turn it waited for, then its next one at the same time as the others' (it waits for longer), and so on.
    assert [home for _ in range(6) for home in await send()] == [7, 7, 8, 7, 8, 8]
    assert held[0].home == 7


async def test_of_a_long_line_only_the_first_places_are_told(store: SqlJobStore) -> None:
    begun = [await store.insert(job(user_id=n % 5), FREE) for n in range(MOST_AHEAD + 5)]

    ahead = await store.ahead([one.key for one in begun])

    assert sorted(ahead.values()) == [*range(MOST_AHEAD + 1), *[MOST_AHEAD + 1] * 4]


async def test_what_an_older_version_accepted_stands_in_line_with_the_others(storage: Storage) -> None:
    store = storage.jobs
    old = [await store.insert(job(guild_id=7, user_id=n % 2, created_at=NOON + n), FREE) for n in range(4)]
    blank = "UPDATE jobs SET party = NULL, turn = NULL, put_off = TRUE"
    await storage.database.write(lambda cn: cn.execute(text(blank)))
    for table in (queue_lanes, queue_parties):
        await _emptied(storage.database, table)
    new = await store.insert(job(guild_id=8, created_at=NOON + 90), FREE)

    assert await next_due(store, LATER) is not None
    sent = await claim_submissions(store, "w", LATER, lease_ms=LEASE, limit=9, max_running=3)

    assert {one.key for one in sent} == {old[0].key, old[1].key, new.key}


async def test_a_place_that_nobody_told_of_is_found_after_a_while(storage: Storage) -> None:
    """An older version ends jobs, and knows nothing of lanes."""
    store = storage.jobs
    for _ in range(2):
        await store.insert(job(), FREE)
    await claim_submissions(store, "w", LATER, lease_ms=LEASE, limit=9, max_running=1)
    over = "UPDATE jobs SET state = 'failed' WHERE state = 'submitting'"
    await storage.database.write(lambda cn: cn.execute(text(over)))

    sent = await claim_submissions(store, "w", LATER + 60_000, lease_ms=LEASE, limit=9, max_running=1)

    assert len(sent) == 1


async def test_who_comes_while_a_claim_waits_for_its_transaction_is_found_by_the_next(
    store: SqlJobStore,
) -> None:
    late = await store.insert(job(created_at=NOON + 40), FREE)

    async def claimed(now: int) -> list[str]:
        found = await claim_submissions(store, "w", now, lease_ms=LEASE, limit=9, max_running=9)
        return [one.key for one in found]

    assert await claimed(NOON) == []
    assert await claimed(NOON + 50) == [late.key]


async def test_idle_parties_and_lanes_are_forgotten(storage: Storage) -> None:
    store = storage.jobs
    await store.insert(job(guild_id=None), FREE)
    (sent,) = await claim_submissions(store, "w", LATER, lease_ms=LEASE, limit=9, max_running=1)
    await store.release(sent.failed(Failure(FailureKind.UNKNOWN), LATER))

    for hours in (1, 2):
        await claim_submissions(store, "w", LATER + hours * 3_700_000, lease_ms=1, limit=9, max_running=1)

    for table in (queue_parties, queue_lanes):
        assert await _rows(storage.database, table) == []


async def test_members_begin_end_and_cancel_at_once_and_nobody_is_left_behind(
    storage: Storage, another: Opener
) -> None:
    stores: list[SqlJobStore] = [storage.jobs, (await another()).jobs]

    async def live(n: int) -> None:
        store = stores[n % 2]
        for turn in range(6):
            begun = await store.insert(job(user_id=n % 3, guild_id=(7, 8)[n % 2], created_at=LATER), FREE)
            sent = await claim_submissions(store, f"w{n}", LATER, lease_ms=LEASE, limit=2, max_running=4)
            if turn % 2:
                await store.cancel(begun.key, LATER)
            for one in sent:
                if turn % 3:
                    await store.release(one.failed(Failure(FailureKind.UNKNOWN), LATER))
                else:
                    await store.release(replace(one, state=JobState.QUEUED, due_at=LATER))

    await asyncio.gather(*(live(n) for n in range(8)))
    while sent := await claim_submissions(storage.jobs, "w", LATER, lease_ms=LEASE, limit=9, max_running=4):
        for one in sent:
            await storage.jobs.release(one.failed(Failure(FailureKind.UNKNOWN), LATER))

    load = (await storage.jobs.load("default"))[Pool.NORMAL]
    assert (load.waiting, load.running) == (0, 0)
