"""How the image API does right now, as moderators see it: whether it answers, how fast, and what the account has left.
Never here: jobs, and the decision what is healthy enough to run (bot.web.health)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from bot.errors import RemoteError, RemoteFault

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from bot.domain.ports import Clock, ImageApi

BELIEVED_MS: Final = 15_000
"""A panel redraws at each press; it must not eat the budget of readings that jobs need."""
PATIENCE_S: Final = 4.0
"""A panel that waits longer helps nobody: “no answer” is an answer."""
SMALLEST_PAGE: Final = 5


class Funds(Protocol):
    """What an account has left."""

    @property
    def total(self) -> Decimal:
        """All of it, in the platform's credits."""


class Purse(Protocol):
    """Where funds can be read; raises `RemoteError`."""

    async def balance(self) -> Funds:
        """Ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One look at the image API."""

    fault: RemoteFault | None
    """None: it answered."""
    latency_ms: int
    read_at: int | None
    """When a job's reading was last answered in this process."""
    credits_left: int | None
    """None: no key may ask, or there was no answer."""


class Upstream:
    """Looks at the image API when somebody asks, and remembers it for a moment."""

    def __init__(
        self,
        *,
        api: ImageApi,
        clock: Clock,
        last_reading: Callable[[], int | None],
        purse: Purse | None = None,
    ) -> None:
        self._api = api
        self._clock = clock
        self._last_reading = last_reading
        self._purse = purse
        self._seen: tuple[int, Condition] | None = None

    async def look(self) -> Condition:
        """Say how it does, a few seconds old at most. Raises nothing of the API's."""
        now = self._clock.now()
        if self._seen is not None and now - self._seen[0] < BELIEVED_MS:
            return self._seen[1]
        (fault, latency), left = await asyncio.gather(self._ask(), self._count())
        seen = Condition(fault=fault, latency_ms=latency, read_at=self._last_reading(), credits_left=left)
        self._seen = (now, seen)
        return seen

    async def _ask(self) -> tuple[RemoteFault | None, int]:
        began = self._clock.now()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._api.page(1, size=SMALLEST_PAGE)
        except RemoteError as error:
            return error.fault, self._clock.now() - began
        except TimeoutError:
            return RemoteFault.UNREACHED, self._clock.now() - began
        return None, self._clock.now() - began

    async def _count(self) -> int | None:
        if self._purse is None:
            return None
        try:
            async with asyncio.timeout(PATIENCE_S):
                return int((await self._purse.balance()).total)
        except (RemoteError, TimeoutError):
            return None
