"""The modals behind the panel's buttons: what a moderator writes there is read, checked and changed, at any time later.
Never here: the panel itself, and what a change means (changes)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.pools import UNSET, USUAL_POOLS, AllowanceChange, NewLimit, Pool, Unset
from bot.domain.prices import PICTURES, Charge
from bot.domain.servers.access import REASON_LIMIT
from bot.errors import UserError
from bot.services.servers.settings import PAUSE_LIMIT
from bot.texts import text
from bot.ui.kit.choices import known
from bot.ui.kit.controls import form, modal
from bot.ui.kit.custom_ids import maybe, one_of
from bot.ui.kit.escape import quoted
from bot.ui.kit.rejected_modals import given_back
from bot.ui.pools import changes as pool_changes
from bot.ui.pools.gone_roles import gone_roles
from bot.ui.pools.panel import Verb, draw_button, show_panel
from bot.ui.pools.wording import TYPED_SHOWN, charge_name, pool_name, read_number

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

    from bot.texts import Localize, Text
    from bot.ui.kit.context import Context

    Labelled = tuple[Text, discord.ui.Item[Any], Text | None]

NUMBER_LENGTH: Final = 12
PASTED_LIMIT: Final = 300
"""A key with what people paste around it."""
KEY_LOOKS: Final = "sk-…"
POOL: Final = one_of(Pool)
GONE: Final = "gone"
GONE_SHOWN: Final = 25
"""As many as a list of Discord's holds; the rest is there once these are taken away."""


async def _show(
    context: Context,
    change: Callable[[], Awaitable[Text]],
    window: discord.ui.Modal,
    verb: Verb,
    pool: Pool | None = None,
) -> None:
    """Answer, change, and draw the panel with what has just changed; a refused window is given back."""
    await context.defer_update()
    again = draw_button(verb, pool, context.localize(text("button.change")))
    async with given_back(context, window, again):
        await show_panel(context, notice=await change())


def _field(label: str, item: discord.ui.Item[Any], hint: str | None = None) -> Labelled:
    return text(label), item, None if hint is None else text(hint)


def _line(name: str, *, required: bool = False, limit: int = NUMBER_LENGTH) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(custom_id=name, required=required, max_length=limit)


def _role() -> Labelled:
    item = discord.ui.RoleSelect[Any](custom_id="role", min_values=0, required=False)
    return _field("pool.window.role", item, "pool.window.role_hint")


def _choice(name: str, label: str, localize: Localize, names: dict[str, Text]) -> Labelled:
    options = [discord.SelectOption(label=localize(words), value=value) for value, words in names.items()]
    return _field(label, discord.ui.Select(custom_id=name, options=options, required=True))


def _role_in(context: Context) -> int:
    """The chosen role; nobody chosen is everyone."""
    role = context.fields.get("role")
    return context.guild_id if role is None else known(int, role)


def _limit_of(context: Context, name: str) -> NewLimit:
    """A number, or this language's word for “unlimited”, as its hint names it."""
    written = context.fields.get(name, "")
    if not written.strip():
        return UNSET
    return read_number(written, unlimited=context.localize(text("pool.unlimited")))


def _count(context: Context, name: str) -> int | None:
    """A number, or nothing; “unlimited” makes no sense here."""
    try:
        said = _limit_of(context, name)
    except UserError:
        typed = quoted(context.fields.get(name, ""), TYPED_SHOWN)
        raise UserError(text("pool.no_count", typed=typed)) from None
    if said is None:
        raise UserError(text("pool.must_be_number"))
    return None if isinstance(said, Unset) else said


# -- a role's allowance in one pool ------------------------------------------------------------------------------

NUMBERS: Final = {
    "per_day": "pool.window.per_day",
    "running": "pool.window.running",
    "waiting": "pool.window.waiting",
    "per_month": "pool.window.per_month",
}


def rule_modal(localize: Localize, pool: Pool) -> discord.ui.Modal:
    """Ask for a rule."""
    numbers = (_field(label, _line(name), "pool.window.number_hint") for name, label in NUMBERS.items())
    return form(
        localize, set_rule.id(pool), text("pool.window.rule", pool=pool_name(pool)), _role(), *numbers
    )


