"""Who goes first on the way to Discord: results before progress, and few at a time into one channel.
Never here: what is shown, and how long Discord's limits are."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.domain.jobs import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.domain.jobs import Job

IN_A_CHANNEL: Final = 2
"""Results on their way into one channel: more would wait at its limit, and keep others' from being carried."""
MANY: Final = 16
"""With so many results on their way or waiting, progress waits in every channel."""


@dataclass(slots=True, eq=False, repr=False)
class ChannelSlots:
    """Outcomes that want to be shown now, by channel."""

    _results: Counter[int] = field(init=False, default_factory=Counter)
    _places: dict[int, asyncio.Semaphore] = field(init=False, default_factory=dict)

    @asynccontextmanager
    async def of(self, job: Job, now: int) -> AsyncIterator[None]:
        """Wait for a turn to show an outcome; progress gives way meanwhile.

        What an interaction's token edits knows no limit of its channel, and waits for nobody.
        """
        channel = job.reply.channel_id
        self._results[channel] += 1
        try:
            if job.reply.open_routes(now)[0] is Route.REPLY:
                yield
            else:
                async with self._places.setdefault(channel, asyncio.Semaphore(IN_A_CHANNEL)):
                    yield
        finally:
            self._results[channel] -= 1
            if not self._results[channel]:
                del self._results[channel]
                self._places.pop(channel, None)

    def progress_may_pass(self, channel: int) -> bool:
        """Whether progress takes nothing away from a result."""
        return channel not in self._results and self._results.total() < MANY
