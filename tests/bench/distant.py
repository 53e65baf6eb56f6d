"""The simulated API in a process of its own, with thousands of tasks already running, so that its work is not counted.
Never here: figures."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from bot.sandbox.upstream import Pace, SimulatedUpstream
from bot.sandbox.upstream.submissions import Ask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Distant:
    """Where it is, and which tasks run there, the oldest first."""

    origin: str
    tasks: list[int]


@asynccontextmanager
async def distant(count: int, *, shortest: float, longest: float) -> AsyncIterator[Distant]:
    """Begin the process; its tasks end, evenly spread, so many seconds from now."""
    arguments = ("-m", __name__, str(count), str(shortest), str(longest))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        told = json.loads(await process.stdout.readline())
        yield Distant(told["origin"], told["tasks"])
    finally:
        process.stdin.close()
        await process.wait()


async def _serve(count: int, shortest: float, longest: float) -> None:
    dice = random.Random(1)  # noqa: S311 - repeatable chance for a simulation
    pace = Pace(normal=(shortest + longest) / 2, fast=(shortest + longest) / 2)
    async with SimulatedUpstream(pace=pace, canvas=64) as upstream:
        # 100 CNY would not pay for all of it.
        upstream.service.accounts.balances.update(
            dict.fromkeys(upstream.service.accounts.balances, Decimal(10**12))
        )
        book, account = upstream.service.book, next(iter(upstream.service.accounts.keys.values())).account
        for number in range(count):
            fields = {"type": "NORMAL", "prompt": f"a heron in the reeds, number {number} --ar 3:2"}
            await upstream._submissions.imagine(Ask(account, "imagine", fields))
        now = book.now
        for task in book.tasks:
            left = dice.uniform(shortest, longest)
            # It began some time ago, so that it has something to show from the first reading on.
            past = dice.uniform(0, longest)
            task.submitted, task.ready, task.seconds = now - past, now - past, past + left
        told = {"origin": upstream.origin, "tasks": [task.id for task in book.tasks]}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)  # the other side closes it when it is done


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
