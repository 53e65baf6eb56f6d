"""What a command, a press, a claim and a card cost with ten and with fifty thousand jobs waiting, of one to many accounts.
Never here: the work of Discord, of the API and of their doubles; only the store is measured, on SQLite."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import event

from bot.domain.jobs import JobKind, JobState, Press
from bot.domain.pools import UNLIMITED
from bot.domain.tasks import RemoteTaskId
from bot.domain.tenancy import Ceiling
from bot.storage.jobs.line import BROUGHT_BACK
from bot.storage.opening import open_storage
from tests.bench.report import Report
from tests.bench.rows import a_job, write

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable

    from bot.domain.jobs import Job
    from bot.storage.opening import Storage

WAITING = {"full": (10, 1_000, 10_000, 50_000), "smoke": (10, 100)}
ACCOUNTS = {"full": (1, 100, 5_000), "smoke": (1, 5)}
TIMES = {"full": 40, "smoke": 5}
A_MEMBERS = 2
"""So many jobs each member has waiting."""
GOAL = 1.5
ACTS = ("command", "press", "card", "claim")


async def measure(size: str) -> Report:
    """Measure; each size in a process of its own."""
    report = Report(
        "flat",
        "CPU (ms of the process, driver threads included; the lower half of the runs) and work of SQLite (steps of "
        "its machine, which rows read or written make up) per act, on a file that holds so many waiting jobs. Claim: "
        "one free place. Card: its place in line.",
        size,
    )
    for waiting in WAITING[size]:
        for accounts in ACCOUNTS[size]:
            if accounts <= waiting:
                found = await _in_a_process(waiting, accounts, TIMES[size])
                report.rows.append({"waiting": waiting, "accounts": accounts} | found)
    for act in ACTS:
        for unit in ("ms", "steps"):
            values = [row[f"{act} {unit}"] for row in report.rows]
            report.at_most(f"{act}, {unit}: largest : smallest", max(values) / min(values), GOAL)
    return report


async def _in_a_process(waiting: int, accounts: int, times: int) -> dict[str, float]:
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.bench.flat", str(waiting), str(accounts), str(times)),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await program.communicate()
    if program.returncode:
        raise RuntimeError(f"the measurement ended with {program.returncode}")
    return dict(json.loads(said))


async def _here(waiting: int, accounts: int, times: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'easel.db'}"
        async with open_storage(url, migrate=True) as storage:
            now = time.time_ns() // 1_000_000 - 10**6
            standing = [_standing(n, accounts, now) for n in range(waiting)]
            await write(storage.database, standing)
            for _ in range(0, waiting, BROUGHT_BACK):
                await storage.jobs.claim_submissions("w", now + 10**6, lease_ms=1, limit=0, max_running=0)
            return await _acts(storage, standing, now + 10**6, times)


def _standing(n: int, accounts: int, now: int) -> Job:
    """A job that waits; on other accounts than the owner's only its own server's members draw."""
    account = "default" if accounts == 1 else f"guild:{n % accounts}:1"
    job = a_job(now + n * 10)
    return replace(
        job, account=account, user_id=10**17 + n // A_MEMBERS // accounts, home=10**17 + n % accounts
    )


async def _acts(storage: Storage, standing: list[Job], now: int, times: int) -> dict[str, float]:
    store = storage.jobs
    steps = _Steps(storage)
    seen = standing[len(standing) // 2 :]

    async def command(n: int) -> None:
        job = a_job(now, account=standing[n % len(standing)].account, user_id=5 * 10**17 + n)
        await store.insert(job, UNLIMITED)
        waiting_now.append(job)

    async def press(n: int) -> None:
        began = parents[n]
        await store.child_of(began.key, 0)
        job = a_job(now, kind=JobKind.ACTION, account=began.account, user_id=6 * 10**17 + n)
        press = Press(began.key, 0, "MJ::JOB::upsample::1::u", "U1", RemoteTaskId("1"), 1, 2)
        await store.insert(replace(job, root=began.root, press=press), UNLIMITED)
        waiting_now.append(job)

    async def card(n: int) -> None:
        await store.ahead([seen[n % len(seen)].key])

    async def claim(_n: int) -> None:
        claimed.extend(
            await store.claim_submissions(
                "w", now, lease_ms=10**7, limit=1, max_running=10**6, usual=Ceiling(at_once=10**6)
            )
        )

    waiting_now: list[Job] = []
    claimed: list[Job] = []
    parents = [
        a_job(now, state=JobState.SUCCEEDED, finished_at=now, delivered_at=now) for _ in range(times + 8)
    ]
    await write(storage.database, parents)
    figures: dict[str, float] = {}
    for name, act in (("card", card), ("command", command), ("press", press), ("claim", claim)):
        figures |= await _cost(
            name, act, times, steps, store_after=lambda: _put_back(storage, waiting_now, claimed)
        )
    return figures


async def _put_back(storage: Storage, begun: list[Job], claimed: list[Job]) -> None:
    """After each act the queue is as long as before."""
    for job in begun:
        await storage.jobs.cancel(job.key, job.created_at)
    for job in claimed:
        await storage.jobs.release(replace(job, state=JobState.QUEUED, sent_at=None))
    if claimed:  # back into line, and nobody has to ask for a look
        await storage.jobs.claim_submissions(
            "w", claimed[0].due_at + 10**6, lease_ms=1, limit=0, max_running=0
        )
    begun.clear()
    claimed.clear()


async def _cost(
    name: str,
    act: Callable[[int], Awaitable[None]],
    times: int,
    steps: _Steps,
    *,
    store_after: Callable[[], Awaitable[None]],
) -> dict[str, float]:
    spent: list[float] = []
    for n in range(8):
        await act(times + n)
        await store_after()
    total = 0
    for n in range(times):
        counted, began = steps.count, time.process_time()
        await act(n)
        spent.append(time.process_time() - began)
        total += steps.count - counted
        await store_after()
    calm = sorted(spent)[: max(1, len(spent) // 2)]
    return {f"{name} ms": round(statistics.mean(calm) * 1_000, 2), f"{name} steps": round(total / times)}


class _Steps:
    """Counts what SQLite's machine does, on all connections of a storage."""

    EVERY = 10

    def __init__(self, storage: Storage) -> None:
        self.count = 0
        for engine in (storage.database._writer, storage.database._reader):
            event.listen(engine.sync_engine, "checkout", self._listen)

    def _listen(self, connection: object, *_: object) -> None:
        raw: sqlite3.Connection = connection  # type: ignore[assignment]  # the pool gives it untyped
        raw.set_progress_handler(self._more, self.EVERY)

    def _more(self) -> int:
        self.count += self.EVERY
        return 0


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_here(*(int(word) for word in sys.argv[1:])))))