@modal("pool-rule", POOL, moderators=True)
async def set_rule(context: Context, pool: Pool) -> None:
    """Set it."""

    async def change() -> Text:
        per_day, running, waiting, per_month = (_limit_of(context, name) for name in NUMBERS)
        numbers = AllowanceChange(per_day, running, waiting, per_month)
        return await pool_changes.set_rule(context, pool, _role_in(context), numbers)

    await _show(context, change, rule_modal(context.localize, pool), Verb.RULE, pool)


def unrule_modal(localize: Localize, pool: Pool, gone: Sequence[int] = ()) -> discord.ui.Modal:
    """Ask whose rule goes. `gone` are roles with a rule that Discord has no more: its own list cannot offer them."""
    fields = [_role()]
    if gone:
        options = [discord.SelectOption(label=str(role), value=str(role)) for role in gone[:GONE_SHOWN]]
        picker = discord.ui.Select[Any](custom_id=GONE, options=options, min_values=0, required=False)
        fields.append(_field("pool.window.gone", picker))
    return form(localize, remove_rule.id(pool), text("pool.window.unrule", pool=pool_name(pool)), *fields)


async def ask_whose_rule(context: Context, pool: Pool) -> discord.ui.Modal:
    """The same, with what the server has. A server that Discord has not told of yet has lost no role."""
    settings = await context.services.guilds.settings(context.guild_id)
    return unrule_modal(context.localize, pool, gone_roles(context, settings, pool))


@modal("pool-unrule", POOL, moderators=True)
async def remove_rule(context: Context, pool: Pool) -> None:
    """Remove it."""

    async def change() -> Text:
        gone = context.fields.get(GONE)
        role = _role_in(context) if gone is None else known(int, gone)
        return await pool_changes.remove_rule(context, pool, role)

    await _show(context, change, unrule_modal(context.localize, pool), Verb.UNRULE, pool)


def cooldown_modal(localize: Localize, pool: Pool) -> discord.ui.Modal:
    """Ask how long a role's members rest between two jobs."""
    seconds = _field("pool.window.seconds", _line("seconds", required=True), "pool.window.seconds_hint")
    return form(
        localize, set_cooldown.id(pool), text("pool.window.cooldown", pool=pool_name(pool)), _role(), seconds
    )


@modal("pool-cooldown", POOL, moderators=True)
async def set_cooldown(context: Context, pool: Pool) -> None:
    """Set it."""

    async def change() -> Text:
        numbers = AllowanceChange(cooldown=_count(context, "seconds") or 0)
        return await pool_changes.set_rule(context, pool, _role_in(context), numbers)

    await _show(context, change, cooldown_modal(context.localize, pool), Verb.COOLDOWN, pool)


# -- pauses ------------------------------------------------------------------------------------------------------


def pause_modal(
    localize: Localize, pool: Pool | None, *, pools: Collection[Pool] = USUAL_POOLS
) -> discord.ui.Modal:
    """Ask for a word to members before a pool, or all of `pools`, stop."""
    every = text("pool.window.pause_all" if len(pools) <= len(USUAL_POOLS) else "pool.window.pause_every")
    title = every if pool is None else text("pool.window.pause", pool=pool_name(pool))
    words = _field("pool.window.words", _line("words", limit=PAUSE_LIMIT), "pool.window.words_hint")
    return form(localize, pause.id(pool), title, words)


@modal("pool-pause", maybe(POOL), moderators=True)
async def pause(context: Context, pool: Pool | None) -> None:
    """Stop it."""

    async def change() -> Text:
        return await pool_changes.pause(context, pool, context.fields.get("words", ""))

    await _show(context, change, pause_modal(context.localize, pool), Verb.PAUSE, pool)


# -- the server's units a day, and prices ------------------------------------------------------------------------


