"""A server's own key: brought by its moderators, tested, stored sealed, and found again for the jobs that need it.
Never here: encryption, and which account a chain takes (that is `accounts`)."""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from cachetools import LRUCache, TTLCache

from bot.domain.schedule import HOUR, MINUTE, SECOND, is_recent
from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.domain.steady import Steady
from bot.errors import RemoteError, RemoteFault, StorageTrouble, UserError
from bot.services.admission.rate_limits import SharedRateLimit
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.domain.accounts import OwnAccount
    from bot.domain.balances import AccountApi
    from bot.domain.ports import Clock, JobStore
    from bot.domain.servers.guilds import Actor
    from bot.domain.servers.own_keys import KeyStore, KeyVersion, OwnKey, Vault
    from bot.domain.tasks import TaskPage
    from bot.services.modlog.dispatcher import Dispatcher

log = logging.getLogger(__name__)

CURRENT_MS: Final = 5 * SECOND
"""How long another process may begin chains with a key that was replaced; its value is kept for them."""
OPENED_MS: Final = MINUTE
"""How long a key is used without a look whether it is still the one that is stored."""
TASKS_READ: Final = 20
"""A new key's latest tasks: one that a job of the old key made tells that both open the same account."""
RETIRED_MS: Final = 10 * MINUTE
"""A key that was given up is kept at least so long, for jobs that are just being accepted."""
TESTS: Final = 6
"""Tests of keys for one server in an hour: whoever tries keys that are not theirs tries few."""
CACHED: Final = 10_000
PATIENCE_S: Final = 10.0
KEY_LIMIT: Final = 200
SHORTEST_KEY: Final = 8
_KEY: Final = re.compile(rf"[!-~]{{{SHORTEST_KEY},{KEY_LIMIT}}}")
_PERMISSION: Final = re.compile(r"permission|scope|权限|權限", re.IGNORECASE)


class KeyOutcome(StrEnum):
    """What became of a key that somebody brought."""

    SET = "set"
    REPLACED = "replaced"
    EXCHANGED = "exchanged"
    """It opens the same account as the one before: even buttons of older pictures go on."""


@dataclass(slots=True)
class _Opened:
    bank: AccountApi
    sealed: str = field(repr=False)
    read_at: int = 0


