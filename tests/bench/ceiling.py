"""Many pictures at once under Discord's limits: no 429, the ceiling used, results before progress (design §9).
Never here: how the double counts; its limits are Discord's as far as known (discord.py facts §3.6)."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.jobs import ReplyTarget
from bot.sandbox.app import settings_for
from bot.sandbox.upstream import SimulatedUpstream
from bot.sandbox.upstream.submissions import Ask
from bot.storage.opening import open_storage
from tests.bench.programs import EASEL, environ_of, running
from tests.bench.report import Report
from tests.bench.rows import running as running_job
from tests.bench.rows import write
from tests.fakes.discord_wire import FakeDiscord, Limits

if TYPE_CHECKING:
    from tests.fakes.discord_traffic import RequestRecord

WHOLE_PER_S = 50.0
"""Discord's limit for a bot."""
CHANNEL_PER_S = 1.0
"""Five edits in five seconds in one channel."""
BURST = 2
GOAL_SHARE = 0.95
CARD = {"flags": 1 << 15, "components": [{"type": 10, "content": "…"}]}


async def measure(size: str) -> Report:
    """Measure."""
    report = Report(
        "ceiling",
        "Cards that are edited with the bot's own token (the interactions' tokens have ended), over a real wire to "
        "the double of Discord with its limits on: 50 requests a second, and 5 edits in 5 s in each channel. All "
        "results are there at once, while as many other jobs make progress and somebody types a command twice a second. "
        "The bot is a process of its own.",
        size,
    )
    full = size == "full"
    for results, channels, per_s in (
        (200 if full else 8, 1, CHANNEL_PER_S),
        (500 if full else 12, 250 if full else 6, WHOLE_PER_S),
    ):
        await _one(report, results, channels, per_s, limits=Limits() if full else Limits(seconds=0.5))
    return report


async def _one(report: Report, results: int, channels: int, per_s: float, *, limits: Limits) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            FakeDiscord(oracle=False, rate_limits=limits) as fake,
            SimulatedUpstream(manual=True, canvas=64) as upstream,
        ):
            tasks = await _seed(fake, upstream, Path(folder), 2 * results, channels)
            ending, going = tasks[:results], tasks[results:]
            for task in ending:
                upstream.finish(task)
            await _paint_once(upstream)
            environ = environ_of(fake, upstream, Path(folder), READS_PER_SECOND="50", MAX_RUNNING="1000")
            async with running(fake, EASEL, Path(folder), environ):
                beside = [asyncio.create_task(_move(upstream, going)), asyncio.create_task(_type(fake))]
                with suppress(AssertionError):
                    await fake.until(lambda: len(_results(fake)) >= results, 60 + 1.5 * results / per_s)
                for one in beside:
                    one.cancel()
            _judge(report, fake, results, channels, per_s)


def _results(fake: FakeDiscord) -> list[RequestRecord]:
    return [one for one in fake.requests if one.files and one.status == 200]


def _judge(report: Report, fake: FakeDiscord, results: int, channels: int, per_s: float) -> None:
    shown = _results(fake)
    began, ended = min(one.at for one in shown), max(one.at for one in shown)
    edits = [one for one in fake.requests if one.method == "PATCH" and "/messages/" in one.path]
    progress = [one for one in edits if not one.files and began <= one.at <= ended and one.status == 200]
    # The first few come at once, whatever the limit.
    share = (len(shown) - BURST) / per_s / max(ended - began, 1e-9)
    report.rows.append(
        {
            "results": results,
            "channels": channels,
            "shown": len(shown),
            "seconds": round(ended - began, 1),
            "results a second": round(len(shown) / max(ended - began, 1e-9), 2),
            "ceiling": per_s,
            "progress edits meanwhile": len(progress),
            "other requests": sum(began <= one.at <= ended for one in fake.requests)
            - len(shown)
            - len(progress),
            "commands answered": sum("/callback" in one.path for one in fake.requests),
            "429": len(fake.rate_limited),
        }
    )
    where = "one channel" if channels == 1 else f"{channels} channels"
    report.at_least(f"share of the ceiling used by results, {where}", share, GOAL_SHARE)
    report.at_most(f"refusals (429), {where}", len(fake.rate_limited), 0)


async def _move(upstream: SimulatedUpstream, tasks: list[int]) -> None:
    """Let the other jobs make progress, each a little every few seconds."""
    percent = 10
    while True:
        for task in tasks:
            upstream.progress(task, percent)
        percent = min(99, percent + 3)
        await asyncio.sleep(3)


async def _paint_once(upstream: SimulatedUpstream) -> None:
    """The double takes a sixth of a second for a picture; here it is Discord's limits that are to be met."""
    gallery = upstream._gallery
    drawn = await gallery._draw(upstream.tasks[0], None)
    gallery._draw_now = lambda _task, _percent: drawn  # type: ignore[method-assign,assignment]  # one for all


async def _type(fake: FakeDiscord) -> None:
    """Somebody types beside: their answers go by their tokens."""
    for number in itertools.count():
        await fake.slash("imagine", {"prompt": f"beside {number}"})
        await asyncio.sleep(0.5)


async def _seed(
    fake: FakeDiscord, upstream: SimulatedUpstream, folder: Path, jobs: int, channels: int
) -> list[int]:
    """So many jobs upstream and in the database, each with a card in one of the channels."""
    account = next(iter(upstream.service.accounts.keys.values())).account
    for number in range(jobs):
        fields = {"type": "NORMAL", "prompt": f"a heron in the reeds, number {number}"}
        await upstream._submissions.imagine(Ask(account, "imagine", fields))
    tasks = [task.id for task in upstream.tasks]
    places = [fake.add_channel(f"studio-{n}") for n in range(channels)]
    now = time.time_ns() // 1_000_000
    rows = []
    for n, task in enumerate(tasks):
        place = places[n % channels]
        reply = ReplyTarget(
            channel_id=place.id,
            guild_id=fake.guild.id,
            application_id=fake.application_id,
            token=None,
            token_until=0,
            message_id=fake._writer.create(place, CARD).id,
            message_at=now,
        )
        rows.append(running_job(now, task, user_id=fake.user.id, reply=reply))
    async with open_storage(settings_for(upstream, folder / "easel.db").database, migrate=True) as storage:
        await write(storage.database, rows)
    return tasks
