"""A year of one busy server: the file's size, and how long others' writes wait while it is tidied, erased and deleted.
Never here: PostgreSQL, whose writers do not wait for each other."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.jobs import JobState, Route
from bot.domain.servers.guilds import Actor
from bot.storage.opening import open_storage
from tests.bench.report import Report
from tests.bench.rows import a_job, write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy.engine import Connection

    from bot.domain.jobs import Job
    from bot.domain.servers.guild_ports import Records
    from bot.storage.opening import Storage

JOBS = {"full": 365_000, "small": 20_000, "smoke": 400}
GUILD = 10**17
HEAVY = 7
"""The member who wrote a tenth of it."""
DAY_MS = 86_400_000
BATCH = 20
SLICE_S = 4.0


@dataclass
class Waits:
    """How long a small write of somebody else took, again and again, meanwhile."""

    each: list[float] = field(default_factory=list)

    @property
    def worst_ms(self) -> float:
        """The longest stall."""
        return 1_000 * max(self.each, default=0.0)

    @property
    def usual_ms(self) -> float:
        """The 99th of a hundred."""
        return 1_000 * sorted(self.each)[int(len(self.each) * 0.99)] if self.each else 0.0


@asynccontextmanager
async def others(storage: Storage) -> AsyncIterator[Waits]:
    """Somebody writes a value every few milliseconds."""
    waits = Waits()

    async def go_on() -> None:
        while True:
            began = time.perf_counter()
            await storage.meta.set("bench", str(began))
            waits.each.append(time.perf_counter() - began)
            await asyncio.sleep(0.005)

    task = asyncio.create_task(go_on())
    yield waits
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def measure(size: str) -> Report:
    """Measure."""
    count = JOBS[size]
    report = Report(
        "year",
        f"{count:,} delivered jobs of one server in a SQLite file (WAL, synchronous=FULL); another writer "
        "changes one small row every 5 ms, and the time it takes is measured. "
        f"The machine's load as it began: {os.getloadavg()[0]:.1f}.",
        size,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "easel.db"
        async with open_storage(f"sqlite+aiosqlite:///{path}", migrate=True) as storage:
            now = time.time_ns() // 1_000_000
            for start in range(0, count, 20_000):
                await write(
                    storage.database,
                    [_one(now, n, count) for n in range(start, min(count, start + 20_000))],
                )
            await storage.database.write(_what_hangs_on_them)
            megabytes = sum(one.stat().st_size for one in path.parent.iterdir()) / 1e6
            records = storage.guilds.records
            actor = Actor(1, "bench")
            tasks: dict[str, Callable[[], Awaitable[object]]] = {
                "nothing": lambda: asyncio.sleep(5),
                "clear tokens": lambda: _all(lambda: records.forget_tokens(now, limit=BATCH), 50),
                "forget prompts": lambda: _all(
                    lambda: records.forget_prompts(GUILD, now, limit=BATCH, usual_days=300), 50
                ),
                "erase a member": lambda: records.erase(GUILD, HEAVY, actor=actor, at=now),
            }
            await records.schedule_deletion(GUILD, now)
            for name, task in tasks.items():
                async with others(storage) as waits:
                    began = time.perf_counter()
                    await task()
                    took = time.perf_counter() - began
                report.rows.append(_row(name, took, waits))
            for name, took, waits in await _in_turns(
                storage, lambda: _deleted(records, now), "delete the server"
            ):
                report.rows.append(_row(name, took, waits))
    report.note("size of the file, MB", megabytes)
    idle = [row for row in report.rows if row["meanwhile"].startswith("nothing")]
    busy = [row for row in report.rows if row not in idle]
    for what, rows in (("with nothing beside it", idle), ("meanwhile", busy)):
        report.note(f"longest stall of a write {what}, ms", max(row["longest ms"] for row in rows))
    return report


def _row(name: str, took_s: float, waits: Waits) -> dict[str, object]:
    return {
        "meanwhile": name,
        "took s": round(took_s, 1),
        "writes": len(waits.each),
        "99 % ms": round(waits.usual_ms, 1),
        "longest ms": round(waits.worst_ms, 1),
        "over 50 ms": sum(wait > 0.05 for wait in waits.each),
    }


async def _in_turns(
    storage: Storage, task: Callable[[], Awaitable[object]], name: str
) -> list[tuple[str, float, Waits]]:
    """Run it in slices, with slices of nothing between them: what the machine does besides shows in both."""
    nothing, busy = ("nothing, in turns with it", 0.0, Waits()), (name, 0.0, Waits())
    done = False
    while not done:
        async with others(storage) as waits:
            await asyncio.sleep(SLICE_S / 4)
        nothing = (nothing[0], nothing[1] + SLICE_S / 4, Waits(nothing[2].each + waits.each))
        async with others(storage) as waits:
            began = time.perf_counter()
            with suppress(TimeoutError):
                async with asyncio.timeout(SLICE_S):
                    await task()
                    done = True
        busy = (name, busy[1] + time.perf_counter() - began, Waits(busy[2].each + waits.each))
    return [nothing, busy]


async def _deleted(records: Records, now: int) -> None:
    """As housekeeping does it, call after call."""
    while not await records.delete_due(now):
        pass


def _what_hangs_on_them(connection: Connection) -> None:
    """Nine buttons and a line of the books for each job."""
    connection.exec_driver_sql(
        "INSERT INTO actions (job_key, position, custom_id, label, emoji) "
        "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 8) "
        "SELECT key, i, 'MJ::JOB::upsample::' || i || '::' || webhook_token, 'U' || i, '' FROM jobs, n"
    )
    connection.exec_driver_sql(
        "INSERT INTO ledger (guild_id, user_id, pool, job_key, units, kind, at, spent_at) "
        "SELECT guild_id, user_id, pool, key, 1, 'reserve', created_at, created_at FROM jobs"
    )


def _one(now: int, number: int, count: int) -> Job:
    at = now - 365 * DAY_MS + number * (365 * DAY_MS // count)
    job = a_job(at, state=JobState.SUCCEEDED, finished_at=at, delivered_at=at)
    reply = replace(job.reply, guild_id=GUILD, token=f"a-token-of-two-hundred-letters-{number:0170d}")
    return replace(
        job,
        reply=reply,
        home=GUILD,
        user_id=HEAVY if number % 10 == 0 else number % 300 + 10,
        route=Route.REPLY,
    )


async def _all(step: Callable[[], Awaitable[int]], most: int) -> None:
    """As housekeeping does it, so many steps at most."""
    for _ in range(most):
        if await step() < BATCH:
            return
