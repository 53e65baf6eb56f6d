"""Which account of the image API pays: decided when a chain begins, and found again by its name in any process.
Never here: how a server's own key is brought, tested and stored (that is `own_keys`)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.accounts import DEFAULT_ACCOUNT, is_own, mapped, read_own
from bot.domain.capabilities import OHMYGPT, capabilities_of
from bot.domain.intake.drawing import Drawing
from bot.domain.pools import Pool, shown_pools
from bot.domain.window_ports import ProbedAccount
from bot.errors import RemoteError, RemoteFault, StorageTrouble, UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.accounts import AccountMap
    from bot.domain.balances import BalanceApi
    from bot.domain.capabilities import Capabilities
    from bot.domain.engine_models import EngineModel
    from bot.domain.jobs import Job
    from bot.domain.ports import ImageApi, Readings
    from bot.domain.tasks import RemoteTaskId, TaskPage, TaskSnapshot
    from bot.domain.tenancy import Budget
    from bot.services.accounts.own_keys import OwnKeys
    from bot.services.accounts.owner_policy import OwnerPolicy

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False, repr=False)
class _Reader:
    """Finds the account anew for each reading, for its key may be exchanged for another one."""

    accounts: Accounts
    name: str

    async def query(self, task_id: RemoteTaskId) -> TaskSnapshot | None:
        """See the port."""
        return await (await self.accounts.reach(self.name)).query(task_id)

    async def page(self, number: int, *, size: int) -> TaskPage:
        """See the port."""
        return await (await self.accounts.reach(self.name)).page(number, size=size)


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Accounts:
    """Every account that a job can name. Reads of the database hide behind short-lived caches."""

    fixed: Mapping[str, ImageApi]
    """The owner's accounts, by name: these are the same as long as the process lives."""
    balance_apis: Mapping[str, BalanceApi]
    account_of: AccountMap
    own_name: str = DEFAULT_ACCOUNT
    own: OwnKeys
    owner: OwnerPolicy
    own_capabilities: Capabilities = OHMYGPT
    """What a server's own key can do."""

    async def for_chain(self, guild_id: int | None, pool: Pool) -> str:
        """Name the account of a chain that begins now: the server's own, or the one that the owner mapped.

        Raises `UserError` if the server has no key of its own and the owner does not let it in.
        """
        name = await self._account_of_server(guild_id, pool)
        if read_own(name) is None:
            await self.owner.check(guild_id)
        return name

    async def _account_of_server(self, guild_id: int | None, pool: Pool) -> str:
        own = None if guild_id is None else await self.own.current(guild_id)
        if own is not None:
            return own.name
        name = mapped(self.account_of, guild_id, pool)
        # Where the account of `API_KEY` has another name, `default` may be a further account of the owner's.
        if name is None or (name == DEFAULT_ACCOUNT and name not in self.fixed):
            return self.own_name
        return name

    # -- what they can do --------------------------------------------------------------------------------

    def capabilities(self, name: str) -> Capabilities:
        """What an account can do, as far as it is known by now; a server's own key is OhMyGPT's."""
        return self.own_capabilities if is_own(name) else capabilities_of(self.fixed.get(name))

    async def learned(self, name: str) -> Capabilities:
        """The same, with one free question to a server that was asked nothing yet; in trouble, what is known so far."""
        api = self.fixed.get(name)
        if isinstance(api, ProbedAccount) and not api.is_known:
            try:
                await api.check()
            except RemoteError as error:
                log.info("abilities_unknown", extra={"account": name, "fault": error.fault.value})
        return self.capabilities(name)

    async def is_engine_refused(self, guild_id: int | None) -> bool:
        """Whether the service has just said that the key of a server's account may not draw."""
        api = await self.find(await self._account_of_server(guild_id, Pool.DRAW))
        return isinstance(api, Drawing) and api.engine is not None and api.engine.is_refused

    def any_account_can(self, can: Callable[[Capabilities], bool]) -> bool:
        """Whether any of the owner's accounts can do something, as far as it is known by now."""
        return any(can(capabilities_of(api)) for api in self.fixed.values())

    # -- who pays ----------------------------------------------------------------------------------------

    def budget(self, job: Job, *, pictures: int = 1) -> Budget | None:
        """What of the owner's budget a job takes, and on which terms; None: a server's own account pays."""
        return self.owner.budget(job, pictures=pictures)

    async def of_server(self, guild_id: int) -> dict[str, list[Pool]]:
        """Which accounts a server draws on, or would if it were let in, each with its pools."""
        found: dict[str, list[Pool]] = {}
        for pool in shown_pools(await self.pools_of(guild_id)):
            found.setdefault(await self._account_of_server(guild_id, pool), []).append(pool)
        return found

    async def pools_of(self, guild_id: int | None) -> frozenset[Pool]:
        """The pools that a server's accounts serve, by what is known of them now.

        A server that was not asked yet which program it is counts as one without unusual pools.
        """
        served: set[Pool] = set()
        for pool in Pool:
            # A server's own key is not opened for that: whatever it opens is of the one kind that keys are taken for.
            if pool in self.capabilities(await self._account_of_server(guild_id, pool)).pools:
                served.add(pool)
        return frozenset(served)

    async def capabilities_in(self, guild_id: int | None) -> tuple[Capabilities, ...]:
        """What the accounts can do that a server draws on."""
        if guild_id is None:
            return (self.capabilities(self.own_name),)
        return tuple(self.capabilities(name) for name in await self.of_server(guild_id))

    async def engine_in(self, guild_id: int | None) -> EngineModel | None:
        """The second engine of a server's account; None: it has none."""
        return self.capabilities(await self._account_of_server(guild_id, Pool.DRAW)).engine

    async def find(self, name: str) -> ImageApi | None:
        """Find the way to an account; None if its key is gone. An earlier key of a server's is found too."""
        own = read_own(name)
        return self.fixed.get(name) if own is None else await self.own.api(own)

    async def balance_api(self, name: str) -> BalanceApi | None:
        """Find where an account's funds can be read; None: no key may."""
        own = read_own(name)
        return self.balance_apis.get(name) if own is None else await self.own.api(own)

    async def reach(self, name: str) -> ImageApi:
        """Find the way to an account; raises `RemoteError`, by which nothing can have been sent."""
        try:
            api = await self.find(name)
        except StorageTrouble as trouble:
            raise RemoteError(RemoteFault.UNREACHED, f"its key was not read: {trouble}") from trouble
        if api is None:
            raise RemoteError(RemoteFault.KEY, "this account is no longer configured")
        return api

    def reader(self, name: str) -> Readings:
        """The way to an account for whoever follows its tasks for long."""
        return _Reader(self, name)

    async def check_chain(self, parent: Job) -> None:
        """Raise `UserError` unless a chain can go on: it stays with its account, whatever holds for new ones."""
        own = read_own(parent.account)
        if own is None:
            if parent.account not in self.fixed:
                raise UserError(text("press.account_gone", key=parent.key))
            await self.owner.check(parent.home)
        elif await self.own.current(own.guild_id) != own:
            raise UserError(text("press.key_gone", key=parent.key))
