"""How the image API does right now, as moderators see it: whether it answers, how fast, what an account has left.
Never here: jobs, and the decision what is healthy enough to run (bot.web.health)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from bot.errors import RemoteError, RemoteFault
from bot.services.accounts.checking import check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.balances import BalanceApi, Priced
    from bot.domain.ports import Clock
    from bot.services.accounts.accounts import Accounts

BELIEVED_MS: Final = 15_000
"""A panel redraws at each press; it must not eat the budget of readings that jobs need."""
PATIENCE_S: Final = 4.0
"""A panel that waits longer helps nobody: “no answer” is an answer."""
REMEMBERED: Final = 1_000


class LastReading(Protocol):
    """Whoever follows an account's jobs, as far as anybody asks here."""

    @property
    def last_reading_at(self) -> int | None:
        """When a reading was last answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One look at the image API through one account."""

    fault: RemoteFault | None
    """None: it answered."""
    latency_ms: int
    read_at: int | None
    """When a job's reading was last answered in this process."""
    credits_left: int | None
    """None: no key may ask, or there was no answer."""
    rates: Sequence[Priced] = ()
    """Empty: no key may ask, there was no answer, or nothing in it is about Midjourney."""


class Upstream:
    """Looks at the image API when somebody asks, and remembers it for a moment."""

    def __init__(self, *, accounts: Accounts, clock: Clock, trackers: Mapping[str, LastReading]) -> None:
        self._accounts = accounts
        self._clock = clock
        self._trackers = trackers
        self._seen: dict[str, tuple[int, Condition]] = {}

    async def look(self, account: str) -> Condition:
        """Say how it does, a few seconds old at most. Raises nothing of the API's."""
        now = self._clock.now()
        at, seen = self._seen.get(account, (0, None))
        if seen is not None and now - at < BELIEVED_MS:
            return seen
        balance_api = await self._accounts.balance_api(account)
        (fault, latency), left, rates = await asyncio.gather(
            self._ask(account), _count(balance_api), _prices(balance_api)
        )
        tracker = self._trackers.get(account)
        seen = Condition(
            fault=fault,
            latency_ms=latency,
            read_at=None if tracker is None else tracker.last_reading_at,
            credits_left=left,
            rates=rates,
        )
        while len(self._seen) >= REMEMBERED:
            del self._seen[next(iter(self._seen))]
        self._seen[account] = (now, seen)
        return seen

    async def _ask(self, account: str) -> tuple[RemoteFault | None, int]:
        began = self._clock.now()
        try:
            async with asyncio.timeout(PATIENCE_S):
                api = await self._accounts.reach(account)
                await check(api)
        except RemoteError as error:
            return error.fault, self._clock.now() - began
        except TimeoutError:
            return RemoteFault.UNREACHED, self._clock.now() - began
        return None, self._clock.now() - began


async def _count(balance_api: BalanceApi | None) -> int | None:
    if balance_api is None:
        return None
    try:
        async with asyncio.timeout(PATIENCE_S):
            return int((await balance_api.balance()).total)
    except (RemoteError, TimeoutError):
        return None


async def _prices(balance_api: BalanceApi | None) -> Sequence[Priced]:
    if balance_api is None:
        return ()
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await balance_api.rates()
    except (RemoteError, TimeoutError):
        return ()
