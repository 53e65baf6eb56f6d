"""How the image API does right now, as moderators see it: whether it answers, how fast, what an account has left.
Never here: jobs, and the decision what is healthy enough to run (bot.web.health)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from cachetools import TTLCache

from bot.domain.capabilities import known_capabilities
from bot.domain.steady import Steady
from bot.errors import RemoteError, RemoteFault, StorageTrouble
from bot.services.accounts.checking import check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.balances import BalanceApi, Priced
    from bot.domain.capabilities import Capabilities
    from bot.domain.ports import Clock
    from bot.domain.upstream_keys import UpstreamKey
    from bot.services.accounts.accounts import Accounts
    from bot.services.accounts.upstream_keys import UpstreamKeys

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
    key: UpstreamKey | None = None
    """What the admin key tells of the account's key: what was spent of which cap, and when it ends."""
    membership_end: int | None = None
    """When the membership of the account behind that key ends."""
    rates: Sequence[Priced] = ()
    """Empty: no key may ask, there was no answer, or nothing in it is about Midjourney."""
    capabilities: Capabilities | None = None
    """What the account can do; None while nobody knows."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class AccountStatus:
    """Looks at the image API when somebody asks, and remembers it for a moment."""

    accounts: Accounts
    upstream_keys: UpstreamKeys
    clock: Clock
    trackers: Mapping[str, LastReading]
    _seen: TTLCache[str, Condition, int] = field(init=False)

    def __post_init__(self) -> None:
        self._seen = TTLCache(REMEMBERED, BELIEVED_MS, Steady(self.clock))

    async def look(self, account: str) -> Condition:
        """Say how it does, a few seconds old at most. Raises nothing of the API's."""
        seen = self._seen.get(account)
        if seen is not None:
            return seen
        balance_api = await self.accounts.balance_api(account)
        (fault, latency), left, rates, (key, membership_end) = await asyncio.gather(
            self._ask(account), _count(balance_api), _prices(balance_api), self._limits(account)
        )
        tracker = self.trackers.get(account)
        seen = Condition(
            fault=fault,
            latency_ms=latency,
            read_at=None if tracker is None else tracker.last_reading_at,
            credits_left=left,
            key=key,
            membership_end=membership_end,
            rates=rates,
            capabilities=await self._able(account),
        )
        self._seen[account] = seen
        return seen

    async def _able(self, account: str) -> Capabilities | None:
        try:
            return known_capabilities(await self.accounts.reach(account))
        except RemoteError:
            return None

    async def _ask(self, account: str) -> tuple[RemoteFault | None, int]:
        began = self.clock.now()
        try:
            async with asyncio.timeout(PATIENCE_S):
                api = await self.accounts.reach(account)
                await check(api)
        except RemoteError as error:
            return error.fault, self.clock.now() - began
        except TimeoutError:
            return RemoteFault.UNREACHED, self.clock.now() - began
        return None, self.clock.now() - began

    async def _limits(self, account: str) -> tuple[UpstreamKey | None, int | None]:
        try:
            async with asyncio.timeout(PATIENCE_S):
                key = await self.upstream_keys.of_account(account)
                return key, None if key is None else await self.upstream_keys.membership_end()
        except (RemoteError, StorageTrouble, TimeoutError):
            return None, None


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
