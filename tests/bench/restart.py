"""How soon a process that starts with thousands of live jobs reads, holds and delivers them (design §9).
Never here: how the process before it died."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bot.app import assemble
from bot.domain.jobs import ReplyTarget
from bot.storage.opening import open_storage
from bot.storage.tables import jobs as table
from tests.bench.bot_harness import ReadyPictures, addresses_kept, distant_settings
from tests.bench.distant import distant
from tests.bench.report import Report, median
from tests.bench.rows import running, write
from tests.fakes.discord_wire import FakeDiscord

if TYPE_CHECKING:
    from bot.domain.ports import Readings
    from bot.domain.tasks import RemoteTaskId, TaskPage, TaskSnapshot
    from bot.process import App

GOAL_S = 2.0
CHANNELS = 100


class NotingApi:
    """Notes when it was first asked for a reading."""

    def __init__(self, inner: Readings) -> None:
        self._inner = inner
        self.first_at: float | None = None
        self.reads = 0

    async def query(self, task_id: RemoteTaskId) -> TaskSnapshot | None:
        """Read one."""
        self._note()
        return await self._inner.query(task_id)

    async def page(self, number: int, *, size: int) -> TaskPage:
        """Read many."""
        self._note()
        return await self._inner.page(number, size=size)

    def _note(self) -> None:
        self.reads += 1
        self.first_at = self.first_at or time.monotonic()


async def measure(size: str) -> Report:
    """Measure."""
    jobs, repeats = (5_000, 2) if size == "full" else (30, 1)
    report = Report(
        "restart",
        f"A start with {jobs:,} running jobs in the database, the image API in a process of its own, 4 readings a "
        "second (the default), Discord's double in this process (its work is in the time of delivery). Tasks end 3 to "
        "60 s after the start. Each outcome is a new message; seconds count from the beginning of the start.",
        size,
    )
    for _ in range(repeats):
        report.rows.append(await _once(jobs, longest=60.0 if size == "full" else 4.0))
    first = median(row["first reading after ready s"] for row in report.rows)
    report.at_most("first reading after ready", first, GOAL_S, "s")
    report.at_least("delivered, of all", median(row["delivered"] for row in report.rows) / jobs, 1.0)
    report.note("all delivered", median(row["all delivered s"] for row in report.rows), "s")
    return report


async def _once(jobs: int, *, longest: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            FakeDiscord(oracle=False) as fake,
            distant(jobs, shortest=3, longest=longest) as upstream,
            addresses_kept(),
        ):
            settings = distant_settings(
                upstream.origin,
                Path(folder),
                DISCORD_TOKEN=fake.token,
                DISCORD_API=fake.api,
                DISCORD_GATEWAY=fake.gateway,
            )
            await _seed(settings.database, fake, upstream.tasks)
            began = time.monotonic()
            async with assemble(settings) as app:
                tracker = app.services.worker.trackers["default"]
                api = NotingApi(tracker.api)
                tracker.api = api
                app.services.worker.delivery.pictures = ReadyPictures()
                run = asyncio.create_task(app.run())
                await fake.ready()
                ready = time.monotonic()
                held = await _held(app, jobs)
                delivered, last = await _delivered(app, jobs)
                app.stopping.set()
                await run
            posted = sum(len(fake.messages(channel)) for channel in list(fake.world.channels.values()))
    assert api.first_at is not None
    return {
        "jobs": jobs,
        "ready s": round(ready - began, 2),
        "first reading s": round(api.first_at - began, 2),
        "first reading after ready s": round(api.first_at - ready, 2),
        "all held s": round(held - began, 2),
        "delivered": delivered,
        "messages": posted,
        "all delivered s": round(last - began, 1),
        "readings a job": round(api.reads / jobs, 3),
    }


async def _seed(database: str, fake: FakeDiscord, tasks: list[int]) -> None:
    now = time.time_ns() // 1_000_000
    channels = [fake.add_channel(f"studio-{n}") for n in range(CHANNELS)]
    found = [
        running(
            now,
            task,
            user_id=fake.user.id,
            reply=ReplyTarget(
                channel_id=channels[n % CHANNELS].id,
                guild_id=fake.guild.id,
                application_id=fake.application_id,
                token=None,
                token_until=0,
                message_id=None,
            ),
        )
        for n, task in enumerate(tasks)
    ]
    async with open_storage(database, migrate=True) as storage:
        await write(storage.database, found)


async def _count(app: App, column: str) -> int:
    query = select(func.count()).where(table.c[column].is_not(None))
    return int(await app.storage.database.read(lambda cn: cn.execute(query).scalar_one()))


async def _held(app: App, jobs: int) -> float:
    """When each job was in this process's hands, or already delivered by it."""
    while await _count(app, "owner") + await _count(app, "delivered_at") < jobs:  # noqa: ASYNC110 - the rows tell nobody
        await asyncio.sleep(0.02)
    return time.monotonic()


async def _delivered(app: App, jobs: int, *, within: float = 900.0) -> tuple[int, float]:
    """How many were delivered, and when the last was."""
    end = time.monotonic() + within
    while (count := await _count(app, "delivered_at")) < jobs and time.monotonic() < end:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.2)
    return count, time.monotonic()
