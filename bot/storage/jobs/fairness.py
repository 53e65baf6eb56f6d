"""The order of the queue in plain words: who is sent next, so that nobody's hundred jobs stand before another's first.
Never here: SQL and clocks; a lane's jobs are given in the order of their turns, which the database keeps."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.keys import JobKey

# A job's turn is how many jobs its member would have upstream if it went next: who would have least goes first, so
# members take turns; of those with the same turn the oldest. `line_tables` says how the database keeps that.

Member = tuple[int, int | None]
"""A user in a server, or in direct messages."""


class Waiting(NamedTuple):
    """A queued job, as far as it may go."""

    key: JobKey
    turn: int
    created_at: int
    user_id: int
    guild_id: int | None
    running_limit: int | None
    """How many jobs its member may have upstream in this server."""


class Lane:
    """An account's pool, which upstream limits as a whole, while its free places are given away."""

    def __init__(self, running: Mapping[Member, int], *, max_running: int) -> None:
        self._members: Counter[Member] = Counter(running)
        self._servers: Counter[int | None] = Counter()
        for (_user, guild), n in running.items():
            self._servers[guild] += n
        self.room = max_running - sum(running.values())

    def admits(self, job: Waiting, ceiling: int | None) -> bool:
        """Give the next job in line a place, unless its member's limit or its server's ceiling is reached."""
        member = (job.user_id, job.guild_id)
        if self.room <= 0 or (ceiling is not None and self._servers[job.guild_id] >= ceiling):
            return False
        if job.running_limit is not None and self._members[member] >= job.running_limit:
            return False
        self.room -= 1
        self._members[member] += 1
        self._servers[job.guild_id] += 1
        return True

    def full_servers(self, ceilings: Mapping[int | None, int | None]) -> list[int | None]:
        """Which servers have reached their ceilings: nobody need look at their jobs."""
        return [g for g, most in ceilings.items() if most is not None and self._servers[g] >= most]
