"""Servers' own keys at rest: Fernet under the owner's master keys, the newest of which seals while all of them open.
Never here: where sealed values are kept, and a key in any error or repr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

if TYPE_CHECKING:
    from collections.abc import Sequence


class FernetVault:
    """The `Vault` of bot.domain.servers.own_keys."""

    def __init__(self, master_keys: Sequence[str]) -> None:
        """Take the master keys, newest first; each is 32 bytes in URL-safe base64, as the settings have checked."""
        fernets = [Fernet(key) for key in master_keys]
        self._newest, self._all = fernets[0], MultiFernet(fernets)

    def seal(self, guild_id: int, key: str) -> str:
        """See the port."""
        return self._newest.encrypt(f"{guild_id} {key}".encode()).decode()

    def open(self, guild_id: int, sealed: str) -> str | None:
        """See the port. The server's id is sealed in, so that no row opens in the place of another."""
        try:
            owner, _, key = self._all.decrypt(sealed).decode().partition(" ")
        except InvalidToken:
            return None
        return key if owner == str(guild_id) else None

    def renew(self, guild_id: int, sealed: str) -> str | None:
        """See the port."""
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            key = self.open(guild_id, sealed)
            return None if key is None else self.seal(guild_id, key)
        return None
