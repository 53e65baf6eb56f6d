"""Servers' settings: read through a short-lived cache, changed by moderators with an audit, undone, told.
Never here: what the settings mean for a job (that is `policy`), and members (that is `moderation`)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cachetools import TTLCache

from bot.domain.days import zone_in_use
from bot.domain.prices import Charge, Price, price_of
from bot.domain.schedule import HOUR
from bot.domain.servers.access import MediaRule, Treatment
from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.domain.servers.guilds import Changed, GuildSettings, Pause, ServerTotal
from bot.domain.steady import Steady
from bot.errors import UserError
from bot.services.servers import edits
from bot.services.servers.bounds import bounded
from bot.services.servers.edits import CHANNELS_LIMIT
from bot.services.servers.write_limits import WriteLimits
from bot.texts import listed, text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from bot.domain.pools import Allowance, AllowanceChange, Pool
    from bot.domain.ports import Clock
    from bot.domain.servers.guild_ports import SettingsStore
    from bot.domain.servers.guilds import Actor, AuditEntry
    from bot.domain.servers.moderation import WordRule
    from bot.services.modlog.dispatcher import Dispatcher
    from bot.services.servers.edits import Edit

log = logging.getLogger(__name__)

CACHED_MS: Final = 5_000
"""How long settings are believed without a look. Accepting a job checks their revision in its transaction, so an
old copy costs a second look, never a wrong decision."""
CACHED_GUILDS: Final = 10_000
MODAL_LIFE_MS: Final = 24 * HOUR
"""A modal that does not say when it was opened is taken to be younger."""
LOOK_BACK: Final = 200
"""Changes of the same settings that somebody may have missed, at most."""
PAUSE_LIMIT: Final = 300  # characters of a pause's words


@dataclass(frozen=True, slots=True)
class ModalSnapshot:
    """What a modal showed."""

    settings: GuildSettings
    known: bool
    """False if nobody knows any more: these are the settings of now."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Guilds:
    """Settings of every server. Each change takes effect at once, is stored, audited and told to the log channel."""

    store: SettingsStore
    clock: Clock
    dispatcher: Dispatcher
    _cache: TTLCache[int, GuildSettings, int] = field(init=False)
    _unknown_zones: set[str] = field(init=False, default_factory=set)
    write_limits: WriteLimits = field(
        init=False
    )  # taken from by whatever moderators do to members and jobs, too

    def __post_init__(self) -> None:
        self._cache = TTLCache(CACHED_GUILDS, CACHED_MS, Steady(self.clock))
        self.write_limits = WriteLimits(store=self.store, clock=self.clock)

    # -- reading -----------------------------------------------------------------------------------------

    async def settings(self, guild_id: int) -> GuildSettings:
        """A server's settings, a few seconds old at most."""
        return self._cache.get(guild_id) or self._keep(await self.store.settings(guild_id))

    async def shown(self, guild_id: int, revision: int | None, sections: Collection[str]) -> ModalSnapshot:
        """What a window about some sections showed when it was opened, at a revision (None: nobody wrote that down)."""
        if revision is not None:
            then = await self.store.at(guild_id, revision)
            if then is not None:
                return ModalSnapshot(then, known=True)
        now = await self.store.settings(guild_id)
        lately = self.clock.now() - MODAL_LIFE_MS
        changes = await self.changes_of(guild_id, sections)
        return ModalSnapshot(now, known=revision is None and not any(entry.at > lately for entry in changes))

    async def changes_of(self, guild_id: int, sections: Collection[str]) -> Sequence[AuditEntry]:
        """The latest changes of some sections, the newest first."""
        return await self.store.changes(guild_id, sections, limit=LOOK_BACK)

    async def last_change(self, guild_id: int) -> AuditEntry | None:
        """The change of settings that an undo would take back."""
        return await self.store.last_change(guild_id)

    def forget(self, guild_id: int) -> None:
        """Read a server's settings anew next time."""
        self._cache.pop(guild_id, None)

    async def audit(
        self, guild_id: int, *, before: int | None = None, limit: int = 10
    ) -> Sequence[AuditEntry]:
        """A page of the history, the latest first; `before` is the last id of the page before."""
        return await self.store.audit(guild_id, before=before, limit=limit)

    # -- pools -------------------------------------------------------------------------------------------

    async def change_rule(
        self,
        guild_id: int,
        actor: Actor,
        pool: Pool,
        role_id: int,
        numbers: AllowanceChange,
        *,
        otherwise: Allowance,
    ) -> Changed:
        """Change what was said of a role's allowance; a role without a rule begins with `otherwise`.

        What was not said is read in the transaction that writes, so that two moderators who change different numbers
        of one rule at the same time both keep their change.
        """
        edit = edits.allowance(pool, role_id, numbers, otherwise=otherwise)
        return await self.change(guild_id, actor, edit)

    async def remove_rule(self, guild_id: int, actor: Actor, pool: Pool, role_id: int) -> Changed:
        """Take a role's rule away; raises `UserError` if there is none."""

        def change(s: GuildSettings) -> GuildSettings:
            left = tuple(r for r in s.rules if (r.pool, r.role_id) != (pool, role_id))
            if len(left) == len(s.rules):
                raise UserError(text("settings.no_such_rule", pool=pool.value))
            return replace(s, rules=left)

        return await self.change(guild_id, actor, change)

    async def switch_pool(self, guild_id: int, actor: Actor, pool: Pool, *, on: bool) -> Changed:
        """Switch a pool on or off; off refuses new chains and presses of its old ones."""
        return await self.change(guild_id, actor, edits.pool_switched(pool, on=on))

    async def set_default_pool(self, guild_id: int, actor: Actor, pool: Pool | None) -> Changed:
        """Choose the pool of a command that names none; None: the deployment's. Raises `UserError` if it is off."""

        def change(s: GuildSettings) -> GuildSettings:
            if pool in s.pools.off:
                raise UserError(text("pool.default_off", pool=text(f"pool.{pool.value}")))
            return replace(s, pools=replace(s.pools, default=pool))

        return await self.change(guild_id, actor, change)

    async def pause(self, guild_id: int, actor: Actor, pool: Pool | None, words: str) -> Changed:
        """Stop a pool, or everything, for a while; members read the words. What was accepted goes on."""
        said = " ".join(words.split())[:PAUSE_LIMIT]
        return await self._set_pause(guild_id, actor, pool, [Pause(pool, said)])

    async def resume(self, guild_id: int, actor: Actor, pool: Pool | None) -> Changed:
        """End a pause; None: all of them."""
        return await self._set_pause(guild_id, actor, pool, [])

    async def _set_pause(
        self, guild_id: int, actor: Actor, pool: Pool | None, new: Sequence[Pause]
    ) -> Changed:
        def change(s: GuildSettings) -> GuildSettings:
            kept = [p for p in s.pauses if p.pool is not pool and (new or pool is not None)]
            return replace(s, pauses=tuple(sorted([*kept, *new], key=lambda p: p.pool or "")))

        return await self.change(guild_id, actor, change)

    async def set_total(self, guild_id: int, actor: Actor, pool: Pool, per_day: int | None) -> Changed:
        """Limit the whole server's units a day in a pool; None: unlimited."""
        bounded(per_day)

        def change(s: GuildSettings) -> GuildSettings:
            others = [t for t in s.totals if t.pool is not pool]
            mine = [] if per_day is None else [ServerTotal(pool, per_day)]
            return replace(s, totals=tuple(sorted([*others, *mine], key=lambda t: t.pool)))

        return await self.change(guild_id, actor, change)

    async def set_price(
        self, guild_id: int, actor: Actor, pool: Pool, charge: Charge, units: int | None
    ) -> Changed:
        """Say what a kind of job costs in a pool; None: as much as usual. 0 is free."""
        bounded(units)

        def change(s: GuildSettings) -> GuildSettings:
            others = [p for p in s.prices if (p.pool, p.charge) != (pool, charge)]
            usual = units is None or units == price_of((), pool, charge)
            mine = [] if units is None or usual else [Price(pool, charge, units)]
            return replace(s, prices=tuple(sorted([*others, *mine], key=lambda p: (p.pool, p.charge))))

        return await self.change(guild_id, actor, change)

    # -- the server --------------------------------------------------------------------------------------

    async def set_values(
        self, guild_id: int, actor: Actor, command: str, values: Mapping[str, Any]
    ) -> Changed:
        """Set what a command declares, by its options; what is not named stays. Raises `UserError` for bad values."""
        return await self.change(guild_id, actor, edits.values(command, values))

    async def set_zone(self, guild_id: int, actor: Actor, zone: str) -> Changed:
        """Choose the time zone in which a day begins, by its IANA name."""
        return await self.set_values(guild_id, actor, "zone", {"name": zone})

    async def set_channel(
        self, guild_id: int, actor: Actor, channel_id: int, *, allowed: bool | None
    ) -> Changed:
        """Allow or deny a channel or a category; None: take it from either list."""
        return await self.change(guild_id, actor, edits.channel_placed(channel_id, allowed=allowed))

    async def set_media(
        self, guild_id: int, actor: Actor, target_id: int, treatment: Treatment, *, on: bool
    ) -> Changed:
        """Treat pictures of a channel, a category or a role's members specially, or no more."""
        rule = MediaRule(target_id, treatment)

        def change(s: GuildSettings) -> GuildSettings:
            kept = {*s.media} - {rule} | ({rule} if on else set())
            if len(kept) > CHANNELS_LIMIT:
                raise UserError(text("settings.too_many", limit=CHANNELS_LIMIT))
            return replace(s, media=tuple(sorted(kept, key=lambda r: (r.target_id, r.treatment))))

        return await self.change(guild_id, actor, change)

    async def set_log_channel(self, guild_id: int, actor: Actor, channel_id: int | None) -> Changed:
        """Choose where moderators hear of things; None: nowhere."""
        return await self.set_values(guild_id, actor, "log", {"channel": channel_id})

    async def confirm_retention(
        self, guild_id: int, actor: Actor, days: int | None, *, asked_at: int | None
    ) -> Changed:
        """Say after how many days prompts of finished jobs are forgotten, as somebody was asked at a revision.

        `KEPT`: never, None: as the owner says. What is erased does not come back, so this raises `UserError` if somebody
        else has decided since, or if nobody knows (any more) what was decided then.
        """
        then = None if asked_at is None else await self.store.at(guild_id, asked_at)

        def change(s: GuildSettings) -> GuildSettings:
            if then is None or then.retention_days != s.retention_days:
                raise UserError(text("mod.retention_stale"))
            return edits.values("retention", {"days": days})(s)

        return await self.change(guild_id, actor, change)

    # -- words -------------------------------------------------------------------------------------------

    async def add_word(self, guild_id: int, actor: Actor, rule: WordRule) -> Changed:
        """Add a rule about words, or give the one with this pattern another action."""
        return await self.change(guild_id, actor, edits.word_added(rule))

    async def remove_word(self, guild_id: int, actor: Actor, rule: WordRule) -> Changed:
        """Take a rule about words away; raises `UserError` if there is none like it."""

        def change(s: GuildSettings) -> GuildSettings:
            left = tuple(w for w in s.words if (w.match, w.pattern) != (rule.match, rule.pattern))
            if len(left) == len(s.words):
                raise UserError(text("settings.no_such_word"))
            return replace(s, words=left)

        return await self.change(guild_id, actor, change)

    # -- changing ----------------------------------------------------------------------------------------

    async def undo_last(self, guild_id: int, actor: Actor, entry_id: int | None = None) -> AuditEntry:
        """Take the latest change of settings back; again: the one before.

        Raises `UserError` if none is left, or if it is not the change that is meant by `entry_id`.
        """
        await self.write_limits.take_change(guild_id)
        entry = await self.store.undo_last(guild_id, actor=actor, at=self.clock.now(), entry_id=entry_id)
        self.forget(guild_id)
        if entry is None:
            why = "settings.nothing_to_undo" if entry_id is None else "audit.changed_meanwhile"
            raise UserError(text(why))
        self.write_limits.record(entry)
        await self._notify(entry)
        return entry

    async def change(self, guild_id: int, actor: Actor, edit: Edit) -> Changed:
        """Change settings: store, audit and tell it. What `edit` raises is raised, and nothing is changed."""
        await self.write_limits.take_change(guild_id)
        self.forget(guild_id)
        changed = await self.store.change(guild_id, edit, actor=actor, at=self.clock.now())
        self._keep(changed.after)
        if changed.entry is not None:
            self.write_limits.record(changed.entry)
            await self._notify(changed.entry)
        return changed

    def _keep(self, settings: GuildSettings) -> GuildSettings:
        if settings.zone not in self._unknown_zones and zone_in_use(settings.zone) != settings.zone:
            self._unknown_zones.add(settings.zone)
            log.warning("time_zone_unknown", extra={"server": settings.guild_id, "zone": settings.zone})
        # A change that ended while these were being read must not be covered by them.
        known = self._cache.get(settings.guild_id)
        if known is None or known.revision <= settings.revision:
            self._cache[settings.guild_id] = settings
        return settings

    async def _notify(self, entry: AuditEntry) -> None:
        self.dispatcher.notify(
            entry.guild_id,
            ModEvent(
                EventKind.SETTINGS,
                f"settings/{entry.id}",
                text("log.settings", sections=listed(text(f"section.{name}") for name in entry.after)),
                by=entry.actor,
                details={"before": entry.before, "after": entry.after, "undoes": entry.undoes},
            ),
        )
