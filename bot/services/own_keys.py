"""A server's own key: brought by its moderators, tested, stored sealed, and found again for the jobs that need it.
Never here: encryption, and which account a chain takes (that is `accounts`)."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from bot.domain.guild_ports import EventKind, ModEvent
from bot.domain.ports import ImageApi
from bot.domain.schedule import MINUTE, SECOND
from bot.errors import RemoteError, RemoteFault, StorageTrouble, UserError
from bot.services.upstream import SMALLEST_PAGE, Purse
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.accounts import OwnAccount
    from bot.domain.guilds import Actor
    from bot.domain.own_keys import KeyStore, OwnKey, Vault
    from bot.domain.ports import Clock
    from bot.services.telling import Telling

log = logging.getLogger(__name__)

CURRENT_MS: Final = 5 * SECOND
"""How long another process may begin chains with a key that was replaced; its value is kept for them."""
OPENED_MS: Final = 5 * MINUTE
"""How long a key is used without a look whether it is still stored: nothing but forgetting and resealing changes it."""
RETIRED_MS: Final = 10 * MINUTE
"""A key that was given up is kept at least so long, for jobs that are just being accepted."""
CACHED: Final = 10_000
PATIENCE_S: Final = 10.0
KEY_LIMIT: Final = 200
SHORTEST_KEY: Final = 8
_KEY: Final = re.compile(rf"[!-~]{{{SHORTEST_KEY},{KEY_LIMIT}}}")
_PERMISSION: Final = re.compile(r"permission|scope|权限|權限", re.IGNORECASE)


class Bank(ImageApi, Purse, Protocol):
    """An account with what it has left."""


@dataclass(slots=True)
class _Opened:
    bank: Bank
    sealed: str = field(repr=False)
    until: int = 0


@dataclass(frozen=True, slots=True)
class KeyState:
    """What moderators may know of their server's own key."""

    offered: bool
    """False: the owner keeps them off."""
    key: OwnKey | None = None
    readable: bool = True
    """False: it was sealed with a master key that the owner no longer has."""


