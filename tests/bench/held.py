"""What looking for work costs a worker while it, or another one, holds few or thousands of jobs that are being drawn.
Never here: jobs that wait for a place (that is `flat`)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bot.domain.schedule import LEASE_MS
from bot.storage.opening import open_storage
from tests.bench.counted import cost, counter, databases, in_a_process, judge_growth, settle
from tests.bench.report import Report
from tests.bench.rows import many, running, write
from tests.claims import claim_work, next_due

if TYPE_CHECKING:
    from bot.storage.opening import Storage

HELD = {"full": (10, 1_000, 10_000), "smoke": (10, 20)}
TIMES = {"full": 60, "smoke": 1}
GOAL = 1.5


async def measure(size: str) -> Report:
    """Measure; each size in a process of its own."""
    report = Report(
        "held",
        "CPU (ms of this process) and work of the database (steps of SQLite's machine; rows and index entries that "
        "PostgreSQL read) of a look for work that finds nothing, while so many jobs are held by a living worker. Look: "
        "claiming and asking what falls due next. Claim: the same with one job due, which is given back as "
        "finished reading.",
        size,
    )
    with databases() as there:
        for kind in there.kinds:
            for held in HELD[size]:
                url = await there.new(kind)
                found = await in_a_process(_here, url, held, TIMES[size])
                report.rows.append({"database": kind, "held": held} | found)
            judge_growth(report, kind, ("look", "claim"), GOAL)
    return report


async def _here(url: str, held: int, times: int) -> dict[str, float]:
    async with open_storage(url, migrate=False) as storage:
        now = time.time_ns() // 1_000_000
        await write(storage.database, many(held, lambda n: running(now, n)))
        taken = 0
        while more := await claim_work(storage.jobs, "w", now, lease_ms=10 * LEASE_MS, limit=256):
            taken += len(more)
        assert taken == held
        await settle(storage)
        return await _acts(storage, now, times)


async def _acts(storage: Storage, now: int, times: int) -> dict[str, float]:
    store, work = storage.jobs, counter(storage)
    await write(storage.database, [running(now, -1)])

    async def look(_n: int) -> None:
        assert not await claim_work(store, "w", now - 1, lease_ms=LEASE_MS, limit=256)
        await next_due(store, now)

    async def claim(_n: int) -> None:
        (job,) = await claim_work(store, "w", now, lease_ms=LEASE_MS, limit=256)
        await next_due(store, now)
        await store.release(job)

    return await cost("look", look, times, work) | await cost("claim", claim, times, work)
