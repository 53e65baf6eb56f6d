"""Small things kept for one person: refused prompts for a while, favourites, copies of pictures yet to be handed over.
Never here: storage, and preferences (those are in `people`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.archive import JobPage
    from bot.domain.keys import JobKey
    from bot.domain.pools import Pool

DRAFT_LIFE_MS: Final = 15 * 60_000
"""For how long a refused prompt can be edited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A prompt that was refused before it became a job, to be edited and asked for again."""

    key: JobKey
    """A key of its own, of the same shape as a job's."""
    user_id: int
    guild_id: int | None
    """The server whose rules hold for it."""
    home_channel: int | None = None
    """The channel whose rules hold, where it is edited in direct messages."""
    prompt: str
    """As it was typed, with the options that were given beside it spelled out."""
    pool: Pool | None
    """The pool that was named; None: the usual one."""
    option_set: str | None
    borrowed: str = ""
    """Words in it that its writer was given, for which nobody is struck."""
    ancestor: JobKey | None = None
    """The job under whose card it was written: whoever may not press there may not send it either."""
    until: int


class PersonalItems(Protocol):
    """Small things kept for one person. Every method raises `StorageTrouble` and is one transaction."""

    async def keep_draft(self, draft: Draft) -> None:
        """Keep a refused prompt."""

    async def draft(self, key: JobKey) -> Draft | None:
        """Read one, however old."""

    async def tidy_drafts(self, now: int) -> int:
        """Delete those whose time is over; returns how many."""

    async def toggle_favourite(self, user_id: int, key: JobKey, guild_id: int | None, at: int) -> bool:
        """Make a job somebody's favourite, or not any more; returns whether it is one now."""

    async def favourites(self, user_id: int, guild_id: int, *, skip: int, limit: int) -> JobPage:
        """Somebody's favourites in a server, the latest added first."""

    async def enqueue_copy(self, key: JobKey, at: int) -> None:
        """Have a picture handed over to its requester besides; said twice, it is owed once."""

    async def claim_copies(self, now: int, *, lease_ms: int, limit: int) -> Sequence[tuple[JobKey, int]]:
        """Take what is owed and due, for a while, with the number of attempts, this one included."""

    async def remove_copy(self, key: JobKey) -> None:
        """It was handed over, or will never be."""
