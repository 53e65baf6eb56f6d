"""Jobs as rows: the `JobStore` port on SQL. Each method is one transaction; a fence guards each write to a job.
Never here: SQL dialects (`database`), the order of the queue (`claims`), what is written with a job (`steps`)."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, or_, select, text, true, union_all, update

from bot.domain.claims import Claim
from bot.domain.jobs import JobState
from bot.domain.keys import JobKey
from bot.domain.pools import Pool
from bot.domain.ports import MOST_AHEAD, Load
from bot.domain.tasks import RemoteTaskId
from bot.domain.tenancy import NO_CEILING
from bot.errors import StorageTrouble, TaskTaken
from bot.storage.database import lock, plain
from bot.storage.errors import TAKEN, Conflict
from bot.storage.jobs import claims, clock_steps, line, rows, steps, walk
from bot.storage.tables import (
    IN_LINE,
    IS_LIVE,
    IS_LOST,
    IS_OWNED,
    IS_QUEUED,
    IS_UPSTREAM,
    IS_WATCHED,
    jobs,
)
from bot.storage.unclear import write_until_clear

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from sqlalchemy import ColumnElement, TextClause
    from sqlalchemy.engine import Connection

    from bot.domain.inputs import Input
    from bot.domain.jobs import Job, ReplyTarget
    from bot.domain.pools import Allowance, ServerLimits
    from bot.domain.tenancy import Budget, Ceiling
    from bot.storage.database import Database
    from bot.storage.unclear import Pause

ATTEMPTS: Final = 5
"""How often an insert looks for the winner of a race; one look is enough unless the winner has ended meanwhile."""

SWEEP_MS: Final = 30_000
"""How often lanes are looked for that nothing called (see `line.UNCALLED`)."""
LAPSED_MS: Final = 2_000
"""How often, at least, leases are looked for that their holder did not renew: another process's clock may be behind."""
FORGET_MS: Final = 600_000
"""How often idle parties of the line are forgotten."""

c = jobs.c
_NOBODYS: Final = {"owner": None, "lease_until": 0, "fence": c.fence + 1}
"""A lease given back; a worker that still believes in it becomes a ghost."""


