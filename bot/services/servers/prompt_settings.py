"""What moderators decide about prompts and pictures put in: additions, limits, kinds of job, images and addresses.
Never here: what the settings mean for a job (that is `policy`), and rules about words (that is `settings`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

from bot.domain.servers.image_rules import read_host
from bot.domain.servers.prompt_rules import (
    KindRule,
    ParameterLimit,
    PromptAddition,
    key_of,
    read_defaults,
    read_most,
    read_suffix,
)
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.domain.prices import Charge
    from bot.domain.servers.guilds import Actor, Changed, GuildSettings
    from bot.domain.servers.image_rules import ImagePolicy
    from bot.domain.servers.prompt_rules import PlaceRule
    from bot.services.servers.edits import Edit
    from bot.services.servers.settings import Guilds

    P = TypeVar("P", bound=PlaceRule)

PLACES_LIMIT: Final = 100
"""Rules of one sort that a server may have."""
HOSTS_LIMIT: Final = 50


# -- edits: several may be one change -------------------------------------------------------------------------


def defaults_edit(target_id: int, typed: str) -> Edit:
    """Say which parameters prompts get that have none of them; empty: none from this place. Raises `UserError`."""
    defaults = read_defaults(typed)
    return _added(target_id, lambda a: replace(a, defaults=defaults))


def suffix_edit(target_id: int, typed: str) -> Edit:
    """Say which words stand behind every prompt; empty: none from this place. Raises `UserError`."""
    suffix = read_suffix(typed)
    return _added(target_id, lambda a: replace(a, suffix=suffix))


def _added(target_id: int, change: Callable[[PromptAddition], PromptAddition]) -> Edit:
    def edit(s: GuildSettings) -> GuildSettings:
        known = next((a for a in s.additions if a.target_id == target_id), PromptAddition(target_id))
        new = change(known)
        mine = [new] if new.defaults or new.suffix else []
        return replace(s, additions=_placed(s.additions, lambda a: a.target_id == target_id, mine))

    return edit


def parameter_limited(target_id: int, name: str, *, allowed: bool = True, most: float | None = None) -> Edit:
    """Allow a parameter, up to a number perhaps, or deny it; over what was said of it there before. Raises `UserError`."""
    key = key_of(name)
    if most is not None:
        most = read_most(key, f"{most:g}")
    limit = ParameterLimit(target_id, key, allowed, most)
    return lambda s: replace(s, limits=_placed(s.limits, lambda r: _same(r, limit), [limit]))


def parameter_freed(target_id: int, name: str, *, missing_ok: bool = False) -> Edit:
    """Take away what was said of a parameter there; raises `UserError` if nothing was, unless that is as good."""
    limit = ParameterLimit(target_id, key_of(name))

    def edit(s: GuildSettings) -> GuildSettings:
        left = _placed(s.limits, lambda r: _same(r, limit), [])
        if len(left) == len(s.limits) and not missing_ok:
            raise UserError(text("settings.no_such_limit"))
        return replace(s, limits=left)

    return edit


def kind_allowed(target_id: int, charge: Charge, *, allowed: bool) -> Edit:
    """Allow or deny a kind of job. Allowing for the whole server leaves no rule: that is how it is without one."""

    def edit(s: GuildSettings) -> GuildSettings:
        usual = allowed and target_id == s.guild_id
        mine = [] if usual else [KindRule(target_id, charge, allowed)]
        kinds = _placed(s.kinds, lambda r: (r.target_id, r.charge) == (target_id, charge), mine)
        return replace(s, kinds=kinds)

    return edit


@dataclass(slots=True, eq=False, repr=False)
class PromptSettings:
    """Changes these settings; each change is stored, audited and told as every other. `target_id` is a place's."""

    guilds: Guilds

    # -- prompts -----------------------------------------------------------------------------------------

    async def set_defaults(self, guild_id: int, actor: Actor, target_id: int, typed: str) -> Changed:
        """See `defaults_edit`."""
        return await self.guilds.change(guild_id, actor, defaults_edit(target_id, typed))

    async def set_suffix(self, guild_id: int, actor: Actor, target_id: int, typed: str) -> Changed:
        """See `suffix_edit`."""
        return await self.guilds.change(guild_id, actor, suffix_edit(target_id, typed))

    async def limit_parameter(
        self,
        guild_id: int,
        actor: Actor,
        target_id: int,
        name: str,
        *,
        allowed: bool = True,
        most: float | None = None,
    ) -> Changed:
        """See `parameter_limited`."""
        edit = parameter_limited(target_id, name, allowed=allowed, most=most)
        return await self.guilds.change(guild_id, actor, edit)

    async def free_parameter(self, guild_id: int, actor: Actor, target_id: int, name: str) -> Changed:
        """See `parameter_freed`."""
        return await self.guilds.change(guild_id, actor, parameter_freed(target_id, name))

    async def set_kind(
        self, guild_id: int, actor: Actor, target_id: int, charge: Charge, *, allowed: bool
    ) -> Changed:
        """See `kind_allowed`."""
        return await self.guilds.change(guild_id, actor, kind_allowed(target_id, charge, allowed=allowed))

    # -- pictures and addresses --------------------------------------------------------------------------

    async def set_image_channel(self, guild_id: int, actor: Actor, channel_id: int, *, on: bool) -> Changed:
        """Name a channel in which pictures may be put in, or take it from the list."""

        def changed(policy: ImagePolicy) -> ImagePolicy:
            kept = {*policy.channels} - {channel_id} | ({channel_id} if on else set())
            _bounded(len(kept), PLACES_LIMIT)
            return replace(policy, channels=tuple(sorted(kept)))

        return await self._images(guild_id, actor, changed)

    async def set_host(self, guild_id: int, actor: Actor, typed: str, *, allowed: bool | None) -> Changed:
        """Allow or deny addresses at a host and below it; None: take it from either list."""
        host = read_host(typed)

        def changed(policy: ImagePolicy) -> ImagePolicy:
            yes = {*policy.hosts_allowed} - {host} | ({host} if allowed is True else set())
            no = {*policy.hosts_denied} - {host} | ({host} if allowed is False else set())
            _bounded(len(yes) + len(no), HOSTS_LIMIT)
            return replace(policy, hosts_allowed=tuple(sorted(yes)), hosts_denied=tuple(sorted(no)))

        return await self._images(guild_id, actor, changed)

    async def _images(
        self, guild_id: int, actor: Actor, change: Callable[[ImagePolicy], ImagePolicy]
    ) -> Changed:
        return await self.guilds.change(guild_id, actor, lambda s: replace(s, images=change(s.images)))


def _same(one: ParameterLimit, other: ParameterLimit) -> bool:
    return (one.target_id, one.key) == (other.target_id, other.key)


def _placed(rules: Iterable[P], replaced: Callable[[P], bool], new: Iterable[P]) -> tuple[P, ...]:
    """The rules with some replaced, in an order that does not depend on who came first."""
    kept = [*(rule for rule in rules if not replaced(rule)), *new]
    _bounded(len(kept), PLACES_LIMIT)
    return tuple(sorted(kept, key=lambda rule: (rule.target_id, str(rule))))


def _bounded(number: int, limit: int) -> None:
    if number > limit:
        raise UserError(text("settings.too_many", limit=limit))
