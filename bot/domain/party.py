"""For whom something is done at the moment: what is short is shared out in turns between servers.
Never here: what is short."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CURRENT_PARTY: Final[ContextVar[int]] = ContextVar("current_party", default=0)
"""The server for which this task works; outside of servers the person, each of whom is a server of their own."""


class Shared:
    """Room that is given out in turns: of those who wait, next is the server that holds least; each server's own wait in
    their order. Whoever wants more than all of it goes alone. No server holds more than `each`, though the rest be free."""

    def __init__(self, total: int, *, each: int | None = None) -> None:
        self._total = total
        self._each = total if each is None else min(each, total)
        self._held: Counter[int] = Counter()
        self._waiting: dict[int, deque[tuple[int, asyncio.Future[None]]]] = {}

    @property
    def used(self) -> int:
        """What is held now."""
        return self._held.total()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return sum(not turn.done() for line in self._waiting.values() for _, turn in line)

    @asynccontextmanager
    async def hold(self, wanted: int = 1) -> AsyncIterator[None]:
        """Wait for room, and keep it within."""
        size, whose = min(wanted, self._each), CURRENT_PARTY.get()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(whose, deque()).append((size, turn))
        self._hand_out()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._held[whose] -= size
            self._hand_out()
            raise
        try:
            yield
        finally:
            self._held[whose] -= size
            self._hand_out()

    def _hand_out(self) -> None:
        self._held = +self._held
        self._forget_done()
        while able := [
            one for one, line in self._waiting.items() if self._held[one] + line[0][0] <= self._each
        ]:
            whose = min(able, key=lambda one: self._held[one])
            size, turn = self._waiting[whose][0]
            if self.used + size > self._total:
                return  # it is next, and nobody overtakes it
            self._held[whose] += size
            turn.set_result(None)
            # Who has had a turn stands behind those who hold as little.
            self._waiting[whose] = self._waiting.pop(whose)
            self._forget_done()

    def _forget_done(self) -> None:
        """Let nobody stand first who has had a turn, or was cancelled."""
        for whose, line in list(self._waiting.items()):
            while line and line[0][1].done():
                line.popleft()
            if not line:
                del self._waiting[whose]