class SqlJobStore:
    """The `JobStore` of bot.domain.ports, on SQLite and PostgreSQL."""

    def __init__(self, database: Database, pause: Pause = asyncio.sleep) -> None:
        self._database, self._pause = database, pause
        self._swept = 0, -1
        self._forgot_at: int | None = None
        self._looked_at, self._nothing_lapses_until = 0, -1

    # -- accepting ---------------------------------------------------------------------------------------

    async def insert(
        self,
        job: Job,
        allowance: Allowance,
        limits: ServerLimits | None = None,
        *,
        inputs: Sequence[Input] = (),
        budget: Budget | None = None,
        credits_: int | None = None,
        answers: int | None = None,
    ) -> Job:
        """See the port. Of several that begin the same press at once one inserts, and all return its job."""

        def insert(connection: Connection) -> Job:
            return steps.insert_job(
                connection, job, allowance, limits, inputs, budget, credits_, answers=answers
            )

        for _ in range(ATTEMPTS):
            try:
                return await write_until_clear(self._database, insert, self._pause)
            except Conflict:  # another process was quicker: look again, and find its row
                continue
        raise StorageTrouble(TAKEN)

    # -- reading -----------------------------------------------------------------------------------------

    async def get(self, key: JobKey) -> Job | None:
        """See the port."""
        return await self._database.read(lambda cn: steps.find(cn, steps.BY_KEY, key_=key))

    async def by_interaction(self, interaction_id: int) -> Job | None:
        """See the port."""
        return await self._database.read(
            lambda cn: steps.find(cn, steps.BY_INTERACTION, interaction_=interaction_id)
        )

    async def inputs(self, key: JobKey) -> Sequence[Input]:
        """See the port."""
        return await self._database.read(lambda cn: steps.inputs_of(cn, key))

    async def address_inputs(self, job: Job, inputs: Sequence[Input]) -> None:
        """See the port."""
        await self._database.write(lambda cn: steps.address_inputs(cn, job, inputs))

    async def by_webhook_token(self, token: str) -> JobKey | None:
        """See the port. A job that timed out with us and is still looked at counts as unfinished."""
        asked = plain(token)
        query = select(c.key, c.webhook_token).where(
            c.webhook_token == asked, or_(text(IS_LIVE), text(IS_WATCHED))
        )
        row = await self._database.read(lambda cn: cn.execute(query).one_or_none())
        if row is None or not hmac.compare_digest(row.webhook_token.encode(), asked.encode()):
            return None
        return JobKey(row.key)

    async def child_of(self, parent: JobKey, position: int) -> Job | None:
        """See the port."""
        return await self._database.read(lambda cn: steps.child_of(cn, parent, position))

    async def with_child(self, key: JobKey, position: int) -> tuple[Job | None, Job | None]:
        """See the port."""
        return await self._database.read(
            lambda cn: (steps.find(cn, steps.BY_KEY, key_=key), steps.child_of(cn, key, position))
        )

    async def pressed(self, parent: JobKey) -> frozenset[int]:
        """See the port."""
        return await self._database.read(lambda cn: steps.pressed(cn, parent))

    async def with_pressed(self, key: JobKey) -> tuple[Job | None, frozenset[int]]:
        """See the port."""
        return await self._database.read(
            lambda cn: (steps.find(cn, steps.BY_KEY, key_=key), steps.pressed(cn, key))
        )

    async def rivals(self, job: Job, since: int) -> Sequence[Job]:
        """See the port. Each half reads an index that holds such rows only."""
        sent = select(jobs).where(text(IS_UPSTREAM), c.task_id.is_(None), c.key != job.key)
        lost = select(jobs).where(text(IS_LOST), c.sent_at > since, c.key != job.key)
        query = union_all(sent, lost).order_by("sent_at", "key")
        return await self._database.read(lambda cn: rows.read_jobs(cn.execute(query).mappings()))

    async def ahead(self, keys: Collection[JobKey]) -> dict[JobKey, int]:
        """See the port."""
        asked = frozenset(keys)
        query = select(c.key, c.account, c.pool).where(c.key.in_(asked), text(IN_LINE))

        def count(connection: Connection) -> dict[JobKey, int]:
            lanes = {JobKey(key): (account, pool) for key, account, pool in connection.execute(query)}
            places = {
                lane: {key: n for n, key in enumerate(walk.front(connection, lane))}
                for lane in set(lanes.values())
            }
            return {key: places[lane].get(key, MOST_AHEAD + 1) for key, lane in lanes.items()}

        return await self._database.read(count) if asked else {}

    async def front(
        self, account: str, pool: Pool, *, also: JobKey | None = None
    ) -> tuple[Sequence[JobKey], bool]:
        """See the port."""

        def look(connection: Connection) -> tuple[list[JobKey], bool]:
            first = walk.front(connection, (account, pool.value))
            if also is None or also in first:
                return first, also is not None
            return first, walk.STANDS.value(connection, {"key_": also}) is not None

        return await self._database.read(look)

    async def known_tasks(
        self, task_ids: Collection[RemoteTaskId], *, account: str | None = None
    ) -> set[RemoteTaskId]:
        """See the port."""
        queries = [claims.known_tasks(chunk, account) for chunk in steps.chunks(task_ids)]

        def look_up(connection: Connection) -> set[RemoteTaskId]:
            return {RemoteTaskId(id_) for query in queries for id_ in connection.execute(query).scalars()}

        return await self._database.read(look_up)

    async def load(self, account: str | None = None) -> dict[Pool, Load]:
        """See the port."""
        mine = true() if account is None else c.account == account

        def count(connection: Connection, condition: str) -> dict[str, int]:
            query = select(c.pool, func.count().label("n")).where(mine, text(condition))
            return {row.pool: row.n for row in connection.execute(query.group_by(c.pool))}

        waiting, running = await self._database.read(
            lambda cn: (count(cn, IS_QUEUED), count(cn, IS_UPSTREAM))
        )
        return {pool: Load(waiting=waiting.get(pool, 0), running=running.get(pool, 0)) for pool in Pool}

    # -- claiming ----------------------------------------------------------------------------------------

    async def claim(
        self,
        owner: str,
        now: int,
        *,
        lease_ms: int,
        limit: int,
        places: int,
        max_running: int,
        usual: Ceiling = NO_CEILING,
    ) -> Claim:
        """See the port. Also keeps to the running limit under which each job was accepted."""
        if places > 0:
            await self._sweep(now, max_running)

        def look(connection: Connection) -> tuple[list[str], bool, int | None]:
            has_room = places > 0 and walk.HAS_ROOM.value(connection, {"now": now}) is not None
            found = claims.due_work(connection, now, limit=limit)
            return found, has_room, claims.next_due(connection, now)

        def take_work(connection: Connection) -> list[Job]:
            free = connection.execute(claims.still_free(found, now)).scalars().all()
            taken = connection.execute(claims.take(free, owner, now, lease_ms=lease_ms)).mappings()
            work = rows.read_jobs(taken)
            _set_aside(connection, set(free) - {job.key for job in work}, now)
            return _in_order(found, steps.with_actions(connection, work))

        def take_queued(connection: Connection) -> tuple[list[Job], int | None]:
            # Places are counted, and a count cannot be locked: one process at a time hands places out.
            lock(connection, line.SUBMISSIONS)
            line.requeue(connection, now)
            choices = walk.choose(connection, now, max_running=max_running, limit=places, usual=usual)
            keys = [key for choice in choices for key in choice.keys]
            sent: list[Job] = []
            if keys:
                statement = claims.take_for_submission(keys, owner, now, lease_ms=lease_ms)
                taken = connection.execute(statement).mappings().all()
                sent = rows.read_jobs(taken)
                # Of those that were taken: one that somebody cancelled at this moment was not.
                unreadable = {row["key"] for row in taken} - {job.key for job in sent}
                _set_aside(connection, unreadable, now, state=JobState.QUEUED.value)
            walk.mark(connection, choices, complete=len(sent) == len(keys))
            return _in_order(keys, sent), claims.next_due(connection, now)

        found, has_room, due = await self._database.read(look)
        if len(found) < limit and not self._looked_at <= now <= self._nothing_lapses_until:
            found += await self._lapsed(now, limit - len(found))
        work: Sequence[Job] = await self._database.write(take_work) if found else ()
        queued: Sequence[Job] = ()
        if has_room:
            try:
                queued, due = await self._database.write(take_queued)
            except StorageTrouble as trouble:  # the work is taken, and must reach whoever took it
                return Claim(work, (), due, trouble)
        return Claim(work, queued, due)

    async def _sweep(self, now: int, max_running: int) -> None:
        """Now and then look for lanes that nothing called, and forget parties that are idle."""
        swept, places = self._swept
        if places != max_running or not 0 <= now - swept < SWEEP_MS:
            asked = {"max_running": max_running}
            lanes = await self._database.read(lambda cn: cn.execute(line.UNCALLED, asked).all())
            if lanes:
                found = [(row.account, row.pool) for row in lanes]
                await self._database.write(lambda cn: line.call_beside(cn, found, now))
            self._swept = now, max_running
        if self._forgot_at is None or not 0 <= now - self._forgot_at < FORGET_MS:
            if self._forgot_at is not None:
                await self._database.write(lambda cn: line.forget_parties(cn, now))
                await self._database.write(line.forget_lanes)
            self._forgot_at = now

    async def _lapsed(self, now: int, limit: int) -> list[str]:
        """Find jobs whose lease has lapsed. That passes over all that is held, so it says when to look again."""

        def look(connection: Connection) -> tuple[list[str], int]:
            found = claims.lapsed(connection, now, limit=limit)
            if len(found) == limit:  # a dead worker may have left thousands: the next claim goes on
                return found, now - 1
            return found, claims.first_to_lapse(connection, now) or now + LAPSED_MS

        found, until = await self._database.read(look)
        self._looked_at, self._nothing_lapses_until = now, min(until, now + LAPSED_MS)
        return found

    async def pull_in(self, now: int, *, stood_ahead: bool) -> int:
        """After the clock was set: bring in what would be due, or held, far beyond any time we ever write.

        If it was seen that it had `stood_ahead`, also the moments from which time-outs are counted.
        """
        return await self._database.write(lambda cn: clock_steps.pull_in(cn, now, stood_ahead=stood_ahead))

    async def renew(self, owner: str, until: int) -> int:
        """See the port."""
        return await self._change(text(IS_OWNED), c.owner == owner, values={"lease_until": until})

    async def held(self, owner: str) -> set[JobKey]:
        """See the port."""
        mine = select(c.key).where(text(IS_OWNED), c.owner == owner)
        return await self._database.read(lambda cn: set(map(JobKey, cn.execute(mine).scalars())))

    async def disown(self, owner: str, keys: Collection[JobKey]) -> None:
        """See the port."""
        for chunk in steps.chunks(keys):
            await self._change(c.key.in_(chunk), c.owner == owner, values=_NOBODYS)

    async def abandon(self, owner: str) -> int:
        """See the port."""
        return await self._change(text(IS_OWNED), c.owner == owner, values=_NOBODYS)

    async def _change(self, *where: ColumnElement[bool] | TextClause, values: rows.Values) -> int:
        statement = update(jobs).where(*where).values(values)
        return await self._database.write(lambda cn: cn.execute(statement).rowcount)

    # -- writing -----------------------------------------------------------------------------------------

    async def save(self, job: Job, *, brought: Sequence[Input] = ()) -> None:
        """See the port. The lease is not written: a job in a worker's hands is older than its last renewal."""
        await self._write(job, giving_back=False, brought=brought)

    async def adopt(self, job: Job) -> None:
        """See the port."""
        await self._write(job, giving_back=False, found=True)

    async def release(self, job: Job) -> None:
        """See the port."""
        await self._write(job, giving_back=True)

    async def _write(
        self, job: Job, *, giving_back: bool, brought: Sequence[Input] = (), found: bool = False
    ) -> None:
        def write(connection: Connection) -> None:
            if found and steps.is_anothers(connection, job):
                raise TaskTaken(job.key)
            steps.write(connection, job, giving_back=giving_back, brought=brought)

        try:
            await self._database.write(write)
        except Conflict:  # of all that is written with a job, only its task id must be unique
            raise TaskTaken(job.key) from None

    async def cancel(self, key: JobKey, now: int, *, only_queued: bool = False) -> Job | None:
        """See the port. A job that is being sent this moment is only marked, and stays with its worker until then."""
        return await self._database.write(lambda cn: steps.cancel(cn, key, now, only_queued=only_queued))

    async def keep_seed(self, key: JobKey, seed: str) -> None:
        """See the port."""
        kept = update(jobs).where(c.key == key).values(seed=seed)
        await self._database.write(lambda cn: cn.execute(kept))

    async def remove_result(self, key: JobKey) -> Job | None:
        """See the port."""
        return await self._database.write(lambda cn: steps.remove_result(cn, key))

    async def move_card(
        self,
        key: JobKey,
        reply: ReplyTarget,
        *,
        notes: Sequence[str] = (),
        without: Collection[str] = (),
        unless: Callable[[Job], bool] | None = None,
    ) -> bool:
        """See the port."""
        return await self._database.write(
            lambda cn: steps.move_card(cn, key, reply, notes, without=without, unless=unless)
        )

    async def keep_place(self, key: JobKey, reply: ReplyTarget) -> None:
        """See the port."""
        await self._database.write(lambda cn: steps.keep_place(cn, key, reply))


def _set_aside(connection: Connection, keys: Collection[str], now: int, **back: str) -> None:
    """Leave rows alone that this program cannot read; another version may, and this one looks again in an hour."""
    if keys:
        aside = {"owner": None, "lease_until": 0, "due_at": now + clock_steps.FAR_MS, "put_off": True, **back}
        connection.execute(update(jobs).where(c.key.in_(keys)).values(aside))


def _in_order(keys: Sequence[str], found: Sequence[Job]) -> list[Job]:
    """Sort jobs as their keys stand: RETURNING promises no order."""
    place = {key: n for n, key in enumerate(keys)}
    return sorted(found, key=lambda job: place[job.key])
