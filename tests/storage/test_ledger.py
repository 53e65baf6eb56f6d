"""The books balance after any history: what is reserved and not given back is what stands for a picture.
Never here: single refusals (those are about accepting)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import JobState, Route
from bot.domain.keys import JobKey
from bot.domain.pools import Allowance
from bot.domain.tasks import RemoteTaskId
from bot.errors import GhostWrite, UserError
from bot.storage.tables import jobs, ledger
from tests.storage.making import LEASE, NOON, job, success

if TYPE_CHECKING:
    from bot.storage import SqlJobStore, Storage

STEPS = ("begin", "again", "submit", "claim", "fail", "time_out", "succeed", "deliver", "cancel", "abandon")
DAILY = 6


class History:
    """Jobs of one server, taken through whatever hypothesis thinks of."""

    def __init__(self, store: SqlJobStore, guild: int) -> None:
        self.store = store
        self.guild = guild
        self.now = NOON
        self.keys: list[JobKey] = []
        self.refunded: dict[JobKey, int] = {}
        self.owner = f"w{guild}"

    async def take(self, step: str, pick: int, units: int) -> None:
        self.now += 1
        key = self.keys[pick % len(self.keys)] if self.keys else JobKey("nothing")
        if step == "begin":
            with suppress(UserError):
                begun = await self.store.begin(
                    job(guild_id=self.guild, units=units, created_at=self.now), Allowance(DAILY, None, None)
                )
                self.keys.append(begun.key)
        elif step == "submit":
            await self.store.claim_submissions(
                self.owner, self.now, lease_ms=LEASE, limit=2, max_running=1_000
            )
        elif step == "claim":
            await self.store.claim_work(self.owner, self.now, lease_ms=LEASE, limit=2)
        elif step == "abandon":
            await self.store.abandon(self.owner)
        elif step == "cancel":
            await self.store.cancel(key, self.now)
        else:
            await self.change(step, key)

    async def change(self, step: str, key: JobKey) -> None:
        at = await self.store.get(key)
        if at is None:
            return
        known = {JobState.SUBMITTED, JobState.RUNNING}
        after = None
        if step == "again":
            after = at
        elif step == "fail" and not at.is_terminal:
            after = at.failed(Failure(FailureKind.UNKNOWN), self.now)
        elif step == "time_out" and at.state in known:
            after = at.failed(Failure(FailureKind.TIMED_OUT), self.now)
        elif step == "succeed" and at.state is JobState.SUBMITTING:
            after = at.submitted(RemoteTaskId(at.key), self.now)
        elif step == "succeed" and (at.state in known or at.is_watched(self.now)):
            after = at.observed(success(at.key), self.now)
        elif step == "deliver" and at.is_terminal:
            after = at.delivered(Route.REPLY, self.now)
        if after is not None:
            with suppress(GhostWrite):
                await (self.store.release if step == "deliver" else self.store.save)(after)


_guilds = iter(range(1_000, 10_000_000))


@given(history=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 9), st.integers(1, 3)), max_size=40))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_reserved_minus_refunded_is_the_units_of_jobs_that_were_never_refundable(
    storage: Storage, history: list[tuple[str, int, int]]
) -> None:
    told = History(storage.jobs, next(_guilds))
    ever_refundable: set[JobKey] = set()

    for step, pick, units in history:
        await told.take(step, pick, units)
        for key in told.keys:
            stored = await storage.jobs.get(key)
            if stored is not None and stored.refund_due:
                ever_refundable.add(key)

    of_guild = (ledger.c.guild_id == told.guild, jobs.c.guild_id == told.guild)
    balance = select(func.coalesce(func.sum(ledger.c.units), 0)).where(of_guild[0])
    owed = select(func.coalesce(func.sum(jobs.c.units), 0)).where(
        of_guild[1], jobs.c.key.not_in(ever_refundable)
    )
    booked, standing = await storage.database.read(
        lambda cn: (cn.execute(balance).scalar_one(), cn.execute(owed).scalar_one())
    )
    assert booked == standing <= DAILY


async def test_refunds_in_a_race_are_booked_once(storage: Storage) -> None:
    waiting = await storage.jobs.begin(job(units=4), Allowance(None, None, None))

    await asyncio.gather(*(storage.jobs.cancel(waiting.key, NOON) for _ in range(5)))

    query = select(ledger.c.kind, ledger.c.units).order_by(ledger.c.id)
    rows = await storage.database.read(lambda cn: [tuple(row) for row in cn.execute(query)])
    assert rows == [("reserve", 4), ("refund", -4)]
