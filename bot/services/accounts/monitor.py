"""Watching the accounts now and then: who can help hears of a rejected key or a low balance before members do.
Never here: what a job's failure tells (that is `events`), and how an account is found (accounts)."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.domain.accounts import read_own
from bot.domain.schedule import MINUTE, is_recent
from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.errors import RemoteError, RemoteFault, StorageTrouble
from bot.services.accounts.checking import check
from bot.services.accounts.limit_notices import MEMBERSHIP_END, notices_of_key, notices_of_membership
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.balances import BalanceApi
    from bot.domain.ports import Clock, ImageApi
    from bot.domain.servers.guild_ports import Records, SharedState
    from bot.services.accounts.accounts import Accounts
    from bot.services.accounts.costs import Costs
    from bot.services.accounts.own_keys import OwnKeys
    from bot.services.accounts.owner_policy import OwnerMail
    from bot.services.accounts.upstream_keys import UpstreamKeys
    from bot.services.modlog.dispatcher import Dispatcher
    from bot.texts import Text

log = logging.getLogger(__name__)

LOOK_S: Final = 60.0
"""How often a process looks whether a round is due; of several processes one goes."""
EVERY_MS: Final = 15 * MINUTE
BETWEEN_S: Final = 1.0
"""Rest between two accounts, so that a thousand of them are no burst."""
AT_ONCE: Final = 100
"""Servers told without a rest."""
REST_S: Final = 10.0
DRAIN_S: Final = 30.0
MEMBERSHIP: Final = "@membership"
"""Stands for the membership among the accounts; no account can be called so."""
REMEMBERED: Final = "watch"
"""Under this name the processes share what was seen last."""


@dataclass(frozen=True, slots=True)
class AccountTrouble:
    """What is known to be wrong with an account, and was told."""

    refused: bool = False
    low: bool = False
    episode: int = 0
    """Grows each time something goes wrong: what has recovered and fails again is told again."""
    told: str = ""
    """Marks of what was told of the key's limits and of the membership's end, with spaces between them."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one look at an account showed; None: nothing either way."""

    refused: bool | None = None
    credits_left: int | None = None


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class AccountMonitor:
    """Looks at every account that somebody draws on. Has to run in one process at least; several share the work."""

    accounts: Accounts
    own_keys: OwnKeys
    upstream_keys: UpstreamKeys
    costs: Costs
    records: Records
    memory: SharedState
    dispatcher: Dispatcher
    clock: Clock
    balance_low: int | None
    mail: OwnerMail

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await self.clock.pause(LOOK_S)
            try:
                await self.round()
            except StorageTrouble as trouble:
                log.warning("watching_failed", extra={"reason": str(trouble)})

    async def round(self) -> bool:
        """Look at all accounts if it is time for that; False if it is not, or if another process does."""
        stored = await self.memory.get(REMEMBERED)
        at, known = _read(stored)
        now = self.clock.now()
        if is_recent(at, now, EVERY_MS):
            return False
        own = {account.name for account in await self.own_keys.in_use()}
        names = [*self.accounts.fixed, *sorted(own), MEMBERSHIP]
        troubles = {name: trouble for name, trouble in known.items() if name in names}
        written = _written(now, troubles)
        if not await self.memory.swap(REMEMBERED, stored, written):
            return False
        with suppress(RemoteError):
            await self.upstream_keys.settle()
        await self._learn_prices()
        end = await self._membership()
        for name in names:
            before = troubles.get(name, AccountTrouble())
            after = await self._watched(name, before, end)
            if after != before:
                troubles[name] = after
                # Told first, then remembered: what dies in between is told again and held back as the same notice.
                before_it, written = written, _written(now, troubles)
                if not await self.memory.swap(REMEMBERED, before_it, written):
                    return True  # another round has begun meanwhile
            await self.clock.pause(BETWEEN_S)
        return True

    async def _watched(
        self, name: str, before: AccountTrouble, end: Mapping[str, Text | None] | None
    ) -> AccountTrouble:
        """Look at one account or the membership, tell what is new, and say what is wrong now."""
        try:
            if name == MEMBERSHIP:
                return await self._notify_new(self.accounts.own_name, before, _of_membership(before, end))
            return await self._look_at_limits(name, await self._look(name, before), end)
        except StorageTrouble:
            raise
        except Exception:  # a bug at one account must not keep the others from being watched
            log.exception("account_not_watched", extra={"account": name})
            return before

    async def _look(self, name: str, before: AccountTrouble) -> AccountTrouble:
        """Look at one account, tell what is newly wrong, and say what is wrong now."""
        seen = await self._seen(name)
        low = self._is_low(seen)
        after = replace(
            before,
            refused=before.refused if seen.refused is None else seen.refused,
            low=before.low if low is None else low,
        )
        newly_refused, newly_low = after.refused > before.refused, after.low > before.low
        if newly_refused or newly_low:
            after = replace(after, episode=before.episode + 1)
        own = read_own(name) is not None
        if newly_refused:
            said = text("log.own_key_rejected" if own else "log.key_rejected")
            await self._notify(name, ModEvent(EventKind.KEY_REJECTED, f"key/{name}/{after.episode}", said))
        if newly_low:
            credits_, limit = seen.credits_left or 0, self.balance_low or 0
            if own:
                said = text("log.own_balance_falls", n=credits_, limit=limit)
                await self._notify(
                    name, ModEvent(EventKind.BALANCE_LOW, f"balance/{name}/{after.episode}", said)
                )
            else:  # what the owner has is nobody else's business
                log.warning(
                    "account_in_trouble", extra={"account": name, "kind": EventKind.BALANCE_LOW.value}
                )
                said = text("log.balance_falls", account=name, n=credits_, limit=limit)
                if not await self.mail.notify(said, once=f"balance/{name}/{after.episode}"):
                    episode = after.episode if newly_refused else before.episode
                    return replace(after, low=before.low, episode=episode)  # the next round tells it
        return after

    async def _learn_prices(self) -> None:
        """Read the price list where somebody may: it is the service's, whoever asks."""
        for name in self.accounts.fixed:
            balance_api = await self.accounts.balance_api(name)
            if balance_api is not None:
                with suppress(RemoteError):
                    await self.costs.learn(await balance_api.rates())
                    return

    async def _membership(self) -> Mapping[str, Text | None] | None:
        """What is to be told of the membership's end; None: nobody knows."""
        try:
            return notices_of_membership(await self.upstream_keys.membership_end(), self.clock.now())
        except RemoteError:
            return None

    async def _look_at_limits(
        self, name: str, before: AccountTrouble, end: Mapping[str, Text | None] | None
    ) -> AccountTrouble:
        """Tell what is new of a key's cap and end, and to servers with a key that was made there of the membership's."""
        try:
            key = await self.upstream_keys.of_account(name)
        except RemoteError:
            return before
        if key is None:
            return before
        of_server = {} if read_own(name) is None else _of_membership(before, end)
        return await self._notify_new(name, before, {**notices_of_key(key, self.clock.now()), **of_server})

    async def _notify_new(
        self, name: str, before: AccountTrouble, notices: Mapping[str, Text | None]
    ) -> AccountTrouble:
        """Tell what was not told yet. It counts as told once it was: a death before that tells it again."""
        told, own = frozenset(before.told.split()), read_own(name)
        for mark, said in notices.items():
            if said is None or mark in told:
                continue
            log.warning("account_in_trouble", extra={"account": name, "kind": EventKind.KEY_LIMIT.value})
            key = f"limit/{name}/{mark}"
            if own is None:  # what the owner has is nobody else's business
                if not await self.mail.notify(text("log.of_account", account=name, said=said), once=key):
                    return before
                continue
            self.dispatcher.notify(own.guild_id, ModEvent(EventKind.KEY_LIMIT, key, said))
            try:
                async with asyncio.timeout(DRAIN_S):
                    await self.dispatcher.drain()
            except TimeoutError:
                return before
        return replace(before, told=" ".join(sorted(notices)))

    def _is_low(self, seen: _Seen) -> bool | None:
        if self.balance_low is None:
            return False
        return None if seen.credits_left is None else seen.credits_left < self.balance_low

    # -- looking -----------------------------------------------------------------------------------------

    async def _seen(self, name: str) -> _Seen:
        api = await self.accounts.find(name)
        if api is None:  # a key that cannot be read; the log and the panel say so
            return _Seen()
        refused = await _is_refused(api)
        own = read_own(name)
        if own is not None and refused is False:
            await self.own_keys.confirm(own)
        return _Seen(refused, await _count(await self.accounts.balance_api(name)))

    # -- telling -----------------------------------------------------------------------------------------

    async def _notify(self, name: str, event: ModEvent) -> None:
        """Tell every server that draws on an account and listens."""
        log.warning("account_in_trouble", extra={"account": name, "kind": event.kind.value})
        own = read_own(name)
        if own is not None:
            self.dispatcher.notify(own.guild_id, event)
            return
        told = 0
        for guild_id in await self.records.listeners():
            if name in await self.accounts.of_server(guild_id):
                self.dispatcher.notify(guild_id, event)
                told += 1
                if told % AT_ONCE == 0:
                    await self.clock.pause(REST_S)


