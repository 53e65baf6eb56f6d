"""Small pictures beside the entries of a list: read from the jobs' cards, together and in time, and remembered a while.
Never here: drawing the list, and the pictures' bytes."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from cachetools import TLRUCache

from bot.domain.jobs import JobState
from bot.errors import RetryLater, RouteClosed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock, Publisher

log = logging.getLogger(__name__)

PATIENCE_S: Final = 2.0
"""A list without thumbnails is better than one that is late."""
KNOWN_LIMIT: Final = 5_000
LIFE_MS: Final = 3_600_000
"""For how long an address is believed that does not say itself when it ends."""
MARGIN_MS: Final = 60_000
MOVING: Final = (".mp4", ".webm", ".mov")
"""What Discord shows in a gallery and not as a thumbnail."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Thumbnails:
    """Knows where the pictures of cards are. Discord's addresses are signed and end: each is read from its message."""

    publisher: Publisher
    clock: Clock
    _known: TLRUCache[int, str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._known = TLRUCache(KNOWN_LIMIT, _end_of, self.clock.now)

    async def of(self, jobs: Sequence[Job]) -> dict[JobKey, str]:
        """The addresses of what these jobs' cards show, as far as they are to be had in time. Raises nothing."""
        asked = {
            asyncio.create_task(self._address(job.reply.channel_id, job.reply.message_id)): job.key
            for job in jobs
            if job.state is JobState.SUCCEEDED and job.reply.message_id is not None
        }
        if not asked:
            return {}
        done, late = await asyncio.wait(asked, timeout=PATIENCE_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        found = {asked[task]: task.result() for task in done}
        return {key: address for key, address in found.items() if address is not None}

    async def _address(self, channel_id: int, message_id: int) -> str | None:
        known = self._known.get(message_id)
        if known is not None:
            return known
        try:
            address = await self.publisher.picture_url(channel_id, message_id)
        except (RouteClosed, RetryLater) as trouble:
            log.info("thumbnail_not_read", extra={"card": message_id, "reason": trouble.reason})
            return None
        if address is None or urlsplit(address).path.lower().endswith(MOVING):
            return None
        self._known[message_id] = address
        return address


def _end_of(_message_id: int, address: str, now: int) -> int:
    """Until when an address is believed: `ex` has the seconds since 1970 at which it ends, in hexadecimal."""
    try:
        end = int(parse_qs(urlsplit(address).query)["ex"][0], 16) * 1_000
    except (KeyError, ValueError):
        end = now + LIFE_MS
    return end - MARGIN_MS
