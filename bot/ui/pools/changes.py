"""Every change of a server's pools, by command or by panel: do it, and say in one sentence what is now true.
Never here: where the words come from, and how they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.accounts import OwnAccount
from bot.domain.pools import UNLIMITED, USUAL_POOLS, Pool
from bot.domain.prices import Charge, price_of
from bot.domain.servers.access import HOUR_MS, HOURS_LIMIT
from bot.domain.servers.own_keys import KeyVersion
from bot.errors import UserError
from bot.texts import Text, listed, text
from bot.ui.kit.escape import quoted
from bot.ui.pools.wording import (
    allowance_words,
    charge_name,
    pool_name,
    role_name,
)

if TYPE_CHECKING:
    from bot.domain.pools import AllowanceChange
    from bot.domain.servers.guilds import Changed
    from bot.ui.kit.context import Context

REASON_SHOWN: Final = 300


def _confirmed(changed: Changed, sentence: Text) -> Text:
    return sentence if changed.entry is not None else text("pool.already", said=sentence)


async def _or_in_vain(context: Context, pool: Pool, said: Text) -> Text:
    """The sentence, and that nobody has anything of it where the bot's owner keeps the pool off."""
    if pool in await context.services.policy.offered(context.guild_id):
        return said
    return text("pool.now_in_vain", said=said, pool=pool_name(pool))


async def _check_shown(context: Context, pool: Pool) -> None:
    """Raise `UserError` for a pool that the server's account does not have: a rule for it would mislead."""
    shown = await context.services.policy.shown(context.guild_id)
    if pool not in shown:
        named = listed([pool_name(one) for one in shown])
        raise UserError(text("pool.not_here", pool=pool_name(pool), pools=named))


async def _has_many(context: Context) -> bool:
    """Whether “both pools” would be wrong here."""
    return len(await context.services.policy.shown(context.guild_id)) > len(USUAL_POOLS)


async def set_rule(context: Context, pool: Pool, role_id: int, numbers: AllowanceChange) -> Text:
    """Give a role its allowance; what is not said stays as it is, or as the default has it."""
    guild_id = context.moderator()
    await _check_shown(context, pool)
    if numbers.is_empty():
        raise UserError(text("pool.rule_needs_number"))
    services = context.services
    changed = await services.guilds.change_rule(
        guild_id,
        context.actor,
        pool,
        role_id,
        numbers,
        otherwise=(await services.policy.offered(guild_id)).get(pool, UNLIMITED),
    )
    meant = next(r.allowance() for r in changed.after.rules_of(pool) if r.role_id == role_id)
    role = role_name(role_id, guild_id)
    said = text("pool.now_rule", pool=pool_name(pool), role=role, allowance=allowance_words(meant))
    if not changed.before.rules_of(pool) and role_id != guild_id:
        # The first rule of a pool replaces the default that held for everyone: nobody should learn that from refusals.
        said = text("pool.now_rule_first", said=said)
    return _confirmed(changed, await _or_in_vain(context, pool, said))


async def remove_rule(context: Context, pool: Pool, role_id: int) -> Text:
    """Take a role's rule away."""
    guild_id = context.moderator()
    services = context.services
    changed = await services.guilds.remove_rule(guild_id, context.actor, pool, role_id)
    names = {"pool": pool_name(pool), "role": role_name(role_id, guild_id)}
    default = (await services.policy.offered(guild_id)).get(pool)
    if changed.after.rules_of(pool) or default is None:
        return await _or_in_vain(context, pool, text("pool.now_no_rule", **names))
    return text("pool.now_no_rules", allowance=allowance_words(default), **names)


async def switch(context: Context, pool: Pool, *, on: bool) -> Text:
    """Switch a pool on or off."""
    guild_id = context.moderator()
    await _check_shown(context, pool)
    services = context.services
    changed = await services.guilds.switch_pool(guild_id, context.actor, pool, on=on)
    if not on:
        return _confirmed(changed, text("pool.now_off", pool=pool_name(pool)))
    said = text("pool.now_on", pool=pool_name(pool))
    return _confirmed(changed, await _or_in_vain(context, pool, said))


async def pause(context: Context, pool: Pool | None, words: str) -> Text:
    """Stop a pool, or everything, for a while."""
    guild_id = context.moderator()
    if pool is not None:
        await _check_shown(context, pool)
    changed = await context.services.guilds.pause(guild_id, context.actor, pool, words)
    everything = text("pool.now_paused_every" if await _has_many(context) else "pool.now_paused_all")
    said = everything if pool is None else text("pool.now_paused", pool=pool_name(pool))
    return _confirmed(changed, said)


async def resume(context: Context, pool: Pool | None) -> Text:
    """End a pause, or all."""
    guild_id = context.moderator()
    changed = await context.services.guilds.resume(guild_id, context.actor, pool)
    if changed.after.pauses and changed.after.pauses[0].pool is None:
        return text("pool.still_paused_every" if await _has_many(context) else "pool.still_paused")
    said = text("pool.now_resumed_all") if pool is None else text("pool.now_resumed", pool=pool_name(pool))
    return _confirmed(changed, said)


