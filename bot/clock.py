"""The real clock, and a clock whose waits go through a guard.
Never here: schedules; those are pure and live in the domain."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.ports import Clock, Guard


class SystemClock:
    """UTC by the operating system."""

    def now(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    async def pause(self, seconds: float, wake: asyncio.Event | None = None) -> bool:
        """Sleep, or wait for `wake` at most so long; True if it was set."""
        if wake is None:
            await asyncio.sleep(seconds)
            return False
        try:
            async with asyncio.timeout(seconds):
                await wake.wait()
        except TimeoutError:
            return False
        return True


class GuardedClock:
    """Lets a guard know about every wait: a simulated Discord must tell a waiting bot from a busy one (design §7)."""

    def __init__(self, clock: Clock, guard: Guard) -> None:
        self._clock = clock
        self._guard = guard

    def now(self) -> int:
        """The inner clock's time."""
        return self._clock.now()

    async def pause(self, seconds: float, wake: asyncio.Event | None = None) -> bool:
        """The inner clock's wait, under guard."""
        return await self._guard(self._clock.pause(seconds, wake), "pause")
