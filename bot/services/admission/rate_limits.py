"""A server's rate limit of something that all servers share: so many in a time, and a sentence when it is used up.
Never here: what is limited, and limits that members and owners set (those are policy)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.domain.schedule import MINUTE, is_recent
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from bot.domain.ports import Clock
    from bot.domain.servers.guild_ports import Records

SERVERS: Final = 10_000
"""How many servers' uses are remembered; the one that used nothing for the longest time is forgotten first."""


@dataclass(slots=True, eq=False, repr=False)
class RateLimit:
    """Uses of each server, in this process: Discord sends all of a server's interactions to one.

    So several processes do not multiply what interactions may use, and a restart begins anew: right for what costs
    nothing beyond this process. What writes is recalled from the rows written (`bot.services.servers.write_limits`), what
    costs somebody else's patience is counted in the database (`SharedRateLimit`).
    """

    clock: Clock
    most: int
    within_ms: int
    refusal: str
    """The sentence for whoever comes too often; it is told the `minutes` to wait and the `limit`."""
    _used: dict[int, deque[tuple[int, int]]] = field(init=False, default_factory=dict)

    def ask(self, guild_id: int) -> None:
        """Raise `UserError` if a server has used all of its own, whatever others do."""
        used = self._recent(guild_id)
        left = sum(amount for _, amount in used)
        if left >= self.most:
            goes_on = next(at for at, amount in used if (left := left - amount) < self.most)
            minutes = -(-(goes_on + self.within_ms - self.clock.now()) // MINUTE)
            raise UserError(text(self.refusal, limit=self.most, minutes=minutes))

    def take(self, guild_id: int) -> None:
        """Use one, if there is one left."""
        self.ask(guild_id)
        self.count(guild_id, 1)

    def count(self, guild_id: int, amount: int, *, at: int | None = None) -> None:
        """Write down what was used: of something whose size is known only when it is done, the last may exceed."""
        self._recent(guild_id).append((self.clock.now() if at is None else at, amount))

    def left(self, guild_id: int) -> int:
        """How much a server may still use; 0 if it used more."""
        return max(0, self.most - sum(amount for _, amount in self._recent(guild_id)))

    def forget(self, guild_id: int) -> None:
        """Begin anew: somebody knows better what a server used."""
        self._used.pop(guild_id, None)

    def _recent(self, guild_id: int) -> deque[tuple[int, int]]:
        used = self._used.pop(guild_id, None) or deque()
        while len(self._used) >= SERVERS:
            del self._used[next(iter(self._used))]
        self._used[guild_id] = used
        while used and not is_recent(used[0][0], self.clock.now(), self.within_ms):
            used.popleft()
        return used


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class SharedRateLimit:
    """Uses of each server in all processes and over restarts, one row a use: for what is tried somewhere else."""

    records: Records
    clock: Clock
    name: str
    most: int
    within_ms: int
    refusal: str
    _here: RateLimit = field(init=False)
    """Spares the database whoever goes on trying, and knows when to come again."""

    def __post_init__(self) -> None:
        self._here = RateLimit(self.clock, self.most, self.within_ms, self.refusal)

    async def take(self, guild_id: int) -> None:
        """Use one; raises `UserError` if none is left. Each use has a place of its own, free again after its time."""
        self._here.take(guild_id)
        for place in range(self.most):
            key = f"ration/{self.name}/{place}"
            claimed = await self.records.claim_notice(
                guild_id, key, self.clock.now(), window_ms=self.within_ms
            )
            if claimed is not None:
                return
        raise UserError(text(self.refusal, limit=self.most, minutes=self.within_ms // MINUTE))
