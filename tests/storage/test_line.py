"""The line that the database keeps is the plain one after any history, on both databases, and claims follow it.
Never here: what a worker does with what it claimed."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text

from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import UPSTREAM, JobState
from bot.domain.pools import Allowance
from bot.domain.tasks import RemoteTaskId
from bot.domain.tenancy import Ceiling
from bot.storage.jobs.places import NEAR
from bot.storage.line_tables import TURNS, job_lanes, job_turns
from bot.storage.tables import jobs
from tests.storage.making import FREE, LEASE, NOON, job
from tests.storage.plain_line import Row, lines, next_in_line

if TYPE_CHECKING:
    from bot.storage import SqlJobStore, Storage
    from tests.storage.conftest import Opener

LATER = NOON + 10**7
COLUMNS = [jobs.c[name] for name in Row._fields]

BEGIN = st.tuples(
    st.just("begin"),
    st.fixed_dictionaries(
        {
            "user_id": st.integers(1, 3),
            "guild_id": st.sampled_from([None, 7, 8]),
            "account": st.sampled_from(["default", "guild:7:1"]),
            "created_at": st.integers(NOON, NOON + 20),
            "due_at": st.sampled_from([NOON, NOON, LATER + 1]),
        }
    ),
    st.sampled_from([None, None, 1, 2]),
)
CLAIM = st.tuples(st.just("claim"), st.integers(1, 9), st.integers(1, 6), st.sampled_from([None, None, 1, 2]))
PICK = st.tuples(st.sampled_from(["end", "cancel", "again", "track", "delete"]), st.integers(0, 99))
HISTORY = st.lists(st.one_of(BEGIN, BEGIN, BEGIN, CLAIM, PICK), min_size=1, max_size=25)


async def rows_of(storage: Storage) -> list[Row]:
    found = await storage.database.read(lambda cn: cn.execute(select(*COLUMNS)).all())
    return [Row(*row)._replace(state=JobState(row.state)) for row in found]


async def judge(storage: Storage) -> None:
    """Compare all that is kept with the plain definition."""
    rows = await rows_of(storage)
    plain = lines(rows)
    turns = await storage.database.read(
        lambda cn: {
            row.key: row.turn for row in cn.execute(select(jobs.c.key, jobs.c.turn).where(jobs.c.turn > 0))
        }
    )
    assert turns == {p.key: min(p.share, TURNS) for line in plain.values() for p in line}
    lanes = await storage.database.read(lambda cn: cn.execute(select(job_lanes)).all())
    counted = {(r.account, r.pool): (r.waiting, r.running) for r in lanes if r.waiting or r.running}
    waits = Counter(row.lane for row in rows if row.state is JobState.QUEUED)
    runs = Counter(row.lane for row in rows if row.state in UPSTREAM)
    assert counted == {lane: (waits[lane], runs[lane]) for lane in waits | runs}
    crowds = await storage.database.read(lambda cn: cn.execute(select(job_turns)).all())
    assert {(r.account, r.pool, r.turn): r.waiting for r in crowds if r.waiting} == Counter(
        (*lane, min(p.share, TURNS)) for lane, line in plain.items() for p in line
    )
    ahead = await storage.jobs.ahead(list(turns))
    assert ahead == {p.key: n for line in plain.values() for n, p in enumerate(line)}


async def step(storage: Storage, what: Any) -> None:
    store = storage.jobs
    match what:
        case ("begin", changes, running):
            await store.begin(job(**changes), Allowance(None, running, None))
        case ("claim", limit, max_running, usual):
            rows = await rows_of(storage)
            plain = next_in_line(rows, LATER, max_running=max_running, ceilings={8: 1}, usual=usual)
            claimed = await store.claim_submissions(
                "w",
                LATER,
                lease_ms=LEASE,
                limit=limit,
                max_running=max_running,
                usual=Ceiling(at_once=usual),
            )
            taken: dict[tuple[str, str], list[str]] = {lane: [] for lane in plain}
            for one in claimed:
                taken[one.account, one.pool.value].append(one.key)
            assert len(claimed) == min(limit, sum(map(len, plain.values())))
            assert taken == {lane: keys[: len(taken[lane])] for lane, keys in plain.items()}
        case (deed, number):
            rows = sorted(await rows_of(storage))
            wanted = {JobState.QUEUED} if deed == "cancel" else UPSTREAM
            if deed == "delete":
                wanted = frozenset(JobState)
            fit = [row for row in rows if row.state in wanted]
            if fit:
                await pick(storage, deed, fit[number % len(fit)])


async def pick(storage: Storage, deed: str, row: Row) -> None:
    store = storage.jobs
    held = await store.get(row.key)
    assert held is not None
    match deed:
        case "end":
            await store.release(held.failed(Failure(FailureKind.UNKNOWN), LATER))
        case "again":
            await store.save(replace(held, state=JobState.QUEUED, due_at=NOON))
        case "track" if held.state is JobState.SUBMITTING:
            await store.save(held.submitted(RemoteTaskId(held.key), LATER))
        case "cancel":
            await store.cancel(row.key, LATER)
        case "delete":
            await storage.database.write(lambda cn: cn.execute(delete(jobs).where(jobs.c.key == row.key)))


@given(history=HISTORY)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_the_kept_line_is_the_plain_one_after_any_history(storage: Storage, history: list[Any]) -> None:
    await storage.database.write(lambda cn: cn.execute(delete(jobs)))
    await storage.tenants.set_ceiling(8, Ceiling(at_once=1))

    for what in history:
        await step(storage, what)
        await judge(storage)


async def test_far_back_a_place_is_about_right_and_keeps_the_order(storage: Storage) -> None:
    begun = [await storage.jobs.begin(job(user_id=n), FREE) for n in range(60)]

    ahead = await storage.jobs.ahead([one.key for one in begun])

    places = [ahead[one.key] for one in begun]
    assert places[: NEAR + 1] == list(range(NEAR + 1))
    assert places == sorted(places)
    assert all(abs(place - n) <= 2 for n, place in enumerate(places))


async def test_a_member_with_hundreds_waiting_is_numbered_as_far_as_it_matters(storage: Storage) -> None:
    for _ in range(TURNS + 5):
        await storage.jobs.begin(job(user_id=1), FREE)
    await judge_turns(storage)
    await storage.jobs.claim_submissions("w", LATER, lease_ms=LEASE, limit=3, max_running=9)
    await judge_turns(storage)


async def judge_turns(storage: Storage) -> None:
    rows = await rows_of(storage)
    plain = {p.key: min(p.share, TURNS) for line in lines(rows).values() for p in line}
    assert plain == await storage.database.read(
        lambda cn: {
            row.key: row.turn for row in cn.execute(select(jobs.c.key, jobs.c.turn).where(jobs.c.turn > 0))
        }
    )


async def test_members_begin_end_and_cancel_at_once_and_the_line_stays_true(
    storage: Storage, another: Opener
) -> None:
    stores: list[SqlJobStore] = [storage.jobs, (await another()).jobs]

    async def live(n: int) -> None:
        store = stores[n % 2]
        for turn in range(6):
            begun = await store.begin(job(user_id=n % 3, guild_id=(7, 8)[n % 2]), FREE)
            sent = await store.claim_submissions(f"w{n}", LATER, lease_ms=LEASE, limit=2, max_running=4)
            if turn % 2:
                await store.cancel(begun.key, LATER)
            for one in sent:
                await store.release(one.failed(Failure(FailureKind.UNKNOWN), LATER))

    await asyncio.gather(*(live(n) for n in range(6)))

    await judge(storage)


@pytest.mark.parametrize("what", ["begin", "claim"])
async def test_the_planner_uses_the_indexes_of_the_line(storage: Storage, what: str) -> None:
    if storage.database.__class__.__name__ != "SqliteDatabase":
        pytest.skip("PostgreSQL chooses by statistics")
    queries = {
        "begin": "SELECT key FROM jobs WHERE state = 'queued' AND account = 'a' AND pool = 'b' AND user_id = 1 "
        "ORDER BY created_at, key LIMIT 65",
        "claim": "SELECT key, turn, created_at, user_id, guild_id, running_limit FROM jobs WHERE state = 'queued' "
        "AND account = 'a' AND pool = 'b' AND (turn, created_at, key) > (0, 0, '') AND due_at <= 5 "
        "ORDER BY turn, created_at, key LIMIT 16",
    }
    plan = await storage.database.read(
        lambda cn: cn.execute(text(f"EXPLAIN QUERY PLAN {queries[what]}")).all()
    )
    said = " ".join(row.detail for row in plan)
    assert {"begin": "jobs_turn", "claim": "jobs_line"}[what] in said
    assert "TEMP B-TREE" not in said
