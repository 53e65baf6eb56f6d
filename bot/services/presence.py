"""Whether the bot is in a server, as the database keeps it: what is written is what is true in the moment of writing.
Never here: how Discord tells of it (cogs), and what leaving means (`housekeeping`, `owner_policy`)."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.domain.servers.guild_ports import SharedState
    from bot.services.accounts.owner_policy import OwnerPolicy
    from bot.services.housekeeping import Housekeeping
    from bot.services.servers.moderation import Moderation

log = logging.getLogger(__name__)

APPLICATION: Final = "application"
"""Under this name the processes share which application of Discord's is in the servers that the database knows."""


class Gateway(Protocol):
    """This process's connection to Discord."""

    @property
    def application_id(self) -> int | None:
        """Whose token it was opened with."""

    def is_in(self, guild_id: int) -> bool:
        """Whether the bot is in a server, as far as Discord has told this process by now."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Presence:
    """News of a server overtake each other on their way to the database. So they take turns, one server's at a time,
    and each looks where the bot is only when its turn has come: whatever came last, the last one writes what is true."""

    housekeeping: Housekeeping
    owner_policy: OwnerPolicy
    moderation: Moderation
    memory: SharedState
    _turns: WeakValueDictionary[int, asyncio.Lock] = field(init=False, default_factory=WeakValueDictionary)

    async def settle(self, gateway: Gateway, guild_id: int) -> None:
        """Write whether the bot is in a server: of one that it left, what waits is cancelled, and the data goes in a month.

        Another application's bot never was in it, so it cannot have left it.
        """
        async with self._turn(guild_id):
            if gateway.is_in(guild_id):
                await self.housekeeping.joined(guild_id)
                await self.owner_policy.joined(guild_id)
                return
            other = await other_application(self.memory, gateway.application_id)
            if other is not None:
                log.warning("leaving_not_noted", extra={"server": guild_id, "application": other})
                return
            await self.housekeeping.left(guild_id)
            await self.moderation.withdraw_queue(guild_id)
            await self.owner_policy.left(
                guild_id
            )  # last: what dies before it is done again by the next start

    async def note(
        self, gateway: Gateway, guild_id: int, *, name: str, owner_id: int | None, owners: frozenset[int]
    ) -> bool:
        """Write whose server it is, unless the bot has left it by now; returns whether it may draw on the owner's accounts."""
        async with self._turn(guild_id):
            if not gateway.is_in(guild_id):
                return await self.owner_policy.admits(guild_id)
            return await self.owner_policy.note(guild_id, name=name, owner_id=owner_id, owners=owners)

    @asynccontextmanager
    async def _turn(self, guild_id: int) -> AsyncIterator[None]:
        turn = self._turns.setdefault(guild_id, asyncio.Lock())  # kept for as long as somebody waits for it
        async with turn:
            yield


async def other_application(memory: SharedState, connected: int | None) -> str | None:
    """Which application's bot is in the servers that the database knows, if it is not this one's; the first one is remembered."""
    stored = await memory.get(APPLICATION)
    if stored is None:
        await memory.swap(APPLICATION, None, str(connected))
        stored = await memory.get(APPLICATION)
    return None if stored in {None, str(connected)} else stored


async def move_to(memory: SharedState, application_id: int) -> None:
    """Remember another application: servers in which its bot is not count as left from its next connection on."""
    while not await memory.swap(APPLICATION, await memory.get(APPLICATION), str(application_id)):
        pass
