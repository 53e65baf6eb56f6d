"""The owner's question about a server that is not let in: asked at least once, whatever dies while it is sent.
Never here: who is let in (that is `owner_policy`), and how the question looks and reaches its owner (ui)."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeGuard

from bot.domain.schedule import MINUTE, is_recent
from bot.errors import StorageTrouble

if TYPE_CHECKING:
    from bot.domain.ports import Clock
    from bot.domain.servers.guild_ports import SharedState
    from bot.domain.tenancy import KnownServer
    from bot.services.accounts.owner_policy import OwnerMail, OwnerPolicy

log = logging.getLogger(__name__)

ASKING: Final = "owner_questions"
"""Under this name the processes share which questions are being sent: since when, and how often that was tried."""
AGAIN_MS: Final = MINUTE
"""After so long nobody is sending it any more. Discord knows its nonce for longer than that."""
TRIES: Final = 10
LOOK_S: Final = 30.0


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class OwnerQuestions:
    """Noted as being sent before, and as asked after. Has to run in one process at least; several share the work."""

    policy: OwnerPolicy
    memory: SharedState
    clock: Clock
    mail: OwnerMail

    async def run(self) -> None:
        """Send what was left unsent, until cancelled."""
        while True:
            try:
                await self.resume()
            except StorageTrouble as trouble:
                log.warning("questions_not_resumed", extra={"reason": str(trouble)})
            await self.clock.pause(LOOK_S)

    async def resume(self) -> None:
        """Send those again whose sending came to no end."""
        for guild_id in _read(await self.memory.get(ASKING)):
            await self.ask(guild_id)

    async def ask(self, guild_id: int) -> None:
        """Have the owner asked about a server that is not let in, once in its life. Raises `StorageTrouble`."""
        if not self._is_open(await self.policy.store.find(guild_id)):
            await self._forget(guild_id)
            return
        tries = await self._take(guild_id)
        if tries is None:
            return
        server = await self.policy.store.find(guild_id)
        if not self._is_open(server):  # somebody else has asked, or decided, since we looked
            await self._forget(guild_id)
            return
        if tries > TRIES:
            log.warning("owner_not_asked", extra={"guild": guild_id, "tries": TRIES})
        elif not await self.mail.ask(server, again=tries > 1):
            return
        await self.policy.store.claim(guild_id, "asked_at", self.clock.now())
        await self._forget(guild_id)

    def _is_open(self, server: KnownServer | None) -> TypeGuard[KnownServer]:
        return (
            server is not None
            and server.left_at is None
            and server.shut_at is None
            and server.asked_at is None
            and not self.policy.terms.access.admits(server.guild_id, server)
        )

    async def _take(self, guild_id: int) -> int | None:
        """Take it upon this process; how often it was tried with this one, or None if another is at it."""
        while True:
            stored, now = await self.memory.get(ASKING), self.clock.now()
            asking = _read(stored)
            at, tries = asking.get(guild_id, (0, 0))
            if tries and is_recent(at, now, AGAIN_MS):
                return None
            if await self.memory.swap(ASKING, stored, _written({**asking, guild_id: (now, tries + 1)})):
                return tries + 1

    async def _forget(self, guild_id: int) -> None:
        while True:
            stored = await self.memory.get(ASKING)
            asking = _read(stored)
            if asking.pop(guild_id, None) is None:
                return
            if await self.memory.swap(ASKING, stored, _written(asking)):
                return


def _written(asking: dict[int, tuple[int, int]]) -> str:
    return json.dumps({str(guild_id): one for guild_id, one in asking.items()})


def _read(stored: str | None) -> dict[int, tuple[int, int]]:
    """What is being sent; what another version wrote in another way is forgotten."""
    try:
        return {int(id_): (int(at), int(tries)) for id_, (at, tries) in json.loads(stored or "{}").items()}
    except (ValueError, TypeError, AttributeError):
        return {}
