"""How soon an interaction gets its first answer while the image API hangs, next to a bot that only defers (design §9).
Never here: what comes after the first answer."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.client import point_at
from bot.sandbox.upstream import Fault, SimulatedUpstream
from tests.bench.bot_harness import addresses_kept, easel, moments
from tests.bench.report import Report, median, percentile
from tests.fakes.discord_wire import FakeDiscord

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fakes.discord_wire import Interaction

PER_SECOND = 50
GOAL_RATIO, GOAL_MS = 2.0, 1000.0
WAIT_S = 20.0


async def measure(size: str) -> Report:
    """Measure."""
    report = Report(
        "answer",
        f"{PER_SECOND} /imagine a second, at random moments, until the first answer is there; the image API "
        "accepts connections and never answers. The bot, the double of Discord and its people share one process "
        "and one core, for both bots alike: their ratio counts, and the double's own work is in both.",
        size,
    )
    repeats, seconds = (3, 20.0) if size == "full" else (1, 0.4)
    easels: list[list[float]] = []
    bares: list[list[float]] = []
    for turn in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            for name, kept, bot in (("bare", bares, _bare()), ("easel", easels, _hanging(Path(folder)))):
                async with bot as fake:
                    before = time.process_time()
                    found = await _asked(fake, seconds, seed=turn)
                    _add(report, name, turn, found, time.process_time() - before)
                kept.append([one * 1000 for one in found])
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        ours = median(percentile(one, share) for one in easels)
        theirs = median(percentile(one, share) for one in bares)
        report.note(f"{name}, bare", theirs, "ms")
        report.note(f"{name}, easel", ours, "ms")
        if share > 0.9:
            report.at_most("p99, easel : bare", ours / theirs, GOAL_RATIO)
        else:
            report.note("p50, easel : bare", ours / theirs)
    report.at_most("slowest answer of all, easel", max(map(max, easels)), GOAL_MS, "ms")
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


async def _asked(fake: FakeDiscord, seconds: float, *, seed: int) -> list[float]:
    """Type commands for so long; how long each waited for its first answer."""
    dice = random.Random(seed)  # noqa: S311 - repeatable chance for a simulation
    asked: list[Interaction] = []
    began = time.monotonic()
    for at in moments(PER_SECOND, seconds, dice):
        await asyncio.sleep(max(0.0, began + at - time.monotonic()))
        asked.append(await fake.slash("imagine", {"prompt": f"heron {len(asked)}"}))
    await fake.until(lambda: all(one.answered_at is not None for one in asked[-200:]), WAIT_S)
    return [(one.answered_at or float("inf")) - one.at for one in asked]


@asynccontextmanager
async def _hanging(folder: Path) -> AsyncIterator[FakeDiscord]:
    """The real bot, and an image API that never answers."""
    async with FakeDiscord(oracle=False) as fake, SimulatedUpstream() as upstream:
        upstream.fault(Fault.HANG_BEFORE, times=None)
        async with easel(fake, upstream, folder):
            yield fake


@asynccontextmanager
async def _bare() -> AsyncIterator[FakeDiscord]:
    """A bot of discord.py's that has nothing to do but to defer."""
    async with FakeDiscord(oracle=False) as fake, addresses_kept():
        point_at(fake.api, fake.gateway)
        client = discord.AutoShardedClient(
            intents=discord.Intents(guilds=True), max_messages=None, chunk_guilds_at_startup=False
        )
        tree = app_commands.CommandTree(client)

        @tree.command(name="imagine", description="Nothing.")
        async def imagine(interaction: discord.Interaction, prompt: str) -> None:
            del prompt
            await interaction.response.defer(thinking=True)

        async def set_up() -> None:
            await tree.sync()

        client.setup_hook = set_up  # type: ignore[method-assign]  # the library offers this hook for replacement
        running = asyncio.create_task(client.start(fake.token), name="bare")
        try:
            await fake.ready()
            yield fake
        finally:
            await client.close()
            await asyncio.gather(running, return_exceptions=True)