@dataclass(frozen=True, slots=True)
class KeyState:
    """What moderators may know of their server's own key."""

    offered: bool
    """False: the owner keeps them off."""
    key: OwnKey | None = None
    readable: bool = True
    """False: it was sealed with a master key that the owner no longer has."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class OwnKeys:
    """Servers' own keys. The key itself leaves here only as the account that it opens."""

    store: KeyStore
    jobs: JobStore
    vault: Vault | None
    allowed: bool
    open_account: Callable[[str], AccountApi]
    hide: Callable[[str], None]
    clock: Clock
    dispatcher: Dispatcher
    _current: TTLCache[int, OwnAccount | None, int] = field(init=False)
    _opened: LRUCache[OwnAccount, _Opened] = field(init=False, default_factory=lambda: LRUCache(CACHED))
    _ration: SharedRateLimit = field(init=False)

    def __post_init__(self) -> None:
        self._current = TTLCache(CACHED, CURRENT_MS, Steady(self.clock))
        self._ration = SharedRateLimit(
            records=self.dispatcher.records,
            clock=self.clock,
            name="keys",
            most=TESTS,
            within_ms=HOUR,
            refusal="refused.ration_keys",
        )

    @property
    def offered(self) -> bool:
        """Whether servers may bring keys here."""
        return self.vault is not None and self.allowed

    # -- for jobs ----------------------------------------------------------------------------------------

    async def current(self, guild_id: int) -> OwnAccount | None:
        """The account that a server's new chains draw on, a few seconds old at most; None: it has no key."""
        if not self.offered:
            return None
        with suppress(KeyError):
            return self._current[guild_id]  # None is an answer, too
        key = await self.store.current(guild_id)
        return self._remember(guild_id, None if key is None else key.account)

    async def api(self, account: OwnAccount) -> AccountApi | None:
        """The way to a server's account, whichever generation; None if its key is gone or cannot be read."""
        now, kept = self.clock.now(), self._opened.get(account)
        if kept is not None and is_recent(kept.read_at, now, OPENED_MS):
            return kept.bank
        try:
            sealed = await self.store.sealed(account)
        except StorageTrouble:
            if kept is None:
                raise
            return kept.bank
        if kept is None or kept.sealed != sealed:
            kept = self._open(account, sealed)
        if kept is None:
            self._opened.pop(account, None)
            return None
        kept.read_at = now
        self._opened[account] = kept
        return kept.bank

    def _open(self, account: OwnAccount, sealed: str | None) -> _Opened | None:
        if sealed is None or self.vault is None:
            return None
        key = self.vault.open(account.guild_id, sealed)
        if key is None:
            log.error("own_key_unreadable", extra={"guild": account.guild_id})
            return None
        self.hide(key)
        return _Opened(self.open_account(key), sealed)

    def _remember(self, guild_id: int, account: OwnAccount | None) -> OwnAccount | None:
        self._current[guild_id] = account
        return account

    # -- for moderators ----------------------------------------------------------------------------------

    async def state(self, guild_id: int) -> KeyState:
        """What is stored, past the cache."""
        key = await self.store.current(guild_id)
        if not self.offered:
            return KeyState(offered=False, key=key)
        self._remember(guild_id, None if key is None else key.account)
        readable = key is None or await self.api(key.account) is not None
        return KeyState(offered=True, key=key, readable=readable)

    async def bring(self, guild_id: int, actor: Actor, typed: str) -> KeyOutcome:
        """Test a key and make it the server's own.

        Raises `UserError` if it is no key, if the image API does not take it, or if the owner keeps own keys off.
        """
        vault = self._need_vault()
        key = bare(typed)
        await self._ration.take(guild_id)
        page = await self._test(self.open_account(key))
        # Not before the image API took it: nobody may choose what is hidden from the log.
        self.hide(key)
        sealed, now, brought = vault.seal(guild_id, key), self.clock.now(), None
        while brought is None:  # once more for each key that somebody else brought meanwhile
            brought = await self._store_key(guild_id, actor, key, sealed, page)
        self._notify(guild_id, actor, f"log.own_key.{brought.value}", now)
        return brought

    async def _store_key(
        self, guild_id: int, actor: Actor, key: str, sealed: str, page: TaskPage
    ) -> KeyOutcome | None:
        """Store a key instead of the one that is there; None if another one took its place while we looked."""
        now, known = self.clock.now(), await self.store.current(guild_id)
        before = None if known is None else known.account
        if before is not None:
            if await self._is_stored(before, key):
                await self.store.mark_tested(before, now)
                raise UserError(text("own_key.same"))
            if await self._exchanged(before, page, sealed, actor=actor):
                return KeyOutcome.EXCHANGED
        stored = await self.store.replace(guild_id, sealed, instead_of=before, actor=actor, at=now)
        if stored is None:
            return None
        self._remember(guild_id, stored.account)
        return KeyOutcome.SET if before is None else KeyOutcome.REPLACED

    async def _exchanged(self, account: OwnAccount, page: TaskPage, sealed: str, *, actor: Actor) -> bool:
        """Keep the account if the new key opens it too: a job of ours among its tasks gives it away."""
        tasks = [task.task_id for task in page.tasks]
        if not await self.jobs.known_tasks(tasks, account=account.name):
            return False
        self._opened.pop(account, None)
        return await self.store.exchange(account, sealed, actor=actor, at=self.clock.now())

    async def test(self, guild_id: int) -> None:
        """Ask the image API whether it still takes the server's key; raises `UserError` if it does not."""
        self._need_vault()
        await self._ration.take(guild_id)
        key = await self.store.current(guild_id)
        if key is None:
            raise UserError(text("own_key.none"))
        bank = await self.api(key.account)
        if bank is None:
            raise UserError(text("own_key.unreadable"))
        await self._test(bank)
        await self.store.mark_tested(key.account, self.clock.now())

    async def remove(self, seen: KeyVersion, actor: Actor) -> None:
        """Have the server draw on the owner's account again; what runs is brought to its end with the old key.

        Raises `UserError`, and changes nothing, if the key that was seen is not the server's own any more.
        """
        if not await self._taken_out(seen, actor):
            now = await self.store.current(seen.account.guild_id)
            raise UserError(text("own_key.none" if now is None else "own_key.changed"))

    async def _taken_out(self, seen: KeyVersion, actor: Actor) -> bool:
        guild_id, now = seen.account.guild_id, self.clock.now()
        if not await self.store.remove(seen, actor=actor, at=now):
            return False
        self._remember(guild_id, None)
        self._notify(guild_id, actor, "log.own_key.removed", now)
        return True

    # -- for the bot's owner -----------------------------------------------------------------------------

    async def check_room(self, guild_id: int) -> None:
        """Raise `UserError` unless a server may be given a key: there is a vault, and it brought none itself."""
        if not self.offered:
            raise UserError(text("keys.no_vault"))
        if await self.store.current(guild_id) is not None:
            raise UserError(text("keys.brought"))

    async def install(self, guild_id: int, actor: Actor, key: str) -> None:
        """Make a key that was just made the server's own; done again, it changes nothing.

        Raises `UserError` without a vault, or if another key is the server's own by now.
        """
        if await self.holds(guild_id, key):
            return
        await self.check_room(guild_id)
        now = self.clock.now()
        sealed = self._need_vault().seal(guild_id, key)
        stored = await self.store.replace(guild_id, sealed, instead_of=None, actor=actor, at=now)
        if stored is None:
            raise UserError(text("keys.brought"))
        self._remember(guild_id, stored.account)
        self._notify(guild_id, actor, "log.own_key.made", now)

    async def withdraw(self, guild_id: int, actor: Actor, key: str) -> None:
        """Take this key out of use, if a server draws on it; one that comes instead at the same moment stays."""
        while (seen := await self._seen(guild_id, key)) is not None:
            if await self._taken_out(seen, actor):
                return

    async def holds(self, guild_id: int, key: str) -> bool:
        """Whether a key is the server's own right now."""
        return await self._seen(guild_id, key) is not None

    async def _seen(self, guild_id: int, key: str) -> KeyVersion | None:
        current = await self.store.current(guild_id) if self.offered else None
        if current is None or not await self._is_stored(current.account, key):
            return None
        return current.version

    async def accounts_of(self, guild_id: int | None, key: str) -> Sequence[str]:
        """The accounts of a server, earlier ones too, whose stored key this is."""
        if guild_id is None or not self.offered:
            return ()
        mine = [k for k in await self.store.every() if k.account.guild_id == guild_id]
        vault = self._need_vault()
        return [k.account.name for k in mine if vault.open(guild_id, k.sealed) == key]

    async def in_use(self) -> Sequence[OwnAccount]:
        """The accounts that servers draw on with keys of their own."""
        return await self.store.in_use() if self.offered else ()

    async def confirm(self, account: OwnAccount) -> None:
        """The image API took a key just now."""
        await self.store.mark_tested(account, self.clock.now())

    def _need_vault(self) -> Vault:
        if self.vault is None or not self.allowed:
            raise UserError(text("own_key.off"))
        return self.vault

    async def _is_stored(self, account: OwnAccount, key: str) -> bool:
        sealed = await self.store.sealed(account)
        return sealed is not None and self._need_vault().open(account.guild_id, sealed) == key

    async def _test(self, bank: AccountApi) -> TaskPage:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await bank.page(1, size=TASKS_READ)
        except RemoteError as error:
            raise UserError(text(_refusal(error))) from None
        except TimeoutError:
            raise UserError(text("own_key.unreachable")) from None

    def _notify(self, guild_id: int, actor: Actor, said: str, at: int) -> None:
        self.dispatcher.notify(guild_id, ModEvent(EventKind.SETTINGS, f"own_key/{at}", text(said), by=actor))

    # -- now and then ------------------------------------------------------------------------------------

    async def tidy(self) -> None:
        """Forget keys that nobody needs any more, and seal the others with the newest master key."""
        now = self.clock.now()
        forgotten = await self.store.forget_unneeded(now - RETIRED_MS, now)
        if forgotten:
            log.info("own_keys_forgotten", extra={"keys": forgotten})
        if self.vault is None:
            return
        for stored in await self.store.every():
            sealed = self.vault.renew(stored.account.guild_id, stored.sealed)
            if sealed is not None and await self.store.reseal(stored, sealed):
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
