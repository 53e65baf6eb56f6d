"""PostgreSQL against SQLite: acts a second of one process, and pictures a second of one, two and four processes together.
Never here: how the cost grows with the queue (that is `flat`), Discord, the API."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.jobs import JobKind, JobState, Press
from bot.domain.keys import key_from_bits
from bot.domain.pools import UNLIMITED
from bot.domain.tasks import RemoteTaskId
from bot.storage.opening import open_storage
from tests.bench.counted import POSTGRES, databases
from tests.bench.report import Report, median
from tests.bench.rows import a_job, write
from tests.bench.storage import AT_ONCE, ended, rate
from tests.claims import claim_submissions
from tests.fixtures.forked_programs import FORKED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from bot.domain.jobs import Job
    from bot.storage.opening import Storage
    from tests.bench.counted import Databases

COUNTS = {"full": 300, "smoke": 10}
REPEATS = {"full": 3, "smoke": 1}
WORKERS = {"full": (1, 2, 4), "smoke": (1, 2)}
PICTURES = {"full": 400, "smoke": 10}
"""So many each process accepts."""
ACCOUNTS = 16
GOAL = 1.7
ACTS = ("accept", "claim", "save", "press")


async def measure(size: str) -> Report:
    """Measure."""
    report = Report(
        "databases",
        f"Acts a second, {AT_ONCE} at a time, medians; and pictures a second, each accepted, claimed, saved when it was sent and "
        f"written when it was shown (four transactions, {ACCOUNTS} accounts), by so many processes at once on one database. "
        f"SQLite syncs to the disk at each commit, PostgreSQL here does not. Cores: what the processes, and "
        "PostgreSQL's own, used of them.",
        size,
    )
    with databases() as there:
        for kind in there.kinds:
            row: dict[str, object] = {"database": kind} | await _acts(await there.new(kind), size)
            for workers in WORKERS[size]:
                row |= await _together(there, kind, workers, PICTURES[size])
            report.rows.append(row)
    for row in report.rows:
        several = [float(str(row[f"{n}: pictures /s"])) for n in WORKERS[size]]
        growth = several[1] / several[0]
        if row["database"] == POSTGRES:
            report.at_least("PostgreSQL: two processes : one, pictures a second", growth, GOAL)
        else:
            report.note("SQLite: two processes : one, pictures a second", growth)
    if len(report.rows) > 1:
        for act in ACTS:
            one, other = (float(str(row[f"{act} /s"])) for row in report.rows)
            report.note(f"{act} a second: PostgreSQL : SQLite", other / one)
    return report


async def _acts(url: str, size: str) -> dict[str, object]:
    async with open_storage(url, migrate=False) as storage:
        runs = [await _once(storage, COUNTS[size]) for _ in range(REPEATS[size])]
    return {f"{act} /s": round(median(run[act] for run in runs)) for act in ACTS}


async def _once(storage: Storage, count: int) -> dict[str, float]:
    store, now = storage.jobs, time.time_ns() // 1_000_000
    parents = [a_job(now, state=JobState.SUCCEEDED, finished_at=now, delivered_at=now) for _ in range(count)]
    await write(storage.database, parents)
    fresh = [_of_an_account(n, now) for n in range(count)]
    pressed = [_press(parent, now) for parent in parents]
    figures = {"accept": await rate(count, lambda n: store.insert(fresh[n], UNLIMITED))}
    taken: list[Job] = []

    async def claim(_n: int) -> None:
        found = await claim_submissions(store, "me", _now(), lease_ms=10**7, limit=AT_ONCE, max_running=10**6)
        taken.extend(found)

    figures["claim"] = await rate(count // AT_ONCE, claim)
    figures["save"] = await rate(len(taken), lambda n: store.save(taken[n]))
    figures["press"] = await rate(count, lambda n: store.insert(pressed[n], UNLIMITED))
    for job in taken:
        await store.release(ended(job, now))
    return figures


def _now() -> int:
    return time.time_ns() // 1_000_000


def _of_an_account(n: int, now: int) -> Job:
    place = n % ACCOUNTS
    return replace(a_job(now), account=f"account-{place}", home=10**17 + place)


def _press(parent: Job, now: int) -> Job:
    press = Press(parent.key, 0, "MJ::JOB::upsample::1::u", "U1", RemoteTaskId("1"), 1, 2)
    return replace(a_job(now, kind=JobKind.ACTION), account=parent.account, root=parent.root, press=press)


# -- several processes -------------------------------------------------------------------------------------


async def _together(there: Databases, kind: str, workers: int, pictures: int) -> dict[str, object]:
    url = await there.new(kind)
    before = _server_seconds(there)
    lines = [FORKED.Pipe() for _ in range(workers)]
    programs = [
        FORKED.Process(target=_work, args=(far, url, n, pictures), daemon=True)
        for n, (_, far) in enumerate(lines)
    ]
    for one, (_, far) in zip(programs, lines, strict=True):
        one.start()
        far.close()
    for near, _ in lines:
        await asyncio.to_thread(near.recv)
    began = time.perf_counter()
    for near, _ in lines:
        near.send("go")
    found = [await asyncio.to_thread(near.recv) for near, _ in lines]
    for one in programs:
        await asyncio.to_thread(one.join)
    took = max(one["ended"] for one in found) - began
    done = sum(one["done"] for one in found)
    assert done == workers * pictures, found
    cores = sum(one["cpu"] for one in found) / took
    beside = (_server_seconds(there) - before) / took
    return {
        f"{workers}: pictures /s": round(done / took, 1),
        f"{workers}: cores": f"{cores:.2f} + {beside:.2f}",
    }


def _server_seconds(there: Databases) -> float:
    """CPU that PostgreSQL has used: its first process, its children, and those who have ended (Linux)."""
    if there.server is None:
        return 0.0
    first = int((there.server.folder / "data" / "postmaster.pid").read_text().split()[0])
    return sum(_seconds(first)) / os.sysconf("SC_CLK_TCK")


def _seconds(first: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(stat.parent.name) == first:
            yield sum(map(int, words[11:15]))
        elif int(words[1]) == first:
            yield sum(map(int, words[11:13]))


def _work(line: Connection, url: str, number: int, pictures: int) -> None:
    """In a process of its own: say that it is ready, wait for the word, tell what was done."""
    asyncio.run(_worker(line, url, number, pictures))


async def _worker(line: Connection, url: str, number: int, pictures: int) -> None:
    async with open_storage(url, migrate=False) as storage:
        line.send("ready")
        await asyncio.to_thread(line.recv)
        began = time.process_time()
        done = await _accept_and_deliver(storage, number, pictures)
        line.send({"done": done, "cpu": time.process_time() - began, "ended": time.perf_counter()})


async def _accept_and_deliver(storage: Storage, number: int, pictures: int) -> int:
    """Accept so many; take, save and end whatever waits, also what others accepted, until nothing does."""
    store, accepting, done = storage.jobs, True, 0
    numbers = iter(range(pictures))

    async def accept() -> None:
        for n in numbers:
            job = _of_an_account(n, _now())
            key = key_from_bits((number << 40) + n)
            job = replace(
                job,
                key=key,
                root=key,
                interaction_id=(number << 40) + n,
                webhook_token=f"{job.webhook_token}-{number}",
            )
            await store.insert(job, UNLIMITED)

    async def through(job: Job) -> None:
        await store.save(replace(job, task_id=RemoteTaskId(f"{number}-{job.key}")))
        await store.release(ended(job, _now()))

    async def deliver() -> None:  # one loop in each process claims, as a worker's does
        nonlocal done
        while True:
            ending = not accepting
            found = await claim_submissions(
                store, f"w{number}", _now(), lease_ms=10**7, limit=AT_ONCE, max_running=10**6
            )
            await asyncio.gather(*map(through, found))
            done += len(found)
            if not found:
                if ending:
                    return
                await asyncio.sleep(0.01)

    delivery = asyncio.create_task(deliver())
    await asyncio.gather(*(accept() for _ in range(AT_ONCE // 2)))
    accepting = False
    await delivery
    return done
