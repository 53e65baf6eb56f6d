"""The seams around servers' own keys: where they are kept, and who can read what is kept.
Never here: implementations, and a key in any value that is shown (what holds one shows it in no repr)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.accounts import OwnAccount
    from bot.domain.servers.guilds import Actor


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """Which key of a server it is: another key of the same account is another version."""

    account: OwnAccount
    at: int


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A server's own key as it is spoken of: all but the key."""

    account: OwnAccount
    by: int
    """Who brought it."""
    at: int
    tested_at: int
    """When the image API last took it."""

    @property
    def version(self) -> KeyVersion:
        """What tells it from those before and after it."""
        return KeyVersion(self.account, self.at)


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A key as it is stored."""

    account: OwnAccount
    sealed: str = field(repr=False)


class KeyStore(Protocol):
    """Servers' own keys, sealed. Every method raises `StorageTrouble` and is one transaction.

    A generation number is never used twice. The value of an earlier generation is kept until `forget_unneeded`.
    """

    async def current(self, guild_id: int) -> OwnKey | None:
        """The key that new chains of a server draw on."""

    async def sealed(self, account: OwnAccount) -> str | None:
        """The stored value of one generation; None if it is gone."""

    async def replace(
        self, guild_id: int, sealed: str, *, instead_of: OwnAccount | None, actor: Actor, at: int
    ) -> OwnKey | None:
        """Make a key the server's own and write the audit's line; None if another than `instead_of` is its own now."""

    async def exchange(self, account: OwnAccount, sealed: str, *, actor: Actor, at: int) -> bool:
        """Store another key of the same account, and write the audit's line; False if the account was given up."""

    async def remove(self, seen: KeyVersion, *, actor: Actor, at: int) -> bool:
        """Have the server draw on the owner's account again, and write the audit's line; False, and nothing changed, if
        the key that was seen is not its own any more."""

    async def mark_tested(self, account: OwnAccount, at: int) -> None:
        """Remember that the image API took a key."""

    async def every(self) -> Sequence[SealedKey]:
        """Every stored value, of earlier generations too."""

    async def in_use(self) -> Sequence[OwnAccount]:
        """The servers' current accounts."""

    async def reseal(self, key: SealedKey, sealed: str) -> bool:
        """Store the same key sealed anew; False if it was changed or forgotten meanwhile."""

    async def forget_unneeded(self, before: int, now: int) -> int:
        """Empty generations that were given up before a time and that no job needs any more; returns how many."""


class Vault(Protocol):
    """Encryption with the owner's master keys. A sealed value opens for its own server only."""

    def seal(self, guild_id: int, key: str) -> str:
        """Encrypt with the newest master key."""

    def open(self, guild_id: int, sealed: str) -> str | None:
        """Decrypt with whichever master key fits; None if none does."""

    def renew(self, guild_id: int, sealed: str) -> str | None:
        """Encrypt anew with the newest master key; None if it is, or if no master key opens it."""
