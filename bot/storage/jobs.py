"""Jobs as rows: the `JobStore` port on SQL. Each method is one transaction; a fence guards each write to a job.
Never here: SQL dialects (`engine`), the order of the queue (`claims`), sums of units (`ledger`)."""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, delete, exists, func, insert, literal, or_, select, text, update

from bot.domain.jobs import UPSTREAM, JobState
from bot.domain.keys import JobKey
from bot.domain.pools import Pool
from bot.domain.ports import Load
from bot.domain.tasks import RemoteTaskId
from bot.errors import GhostWrite, StorageTrouble, TaskTaken
from bot.storage import claims, ledger, rows
from bot.storage.tables import (
    IS_LIVE,
    IS_LOST,
    IS_OWNED,
    IS_QUEUED,
    IS_UPSTREAM,
    IS_WATCHED,
    actions,
    deliveries,
    jobs,
)
from bot.storage.troubles import TAKEN, Conflict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain.jobs import Job, ReplyTarget
    from bot.domain.pools import Allowance
    from bot.storage.engine import Database

c = jobs.c

ATTEMPTS: Final = 5
"""How often an insert looks for the winner of a race; one look is enough unless the winner is withdrawn meanwhile."""
CHUNK: Final = 500
"""Keys in one IN list: SQLite's oldest builds take 999 parameters."""

_UNDISTURBED: Final = update(jobs).where(
    c.key == bindparam("_key"), c.fence == bindparam("_fence"), c.touched.is_(False)
)


