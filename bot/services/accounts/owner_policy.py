"""The owner's policy, asked wherever it is decided who pays: who draws on the owner's accounts, and on which terms.
Never here: servers' own policies (they divide this budget), counting (storage), and how owners are told."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from cachetools import TTLCache

from bot.domain.accounts import is_own
from bot.domain.steady import Steady
from bot.domain.tenancy import BASE_COST, NO_CEILING, Access, Budget, Ceiling, KnownServer, Used
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.domain.jobs import Job
    from bot.domain.ports import Clock
    from bot.domain.servers.guild_ports import SharedState
    from bot.domain.tenancy import TenantStore
    from bot.texts import Text

log = logging.getLogger(__name__)

SINCE: Final = "servers_since"
"""Under this name the processes share since when servers are noted."""
NEWCOMER_MS: Final = 24 * 3_600_000
"""Who sets the bot up invites it before its first start: a server that it joined so shortly before is new to it, too."""


BELIEVED_MS: Final = 5_000
"""How long a server that was let in is believed to be so without a look. What is paid is booked only if it still is."""
BELIEVED_SERVERS: Final = 10_000


class OwnerMail(Protocol):
    """The way to whoever owns the application."""

    async def notify(self, words: Text, *, once: str) -> bool:
        """Say something to the application's owner, or to one member of its team; False: try again later. Raises nothing.

        `once` names the occasion: said again within minutes, it stays one message.
        """

    async def ask(self, server: KnownServer, *, again: bool) -> bool:
        """Ask whether a server may draw on the owner's accounts; False: try again later.

        `again`: an earlier try may have reached the owner. Such a question is looked for before another is sent.
        """


class NoMail:
    """Where the owner cannot be reached."""

    async def notify(self, words: Text, *, once: str) -> bool:
        """Log it at least."""
        log.warning("owner_not_told", extra={"text": words.id, "occasion": once})
        return True

    async def ask(self, server: KnownServer, *, again: bool) -> bool:
        """Log it at least."""
        log.warning("owner_not_asked", extra={"guild": server.guild_id, "again": again})
        return True


@dataclass(frozen=True, slots=True)
class OwnerTerms:
    """What the owner decided for all servers."""

    access: Access = field(default_factory=lambda: Access(everyone=True))
    usual: Ceiling = NO_CEILING
    """Of servers that are not the owner's own."""
    of_account: Ceiling = NO_CEILING


