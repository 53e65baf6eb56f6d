"""What a change makes of a server's settings, as a function of them: several edits are one change, in one transaction.
Never here: who changes something, storage and the audit (settings), and edits about prompts (prompt_settings)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.domain.pools import Pool, PoolRule, Unset
from bot.domain.servers.access import ChannelPolicy
from bot.domain.servers.guilds import GuildSettings
from bot.domain.servers.moderation import RULES_LIMIT, checked
from bot.domain.servers.server_settings import with_values
from bot.errors import UserError
from bot.services.servers.bounds import bounded, rule_order
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from bot.domain.pools import Allowance, AllowanceChange
    from bot.domain.servers.moderation import WordRule

Edit = Callable[[GuildSettings], GuildSettings]
"""Given what is stored, what is to be stored; raises `UserError`, and nothing is changed."""

CHANNELS_LIMIT: Final = 200
COOLDOWN_LIMIT: Final = 24 * 3_600  # seconds


def all_of(edits: Iterable[Edit]) -> Edit:
    """One after the other; what one of them raises undoes all."""
    several = tuple(edits)

    def edit(s: GuildSettings) -> GuildSettings:
        for one in several:
            s = one(s)
        return s

    return edit


def values(command: str, named: Mapping[str, Any]) -> Edit:
    """Set what a command declares, by its options; what is not named stays. Raises `UserError` for bad values."""
    return lambda s: with_values(s, command, named)


# -- pools -----------------------------------------------------------------------------------------------


def allowance(pool: Pool, role_id: int, numbers: AllowanceChange, *, otherwise: Allowance) -> Edit:
    """Change what was said of a role's allowance; a role without a rule begins with `otherwise`. Raises `UserError`."""
    counts = (numbers.per_day, numbers.running, numbers.waiting, numbers.per_month)
    bounded(*(n for n in counts if not isinstance(n, Unset)))
    if not isinstance(numbers.cooldown, Unset):
        bounded(numbers.cooldown, limit=COOLDOWN_LIMIT)

    def edit(s: GuildSettings) -> GuildSettings:
        known = next((r.allowance() for r in s.rules_of(pool) if r.role_id == role_id), otherwise)
        meant = numbers.over(known)
        rule = PoolRule(
            s.guild_id,
            pool,
            role_id,
            meant.per_day,
            meant.running,
            meant.waiting,
            meant.per_month,
            meant.cooldown,
        )
        others = [r for r in s.rules if (r.pool, r.role_id) != (pool, role_id)]
        return replace(s, rules=tuple(sorted([*others, rule], key=rule_order)))

    return edit


def pool_switched(pool: Pool, *, on: bool) -> Edit:
    """Switch a pool on or off; off refuses new chains and presses of its old ones."""

    def edit(s: GuildSettings) -> GuildSettings:
        off = {*s.pools.off} - {pool} if on else {*s.pools.off, pool}
        return replace(s, pools=replace(s.pools, off=tuple(p for p in Pool if p in off)))

    return edit


# -- channels --------------------------------------------------------------------------------------------


def channel_placed(channel_id: int, *, allowed: bool | None) -> Edit:
    """Allow or deny a channel or a category; None: take it from either list."""

    def edit(s: GuildSettings) -> GuildSettings:
        yes = {*s.channels.allowed} - {channel_id} | ({channel_id} if allowed is True else set())
        no = {*s.channels.denied} - {channel_id} | ({channel_id} if allowed is False else set())
        return _with_channels(s, yes, no)

    return edit


def channels_placed(
    *, allowed: Sequence[int], denied: Sequence[int], shown: ChannelPolicy | None = None
) -> Edit:
    """Put both lists in the place of what was `shown` (None: of what is); others' changes since then stay."""

    def edit(s: GuildSettings) -> GuildSettings:
        base = s.channels if shown is None else shown
        no = {*s.channels.denied} - ({*base.denied} - {*denied}) | ({*denied} - {*base.denied})
        yes = {*s.channels.allowed} - ({*base.allowed} - {*allowed}) | ({*allowed} - {*base.allowed})
        return _with_channels(s, yes - no, no)

    return edit


def _with_channels(s: GuildSettings, yes: set[int], no: set[int]) -> GuildSettings:
    if len(yes) + len(no) > CHANNELS_LIMIT:
        raise UserError(text("settings.too_many", limit=CHANNELS_LIMIT))
    return replace(s, channels=ChannelPolicy(tuple(sorted(yes)), tuple(sorted(no))))


# -- words -----------------------------------------------------------------------------------------------


def word_added(rule: WordRule) -> Edit:
    """Add a rule about words, or give the one with this pattern another action. Raises `UserError`."""
    rule = checked(rule)

    def edit(s: GuildSettings) -> GuildSettings:
        others = [w for w in s.words if (w.match, w.pattern) != (rule.match, rule.pattern)]
        if len(others) >= RULES_LIMIT:
            raise UserError(text("settings.too_many", limit=RULES_LIMIT))
        return replace(s, words=(*others, rule))

    return edit


def words_dropped(is_dropped: Callable[[WordRule], bool]) -> Edit:
    """Take rules about words away; none of them need be there any more."""
    return lambda s: replace(s, words=tuple(w for w in s.words if not is_dropped(w)))
