"""The pace of calls with the bot's own token, of which Discord allows so many a second in all: outcomes go before progress.
Never here: the limit of one channel."""

from __future__ import annotations

from typing import Final

from aiolimiter import AsyncLimiter

PER_SECOND: Final = 48.0
"""Discord allows 50 a second in all (facts §3.6)."""
BURST: Final = 2
"""With the second's 48 these make 50 in any second."""


class EditPace:
    """Turns to call, as many as Discord bears."""

    def __init__(self) -> None:
        self._turns = AsyncLimiter(BURST, BURST / PER_SECOND)
        self._outcomes = 0

    @property
    def is_taken(self) -> bool:
        """Whether outcomes wait for their turns: whatever else there is comes again."""
        return self._outcomes > 0

    async def turn(self, *, outcome: bool) -> None:
        """Wait for a turn."""
        if not outcome:
            await self._turns.acquire()
            return
        self._outcomes += 1
        try:
            await self._turns.acquire()
        finally:
            self._outcomes -= 1
