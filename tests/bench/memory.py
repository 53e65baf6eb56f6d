"""Whether memory grows while a steady crowd draws for an hour: samples, a plot, and what the last minutes have over the first.
Never here: what many jobs at once take (that is `flight`)."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from bot.domain.jobs import JobState
from bot.storage.opening import open_storage
from tests.bench.crowd import Crowd
from tests.bench.flight import resident_mb
from tests.bench.plot import plot
from tests.bench.report import Report, median
from tests.bench.rows import a_job, write

if TYPE_CHECKING:
    from tests.services.harness import Message

MINUTES = {"full": 60, "smoke": 4}
LIVE = {"full": 20, "smoke": 3}
OLD = {"full": 20_000, "smoke": 20}
"""Delivered jobs of the past, which SQLite's caches fill up with from the first minute."""
KEPT_MS = 300_000
"""So long the doubles remember."""
GOAL = 1.02


class _Messages(list["Message"]):
    """Messages that can be forgotten while their ids, which are counted from how many there were, go on."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    @override
    def append(self, one: Message, /) -> None:
        self._count += 1
        super().append(one)

    @override
    def __len__(self) -> int:
        return self._count


class ForgetfulCrowd(Crowd):
    """Everything around the bot forgets what has ended, so that only the bot can grow."""

    @override
    async def open(self) -> None:
        self.discord.messages = _Messages()
        await super().open()

    async def minute(self) -> int:
        """Let a minute pass; how many outcomes were shown in it."""
        await self._live(60)
        finished = len(self.noting.outcomes)
        self.busy.forget(self.clock.now() - KEPT_MS)
        for kept in (self.noting.outcomes, self.effects.names, self.fetches, self.discord.edits):
            kept.clear()
        since = self.clock.now() - KEPT_MS
        self.discord.messages[:] = [one for one in self.discord.messages if one.at > since]
        return finished


async def measure(size: str) -> Report:
    """Measure."""
    minutes, live = MINUTES[size], LIVE[size]
    report = Report(
        "memory",
        f"{minutes} minutes of virtual time with {live} pictures always in the making, each of a new member, webhooks "
        f"on, over a SQLite file that holds {OLD[size]:,} jobs of the past. What the doubles remember is forgotten "
        "each minute. Memory is the whole process's; objects are those that Python's collector follows.",
        size,
    )
    with tempfile.TemporaryDirectory() as folder:
        world = ForgetfulCrowd(Path(folder), size=live, webhooks=True)
        await _past(world, OLD[size])
        await world.boot()
        try:
            for minute in range(1, minutes + 1):
                finished = await world.minute()
                gc.collect()
                found = {"MB": round(resident_mb(), 2), "objects": len(gc.get_objects())}
                report.rows.append({"minute": minute, "finished": finished} | found)
        finally:
            await world.kill()
    tenth = max(1, minutes // 6)
    for what in ("MB", "objects"):
        values = [float(row[what]) for row in report.rows]
        first, last = values[tenth : 2 * tenth], values[-tenth:]
        report.at_most(f"{what}: last ten minutes : second ten minutes", median(last) / median(first), GOAL)
    report.note("pictures", sum(row["finished"] for row in report.rows))
    title = f"Memory of the process, {live} pictures always in the making"
    points = [(row["minute"], row["MB"]) for row in report.rows]
    plot(f"memory{'' if size == 'full' else '-' + size}", title, points, across="minutes", up="MB")
    return report


async def _past(world: Crowd, count: int) -> None:
    at = world.clock.now() - 3_600_000
    async with open_storage(world.url, migrate=True) as storage:
        old = [a_job(at, state=JobState.SUCCEEDED, finished_at=at, delivered_at=at) for _ in range(count)]
        await write(storage.database, old)
