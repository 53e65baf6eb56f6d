"""A server's ration of something that all servers share: so many in a time, and a sentence when it is used up.
Never here: what is rationed, and limits that members and owners set (those are policy)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.domain.schedule import MINUTE
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from bot.domain.ports import Clock

SERVERS: Final = 10_000
"""How many servers' uses are remembered; the one that used nothing for the longest time is forgotten first."""


@dataclass(slots=True, eq=False, repr=False)
class Ration:
    """Uses of each server, in this process: Discord sends all of a server's interactions to one."""

    clock: Clock
    most: int
    within_ms: int
    refusal: str
    """The sentence for whoever comes too often; it is told the `minutes` to wait and the `limit`."""
    _used: dict[int, deque[tuple[int, int]]] = field(init=False, default_factory=dict)

    def ask(self, guild_id: int) -> None:
        """Raise `UserError` if a server has used all of its own, whatever others do."""
        used = self._recent(guild_id)
        if sum(amount for _, amount in used) >= self.most:
            minutes = -(-(used[0][0] + self.within_ms - self.clock.now()) // MINUTE)
            raise UserError(text(self.refusal, limit=self.most, minutes=minutes))

    def take(self, guild_id: int) -> None:
        """Use one, if there is one left."""
        self.ask(guild_id)
        self.count(guild_id, 1)

    def count(self, guild_id: int, amount: int) -> None:
        """Write down what was used: of something whose size is known only when it is done, the last may exceed."""
        self._recent(guild_id).append((self.clock.now(), amount))

    def _recent(self, guild_id: int) -> deque[tuple[int, int]]:
        used = self._used.pop(guild_id, None) or deque()
        while len(self._used) >= SERVERS:
            del self._used[next(iter(self._used))]
        self._used[guild_id] = used
        while used and used[0][0] <= self.clock.now() - self.within_ms:
            used.popleft()
        return used
