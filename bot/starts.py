"""Discord's thousand starts a day: a program that dies again and again waits longer each time, across restarts.
Never here: the connection itself."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Final

import aiohttp
import discord

from bot.clock import idle
from bot.domain.schedule import DAY
from bot.errors import StorageTrouble

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from bot.client import Meta
    from bot.domain.ports import Clock
    from bot.metrics import Meters

log = logging.getLogger(__name__)

FREE: Final = 20
"""Starts within a day that ended badly and cost no waiting: an owner may try things."""
FIRST_PAUSE_S: Final = 10.0
LONGEST_PAUSE_S: Final = 900.0
"""At this pace a day has 96 starts; with the free ones and the growing pauses before, some 125 of the 1,000."""
CALM_S: Final = 600.0
"""A process that lived so long did not die of its start."""
SOONEST_S: Final = 60.0


class Starts:
    """Waits before the gateway is asked for, and keeps what earlier starts came to."""

    def __init__(self, *, meta: Meta, clock: Clock, meters: Meters, shards: Sequence[int] | None) -> None:
        self._meta = meta
        self._clock = clock
        self._meters = meters
        self._name = "starts/" + ("all" if shards is None else ",".join(map(str, shards)))
        self._shards = 1 if shards is None else len(shards)
        self.waiting: str | None = None
        """Why the gateway is not asked for yet."""

    async def wait(self, client: discord.AutoShardedClient, stopping: asyncio.Event) -> None:
        """Return when the client may identify, or when the process stops."""
        await self._pause(await self._penalty(), "start_delayed", "too many starts ended badly", stopping)
        while not stopping.is_set():
            pause = await self._budget(client)
            if not pause:
                break
            await self._pause(pause, "start_budget_spent", "Discord allows no more starts today", stopping)

    async def reset(self) -> None:
        """Count from zero again: this start ended well, or has lived long."""
        try:
            await self._meta.set(self._name, "[]")
        except StorageTrouble as trouble:
            log.warning("starts_not_forgotten", extra={"reason": str(trouble)})

    async def watch(self) -> None:
        """Run for ever: after ten minutes this start was a good one."""
        await self._clock.pause(CALM_S)
        await self.reset()
        await idle(self._clock)

    async def _penalty(self) -> float:
        now = self._clock.now()
        try:
            stored = await self._meta.get(self._name)
            earlier = [at for at in _read(stored) if now - DAY < at <= now]
            await self._meta.set(self._name, json.dumps([*earlier, now]))
        except StorageTrouble as trouble:
            log.warning("starts_not_counted", extra={"reason": str(trouble)})
            return 0.0
        over = len(earlier) - FREE
        return 0.0 if over < 0 else min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(over, 10))

    async def _budget(self, client: discord.AutoShardedClient) -> float:
        """Seconds until Discord allows this start; asking costs nothing."""
        try:
            limits = await client.fetch_session_start_limits()
        except (
            discord.HTTPException,
            discord.GatewayNotFound,
            aiohttp.ClientError,
            OSError,
            KeyError,
            TypeError,
        ):
            return 0.0  # connecting will meet the same trouble, and says it; a gateway's proxy may know no budget
        self._meters.level("starts_left", limits.remaining)
        if limits.remaining >= self._shards:
            return 0.0
        return max(SOONEST_S, limits.reset_after / 1_000)

    async def _pause(self, seconds: float, event: str, why: str, stopping: asyncio.Event) -> None:
        if seconds <= 0:
            return
        self.waiting = why
        log.error(event, extra={"reason": why, "seconds": round(seconds)})
        await self._clock.pause(seconds, stopping)
        self.waiting = None


def _read(stored: str | None) -> list[int]:
    try:
        found = json.loads(stored or "[]")
        return [at for at in found if isinstance(at, int)]
    except (ValueError, TypeError):
        return []
