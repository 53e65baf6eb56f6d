"""Who looks at jobs, or looks after them, and which of them are theirs to see and to change.
Never here: asking for new ones (that is `asker`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody who looks at jobs or looks after them, as Discord described them with this very interaction."""

    user_id: int
    guild_id: int | None
    """None in direct messages."""
    manages: bool
    """Whether they may manage this server."""

    def owns(self, job: Job) -> bool:
        """Whether they asked for it."""
        return job.user_id == self.user_id

    def sees(self, job: Job) -> bool:
        """Whether it belongs to the place where they are: this server, or their own direct messages."""
        return self.owns(job) if self.guild_id is None else job.home == self.guild_id

    def may_look_after(self, job: Job) -> bool:
        """Whether they may cancel, bring back or take down what is theirs, or their server's."""
        return self.sees(job) and (self.owns(job) or self.manages)
