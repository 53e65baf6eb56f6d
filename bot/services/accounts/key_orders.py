"""Which keys were asked for at the image service and are not yet where they belong: shared by all processes, kept over deaths.
Never here: keys, and asking for them (that is `upstream_keys`)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.guilds import Actor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.guild_ports import Memory

ORDERS: Final = "keys_being_made"
"""Under this name the processes share them."""


@dataclass(frozen=True, slots=True)
class Order:
    """A key that was asked for."""

    subject: str
    at: int
    by: int
    name: str

    @property
    def actor(self) -> Actor:
        """Who asked for it."""
        return Actor(self.by, self.name)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class KeyOrders:
    """The orders, by the tag in the key's name. Every method raises `StorageTrouble`."""

    memory: Memory

    async def every(self) -> Mapping[str, Order]:
        """All of them."""
        return _read(await self.memory.get(ORDERS))

    async def claim(self, tag: str, order: Order) -> tuple[str, Order] | None:
        """Note an order; if there is one for the same subject already, that one is returned and nothing noted."""
        while True:
            stored = await self.memory.get(ORDERS)
            orders = _read(stored)
            pending = next(((t, o) for t, o in orders.items() if o.subject == order.subject), None)
            if pending is not None or await self.memory.swap(
                ORDERS, stored, _written({**orders, tag: order})
            ):
                return pending

    async def forget(self, tag: str) -> None:
        """It is settled; done again, it changes nothing."""
        while True:
            stored = await self.memory.get(ORDERS)
            orders = _read(stored)
            left = {t: order for t, order in orders.items() if t != tag}
            if left == orders or await self.memory.swap(ORDERS, stored, _written(left)):
                return


def _written(orders: Mapping[str, Order]) -> str:
    return json.dumps({tag: asdict(order) for tag, order in orders.items()})


def _read(stored: str | None) -> dict[str, Order]:
    return {tag: Order(**order) for tag, order in json.loads(stored or "{}").items()}
