"""One at a time in a channel: Discord counts what the bot edits and posts in each, and refuses what comes at once.
Never here: what is sent, and the pace of progress (the services keep that)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from bot.errors import Later

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

IN_LINE: Final = 4
"""So many may wait in a channel; the next one comes back later instead of holding a hand of the worker."""
TURN_S: Final = 1.0
"""What one turn takes where a channel is busy: five edits in five seconds."""


class Lanes:
    """Keeps order in each channel. discord.py learns a channel's limit from an answer, so the first burst would
    be refused if it went out all at once."""

    def __init__(self) -> None:
        self._locks: dict[int, asyncio.Lock] = {}
        self._waiting: dict[int, int] = {}

    @asynccontextmanager
    async def turn(self, channel_id: int) -> AsyncIterator[None]:
        """Wait for the channel's turn; raises `Later` if too many wait already."""
        waiting = self._waiting.get(channel_id, 0)
        if waiting > IN_LINE:
            raise Later("channel_busy", delay=waiting * TURN_S)
        lock = self._locks.setdefault(channel_id, asyncio.Lock())
        self._waiting[channel_id] = waiting + 1
        try:
            async with lock:
                yield
        finally:
            self._waiting[channel_id] -= 1
            if not self._waiting[channel_id]:  # nobody is left to keep order among
                del self._waiting[channel_id], self._locks[channel_id]
