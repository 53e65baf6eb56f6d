"""Every query that runs in a loop finds its rows through an index, however many finished jobs there are.
Never here: what the queries return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text

from bot.domain.days import day_of
from bot.domain.jobs import LATE_WATCH_MS
from bot.domain.pools import Allowance, Pool
from bot.domain.tasks import RemoteTaskId
from bot.storage import open_storage, prepared
from bot.storage.jobs import line
from bot.storage.tables import jobs
from tests.claims import claim_submissions, claim_work, next_due
from tests.storage.making import LEASE, NOON, child, job

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator, Iterable, Sequence

    from sqlalchemy.engine import Connection

    from bot.storage import Storage

LATER = NOON + 60_000


class Statements:
    """Collects what a store runs, to be explained afterwards."""

    def __init__(self, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
        self.storage = storage
        self.seen: list[tuple[str, Any]] = []
        straight = prepared.straight

        def noted(connection: Connection, sql: str, values: Sequence[Any]) -> sqlite3.Cursor:
            self.note(sql, values)
            return straight(connection, sql, values)

        monkeypatch.setattr(prepared, "straight", noted)
        for engine in (storage.database._reader, storage.database._writer):
            event.listen(engine.sync_engine, "before_cursor_execute", self._executed)

    def _executed(self, _cn: Any, _cursor: Any, sql: str, values: Any, _context: Any, _many: Any) -> None:
        self.note(sql, values)

    def note(self, sql: str, values: Any) -> None:
        """What goes to the database."""
        if sql.lstrip().startswith(("SELECT", "UPDATE", "WITH")):
            self.seen.append((sql, values))

    async def plans(self) -> list[str]:
        """SQLite's own account of how it would run each of them."""
        statements, self.seen = self.seen, []

        def explain(connection: Any) -> list[str]:
            return [
                row[3]
                for sql, values in statements
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple(values)).all()
            ]

        plans = await self.storage.database.read(explain)
        self.seen = []
        return plans


@pytest.fixture
async def watched(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Statements]:
    async with open_storage(sqlite_url, migrate=True) as storage:
        # What is looked at only now and then has been looked at.
        await claim_submissions(storage.jobs, "w", LATER, lease_ms=LEASE, limit=1, max_running=2)
        for _ in range(3):
            await storage.jobs.insert(job(), Allowance(None, None, None))
        lane = (job().account, job().pool.value)
        await storage.database.write(lambda cn: line.call(cn, [lane], LATER))
        yield Statements(storage, monkeypatch)


def scans(plans: Iterable[str]) -> list[str]:
    """Steps that read a whole table; an index that holds only live rows may be read whole."""
    tables = ("jobs", "ledger", "actions", "queue_lanes", "queue_parties", "j", "k", "l", "p")
    return [
        step
        for step in plans
        if step.startswith("SCAN") and step.split()[1] in tables and "USING" not in step
    ]


async def test_claiming_reads_live_rows_only(watched: Statements) -> None:
    store = watched.storage.jobs

    await claim_submissions(store, "w", LATER, lease_ms=LEASE, limit=9, max_running=2)
    await claim_work(store, "w", LATER + 2 * LEASE, lease_ms=LEASE, limit=9)
    await next_due(store, LATER)
    plans = await watched.plans()

    assert scans(plans) == []
    used = "\n".join(plans)
    for index in (
        "jobs_line",
        "jobs_put_off",
        "queue_lanes_called",
        "jobs_upstream",
        "jobs_open",
        "jobs_watched",
    ):
        assert index in used
    assert "USING INDEX jobs_free (due_at<?)" in used


async def test_a_look_for_work_passes_over_no_job_that_somebody_holds(watched: Statements) -> None:
    store = watched.storage.jobs
    await claim_work(store, "w", LATER, lease_ms=LEASE, limit=9)
    await watched.plans()

    await claim_work(store, "w", LATER + 1, lease_ms=LEASE, limit=9)
    await next_due(store, LATER + 1)
    plans = await watched.plans()

    used = "\n".join(plans)
    assert "jobs_free" in used
    assert "jobs_open" not in used
    assert "jobs_owner" not in used