async def _is_refused(api: ImageApi) -> bool | None:
    try:
        await check(api)
    except RemoteError as error:
        return True if error.fault is RemoteFault.KEY else None
    return False


async def _count(balance_api: BalanceApi | None) -> int | None:
    if balance_api is None:
        return None
    try:
        return int((await balance_api.balance()).total)
    except RemoteError:
        return None


def _of_membership(
    before: AccountTrouble, end: Mapping[str, Text | None] | None
) -> Mapping[str, Text | None]:
    """What is to be told of the membership; while nobody knows its end, what was told of it counts as told."""
    if end is not None:
        return end
    return {mark: None for mark in before.told.split() if mark.startswith(MEMBERSHIP_END)}


def _written(at: int, troubles: dict[str, AccountTrouble]) -> str:
    return json.dumps({"at": at, "accounts": {name: asdict(trouble) for name, trouble in troubles.items()}})


def _read(stored: str | None) -> tuple[int, dict[str, AccountTrouble]]:
    """What was seen last; what another version wrote in another way is forgotten."""
    try:
        read = json.loads(stored or "{}")
        return int(read.get("at", 0)), {
            name: AccountTrouble(**t) for name, t in read.get("accounts", {}).items()
        }
    except (ValueError, TypeError, AttributeError):
        return 0, {}
