"""How long after its success upstream a picture stands in the channel (design §9).
Never here: the transfer of the picture; pictures are there at once."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bot.sandbox.upstream import Pace, SimulatedUpstream
from tests.bench.bot_harness import easel, moments
from tests.bench.report import Report, median, percentile
from tests.fakes.discord_wire import FakeDiscord

if TYPE_CHECKING:
    from tests.fakes.discord_wire import Interaction

GOAL_S = 1.0
CHANNELS = 20


async def measure(size: str) -> Report:
    """Measure."""
    full = size == "full"
    report = Report(
        "lag",
        "Real HTTP to the simulated API, real webhooks, a real wire to the double of Discord, all in one process; "
        "from the task's end upstream to the finished card. 4 readings a second (the default). Included: the "
        "simulated API looks every 50 ms for webhooks to send.",
        size,
    )
    per_second, seconds, pace = (1.0, 60.0, Pace(speed=1.2)) if full else (20.0, 0.5, Pace(speed=40))
    for webhooks in (True, False) if full else (True,):
        runs = [
            await _run(webhooks=webhooks, per_second=per_second, seconds=seconds, pace=pace, seed=turn)
            for turn in range(2 if full else 1)
        ]
        for number, (lags, reads) in enumerate(runs):
            report.rows.append(
                {
                    "webhooks": "on" if webhooks else "off",
                    "run": number + 1,
                    "finished": len(lags),
                    "p50 s": round(percentile(lags, 0.5), 2),
                    "p99 s": round(percentile(lags, 0.99), 2),
                    "slowest s": round(max(lags), 2),
                    "readings a job": round(reads / len(lags), 2),
                }
            )
        p99 = median(percentile(lags, 0.99) for lags, _ in runs)
        report.note(
            f"p50, webhooks {'on' if webhooks else 'off'}",
            median(percentile(lags, 0.5) for lags, _ in runs),
            "s",
        )
        if webhooks:
            report.at_most("p99, webhooks on", p99, GOAL_S, "s")
        else:
            report.note("p99, webhooks off", p99, "s")
    return report


async def _run(
    *, webhooks: bool, per_second: float, seconds: float, pace: Pace, seed: int
) -> tuple[list[float], int]:
    """Let people imagine for so long; the lags of all pictures, and how many readings they took."""
    dice = random.Random(seed)  # noqa: S311 - repeatable chance for a simulation
    with tempfile.TemporaryDirectory() as folder:
        async with FakeDiscord(oracle=False) as fake, SimulatedUpstream(pace=pace, canvas=64) as upstream:
            channels = [fake.add_channel(f"studio-{n}") for n in range(CHANNELS)]
            async with easel(fake, upstream, Path(folder), webhooks=webhooks), asyncio.TaskGroup() as group:
                began = time.monotonic()
                waiting = []
                for number, at in enumerate(moments(per_second, seconds, dice)):
                    await asyncio.sleep(max(0.0, began + at - time.monotonic()))
                    prompt = f"heron {number:05d}"
                    pool = dice.choice(("NORMAL", "FAST"))
                    asked = await fake.slash(
                        "imagine", {"prompt": prompt, "pool": pool}, channel=dice.choice(channels)
                    )
                    waiting.append((prompt, group.create_task(_finished_at(fake, asked))))
                shown = {prompt: await finished for prompt, finished in waiting}
            ended = {task.prompt: task.finished or 0.0 for task in upstream.tasks}
            lags = [
                at - next(e for p, e in ended.items() if p and p.startswith(prompt))
                for prompt, at in shown.items()
            ]
            return lags, upstream.counts["query"] + upstream.counts["query-mj-tasks"]


async def _finished_at(fake: FakeDiscord, asked: Interaction) -> float:
    """When the card had its picture and its buttons."""

    def finished() -> bool:
        message = asked.message()
        return (
            message is not None
            and bool(message.shown)
            and bool(message.buttons)
            and message.buttons[0].label == "U1"
        )

    await fake.until(finished, 180.0)
    return time.time()
