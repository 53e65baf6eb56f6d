"""A server's own policy: what its moderators decided, asked in one order, each refusal with its rule and a way out.
Never here: settings' storage, counting, and the deployment's defaults (that is `terms`)."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from bot.domain.days import day_of, month_of
from bot.domain.pools import Allowance, Pool, ServerLimits, allowance_of, midjourneys, shown_pools
from bot.domain.prices import Charge, price_of
from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.domain.servers.guilds import Actor
from bot.domain.servers.image_rules import OFFERED
from bot.domain.servers.moderation import Match, WordAction
from bot.domain.wording import inert
from bot.errors import UserError
from bot.services.admission.terms import Admission, closed
from bot.services.servers.examining import examined
from bot.services.servers.single_rules import (
    check_kind,
    check_newcomer,
    check_pause,
    check_presser,
    check_put_in,
    shape,
    treated,
    wrong_channel,
)
from bot.texts import Text, listed, text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from bot.domain.ports import Clock
    from bot.domain.servers.guild_ports import GuildStores
    from bot.domain.servers.guilds import Block, GuildSettings
    from bot.domain.servers.moderation import Found, WordRule
    from bot.services.admission.asker import Asker
    from bot.services.admission.terms import DeploymentPolicy, Request
    from bot.services.modlog.dispatcher import Dispatcher
    from bot.services.servers.settings import Guilds

EASEL: Final = Actor(0, "Easel")
"""Who acts when a rule acts by itself."""
FOUND_LIMIT: Final = 100
"""Characters of what a rule found that a refusal quotes."""
MATCH_LIMIT: Final = 30
"""Those of what an expression found, which may be the whole of a prompt; a word or a phrase finds no more than itself."""
NEARLY: Final = 0.1
"""With so much of an allowance left a member gets a hint."""


class ServedPools(Protocol):
    """Whoever knows the accounts."""

    async def pools_of(self, guild_id: int | None) -> frozenset[Pool]:
        """The pools that a server's accounts serve."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class GuildPolicy:
    """The policy of servers; a pool without rules there, and direct messages, follow the deployment's defaults."""

    guilds: Guilds
    stores: GuildStores
    fallback: DeploymentPolicy
    clock: Clock
    dispatcher: Dispatcher
    accounts: ServedPools

    # -- the policy's port -------------------------------------------------------------------------------

    async def default_pool(self, asker: Asker) -> Pool:
        """The server's choice if it is open, else the deployment's, else any pool that is on."""
        settings = await self._settings(asker)
        if settings is None:
            return await self.fallback.default_pool(asker)
        offered = await self.offered(settings.guild_id)
        return self._choose(settings, midjourneys(_open_to(asker.role_ids, settings, offered)))

    async def allowance(self, asker: Asker, pool: Pool, *, in_chain: bool) -> Allowance:
        """The most generous rule of the asker's roles."""
        settings = await self._settings(asker)
        if settings is None:
            return await self.fallback.allowance(asker, pool, in_chain=in_chain)
        return await self._allowance(settings, asker, pool, in_chain=in_chain)

    async def admit(self, asker: Asker, request: Request) -> Admission:
        """Ask every rule; words come last, so that nobody is struck for what would not have begun anyway.

        Whether the asker is blocked is seen in the transaction that inserts (`JobStore.insert`), and here only before
        anything else refuses, or words are found.
        """
        settings = await self._settings(asker)
        if settings is None:
            return await self.fallback.admit(asker, request)
        with self._known_to_moderators(asker):
            return await self._admit(settings, asker, request)

    async def check(self, asker: Asker, request: Request) -> None:
        """Ask the rules that need no words."""
        settings = await self._settings(asker)
        if settings is None:
            await self.fallback.check(asker, request)
            return
        with self._known_to_moderators(asker):
            await self._check_block(settings, asker)
            await self._permitted(settings, asker, request)
            check_put_in(settings, asker, request)

    async def check_words(self, asker: Asker, request: Request) -> None:
        """Ask every rule, words too; only a strike is counted."""
        settings = await self._settings(asker)
        if settings is None:
            await self.fallback.check(asker, request)
            return
        with self._known_to_moderators(asker):
            await self._check_block(settings, asker)
            await self._permitted(settings, asker, request)
            check_put_in(settings, asker, request)
            await self._judged(settings, asker, request, self.clock.now())

    async def shaped(self, asker: Asker, request: Request) -> tuple[str, Charge]:
        """As `admit` will have it."""
        settings = await self._settings(asker)
        if settings is None:
            return await self.fallback.shaped(asker, request)
        with self._known_to_moderators(asker):
            prompt, charge, _ = shape(settings, asker, request)
            return prompt, charge

    async def treatment(self, asker: Asker) -> tuple[str, ...]:
        """As channel and role say; showing a picture again must not undo it."""
        settings = await self._settings(asker)
        return () if settings is None else treated(settings, asker)

    @contextmanager
    def _known_to_moderators(self, asker: Asker) -> Iterator[None]:
        try:
            yield
        except UserError as refusal:
            self.refused(asker, refusal)
            raise

    def forget(self, asker: Asker) -> None:
        """Drop the server's settings from the cache."""
        if asker.server is not None:
            self.guilds.forget(asker.server)

    def refused(self, asker: Asker, refusal: UserError) -> None:
        """Let moderators know."""
        self.dispatcher.notify(
            asker.server,
            ModEvent(
                EventKind.REFUSED,
                f"refused/{asker.user_id}/{refusal.text.id}",
                refusal.text,
                subject=asker.user_id,
            ),
        )

    # -- what is offered ---------------------------------------------------------------------------------

    async def offered(self, guild_id: int) -> Mapping[Pool, Allowance]:
        """What everyone has without rules, in each pool that the deployment has on and the server's account serves."""
        served = await self.accounts.pools_of(guild_id)
        rules = ((pool, self.fallback.offers(pool)) for pool in Pool if pool in served)
        return {pool: allowance for pool, allowance in rules if allowance is not None}

    async def is_open(self, guild_id: int, pool: Pool, role_ids: Collection[int]) -> bool:
        """Whether somebody with these roles has access to a pool, by its switches and its rules."""
        settings = await self.guilds.settings(guild_id)
        return pool in _open_to(role_ids, settings, await self.offered(guild_id))

    async def shown(self, guild_id: int | None) -> tuple[Pool, ...]:
        """The pools that a server sees: the usual ones, and what else its account serves."""
        return shown_pools(await self.accounts.pools_of(guild_id))

    async def server_default(self, settings: GuildSettings) -> Pool:
        """The pool of a command that names none, for somebody to whom all are open."""
        offered = await self.offered(settings.guild_id)
        return self._choose(settings, midjourneys(pool for pool in offered if pool not in settings.pools.off))

    def _choose(self, settings: GuildSettings, open_: list[Pool]) -> Pool:
        wanted = settings.pools.default or self.fallback.default
        return wanted if wanted in open_ or not open_ else open_[0]

    async def _allowance(
        self, settings: GuildSettings, asker: Asker, pool: Pool, *, in_chain: bool
    ) -> Allowance:
        offered = await self.offered(settings.guild_id)
        open_ = _open_to(asker.role_ids, settings, offered)
        if pool in open_:
            check_pause(settings, pool)
            return open_[pool]
        others = [] if pool is Pool.DRAW else midjourneys(other for other in open_ if other is not pool)
        if pool in settings.pools.off or pool not in offered:
            raise closed(pool, others, in_chain=in_chain)
        roles = [rule.role_id for rule in settings.rules_of(pool)]
        named = listed([text("rule.role", role=str(role)) for role in roles[:OFFERED]])
        if others and not in_chain:
            raise UserError(
                text("refused.no_rule_other", pool=pool.value, roles=named, other=others[0].value)
            )
        raise UserError(text("refused.no_rule", pool=pool.value, roles=named))

    async def _settings(self, asker: Asker) -> GuildSettings | None:
        guild_id = asker.server
        return None if guild_id is None else await self.guilds.settings(guild_id)

    # -- admitting ---------------------------------------------------------------------------------------

    async def _check_block(self, settings: GuildSettings, asker: Asker) -> None:
        block = await self.stores.members.block_of(settings.guild_id, asker.user_id, self.clock.now())
        if block is not None:
            raise UserError(why_blocked(block))

    async def _permitted(
        self, settings: GuildSettings, asker: Asker, request: Request
    ) -> tuple[Allowance, tuple[str, ...]]:
        """What the asker has there, and what their place makes of a picture; raises `UserError`."""
        check_newcomer(settings, asker, self.clock.now())
        if not settings.channels.permits(asker.lineage):
            raise UserError(wrong_channel(settings))
        check_presser(settings, asker)
        check_kind(settings, asker, request)
        allowance = await self._allowance(settings, asker, request.pool, in_chain=request.in_chain)
        return allowance, treated(settings, asker)

    async def _admit(self, settings: GuildSettings, asker: Asker, request: Request) -> Admission:
        now = self.clock.now()
        try:
            allowance, notes = await self._permitted(settings, asker, request)
            check_put_in(settings, asker, request)
        except UserError:
            await self._check_block(settings, asker)  # the reason before any other
            raise
        prompt, charge, added = await self._judged(settings, asker, request, now)
        notes += added
        units = price_of(settings.prices, request.pool, charge) * request.number
        if charge is not Charge.HELP:
            notes += await self._nearly_used(settings, asker, request.pool, allowance, units, now)
        return Admission(
            allowance=allowance,
            units=units,
            limits=ServerLimits(settings.revision, settings.zone, settings.total(request.pool)),
            notes=notes,
            locale=settings.locale,
            prompt=prompt,
        )

    async def _judged(
        self, settings: GuildSettings, asker: Asker, request: Request, now: int
    ) -> tuple[str | None, Charge, tuple[str, ...]]:
        """The prompt as it will be sent, what it is paid as, and notes, if all of its words are allowed."""
        if request.prompt is None:
            return None, request.charge, ()
        notes: tuple[str, ...] = ()
        if request.typed is not None:
            # Who hides a word in another language has written it; who is given one by a translation has not.
            own = replace(request, prompt=request.typed, typed=None)
            notes = await self._check_words(settings, asker, own, request.typed, now)
            request = replace(request, borrowed=f"{request.borrowed} {request.prompt}")
        try:
            prompt, charge, added = shape(settings, asker, request)
        except UserError:
            await self._check_block(settings, asker)
            raise
        words = await self._check_words(settings, asker, request, prompt, now)
        return prompt, charge, tuple(dict.fromkeys((*notes, *added, *words)))

    async def _nearly_used(
        self,
        settings: GuildSettings,
        asker: Asker,
        pool: Pool,
        allowance: Allowance,
        units: int,
        now: int,
    ) -> tuple[str, ...]:
        """A hint, once a day and pool, when little of an allowance is left behind this job."""
        if not allowance.per_day and not allowance.per_month:
            return ()
        day, month = day_of(now, settings.zone), month_of(now, settings.zone)
        standing = await self.stores.books.standing(
            settings.guild_id, asker.user_id, pool, day=day, now=now, month=month
        )
        of_day = _left_of(allowance.per_day, standing.spent, units, standing.granted)
        of_month = _left_of(allowance.per_month, standing.spent_this_month, units, standing.granted)
        if not min(of_day, of_month) <= NEARLY or min(of_day, of_month) < 0:
            return ()
        held_back = await self.stores.records.claim_notice(
            settings.guild_id, f"nearly/{asker.user_id}/{pool.value}", now, window_ms=now - day.start + 1
        )
        return () if held_back is None else (f"note.nearly_used_{pool.value}",)

    async def _check_words(
        self, settings: GuildSettings, asker: Asker, request: Request, prompt: str, now: int
    ) -> tuple[str, ...]:
        found = (await examined(prompt, settings.words)).most_severe
        if found is None:
            return ()
        await self._check_block(settings, asker)
        pattern = found.rule.pattern
        if found.rule.action is WordAction.WARN:
            self.dispatcher.notify(
                settings.guild_id,
                ModEvent(
                    EventKind.WARNED,
                    f"warned/{asker.user_id}/{pattern}",
                    text("log.warned", user=str(asker.user_id)),
                    subject=asker.user_id,
                    details={"rule": pattern, "found": _quoted(found)},
                ),
            )
            return ("note.words_warned",)
        if found.rule.action is WordAction.BLOCK or not await _is_typed(request, found.rule, settings):
            raise UserError(text("refused.words", words=inert(_quoted(found))))
        raise UserError(await self._strike(settings, asker, pattern, _quoted(found), now))

    async def _strike(
        self, settings: GuildSettings, asker: Asker, pattern: str, words: str, now: int
    ) -> Text:
        """Count it, tell it, and say where it has led."""
        policy, of = settings.strikes, asker.strike_id or asker.interaction_id
        struck = await self.stores.members.strike(
            settings.guild_id, asker.user_id, interaction_id=of, why=pattern, at=now, policy=policy, by=EASEL
        )
        if struck.fresh:
            self.dispatcher.notify(
                settings.guild_id,
                ModEvent(
                    EventKind.STRUCK,
                    f"struck/{of}",
                    text("log.struck", user=str(asker.user_id), count=struck.count, limit=policy.limit),
                    subject=asker.user_id,
                    details={"rule": pattern, "found": words, "blocked_until": struck.blocked_until},
                ),
            )
        said = inert(words)
        if struck.blocked_until is not None:
            return text("refused.words_blocked", words=said, until=struck.blocked_until // 1_000)
        if not struck.count:
            return text("refused.words", words=said)
        return text("refused.words_strike", words=said, count=struck.count, limit=policy.limit)


def _open_to(
    role_ids: Collection[int], settings: GuildSettings, offered: Mapping[Pool, Allowance]
) -> dict[Pool, Allowance]:
    """What a member has in each pool that is on and, where a pool has rules, theirs by one of them."""
    found: dict[Pool, Allowance] = {}
    for pool, default in offered.items():
        if pool in settings.pools.off:
            continue
        mine: Allowance | None = default
        if settings.rules_of(pool):
            mine = allowance_of(
                settings.rules, pool, guild_id=settings.guild_id, role_ids=frozenset(role_ids)
            )
        if mine is not None:
            found[pool] = mine
    return found


async def _is_typed(request: Request, rule: WordRule, settings: GuildSettings) -> bool:
    """Whether a rule finds something that the asker wrote: not the server's own addition, nor words they were given."""
    around = [one for one in settings.words if one is rule or one.action is WordAction.ALLOW]
    if not (await examined(request.prompt or "", around)).found:
        return False
    return not (await examined(request.borrowed, around)).found


def _quoted(found: Found) -> str:
    """What a rule found, as it was written, for what stays in the log channel whoever is erased; a sentence has it `inert`."""
    words, limit = found.words, MATCH_LIMIT if found.rule.match is Match.REGEX else FOUND_LIMIT
    return words if len(words) <= limit else f"{words[: limit - 1].rstrip()}…"


def _left_of(limit: int | None, used: int, units: int, granted: int) -> float:
    """Which part of an allowance would be left; below 0 it is not enough."""
    return 1.0 if not limit else (limit - used - units + granted) / limit


def why_blocked(block: Block) -> Text:
    """The refusal of a blocked member. Where Easel blocked, for strikes, the reason is the server's rule, which is for moderators."""
    if block.by.user_id == EASEL.user_id:
        reason: Text | str = text("refused.strikes")
    else:
        reason = inert(block.reason) or text("member.no_reason")
    if block.until is None:
        return text("refused.blocked", reason=reason)
    return text("refused.blocked_until", reason=reason, until=block.until // 1_000)