class SqlJobStore:
    """The `JobStore` of bot.domain.ports, on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- accepting ---------------------------------------------------------------------------------------

    async def begin(self, job: Job, allowance: Allowance) -> Job:
        """See the port. Several tasks or processes may begin the same press at once: one inserts, all return its job."""
        for _ in range(ATTEMPTS):
            try:
                async with self._database.write() as connection:
                    return await self._begin(connection, job, allowance)
            except Conflict:
                continue
        raise StorageTrouble(TAKEN)

    async def _begin(self, connection: AsyncConnection, job: Job, allowance: Allowance) -> Job:
        # First the lock, then the look: a twin of this very interaction must be found, not counted.
        await self._database.lock(connection, f"member/{job.reply.guild_id}/{job.user_id}/{job.pool}")
        earlier = await _find(connection, c.interaction_id == job.interaction_id)
        if earlier is None and job.press is not None:
            earlier = await _find(
                connection,
                and_(c.parent == job.press.parent, c.position == job.press.position, text(IS_LIVE)),
            )
        if earlier is not None:
            return earlier
        await ledger.check_allowance(connection, job, allowance)
        values = {**rows.identity(job), **rows.progress(job), **rows.lease(job), "touched": False}
        # A limit of nothing running would keep an accepted job waiting for ever.
        values["running_limit"] = None if allowance.running is None else max(1, allowance.running)
        await connection.execute(insert(jobs), values)
        await ledger.reserve(connection, job)
        return job

    # -- reading -----------------------------------------------------------------------------------------

    async def get(self, key: JobKey) -> Job | None:
        """See the port."""
        async with self._database.read() as connection:
            return await _find(connection, c.key == key)

    async def by_webhook_token(self, token: str) -> JobKey | None:
        """See the port. A job that timed out with us and is still looked at counts as unfinished."""
        async with self._database.read() as connection:
            found = await connection.execute(
                select(c.key, c.webhook_token).where(
                    c.webhook_token == rows.plain(token), or_(text(IS_LIVE), text(IS_WATCHED))
                )
            )
            row = found.one_or_none()
        if row is None or not hmac.compare_digest(row.webhook_token.encode(), rows.plain(token).encode()):
            return None
        return JobKey(row.key)

    async def child_of(self, parent: JobKey, position: int) -> Job | None:
        """See the port."""
        succeeded = c.state == JobState.SUCCEEDED.value
        newest = (
            select(c.key)
            .where(c.parent == parent, c.position == position, or_(text(IS_LIVE), succeeded))
            .order_by(succeeded, c.created_at.desc(), c.key)
            .limit(1)
            .scalar_subquery()
        )
        async with self._database.read() as connection:
            return await _find(connection, c.key == newest)

    async def ahead(self, keys: Collection[JobKey]) -> dict[JobKey, int]:
        """See the port. Counts in the order in which places are given, so a later job may stand before an earlier."""
        found: dict[JobKey, int] = {}
        async with self._database.read() as connection:
            for chunk in _chunks(keys):
                for row in await connection.execute(claims.places(chunk)):
                    found[JobKey(row.key)] = row.place - 1
        return found

    async def known_tasks(self, account: str, task_ids: Collection[RemoteTaskId]) -> set[RemoteTaskId]:
        """See the port."""
        found: set[RemoteTaskId] = set()
        async with self._database.read() as connection:
            for chunk in _chunks(task_ids):
                known = await connection.execute(
                    select(c.task_id).where(
                        c.account == account, c.task_id.in_(chunk), c.task_id.is_not(None)
                    )
                )
                found.update(RemoteTaskId(task_id) for task_id in known.scalars())
        return found

    async def rivals(self, job: Job, since: int) -> Sequence[Job]:
        """See the port."""
        alike = and_(c.account == job.account, c.pool == job.pool.value, c.prompt == rows.plain(job.prompt))
        unsettled = and_(text(IS_UPSTREAM), c.task_id.is_(None))
        lost = and_(text(IS_LOST), c.sent_at > since)
        async with self._database.read() as connection:
            found = await connection.execute(
                select(jobs).where(alike, c.key != job.key, or_(unsettled, lost)).order_by(c.sent_at, c.key)
            )
            return [rows.read_job(row) for row in found]

    async def load(self, account: str) -> dict[Pool, Load]:
        """See the port."""
        waiting: dict[str, int] = {}
        running: dict[str, int] = {}
        async with self._database.read() as connection:
            for condition, counted in ((IS_QUEUED, waiting), (IS_UPSTREAM, running)):
                for row in await connection.execute(
                    select(c.pool, func.count().label("n"))
                    .where(c.account == account, text(condition))
                    .group_by(c.pool)
                ):
                    counted[row.pool] = row.n
        return {pool: Load(waiting=waiting.get(pool, 0), running=running.get(pool, 0)) for pool in Pool}

    async def next_due(self, now: int) -> int | None:
        """See the port. Queued jobs that wait for a place rather than for a time are left out."""
        async with self._database.read() as connection:
            due: int | None = (await connection.execute(claims.next_due(now))).scalar()
            return due

    # -- claiming ----------------------------------------------------------------------------------------

    async def claim_submissions(
        self, owner: str, now: int, *, lease_ms: int, limit: int, max_running: int
    ) -> Sequence[Job]:
        """See the port. Also keeps to the running limit under which each job was accepted."""
        async with self._database.read() as connection:
            if (await connection.execute(claims.has_room(now, max_running))).first() is None:
                return ()
        async with self._database.write() as connection:
            # Places are counted, and a count cannot be locked: one process hands out places at a time.
            await self._database.lock(connection, "submissions")
            line = claims.next_in_line(now, max_running=max_running, limit=limit)
            keys = (await connection.execute(line)).scalars().all()
            if not keys:
                return ()
            taken = await connection.execute(claims.take_for_submission(keys, owner, now, lease_ms=lease_ms))
            return _in_order(keys, [rows.read_job(row) for row in taken])

    async def claim_work(self, owner: str, now: int, *, lease_ms: int, limit: int) -> Sequence[Job]:
        """See the port."""
        async with self._database.read() as connection:
            found = (await connection.execute(claims.due_work(now, limit=limit))).scalars().all()
        if not found:
            return ()
        async with self._database.write() as connection:
            free = (await connection.execute(claims.still_free(found, now))).scalars().all()
            if not free:
                return ()
            taken = await connection.execute(claims.take(free, owner, now, lease_ms=lease_ms))
            claimed = [rows.read_job(row) for row in taken]
            return _in_order(found, await _with_actions(connection, claimed))

    async def renew(self, owner: str, until: int) -> int:
        """See the port."""
        async with self._database.write() as connection:
            renewed = await connection.execute(
                update(jobs).where(text(IS_OWNED), c.owner == owner).values(lease_until=until)
            )
            return renewed.rowcount

    async def disown(self, owner: str, keys: Collection[JobKey]) -> None:
        """See the port."""
        async with self._database.write() as connection:
            for chunk in _chunks(keys):
                await connection.execute(
                    update(jobs)
                    .where(c.key.in_(chunk), c.owner == owner)
                    .values(owner=None, lease_until=0, fence=c.fence + 1)
                )

    async def abandon(self, owner: str) -> int:
        """See the port."""
        async with self._database.write() as connection:
            given_back = await connection.execute(
                update(jobs)
                .where(text(IS_OWNED), c.owner == owner)
                .values(owner=None, lease_until=0, fence=c.fence + 1)
            )
            return given_back.rowcount

    # -- writing -----------------------------------------------------------------------------------------

    async def save(self, job: Job) -> None:
        """See the port. The lease is not written: a job in a worker's hands is older than its last renewal."""
        await self._write(job, {})

    async def release(self, job: Job) -> None:
        """See the port."""
        await self._write(job, {"owner": None, "lease_until": 0})

    async def _write(self, job: Job, lease: rows.Values) -> None:
        try:
            async with self._database.write() as connection:
                values = {**rows.progress(job), **lease, "_key": job.key, "_fence": job.fence}
                written = await connection.execute(_UNDISTURBED, values)
                if not written.rowcount:
                    job = await _merge(connection, job)
                await _settle(connection, job)
        except Conflict:  # of all that a save writes, only the task id is unique
            raise TaskTaken(job.key) from None

    async def cancel(self, key: JobKey, now: int) -> Job | None:
        """See the port.

        A job that is being sent this moment is only marked: taking it away would lose the id of a task that we pay
        for. Its worker's next write keeps the mark and loses the lease.
        """
        async with self._database.write() as connection:
            job = await _find(connection, c.key == key, lock=True)
            if job is None or job.is_terminal:
                return None
            if _is_being_sent(job, now):
                await connection.execute(
                    update(jobs).where(c.key == key), {"unwanted": True, "touched": True}
                )
                return replace(job, unwanted=True)
            job = replace(job, unwanted=True) if job.state in UPSTREAM else job.cancelled(now)
            job = replace(job, owner=None, lease_until=0, fence=job.fence + 1)
            await connection.execute(
                update(jobs).where(c.key == key), {**rows.progress(job), **rows.lease(job)}
            )
            await _settle(connection, job)
            return job

    async def move_card(self, key: JobKey, reply: ReplyTarget) -> None:
        """See the port. A worker that holds the job would write the old place back, so it loses the lease."""
        async with self._database.write() as connection:
            job = await _find(connection, c.key == key, lock=True)
            if job is None:
                return
            values = rows.reply(reply)
            if job.owner is not None:
                if job.state is JobState.SUBMITTING:
                    values["touched"] = True
                else:
                    values |= {"owner": None, "lease_until": 0, "fence": job.fence + 1}
            await connection.execute(update(jobs).where(c.key == key), values)


