"""What the panel's buttons do: open a modal, or change something and draw the panel anew.
Never here: the panel itself, and what a change means (changes)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.pools import Pool
from bot.ui.kit.controls import component
from bot.ui.pools import changes as pool_changes
from bot.ui.pools import modals
from bot.ui.pools.panel import BUTTON, Verb, show_panel
from bot.ui.pools.usage import DEFAULT_DAYS, show_usage

if TYPE_CHECKING:
    import discord

    from bot.texts import Say
    from bot.ui.kit.context import Context


@component("pool", *BUTTON, moderators=True)
async def press(context: Context, verb: Verb, pool: Pool | None) -> None:
    """Do what a button is for."""
    opened = _modal(context.say, verb, pool)
    if opened is not None:
        await context.open(opened)
        return
    if verb is Verb.USAGE:
        await show_usage(context, DEFAULT_DAYS)
        return
    await context.defer_update()
    notice = asking = None
    match verb, pool:
        case Verb.KEY_TEST, _:
            notice = await pool_changes.test_key(context)
        case Verb.KEY_REMOVE, _:
            notice = await pool_changes.remove_key(context)
        case ((Verb.ON | Verb.OFF), Pool()):
            notice = await pool_changes.switch(context, pool, on=verb is Verb.ON)
        case Verb.DEFAULT, Pool():
            notice = await pool_changes.set_default(context, pool)
        case Verb.ASK_OFF, Pool():
            asking = pool
    await show_panel(context, notice=notice, asking=asking, asking_key=verb is Verb.KEY_ASK)


def _modal(say: Say, verb: Verb, pool: Pool | None) -> discord.ui.Modal | None:
    """The modal behind a button; its end draws the panel anew."""
    match verb, pool:
        case Verb.RULE, Pool():
            return modals.rule_modal(say, pool)
        case Verb.UNRULE, Pool():
            return modals.unrule_modal(say, pool)
        case Verb.TOTAL, Pool():
            return modals.total_modal(say, pool)
        case Verb.PRICE, Pool():
            return modals.price_modal(say, pool)
        case Verb.GRANT, _:
            return modals.grant_modal(say)
        case Verb.ZONE, _:
            return modals.zone_modal(say)
        case Verb.KEY, _:
            return modals.key_modal(say)
    return None
