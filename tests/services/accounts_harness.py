"""Several accounts at the image API in the small world: whose key is whose, what each has left, whose task is whose.
Never here: assertions; tests judge."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet
from typing_extensions import override

from bot.domain.tasks import RemoteTaskId, TaskPage, TaskSnapshot
from bot.domain.upstream_keys import UpstreamKey
from bot.errors import RemoteError, RemoteFault
from bot.storage.vault import FernetVault
from tests.services.harness import GUILD, Api
from tests.services.server_harness import ADA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.pools import Pool
    from tests.services.harness import Harness

KEY, OTHER_KEY = "sk-a-key-of-the-server", "sk-another-key-of-it"
MASTER, NEXT_MASTER = Fernet.generate_key().decode(), Fernet.generate_key().decode()
REFUSED = RemoteError(RemoteFault.KEY, "Unauthorized: the api key is not valid")


async def remove_key(world: Harness) -> None:
    """Remove the server's key, as a moderator does who is shown it."""
    shown = await world.services.own_keys.store.current(GUILD)
    assert shown is not None
    await world.services.own_keys.remove(shown.version, ADA)


@dataclass(frozen=True)
class Left:
    """Funds."""

    total: Decimal


class Office:
    """The account's keys at the image service, as its admin key sees them. It outlives any process."""

    def __init__(self) -> None:
        self.listed: list[UpstreamKey] = [UpstreamKey(key="sk-of-somebody", remark="my laptop")]
        self.trouble: dict[str, RemoteError] = {}
        """What the next call of a name raises, before anything happens."""
        self.lost: dict[str, RemoteError] = {}
        """What the next call of a name raises after it has happened."""
        self.hidden = 0
        """How many lists do not show the newest key yet."""
        self.late = 0
        """For how many lists a key that is made now is hidden."""
        self.made = 0
        self.lists = 0
        self.ends: int | None = None

    def _before(self, name: str) -> None:
        if name in self.trouble:
            raise self.trouble[name]

    def _after(self, name: str) -> None:
        if name in self.lost:
            raise self.lost.pop(name)

    async def keys(self) -> Sequence[UpstreamKey]:
        self.lists += 1
        await asyncio.sleep(0)
        self._before("keys")
        if self.hidden:
            self.hidden -= 1
            return self.listed[:-1]
        return tuple(self.listed)

    async def make_key(self, *, remark: str, cap: int, expires_at: int) -> str:
        self._before("make")
        self.made += 1
        key = UpstreamKey(
            key=f"sk-made-{self.made}",
            remark=remark,
            used=Decimal(0),
            cap=Decimal(cap),
            expires_at=expires_at,
        )
        self.listed.append(key)
        self.hidden = self.late
        self._after("make")
        return key.key

    async def change_key(self, key: UpstreamKey) -> None:
        self._before("change")
        self.listed = [key if one.key == key.key else one for one in self.listed]
        self._after("change")

    async def delete_key(self, key: str) -> None:
        self._before("delete")
        self.listed = [one for one in self.listed if one.key != key]
        self._after("delete")

    async def membership_end(self) -> int | None:
        self._before("membership")
        return self.ends

    def spend(self, used: int) -> None:
        """Have the newest key spent so much."""
        self.listed[-1] = replace(self.listed[-1], used=Decimal(used))


class AccountsHarness:
    """What the image API knows of accounts. It outlives any process."""

    def __init__(self) -> None:
        self.of_key: dict[str, str] = {}
        """The account that a key opens; by itself each opens one of its own."""
        self.trouble: dict[str, RemoteError] = {}
        """What every call of an account raises."""
        self.credits: dict[str, int] = {}
        self.prices: list[Any] = []
        self.paid_by: dict[str, str] = {}
        """Which account has a task."""
        self.hidden: list[str] = []
        """What was to be kept out of the log."""
        self.opened: list[str] = []
        self.office: Office | None = None
        """The account's keys, if there is an admin key."""

    def furnish(self, world: Harness, **terms: Any) -> None:
        """Have a world's next process know these accounts."""
        world.way_to = lambda name: MintApi(world, self, name)
        world.more_ports = {
            "vault": FernetVault([MASTER]),
            "open_account": lambda key: self.open(world, key),
            "hide": self.hidden.append,
            "key_admin": self.office,
            "balance_apis": {name: MintApi(world, self, name) for name in self.credits},
        }
        world.more_terms = terms

    def open(self, world: Harness, key: str) -> MintApi:
        """The account behind a key."""
        self.opened.append(key)
        return MintApi(world, self, self.of_key.get(key, key))


class MintApi(Api):
    """One process's way to one account."""

    def __init__(self, world: Harness, mint: AccountsHarness, account: str) -> None:
        super().__init__(world.upstream, world.effects)
        self._mint = mint
        self.account = account

    def _check(self) -> None:
        if self.account in self._mint.trouble:
            raise self._mint.trouble[self.account]

    @override
    async def imagine(
        self, *, prompt: str, pool: Pool, webhook: str | None, images: Any = ()
    ) -> RemoteTaskId:
        self._check()
        task_id = await super().imagine(prompt=prompt, pool=pool, webhook=webhook, images=images)
        self._mint.paid_by[task_id] = self.account
        return task_id

    @override
    async def act(self, **call: Any) -> RemoteTaskId:
        self._check()
        assert self._mint.paid_by[call["task_id"]] == self.account, "another account's task was acted on"
        task_id = await super().act(**call)
        self._mint.paid_by[task_id] = self.account
        return task_id

    @override
    async def query(self, task_id: RemoteTaskId) -> TaskSnapshot | None:
        self._check()
        return await super().query(task_id) if self._mint.paid_by.get(task_id) == self.account else None

    @override
    async def page(self, number: int, *, size: int) -> TaskPage:
        self._check()
        every = await super().page(number, size=size)
        own = tuple(t for t in every.tasks if self._mint.paid_by.get(t.task_id) == self.account)
        return TaskPage(len(own), own)

    def holds(self, key: str) -> bool:
        """Whether it pays with this key."""
        return self.account == key

    async def balance(self) -> Left:
        """What is left, as far as anybody may know."""
        self._check()
        if self.account not in self._mint.credits:
            raise REFUSED
        return Left(Decimal(self._mint.credits[self.account]))

    async def rates(self) -> list[Any]:
        """What the list of prices says, to whoever may read balances."""
        return self._mint.prices