class OwnKeys:
    """Servers' own keys. The key itself leaves here only as the account that it opens."""

    def __init__(
        self,
        *,
        store: KeyStore,
        vault: Vault | None,
        allowed: bool,
        open_account: Callable[[str], Bank],
        hide: Callable[[str], None],
        clock: Clock,
        telling: Telling,
    ) -> None:
        self._store = store
        self._vault = vault
        self._allowed = allowed
        self._open_account = open_account
        self._hide = hide
        self._clock = clock
        self._telling = telling
        self._current: dict[int, tuple[OwnAccount | None, int]] = {}
        self._opened: dict[OwnAccount, _Opened] = {}

    @property
    def offered(self) -> bool:
        """Whether servers may bring keys here."""
        return self._vault is not None and self._allowed

    # -- for jobs ----------------------------------------------------------------------------------------

    async def current(self, guild_id: int) -> OwnAccount | None:
        """The account that a server's new chains draw on, a few seconds old at most; None: it has no key."""
        if not self.offered:
            return None
        kept = self._current.get(guild_id)
        if kept is not None and self._clock.now() < kept[1]:
            return kept[0]
        key = await self._store.current(guild_id)
        return self._remember(guild_id, None if key is None else key.account)

    async def api(self, account: OwnAccount) -> Bank | None:
        """The way to a server's account, whichever generation; None if its key is gone or cannot be read."""
        now, kept = self._clock.now(), self._opened.get(account)
        if kept is not None and now < kept.until:
            return kept.bank
        try:
            sealed = await self._store.sealed(account)
        except StorageTrouble:
            if kept is None:
                raise
            return kept.bank
        if kept is None or kept.sealed != sealed:
            kept = self._open(account, sealed)
        if kept is None:
            self._opened.pop(account, None)
            return None
        kept.until = now + OPENED_MS
        _make_room(self._opened)
        self._opened[account] = kept
        return kept.bank

    def _open(self, account: OwnAccount, sealed: str | None) -> _Opened | None:
        if sealed is None or self._vault is None:
            return None
        key = self._vault.open(account.guild_id, sealed)
        if key is None:
            log.error("own_key_unreadable", extra={"guild": account.guild_id})
            return None
        self._hide(key)
        return _Opened(self._open_account(key), sealed)

    def _remember(self, guild_id: int, account: OwnAccount | None) -> OwnAccount | None:
        _make_room(self._current)
        self._current[guild_id] = (account, self._clock.now() + CURRENT_MS)
        return account

    # -- for moderators ----------------------------------------------------------------------------------

    async def state(self, guild_id: int) -> KeyState:
        """What is stored, past the cache."""
        key = await self._store.current(guild_id)
        if not self.offered:
            return KeyState(offered=False, key=key)
        self._remember(guild_id, None if key is None else key.account)
        readable = key is None or await self.api(key.account) is not None
        return KeyState(offered=True, key=key, readable=readable)

    async def bring(self, guild_id: int, actor: Actor, typed: str) -> bool:
        """Test a key and make it the server's own; says whether another one was replaced.

        Raises `UserError` if it is no key, if the image API does not take it, or if the owner keeps own keys off.
        """
        vault = self._need_vault()
        key = bare(typed)
        self._hide(key)
        await self._test(self._open_account(key))
        before = await self._store.current(guild_id)
        now = self._clock.now()
        if before is not None and await self._is_stored(before.account, key):
            await self._store.mark_tested(before.account, now)
            raise UserError(text("own_key.same"))
        stored = await self._store.replace(guild_id, vault.seal(guild_id, key), actor=actor, at=now)
        self._remember(guild_id, stored.account)
        said = "log.own_key_set" if before is None else "log.own_key_replaced"
        self._tell(guild_id, actor, said, f"own_key/{stored.account.generation}")
        return before is not None

    async def test(self, guild_id: int) -> None:
        """Ask the image API whether it still takes the server's key; raises `UserError` if it does not."""
        self._need_vault()
        key = await self._store.current(guild_id)
        if key is None:
            raise UserError(text("own_key.none"))
        bank = await self.api(key.account)
        if bank is None:
            raise UserError(text("own_key.unreadable"))
        await self._test(bank)
        await self._store.mark_tested(key.account, self._clock.now())

    async def remove(self, guild_id: int, actor: Actor) -> None:
        """Have the server draw on the owner's account again; what runs is brought to its end with the old key."""
        now = self._clock.now()
        if not await self._store.remove(guild_id, actor=actor, at=now):
            raise UserError(text("own_key.none"))
        self._remember(guild_id, None)
        self._tell(guild_id, actor, "log.own_key_removed", f"own_key/removed/{now}")

    def _need_vault(self) -> Vault:
        if self._vault is None or not self._allowed:
            raise UserError(text("own_key.off"))
        return self._vault

    async def _is_stored(self, account: OwnAccount, key: str) -> bool:
        sealed = await self._store.sealed(account)
        return sealed is not None and self._need_vault().open(account.guild_id, sealed) == key

    async def _test(self, bank: Bank) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await bank.page(1, size=SMALLEST_PAGE)
        except RemoteError as error:
            raise UserError(text(_refusal(error))) from None
        except TimeoutError:
            raise UserError(text("own_key.unreachable")) from None

    def _tell(self, guild_id: int, actor: Actor, said: str, key: str) -> None:
        self._telling.tell(guild_id, ModEvent(EventKind.SETTINGS, key, text(said), by=actor))

    # -- now and then ------------------------------------------------------------------------------------

    async def tidy(self) -> None:
        """Forget keys that nobody needs any more, and seal the others with the newest master key."""
        now = self._clock.now()
        forgotten = await self._store.forget_unneeded(now - RETIRED_MS, now)
        if forgotten:
            log.info("own_keys_forgotten", extra={"keys": forgotten})
        if self._vault is None:
            return
        for stored in await self._store.every():
            sealed = self._vault.renew(stored.account.guild_id, stored.sealed)
            if sealed is not None and await self._store.reseal(stored, sealed):
                log.info("own_key_resealed", extra={"guild": stored.account.guild_id})


def bare(typed: str) -> str:
    """The key in what somebody pasted; raises `UserError` if that is something else."""
    key = re.sub(r"(?i)^bearer\s+", "", typed.strip().strip("\"'`").strip())
    if "://" in key or not _KEY.fullmatch(key):
        raise UserError(text("own_key.no_key"))
    return key


def _refusal(error: RemoteError) -> str:
    """Which sentence says why the image API did not take a key."""
    match error.fault:
        case RemoteFault.KEY:
            return "own_key.no_permission" if _PERMISSION.search(error.message) else "own_key.refused"
        case RemoteFault.BALANCE:
            return "own_key.no_credit"
        case RemoteFault.REFUSED:
            return "own_key.refused"
        case _:
            return "own_key.unreachable"


def _make_room(cache: dict[Any, Any]) -> None:
    while len(cache) >= CACHED:
        cache.pop(next(iter(cache)))
