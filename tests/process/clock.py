"""A clock that passes only when somebody pauses, so that hours of waiting are tested in no time.
Never here: what waits."""

from __future__ import annotations

import asyncio


class Idle:
    """Time goes on by pauses alone; each is remembered."""

    def __init__(self, now: int = 1_800_000_000_000) -> None:
        self.time = now
        self.pauses: list[float] = []

    def now(self) -> int:
        """The time."""
        return self.time

    async def pause(self, seconds: float, wake: asyncio.Event | None = None) -> bool:
        """Let it pass, unless somebody has called already."""
        await asyncio.sleep(0)
        if wake is not None and wake.is_set():
            return True
        self.pauses.append(seconds)
        self.time += round(seconds * 1_000)
        return False
