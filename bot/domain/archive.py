"""Jobs as people look for them, page by page.
Never here: how one is read with its buttons, and who may see what.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.pools import Pool
    from bot.domain.ports import Load


@dataclass(frozen=True, slots=True)
class JobPage:
    """A part of a long list of jobs."""

    jobs: Sequence[Job]
    total: int
    """How many there are on all pages."""


class JobArchive(Protocol):
    """Jobs as people look for them. Every method raises `StorageTrouble`; none reads actions, which `JobStore.get` does."""

    async def page(self, user_id: int, guild_id: int, *, skip: int, limit: int) -> JobPage:
        """A member's jobs in a server, the newest first."""

    async def finished(self, user_id: int, guild_id: int, *, limit: int) -> Sequence[Job]:
        """A member's latest jobs in a server that brought a picture, the newest first."""

    async def live(self, guild_id: int, *, user_id: int | None = None, limit: int) -> Sequence[Job]:
        """Unfinished jobs of a server, or of one member there, the oldest first."""

    async def load(self, guild_id: int) -> dict[Pool, Load]:
        """What waits and runs in each pool for a server's members."""

    async def children(self, parent: JobKey, *, limit: int) -> Sequence[Job]:
        """What was made from a job with its buttons, the oldest first."""

    async def shown_at(self, key: JobKey) -> Sequence[tuple[int, int]]:
        """The messages in which a job was shown for all to see, each with its channel: its card's, and those before it."""
