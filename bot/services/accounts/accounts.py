"""Which account of the image API pays: decided when a chain begins, and found again by its name in any process.
Never here: how a server's own key is brought, tested and stored (that is `own_keys`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.accounts import DEFAULT_ACCOUNT, mapped, read_own
from bot.domain.pools import Pool
from bot.errors import RemoteError, RemoteFault, StorageTrouble, UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.accounts import AccountMap
    from bot.domain.balances import BalanceApi
    from bot.domain.jobs import Job
    from bot.domain.ports import ImageApi, Readings
    from bot.domain.tasks import RemoteTaskId, TaskPage, TaskSnapshot
    from bot.domain.tenancy import Budget
    from bot.services.accounts.own_keys import OwnKeys
    from bot.services.accounts.owner_policy import OwnerPolicy


class _Reader:
    """Finds the account anew for each reading, for its key may be exchanged for another one."""

    def __init__(self, accounts: Accounts, name: str) -> None:
        self._accounts = accounts
        self._name = name

    async def query(self, task_id: RemoteTaskId) -> TaskSnapshot | None:
        """See the port."""
        return await (await self._accounts.reach(self._name)).query(task_id)

    async def page(self, number: int, *, size: int) -> TaskPage:
        """See the port."""
        return await (await self._accounts.reach(self._name)).page(number, size=size)


class Accounts:
    """Every account that a job can name. Reads of the database hide behind short-lived caches."""

    def __init__(
        self,
        *,
        fixed: Mapping[str, ImageApi],
        balance_apis: Mapping[str, BalanceApi],
        account_of: AccountMap,
        own_name: str = DEFAULT_ACCOUNT,
        own: OwnKeys,
        owner: OwnerPolicy,
    ) -> None:
        self.fixed = fixed
        """The owner's accounts, by name: these are the same as long as the process lives."""
        self._balance_apis = balance_apis
        self._account_of = account_of
        self._own_name = own_name
        self._own = own
        self._owner = owner

    async def for_chain(self, guild_id: int | None, pool: Pool) -> str:
        """Name the account of a chain that begins now: the server's own, or the one that the owner mapped.

        Raises `UserError` if the server has no key of its own and the owner does not let it in.
        """
        name = await self._account_of_server(guild_id, pool)
        if read_own(name) is None:
            await self._owner.check(guild_id)
        return name

    async def _account_of_server(self, guild_id: int | None, pool: Pool) -> str:
        own = None if guild_id is None else await self._own.current(guild_id)
        if own is not None:
            return own.name
        name = mapped(self._account_of, guild_id, pool)
        return self._own_name if name == DEFAULT_ACCOUNT else name

    def budget(self, job: Job) -> Budget | None:
        """What of the owner's budget a job takes, and on which terms; None: a server's own account pays."""
        return self._owner.budget(job)

    async def of_server(self, guild_id: int) -> dict[str, list[Pool]]:
        """Which accounts a server draws on, or would if it were let in, each with its pools."""
        found: dict[str, list[Pool]] = {}
        for pool in Pool:
            found.setdefault(await self._account_of_server(guild_id, pool), []).append(pool)
        return found

    async def find(self, name: str) -> ImageApi | None:
        """Find the way to an account; None if its key is gone. An earlier key of a server's is found too."""
        own = read_own(name)
        return self.fixed.get(name) if own is None else await self._own.api(own)

    async def balance_api(self, name: str) -> BalanceApi | None:
        """Find where an account's funds can be read; None: no key may."""
        own = read_own(name)
        return self._balance_apis.get(name) if own is None else await self._own.api(own)

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
            await self._owner.check(parent.home)
        elif await self._own.current(own.guild_id) != own:
            raise UserError(text("press.key_gone", key=parent.key))
