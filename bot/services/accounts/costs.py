"""What pictures cost beside their units: by the owner's word or the service's price list, written into the books as they begin.
Never here: what a member may spend, and how an amount is worded."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cachetools import TTLCache

from bot.domain.costs import Cost, Rates, read_rate
from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.domain.schedule import MINUTE
from bot.domain.steady import Steady

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.balances import Priced
    from bot.domain.costs import Money
    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock
    from bot.domain.servers.guild_ports import BookStore, SharedState

LIST: Final = "price_list"
"""Under this name the processes share what was last understood of the service's price list."""
BELIEVED_MS: Final = MINUTE
NOTHING: Final[Rates] = MappingProxyType({})


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Costs:
    """Prices in credits. What is not known is None, never 0. Methods raise `StorageTrouble`."""

    books: BookStore
    memory: SharedState
    clock: Clock
    stated: Rates = field(default_factory=lambda: NOTHING)
    """By the owner's word, which stands above the list."""
    money: Money | None = None
    """What credits are worth; None: nobody says."""
    _list: TTLCache[str, Rates, int] = field(init=False)

    def __post_init__(self) -> None:
        self._list = TTLCache(1, BELIEVED_MS, Steady(self.clock))

    async def of_one(self, pool: Pool, charge: Charge) -> int | None:
        """What one job of a kind costs."""
        for rate in (self.stated.get((pool, charge)), self.stated.get((pool, None))):
            if rate is not None:
                return rate
        return (await self._listed()).get((pool, charge))

    async def learn(self, entries: Iterable[Priced]) -> None:
        """Keep what can be understood of a price list; one that says nothing changes nothing."""
        read = [rate for entry in entries if (rate := read_rate(entry)) is not None]
        # Two prices for one thing: which of them holds is not known.
        prices: dict[str, set[int]] = {}
        for pool, charge, credits_ in read:
            prices.setdefault(f"{pool.value}/{charge.value}", set()).add(credits_)
        clear = {name: min(found) for name, found in sorted(prices.items()) if len(found) == 1}
        stored, written = await self.memory.get(LIST), json.dumps(clear)
        if clear and stored != written:
            await self.memory.swap(LIST, stored, written)
            self._list.clear()

    async def of_job(self, key: JobKey) -> Cost:
        """What a job costs; nothing once its units were given back."""
        return await self.books.cost_of(key)

    async def _listed(self) -> Rates:
        known = self._list.get(LIST)
        if known is None:
            known = self._list[LIST] = MappingProxyType(_read(await self.memory.get(LIST)))
        return known


def _read(stored: str | None) -> dict[tuple[Pool, Charge | None], int]:
    """What was learned; what another version wrote in another way is left out."""
    read: dict[tuple[Pool, Charge | None], int] = {}
    with suppress(ValueError, AttributeError):
        for name, credits_ in json.loads(stored or "{}").items():
            pool, _, charge = name.partition("/")
            with suppress(ValueError, TypeError):
                read[Pool(pool), Charge(charge)] = int(credits_)
    return read
