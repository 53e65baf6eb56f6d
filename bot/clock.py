"""The real clock, a clock whose waits go through a guard, and whoever notices that the clock was set.
Never here: schedules; those are pure and live in the domain."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final, NoReturn

from bot.errors import StorageTrouble

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain.ports import Clock, Guard

log = logging.getLogger(__name__)

LOOK_S: Final = 2.0
LONG_S: Final = 3_600.0
STEP_MS: Final = 3_000
"""A clock that runs a little fast or slow is none that was set."""


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


async def idle(clock: Clock) -> NoReturn:
    """Do nothing for ever: a part that has done its work must not end, and a guard knows of its waiting."""
    while True:
        await clock.pause(LONG_S)


class ClockWatch:
    """Notices a clock that was set: what is written down as due in the future may be years away, or passed over."""

    def __init__(
        self,
        clock: Clock,
        stepped: Callable[[int, int], Awaitable[None]],
        *,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`stepped` is told the time and by how many milliseconds it was set: less than 0 for back, 0 where nobody knows."""
        self._clock = clock
        self._stepped = stepped
        self._steady = steady

    async def run(self) -> None:
        """Watch for ever. Once at the start, too: the clock may have been set while the program did not run."""
        await self._notify(0)
        while True:
            before, steady = self._clock.now(), self._steady()
            await self._clock.pause(LOOK_S)
            now = self._clock.now()
            step = now - before - round((self._steady() - steady) * 1_000)
            if abs(step) >= STEP_MS:
                log.warning("clock_stepped", extra={"by_s": step / 1_000})
                await self._notify(step)

    async def _notify(self, by_ms: int) -> None:
        try:
            await self._stepped(self._clock.now(), by_ms)
        except StorageTrouble as trouble:
            log.warning("due_times_not_pulled_in", extra={"reason": str(trouble)})
