"""How soon an interaction gets its first answer while the image API hangs, next to a bot that only defers (design §9).
Never here: what comes after the first answer."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.sandbox.upstream import Fault, SimulatedUpstream
from tests.bench.bot_harness import moments
from tests.bench.programs import EASEL, bare, cpu_s, environ_of, running
from tests.bench.report import Report, median, percentile
from tests.fakes.discord_wire import FakeDiscord

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator

    from tests.fakes.discord_wire import Interaction

PER_SECOND = 50
AT_ONCE = 200
REPEATS = 3
GOAL_RATIO, GOAL_MS, GOAL_STEP_MS = 2.0, 1000.0, 10.0
WAIT_S = 60.0


async def measure(size: str) -> Report:
    """Measure."""
    report = Report(
        "answer",
        f"/imagine until its first answer is there, {PER_SECOND} a second at random moments and {AT_ONCE} at once; the image "
        "API accepts connections and never answers. Both bots are processes of their own; the double of Discord and its "
        "people are another, whose own work is in the times of both. A step is what the event loop runs without a pause, "
        "in processor time of its thread, from connecting on, in one more run that is not timed otherwise.",
        size,
    )
    full = size == "full"
    repeats, seconds, at_once = (REPEATS, 10.0, AT_ONCE) if full else (1, 0.4, 5)
    found: dict[str, list[list[float]]] = {}
    for turn in range(repeats):
        for name in ("bare", "easel"):
            async with _bot(name, full=full) as (fake, process):
                for load in ("steady", "burst"):
                    used = cpu_s(process.pid)
                    if load == "steady":
                        waits = await _steady(fake, seconds, seed=turn)
                    else:
                        waits = await _burst(fake, at_once)
                    _add(report, f"{name}, {load}", turn, waits, cpu_s(process.pid) - used)
                    found.setdefault(f"{name}, {load}", []).append([one * 1_000 for one in waits])
    for load in ("steady", "burst"):
        for share, name in ((0.5, "p50"), (0.99, "p99")):
            theirs, ours = (
                median(percentile(one, share) for one in found[f"{bot}, {load}"]) for bot in ("bare", "easel")
            )
            report.note(f"{load}: {name}, bare", theirs, "ms")
            report.note(f"{load}: {name}, easel", ours, "ms")
            if share > 0.9:
                report.at_most(f"{load}: p99, easel : bare", ours / theirs, GOAL_RATIO)
            else:
                report.note(f"{load}: p50, easel : bare", ours / theirs)
        slowest = max(max(one) for one in found[f"easel, {load}"])
        report.at_most(f"{load}: slowest answer of all, easel", slowest, GOAL_MS, "ms")
    longest = sorted(await _steps(seconds, at_once, full=full), reverse=True)[:8]
    report.at_most("longest step of the loop", longest[0][0] if longest else 0.0, GOAL_STEP_MS, "ms")
    for used, what in longest:
        report.note(f"step: {what[:60]}", used, "ms")
    return report


def _add(report: Report, name: str, turn: int, found: list[float], busy: float) -> None:
    report.rows.append(
        {
            "bot": name,
            "run": turn + 1,
            "interactions": len(found),
            "p50 ms": round(percentile(found, 0.5) * 1000, 1),
            "p90 ms": round(percentile(found, 0.9) * 1000, 1),
            "p99 ms": round(percentile(found, 0.99) * 1000, 1),
            "slowest ms": round(max(found) * 1000, 1),
            "cpu s": round(busy, 1),
        }
    )


async def _steady(fake: FakeDiscord, seconds: float, *, seed: int) -> list[float]:
    """Type commands for so long; how long each waited for its first answer."""
    dice = random.Random(seed)  # noqa: S311 - repeatable chance for a simulation
    asked: list[Interaction] = []
    began = time.monotonic()
    for at in moments(PER_SECOND, seconds, dice):
        await asyncio.sleep(max(0.0, began + at - time.monotonic()))
        asked.append(await fake.slash("imagine", {"prompt": f"heron {len(asked)}"}))
    return await _waits(fake, asked)


async def _burst(fake: FakeDiscord, many: int) -> list[float]:
    """The same for so many at once."""
    return await _waits(fake, [await fake.slash("imagine", {"prompt": f"crane {n}"}) for n in range(many)])


async def _waits(fake: FakeDiscord, asked: list[Interaction]) -> list[float]:
    await fake.until(lambda: all(one.answered_at is not None for one in asked), WAIT_S)
    return [(one.answered_at or float("inf")) - one.at for one in asked]


@asynccontextmanager
async def _bot(name: str, *, full: bool) -> AsyncIterator[tuple[FakeDiscord, Process]]:
    """One of the bots, and an image API that never answers."""
    with tempfile.TemporaryDirectory() as home:
        async with _doubles() as (fake, upstream):
            folder = Path(home)
            if name == "bare":
                async with running(fake, bare(fake), folder, {}) as process:
                    yield fake, process
                return
            environ = await _environ(fake, upstream, folder, full=full)
            async with running(fake, EASEL, folder, environ) as process:
                await asyncio.sleep(1)
                yield fake, process


async def _steps(seconds: float, at_once: int, *, full: bool) -> list[tuple[float, str]]:
    """The steps of Easel's loop under the same load, in asyncio's own loop: libuv's shows none."""
    with tempfile.TemporaryDirectory() as home:
        async with _doubles() as (fake, upstream):
            folder = Path(home)
            environ = await _environ(fake, upstream, folder, full=full)
            told = folder / "steps.json"
            async with running(fake, ("-m", "tests.bench.watched_bot", str(told)), folder, environ):
                await asyncio.sleep(1)
                began = time.time()
                await _steady(fake, seconds, seed=0)
                await _burst(fake, at_once)
                ended = time.time()
            return [(used, what) for used, _, at, what in json.loads(told.read_text()) if began < at < ended]


@asynccontextmanager
async def _doubles() -> AsyncIterator[tuple[FakeDiscord, SimulatedUpstream]]:
    async with FakeDiscord(oracle=False) as fake, SimulatedUpstream() as upstream:
        upstream.fault(Fault.HANG_BEFORE, times=None)
        yield fake, upstream


async def _environ(
    fake: FakeDiscord, upstream: SimulatedUpstream, folder: Path, *, full: bool
) -> dict[str, str]:
    """Easel's environment; it has been started in it once, unless that hardly matters: that migrates and tells the commands."""
    environ = environ_of(fake, upstream, folder, MAX_RUNNING="1000")
    if full:
        async with running(fake, EASEL, folder, environ):
            pass
    return environ