# -- pieces of transactions ------------------------------------------------------------------------------


async def _find(connection: AsyncConnection, where: ColumnElement[bool], *, lock: bool = False) -> Job | None:
    query = select(jobs).where(where)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        return None
    (job,) = await _with_actions(connection, [rows.read_job(row)])
    return job


async def _with_actions(connection: AsyncConnection, found: Sequence[Job]) -> list[Job]:
    """Read the actions of those that have some: they come with success and never change again."""
    of_job: dict[str, list[Row[Any]]] = {}
    for chunk in _chunks([job.key for job in found if job.state is JobState.SUCCEEDED]):
        for row in await connection.execute(
            select(actions)
            .where(actions.c.job_key.in_(chunk))
            .order_by(actions.c.job_key, actions.c.position)
        ):
            of_job.setdefault(row.job_key, []).append(row)
    return [rows.with_actions(job, of_job.get(job.key, ())) for job in found]


async def _merge(connection: AsyncConnection, job: Job) -> Job:
    """Write a job to whose row somebody wrote while it was being sent: keep both, and take it from its worker.

    Raises `GhostWrite` if it is not the worker's job any more.
    """
    found = await connection.execute(
        select(jobs).where(c.key == job.key, c.fence == job.fence).with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        raise GhostWrite(job.key)
    stored = rows.read_job(row)
    merged = replace(
        job, unwanted=stored.unwanted, reply=stored.reply, owner=None, lease_until=0, fence=stored.fence + 1
    )
    await connection.execute(
        update(jobs).where(c.key == job.key),
        {**rows.progress(merged), **rows.lease(merged), "touched": False},
    )
    return merged


async def _settle(connection: AsyncConnection, job: Job) -> None:
    """Write what follows from a job's state, as often as it is said and only once: refund, actions, delivery."""
    if job.refund_due:
        await ledger.refund(connection, job)
    if job.state is JobState.SUCCEEDED and job.actions and not job.is_delivered:
        await connection.execute(delete(actions).where(actions.c.job_key == job.key))
        await connection.execute(insert(actions), rows.actions_of(job))
    if job.delivered_at is not None and job.route is not None:
        d = deliveries.c
        known = exists().where(d.job_key == job.key, d.at == job.delivered_at)
        row = (job.key, job.delivered_at, job.route.value, job.reply.channel_id, job.reply.message_id)
        await connection.execute(
            insert(deliveries).from_select(
                deliveries.c.keys(),
                select(*(literal(value, column.type) for value, column in zip(row, d, strict=True))).where(
                    ~known
                ),
            )
        )


def _is_being_sent(job: Job, now: int) -> bool:
    return job.state is JobState.SUBMITTING and job.owner is not None and job.lease_until >= now


def _in_order(keys: Sequence[str], found: Sequence[Job]) -> list[Job]:
    """Sort jobs as their keys stand: RETURNING promises no order."""
    place = {key: n for n, key in enumerate(keys)}
    return sorted(found, key=lambda job: place[job.key])


def _chunks(keys: Collection[str]) -> Iterator[list[str]]:
    ordered = list(keys)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]
