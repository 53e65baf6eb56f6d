"""What thousands of jobs in flight cost one process: memory and processor (design §9).
Never here: Discord's own work; cards go to a publisher that takes as long as Discord and does nothing."""

from __future__ import annotations

import asyncio
import gc
import re
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast
from unittest.mock import patch

import bot.app
from bot.app import assemble
from bot.domain.ports import CardLocation
from bot.services.wiring import build
from bot.storage.opening import open_storage
from tests.bench.bot_harness import ReadyPictures, distant_settings
from tests.bench.distant import distant
from tests.bench.report import Report
from tests.bench.rows import running, write
from tests.fixtures.ports import free_port

if TYPE_CHECKING:
    from typing import Any

    from bot.domain.jobs import Job, Route
    from bot.domain.ports import Picture, Publisher, Showing
    from bot.process import App
    from bot.services.process import Ports, Terms
    from bot.services.wiring import Services

GOAL_MB, GOAL_CORES = 100.0, 0.5
ANSWER_S = 0.1
"""How long Discord takes for an edit."""


class FarPublisher:
    """Takes the time of a call to Discord and shows nothing."""

    def __init__(self) -> None:
        self.progress = self.outcomes = 0

    async def show(self, showing: Showing, route: Route, *, picture: Picture | None) -> CardLocation:
        """Wait as if."""
        del route, picture
        await asyncio.sleep(ANSWER_S)
        if showing.job.is_terminal:
            self.outcomes += 1
        else:
            self.progress += 1
        reply = showing.job.reply
        return CardLocation(reply.channel_id, reply.message_id or 1, showing.now)

    async def find(self, job: Job) -> CardLocation | None:
        """Nothing is ever there."""
        del job
        return None


async def measure(size: str) -> Report:
    """Measure."""
    jobs, seconds, reads_per_second = (10_000, 60.0, 40) if size == "full" else (50, 1.0, 40)
    report = Report(
        "flight",
        f"{jobs:,} jobs upstream of one process, over a real database and real HTTP to a simulated API in a process "
        f"of its own, {reads_per_second} readings a second; tasks end within 10 minutes, evenly. Memory is that of "
        f"the whole process; the processor's share is over {seconds:g} s of real time once all are claimed. "
        "Discord is a publisher that waits 100 ms.",
        size,
    )
    publisher = FarPublisher()
    with tempfile.TemporaryDirectory() as folder:
        async with distant(jobs, shortest=1, longest=600) as upstream:
            settings = distant_settings(
                upstream.origin,
                Path(folder),
                READS_PER_SECOND=str(reads_per_second),
                HEALTH_LISTEN=f"127.0.0.1:{free_port()}",  # where meters can be read, they are counted
            )
            await seed(settings.database, upstream.tasks)
            gc.collect()
            before = resident_mb()
            with patch.object(bot.app, "build", _building(publisher)):
                async with assemble(settings) as app:
                    await app.start_workers()
                    claimed_s = await claimed(app, jobs)
                    tracker = app.services.worker.trackers["default"]
                    held, shown = len(tracker), publisher.progress + publisher.outcomes
                    busy, began = time.process_time(), time.monotonic()
                    most, reads = 0.0, _reads(app)
                    while time.monotonic() - began < seconds:
                        await asyncio.sleep(min(1.0, seconds))
                        most = max(most, resident_mb())
                    took, busy = time.monotonic() - began, time.process_time() - busy
                    shown = publisher.progress + publisher.outcomes - shown
                    reads = _reads(app) - reads
                    app.supervisor.stopping()
                    await app.services.worker.stop(within=1)
    report.rows.append(
        {
            "jobs": jobs,
            "held at the start": held,
            "all claimed after s": round(claimed_s, 1),
            "memory before MB": round(before),
            "most MB": round(most),
            "grown MB": round(most - before),
            "cores": round(busy / took, 2),
            "readings": reads,
            "cards shown": shown,
            "of them outcomes": publisher.outcomes,
        }
    )
    report.at_most(f"memory of {jobs:,} live jobs, on top of idle", most - before, GOAL_MB, "MB")
    report.at_most("cores", busy / took, GOAL_CORES)
    return report


def _building(publisher: FarPublisher) -> Any:
    def with_it(ports: Ports, terms: Terms, **more: Any) -> Services:
        return build(
            replace(ports, publisher=cast("Publisher", publisher), pictures=ReadyPictures()), terms, **more
        )

    return with_it


def resident_mb() -> float:
    """What this process holds in memory (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024 / 1024


async def seed(database: str, tasks: list[int]) -> None:
    """Write a job for each of these tasks, as if they had been sent before a restart."""
    now = time.time_ns() // 1_000_000
    found = [running(now, task) for task in tasks]
    found = [
        replace(job, reply=replace(job.reply, message_id=n, message_at=now)) for n, job in enumerate(found, 1)
    ]
    async with open_storage(database, migrate=True) as storage:
        await write(storage.database, found)


def _reads(app: App) -> int:
    """Readings so far, as the meters have them."""
    found = re.findall(
        rb"^easel_upstream_reads_total\{.*\} ([0-9.e+]+)$", app.meters.exposition(), re.MULTILINE
    )
    return sum(int(float(one)) for one in found)


async def claimed(app: App, jobs: int) -> float:
    """Wait until all are followed, or have ended meanwhile; how long that took."""
    began = time.monotonic()
    tracker = app.services.worker.trackers["default"]
    seen = 0
    while seen < jobs * 0.99 and time.monotonic() - began < 120:
        seen = max(seen, len(tracker))
        await asyncio.sleep(0.05)
    return time.monotonic() - began
