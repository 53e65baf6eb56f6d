"""How many jobs a second SQLite takes in, writes, hands out and reads, with few and with many rows in the file.
Never here: PostgreSQL, whose speed is its server's."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import JobState, Route
from bot.domain.pools import UNLIMITED
from bot.storage.opening import open_storage
from tests.bench.report import Report, median
from tests.bench.rows import a_job, write
from tests.claims import claim_submissions, claim_work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain.jobs import Job
    from bot.storage.opening import Storage

SIZES = {"full": (1, 1_000, 40_000), "smoke": (1, 50)}
COUNTS = {"full": 300, "smoke": 10}
REPEATS = {"full": 3, "smoke": 1}
AT_ONCE = 8
"""So many ask at the same time, as the worker's hands do."""


async def measure(size: str) -> Report:
    """Measure."""
    report = Report(
        "storage",
        f"Transactions a second on one SQLite file (WAL, synchronous=FULL), {AT_ONCE} at a time, medians. The "
        "rows there already are delivered jobs; claim takes 256 at a time and counts jobs.",
        size,
    )
    for rows in SIZES[size]:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite+aiosqlite:///{Path(folder) / 'easel.db'}"
            async with open_storage(url, migrate=True) as storage:
                now = time.time_ns() // 1_000_000
                old = [_delivered(now) for _ in range(rows)]
                await write(storage.database, old)
                runs = [await _once(storage, old, COUNTS[size]) for _ in range(REPEATS[size])]
        report.rows.append(
            {"rows": rows} | {f"{name} /s": round(median(run[name] for run in runs)) for name in runs[0]}
        )
    for name in ("begin", "save", "claim", "get"):
        column = f"{name} /s"
        report.note(
            f"{name}, {SIZES[size][-1]:,} rows against one", report.rows[-1][column] / report.rows[0][column]
        )
    return report


def _delivered(now: int) -> Job:
    return a_job(now, state=JobState.SUCCEEDED, finished_at=now, delivered_at=now)


async def _once(storage: Storage, old: list[Job], count: int) -> dict[str, float]:
    store, now = storage.jobs, time.time_ns() // 1_000_000
    fresh = [a_job(now) for _ in range(count)]
    figures = {
        "begin": await rate(count, lambda n: store.insert(fresh[n], UNLIMITED)),
        "get": await rate(count, lambda n: store.get(old[n % len(old)].key)),
    }
    began = time.perf_counter()
    sent = list(await claim_submissions(store, "me", now, lease_ms=10**7, limit=count, max_running=10**6))
    figures["claim to submit"] = len(sent) / (time.perf_counter() - began)
    figures["save"] = await rate(count, lambda n: store.save(sent[n]))
    for job in sent:
        await store.release(job.unclear(due_at=now))
    began = time.perf_counter()
    claimed: list[Job] = []
    while more := await claim_work(store, "me", now, lease_ms=10**7, limit=256):
        claimed += more
    figures["claim"] = len(claimed) / (time.perf_counter() - began)
    for job in claimed:
        await store.release(ended(job, now))
    return figures


def ended(job: Job, now: int) -> Job:
    return job.failed(Failure(FailureKind.LOST), now).delivered(Route.KEPT, now)


async def rate(count: int, does: Callable[[int], Awaitable[object]]) -> float:
    """Do it so many times, a few at once; how many a second."""
    numbers = iter(range(count))

    async def hand() -> None:
        for n in numbers:
            await does(n)

    began = time.perf_counter()
    await asyncio.gather(*(hand() for _ in range(AT_ONCE)))
    return count / (time.perf_counter() - began)