async def test_a_server_with_a_key_of_its_own_counts_its_own_waiting_jobs_only(watched: Statements) -> None:
    await watched.storage.jobs.insert(job(account="guild:5:1", home=5), Allowance(None, None, None))

    plans = await watched.plans()

    assert "jobs_waiting (guild_id=?)" in "\n".join(plans)
    assert not [step for step in plans if step.startswith("SCAN jobs")]


async def test_leases_are_found_by_their_owner(watched: Statements) -> None:
    await watched.storage.jobs.renew("w", LATER)
    await watched.storage.jobs.abandon("w")
    await watched.storage.jobs.held("w")

    plans = await watched.plans()

    assert ["jobs_owner (owner=?)" in step for step in plans] == [True, True, True]


async def test_accepting_and_saving_look_at_a_few_rows(watched: Statements) -> None:
    store = watched.storage.jobs
    parent = await store.insert(job(), Allowance(99, 99, 99))
    pressed = await store.insert(child(parent), Allowance(99, 99, 99))
    await store.save(pressed)
    await store.adopt(pressed)
    await store.child_of(parent.key, 0)

    plans = await watched.plans()

    assert scans(plans) == []
    used = "\n".join(plans)
    for index in (
        "jobs_live_child",
        "jobs_task (task_id=?",
        "jobs_member",
        "jobs_child",
        "ledger_member (user_id=? AND guild_id=? AND pool=?",
    ):
        assert index in used


async def test_questions_of_the_tracker_use_their_indexes(watched: Statements) -> None:
    store = watched.storage.jobs
    asker = job()
    for question, index in (
        (
            store.known_tasks([RemoteTaskId(str(n)) for n in range(20)]),
            "jobs_task (task_id=?)",
        ),
        (store.by_webhook_token("token"), "(webhook_token=?)"),
        (store.rivals(asker, LATER), "jobs_lost"),
        (store.rivals(asker, LATER), "jobs_upstream"),
        (store.front("default", Pool.NORMAL), "queue_parties_line"),
        (store.load("default"), "jobs_upstream (account=?)"),
        (store.load(), "jobs_upstream"),
        (watched.storage.archive.undelivered_since(), "jobs_open"),
    ):
        await question
        plans = await watched.plans()

        assert scans(plans) == []
        assert index in "\n".join(plans)


async def test_what_a_day_cost_reads_that_days_entries_only(watched: Statements) -> None:
    books, day = watched.storage.guilds.books, day_of(NOON)
    await books.costs(5, day)
    await books.costs(5, day, user_id=6)

    of_the_server, of_a_member = await watched.plans()

    within = "pool=? AND spent_at>? AND spent_at<?)"
    assert f"ledger_guild (guild_id=? AND {within}" in of_the_server
    assert f"ledger_member (user_id=? AND guild_id=? AND {within}" in of_a_member


async def test_thousands_of_live_jobs_are_claimed_and_renewed_in_one_statement_each(
    watched: Statements,
) -> None:
    store = watched.storage.jobs
    many = 2_000
    spread = text(
        "UPDATE jobs SET state = 'running', owner = 'w', due_at = :due WHERE key NOT IN (SELECT job_key FROM ledger)"
    )
    row = await watched.storage.database.read(
        lambda cn: dict(cn.execute(jobs.select().limit(1)).one()._mapping)
    )
    copies = [
        row | {"key": f"k{n:011}", "interaction_id": n, "webhook_token": str(n), "due_at": NOON}
        for n in range(many)
    ]
    await watched.storage.database.write(lambda cn: cn.execute(jobs.insert(), copies))
    await watched.storage.database.write(lambda cn: cn.execute(spread, {"due": NOON - LATE_WATCH_MS}))
    watched.seen.clear()

    renewed = await store.renew("w", LATER + LEASE)

    assert renewed == many
    assert len(watched.seen) == 1
    claimed = await claim_work(store, "v", LATER + LEASE + 1, lease_ms=LEASE, limit=many)
    assert len(claimed) == many
    assert len(watched.seen) <= 6  # renewing, both looks, the next time, and taking in two