@dataclass(frozen=True, slots=True)
class ServerView:
    """A server as its owner's lists show it."""

    server: KnownServer
    admitted: bool
    ceiling: Ceiling
    used: Used


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class OwnerPolicy:
    """Stands above every server: no rule, price or grant of moderators lifts what it says."""

    store: TenantStore
    terms: OwnerTerms
    clock: Clock
    memory: SharedState
    own_keys_offered: Callable[[], bool] = lambda: False
    _admitted: TTLCache[int, None, int] = field(init=False)

    def __post_init__(self) -> None:
        self._admitted = TTLCache(BELIEVED_SERVERS, BELIEVED_MS, Steady(self.clock))

    # -- for jobs ----------------------------------------------------------------------------------------

    async def admits(self, guild_id: int | None) -> bool:
        """Whether a server may draw on the owner's accounts now."""
        server = None if guild_id is None else await self.store.find(guild_id)
        return self.terms.access.admits(guild_id, server)

    async def check(self, guild_id: int | None) -> None:
        """Raise `UserError`, saying what a server needs, unless it may draw on the owner's accounts."""
        if guild_id in self._admitted:
            return
        if not await self.admits(guild_id):
            raise UserError(self.refusal())
        if guild_id is not None:
            self._admitted[guild_id] = None

    def refusal(self) -> Text:
        """What a server needs that is not let in."""
        return text("refused.not_let_in_key" if self.own_keys_offered() else "refused.not_let_in")

    def budget(self, job: Job, *, pictures: int = 1) -> Budget | None:
        """On which terms of the owner a job begins that is paid as so many; None: a server's own account pays for it."""
        return self.budget_of(job.home, job.account, pictures=pictures)

    def budget_of(self, home: int | None, account: str, *, pictures: int = 1) -> Budget | None:
        """The same for whatever else is paid: a question to a chat model takes as much as one picture."""
        if is_own(account):
            return None
        return Budget(
            guild_id=home,
            account=account,
            cost=BASE_COST * pictures,
            access=self.terms.access,
            usual=self.terms.usual,
            of_account=self.terms.of_account,
            refusal=self.refusal(),
        )

    # -- for servers -------------------------------------------------------------------------------------

    async def view(self, guild_id: int) -> ServerView:
        """A server with what it may draw and has drawn."""
        server = await self.store.find(guild_id) or KnownServer(guild_id=guild_id)
        used = await self.store.used(self.clock.now(), [guild_id])
        return self._seen(server, used[guild_id])

    async def every(self) -> Sequence[ServerView]:
        """All known servers in which the bot is, and those that the owner decided about; by name."""
        found = [s for s in await self.store.every() if s.left_at is None or s.let_in_at or s.shut_at]
        used = await self.store.used(self.clock.now(), [server.guild_id for server in found])
        return [self._seen(server, used[server.guild_id]) for server in found]

    def _seen(self, server: KnownServer, used: Used) -> ServerView:
        admitted = self.terms.access.admits(server.guild_id, server)
        return ServerView(server, admitted, server.ceiling_by(self.terms.usual), used)

    # -- for the owner -----------------------------------------------------------------------------------

    async def let_in(self, guild_id: int, *, by: int | None) -> KnownServer:
        """Let a server draw on the owner's accounts."""
        server = await self.store.let_in(guild_id, by=by, at=self.clock.now())
        log.info("server_let_in", extra={"guild": guild_id, "by": by})
        return server

    async def shut_out(self, guild_id: int) -> KnownServer:
        """Keep a server off the owner's accounts; what was accepted before is brought to its end."""
        server = await self.store.shut_out(guild_id, at=self.clock.now())
        self._admitted.pop(guild_id, None)
        log.info("server_shut_out", extra={"guild": guild_id})
        return server

    async def set_ceiling(self, guild_id: int, ceiling: Ceiling | None) -> KnownServer:
        """Give a server a ceiling of its own; None: the usual one again."""
        server = await self.store.set_ceiling(guild_id, ceiling)
        log.info("server_ceiling", extra={"guild": guild_id, "ceiling": str(ceiling)})
        return server

    # -- for processes at Discord's gateway ----------------------------------------------------------------

    async def note(self, guild_id: int, *, name: str, owner_id: int | None, owners: frozenset[int]) -> bool:
        """Store whose server it is; returns whether it may draw on the owner's accounts."""
        server = await self.store.note(guild_id, name=name, owner_id=owner_id, ours=owner_id in owners)
        return self.terms.access.admits(guild_id, server)

    async def since(self) -> int:
        """Since when servers are noted, or came to a bot that was about to start: who was there before is no newcomer."""
        while True:
            stored = await self.memory.get(SINCE)
            if stored is not None and stored.isdecimal():
                return int(stored)
            await self.memory.swap(SINCE, stored, str(self.clock.now() - NEWCOMER_MS))

    async def joined(self, guild_id: int) -> None:
        """The bot is there: should it leave while nobody listens, it is missed."""
        await self.store.joined(guild_id)

    async def left(self, guild_id: int) -> None:
        """The bot was sent away."""
        await self.store.left(guild_id, self.clock.now())

    async def claim_greeting(self, guild_id: int) -> bool:
        """Whether it falls to this process to greet a server: to one of all, once."""
        return await self.store.claim(guild_id, "greeted_at", self.clock.now())
