"""The seams of a moderated server: what services need from storage and from Discord to settle, count and tell.
Never here: implementations; jobs and pictures have their ports in `ports`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence

    from bot.domain.costs import Cost
    from bot.domain.days import Day
    from bot.domain.keys import JobKey
    from bot.domain.pools import Pool
    from bot.domain.servers.guilds import (
        Actor,
        AuditEntry,
        Block,
        Changed,
        ErasedCard,
        Grant,
        GrantsLeft,
        GuildSettings,
        PoolTotals,
        Standing,
        Strike,
        Struck,
        UsageRow,
    )
    from bot.domain.servers.moderation import StrikePolicy, WordRule
    from bot.domain.servers.own_keys import KeyStore
    from bot.texts import Text


class SettingsStore(Protocol):
    """Servers' settings with their audit. Every method of these stores raises `StorageTrouble` and is one transaction."""

    async def settings(self, guild_id: int) -> GuildSettings:
        """Read a server's settings; those of a server that never changed any are the defaults."""

    def expressions(self, *, limit: int) -> AsyncGenerator[Sequence[WordRule], None]:
        """One server's expressions after the other's, of so many that have some; each is read by itself."""

    async def at(self, guild_id: int, revision: int) -> GuildSettings | None:
        """A server's settings as they were at a revision; None if that was too many changes ago."""

    async def change(
        self,
        guild_id: int,
        change: Callable[[GuildSettings], GuildSettings],
        *,
        actor: Actor,
        at: int,
    ) -> Changed:
        """Apply `change` to what is stored and write the audit's line; what `change` raises is raised, nothing written."""

    async def undo_last(
        self, guild_id: int, *, actor: Actor, at: int, entry_id: int | None = None
    ) -> AuditEntry | None:
        """Take the latest change of settings back that was not taken back yet; None if there is none.

        None, too, and nothing taken back, if it is not the one of `entry_id`, where that is given.
        """

    async def last_change(self, guild_id: int) -> AuditEntry | None:
        """Read the change of settings that `undo_last` would take back."""

    async def changes(self, guild_id: int, sections: Collection[str], *, limit: int) -> Sequence[AuditEntry]:
        """Read changes of some sections, undone ones and undoing ones as well, the latest first."""

    async def audit(self, guild_id: int, *, before: int | None, limit: int) -> Sequence[AuditEntry]:
        """Read the history, the latest first; `before` is the id of an entry, for paging."""

    async def note(
        self,
        guild_id: int,
        *,
        actor: Actor,
        at: int,
        action: str,
        subject: int | None,
        details: Mapping[str, Any],
    ) -> AuditEntry:
        """Write a line about something that is no setting."""


class MemberStore(Protocol):
    """Blocks, strikes and grants; each change writes the audit's line in its transaction."""

    async def block_of(self, guild_id: int, user_id: int, now: int) -> Block | None:
        """The block that holds now."""

    async def blocks(self, guild_id: int, now: int) -> Sequence[Block]:
        """Every block that holds now, the latest first."""

    async def block(self, guild_id: int, block: Block) -> Block | None:
        """Block a member; returns the block that it replaced."""

    async def unblock(self, guild_id: int, user_id: int, *, actor: Actor, at: int) -> Block | None:
        """Lift a block; returns it, None if there was none."""

    async def strike(
        self,
        guild_id: int,
        user_id: int,
        *,
        interaction_id: int,
        why: str,
        at: int,
        policy: StrikePolicy,
        by: Actor,
    ) -> Struck:
        """Count a strike, once for an interaction; enough of them become a block."""

    async def strikes(self, guild_id: int, user_id: int, *, since: int = 0, limit: int) -> Sequence[Strike]:
        """A member's strikes, the latest first. Those that are not younger than `since` count no more."""

    async def counting(self, guild_id: int, user_id: int, *, since: int) -> int:
        """How many of a member's strikes count: neither spent, nor as old as `since`."""

    async def forgive(self, guild_id: int, user_id: int, *, since: int = 0, actor: Actor, at: int) -> int:
        """Let a member's strikes count no more; returns how many did, of those that are younger than `since`."""

    async def grant(
        self,
        guild_id: int,
        user_id: int,
        pool: Pool,
        *,
        units: int,
        reason: str,
        expires_at: int | None,
        actor: Actor,
        at: int,
    ) -> Grant:
        """Give extra units."""

    async def grants(self, guild_id: int, user_id: int, now: int) -> Sequence[Grant]:
        """A member's unexpired grants that have something left, in the order in which they are used."""

    async def grants_left(self, guild_id: int, user_id: int, pool: Pool, now: int) -> GrantsLeft:
        """What a member's unexpired grants have left in a pool."""

    async def take_back(
        self, guild_id: int, user_id: int, pool: Pool, asked: GrantsLeft, *, actor: Actor, at: int
    ) -> int | None:
        """End a member's grants in a pool and return how many units they had left: what jobs drew stays drawn.

        None, and nothing is taken, if they have more left than was asked about, or there is a later one.
        """


