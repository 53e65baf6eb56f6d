"""What a command, a press, a claim and a card cost with ten and with fifty thousand jobs waiting, of one to many accounts.
Never here: the work of Discord, of the API and of their doubles; only the store is measured, on both databases."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.jobs import JobKind, JobState, Press
from bot.domain.pools import UNLIMITED
from bot.domain.tasks import RemoteTaskId
from bot.domain.tenancy import Ceiling
from bot.storage.jobs import line
from bot.storage.jobs.line import BROUGHT_BACK
from bot.storage.opening import open_storage
from tests.bench.counted import WARM, cost, counter, databases, in_a_process, judge_growth, settle
from tests.bench.report import Report
from tests.bench.rows import a_job, write
from tests.claims import claim_submissions

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.storage.opening import Storage

WAITING = {"full": (10, 1_000, 10_000, 50_000), "smoke": (10, 20)}
ACCOUNTS = {"full": (1, 100, 5_000), "smoke": (2,)}
TIMES = {"full": 40, "smoke": 1}
OWNERS = 100
"""So many accounts the owner may have; in a server with a key of its own two hundred jobs may wait."""
A_MEMBERS = 2
"""So many jobs each member has waiting."""
GOAL = 1.5
ACTS = ("command", "press", "card", "claim")


async def measure(size: str) -> Report:
    """Measure; each size in a process of its own."""
    report = Report(
        "flat",
        "CPU (ms of this process, driver threads included; the lower half of the runs) and work of the database (steps of "
        "SQLite's machine; rows and index entries that PostgreSQL read) per act, with so many waiting jobs. Claim: "
        "one free place. Card: its place in line.",
        size,
    )
    with databases() as there:
        for kind in there.kinds:
            for waiting in WAITING[size]:
                for accounts in ACCOUNTS[size]:
                    if accounts <= waiting:
                        row = {"database": kind, "waiting": waiting, "accounts": accounts}
                        url = await there.new(kind)
                        report.rows.append(
                            row | await in_a_process(_here, url, waiting, accounts, TIMES[size])
                        )
            judge_growth(report, kind, ACTS, GOAL)
    return report


async def _here(url: str, waiting: int, accounts: int, times: int) -> dict[str, float]:
    async with open_storage(url, migrate=False) as storage:
        now = time.time_ns() // 1_000_000 - 10**6
        standing = [_standing(n, accounts, now) for n in range(waiting)]
        await write(storage.database, standing)
        for _ in range(0, waiting, BROUGHT_BACK):
            await storage.database.write(lambda cn: line.requeue(cn, now + 10**6))
        await settle(storage)
        return await _acts(storage, standing, now + 10**6, times)


def _standing(n: int, accounts: int, now: int) -> Job:
    """A job that waits. Few accounts are the owner's; of thousands each is one server's own."""
    place = n % accounts
    own = accounts > OWNERS
    return replace(
        a_job(now + n * 10),
        account=f"guild:{place}:1" if own else f"account-{place}",
        user_id=10**17 + n // A_MEMBERS // accounts,
        home=10**17 + place,
    )


async def _acts(storage: Storage, standing: list[Job], now: int, times: int) -> dict[str, float]:
    store = storage.jobs
    work = counter(storage)
    seen = standing[len(standing) // 2 :]

    async def command(n: int) -> None:
        beside = standing[n % len(standing)]
        job = a_job(now, account=beside.account, home=beside.home, user_id=5 * 10**17 + n)
        await store.insert(job, UNLIMITED)
        waiting_now.append(job)

    async def press(n: int) -> None:
        began = parents[n]
        await store.child_of(began.key, 0)
        job = a_job(now, kind=JobKind.ACTION, account=began.account, home=began.home, user_id=6 * 10**17 + n)
        press = Press(began.key, 0, "MJ::JOB::upsample::1::u", "U1", RemoteTaskId("1"), 1, 2)
        await store.insert(replace(job, root=began.root, press=press), UNLIMITED)
        waiting_now.append(job)

    async def card(n: int) -> None:
        await store.ahead([seen[n % len(seen)].key])

    async def claim(_n: int) -> None:
        claimed.extend(
            await claim_submissions(
                store, "w", now, lease_ms=10**7, limit=1, max_running=10**6, usual=Ceiling(at_once=10**6)
            )
        )

    waiting_now: list[Job] = []
    claimed: list[Job] = []
    parents = [_drawn(standing[n % len(standing)], now) for n in range(WARM + times)]
    await write(storage.database, parents)
    figures: dict[str, float] = {}
    for name, act in (("card", card), ("command", command), ("press", press), ("claim", claim)):
        figures |= await cost(name, act, times, work, after=lambda: _put_back(storage, waiting_now, claimed))
    return figures


def _drawn(beside: Job, now: int) -> Job:
    """A picture of somebody of the same server and account."""
    job = a_job(now, state=JobState.SUCCEEDED, finished_at=now, delivered_at=now)
    return replace(job, account=beside.account, home=beside.home)


async def _put_back(storage: Storage, begun: list[Job], claimed: list[Job]) -> None:
    """After each act the queue is as long as before."""
    for job in begun:
        await storage.jobs.cancel(job.key, job.created_at)
    for job in claimed:
        await storage.jobs.release(replace(job, state=JobState.QUEUED, sent_at=None))
    if claimed:  # back into line, and nobody has to ask for a look
        await storage.database.write(lambda cn: line.requeue(cn, claimed[0].due_at + 10**6))
    begun.clear()
    claimed.clear()