async def set_default(context: Context, pool: Pool | None) -> Text:
    """Choose what a command means that names no pool."""
    guild_id = context.moderator()
    if pool is not None:
        await _check_shown(context, pool)
    services = context.services
    if pool is not None and pool not in await services.policy.offered(guild_id):
        raise UserError(text("pool.default_off", pool=pool_name(pool)))
    changed = await services.guilds.set_default_pool(guild_id, context.actor, pool)
    now = await services.policy.server_default(changed.after)
    said = "pool.now_default" if pool is not None else "pool.now_default_again"
    return _confirmed(changed, text(said, pool=pool_name(now)))


async def describe_default(context: Context) -> Text:
    """Say what a command means that names no pool."""
    services, guild_id = context.services, context.moderator()
    settings = await services.guilds.settings(guild_id)
    said = "pool.now_default" if settings.pools.default is not None else "pool.now_default_again"
    return text(said, pool=pool_name(await services.policy.server_default(settings)))


async def describe_total(context: Context, pool: Pool) -> Text:
    """Say how many units a day the whole server has."""
    settings = await context.services.guilds.settings(context.moderator())
    return _total_words(pool, settings.total(pool))


def _total_words(pool: Pool, per_day: int | None) -> Text:
    if per_day is None:
        return text("pool.now_no_total", pool=pool_name(pool))
    return text("pool.now_total", pool=pool_name(pool), n=per_day)


async def describe_price(context: Context, pool: Pool, charge: Charge) -> Text:
    """Say what a kind of job costs now."""
    settings = await context.services.guilds.settings(context.moderator())
    return _price_words(pool, charge, price_of(settings.prices, pool, charge))


def _price_words(pool: Pool, charge: Charge, units: int) -> Text:
    names = {"pool": pool_name(pool), "kind": charge_name(charge)}
    return text("pool.now_price", n=units, **names) if units else text("pool.now_free", **names)


async def set_total(context: Context, pool: Pool, per_day: int | None) -> Text:
    """Limit the server's units a day."""
    guild_id = context.moderator()
    await _check_shown(context, pool)
    changed = await context.services.guilds.set_total(guild_id, context.actor, pool, per_day)
    return _confirmed(changed, _total_words(pool, per_day))


async def set_price(context: Context, pool: Pool, charge: Charge, units: int | None) -> Text:
    """Say what a kind of job costs."""
    guild_id = context.moderator()
    await _check_shown(context, pool)
    changed = await context.services.guilds.set_price(guild_id, context.actor, pool, charge, units)
    return _confirmed(changed, _price_words(pool, charge, price_of(changed.after.prices, pool, charge)))


async def set_zone(context: Context, zone: str) -> Text:
    """Choose where the day begins at midnight."""
    guild_id = context.moderator()
    services = context.services
    changed = await services.guilds.set_zone(guild_id, context.actor, zone.strip())
    overview = await services.allowances.overview(guild_id)
    renews = overview[0].renews_at // 1_000
    return _confirmed(changed, text("pool.now_zone", zone=changed.after.zone, renews=renews))


async def set_own_key(context: Context, typed: str) -> Text:
    """Make a key the server's own, if the image API takes it."""
    guild_id = context.moderator()
    brought = await context.services.own_keys.bring(guild_id, context.actor, typed)
    return text(f"own_key.now.{brought.value}")


async def test_key(context: Context) -> Text:
    """Ask whether the server's own key still works."""
    await context.services.own_keys.test(context.moderator())
    return text("own_key.works")


async def remove_key(context: Context, generation: int, at: int) -> Text:
    """Have the bot's owner pay again, or nobody if the owner does not let the server in; only for the key that was shown."""
    services, guild_id = context.services, context.moderator()
    await services.own_keys.remove(KeyVersion(OwnAccount(guild_id, generation), at), context.actor)
    stays = await services.owner_policy.admits(guild_id)
    return text("own_key.now_removed" if stays else "own_key.now_removed_outside")


async def grant(
    context: Context, user_id: int, pool: Pool, *, units: int, reason: str, hours: int | None
) -> Text:
    """Give a member extra units."""
    guild_id = context.moderator()
    await _check_shown(context, pool)
    services = context.services
    if hours is not None and not 1 <= hours <= HOURS_LIMIT:
        raise UserError(text("pool.hours", limit=HOURS_LIMIT))
    expires = None if hours is None else services.jobs.now() + hours * HOUR_MS
    given = await services.allowances.grant(
        guild_id, context.actor, user_id, pool, units=units, reason=reason, expires_at=expires
    )
    names: dict[str, str | int | Text] = {"n": units, "user": str(user_id), "pool": pool_name(pool)}
    said = (
        text("pool.granted", **names)
        if expires is None
        else text("pool.granted_until", until=expires // 1_000, **names)
    )
    if given.reason:
        said = text("pool.granted_because", said=said, why=quoted(given.reason, REASON_SHOWN))
    if pool not in await services.policy.offered(guild_id):
        return text("pool.now_in_vain", said=said, pool=pool_name(pool))
    if await services.policy.is_open(guild_id, pool, context.roles_of(user_id)):
        return said
    return text("pool.granted_in_vain", said=said, user=str(user_id), pool=pool_name(pool))