class BookStore(Protocol):
    """The ledger as it is read."""

    async def standing(
        self, guild_id: int | None, user_id: int, pool: Pool, *, day: Day, now: int, month: Day | None = None
    ) -> Standing:
        """What a member and the server have used today, and the member in the month, if that is asked for."""

    async def totals(self, guild_id: int, day: Day) -> Mapping[Pool, PoolTotals]:
        """A server's pools today."""

    async def usage(self, guild_id: int, since: int, until: int, *, zone: str) -> Sequence[UsageRow]:
        """What was spent between two moments, by day of that time zone, pool and member."""

    async def cost_of(self, key: JobKey) -> Cost:
        """What one job costs in credits; nothing once its units were given back."""

    async def costs(self, guild_id: int, day: Day, *, user_id: int | None = None) -> Mapping[Pool, Cost]:
        """What a server, or one of its members, has spent in credits on a day, in every pool."""


class Records(Protocol):
    """What is kept for how long."""

    async def export(self, guild_id: int, user_id: int) -> Mapping[str, Any]:
        """Everything kept about a member in a server, as JSON can say it."""

    async def erase(self, guild_id: int, user_id: int, *, actor: Actor, at: int) -> int:
        """Forget what a member wrote and how they were called; the books keep numbers only.

        Jobs that still run are left alone: cancel them first. Returns how many jobs were emptied.
        """

    async def cards_left(self, guild_id: int, user_id: int) -> int:
        """How many messages of an erased member are still to be deleted, or could not be."""

    async def claim_cards(self, now: int, *, lease_ms: int, limit: int) -> Sequence[ErasedCard]:
        """Take messages with erased words that are due, for a while; the attempt is counted."""

    async def settle_card(self, card: ErasedCard, *, gone: bool) -> None:
        """A message is gone, or drawn anew; or, if not `gone`, will never be."""

    async def servers_to_forget(self, now: int, *, usual_days: int | None = None) -> Sequence[int | None]:
        """Servers whose prompts may be due, None: direct messages. It looks through all that is kept: ask it seldom."""

    async def forget_prompts(
        self, guild_id: int | None, now: int, *, limit: int, usual_days: int | None = None
    ) -> int:
        """Empty finished jobs that are older than their server keeps prompts; returns how many, at most `limit`.

        A server that has not decided by now keeps them for `usual_days`, None: for ever; one that decided to keep them keeps them.
        """

    async def forget_tokens(self, before: int, *, limit: int) -> int:
        """Clear interactions' tokens that died before a time; returns of how many jobs, at most `limit`."""

    async def forget_audit(self, before: int, *, limit: int) -> int:
        """Delete lines of the audit written before a time; returns how many, at most `limit`."""

    async def forget_notices(self, before: int, *, limit: int) -> int:
        """Forget what was told before a time; returns of how many things, at most `limit`."""

    async def forget_inputs(self, before: int, *, limit: int) -> int:
        """Delete what jobs took along that ended before a time; returns of how many jobs, at most `limit`."""

    async def forget_links(self, before: int) -> None:
        """Delete the links to the mask editor that expired before a time."""

    async def schedule_deletion(self, guild_id: int, at: int | None) -> None:
        """Have a server's data deleted at a time; None: not any more."""

    async def delete_due(self, now: int) -> Sequence[int]:
        """Delete the data of servers whose time has come; returns which."""

    async def claim_notice(self, guild_id: int, key: str, now: int, *, window_ms: int) -> int | None:
        """Ask to say something once in a time, across processes.

        Returns how often it was held back since it was last said, or None if it is to be held back now.
        """

    async def listeners(self) -> Sequence[int]:
        """The servers that have a log channel, and the bot."""


class SharedState(Protocol):
    """Small facts that all processes share. Both methods raise `StorageTrouble`."""

    async def get(self, key: str, /) -> str | None:
        """Read a value; None if it was never set."""

    async def swap(self, key: str, old: str | None, new: str, /) -> bool:
        """Write only if the value is still `old` (None: not there): of several processes exactly one succeeds."""


@dataclass(frozen=True, slots=True)
class GuildStores:
    """What a process needs of storage to moderate servers."""

    settings: SettingsStore
    members: MemberStore
    books: BookStore
    records: Records
    keys: KeyStore
    memory: SharedState


class EventKind(StrEnum):
    """What moderators' log channel hears of."""

    REFUSED = "refused"
    WARNED = "warned"
    STRUCK = "struck"
    SETTINGS = "settings"
    MEMBER = "member"
    ERROR = "error"
    KEY_REJECTED = "key_rejected"
    BALANCE_LOW = "balance_low"
    KEY_LIMIT = "key_limit"
    MISSING_PERMISSION = "missing_permission"
    LEFT_POOL = "left_pool"


@dataclass(frozen=True, slots=True)
class ModEvent:
    """Something that moderators should hear, once."""

    kind: EventKind
    key: str
    """What makes two events the same: told once in a window."""
    said: Text
    """The sentence."""
    subject: int | None = None
    """The member concerned."""
    by: Actor | None = None
    job: JobKey | None = None
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    held_back: int = 0
    """How many like it were not told since the last one."""


class ModLog(Protocol):
    """The moderators' channel. What cannot be told there is logged by the adapter."""

    async def post(self, guild_id: int, channel_id: int, event: ModEvent, *, locale: str | None) -> bool:
        """Tell it; False: it cannot be told there. Raises `RetryLater`."""


class NoModLog:
    """A moderators' channel that nobody listens to."""

    async def post(self, *_: object, **__: object) -> bool:
        """Say nothing."""
        return False
