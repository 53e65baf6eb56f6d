"""Which keys were asked for at the image service and are not yet where they belong: shared by all processes, kept over deaths.
Never here: keys, and asking for them (that is `upstream_keys`)."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from bot.domain.servers.guilds import Actor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.servers.guild_ports import SharedState

PENDING: Final = "keys_being_made"
"""Under this name the processes share them."""


@dataclass(frozen=True, slots=True)
class PendingKey:
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
class PendingKeys:
    """The pending keys, by the tag in the key's name. Every method raises `StorageTrouble`."""

    memory: SharedState

    async def every(self) -> Mapping[str, PendingKey]:
        """All of them."""
        return _read(await self.memory.get(PENDING))

    async def claim(self, tag: str, key: PendingKey) -> tuple[str, PendingKey] | None:
        """Note a key; if there is one for the same subject already, that one is returned and nothing noted."""
        while True:
            stored = await self.memory.get(PENDING)
            noted, written = _read(stored), _entries(stored)
            earlier = next(((t, k) for t, k in noted.items() if k.subject == key.subject), None)
            if earlier is not None or await self.memory.swap(
                PENDING, stored, json.dumps({**written, tag: asdict(key)})
            ):
                return earlier

    async def renew(self, tag: str, at: int) -> bool:
        """It is asked for only now; False: whoever took it for one that was never answered has forgotten it."""
        while True:
            stored = await self.memory.get(PENDING)
            pending = _entries(stored)
            if tag not in pending:
                return False
            if await self.memory.swap(
                PENDING, stored, json.dumps({**pending, tag: {**pending[tag], "at": at}})
            ):
                return True

    async def forget(self, tag: str) -> None:
        """It is settled; done again, it changes nothing."""
        while True:
            stored = await self.memory.get(PENDING)
            pending = _entries(stored)
            left = {t: key for t, key in pending.items() if t != tag}
            if left == pending or await self.memory.swap(PENDING, stored, json.dumps(left)):
                return


def _entries(stored: str | None) -> dict[str, Any]:
    """All pending keys as they are written, those of another version too: they stay until it settles them."""
    try:
        found = json.loads(stored or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _read(stored: str | None) -> dict[str, PendingKey]:
    read: dict[str, PendingKey] = {}
    for tag, key in _entries(stored).items():
        with suppress(TypeError):  # of another version
            read[tag] = PendingKey(**key)
    return read
