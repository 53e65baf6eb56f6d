"""One at a time in a channel: Discord counts what the bot edits and posts in each, and refuses what comes at once.
Never here: what is sent, and who goes first (the services keep that)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class ChannelLocks:
    """Keeps order in each channel. discord.py learns a channel's limit from an answer, so the first burst would
    be refused if it went out all at once."""

    def __init__(self) -> None:
        self._locks: dict[int, asyncio.Lock] = {}
        self._inside: dict[int, int] = {}

    @asynccontextmanager
    async def turn(self, channel_id: int) -> AsyncIterator[None]:
        """Wait for the channel's turn, first come, first served."""
        lock = self._locks.setdefault(channel_id, asyncio.Lock())
        self._inside[channel_id] = self._inside.get(channel_id, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._inside[channel_id] -= 1
            if not self._inside[channel_id]:  # nobody is left to keep order among
                del self._inside[channel_id], self._locks[channel_id]
