"""What is left: a member's quota, grants on top of it, a server's pools today, and what was used over days.
Never here: refusing (that is `policy`) and drawing charts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.days import day_of, month_of
from bot.domain.pools import Pool, name_rule
from bot.domain.servers.access import REASON_LIMIT
from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.domain.servers.guilds import NOTHING_SPENT
from bot.errors import UserError
from bot.services.servers.bounds import NUMBER_LIMIT
from bot.texts import Text, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.costs import Cost
    from bot.domain.pools import Allowance, PoolRule
    from bot.domain.ports import Clock
    from bot.domain.servers.guild_ports import GuildStores
    from bot.domain.servers.guilds import Actor, Grant, GrantsLeft, PoolTotals, UsageRow
    from bot.services.admission.asker import Asker
    from bot.services.modlog.dispatcher import Dispatcher
    from bot.services.servers.policy import GuildPolicy
    from bot.services.servers.settings import Guilds


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolQuota:
    """A member's quota in one pool."""

    pool: Pool
    allowance: Allowance | None
    """None: closed, and `why` says why."""
    why: Text | None
    rule: Text | None
    """The rule's name, ready for a sentence."""
    left: int | None
    """Of today's own units; None: unlimited."""
    of: int | None
    granted: int
    """Extra units on top."""
    renews_at: int
    running: int
    waiting: int
    server_left: int | None
    """Of the whole server's units today; None: unlimited."""
    left_this_month: int | None = None
    """Of the month's own units; None: unlimited."""
    month_renews_at: int = 0
    cost: Cost = NOTHING_SPENT
    """What the member has spent today at the image service, as far as it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOverview:
    """One pool of a server, for moderators."""

    pool: Pool
    on: bool
    offered: bool
    """False: the deployment itself has it switched off, or the server's account does not serve it."""
    is_default: bool
    """A command that names no pool means this one."""
    rules: tuple[PoolRule, ...]
    """Empty: `default` holds for everyone."""
    default: Allowance | None
    total: int | None
    today: PoolTotals
    renews_at: int
    cost: Cost = NOTHING_SPENT
    """What the server has spent today at the image service, as far as it is known."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Allowances:
    """Reads and enlarges allowances."""

    guilds: Guilds
    policy: GuildPolicy
    stores: GuildStores
    clock: Clock
    dispatcher: Dispatcher

    async def quota_of(self, asker: Asker) -> tuple[PoolQuota, ...]:
        """The asker's quota here, in each pool that the server sees."""
        quotas = [await self._quota(asker, pool) for pool in await self.policy.shown(asker.server)]
        if asker.server is None:
            return tuple(quotas)
        settings = await self.guilds.settings(asker.server)
        today = day_of(self.clock.now(), settings.zone)
        costs = await self.stores.books.costs(asker.server, today, user_id=asker.user_id)
        return tuple(replace(quota, cost=costs[quota.pool]) for quota in quotas)

    async def _quota(self, asker: Asker, pool: Pool) -> PoolQuota:
        guild_id, now = asker.server, self.clock.now()
        settings = None if guild_id is None else await self.guilds.settings(guild_id)
        day = day_of(now) if settings is None else day_of(now, settings.zone)
        month = month_of(now) if settings is None else month_of(now, settings.zone)
        allowance = why = None
        try:
            allowance = await self.policy.allowance(asker, pool, in_chain=False)
        except UserError as refusal:
            why = refusal.text
        standing = await self.stores.books.standing(
            guild_id, asker.user_id, pool, day=day, now=now, month=month
        )
        of = None if allowance is None else allowance.per_day
        total = None if settings is None else settings.total(pool)
        return PoolQuota(
            pool=pool,
            allowance=allowance,
            why=why,
            rule=None if allowance is None else name_rule(allowance.rule, guild_id),
            left=None if of is None else max(0, of - standing.spent),
            of=of,
            granted=standing.granted,
            renews_at=day.end,
            running=standing.running,
            waiting=standing.waiting,
            server_left=None if total is None else max(0, total - standing.server_spent),
            left_this_month=None
            if allowance is None or allowance.per_month is None
            else max(0, allowance.per_month - standing.spent_this_month),
            month_renews_at=month.end,
        )

    async def grant(
        self,
        guild_id: int,
        actor: Actor,
        user_id: int,
        pool: Pool,
        *,
        units: int,
        reason: str,
        expires_at: int | None,
    ) -> Grant:
        """Give a member extra units, used when the day's own are gone; None: they never expire."""
        now = self.clock.now()
        if not 1 <= units <= NUMBER_LIMIT:
            raise UserError(text("settings.number", low=1, high=NUMBER_LIMIT))
        if expires_at is not None and expires_at <= now:
            raise UserError(text("settings.past"))
        await self.guilds.write_limits.take_act(guild_id)
        grant = await self.stores.members.grant(
            guild_id,
            user_id,
            pool,
            units=units,
            reason=reason.strip()[:REASON_LIMIT],
            expires_at=expires_at,
            actor=actor,
            at=now,
        )
        self.dispatcher.notify(
            guild_id,
            ModEvent(
                EventKind.MEMBER,
                f"grant/{grant.id}",
                text("log.granted", user=str(user_id), units=units, pool=pool.value),
                subject=user_id,
                by=actor,
                details={"reason": grant.reason, "expires_at": expires_at},
            ),
        )
        return grant

    async def grants(self, guild_id: int, user_id: int) -> Sequence[Grant]:
        """A member's unexpired grants with something left."""
        return await self.stores.members.grants(guild_id, user_id, self.clock.now())

    async def grants_left(self, guild_id: int, user_id: int, pool: Pool) -> GrantsLeft:
        """What could be taken back of a member's extra units in a pool."""
        return await self.stores.members.grants_left(guild_id, user_id, pool, self.clock.now())

    async def take_back(
        self, guild_id: int, actor: Actor, user_id: int, pool: Pool, asked: GrantsLeft
    ) -> int:
        """End a member's grants in a pool, as somebody was asked about it; returns how many units that took.

        It may be fewer than were asked about: what jobs drew meanwhile stays drawn. Units that a job gives back later go
        to none of these grants, as with one that expired. Raises `UserError` where it would be more, or another grant.
        """
        await self.guilds.write_limits.take_act(guild_id)
        now = self.clock.now()
        taken = await self.stores.members.take_back(guild_id, user_id, pool, asked, actor=actor, at=now)
        if taken is None:
            raise UserError(text("member.take_back_stale"))
        if taken:
            said = text("log.taken_back", user=str(user_id), units=taken, pool=pool.value)
            key = f"take_back/{user_id}/{pool}/{asked.newest}"
            self.dispatcher.notify(guild_id, ModEvent(EventKind.MEMBER, key, said, subject=user_id, by=actor))
        return taken

    async def overview(self, guild_id: int) -> tuple[PoolOverview, ...]:
        """The pools of a server, as the panel shows them. Reads the settings anew."""
        self.guilds.forget(guild_id)
        settings = await self.guilds.settings(guild_id)
        day = day_of(self.clock.now(), settings.zone)
        today = await self.stores.books.totals(guild_id, day)
        costs = await self.stores.books.costs(guild_id, day)
        chosen = await self.policy.server_default(settings)
        offered = await self.policy.offered(guild_id)
        return tuple(
            PoolOverview(
                pool=pool,
                on=pool not in settings.pools.off,
                offered=pool in offered,
                is_default=pool is chosen,
                rules=settings.rules_of(pool),
                default=offered.get(pool),
                total=settings.total(pool),
                today=today[pool],
                renews_at=day.end,
                cost=costs[pool],
            )
            for pool in await self.policy.shown(guild_id)
        )

    async def usage(self, guild_id: int, since: int, until: int) -> Sequence[UsageRow]:
        """What the ledger says was spent between two moments, by the server's days, pool and member."""
        settings = await self.guilds.settings(guild_id)
        return await self.stores.books.usage(guild_id, since, until, zone=settings.zone)
