"""Whether a result comes as a message of its own, which pings: the member's choice, else the server's, else the usual.
Never here: sending it, and how long a job took."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.people import NEVER
from bot.domain.schedule import SECOND
from bot.errors import StorageTrouble

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.domain.people import PreferenceStore
    from bot.domain.servers.guild_ports import SettingsStore

log = logging.getLogger(__name__)

NEWS_AFTER: Final = 60
"""Seconds: who waited longer looks elsewhere, and does not see an edit."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class News:
    """Answers from what is stored, for each result anew."""

    people: PreferenceStore
    settings: SettingsStore
    usual: int | None
    """In seconds, for servers that decided nothing; None: never."""

    async def is_news(self, job: Job, took_ms: int) -> bool:
        """Whether a result that took so long is told with a new message. Never raises: an edit is always good enough."""
        try:
            after = (await self.people.preferences(job.user_id)).news_after
            if after is None and job.home is not None:
                after = (await self.settings.settings(job.home)).news_after
        except StorageTrouble as trouble:
            log.warning("news_not_decided", extra={"job": job.key, "reason": str(trouble)})
            return False
        after = self.usual if after is None else after
        return after is not None and after != NEVER and took_ms >= after * SECOND