def total_modal(localize: Localize, pool: Pool) -> discord.ui.Modal:
    """Ask for the whole server's units a day."""
    field = _field("pool.window.total_units", _line("units"), "pool.window.total_hint")
    return form(localize, set_total.id(pool), text("pool.window.total", pool=pool_name(pool)), field)


@modal("pool-total", POOL, moderators=True)
async def set_total(context: Context, pool: Pool) -> None:
    """Limit them."""

    async def change() -> Text:
        said = _limit_of(context, "units")
        return await pool_changes.set_total(context, pool, None if isinstance(said, Unset) else said)

    await _show(context, change, total_modal(context.localize, pool), Verb.TOTAL, pool)


def price_modal(localize: Localize, pool: Pool) -> discord.ui.Modal:
    """Ask what a kind of job costs in a pool."""
    kinds = _choice(
        "kind", "pool.window.kind", localize, {charge.value: charge_name(charge) for charge in PICTURES}
    )
    units = _field("pool.window.units", _line("units"), "pool.window.price_hint")
    return form(localize, set_price.id(pool), text("pool.window.price", pool=pool_name(pool)), kinds, units)


@modal("pool-price", POOL, moderators=True)
async def set_price(context: Context, pool: Pool) -> None:
    """Set it."""

    async def change() -> Text:
        charge, units = known(Charge, context.fields.get("kind")), _count(context, "units")
        return await pool_changes.set_price(context, pool, charge, units)

    await _show(context, change, price_modal(context.localize, pool), Verb.PRICE, pool)


# -- extra units, the day, the server's own key ------------------------------------------------------------------


def grant_modal(localize: Localize, pools: Iterable[Pool] = USUAL_POOLS) -> discord.ui.Modal:
    """Ask for extra units for a member."""
    return form(
        localize,
        grant.id(),
        text("pool.window.grant"),
        _field("pool.window.member", discord.ui.UserSelect(custom_id="member", required=True)),
        _choice("pool", "pool.window.pool", localize, {pool.value: pool_name(pool) for pool in pools}),
        _field("pool.window.units", _line("units", required=True)),
        _field("pool.window.hours", _line("hours"), "pool.window.hours_hint"),
        _field("pool.window.reason", _line("reason", limit=REASON_LIMIT)),
    )


@modal("pool-grant", moderators=True)
async def grant(context: Context) -> None:
    """Give them."""

    async def change() -> Text:
        written, units, hours = context.fields, _count(context, "units"), _count(context, "hours")
        if units is None:
            raise UserError(text("pool.grant_needs_units"))
        member, pool = known(int, written.get("member")), known(Pool, written.get("pool"))
        reason = written.get("reason", "")
        return await pool_changes.grant(context, member, pool, units=units, reason=reason, hours=hours)

    await _show(context, change, grant_modal(context.localize, Pool), Verb.GRANT)


def zone_modal(localize: Localize) -> discord.ui.Modal:
    """Ask where the day begins at midnight."""
    zone = _line("zone", required=True, limit=60)
    field = _field("pool.window.zone_name", zone, "pool.window.zone_hint")
    return form(localize, set_zone.id(), text("pool.window.zone"), field)


@modal("pool-zone", moderators=True)
async def set_zone(context: Context) -> None:
    """Set it."""

    async def change() -> Text:
        return await pool_changes.set_zone(context, context.fields.get("zone", ""))

    await _show(context, change, zone_modal(context.localize), Verb.ZONE)


def key_modal(localize: Localize) -> discord.ui.Modal:
    """Ask for a key of the server's own; the key alone, for where it is sent to is the owner's business."""
    line = _line("key", required=True, limit=PASTED_LIMIT)
    line.placeholder = KEY_LOOKS
    field = _field("own_key.window_key", line, "own_key.window_hint")
    return form(localize, set_own_key.id(), text("own_key.window"), field)


@modal("pool-key", moderators=True)
async def set_own_key(context: Context) -> None:
    """Make it the server's own; a refused one is not shown again."""
    await context.defer_update()
    notice = await pool_changes.set_own_key(context, context.fields.get("key", ""))
    await show_panel(context, notice=notice)
