"""`python -m tests.bench.watched_bot FILE`: `easel run`, with every step of its event loop timed; FILE lists the longest at the end.
Never here: judging them."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

from bot.__main__ import main
from bot.cli import run

KEPT: Final = 30
SHORTEST_S: Final = 0.003
steps: list[tuple[float, float, float, str]] = []
"""Processor time of the loop's thread, wall time (both in ms), the moment in seconds since 1970, and what ran."""


def watch() -> None:
    """Time each callback; steps of a task are such. Processor time tells blocking from having to wait for a core."""
    run = asyncio.events.Handle._run

    def timed(handle: Any) -> None:
        wall, used = time.perf_counter(), time.thread_time()
        run(handle)
        wall, used = time.perf_counter() - wall, time.thread_time() - used
        if used > SHORTEST_S:
            steps.append((used * 1_000, wall * 1_000, time.time(), _named(handle)))

    asyncio.events.Handle._run = timed  # type: ignore[method-assign,assignment]  # any handle will do


def _named(handle: Any) -> str:
    task = getattr(handle._callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        coroutine: Any = task.get_coro()
        return f"{task.get_name()}: {getattr(coroutine, '__qualname__', coroutine)}"
    return str(handle._callback)[:120]


if __name__ == "__main__":
    told = Path(sys.argv[1])
    sys.argv = ["easel", "run"]
    watch()
    run.uvloop_factory = lambda: None  # whose steps are seen
    try:
        main()
    finally:
        told.write_text(json.dumps(steps))
