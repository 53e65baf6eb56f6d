"""What the panel's buttons do: open a modal, or change something and draw the panel anew.
Never here: the panel itself, and what a change means (changes)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.pools import Pool
from bot.ui.kit.controls import component
from bot.ui.pools import changes as pool_changes
from bot.ui.pools import modals
from bot.ui.pools.panel import BUTTON, Verb, show_panel
from bot.ui.pools.usage import DEFAULT_DAYS, show_usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
        case Verb.RESUME, _:
            notice = await pool_changes.resume(context, pool)
        case Verb.DEFAULT, Pool():
            notice = await pool_changes.set_default(context, pool)
        case Verb.ASK_OFF, Pool():
            asking = pool
    await show_panel(context, notice=notice, asking=asking, asking_key=verb is Verb.KEY_ASK)


def _modal(say: Say, verb: Verb, pool: Pool | None) -> discord.ui.Modal | None:
    """The modal behind a button; its end draws the panel anew."""
    if pool is not None and verb in OF_POOL:
        return OF_POOL[verb](say, pool)
    if verb is Verb.PAUSE:
        return modals.pause_modal(say, pool)
    draw = OF_SERVER.get(verb)
    return None if draw is None else draw(say)


OF_POOL: Final[Mapping[Verb, Callable[[Say, Pool], discord.ui.Modal]]] = {
    Verb.RULE: modals.rule_modal,
    Verb.COOLDOWN: modals.cooldown_modal,
    Verb.UNRULE: modals.unrule_modal,
    Verb.TOTAL: modals.total_modal,
    Verb.PRICE: modals.price_modal,
}
OF_SERVER: Final[Mapping[Verb, Callable[[Say], discord.ui.Modal]]] = {
    Verb.GRANT: modals.grant_modal,
    Verb.ZONE: modals.zone_modal,
    Verb.KEY: modals.key_modal,
}
